"""What a short pull asks for: of each stage only what is new since somebody looked last.

It asks by the same calls as an import. What is listed by its changes is asked for from the last
complete reading on; of a list without changes, and of what is read by id, a few calls bring what
they can; of figures by day, the days that came since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backfill.day_reading import DaysReading
from backfill.days import day_of, pieces
from backfill.fetch import IdsReading, Source, WindowReading
from backfill.forward import LOOK_BACK_DAYS, newest, since_when
from backfill.planning import checkpoint_of
from backfill.stage import ById, Images, InDays, InWindows, Stage
from backfill.windows import DAY, Stretch, cut, gaps
from store.commits import Covered, Window
from store.records import ShopRecords
from tiktok_shop.endpoints import ENDPOINTS

#: A short pull reaches so far behind the one before: TikTok may list a change late.
LOOK_BACK_SECONDS: Final = 600

#: Calls for what tells no changes: a list of everything, or records by their ids.
MOST_CALLS: Final = 10

#: Pages of any list; whatever has changed more than that is an import's matter.
MOST_PAGES: Final = 100

#: Days of figures; a longer gap is an import's matter.
MOST_DAYS: Final = 3

ShortReading = WindowReading | IdsReading | DaysReading


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks: where calls go, the shop's own zone, and the instant (UTC epoch seconds) that
    everything is as of."""

    source: Source
    records: ShopRecords
    zone: str
    until: int


@dataclass(frozen=True, slots=True)
class Pull:
    """What is asked for of one stage. `covers`: what is read once all has come; what is read by
    day says so itself. `is_whole`: then no change before the pull is missing. `most_pages`: after
    so many it is left, and nothing is said of it."""

    stage: Stage
    readings: Sequence[ShortReading]
    covers: tuple[Covered, ...] = ()
    is_whole: bool = True
    most_pages: int = MOST_PAGES


def pull_of(stage: Stage, looker: Looker) -> Pull | None:
    """None for what was never imported: there is nothing to be newer than."""
    covered = looker.records.coverage(stage.name)
    reads = stage.reads
    if not covered or isinstance(reads, Images):
        return None
    if isinstance(reads, InDays):
        return _days(stage, reads, covered, looker)
    if isinstance(reads, ById):
        return _ids(stage, reads, covered, looker)
    if stage.updates is not None:
        return _changes(stage, covered, looker)
    if isinstance(reads, InWindows):
        stretch = newest(covered, looker.until)
        return Pull(stage, _windows(stage, reads.axis, [stretch], looker), _new(covered, looker))
    everything = [(0, looker.until)]
    return Pull(stage, _windows(stage, reads.axis, everything, looker), most_pages=MOST_CALLS)


def _changes(stage: Stage, covered: Sequence[Covered], looker: Looker) -> Pull:
    records, until = looker.records, looker.until
    updates = stage.updates
    assert updates is not None  # noqa: S101
    known = since_when(records.checkpoint(checkpoint_of(stage)), covered)
    since = int(max(known, records.freshness(stage.name).read_at))
    earliest = until - LOOK_BACK_DAYS * DAY
    stretch = (max(since - LOOK_BACK_SECONDS, earliest), until)
    readings = _windows(stage, updates.axis, [stretch], looker)
    covers: tuple[Covered, ...] = ()
    if isinstance(stage.reads, InWindows):
        # Created and then changed while the changes were listed: that is in no list of changes yet.
        covers = _new(covered, looker)
        for one in covers:
            created = cut((max(one.start, earliest), one.end), stage.reads.step_days)
            readings += _windows(stage, stage.reads.axis, created, looker)
        covers = tuple(one for one in covers if one.start >= earliest)
    return Pull(stage, readings, covers, is_whole=since >= earliest)


def _new(covered: Sequence[Covered], looker: Looker) -> tuple[Covered, ...]:
    """From the end of what is covered until now."""
    last = covered[-1]
    if last.end >= looker.until:
        return ()
    return (replace(last, start=last.end, end=looker.until, read_at=looker.until),)


def _windows(
    stage: Stage, axis: str | None, stretches: Sequence[Stretch], looker: Looker
) -> list[ShortReading]:
    lane = looker.source.lane
    return [
        WindowReading(looker.source, stage, Window(stage.name, lane, *stretch), axis)
        for stretch in stretches
        if stretch[0] < stretch[1]
    ]


def _ids(stage: Stage, reads: ById, covered: Sequence[Covered], looker: Looker) -> Pull:
    records, until = looker.records, looker.until
    since = (until,) * reads.pending.count("?")
    pending = [tuple(row) for row in records.query(reads.pending, since)]
    limit = 1
    if reads.id_filter:
        limit = ENDPOINTS[stage.endpoint].id_filter(reads.id_filter).limit or 50
    most = limit * MOST_CALLS
    if len(pending) > most and reads.id_filter in _SOLD_BY:
        sold = _sold(records, _SOLD_BY[reads.id_filter], until - DAY)
        pending.sort(key=lambda row: str(row[0]) not in sold)
    now = sorted(pending[:most], key=lambda row: str(row[0]))
    readings = [
        IdsReading(looker.source, stage, now[at : at + limit]) for at in range(0, len(now), limit)
    ]
    covers: tuple[Covered, ...] = ()
    if reads.covers_like:
        like = [(one.start, one.end) for one in records.coverage(reads.covers_like)]
        behind = [part for one in like for part in gaps(one, [(c.start, c.end) for c in covered])]
        covers = tuple(Covered(stage.name, *part, until) for part in behind)
    is_whole = len(pending) <= most
    return Pull(stage, readings, covers if is_whole else (), is_whole)


#: Of more ids than a short pull may ask for, those that sold lately come first: the column of a
#: unit sold that holds such an id.
_SOLD_BY: Final = {"product_ids": "product_id", "sku_ids": "sku_id"}


def _sold(records: ShopRecords, column: str, since: int) -> set[str]:
    found = records.query(
        f"SELECT DISTINCT {column} FROM order_line_items WHERE create_time >= ?", (since,)
    )
    return {str(row[0]) for row in found}


def _days(stage: Stage, reads: InDays, covered: Sequence[Covered], looker: Looker) -> Pull:
    today = day_of(looker.until, looker.zone)
    end = today + (DAY if reads.with_today else 0)
    first = max(covered[-1].end // DAY * DAY, end - MOST_DAYS * DAY)
    wanted = list(reversed(range(first, end, DAY)))
    readings = [
        DaysReading(looker.source, stage, *piece, looker.zone, today)
        for piece in pieces(wanted, reads.step_days)
    ]
    return Pull(stage, readings, is_whole=False)
