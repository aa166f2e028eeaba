"""Workspaces, API keys, members, and the secret that they all hang on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import click

from cli.command import ToldGroup, command, json_option, print_rows, workspace_option
from cli.installation import Installation, opened
from cli.keeping import delete_command
from errors import BadRequest
from hub.members import LINK_DAYS, sign_in_link
from store.roles import READ, ROLES, SCOPES, VIEWER
from store.secrets import Vault, add_secret_key, keep_newest


def accounts_commands(here: Installation) -> Iterable[click.Command]:
    return (_workspaces(here), _keys(here), _members(here), _rotate_secrets(here))


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

    group.add_command(delete_command(here))
    return group


def _keys(here: Installation) -> click.Command:
    group = ToldGroup("keys", help="API keys.")

    @group.command("create")
    @workspace_option
    @click.option("--scope", default=READ, type=click.Choice(SCOPES))
    @click.option("--name", help="What it is for; made up when missing.")
    def create(workspace: str, scope: str, name: str | None) -> None:
        """Make an API key and print it; it is shown this once."""
        scoped = opened(here, workspace)
        key = scoped.create_key(name or "command line", scope, numbered=name is None)
        click.echo(key[1])

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


def _members(here: Installation) -> click.Command:
    group = ToldGroup("members", help="People who may sign in.")

    def link(workspace: str, member_id: str) -> str:
        token = here.sessions.new_link_token(workspace, LINK_DAYS * 86_400.0, member_id=member_id)
        return sign_in_link(here.settings.base_url, token)

    @group.command("invite")
    @click.argument("name")
    @click.option("--role", default=VIEWER, type=click.Choice(ROLES), show_default=True)
    @click.option("--client", "clients", multiple=True, help="See this client's shops only.")
    @workspace_option
    def invite(name: str, role: str, clients: tuple[str, ...], workspace: str) -> None:
        """Add a member and print the link that signs them in, once, within 7 days."""
        scope = opened(here, workspace)
        click.echo(link(workspace, scope.add_member(name, role, clients or None)))

    @group.command("list")
    @workspace_option
    @json_option
    def show(workspace: str, as_json: bool) -> None:
        """List the members of a workspace."""
        rows = [asdict(member) for member in opened(here, workspace).members()]
        print_rows(rows, as_json, ("id", "name", "role", "joined_at"))

    @group.command("link")
    @click.argument("member_id")
    @workspace_option
    def new_link(member_id: str, workspace: str) -> None:
        """Print a new sign-in link for a member."""
        click.echo(link(workspace, member_id))

    @group.command("remove")
    @click.argument("member_id")
    @workspace_option
    def remove(member_id: str, workspace: str) -> None:
        """Remove a member, who is signed out everywhere at once."""
        opened(here, workspace).remove_member(member_id)
        click.echo(f"Member {member_id} is removed.")

    return group


def _rotate_secrets(here: Installation) -> click.Command:
    @command("rotate-secrets")
    def rotate_secrets() -> None:
        """Wrap everything kept secret with a new SECRET_KEY.

        Where the data folder keeps SECRET_KEY, a new one is made. Where it is a setting, set
        SECRET_KEY to NEW,OLD first; afterwards OLD is needed no more. No API key, token or stored
        hash changes; people who are signed in stay so. Processes that run must be started again.
        """
        folder, given = here.settings.data_dir, here.settings.secret_key
        if given is None:
            here.accounts.use_vault(Vault(*add_secret_key(folder)))
        elif "," not in given.get_secret_value():
            raise BadRequest("Set SECRET_KEY to the new value, a comma and the old one first.")
        count = here.accounts.rewrap()
        if given is None:
            keep_newest(folder)
        click.echo(f"{count} data keys are wrapped with the new SECRET_KEY.")
        if given is not None:
            click.echo("Now set SECRET_KEY to the new value only.")
        click.echo("Start web and worker again.")

    return rotate_secrets
