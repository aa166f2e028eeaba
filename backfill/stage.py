"""What a stage is: how one resource is fetched and turned into rows. The stages themselves are in
`backfill.stages`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from backfill.days import NOTHING_ASKED, Asked
from backfill.normalise.rows import BuyerHasher, Normalised
from catalogue.table import Table
from store.commits import Write
from store.records import ShopRecords


@dataclass(frozen=True, slots=True)
class Context:
    """What a normalise function may need beside the records: the workspace's buyer hash, when the
    run began (UTC epoch seconds), of a stage that reads by id the row of ids that was asked for and
    whether this page is the last for it, and of one that reads by day the days."""

    buyer: BuyerHasher
    asked: tuple[Any, ...] = ()
    as_of: int = 0
    complete: bool = True
    days: Asked = NOTHING_ASKED


Normalise = Callable[[Iterable[object], Context], Normalised]


@dataclass(frozen=True, slots=True)
class InWindows:
    """Read by a time of the record, `step_days` at a time; what is covered is not read again.
    `open_since`: SQL for the earliest such time of a stored record that may still change (null:
    none; every `?` is when the run began), so that a sync reaches back to it."""

    axis: str
    step_days: int
    open_since: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """Read from beginning to end in every run. `axis`: the time by which it can be split when
    TikTok would not list it all; None where a list cannot be that long. `once_a_day`: hardly ever
    changes, so that of the syncs of a day only one reads it."""

    axis: str | None = None
    once_a_day: bool = False


@dataclass(frozen=True, slots=True)
class ById:
    """Read for ids that are in the records. `pending` is SQL that gives them (every `?` is when
    this reading was planned) and gives none that were read since. The ids go into the path (`path`)
    or, many at once, into the id filter (`id_filter`). `covers_like`: the stage whose records these
    ids are of; once all are read, this one covers what that one covers."""

    pending: str
    path: str = ""
    id_filter: str = ""
    covers_like: str = ""


@dataclass(frozen=True, slots=True)
class InDays:
    """Read by days of the shop's own zone, newest first, `step_days` in a call, as far back as
    TikTok gives them (at most `most_days`, where that is less than what it usually gives). A day is
    read again until it is `settles_after` days old. `one_day_more`: the call asks for the day after
    the last one, too. `with_today`: the day that is not over yet is read as well."""

    step_days: int
    most_days: int | None = None
    settles_after: int = 3
    one_day_more: bool = False
    with_today: bool = False


@dataclass(frozen=True, slots=True)
class Images:
    """Pictures at addresses that are in the records. `pending` is SQL that gives (product id, its
    update time, address) of those not fetched yet. The stage's endpoint is the one that told the
    addresses."""

    pending: str


@dataclass(frozen=True, slots=True)
class Updates:
    """How a sync finds what changed since the one before: by `axis`, the time of the record that
    moves with a change. `ages`: days after its creation at which a record is read once more, for
    changes that do not move that time; a stretch for which `may_change` (SQL; its `?` are start and
    end) gives no row is left out."""

    axis: str = "update_time"
    ages: tuple[int, ...] = ()
    may_change: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """`name` is also the resource's name in windows and coverage. `label` is what people see;
    several stages may share one. `data` is the word by which people ask for it. `optional` stages
    are read when asked for by name only. `needs` are stages whose rows this one builds on,
    `after` those that only come first because they are wanted sooner. `reconcile` compares rows
    with what is stored before they are kept; `conclude` gives what is to be written when all was
    read, from when the run began. `updates`: how a sync finds changes; None where it
    reads the newest stretch, the whole list or the pending ids anew."""

    name: str
    label: str
    data: str
    endpoint: str
    reads: InWindows | Whole | ById | InDays | Images
    normalise: Normalise
    tables: tuple[Table, ...]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    optional: bool = False
    reconcile: Callable[[ShopRecords, Normalised], Normalised] | None = None
    conclude: Callable[[ShopRecords, int], tuple[Write, ...]] | None = None
    updates: Updates | None = None
    may_be_refused: bool = False


def by_day(normalise: Callable[[Iterable[object], Asked], Normalised]) -> Normalise:
    """Of a function that needs the records and the days that were asked for."""
    return lambda records, context: normalise(records, context.days)


def plain(normalise: Callable[[Iterable[object]], Normalised]) -> Normalise:
    """Of a function that needs nothing but the records."""
    return lambda records, _context: normalise(records)
