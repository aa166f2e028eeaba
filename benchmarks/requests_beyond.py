"""getData requests about finance, TikTok's own figures, FBT and other systems, and about what the
thirty leave out: together with them every field the oracle knows.

People that only TikTok counts are asked for by day or by session: over a whole range it would have
to be asked, and no oracle can know what it says.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from benchmarks.oracle_kinds import Counted
from benchmarks.oracle_metrics import METRICS
from benchmarks.requests30 import Question, written

#: Within what the hourly figures are told of.
_HOURLY: Final = (26, 2)


def requests(shop_id: str, today: date, published: Collection[str]) -> dict[str, dict[str, Any]]:
    """The requests by name; `published`: names of getSchema."""
    return written([*_SALES, *_FINANCE, *_OWN_FIGURES, *_BESIDE], shop_id, today, published)


def _read_from(fact: str, *, people: bool) -> str:
    """The fields whose only place is this fact; `people`: those that only TikTok can count, too."""
    return " ".join(
        name
        for name, metric in METRICS.items()
        if getattr(metric, "facts", ()) == (fact,)
        and not name.startswith("_")
        and (people or not isinstance(metric, Counted))
    )


def _beginning(prefix: str) -> str:
    return " ".join(name for name in METRICS if name.startswith(prefix))


def _some(names: str, count: int = 45) -> list[str]:
    """So many names at a time."""
    every = names.split()
    return [" ".join(every[start : start + count]) for start in range(0, len(every), count)]


_SALES: Final = (
    Question(
        "orders by what they promise",
        "order_id ship_by_time pickup_by_time deliver_by_time auto_cancel_time cancel_request_time "
        "is_cancel_requested replaced_order_id exchange_source_order_id money_state "
        "late_shipments payment_discount_service_fee",
        days=(20, 10),
    ),
    Question(
        "buyers, new and come back, by week",
        "week_iso customers new_customers returning_customers late_shipments orders",
        zone="Asia/Jakarta",
    ),
    Question(
        "units by their shipment",
        "line_item_id listing_id line_shipped_time line_shipping_provider is_dangerous_good "
        "gift_value items_ordered",
        days=(9, 5),
    ),
    Question(
        "price details by product",
        "product_id pd_list_price pd_sale_price pd_seller_discount pd_platform_discount pd_tax "
        "pd_shipping_list_price pd_shipping pd_payment",
        days=(40, 10),
    ),
    Question(
        "price details of each order",
        "order_id " + " ".join(name for name in METRICS if name.startswith("pd_")),
        days=(40, 10),
    ),
    Question(
        "listings and variants as they are",
        "product_id category_id product_types is_not_for_sale sku_id sku_deactivated_by sku_name "
        "seller_sku product_name total_committed_quantity in_shop_quantity",
    ),
    Question(
        "stock by place",
        "warehouse_id warehouse_name warehouse_type warehouse_sub_type warehouse_status "
        "warehouse_region_code warehouse_state warehouse_city is_fbt_warehouse available_quantity",
    ),
    Question("places alone", "warehouse_name warehouse_type is_fbt_warehouse"),
    Question(
        "returns by how they come back",
        "return_id return_carrier return_method return_handover_method return_shipment_type "
        "seller_proposed_return_type is_quick_refund can_buyer_keep_item "
        "is_partial_refund_rejected refund_retail_delivery_fee refund_buyer_service_fee "
        "platform_return_shipping_cost buyer_return_shipping_cost returned_seller_discount "
        "returned_platform_discount",
    ),
    Question(
        "cancellations in detail",
        "cancel_id cancellation_reason cancellation_role cancellation_create_time "
        "cancellation_update_time is_stock_replenished cancellation_refund_subtotal "
        "cancellation_refund_shipping_fee cancellation_refund_tax "
        "cancellation_refund_retail_delivery_fee cancellation_refund_buyer_service_fee",
        zone="America/Los_Angeles",
    ),
)

_FINANCE: Final = (
    Question(
        "statements one by one",
        "statement_id settlement_date statement_time statement_payment_status "
        "statement_payment_id statement_payment_time statement_reconciled "
        + _read_from("statements", people=False),
        zone="America/Los_Angeles",
    ),
    Question(
        "settled records one by one",
        "transaction_id transaction_type adjustment_id reserve_status transaction_order_id "
        "money_state order_status tx_settlement reserve_amount tx_revenue tx_fee_tax "
        "tx_shipping_cost customer_payment_settled customer_refund_settled",
        days=(30, 12),
    ),
    *(
        Question(f"every part of what is settled by day, {number}", f"date {names}")
        for number, names in enumerate(_some(_beginning("tx_")), start=1)
    ),
    Question(
        "fees by month, and what is left of sales",
        "year_month platform_commission referral_fee transaction_fee affiliate_commission "
        "affiliate_partner_commission affiliate_ads_commission gmv_max_ad_fee other_platform_fees "
        "actual_shipping_fee fbt_fulfillment_fee take_rate settlement_rate gmv refund_total",
        zone="Asia/Jakarta",
    ),
    Question(
        "fees by product",
        "product_id product_title sku_id sku_name tx_fee_tax referral_fee affiliate_commission "
        "take_rate settled_units gmv",
    ),
    Question(
        "payouts",
        "payout_status payout_create_time payout_paid_time payout_settlement_currency currency "
        "payout_amount exchange_rate",
        asked=[[("payout_amount", "EXCLUDE", "NUMERIC_LESS_THAN", ["0"])]],
    ),
    Question(
        "money still to come",
        "unsettled_status unsettled_reason estimated_settlement_time transaction_type "
        + _read_from("unsettled", people=False),
    ),
)

_OWN_FIGURES: Final = (
    Question(
        "the shop by day, TikTok's figures beside ours",
        "date gmv paid_orders items_sold shop_aov shop_conversion_rate "
        "shop_gross_revenue_gmv_max_share "
        + " ".join(
            _read_from(fact, people=True)
            for fact in ("shop_days", "shop_exposure", "videos_days", "lives_days")
        ),
        zone="America/Los_Angeles",
        order_date="paid",
    ),
    Question(
        "the shop, no dimension",
        "shop_aov shop_conversion_rate "
        + " ".join(_read_from(fact, people=False) for fact in ("shop_days", "shop_exposure")),
    ),
    Question(
        "the shop by hour", "date_hour " + _read_from("shop_hours", people=True), days=_HOURLY
    ),
    Question("hours of the day", "hour hourly_gmv hourly_items_sold", days=_HOURLY),
    *(
        Question(
            f"listings by day, {number}",
            f"date pa_product_id {names}",
            days=(16, 3),
            asked=[[("pa_gmv", "INCLUDE", "NUMERIC_GREATER_THAN", ["0"])]],
        )
        for number, names in enumerate(_some(_read_from("product_days", people=True)), start=1)
    ),
    Question(
        "listings, TikTok's figures beside ours",
        "product_title gmv refund_total orders pa_gmv pa_orders pa_impressions pa_clicks pa_ctr "
        "pa_add_to_cart_rate pa_click_to_order_rate",
    ),
    Question(
        "variants",
        "ska_sku_id sku_name items_sold " + _read_from("sku_days", people=False),
        days=(50, 5),
    ),
    Question(
        "videos one by one",
        "video_id video_title video_username video_author_type video_url video_hashtags "
        "video_product_ids video_post_time video_gmv video_gpm video_views video_ctr "
        "video_duration",
        days=(12, 4),
        asked=[[("video_gmv", "INCLUDE", "NUMERIC_GREATER_THAN", ["0"])]],
    ),
    Question("videos by day", "date video_id video_avg_customers video_views", days=(6, 4)),
    Question(
        "videos by who posted them",
        "video_author_type week_iso video_gpm video_ctr video_duration "
        + _read_from("video_days", people=False),
    ),
    Question(
        "LIVE sessions one by one",
        "live_id live_title live_username live_start_time live_end_time live_avg_price live_ctr "
        "live_avg_concurrent live_avg_view_duration live_click_to_order_rate "
        + _read_from("live_sessions", people=True),
        zone="Asia/Jakarta",
    ),
    Question(
        "LIVE sessions by week",
        "week_iso live_avg_price live_ctr live_avg_concurrent live_avg_view_duration "
        "live_click_to_order_rate " + _read_from("live_sessions", people=False),
    ),
)

_BESIDE: Final = (
    Question(
        "stock in TikTok's warehouses",
        "warehouse_name fbt_goods_id fbt_goods_name fbt_reference_code "
        + _read_from("fbt_stock", people=False),
    ),
    Question("stock in TikTok's warehouses, no dimension", _read_from("fbt_stock", people=False)),
    Question(
        "shipments to TikTok's warehouses",
        "inbound_order_id inbound_type inbound_status inbound_create_time inbound_update_time "
        "inbound_ship_time inbound_expected_time inbound_arrival_time inbound_carrier "
        "inbound_tracking_number " + _read_from("inbound", people=False),
    ),
    Question(
        "orders in other systems",
        "external_platform date external_orders orders",
    ),
    Question("their numbers there", "order_id external_order_id gmv", days=(12, 6)),
)
