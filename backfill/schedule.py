"""Which runs are asked for, and when. Asking twice for the same is harmless: a slot is one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from backfill.stages import in_order
from clock import Clock
from errors import BadRequest
from store.ledger import Ledger, Run

#: The kind of run that `backfill.run.work` works, and its lane.
IMPORT: Final = "import"
LANE: Final = "backward"


def enqueue_first_import(ledger: Ledger, workspace_id: str, shop_id: str) -> Run:
    """The last 90 days of a shop that was just connected; once per shop."""
    return ledger.enqueue(workspace_id, shop_id, LANE, IMPORT, slot="first", parameters={})


def enqueue_backfill(
    ledger: Ledger,
    clock: Clock,
    workspace_id: str,
    shop_id: str,
    *,
    start: int | None = None,
    end: int | None = None,
    data: Sequence[str] = (),
) -> Run:
    """History that somebody asks for: rows created in `[start, end)` (UTC epoch seconds; none: the
    last 90 days). What was read before costs no calls. The same wish within a minute is one run.

    Raises BadRequest for an empty range or data nobody knows.
    """
    try:
        in_order(data)
    except ValueError as error:
        raise BadRequest(f"Nothing can be imported: {error}.") from error
    now = clock.now()
    if (start or 0) >= (end or now):
        raise BadRequest("The start must lie before the end.", code="bad_date_range")
    parameters: dict[str, Any] = {"start": start, "end": end, "data": list(data)}
    wish = f"{start}:{end}:{','.join(sorted(data))}"
    slot = f"asked:{int(now // 60)}:{wish}"
    return ledger.enqueue(workspace_id, shop_id, LANE, IMPORT, slot=slot, parameters=parameters)
