"""What a refusal of TikTok's means: (code, words of the message) → what to do next, one table.

`36009004` alone has a dozen meanings, so the code is never enough. A pair that is not in the table
is not retryable and surfaces with TikTok's request id. Sources: TikTok's page "Common errors" and
what clients of the live service report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

import errors as house
from tiktok_shop.redaction import strike

_LONGEST_MESSAGE: Final = 200


class Remedy(Enum):
    """What the caller does next."""

    OK = "ok"
    RETRY = "ask again shortly"
    READ_AGAIN = "the reply was cut or malformed: ask again, a few times"
    BACK_OFF = "too many requests: wait longer, ask more slowly"
    QUOTA_SPENT = "wait for the next full hour"
    REFRESH_TOKEN = "renew the access token once"  # noqa: S105
    REAUTHORISE = "the seller must connect the shop again"
    SCOPE_MISSING = "add the permission to the app, then connect the shop again"
    WRONG_SHOP = "the token and the shop do not belong together"
    SHOP_INACTIVE = "stop asking, keep what there is"
    NO_SUCH_VERSION = "use another version of the call"
    CLOCK_SKEW = "correct the clock by the reply's date"
    MISCONFIGURED = "the operator must change a setting"
    PAGE_TOKEN_EXPIRED = "start the window again"  # noqa: S105
    BAD_REQUEST = "our request is wrong"
    UNUSABLE = "the reply breaks a bound of ours"
    UNKNOWN = "not understood: do not repeat"


@dataclass(frozen=True, slots=True)
class _Row:
    """`code` None: any code without a row of its own. `words`: a pattern over the message."""

    code: int | None
    remedy: Remedy
    words: str = ""
    sentence: str = ""


_BAD_SIGNATURE: Final = (
    "TikTok refuses this installation's signature. The app secret was probably changed in Partner "
    "Center: whoever runs this service must enter the new one."
)
_BAD_APP_KEY: Final = (
    "TikTok does not know this installation's app key, or has disabled the app. Whoever runs this "
    "service must check the app in Partner Center."
)
_IP_REFUSED: Final = (
    "TikTok refuses calls from this server's address. Whoever runs this service must add it to the "
    "app's IP allow-list in Partner Center."
)
_CODE_USED: Final = (
    "TikTok did not accept the authorisation code: it works once and for 30 minutes. Please start "
    "connecting the shop again."
)

_APP_UNKNOWN: Final = (
    "TikTok does not accept this installation's app key and secret. Whoever runs this service must "
    "enter those of the app in Partner Center."
)
_SHOP_CLOSED: Final = (
    "TikTok says that this shop is closed or about to be. What was read stays and is still served. "
    "If the shop opens again, connect it again."
)
_SELLER_SUSPENDED: Final = (
    "TikTok has suspended the seller's account of this shop. What was read stays and is still "
    "served. The seller must settle it with TikTok in Seller Center; then connect the shop again."
)

# The first row that fits wins.
_TABLE: Final = (
    _Row(0, Remedy.OK),
    _Row(36009002, Remedy.BACK_OFF),
    _Row(36009037, Remedy.QUOTA_SPENT),
    _Row(36009003, Remedy.RETRY),
    _Row(36009007, Remedy.RETRY),
    _Row(10002014, Remedy.RETRY),
    _Row(10002015, Remedy.RETRY),
    _Row(10006402, Remedy.RETRY),
    _Row(10037002, Remedy.RETRY),
    _Row(10037003, Remedy.RETRY),
    _Row(10037004, Remedy.RETRY),
    _Row(36009009, Remedy.NO_SUCH_VERSION),
    _Row(36009014, Remedy.NO_SUCH_VERSION),
    _Row(36009010, Remedy.BAD_REQUEST),
    _Row(36009021, Remedy.BAD_REQUEST),
    _Row(36009022, Remedy.BAD_REQUEST),
    _Row(36009023, Remedy.BAD_REQUEST),
    _Row(36009004, Remedy.PAGE_TOKEN_EXPIRED, r"page.?token"),
    _Row(36009004, Remedy.REFRESH_TOKEN, r"access.token"),
    _Row(36009004, Remedy.MISCONFIGURED, r"app.?key", _BAD_APP_KEY),
    _Row(36009004, Remedy.CLOCK_SKEW, r"invalid timestamp|\btimestamp\b.*(earlier|lesser|more) "),
    _Row(36009004, Remedy.BAD_REQUEST, r"cipher.*not required"),
    _Row(36009004, Remedy.WRONG_SHOP, r"shop_cipher|shop_id"),
    _Row(36009004, Remedy.NO_SUCH_VERSION, r"\bversion\b"),
    _Row(36009004, Remedy.MISCONFIGURED, r"\bsign(ature)?\b", _BAD_SIGNATURE),
    _Row(36009004, Remedy.BAD_REQUEST),
    _Row(36009033, Remedy.MISCONFIGURED, sentence=_IP_REFUSED),
    _Row(36009043, Remedy.SHOP_INACTIVE, sentence=_SHOP_CLOSED),
    _Row(36009044, Remedy.SHOP_INACTIVE, sentence=_SELLER_SUSPENDED),
    _Row(105001, Remedy.REFRESH_TOKEN),
    _Row(105002, Remedy.REFRESH_TOKEN),
    _Row(105005, Remedy.SCOPE_MISSING),
    _Row(106001, Remedy.MISCONFIGURED, sentence=_BAD_SIGNATURE),
    _Row(106011, Remedy.WRONG_SHOP),
    _Row(106013, Remedy.WRONG_SHOP),
    _Row(101000, Remedy.WRONG_SHOP),
    # "The order does not belong to this seller": never harmless.
    _Row(21008111, Remedy.WRONG_SHOP),
    _Row(36004001, Remedy.REAUTHORISE),
    _Row(36004004, Remedy.REAUTHORISE, sentence=_CODE_USED),
    _Row(36004005, Remedy.REAUTHORISE),
    _Row(None, Remedy.PAGE_TOKEN_EXPIRED, r"page.?token"),
    # The token host's code for it is not documented.
    _Row(None, Remedy.MISCONFIGURED, r"app.?(key|secret)", _APP_UNKNOWN),
)
_NOT_FOUND: Final = _Row(None, Remedy.UNKNOWN)


def _rows_by_code() -> dict[int | None, list[tuple[re.Pattern[str], _Row]]]:
    rows: dict[int | None, list[tuple[re.Pattern[str], _Row]]] = {}
    for row in _TABLE:
        rows.setdefault(row.code, []).append((re.compile(row.words, re.IGNORECASE), row))
    return rows


_ROWS: Final = _rows_by_code()


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply, without its payload. `status` 0: none arrived; `code` None: no envelope in it.

    `message` is TikTok's own, or says what went wrong with the reply.
    """

    endpoint: str
    status: int
    code: int | None
    message: str
    request_id: str


