"""The event calls: which addresses are told what happens in the shop."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from . import params
from .books import Call
from .webhooks import API_TOPICS

_LONGEST_ADDRESS: Final = 255


def webhook_list(call: Call) -> dict[str, Any]:
    """GET /event/202309/webhooks."""
    entries = call.book.webhooks.entries()
    return {"total_count": len(entries), "webhooks": entries}


def webhook_update(call: Call) -> dict[str, Any]:
    """PUT /event/202309/webhooks: creates the entry of a topic or replaces it."""
    address, topic = params.text(dict(call.body), "address"), _topic(call)
    if not address or len(address) > _LONGEST_ADDRESS or not _may_be_called(address):
        raise params.bad("address", "must be an https address of at most 255 characters")
    call.book.webhooks.put(topic, address, call.now)
    return {}


def webhook_delete(call: Call) -> dict[str, Any]:
    """DELETE /event/202309/webhooks with a JSON body; succeeds when there was no entry."""
    call.book.webhooks.delete(_topic(call))
    return {}


def _topic(call: Call) -> str:
    topic = params.text(dict(call.body), "event_type", API_TOPICS)
    if topic is None:
        raise params.bad("event_type", "is required")
    return topic


def _may_be_called(address: str) -> bool:
    """Https anywhere; plain http to this machine, which the real shop would not do."""
    url = urlsplit(address)
    if url.scheme == "https":
        return bool(url.hostname)
    try:
        return url.scheme == "http" and ip_address(url.hostname or "").is_loopback
    except ValueError:
        return False
