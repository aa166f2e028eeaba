"""Workspaces and API keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import click

from cli.command import ToldGroup, json_option, print_rows, workspace_option
from cli.installation import Installation, opened


def accounts_commands(here: Installation) -> Iterable[click.Command]:
    return (_workspaces(here), _keys(here))


def _workspaces(here: Installation) -> click.Command:
    group = ToldGroup("workspaces", help="Tenants of this installation.")

    @group.command("create")
    @click.argument("name")
    @click.option("--id", "workspace_id", help="Its id; made up when missing.")
    def create(name: str, workspace_id: str | None) -> None:
        """Make a workspace and print its id."""
        click.echo(here.accounts.create_workspace(name, workspace_id=workspace_id).id)

    @group.command("list")
    @json_option
    def show(as_json: bool) -> None:
        """List the workspaces."""
        print_rows([asdict(row) for row in here.accounts.workspaces()], as_json, ("id", "name"))

    return group


def _keys(here: Installation) -> click.Command:
    group = ToldGroup("keys", help="API keys.")

    @group.command("create")
    @workspace_option
    @click.option("--scope", default="read", type=click.Choice(["read", "manage"]))
    @click.option("--name", default="command line", help="What it is for.")
    def create(workspace: str, scope: str, name: str) -> None:
        """Make an API key and print it; it is shown this once."""
        click.echo(opened(here, workspace).create_key(name, scope)[1])

    @group.command("list")
    @workspace_option
    @json_option
    def show(workspace: str, as_json: bool) -> None:
        """List the keys of a workspace, without the secrets."""
        kept = here.accounts.workspace(workspace)
        rows = [asdict(key) for key in kept.keys()]  # noqa: SIM118 - not a dict
        print_rows(rows, as_json, ("id", "name", "scope", "last_used_at", "revoked_at"))

    @group.command("revoke")
    @click.argument("key_id")
    @workspace_option
    def revoke(key_id: str, workspace: str) -> None:
        """Make a key useless from now on."""
        here.accounts.workspace(workspace).revoke_key(key_id)
        click.echo(f"Key {key_id} is revoked.")

    return group
