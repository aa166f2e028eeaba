"""Calls to the Partner API: one page per call, every try signed anew.

What a refusal means is in the table of `errors`; here it is acted upon: wait and repeat, renew the
token once, use another version, correct the clock once, or raise. While TikTok refuses the app
itself, hardly any call is made (see `standing`).
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import quote

import orjson
import requests
import structlog

from clock import Clock
from tiktok_shop.attempt import App, Outcome, Reply, Request, attempt
from tiktok_shop.endpoints import ENDPOINTS, Endpoint
from tiktok_shop.errors import AppRefused, Remedy
from tiktok_shop.paging import Page, PageGuard, bad_page, page_in
from tiktok_shop.standing import AppStanding
from tiktok_shop.transport import Bounds, Transport

__all__ = ["API_BASE", "Access", "App", "CallRecord", "Client", "Page", "Reply", "Throttle"]

API_BASE: Final = "https://open-api.tiktokglobalshop.com"

QueryValue: TypeAlias = str | int | Sequence[str]

_LONGEST_WAIT_SECONDS: Final = 60.0
_HOUR_SECONDS: Final = 3600.0
_MOST_TRIES_OF_BAD_REPLIES: Final = 3
#: A correction of the clock by less is no news: replies take their time, and dates have no parts of
#: a second.
_NEWS_SECONDS: Final = 15.0
_log = structlog.get_logger(__name__)


class Access(Protocol):
    """A seller's grant for one shop. Single-flight renewal is the implementer's matter."""

    @property
    def shop_key(self) -> str:
        """The name of the shop's quota at the throttle."""

    @property
    def cipher(self) -> str:
        """TikTok's `shop_cipher`."""

    def access_token(self) -> str:
        """The token that is good now."""

    def renew(self, stale_token: str) -> str:
        """A token newer than `stale_token`. May raise `Reauthorise`."""


class Throttle(Protocol):
    """The token bucket of an app and shop, shared by all processes.

    Lanes by priority: tail, forward, backward.
    """

    def acquire(self, shop_key: str, lane: str, cost: int = 1) -> None:
        """Block until the call is allowed. `RateLimited` when the wait would be too long."""

    def slow_down(self, shop_key: str, retry_after: float | None) -> None:
        """TikTok said: too many requests (for `retry_after` seconds, where it said so)."""

    def succeeded(self, shop_key: str) -> None:
        """A call went through."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One try, for metrics and logs. `status` 0: no reply; `code` None: no envelope in it."""

    endpoint: str
    version: str
    shop_key: str
    lane: str
    attempt: int
    status: int
    code: int | None
    remedy: Remedy
    seconds: float
    request_id: str


@dataclass(slots=True)
class _Learned:
    """What calls have taught about TikTok: the version that works, by endpoint, and its clock."""

    versions: dict[str, str] = field(default_factory=dict)
    clock_offset_seconds: float = 0.0
    lock: Lock = field(default_factory=Lock)


