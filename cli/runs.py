"""The history of imports, and how far one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

import click
import orjson

from backfill.history import for_support, reason, stages_of, told
from backfill.progress import in_words, overall
from cli.command import ToldGroup, json_option, print_rows
from cli.installation import Installation
from store.run_history import RunHistory, Wanted
from store.runs import STATES

_COLUMNS: Final = (
    *("id", "shop_id", "kind", "trigger", "state", "window", "seconds"),
    *("rows", "calls", "retries", "message"),
)


def runs_commands(here: Installation) -> Iterable[click.Command]:
    group = ToldGroup("runs", help="Imports, past and present.")

    @group.command("list")
    @click.option("--workspace", default=None, help="Only this workspace.")
    @click.option("--shop", "shop_id", default=None, help="Only this shop.")
    @click.option("--state", type=click.Choice([*STATES, "stuck"]), help="Only those in it.")
    @click.option("--limit", default=50, show_default=True, help="How many.")
    @json_option
    def show_all(
        workspace: str | None, shop_id: str | None, state: str | None, limit: int, as_json: bool
    ) -> None:
        """List the newest runs."""
        now = here.clock.now()
        wanted = Wanted((workspace,) if workspace else (), shop_id or "", state or "")
        runs, _ = RunHistory(here.accounts.database).found(wanted, limit)
        rows = [{**asdict(run), **told(run, now)} for run in runs]
        print_rows(rows if as_json else [_for_people(row) for row in rows], as_json, _COLUMNS)

    @group.command("show")
    @click.argument("run_id")
    @json_option
    def show_one(run_id: str, as_json: bool) -> None:
        """Show a run and how far its shop's stages are."""
        run, now = here.ledger.run(run_id), here.clock.now()
        records = here.stores.records(run.workspace_id, run.shop_id)
        kept = RunHistory(here.accounts.database).stages(run_id)
        stages = stages_of(run, kept, list(records.progress(run.lane).values()))
        whole, support = overall(stages, now), for_support(run, stages)
        if as_json:
            document = {
                **asdict(run),
                **told(run, now),
                "overall": asdict(whole),
                "support": support,
                "stages": [asdict(stage) for stage in stages],
            }
            click.echo(orjson.dumps(document).decode())
            return
        print_rows([_for_people(told(run, now))], False, _COLUMNS)
        if run.trigger:
            click.echo(f"\nAsked for because: {reason(run)}.")
        click.echo(f"\n{in_words(whole)}\n")
        columns = ("stage", "state", "done", "total", "waits_for", "error", "reference")
        print_rows([asdict(stage) for stage in stages], False, columns)
        put_aside = records.quarantine_count()
        if put_aside:
            click.echo(f"\n{put_aside} records could not be read and were put aside.")
        if support:
            click.echo(f"\n{support}")

    return (group,)


def _for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "state": "stuck" if row["is_stuck"] else row["state"]}
