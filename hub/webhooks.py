"""Where TikTok pushes what happens in a shop.

The answer comes at once and says only whether the notification has arrived: 200 for one that is
genuine, whatever it is about; 401 for a wrong signature; 503 when it could not be written down, so
that TikTok sends it again (after 2 minutes, 30 minutes, 3 hours and 12 hours).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

import structlog
from flask import Blueprint, Response, request

from errors import Refused
from store.notifications import Notifications, Told
from tiktok_shop.webhooks import (
    DEAUTHORIZATION,
    Notification,
    is_genuine,
    read_notification,
)

_log = structlog.get_logger(__name__)

_LONGEST_TOPIC: Final = 64


def webhook_routes(
    *,
    app_key: str,
    secrets: Sequence[str],
    notifications: Notifications,
    deauthorised: Callable[[str], object],
) -> Blueprint:
    """`secrets`: the app's present secret, and the previous one while both are good; with none of
    them nothing is genuine. `deauthorised(shop_id)` forgets the tokens of a shop."""
    routes = Blueprint("webhooks", __name__)

    @routes.post("/webhooks/tiktok/<topic>")
    def receive(topic: str) -> Response:
        raw = request.get_data(cache=False)
        if not is_genuine(request.headers.get("Authorization", ""), raw, app_key, secrets):
            raise Refused("The signature is wrong.", code="unauthorised")
        notification = read_notification(topic[:_LONGEST_TOPIC].upper(), raw)
        if notification is None:
            _log.warning("notification_unreadable", topic=topic[:_LONGEST_TOPIC])
        else:
            told = notifications.about(notification)
            if notification.topic == DEAUTHORIZATION:
                _deauthorise(notification, told, deauthorised)
            notifications.receive(notification, told)
        return Response(status=HTTPStatus.OK)

    return routes


def _deauthorise(
    notification: Notification, told: Sequence[Told], deauthorised: Callable[[str], object]
) -> None:
    """TikTok does not sign when it sends, so an old notification may come again by any hand: one
    from before TikTok last gave us tokens for the shop says nothing about these."""
    granted: dict[str, float] = {}
    for one in told:
        granted[one.shop_id] = max(one.granted_at, granted.get(one.shop_id, 0.0))
    for shop_id, granted_at in granted.items():
        # TikTok tells whole seconds.
        if notification.told_at is None or notification.told_at >= int(granted_at):
            _log.warning("deauthorised", shop=shop_id)
            deauthorised(shop_id)
