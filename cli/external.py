"""The numbers of orders in other systems, out of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from backfill.external_file import import_references
from cli.command import command, json_option, print_rows, workspace_option
from cli.installation import Installation
from errors import BadRequest

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def external_commands(here: Installation) -> Iterable[click.Command]:
    @command("external-orders")
    @click.argument("shop_id", metavar="SHOP")
    @click.argument("file", type=_FILE)
    @json_option
    @workspace_option
    def external_orders(shop_id: str, file: Path, as_json: bool, workspace: str) -> None:
        """Take over order numbers of another system from a CSV file.

        Its first line names the columns: order_id, platform, external_order_id, and where units
        are numbered too, line_item_id and external_line_item_id. Reading a file again is harmless.
        """
        shop = here.accounts.workspace(workspace).shop(shop_id)
        if shop.is_sample:
            raise BadRequest("The Sample Account is the same for everybody; choose another shop.")
        records = here.stores.records(shop.workspace_id, shop.shop_id)
        report = import_references(records, here.clock, file.read_bytes())
        here.stores.columns(shop.workspace_id, shop.shop_id).publish(force=True)
        rows = [asdict(complaint) for complaint in report.complaints]
        print_rows(rows, as_json, ("line", "reason"), headed=bool(rows))
        if not as_json:
            click.echo(f"Kept: {report.orders} orders, {report.line_items} line items.")

    return (external_orders,)
