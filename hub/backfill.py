"""The backfill form: which shops, which days, which data; what is there already; what it costs; and
the start.

Starting takes two looks: the button that starts stands below the estimate and carries the choice it
was made for. Whoever changes the choice afterwards gets a new estimate first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response

from backfill.asking import Asking
from backfill.estimate import Estimate, together
from backfill.schedule import LONGEST_DAYS
from backfill.stages import USUAL
from backfill.windows import floor_of
from clock import Clock
from errors import BadRequest
from hub.backfill_form import KINDS, Form, day_of, earliest, first_shown, read_form
from hub.forms import UNUSABLE
from hub.import_progress import length
from hub.progress import READABLE, address_of
from hub.read_months import STAGES_OF, months, strip, years
from store.accounts import Accounts, ShopRow
from store.roles import EDITOR, needs

#: Further back with one press, in days.
_RANGES: Final = (("3 months", 90), ("1 year", 365), ("2 years", LONGEST_DAYS))


def backfill_routes(*, accounts: Accounts, asking: Asking, clock: Clock) -> Blueprint:
    routes = Blueprint("backfill", __name__, template_folder="templates")
    routes.add_app_template_filter(length, "length_of_time")

    def own_shops() -> list[ShopRow]:
        shops = accounts.scope_of(g.principal).shops()
        return [shop for shop in shops if not shop.is_sample and shop.state != "disconnected"]

    def typed() -> Form:
        form = request.form
        ticked, kinds = form.getlist("shop"), form.getlist("data")
        return read_form(form, ticked, kinds, own_shops(), clock.now())

    def cost(form: Form) -> dict[str, Any]:
        """What the part below the form shows."""
        now = clock.now()
        shown = months(floor_of(now, LONGEST_DAYS), int(now))
        found: dict[str, Estimate] = {}
        limit = ""
        if form.wish is not None:
            found = asking.estimates(form.shops, form.wish)
            limit = asking.why_not(g.principal.workspace_id, form.shops, form.wish)
        return {
            "form": form,
            "months": shown,
            "years": years(shown),
            "strip": strip([_read(asking, shop) for shop in form.shops], shown),
            "estimates": [(shop, found[shop.shop_id]) for shop in form.shops if found],
            "whole": together(list(found.values())) if found else None,
            "limit": limit,
        }

    def page(form: Form, *, asked: bool = False) -> str:
        now = clock.now()
        return render_template(
            "backfill/page.html",
            shops=own_shops(),
            readable=READABLE,
            kinds=KINDS,
            usual=USUAL,
            first_day=earliest(now),
            today=day_of(now),
            ranges=[(word, day_of(floor_of(now, days))) for word, days in _RANGES],
            asked=asked,
            **cost(form),
        )

    @routes.get("/backfill", endpoint="page")
    @needs(EDITOR)
    def show() -> str:
        return page(first_shown(own_shops(), request.args.getlist("shop"), clock.now()))

    @routes.post("/backfill/estimate")
    @needs(EDITOR)
    def estimate() -> str:
        return render_template("backfill/cost.html", **cost(typed()))

    @routes.post("/backfill")
    @needs(EDITOR)
    def submit() -> Response | tuple[str, int] | str:
        form = typed()
        if form.wish is None:
            return page(form), UNUSABLE
        # The cost is shown before the start, and anew when the choice has changed since.
        if request.form.get("step") != "start" or request.form.get("estimated") != form.choice:
            return page(form, asked=request.form.get("step") == "start")
        try:
            asking.start(g.principal.workspace_id, form.shops, form.wish)
        except BadRequest:
            return page(form), UNUSABLE
        flash(_said(form.shops), "ok")
        return redirect(address_of([shop.shop_id for shop in form.shops]), code=303)

    return routes


def _read(asking: Asking, shop: ShopRow) -> dict[str, Sequence[tuple[int, int]]]:
    records = asking.stores.records(shop.workspace_id, shop.shop_id)
    return {
        stage: [(one.start, one.end) for one in records.coverage(stage)]
        for stages in STAGES_OF.values()
        for stage in stages
    }


def _said(shops: Sequence[ShopRow]) -> str:
    if len(shops) == 1:
        return f"The import of {shops[0].name} was asked for. You may close this page."
    return f"The imports of {len(shops)} shops were asked for. You may close this page."
