"""What reading a range of history will cost: calls, minutes and rows, before anybody asks for it.

The shop's own rates say how much there is: rows a day from what is stored, calls a second from the
quota that was found. `estimate` is pure; `measure` reads the rates from the shop's records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from backfill.stage import ById, Images, InDays, InWindows, Stage, Whole
from backfill.stages import BY_NAME, in_order
from backfill.windows import DAY, Stretch, cut, plan
from backfill.work import IN_FLIGHT
from store.records import ShopRecords
from tiktok_shop.endpoints import ENDPOINTS

#: What is assumed of a shop of which nothing was read yet.
ASSUMED_ROWS_A_DAY: Final = 50.0

#: A call takes about so long, and only some are in flight: however large the quota is, no more
#: calls come through in a second.
_SECONDS_A_CALL: Final = 0.3
MOST_CALLS_A_SECOND: Final = IN_FLIGHT / _SECONDS_A_CALL

#: How many of the newest days say how much a shop sells in a day.
_SAMPLE_DAYS: Final = 28
_ANALYTICS_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one stage of a shop: the stretches that were read, rows a day (None: nothing
    was read), rows in all, and how many ids wait to be asked for."""

    covered: Sequence[Stretch] = ()
    rows_a_day: float | None = None
    rows: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """`label` is what people call the stage."""

    stage: str
    label: str
    calls: int
    rows: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one shop, or of several together. `[start, end)` is what would be read, UTC epoch seconds.
    `assumed`: some of it is a guess, since nothing of the kind was read yet."""

    start: int
    end: int
    stages: tuple[StageEstimate, ...]
    calls_a_second: float
    assumed: bool = False

    @property
    def calls(self) -> int:
        return sum(stage.calls for stage in self.stages)

    @property
    def rows(self) -> int:
        return sum(stage.rows for stage in self.stages)

    @property
    def minutes(self) -> float:
        """Rounded up to a tenth."""
        return ceil(self.calls / self.calls_a_second / 6.0) / 10.0


def estimate(
    wanted: Stretch,
    known: Mapping[str, Known],
    *,
    now: int,
    data: Iterable[str] = (),
    reread: bool = False,
    calls_a_second: float = MOST_CALLS_A_SECOND,
) -> Estimate:
    """What reading `wanted` will cost at `now` (UTC epoch seconds); `known` by stage. ValueError
    for data nobody knows."""
    made: dict[str, StageEstimate] = {}
    assumed = False
    for stage in in_order(data):
        facts = known.get(stage.name, Known())
        taken = () if reread else facts.covered
        reached = _reached(stage, wanted, now)
        counted = _COUNT[type(stage.reads)](stage, reached, facts, taken, made)
        made[stage.name] = StageEstimate(stage.name, stage.label, *counted)
        assumed = assumed or (isinstance(stage.reads, InWindows) and facts.rows_a_day is None)
    speed = min(calls_a_second, MOST_CALLS_A_SECOND)
    return Estimate(*wanted, tuple(made.values()), speed, assumed)


def together(estimates: Sequence[Estimate]) -> Estimate:
    """Of several shops, which are worked one after the other. ValueError when there is none."""
    calls = sum(one.calls for one in estimates)
    seconds = sum(one.calls / one.calls_a_second for one in estimates)
    added: dict[str, StageEstimate] = {}
    for stage in (stage for one in estimates for stage in one.stages):
        before = added.get(stage.stage, StageEstimate(stage.stage, stage.label, 0, 0))
        added[stage.stage] = StageEstimate(
            stage.stage, stage.label, before.calls + stage.calls, before.rows + stage.rows
        )
    return Estimate(
        min(one.start for one in estimates),
        max(one.end for one in estimates),
        tuple(added.values()),
        calls / seconds if seconds else MOST_CALLS_A_SECOND,
        any(one.assumed for one in estimates),
    )


def _reached(stage: Stage, wanted: Stretch, now: int) -> Stretch:
    """What can still be read: of figures by day as many days back as TikTok gives them."""
    if not isinstance(stage.reads, InDays):
        return wanted
    oldest = now // DAY * DAY - (stage.reads.most_days or _ANALYTICS_DAYS) * DAY
    return max(wanted[0], oldest), max(wanted[1], oldest)


# --- how many calls and rows, by the way a stage is read ---

Counted = tuple[int, int]
_Made = Mapping[str, StageEstimate]


def _pages(stage: Stage, rows: float) -> int:
    """At least one: an empty list is asked for, too."""
    paging = ENDPOINTS[stage.endpoint].paging
    return max(1, ceil(rows / paging.max_size)) if paging else 1


def _windows(
    stage: Stage, wanted: Stretch, known: Known, taken: Sequence[Stretch], _made: _Made
) -> Counted:
    assert isinstance(stage.reads, InWindows)  # noqa: S101
    per_day = ASSUMED_ROWS_A_DAY if known.rows_a_day is None else known.rows_a_day
    windows = plan(wanted, taken, stage.reads.step_days)
    rows = [per_day * (end - start) / DAY for start, end in windows]
    return sum(_pages(stage, some) for some in rows), round(sum(rows))


def _whole(
    stage: Stage, _wanted: Stretch, known: Known, _taken: Sequence[Stretch], _made: _Made
) -> Counted:
    return _pages(stage, known.rows), known.rows


def _by_id(
    stage: Stage, _wanted: Stretch, known: Known, _taken: Sequence[Stretch], made: _Made
) -> Counted:
    """The ids that wait, and those of the new rows of the stages it builds on."""
    assert isinstance(stage.reads, ById)  # noqa: S101
    fresh = sum(made[name].rows for name in stage.needs if name in made and _grows(name))
    ids = known.pending + fresh
    limit = 1
    if stage.reads.id_filter:
        limit = ENDPOINTS[stage.endpoint].id_filter(stage.reads.id_filter).limit or 50
    return ceil(ids / limit), ids


def _days(
    stage: Stage, wanted: Stretch, known: Known, taken: Sequence[Stretch], _made: _Made
) -> Counted:
    assert isinstance(stage.reads, InDays)  # noqa: S101
    pieces = [
        piece for gap in plan(wanted, taken, None) for piece in cut(gap, stage.reads.step_days)
    ]
    rows = [(known.rows_a_day or 0.0) * (end - start) / DAY for start, end in pieces]
    return sum(_pages(stage, some) for some in rows), round(sum(rows))


def _images(
    _stage: Stage, _wanted: Stretch, _known: Known, _taken: Sequence[Stretch], _made: _Made
) -> Counted:
    """Pictures are no calls of the shop's quota."""
    return 0, 0


