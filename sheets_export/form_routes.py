"""Making and changing an export: one form, with a preview of its first rows."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from connector.subjects import Subject, subjects
from errors import BadRequest, ConnectorError
from sheets_export.definition import Unfit, with_defaults
from sheets_export.exporting import OF_ROW
from sheets_export.form import (
    CHOICES,
    UNUSABLE,
    Entered,
    by_field,
    entered_of,
    first_shown,
    new_for,
    places,
    typed,
)
from sheets_export.joined import SheetsExport
from sheets_export.presets import PRESETS
from sheets_export.shown import Preview, preview_of
from store.exports import HUB, Export
from store.roles import EDITOR, needs


def add_form(routes: Blueprint, sheets: SheetsExport) -> None:
    """The addresses /sheets/new and /sheets/ID/edit."""
    exporting = sheets.exporting

    def form(entered: Entered, export: Export | None = None, preview: Preview | None = None) -> str:
        workspace_id = g.principal.workspace_id
        books = exporting.spreadsheets.of_workspace(workspace_id)
        grants = exporting.spreadsheets.grants(workspace_id)
        return render_template(
            "sheets/form.html",
            title=f"Change {export.name}" if export else "New export",
            entered=entered,
            export=export,
            where=places(books, grants),
            about=_offered(subjects_of(sheets), entered),
            choices=CHOICES,
            presets=PRESETS,
            address=sheets.service_address()[0],
            preview=preview,
        )

    def previewed(texts: Mapping[str, str]) -> Preview:
        answered = exporting.preview(g.principal.workspace_id, texts)
        return preview_of(answered, with_defaults(texts)["zone"])

    @routes.get("/new")
    @needs(EDITOR, whole=True)
    def new() -> str:
        given = request.args
        return form(
            first_shown(given.get("preset", ""), given.get("where", ""), subjects_of(sheets))
        )

    @routes.post("/new")
    @needs(EDITOR, whole=True)
    def create() -> Response | tuple[str, int] | str:
        texts = typed(request.form)
        try:
            if request.form.get("step") == "preview":
                return form(Entered(texts), preview=previewed(texts))
            export = made(texts)
        except Unfit as unfit:
            return form(Entered(texts, by_field(unfit.problems))), UNUSABLE
        except ConnectorError as error:
            return form(Entered(texts, {"name": error.message})), UNUSABLE
        exporting.refresh(export)
        flash("The export is made and being written.", "ok")
        return redirect(url_for(".one", export_id=export.id), code=303)

    def made(texts: Mapping[str, str]) -> Export:
        """Also the spreadsheet, where a new one is wanted: last, so that a mistake in the form
        leaves none behind."""
        workspace_id, grant_id = g.principal.workspace_id, new_for(texts)
        if not grant_id:
            wish = exporting.wish(workspace_id, texts)
            try:
                sheets.google.refuse_unwritable(workspace_id, wish.spreadsheet_id)
            except ConnectorError as error:
                raise Unfit({"spreadsheet": error.message}) from error
            return exporting.create(workspace_id, texts)
        # Any id will do to find out whether the rest can be had.
        wish = exporting.wish(workspace_id, {**texts, "spreadsheet": "x" * 44})
        exporting.refuse_unknown(workspace_id, wish)
        exporting.exports.refuse_taken(workspace_id, wish.name)
        file = sheets.google.drive(workspace_id, grant_id).create(texts["name"])
        where = {"spreadsheet": file.file_id}
        exporting.spreadsheets.add(workspace_id, file.file_id, title=file.title, grant_id=grant_id)
        return exporting.create(workspace_id, {**texts, **where}, grant_id=grant_id)

    @routes.get("/<export_id>/edit")
    @needs(EDITOR, whole=True)
    def edit(export_id: str) -> str:
        export = own_export(sheets, export_id)
        return form(entered_of(export), export)

    @routes.post("/<export_id>/edit")
    @needs(EDITOR, whole=True)
    def change(export_id: str) -> Response | tuple[str, int] | str:
        export, texts = own_export(sheets, export_id), typed(request.form)
        try:
            if request.form.get("step") == "preview":
                return form(Entered(texts), export, previewed(texts))
            export = exporting.change(export, texts)
        except Unfit as unfit:
            return form(Entered(texts, by_field(unfit.problems)), export), UNUSABLE
        except ConnectorError as error:
            return form(Entered(texts, {"name": error.message}), export), UNUSABLE
        exporting.refresh(export)
        flash("Saved. It is being written.", "ok")
        return redirect(url_for(".one", export_id=export.id), code=303)


def subjects_of(sheets: SheetsExport) -> list[Subject]:
    """What an export can be about, the usual one first."""
    shops = sheets.accounts.scope_of(g.principal).shops()
    return subjects(shops, sheets.exporting.asking.currencies)


def own_export(sheets: SheetsExport, export_id: str) -> Export:
    """One that is changed here. BadRequest for one of the tab _settings."""
    export = sheets.exporting.exports.one(g.principal.workspace_id, export_id)
    if export.origin != HUB:
        raise BadRequest(OF_ROW)
    return export


def stoppable_export(sheets: SheetsExport, export_id: str) -> Export:
    """One that is left alone or removed here: also one that a tab _settings made which is not read
    any more, for then no row of it can say so. BadRequest for one of a tab that is read."""
    export = sheets.exporting.exports.one(g.principal.workspace_id, export_id)
    sheets.exporting.refuse_of_row(export)
    return export


def _offered(about: list[Subject], entered: Entered) -> list[tuple[str, str]]:
    """The list of shops, with a choice of several ids that was made elsewhere."""
    found = [(one.key, one.label) for one in about]
    chosen = entered.value("about")
    if chosen and chosen not in dict(found):
        found.append((chosen, chosen))
    return found
