"""Makes segments of what changed, one month of a family at a time.

The order of steps makes a crash harmless at every point: (1) the month begins to collect changed
roots, (2) one snapshot of the records is written into new files, (3) the files are on disk, under
names nobody knows yet, (4) one transaction lists them, retires the old ones and clears the marks
that the snapshot covers. Until (4) readers see the old segments, after it the new ones.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Final

import structlog

from store.families import Family, families
from store.manifest_file import NewSegment, Pending, switch
from store.marks import newest_commit
from store.months import ALL, bounds
from store.segment_file import write_segment
from store.shapes import HISTOGRAMS, SHAPES, Histogram, Shape, fingerprints
from store.shop_file import reading, writing

#: More changed roots than this and rewriting the month costs less than reading over a delta.
MOST_DELTA_ROOTS: Final = 2_000

#: A delta is worth having while it holds at most one root for this many rows of the base.
BASE_ROWS_PER_ROOT: Final = 4

_log = structlog.get_logger(__name__)

FAMILIES: Final = families()


def publish_month(
    writer: sqlite3.Connection, reader: sqlite3.Connection, folder: Path, at: Pending, now: float
) -> bool:
    """Bring one month of one family up to date; False if there was nothing to list.

    `now` (UTC epoch seconds) goes into the manifest. `reader` must not be in a transaction.
    """
    family = FAMILIES.get(at.family)
    if family is None:  # a family of another version of this program: its segments go
        family = Family(at.family, ())
    with writing(writer):
        writer.execute(
            "UPDATE _months SET collects = 1 WHERE family = ? AND month = ? AND NOT collects",
            (at.family, at.month),
        )
    new: list[NewSegment] = []
    with reading(reader):
        commit = newest_commit(reader)
        base = _needs_base(reader, family, at)
        for table in family.tables:
            segment = write_table(reader, folder, at, table.name, base=base)
            if segment:
                new.append(segment)
                if base and table.has_histogram:
                    new.append(_write_histogram(reader, folder, at, table.name))
    sync_folder(folder)
    with writing(writer):
        listed = switch(
            writer,
            at,
            new,
            [table.name for table in family.tables],
            commit=commit,
            base=base,
            now=now,
        )
    malformed = sum(one.written.malformed for one in new)
    if malformed:
        _log.warning("values that fit no type", family=at.family, month=at.month, count=malformed)
    return listed


def _needs_base(reader: sqlite3.Connection, family: Family, at: Pending) -> bool:
    """Whether the whole month is to be written, or a delta of its changed roots will do."""
    return not has_good_base(reader, family, at) or too_much_changed(reader, family, at)


def has_good_base(reader: sqlite3.Connection, family: Family, at: Pending) -> bool:
    """Whether there is a base that a delta may lie over."""
    if at.month == ALL or not family.tables:
        return False
    whole = reader.execute(
        "SELECT 1 FROM _months WHERE family = ? AND month = ? AND whole", (at.family, at.month)
    ).fetchone()
    live = reader.execute(
        'SELECT "table", shape FROM _segments '
        "WHERE family = ? AND month = ? AND retired_at IS NULL",
        (at.family, at.month),
    ).fetchall()
    today = fingerprints()
    return not whole and all(shape == today.get(table) for table, shape in live)


def too_much_changed(reader: sqlite3.Connection, family: Family, at: Pending) -> bool:
    """Whether rewriting the month costs less than reading over a delta."""
    base_rows: int = reader.execute(
        "SELECT COALESCE(SUM(rows), 0) FROM _segments WHERE family = ? AND month = ? "
        'AND "table" = ? AND NOT delta AND retired_at IS NULL',
        (at.family, at.month, family.tables[0].name),
    ).fetchone()[0]
    limit = min(MOST_DELTA_ROOTS, base_rows // BASE_ROWS_PER_ROOT)
    changed = reader.execute(
        "SELECT 1 FROM _changed WHERE family = ? AND month = ? LIMIT ?",
        (at.family, at.month, limit + 1),
    ).fetchall()
    return len(changed) > limit


def write_table(
    reader: sqlite3.Connection,
    folder: Path,
    at: Pending,
    table: str,
    *,
    base: bool,
    roots: str = "",
) -> NewSegment | None:
    """A new file that is not listed yet, None without rows: the month's rows (`base`), or those of
    `roots` (keys as a JSON list), or those of all changed roots."""
    shape = SHAPES[table]
    if at.month == ALL:
        rows = reader.execute(shape.select_all())
    elif base:
        rows = reader.execute(shape.select_month(), bounds(at.month))
    elif roots:
        rows = reader.execute(shape.select_roots(), (roots, *bounds(at.month)))
    else:
        rows = reader.execute(shape.select_changed(), (at.family, at.month, *bounds(at.month)))
    return _written(folder, at, shape, rows, "base" if base else "delta")


def _write_histogram(
    reader: sqlite3.Connection, folder: Path, at: Pending, table: str
) -> NewSegment:
    """Of a month that has rows."""
    histogram = HISTOGRAMS[table]
    rows = reader.execute(histogram.select_month(), bounds(at.month))
    segment = _written(folder, at, histogram, rows, "base")
    assert segment is not None  # noqa: S101 - rows that were there a moment ago, in one snapshot
    return segment


def _written(
    folder: Path, at: Pending, shape: Shape | Histogram, rows: sqlite3.Cursor, kind: str
) -> NewSegment | None:
    name = f"{shape.name}-{at.month}-{kind}-{secrets.token_hex(6)}.parquet"
    unfinished = folder / f"{name}.unfinished"
    written = write_segment(unfinished, shape.kinds, shape.table.axis, rows)
    if written is None:
        return None
    unfinished.rename(folder / name)
    return NewSegment(name, shape.name, shape.fingerprint, written)


def sync_folder(folder: Path) -> None:
    """The new names are on disk too before anything refers to them."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
