"""Values that several settings have: addresses, hosts, keys. Each check raises ValueError with what
is wrong, which `settings.load` puts behind the name of the variable. Pure; imports nothing of the
project.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

#: In characters; `secrets.token_hex(32)` makes a key of 64.
SECRET_KEY_LENGTH: Final = 32
#: In keys that nobody made at random.
_WORDS_OF_EXAMPLES: Final = ("change", "secret", "example", "default", "password", "insecure")


def is_loopback(host: str) -> bool:
    """Whether only programs on the same machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(url: str) -> str:
    """`url` without a trailing slash; https, or http to this very machine. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be a whole address such as https://example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it must hold no user name, password, query or fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("plain http is allowed to this machine only; use https")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(checked_url)]


def unguessable(keys: str) -> None:
    """ValueError unless each of the keys, joined by commas, is long and of many characters."""
    for key in keys.split(","):
        text = key.strip()
        if len(text) < SECRET_KEY_LENGTH or len(set(text)) < SECRET_KEY_LENGTH // 4:
            raise ValueError(f"it must be {SECRET_KEY_LENGTH} characters or more, made at random")


def is_example_key(keys: str) -> bool:
    """Whether the first of the keys, joined by commas, was copied from an example."""
    newest = keys.partition(",")[0].lower()
    return any(word in newest for word in _WORDS_OF_EXAMPLES)
