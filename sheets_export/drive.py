"""Spreadsheets as files of Google Drive: made, shared, looked at. Drive API v3.

For a person the scope `drive.file` is enough for all of it, for files that were made with this
program; a service account only looks, with `drive.metadata.readonly`, which sees what was shared
with it. Files of shared drives are asked for by saying so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from google.auth.exceptions import GoogleAuthError, TransportError
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from httplib2 import Http  # type: ignore[import-untyped]

from errors import ConnectorError, Reauthorise, Refused, Retryable

_SPREADSHEET: Final = "application/vnd.google-apps.spreadsheet"
#: A page waits for it.
_TIMEOUT_SECONDS: Final = 20
_FIELDS: Final = "id,name,webViewLink,capabilities(canEdit,canShare)"


@dataclass(frozen=True)
class File:
    """`may_edit`, `may_share`: what the account may do with it."""

    file_id: str
    title: str
    url: str
    may_edit: bool
    may_share: bool


class Drive:
    """`service`: googleapiclient's, for Drive v3, of one account; `address`: whose account it is;
    `remedy`: what to do when Google no longer takes its credentials. Every method raises Refused
    with a sentence, Reauthorise, or Retryable."""

    def __init__(self, service: Any, address: str, remedy: str = "") -> None:
        self._service = service
        self._address = address
        self._remedy = remedy

    def create(self, title: str) -> File:
        """A new spreadsheet of the account's own. Not repeated: an answer that is lost may leave a
        file that nobody uses."""
        body = {"name": title, "mimeType": _SPREADSHEET}
        return _file(self._done(self._service.files().create(body=body, fields=_FIELDS)))

    def look(self, file_id: str) -> File:
        """What the account may do with the file."""
        call = self._service.files().get(fileId=file_id, fields=_FIELDS, supportsAllDrives=True)
        return _file(self._done(call))

    def share(self, file_id: str, address: str, role: str = "writer") -> None:
        """Nobody is written to. Sharing it again changes nothing but the role."""
        person = {"type": "user", "role": role, "emailAddress": address}
        call = self._service.permissions().create(
            fileId=file_id,
            body=person,
            sendNotificationEmail=False,
            supportsAllDrives=True,
            fields="id",
        )
        self._done(call)

    def _done(self, call: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = call.execute()
        except HttpError as error:
            raise self._problem(int(error.resp.status), error.reason) from error
        except (TransportError, OSError) as error:
            raise Retryable("Google Drive did not answer.", debug=type(error).__name__) from error
        except GoogleAuthError as error:
            if error.retryable:
                raise Retryable("Google Drive did not answer.", debug=str(error)[:200]) from error
            raise self._no_access(str(error)) from error
        return answer

    def _problem(self, status: int, said: str) -> ConnectorError:
        if status == 401:
            return self._no_access(said)
        # Drive says 403 where other Google APIs say 429.
        if status == 429 or status >= 500 or (status == 403 and "rate limit" in said.lower()):
            return Retryable("Google Drive did not answer.", debug=f"{status} {said}")
        if status == 404:
            return Refused(
                f"There is no such file, or {self._address} may not see it. Share it with that "
                "address as an editor.",
                debug=said,
            )
        return Refused(f"Google Drive refuses this to {self._address}: {said}", debug=said)

    def _no_access(self, said: str) -> Reauthorise:
        return Reauthorise(
            f"Google no longer accepts the sign-in of {self._address}. {self._remedy}".strip(),
            debug=said[:200],
        )


def drive_of(credentials: Any, address: str, remedy: str = "") -> Drive:
    """The Drive of an account, by credentials of google-auth."""
    http = AuthorizedHttp(credentials, http=Http(timeout=_TIMEOUT_SECONDS))
    service = build("drive", "v3", http=http, static_discovery=True, cache_discovery=False)
    return Drive(service, address, remedy)


def _file(answer: dict[str, Any]) -> File:
    may = answer.get("capabilities", {})
    return File(
        answer["id"],
        answer["name"],
        answer["webViewLink"],
        bool(may.get("canEdit")),
        bool(may.get("canShare")),
    )
