"""Numbers of orders in another system, from a file of the seller (CSV).

One line names an order (`order_id`), the other system (`platform`) and its number there
(`external_order_id`), and may name one of its units (`line_item_id`, `external_line_item_id`). A
line that cannot be read is told with its number and why, and costs no other line. Reading the same
file again changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backfill.normalise.external import LINE_COLUMNS, ORDER_COLUMNS
from backfill.normalise.rows import Row
from catalogue.tables_fbt import EXTERNAL_ORDER_LINE_ITEMS, EXTERNAL_ORDERS
from clock import Clock
from errors import BadRequest
from store.commits import Commit, Write
from store.records import ShopRecords

LARGEST_BYTES: Final = 20 * 1024 * 1024

#: Nobody reads more of them.
MOST_COMPLAINTS: Final = 1_000

#: What `source` says of references out of a file.
_FILE: Final = "file"

#: The lane of what people hand in: no import holds it, and it moves no checkpoint.
LANE: Final = "file"

_LONGEST_CELL: Final = 128
_LINES_OF_A_RECORD: Final = 50
_LONGEST_RECORD: Final = 20_000
_BATCH: Final = 1_000

#: How headings are written, without case, blanks and marks -> the column they stand for.
_HEADINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("orderid", "tiktokorderid", "tiktokshoporderid"), "order_id"),
    **dict.fromkeys(("platform", "system", "externalplatform", "externalsystem"), "platform"),
    **dict.fromkeys(("externalorderid", "externalid", "externalordernumber"), "external_order_id"),
    **dict.fromkeys(("lineitemid", "tiktoklineitemid"), "line_item_id"),
    **dict.fromkeys(("externallineitemid", "externallineid"), "external_line_item_id"),
}
_REQUIRED: Final = ("order_id", "platform", "external_order_id")

_OUR_ID: Final = re.compile(r"[0-9]{6,25}", re.ASCII)
_THEIR_ID: Final = re.compile(r"[#]?[\w][\w .:/#-]*")
_PLATFORM: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{0,39}", re.ASCII)
_ROUNDED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+", re.ASCII)
#: How people keep a spreadsheet from rounding a long number: ="576461413038785752"
_QUOTED_NUMBER: Final = re.compile(r'="([^"]*)"')
_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Complaint:
    """A line of the file (counted from 1) and what is wrong with it, for people. `kept`: it was
    taken over all the same."""

    line: int
    reason: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class References:
    """`orders` are rows of `ORDER_COLUMNS`, `lines` of `LINE_COLUMNS`; `named_at` says on which
    line of the file an order is named first."""

    orders: Sequence[Row]
    lines: Sequence[Row]
    named_at: Mapping[str, int]
    complaints: Sequence[Complaint]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file. There may be more complaints than are told."""

    orders: int
    line_items: int
    complaints: Sequence[Complaint]


def read_references(content: bytes) -> References:
    """The references in a file. BadRequest when it is too large or lacks its headings."""
    if len(content) > LARGEST_BYTES:
        raise BadRequest(
            f"The file is larger than {LARGEST_BYTES >> 20} MB. Split it.", code="too_large"
        )
    records = _records(_decoded(content))
    columns = _columns(records)
    orders: dict[Row, None] = {}
    lines: dict[Row, None] = {}
    named_at: dict[str, int] = {}
    complaints: list[Complaint] = []
    for number, cells in records:
        try:
            if isinstance(cells, str):
                raise _BadLine(cells)  # noqa: TRY301
            if not any(cell.strip() for cell in cells):
                continue
            found = _line(cells, columns)
        except _BadLine as bad:
            complaints.append(Complaint(number, str(bad)))
            continue
        shared = (found["order_id"], found["platform"].upper(), found["external_order_id"])
        named_at.setdefault(found["order_id"], number)
        orders[(*shared, _FILE)] = None
        if found["external_line_item_id"]:
            unit = (found["external_line_item_id"], found["line_item_id"] or None)
            lines[(*shared, *unit, _FILE)] = None
    return References([*orders], [*lines], named_at, complaints)


