"""What every call to TikTok leaves behind: a count, and a log line with TikTok's own id of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from store.tallies import Tallies
from tiktok_shop.client import CallRecord
from tiktok_shop.errors import Remedy

CALLS: Final = "calls_total"
CALL_SECONDS: Final = "call_seconds_total"

_log = structlog.get_logger(__name__)


def call_log(tallies: Tallies) -> Callable[[CallRecord], None]:
    """What to hand to a client as `on_call`. Calls that went well are logged at the level `debug`;
    no line names a token, a cipher or anything that was answered but TikTok's request id."""

    def note(record: CallRecord) -> None:
        result = record.remedy.name.lower()
        tallies.count(CALLS, (record.endpoint, result))
        tallies.count(CALL_SECONDS, (record.endpoint,), record.seconds)
        say = _log.debug if record.remedy is Remedy.OK else _log.info
        say(
            "call",
            endpoint=record.endpoint,
            version=record.version,
            lane=record.lane,
            attempt=record.attempt,
            status=record.status,
            code=record.code,
            result=result,
            ms=round(1000 * record.seconds, 1),
            tiktok_request_id=record.request_id,
        )

    return note
