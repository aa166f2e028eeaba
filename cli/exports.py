"""Exports to Google Sheets: listed, made, refreshed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import click

from cli.command import ToldGroup, json_option, print_rows, workspace_option
from cli.installation import Installation, opened
from cli.waiting import wait_for
from errors import BadRequest
from sheets_export.definition import DEFAULTS
from store.exports import Export

#: What `create` takes besides, as options of their own.
_TEXTS = tuple(name for name in DEFAULTS if name not in ("preset", "shops", "fields"))


def exports_commands(here: Installation) -> Iterable[click.Command]:
    group = ToldGroup("export", help="Exports to Google Sheets.")

    @group.command("list")
    @workspace_option
    @json_option
    def show(workspace: str, as_json: bool) -> None:
        """List the exports of a workspace."""
        opened(here, workspace)
        rows = [_shown(one) for one in here.sheets.exporting.exports.of_workspace(workspace)]
        columns = ("id", "name", "tab", "state", "rows", "succeeded_at", "message")
        print_rows(rows, as_json, columns)

    @group.command("create")
    @click.argument("name")
    @workspace_option
    @click.option("--spreadsheet", required=True, help="Its address, or its id.")
    @click.option("--tab", default="", help="The tab to write to; the name when missing.")
    @click.option("--preset", default="", help="Such as daily_sales; other options change it.")
    @click.option("--shops", required=True, help="Ids with commas between, all, or sample.")
    @click.option("--fields", default="", help="Ids with commas between.")
    @click.option("--google-account", default="", help="Whose sign-in writes it, by its address.")
    @click.option(
        "--set",
        "given",
        multiple=True,
        metavar="NAME=VALUE",
        help=f"Anything else: {', '.join(_TEXTS)}.",
    )
    def create(
        name: str, workspace: str, google_account: str, given: tuple[str, ...], **texts: str
    ) -> None:
        """Make an export and print its id; `export run` writes it."""
        opened(here, workspace)
        exporting = here.sheets.exporting
        grants = exporting.spreadsheets.grants(workspace)
        ids = [grant.id for grant in grants if grant.email == google_account.lower()]
        if google_account and not ids:
            raise BadRequest(f"{google_account} has not signed in with Google in this workspace.")
        wanted = {**texts, **_set(given), "name": name}
        if not ids:
            wish = exporting.wish(workspace, wanted)
            here.sheets.google.refuse_unwritable(workspace, wish.spreadsheet_id)
        made = exporting.create(workspace, wanted, grant_id=ids[0] if ids else "")
        click.echo(made.id)

    @group.command("run")
    @click.argument("name")
    @workspace_option
    @click.option("--no-wait", is_flag=True, help="Only ask for it; a worker writes it.")
    def run(name: str, workspace: str, no_wait: bool) -> None:
        """Refresh an export now."""
        opened(here, workspace)
        exporting = here.sheets.exporting
        asked = exporting.refresh(exporting.exports.named(workspace, name))
        if no_wait:
            click.echo(asked.id)
        else:
            wait_for(here, [asked])

    @group.command("remove")
    @click.argument("name")
    @workspace_option
    def remove(name: str, workspace: str) -> None:
        """Forget an export; what it wrote stays in the spreadsheet."""
        exporting = here.sheets.exporting
        export = exporting.exports.named(workspace, name)
        exporting.refuse_of_row(export)
        exporting.remove(export)
        click.echo(f"{name} is removed.")

    return (group,)


def _set(given: tuple[str, ...]) -> dict[str, str]:
    texts = {}
    for one in given:
        name, mark, value = one.partition("=")
        if not mark or name not in _TEXTS:
            click.echo(
                f"--set takes NAME=VALUE, and NAME is one of: {', '.join(_TEXTS)}.", err=True
            )
            sys.exit(2)
        texts[name] = value
    return texts


def _shown(export: Export) -> dict[str, Any]:
    return {
        "id": export.id,
        "name": export.name,
        "spreadsheet": export.spreadsheet_id,
        "tab": export.tab,
        "state": "off" if export.is_paused else export.state,
        "rows": export.rows,
        "message": export.message,
        "succeeded_at": export.succeeded_at,
        "next_at": export.next_at,
        "definition": dict(export.definition),
    }
