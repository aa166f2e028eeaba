"""Orders with their units and what was paid for each (search 202309, detail 202507).

Of the recipient only country, state and city are kept, of the buyer a keyed hash. Names, phones,
streets, mail, notes, invoice and payment codes stand in no mapping, and so go nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

import orjson

from backfill.auctions import AuctionProduct, auction_product
from backfill.normalise.price_detail import DERIVED_COLUMNS, ORDER, UNIT, derive_prices
from backfill.normalise.rows import (
    BuyerHasher,
    Normalised,
    Row,
    by_name,
    inside,
    read_each,
)
from backfill.normalise.shape import Record, Shape, child, children
from backfill.normalise.values import (
    REMEMBERED,
    WrongShape,
    exact_sum,
    key_of,
    money,
    plain_text,
    rate,
    text,
)
from catalogue.tables import ORDER_LINE_ITEMS, ORDERS, PRODUCTS
from store.commits import Write

_ORDER: Final = Shape(
    ORDERS,
    {
        "order_id": "id",
        **by_name(
            *("status", "order_type", "create_time", "update_time", "paid_time", "rts_time"),
            *("collection_time", "delivery_time", "cancel_time", "request_cancel_time"),
            *("rts_sla_time", "tts_sla_time", "delivery_sla_time", "cancel_order_sla_time"),
            *("shipping_due_time", "collection_due_time", "delivery_due_time"),
            *("fulfillment_type", "shipping_type", "delivery_type", "delivery_option_id"),
            *("delivery_option_name", "shipping_provider_id", "shipping_provider"),
            *("tracking_number", "warehouse_id", "payment_method_name", "cancel_reason"),
            *("cancellation_initiator", "is_cod", "is_sample_order", "is_replacement_order"),
            *("is_exchange_order", "is_subscription_order", "is_on_hold_order"),
            *("is_buyer_request_cancel", "replaced_order_id", "exchange_source_order_id"),
            *("fast_delivery_program", "commerce_platform", "split_or_combine_tag"),
            "auto_combine_group_id",
        ),
        **inside(
            "payment",
            *("currency", "total_amount", "sub_total", "original_total_product_price"),
            *("seller_discount", "platform_discount", "payment_platform_discount"),
            *("payment_discount_service_fee", "shipping_fee", "original_shipping_fee"),
            *("shipping_fee_seller_discount", "shipping_fee_platform_discount"),
            *("shipping_fee_cofunded_discount", "tax", "product_tax", "shipping_fee_tax"),
            *("buyer_service_fee", "handling_fee", "small_order_fee", "retail_delivery_fee"),
            *("item_insurance_fee", "item_insurance_tax", "shipping_insurance_fee"),
            *("distance_fee", "distance_shipping_fee"),
        ),
        "recipient_region_code": "recipient_address.region_code",
    },
    required=("order_id", "create_time", "update_time"),
)
_ORDER_COLUMNS: Final = (
    *_ORDER.columns,
    *("order_key", "recipient_state", "recipient_city", "buyer_user_id", "buyer_key"),
    "line_count",
)

_LINE: Final = Shape(
    ORDER_LINE_ITEMS,
    {
        "line_item_id": "id",
        **by_name(
            *("product_id", "product_name", "sku_id", "sku_name", "seller_sku", "sku_type"),
            *("sku_image", "display_status", "package_id", "package_status", "tracking_number"),
            *("shipping_provider_id", "shipping_provider_name", "cancel_reason", "cancel_user"),
            *("is_gift", "is_dangerous_good", "rts_time", "original_price", "sale_price"),
            *("seller_discount", "platform_discount", "gift_retail_price", "buyer_service_fee"),
            *("small_order_fee", "retail_delivery_fee"),
        ),
        # Announced for the US in TikTok's changelog; its place is unconfirmed.
        "live_room_id": "room_id",
    },
    required=("line_item_id",),
)
_LINE_COLUMNS: Final = (
    *_LINE.columns,
    *("line_key", "order_id", "order_key", "create_time", "update_time", "currency"),
    *("is_bundle", "auction_product_id", "tax_amount", "tax_rate", "tax_type"),
    *DERIVED_COLUMNS,
)
_AUCTION_COLUMNS: Final = ("product_id", "title", "is_auction", "update_time")


def _picker(columns: Sequence[str], names: Sequence[str]) -> Callable[[Sequence[Any]], Row]:
    """From a row of `columns` the values of `names`."""
    return itemgetter(*map(columns.index, names))


_identity: Final = _picker(
    _ORDER.columns, ("order_id", "create_time", "update_time", "currency", "order_type")
)
_paid: Final = _picker(_ORDER.columns, ORDER)
_unit: Final = _picker(_LINE_COLUMNS, UNIT)
_LINE_ID: Final = _LINE.position("line_item_id")
_NAME, _SKU_TYPE = map(_LINE.position, ("product_name", "sku_type"))

_NO_TAX: Final = (None, None, None)
_DISTRICT: Final = ("address_level", "address_level_name", "address_name")

#: (state, city) of addresses that were seen, by their districts as JSON.
_places: Final[dict[bytes, tuple[object, object]]] = {}

#: How TikTok names the level that is a city; elsewhere it is called a district or not at all.
_CITY_WORDS: Final = ("city", "town", "municipality")


def normalise_orders(records: Iterable[object], buyer: BuyerHasher) -> Normalised:
    """Rows of orders and order_line_items, and of products those that stand for what was sold in
    countdown auctions."""
    orders: list[Row] = []
    auctions: dict[str, Row] = {}
    lines: list[Row] = []

    def read(record: Record) -> None:
        header = _ORDER.read(record)
        order_id, created, updated, currency, order_type = _identity(header)
        order_key = key_of(order_id)
        shared = (order_id, order_key, created, updated)
        sold: list[AuctionProduct] = []
        own: list[list[Any]] = []
        units = children(record, "line_items")
        try:
            for unit in units:
                own.append(  # noqa: PERF401 - a complaint says how many were read before
                    _read_line(unit, shared, currency, order_type, sold)
                )
        except WrongShape as wrong:
            raise wrong.under(f"line_items[{len(own)}]") from None
        derived = derive_prices(_paid(header), list(map(_unit, own)))
        state, city = _recipient(record)
        orders.append((*header, order_key, state, city, *_buyer(record, buyer), len(own)))
        lines.extend([(*line, *made) for line, made in zip(own, derived, strict=True)])
        if sold:
            # Without a time, so that a product which is there already does not change.
            auctions.update({one.product_id: (one.product_id, one.title, 1, None) for one in sold})

    rejected = read_each(records, "orders", read)
    return Normalised(
        (
            Write(ORDERS, _ORDER_COLUMNS, orders),
            Write(ORDER_LINE_ITEMS, _LINE_COLUMNS, lines),
            Write(PRODUCTS, _AUCTION_COLUMNS, list(auctions.values())),
        ),
        rejected,
    )


def _read_line(
    unit: Any,
    shared: tuple[Any, ...],
    order_currency: object,
    order_type: str | None,
    sold: list[AuctionProduct],
) -> list[Any]:
    """A row of `_LINE_COLUMNS` without `DERIVED_COLUMNS`; adds to `sold` the product in whose name
    it was auctioned."""
    row = _LINE.read(unit)
    auction = auction_product(row[_NAME], order_type, row[_SKU_TYPE])
    if auction is not None:
        sold.append(auction)
    own_currency = unit.get("currency")
    is_bundle = unit.get("combined_listing_skus") or unit.get("sub_item_info")
    row += (
        key_of(row[_LINE_ID]),
        *shared,
        text(own_currency) if own_currency else order_currency,
        1 if is_bundle else 0,
        auction.product_id if auction else None,
        *(_tax(unit) if unit.get("item_tax") else _NO_TAX),
    )
    return row


def _tax(unit: Record) -> tuple[object, object, object]:
    """(sum of the amounts, rate of the first tax, type of the first tax)."""
    taxes = children(unit, "item_tax")
    try:
        first = taxes[0]
        rest = rate[first.get("tax_rate")], text[first.get("tax_type")]
        if len(taxes) == 1:
            return money[first.get("tax_amount")], *rest
        amounts = [money[tax.get("tax_amount")] for tax in taxes]
        return exact_sum(amounts), *rest
    except WrongShape as wrong:
        raise WrongShape(wrong.reason, "item_tax") from None
    except (TypeError, AttributeError):
        raise WrongShape("is not a list of taxes", "item_tax") from None


def _buyer(order: Record, buyer: BuyerHasher) -> tuple[str | None, int | None]:
    try:
        buyer_id = plain_text(order.get("user_id"))
    except WrongShape as wrong:
        raise WrongShape(wrong.reason, "user_id") from None
    return (None, None) if buyer_id is None else buyer(buyer_id)


def _recipient(order: Record) -> tuple[object, object]:
    """(state, city) of the address."""
    address = child(order, "recipient_address")
    districts = children(address, "district_info") if address else None
    if not districts:
        return None, None
    try:
        words = orjson.dumps(districts)
    except TypeError:
        return _state_and_city(districts)
    known = _places.get(words)
    if known is None:
        known = _state_and_city(districts)
        if len(_places) >= REMEMBERED:
            _places.clear()
        _places[words] = known
    return known


def _state_and_city(districts: Sequence[Any]) -> tuple[object, object]:
    """The first level is the state. The city is the deeper level whose own name says so; else the
    third under a county, else the second."""
    names: dict[object, object] = {}
    city = under_county = None
    try:
        for district in districts:
            level, level_name, name = map(district.get, _DISTRICT)
            names[level] = name
            if level in ("L2", "L3", "L4"):
                kind = (level_name or "").lower()
                if city is None and any(word in kind for word in _CITY_WORDS):
                    city = name
                under_county = under_county or (level == "L2" and "county" in kind)
        if city is None:
            city = names.get("L3") if under_county else names.get("L2")
        return text(names.get("L1")), text(city)
    except (WrongShape, TypeError, AttributeError):
        raise WrongShape("is not a list of districts", "recipient_address.district_info") from None
