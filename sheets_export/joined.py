"""The parts of `sheets_export`, put together for an installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from clock import Clock
from connector.chosen import choose_shops
from connector.fetch import Answer, Answers, Patience
from connector.request import GetDataRequest
from errors import ConnectorError
from settings import Settings
from sheets_export.asking import Asking
from sheets_export.drive_sign_in import Ask, DriveSignIn
from sheets_export.exporting import Exporting
from sheets_export.google_access import GoogleAccess
from sheets_export.refreshing import KIND as EXPORT
from sheets_export.settings_work import KIND as SETTINGS
from sheets_export.settings_work import SettingsReading
from sheets_export.standing import KIND as STANDING
from sheets_export.standing import Standing
from sheets_export.work import Refreshing
from store.accounts import Accounts, WorkspaceScope
from store.exports import Exports
from store.ledger import Ledger
from store.sessions import GoogleStates
from store.sheet_budget import SheetBudget
from store.sheet_locks import SheetLocks
from store.spreadsheets import Spreadsheets
from worker import Handler


@dataclass(frozen=True)
class SheetsExport:
    """`cookie_key`: a secret of the installation; `ask_google`: google-auth's transport."""

    settings: Settings
    accounts: Accounts
    ledger: Ledger
    answers: Answers
    clock: Clock
    cookie_key: bytes
    ask_google: Ask

    @cached_property
    def exporting(self) -> Exporting:
        return Exporting(
            accounts=self.accounts,
            exports=Exports(self.accounts.database, self.clock),
            spreadsheets=Spreadsheets(self.accounts, self.clock),
            ledger=self.ledger,
            clock=self.clock,
            asking=Asking(self._ask, choose_shops, self.answers.currencies),
        )

    @cached_property
    def google(self) -> GoogleAccess:
        database = self.accounts.database
        return GoogleAccess(
            self.settings,
            self.exporting.spreadsheets,
            SheetBudget(database, self.clock),
            SheetLocks(database, self.clock),
            self.clock,
        )

    @cached_property
    def refreshing(self) -> Refreshing:
        return Refreshing(
            accounts=self.accounts,
            exports=self.exporting.exports,
            spreadsheets=self.exporting.spreadsheets,
            ledger=self.ledger,
            clock=self.clock,
            asking=self.exporting.asking,
            book_of=self.google.book,
            writer_of=lambda: self.google.writer,
            base_url=self.settings.base_url,
        )

    @cached_property
    def standing(self) -> Standing:
        return Standing(
            exports=self.exporting.exports,
            ledger=self.ledger,
            clock=self.clock,
            book_at=lambda workspace, grant, book: self.google.sheets(workspace, grant).book(book),
            writer_of=lambda: self.google.writer,
            link_of=self.refreshing.link_of,
        )

    @cached_property
    def settings_reading(self) -> SettingsReading:
        return SettingsReading(self.exporting, self.google.book)

    @cached_property
    def drive_sign_in(self) -> DriveSignIn | None:
        """None where no OAuth client of Google is set up."""
        settings = self.settings
        if not settings.google_client_id or settings.google_client_secret is None:
            return None
        return DriveSignIn(
            client_id=settings.google_client_id,
            client_secret=settings.google_client_secret.get_secret_value(),
            redirect_url=f"{settings.base_url}/sheets/google/callback",
            ask=self.ask_google,
            states=GoogleStates(self.accounts.database, self.clock),
            key=self.cookie_key,
        )

    def service_address(self) -> tuple[str, str]:
        """The service account's address ("" for none), and what is wrong with its key."""
        try:
            return self.google.address, ""
        except ConnectorError as error:
            return "", error.message

    def handlers(self) -> Mapping[str, Handler]:
        """By kind of run."""
        return {
            EXPORT: self.refreshing.work,
            SETTINGS: self.settings_reading.work,
            STANDING: self.standing.work,
        }

    def duties(self) -> Mapping[str, Callable[[], object]]:
        """What is to be done again and again, by name; harmless to repeat."""
        return {
            "exports": self.exporting.enqueue_due,
            "export_settings": self.settings_reading.enqueue_due,
        }

    def _ask(self, workspace: WorkspaceScope, asked: GetDataRequest, patience: Patience) -> Answer:
        return self.answers.answer(workspace, asked, "ndjson", patience=patience)
