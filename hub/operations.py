"""What whoever runs the installation looks at, put together."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint

from clock import Clock
from hub.health import Check, Tried, health_routes, worker_is_there, writable
from hub.metrics import Figures
from hub.openapi import openapi_routes
from store.database import Database
from store.ledger import Ledger
from store.tallies import Tallies


def operations_routes(
    quick: Database,
    folder: Path,
    *,
    unwraps: Check,
    tallies: Tallies,
    ledger: Ledger,
    clock: Clock,
) -> list[Blueprint]:
    """`quick` waits for a turn no longer than a second; `folder` is the data folder; `unwraps`:
    whether SECRET_KEY opens what is kept."""
    health = health_routes(
        checks={
            "accounts": quick.reachable,
            "accounts_writable": Tried(quick.writable, clock),
            "secret_key": Tried(unwraps, clock),
            "data_folder": Tried(writable(folder), clock),
        },
        beside={"worker": worker_is_there(tallies, clock)},
        figures=Figures(tallies, ledger, clock),
    )
    return [health, openapi_routes()]
