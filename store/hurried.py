"""Showing a few records at once, in months that an import is filling at the same time.

There so much has changed that the next publication writes the whole month anew, which takes
seconds. Instead a small delta is laid over the month as it is: the records somebody waits for and
those of the delta before. Everything else stays to be published, by whoever publishes next.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow.parquet as pq

from store.commits import Write
from store.families import Family, family_name, root_key
from store.manifest_file import Pending, lay_over, overlay, pending
from store.marks import label_of
from store.months import ALL, month_of
from store.publish import (
    FAMILIES,
    MOST_DELTA_ROOTS,
    has_good_base,
    publish_month,
    sync_folder,
    too_much_changed,
    write_table,
)
from store.shapes import fingerprints
from store.shop_file import reading, writing
from store.upsert import upsert_for

#: A month may become part of a span, or be published by somebody else, between two looks.
_LOOKS: Final = 3


def publish_rows(
    writer: sqlite3.Connection,
    reader: sqlite3.Connection,
    folder: Path,
    writes: Iterable[Write],
    now: float,
) -> bool:
    """Make segments that show these rows; False if nothing was listed. `now` is UTC epoch seconds;
    `reader` must not be in a transaction."""
    wanted: dict[tuple[str, str], set[object]] = {}
    for write in writes:
        for place, root in _places(write):
            wanted.setdefault(place, set()).add(root)
    shapes = fingerprints()
    listed = False
    for _ in range(_LOOKS):
        ours: dict[Pending, list[tuple[str, str]]] = {}
        for name, month in wanted:
            ours.setdefault(Pending(name, label_of(reader, name, month)), []).append((name, month))
        waiting = [one for one in pending(reader, shapes) if one in ours]
        if not waiting:
            break
        for at in waiting:
            roots = {root for place in ours[at] for root in wanted[place]}
            if _laid_over(writer, reader, folder, at, roots, now):
                listed = True
                for place in ours[at]:
                    del wanted[place]
            else:
                listed |= publish_month(writer, reader, folder, at, now)
    return listed


def _places(write: Write) -> Iterator[tuple[tuple[str, str], object]]:
    """((family, calendar month), root) of each row."""
    made, family = upsert_for(write.table, write.columns), family_name(write.table)
    for row in write.rows:
        instant: Any = ALL if made.axis_at is None else row[made.axis_at]
        month = ALL if made.axis_at is None else month_of(instant)
        yield (family, month), row[made.root_at]


def _laid_over(
    writer: sqlite3.Connection,
    reader: sqlite3.Connection,
    folder: Path,
    at: Pending,
    roots: Collection[object],
    now: float,
) -> bool:
    """Whether these roots are shown by a delta of their own."""
    family = FAMILIES.get(at.family)
    if family is None:
        return False
    with reading(reader):
        if not has_good_base(reader, family, at) or not too_much_changed(reader, family, at):
            return False
        seen = overlay(reader, at)
        shown = {*roots, *_roots_in(folder, seen[1], family)}
        if len(shown) > MOST_DELTA_ROOTS:
            return False
        keys = orjson.dumps(list(shown)).decode()
        new = [
            segment
            for table in family.tables
            if (segment := write_table(reader, folder, at, table.name, base=False, roots=keys))
        ]
    sync_folder(folder)
    names = [table.name for table in family.tables]
    with writing(writer):
        return lay_over(writer, at, new, names, seen=seen, now=now)


def _roots_in(folder: Path, files: Iterable[str], family: Family) -> set[object]:
    """The roots that these deltas of a family show."""
    header = family.tables[0]
    own = [folder / file for file in files if file.startswith(f"{header.name}-")]
    key = root_key(header)
    return {
        root for path in own for root in pq.read_table(path, columns=[key]).column(0).to_pylist()
    }
