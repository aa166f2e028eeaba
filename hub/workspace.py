"""The workspace's own settings."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hub.forms import UNUSABLE, Entered, problem_of_name
from hub.keys import keys_in_use
from store.accounts import Accounts
from store.roles import EDITOR, OWNER, needs


def workspace_routes(accounts: Accounts, *, base_url: str) -> Blueprint:
    """`base_url`: the address people reach this installation by."""
    routes = Blueprint("workspace", __name__, template_folder="templates")

    def page(entered: Entered) -> str:
        scope = accounts.scope_of(g.principal)
        shops = [shop for shop in scope.shops() if not shop.is_sample]
        return render_template(
            "workspace/workspace.html",
            entered=entered,
            workspace_id=scope.id,
            base_url=base_url,
            shops=shops,
            clients=scope.clients(),
            keys=keys_in_use(scope),
        )

    @routes.get("/settings")
    @needs(EDITOR, whole=True)
    def show() -> str:
        return page(Entered({"name": accounts.scope_of(g.principal).name}))

    @routes.post("/settings")
    @needs(OWNER, whole=True)
    def save() -> tuple[str, int] | Response:
        name = request.form.get("name", "").strip()
        if problem := problem_of_name(name, "name"):
            return page(Entered({"name": name}, {"name": problem})), UNUSABLE
        accounts.scope_of(g.principal).rename(name)
        flash(f"The workspace is called {name} now.", "ok")
        return redirect(url_for(".show"), code=303)

    return routes
