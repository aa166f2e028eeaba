"""What every page says on top: a seller's consent that ends within 30 days."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, g

from hub.authorization_ends import Ending
from store.accounts import Principal
from store.roles import EDITOR


def banner_routes(endings: Callable[[Principal], Sequence[Ending]]) -> Blueprint:
    """`endings(who)`, the soonest first; asked for on pages of those members only who may do
    something about it."""
    routes = Blueprint("banners", __name__)

    @routes.app_context_processor
    def banners() -> dict[str, object]:
        who: Principal | None = g.get("principal")
        acts = who is not None and who.may(EDITOR, whole=True)
        return {"endings": endings(who) if who is not None and acts else ()}

    return routes
