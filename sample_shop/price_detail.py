"""The price detail call (202407): how the buyer's price came about, per order and per unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from .basket import Baskets
from .shop import Shop


def price_detail(shop: Shop, row: int) -> dict[str, Any]:
    """Return the price detail of one order."""
    position = np.asarray([row], dtype=np.int64)
    basket = shop.till.baskets(position, shop.orders.created[position].astype(np.int64))
    units = int(basket.units[0])
    line_ids = shop.ids.many("line", row * 8 + np.arange(units, dtype=np.int64))
    lines = [
        {"id": line_ids[unit], **_block(shop, basket, slice(unit, unit + 1), unit == 0)}
        for unit in range(units)
    ]
    return {**_block(shop, basket, slice(0, units), True), "line_items": lines}


def _block(shop: Shop, basket: Baskets, units: slice, with_freight: bool) -> dict[str, Any]:
    """Return one block of amounts; an order's freight is shown on its first line."""
    money, region = shop.region.money, shop.region

    def units_sum(name: str) -> int:
        return int(getattr(basket, name)[0, units].sum())

    def freight(name: str) -> int:
        return int(getattr(basket, name)[0]) if with_freight else 0

    original, sale = units_sum("unit_original"), units_sum("unit_sale")
    tax = units_sum("unit_tax")
    on_top = 0 if region.tax_inside_millis else tax + freight("shipping_tax")
    place = region.places[int(basket.place[0])]
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
        "cod_fee_net_amount": money(0),
    }