class Client:
    """Calls for one app. Threads may share it: several windows are in flight through one client.

    `session` should come from `bounded.new_session`, which keeps the total deadline also against a
    server that drips its answer; only its adapters are used, so threads may share it too.
    `deadline_seconds` bounds one try; `attempts` counts the tries where waiting may help. `jitter`
    gives 0 to 0.5 seconds. ValueError for an `api_base` that is neither https nor this machine.
    """

    def __init__(
        self,
        app: App,
        session: requests.Session,
        clock: Clock,
        throttle: Throttle,
        *,
        api_base: str = API_BASE,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 30.0,
        deadline_seconds: float = 90.0,
        max_body_bytes: int = 50 * 1024 * 1024,
        attempts: int = 5,
        jitter: Callable[[], float] = lambda: random.uniform(0, 0.5),  # noqa: S311
        on_call: Callable[[CallRecord], None] | None = None,
    ) -> None:
        bounds = Bounds(
            connect_timeout_seconds, read_timeout_seconds, deadline_seconds, max_body_bytes
        )
        self._app = app
        self._clock = clock
        self._throttle = throttle
        self._transport = Transport(session, clock, api_base, bounds)
        self._attempts = attempts
        self._jitter = jitter
        self._on_call = on_call
        self._learned = _Learned()
        self._standing = AppStanding(clock)

    def counted(self, on_call: Callable[[CallRecord], None]) -> Client:
        """This client, with every try told to `on_call` as well; it shares all that is learned."""
        known = self._on_call

        def told(record: CallRecord) -> None:
            if known is not None:
                known(record)
            on_call(record)

        twin = copy.copy(self)
        twin._on_call = told
        return twin

    def trying(self, attempts: int) -> Client:
        """This client with another number of tries; it shares all that is learned."""
        twin = copy.copy(self)
        twin._attempts = attempts
        return twin

    @property
    def clock_offset_seconds(self) -> float:
        """What is added to our clock to get TikTok's; 0 unless TikTok refused our timestamp."""
        return self._learned.clock_offset_seconds

    def call(
        self,
        endpoint: Endpoint | str,
        access: Access,
        *,
        lane: str = "backward",
        path: Mapping[str, str] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
        unread: str = "",
    ) -> Reply:
        """One call, repeated where that may help.

        `path` fills the path's parameters; lists in `query` are joined with commas; an empty `body`
        is not sent; `unread`: see `envelope.parse`. Raises the errors of `tiktok_shop.errors`, and
        whatever `access` and the throttle raise.
        """
        found = ENDPOINTS[endpoint] if isinstance(endpoint, str) else endpoint
        given = {**dict(found.always), **(query or {})}
        values = {name: _as_text(value) for name, value in given.items()}
        if found.takes_cipher:
            values["shop_cipher"] = access.cipher
        request = Request(
            endpoint=found,
            path={name: quote(value, safe="") for name, value in (path or {}).items()},
            query=values,
            body=orjson.dumps(dict(body)) if body else b"",
            unread=unread,
        )
        self._standing.check()
        try:
            reply = self._repeat(request, access, lane)
        except AppRefused as error:
            self._standing.refused(error)
            raise
        self._standing.accepted()
        return reply

    def pages(
        self,
        endpoint: Endpoint | str,
        access: Access,
        *,
        lane: str = "backward",
        path: Mapping[str, str] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        body: Mapping[str, Any] | None = None,
        page_size: int | None = None,
        page_token: str = "",
        unread: bool = False,
    ) -> Iterator[Page]:
        """The pages of a list from `page_token` on, each by one call.

        `page_size`: the largest allowed unless given; ValueError outside the endpoint's bounds.
        `unread`: the rows are `Records`, for whoever looks at each of them once.
        `BadReply` when the list cannot come to an end (a token or a page that repeats, too many
        empty pages); `PageTokenExpired` when the window must be read again from its start.
        """
        found = ENDPOINTS[endpoint] if isinstance(endpoint, str) else endpoint
        asked: dict[str, QueryValue] = dict(query or {})
        if found.paging is not None:
            size = found.paging.max_size if page_size is None else page_size
            if not found.paging.min_size <= size <= found.paging.max_size:
                raise ValueError(f"{found.name} takes no page size of {size}")
            asked["page_size"] = size
        guard = PageGuard(page_token)
        while True:
            if page_token:
                asked["page_token"] = page_token
            reply = self.call(
                found,
                access,
                lane=lane,
                path=path,
                query=asked,
                body=body,
                unread=(found.rows or "") if unread else "",
            )
            page = page_in(found, reply)
            complaint = guard.complaint(page.rows, page.next_token)
            if complaint:
                raise bad_page(found, page.reply, complaint)
            page_token = page.next_token
            handed_over = [page]
            del page, reply  # they need not stay until the next one has come
            yield handed_over.pop()
            if not page_token:
                return

    def _repeat(self, request: Request, access: Access, lane: str) -> Reply:
        endpoint = request.endpoint
        version, *fallbacks = self._versions_of(endpoint)
        token = access.access_token()
        tries = waits = 0
        renewed = corrected = False
        while True:
            self._throttle.acquire(access.shop_key, lane, endpoint.weight)
            tries += 1
            outcome = self._try(request, access, lane, version=version, token=token, tries=tries)
            remedy = outcome.remedy
            if remedy is Remedy.OK:
                self._throttle.succeeded(access.shop_key)
                self._learned.versions[endpoint.name] = version
                return outcome.reply
            if remedy is Remedy.REFRESH_TOKEN and not renewed:
                renewed = True
                token = access.renew(token)
            elif remedy is Remedy.NO_SUCH_VERSION and fallbacks:
                _log.warning("version_gone", endpoint=endpoint.name, version=version)
                version = fallbacks.pop(0)
            elif remedy is Remedy.CLOCK_SKEW and not corrected and outcome.server_time is not None:
                corrected = True
                self._correct_clock(outcome.server_time)
            else:
                waits += 1
                self._wait_or_raise(outcome, waits, access.shop_key)
                token = access.access_token()

    def _try(
        self,
        request: Request,
        access: Access,
        lane: str,
        *,
        version: str,
        token: str,
        tries: int,
    ) -> Outcome:
        started = self._clock.monotonic()
        outcome = attempt(
            self._app,
            self._transport,
            self._clock,
            request,
            version=version,
            token=token,
            clock_offset_seconds=self._learned.clock_offset_seconds,
        )
        if self._on_call is not None:
            answer = outcome.answer
            self._on_call(
                CallRecord(
                    endpoint=answer.endpoint,
                    version=version,
                    shop_key=access.shop_key,
                    lane=lane,
                    attempt=tries,
                    status=answer.status,
                    code=answer.code,
                    remedy=outcome.remedy,
                    seconds=self._clock.monotonic() - started,
                    request_id=answer.request_id,
                )
            )
        return outcome

    def _wait_or_raise(self, outcome: Outcome, waits: int, shop_key: str) -> None:
        """Sleep before the next try, or raise when there shall be none."""
        remedy, asked = outcome.remedy, outcome.retry_after
        if remedy is Remedy.QUOTA_SPENT:
            asked = _HOUR_SECONDS - self._clock.now() % _HOUR_SECONDS
        if remedy in (Remedy.BACK_OFF, Remedy.QUOTA_SPENT):
            self._throttle.slow_down(shop_key, asked)
        seconds = max(min(_LONGEST_WAIT_SECONDS, 2.0 ** (waits - 1)), asked or 0.0)
        tries = self._tries(remedy)
        if waits >= tries or seconds > _LONGEST_WAIT_SECONDS:
            raise outcome.error(seconds if tries > 1 else None)
        self._clock.sleep(seconds + self._jitter())

    def _tries(self, remedy: Remedy) -> int:
        if remedy in (Remedy.RETRY, Remedy.BACK_OFF, Remedy.QUOTA_SPENT):
            return self._attempts
        return _MOST_TRIES_OF_BAD_REPLIES if remedy is Remedy.READ_AGAIN else 1

    def _versions_of(self, endpoint: Endpoint) -> Sequence[str]:
        """Versions to try: the one that worked last, then those behind it in the table."""
        known = self._learned.versions.get(endpoint.name)
        start = endpoint.versions.index(known) if known in endpoint.versions else 0
        return endpoint.versions[start:]

    def _correct_clock(self, server_time: float) -> None:
        """Take TikTok's time for ours. Of several calls that were in flight, one tells."""
        with self._learned.lock:
            known = self._learned.clock_offset_seconds
            found = self._learned.clock_offset_seconds = server_time - self._clock.now()
        if abs(found - known) > _NEWS_SECONDS:
            _log.error("clock_is_wrong", offset_seconds=round(found, 1))


def _as_text(value: QueryValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else ",".join(value)
