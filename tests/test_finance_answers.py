"""What getData answers about money for a few hand-made statements; values added up by hand.

statement  cut (UTC)   status      net sales  fees    settlement  transactions
T1         2026-08-03  PAID        28.00      -3.10   24.90       X1 of A, X2 of the shop (ads)
T2         2026-08-04  PROCESSING  8.25       -0.85   7.40        X3 of B, and a cent is missing

still to come: U1 of D, 90.00; U2 of A was listed once (25.00) and is not any more
paid out: Y1 on 2026-08-05, 20.00, PAID; Y2 on 2026-08-06, 7.41, PROCESSING
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store.accounts import ShopRow
from tests.answering import Answering, HandMadeShop, answering, at, fill, request_for

T1, T2 = at("2026-08-03 00:00"), at("2026-08-04 00:00")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("finance"))
    row = test.shop(HandMadeShop("111", "First shop", "US"))
    fill(test, row)
    settle(test, row)
    test.publish(row)
    yield test
    test.here.close()


def settle(test: Answering, shop: ShopRow) -> None:
    test.write(
        shop,
        "statements",
        [
            {
                "statement_id": name,
                "statement_key": key,
                "statement_time": time,
                "payment_status": status,
                "payment_id": "Y1" if name == "T1" else "Y2",
                "currency": "USD",
                "net_sales_amount": net,
                "fee_amount": fees,
                "shipping_cost_amount": "0",
                "adjustment_amount": "-0.00",
                "settlement_amount": settled,
                "is_reconciled": int(name == "T1"),
            }
            for name, key, time, status, net, fees, settled in [
                ("T1", 1, T1, "PAID", "28.00", "-3.10", "24.90"),
                ("T2", 2, T2, "PROCESSING", "8.25", "-0.85", "7.40"),
            ]
        ],
    )
    test.write(
        shop,
        "statement_transactions",
        [
            {
                "transaction_id": name,
                "statement_id": f"T{key}",
                "statement_key": key,
                "statement_time": T1 if key == 1 else T2,
                "type": kind,
                "order_id": order,
                "order_key": number,
                "currency": "USD",
                "subtotal_before_discount_amount": sales,
                "fee_tax_amount": fees,
                "referral_fee_amount": referral,
                "affiliate_commission_amount": creator,
                "vat_amount": tax,
                "pit_amount": tax,
                "settlement_amount": settled,
            }
            for name, key, kind, order, number, sales, fees, referral, creator, tax, settled in [
                ("X1", 1, "ORDER", "A", 1, "28.00", "-2.60", "-1.00", "-0.50", "-0.20", "25.40"),
                (
                    "X2",
                    1,
                    "GMV_PAYMENT_FOR_ADS",
                    None,
                    None,
                    None,
                    "-0.50",
                    None,
                    None,
                    None,
                    "-0.50",
                ),
                ("X3", 2, "ORDER", "B", 2, "8.25", "-0.85", "-0.80", None, None, "7.39"),
            ]
        ],
    )
    test.write(
        shop,
        "statement_transaction_skus",
        [
            {
                "order_id": order,
                "order_key": order_key,
                "statement_id": f"T{order_key}",
                "statement_key": order_key,
                "statement_time": T1 if order_key == 1 else T2,
                "sku_id": sku,
                "row_number": 1,
                "product_id": product,
                "product_name": "as settled",
                "currency": "USD",
                "referral_fee_amount": fee,
            }
            for order, order_key, sku, product, fee in [
                ("A", 1, "S1", "P1", "-0.75"),
                ("A", 1, "S3", "P2", "-0.25"),
                ("B", 2, "S2", "P1", "-0.80"),
            ]
        ],
    )
    test.write(
        shop,
        "payments",
        [
            {
                "payment_id": name,
                "create_time": at(made),
                "status": status,
                "amount": amount,
                "currency": "USD",
            }
            for name, made, status, amount in [
                ("Y1", "2026-08-05 09:00", "PAID", "20.00"),
                ("Y2", "2026-08-06 09:00", "PROCESSING", "7.41"),
            ]
        ],
    )
    test.write(
        shop,
        "unsettled_transactions",
        [
            {
                "transaction_id": name,
                "first_listed_at": at("2026-08-01 02:00"),
                "is_unsettled": listed,
                "type": "ORDER",
                "order_id": order,
                "order_key": order_key,
                "currency": "USD",
                "est_settlement_amount": amount,
            }
            for name, listed, order, order_key, amount in [
                ("U1", 1, "D", 4, "90.00"),
                ("U2", 0, "A", 1, "25.00"),
            ]
        ],
    )


def test_a_settlement_is_dated_by_its_statement(shop: Answering) -> None:
    assert shop.rows("date", "settlement_amount", "statement_fee_amount") == [
        ["20260803", 24.9, -3.1],
        ["20260804", 7.4, -0.85],
    ]
    assert shop.rows("settlement_date", "settlement_amount") == [
        ["20260803", 24.9],
        ["20260804", 7.4],
    ]
    # 00:00 UTC is the evening of the day that the statement is about.
    zone = {"time_zone": "America/New_York"}
    assert shop.rows("settlement_date", "settlement_amount", options=zone) == [
        ["20260802", 24.9],
        ["20260803", 7.4],
    ]


def test_the_range_means_the_time_of_the_statement(shop: Answering) -> None:
    one_day = ("2026-08-04", "2026-08-04")
    assert shop.rows("settlement_amount", "tx_settlement", days=one_day) == [[7.4, 7.39]]


def test_sales_refunds_fees_and_payouts_stand_beside_each_other_by_day(shop: Answering) -> None:
    assert shop.rows("date", "gmv", "refund_total", "tx_fee_tax", "payout_amount") == [
        ["20260801", 33.75, 0.0, 0.0, 0.0],
        ["20260802", 0.0, 0.0, 0.0, 0.0],
        ["20260803", 100.0, 0.0, -3.1, 0.0],
        ["20260804", 0.0, 0.0, -0.85, 0.0],
        ["20260805", 0.0, 11.0, 0.0, 20.0],
        ["20260806", 0.0, 0.0, 0.0, 7.41],
    ]


def test_fees_come_apart_without_a_cent_left_over(shop: Answering) -> None:
    names = ("tx_fee_tax", "referral_fee", "affiliate_commission", "tx_taxes")
    # -3.95 is -1.80 -0.50 -0.40 and 1.25 that has no name of its own.
    assert shop.rows(*names, "other_platform_fees") == [[-3.95, -1.8, -0.5, -0.4, -1.25]]


def test_the_fee_rate_is_positive_and_made_from_totals(shop: Answering) -> None:
    [[take_rate, settlement_rate]] = shop.rows("take_rate", "settlement_rate")
    assert take_rate == pytest.approx(3.95 / 36.25)
    assert settlement_rate == pytest.approx(32.29 / 36.25)


def test_fees_are_shown_by_order_and_an_adjustment_of_the_shop_has_none(shop: Answering) -> None:
    assert shop.rows("order_id", "transaction_type", "tx_settlement") == [
        ["A", "ORDER", 25.4],
        ["B", "ORDER", 7.39],
        [None, "GMV_PAYMENT_FOR_ADS", -0.5],
    ]
    assert shop.rows("order_status", "referral_fee") == [
        ["CANCELLED", -0.8],
        ["COMPLETED", -1.0],
        [None, 0.0],
    ]


def test_a_fee_by_product_is_read_by_sku(shop: Answering) -> None:
    assert shop.rows("product_id", "referral_fee") == [["P1", -1.55], ["P2", -0.25]]
    assert shop.rows("product_title", "sku_id", "referral_fee") == [
        ['=Hat "x"', "S3", -0.25],
        ["Cup", "S1", -0.75],
        ["Cup", "S2", -0.8],
    ]


def test_a_payout_cannot_be_shown_by_product(shop: Answering) -> None:
    status, code, message = shop.refused("product_id", "payout_amount")
    assert (status, code) == (400, "incompatible_fields")
    assert "Payout Amount" in message


def test_a_statement_that_does_not_add_up_can_be_seen(shop: Answering) -> None:
    assert shop.rows("statement_id", "statement_reconciled", "statement_payment_status") == [
        ["T1", True, "PAID"],
        ["T2", False, "PROCESSING"],
    ]
    rows = shop.rows("statement_reconciled", "settlement_amount", "tx_settlement")
    assert rows == [[False, 7.4, 7.39], [True, 24.9, 24.9]]


def test_payouts_by_status(shop: Answering) -> None:
    assert shop.rows("payout_status", "payout_amount") == [["PAID", 20.0], ["PROCESSING", 7.41]]


def test_unsettled_money_is_what_the_newest_list_has(shop: Answering) -> None:
    assert shop.rows("unsettled_amount") == [[90.0]]
    assert shop.rows("unsettled_amount", days=("2020-01-01", "2020-01-02")) == [[90.0]]
    assert shop.refused("date", "unsettled_amount")[1] == "incompatible_fields"
    assert shop.rows("order_status", "unsettled_amount")[0] == ["AWAITING_SHIPMENT", 90.0]


def test_money_that_was_not_imported_is_not_zero(tmp_path_factory: pytest.TempPathFactory) -> None:
    test = answering(tmp_path_factory.mktemp("orders-only"))
    row = test.shop(HandMadeShop("111", "First shop", "US"))
    test.cover(row, "2026-08-01 00:00", "2026-08-20 12:00", "orders")
    test.publish(row)
    answer = test.post("getData", request_for("gmv", "settlement_amount"))
    assert answer.get_json()["rows"] == [{"values": [0.0, None]}]
    test.here.close()
