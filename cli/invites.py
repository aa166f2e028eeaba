"""Invite links for the owners of shops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import click

from cli.command import ToldGroup, json_option, print_rows, workspace_option
from cli.installation import Installation
from hub.invites import create_invite, link_of
from store.invites import USUAL_DAYS


def invites_commands(here: Installation) -> Iterable[click.Command]:
    group = ToldGroup("invites", help="Links with which a shop's owner connects it.")

    @group.command("create")
    @click.option("--shop", "shop_id", default="", help="The shop to be connected again.")
    @click.option("--days", default=USUAL_DAYS, show_default=True, help="How long it is good.")
    @workspace_option
    def create(shop_id: str, days: int, workspace: str) -> None:
        """Make a link that connects one seller's shops, once, and print it."""
        _, token = create_invite(here.accounts, here.invites, workspace, shop_id, days)
        click.echo(link_of(here.settings.base_url, token))

    @group.command("list")
    @workspace_option
    @json_option
    def show(workspace: str, as_json: bool) -> None:
        """List the invites of a workspace, without their links."""
        here.accounts.workspace(workspace)
        rows = [asdict(invite) for invite in here.invites.of_workspace(workspace)]
        print_rows(rows, as_json, ("id", "shop_id", "state", "expires_at", "used_at"))

    @group.command("revoke")
    @click.argument("invite_id")
    @workspace_option
    def revoke(invite_id: str, workspace: str) -> None:
        """Make an open invite useless from now on."""
        here.invites.revoke(workspace, invite_id)
        click.echo(f"Invite {invite_id} is withdrawn.")

    return (group,)
