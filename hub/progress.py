"""How far imports are, live, and the button that starts one.

The page asks for its inner part again and again (`web/static/progress.js`); that part is the same
template, so that a browser without script shows the same after a reload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from backfill.asking import Asking
from backfill.schedule import IMPORT, LANE, SYNC
from backfill.work import FORWARD
from clock import Clock
from errors import BadRequest
from hub.import_progress import Picture, length, missing, picture
from store.accounts import ShopRow
from store.ledger import Ledger
from store.roles import EDITOR, VIEWER, needs
from store.runs import Run
from store.shops import ShopStores

#: States in which TikTok may be asked for a shop.
READABLE: Final = ("connected", "inactive")

#: Shops on one page of progress.
_MOST_SHOPS: Final = 100


@dataclass(frozen=True, slots=True)
class Imports:
    """How far the imports of shops are."""

    ledger: Ledger
    stores: ShopStores
    clock: Clock

    def runs(self, shop: ShopRow) -> list[Run]:
        """Those that import or sync, the newest first."""
        found = self.ledger.runs(shop.workspace_id, shop.shop_id)
        return [run for run in found if run.kind in (IMPORT, SYNC)]

    def missing(self, shop: ShopRow) -> list[str]:
        """What of the shop is not there completely, by label."""
        records = self.stores.records(shop.workspace_id, shop.shop_id)
        return missing(records.progress(LANE), records.progress(FORWARD))

    def picture(self, shop: ShopRow) -> Picture:
        records = self.stores.records(shop.workspace_id, shop.shop_id)
        unread = self.missing(shop)
        return picture(records.progress(), self.runs(shop), self.clock.now(), unread)


def progress_routes(asking: Asking) -> Blueprint:
    routes = Blueprint("progress", __name__, template_folder="templates")
    routes.add_app_template_filter(length, "length_of_time")
    accounts, ledger, clock = asking.accounts, asking.ledger, asking.clock
    imports = Imports(ledger, asking.stores, clock)
    # For every page with numbers of a shop: the macro in incomplete.html asks it.
    routes.app_context_processor(lambda: {"not_there_yet": imports.missing})

    def told(template: str, shop_id: str) -> str:
        shop = accounts.scope_of(g.principal).shop(shop_id)
        return render_template(
            f"imports/{template}.html",
            shop=shop,
            zone=shop.report_zone or "UTC",
            can_import=shop.state in READABLE,
            picture=imports.picture(shop),
            runs=imports.runs(shop)[:5],
            now=clock.now(),
        )

    @routes.get("/shops/<shop_id>/import")
    @needs(VIEWER)
    def page(shop_id: str) -> str:
        return told("progress", shop_id)

    @routes.get("/shops/<shop_id>/import/live")
    @needs(VIEWER)
    def live(shop_id: str) -> str:
        return told("live", shop_id)

    def told_of_several(template: str) -> str:
        scope = accounts.scope_of(g.principal)
        wanted = request.args.getlist("shop")
        shops = [shop for shop in scope.shops() if not wanted or shop.shop_id in wanted]
        busy = ledger.under_way({shop.workspace_id for shop in shops})
        shops.sort(key=lambda shop: (shop.workspace_id, shop.shop_id) not in busy)
        pictures = [(shop, imports.picture(shop)) for shop in shops[:_MOST_SHOPS]]
        return render_template(
            f"imports/{template}.html",
            # What is under way first, as it was asked for.
            pictures=sorted(pictures, key=lambda one: not one[1].is_live),
            # "" is no shop: a choice of which none is there stays one.
            chosen=[shop.shop_id for shop in shops] or [""] if wanted else [],
            percent=_together([one for _, one in pictures]),
            is_live=any(one.is_live for _, one in pictures),
        )

    @routes.get("/imports")
    @needs(VIEWER)
    def several() -> str:
        return told_of_several("several")

    @routes.get("/imports/live")
    @needs(VIEWER)
    def several_live() -> str:
        return told_of_several("several_live")

    @routes.post("/import")
    @needs(EDITOR)
    def import_now() -> Response:
        scope = accounts.scope_of(g.principal)
        chosen = [scope.shop(shop_id) for shop_id in dict.fromkeys(request.form.getlist("shop"))]
        if not chosen:
            raise BadRequest("Choose at least one shop.")
        asked, refused = _by_state(chosen)
        asking.import_now(scope.id, asked)
        for sentence, tone in _answers(asked, refused):
            flash(sentence, tone)
        if not asked:
            return redirect("/", code=303)
        return redirect(address_of([shop.shop_id for shop in asked]), code=303)

    return routes


def address_of(shop_ids: Sequence[str]) -> str:
    """The page that shows how far these shops are; of more than it shows, the one of all shops: the
    address would be longer than web servers take."""
    if len(shop_ids) == 1:
        return url_for("progress.page", shop_id=shop_ids[0])
    if len(shop_ids) > _MOST_SHOPS:
        return url_for("progress.several")
    return url_for("progress.several", shop=list(shop_ids))


def _by_state(shops: Iterable[ShopRow]) -> tuple[list[ShopRow], list[ShopRow]]:
    """Those that TikTok can be asked for, and the others."""
    found: Mapping[bool, list[ShopRow]] = {True: [], False: []}
    for shop in shops:
        found[shop.state in READABLE].append(shop)
    return found[True], found[False]


def _answers(asked: Sequence[ShopRow], refused: Sequence[ShopRow]) -> Iterable[tuple[str, str]]:
    if asked:
        names = ", ".join(shop.name for shop in asked[:3])
        more = f" and {len(asked) - 3} more" if len(asked) > 3 else ""
        yield f"The import of {names}{more} was asked for.", "ok"
    for shop in refused[:5]:
        yield f"{shop.name} cannot be read: connect it again first.", "warn"


def _together(pictures: Sequence[Picture]) -> int:
    """Of all shops, each counting the same; 100 only when all are."""
    if not pictures:
        return 100
    return min(
        sum(one.percent for one in pictures) // len(pictures),
        100 if all(one.percent == 100 for one in pictures) else 99,
    )
