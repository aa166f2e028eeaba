"""What every command shares: how a mistake is told, the common options, how rows are printed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
import orjson
from flask.cli import AppGroup

from errors import ConnectorError
from store.accounts_rows import DEFAULT_WORKSPACE
from store.shop_file import DAMAGED, is_damaged


class ToldCommand(click.Command):
    """A command whose expected errors are one sentence and exit status 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConnectorError as error:
            click.echo(error.message, err=True)
            ctx.exit(2)
        except sqlite3.DatabaseError as error:
            if not is_damaged(error):
                raise
            click.echo(DAMAGED, err=True)
            ctx.exit(2)


class ToldGroup(AppGroup):
    command_class = ToldCommand


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    return click.command(name, cls=ToldCommand)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON line a row.")
workspace_option = click.option(
    "--workspace", default=DEFAULT_WORKSPACE, show_default=True, help="Id of the workspace."
)


def print_rows(
    rows: Sequence[Mapping[str, Any]],
    as_json: bool,
    columns: Sequence[str],
    *,
    headed: bool = True,
) -> None:
    """JSON lines with everything, or aligned columns for a person, `headed` by their names."""
    if as_json:
        for row in rows:
            click.echo(orjson.dumps(row).decode())
        return
    cells = [[_cell(row[name]) for name in columns] for row in rows]
    if headed:
        cells.insert(0, list(columns))
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    return "" if value is None else str(value)