def import_references(records: ShopRecords, clock: Clock, content: bytes) -> Report:
    """Keep the references in a file. An order that is not imported (yet) is kept and told."""
    found = read_references(content)
    token = records.grant(LANE, 0)
    writes = (
        Write(EXTERNAL_ORDERS, ORDER_COLUMNS, found.orders),
        Write(EXTERNAL_ORDER_LINE_ITEMS, LINE_COLUMNS, found.lines),
    )
    commit = Commit(tuple(one for one in writes if one.rows), fetched_at=int(clock.now()))
    records.commit(LANE, token, commit)
    unknown = [
        Complaint(found.named_at[order_id], "This order is not imported yet.", kept=True)
        for order_id in _not_imported(records, [*found.named_at])
    ]
    complaints = sorted([*found.complaints, *unknown], key=lambda one: one.line)
    return Report(len(found.orders), len(found.lines), complaints[:MOST_COMPLAINTS])


def _not_imported(records: ShopRecords, order_ids: Sequence[str]) -> list[str]:
    unknown: list[str] = []
    for at in range(0, len(order_ids), _BATCH):
        batch = order_ids[at : at + _BATCH]
        marks = ", ".join("?" * len(batch))
        rows = records.query(f"SELECT order_id FROM orders WHERE order_id IN ({marks})", batch)
        known = {row[0] for row in rows}
        unknown += [order_id for order_id in batch if order_id not in known]
    return unknown


class _BadLine(ValueError):
    """A line that cannot be taken over; its text is for people and never repeats the line."""


def _decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 by its mark; else UTF-8 where it is that, else the old Western encoding: what
    is needed of the file is the same in all of them."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _records(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """(number of its first line, cells), or (number, what is wrong). One quotation mark too many
    must not swallow the rest of the file, so that a record ends after some lines at the latest."""
    lines = io.StringIO(text, newline=None).read().split("\n")
    delimiter = max(",;\t", key=lines[0].count)
    at = 0
    while at < len(lines):
        ahead = lines[at : at + _LINES_OF_A_RECORD]
        reader = csv.reader((f"{line}\n" for line in ahead), delimiter=delimiter, strict=True)
        number = at + 1
        if len(lines[at]) > _LONGEST_RECORD:
            at += 1
            yield number, f"The line is longer than {_LONGEST_RECORD} characters."
            continue
        try:
            cells = next(reader)
            at += reader.line_num
            yield number, cells
        except csv.Error:
            at += 1
            yield number, "The quotation marks of this line do not match."


def _columns(records: Iterator[tuple[int, list[str] | str]]) -> dict[str, int]:
    """Where the columns are, by the first line."""
    _, headings = next(records)
    found: dict[str, int] = {}
    for place, heading in enumerate(headings if isinstance(headings, list) else []):
        column = _HEADINGS.get(re.sub(r"[\W_]", "", heading).lower())
        if column is not None:
            found.setdefault(column, place)
    missing = [name for name in _REQUIRED if name not in found]
    if missing:
        raise BadRequest(
            f"The first line of the file must name its columns; {', '.join(missing)} is missing."
        )
    return found


def _line(cells: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    found = {
        name: _cell(cells[place]) if place < len(cells) else "" for name, place in columns.items()
    }
    line = dict.fromkeys((*_REQUIRED, "line_item_id", "external_line_item_id"), "") | found
    for name in _REQUIRED:
        if not line[name]:
            raise _BadLine(f"{name} is empty.")
    for name, text in line.items():
        _check(name, text)
    if line["line_item_id"] and not line["external_line_item_id"]:
        raise _BadLine("line_item_id has no external_line_item_id beside it.")
    return line


def _cell(text: str) -> str:
    bare = text.strip()
    if quoted := _QUOTED_NUMBER.fullmatch(bare):
        return quoted[1].strip()
    return bare.removeprefix("'").strip()


def _check(name: str, text: str) -> None:
    if not text:
        return
    if len(text) > _LONGEST_CELL:
        raise _BadLine(f"{name} is longer than {_LONGEST_CELL} characters.")
    if _ROUNDED.fullmatch(text):
        raise _BadLine(
            f"{name} was rounded by a spreadsheet. Export the column as text and try again."
        )
    if text.startswith(_FORMULA_BEGINS):
        raise _BadLine(f"{name} is a formula, not an id.")
    ours = name in ("order_id", "line_item_id")
    pattern = _OUR_ID if ours else _PLATFORM if name == "platform" else _THEIR_ID
    if not pattern.fullmatch(text):
        what = "a number as TikTok gives it" if ours else "a plain name or number"
        raise _BadLine(f"{name} is not {what}.")
