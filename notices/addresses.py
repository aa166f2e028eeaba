"""Where notices may go: e-mail addresses and the address of a webhook, checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

#: More people are told by a list of the mail server's.
MOST_ADDRESSES: Final = 10
LONGEST_ADDRESS: Final = 254
LONGEST_URL: Final = 2_000

#: Stricter than the standard: no quotes, no comments, nothing that ends a header line.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def addresses_in(text: str) -> list[str]:
    """The parts of a text that commas, semicolons, spaces or lines separate, each once."""
    return list(dict.fromkeys(part for part in re.split(r"[,;\s]+", text) if part))


def problem_of_addresses(addresses: Sequence[str]) -> str:
    """Why notices cannot go there, in a sentence; "" when they can."""
    if len(addresses) > MOST_ADDRESSES:
        return f"Write at most {MOST_ADDRESSES} addresses; these are {len(addresses)}."
    wrong = [one for one in addresses if len(one) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(one)]
    if wrong:
        return f"{wrong[0][:80]} is not an e-mail address."
    return ""


def is_listed(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of these or below one; `*` stands for every host."""
    name = host.lower().rstrip(".")
    return any(listed in ("*", name) or name.endswith(f".{listed}") for listed in hosts)


def problem_of_webhook(url: str, hosts: Sequence[str]) -> str:
    """Why notices cannot be posted to this address, in a sentence; "" when they can. That the host
    is a public one is checked when it is connected to."""
    try:
        parts = urlsplit(url)
        usual = parts.port in (None, 443)
    except ValueError:
        return "This is not a web address."
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        return "This is not a web address."
    if parts.scheme != "https" or not parts.hostname or not usual or parts.username is not None:
        return "Write a whole address that begins with https:// and has no user name and no port."
    if not is_listed(parts.hostname, hosts):
        allowed = ", ".join(hosts) or "none"
        return (
            f"Notices may not be posted to {parts.hostname}. Hosts that are allowed here: "
            f"{allowed}. Whoever runs this installation can allow more (NOTICE_HOSTS)."
        )
    return ""