_COUNT: Final = {
    InWindows: _windows,
    Whole: _whole,
    ById: _by_id,
    InDays: _days,
    Images: _images,
}


def _grows(name: str) -> bool:
    """Whether a longer range of history means more rows of this stage."""
    return isinstance(BY_NAME[name].reads, InWindows)


# --- what is known of a shop ---


def measure(records: ShopRecords, until: int, data: Iterable[str] = ()) -> dict[str, Known]:
    """The rates of a shop, by stage, as of `until` (UTC epoch seconds)."""
    return {stage.name: _measured(records, stage, until) for stage in in_order(data)}


def _measured(records: ShopRecords, stage: Stage, until: int) -> Known:
    covered = [(one.start, one.end) for one in records.coverage(stage.name)]
    reads, table = stage.reads, stage.tables[0] if stage.tables else None
    pending = 0
    if isinstance(reads, ById):
        asked = (until,) * reads.pending.count("?")
        pending = len(records.query(reads.pending, asked))
    rows = records.count(table) if table is not None and isinstance(reads, Whole) else 0
    per_day = None
    if table is not None and covered and isinstance(reads, InWindows | InDays):
        # Small tables have no axis; a record's time is a column of theirs all the same.
        axis = table.axis or (reads.axis if isinstance(reads, InWindows) else "day")
        end = max(end for _, end in covered)
        start = max([start for start, _ in covered] + [end - _SAMPLE_DAYS * DAY])
        counted = records.query(
            f"SELECT count(*) FROM {table.name} WHERE {axis} >= ? AND {axis} < ?",
            (start, end),
        )
        per_day = counted[0][0] * DAY / max(end - start, DAY)
    return Known(covered, per_day, rows, pending)
