"""Reports in Looker Studio: a link for each shop and client, and the key to paste beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from flask import Blueprint, g, render_template, request
from werkzeug.datastructures import MultiDict

from connector.request import ALL
from connector.subjects import Subject
from errors import BadRequest
from hub.forms import UNUSABLE
from hub.keys import EVERYTHING, limit_of
from hub.looker_links import Looker
from store.accounts import Accounts, Principal
from store.roles import OWNER, READ, VIEWER, needs

_KEY_NAME: Final = "Looker Studio: {label}"


def looker_routes(
    accounts: Accounts, looker: Looker, subjects: Callable[[Principal], Sequence[Subject]]
) -> Blueprint:
    """`looker` without a connector id: the page says what is missing."""
    routes = Blueprint("looker", __name__, template_folder="templates")

    def page(made: str = "", about: str = "", problem: str = "") -> str:
        scope = accounts.scope_of(g.principal)
        offered = subjects(g.principal)
        links = {one.key: _link(looker, scope.id, scope.name, one) for one in offered}
        return render_template(
            "looker/looker.html",
            subjects=offered,
            links=links if looker.connector_id else {},
            data_source=looker.data_source() if looker.connector_id else "",
            made=made,
            about=next((one for one in offered if one.key == about), None),
            problem=problem,
            may_make_keys=g.principal.may(OWNER, whole=True),
        )

    @routes.get("/looker")
    @needs(VIEWER)
    def show() -> str:
        return page()

    @routes.post("/looker/key")
    @needs(OWNER, whole=True)
    def make_key() -> tuple[str, int]:
        scope = accounts.scope_of(g.principal)
        form: MultiDict[str, str] = request.form
        chosen = next((one for one in subjects(g.principal) if one.key == form.get("about")), None)
        if chosen is None:
            raise BadRequest("This is no shop or client of yours.", code="unknown_shop")
        name = _KEY_NAME.format(label=chosen.label)
        try:
            _, bare_key = scope.create_key(name, READ, limit_of(_opens(chosen)))
        except BadRequest:
            problem = f"There is a key called “{name}” already. Paste that one, or revoke it first."
            return page(about=chosen.key, problem=problem), UNUSABLE
        return page(made=bare_key, about=chosen.key), 200

    return routes


def _opens(subject: Subject) -> str:
    """What the key of a report opens, as the list of the keys' page says it."""
    return EVERYTHING if subject.key == ALL else subject.key


def _link(looker: Looker, workspace_id: str, workspace: str, subject: Subject) -> str:
    config = {"workspace": workspace_id, "shops": subject.shop_ids, "client": subject.client}
    chosen = {name: value for name, value in config.items() if value}
    return looker.report(workspace, chosen, subject.label)
