"""The demo report: every chart of template.json, asked as Looker Studio asks, has data in the
Sample Account; and its page in docs/ names every one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from catalogue.field import Dimension, Metric
from catalogue.fields import FIELDS
from cli.looker_template import template, template_page
from connector.schema import looker_field
from tests.answering import Answering
from tests.sample_account import sample_account

pytestmark = pytest.mark.slow

REPORT = template()
CHARTS = [
    pytest.param(chart, id=f"{page['title']}: {chart['title']}")
    for page in REPORT["pages"]
    for chart in page["charts"]
]
TYPES = {
    *("Scorecard", "Time series", "Table", "Bar chart", "Column chart", "Pie chart", "Geo chart"),
    "Pivot table with heatmap",
}
#: The report's own range, 28 days without today, as the Sample Account's clock stands.
DAYS = ("2026-08-15", "2026-09-11")
#: What a small shop may well have none of.
MAY_BE_ZERO = {"late_shipments"}
#: What is chosen in the controls of the report.
CHOSEN = {"shop_name": "Sample Account", "currency": "USD"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    with sample_account(tmp_path_factory.mktemp("template")) as made:
        yield Answering(made.app, made.here, made.key)


def asked_for(names: Sequence[str]) -> list[str]:
    """What getData is asked for: instead of a formula the fields in it."""
    asked: list[str] = []
    for name in names:
        formula = str(looker_field(FIELDS[name]).get("formula", ""))
        inputs = [word for word in re.findall(r"[a-z_0-9]+", formula) if word in FIELDS]
        asked.extend(inputs or [name])
    return list(dict.fromkeys(asked))


def clause(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"fieldName": one["field"], **{key: one[key] for key in ("type", "operator", "values")}}


def answered(shop: Answering, chart: dict[str, Any], *controls: dict[str, Any]) -> Any:
    """(names of the columns, rows)"""
    names = asked_for([*chart.get("dimensions", []), *chart["metrics"]])
    filters = [clause(one) for one in (*chart.get("filters", []), *controls)]
    rows = shop.rows(
        *names,
        days=DAYS,
        options={"shops": "sample"},
        dimensionsFilters=[[one] for one in filters],
    )
    return names, rows


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_has_data_and_no_error(shop: Answering, chart: dict[str, Any]) -> None:
    names, rows = answered(shop, chart)
    metrics = asked_for(chart["metrics"])
    assert rows
    for position, name in enumerate(names):
        told = [row[position] for row in rows if row[position] is not None]
        assert told, f"{name} is empty in every row"
        if name in metrics and name not in MAY_BE_ZERO:
            assert any(float(value) for value in told), f"{name} is zero in every row"


@pytest.mark.parametrize("chart", CHARTS)
def test_a_control_over_all_the_report_has_changes_nothing(
    shop: Answering, chart: dict[str, Any]
) -> None:
    for control in REPORT["controls"][1:]:
        field = control["field"]
        only = {
            "field": field,
            "type": "INCLUDE",
            "operator": "IN_LIST",
            "values": [CHOSEN[field]],
        }
        assert answered(shop, chart, only) == answered(shop, chart), field


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_names_fields_of_the_kind_it_needs(chart: dict[str, Any]) -> None:
    assert chart["type"] in TYPES
    assert chart.keys() <= {"title", "type", "dimensions", "metrics", "filters", "sort", "rows"}
    dimensions, metrics = chart.get("dimensions", []), chart.get("metrics", [])
    assert all(isinstance(FIELDS[name], Dimension) for name in dimensions)
    assert all(isinstance(FIELDS[name], Metric) and not FIELDS[name].hidden for name in metrics)
    assert metrics
    assert bool(dimensions) != (chart["type"] == "Scorecard")
    if "sort" in chart:
        name, direction = chart["sort"].split()
        assert name in dimensions + metrics
        assert direction in ("ascending", "descending")


def test_the_report_has_the_promised_pages() -> None:
    titles = [page["title"] for page in REPORT["pages"]]
    assert titles == ["Overview", "Products", "Orders", "Returns", "Settlement", "Traffic and LIVE"]
    charts = [chart["title"] for page in REPORT["pages"] for chart in page["charts"]]
    assert len(charts) == len(set(charts)) > 50


def test_its_page_shows_every_chart_with_the_labels_of_its_fields() -> None:
    page = template_page()
    for one in REPORT["pages"]:
        assert f"## {one['title']}\n" in page
        for chart in one["charts"]:
            assert f"| {chart['title']} | {chart['type']} | " in page
    assert "GMV (`gmv`)" in page
    assert "without Status EQUALS CANCELLED; by Create Time, descending; 100 rows" in page
