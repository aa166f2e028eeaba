"""Working runs in this process until they are left for good."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Sequence
from typing import Final

import click

from cli.installation import Installation
from store.accounts import ShopRow
from store.ledger import Run

_POLL_SECONDS: Final = 0.5
_FINAL: Final = ("done", "blocked", "failed")


def owner() -> str:
    """Names this process in a lease."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def unfinished(here: Installation, shop: ShopRow) -> list[Run]:
    runs = here.ledger.runs(shop.workspace_id, shop.shop_id)
    return [run for run in runs if run.state not in _FINAL]


def wait_for(here: Installation, runs: Sequence[Run]) -> None:
    """Work until these runs are left for good, beside any other worker; exit 1 unless all done."""
    at_work = here.worker(owner())
    while True:
        at_work.run_until_idle()
        left = [here.ledger.run(run.id) for run in runs]
        if all(run.state in _FINAL for run in left):
            break
        here.clock.sleep(_POLL_SECONDS)
    for run in left:
        click.echo(f"{run.shop_id}  {run.state}  {run.message}".rstrip())
    here.close()
    if any(run.state != "done" for run in left):
        sys.exit(1)
