"""The pages below /sheets: what is exported, and an export and how it goes.

A spreadsheet is seen by whoever it is shared with, so these pages are for members who see the whole
workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from errors import BadRequest
from sheets_export.book_routes import add_books, add_google
from sheets_export.definition import read_definition
from sheets_export.exporting import link_of
from sheets_export.form_routes import add_form, stoppable_export
from sheets_export.in_words import definition_in_words, export_state, refresh_state
from sheets_export.joined import SheetsExport
from sheets_export.list_page import list_page, may
from store.exports import Export
from store.roles import EDITOR, VIEWER, needs

_OPEN: Final = ("pending", "running", "waiting")
_BUSY: Final[Mapping[str, str]] = {
    "pending": "A refresh waits for its turn.",
    "running": "It is being refreshed.",
    "waiting": "The refresh is tried again soon.",
}


def sheets_routes(sheets: SheetsExport) -> Blueprint:
    routes = Blueprint("sheets", __name__, template_folder="templates", url_prefix="/sheets")
    routes.add_app_template_filter(link_of, "spreadsheet_link")
    routes.add_app_template_filter(export_state)
    routes.add_app_template_filter(refresh_state)

    @routes.get("")
    @needs(VIEWER, whole=True)
    def page() -> str:
        return list_page(sheets)

    add_form(routes, sheets)
    add_books(routes, sheets)
    add_google(routes, sheets)
    _add_export(routes, sheets)
    return routes


def _add_export(routes: Blueprint, sheets: SheetsExport) -> None:
    exporting = sheets.exporting

    def to_export(export: Export) -> Response:
        return redirect(url_for(".one", export_id=export.id), code=303)

    @routes.get("/<export_id>")
    @needs(VIEWER, whole=True)
    def one(export_id: str) -> str:
        export = exporting.exports.one(g.principal.workspace_id, export_id)
        runs = exporting.runs(export)
        now = next((run for run in runs if run.state in _OPEN), None)
        words, schedule, zone, unreadable = _told(export)
        return render_template(
            "sheets/one.html",
            export=export,
            runs=runs,
            busy=now is not None,
            busy_words=(now.message or _BUSY[now.state]) if now else "",
            words=words,
            schedule=schedule,
            zone=zone,
            unreadable=unreadable,
            is_stopped_here=not exporting.is_of_row(export),
            **may(),
        )

    @routes.post("/<export_id>/refresh")
    @needs(EDITOR, whole=True)
    def refresh(export_id: str) -> Response:
        export = exporting.exports.one(g.principal.workspace_id, export_id)
        exporting.refresh(export)
        return to_export(export)

    @routes.post("/<export_id>/pause")
    @needs(EDITOR, whole=True)
    def pause(export_id: str) -> Response:
        export = stoppable_export(sheets, export_id)
        if request.form.get("on") == "yes":
            exporting.go_on(export)
            flash("It refreshes itself again.", "ok")
        else:
            exporting.pause(export)
            flash("It is left alone until somebody asks for it.", "ok")
        return to_export(export)

    @routes.post("/<export_id>/remove")
    @needs(EDITOR, whole=True)
    def remove(export_id: str) -> Response:
        export = stoppable_export(sheets, export_id)
        exporting.remove(export)
        flash(f"{export.name} is removed. What it wrote is still in the spreadsheet.", "ok")
        return redirect(url_for(".page"), code=303)


def _told(export: Export) -> tuple[list[tuple[str, str]], str, str, str]:
    """Its definition in words, its schedule, its zone, and why it cannot be read."""
    try:
        made = read_definition(export.definition)
    except BadRequest as error:
        return [], "", "UTC", error.message
    return definition_in_words(made), made.schedule.in_words(made.zone), made.zone, ""
