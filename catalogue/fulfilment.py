"""Fields of how an order goes on: deadlines, how long things took, what is late, how far its money
has come, and what other systems call it."""

from __future__ import annotations

from typing import Final

from catalogue.field import Additive, Count, Dimension, Ratio
from catalogue.money_state import PLACED

_GROUP: Final = "Orders"
_LINES: Final = "order_line_items"
_TABLES_WITH_ORDER_KEY: Final = (
    *("orders", _LINES, "order_line_item_price_detail"),
    *("returns", "return_line_items", "cancellations", "cancellation_line_items"),
    *("statement_transactions", "statement_transaction_skus", "unsettled_transactions"),
)


def _order(field_id: str, label: str, column: str, about: str, semantic: str = "TEXT") -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_GROUP, semantic=semantic,
        homes={"orders": f"[{column}]"}, about=about,
    )  # fmt: skip


def _instant(field_id: str, label: str, column: str, about: str) -> Dimension:
    return _order(field_id, label, column, about, "YEAR_MONTH_DAY_SECOND")


def _input(field_id: str, label: str, sql: str, where: str, about: str) -> Additive:
    """What an average over orders is computed from."""
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="NUMBER", on={"orders": sql},
        where=where, about=about, hidden=True,
    )  # fmt: skip


def _average(field_id: str, label: str, top: str, bottom: str, seconds: int, about: str) -> Ratio:
    """An average of seconds, in a unit of `seconds`."""
    return Ratio(
        id=field_id, label=label, group=_GROUP, semantic="NUMBER", numerator=top,
        denominator=bottom, scale=1 / seconds, about=about,
    )  # fmt: skip


def _late(owner: str) -> str:
    """Condition: shipped after its deadline, or neither shipped nor cancelled though that is past.
    `owner` stands before the columns of the order."""
    shipped, deadline = f"[{owner}rts_time]", f"[{owner}rts_sla_time]"
    return (
        f"CASE WHEN {shipped} IS NOT NULL THEN {shipped} > {deadline} "
        f"ELSE [{owner}status] <> 'CANCELLED' AND CAST([shops.now] AS BIGINT) > {deadline} END"
    )


_SHIPPED: Final = "[rts_time] IS NOT NULL AND [paid_time] IS NOT NULL"
_DELIVERED: Final = "[delivery_time] IS NOT NULL AND [paid_time] IS NOT NULL"

FIELDS: Final = (
    _instant("ship_by_time", "Ship-by Time", "rts_sla_time",
             "Until when the seller has to arrange the shipment."),
    _instant("pickup_by_time", "Pick-up-by Time", "tts_sla_time",
             "Until when the carrier has to have the parcels."),
    _instant("deliver_by_time", "Deliver-by Time", "delivery_sla_time",
             "Until when the order should be delivered."),
    _instant("auto_cancel_time", "Auto-cancel Time", "cancel_order_sla_time",
             "When TikTok cancels the order if it is not shipped."),
    _instant("cancel_request_time", "Cancellation Requested Time", "request_cancel_time",
             "When the buyer asked to cancel."),
    _order("is_cancel_requested", "Cancellation Requested", "is_buyer_request_cancel",
           "True when the buyer has asked to cancel.", "BOOLEAN"),
    _order("replaced_order_id", "Replaced Order ID", "replaced_order_id",
           "Order that this one replaces."),
    _order("exchange_source_order_id", "Exchanged Order ID", "exchange_source_order_id",
           "Order from which this exchange comes."),
    _input("ship_seconds", "Seconds to Ship", "[rts_time] - [paid_time]", _SHIPPED,
           "Seconds from payment to arranged shipment, of all shipped orders together."),
    _input("ship_timed_orders", "Orders with Time to Ship", "1", _SHIPPED,
           "Orders with a time of payment and of shipment."),
    _average("hours_to_ship", "Avg. Hours to Ship", "ship_seconds", "ship_timed_orders", 3600,
             "Hours from payment until the seller arranged the shipment, on average over shipped "
             "orders; cash on delivery that was never paid before shipment has no such time."),
    _input("delivery_seconds", "Seconds to Deliver", "[delivery_time] - [paid_time]", _DELIVERED,
           "Seconds from payment to delivery, of all delivered orders together."),
    _input("delivery_timed_orders", "Orders with Time to Deliver", "1", _DELIVERED,
           "Orders with a time of payment and of delivery."),
    _average("days_to_deliver", "Avg. Days to Deliver", "delivery_seconds",
             "delivery_timed_orders", 86_400,
             "Days from payment until delivery, on average over delivered orders."),
    Count(
        id="late_shipments", label="Late Shipments", group=_GROUP, semantic="NUMBER",
        on={"orders": "*", _LINES: "[order_key]"},
        where={"orders": _late(""), _LINES: _late("orders.")},
        about="Orders shipped after their ship-by time, or neither shipped nor cancelled though it "
        "is past now.",
    ),
    Dimension(
        id="money_state", label="Money State", group=_GROUP, semantic="TEXT",
        homes=dict.fromkeys(
            _TABLES_WITH_ORDER_KEY,
            f"CASE WHEN [order_key] IS NOT NULL THEN "
            f"COALESCE([order_money.money_state], '{PLACED}') END",
        ),
        about="How far the order's money has come: placed, estimated (TikTok lists it as still to "
        "be settled) or settled (a statement has it).",
    ),
    Dimension(
        id="external_order_id", label="External Order ID", group=_GROUP, semantic="TEXT",
        homes={"order_references": "[external_order_ids]"},
        about="Number of the order in another system such as Shopify; several joined with a "
        "comma.",
    ),
    Dimension(
        id="external_platform", label="External Platform", group=_GROUP, semantic="TEXT",
        homes={"order_references": "[platforms]"},
        about="Other systems that have the order; several joined with a comma.",
    ),
    Count(
        id="external_orders", label="Orders with External ID", group=_GROUP, semantic="NUMBER",
        on={"external_orders": "[orders.order_key]"},
        about="Orders that have a number in another system.",
    ),
)  # fmt: skip
