"""Telling TikTok where to push what happens in a shop: one address per topic. Harmless to repeat.

Calls: `GET`, `PUT` and `DELETE /event/202309/webhooks`; a `PUT` creates the entry of a topic or
replaces it.
"""

from __future__ import annotations

from typing import Final

import structlog

from backfill.fetch import Source
from tiktok_shop.errors import RequestRefused, UnknownAnswer
from tiktok_shop.webhooks import TOPICS, Topic

#: Where notifications of a topic arrive, below this installation's public address.
PATH: Final = "/webhooks/tiktok/{topic}"

_log = structlog.get_logger(__name__)


def register(source: Source, base_url: str, *, also_not_offered: bool) -> list[str]:
    """Make every topic of `TOPICS` arrive at `base_url` (no trailing slash); the topics whose
    address was changed. Those the event calls do not list are tried only if `also_not_offered`:
    where TikTok refuses one, the app's settings in Partner Center decide about it.

    Raises what the client raises, except for a topic that TikTok refuses.
    """
    listed = source.client.call("webhooks", source.access, lane=source.lane).data.get("webhooks")
    known = {
        row.get("event_type"): row.get("address") for row in listed or [] if isinstance(row, dict)
    }
    changed = []
    for topic in TOPICS.values():
        address = base_url + PATH.format(topic=topic.name)
        if known.get(topic.name) == address or not (topic.offered or also_not_offered):
            continue
        if _registered(source, topic, address):
            changed.append(topic.name)
    return changed


def deregister(source: Source, base_url: str) -> list[str]:
    """End what `register` began; the topics that pointed to `base_url`. Other addresses stay.

    Raises what the client raises.
    """
    listed = source.client.call("webhooks", source.access, lane=source.lane).data.get("webhooks")
    ours = {base_url + PATH.format(topic=topic): topic for topic in TOPICS}
    found = [
        ours[row["address"]]
        for row in listed or []
        if isinstance(row, dict) and row.get("address") in ours
    ]
    for topic in found:
        body = {"event_type": topic}
        source.client.call("webhook_delete", source.access, lane=source.lane, body=body)
    return found


def _registered(source: Source, topic: Topic, address: str) -> bool:
    body = {"address": address, "event_type": topic.name}
    try:
        source.client.call("webhook_update", source.access, lane=source.lane, body=body)
    except (RequestRefused, UnknownAnswer) as error:
        level = _log.warning if topic.offered else _log.info
        level("topic_refused", topic=topic.name, debug=error.debug, reference=error.reference)
        return False
    return True
