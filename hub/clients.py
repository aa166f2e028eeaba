"""Clients: which shops belong to whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from connector.subjects import key_of_client
from errors import BadRequest
from hub.forms import UNUSABLE, Entered, problem_of_name
from store.accounts import Accounts
from store.clients import NAME_RESERVED, is_reserved
from store.roles import EDITOR, needs


class Form(Protocol):
    """What a browser sent, by field."""

    def get(self, key: str, default: str) -> str: ...
    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class ClientWish:
    """`client`: the one to change, "" for a new one; `shop_ids`: those that are to be its shops."""

    entered: Entered
    client: str
    name: str
    shop_ids: tuple[str, ...]


def read_client_form(form: Form, known: Collection[str], shop_ids: Collection[str]) -> ClientWish:
    """`known`: the workspace's clients; `shop_ids`: its shops."""
    client, name = form.get("client", ""), form.get("name", "").strip()
    wanted = tuple(dict.fromkeys(form.getlist("shop")))
    problems = {}
    if problem := problem_of_name(name, "name"):
        problems["name"] = problem
    elif is_reserved(name):
        problems["name"] = NAME_RESERVED
    elif name in known and name != client:
        problems["name"] = f"There is a client called {name} already."
    if client and client not in known:
        problems["name"] = "This client is not there any more. Make it anew."
    if not set(wanted) <= set(shop_ids):
        problems["shop"] = "One of the shops is not connected to your workspace."
    values = {"client": client, "name": name, **{f"shop-{one}": "yes" for one in wanted}}
    return ClientWish(Entered(values, problems), client, name, wanted)


def clients_routes(accounts: Accounts) -> Blueprint:
    routes = Blueprint("clients", __name__, template_folder="templates")

    def page(entered: Entered) -> str:
        scope = accounts.scope_of(g.principal)
        shops = [shop for shop in scope.shops() if not shop.is_sample]
        return render_template(
            "clients/clients.html",
            entered=entered,
            clients=[
                (name, key_of_client(name), [shop for shop in shops if shop.client == name])
                for name in scope.clients()
            ],
            shops=shops,
        )

    @routes.get("/clients")
    @needs(EDITOR, whole=True)
    def show() -> str:
        chosen = request.args.get("edit", "")
        scope = accounts.scope_of(g.principal)
        if chosen not in scope.clients():
            return page(Entered())
        its = [shop.shop_id for shop in scope.shops() if shop.client == chosen]
        ticked = {f"shop-{shop_id}": "yes" for shop_id in its}
        return page(Entered({"client": chosen, "name": chosen, **ticked}))

    @routes.post("/clients")
    @needs(EDITOR, whole=True)
    def save() -> tuple[str, int] | Response:
        scope = accounts.scope_of(g.principal)
        own = {shop.shop_id: shop for shop in scope.shops() if not shop.is_sample}
        wish = read_client_form(request.form, scope.clients(), own)
        if wish.entered.problems:
            return page(wish.entered), UNUSABLE
        if wish.client:
            scope.rename_client(wish.client, wish.name)
        else:
            scope.add_client(wish.name)
        for shop_id, shop in own.items():
            if shop_id in wish.shop_ids:
                scope.set_client(shop_id, wish.name)
            elif wish.client and shop.client == wish.client:
                scope.set_client(shop_id, None)
        flash(f"The client {wish.name} is saved.", "ok")
        return redirect(url_for(".show"), code=303)

    @routes.post("/clients/delete")
    @needs(EDITOR, whole=True)
    def delete() -> Response:
        name = request.form.get("client", "")
        try:
            accounts.scope_of(g.principal).remove_client(name)
        except BadRequest as refused:
            flash(refused.message, "bad")
        else:
            flash(f"The client {name[:120]} is deleted. Its shops are of no client now.", "ok")
        return redirect(url_for(".show"), code=303)

    return routes
