"""Columns that no field shows, each with the reason. A column that is neither used by a field nor
named here is an oversight (tests/test_catalogue.py walks all tables)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

_PARTS_OF_ESTIMATES: Final = "A part of an estimate: the settlement tells it for certain."
_OF_ORDER: Final = "Repeats the order's."
_BOOKKEEPING: Final = "Bookkeeping of the import."
_LINK: Final = "Leads from row to row; the field of the row it leads to shows it."
_AT_STEP: Final = "A deadline of one step only; Auto-cancel Time is the one that counts."
_RATE: Final = "Worked out from its parts, so that it is right for any rows."
_PEOPLE: Final = "People reached through one channel, who overlap with every other channel and day."
_DAY: Final = "The day, which the dimension Date shows."

#: (table, columns, reason); `*` stands for anything.
REASONS: Final = (
    ("*", ("fetched_at", "last_seen_at"), _BOOKKEEPING),
    ("*", ("*api_version",), "Says which version of a call told the row."),
    ("*", ("date", "day"), _DAY),
    ("shops", ("code",), "TikTok's internal code of the shop."),
    ("shops", ("time_zone",), "A setting; the report's zone decides what is shown."),
    ("orders", ("shipping_due_time", "collection_due_time", "delivery_due_time"), _AT_STEP),
    ("orders", ("external_checked_at",), _BOOKKEEPING),
    ("orders", ("delivery_option_id", "shipping_provider_id"), "Its name is a field."),
    ("orders", ("auto_combine_group_id",), "Groups parcels inside TikTok."),
    ("orders", ("item_insurance_tax",), "A part of Tax (order)."),
    ("orders", ("distance_fee", "distance_shipping_fee"),
     "In TikTok's newest documents only; never seen in an order."),
    ("orders", ("line_count",), "Items Ordered counts the units themselves."),
    ("order_line_items", ("update_time",), _OF_ORDER),
    ("order_line_items", ("payment", "tax_with_freight"), "The price detail shows it."),
    ("order_line_items", ("shipping_provider_id",), "Its name is a field."),
    ("order_line_items", ("buyer_service_fee", "small_order_fee", "retail_delivery_fee"),
     "A share of a fee of the order, which is in Other Buyer Fees."),
    ("order_line_items", ("tax_rate",), _RATE),
    ("order_line_item_price_detail", ("line_item_id", "create_time", "update_time"),
     "Repeats the unit's."),
    ("order_line_item_price_detail", ("is_derived",), _BOOKKEEPING),
    ("order_line_item_price_detail", ("tax_rate",), _RATE),
    ("products", ("has_draft",), "An unpublished draft changes nothing that is sold."),
    ("products", ("brand_id",), "Its name is a field."),
    ("products", ("image_source", "image_skip_reason", "detail_update_time"), _BOOKKEEPING),
    ("product_skus", ("image_url",), "SKU Image shows the picture under which it was sold."),
    ("product_skus", ("update_time",), "Repeats the product's."),
    ("returns", ("combined_return_id", "pre_return_id", "next_return_id", "is_combined_return"),
     "Links returns that were sent together or replaced each other."),
    ("return_line_items", ("return_line_item_id", "order_line_item_id"), _LINK),
    ("return_line_items", ("create_time", "update_time"), "Repeats the return's."),
    ("cancellation_line_items", ("cancel_line_item_id", "order_line_item_id"), _LINK),
    ("cancellation_line_items", ("create_time", "update_time"), "Repeats the cancellation's."),
    ("warehouses", ("warehouse_id",), _LINK),
    ("warehouses", ("entity_id",), "A site that several warehouses share."),
    ("warehouses", ("is_default",), "A preset of Seller Center."),
    ("statements", ("transactions_read_at", "reconciled_header"), _BOOKKEEPING),
    ("statements", ("transaction_settlement_sum",), "Settlement (transaction) adds it up."),
    ("statements", ("formula_difference",),
     "A check of the import: whether the header's parts make its settlement."),
    ("statement_transactions", ("order_create_time",), _OF_ORDER),
    ("statement_transactions", ("skus_read_at",), _BOOKKEEPING),
    ("statement_transactions", ("reserve_id",), _LINK),
    ("statement_transactions", ("estimated_release_time",),
     "A text of no fixed form; Reserve Status says whether the money is still held."),
    ("statement_transaction_skus", ("row_number",), _BOOKKEEPING),
    ("payments", ("settlement_amount", "reserve_amount"),
     "In the currency before exchange, which Currency does not tell; the statements have them."),
    ("unsettled_transactions", ("transaction_id", "first_listed_at"), _BOOKKEEPING),
    ("unsettled_transactions", ("order_create_time", "order_delivery_time"), _OF_ORDER),
    ("unsettled_transactions", ("estimated_settlement",),
     "A text of no fixed form; Estimated Settlement Time has it where it is a moment."),
    ("unsettled_transactions", ("*_amount",), _PARTS_OF_ESTIMATES),
    ("shop_performance_daily", ("lives_click_to_order_rate", "lives_click_through_rate"),
     "A rate whose base TikTok does not tell by day; the LIVE sessions have theirs."),
    ("shop_performance_hourly", ("hour",), "The hour, which the dimension Hour shows."),
    ("product_performance_daily", ("*_add_cart_users", "*_unique_product_impressions",
                                   "*_unique_clicks"), _PEOPLE),
    ("product_performance_daily", ("affiliate_avg_daily_creator_posted_content",),
     "It is not told whether it is of each creator or of all."),
    ("video_performance_daily", ("gpm",), _RATE),
    ("live_sessions", ("avg_price", "click_to_order_rate", "click_through_rate"), _RATE),
    ("external_orders", ("source",), "Says whether TikTok or a file of the seller told it."),
    ("external_order_line_items", ("*",),
     "The number of the order is what other systems are joined by."),
)  # fmt: skip


def reason(table: str, column: str) -> str | None:
    """Why no field shows the column; None when no reason is given."""
    return next(
        (
            why
            for tables, columns, why in REASONS
            if fnmatchcase(table, tables)
            and any(fnmatchcase(column, pattern) for pattern in columns)
        ),
        None,
    )
