"""What getData answers about how orders go on, what other systems call them, pictures and stock at
TikTok: the orders of `tests.answering` with more records beside them; worked out by hand.

order  shipped (UTC)        ship by              delivered            money       elsewhere
A      2026-08-01 16:05     2026-08-02 12:00     2026-08-04 10:05     settled     1001, 77 (Wix)
B      -                    2026-08-03 00:00     -                    estimated   1002
C      -                    -                    -                    placed      -
D      -                    2026-08-05 00:00     -                    placed      -
E      2026-08-11 10:00     2026-08-10 12:00     -                    placed      -

E: 2026-08-10 09:00, paid 10:00, IN_TRANSIT, buyer b2, S3 for 6.00. B is cancelled. D is late now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from store.accounts import ShopRow
from tests.answering import Answering, HandMadeShop, answering, at, fill

AUGUST = ("2026-08-01", "2026-08-31")
BESIDE = ("external_orders", "fbt_inventory", "inbound_orders")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("beside"), public_url="https://reports.example")
    row = test.shop(HandMadeShop("111", "First shop", "US"))
    fill(test, row)
    go_on(test, row)
    beside(test, row)
    test.cover(row, "1970-01-01 00:00", "2026-08-20 12:00", *BESIDE)
    test.publish(row)
    yield test
    test.here.close()


def go_on(test: Answering, shop: ShopRow) -> None:
    def order(name: str, key: int, placed: str, **columns: Any) -> dict[str, Any]:
        known = {"order_id": name, "order_key": key, "create_time": at(placed), "currency": "USD"}
        times = ("paid_time", "rts_time", "rts_sla_time", "delivery_time")
        more = {time: at(columns[time]) if time in columns else None for time in times}
        changed = {"update_time": at(placed) + 1, "is_cod": int(name == "D")}
        text = {name: columns[name] for name in ("status", "buyer_key", "total_amount")}
        return {**known, **changed, **more, **text}

    rows = [
        order("A", 1, "2026-08-01 10:00", paid_time="2026-08-01 10:05", status="COMPLETED",
              buyer_key=11, rts_time="2026-08-01 16:05", rts_sla_time="2026-08-02 12:00",
              delivery_time="2026-08-04 10:05", total_amount="28.05"),
        order("B", 2, "2026-08-01 23:30", paid_time="2026-08-02 00:10", status="CANCELLED",
              buyer_key=12, rts_sla_time="2026-08-03 00:00", total_amount="8.25"),
        order("D", 4, "2026-08-03 01:00", status="AWAITING_SHIPMENT", buyer_key=11,
              rts_sla_time="2026-08-05 00:00", total_amount="100.00"),
        order("E", 5, "2026-08-10 09:00", paid_time="2026-08-10 10:00", status="IN_TRANSIT",
              buyer_key=12, rts_time="2026-08-11 10:00", rts_sla_time="2026-08-10 12:00",
              total_amount="6.00"),
    ]  # fmt: skip
    test.write(shop, "orders", rows)
    unit = {
        "line_item_id": "E1", "line_key": 7, "order_id": "E", "order_key": 5,
        "create_time": at("2026-08-10 09:00"), "update_time": at("2026-08-10 09:00"),
        "product_id": "P2", "sku_id": "S3", "sale_price": "6.00", "currency": "USD",
    }  # fmt: skip
    test.write(shop, "order_line_items", [unit])
    transactions = (
        # A reserve that names an order settles nothing of it.
        ("X1", "ORDER", "A", "A", 1, "24.90"),
        ("X2", "RESERVE", None, "D", 4, "-1.00"),
    )
    test.write(
        shop,
        "statement_transactions",
        [
            {"transaction_id": name, "statement_id": "T1", "statement_key": 1, "type": kind,
             "statement_time": at("2026-08-06 00:00"), "order_id": order_id,
             "associated_order_id": about, "order_key": key, "currency": "USD",
             "settlement_amount": amount}
            for name, kind, order_id, about, key, amount in transactions
        ],
    )  # fmt: skip
    unsettled = (("V1", "B", 2, 1), ("V2", "A", 1, 1), ("V3", "E", 5, 0))
    test.write(
        shop,
        "unsettled_transactions",
        [
            {"transaction_id": name, "first_listed_at": at("2026-08-03 00:00"), "order_id": of,
             "order_key": key, "is_unsettled": still, "type": "ORDER", "currency": "USD",
             "est_settlement_amount": "7.00", "est_fee_tax_amount": "-1.25"}
            for name, of, key, still in unsettled
        ],
    )  # fmt: skip


def beside(test: Answering, shop: ShopRow) -> None:
    references = (("A", "SHOPIFY", "1001"), ("A", "WIX", "77"), ("B", "SHOPIFY", "1002"))
    test.write(
        shop,
        "external_orders",
        [
            {"order_id": order, "platform": platform, "external_order_id": number,
             "source": "tiktok"}
            for order, platform, number in references
        ],
    )  # fmt: skip
    pictures = (("P1", "/images/1/111/abc.jpg"), ("P2", None))
    test.write(
        shop,
        "products",
        [
            {"product_id": product, "update_time": 2, "image_path": path,
             "main_image_url": f"https://tiktok.example/{product}?sig=1"}
            for product, path in pictures
        ],
    )  # fmt: skip
    skus = (("S1", "P1"), ("S2", "P1"), ("S3", "P2"))
    test.write(
        shop,
        "product_skus",
        [{"sku_id": sku, "product_id": product, "sku_name": f"name of {sku}", "update_time": 1}
         for sku, product in skus],
    )  # fmt: skip
    stock = (
        # S1 and S2 are the same goods: what is in transit is told twice.
        ("S1", "F1", "G1", 4, 1, 5, 30),
        ("S2", "F1", "G1", 4, 0, 4, 30),
        ("S3", "F1", "G2", 7, 0, 7, 30),
        ("S3", "F2", "G2", 1, 0, 1, None),
    )
    test.write(
        shop,
        "fbt_inventory",
        [
            {"sku_id": sku, "fbt_warehouse_id": place, "goods_id": goods,
             "available_quantity": free, "reserved_quantity": held, "total_quantity": whole,
             "goods_in_transit_quantity": coming}
            for sku, place, goods, free, held, whole, coming in stock
        ],
    )  # fmt: skip
    test.write(shop, "warehouses", [{"warehouse_id": "F1", "name": "TikTok 1"}])
    shipments = (
        ("IBR1", "RECEIVED", "2026-08-02 00:00", 10, 9, 8, 1),
        ("IBR2", None, None, None, None, None, None),
    )
    test.write(
        shop,
        "inbound_orders",
        [
            {"inbound_order_id": name, "update_time": 1, "status": status,
             "create_time": when and at(when), "fbt_warehouse_id": "F1",
             "planned_quantity": planned, "received_quantity": came,
             "normal_quantity": good, "defective_quantity": bad}
            for name, status, when, planned, came, good, bad in shipments
        ],
    )  # fmt: skip
    payouts = (("Y1", "100.00", "117.00", "1.17"), ("Y2", "300.00", "330.00", "1.10"))
    test.write(
        shop,
        "payments",
        [
            {"payment_id": name, "create_time": at("2026-08-05 00:00"), "currency": "EUR",
             "settlement_currency": "GBP", "payment_amount_before_exchange": before,
             "amount": paid, "exchange_rate": rate}
            for name, before, paid, rate in payouts
        ],
    )  # fmt: skip


# -- how orders go on ----------------------------------------------------------------------------


def test_hours_to_ship_are_those_of_orders_with_both_times(shop: Answering) -> None:
    # A 6 hours, E 24; D has no payment, B and C no shipment.
    assert shop.rows("hours_to_ship") == [[15.0]]
    assert shop.rows("order_status", "hours_to_ship") == [
        ["AWAITING_SHIPMENT", None], ["CANCELLED", None], ["COMPLETED", 6.0],
        ["IN_TRANSIT", 24.0], ["UNPAID", None],
    ]  # fmt: skip
    assert shop.rows("days_to_deliver") == [[3.0]]


def test_late_is_what_shipped_late_or_is_overdue_now_but_not_what_is_cancelled(
    shop: Answering,
) -> None:
    assert shop.rows("late_shipments") == [[2]]
    by_order = {row[0]: row[1] for row in shop.rows("order_id", "late_shipments")}
    assert by_order == {"A": 0, "B": 0, "C": 0, "D": 1, "E": 1}
    assert shop.rows("sku_id", "late_shipments", days=("2026-08-03", "2026-08-10")) == [
        ["S3", 1], ["S4", 1],
    ]  # fmt: skip


def test_the_money_of_an_order_is_placed_estimated_or_settled(shop: Answering) -> None:
    assert shop.rows("money_state", "orders", "gmv") == [
        ["estimated", 1, 8.25], ["placed", 3, 106.0], ["settled", 1, 25.5],
    ]  # fmt: skip
    assert shop.rows("order_id", "money_state") == [
        ["A", "settled"], ["B", "estimated"], ["C", "placed"], ["D", "placed"], ["E", "placed"],
    ]  # fmt: skip


def test_the_money_state_goes_with_finance_and_units_too(shop: Answering) -> None:
    assert shop.rows("money_state", "tx_settlement", "unsettled_amount") == [
        ["estimated", 0.0, 7.0], ["placed", -1.0, 0.0], ["settled", 24.9, 7.0],
    ]  # fmt: skip
    assert shop.rows("money_state", "product_id", "items_sold") == [
        ["estimated", "P1", 1], ["placed", "P2", 1], ["placed", "P3", 1],
        ["settled", "P1", 2], ["settled", "P2", 1],
    ]  # fmt: skip


def test_a_customer_is_new_with_the_first_paid_order_of_all_that_is_kept(shop: Answering) -> None:
    # b1 begins with A and comes back with D, b2 begins with B and comes back with E.
    fields = ("customers", "new_customers", "returning_customers")
    assert shop.rows("date", *fields, days=AUGUST) == [
        ["20260801", 2, 2, 0], ["20260802", 0, 0, 0], ["20260803", 1, 0, 1],
        ["20260810", 1, 0, 1],
    ]  # fmt: skip
    assert shop.rows(*fields) == [[2, 2, 0]]
    assert shop.rows(*fields, days=("2026-08-03", "2026-08-10")) == [[2, 0, 2]]
    assert shop.rows("product_id", *fields) == [["P1", 2, 2, 0], ["P2", 2, 1, 1], ["P3", 1, 0, 1]]


def test_net_sales_are_the_payments_less_all_taxes_and_refunds(shop: Answering) -> None:
    # 28.05 + 8.25 + 100.00 + 6.00, less tax 2.55 and the refund 11.00
    assert shop.rows("net_sales_tw") == [[128.75]]


# -- what others call them -----------------------------------------------------------------------


def test_an_order_of_two_other_systems_stays_one_row(shop: Answering) -> None:
    assert shop.rows("order_id", "external_order_id", "external_platform", "gmv") == [
        ["A", "1001,77", "SHOPIFY,WIX", 25.5], ["B", "1002", "SHOPIFY", 8.25],
        ["C", None, None, 0.0], ["D", None, None, 100.0], ["E", None, None, 6.0],
    ]  # fmt: skip
    assert shop.rows("orders", "external_orders", "gmv") == [[5, 2, 139.75]]
    assert shop.rows("external_platform", "external_orders") == [["SHOPIFY", 1], ["SHOPIFY,WIX", 1]]


def test_a_picture_is_ours_where_we_keep_one(shop: Answering) -> None:
    assert shop.rows("product_id", "product_image_url", "product_url", "products_count")[:2] == [
        ["P1", "https://reports.example/images/1/111/abc.jpg",
         "https://shop.tiktok.com/view/product/P1", 1],
        ["P2", "https://tiktok.example/P2?sig=1",
         "https://shop.tiktok.com/view/product/P2", 1],
    ]  # fmt: skip


# -- stock at TikTok -----------------------------------------------------------------------------


def test_goods_on_their_way_count_once_however_many_skus_they_have(shop: Answering) -> None:
    fields = ("fbt_available_quantity", "fbt_total_quantity", "fbt_in_transit_quantity")
    assert shop.rows(*fields) == [[16, 17, 60]]
    assert shop.rows("sku_id", *fields) == [["S1", 4, 5, 30], ["S2", 4, 4, 30], ["S3", 8, 8, 30]]
    assert shop.rows("product_title", *fields) == [['=Hat "x"', 8, 8, 30], ["Cup", 8, 9, 30]]
    assert shop.rows("warehouse_name", "sku_name", "fbt_reserved_quantity") == [
        ["TikTok 1", "name of S1", 1], ["TikTok 1", "name of S2", 0],
        ["TikTok 1", "name of S3", 0], [None, "name of S3", 0],
    ]  # fmt: skip


def test_shipments_are_dated_by_their_creation(shop: Answering) -> None:
    fields = ("inbound_planned_quantity", "inbound_received_quantity", "inbound_defective_quantity")
    assert shop.rows("date", "inbound_status", "inbound_orders", *fields) == [
        ["20260802", "RECEIVED", 1, 10, 9, 1]
    ]


def test_an_exchange_rate_of_several_payouts_weighs_them(shop: Answering) -> None:
    [[rate, paid]] = shop.rows("exchange_rate", "payout_amount")
    assert rate == pytest.approx(447 / 400)
    assert paid == 447.0
    assert shop.rows("statement_payment_id", "exchange_rate") == [["Y1", 1.17], ["Y2", 1.1]]
