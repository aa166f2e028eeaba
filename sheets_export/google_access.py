"""Opens spreadsheets with the credentials they are written with. Google's libraries are loaded when
the first is opened: they take ten megabytes of a process, and few processes need them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from clock import Clock
from errors import Refused, Retryable
from settings import Settings
from store.sheet_budget import SheetBudget
from store.sheet_locks import SheetLocks
from store.spreadsheets import Spreadsheet, Spreadsheets

if TYPE_CHECKING:
    from sheets_export.book import Book, Sheets
    from sheets_export.drive import Drive
    from sheets_export.writer import Writer

NO_ACCESS: Final = (
    "No Google account is set up here to write spreadsheets with. Sign in with Google under "
    "Sheets, or have GOOGLE_SERVICE_ACCOUNT set by whoever runs this installation."
)
_PERSON_REMEDY: Final = "Sign in with Google again under Sheets."
_SERVICE_REMEDY: Final = (
    "Whoever runs this installation gives that account a new key and sets GOOGLE_SERVICE_ACCOUNT "
    "to it."
)


class GoogleAccess:
    """`session_of`: credentials of google-auth → a session that signs its calls with them;
    `drive_of`: these, whose they are and what to do without
    → that account's Drive."""

    def __init__(
        self,
        settings: Settings,
        spreadsheets: Spreadsheets,
        budget: SheetBudget,
        locks: SheetLocks,
        clock: Clock,
        session_of: Callable[[Any], Any] | None = None,
        drive_of: Callable[[Any, str, str], Drive] | None = None,
    ) -> None:
        self._settings = settings
        self._spreadsheets = spreadsheets
        self._budget = budget
        self._locks = locks
        self._clock = clock
        self.session_of = session_of
        self.drive_of = drive_of
        self._lock = threading.Lock()
        self._credentials: dict[str, Any] = {}
        self._of_thread = threading.local()

    @cached_property
    def address(self) -> str:
        """The service account's, "" where there is none. Raises Refused when its key is wrong."""
        if self._settings.google_service_account is None:
            return ""
        return str(self._credentials_of("", "").service_account_email)

    def book(self, sheet: Spreadsheet) -> Book:
        """Raises Refused where nobody can write it, Reauthorise when somebody has to sign in
        again."""
        return self.sheets(sheet.workspace_id, sheet.grant_id).book(sheet.spreadsheet_id)

    def sheets(self, workspace_id: str, grant_id: str) -> Sheets:
        """Of the service account where `grant_id` is ""."""
        from sheets_export.book import Sheets, authorised  # noqa: PLC0415

        credentials = self._credentials_of(workspace_id, grant_id)
        known: dict[int, Sheets] = self._of_thread.__dict__.setdefault("known", {})
        made = known.get(id(credentials))
        if made is None:
            session = (self.session_of or authorised)(credentials)
            address = self.address_of(workspace_id, grant_id)
            remedy = _remedy(grant_id)
            made = Sheets(session, address, self._clock, self._budget, remedy=remedy)
            known[id(credentials)] = made
        return made

    def address_of(self, workspace_id: str, grant_id: str) -> str:
        """Whom a spreadsheet must be shared with."""
        if grant_id:
            return self._spreadsheets.grant(workspace_id, grant_id).email
        return self.address

    def drive(self, workspace_id: str, grant_id: str) -> Drive:
        """The Drive of somebody who signed in, of the service account where `grant_id` is ""."""
        from sheets_export.drive import drive_of  # noqa: PLC0415

        credentials = self._credentials_of(workspace_id, grant_id)
        address = self.address_of(workspace_id, grant_id)
        return (self.drive_of or drive_of)(credentials, address, _remedy(grant_id))

    def refuse_unwritable(self, workspace_id: str, spreadsheet_id: str) -> None:
        """Raises Refused or Reauthorise when the spreadsheet cannot be written by whoever would.
        Where Google does not answer, the first refresh finds out."""
        known = self._spreadsheets.of_workspace(workspace_id)
        grants = [one.grant_id for one in known if one.spreadsheet_id == spreadsheet_id]
        grant_id = grants[0] if grants else ""
        try:
            file = self.drive(workspace_id, grant_id).look(spreadsheet_id)
        except Retryable:
            return
        if not file.may_edit:
            raise Refused(
                f"{self.address_of(workspace_id, grant_id)} may look at this spreadsheet and not "
                "write. Share it with that address as an editor."
            )

    @cached_property
    def writer(self) -> Writer:
        from sheets_export.writer import Writer  # noqa: PLC0415

        return Writer(self._locks, self._clock)

    def _credentials_of(self, workspace_id: str, grant_id: str) -> Any:
        """The same object as long as the token is: it holds the access token that was last got."""
        from sheets_export.credentials import person, service_account  # noqa: PLC0415

        if grant_id:
            token = self._spreadsheets.refresh_token(workspace_id, grant_id)
            with self._lock:
                known = self._credentials.get(token)
                if known is None:
                    known = self._credentials[token] = person(self._settings, token)
            return known
        with self._lock:
            made = self._credentials.get("") or service_account(self._settings)
            if made is None:
                raise Refused(NO_ACCESS)
            self._credentials[""] = made
        return made


def _remedy(grant_id: str) -> str:
    return _PERSON_REMEDY if grant_id else _SERVICE_REMEDY
