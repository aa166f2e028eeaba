"""Fields of the people who buy. A buyer is new with the first paid order that is kept of them, by
its creation: exact for any mix of fields, because every buyer has one such moment in a shop."""

from __future__ import annotations

from typing import Final

from catalogue.field import Combined, Ratio, Unique

_GROUP: Final = "Orders"
_KEYS: Final = {"orders": "[buyer_key]", "order_line_items": "[orders.buyer_key]"}
_PAID: Final = {"orders": "[is_paid]", "order_line_items": "[orders.is_paid]"}
_FIRST: Final = "[create_time] = [buyers.first_order_at]"

FIELDS: Final = (
    Unique(
        id="customers", label="Customers", group=_GROUP, semantic="NUMBER", on=_KEYS, where=_PAID,
        about="Different buyers with a paid order. Never add the values of several rows.",
    ),
    Unique(
        id="new_customers", label="New Customers", group=_GROUP, semantic="NUMBER", on=_KEYS,
        where={fact: f"{paid} AND {_FIRST}" for fact, paid in _PAID.items()},
        about="Buyers whose first paid order in the shop, of all that is imported, is among the "
        "rows; who bought before the import began counts as new. Never add the values of several "
        "rows.",
    ),
    Combined(
        id="returning_customers", label="Returning Customers", group=_GROUP, semantic="NUMBER",
        plus=("customers",), minus=("new_customers",),
        about="Customers less New Customers: buyers whose first paid order is not among the rows. "
        "Never add the values of several rows.",
    ),
    Ratio(
        id="gmv_per_customer", label="GMV per Customer", group=_GROUP, semantic="CURRENCY",
        numerator="gmv", denominator="customers", about="GMV per buyer.",
    ),
    Ratio(
        id="orders_per_customer", label="Orders per Customer", group=_GROUP, semantic="NUMBER",
        numerator="paid_orders", denominator="customers", about="Paid orders per buyer.",
    ),
)  # fmt: skip
