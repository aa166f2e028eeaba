"""Whether Looker Studio and TikTok can reach this installation. Pure; nothing is looked up."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_LOCAL_NAMES = (".local", ".internal", ".lan", ".home", ".localhost", ".test")


def unreachable_because(base_url: str) -> str:
    """Why nobody outside can reach `base_url`, in a sentence; "" where they can, as far as the
    address tells. Looker Studio and TikTok want https."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if _is_local(host):
        return f"{host} is an address that only your own network knows."
    if parts.scheme != "https":
        return f"{base_url} is not an https address."
    return ""


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)
    return not address.is_global
