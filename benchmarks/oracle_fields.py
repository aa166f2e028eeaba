"""What each dimension shows, written down a second time.

Taken from the field definitions and not from the product's own declarations, so that a mistake
there cannot agree with itself here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from benchmarks.oracle_facts import Payload, Row, instant, is_paid, text

#: What a cell of a dimension can be.
Shown = str | bool | None


@dataclass(frozen=True)
class Dimension:
    """`reads`: the kind of payload a fact must reach. `home`: the fact that lists its values."""

    reads: str
    show: Callable[[Row, ZoneInfo], Shown]
    home: str


def local(seconds: int, zone: ZoneInfo) -> datetime:
    """The wall-clock time of a UTC instant in a zone."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)


def _dated(form: Callable[[datetime], str]) -> Dimension:
    def show(row: Row, zone: ZoneInfo) -> Shown:
        return None if row.at is None else form(local(row.at, zone))

    return Dimension("time", show, "orders")


def _week(day: datetime) -> tuple[str, str]:
    year, week, _ = day.isocalendar()
    return f"{year:04d}", f"{week:02d}"


def _days_back(day: datetime, days: int) -> str:
    return (day.date() - timedelta(days=days)).strftime("%Y%m%d")


def _quarter(day: datetime) -> str:
    return str((day.month + 2) // 3)


def _moment(reads: str, home: str, take: Callable[[Row], object], form: str) -> Dimension:
    def show(row: Row, zone: ZoneInfo) -> Shown:
        seconds = instant(take(row))
        return None if seconds is None else local(seconds, zone).strftime(form)

    return Dimension(reads, show, home)


def _text(reads: str, home: str, take: Callable[[Row], object]) -> Dimension:
    return Dimension(reads, lambda row, _zone: text(take(row)), home)


def _flag(reads: str, home: str, take: Callable[[Row], object]) -> Dimension:
    def show(row: Row, _zone: ZoneInfo) -> Shown:
        value = take(row)
        return None if value is None else bool(value)

    return Dimension(reads, show, home)


def _order_text(name: str) -> Dimension:
    return _text("order", "orders", lambda row: row.order.get(name))


def _order_flag(name: str) -> Dimension:
    return _flag("order", "orders", lambda row: row.order.get(name))


def _order_second(name: str) -> Dimension:
    return _moment("order", "orders", lambda row: row.order.get(name), "%Y%m%d%H%M%S")


def _line_text(name: str) -> Dimension:
    return _text("line", "lines", lambda row: row.line.get(name))


def _return_text(name: str) -> Dimension:
    return _text("return", "returns", lambda row: row.return_.get(name))


def _return_second(name: str) -> Dimension:
    return _moment("return", "returns", lambda row: row.return_.get(name), "%Y%m%d%H%M%S")


def _cancel_text(name: str) -> Dimension:
    return _text("cancel", "cancellations", lambda row: row.cancel.get(name))


def _address(row: Row) -> Payload:
    return row.order.get("recipient_address") or {}


def _district(row: Row, *levels: str) -> str | None:
    for level in levels:
        for district in _address(row).get("district_info") or ():
            if district.get("address_level") == level:
                return text(district.get("address_name"))
    return None


def _category_path(row: Row) -> str | None:
    names = [text(each.get("local_name")) for each in row.product.get("category_chains") or ()]
    return " > ".join(name for name in names if name)


def _leaf_category(row: Row) -> str | None:
    for category in row.product.get("category_chains") or ():
        if category.get("is_leaf"):
            return text(category.get("local_name"))
    return None


def _first_picture(row: Row) -> str | None:
    for picture in row.product.get("main_images") or ():
        for url in picture.get("urls") or ():
            return text(url)
    return None


def _currency(row: Row) -> object:
    for block in (
        row.order.get("payment"),
        row.return_.get("refund_amount"),
        row.cancel.get("refund_amount"),
        row.sku.get("price"),
    ):
        if block and block.get("currency"):
            return block["currency"]
    return None


def _tax_type(row: Row) -> object:
    return next((tax.get("tax_type") for tax in row.line.get("item_tax") or ()), None)


DIMENSIONS: Final[dict[str, Dimension]] = {
    "date": _dated(lambda day: day.strftime("%Y%m%d")),
    "date_hour": _dated(lambda day: day.strftime("%Y%m%d%H")),
    "hour": _dated(lambda day: day.strftime("%H")),
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
    "paid_date": _moment("order", "orders", lambda row: row.order.get("paid_time"), "%Y%m%d"),
    "shop_id": _text("shop", "shops", lambda row: row.shop.get("id")),
    "shop_name": _text("shop", "shops", lambda row: row.shop.get("name")),
    "shop_region": _text("shop", "shops", lambda row: row.shop.get("region")),
    "seller_type": _text("shop", "shops", lambda row: row.shop.get("seller_type")),
    "currency": _text("shop", "orders", _currency),
    "order_id": _text(
        "order",
        "orders",
        lambda row: (
            row.order.get("id") or row.return_.get("order_id") or row.cancel.get("order_id")
        ),
    ),
    "order_status": _order_text("status"),
    "is_paid": _flag("order", "orders", lambda row: is_paid(row.order) if row.order else None),
    "create_time": _order_second("create_time"),
    "update_time": _order_second("update_time"),
    "paid_time": _order_second("paid_time"),
    "cancel_time": _order_second("cancel_time"),
    "rts_time": _order_second("rts_time"),
    "collection_time": _order_second("collection_time"),
    "delivery_time": _order_second("delivery_time"),
    "tracking_number": _text(
        "order", "orders", lambda row: (row.line or row.order).get("tracking_number")
    ),
    "warehouse_id": _order_text("warehouse_id"),
    "warehouse_name": _text("order", "orders", lambda row: row.warehouse_name),
    "recipient_region_code": _text("order", "orders", lambda row: _address(row).get("region_code")),
    "recipient_state": _text("order", "orders", lambda row: _district(row, "L1")),
    "recipient_city": _text("order", "orders", lambda row: _district(row, "L3", "L2")),
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
    "product_id": _text("product", "lines", lambda row: row.product_id),
    "product_name": _line_text("product_name"),
    "sku_id": _text("sku", "lines", lambda row: row.sku_id),
    "sku_name": _line_text("sku_name"),
    "seller_sku": _line_text("seller_sku"),
    "sku_type": _text(
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
    "is_gift": _flag("line", "lines", lambda row: row.line.get("is_gift")),
    "is_bundle": _flag(
        "line",
        "lines",
        lambda row: bool(row.line.get("combined_listing_skus") or row.line.get("sub_item_info")),
    ),
    "tax_type": _text("line", "lines", _tax_type),
    "product_title": _text("product", "products", lambda row: row.product.get("title")),
    "product_status": _text("product", "products", lambda row: row.product.get("status")),
    "product_audit_status": _text(
        "product", "products", lambda row: (row.product.get("audit") or {}).get("status")
    ),
    "product_create_time": _moment(
        "product", "products", lambda row: row.product.get("create_time"), "%Y%m%d%H%M%S"
    ),
    "product_update_time": _moment(
        "product", "products", lambda row: row.product.get("update_time"), "%Y%m%d%H%M%S"
    ),
    "category_name": _text("product", "products", _leaf_category),
    "brand_name": _text(
        "product", "products", lambda row: (row.product.get("brand") or {}).get("name")
    ),
    "category_path": _text("product", "products", _category_path),
    "product_image": _text("product", "products", _first_picture),
    "product_image_url": _text("product", "products", _first_picture),
    "product_url": _text(
        "product",
        "products",
        lambda row: row.product_id and f"https://shop.tiktok.com/view/product/{row.product_id}",
    ),
    "listing_quality_tier": _text(
        "product", "products", lambda row: row.product.get("listing_quality_tier")
    ),
    "sales_regions": _text(
        "product", "products", lambda row: ",".join(row.product.get("sales_regions") or ())
    ),
    "catalog_seller_sku": _text("sku", "skus", lambda row: row.sku.get("seller_sku")),
    "sku_status": _text(
        "sku", "skus", lambda row: (row.sku.get("status_info") or {}).get("status")
    ),
    "inventory_warehouse_id": _text(
        "stock", "warehouse_stock", lambda row: row.stock.get("warehouse_id")
    ),
    "return_id": _return_text("return_id"),
    "return_type": _return_text("return_type"),
    "return_status": _return_text("return_status"),
    "return_reason": _text(
        "return",
        "returns",
        lambda row: text(row.return_.get("return_reason_text")) or row.return_.get("return_reason"),
    ),
    "return_role": _return_text("role"),
    "arbitration_status": _return_text("arbitration_status"),
    "return_create_time": _return_second("create_time"),
    "return_update_time": _return_second("update_time"),
    "return_tracking_number": _return_text("return_tracking_number"),
    "cancel_id": _cancel_text("cancel_id"),
    "cancel_type": _cancel_text("cancel_type"),
    "cancel_status": _cancel_text("cancel_status"),
}

#: Dimensions that are a date or a part of one, on the axis of the report.
TIME_DIMENSIONS: Final = frozenset(
    name for name, dimension in DIMENSIONS.items() if dimension.reads == "time"
)
#: Dimensions shown as a keyed hash that cannot be known here: one unknown text per known value.
HASHED: Final = frozenset({"buyer_user_id"})
