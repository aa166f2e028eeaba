"""Exports as pages and commands deal with them: made, changed, tried out, asked for, removed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clock import Clock
from errors import BadRequest
from sheets_export.asking import Answered, Asking
from sheets_export.definition import Definition, Unfit, kept_texts, read_definition
from sheets_export.refreshing import enqueue_due, enqueue_refresh, next_refresh
from sheets_export.standing import enqueue_telling
from store.accounts import Accounts
from store.exports import HUB, Export, Exports, Wish
from store.ledger import Ledger
from store.runs import Run
from store.spreadsheets import Spreadsheets

#: A key has an export refreshed so often at most; the calls to Google are shared by all.
ASKED_AGAIN_AFTER_SECONDS: Final = 60.0
#: Rows of a preview.
PREVIEWED: Final = 20
LONGEST_NAME: Final = 80
#: A tab's name may be longer in Sheets; nobody reads it there.
LONGEST_TAB: Final = 80
#: The tab that definitions are read from.
SETTINGS_TAB: Final = "_settings"

OF_ROW: Final = "This export is changed in the tab _settings of its spreadsheet."

_LINK: Final = re.compile(r"/spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]{20,100})")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
_ROWS_STAY: Final = (
    "The rows that are there stay, so they keep their mode and the dimensions that they are known "
    "by: others would leave rows that nothing updates, or wipe some that should stay. Make a new "
    "export on another tab instead."
)
_MEANING_STAYS: Final = (
    "The rows that are there stay, so what they are about stays too: the shops, the filters, the "
    "currency, the date of orders, the time zone and the way of Seller Center. Else rows of "
    "earlier days would mean something else than the others. Make a new export on another tab "
    "instead."
)


@dataclass(frozen=True, slots=True)
class Exporting:
    accounts: Accounts
    exports: Exports
    spreadsheets: Spreadsheets
    ledger: Ledger
    clock: Clock
    asking: Asking

    def create(
        self,
        workspace_id: str,
        texts: Mapping[str, str],
        *,
        grant_id: str = "",
        origin: str = HUB,
    ) -> Export:
        """`texts`: those of a definition, and besides `name`, `tab` (the name, if missing) and
        `spreadsheet`, its address or id. Raises Unfit with everything that is wrong, BadRequest for
        a name or a tab that is taken, Refused for another workspace's spreadsheet."""
        wish = self.wish(workspace_id, texts, origin)
        self.refuse_unknown(workspace_id, wish)
        self.spreadsheets.add(workspace_id, wish.spreadsheet_id, grant_id=grant_id)
        try:
            export_id = export_id_of(wish.spreadsheet_id, wish.tab)
            return self.exports.create(workspace_id, wish, export_id)
        except BadRequest:
            self.spreadsheets.forget_unused(workspace_id, wish.spreadsheet_id)
            raise

    def change(self, export: Export, texts: Mapping[str, str]) -> Export:
        """The same for an export that is there; where it is written to stays, and so does what its
        rows are known by and are about, once they are there to stay."""
        where = {"spreadsheet": export.spreadsheet_id, "tab": export.tab}
        wish = self.wish(export.workspace_id, {**texts, **where}, export.origin)
        if export.written_at is not None:
            problems = _problems_of_change(export.definition, wish.definition)
            if problems:
                raise Unfit(problems)
        self.refuse_unknown(export.workspace_id, wish)
        return self.exports.change(export.workspace_id, export.id, wish)

    def wish(self, workspace_id: str, texts: Mapping[str, str], origin: str = HUB) -> Wish:
        """What somebody wants, checked; raises Unfit."""
        problems: dict[str, str] = {}
        name = texts.get("name", "").strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            problems["name"] = f"Give it a name of at most {LONGEST_NAME} characters on one line."
        tab = texts.get("tab", "").strip() or name
        if not problems and (problem := problem_of_tab(tab)):
            problems["tab"] = problem
        spreadsheet_id = spreadsheet_id_of(texts.get("spreadsheet", ""))
        if not spreadsheet_id:
            problems["spreadsheet"] = (
                "Copy the spreadsheet's address from the browser; it contains /spreadsheets/d/."
            )
        kept = kept_texts(texts)
        if "zone" not in kept:
            kept["zone"] = self._usual_zone(workspace_id)
        try:
            made = read_definition(kept)
        except Unfit as unfit:
            raise Unfit({**problems, **unfit.problems}) from None
        if problems:
            raise Unfit(problems)
        next_at = next_refresh(made, self.clock.now())
        return Wish(name, spreadsheet_id, tab, kept, next_at, origin)

    def refuse_unknown(self, workspace_id: str, wish: Wish) -> None:
        """Raises Unfit for shops that the workspace has not, or a client without shops."""
        asked = read_definition(wish.definition).options
        try:
            self.asking.choose_shops(self.accounts.workspace(workspace_id), asked)
        except BadRequest as refused:
            raise Unfit({"shops": refused.message}) from refused

    def _usual_zone(self, workspace_id: str) -> str:
        shops = self.accounts.workspace(workspace_id).shops()
        return next((shop.report_zone for shop in shops if shop.report_zone), "UTC")

    def pause(self, export: Export) -> None:
        self.exports.pause(export.workspace_id, export.id)
        self._told(export)

    def go_on(self, export: Export) -> None:
        next_at = next_refresh(read_definition(export.definition), self.clock.now())
        self.exports.go_on(export.workspace_id, export.id, next_at)
        self._told(export)

    def _told(self, export: Export) -> None:
        """Have a worker tell in the spreadsheet how the export stands now."""
        try:
            sheet = self.spreadsheets.one(export.workspace_id, export.spreadsheet_id)
        except BadRequest:
            return  # nothing can be told in a spreadsheet that nobody knows any more
        enqueue_telling(self.ledger, self.clock, export, sheet.grant_id)

    def is_of_row(self, export: Export) -> bool:
        """Whether a row of a tab _settings that is read says what becomes of it."""
        if export.origin == HUB:
            return False
        return self.spreadsheets.one(export.workspace_id, export.spreadsheet_id).reads_settings

    def refuse_of_row(self, export: Export) -> None:
        """BadRequest when `is_of_row`: whatever were done with it, the row would undo it."""
        if self.is_of_row(export):
            raise BadRequest(OF_ROW)

    def remove(self, export: Export) -> None:
        """What it wrote stays in the spreadsheet."""
        self.exports.remove(export.workspace_id, export.id)
        self._told(export)
        self.spreadsheets.forget_unused(export.workspace_id)

    def refresh(self, export: Export, *, rests_seconds: float = 0.0) -> Run:
        return enqueue_refresh(self.ledger, self.clock, export, rests_seconds=rests_seconds)

    def refresh_spreadsheet(self, workspace_id: str, spreadsheet_id: str) -> list[Run]:
        """Every export of a spreadsheet that is not paused, and its tab _settings, if it is read;
        each once a minute at most, for whoever edits the spreadsheet can ask. BadRequest
        `not_found` when the workspace has no such spreadsheet."""
        sheet = self.spreadsheets.one(workspace_id, spreadsheet_id)
        soon = self.clock.now() + ASKED_AGAIN_AFTER_SECONDS
        if sheet.reads_settings and (sheet.settings_at or soon) >= soon:
            self.spreadsheets.settings_were_read(sheet, self.clock.now(), sheet.settings_problem)
        exports = self.exports.of_spreadsheet(workspace_id, spreadsheet_id)
        return [
            self.refresh(export, rests_seconds=ASKED_AGAIN_AFTER_SECONDS)
            for export in exports
            if not export.is_paused
        ]

    def enqueue_due(self) -> list[Run]:
        return enqueue_due(self.exports, self.ledger, self.clock)

    def preview(self, workspace_id: str, texts: Mapping[str, str]) -> Answered:
        """The first rows of what somebody wants. Raises Unfit and what the answers raise."""
        kept = kept_texts(texts)
        if "zone" not in kept:
            kept["zone"] = self._usual_zone(workspace_id)
        return self.asking.answered(
            self.accounts.workspace(workspace_id),
            read_definition(kept),
            self.clock.now(),
            patience="none",
            most_rows=PREVIEWED,
        )

    def runs(self, export: Export, limit: int = 10) -> list[Run]:
        """The newest first."""
        return self.ledger.runs(export.workspace_id, export.subject, limit)


