"""Thirty getData requests about sales, stock and returns, which use every filter operator.

Dates are relative to the day they are asked on, because the import reads the last 90 days. The
last day asked for is the day before yesterday (UTC), so that it is over in every zone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

Clause = tuple[str, str, str, Sequence[str]]

#: Days that the shop behind the requests must have had orders for.
DAYS: Final = 80
#: Zones that change their clocks, best first; see `shifting_zone`.
_SHIFTING: Final = (
    "America/Los_Angeles",
    "Europe/Berlin",
    "America/Santiago",
    "Australia/Sydney",
    "Asia/Beirut",
)


@dataclass(frozen=True)
class Question:
    """`asked`: every list of clauses must hold, in each list one of them.

    `extra`: fields of lesser rank, asked for where the schema publishes them.
    """

    name: str
    fields: str
    asked: Sequence[Sequence[Clause]] = ()
    extra: str = ""
    hidden: str = ""
    days: tuple[int, int] = (77, 2)
    zone: str = "UTC"
    order_date: str = ""


def shifting_zone(today: date) -> tuple[str, int]:
    """A zone whose clocks changed in the range of the requests, and how many days ago."""
    for zone in _SHIFTING:
        for ago in range(DAYS - 6, 4, -1):
            if _offset(zone, today, ago) != _offset(zone, today, ago - 1):
                return zone, ago
    return _SHIFTING[0], 9


def _offset(zone: str, today: date, ago: int) -> timedelta | None:
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC) - timedelta(days=ago)
    return noon.astimezone(ZoneInfo(zone)).utcoffset()


def requests(
    shop_id: str, today: date, product_ids: Sequence[str], published: Collection[str]
) -> dict[str, dict[str, Any]]:
    """The requests by name. `product_ids`: a few that sell; `published`: names of getSchema."""
    return written(_questions(today, product_ids), shop_id, today, published)


def written(
    questions: Iterable[Question], shop_id: str, today: date, published: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Questions as Looker sends them, by name."""
    made = {}
    for question in questions:
        extra = [name for name in question.extra.split() if name in published]
        names = [*question.fields.split(), *extra]
        parameters = {"shops": shop_id, "time_zone": question.zone}
        if question.order_date:
            parameters["order_date"] = question.order_date
        first, last = (today - timedelta(days=ago) for ago in question.days)
        made[question.name] = {
            "configParams": parameters,
            "dateRange": {"startDate": first.isoformat(), "endDate": last.isoformat()},
            "fields": [{"name": name} for name in names]
            + [{"name": name, "forFilterOnly": True} for name in question.hidden.split()],
            "dimensionsFilters": [
                [
                    {"fieldName": name, "type": kind, "operator": operator, "values": list(values)}
                    for name, kind, operator, values in clauses
                ]
                for clauses in question.asked
            ],
        }
    return made


def touched(asked: dict[str, dict[str, Any]]) -> tuple[set[str], set[tuple[str, str]]]:
    """Fields that are shown, and (type, operator) pairs that are used, by a set of requests."""
    fields = {
        field["name"]
        for request in asked.values()
        for field in request["fields"]
        if not field.get("forFilterOnly")
    }
    pairs = {
        (clause["type"], clause["operator"])
        for request in asked.values()
        for clauses in request["dimensionsFilters"]
        for clause in clauses
    }
    return fields, pairs


