"""Reading the tab `_settings`: its rows become exports, and each row is told how it stands.

One read and, when a status has changed, one write. A row that cannot be understood says why in its
own cell, and the others go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog

from connector.request import ALL, NO
from errors import BadRequest, ConnectorError, Retryable
from sheets_export.definition import read_definition
from sheets_export.exporting import SETTINGS_TAB, Exporting
from sheets_export.settings_tab import (
    SettingsRow,
    SettingsTab,
    making,
    offering,
    read_tab,
    status_of,
    telling,
)
from sheets_export.work import UNEXPECTED, Left
from store.accounts import ShopRow, WorkspaceScope
from store.exports import SHEET, Export
from store.ledger import Claim
from store.runs import OF_EXPORT, Run
from store.spreadsheets import Spreadsheet

if TYPE_CHECKING:
    from sheets_export.book import Book

KIND: Final = "export_settings"
LANE: Final = "export"

READ_EVERY_SECONDS: Final = 900.0
_FIELDS: Final = (
    "sheets.properties.sheetId,sheets.properties.title,sheets.data.rowData.values.formattedValue"
)
#: All rows: one that was pushed far down is no row that was deleted.
_AREA: Final = f"'{SETTINGS_TAB}'!A:BZ"
_ALL_SHOPS: Final = "All shops"
_CLIENT: Final = "Client "
#: The scope is what a member allowed the tab, so nobody's key is to blame.
_NOT_ALLOWED: Final = (
    "A member has not allowed this tab to ask for these shops. Choose others, or have it allowed."
)
_log = structlog.get_logger(__name__)
_LOOK_AGAIN: Final = "Please look at this again: {why}"
_SAME_TAB: Final = "Another row writes to this tab. Write another name into Tab."


class SettingsReading:
    """`book_of` opens a spreadsheet with the credentials it is written with."""

    def __init__(self, exporting: Exporting, book_of: Callable[[Spreadsheet], Book]) -> None:
        self._exporting = exporting
        self._spreadsheets = exporting.spreadsheets
        self._clock = exporting.clock
        self._book_of = book_of

    def enqueue_due(self) -> list[Run]:
        """Ask for the readings that are due; harmless to repeat."""
        asked = []
        for sheet in self._spreadsheets.settings_due():
            run = self._exporting.ledger.enqueue(
                sheet.workspace_id,
                f"{OF_EXPORT}{sheet.spreadsheet_id}",
                LANE,
                KIND,
                slot=f"at:{int(sheet.settings_at or 0)}",
                parameters={"spreadsheet": sheet.spreadsheet_id},
                trigger="schedule",
            )
            asked.append(run)
            later = self._clock.now() + READ_EVERY_SECONDS
            self._spreadsheets.settings_were_read(sheet, later, sheet.settings_problem)
        return asked

    def work(self, claim: Claim, _stop: Callable[[], bool]) -> Left:
        spreadsheet_id = claim.run.shop_id.removeprefix(OF_EXPORT)
        try:
            sheet = self._spreadsheets.one(claim.run.workspace_id, spreadsheet_id)
        except BadRequest:
            return Left("done", "The spreadsheet is not used any more.")
        self._exporting.exports.forget_old_runs(sheet.workspace_id, claim.run.shop_id)
        later = self._clock.now() + READ_EVERY_SECONDS
        try:
            left = self._read(sheet)
        except Retryable as error:
            return Left("done", f"{error.message} It is read again later.")
        except ConnectorError as error:
            self._spreadsheets.settings_were_read(sheet, later, error.message)
            return Left("failed", error.message)
        except Exception:
            self._spreadsheets.settings_were_read(sheet, later, UNEXPECTED)
            raise
        self._spreadsheets.settings_were_read(sheet, later, left)
        return Left("failed" if left else "done", left)

    def _read(self, sheet: Spreadsheet) -> str:
        """What is wrong with the tab as a whole, "" for nothing."""
        from sheets_export.book import Rejected  # noqa: PLC0415 - with Google's libraries

        book, scope = self._book_of(sheet), self._scope(sheet)
        try:
            state = book.read(_FIELDS, [_AREA])
        except Rejected:
            # There is no tab of this name: it is made, and read the next time.
            book.write(making(sheet.spreadsheet_id, list(shop_choices(scope.shops()))))
            return ""
        tab_id, cells = _tab_and_cells(state)
        found = read_tab(cells)
        if found.problem:
            return found.problem
        statuses = self._applied(sheet, scope, found.rows)
        stand = {row.number: row.status for row in found.rows}
        changed = {number: text for number, text in statuses.items() if text != stand[number]}
        if changed:
            book.write(_told(tab_id, found, changed, list(shop_choices(scope.shops()))))
        return ""

    def _scope(self, sheet: Spreadsheet) -> WorkspaceScope:
        return self._exporting.accounts.workspace(sheet.workspace_id).only(sheet.limit)

    def _applied(
        self, sheet: Spreadsheet, scope: WorkspaceScope, rows: Sequence[SettingsRow]
    ) -> dict[int, str]:
        """Make, change and remove exports as the rows say; the status of each row by its number."""
        exports = self._exporting.exports.of_spreadsheet(sheet.workspace_id, sheet.spreadsheet_id)
        known = {one.id: one for one in exports if one.origin == SHEET}
        wanted = [export_id_of(sheet.spreadsheet_id, row.tab) for row in rows]
        for export_id in set(known) - set(wanted):
            self._exporting.exports.remove(sheet.workspace_id, export_id)
        statuses: dict[int, str] = {}
        seen: set[str] = set()
        for row, export_id in zip(rows, wanted, strict=True):
            statuses[row.number] = (
                _LOOK_AGAIN.format(why=_SAME_TAB)
                if export_id in seen
                else self._status(sheet, scope, row, known.get(export_id), export_id)
            )
            seen.add(export_id)
        return statuses

    def _status(
        self,
        sheet: Spreadsheet,
        scope: WorkspaceScope,
        row: SettingsRow,
        known: Export | None,
        export_id: str,
    ) -> str:
        """What a row's status is once its export is as it says."""
        try:
            export = self._apply(sheet, scope, row, known, export_id)
            return status_of(export, export.definition.get("zone", "UTC"))
        except ConnectorError as error:
            return _LOOK_AGAIN.format(why=error.message)
        except Exception:  # noqa: BLE001 - the other rows go on, whatever this one holds
            _log.exception("settings_row_failed", export=export_id, row=row.number)
            return UNEXPECTED

    def _apply(
        self,
        sheet: Spreadsheet,
        scope: WorkspaceScope,
        row: SettingsRow,
        known: Export | None,
        export_id: str,
    ) -> Export:
        exporting = self._exporting
        texts = {**row.texts, **asked_shops(row.texts.get("shops", ""), scope.shops())}
        texts["spreadsheet"] = sheet.spreadsheet_id
        wish = exporting.wish(sheet.workspace_id, texts, SHEET)
        try:
            exporting.asking.choose_shops(scope, read_definition(wish.definition).options)
        except BadRequest as refused:
            if scope.is_limited and refused.code == "unknown_shop":
                raise BadRequest(_NOT_ALLOWED, code=refused.code) from refused
            raise
        is_off = row.texts.get("on", "").lower() in NO - {""}
        if known is None:
            known = exporting.create(
                sheet.workspace_id,
                texts,
                grant_id=sheet.grant_id,
                origin=SHEET,
                export_id=export_id,
            )
            if not is_off:
                exporting.refresh(known)
        elif (known.name, known.definition) != (wish.name, wish.definition):
            known = exporting.change(known, texts)
            if not is_off:
                exporting.refresh(known)
        if is_off != known.is_paused:
            (exporting.pause if is_off else exporting.go_on)(known)
        return exporting.exports.one(sheet.workspace_id, export_id)


