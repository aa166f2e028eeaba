"""Lists that are read page by page: what a page holds, and whether the list makes sense. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, overload

import msgspec
import orjson

from tiktok_shop.attempt import Reply
from tiktok_shop.endpoints import Endpoint
from tiktok_shop.envelope import integer
from tiktok_shop.errors import Answer, Remedy, TikTokError, error_for

MAX_EMPTY_PAGES: Final = 10
MAX_SAME_PAGES: Final = 3


@dataclass(frozen=True, slots=True)
class Records(Sequence[Any]):
    """The records of a page, each read when it is looked at and not kept. Raises `BadReply` for one
    that is not JSON in every part."""

    texts: Sequence[msgspec.Raw]
    endpoint: Endpoint
    reply: Reply

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Records: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Records(self.texts[index], self.endpoint, self.reply)
        return self._read(self.texts[index])

    def __iter__(self) -> Iterator[Any]:
        return map(self._read, self.texts)

    def _read(self, text: msgspec.Raw) -> Any:
        try:
            return orjson.loads(memoryview(text))
        except orjson.JSONDecodeError:
            raise bad_page(self.endpoint, self.reply, "a record is not JSON") from None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `rows` are as received: what is in them is not checked here.

    `next_token` "" on the last page. `total` is TikTok's own count, where it gives one.
    """

    rows: Sequence[Any]
    next_token: str
    total: int | None
    reply: Reply


def page_in(endpoint: Endpoint, reply: Reply) -> Page:
    """The page in a reply; an endpoint without a list gives one row. `BadReply` if misshapen."""
    rows = reply.data.get(endpoint.rows) or [] if endpoint.rows else [reply.data]
    if not isinstance(rows, list):
        raise bad_page(endpoint, reply, f"{endpoint.rows} is not a list")
    if rows and isinstance(rows[0], msgspec.Raw):
        rows = Records(rows, endpoint, reply)
    token = reply.data.get("next_page_token")
    total = integer(reply.data.get("total_count"))
    return Page(
        rows=rows,
        next_token="" if token is None else str(token),
        total=total if total is not None and total >= 0 else None,
        reply=reply,
    )


def bad_page(endpoint: Endpoint, reply: Reply, complaint: str) -> TikTokError:
    """`BadReply` for a page that came with code 0 and yet makes no sense."""
    answer = Answer(endpoint.name, 200, 0, complaint, reply.request_id)
    return error_for(answer, Remedy.READ_AGAIN)


class PageGuard:
    """Remembers what a list has shown so far and says when it cannot come to an end."""

    def __init__(self, first_token: str) -> None:
        self._tokens = {first_token}
        self._last: tuple[Any, ...] = ()
        self._same = 1
        self._empty = 0

    def complaint(self, rows: Sequence[Any], next_token: str) -> str:
        """Nothing while all is well, else what is wrong. Call once per page, in order."""
        self._empty = 0 if rows else self._empty + 1
        # Ends and length say enough, and a whole page is much to remember.
        shown = (len(rows), rows[0], rows[-1]) if rows else ()
        self._same = self._same + 1 if rows and shown == self._last else 1
        self._last = shown
        if self._same >= MAX_SAME_PAGES:
            return f"the same page came {MAX_SAME_PAGES} times"
        if not next_token:
            return ""
        if next_token in self._tokens:
            return "a page token came twice"
        if self._empty > MAX_EMPTY_PAGES:
            return f"more than {MAX_EMPTY_PAGES} empty pages, and still more to come"
        self._tokens.add(next_token)
        return ""
