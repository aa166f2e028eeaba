"""Which addresses are open, which need an API key and which a signed-in member. One table."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Entry(Enum):
    """`KEY`: an API key in the Authorization header, never a cookie. `MEMBER`: a session cookie,
    never a key."""

    OPEN = "open"
    KEY = "key"
    MEMBER = "member"


#: The first that fits counts; an address ending in "/" stands for all below it. What is not listed
#: needs a signed-in member.
ENTRIES: Final[tuple[tuple[str, Entry], ...]] = (
    ("/connector/", Entry.KEY),
    ("/webhooks/", Entry.OPEN),
    ("/sign-in", Entry.OPEN),
    ("/healthz", Entry.OPEN),
    ("/readyz", Entry.OPEN),
    ("/metrics", Entry.OPEN),
    ("/static/", Entry.OPEN),
    ("/bootstrap/static/", Entry.OPEN),
)

#: Bytes of a request body.
LARGEST_BODY: Final = 1024 * 1024
LARGEST_WEBHOOK: Final = 256 * 1024


def entry_of(path: str) -> Entry:
    for address, entry in ENTRIES:
        if path == address or (address.endswith("/") and path.startswith(address)):
            return entry
    return Entry.MEMBER


def is_page(path: str) -> bool:
    """Whether people look at this address; everything else is answered in JSON."""
    return path == "/sign-in" or entry_of(path) is Entry.MEMBER


def is_static(path: str) -> bool:
    return path.startswith(("/static/", "/bootstrap/static/"))


def largest_body(path: str) -> int:
    return LARGEST_WEBHOOK if path.startswith("/webhooks/") else LARGEST_BODY