def _tab_and_cells(state: Mapping[str, Any]) -> tuple[int, list[list[str]]]:
    """The tab's id and its cells as people see them, of `spreadsheets.get` for its area."""
    (tab,) = state["sheets"]
    (area,) = tab.get("data") or [{}]
    cells = [
        [str(cell.get("formattedValue", "")) for cell in row.get("values", ())]
        for row in area.get("rowData", ())
    ]
    return int(tab["properties"].get("sheetId", 0)), cells


def _told(
    tab_id: int, found: SettingsTab, statuses: Mapping[int, str], shops: Sequence[str]
) -> list[dict[str, Any]]:
    requests = telling(tab_id, found.columns["status"], statuses)
    if "shops" in found.columns:
        requests.append(offering(tab_id, found.columns["shops"], shops))
    return requests


def export_id_of(spreadsheet_id: str, tab: str) -> str:
    """The same whenever the row is there: who deletes a row and writes it again goes on with the
    same block in the spreadsheet."""
    digest = hashlib.sha256(f"{spreadsheet_id} {tab.casefold()}".encode())
    return digest.hexdigest()[:12]


def shop_choices(shops: Sequence[ShopRow]) -> dict[str, tuple[str, str]]:
    """What the drop-down of Shops offers -> `shops` and `client` of a definition."""
    own = [shop for shop in shops if not shop.is_sample]
    found = {_ALL_SHOPS: (ALL, "")} if own else {}
    clients = sorted({shop.client for shop in own if shop.client}, key=str.lower)
    found |= {f"{_CLIENT}{client}": (ALL, client) for client in clients}
    for shop in shops:
        twice = sum(other.name == shop.name for other in shops) > 1
        label = f"{shop.name} ({shop.shop_id})" if twice else shop.name
        found[label] = (shop.shop_id, "")
    return found


def asked_shops(text: str, shops: Sequence[ShopRow]) -> dict[str, str]:
    """`shops` and `client` of what the cell says; ids with commas between are taken as they are."""
    choices = {label.lower(): asked for label, asked in shop_choices(shops).items()}
    chosen, client = choices.get(text.strip().lower(), (text.strip(), ""))
    return {"shops": chosen, "client": client}
