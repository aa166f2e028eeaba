"""The pages about numbers, and what reports are made with, put together for an app."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from connector.pages import Pages
from hub.clients import clients_routes
from hub.dashboard.routes import dashboard_routes
from hub.keys import keys_routes
from hub.looker import looker_routes
from hub.looker_links import Looker
from hub.numbers.routes import numbers_routes
from hub.workspace import workspace_routes
from store.accounts import SAMPLE
from store.ledger import Ledger
from store.runs import Run

#: Runs among which those of the shops looked at are found.
_RUNS: Final = 100


def report_pages(pages: Pages, ledger: Ledger, looker: Looker, base_url: str) -> list[Blueprint]:
    """`base_url`: the address people reach this installation by."""
    ask, subjects, accounts, clock = pages.ask, pages.subjects, pages.accounts, pages.clock

    def runs(workspace_id: str) -> list[Run]:
        owners = dict.fromkeys((workspace_id, SAMPLE))
        found = [run for owner in owners for run in ledger.runs(owner, limit=_RUNS)]
        return sorted(found, key=lambda run: -run.created_at)

    return [
        dashboard_routes(ask=ask, subjects=subjects, runs=runs, now=clock.now, image_base=base_url),
        numbers_routes(ask=ask, subjects=subjects, now=clock.now),
        keys_routes(accounts),
        clients_routes(accounts),
        workspace_routes(accounts, base_url=base_url),
        looker_routes(accounts, looker, subjects),
    ]
