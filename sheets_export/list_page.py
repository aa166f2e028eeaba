"""The page /sheets: the spreadsheets of a workspace, what is exported to each, and who writes."""

from __future__ import annotations

from typing import Any

from flask import g, render_template

from sheets_export.form_routes import subjects_of
from sheets_export.joined import SheetsExport
from sheets_export.presets import PRESETS
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
        shows=[("", "All shops"), *((one.key, one.label) for one in about[1:])],
        made_key=made_key,
        **may(),
    )


def may() -> dict[str, Any]:
    """What the member who asks may do, for templates."""
    return {
        "may_edit": g.principal.may(EDITOR, whole=True),
        "may_make_keys": g.principal.may(OWNER, whole=True),
    }
