"""The shop of `tests.reporting` and a Google of the test's own, for tests of exports."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.transport.requests import AuthorizedSession, Request
from sqlalchemy import event

from clock import SystemClock
from sheets_export.drive import Drive
from sheets_export.exporting import Exporting
from sheets_export.joined import SheetsExport
from store.exports import Export
from store.runs import Run
from tests.answering import NOW, Answering
from tests.reporting import reporting
from tests.sheets_emulator.adapters import EmulatorAdapter, session
from tests.sheets_emulator.clients import google_service
from tests.sheets_emulator.files import Account
from tests.sheets_emulator.server import Emulator

ROBOT = "robot@project.iam.gserviceaccount.com"
ANA = "ana@example.com"
#: What credentials.py asks for.
OF_THE_ROBOT = frozenset({"spreadsheets", "drive.metadata.readonly"})
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_key() -> str:
    """What Google gives for a service account, with a key made here."""
    pem = _KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    known = {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": ROBOT,
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps(known)


class MovedClock(SystemClock):
    """20 August 2026, 12:00 UTC, and later when a test says so. Nobody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.instant = NOW
        self.passed = 0.0

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@dataclass
class ExportHouse:
    """`emulator`: Google Sheets and Drive. `book_id`: a spreadsheet of Ana's that is shared with
    the service account."""

    test: Answering
    clock: MovedClock
    emulator: Emulator = field(init=False)
    book_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.begin_again()

    def begin_again(self) -> None:
        """Without exports and keys, at NOW, with another Google."""
        self.clock.instant = NOW
        with self.test.here.accounts.database.writing() as connection:
            for table in ("exports", "spreadsheets", "google_grants", "sheet_locks"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
            connection.exec_driver_sql("DELETE FROM sheet_budgets")
            connection.exec_driver_sql("DELETE FROM leases WHERE shop_id LIKE 'export:%'")
            connection.exec_driver_sql("DELETE FROM runs WHERE shop_id LIKE 'export:%'")
            connection.exec_driver_sql("UPDATE members SET role = 'owner'")
        self.emulator = Emulator(self.clock.now)
        self.emulator.visitor = None
        self.emulator.sign_in("robots", Account(ROBOT, OF_THE_ROBOT))
        self.emulator.sign_in("anas", Account(ANA, frozenset({"drive.file"})))
        book = self.emulator.create(ANA, "Report")
        self.book_id = book.spreadsheet_id
        self.emulator.files[self.book_id].share("user", "writer", ROBOT)
        google = self.sheets.google
        google.session_of, google.drive_of = self.signed, self.drive
        google._of_thread = threading.local()

    @property
    def sheets(self) -> SheetsExport:
        return self.test.here.sheets

    @property
    def exporting(self) -> Exporting:
        return self.sheets.exporting

    def look_again(self) -> None:
        """What a worker process sees to besides, once."""
        for duty in self.sheets.duties().values():
            duty()

    def signed(self, credentials: Any) -> Any:
        made = AuthorizedSession(  # type: ignore[no-untyped-call]
            credentials, auth_request=Request(session(self.emulator))
        )
        made.mount("https://", EmulatorAdapter(self.emulator))
        return made

    def drive(self, _credentials: Any, address: str, remedy: str) -> Drive:
        token = "anas" if address == ANA else "robots"
        return Drive(google_service(self.emulator, "drive", token), address, remedy)

    def create(self, workspace: str = "default", **texts: str) -> Export:
        """Sales by day of 1 to 4 August, unless said otherwise."""
        usual = {
            "name": "Sales",
            "spreadsheet": self.book_id,
            "shops": "all",
            "fields": "date,gmv,orders",
            "range": "custom",
            "start": "2026-08-01",
            "end": "2026-08-04",
        }
        return self.exporting.create(workspace, {**usual, **texts})

    def refresh(self, export: Export) -> Run:
        """Asked for by hand and worked."""
        asked = self.exporting.refresh(export)
        self.work()
        return self.test.here.ledger.run(asked.id)

    def work(self) -> None:
        self.test.here.worker("tester", ("export",)).run_until_idle()

    def look(self, tab: str, area: str = "A1:Z60") -> list[list[Any]]:
        return self.emulator.look(self.book_id, f"'{tab}'!{area}", render="UNFORMATTED_VALUE")

    def again(self, export: Export) -> Export:
        return self.exporting.exports.one(export.workspace_id, export.id)


@contextmanager
def export_house(folder: Path, **settings: Any) -> Iterator[ExportHouse]:
    given = {"google_service_account": service_key(), **settings}
    clock = MovedClock()
    test = reporting(folder, clock=clock, **given)
    # What a power cut would do is not tested here; without fsync the tests are much faster.
    event.listen(test.here.accounts.database.engine, "connect", _without_fsync)
    test.here.accounts.database.engine.dispose()
    try:
        yield ExportHouse(test, clock)
    finally:
        test.here.close()


def _without_fsync(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def cells(rows: list[list[Any]], header: str) -> list[list[Any]]:
    """The rows below the one that begins with a header, as they stand."""
    place = next(number for number, row in enumerate(rows) if row and row[0] == header)
    return rows[place + 1 :]


def status(rows: list[list[Any]]) -> Mapping[str, Any]:
    """The status block: every text that has another cell behind it, above the table."""
    found: dict[str, Any] = {}
    for row in rows:
        for label, value in pairwise(row):
            if isinstance(label, str) and label:
                found.setdefault(label, value)
    return found


def id_token(claims: dict[str, Any]) -> str:
    """A token whose signature nobody checks."""
    parts = [{"alg": "RS256"}, claims]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*texts, "signature"])
