"""Old months in one segment. Opening twenty-five files costs more than reading them: a question
over two years took 33 ms from months and 13 ms from a few files (100,000 orders). So the months
before the newest ones become one span, whose base is their bases joined, without the records.

A span is from then on what a month was: it is marked, gets deltas and is written anew under its
label. Its crash safety is that of `store.publish`: until the switch nobody knows the new files.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from store.families import Family
from store.manifest_file import NewSegment, Pending, insert_segments, note_switch
from store.marks import mark_whole, next_commit
from store.months import ALL, is_span, months_in, span_of
from store.publish import publish_month, sync_folder
from store.segment_file import join_segments
from store.shapes import Histogram, Shape, fingerprints, shapes_of_bases
from store.shop_file import reading, writing

#: The newest months stay apart: they change often.
MONTHS_APART: Final = 3

#: So many months are worth the work of joining them.
LEAST_MONTHS: Final = 6

#: Instants beyond belong to mistakes, not to orders; a span is a list of calendar months.
_FIRST_YEAR: Final = "2000"
_LAST_YEAR: Final = "2100"


def join_old_months(
    writer: sqlite3.Connection,
    reader: sqlite3.Connection,
    folder: Path,
    family: Family,
    now: float,
) -> bool:
    """Make one span of a family's old months; False if there are few, or if one changed meanwhile.

    To be called when everything is published; `now` is UTC epoch seconds.
    """
    labels = _old_labels(reader, family)
    if not labels:
        return False
    for label in _with_delta(reader, family, labels):
        with writing(writer):
            mark_whole(writer, family.name, label, next_commit(writer))
        publish_month(writer, reader, folder, Pending(family.name, label), now)
    with reading(reader):
        before = _state(reader, family, labels)
    if not all(clean for *_, clean in before):
        return False
    span = span_of(labels)
    new = [
        joined
        for shape in shapes_of_bases(family.tables)
        if (joined := _join(reader, folder, family, shape, labels, span))
    ]
    sync_folder(folder)
    with writing(writer):
        if _state(writer, family, labels) != before:
            return False
        _switch(writer, family, labels, span, new, now)
    return True


def _old_labels(reader: sqlite3.Connection, family: Family) -> list[str]:
    """Months and spans, ascending, that would become one span; none if it is not worth it."""
    labels = [
        label
        for (label,) in reader.execute(
            "SELECT month FROM _months WHERE family = ? AND month <> ? AND month >= ? "
            "AND month < ? ORDER BY month",
            (family.name, ALL, _FIRST_YEAR, _LAST_YEAR),
        )
    ]
    old = labels[:-MONTHS_APART]
    return old if sum(not is_span(label) for label in old) >= LEAST_MONTHS else []


def _with_delta(reader: sqlite3.Connection, family: Family, labels: Sequence[str]) -> list[str]:
    found = reader.execute(
        "SELECT DISTINCT month FROM _segments WHERE family = ? AND delta AND retired_at IS NULL",
        (family.name,),
    )
    return [label for (label,) in found if label in labels]


def _state(
    connection: sqlite3.Connection, family: Family, labels: Sequence[str]
) -> list[tuple[str, int, str, bool]]:
    """(label, newest commit shown, its files, whether they show everything) of each label. A file
    of another shape does not: another version of this program may work on the same folder."""
    found = []
    today = fingerprints()
    for label in labels:
        row = connection.execute(
            "SELECT changed_seq, published_seq, whole FROM _months WHERE family = ? AND month = ?",
            (family.name, label),
        ).fetchone()
        live = connection.execute(
            'SELECT file, "table", shape, delta FROM _segments '
            "WHERE family = ? AND month = ? AND retired_at IS NULL ORDER BY file",
            (family.name, label),
        ).fetchall()
        changed, shown, whole = row or (1, 0, 1)
        bases = all(not delta and shape == today.get(name) for _, name, shape, delta in live)
        clean = changed <= shown and not whole and bases
        found.append((label, shown, ",".join(file for file, *_ in live), clean))
    return found


def _join(
    reader: sqlite3.Connection,
    folder: Path,
    family: Family,
    shape: Shape | Histogram,
    labels: Sequence[str],
    span: str,
) -> NewSegment | None:
    files = dict(
        reader.execute(
            'SELECT month, file FROM _segments WHERE family = ? AND "table" = ? '
            "AND retired_at IS NULL",
            (family.name, shape.name),
        )
    )
    parts = [folder / files[label] for label in labels if label in files]
    name = f"{shape.name}-{span}-base-{secrets.token_hex(6)}.parquet"
    unfinished = folder / f"{name}.unfinished"
    written = join_segments(unfinished, shape.kinds, shape.table.axis, parts)
    if written is None:
        return None
    unfinished.rename(folder / name)
    return NewSegment(name, shape.name, shape.fingerprint, written)


def _switch(
    writer: sqlite3.Connection,
    family: Family,
    labels: Sequence[str],
    span: str,
    new: Sequence[NewSegment],
    now: float,
) -> None:
    """The rows are the same as before: no version grows."""
    each = [(family.name, label) for label in labels]
    (shown,) = writer.execute(
        "SELECT max(published_seq) FROM _months WHERE family = ? AND month >= ? AND month <= ?",
        (family.name, labels[0], labels[-1]),
    ).fetchone()
    writer.executemany(
        f"UPDATE _segments SET retired_at = {now!r} WHERE family = ? AND month = ? "
        "AND retired_at IS NULL",
        each,
    )
    writer.executemany("DELETE FROM _changed WHERE family = ? AND month = ?", each)
    writer.executemany("DELETE FROM _months WHERE family = ? AND month = ?", each)
    writer.execute(
        "INSERT INTO _months VALUES (?, ?, ?, ?, 1, 0)", (family.name, span, shown, shown)
    )
    writer.executemany(
        "INSERT OR REPLACE INTO _spans VALUES (?, ?, ?)",
        [(family.name, month, span) for month in months_in(span)],
    )
    insert_segments(writer, Pending(family.name, span), new, base=True)
    note_switch(writer)
