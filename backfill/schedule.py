"""Which runs are asked for, and when. Asking twice for the same is harmless: a slot is one run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from backfill.slots import Known, due_slots, newest_slot
from backfill.stages import in_order
from backfill.windows import DAY, floor_of
from backfill.work import FORWARD
from clock import Clock
from errors import BadRequest, RateLimited
from store.ledger import Ledger, Run

#: The kinds of run that `backfill.run.work` works: history, in the backward lane, and fresh data.
IMPORT: Final = "import"
SYNC: Final = "sync"
LANE: Final = "backward"
#: The slot of a shop's first import.
FIRST: Final = "first"

#: How far back history can be asked for: two years.
LONGEST_DAYS: Final = 730

#: Who waits for it goes first: a first import and what a person asked for, then the schedule.
_ASKED_FOR: Final = 10
_SCHEDULED: Final = 0

#: So many imports and syncs of a shop may be open. Who asks for one more comes again in a while.
MOST_OPEN: Final = 10
_FULL_SECONDS: Final = 60.0
#: More than were ever open at once, also in an installation from before that bound.
_ALL_OPEN: Final = 10_000


def enqueue_first_import(ledger: Ledger, workspace_id: str, shop_id: str) -> Run:
    """The last 90 days of a shop that was just connected; once per shop."""
    return ledger.enqueue(
        workspace_id,
        shop_id,
        LANE,
        IMPORT,
        slot=FIRST,
        parameters={},
        trigger="connect",
        priority=_ASKED_FOR,
    )


def enqueue_backfill(
    ledger: Ledger,
    clock: Clock,
    workspace_id: str,
    shop_id: str,
    *,
    start: int | None = None,
    end: int | None = None,
    data: Sequence[str] = (),
    reread: bool = False,
) -> Run:
    """History that somebody asks for: rows created in `[start, end)` (UTC epoch seconds; none: the
    last 90 days). What was read before costs no calls, unless `reread` says that it shall be read
    again. The same wish within a minute, or while nobody has finished it, is one run.

    Raises BadRequest for an empty range, one that TikTok does not give, or data nobody knows;
    RateLimited while MOST_OPEN other runs of the shop are open.
    """
    now = clock.now()
    check_wish(now, start, end, data)
    parameters: dict[str, Any] = {"start": start, "end": end, "data": list(data)}
    wish = f"{start}:{end}:{','.join(sorted(data))}"
    if reread:
        parameters["reread"] = True
        wish += ":again"
    same = room_for(ledger, workspace_id, shop_id, parameters)
    return same or ledger.enqueue(
        workspace_id,
        shop_id,
        LANE,
        IMPORT,
        slot=f"asked:{int(now // 60)}:{wish}",
        parameters=parameters,
        trigger="manual",
        priority=_ASKED_FOR,
    )


def room_for(
    ledger: Ledger, workspace_id: str, shop_id: str, parameters: Mapping[str, Any] | None = None
) -> Run | None:
    """The open import of these parameters, or None where there is room for one more run. Raises
    RateLimited where there is none."""
    kinds = (IMPORT, SYNC)
    found = ledger.runs(workspace_id, shop_id, _ALL_OPEN, kinds=kinds, is_open=True)
    for run in found:
        if run.kind == IMPORT and run.parameters == parameters:
            return run
    if len(found) >= MOST_OPEN:
        raise RateLimited(
            f"{len(found)} imports of the shop {shop_id} are not finished. Ask for the next when "
            "one of them is.",
            retry_after=_FULL_SECONDS,
        )
    return None


def check_wish(now: float, start: int | None, end: int | None, data: Sequence[str]) -> None:
    """Raises BadRequest, with a sentence, for history that cannot be asked for."""
    try:
        in_order(data)
    except ValueError as error:
        raise BadRequest(f"Nothing can be imported: {error}.") from error
    if (start or 0) >= (end or now):
        raise BadRequest("The start must lie before the end.", code="bad_date_range")
    if max(start or 0, (end or 0) - DAY) > now:
        raise BadRequest(
            f"The range must not lie in the future; today is {_day(now)} (UTC).",
            code="bad_date_range",
        )
    floor = floor_of(now, LONGEST_DAYS)
    if start is not None and start < floor:
        raise BadRequest(
            f"History can be imported from {_day(floor)} on, which is {LONGEST_DAYS} days back.",
            code="bad_date_range",
        )


def enqueue_sync(
    ledger: Ledger, clock: Clock, workspace_id: str, shop_id: str, *, trigger: str = "manual"
) -> Run:
    """All stages now: what is new and what has changed. Asking again within a minute, or while such
    a run waits for a worker, gives the same run. Raises RateLimited while MOST_OPEN runs of the
    shop are open."""
    for run in ledger.runs(workspace_id, shop_id, _ALL_OPEN, kinds=(SYNC,), is_open=True):
        if run.state == "pending" and run.not_before <= clock.now():
            return run
    room_for(ledger, workspace_id, shop_id)
    return ledger.enqueue(
        workspace_id,
        shop_id,
        FORWARD,
        SYNC,
        slot=f"asked:{int(clock.now() // 60)}",
        parameters={},
        trigger=trigger,
        priority=_ASKED_FOR,
    )


def enqueue_import_now(ledger: Ledger, clock: Clock, workspace_id: str, shop_id: str) -> list[Run]:
    """ "Run import": a sync of all stages, and the last 90 days again where that history was left
    unfinished. Gives the runs, those that were under way among them. Raises RateLimited like
    `enqueue_sync`."""
    asked = [enqueue_sync(ledger, clock, workspace_id, shop_id)]
    if is_history_left(ledger, workspace_id, shop_id):
        asked.append(enqueue_backfill(ledger, clock, workspace_id, shop_id))
    else:
        newest = ledger.runs(workspace_id, shop_id, 1, kinds=(IMPORT,))
        asked += [run for run in newest if run.state != "done"]
    return asked


def is_history_left(ledger: Ledger, workspace_id: str, shop_id: str) -> bool:
    """Whether "Run import" asks for the last 90 days, too: none were read, or reading them was
    given up."""
    newest = ledger.runs(workspace_id, shop_id, 1, kinds=(IMPORT,))
    return not newest or newest[0].state in ("failed", "blocked")


def enqueue_due(ledger: Ledger, clock: Clock, shops: Iterable[Known]) -> list[Run]:
    """Ask for the scheduled syncs that are due; gives those that nobody had asked for yet."""
    now = clock.now()
    slot = f"at:{newest_slot(now)}"
    return [
        ledger.enqueue(
            due.workspace_id,
            due.shop_id,
            FORWARD,
            SYNC,
            slot=f"at:{due.slot}",
            parameters={},
            trigger="schedule",
            priority=_SCHEDULED,
            not_before=due.not_before,
        )
        for due in due_slots(now, shops, ledger.taken(SYNC, slot))
    ]


def _day(instant: float) -> str:
    return dt.datetime.fromtimestamp(instant, dt.UTC).date().isoformat()
