"""How a seller lets us in: consent link, authorisation code, token pair.

The token calls are unsigned GETs with the app secret in the query; their URLs therefore appear in
no exception and no log line. Both `*_expire_in` values are absolute UTC epoch seconds, despite
their names.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

import requests

from clock import Clock
from tiktok_shop.attempt import App, Outcome, Reply, read
from tiktok_shop.errors import AccessLost, Answer, Remedy, error_for, remedy_for
from tiktok_shop.transport import Bounds, NoReply, Transport, checked_base

AUTH_BASE: Final = "https://auth.tiktok-shops.com"
CONSENT_BASE: Final = "https://services.tiktokshop.com"
CONSENT_BASE_US: Final = "https://services.us.tiktokshop.com"

_LONGEST_GRANT_SECONDS: Final = 2 * 366 * 86_400
_REFRESH_TRIES: Final = 4
_SELLER: Final = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """A seller's grant. Expiries: UTC epoch seconds. `scopes` is empty where TikTok names none."""

    access_token: str = field(repr=False)
    access_expires_at: int
    refresh_token: str = field(repr=False)
    refresh_expires_at: int
    open_id: str
    seller_name: str
    seller_base_region: str
    user_type: int
    scopes: tuple[str, ...]


def consent_link(region: str, service_id: str, state: str, *, base: str = "") -> str:
    """Where the seller gives consent: one host for US sellers, one for everybody else.

    `base` replaces both hosts (https, or http to this machine; else ValueError).
    """
    usual = CONSENT_BASE_US if region.upper() == "US" else CONSENT_BASE
    query = urlencode({"service_id": service_id, "state": state}, quote_via=quote)
    return f"{checked_base(base or usual)}/open/authorize?{query}"


class OAuth:
    """The token host. Raises the errors of `tiktok_shop.errors`.

    `session` as for `Client`; `jitter` gives 0 to 0.5 seconds.
    """

    def __init__(
        self,
        app: App,
        session: requests.Session,
        clock: Clock,
        *,
        auth_base: str = AUTH_BASE,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 15.0,
        deadline_seconds: float = 20.0,
        jitter: Callable[[], float] = lambda: random.uniform(0, 0.5),  # noqa: S311
    ) -> None:
        bounds = Bounds(
            connect_timeout_seconds, read_timeout_seconds, deadline_seconds, 1024 * 1024
        )
        self._app = app
        self._clock = clock
        self._jitter = jitter
        self._transport = Transport(session, clock, auth_base, bounds)

    def exchange(self, code: str) -> Grant:
        """The grant for an authorisation code. One try only: a code works once.

        `AccessLost` when the seller refused (TikTok then sends the word "null" for a code), when
        the code is used up or expired, or when the account is not a seller's.
        """
        if code in ("", "null"):
            answer = Answer("token_get", 0, None, "the seller refused", "")
            sentence = "Access was not granted. To connect the shop, please start again and agree."
            raise AccessLost(sentence, answer, Remedy.REAUTHORISE)
        outcome = self._ask("get", {"auth_code": code, "grant_type": "authorized_code"})
        return self._granted(outcome)

    def refresh(self, refresh_token: str) -> Grant:
        """A new pair; replace the whole old one with it.

        Repeated only when TikTok was not reached or failed (5xx). `AccessLost` when the grant has
        expired or was withdrawn.
        """
        tries = 0
        while True:
            outcome = self._ask(
                "refresh", {"refresh_token": refresh_token, "grant_type": "refresh_token"}
            )
            tries += 1
            if outcome.remedy is not Remedy.RETRY or tries >= _REFRESH_TRIES:
                return self._granted(outcome)
            self._clock.sleep(2.0 ** (tries - 1) + self._jitter())

    def _ask(self, what: str, parameters: Mapping[str, str]) -> Outcome:
        query = {"app_key": self._app.key, "app_secret": self._app.secret, **parameters}
        fetched_at = self._clock.now()
        raw = self._transport.send("GET", f"/api/v2/token/{what}?{urlencode(query)}", {})
        name = f"token_{what}"
        if isinstance(raw, NoReply):
            answer = Answer(name, 0, None, raw.reason, "")
            return Outcome(answer, raw.remedy, Reply({}, "", "v2", fetched_at))
        answer, data = read(name, raw.status, raw.content)
        reply = Reply(data, answer.request_id, "v2", fetched_at)
        return Outcome(answer, remedy_for(answer), reply)

    def _granted(self, outcome: Outcome) -> Grant:
        if outcome.remedy is not Remedy.OK:
            raise outcome.error()
        found = grant_in(outcome.reply.data, self._clock.now())
        answer = outcome.answer
        if isinstance(found, str):
            told = Answer(answer.endpoint, answer.status, answer.code, found, answer.request_id)
            raise error_for(told, Remedy.UNUSABLE)
        if found.user_type != _SELLER:
            raise AccessLost(
                "This is not a seller account. Please sign in to TikTok Shop with the account that "
                "owns the shop, and connect again.",
                answer,
                Remedy.REAUTHORISE,
            )
        return found


def grant_in(data: Mapping[str, Any], now: float) -> Grant | str:
    """The grant in a token reply's `data`, or what is wrong with it. Pure.

    Expiries in the past or more than two years ahead are refused: a duration mistaken for an
    instant must not be kept.
    """
    for name in ("access_token", "refresh_token", "open_id"):
        value = data.get(name)
        if not (isinstance(value, str) and value and value.isascii() and value.isprintable()):
            return f"{name} is missing or malformed"
    for name in ("access_token_expire_in", "refresh_token_expire_in"):
        value = data.get(name)
        if not isinstance(value, int) or not now < value <= now + _LONGEST_GRANT_SECONDS:
            return f"{name} is not an instant within the next two years"
    scopes = data.get("granted_scopes")
    user_type = data.get("user_type")
    return Grant(
        access_token=data["access_token"],
        access_expires_at=data["access_token_expire_in"],
        refresh_token=data["refresh_token"],
        refresh_expires_at=data["refresh_token_expire_in"],
        open_id=data["open_id"],
        seller_name=str(data.get("seller_name") or ""),
        seller_base_region=str(data.get("seller_base_region") or ""),
        user_type=user_type if isinstance(user_type, int) else _SELLER,
        scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
    )
