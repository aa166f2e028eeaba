"""The workspace's invite links: whoever gets one connects their shop to it, without an account."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hub.connect import known_region
from hub.forms import UNUSABLE, Entered
from store.accounts import Accounts
from store.invites import LONGEST_DAYS, USUAL_DAYS, Invite, Invites
from store.roles import EDITOR, needs


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

    def page(entered: Entered, link: str = "") -> str:
        scope = accounts.scope_of(g.principal)
        own = [shop for shop in scope.shops() if not shop.is_sample]
        again = [(shop.shop_id, f"{shop.name}, to be connected again") for shop in own]
        return render_template(
            "invites.html",
            invites=invites.of_workspace(scope.id),
            shops={shop.shop_id: shop.name for shop in own},
            options=[("", "a new shop"), *again],
            longest_days=LONGEST_DAYS,
            entered=entered,
            link=link,
        )

    @routes.get("/connect/invites")
    @needs(EDITOR, whole=True)
    def show() -> str:
        return page(Entered({"shop": request.args.get("shop", ""), "days": str(USUAL_DAYS)}))

    @routes.post("/connect/invites")
    @needs(EDITOR, whole=True)
    def create() -> str | tuple[str, int]:
        days, shop_id = request.form.get("days", str(USUAL_DAYS)), request.form.get("shop", "")
        if problem := _problem_of_days(days):
            return page(Entered({"shop": shop_id, "days": days[:6]}, {"days": problem})), UNUSABLE
        _, token = create_invite(accounts, invites, g.principal.workspace_id, shop_id, int(days))
        return page(Entered({"days": days}), link_of(base_url, token))

    @routes.post("/connect/invites/<invite_id>/revoke")
    @needs(EDITOR, whole=True)
    def revoke(invite_id: str) -> Response:
        invites.revoke(g.principal.workspace_id, invite_id)
        return redirect(url_for(".show"), code=303)

    return routes


def _problem_of_days(days: str) -> str:
    is_number = days.isascii() and days.isdigit() and len(days) <= len(str(LONGEST_DAYS))
    if is_number and 1 <= int(days) <= LONGEST_DAYS:
        return ""
    return f"An invite is good for 1 to {LONGEST_DAYS} days. Write the number in digits."
