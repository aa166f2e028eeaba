"""The pages about numbers, and what reports are made with, put together for an app."""

from __future__ import annotations

from collections.abc import Sequence
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
from store.accounts import ShopRow
from store.ledger import Ledger
from store.runs import Run

#: Runs that activity is told from, of all shops that are looked at.
_RUNS: Final = 100
#: Of so many shops each is asked for by itself: the newest runs of a large workspace may be those
#: of other shops.
_FEW_SHOPS: Final = 10


def report_pages(pages: Pages, ledger: Ledger, looker: Looker, base_url: str) -> list[Blueprint]:
    """`base_url`: the address people reach this installation by."""
    ask, subjects, accounts, clock = pages.ask, pages.subjects, pages.accounts, pages.clock

    def runs(shops: Sequence[ShopRow]) -> list[Run]:
        if len(shops) > _FEW_SHOPS:
            seen = {shop.shop_id for shop in shops}
            newest = ledger.runs(shops[0].workspace_id, limit=_RUNS)
            return [run for run in newest if run.shop_id in seen]
        each = _RUNS // len(shops)
        return [run for shop in shops for run in ledger.runs(shop.workspace_id, shop.shop_id, each)]

    return [
        dashboard_routes(ask=ask, subjects=subjects, runs=runs, now=clock.now, image_base=base_url),
        numbers_routes(ask=ask, subjects=subjects, now=clock.now),
        keys_routes(accounts),
        clients_routes(accounts),
        workspace_routes(accounts, base_url=base_url),
        looker_routes(accounts, looker, subjects),
    ]
