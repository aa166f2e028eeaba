"""Who may do what: the roles of members, the scopes of API keys, and how a route says which it
needs.

A route says it beside itself, with `needs` or `opens_to` under its address; `web` reads that before
the route is entered and refuses everybody else. A route of the members' that says nothing is for
owners only, one of the keys' that says nothing is for no key. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

#: `viewer`: sees numbers. `editor`: connects shops, starts imports, changes settings. `owner`:
#: besides, members, keys and the workspace itself. Each may do what those before it may.
VIEWER: Final = "viewer"
EDITOR: Final = "editor"
OWNER: Final = "owner"
ROLES: Final = (VIEWER, EDITOR, OWNER)

#: `read`: ask for answers. `refresh`: have a spreadsheet written anew, and see no number. `manage`:
#: everything that a key can do.
READ: Final = "read"
REFRESH: Final = "refresh"
MANAGE: Final = "manage"
SCOPES: Final = (READ, REFRESH, MANAGE)

_View = TypeVar("_View", bound=Callable[..., Any])

_NOTED_AS: Final = "_admits"


@dataclass(frozen=True, slots=True)
class Admission:
    """What a route asks of who comes. `role`: of a member, at least; `whole`: and that the member
    is not limited to some clients. `scopes`: a key needs one of these."""

    role: str = OWNER
    whole: bool = False
    scopes: frozenset[str] = frozenset()

    def admits_member(self, role: str, *, is_limited: bool) -> bool:
        return ROLES.index(role) >= ROLES.index(self.role) and not (self.whole and is_limited)

    def admits_key(self, scopes: frozenset[str]) -> bool:
        return bool(self.scopes & scopes)


#: Of a route that says nothing.
UNSAID: Final = Admission(whole=True)


def needs(role: str, *, whole: bool = False) -> Callable[[_View], _View]:
    """The route is for members of this role and above; `whole`: it shows or changes what belongs to
    the workspace as a whole, so a member who is limited to some clients may not enter."""
    return _noted(Admission(role=ROLES[ROLES.index(role)], whole=whole))


def opens_to(*scopes: str) -> Callable[[_View], _View]:
    """The route is for API keys that hold one of these scopes."""
    return _noted(Admission(scopes=frozenset(scopes)))


def admission_of(view: Callable[..., Any] | None) -> Admission:
    """What a route's function says of itself."""
    found = getattr(view, _NOTED_AS, UNSAID)
    return found if isinstance(found, Admission) else UNSAID


def held(scope: str) -> frozenset[str]:
    """The scopes that a key of this scope holds."""
    return frozenset(SCOPES if scope == MANAGE else (scope,))


def _noted(admission: Admission) -> Callable[[_View], _View]:
    def note(view: _View) -> _View:
        setattr(view, _NOTED_AS, admission)
        return view

    return note
