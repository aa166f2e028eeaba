"""What a shop shows and what is read of it."""

from __future__ import annotations

import click

from cli.command import command, workspace_option
from cli.installation import Installation
from errors import BadRequest
from hub.shop_settings import OPTIONAL_WORDS


def settings_command(here: Installation) -> click.Command:
    @command("set")
    @click.argument("shop_id")
    @click.option("--shop-zone", help="Time zone that TikTok counts the shop's own days in.")
    @click.option("--report-zone", help="Time zone of reports that choose none.")
    @click.option(
        "--serve-kept-analytics/--no-serve-kept-analytics",
        "serves_kept",
        default=None,
        help="Show TikTok's own figures as far back as they were kept, beyond the 60 days that "
        "TikTok gives.",
    )
    @click.option("--client", help="The client that it belongs to; '' for none.")
    @click.option(
        "--notifications/--no-notifications",
        "listens",
        default=None,
        help="Let TikTok tell at once what happens in it.",
    )
    @click.option(
        "--optional-data",
        help=f"What is also read, joined by commas: {', '.join(OPTIONAL_WORDS)}; '' for nothing, "
        "'usual' for what this installation usually reads.",
    )
    @workspace_option
    def change(
        shop_id: str,
        shop_zone: str | None,
        report_zone: str | None,
        serves_kept: bool | None,
        client: str | None,
        listens: bool | None,
        optional_data: str | None,
        workspace: str,
    ) -> None:
        """Change settings of a shop; those that are not named stay."""
        scope = here.accounts.workspace(workspace)
        shop = scope.shop(shop_id)
        wanted = None if optional_data is None else _wanted(here, optional_data)
        if shop_zone or report_zone:
            scope.set_zones(
                shop_id,
                shop_zone=shop_zone or shop.shop_zone,
                report_zone=report_zone or shop.report_zone,
            )
        if serves_kept is not None:
            scope.serve_kept_analytics(shop_id, serves_kept)
        if client is not None:
            scope.set_client(shop_id, client.strip() or None)
        if listens is not None:
            scope.listen(shop_id, listens)
            here.listening.listen(scope.shop(shop_id), listens)
        if optional_data is not None:
            scope.want_optional_data(shop_id, wanted)
        shop = scope.shop(shop_id)
        click.echo(f"Days of the shop      {shop.shop_zone}")
        click.echo(f"Days of reports       {shop.report_zone or 'UTC'}")
        click.echo(f"Serve kept analytics  {'yes' if shop.serves_kept else 'no'}")
        click.echo(f"Client                {shop.client or '-'}")
        click.echo(f"Notifications         {'yes' if shop.listens else 'no'}")
        click.echo(f"Optional data         {', '.join(here.optional_data(shop)) or '-'}")

    return change


def _wanted(here: Installation, words: str) -> list[str] | None:
    """Words of optional data, None for the usual ones. BadRequest for one that is not offered."""
    if words.strip() == "usual":
        return None
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in here.offered_data]
    if unknown:
        known = ", ".join(here.offered_data) or "nothing"
        raise BadRequest(f"{unknown[0]} is not offered here; this installation offers {known}.")
    return wanted
