"""The list of shops, what a shop's settings are, and disconnecting it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clock import Clock
from connector.zones import known_zones
from errors import BadRequest
from hub.connecting import Connecting
from hub.forms import UNUSABLE, Entered
from hub.reachable import unreachable_because
from hub.seller_regions import COUNTRIES_OF, SELLER_CENTERS, SELLER_REGIONS
from hub.shop_list import ShopCard, grouped
from hub.shop_settings import OPTIONAL_WORDS, Wish, entered_of, read_settings
from store.accounts import Accounts, Principal, ShopRow, WorkspaceScope
from store.roles import EDITOR, VIEWER, needs

#: More than anybody types to find a shop.
_LONGEST_SEARCH = 200


def shop_routes(
    *,
    accounts: Accounts,
    clock: Clock,
    cards: Callable[[Principal], Sequence[ShopCard]],
    connecting: Connecting,
    offered_data: Mapping[str, bool],
    listen: Callable[[ShopRow, bool], None],
    base_url: str,
    can_connect: bool,
    keep_days: int,
) -> Blueprint:
    """`cards(who)` are the shops with their statuses; `offered_data` are the kinds of data
    a shop may have besides the usual, see `backfill.optional`; `listen(shop, listens)` tells TikTok
    whether to tell us what happens; `base_url` is where people reach this installation;
    `can_connect`: it has a Partner app, without which there is the Sample Account only;
    `keep_days`: how long what was imported stays after a shop was disconnected, 0 for ever."""
    routes = Blueprint("shops", __name__, template_folder="templates")

    def own(shop_id: str) -> ShopRow:
        """BadRequest for a shop of somebody else, and for the Sample Account."""
        shop = accounts.scope_of(g.principal).shop(shop_id)
        if shop.is_sample:
            raise BadRequest(
                "The Sample Account is the same for everybody, so it has no settings and is always "
                "connected.",
                code="not_found",
            )
        return shop

    @routes.get("/")
    @needs(VIEWER)
    def home() -> str:
        wanted = request.args.get("q", "")[:_LONGEST_SEARCH]
        found = cards(g.principal)
        own_cards = [card for card in found if not card.shop.is_sample]
        return render_template(
            "shops/shops.html",
            workspace=accounts.scope_of(g.principal).name,
            groups=grouped(found, wanted),
            own_count=len(own_cards),
            problem_count=sum(card.status.is_problem for card in own_cards),
            wanted=wanted,
            now=clock.now(),
            unreachable=unreachable_because(base_url),
        )

    @routes.get("/shops")
    @needs(VIEWER)
    def shops() -> Response:
        return redirect(url_for(".home"), code=308)

    @routes.get("/shops/add")
    @needs(EDITOR, whole=True)
    def add() -> str:
        shop_id = request.args.get("shop", "")
        again = own(shop_id) if shop_id else None
        return render_template(
            "shops/add.html",
            shop=again,
            regions=SELLER_REGIONS,
            countries=COUNTRIES_OF,
            seller_centers=SELLER_CENTERS,
            can_connect=can_connect,
            unreachable=unreachable_because(base_url),
        )

    def settings_page(shop: ShopRow, entered: Entered) -> str:
        return render_template(
            "shops/settings.html",
            shop=shop,
            entered=entered,
            zones=sorted(known_zones()),
            clients=accounts.scope_of(g.principal).clients(),
            optional=[(word, *OPTIONAL_WORDS[word]) for word in offered_data],
            unreachable=unreachable_because(base_url),
        )

    @routes.get("/shops/<shop_id>/settings")
    @needs(EDITOR, whole=True)
    def settings(shop_id: str) -> str:
        shop = own(shop_id)
        return settings_page(shop, entered_of(shop, offered_data))

    @routes.post("/shops/<shop_id>/settings")
    @needs(EDITOR, whole=True)
    def change(shop_id: str) -> tuple[str, int] | Response:
        shop = own(shop_id)
        entered, wish = read_settings(request.form, offered_data)
        if wish is None:
            return settings_page(shop, entered), UNUSABLE
        _keep(accounts.scope_of(g.principal), shop, wish, offered_data)
        if wish.listens != shop.listens:
            listen(own(shop_id), wish.listens)
        flash(f"The settings of {shop.name} are saved.", "ok")
        return redirect(url_for(".home"), code=303)

    def disconnect_page(shop: ShopRow, entered: Entered) -> str:
        return render_template(
            "shops/disconnect.html", shop=shop, entered=entered, keep_days=keep_days
        )

    @routes.get("/shops/<shop_id>/disconnect")
    @needs(EDITOR, whole=True)
    def ask_to_disconnect(shop_id: str) -> str:
        return disconnect_page(own(shop_id), Entered({"keep": "yes"}))

    @routes.post("/shops/<shop_id>/disconnect")
    @needs(EDITOR, whole=True)
    def disconnect(shop_id: str) -> tuple[str, int] | Response:
        shop = own(shop_id)
        keep, typed = request.form.get("keep", ""), request.form.get("name", "")
        problems = {}
        if keep not in ("yes", "no"):
            problems["keep-yes"] = "Choose what happens to what was imported."
        elif keep == "no" and typed.strip() != shop.name.strip():
            problems["name"] = f"Type the name of the shop, {shop.name}, to have it all deleted."
        if problems:
            entered = Entered({"keep": keep, "name": typed[:_LONGEST_SEARCH]}, problems)
            return disconnect_page(shop, entered), UNUSABLE
        connecting.disconnect(shop.workspace_id, shop_id, purge=keep == "no")
        done = "is disconnected" if keep == "yes" else "and everything that was imported is deleted"
        flash(f"{shop.name} {done}.", "ok")
        return redirect(url_for(".home"), code=303)

    return routes


def _keep(
    scope: WorkspaceScope, shop: ShopRow, wish: Wish, offered_data: Mapping[str, bool]
) -> None:
    scope.set_zones(shop.shop_id, shop_zone=wish.shop_zone, report_zone=wish.report_zone)
    scope.set_client(shop.shop_id, wish.client)
    scope.listen(shop.shop_id, wish.listens)
    scope.serve_kept_analytics(shop.shop_id, wish.serves_kept)
    usual = [word for word, is_usual in offered_data.items() if is_usual]
    scope.want_optional_data(shop.shop_id, None if wish.optional == usual else wish.optional)
