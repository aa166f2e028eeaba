"""How often what may be asked: one table, counted over all processes of the machine.

By address where nobody has said who they are, by workspace where they have. An address is counted
under a keyed hash: the counts hold nothing that tells who came. The sender of a wrong API key is
counted after the key was looked at, and only wrong ones are: all of Looker Studio comes from the
same few addresses, and nobody there may shut the others out.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Request

from errors import RateLimited
from store.allowed_calls import Rate

#: `AllowedCalls.take`: (name, rate) -> 0, or how many seconds to wait.
Take = Callable[[str, Rate], float]


@dataclass(frozen=True, slots=True)
class Bound:
    """`addresses` as in `web.entries`: one that ends in "/" stands for all below it."""

    name: str
    method: str
    addresses: tuple[str, ...]
    rate: Rate
    sentence: str = "Too many requests. Try again in a moment."


#: Before it is known who asks, by address.
BY_ADDRESS: Final = (
    Bound(
        "sign-in",
        "POST",
        ("/sign-in",),
        Rate(60, 30),
        "Too many attempts to sign in from your address. Wait a moment, then try again.",
    ),
    Bound("google", "GET", ("/sign-in/google", "/sign-in/google/callback"), Rate(60, 30)),
    Bound(
        "invite",
        "GET",
        ("/connect/invite", "/connect/invite/start", "/connect/tiktok/callback"),
        Rate(120, 60),
    ),
    # TikTok sends bursts, and sends again what was refused.
    Bound("webhooks", "POST", ("/webhooks/",), Rate(30_000, 30_000)),
)

#: By workspace.
BY_WORKSPACE: Final = (
    Bound(
        "keys",
        "POST",
        ("/keys", "/looker/key"),
        Rate(100, 10),
        "Too many keys were made in a short time. Wait a minute, then make the next.",
    ),
    Bound(
        "members",
        "POST",
        ("/members", "/members/"),
        Rate(100, 10),
        "Too many changes of members in a short time. Wait a minute, then go on.",
    ),
    Bound(
        "imports",
        "POST",
        ("/import", "/backfill", "/connector/v1/imports"),
        Rate(60, 20),
        "Too many imports were asked for in a short time. Wait a minute, then ask for the next.",
    ),
)

#: Of all calls with an API key of one workspace; how many is a setting.
_ANSWERS: Final = "answers"
_ANSWERS_SENTENCE: Final = (
    "Too many requests for this workspace. Try again in a moment; a report with fewer charts on a "
    "page asks less."
)

WRONG_KEYS: Final = Rate(120, 60)
_WRONG_KEYS_SENTENCE: Final = (
    "Too many wrong API keys were sent from your address. Wait a moment, then send a valid one."
)


class RequestLimits:
    """`secret` keys the hash of addresses. `answers_per_minute`: of one workspace, 0 for no bound;
    so many may come at once."""

    def __init__(self, take: Take, secret: bytes, *, answers_per_minute: int) -> None:
        self._take = take
        self._secret = secret
        answers = answers_per_minute
        self._answers = Rate(answers, answers) if answers else None

    def check_address(self, request: Request) -> None:
        """RateLimited when an address asks too often."""
        for bound in _those_for(BY_ADDRESS, request):
            self._check(f"{bound.name} {self._hashed(request)}", bound.rate, bound.sentence)

    def check_workspace(self, request: Request, workspace_id: str) -> None:
        """RateLimited when the members and keys of a workspace ask too often."""
        for bound in _those_for(BY_WORKSPACE, request):
            self._check(f"{bound.name} {workspace_id}", bound.rate, bound.sentence)

    def check_answers(self, workspace_id: str) -> None:
        """RateLimited when the keys of a workspace are used too often."""
        if self._answers is not None:
            self._check(f"{_ANSWERS} {workspace_id}", self._answers, _ANSWERS_SENTENCE)

    def check_wrong_key(self, request: Request) -> None:
        """RateLimited when an address has sent too many wrong keys."""
        self._check(f"wrong-key {self._hashed(request)}", WRONG_KEYS, _WRONG_KEYS_SENTENCE)

    def _check(self, name: str, rate: Rate, sentence: str) -> None:
        wait = self._take(name, rate)
        if wait > 0:
            raise RateLimited(sentence, retry_after=wait)

    def _hashed(self, request: Request) -> str:
        return hmac.digest(self._secret, network_of(request.remote_addr).encode(), "sha256").hex()


def network_of(address: str | None) -> str:
    """What counts as one sender: an IPv4 address, or the /64 that one user of IPv6 gets whole."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _those_for(bounds: tuple[Bound, ...], request: Request) -> list[Bound]:
    return [
        bound
        for bound in bounds
        if bound.method == request.method
        and any(_is_at(request.path, at) for at in bound.addresses)
    ]


def _is_at(path: str, address: str) -> bool:
    return path == address or (address.endswith("/") and path.startswith(address))
