"""Statements, settlement records, payments and unsettled money: payload in, rows out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from backfill.normalise.finance import normalise_payments, normalise_statements
from backfill.normalise.finance_transactions import (
    normalise_statement_transaction_skus,
    normalise_statement_transactions,
    normalise_unsettled_transactions,
)
from backfill.normalise.rows import Normalised
from backfill.reconcile import compared

#: 6 October 2026, 00:00 UTC: the statement of 5 October.
CUT = 1_791_244_800
BEGAN = CUT + 7_200
STATEMENT = ("7238804564097517339", CUT, "GBP", "83.10|||||")


def rows(normalised: Normalised, table: str) -> list[dict[str, Any]]:
    (write,) = [one for one in normalised.writes if one.table.name == table]
    return [dict(zip(write.columns, row, strict=True)) for row in write.rows]


def known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def settled(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "1636700041413599290",
        "type": "ORDER",
        "order_id": "576463220456522968",
        "order_create_time": CUT - 900_000,
        "settlement_amount": "83.10",
        "revenue_amount": "100.00",
        "revenue_breakdown": {
            "subtotal_before_discount_amount": "110.00",
            "seller_discount_amount": "-10.00",
        },
        "shipping_cost_amount": "-4.90",
        "shipping_cost_breakdown": {
            "actual_shipping_fee_amount": "-9.90",
            "shipping_fee_discount_amount": "5.00",
            "supplementary_component": {"fbt_fulfillment_fee_amount": "-1.99"},
        },
        "fee_tax_amount": "-12.00",
        "fee_tax_breakdown": {
            "fee": {"platform_commission_amount": "-9.00", "transaction_fee_amount": "-1.00"},
            "tax": {"vat_amount": "-2.00"},
        },
        "adjustment_amount": "0",
        "supplementary_component": {"customer_payment_amount": "121.00"},
    }
    return {**made, **changes}


def page(*transactions: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": STATEMENT[0],
        "payable_amount": "80.10",
        "total_reserve_amount": "-3.00",
        "transactions": list(transactions),
        **more,
    }


def read(*transactions: Any, complete: bool = True) -> Normalised:
    return normalise_statement_transactions(
        [page(*transactions)], STATEMENT, BEGAN, complete=complete
    )


# --- statements and payments ---


def test_a_statement_becomes_a_row_with_tiktoks_signs() -> None:
    statement = {
        "id": "7238804564097517339",
        "statement_time": CUT,
        "currency": "GBP",
        "payment_id": "3459275187040258849",
        "payment_status": "PROCESSING",
        "settlement_amount": "83.10",
        "revenue_amount": "100.00",
        "net_sales_amount": "100.00",
        "fee_amount": "-12.00",
        "shipping_cost_amount": "-4.90",
        "adjustment_amount": "0",
        "bank": "never kept",
    }
    normalised = normalise_statements([statement])
    assert normalised.rejected == ()
    (row,) = rows(normalised, "statements")
    assert known(row) == {
        "statement_id": "7238804564097517339",
        "statement_key": 7_238_804_564_097_517_339,
        "statement_time": CUT,
        "payment_status": "PROCESSING",
        "payment_id": "3459275187040258849",
        "currency": "GBP",
        "settlement_amount": "83.10",
        "revenue_amount": "100.00",
        "net_sales_amount": "100.00",
        "fee_amount": "-12.00",
        "shipping_cost_amount": "-4.90",
        "adjustment_amount": "0",
    }


def test_a_statement_without_an_id_or_a_time_is_put_aside() -> None:
    normalised = normalise_statements([{"statement_time": CUT}, {"id": "1"}])
    assert normalised.rejected == (
        ("statements[0].id", "is missing"),
        ("statements[1].statement_time", "is missing"),
    )


def test_of_a_payment_everything_but_the_bank_account_is_kept() -> None:
    payment = {
        "id": "3458767051733897992",
        "create_time": CUT,
        "paid_time": CUT + 86_400,
        "status": "PAID",
        "amount": {"value": "117.00", "currency": "EUR"},
        "payment_amount_before_exchange": {"value": "100.00", "currency": "GBP"},
        "settlement_amount": {"value": "130.00", "currency": "GBP"},
        "reserve_amount": {"value": "-30.00", "currency": "GBP"},
        "exchange_rate": "1.170000",
        "bank_account": "***********1234",
    }
    (row,) = rows(normalise_payments([payment]), "payments")
    assert row == {
        "payment_id": "3458767051733897992",
        "create_time": CUT,
        "paid_time": CUT + 86_400,
        "status": "PAID",
        "amount": "117.00",
        "currency": "EUR",
        "payment_amount_before_exchange": "100.00",
        "settlement_amount": "130.00",
        "settlement_currency": "GBP",
        "reserve_amount": "-30.00",
        "exchange_rate": "1.170000",
    }


# --- settlement records ---


def test_nested_amounts_become_columns_of_their_own_name() -> None:
    (row,) = rows(read(settled()), "statement_transactions")
    assert known(row) == {
        "transaction_id": "1636700041413599290",
        "statement_id": "7238804564097517339",
        "statement_key": 7_238_804_564_097_517_339,
        "statement_time": CUT,
        "currency": "GBP",
        "type": "ORDER",
        "order_id": "576463220456522968",
        "order_key": 576_463_220_456_522_968,
        "order_create_time": CUT - 900_000,
        "settlement_amount": "83.10",
        "revenue_amount": "100.00",
        "subtotal_before_discount_amount": "110.00",
        "seller_discount_amount": "-10.00",
        "shipping_cost_amount": "-4.90",
        "actual_shipping_fee_amount": "-9.90",
        "shipping_fee_discount_amount": "5.00",
        "fbt_fulfillment_fee_amount": "-1.99",
        "fee_tax_amount": "-12.00",
        "platform_commission_amount": "-9.00",
        "transaction_fee_amount": "-1.00",
        "vat_amount": "-2.00",
        "adjustment_amount": "0",
        "customer_payment_amount": "121.00",
    }


def test_an_amount_that_has_moved_is_found_in_either_place_and_the_newer_wins() -> None:
    name = "fbt_fulfillment_fee_reimbursement_amount"
    older = {"supplementary_component": {name: "1.99"}}
    both = {name: "2.50", "supplementary_component": {name: "1.99"}}
    made = rows(
        read(settled(shipping_cost_breakdown=older), settled(shipping_cost_breakdown=both)),
        "statement_transactions",
    )
    assert [row[name] for row in made] == ["1.99", "2.50"]


@pytest.mark.parametrize(
    ("record", "about"),
    [
        ({"order_id": "11", "adjustment_order_id": "12"}, 11),
        ({"adjustment_id": "9", "adjustment_order_id": "12"}, 12),
        ({"reserve_id": "9", "associated_order_id": "13"}, 13),
        ({"adjustment_id": "9"}, None),
    ],
)
def test_a_record_is_about_its_order_or_that_of_the_adjustment_or_the_reserve(
    record: dict[str, Any], about: int | None
) -> None:
    (row,) = rows(read({"id": "1", **record}), "statement_transactions")
    assert row["order_key"] == about
    assert row["statement_time"] == CUT


def test_one_bad_record_does_not_take_the_others_with_it() -> None:
    bad = settled(fee_tax_breakdown={"fee": {"platform_commission_amount": "nine"}})
    normalised = read(bad, settled(), {"type": "ORDER"})
    assert len(rows(normalised, "statement_transactions")) == 1
    assert normalised.rejected == (
        (
            "transactions[0].fee_tax_breakdown.fee.platform_commission_amount",
            "is not a decimal number",
        ),
        ("transactions[2].id", "is missing"),
    )


def test_only_the_last_page_says_that_a_statement_was_read() -> None:
    assert rows(read(settled(), complete=False), "statements") == []
    (row,) = rows(read(settled()), "statements")
    assert known(row) == {
        "statement_id": "7238804564097517339",
        "statement_key": 7_238_804_564_097_517_339,
        "statement_time": CUT,
        "payable_amount": "80.10",
        "total_reserve_amount": "-3.00",
        "transactions_read_at": BEGAN,
        "reconciled_header": "83.10|||||",
    }


def test_what_is_said_about_a_statement_is_not_tiktoks_mention_of_it() -> None:
    assert [write.is_ours for write in read(settled()).writes] == [False, True]


# --- by SKU ---

ORDER = (
    "576463220456522968",
    orjson.dumps([["501", "71", CUT], ["502", "72", CUT + 86_400]]),
    orjson.dumps({"1729": "1728", "1730": None}),
)


def by_sku(*records: dict[str, Any]) -> Normalised:
    answer = {"order_id": ORDER[0], "currency": "GBP", "sku_transactions": list(records)}
    return normalise_statement_transaction_skus([answer], ORDER, BEGAN)


def test_an_orders_settlement_by_sku_knows_product_statement_and_time() -> None:
    record = {
        "sku_id": "1729",
        "statement_id": "72",
        "sku_name": "Blue",
        "product_name": "Mug",
        "quantity": "2",
        "settlement_amount": "41.55",
        "fee_tax_breakdown": {"fee": {"platform_commission_amount": "-4.50"}},
    }
    (row,) = rows(by_sku(record), "statement_transaction_skus")
    assert known(row) == {
        "order_id": "576463220456522968",
        "order_key": 576_463_220_456_522_968,
        "statement_id": "72",
        "statement_key": 72,
        "statement_time": CUT + 86_400,
        "sku_id": "1729",
        "row_number": 1,
        "product_id": "1728",
        "product_name": "Mug",
        "sku_name": "Blue",
        "quantity": 2,
        "currency": "GBP",
        "settlement_amount": "41.55",
        "platform_commission_amount": "-4.50",
    }


def test_two_records_of_a_sku_in_one_statement_are_two_rows() -> None:
    sale, refund = ({"sku_id": "1729", "statement_id": "71"} for _ in range(2))
    later = {"sku_id": "1729", "statement_id": "72"}
    made = rows(by_sku(sale, refund, later), "statement_transaction_skus")
    assert [(row["statement_id"], row["row_number"]) for row in made] == [
        ("71", 1),
        ("71", 2),
        ("72", 1),
    ]


def test_parts_of_a_statement_we_have_not_read_come_when_it_is_read() -> None:
    assert (
        rows(by_sku({"sku_id": "1729", "statement_id": "73"}), "statement_transaction_skus") == []
    )


def test_all_transactions_of_the_order_are_noted_as_asked_for() -> None:
    assert rows(by_sku(), "statement_transactions") == [
        {
            "transaction_id": transaction,
            "statement_id": statement,
            "statement_key": int(statement),
            "statement_time": time,
            "skus_read_at": BEGAN,
        }
        for transaction, statement, time in [("501", "71", CUT), ("502", "72", CUT + 86_400)]
    ]


# --- unsettled ---


@pytest.mark.parametrize(
    ("estimated", "moment"),
    [
        ("1685548800", 1_685_548_800),
        ("8 days after delivery", None),
        (None, None),
        ("9" * 30, None),
    ],
)
def test_when_money_will_be_settled_is_a_text_and_where_it_can_be_a_moment(
    estimated: str | None, moment: int | None
) -> None:
    record = {"id": "1", "type": "ORDER", "order_id": "11", "estimated_settlement": estimated}
    (row,) = rows(normalise_unsettled_transactions([record], BEGAN), "unsettled_transactions")
    assert (row["estimated_settlement"], row["estimated_settlement_time"]) == (estimated, moment)
    assert (row["order_key"], row["is_unsettled"], row["first_listed_at"]) == (11, 1, BEGAN)


def test_an_estimate_keeps_its_parts() -> None:
    record = {
        "id": "1",
        "currency": "GBP",
        "est_settlement_amount": "8.10",
        "est_fee_tax_amount": "-1.90",
        "fee_tax_breakdown": {"fee": {"retail_delivery_fee_amount": "-0.28"}},
        "shipping_cost_breakdown": {"supplementary_component": {"fbm_shipping_cost_amount": "-1"}},
    }
    (row,) = rows(normalise_unsettled_transactions([record], BEGAN), "unsettled_transactions")
    assert known(row) == {
        "transaction_id": "1",
        "first_listed_at": BEGAN,
        "is_unsettled": 1,
        "currency": "GBP",
        "est_settlement_amount": "8.10",
        "est_fee_tax_amount": "-1.90",
        "retail_delivery_fee_amount": "-0.28",
        "fbm_shipping_cost_amount": "-1",
    }


# --- does it add up? ---

HEADER = {
    "settlement_amount": "960885",
    "revenue_amount": "1585500",
    "net_sales_amount": None,
    "fee_amount": "-624615",
    "shipping_cost_amount": "0",
    "adjustment_amount": "0",
}


def test_amounts_of_a_live_vietnamese_statement_add_up() -> None:
    found = compared(HEADER, ["900885", "60000"], region="VN", seller_type="LOCAL")
    assert found == {
        "transaction_count": 2,
        "transaction_settlement_sum": "960885",
        "settlement_difference": "0",
        "is_reconciled": 1,
        "formula_difference": "0",
    }


def test_a_difference_of_a_cent_is_a_difference() -> None:
    header = {**HEADER, "settlement_amount": "0.30"}
    exact = compared(header, ["0.1", "0.1", "0.10"], region="VN", seller_type="LOCAL")
    assert (exact["settlement_difference"], exact["is_reconciled"]) == ("0.00", 1)
    short = compared(header, ["0.1", "0.1", "0.09", None], region="VN", seller_type="LOCAL")
    assert (short["settlement_difference"], short["is_reconciled"]) == ("0.01", 0)
    assert short["transaction_count"] == 4


@pytest.mark.parametrize(
    ("region", "seller_type", "difference"),
    [
        ("US", "LOCAL", "0.00"),  # 90 - 5 - 10 + 1 = 76
        ("GB", "LOCAL", "0.00"),
        ("US", "CROSS_BORDER", "-15.00"),  # 100 - 10 + 1 = 91
        ("DE", "LOCAL", "-15.00"),
        (None, None, "-15.00"),
    ],
)
def test_a_header_adds_up_by_the_formula_of_its_region(
    region: str | None, seller_type: str | None, difference: str
) -> None:
    header = {
        "settlement_amount": "76.00",
        "revenue_amount": "100.00",
        "net_sales_amount": "90.00",
        "shipping_cost_amount": "-5.00",
        "fee_amount": "-10.00",
        "adjustment_amount": "1.00",
    }
    found = compared(header, ["76.00"], region=region, seller_type=seller_type)
    assert found["formula_difference"] == difference
    assert found["is_reconciled"] == 1


def test_a_header_without_a_settlement_is_neither_right_nor_wrong() -> None:
    found = compared({**HEADER, "settlement_amount": None}, [], region="VN", seller_type=None)
    assert found["is_reconciled"] is None
    assert found["settlement_difference"] is None
    assert found["formula_difference"] is None
