"""What every page says on top: a seller's consent that ends within 30 days."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, g

from hub.authorization_ends import Ending


def banner_routes(endings: Callable[[str], Sequence[Ending]]) -> Blueprint:
    """`endings(workspace_id)`, the soonest first; asked for on pages of members only."""
    routes = Blueprint("banners", __name__)

    @routes.app_context_processor
    def banners() -> dict[str, object]:
        principal = g.get("principal")
        is_member = principal is not None and principal.member is not None
        return {"endings": endings(principal.workspace_id) if is_member else ()}

    return routes
