"""Settings, reconnecting and disconnecting for several shops at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from connector.zones import known_zones
from errors import BadRequest
from hub.connecting import Connecting
from hub.forms import UNUSABLE, Entered
from hub.kept import kept_for
from hub.shop_settings import read_changes
from store.accounts import Accounts, ShopRow
from store.roles import EDITOR, needs

#: What the buttons below the list of shops lead to, by their value.
_PLACES: Final = {
    "backfill": "/backfill",
    "settings": "/shops/settings",
    "reconnect": "/shops/reconnect",
    "disconnect": "/shops/disconnect",
}


def many_shops_routes(
    *,
    accounts: Accounts,
    connecting: Connecting,
    listen: Callable[[ShopRow, bool], None],
    keep_days: int,
) -> Blueprint:
    """See `hub.shops.shop_routes` for what is handed in."""
    routes = Blueprint("many_shops", __name__, template_folder="templates")

    def chosen(ids: Sequence[str]) -> list[ShopRow]:
        """The workspace's own shops among these; BadRequest for one that is not there, and where
        none is left."""
        scope = accounts.scope_of(g.principal)
        shops = [scope.shop(shop_id) for shop_id in dict.fromkeys(ids)]
        own = [shop for shop in shops if not shop.is_sample]
        if not own:
            raise BadRequest("Tick a shop of yours first; the Sample Account stays as it is.")
        return own

    # A form that is sent by GET would put its token into the address.
    @routes.post("/shops/chosen")
    @needs(EDITOR)
    def go() -> Response:
        place = _PLACES.get(request.form.get("go", ""))
        if place is None:
            raise BadRequest("Press one of the buttons below the list of shops.")
        ids = [shop.shop_id for shop in chosen(request.form.getlist("shop"))]
        return redirect(f"{place}?{urlencode({'shop': ids}, doseq=True)}", code=303)

    def settings_page(shops: Sequence[ShopRow], entered: Entered) -> str:
        return render_template(
            "shops/many_settings.html",
            shops=shops,
            entered=entered,
            zones=sorted(known_zones()),
            clients=accounts.scope_of(g.principal).clients(),
        )

    @routes.get("/shops/settings")
    @needs(EDITOR, whole=True)
    def settings() -> str:
        return settings_page(chosen(request.args.getlist("shop")), Entered())

    @routes.post("/shops/settings")
    @needs(EDITOR, whole=True)
    def change() -> tuple[str, int] | Response:
        shops = chosen(request.form.getlist("shop"))
        entered, changes = read_changes(request.form)
        if entered.problems:
            return settings_page(shops, entered), UNUSABLE
        scope = accounts.scope_of(g.principal)
        for shop in shops:
            if changes.client is not None:
                scope.set_client(shop.shop_id, changes.client)
            if changes.report_zone is not None:
                zone = changes.report_zone
                scope.set_zones(shop.shop_id, shop_zone=shop.shop_zone, report_zone=zone)
            if changes.serves_kept is not None:
                scope.serve_kept_analytics(shop.shop_id, changes.serves_kept)
            if changes.listens is not None and changes.listens != shop.listens:
                scope.listen(shop.shop_id, changes.listens)
                listen(scope.shop(shop.shop_id), changes.listens)
        flash(f"The settings of {_count(shops)} are saved.", "ok")
        return redirect(url_for("shops.home"), code=303)

    @routes.get("/shops/reconnect")
    @needs(EDITOR, whole=True)
    def reconnect() -> str:
        shops = chosen(request.args.getlist("shop"))
        scope = accounts.scope_of(g.principal)
        names = {row.id: row.seller_name for row in scope.authorizations()}
        by_seller: dict[str, list[ShopRow]] = {}
        for shop in shops:
            # Shops that no consent is known of are reconnected one by one.
            by_seller.setdefault(shop.authorization_id or shop.shop_id, []).append(shop)
        return render_template("shops/many_reconnect.html", sellers=by_seller, names=names)

    @routes.get("/shops/disconnect")
    @needs(EDITOR, whole=True)
    def ask_to_disconnect() -> str:
        return render_template(
            "shops/many_disconnect.html", shops=chosen(request.args.getlist("shop"))
        )

    @routes.post("/shops/disconnect")
    @needs(EDITOR, whole=True)
    def disconnect() -> Response:
        shops = chosen(request.form.getlist("shop"))
        for shop in shops:
            connecting.disconnect(shop.workspace_id, shop.shop_id)
        verb = "is" if len(shops) == 1 else "are"
        flash(f"{_count(shops)} {verb} disconnected. {kept_for(keep_days)}", "ok")
        return redirect(url_for("shops.home"), code=303)

    return routes


def _count(shops: Sequence[ShopRow]) -> str:
    return shops[0].name if len(shops) == 1 else f"{len(shops)} shops"