def _problems_of_change(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """What of a change the rows that are there forbid, by the name of the text: those that stay
    must be rows of the new definition too."""
    try:
        old = read_definition(before)
    except Unfit:
        return {}  # of another release; nobody knows what it meant
    new = read_definition(after)
    if old.mode == new.mode == "replace":
        return {}
    problems = {}
    is_other_mode = old.mode not in ("replace", new.mode)
    if is_other_mode or (new.mode == "upsert" and new.keys != old.keys):
        problems["mode"] = _ROWS_STAY
    if new.mode != "replace" and _meaning(old) != _meaning(new):
        other = [name for name, text in _meaning(new).items() if text != _meaning(old)[name]]
        problems[other[0]] = _MEANING_STAYS
    return problems


def _meaning(made: Definition) -> dict[str, object]:
    """What the numbers of a row are about, by the name of the text that says it."""
    return {
        "shops": (set(made.shops.replace(" ", "").split(",")), made.client),
        "filters": set(made.filters),
        "currency": made.currency.upper(),
        "order_date": made.order_date,
        "zone": made.zone,
        "seller_center": made.seller_center,
    }


def export_id_of(spreadsheet_id: str, tab: str) -> str:
    """That of the export which writes a tab. Always the same one, so that an export which was
    removed and is made again goes on with the block that it left."""
    digest = hashlib.sha256(f"{spreadsheet_id} {tab.casefold()}".encode())
    return digest.hexdigest()[:12]


def spreadsheet_id_of(text: str) -> str:
    """From the address in a browser, or the id itself; "" for anything else."""
    said = text.strip()
    match = _LINK.search(said)
    if match:
        return match[1]
    return said if _ID.fullmatch(said) else ""


def problem_of_tab(tab: str) -> str:
    """Why a tab cannot be called so, in a sentence; "" when it can."""
    if len(tab) > LONGEST_TAB or not tab.isprintable():
        return f"Give the tab a name of at most {LONGEST_TAB} characters on one line."
    if tab.casefold() == SETTINGS_TAB:
        return f"{SETTINGS_TAB} is the tab that exports are defined in. Choose another one."
    return ""


def link_of(spreadsheet_id: str) -> str:
    return f"https://docs.google.com/spreadsheets/d/{spreadsheet_id}/edit"