def _row_for(answer: Answer) -> _Row:
    for pattern, row in _ROWS.get(answer.code, _ROWS[None]):
        if pattern.search(answer.message):
            return row
    return _NOT_FOUND


def remedy_for(answer: Answer) -> Remedy:
    """By code and message; by HTTP status where these say nothing (429, 408, 5xx, no envelope)."""
    remedy = Remedy.READ_AGAIN if answer.code is None else _row_for(answer).remedy
    vague = remedy in (Remedy.OK, Remedy.READ_AGAIN, Remedy.BAD_REQUEST, Remedy.UNKNOWN)
    if not vague or 200 <= answer.status < 300:
        return remedy
    if answer.status == 429:
        return Remedy.BACK_OFF
    if answer.status == 408 or answer.status >= 500:
        return Remedy.RETRY
    return Remedy.UNKNOWN if remedy is Remedy.OK else remedy


class TikTokError(house.ConnectorError):
    """A call to TikTok that did not succeed. `reference` is TikTok's request id.

    Adds to the root tree: `remedy`, `endpoint`, `status`, `tiktok_code`, `tiktok_message` (secrets
    struck out, cut to 200 characters) and `request_id`.
    """

    def __init__(
        self,
        message: str,
        answer: Answer,
        remedy: Remedy,
        *,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        words = " ".join(strike(answer.message).split())[:_LONGEST_MESSAGE]
        super().__init__(
            message,
            code=code,
            debug=f"{answer.endpoint}: HTTP {answer.status}, code {answer.code}: {words}",
            retry_after=retry_after,
            reference=answer.request_id,
        )
        self.remedy = remedy
        self.endpoint = answer.endpoint
        self.status = answer.status
        self.tiktok_code = answer.code
        self.tiktok_message = words
        self.request_id = answer.request_id


class UpstreamError(TikTokError, house.Retryable):
    """TikTok could not be reached, or failed."""


class BadReply(TikTokError, house.Retryable):
    """The reply was cut, malformed or inconsistent; nothing of it may be stored."""


class PageTokenExpired(TikTokError, house.Retryable):
    """The page token is no longer good: read the window again from its first page."""


class Throttled(TikTokError, house.RateLimited):
    """TikTok's quota for this app and shop is used up for `retry_after` seconds."""


class AccessLost(TikTokError, house.Reauthorise):
    """The grant is gone, refused or of the wrong kind."""


class TokenExpired(AccessLost):
    """The access token was refused, also after it was renewed."""


class ScopeMissing(TikTokError, house.Refused):
    """The app or the grant lacks the permission for this call."""


class WrongShop(TikTokError, house.Refused):
    """Token, shop cipher and record do not belong together."""


class ShopInactive(TikTokError, house.Refused):
    """The shop or its seller is closed or disabled."""


class Misconfigured(TikTokError, house.Refused):
    """The operator must change something: app key, secret, address, clock, version."""


class AppRefused(Misconfigured):
    """TikTok refuses every call of this installation, whichever shop it is about."""


class RequestRefused(TikTokError, house.Refused):
    """TikTok finds our request wrong; repeating it cannot help."""


class UnusableReply(TikTokError, house.Refused):
    """The reply breaks a bound: too large, a redirect, an impossible expiry."""


class UnknownAnswer(TikTokError, house.Refused):
    """An answer that no row of the table explains."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    raises: type[TikTokError]
    text: str
    code: str | None = None


_SENTENCES: Final[dict[Remedy, _Sentence]] = {
    Remedy.RETRY: _Sentence(
        UpstreamError, "TikTok Shop cannot be reached at the moment. We will try again later."
    ),
    Remedy.READ_AGAIN: _Sentence(
        BadReply, "TikTok Shop sent an answer that cannot be read. We will try again later."
    ),
    Remedy.BACK_OFF: _Sentence(
        Throttled, "TikTok Shop asks us to slow down for this shop. We will go on shortly."
    ),
    Remedy.QUOTA_SPENT: _Sentence(
        Throttled, "This sandbox shop has used up TikTok's hourly quota. We go on in the next hour."
    ),
    Remedy.REFRESH_TOKEN: _Sentence(
        TokenExpired, "TikTok no longer accepts our access to this shop. Please connect it again."
    ),
    Remedy.REAUTHORISE: _Sentence(
        AccessLost, "Our access to this shop has ended. Please connect the shop again."
    ),
    Remedy.SCOPE_MISSING: _Sentence(
        ScopeMissing,
        "The permission for this data is missing. It must be added to the app in Partner Center; "
        "then please connect the shop again.",
    ),
    Remedy.WRONG_SHOP: _Sentence(
        WrongShop,
        "TikTok says that this access does not belong to this shop. Please connect it again.",
    ),
    Remedy.SHOP_INACTIVE: _Sentence(
        ShopInactive,
        "TikTok has closed or disabled this shop or its seller account. What was read stays.",
    ),
    Remedy.NO_SUCH_VERSION: _Sentence(
        Misconfigured,
        "TikTok no longer offers a version of this call we know. This service must be updated.",
        "internal",
    ),
    Remedy.CLOCK_SKEW: _Sentence(
        AppRefused,
        "The clock of this server is wrong, so TikTok refuses every call. Whoever runs this "
        "service must correct it.",
        "internal",
    ),
    Remedy.MISCONFIGURED: _Sentence(
        AppRefused,
        "TikTok refuses this installation's settings. Whoever runs this service must check them.",
        "internal",
    ),
    Remedy.PAGE_TOKEN_EXPIRED: _Sentence(
        PageTokenExpired, "TikTok let a list expire while we read it. We will read it again."
    ),
    Remedy.BAD_REQUEST: _Sentence(
        RequestRefused,
        "TikTok refused a request of ours as wrong. Please report it; a backfill tries again.",
        "internal",
    ),
    Remedy.UNUSABLE: _Sentence(
        UnusableReply,
        "TikTok sent an answer that we must not use. Please report it; a backfill tries again.",
        "internal",
    ),
    Remedy.UNKNOWN: _Sentence(
        UnknownAnswer,
        "TikTok refused a request for a reason we do not know. Please report it; a backfill tries "
        "again.",
        "internal",
    ),
}


def error_for(answer: Answer, remedy: Remedy, *, retry_after: float | None = None) -> TikTokError:
    """The exception for a reply that is not OK. `retry_after` in seconds."""
    row, found = _row_for(answer), _SENTENCES[remedy]
    text = row.sentence if row.remedy is remedy and row.sentence else found.text
    return found.raises(text, answer, remedy, code=found.code, retry_after=retry_after)
