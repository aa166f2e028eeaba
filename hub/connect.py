"""Connecting a shop: to TikTok's consent page and back.

The `state` that travels with the seller is bound to the session, the workspace and the region, and
works once; an answer with any other state never reaches the token exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from errors import BadRequest
from store.sessions import ConsentStates

#: Where the seller's Seller Center is; it decides which consent page TikTok shows.
SELLER_REGIONS: Final[dict[str, str]] = {
    "US": "United States",
    "GB": "United Kingdom",
    "SEA": "South-East Asia",
    "ROW": "Other countries",
}


def connect_routes(
    *,
    states: ConsentStates,
    consent_link: Callable[[str, str], str],
    connect: Callable[[str, str, str], object],
) -> Blueprint:
    """`consent_link(region, state)` is TikTok's address for the seller; `connect(workspace_id,
    code, region)` exchanges the code and keeps grant and shops. Both may raise ConnectorError."""
    routes = Blueprint("connect", __name__)

    @routes.get("/connect/tiktok/start")
    def start() -> Response:
        region = request.args.get("region", "")
        if region not in SELLER_REGIONS:
            raise BadRequest(
                f"Choose the region of your Seller Center: {', '.join(SELLER_REGIONS)}."
            )
        return redirect(consent_link(region, states.new(g.principal, region)), code=303)

    @routes.get("/connect/tiktok/callback")
    def callback() -> Response:
        region = states.use(request.args.get("state", ""), g.principal)
        code = request.args.get("code", "")
        # TikTok says no with the word "null" for a code.
        if code in ("", "null") or "error" in request.args:
            raise BadRequest(
                "Access was not granted in TikTok Shop, so nothing was connected. To connect the "
                "shop, start again and agree."
            )
        connect(g.principal.workspace_id, code, region)
        return redirect("/", code=303)

    return routes
