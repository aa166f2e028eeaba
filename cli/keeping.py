"""Copies of the data folder, what a workspace takes along, and its end."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import click

from cli.command import ToldCommand, command
from cli.installation import Installation
from errors import BadRequest
from store.accounts import SAMPLE
from store.backup import back_up, problems_of
from store.farewell import forget_workspace
from store.handover import hand_over

_FOLDER = click.Path(file_okay=False, path_type=Path)


def keeping_commands(here: Installation) -> Iterable[click.Command]:
    @command("backup")
    @click.argument("folder", type=_FOLDER)
    @click.option("--check", is_flag=True, help="Check a copy that is there.")
    @click.option("--with-secret-key", is_flag=True, help="Copy the file with the secret key, too.")
    def backup(folder: Path, check: bool, with_secret_key: bool) -> None:
        """Copy everything that cannot be made again into FOLDER, while all goes on."""
        if check:
            problems = problems_of(folder)
            if problems:
                raise BadRequest("\n".join(problems))
            click.echo(f"{folder} is whole.")
            return
        names = back_up(
            here.folder,
            here.accounts.database,
            folder,
            here.clock,
            with_secret_key=with_secret_key,
        )
        click.echo(f"{len(names)} files are in {folder}, and checked.")
        if not here.accounts.database.is_sqlite:
            click.echo("Accounts and runs are in the database of DATABASE_URL: copy that, too.")
        if not with_secret_key:
            click.echo("The secret key is not among them: keep it in another place.")

    @command("export-workspace")
    @click.argument("workspace")
    @click.argument("folder", type=_FOLDER)
    def export_workspace(workspace: str, folder: Path) -> None:
        """Write everything that is kept of WORKSPACE into FOLDER, as SQLite and Parquet."""
        names = hand_over(here.accounts.database, here.folder, here.stores, workspace, folder)
        click.echo(f"{len(names)} files are in {folder}.")

    return (backup, export_workspace)


def delete_command(here: Installation) -> click.Command:
    """`workspaces delete`, which stands with the others about workspaces."""

    @click.command("delete", cls=ToldCommand)
    @click.argument("workspace")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def delete(workspace: str, yes: bool) -> None:
        """Delete WORKSPACE for good: its shops, all data, members, keys and secrets."""
        if workspace == SAMPLE:
            raise BadRequest("The Sample Account belongs to everybody and cannot be deleted.")
        scope = here.accounts.workspace(workspace)
        if not yes:
            click.confirm(f"Delete {scope.name} and everything that was imported?", abort=True)
        for shop in scope.shops():
            if not shop.is_sample:
                here.connecting.disconnect(workspace, shop.shop_id, purge=True)
        forget_workspace(here.accounts.database, workspace)
        here.accounts.database.erase_traces()
        shutil.rmtree(here.folder.shops_folder / workspace, ignore_errors=True)
        click.echo(f"{workspace} is deleted.")

    return delete
