"""Who may do what with which file: accounts, permissions, and the few Drive v3 calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from . import masks
from .refusals import Json, Refusal, no_such_entity, not_allowed

SCOPES: Final = "https://www.googleapis.com/auth/"
SPREADSHEET: Final = "application/vnd.google-apps.spreadsheet"
WRITERS: Final = frozenset({"owner", "organizer", "fileOrganizer", "writer"})
FILE_FIELDS: Final = masks.parsed("kind,id,name,mimeType")
PERMISSION_FIELDS: Final = masks.parsed("kind,id,type,role")


_ALL_OF_DRIVE: Final = frozenset({"drive", "drive.readonly", "drive.metadata.readonly"})


@dataclass
class Account:
    """A signed-in address. With `drive.file` it sees only what it made or opened; with
    `spreadsheets` all spreadsheets in calls to Sheets, and nothing more in calls to Drive."""

    email: str
    scopes: frozenset[str] = frozenset({"spreadsheets", "drive"})
    opened: set[str] = field(default_factory=set)

    def sees(self, file_id: str) -> bool:
        return self.scopes != {"drive.file"} or file_id in self.opened

    def sees_in_drive(self, file_id: str) -> bool:
        return bool(self.scopes & _ALL_OF_DRIVE) or file_id in self.opened


@dataclass
class File:
    """A file of Drive; `permissions` by id."""

    file_id: str
    name: str
    mime_type: str
    permissions: dict[str, Json] = field(default_factory=dict)

    def role_of(self, email: str) -> str | None:
        """The best role: the address's own or that of anyone."""
        roles = [
            one["role"]
            for one in self.permissions.values()
            if one["type"] == "anyone" or one.get("emailAddress", "").lower() == email.lower()
        ]
        return min(roles, key=lambda role: role not in WRITERS, default=None)

    def share(self, kind: str, role: str, email: str | None = None) -> Json:
        permission_id = "anyoneWithLink" if kind == "anyone" else _number(email or kind)
        one: Json = {"kind": "drive#permission", "id": permission_id, "type": kind, "role": role}
        if email:
            one["emailAddress"] = email
        self.permissions[permission_id] = one
        return one


def _number(email: str) -> str:
    """A long number of the address's own, as permission ids are."""
    value = 0
    for letter in email.lower():
        value = (value * 131 + ord(letter)) % 10**20
    return str(value).zfill(20)


def check_access(file: File | None, account: Account, writing: bool) -> File:
    """The file, for a Sheets call; 404 if it is not there for the account, 403 if it may not."""
    if file is None or not account.sees(file.file_id):
        raise no_such_entity()
    role = file.role_of(account.email)
    if role is None or (writing and role not in WRITERS):
        raise not_allowed()
    return file


def check_scope(account: Account, wanted: list[str]) -> None:
    """The method's scopes are alternatives."""
    if not any(scope.removeprefix(SCOPES) in account.scopes for scope in wanted):
        raise Refusal(403, "Request had insufficient authentication scopes.")


def drive_file(files: dict[str, File], file_id: str, account: Account) -> File:
    """Drive says 404 to everybody who may not see the file."""
    file = files.get(file_id)
    sees = account.sees_in_drive(file_id)
    if file is None or not sees or file.role_of(account.email) is None:
        raise Refusal(404, f"File not found: {file_id}.")
    return file


def shown_file(file: File, account: Account, mask: masks.Mask) -> Any:
    role = file.role_of(account.email) or ""
    body: Json = {
        "kind": "drive#file",
        "id": file.file_id,
        "name": file.name,
        "mimeType": file.mime_type,
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{file.file_id}/edit",
        "capabilities": {"canEdit": role in WRITERS, "canShare": role in WRITERS},
        "ownedByMe": role == "owner",
        "shared": len(file.permissions) > 1,
        "trashed": False,
    }
    if role in WRITERS:
        body["permissions"] = list(file.permissions.values())
    return masks.projected(body, mask or FILE_FIELDS)


def list_permissions(file: File, account: Account, mask: masks.Mask) -> Any:
    _check_sharing(file, account)
    known = [masks.projected(one, PERMISSION_FIELDS) for one in file.permissions.values()]
    if mask:
        known = list(file.permissions.values())
    body = {"kind": "drive#permissionList", "permissions": known}
    return masks.projected(body, mask)


def create_permission(file: File, account: Account, body: Json, mask: masks.Mask) -> Any:
    _check_sharing(file, account)
    kind, role = body.get("type"), body.get("role")
    if not kind or not role:
        raise Refusal(400, "The permission type field is required.")
    if kind in {"user", "group"} and not body.get("emailAddress"):
        raise Refusal(400, "The emailAddress field is required for the permission type.")
    made = file.share(kind, role, body.get("emailAddress"))
    return masks.projected(made, mask or PERMISSION_FIELDS)


def _check_sharing(file: File, account: Account) -> None:
    if file.role_of(account.email) not in WRITERS:
        raise Refusal(403, "The user does not have sufficient permissions for this file.")
