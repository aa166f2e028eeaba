"""API keys: made, shown once, listed with their last use, revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from connector.subjects import client_of, key_of_client
from errors import BadRequest
from hub.forms import UNUSABLE, Entered, problem_of_name
from store.accounts import Accounts, KeyRow, Limit, WorkspaceScope
from store.keys import NAME_TAKEN
from store.roles import MANAGE, OWNER, READ, REFRESH, needs

#: In the list of what a key opens: everything.
EVERYTHING: Final = ""

#: What a key may do, and how it is called.
SCOPE_WORDS: Final = {
    READ: "Read numbers",
    REFRESH: "Have spreadsheets written anew, and see no number",
    MANAGE: "Everything that a key can do",
}


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a form asks for; it can be had when it has no problems."""

    entered: Entered
    name: str
    limit: Limit
    scope: str


def read_key_form(
    form: Mapping[str, str], taken: Sequence[str], choices: Mapping[str, str]
) -> KeyWish:
    """`taken`: the names of keys that are in use; `choices`: what a key may be limited to, by what
    the form says."""
    values = {name: form.get(name, "").strip() for name in ("name", "opens", "may")}
    scope = values["may"] or READ
    problems = {}
    if problem := problem_of_name(values["name"], "name"):
        problems["name"] = problem
    elif values["name"] in taken:
        problems["name"] = NAME_TAKEN
    if values["opens"] not in choices:
        problems["opens"] = "Choose what the key opens: this is no shop or client of yours."
    elif scope == REFRESH and values["opens"] != EVERYTHING:
        problems["opens"] = "A key that refreshes a spreadsheet shows no shop. Choose all shops."
    if scope not in SCOPE_WORDS:
        problems["may"] = "Choose what the key may do from the list."
    return KeyWish(Entered(values, problems), values["name"], limit_of(values["opens"]), scope)


def limit_of(choice: str) -> Limit:
    """The limit that a choice of the list means."""
    if client := client_of(choice):
        return Limit(clients=(client,))
    return Limit(shop_ids=(choice,)) if choice != EVERYTHING else Limit()


def choices_of(scope: WorkspaceScope) -> dict[str, str]:
    """What a key may be limited to -> how it is called."""
    shops = [shop for shop in scope.shops() if not shop.is_sample]
    return {
        EVERYTHING: "All shops, also those connected later",
        **{key_of_client(name): f"Client {name}" for name in scope.clients()},
        **{shop.shop_id: shop.name for shop in shops},
    }


def keys_in_use(scope: WorkspaceScope) -> list[KeyRow]:
    """Those that are not revoked."""
    found = scope.keys()
    return [key for key in found if key.revoked_at is None]


def opens(key: KeyRow, names: Mapping[str, str]) -> str:
    """What a key opens, in words; `names` of the shops by id."""
    if key.scope == REFRESH:
        return "One spreadsheet" if key.target else "All spreadsheets"
    if key.limit.clients:
        return f"Client {key.limit.clients[0]}"
    return ", ".join(names.get(one, one) for one in key.limit.shop_ids) or "All shops"


def keys_routes(accounts: Accounts) -> Blueprint:
    routes = Blueprint("keys", __name__, template_folder="templates")

    def page(entered: Entered, made: tuple[KeyRow, str] | None = None) -> str:
        scope = accounts.scope_of(g.principal)
        found = scope.keys()
        names = {shop.shop_id: shop.name for shop in scope.shops()}
        return render_template(
            "keys/keys.html",
            entered=entered,
            made=made,
            in_use=[(key, opens(key, names)) for key in found if key.revoked_at is None],
            revoked=[(key, opens(key, names)) for key in found if key.revoked_at is not None],
            choices=choices_of(scope),
            scopes=SCOPE_WORDS,
        )

    @routes.get("/keys")
    @needs(OWNER, whole=True)
    def show() -> str:
        return page(Entered({"opens": request.args.get("opens", "")}))

    @routes.post("/keys")
    @needs(OWNER, whole=True)
    def create() -> tuple[str, int]:
        scope = accounts.scope_of(g.principal)
        taken = [key.name for key in keys_in_use(scope)]
        wish = read_key_form(request.form, taken, choices_of(scope))
        if wish.entered.problems:
            return page(wish.entered), UNUSABLE
        try:
            made = scope.create_key(wish.name, wish.scope, wish.limit)
        except BadRequest as refused:  # somebody else was quicker
            return page(Entered(wish.entered.values, {"name": refused.message})), UNUSABLE
        return page(Entered(), made), 200

    @routes.post("/keys/<key_id>/revoke")
    @needs(OWNER, whole=True)
    def revoke(key_id: str) -> Response:
        accounts.scope_of(g.principal).revoke_key(key_id)
        flash("The key is revoked. It opens nothing any more.", "ok")
        return redirect(url_for(".show"), code=303)

    return routes
