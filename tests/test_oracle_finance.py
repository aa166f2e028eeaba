"""The brute-force computation on a few statements, whose sums are worked out by hand.

statement  cut (UTC)   settles  records
T1         2026-03-04  24.90    X1 of order 1 (28.00 sold, 3.10 fees), X2 ads of the shop (0.00)
T2         2026-03-05   7.40    X3 of order 2, and a cent is missing

order 1 has a unit of SKU a1 (product A) and one of b1 (product B), order 2 one of a1. Order 3 is
still to be settled (90.00), order 4 has not come so far.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from benchmarks.oracle import answer
from benchmarks.oracle_asked import CannotCombine
from benchmarks.oracle_rows import Payloads

T1, T2 = 1_772_582_400, 1_772_668_800
NOW = 1_773_144_000  # 2026-03-10 12:00 UTC


def order(order_id: str, *skus: str) -> dict[str, Any]:
    return {
        "id": order_id,
        "status": "COMPLETED",
        "create_time": T1 - 86_400 * 5,
        "paid_time": T1 - 86_400 * 5,
        "line_items": [
            {"id": f"{order_id}-{sku}", "sku_id": sku, "product_id": sku[0].upper()} for sku in skus
        ],
        "payment": {"currency": "USD"},
    }


def record(
    name: str, statement: str, settled: str, fees: str = "0", sales: str = "0", **more: Any
) -> dict[str, Any]:
    return {
        "id": name,
        "statement_id": statement,
        "type": "ORDER",
        "fee_tax_amount": fees,
        "settlement_amount": settled,
        "revenue_breakdown": {"subtotal_before_discount_amount": sales},
    } | more


def fees(referral: str, creator: str = "0", vat: str = "0") -> dict[str, Any]:
    fee = {"referral_fee_amount": referral, "affiliate_commission_amount": creator}
    # Sales tax stands beside what is withheld, but is only passed on.
    return {"fee": fee, "tax": {"vat_amount": vat, "sales_tax_amount": "-9.99"}}


SHOP = Payloads(
    shop={"id": "s1"},
    orders=[order("1", "a1", "b1"), order("2", "a1"), order("3", "a1"), order("4", "a1")],
    product_search=[{"id": "A", "title": "Cup"}, {"id": "B", "title": "Hat"}],
    statements=[
        {
            "id": name,
            "statement_time": at,
            "currency": "USD",
            "settlement_amount": settled,
            "payment_status": status,
        }
        for name, at, settled, status in (
            ("T1", T1, "24.90", "PAID"),
            ("T2", T2, "7.40", "PROCESSING"),
        )
    ],
    transactions=[
        record(
            *("X1", "T1", "25.40", "-3.10", "28.00"),
            order_id="1",
            fee_tax_breakdown=fees("-1.50", "-0.50", "-0.20"),
        ),
        record("X2", "T1", "-0.50", type="GMV_PAYMENT_FOR_ADS", adjustment_id="7"),
        record(
            *("X3", "T2", "7.39", "-0.85", "8.25"),
            order_id="2",
            fee_tax_breakdown=fees("-0.80"),
        ),
        record("X4", "T2", "0.00", type="RESERVE", associated_order_id="1", reserve_amount="-2"),
    ],
    settled_skus=[
        {
            "order_id": order_id,
            "statement_id": statement,
            "sku_id": sku,
            "sku_name": "as settled",
            "fee_tax_breakdown": fees(fee),
        }
        for order_id, statement, sku, fee in (
            ("1", "T1", "a1", "-1.00"),
            ("1", "T1", "b1", "-0.50"),
            ("2", "T2", "a1", "-0.80"),
        )
    ],
    payments=[
        {
            "id": "Y1",
            "create_time": T2 + 3600,
            "status": "PAID",
            "amount": {"currency": "USD", "value": "24.90"},
        }
    ],
    unsettled=[{"id": "U1", "type": "ORDER", "order_id": "3", "est_settlement_amount": "90.00"}],
)


def rows(*names: str, start: str = "2026-03-01", zone: str = "UTC") -> list[list[Any]]:
    request = {
        "fields": [{"name": name} for name in names],
        "dateRange": {"startDate": start, "endDate": "2026-03-31"},
        "configParams": {"time_zone": zone},
    }
    return answer(request, SHOP, NOW).rows


def test_money_is_dated_by_its_statement() -> None:
    assert rows("date", "settlement_amount", "tx_settlement", "payout_amount") == [
        ["20260304", Decimal("24.90"), Decimal("24.90"), 0],
        ["20260305", Decimal("7.40"), Decimal("7.39"), Decimal("24.90")],
    ]
    # 00:00 UTC is the evening before in New York.
    assert rows("settlement_date", zone="America/New_York") == [["20260303"], ["20260304"]]
    assert rows("tx_settlement", start="2026-03-05") == [[Decimal("7.39")]]


def test_fees_come_apart_and_sales_tax_is_no_part_of_them() -> None:
    assert rows("tx_fee_tax", "referral_fee", "affiliate_commission", "tx_taxes") == [
        [Decimal("-3.95"), Decimal("-2.30"), Decimal("-0.50"), Decimal("-0.20")]
    ]
    # -3.95 + 2.30 + 0.50 + 0.20
    assert rows("other_platform_fees") == [[Decimal("-0.95")]]
    assert rows("take_rate") == [[3.95 / 36.25]]


def test_a_fee_by_product_is_read_by_sku_and_a_payment_by_product_not_at_all() -> None:
    assert rows("product_title", "referral_fee") == [
        ["Cup", Decimal("-1.80")],
        ["Hat", Decimal("-0.50")],
    ]
    assert rows("sku_name", "referral_fee") == [["as settled", Decimal("-2.30")]]
    with pytest.raises(CannotCombine):
        rows("product_id", "customer_payment_settled")
    with pytest.raises(CannotCombine):
        rows("hour", "settlement_amount")


def test_a_statement_that_is_a_cent_short_does_not_add_up() -> None:
    assert rows("statement_id", "statement_reconciled") == [["T1", True], ["T2", False]]


def test_records_name_the_order_they_are_about() -> None:
    assert rows("order_id", "transaction_order_id", "tx_settlement", "reserve_amount") == [
        ["1", "1", Decimal("25.40"), 0],
        ["1", None, Decimal("0.00"), Decimal(-2)],
        ["2", "2", Decimal("7.39"), 0],
        [None, None, Decimal("-0.50"), 0],
    ]


def test_unsettled_money_is_that_of_now() -> None:
    assert rows("unsettled_amount", start="2026-03-31") == [[Decimal("90.00")]]
    with pytest.raises(CannotCombine):
        rows("date", "unsettled_amount")


def test_an_order_is_placed_then_estimated_then_settled() -> None:
    found = rows("order_id", "money_state", start="2026-02-01")
    assert found == [["1", "settled"], ["2", "settled"], ["3", "estimated"], ["4", "placed"]]
