"""Who comes in: what each address asks of a request before a route is entered.

The address says whether it is a key, a session or nothing that is looked at (`web.entries`); the
route says which role or scope it is for (`store.roles`). Refused is told apart: 401 for who is not
known, 403 for who may not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import g, request

from errors import BadRequest, Refused
from store.accounts import Principal
from store.roles import EDITOR, OWNER, VIEWER, Admission, admission_of
from store.secrets import digest, random_token
from store.sessions import Sessions
from web.cookies import SessionCookie, form_token_matches, from_own_page
from web.entries import Entry, entry_of
from web.google_sign_in import GoogleSignIn
from web.limits import RequestLimits

#: Who a role's pages are for, in words.
WHO_MAY: Final = {
    VIEWER: "members",
    EDITOR: "editors and owners",
    OWNER: "owners",
}

_CHANGING: Final = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Entering:
    """Notes in `flask.g` who came; see `web.attach.attach` for what and with what it is made.
    `visit` is the cookie of a browser that nobody is signed in with."""

    principal_for_key: Callable[[str], Principal]
    sessions: Sessions
    cookie: SessionCookie
    visit: SessionCookie
    google: GoogleSignIn | None
    limits: RequestLimits

    def check_entry(self) -> None:
        self.limits.check_address(request)
        match entry_of(request.path):
            case Entry.KEY:
                g.principal = self._holder_of_key()
                self.limits.check_answers(g.principal.workspace_id)
            case Entry.MEMBER:
                if not self._is_member():
                    raise _not_signed_in()
                _check_form()
            case Entry.GUEST:
                if not self._is_member():
                    g.form_secret = self.visit.read(request) or random_token()
                    g.browser = digest(g.form_secret)
                _check_form()
            case Entry.READER:
                self._is_member()
            case Entry.OPEN:
                pass

    def check_admission(self, view: Callable[..., Any] | None) -> None:
        """Refused unless the route of `view` is for whoever came. Where nobody must say who they
        are, nobody is asked. Who may not do a thing uses up nothing of what the workspace may."""
        if g.principal is not None:
            admit(g.principal, admission_of(view))
            self.limits.check_workspace(request, g.principal.workspace_id)

    def _holder_of_key(self) -> Principal:
        try:
            return self.principal_for_key(_bearer())
        except Refused:
            self.limits.check_wrong_key(request)
            raise

    def _is_member(self) -> bool:
        """Whether somebody is signed in; notes who. Who signed in with Google must still be on the
        list of those who may."""
        session_token = self.cookie.read(request) or ""
        principal = self.sessions.principal(session_token) if session_token else None
        if principal is None or principal.member is None:
            return False
        if "@" in principal.member and not (
            self.google and self.google.may_stay(principal.member, principal.workspace_id)
        ):
            return False
        g.session_token = g.form_secret = session_token
        g.browser = digest(session_token)
        g.principal = principal
        return True


def admit(who: Principal, admission: Admission) -> None:
    """Refused (403) unless the route, which says `admission` of itself, is for this member or
    key."""
    if who.key_id is not None:
        if not admission.admits_key(who.scopes):
            raise Refused(
                "This API key may not do that. Use one with another scope; an owner of the "
                "workspace makes them."
            )
    elif not who.may(admission.role, whole=admission.whole):
        if who.may(admission.role):
            raise Refused("You see some clients only, and this is about the whole workspace.")
        raise Refused(
            f"This is for {WHO_MAY[admission.role]} of the workspace, and you are not one. Ask an "
            "owner to do it, or to give you that role."
        )


def _bearer() -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused(
            "An API key is missing. Send it in the header 'Authorization: Bearer KEY'.",
            code="unauthorised",
        )
    return key.strip()


def _check_form() -> None:
    if request.method in _CHANGING:
        sent = request.form.get("form_token", "")
        if not (from_own_page(request) and form_token_matches(g.form_secret, sent)):
            raise BadRequest("This form is out of date. Go back, load the page again and repeat.")


def _not_signed_in() -> Refused:
    return Refused(
        "You are not signed in. Open a sign-in link; 'flask --app app login-link' makes one.",
        code="unauthorised",
    )
