"""Which addresses are open, which need an API key and which a signed-in member. One table."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Entry(Enum):
    """`KEY`: an API key in the Authorization header, never a cookie. `MEMBER`: a session cookie,
    never a key. `GUEST`: a session cookie where there is one, else a cookie that says only that it
    is the same browser as before. `READER`: a session cookie where there is one; nobody gets a
    cookie for reading."""

    OPEN = "open"
    KEY = "key"
    MEMBER = "member"
    GUEST = "guest"
    READER = "reader"


#: The first that fits counts; an address ending in "/" stands for all below it. What is not listed
#: needs a signed-in member.
ENTRIES: Final[tuple[tuple[str, Entry], ...]] = (
    ("/connector/", Entry.KEY),
    # Asked by the menu in a spreadsheet, with a key that can do nothing else.
    ("/sheets/refresh", Entry.KEY),
    ("/webhooks/", Entry.OPEN),
    # A shop's owner comes with an invite and without a session.
    ("/connect/invite", Entry.GUEST),
    ("/connect/invite/start", Entry.GUEST),
    ("/connect/tiktok/callback", Entry.GUEST),
    ("/connect/shops/", Entry.GUEST),
    ("/sign-in", Entry.OPEN),
    ("/sign-in/google", Entry.OPEN),
    ("/sign-in/google/callback", Entry.OPEN),
    ("/healthz", Entry.OPEN),
    ("/readyz", Entry.OPEN),
    ("/metrics", Entry.OPEN),
    ("/openapi.json", Entry.OPEN),
    # Looker Studio has neither cookie nor key; the names of pictures cannot be guessed.
    ("/images/", Entry.OPEN),
    # Read before one has an account, and by those who review the connector.
    ("/about", Entry.OPEN),
    ("/about/", Entry.OPEN),
    # What the fields mean is for everybody, rows are for members.
    ("/fields/preview", Entry.MEMBER),
    ("/fields/preview.csv", Entry.MEMBER),
    ("/fields", Entry.READER),
    ("/fields/", Entry.READER),
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
    is_page_for_all = path == "/sign-in" or path.startswith(("/sign-in/google", "/about"))
    return is_page_for_all or entry_of(path) in (Entry.MEMBER, Entry.GUEST, Entry.READER)


def is_picture(path: str) -> bool:
    """Pictures say themselves how long they may be kept."""
    return path.startswith("/images/") or path == "/about/logo.png"


def is_static(path: str) -> bool:
    return path.startswith(("/static/", "/bootstrap/static/"))


def largest_body(path: str) -> int:
    return LARGEST_WEBHOOK if path.startswith("/webhooks/") else LARGEST_BODY
