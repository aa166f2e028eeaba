"""What each dimension shows, written down a second time.

Taken from the field definitions and not from the product's own declarations, so that a mistake
there cannot agree with itself here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from benchmarks.oracle_aftersales import AFTERSALES_DIMENSIONS
from benchmarks.oracle_analytics import ANALYTICS_DIMENSIONS
from benchmarks.oracle_beside import BESIDE_DIMENSIONS
from benchmarks.oracle_content import CONTENT_DIMENSIONS
from benchmarks.oracle_finance import FINANCE_DIMENSIONS
from benchmarks.oracle_kinds import (
    DAY,
    SECOND,
    Dimension,
    Shown,
    shown_flag,
    shown_moment,
    shown_text,
)
from benchmarks.oracle_rows import Payload, Row, is_paid, text
from benchmarks.oracle_stock import STOCK_DIMENSIONS


def _dated(form: Callable[[datetime], str], reads: str = "time") -> Dimension:
    def show(row: Row, zone: ZoneInfo) -> Shown:
        moment = row.moment(zone)
        return None if moment is None else form(moment)

    return Dimension(reads, show, "orders")


def _hourly(form: Callable[[datetime], str]) -> Dimension:
    return _dated(form, "hour")


def _week(day: datetime) -> tuple[str, str]:
    year, week, _ = day.isocalendar()
    return f"{year:04d}", f"{week:02d}"


def _days_back(day: datetime, days: int) -> str:
    return (day.date() - timedelta(days=days)).strftime(DAY)


def _quarter(day: datetime) -> str:
    return str((day.month + 2) // 3)


def _order_text(name: str) -> Dimension:
    return shown_text("order", "orders", lambda row: row.order.get(name))


def _order_flag(name: str) -> Dimension:
    return shown_flag("order", "orders", lambda row: row.order.get(name))


def _order_second(name: str) -> Dimension:
    return shown_moment("order", "orders", lambda row: row.order.get(name), SECOND)


def _line_text(name: str) -> Dimension:
    return shown_text("line", "lines", lambda row: row.line.get(name))


def _line_second(name: str) -> Dimension:
    return shown_moment("line", "lines", lambda row: row.line.get(name), SECOND)


def _line_flag(name: str) -> Dimension:
    return shown_flag("line", "lines", lambda row: row.line.get(name))


def _address(row: Row) -> Payload:
    return row.order.get("recipient_address") or {}


def _district(row: Row, *levels: str) -> str | None:
    for level in levels:
        for district in _address(row).get("district_info") or ():
            if district.get("address_level") == level:
                return text(district.get("address_name"))
    return None


def _is_bundle(line: Payload) -> bool | None:
    return bool(line.get("combined_listing_skus") or line.get("sub_item_info")) if line else None


def _unit(row: Row, name: str) -> object:
    """What a unit is called, by the record that is read before the order behind it."""
    for source in (row.return_line, row.cancel_line, row.own):
        if text(source.get(name)):
            return source[name]
    return row.line.get(name)


def _is_of_units(row: Row) -> bool:
    """Whether there is a name from the time of the sale; stock and days of products have none."""
    return bool(row.line or row.return_line or row.cancel_line or row.own.get("sku_name"))


def _product_name(row: Row) -> object:
    return _unit(row, "product_name") if _is_of_units(row) else row.product.get("title")


def _sku_name(row: Row) -> object:
    if _is_of_units(row):
        return _unit(row, "sku_name")
    values = (each.get("value_name") for each in row.sku.get("sales_attributes") or ())
    return ", ".join(filter(None, values))


def _seller_sku(row: Row) -> object:
    """Of the unit or the stock itself, else of the catalogue."""
    found = text(_unit(row, "seller_sku")) or text(row.sku_stock.get("seller_sku"))
    is_of_sale = bool(row.line or row.return_line or row.cancel_line or row.sku_stock)
    return found if is_of_sale else row.sku.get("seller_sku")


def _tax_type(row: Row) -> object:
    return next((tax.get("tax_type") for tax in row.line.get("item_tax") or ()), None)


DIMENSIONS: Final[dict[str, Dimension]] = {
    "date": _dated(lambda day: day.strftime("%Y%m%d")),
    "date_hour": _hourly(lambda day: day.strftime("%Y%m%d%H")),
    "hour": _hourly(lambda day: day.strftime("%H")),
    "day_of_week": _dated(lambda day: str(day.isoweekday() % 7)),
    "day_of_month": _dated(lambda day: day.strftime("%d")),
    "month_day": _dated(lambda day: day.strftime("%m%d")),
    "week_iso": _dated(lambda day: "".join(_week(day))),
    "week_of_year": _dated(lambda day: _week(day)[1]),
    "week_start_date": _dated(lambda day: _days_back(day, day.weekday())),
    "week_start_sunday": _dated(lambda day: _days_back(day, day.isoweekday() % 7)),
    "year_month": _dated(lambda day: day.strftime("%Y%m")),
    "month": _dated(lambda day: day.strftime("%m")),
    "year_quarter": _dated(lambda day: f"{day.year:04d}{_quarter(day)}"),
    "quarter": _dated(_quarter),
    "year": _dated(lambda day: f"{day.year:04d}"),
    "paid_date": shown_moment("order", "orders", lambda row: row.order.get("paid_time"), DAY),
    "shop_id": shown_text("shop", "shops", lambda row: row.shop.get("id")),
    "shop_name": shown_text("shop", "shops", lambda row: row.shop.get("name")),
    "shop_region": shown_text("shop", "shops", lambda row: row.shop.get("region")),
    "seller_type": shown_text("shop", "shops", lambda row: row.shop.get("seller_type")),
    "currency": shown_text("currency", "orders", lambda row: row.currency),
    "order_id": shown_text("order_id", "orders", lambda row: row.order_id),
    "money_state": shown_text("order", "orders", lambda row: row.money_state),
    "order_status": _order_text("status"),
    "is_paid": shown_flag("order", "orders", lambda row: is_paid(row.order) if row.order else None),
    "create_time": _order_second("create_time"),
    "update_time": _order_second("update_time"),
    "paid_time": _order_second("paid_time"),
    "cancel_time": _order_second("cancel_time"),
    "rts_time": _order_second("rts_time"),
    "collection_time": _order_second("collection_time"),
    "delivery_time": _order_second("delivery_time"),
    "ship_by_time": _order_second("rts_sla_time"),
    "pickup_by_time": _order_second("tts_sla_time"),
    "deliver_by_time": _order_second("delivery_sla_time"),
    "auto_cancel_time": _order_second("cancel_order_sla_time"),
    "cancel_request_time": _order_second("request_cancel_time"),
    "is_cancel_requested": _order_flag("is_buyer_request_cancel"),
    "tracking_number": shown_text(
        "order", "orders", lambda row: (row.line or row.order).get("tracking_number")
    ),
    "recipient_region_code": shown_text(
        "order", "orders", lambda row: _address(row).get("region_code")
    ),
    "recipient_state": shown_text("order", "orders", lambda row: _district(row, "L1")),
    "recipient_city": shown_text("order", "orders", lambda row: _district(row, "L3", "L2")),
    "buyer_user_id": _order_text("user_id"),
    "split_or_combine": _order_text("split_or_combine_tag"),
    **{
        name: _order_text(name)
        for name in (
            "order_type",
            "fulfillment_type",
            "shipping_type",
            "delivery_type",
            "delivery_option_name",
            "shipping_provider",
            "payment_method_name",
            "cancel_reason",
            "cancellation_initiator",
            "fast_delivery_program",
            "commerce_platform",
            "replaced_order_id",
            "exchange_source_order_id",
        )
    },
    **{
        name: _order_flag(name)
        for name in (
            "is_cod",
            "is_sample_order",
            "is_replacement_order",
            "is_exchange_order",
            "is_subscription_order",
            "is_on_hold_order",
        )
    },
    "live_room_id": _line_text("room_id"),
    "line_item_id": _line_text("id"),
    "product_id": shown_text("product_id", "lines", lambda row: row.product_id),
    "product_name": shown_text("unit", "lines", _product_name),
    "sku_id": shown_text("sku_id", "lines", lambda row: row.sku_id),
    "sku_name": shown_text("variant", "lines", _sku_name),
    "seller_sku": shown_text("variant", "lines", _seller_sku),
    "listing_id": _line_text("product_id"),
    "line_shipped_time": _line_second("rts_time"),
    "line_shipping_provider": _line_text("shipping_provider_name"),
    "is_dangerous_good": _line_flag("is_dangerous_good"),
    "sku_type": shown_text(
        "line",
        "lines",
        lambda row: text(row.line.get("sku_type")) or row.order.get("order_type"),
    ),
    "sku_image": _line_text("sku_image"),
    "sku_image_url": _line_text("sku_image"),
    "line_status": _line_text("display_status"),
    "package_id": _line_text("package_id"),
    "package_status": _line_text("package_status"),
    "line_cancel_reason": _line_text("cancel_reason"),
    "line_cancel_user": _line_text("cancel_user"),
    "is_gift": _line_flag("is_gift"),
    "is_bundle": shown_flag("line", "lines", lambda row: _is_bundle(row.line)),
    "tax_type": shown_text("line", "lines", _tax_type),
    **STOCK_DIMENSIONS,
    **AFTERSALES_DIMENSIONS,
    **FINANCE_DIMENSIONS,
    **ANALYTICS_DIMENSIONS,
    **CONTENT_DIMENSIONS,
    **BESIDE_DIMENSIONS,
}

#: Dimensions that are a date or a part of one, on the axis of the report.
TIME_DIMENSIONS: Final = frozenset(
    name for name, dimension in DIMENSIONS.items() if dimension.reads in ("time", "hour")
)
#: Dimensions by which shops are told apart.
SHOP_DIMENSIONS: Final = frozenset(
    name for name, dimension in DIMENSIONS.items() if dimension.reads in ("shop", "currency")
)
#: Dimensions shown as a keyed hash that cannot be known here: one unknown text per known value.
HASHED: Final = frozenset({"buyer_user_id"})
