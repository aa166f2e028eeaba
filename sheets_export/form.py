"""The form of an export: its choices, and what was typed with what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.request import ALL
from connector.subjects import Subject, client_of, key_of_client
from sheets_export import date_ranges, schedule
from sheets_export.definition import (
    COMPARES,
    DEFAULTS,
    MODES,
    ORDER_DATES,
    SPLITS,
    WEEK_STARTS,
    with_defaults,
)
from sheets_export.presets import PRESETS
from store.exports import Export
from store.spreadsheets import GoogleGrant, Spreadsheet

#: The status of a page that shows a form again because of what was typed.
UNUSABLE: Final = 422

#: What an unticked box says.
FLAGS: Final = ("include_today", "totals", "seller_center")

#: Before the id of a spreadsheet that is known, or of the account that a new one is made for.
_KNOWN: Final = "known:"
_NEW: Final = "new:"

#: (value, label) pairs of each list.
CHOICES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "range": list(date_ranges.LABELS.items()),
    "split": list(SPLITS.items()),
    "week_start": list(WEEK_STARTS.items()),
    "compare": list(COMPARES.items()),
    "mode": list(MODES.items()),
    "order_date": list(ORDER_DATES.items()),
    "schedule": list(schedule.LABELS.items()),
    "hours": [(str(hours), f"{hours} hours") for hours in schedule.HOURS],
    "weekday": [(day.lower(), day) for day in schedule.WEEKDAYS],
}


@dataclass(frozen=True, slots=True)
class Entered:
    """`values` and `problems` are by the name of the form's field; a problem is a sentence."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "")


def first_shown(preset: str, where: str, subjects: Sequence[Subject]) -> Entered:
    """The form of a new export, with what a preset says."""
    known = PRESETS.get(preset)
    texts = with_defaults({"preset": preset} if known else {})
    about = subjects[0].key if subjects else ""
    zone = subjects[0].zones[0] if subjects and subjects[0].zones else "UTC"
    name = known.label if known else ""
    more = {"preset": "", "about": about, "zone": zone, "name": name, "where": where}
    return Entered({**texts, **more})


def entered_of(export: Export) -> Entered:
    """The form of an export that is there."""
    texts = with_defaults(export.definition)
    about = key_of_client(texts["client"]) if texts["client"] else texts["shops"]
    return Entered({**texts, "about": about, "name": export.name, "tab": export.tab})


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """The texts of an export, as `Exporting.wish` takes them, of what a browser sent."""
    names = (*DEFAULTS, "name", "tab", "spreadsheet", "where", "about")
    texts = {name: form.get(name, "").strip() for name in names}
    texts |= {name: "yes" if form.get(name) == "yes" else "no" for name in FLAGS}
    client = client_of(texts["about"])
    texts |= {"shops": ALL if client else texts["about"], "client": client}
    if texts["where"].startswith(_KNOWN):
        texts["spreadsheet"] = texts["where"].removeprefix(_KNOWN)
    return texts


def by_field(problems: Mapping[str, str]) -> dict[str, str]:
    """Problems of the texts of a definition, by the form's own fields: shops and clients are chosen
    in one."""
    return {"about" if name == "shops" else name: text for name, text in problems.items()}


def new_for(texts: Mapping[str, str]) -> str:
    """The Google account that a new spreadsheet is to be made for, by the id of its grant; "" for
    one that is there."""
    where = texts.get("where", "")
    return where.removeprefix(_NEW) if where.startswith(_NEW) else ""


def places(sheets: Sequence[Spreadsheet], grants: Sequence[GoogleGrant]) -> list[tuple[str, str]]:
    """Where an export can be written: (value, label) pairs."""
    found = [(f"{_KNOWN}{one.spreadsheet_id}", one.title or one.spreadsheet_id) for one in sheets]
    found += [
        (f"{_NEW}{grant.id}", f"A new spreadsheet in the Drive of {grant.email}")
        for grant in grants
        if grant.state == "good"
    ]
    return [("", "The spreadsheet at this address:"), *found]


def place_of(grant: GoogleGrant) -> str:
    return f"{_NEW}{grant.id}"
