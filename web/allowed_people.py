"""Who may sign in with Google, and into which workspace. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from store.accounts_rows import DEFAULT_WORKSPACE
from store.roles import OWNER, VIEWER


@dataclass(frozen=True, slots=True)
class Person:
    """Whom Google has recognised. `hosted_domain`: the Google Workspace the account belongs to, ""
    for a private one."""

    email: str
    hosted_domain: str = ""


class AllowedPeople:
    """`listed` is the setting GOOGLE_SIGN_IN: `ana@example.com` or `@example.com`, joined by
    commas, each perhaps with `=WORKSPACE` behind it."""

    def __init__(self, listed: str) -> None:
        self._workspaces: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in listed.split(","))):
            who, _, workspace = part.partition("=")
            self._workspaces[who.lower()] = workspace or DEFAULT_WORKSPACE

    def welcome(self, person: Person) -> tuple[str, str] | None:
        """The workspace, and the role of somebody who is there for the first time; None when the
        person may not sign in. A domain lets those in whose account belongs to the Google Workspace
        of that domain: an address alone can be anybody's. Who is listed by name is an owner;
        somebody of a domain sees numbers until an owner says more."""
        email = person.email.lower()
        if email in self._workspaces:
            return self._workspaces[email], OWNER
        domain = email.rpartition("@")[2]
        if person.hosted_domain.lower() != domain or f"@{domain}" not in self._workspaces:
            return None
        return self._workspaces[f"@{domain}"], VIEWER

    def may_stay(self, email: str, workspace_id: str) -> bool:
        """Whether somebody who was let into the workspace before is still on the list."""
        domain = email.rpartition("@")[2]
        return workspace_id in (self._workspaces.get(email), self._workspaces.get(f"@{domain}"))
