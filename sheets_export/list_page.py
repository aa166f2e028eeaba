"""The page /sheets: the spreadsheets of a workspace, what is exported to each, and who writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, render_template

from connector.request import ALL
from connector.subjects import Subject, key_of_client
from sheets_export.form_routes import subjects_of
from sheets_export.joined import SheetsExport
from sheets_export.presets import PRESETS
from store.accounts_rows import NO_LIMIT, Limit
from store.roles import EDITOR, OWNER


def list_page(sheets: SheetsExport, made_key: str = "") -> str:
    """`made_key`: what is shown this once of a key that was just made."""
    exporting, workspace_id = sheets.exporting, g.principal.workspace_id
    books = exporting.spreadsheets.of_workspace(workspace_id)
    exports = exporting.exports.of_workspace(workspace_id)
    grants = exporting.spreadsheets.grants(workspace_id)
    emails = {grant.id: grant.email for grant in grants}
    address, problem = sheets.service_address()
    about = subjects_of(sheets)
    return render_template(
        "sheets/list.html",
        books=[
            (book, [one for one in exports if one.spreadsheet_id == book.spreadsheet_id])
            for book in books
        ],
        addresses={
            book.spreadsheet_id: f"Written by {emails.get(book.grant_id) or address}"
            for book in books
        },
        grants=grants,
        address=address,
        problem=problem,
        with_google=sheets.drive_sign_in is not None,
        presets=PRESETS,
        shows={book.spreadsheet_id: shown_by(book.limit, about) for book in books},
        made_key=made_key,
        **may(),
    )


def shown_by(limit: Limit, about: Sequence[Subject]) -> list[tuple[str, str, bool]]:
    """What the tab _settings may show: (key, label, whether it is so now) of each choice. What it
    may show now is among them, also when nothing here is called so any more."""
    now = [*map(key_of_client, limit.clients or ()), *limit.shop_ids]
    known = {ALL: "All shops"} | {one.key: one.label for one in about if one.key != ALL}
    known |= {key: key for key in now if key not in known}
    chosen = ALL if limit == NO_LIMIT else next(iter(now), "")
    return [(key, label, key == chosen) for key, label in known.items()]


def may() -> dict[str, Any]:
    """What the member who asks may do, for templates."""
    return {
        "may_edit": g.principal.may(EDITOR, whole=True),
        "may_make_keys": g.principal.may(OWNER, whole=True),
    }
