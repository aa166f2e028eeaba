"""The workspace's invite links: whoever gets one connects their shop to it, without an account."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from errors import BadRequest
from hub.connect import known_region
from hub.status import instant
from store.accounts import Accounts
from store.invites import LONGEST_DAYS, USUAL_DAYS, Invite, Invites


def link_of(base_url: str, token: str) -> str:
    """The address to send; `base_url` is where people reach this installation."""
    return f"{base_url}/connect/invite?token={token}"


def create_invite(
    accounts: Accounts, invites: Invites, workspace_id: str, shop_id: str, days: int
) -> tuple[Invite, str]:
    """A new invite and its token. `shop_id`: the shop that is to be connected again, "" for any.
    BadRequest for a shop that is not the workspace's own, and for a strange number of days."""
    accounts.workspace(workspace_id)
    known_region(accounts, workspace_id, shop_id)
    return invites.create(workspace_id, shop_id=shop_id, days=days)


def invite_routes(*, accounts: Accounts, invites: Invites, base_url: str) -> Blueprint:
    routes = Blueprint("invites", __name__, template_folder="templates")
    routes.add_app_template_filter(instant)

    def page(link: str = "") -> str:
        scope = accounts.workspace(g.principal.workspace_id)
        own = [shop for shop in scope.shops() if not shop.is_sample]
        return render_template(
            "invites.html",
            invites=invites.of_workspace(scope.id),
            shops={shop.shop_id: shop.name for shop in own},
            chosen=request.args.get("shop", ""),
            usual_days=USUAL_DAYS,
            longest_days=LONGEST_DAYS,
            link=link,
        )

    @routes.get("/connect/invites")
    def show() -> str:
        return page()

    @routes.post("/connect/invites")
    def create() -> str:
        days = request.form.get("days", str(USUAL_DAYS))
        if not (days.isascii() and days.isdigit()):
            raise BadRequest("Write the number of days in digits.")
        _, token = create_invite(
            accounts,
            invites,
            g.principal.workspace_id,
            request.form.get("shop", ""),
            int(days[:6]),
        )
        return page(link_of(base_url, token))

    @routes.post("/connect/invites/<invite_id>/revoke")
    def revoke(invite_id: str) -> Response:
        invites.revoke(g.principal.workspace_id, invite_id)
        return redirect(url_for(".show"), code=303)

    return routes
