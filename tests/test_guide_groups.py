"""The combinations that a seller's guide to reporting names, over a few rows; added up by hand.

order  placed (UTC)          paid   status             fulfilled  shipped  delivered  pays with  from  to
O1     Mon 2026-08-03 09:15  09:20  COMPLETED          seller     TIKTOK   home       Card       W1    US
O2     Mon 2026-08-03 21:40  21:41  AWAITING_SHIPMENT  TikTok     TIKTOK   home       Wallet     W2    US
O3     Tue 2026-08-04 09:50  -      UNPAID             seller     SELLER   point      Card       W1    US
O4     Wed 2026-08-05 10:05  cash   CANCELLED          seller     SELLER   home       Cash       W1    MX

unit   of  product  SKU  list   sale   seller  TikTok  tax
U1     O1  Mug      M1   12.00  10.00  1.50    0.50    0.80
U2     O1  Mug      M1   12.00  10.00  1.50    0.50    0.80
U3     O1  Tee      T1   25.00  20.00  5.00    -       1.60
U4     O2  Tee      T2   25.00  22.00  3.00    -       1.76
U5     O3  Mug      M1   12.00  11.00  1.00    -       0.88
U6     O4  Mug      M1   12.00  12.00  -       -       -
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.answering import Answering, HandMadeShop, answering, at

SELLER, TIKTOK = "FULFILLMENT_BY_SELLER", "FULFILLMENT_BY_TIKTOK"
#: id, placed, paid, status, fulfilment, shipping, delivery, payment, warehouse, region, buyer,
#: total, seller's and TikTok's discount
ORDERS = (
    ("O1", "2026-08-03 09:15", "2026-08-03 09:20", "COMPLETED", SELLER, "TIKTOK",
     "HOME_DELIVERY", "Card", "W1", "US", 1, "47.20", "8.00", "1.00"),
    ("O2", "2026-08-03 21:40", "2026-08-03 21:41", "AWAITING_SHIPMENT", TIKTOK, "TIKTOK",
     "HOME_DELIVERY", "Wallet", "W2", "US", 2, "23.76", "3.00", "0"),
    ("O3", "2026-08-04 09:50", None, "UNPAID", SELLER, "SELLER",
     "COLLECTION_POINT", "Card", "W1", "US", None, "11.88", "1.00", None),
    ("O4", "2026-08-05 10:05", None, "CANCELLED", SELLER, "SELLER",
     "HOME_DELIVERY", "Cash", "W1", "MX", 1, "12.00", None, None),
)  # fmt: skip
UNITS = (
    ("U1", "O1", "P1", "Mug", "M1", "Blue", "MUG-B", "12.00", "10.00", "1.50", "0.50", "0.80"),
    ("U2", "O1", "P1", "Mug", "M1", "Blue", "MUG-B", "12.00", "10.00", "1.50", "0.50", "0.80"),
    ("U3", "O1", "P2", "Tee", "T1", "S", "TEE-S", "25.00", "20.00", "5.00", None, "1.60"),
    ("U4", "O2", "P2", "Tee", "T2", "M", "TEE-M", "25.00", "22.00", "3.00", None, "1.76"),
    ("U5", "O3", "P1", "Mug", "M1", "Blue", "MUG-B", "12.00", "11.00", "1.00", None, "0.88"),
    ("U6", "O4", "P1", "Mug", "M1", "Blue", "MUG-B", "12.00", "12.00", None, None, None),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("guide"))
    row = test.shop(HandMadeShop("111", "First shop", "US"))
    test.write(row, "orders", [order(number, *values) for number, values in enumerate(ORDERS)])
    test.write(row, "order_line_items", [unit(number, *one) for number, one in enumerate(UNITS)])
    products = (("P1", "Mug", "ACTIVATE"), ("P2", "Tee", "SELLER_DEACTIVATED"))
    test.write(
        row,
        "products",
        [
            {"product_id": name, "title": title, "status": status, "update_time": 1}
            for name, title, status in products
        ],
    )
    test.write(
        row,
        "warehouses",
        [{"warehouse_id": "W1", "name": "North"}, {"warehouse_id": "W2", "name": "TikTok"}],
    )
    test.cover(row, "2026-08-01 00:00", "2026-08-20 12:00", "orders")
    test.cover(row, "1970-01-01 00:00", "2026-08-20 12:00", "products", "warehouses")
    test.publish(row)
    yield test
    test.here.close()


def order(
    number: int, name: str, placed: str, paid: str | None, status: str, fulfilled: str,
    shipped: str, delivered: str, payment: str, warehouse: str, region: str, buyer: int | None,
    total: str, by_seller: str | None, by_tiktok: str | None,
) -> Mapping[str, Any]:  # fmt: skip
    return {
        "order_id": name, "order_key": number, "create_time": at(placed),
        "update_time": at(placed), "paid_time": paid and at(paid), "status": status,
        "is_cod": int(payment == "Cash"), "fulfillment_type": fulfilled, "shipping_type": shipped,
        "delivery_type": delivered, "payment_method_name": payment, "warehouse_id": warehouse,
        "recipient_region_code": region, "buyer_key": buyer, "currency": "USD",
        "total_amount": total, "seller_discount": by_seller, "platform_discount": by_tiktok,
        "tracking_number": f"parcel of {name}", "order_type": "NORMAL",
    }  # fmt: skip


def unit(
    number: int, name: str, of: str, product: str, title: str, sku: str, variant: str, code: str,
    listed: str, sold: str, by_seller: str | None, by_tiktok: str | None, tax: str | None,
) -> Mapping[str, Any]:  # fmt: skip
    place = [known[0] for known in ORDERS].index(of)
    return {
        "line_item_id": name, "line_key": number, "order_id": of, "order_key": place,
        "create_time": at(ORDERS[place][1]), "update_time": at(ORDERS[place][1]),
        "product_id": product, "product_name": title, "sku_id": sku, "sku_name": variant,
        "seller_sku": code, "sku_type": "PRE_ORDER" if of == "O2" else None,
        "original_price": listed, "sale_price": sold, "seller_discount": by_seller,
        "platform_discount": by_tiktok, "tax_amount": tax, "currency": "USD",
        "tracking_number": f"parcel of {of}",
    }  # fmt: skip


# -- key performance -----------------------------------------------------------------------------


def test_gmv_by_date_by_product_name_and_by_day_of_week(shop: Answering) -> None:
    assert shop.rows("date", "gmv") == [["20260803", 62.0], ["20260804", 0.0], ["20260805", 12.0]]
    assert shop.rows("product_name", "gmv") == [["Mug", 32.0], ["Tee", 42.0]]
    assert shop.rows("day_of_week", "gmv") == [["1", 62.0], ["2", 0.0], ["3", 12.0]]
    assert shop.rows("date", "product_name", "day_of_week", "gmv") == [
        ["20260803", "Mug", "1", 20.0],
        ["20260803", "Tee", "1", 42.0],
        ["20260804", "Mug", "2", 0.0],
        ["20260805", "Mug", "3", 12.0],
    ]


def test_the_figures_at_a_glance(shop: Answering) -> None:
    # GMV 40 + 22 + 12; before TikTok's discount 1.00 more; 5 units of 3 paid orders of 2 buyers.
    [[gross, items, buyers, value, per_order]] = shop.rows(
        "gross_revenue", "items_sold", "customers", "avg_order_value", "items_per_order"
    )
    assert (gross, items, buyers) == (75.0, 5, 2)
    assert value == pytest.approx(74 / 3)
    assert per_order == pytest.approx(5 / 3)


def test_orders_by_status_and_fulfillment_type(shop: Answering) -> None:
    assert shop.rows("order_status", "fulfillment_type", "orders") == [
        ["AWAITING_SHIPMENT", TIKTOK, 1],
        ["CANCELLED", SELLER, 1],
        ["COMPLETED", SELLER, 1],
        ["UNPAID", SELLER, 1],
    ]


# -- orders --------------------------------------------------------------------------------------


def test_gmv_payment_total_and_discount_of_each_order(shop: Answering) -> None:
    """GMV is of the units, payment and discount of the order: neither repeats the other."""
    assert shop.rows(
        "order_id", "create_time", "order_status", "fulfillment_type", "shipping_type",
        "warehouse_name", "recipient_region_code",
        "gmv", "payment_total_amount", "discount_amount",
    ) == [
        ["O1", "20260803091500", "COMPLETED", SELLER, "TIKTOK", "North", "US", 40.0, 47.2, 9.0],
        ["O2", "20260803214000", "AWAITING_SHIPMENT", TIKTOK, "TIKTOK", "TikTok", "US",
         22.0, 23.76, 3.0],
        ["O3", "20260804095000", "UNPAID", SELLER, "SELLER", "North", "US", 0.0, 11.88, 1.0],
        ["O4", "20260805100500", "CANCELLED", SELLER, "SELLER", "North", "MX", 12.0, 12.0, 0.0],
    ]  # fmt: skip


def test_orders_by_status_hour_shipping_type_and_payment_method(shop: Answering) -> None:
    assert shop.rows("order_status", "orders") == [
        ["AWAITING_SHIPMENT", 1], ["CANCELLED", 1], ["COMPLETED", 1], ["UNPAID", 1],
    ]  # fmt: skip
    assert shop.rows("hour", "orders") == [["09", 2], ["10", 1], ["21", 1]]
    assert shop.rows("shipping_type", "orders") == [["SELLER", 2], ["TIKTOK", 2]]
    assert shop.rows("payment_method_name", "orders") == [["Card", 2], ["Cash", 1], ["Wallet", 1]]
    assert shop.rows("order_status", "hour", "shipping_type", "payment_method_name", "orders") == [
        ["AWAITING_SHIPMENT", "21", "TIKTOK", "Wallet", 1],
        ["CANCELLED", "10", "SELLER", "Cash", 1],
        ["COMPLETED", "09", "TIKTOK", "Card", 1],
        ["UNPAID", "09", "SELLER", "Card", 1],
    ]


def test_payment_total_by_payment_method(shop: Answering) -> None:
    assert shop.rows("payment_method_name", "payment_total_amount") == [
        ["Card", 59.08], ["Cash", 12.0], ["Wallet", 23.76],
    ]  # fmt: skip


# -- products ------------------------------------------------------------------------------------


def test_items_sold_and_sale_price_by_product(shop: Answering) -> None:
    # The unpaid mug has a price and is not sold.
    assert shop.rows("product_name", "items_sold", "sale_price") == [
        ["Mug", 3, 43.0], ["Tee", 2, 42.0],
    ]  # fmt: skip
    assert shop.rows("product_id", "product_name", "items_sold", "sale_price") == [
        ["P1", "Mug", 3, 43.0], ["P2", "Tee", 2, 42.0],
    ]  # fmt: skip


def test_gmv_by_order_status_and_by_product_status(shop: Answering) -> None:
    assert shop.rows("order_status", "gmv") == [
        ["AWAITING_SHIPMENT", 22.0], ["CANCELLED", 12.0], ["COMPLETED", 40.0], ["UNPAID", 0.0],
    ]  # fmt: skip
    assert shop.rows("product_status", "gmv") == [["ACTIVATE", 32.0], ["SELLER_DEACTIVATED", 42.0]]


def test_units_prices_and_taxes_by_variant(shop: Answering) -> None:
    """The tax rate is that of all units together: 2.48 of 43.00, not a mean of rates."""
    rows = shop.rows(
        "product_name", "sku_name", "seller_sku", "sku_type",
        "items_sold", "sale_price", "tax_amount", "tax_rate",
    )  # fmt: skip
    assert [row[:-1] for row in rows] == [
        ["Mug", "Blue", "MUG-B", "NORMAL", 3, 43.0, 2.48],
        ["Tee", "M", "TEE-M", "PRE_ORDER", 1, 22.0, 1.76],
        ["Tee", "S", "TEE-S", "NORMAL", 1, 20.0, 1.6],
    ]
    assert [row[-1] for row in rows] == pytest.approx([2.48 / 43, 0.08, 0.08])


# -- stock ---------------------------------------------------------------------------------------


def test_what_left_each_warehouse_down_to_the_parcel(shop: Answering) -> None:
    """An order of two products is in two rows, each of which holds one order."""
    home, point = "HOME_DELIVERY", "COLLECTION_POINT"
    placed = ["20260803091500", "20260803214000", "20260804095000", "20260805100500"]
    assert shop.rows(
        "warehouse_name", "order_id", "create_time", "product_name", "sku_name", "delivery_type",
        "tracking_number", "orders", "items_sold",
    ) == [
        ["North", "O1", placed[0], "Mug", "Blue", home, "parcel of O1", 1, 2],
        ["North", "O1", placed[0], "Tee", "S", home, "parcel of O1", 1, 1],
        ["North", "O3", placed[2], "Mug", "Blue", point, "parcel of O3", 1, 0],
        ["North", "O4", placed[3], "Mug", "Blue", home, "parcel of O4", 1, 1],
        ["TikTok", "O2", placed[1], "Tee", "M", home, "parcel of O2", 1, 1],
    ]  # fmt: skip


def test_orders_and_items_sold_by_warehouse_and_orders_by_status(shop: Answering) -> None:
    """By warehouse the order of two products counts once."""
    assert shop.rows("warehouse_name", "orders", "items_sold") == [
        ["North", 3, 4], ["TikTok", 1, 1],
    ]  # fmt: skip
    assert shop.rows("warehouse_id", "delivery_type", "orders", "items_sold") == [
        ["W1", "COLLECTION_POINT", 1, 0], ["W1", "HOME_DELIVERY", 2, 4],
        ["W2", "HOME_DELIVERY", 1, 1],
    ]  # fmt: skip
    assert sum(count for _, count in shop.rows("order_status", "orders")) == 4
