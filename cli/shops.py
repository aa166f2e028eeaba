"""Connected shops, and which of the shops of a grant are connected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import click

from cli.command import ToldGroup, json_option, print_rows, workspace_option
from cli.installation import Installation
from cli.shop_settings import settings_command
from cli.waiting import unfinished, wait_for
from hub.connecting import every_shop, together_with
from hub.seller_regions import SELLER_REGIONS
from store.accounts import ShopRow
from store.sessions import Intent
from tiktok_shop.scopes import missing_data

_new_owner_option = click.option(
    "--new-owner",
    is_flag=True,
    help="Go on with the data of a shop that another seller account connected before.",
)


def shops_commands(here: Installation) -> Iterable[click.Command]:
    group = ToldGroup("shops", help="Connected TikTok shops.")

    @group.command("list")
    @workspace_option
    @json_option
    def show(workspace: str, as_json: bool) -> None:
        """List the shops of a workspace, the Sample Account among them."""
        rows = [_shown(shop) for shop in here.accounts.workspace(workspace).shops()]
        print_rows(rows, as_json, ("shop_id", "name", "region", "currency", "state"))

    @group.command("connect")
    @click.option("--code", required=True, help="The code TikTok's consent page gave.")
    @click.option("--region", required=True, type=click.Choice(list(SELLER_REGIONS)))
    @click.option(
        "--shop",
        "shop_ids",
        multiple=True,
        help="Connect this shop of the consent, beside those chosen before; all when missing.",
    )
    @_new_owner_option
    @click.option("--wait", is_flag=True, help="Import before returning.")
    @workspace_option
    def connect(
        code: str,
        region: str,
        shop_ids: Sequence[str],
        new_owner: bool,
        wait: bool,
        workspace: str,
    ) -> None:
        """Connect the shops of a consent code and start their first imports."""
        here.prepare()
        choice = together_with(shop_ids) if shop_ids else every_shop
        connected = here.connecting.connect(
            Intent(workspace, region), code, choice, new_owner=new_owner
        )
        for shop in connected.shops:
            click.echo(f"{shop.shop_id}  {shop.name}")
        if connected.missing:
            click.echo(f"Permission is missing for {', '.join(connected.missing)}.", err=True)
        if wait:
            waited = [shop for shop in connected.shops if shop.shop_id in shop_ids or not shop_ids]
            wait_for(here, [run for shop in waited for run in unfinished(here, shop)])

    @group.command("offered")
    @workspace_option
    @json_option
    def offered(workspace: str, as_json: bool) -> None:
        """List all shops that sellers have given access to, also those that are not connected."""
        rows = list(_offered(here, workspace))
        columns = ("authorization_id", "seller_name", "access", "shop_id", "name", "state")
        print_rows(rows, as_json, columns)

    @group.command("choose")
    @click.argument("authorization_id")
    @click.argument("shop_ids", metavar="SHOP...", nargs=-1, required=True)
    @_new_owner_option
    @workspace_option
    def choose(
        authorization_id: str, shop_ids: Sequence[str], new_owner: bool, workspace: str
    ) -> None:
        """Connect exactly these shops of an authorization; its others are read no more."""
        for shop in here.connecting.choose(
            workspace, authorization_id, shop_ids, new_owner=new_owner
        ):
            click.echo(f"{shop.shop_id}  {shop.name}")

    group.add_command(settings_command(here))

    @group.command("disconnect")
    @click.argument("shop_id")
    @click.option("--purge", is_flag=True, help="Delete it and all that was imported for good.")
    @workspace_option
    def disconnect(shop_id: str, purge: bool, workspace: str) -> None:
        """Read a shop no more, from its next call on. What was imported stays for
        KEEP_DISCONNECTED_DAYS, unless the shop is connected again."""
        here.connecting.disconnect(workspace, shop_id, purge=purge)
        done = "deleted, with everything that was imported" if purge else "disconnected"
        click.echo(f"Shop {shop_id} is {done}.")

    return (group,)


def _offered(here: Installation, workspace: str) -> Iterator[dict[str, Any]]:
    for grant in here.accounts.workspace(workspace).authorizations():
        for shop in here.connecting.offered(workspace, grant.id):
            yield {
                "authorization_id": grant.id,
                "seller_name": grant.seller_name,
                "access": grant.state,
                "access_ends_at": grant.refresh_expires_at,
                "missing": missing_data(grant.scopes),
                **asdict(shop),
            }


def _shown(shop: ShopRow) -> dict[str, Any]:
    """A shop without its cipher, which is a credential."""
    return {name: value for name, value in asdict(shop).items() if name != "cipher"}