def _questions(today: date, product_ids: Sequence[str]) -> list[Question]:
    shifting, ago = shifting_zone(today)
    day = [(today - timedelta(days=back)).strftime("%Y%m%d") for back in range(DAYS)]
    return [
        Question(
            "sales totals, no dimension",
            "gmv gross_revenue gross_sales_list net_revenue cancelled_gmv sku_orders orders "
            "paid_orders customers avg_order_value products_sold skus_sold items_cancelled",
            extra="completed_gmv gmv_per_customer orders_per_customer gross_revenue_incl_shipping "
            "net_sales_tw",
        ),
        Question(
            "payment totals on the paid axis, no dimension",
            "payment_total_amount payment_sub_total discount_amount seller_discount "
            "platform_discount shipping_fee original_shipping_fee shipping_discount tax_total "
            "buyer_fees discount_rate gmv_customer_payment",
            extra="original_product_price payment_platform_discount shipping_seller_discount "
            "shipping_platform_discount product_tax shipping_tax retail_delivery_fee "
            "unpaid_amount hours_to_ship days_to_deliver",
            zone="Asia/Jakarta",
            order_date="paid",
        ),
        Question(
            "three facts by date across a change of the clock",
            "date gmv refund_total cancellations net_revenue",
            zone=shifting,
        ),
        Question(
            "Seller Center mode: the paid axis in the shop's zone",
            "gmv date paid_orders net_revenue refund_rate items_per_order",
            zone="America/Los_Angeles",
            order_date="paid",
        ),
        Question(
            "sales less refunds by product",
            "product_id net_revenue return_rate refund_rate gmv refund_total returned_items orders",
            extra="order_refund_subtotal order_cancellation_refund_subtotal order_returned_items",
        ),
        Question(
            "each hour around the change of the clock",
            "date_hour orders items_sold gmv returns",
            days=(ago + 2, ago - 2),
            zone=shifting,
            asked=[[("hour", "EXCLUDE", "NUMERIC_GREATER_THAN", ["6"])]],
            hidden="hour",
        ),
        Question(
            "hour and weekday",
            "day_of_week hour orders items_sold avg_item_price",
            zone="Asia/Jakarta",
            asked=[
                [
                    ("hour", "INCLUDE", "BETWEEN", ["9", "17"]),
                    ("day_of_week", "INCLUDE", "NUMERIC_LESS_THAN_OR_EQUAL", ["1"]),
                ]
            ],
        ),
        Question(
            "weeks and months",
            "week_iso year_month gmv customers products_sold skus_sold",
            extra="week_of_year week_start_date week_start_sunday month_day day_of_month",
            zone=shifting,
        ),
        Question(
            "months, quarters and years",
            "year year_quarter quarter month orders cancelled_orders cancellation_rate "
            "delivered_orders",
            zone="Asia/Jakarta",
            order_date="created",
            asked=[[("date", "EXCLUDE", "BETWEEN", [day[40], day[30]])]],
            hidden="date",
        ),
        Question(
            "paid date without a date",
            "paid_date gmv paid_orders customers",
            zone="Asia/Jakarta",
        ),
        Question(
            "one shop, all its facts",
            "shop_id shop_name shop_region currency gmv orders returns cancellations",
            extra="seller_type",
            order_date="paid",
        ),
        Question("shops alone", "shop_region shop_name shop_id", extra="seller_type"),
        Question(
            "orders one by one",
            "order_id order_status is_paid create_time paid_time delivery_time fulfillment_type "
            "shipping_type gmv payment_total_amount",
            extra="order_type update_time cancel_time rts_time collection_time is_cod "
            "is_replacement_order is_exchange_order is_subscription_order is_on_hold_order "
            "split_or_combine commerce_platform fast_delivery_program delivery_option_name",
            zone=shifting,
            asked=[
                [("date", "INCLUDE", "BETWEEN", [day[ago + 1], day[ago - 1]])],
                [("paid_time", "EXCLUDE", "IS_NULL", [])],
            ],
            hidden="date",
        ),
        Question(
            "order dimensions alone",
            "delivery_type shipping_provider payment_method_name warehouse_id warehouse_name",
            asked=[
                [("order_status", "INCLUDE", "IN_LIST", ["DELIVERED", "IN_TRANSIT", "ON_HOLD"])]
            ],
            hidden="order_status",
        ),
        Question(
            "parcels of a few days",
            "tracking_number order_id orders",
            days=(20, 12),
            asked=[[("tracking_number", "EXCLUDE", "EQUALS", ["none"])]],
        ),
        Question(
            "orders still without a parcel",
            "order_status is_paid orders payment_total_amount",
            asked=[[("shipping_provider", "INCLUDE", "IS_NULL", [])]],
            hidden="shipping_provider",
        ),
        Question(
            "where buyers live",
            "recipient_region_code recipient_state gmv orders avg_order_value",
            extra="recipient_city",
            asked=[[("orders", "INCLUDE", "NUMERIC_GREATER_THAN_OR_EQUAL", ["20"])]],
        ),
        Question(
            "buyers who came back",
            "buyer_user_id paid_orders gmv",
            asked=[
                [("order_status", "INCLUDE", "REGEXP_EXACT_MATCH", ["DELIVERED|COMP.*"])],
                [("paid_orders", "INCLUDE", "NUMERIC_GREATER_THAN", ["1"])],
            ],
            hidden="order_status",
        ),
        Question(
            "cancellations one by one",
            "cancellation_initiator cancel_reason cancellations cancellation_refund_total",
            extra="cancel_id cancel_type cancel_status",
            asked=[[("order_status", "INCLUDE", "EQUALS", ["CANCELLED"])]],
            hidden="order_status",
        ),
        Question(
            "samples apart",
            "is_sample_order date gmv items_sold orders",
            asked=[
                [("is_sample_order", "EXCLUDE", "EQUALS", ["true"])],
                [("date", "EXCLUDE", "NUMERIC_LESS_THAN_OR_EQUAL", [day[20]])],
            ],
        ),
        Question(
            "line items one by one",
            "line_item_id product_id product_name sku_id sku_name seller_sku sku_type line_status "
            "is_gift sale_price original_price tax_amount tax_rate avg_sale_price",
            extra="package_id package_status line_cancel_reason line_cancel_user is_bundle "
            "tax_type sku_image sku_image_url live_room_id items_ordered line_seller_discount "
            "line_platform_discount pd_list_price pd_payment",
            days=(9, 3),
            asked=[
                [("product_name", "INCLUDE", "REGEXP_PARTIAL_MATCH", ["(?i)mug|GLOW"])],
                [("seller_sku", "EXCLUDE", "CONTAINS", ["SKU-0"])],
            ],
        ),
        Question(
            "SKUs that sell little",
            "sku_id gmv items_sold items_per_order orders tax_rate",
            asked=[
                [("product_name", "INCLUDE", "CONTAINS", ["e"])],
                [("items_sold", "INCLUDE", "NUMERIC_LESS_THAN", ["60"])],
                [("gmv", "EXCLUDE", "NUMERIC_GREATER_THAN_OR_EQUAL", ["2000.5"])],
            ],
            hidden="product_name",
        ),
        Question(
            "categories and brands: sales beside stock",
            "category_name brand_name gmv orders net_revenue total_available_quantity",
            asked=[[("product_title", "EXCLUDE", "REGEXP_PARTIAL_MATCH", ["[0-9]{2}"])]],
            hidden="product_title",
        ),
        Question(
            "products alone",
            "product_title product_status category_name brand_name product_image",
            extra="product_image_url category_path product_audit_status product_create_time "
            "product_update_time product_url listing_quality_tier sales_regions "
            "product_failed_reason",
            zone="Asia/Jakarta",
            asked=[[("brand_name", "EXCLUDE", "REGEXP_EXACT_MATCH", ["Brand.*"])]],
        ),
        Question(
            "the catalogue as it is",
            "product_status products_count active_products skus_count sku_price",
            extra="sku_list_price",
        ),
        Question(
            "SKUs and their stock",
            "catalog_seller_sku sku_status skus_count sku_price total_available_quantity "
            "out_of_stock_skus days_of_stock",
            extra="campaign_inventory creator_inventory items_sold_28d",
            zone="America/Los_Angeles",
            asked=[[("sku_price", "EXCLUDE", "NUMERIC_LESS_THAN", ["5"])]],
        ),
        Question(
            "stock by warehouse",
            "inventory_warehouse_id available_quantity committed_quantity",
            asked=[[("product_id", "EXCLUDE", "IN_LIST", list(product_ids))]],
            hidden="product_id",
        ),
        Question(
            "the newest state, no dimension",
            "available_quantity committed_quantity total_available_quantity out_of_stock_skus "
            "days_of_stock products_count active_products skus_count sku_price",
        ),
        Question(
            "returns one by one",
            "return_id return_type return_status return_reason return_create_time returned_items "
            "refund_total refund_subtotal refund_shipping_fee refund_tax",
            extra="return_role arbitration_status return_update_time return_tracking_number "
            "seller_return_shipping_cost partial_refund_amount",
            zone=shifting,
            asked=[
                [
                    ("return_type", "INCLUDE", "EQUALS", ["REFUND"]),
                    ("return_status", "EXCLUDE", "IN_LIST", ["AWAITING_BUYER_SHIP", "X"]),
                ]
            ],
        ),
        Question(
            "all facts by date for a few products",
            "date gmv refund_total cancellation_refund_total cancellations returns return_rate "
            "orders",
            zone=shifting,
            asked=[[("product_id", "INCLUDE", "IN_LIST", list(product_ids))]],
            hidden="product_id",
        ),
    ]
