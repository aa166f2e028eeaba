"""The parts of an order payload that carry money: the payment block and the line items."""

from __future__ import annotations

from typing import Any, Final

from .life import LINE_CANCELLED, P_ONE_LINE, PARTLY_SHIPPED, PLANS, RELEASED, SHIPPED
from .regions import Amounts
from .shop import Shop
from .traits import BACK_ORDER, MADE_TO_ORDER, MAX_UNITS, PRE_ORDER, ZERO_LOTTERY
from .wording import cancel_reason, picture_url, seller_sku, sku_name

Payload = dict[str, Any]
Columns = dict[str, list[Any]]

ORDER_TYPES: Final = {
    PRE_ORDER: "PRE_ORDER",
    MADE_TO_ORDER: "MADE_TO_ORDER",
    ZERO_LOTTERY: "ZERO_LOTTERY",
    BACK_ORDER: "BACK_ORDER",
}
#: Line states have neither ON_HOLD nor PARTIALLY_SHIPPING.
_LINE_STATES: Final = {"ON_HOLD": "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING": "AWAITING_SHIPMENT"}
_PACKAGE_STATES: Final = {
    "AWAITING_SHIPMENT": "TO_FULFILL",
    "AWAITING_COLLECTION": "PROCESSING",
    "IN_TRANSIT": "FULFILLING",
    "DELIVERED": "COMPLETED",
    "COMPLETED": "COMPLETED",
    "CANCELLED": "CANCELLED",
}


class OrderParts:
    """Makes payment blocks and line items of one shop from columns (see payloads_orders)."""

    def __init__(self, shop: Shop, base_url: str) -> None:
        self._shop = shop
        self._base = base_url
        self._amounts = Amounts(shop.region)
        self._titles: dict[tuple[int, int], str] = {}
        self._skus: dict[tuple[int, int], Payload] = {}

    def payment(self, columns: Columns, i: int) -> Payload:
        """Return the payment block, which adds up to the cent (see basket.py)."""
        money = self._amounts
        original = sum(columns["unit_original"][i])
        seller = sum(columns["unit_seller_discount"][i])
        platform = sum(columns["unit_platform_discount"][i])
        product_tax, freight_tax = sum(columns["unit_tax"][i]), columns["shipping_tax"][i]
        payment = {
            "currency": self._shop.region.currency,
            "total_amount": money[columns["total"][i]],
            "sub_total": money[original - seller - platform],
            "original_total_product_price": money[original],
            "seller_discount": money[seller],
            "platform_discount": money[platform],
            "shipping_fee": money[columns["shipping_fee"][i]],
            "original_shipping_fee": money[columns["shipping_original"][i]],
            "shipping_fee_seller_discount": money[columns["shipping_seller"][i]],
            "shipping_fee_platform_discount": money[columns["shipping_platform"][i]],
            "tax": money[product_tax + freight_tax],
            "product_tax": money[product_tax],
            "shipping_fee_tax": money[freight_tax],
        }
        for name, column in (
            ("shipping_fee_cofunded_discount", "shipping_cofunded"),
            ("retail_delivery_fee", "retail_delivery"),
            ("small_order_fee", "small_order"),
            ("buyer_service_fee", "buyer_service"),
            ("handling_fee", "handling"),
            ("item_insurance_fee", "insurance"),
            ("item_insurance_tax", "insurance_tax"),
            ("shipping_insurance_fee", "shipping_insurance"),
        ):
            if columns[column][i]:
                payment[name] = money[columns[column][i]]
        return payment

    def _sku(self, number: int, sku: int) -> Payload:
        """Return what never changes about a SKU's order line."""
        found = self._skus.get((number, sku))
        if found is None:
            product_id = self._shop.ids.one("product", number)
            found = self._skus[number, sku] = {
                "product_id": product_id,
                "sku_id": self._shop.ids.one("sku", number * 8 + sku),
                "sku_name": sku_name(number, sku),
                "seller_sku": seller_sku(number, sku),
                "sku_image": picture_url(self._base, product_id),
                "currency": self._shop.region.currency,
            }
        return found

    def _title(self, number: int, revision: int) -> str:
        found = self._titles.get((number, revision))
        if found is None:
            found = self._titles[number, revision] = self._shop.listings.title(number, revision)
        return found

    def lines(self, columns: Columns, i: int, state: str) -> list[Payload]:
        region, seen = self._shop.region, columns["seen"][i]
        money = self._amounts
        units, kind, dice = columns["units"][i], columns["kind"][i], columns["dice"][i]
        line_state = _LINE_STATES.get(state, state)
        split = columns["split"][i] and seen[PARTLY_SHIPPED]
        one_line = columns["plan"][i] == P_ONE_LINE and seen[LINE_CANCELLED]
        has_package = seen[RELEASED] or columns["cod"][i]
        carrier_id, carrier = region.carriers[dice % len(region.carriers)]
        rate = region.places[columns["place"][i]].tax_millis
        lines = []
        for unit in range(units):
            number, sku = columns["unit_product"][i][unit], columns["unit_sku"][i][unit]
            second = split and unit == units - 1
            line: Payload = {
                "id": columns["line_ids"][i * MAX_UNITS + unit],
                **self._sku(number, sku),
                "product_name": self._title(number, columns["unit_revision"][i][unit]),
                "sku_type": "NORMAL" if kind == BACK_ORDER else ORDER_TYPES.get(kind, "NORMAL"),
                "display_status": line_state,
                "original_price": money[columns["unit_original"][i][unit]],
                "seller_discount": money[columns["unit_seller_discount"][i][unit]],
                "platform_discount": money[columns["unit_platform_discount"][i][unit]],
                "sale_price": money[columns["unit_sale"][i][unit]],
                "is_gift": columns["unit_gift_value"][i][unit] > 0,
                "gift_retail_price": money[columns["unit_gift_value"][i][unit]],
            }
            if not region.tax_inside_millis:
                line["item_tax"] = [
                    {
                        "tax_type": "SALES_TAX",
                        "tax_amount": money[columns["unit_tax"][i][unit]],
                        "tax_rate": f"0.{rate:03d}",
                    }
                ]
            if unit == 0:
                for name, column in (
                    ("retail_delivery_fee", "retail_delivery"),
                    ("small_order_fee", "small_order"),
                    ("buyer_service_fee", "buyer_service"),
                ):
                    if columns[column][i]:
                        line[name] = money[columns[column][i]]
            if split and state == "PARTIALLY_SHIPPING" and not second:
                line["display_status"] = "AWAITING_COLLECTION"
            if has_package:
                line["package_id"] = columns["package_2" if second else "package"][i]
                line["package_status"] = _PACKAGE_STATES[line["display_status"]]
            shipped = seen[PARTLY_SHIPPED] if split and not second else seen[SHIPPED]
            if shipped:
                line["rts_time"] = shipped
                line["shipping_provider_id"] = carrier_id
                line["shipping_provider_name"] = carrier
                line["tracking_number"] = f"JX{str(line.get('package_id', line['id']))[-12:]}"
            if one_line and unit == units - 1:
                line["display_status"] = "CANCELLED"
            if line["display_status"] == "CANCELLED":
                who, _, text = cancel_reason(PLANS[columns["plan"][i]], columns["position"][i])
                line["cancel_reason"], line["cancel_user"] = text, who
            lines.append(line)
        return lines
