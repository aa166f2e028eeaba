"""What concerns a spreadsheet or an account as a whole: the tab _settings, the key of the menu in
the spreadsheet, and people's own Google accounts."""

from __future__ import annotations

import re
from typing import Final

from flask import Blueprint, flash, g, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from connector.request import ALL
from connector.subjects import client_of
from errors import BadRequest
from sheets_export.drive_sign_in import DriveSignIn
from sheets_export.form import place_of
from sheets_export.joined import SheetsExport
from sheets_export.list_page import list_page
from store.accounts import Limit
from store.roles import EDITOR, OWNER, needs, opens_to
from store.spreadsheets import Spreadsheet

#: Of Drive, and what they let somebody do.
ROLES: Final = {"reader": "look at", "writer": "edit"}
_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")


def add_books(routes: Blueprint, sheets: SheetsExport) -> None:
    """The addresses below /sheets/books, and /sheets/refresh, which a key opens."""
    exporting = sheets.exporting

    @routes.post("/books/<spreadsheet_id>/settings")
    @needs(EDITOR, whole=True)
    def settings(spreadsheet_id: str) -> Response:
        workspace_id = g.principal.workspace_id
        reads = request.form.get("reads") == "yes"
        limit = limit_of(request.form.get("shows", "")) if reads else None
        exporting.spreadsheets.read_settings(workspace_id, spreadsheet_id, reads=reads, limit=limit)
        said = (
            "The tab _settings is being made in the spreadsheet."
            if reads
            else "The tab _settings is not read any more; its exports go on as they are."
        )
        flash(said, "ok")
        return redirect(url_for(".page"), code=303)

    @routes.post("/books/<spreadsheet_id>/share")
    @needs(EDITOR, whole=True)
    def share(spreadsheet_id: str) -> Response:
        workspace_id = g.principal.workspace_id
        book = exporting.spreadsheets.one(workspace_id, spreadsheet_id)
        if not book.grant_id:
            # Whoever shared it with the service account did not mean us to hand it on.
            raise BadRequest("This spreadsheet is somebody else's: share it in Google Sheets.")
        address, role = request.form.get("email", "").strip(), request.form.get("role", "")
        if not _ADDRESS.fullmatch(address) or role not in ROLES:
            raise BadRequest("Give the e-mail address of one person, and what they may do.")
        if address.lower() == sheets.google.address_of(workspace_id, book.grant_id).lower():
            raise BadRequest(f"{address} owns the spreadsheet.")
        sheets.google.drive(workspace_id, book.grant_id).share(spreadsheet_id, address, role)
        flash(f"{address} may {ROLES[role]} the spreadsheet now.", "ok")
        return redirect(url_for(".page"), code=303)

    @routes.post("/books/<spreadsheet_id>/key")
    @needs(OWNER, whole=True)
    def make_key(spreadsheet_id: str) -> str:
        book = exporting.spreadsheets.one(g.principal.workspace_id, spreadsheet_id)
        return list_page(sheets, f"{sheets.settings.base_url}#{new_refresh_key(book)}")

    def new_refresh_key(book: Spreadsheet) -> str:
        """In the place of the one before: a key that was pasted somewhere else ends."""
        scope = sheets.accounts.scope_of(g.principal)
        held = scope.keys()
        for key in held:
            if key.target == book.spreadsheet_id and key.revoked_at is None:
                scope.revoke_key(key.id)
        name = f"Menu in {book.title or book.spreadsheet_id}"[:100]
        target = book.spreadsheet_id
        return scope.create_key(name, "refresh", target=target, numbered=True)[1]

    @routes.post("/refresh")
    @opens_to("refresh")
    def refresh_by_key() -> Response:
        """Has everything in the key's spreadsheet refreshed; answers 202 with how much that is."""
        if not g.principal.target:
            raise BadRequest("Only a key that was made for a spreadsheet can be used here.")
        runs = exporting.refresh_spreadsheet(g.principal.workspace_id, g.principal.target)
        answer = jsonify({"refreshing": len(runs)})
        answer.status_code = 202
        return answer


def add_google(routes: Blueprint, sheets: SheetsExport) -> None:
    """The addresses below /sheets/google."""
    exporting = sheets.exporting

    @routes.get("/google/start")
    @needs(EDITOR, whole=True)
    def google_start() -> Response:
        return redirect(_set_up(sheets).start(g.principal.workspace_id, g.browser), code=303)

    @routes.get("/google/callback")
    @needs(EDITOR, whole=True)
    def google_callback() -> Response:
        workspace_id = g.principal.workspace_id
        email, token = _set_up(sheets).finish(workspace_id, g.browser, request.args)
        grant = exporting.spreadsheets.save_grant(workspace_id, email, token)
        flash(f"{email} is signed in. New spreadsheets can be made in that Drive.", "ok")
        return redirect(url_for(".new", where=place_of(grant)), code=303)

    @routes.post("/google/<grant_id>/forget")
    @needs(EDITOR, whole=True)
    def forget_google(grant_id: str) -> Response:
        exporting.spreadsheets.end_grant(g.principal.workspace_id, grant_id)
        flash("The sign-in is forgotten. Its exports fail until somebody signs in again.", "ok")
        return redirect(url_for(".page"), code=303)


def limit_of(key: str) -> Limit:
    """What the tab _settings may show, by the key of a subject; `all` for everything. BadRequest
    where nothing is named: everything is too much to be meant by that."""
    if not key:
        raise BadRequest("Choose which shops the tab _settings may show.")
    client = client_of(key)
    if client:
        return Limit(clients=(client,))
    return Limit(shop_ids=(key,)) if key != ALL else Limit()


def _set_up(sheets: SheetsExport) -> DriveSignIn:
    if sheets.drive_sign_in is None:
        raise BadRequest("Signing in with Google is not set up here.", code="not_found")
    return sheets.drive_sign_in
