"""The facts: what a row reaches, what its date is, how far back it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

#: What is in no currency of its own is in the shop's.
_SHOP: Final = frozenset({"shop", "currency"})
_TIME: Final = _SHOP | {"time"}
_HOURS: Final = _TIME | {"hour"}
_PRODUCT: Final = frozenset({"product_id", "product"})
_SKU: Final = _PRODUCT | {"sku_id", "sku"}
_PLACE: Final = frozenset({"warehouse_id", "warehouse"})
_ORDER: Final = _PLACE | {"order_id", "order"}
#: What a listing and a variant are called in the record itself.
_NAMED: Final = frozenset({"unit", "variant"})
_LINE: Final = _SKU | _NAMED | {"line"}
_STOCK: Final = _SHOP | _SKU | _NAMED

#: Days before today of which TikTok's own figures can be had; of hours today is told, too.
ANALYTICS_DAYS: Final = 60
HOURLY_DAYS: Final = 29


@dataclass(frozen=True)
class Fact:
    """`reaches`: kinds of payload its rows carry. `read_as`: what is read to have it.

    `axis`: the date of the order (created or paid, as asked), a moment of its own, a day or an hour
    of the shop's own calendar, or none ("now": the newest state, whatever the range).
    `most_days`: so many days before today, as the shop counts them, are told at most; 0: all.
    `is_optional`: read only where somebody wanted it.
    `last_days`: whatever the range, so many full days before today; 0: the range.
    """

    reaches: frozenset[str]
    read_as: str
    axis: Literal["order", "own", "day", "hour", "now"]
    most_days: int = 0
    last_days: int = 0
    is_optional: bool = False

    @property
    def is_dated(self) -> bool:
        return self.axis != "now"

    @property
    def has_own_days(self) -> bool:
        return self.axis in ("day", "hour")


#: In the order in which a list of dimensions alone looks for a place to be read from.
FACTS: Final[dict[str, Fact]] = {
    "shops": Fact(_SHOP, "", "now"),
    "warehouses": Fact(_SHOP | {"warehouse"}, "warehouses", "now"),
    "products": Fact(_SHOP | _PRODUCT, "products", "now"),
    "skus": Fact(_SHOP | _SKU, "products", "now"),
    "orders": Fact(_HOURS | _ORDER, "orders", "order"),
    "lines": Fact(_HOURS | _ORDER | _LINE, "orders", "order"),
    "recent_lines": Fact(_SHOP | _ORDER | _LINE, "orders", "order", last_days=28),
    "sku_stock": Fact(_STOCK, "inventory", "now"),
    "warehouse_stock": Fact(_STOCK | _PLACE | {"stock"}, "inventory", "now"),
    "returns": Fact(_HOURS | _ORDER | {"return"}, "returns", "own"),
    "return_lines": Fact(_HOURS | _ORDER | _LINE | {"return"}, "returns", "own"),
    # The same aftersales lines, but dated by the order they undo.
    "order_return_lines": Fact(_HOURS | _ORDER | _LINE | {"return"}, "returns", "order"),
    "cancellations": Fact(_HOURS | _ORDER | {"cancel"}, "cancellations", "own"),
    "cancel_lines": Fact(_HOURS | _ORDER | _LINE | {"cancel"}, "cancellations", "own"),
    "order_cancel_lines": Fact(_HOURS | _ORDER | _LINE | {"cancel"}, "cancellations", "order"),
    "statements": Fact(_TIME | {"statement", "payout_id"}, "statements", "own"),
    "transactions": Fact(
        _TIME | _ORDER | {"statement", "payout_id", "record", "record_kind", "record_order"},
        "statement_transactions",
        "own",
    ),
    "settled_skus": Fact(
        _TIME | _ORDER | _SKU | _NAMED | {"statement", "payout_id", "record_order"},
        "statement_transaction_skus",
        "own",
        is_optional=True,
    ),
    "payments": Fact(_HOURS | {"payment", "payout_id"}, "payments", "own"),
    "unsettled": Fact(
        _SHOP | _ORDER | {"record_kind", "unsettled"}, "unsettled_transactions", "now"
    ),
    "external_orders": Fact(_HOURS | _ORDER, "external_orders", "order", is_optional=True),
    "fbt_stock": Fact(_STOCK | _PLACE | {"goods"}, "fbt_inventory", "now"),
    "inbound": Fact(_HOURS | _PLACE | {"inbound"}, "inbound_orders", "own"),
    "shop_days": Fact(_TIME, "shop_performance", "day", ANALYTICS_DAYS),
    "shop_exposure": Fact(_TIME, "shop_exposure", "day", ANALYTICS_DAYS),
    "videos_days": Fact(_TIME, "video_overview", "day", ANALYTICS_DAYS),
    "lives_days": Fact(_TIME, "live_overview", "day", ANALYTICS_DAYS),
    "shop_hours": Fact(_TIME | {"hour"}, "shop_performance_hourly", "hour", HOURLY_DAYS),
    "product_days": Fact(_TIME | _PRODUCT | {"unit"}, "product_performance", "day", ANALYTICS_DAYS),
    "sku_days": Fact(
        _TIME | _SKU | _NAMED, "sku_performance", "day", ANALYTICS_DAYS, is_optional=True
    ),
    "video_days": Fact(_TIME | {"video"}, "video_performance", "day", ANALYTICS_DAYS),
    "live_sessions": Fact(_TIME | {"live"}, "live_sessions", "day", ANALYTICS_DAYS),
}
