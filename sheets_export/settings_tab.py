"""The tab `_settings` of a spreadsheet: one export per row, a status cell behind each. Pure.

The first row says which column is which; people may move columns and rows. All cells are text, so
that Sheets makes no date of 2026-08-01. An export is known by its tab: who changes the name of one
renames it, who changes its tab makes another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.zones import zone_info
from sheets_export import date_ranges, schedule
from sheets_export.definition import COMPARES, MODES, ORDER_DATES, SPLITS, WEEK_STARTS
from sheets_export.exporting import SETTINGS_TAB
from sheets_export.presets import PRESETS
from store.exports import Export

#: Rows that are read; the first is the header.
ROWS: Final = 200
_STATUS: Final = "status"
_YES_NO: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class _Column:
    """`name` of the text; `choices`: what its drop-down offers, `free`: anything else may be typed
    too."""

    name: str
    header: str
    note: str
    choices: tuple[str, ...] = ()
    free: bool = True


def _one_of(name: str, header: str, note: str, choices: Iterable[str]) -> _Column:
    return _Column(name, header, note, tuple(choices), free=False)


#: In the order in which the tab is made.
COLUMNS: Final[tuple[_Column, ...]] = (
    _Column("name", "Name", "What the export is called."),
    _Column("tab", "Tab", "The tab it is written to; empty: one of its name."),
    _Column("on", "On", "no: leave it alone for now.", _YES_NO, free=False),
    _one_of(
        "preset",
        "Preset",
        "What to begin with; the other cells change it.",
        [preset.label for preset in PRESETS.values()],
    ),
    _Column("shops", "Shops", "One shop or client, or all."),
    _Column("fields", "Fields", "Ids or names of fields, with commas between."),
    _one_of("range", "Dates", "Which days; relative ones move on.", date_ranges.LABELS.values()),
    _Column("start", "First day", "Of a range from one day to another, like 2026-08-01."),
    _Column("end", "Last day", "Of a range from one day to another."),
    _Column("include_today", "Include today", "Also the day that is not over.", _YES_NO, False),
    _one_of("week_start", "Week starts on", "", WEEK_STARTS.values()),
    _one_of("split", "Split", "One row for each of these.", SPLITS.values()),
    _Column("filters", "Filters", "field:OPERATOR:value, each on a line of its own."),
    _Column("sort", "Sort", "Fields with commas between; desc behind one turns it round."),
    _Column("row_limit", "Rows at most", "Empty: all."),
    _one_of("compare", "Compare with", "Further columns beside the numbers.", COMPARES.values()),
    _Column("totals", "Totals", "A row above the header.", _YES_NO, False),
    _one_of("mode", "Mode", "What becomes of the rows that are there.", MODES.values()),
    _Column("currency", "Currency", "Such as USD; empty: as it comes."),
    _one_of("order_date", "Date of orders", "", ORDER_DATES.values()),
    _Column("seller_center", "Seller Center mode", "Count as there.", _YES_NO, False),
    _Column("zone", "Time zone", "Such as Europe/London."),
    _one_of("schedule", "Refresh", "When it refreshes itself.", schedule.LABELS.values()),
    _Column("hours", "Every … hours", "2, 3, 4, 6, 8 or 12.", tuple(map(str, schedule.HOURS))),
    _Column("at", "At", "Time of day like 07:00."),
    _one_of("weekday", "On weekday", "", schedule.WEEKDAYS),
    _Column("day", "On day of month", "1 to 31."),
    _Column(_STATUS, "Status", "Written by TikTok Shop source."),
)
_BY_HEADER: Final = {column.header.casefold(): column.name for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """`number` counts from 0, the header included; `texts` by name, `status` as it stands."""

    number: int
    texts: Mapping[str, str]
    status: str

    @property
    def tab(self) -> str:
        return self.texts.get("tab") or self.texts.get("name", "")


@dataclass(frozen=True, slots=True)
class SettingsTab:
    """`columns`: by name, where each is. `problem`: why nothing can be read, "" when it can."""

    columns: Mapping[str, int]
    rows: tuple[SettingsRow, ...]
    problem: str = ""


def read_tab(cells: Sequence[Sequence[str]]) -> SettingsTab:
    """`cells`: the rows of the tab as people see them, all of them, the header first. A header or a
    row that is not where it is looked for is a problem: taken for one that is gone, it would have
    exports changed or ended that nobody meant."""
    header = [str(cell).strip().casefold() for cell in (cells[0] if cells else ())]
    columns = {_BY_HEADER[text]: number for number, text in enumerate(header) if text in _BY_HEADER}
    if problem := _problem_of(header):
        return SettingsTab(columns, (), problem)
    rows = []
    for number, row in enumerate(cells[1:], start=1):
        texts = {name: _cell(row, place) for name, place in columns.items()}
        status = texts.pop(_STATUS)
        if not any(texts.values()):
            continue
        if number >= ROWS:
            return SettingsTab(columns, (), _TOO_LOW.format(row=number + 1))
        rows.append(SettingsRow(number, texts, status))
    return SettingsTab(columns, tuple(rows))


def _problem_of(header: Sequence[str]) -> str:
    if not set(header) & set(_BY_HEADER):
        return _NO_HEADERS
    for column in COLUMNS:
        count = header.count(column.header.casefold())
        if count != 1:
            many = "no column" if count == 0 else "two columns"
            return f"The tab {SETTINGS_TAB} has {many} {column.header}."
    return ""


_NO_HEADERS: Final = (
    f"The tab {SETTINGS_TAB} has none of its headers. If it is a tab of your own, give it another "
    "name; else delete it. Then it is made anew, with a row for each export that it had made."
)
_TOO_LOW: Final = (
    f"In the tab {SETTINGS_TAB} only the first {ROWS} rows are read, and row {{row}} is filled. "
    "Move it up."
)


def _cell(row: Sequence[str], place: int) -> str:
    return str(row[place]).strip() if place < len(row) else ""


def status_of(export: Export, zone: str) -> str:
    """What the status cell of an export says; instants by the clock of `zone`."""
    if export.state == "failed":
        return f"Failed: {export.message}"
    if export.is_paused:
        return "Off"
    if export.succeeded_at is None:
        return "Waiting for its first refresh"
    there = dt.datetime.fromtimestamp(export.succeeded_at, zone_info(zone))
    return f"OK, {export.rows or 0:,} rows, {there:%Y-%m-%d %H:%M} ({zone})"


# --- requests of spreadsheets.batchUpdate, Sheets API v4 ------------------------------------------


def sheet_id_of(spreadsheet_id: str) -> int:
    """The tab's own id: the same however often it is made, so that a repetition is known."""
    digest = hashlib.sha256(f"settings {spreadsheet_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x3FFF_FFFF


def row_of(export: Export, shops: str) -> list[str]:
    """The cells that make an export, in the order of COLUMNS; `shops`: that of Shops."""
    on = "no" if export.is_paused else ""
    texts = {**export.definition, "shops": shops, "on": on, "name": export.name, "tab": export.tab}
    return [texts.get(column.name, "") for column in COLUMNS]


def making(
    spreadsheet_id: str, shops: Sequence[str], rows: Sequence[Sequence[str]] = ()
) -> list[dict[str, Any]]:
    """The tab with its header, notes and drop-downs, and with `rows` as they are below it. `shops`:
    what the drop-down of Shops offers."""
    sheet_id = sheet_id_of(spreadsheet_id)
    grid = {"rowCount": ROWS, "columnCount": len(COLUMNS), "frozenRowCount": 1}
    properties = {"sheetId": sheet_id, "title": SETTINGS_TAB, "gridProperties": grid}
    header = [
        {
            "userEnteredValue": {"stringValue": column.header},
            "userEnteredFormat": {"textFormat": {"bold": True}},
            "note": column.note,
        }
        for column in COLUMNS
    ]
    as_text = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}}}
    return [
        {"addSheet": {"properties": properties}},
        {
            "repeatCell": {
                "range": {"sheetId": sheet_id},
                "cell": as_text,
                "fields": "userEnteredFormat.numberFormat",
            }
        },
        {
            "updateCells": {
                "start": {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0},
                "rows": [{"values": header}],
                "fields": "userEnteredValue,userEnteredFormat.textFormat.bold,note",
            }
        },
        {
            "updateCells": {
                "start": {"sheetId": sheet_id, "rowIndex": 1, "columnIndex": 0},
                "rows": [{"values": [_text_cell(text) for text in row]} for row in rows],
                "fields": "userEnteredValue",
            }
        },
        *(
            _drop_down(sheet_id, number, column.choices, strict=not column.free)
            for number, column in enumerate(COLUMNS)
            if column.choices
        ),
        offering(sheet_id, [column.name for column in COLUMNS].index("shops"), shops),
    ]


def offering(sheet_id: int, place: int, shops: Sequence[str]) -> dict[str, Any]:
    """The drop-down of the column Shops; ids with commas between may be typed too."""
    return _drop_down(sheet_id, place, shops, strict=False)


def telling(sheet_id: int, place: int, statuses: Mapping[int, str]) -> list[dict[str, Any]]:
    """The status cells, by row; `place` is their column."""
    return [
        {
            "updateCells": {
                "start": {"sheetId": sheet_id, "rowIndex": number, "columnIndex": place},
                "rows": [{"values": [_text_cell(text)]}],
                "fields": "userEnteredValue",
            }
        }
        for number, text in statuses.items()
    ]


def _text_cell(text: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": text}} if text else {}


def _drop_down(
    sheet_id: int, place: int, choices: Sequence[str], *, strict: bool
) -> dict[str, Any]:
    values = [{"userEnteredValue": choice} for choice in choices]
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": values},
        "showCustomUi": True,
        "strict": strict,
    }
    area = {
        "sheetId": sheet_id,
        "startRowIndex": 1,
        "endRowIndex": ROWS,
        "startColumnIndex": place,
        "endColumnIndex": place + 1,
    }
    return {"setDataValidation": {"range": area, "rule": rule}}
