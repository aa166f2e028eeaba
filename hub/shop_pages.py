"""The pages on which shops are listed, connected, set and disconnected, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint

from hub.banners import banner_routes
from hub.connect import ConsentLink, connect_routes
from hub.connecting import Connecting
from hub.invites import invite_routes
from hub.kept import kept_words
from hub.many_shops import many_shops_routes
from hub.overview import Overview
from hub.shops import shop_routes
from hub.times import time_filters
from settings import Settings
from store.accounts import ShopRow
from store.invites import Invites
from store.sessions import ConsentStates


def shop_pages(
    overview: Overview,
    settings: Settings,
    *,
    invites: Invites,
    connecting: Connecting,
    consent_link: ConsentLink,
    offered_data: Mapping[str, bool],
    listen: Callable[[ShopRow, bool], None],
) -> list[Blueprint]:
    """See `hub.shops.shop_routes` and `hub.connect.connect_routes` for what is handed in."""
    accounts, clock = overview.accounts, overview.clock
    return [
        time_filters(),
        kept_words(settings.keep_disconnected_days),
        banner_routes(overview.ending_authorizations),
        shop_routes(
            accounts=accounts,
            clock=clock,
            cards=overview.cards,
            connecting=connecting,
            offered_data=offered_data,
            listen=listen,
            base_url=settings.base_url,
            can_connect=settings.has_tiktok_app and bool(settings.tiktok_service_id),
            keep_days=settings.keep_disconnected_days,
        ),
        many_shops_routes(
            accounts=accounts,
            connecting=connecting,
            listen=listen,
            keep_days=settings.keep_disconnected_days,
        ),
        connect_routes(
            accounts=accounts,
            states=ConsentStates(accounts.database, clock),
            invites=invites,
            consent_link=consent_link,
            connecting=connecting,
        ),
        invite_routes(accounts=accounts, invites=invites, base_url=settings.base_url),
    ]
