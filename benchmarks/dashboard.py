"""The twenty requests of a dashboard: scorecards, sales by day and product, orders by state and
hour, customers by day, a table of orders, facts side by side. All over one date range."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

#: Rows of the table of orders that Looker asks for.
TABLE_ROWS: Final = 10_000

BY_DAY: Final = "GMV and items by day"

#: What a chart shows -> its fields.
CHARTS: Final = {
    "GMV, one number": "gmv",
    "orders, one number": "orders,paid_orders",
    "customers, one number": "customers",
    "average order value, one number": "avg_order_value,items_per_order",
    BY_DAY: "date,gmv,items_sold",
    "customers by day": "date,customers",
    "GMV by week": "week_iso,gmv,orders",
    "GMV by month and state": "month,order_status,gmv",
    "GMV by product": "product_id,product_name,gmv,items_sold",
    "GMV by weekday": "day_of_week,gmv",
    "orders by hour": "hour,orders",
    "orders by state and fulfillment": "order_status,fulfillment_type,orders",
    "payment total by payment method": "payment_method_name,payment_total_amount,orders",
    "orders by region": "recipient_state,orders,gmv",
    "items by SKU": "sku_id,seller_sku,items_sold,sale_price",
    "returns by reason": "return_reason,returns,returned_items",
    "sales, refunds, fees and views by day": "date,gmv,refund_total,platform_commission,"
    "shop_page_views",
    "sales and refunds by product": "product_id,gmv,refund_total,net_revenue",
    "stock now": "product_id,available_quantity",
    "table of orders": "order_id,create_time,order_status,recipient_state,gmv,payment_total_amount",
}


def requests(shop_id: str, first: date, last: date) -> dict[str, dict[str, Any]]:
    """Name -> getData request, over the days `first` to `last`."""
    made = {name: _request(shop_id, first, last, fields) for name, fields in CHARTS.items()}
    made["table of orders"]["pagination"] = {"startRow": 1, "rowCount": TABLE_ROWS}
    return made


def _request(shop_id: str, first: date, last: date, fields: str) -> dict[str, Any]:
    return {
        "configParams": {"shops": shop_id},
        "dateRange": {"startDate": f"{first}", "endDate": f"{last}"},
        "fields": [{"name": name} for name in fields.split(",")],
    }


def every_order(shop_id: str, first: date, last: date, most: int) -> dict[str, Any]:
    """One row of six columns for each order of the range, at most `most`."""
    request = _request(shop_id, first, last, CHARTS["table of orders"])
    return request | {"pagination": {"startRow": 1, "rowCount": most}}
