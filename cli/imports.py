"""Importing, and making the columns again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from backfill.asking import Wish
from backfill.estimate import Estimate, together
from backfill.schedule import enqueue_import_now
from backfill.windows import DAY
from cli.command import command, json_option, print_rows, workspace_option
from cli.installation import Installation
from cli.waiting import wait_for
from errors import BadRequest
from store.accounts import ShopRow

_day = click.DateTime(["%Y-%m-%d"])


def imports_commands(here: Installation) -> Iterable[click.Command]:
    @command("backfill")
    @click.argument("shop_ids", metavar="SHOP...", nargs=-1, required=True)
    @click.option("--start", required=True, type=_day, help="First day, at most 730 days back.")
    @click.option("--end", required=True, type=_day, help="Last day.")
    @click.option(
        "--data", default="", help="Comma list of orders, products, finance, ...; all when missing."
    )
    @click.option("--reread", is_flag=True, help="Read again what is there already.")
    @click.option("--estimate", "only_told", is_flag=True, help="Only say what it would cost.")
    @click.option("--wait", is_flag=True, help="Import before returning.")
    @json_option
    @workspace_option
    def backfill(
        shop_ids: Sequence[str],
        start: dt.datetime,
        end: dt.datetime,
        data: str,
        workspace: str,
        **flags: bool,
    ) -> None:
        """Import history: what was created from START to END, both days included, in UTC.

        SHOP is a shop's id, or `all`.
        """
        shops = _chosen(here, workspace, shop_ids)
        words = [word.strip() for word in data.split(",") if word.strip()]
        wish = Wish((_midnight(start), _midnight(end) + DAY), words, flags["reread"])
        if flags["only_told"]:
            _tell_cost(here.asking.estimates(shops, wish), flags["as_json"])
            return
        runs = here.asking.start(workspace, shops, wish)
        print_rows([asdict(run) for run in runs], flags["as_json"], ("id",), headed=False)
        if flags["wait"]:
            wait_for(here, runs)

    @command("import")
    @click.argument("shop_ids", metavar="SHOP...", nargs=-1, required=True)
    @click.option("--wait", is_flag=True, help="Import before returning.")
    @json_option
    @workspace_option
    def import_now(shop_ids: Sequence[str], wait: bool, as_json: bool, workspace: str) -> None:
        """Run all stages now: what is new, what has changed, and history that was left unfinished.

        SHOP is a shop's id, or `all`.
        """
        runs = [
            run
            for shop in _chosen(here, workspace, shop_ids)
            for run in enqueue_import_now(here.ledger, here.clock, shop.workspace_id, shop.shop_id)
        ]
        print_rows([asdict(run) for run in runs], as_json, ("id",), headed=False)
        if wait:
            wait_for(here, runs)

    @command("rebuild")
    @click.argument("shop_id")
    @workspace_option
    def rebuild(shop_id: str, workspace: str) -> None:
        """Make all columns of a shop again from its records."""
        shop = here.accounts.workspace(workspace).shop(shop_id)
        here.stores.columns(shop.workspace_id, shop.shop_id).rebuild()
        click.echo(f"The columns of {shop.name} were made again.")

    return (backfill, import_now, rebuild)


def _chosen(here: Installation, workspace: str, shop_ids: Sequence[str]) -> list[ShopRow]:
    scope = here.accounts.workspace(workspace)
    if tuple(shop_ids) != ("all",):
        return [scope.shop(shop_id) for shop_id in dict.fromkeys(shop_ids)]
    shops = [shop for shop in scope.shops() if not shop.is_sample]
    if not shops:
        raise BadRequest("No shop is connected yet.", code="unknown_shop")
    return shops


def _tell_cost(estimates: Mapping[str, Estimate], as_json: bool) -> None:
    """A row for each stage of each shop, and one for everything."""
    rows = [row for shop_id, one in estimates.items() for row in _stage_rows(shop_id, one)]
    whole = together(list(estimates.values()))
    rows.append(_cost("all", "all", whole.calls, whole.rows, whole))
    print_rows(rows, as_json, ("shop_id", "stage", "calls", "rows", "minutes"))
    if not as_json:
        click.echo(f"\nFrom {_instant(whole.start)} to {_instant(whole.end)} UTC.")
        if whole.assumed:
            click.echo("Part of this is a guess: nothing of that kind was read yet.")


def _stage_rows(shop_id: str, found: Estimate) -> Iterable[dict[str, Any]]:
    for stage in found.stages:
        yield _cost(shop_id, stage.stage, stage.calls, stage.rows, found)


def _cost(shop_id: str, stage: str, calls: int, rows: int, found: Estimate) -> dict[str, Any]:
    minutes = found.minutes if stage == "all" else round(calls / found.calls_a_second / 60, 1)
    return {
        "shop_id": shop_id,
        "stage": stage,
        "calls": calls,
        "rows": rows,
        "minutes": minutes,
        "start": found.start,
        "end": found.end,
        "assumed": found.assumed,
    }


def _midnight(day: dt.datetime) -> int:
    return int(day.replace(tzinfo=dt.UTC).timestamp())


def _instant(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
