"""The price detail call (202407): how the buyer's price came about, per order and per unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from .basket import Baskets
from .draws import Ints
from .shop import Shop
from .traits import MAX_UNITS


def price_details(shop: Shop, rows: Ints) -> list[dict[str, Any]]:
    """Return the price details of orders."""
    basket = shop.till.baskets(rows, shop.orders.created[rows].astype(np.int64))
    line_ids = shop.ids.many("line", (rows[:, None] * 8 + np.arange(MAX_UNITS)).ravel())
    details = []
    for i, units in enumerate(basket.units.tolist()):
        lines = [
            {
                "id": line_ids[i * MAX_UNITS + unit],
                "cod_fee_amount": shop.region.money(0),
                **_block(shop, basket, i, slice(unit, unit + 1), unit == 0),
            }
            for unit in range(units)
        ]
        block = _block(shop, basket, i, slice(0, units), True)
        block["cod_fee_net_amount"] = shop.region.money(0)
        details.append({**block, "line_items": lines})
    return details


def _block(shop: Shop, basket: Baskets, i: int, units: slice, with_freight: bool) -> dict[str, Any]:
    """Return one block of amounts; an order's freight is shown on its first line."""
    money, region = shop.region.money, shop.region

    def units_sum(name: str) -> int:
        return int(getattr(basket, name)[i, units].sum())

    def freight(name: str) -> int:
        return int(getattr(basket, name)[i]) if with_freight else 0

    original, sale = units_sum("unit_original"), units_sum("unit_sale")
    tax = units_sum("unit_tax")
    on_top = 0 if region.tax_inside_millis else tax + freight("shipping_tax")
    place = region.places[int(basket.place[i])]
    rate = region.tax_inside_millis or place.tax_millis
    fee, list_fee = freight("shipping_fee"), freight("shipping_original")
    return {
        "currency": region.currency,
        "payment": money(sale + on_top + fee),
        "total": money(original + list_fee),
        "sku_list_price": money(original),
        "sku_sale_price": money(sale),
        "sku_gift_original_price": money(units_sum("unit_gift_value")),
        "sku_gift_net_price": money(units_sum("unit_gift_value")),
        "subtotal": money(sale + (0 if region.tax_inside_millis else tax)),
        "subtotal_deduction_seller": money(units_sum("unit_seller_discount")),
        "subtotal_deduction_platform": money(units_sum("unit_platform_discount")),
        "subtotal_tax_amount": money(tax),
        "voucher_deduction_seller": money(0),
        "voucher_deduction_platform": money(0),
        "shipping_list_price": money(list_fee),
        "shipping_sale_price": money(fee),
        "shipping_fee_deduction_seller": money(
            freight("shipping_seller") + freight("shipping_cofunded")
        ),
        "shipping_fee_deduction_platform": money(freight("shipping_platform")),
        "shipping_fee_deduction_platform_voucher": money(0),
        "tax_amount": money(tax + freight("shipping_tax")),
        "tax_rate": f"0.{rate:03d}",
        "net_price_amount": money(sale - (tax if region.tax_inside_millis else 0)),
        "cod_fee": money(0),
    }
