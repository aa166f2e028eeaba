"""The pages about imports and what comes of them: progress, backfill, history, notices, usage."""

from __future__ import annotations

from flask import Blueprint

from backfill.asking import Asking
from hub.backfill import backfill_routes
from hub.history import history_routes
from hub.managing import managing_routes
from hub.notices import notice_routes
from hub.progress import progress_routes
from hub.usage import usage_routes
from notices.telling import Telling
from settings import Settings
from store.amounts import Amounts
from store.run_history import RunHistory


def import_pages(
    asking: Asking, amounts: Amounts, telling: Telling, settings: Settings
) -> list[Blueprint]:
    accounts, ledger, stores, clock = asking.accounts, asking.ledger, asking.stores, asking.clock
    return [
        progress_routes(asking),
        backfill_routes(accounts=accounts, asking=asking, clock=clock),
        managing_routes(asking),
        history_routes(
            accounts=accounts,
            ledger=ledger,
            stores=stores,
            history=RunHistory(accounts.database),
            clock=clock,
        ),
        notice_routes(
            notices=telling.notices,
            try_out=telling.try_out,
            hosts=settings.listed_notice_hosts,
            sends_mail=settings.sends_mail,
        ),
        usage_routes(accounts=accounts, amounts=amounts, allowance=asking.allowance, clock=clock),
    ]
