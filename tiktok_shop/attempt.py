"""One signed try of one call: request in, outcome out. Nothing is repeated or raised here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from clock import Clock
from tiktok_shop import envelope
from tiktok_shop.endpoints import Endpoint
from tiktok_shop.errors import Answer, Remedy, TikTokError, error_for, remedy_for
from tiktok_shop.signing import sign
from tiktok_shop.transport import NoReply, Transport, date_in, retry_after_seconds

_JSON: Final = "application/json"
_USER_AGENT: Final = "tiktok-shop-source"


@dataclass(frozen=True, slots=True)
class App:
    """Our app in TikTok's Partner Center."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What stays the same from try to try. `path` percent-encoded, `query` decoded values.
    `unread`: the name of a list in the answer whose records stay text."""

    endpoint: Endpoint
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A success. `fetched_at`: UTC epoch seconds at which the request was sent."""

    data: dict[str, Any]
    request_id: str
    version: str
    fetched_at: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went.

    `reply.data` is {} unless `remedy` is OK. `retry_after`: seconds, where the reply says so.
    `server_time`: UTC epoch seconds of the reply's Date header.
    """

    answer: Answer
    remedy: Remedy
    reply: Reply
    retry_after: float | None = None
    server_time: float | None = None

    def error(self, retry_after: float | None = None) -> TikTokError:
        return error_for(self.answer, self.remedy, retry_after=retry_after)


def attempt(
    app: App,
    transport: Transport,
    clock: Clock,
    request: Request,
    *,
    version: str,
    token: str,
    clock_offset_seconds: float,
) -> Outcome:
    """Sign for this instant, send, read. The signed bytes are the bytes sent."""
    endpoint = request.endpoint
    fetched_at = clock.now()
    path = endpoint.path.format(version=version, **request.path)
    query = {
        **request.query,
        "app_key": app.key,
        "timestamp": str(int(fetched_at + clock_offset_seconds)),
    }
    query["sign"] = sign(app.secret, path, query, request.body, _JSON)
    target = f"{path}?{urlencode(query, safe='', quote_via=quote)}"
    headers = {"x-tts-access-token": token, "Content-Type": _JSON, "User-Agent": _USER_AGENT}
    raw = transport.send(endpoint.method, target, headers, request.body)

    if isinstance(raw, NoReply):
        answer = Answer(endpoint.name, 0, None, raw.reason, "")
        return Outcome(answer, raw.remedy, Reply({}, "", version, fetched_at))
    answer, data = read(endpoint.name, raw.status, raw.content, request.unread)
    remedy = remedy_for(answer)
    return Outcome(
        answer,
        remedy,
        Reply(data if remedy is Remedy.OK else {}, answer.request_id, version, fetched_at),
        retry_after=retry_after_seconds(raw.headers, clock.now()),
        server_time=date_in(raw.headers, "Date"),
    )


def read(
    endpoint: str, status: int, content: bytes, unread: str = ""
) -> tuple[Answer, dict[str, Any]]:
    """A reply's answer and `data`; `code` None and {} when there is no envelope in it."""
    found = envelope.parse(content, unread)
    if found is None:
        return Answer(endpoint, status, None, "the reply is not a TikTok envelope", ""), {}
    return Answer(endpoint, status, found.code, found.message, found.request_id), found.data
