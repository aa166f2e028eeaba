"""The import history: all runs, found by filters that stand in the address, and one run in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, g, render_template, request

from backfill.history import for_support, stages_of, told
from clock import Clock
from hub.forms import UNUSABLE, Entered
from hub.import_progress import STATES as STAGE_STATES
from hub.import_progress import seconds_or_longer
from hub.progress import READABLE
from hub.run_filters import FIELDS, KIND_WORDS, STATE_WORDS, WHY_WORDS, wanted
from store.accounts import SAMPLE, Accounts
from store.ledger import Ledger
from store.roles import VIEWER, needs
from store.run_history import RunHistory
from store.runs import Run
from store.shops import ShopStores

#: Runs on a page.
SHOWN: Final = 50


def run_state(run: Run) -> tuple[str, str]:
    """What a run's state is called, and the tone of its pill."""
    return STATE_WORDS["stuck" if run.stuck_at is not None else run.state]


def history_routes(
    *,
    accounts: Accounts,
    ledger: Ledger,
    stores: ShopStores,
    history: RunHistory,
    clock: Clock,
) -> Blueprint:
    routes = Blueprint("history", __name__, template_folder="templates")
    routes.add_app_template_filter(run_state)
    routes.add_app_template_filter(lambda run: KIND_WORDS.get(run.kind, run.kind), "run_kind")
    routes.add_app_template_filter(lambda run: WHY_WORDS.get(run.trigger, ""), "run_why")
    routes.add_app_template_filter(lambda run: told(run, clock.now()), "run_told")

    @routes.get("/history")
    @needs(VIEWER)
    def page() -> tuple[str, int]:
        scope = accounts.scope_of(g.principal)
        shops = {shop.shop_id: shop for shop in scope.shops()}
        chosen = shops.get(request.args.get("shop", ""))
        zone = (chosen.report_zone if chosen else None) or "UTC"
        entered, found = wanted(request.args, (scope.id, SAMPLE), shops, zone)
        # Runs that are about no shop have pages of their own.
        found = replace(found, kinds=tuple(KIND_WORDS))
        if scope.is_limited:
            found = replace(found, shop_ids=tuple(shops))
        runs: Sequence[Run] = ()
        more = False
        if not entered.problems:
            runs, more = history.found(found, SHOWN, request.args.get("before", ""))
        shown = render_template(
            "history/page.html",
            entered=entered,
            shop_names={shop.shop_id: shop.name for shop in shops.values()},
            zone=zone,
            shop_choices=[(shop.shop_id, shop.name) for shop in shops.values()],
            state_choices=[(state, words[0]) for state, words in STATE_WORDS.items()],
            reason_choices=list(WHY_WORDS.items()),
            runs=runs,
            filtered=any(entered.values.values()),
            older={**_kept(entered), "before": runs[-1].id} if more else None,
            newest=_kept(entered) if request.args.get("before") else None,
        )
        return shown, UNUSABLE if entered.problems else 200

    @routes.get("/history/<run_id>")
    @needs(VIEWER)
    def run(run_id: str) -> str:
        scope = accounts.scope_of(g.principal)
        found = ledger.run(run_id, (scope.id, SAMPLE))
        shop = scope.shop(found.shop_id)
        records = stores.records(found.workspace_id, found.shop_id)
        of_lane = list(records.progress(found.lane).values())
        stages = stages_of(found, history.stages(run_id), of_lane)
        return render_template(
            "history/run.html",
            run=found,
            shop=shop,
            zone=shop.report_zone or "UTC",
            stages=stages,
            stage_states=STAGE_STATES,
            put_aside=records.quarantine_count(),
            support=for_support(found, stages),
            can_import=shop.state in READABLE,
            asked=_asked(found),
        )

    routes.add_app_template_filter(seconds_or_longer)
    return routes


def _kept(entered: Entered) -> dict[str, str]:
    return {name: entered.values[name] for name in FIELDS if entered.values[name]}


def _asked(run: Run) -> dict[str, Any]:
    """What was asked for, of the parameters that mean something to people."""
    words = run.parameters.get("data") or ()
    return {"data": list(words), "reread": bool(run.parameters.get("reread"))}
