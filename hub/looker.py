"""Reports in Looker Studio: links for each shop and client, and the key to paste once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from flask import Blueprint, g, render_template, request

from connector.request import ALL
from connector.subjects import Subject
from errors import BadRequest
from hub.keys import EVERYTHING, limit_of
from hub.looker_links import Looker
from store.accounts import Accounts, Principal
from store.roles import OWNER, READ, VIEWER, needs

_KEY_NAME: Final = "Looker Studio: {label}"
_EVERYTHING: Final = "all reports"


def looker_routes(
    accounts: Accounts, looker: Looker, subjects: Callable[[Principal], Sequence[Subject]]
) -> Blueprint:
    """`looker` without a connector id: the page says what is missing."""
    routes = Blueprint("looker", __name__, template_folder="templates")

    def page(made: str = "", limited_to: str = "") -> str:
        scope = accounts.scope_of(g.principal)
        offered = subjects(g.principal)
        links = {one.key: _links(looker, scope.id, scope.name, one) for one in offered}
        return render_template(
            "looker/looker.html",
            subjects=offered,
            narrower=[one for one in offered if one.key != ALL],
            everything=ALL,
            links=links if looker.connector_id else {},
            data_source=looker.data_source() if looker.connector_id else "",
            made=made,
            limited_to=limited_to,
            may_make_keys=g.principal.may(OWNER, whole=True),
        )

    @routes.get("/looker")
    @needs(VIEWER)
    def show() -> str:
        return page()

    @routes.post("/looker/key")
    @needs(OWNER, whole=True)
    def make_key() -> str:
        scope = accounts.scope_of(g.principal)
        about = request.form.get("about", "")
        # Looker Studio keeps one key for each Google account, so the usual key opens everything.
        if about == ALL:
            name = _KEY_NAME.format(label=_EVERYTHING)
            return page(scope.create_key(name, READ, limit_of(EVERYTHING), numbered=True)[1])
        chosen = next((one for one in subjects(g.principal) if one.key == about), None)
        if chosen is None:
            raise BadRequest("This is no shop or client of yours.", code="unknown_shop")
        name = _KEY_NAME.format(label=chosen.label)
        _, bare_key = scope.create_key(name, READ, limit_of(chosen.key), numbered=True)
        return page(bare_key, limited_to=chosen.label)

    return routes


def _links(
    looker: Looker, workspace_id: str, workspace: str, subject: Subject
) -> list[tuple[str, str]]:
    """Currency and address of each report of the subject. Every question that has to be answered is
    answered: amounts in several currencies are never added up, so each has its own report."""
    several = len(subject.currencies) > 1
    return [
        (
            currency,
            looker.report(
                workspace,
                {
                    "workspace": workspace_id,
                    "shops": subject.shop_ids,
                    "client": subject.client or ALL,
                    "currency": currency,
                },
                f"{subject.label} ({currency})" if several else subject.label,
            ),
        )
        for currency in subject.currencies
    ]
