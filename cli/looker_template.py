"""docs/looker_template.md, made from looker_studio/template.json: how to build the demo report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from catalogue.fields import FIELDS

TEMPLATE: Final = Path(__file__).parent.parent / "looker_studio" / "template.json"

_HEAD: Final = """# The demo report

Made from `looker_studio/template.json`; do not edit. A test runs every chart below against the
Sample Account.

Looker Studio reports cannot be made by a program, only copied. So the report is built once by hand
from this page, shared so that anybody with the link can view it, and its id set as
`LOOKER_TEMPLATE_ID`; from then on each shop's link makes a copy of it with the shop filled in.

1. Open the connector's link (docs/deploy_looker.md), enter a key, choose the Sample Account.
2. Make the pages and charts below. Fields are given by label, with the id behind.
3. In *Resource, Manage added data sources* keep the one data source embedded in the report, so that
   a copy replaces it.
4. Share the report with *Anyone on the internet with the link can view*. Its id is the part of the
   address behind `/reporting/`.
"""


def template() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    return loaded


def template_page() -> str:
    """The whole page as Markdown."""
    made = template()
    parts = [
        _HEAD,
        f"The report is called *{made['name']}*. Its default date range: {made['date_range']}. "
        "Controls on every page: " + ", ".join(map(_control, made["controls"])) + ".\n",
    ]
    for page in made["pages"]:
        parts.append(f"## {page['title']}\n\n{page['about']}\n")
        parts.append("| chart | type | dimensions | metrics | besides |\n|---|---|---|---|---|")
        parts.extend(_row(chart) for chart in page["charts"])
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _row(chart: Mapping[str, Any]) -> str:
    cells = (
        chart["title"],
        chart["type"],
        _labels(chart.get("dimensions", ())),
        _labels(chart.get("metrics", ())),
        "; ".join(_besides(chart)),
    )
    return f"| {' | '.join(cells)} |"


def _besides(chart: Mapping[str, Any]) -> list[str]:
    besides = [_filter(one) for one in chart.get("filters", ())]
    if "sort" in chart:
        name, _, direction = chart["sort"].partition(" ")
        besides.append(f"by {FIELDS[name].label}, {direction}")
    if "rows" in chart:
        besides.append(f"{chart['rows']} rows")
    return besides


def _filter(clause: Mapping[str, Any]) -> str:
    verb = "only" if clause["type"] == "INCLUDE" else "without"
    values = ", ".join(clause["values"])
    return f"{verb} {FIELDS[clause['field']].label} {clause['operator']} {values}".rstrip()


def _control(control: Mapping[str, str]) -> str:
    if "field" not in control:
        return control["type"].lower()
    return f"{control['type'].lower()} of {_labels([control['field']])}"


def _labels(names: Sequence[str]) -> str:
    return ", ".join(f"{FIELDS[name].label} (`{name}`)" for name in names)
