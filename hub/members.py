"""Members: who may enter the workspace, what they may do there, and which clients they see.

Somebody is invited by a link that signs them in, once; later links, when a session has ended, are
made here too. A link is shown once and not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Protocol

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from errors import BadRequest
from hub.forms import UNUSABLE, Entered, problem_of_name
from store.accounts import Accounts
from store.accounts_rows import MemberRow
from store.members import NAMES_OF_GOOGLE
from store.roles import EDITOR, OWNER, VIEWER, needs

#: A link that invites is good for so long.
LINK_DAYS: Final = 7
_LINK_SECONDS: Final = LINK_DAYS * 86_400.0

#: What a role may do, in the order of a list.
ROLE_WORDS: Final = {
    VIEWER: "Viewer: sees numbers, reports and imports",
    EDITOR: "Editor: besides, connects shops, starts imports, changes settings of shops",
    OWNER: "Owner: besides, members, keys and the workspace itself",
}

#: What the list of what somebody sees says.
_ALL, _SOME = "all", "some"

#: `Sessions.new_link_token`.
NewLinkToken = Callable[..., str]


class Form(Protocol):
    """What a browser sent, by field."""

    def get(self, key: str, default: str) -> str: ...
    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class MemberWish:
    """`limited_to`: clients, None for all shops. It can be had when `entered` has no problems."""

    entered: Entered
    name: str
    role: str
    limited_to: tuple[str, ...] | None


def read_member_form(form: Form, clients: Collection[str], *, named: bool) -> MemberWish:
    """`clients`: those of the workspace; `named`: whether the form has a name in it. Pure."""
    name, role = form.get("name", "").strip(), form.get("role", "")
    sees, ticked = form.get("sees", _ALL), tuple(dict.fromkeys(form.getlist("client")))
    problems = {}
    if named and (problem := problem_of_name(name, "name")):
        problems["name"] = problem
    elif named and "@" in name:
        problems["name"] = NAMES_OF_GOOGLE
    if role not in ROLE_WORDS:
        problems["role"] = "Choose a role from the list."
    if sees not in (_ALL, _SOME) or not set(ticked) <= set(clients):
        problems["sees"] = "Choose clients of your workspace."
    elif sees == _SOME and not ticked:
        problems["sees"] = "Tick the clients whose shops this member may see."
    elif sees == _SOME and role == OWNER:
        problems["sees"] = "An owner sees all shops. Choose another role to limit somebody."
    values = {
        "name": name,
        "role": role,
        "sees": sees,
        **{f"client-{one}": "yes" for one in ticked},
    }
    limited_to = ticked if sees == _SOME else None
    return MemberWish(Entered(values, problems), name, role, limited_to)


def entered_of(member: MemberRow) -> Entered:
    """How the form shows a member. Pure."""
    ticked = {f"client-{one}": "yes" for one in member.clients or ()}
    sees = _ALL if member.clients is None else _SOME
    return Entered({"name": member.name, "role": member.role, "sees": sees, **ticked})


def sign_in_link(base_url: str, token: str) -> str:
    """The address to send; `base_url` is where people reach this installation."""
    return f"{base_url}/sign-in?token={token}"


def _tell_of_keys(former: MemberRow, role: str = "") -> None:
    """Where an owner is none any more: keys are the workspace's, and reports of others rest on
    them."""
    if former.role == OWNER and role != OWNER:
        flash(
            f"Keys that {former.name} made or saw go on working. Revoke them under Keys, and make "
            "new ones.",
            "warn",
        )


def members_routes(accounts: Accounts, new_link_token: NewLinkToken, *, base_url: str) -> Blueprint:
    routes = Blueprint("members", __name__, template_folder="templates")

    def page(
        entered: Entered, *, edited: MemberRow | None = None, link: str = "", link_for: str = ""
    ) -> str:
        scope = accounts.scope_of(g.principal)
        return render_template(
            "members/members.html",
            members=scope.members(),
            clients=scope.clients(),
            roles=ROLE_WORDS,
            entered=entered,
            edited=edited,
            link=link,
            link_for=link_for,
            link_days=LINK_DAYS,
        )

    def member_of(member_id: str) -> MemberRow:
        found = [one for one in accounts.scope_of(g.principal).members() if one.id == member_id]
        if not found:
            raise BadRequest("There is no such member.", code="not_found")
        return found[0]

    def link_of(member_id: str) -> str:
        workspace_id = g.principal.workspace_id
        token = new_link_token(workspace_id, _LINK_SECONDS, member_id=member_id)
        return sign_in_link(base_url, token)

    @routes.get("/members")
    @needs(OWNER, whole=True)
    def show() -> str:
        if wanted := request.args.get("edit", ""):
            edited = member_of(wanted)
            return page(entered_of(edited), edited=edited)
        return page(Entered({"role": VIEWER, "sees": _ALL}))

    @routes.post("/members")
    @needs(OWNER, whole=True)
    def invite() -> tuple[str, int]:
        scope = accounts.scope_of(g.principal)
        wish = read_member_form(request.form, scope.clients(), named=True)
        if wish.entered.problems:
            return page(wish.entered), UNUSABLE
        try:
            member_id = scope.add_member(wish.name, wish.role, wish.limited_to)
        except BadRequest as refused:
            return page(Entered(wish.entered.values, {"name": refused.message})), UNUSABLE
        return page(Entered({"role": VIEWER}), link=link_of(member_id), link_for=wish.name), 200

    @routes.post("/members/<member_id>")
    @needs(OWNER, whole=True)
    def change(member_id: str) -> Response | tuple[str, int]:
        edited, scope = member_of(member_id), accounts.scope_of(g.principal)
        wish = read_member_form(request.form, scope.clients(), named=False)
        if wish.entered.problems:
            return page(wish.entered, edited=edited), UNUSABLE
        try:
            scope.change_member(member_id, wish.role, wish.limited_to)
        except BadRequest as refused:
            entered = Entered(wish.entered.values, {"role": refused.message})
            return page(entered, edited=edited), UNUSABLE
        flash(f"What {edited.name} may do is changed.", "ok")
        _tell_of_keys(edited, wish.role)
        return redirect(url_for(".show"), code=303)

    @routes.post("/members/<member_id>/link")
    @needs(OWNER, whole=True)
    def new_link(member_id: str) -> str:
        name = member_of(member_id).name
        entered = Entered({"role": VIEWER, "sees": _ALL})
        return page(entered, link=link_of(member_id), link_for=name)

    @routes.post("/members/<member_id>/remove")
    @needs(OWNER, whole=True)
    def remove(member_id: str) -> Response:
        member = member_of(member_id)
        try:
            accounts.scope_of(g.principal).remove_member(member_id)
        except BadRequest as refused:
            flash(refused.message, "bad")
        else:
            flash(f"{member.name} is no member any more, and signed out everywhere.", "ok")
            _tell_of_keys(member)
            if "@" in member.name:
                flash("Google lets them in again unless they are off the list, too.", "warn")
        return redirect(url_for(".show"), code=303)

    @routes.get("/members/me")
    @needs(VIEWER)
    def me() -> str:
        return render_template(
            "members/me.html",
            workspace=accounts.scope_of(g.principal).name,
            may=ROLE_WORDS[g.principal.role],
            clients=g.principal.limit.clients,
        )

    @routes.post("/members/me/leave")
    @needs(VIEWER)
    def leave() -> Response:
        try:
            accounts.scope_of(g.principal).remove_member(g.principal.member_id)
        except BadRequest as refused:
            flash(refused.message, "bad")
            return redirect(url_for(".me"), code=303)
        return redirect("/sign-in", code=303)

    return routes
