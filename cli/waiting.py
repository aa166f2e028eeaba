"""Working runs in this process until they are left for good."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Final

import click

from cli.installation import Installation
from store.accounts import ShopRow
from store.ledger import Run
from worker import owner

_POLL_SECONDS: Final = 0.5
_FINAL: Final = ("done", "blocked", "failed")


def unfinished(here: Installation, shop: ShopRow) -> list[Run]:
    runs = here.ledger.runs(shop.workspace_id, shop.shop_id)
    return [run for run in runs if run.state not in _FINAL]


def wait_for(here: Installation, runs: Sequence[Run]) -> None:
    """Work until these runs are left for good, beside any other worker; exit 1 unless all done.
    SIGTERM and SIGINT end it, with 128 and the signal's number: what is being worked is handed back
    after its present page."""
    try:
        left, stopped_by = _worked(here, runs)
    except KeyboardInterrupt:  # between two looks at the ledger nobody else listens
        left, stopped_by = [], signal.SIGINT
    if stopped_by is None:
        for run in left:
            click.echo(f"{run.shop_id}  {run.state}  {run.message}".rstrip())
    else:
        click.echo("Stopped waiting. The import goes on when a worker runs.", err=True)
    here.close()
    if stopped_by is not None:
        sys.exit(128 + stopped_by)
    if any(run.state != "done" for run in left):
        sys.exit(1)


def _worked(here: Installation, runs: Sequence[Run]) -> tuple[list[Run], int | None]:
    """The runs as they were left, and the signal that came before they were, if one did."""
    at_work = here.worker(owner())
    while True:
        at_work.run_until_idle()
        left = [here.ledger.run(run.id) for run in runs]
        if at_work.stopped_by is not None or all(run.state in _FINAL for run in left):
            return left, at_work.stopped_by
        here.clock.sleep(_POLL_SECONDS)
