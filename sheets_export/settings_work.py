"""Reading the tab `_settings`: its rows become exports, and each row is told how it stands.

One read and, when a status has changed, one write. A row that cannot be understood says why in its
own cell, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog

from connector.request import NO
from errors import BadRequest, ConnectorError, Retryable
from sheets_export.definition import read_definition
from sheets_export.exporting import SETTINGS_TAB, Exporting
from sheets_export.settings_owners import crossed, owners
from sheets_export.settings_shops import asked_shops, shop_choices, shops_cell
from sheets_export.settings_tab import (
    SettingsRow,
    SettingsTab,
    making,
    offering,
    read_tab,
    row_of,
    sheet_id_of,
    status_of,
    telling,
)
from sheets_export.work import UNEXPECTED, Left, end_refused, not_allowed
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
_TITLES: Final = "sheets.properties.sheetId,sheets.properties.title"
_FIELDS: Final = f"{_TITLES},sheets.data.rowData.values.formattedValue"
#: All rows: one that was pushed far down is no row that was deleted.
_AREA: Final = "'{title}'!A:BZ"
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
        began_at = self._clock.now()
        later = began_at + READ_EVERY_SECONDS
        try:
            left = self._read(sheet)
        except Retryable as error:
            return Left("done", f"{error.message} It is read again later.")
        except ConnectorError as error:
            end_refused(self._spreadsheets, sheet, error, began_at)
            self._spreadsheets.settings_were_read(sheet, later, error.message)
            return Left("failed", error.message)
        except Exception:
            self._spreadsheets.settings_were_read(sheet, later, UNEXPECTED)
            raise
        self._spreadsheets.settings_were_read(sheet, later, left)
        return Left("failed" if left else "done", left)

    def _read(self, sheet: Spreadsheet) -> str:
        """What is wrong with the tab as a whole, "" for nothing."""
        book, scope = self._book_of(sheet), self._scope(sheet)
        state = self._looked_at(book, sheet, scope)
        if state is None:
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

    def _looked_at(
        self, book: Book, sheet: Spreadsheet, scope: WorkspaceScope
    ) -> Mapping[str, Any] | None:
        """The tab with its cells, whatever it is called now. None where it was not there and is
        made: with a row for each export that it made before, for whoever deleted the tab need not
        have meant to end them."""
        from sheets_export.book import Rejected  # noqa: PLC0415 - with Google's libraries

        try:
            return book.read(_FIELDS, [_AREA.format(title=SETTINGS_TAB)])
        except Rejected:
            tabs = [one["properties"] for one in book.read(_TITLES)["sheets"]]
        sheet_id = sheet_id_of(sheet.spreadsheet_id)
        for tab in tabs:
            if tab.get("sheetId", 0) == sheet_id:
                title = tab["title"].replace("'", "''")
                return book.read(_FIELDS, [_AREA.format(title=title)])
        shops = scope.shops()
        rows = [
            row_of(one, shops_cell(one.definition, shops)) for one in self._made(sheet).values()
        ]
        book.write(making(sheet.spreadsheet_id, list(shop_choices(shops)), rows))
        return None

    def _made(self, sheet: Spreadsheet) -> dict[str, Export]:
        """The exports that rows have made, by id."""
        exports = self._exporting.exports.of_spreadsheet(sheet.workspace_id, sheet.spreadsheet_id)
        return {one.id: one for one in exports if one.origin == SHEET}

    def _scope(self, sheet: Spreadsheet) -> WorkspaceScope:
        return self._exporting.accounts.workspace(sheet.workspace_id).only(sheet.limit)

    def _applied(
        self, sheet: Spreadsheet, scope: WorkspaceScope, rows: Sequence[SettingsRow]
    ) -> dict[int, str]:
        """Make, change and remove exports as the rows say; the status of each row by its number."""
        known, shops = self._made(sheet), scope.shops()
        asked = [_texts(row, shops) for row in rows]
        wanted = owners(sheet.spreadsheet_id, asked, known)
        for export_id in set(known) - set(wanted):
            self._exporting.remove(known[export_id])
        names = {one: texts["name"] for one, texts in zip(wanted, asked, strict=True) if one}
        for pair in crossed({one: known[one].name for one in names if one in known}, names):
            self._exporting.exports.swap_names(sheet.workspace_id, *pair)
        return {
            row.number: self._status(sheet, scope, row, known.get(export_id), export_id)
            if export_id
            else _LOOK_AGAIN.format(why=_SAME_TAB)
            for row, export_id in zip(rows, wanted, strict=True)
        }

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
        texts = {**_texts(row, scope.shops()), "spreadsheet": sheet.spreadsheet_id}
        if known is not None and not texts.get("zone"):
            # The usual one is that of the first shop, and may have become another.
            texts["zone"] = known.definition.get("zone", "")
        wish = exporting.wish(sheet.workspace_id, texts, SHEET)
        try:
            exporting.asking.choose_shops(scope, read_definition(wish.definition).options)
        except BadRequest as refused:
            raise not_allowed(refused, scope) from None
        is_off = row.texts.get("on", "").lower() in NO - {""}
        if known is None:
            known = exporting.create(
                sheet.workspace_id,
                texts,
                grant_id=sheet.grant_id,
                origin=SHEET,
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


def _texts(row: SettingsRow, shops: Sequence[ShopRow]) -> dict[str, str]:
    """A row's texts, with `shops` and `client` for what its cell Shops says."""
    return {**row.texts, **asked_shops(row.texts.get("shops", ""), shops)}


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
