"""The simulator's finance: it follows from the orders and returns, and adds up to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from sample_shop.control import rows_of
from sample_shop.gateway import Gateway
from sample_shop.regions import REGIONS
from sample_shop.tokens import TokenOffice
from sample_shop.world import seeded_world
from tests.sample_shop_client import DAY, NOW

pytestmark = pytest.mark.slow

HOUR = 3600
FREIGHT_APART = ("US", "GB")
SOUTH_EAST_ASIA = ("ID", "TH", "VN")
Row = dict[str, Any]


@cache
def gateway() -> Gateway:
    world = seeded_world(11, 600, 100, len(REGIONS), NOW)
    return Gateway(
        world, TokenOffice("TTP_", "t", lambda: NOW, True), "http://x.invalid", lambda: NOW
    )


@cache
def table(name: str, shop: int) -> list[Row]:
    return list(rows_of(gateway(), name, gateway().world.shops[shop].id))


def every(name: str) -> Iterator[tuple[str, Row]]:
    """Yield (region, row) of a table over all shops."""
    for number, region in enumerate(REGIONS):
        for row in table(name, number):
            yield region.code, row


@cache
def orders() -> dict[str, Row]:
    return {row["id"]: row for _, row in every("orders")}


@cache
def records_of_orders() -> dict[str, list[Row]]:
    found = defaultdict(list)
    for _, row in every("statement_transactions"):
        if row["type"] == "ORDER":
            found[row["order_id"]].append(row)
    return found


@cache
def returns_of_orders() -> dict[str, list[Row]]:
    found = defaultdict(list)
    for _, row in every("returns"):
        found[row["order_id"]].append(row)
    return found


@cache
def settled_at() -> dict[str, int]:
    """The statement time of every statement, by its id."""
    return {row["id"]: row["statement_time"] for _, row in every("statements")}


def amount(row: Row, name: str) -> Decimal:
    return Decimal(row[name])


def total(rows: list[Row], name: str) -> Decimal:
    return sum((amount(row, name) for row in rows), Decimal(0))


def added(block: Row) -> Decimal:
    """The sum of a breakdown's own lines (objects in it are said besides, not added)."""
    return sum((Decimal(value) for value in block.values() if isinstance(value, str)), Decimal(0))


def paid_back(order_id: str) -> list[Row]:
    """The returns of an order whose money has gone back."""
    return [
        row
        for row in returns_of_orders().get(order_id, [])
        if row["return_status"]
        in ("RETURN_OR_REFUND_REQUEST_COMPLETE", "REPLACEMENT_REQUEST_REFUND_SUCCESS")
    ]


def has_cancelled_line(order: Row) -> bool:
    return any(line["display_status"] == "CANCELLED" for line in order["line_items"])


def test_a_statement_is_exactly_the_sum_of_its_transactions() -> None:
    by_statement = defaultdict(list)
    for _, row in every("statement_transactions"):
        by_statement[row["statement_id"]].append(row)
    seen = 0
    for region, statement in every("statements"):
        seen += 1
        rows = by_statement.pop(statement["id"])
        revenue, freight = total(rows, "revenue_amount"), total(rows, "shipping_cost_amount")
        fees = total(rows, "fee_tax_amount")
        if region in FREIGHT_APART:
            assert amount(statement, "shipping_cost_amount") == freight
        else:
            assert amount(statement, "shipping_cost_amount") == 0
            fees += freight
        assert amount(statement, "fee_amount") == fees
        for name in ("revenue_amount", "net_sales_amount"):
            if name in statement:
                assert amount(statement, name) == revenue
        for name in ("adjustment_amount", "settlement_amount"):
            assert amount(statement, name) == total(rows, name)
        parts = ("fee_amount", "shipping_cost_amount", "adjustment_amount")
        assert amount(statement, "settlement_amount") == revenue + total(
            [{"v": statement[name]} for name in parts], "v"
        )
    assert seen > 600
    assert not by_statement


def test_the_columns_of_a_statement_depend_on_the_market() -> None:
    for region, statement in every("statements"):
        assert ("revenue_amount" in statement) == (region not in FREIGHT_APART)
        assert ("net_sales_amount" in statement) == (region not in SOUTH_EAST_ASIA)
        assert statement["statement_time"] % DAY == 0


def test_a_transaction_is_the_sum_of_its_lines() -> None:
    for _, row in every("statement_transactions"):
        parts = ("revenue_amount", "shipping_cost_amount", "fee_tax_amount", "adjustment_amount")
        assert amount(row, "settlement_amount") == sum(amount(row, name) for name in parts)
        if row["type"] != "ORDER":
            continue
        assert amount(row, "revenue_amount") == added(row["revenue_breakdown"])
        assert amount(row, "shipping_cost_amount") == added(row["shipping_cost_breakdown"])
        fee, tax = row["fee_tax_breakdown"]["fee"], row["fee_tax_breakdown"]["tax"]
        # The commission before income tax is said besides: with it, fees would count twice.
        before = Decimal(fee.get("affiliate_commission_amount_before_pit", "0"))
        assert amount(row, "fee_tax_amount") == added(fee) - before + added(tax)


def test_what_is_taken_is_negative_and_what_is_sold_positive() -> None:
    for _, row in every("statement_transactions"):
        if row["type"] != "ORDER" or Decimal(row["revenue_amount"]) <= 0:
            continue
        lines = row["revenue_breakdown"]
        assert amount(lines, "subtotal_before_discount_amount") > 0
        assert amount(lines, "seller_discount_amount") <= 0
        assert amount(lines, "refund_subtotal_before_discount_amount") <= 0
        assert amount(row["shipping_cost_breakdown"], "actual_shipping_fee_amount") <= 0
        assert amount(row, "fee_tax_amount") < 0


def test_sales_are_those_of_the_order() -> None:
    compared = 0
    for order_id, rows in records_of_orders().items():
        order, pay = orders()[order_id], orders()[order_id]["payment"]
        if has_cancelled_line(order):
            continue
        sale = rows[0]
        lines, besides = sale["revenue_breakdown"], sale["supplementary_component"]
        assert lines["subtotal_before_discount_amount"] == pay["original_total_product_price"]
        assert amount(lines, "seller_discount_amount") == -amount(pay, "seller_discount")
        assert besides["customer_payment_amount"] == pay["total_amount"]
        assert besides["platform_discount_amount"] == pay["platform_discount"]
        if "sales_tax_payment_amount" in besides:
            assert besides["sales_tax_payment_amount"] == pay["tax"]
        compared += 1
    assert compared > 3000


def test_a_cancelled_line_is_not_settled() -> None:
    compared = 0
    for order_id, rows in records_of_orders().items():
        order = orders()[order_id]
        if not has_cancelled_line(order):
            continue
        kept = [line for line in order["line_items"] if line["display_status"] != "CANCELLED"]
        lines = rows[0]["revenue_breakdown"]
        assert amount(lines, "subtotal_before_discount_amount") == total(kept, "original_price")
        assert amount(lines, "seller_discount_amount") == -total(kept, "seller_discount")
        compared += 1
    assert compared > 5


def test_what_went_back_to_buyers_is_what_their_returns_say() -> None:
    after_settlement = compared = 0
    for order_id, rows in records_of_orders().items():
        if has_cancelled_line(orders()[order_id]):
            continue
        first = settled_at()[rows[0]["statement_id"]]
        done = [row for row in paid_back(order_id) if row["create_time"] < first - DAY]
        refunded = [Decimal(row["refund_amount"]["refund_total"]) for row in done]
        shown = -amount(rows[0]["supplementary_component"], "customer_refund_amount")
        if all(row["create_time"] < first - DAY for row in paid_back(order_id)):
            assert shown == sum(refunded)
            compared += bool(refunded)
        for later in rows[1:]:
            after_settlement += 1
            back = -amount(later["supplementary_component"], "customer_refund_amount")
            assert back in [
                Decimal(row["refund_amount"]["refund_total"]) for row in paid_back(order_id)
            ]
    assert compared > 100
    assert after_settlement > 10


def test_a_refund_after_settlement_is_a_negative_record_of_its_own() -> None:
    seen = 0
    for rows in records_of_orders().values():
        for later in rows[1:]:
            seen += 1
            assert later["id"] != rows[0]["id"]
            assert settled_at()[later["statement_id"]] > settled_at()[rows[0]["statement_id"]]
            lines = later["revenue_breakdown"]
            assert amount(lines, "subtotal_before_discount_amount") == 0
            assert amount(lines, "refund_subtotal_before_discount_amount") <= 0
            assert amount(lines, "seller_discount_refund_amount") >= 0
            assert amount(later, "revenue_amount") <= 0
            assert later["fee_tax_breakdown"]["fee"].get("referral_fee_amount", "0")[0] != "-"
    assert seen > 10


def test_orders_settle_3_to_15_days_after_delivery_unless_something_is_the_matter() -> None:
    late = in_time = 0
    for order_id, rows in records_of_orders().items():
        order = orders()[order_id]
        assert order["status"] in ("DELIVERED", "COMPLETED")
        if "delivery_time" not in order:
            assert paid_back(order_id)  # the parcel never came, and all was refunded
            continue
        cut = settled_at()[rows[0]["statement_id"]]
        assert cut > order["delivery_time"] + 3 * DAY
        if cut <= order["delivery_time"] + 16 * DAY:
            in_time += 1
        elif not returns_of_orders().get(order_id):
            late += 1
            assert order["delivery_time"] + 21 * DAY < cut < order["delivery_time"] + 47 * DAY
    assert in_time > 3000
    assert 10 < late < in_time / 50


def test_no_order_settles_while_a_return_is_open() -> None:
    waited = 0
    ended = ("COMPLETE", "REJECT", "CANCEL", "REFUND_SUCCESS", "REJECT_RECEIVE_PACKAGE")
    for order_id, rows in records_of_orders().items():
        cut = settled_at()[rows[0]["statement_id"]]
        for row in returns_of_orders().get(order_id, []):
            if row["create_time"] < cut - DAY:
                assert row["return_status"].endswith(ended)
                assert row["update_time"] < cut
                waited += 1
    assert waited > 200


def test_nothing_settles_that_was_free_or_cancelled() -> None:
    for order_id, order in orders().items():
        free = Decimal(order["payment"]["original_total_product_price"]) == sum(
            Decimal(order["payment"][name]) for name in ("seller_discount", "platform_discount")
        )
        if order["status"] == "CANCELLED" or free:
            assert order_id not in records_of_orders()


def test_adjustments_come_late_and_some_name_no_order() -> None:
    with_order: Counter[str] = Counter()
    without: Counter[str] = Counter()
    for _, row in every("statement_transactions"):
        if row["type"] in ("ORDER", "RESERVE"):
            assert "adjustment_id" not in row
            continue
        assert "order_id" not in row
        assert row["adjustment_amount"] == row["settlement_amount"] != "0.00"
        if "adjustment_order_id" not in row:
            without[row["type"]] += 1
            continue
        with_order[row["type"]] += 1
        order, cut = orders()[row["adjustment_order_id"]], settled_at()[row["statement_id"]]
        if row["type"] == "LOGISTICS_REIMBURSEMENT":
            assert order["status"] == "CANCELLED"
            assert order["cancel_time"] + 10 * DAY < cut < order["cancel_time"] + 41 * DAY
        elif row["type"] == "SAMPLE_SHIPPING_FEE":
            assert order["is_sample_order"]
        else:
            sale = records_of_orders()[row["adjustment_order_id"]][0]
            first = settled_at()[sale["statement_id"]]
            assert first + 9 * DAY < cut < first + 42 * DAY
    assert sum(with_order.values()) > 100
    assert {"GMV_PAYMENT_FOR_ADS", "FBT_WAREHOUSE_SERVICE_FEE", "REBATE"} <= set(without)


def test_reserves_are_collected_and_released_weeks_later() -> None:
    collected: dict[str, Row] = {}
    released = 0
    for _, row in every("statement_transactions"):
        if row["type"] != "RESERVE":
            assert "reserve_amount" not in row
            continue
        assert row["settlement_amount"] in ("0", "0.00")
        if row["reserve_status"] == "COLLECTED":
            collected[row["reserve_id"]] = row
            assert amount(row, "reserve_amount") < 0
            assert int(row["estimated_release_time"]) > settled_at()[row["statement_id"]]
            assert row["associated_order_id"] in records_of_orders()
            continue
        released += 1
        first = collected[row["reserve_id"]]
        assert amount(row, "reserve_amount") == -amount(first, "reserve_amount")
        days = (settled_at()[row["statement_id"]] - settled_at()[first["statement_id"]]) / DAY
        assert 14 <= days <= 46
        assert row["estimated_release_time"] == ""
    assert released > 50


def test_skus_add_up_to_the_records_of_their_order() -> None:
    by_record: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for _, row in every("statement_transaction_skus"):
        by_record[row["order_id"], row["statement_id"]].append(row)
    several = 0
    for order_id, rows in records_of_orders().items():
        for statement_id in {row["statement_id"] for row in rows}:
            whole = [row for row in rows if row["statement_id"] == statement_id]
            skus = by_record.pop((order_id, statement_id))
            several += len(skus) > len(whole)
            sums = ("revenue_amount", "shipping_cost_amount", "fee_tax_amount")
            for name in (*sums, "settlement_amount"):
                assert total(skus, name) == total(whole, name)
            for block in ("revenue_breakdown", "shipping_cost_breakdown"):
                for name, value in whole[0][block].items():
                    if isinstance(value, str):
                        parts = [row[block] for row in skus]
                        assert total(parts, name) == total([row[block] for row in whole], name)
            for kind in ("fee", "tax"):
                for name in whole[0]["fee_tax_breakdown"][kind]:
                    parts = [row["fee_tax_breakdown"][kind] for row in skus]
                    wholes = [row["fee_tax_breakdown"][kind] for row in whole]
                    assert total(parts, name) == total(wholes, name)
    assert several > 500
    assert not by_record


def test_units_settled_are_the_lines_of_the_order() -> None:
    quantities: dict[str, dict[str, int]] = defaultdict(dict)
    for _, row in every("statement_transaction_skus"):
        if Decimal(row["revenue_breakdown"]["subtotal_before_discount_amount"]) > 0:
            quantities[row["order_id"]][row["sku_id"]] = int(row["quantity"])
    for order_id, found in quantities.items():
        for sku_id, quantity in found.items():
            lines = [
                line
                for line in orders()[order_id]["line_items"]
                if line["sku_id"] == sku_id and line["display_status"] != "CANCELLED"
            ]
            assert len(lines) == quantity


def test_payments_are_what_their_statements_come_to() -> None:
    by_payment = defaultdict(list)
    reserves: dict[str, Decimal] = defaultdict(Decimal)
    for _, row in every("statement_transactions"):
        reserves[row["statement_id"]] += Decimal(row.get("reserve_amount", "0"))
    for _, statement in every("statements"):
        if "payment_id" in statement:
            by_payment[statement["payment_id"]].append(statement)
        else:
            assert statement["payment_status"] == "PROCESSING"
    shared = 0
    for _, payment in every("payments"):
        statements = by_payment.pop(payment["id"])
        shared += len(statements) > 1
        settled = total(statements, "settlement_amount")
        kept = sum(reserves[statement["id"]] for statement in statements)
        assert Decimal(payment["settlement_amount"]["value"]) == settled
        assert Decimal(payment["amount"]["value"]) == settled + kept
        assert payment["amount"] == payment["payment_amount_before_exchange"]
        assert payment["create_time"] > max(row["statement_time"] for row in statements)
        assert {row["payment_status"] for row in statements} == {payment["status"]}
        assert ("paid_time" in payment) == (payment["status"] == "PAID")
        if payment["status"] == "PAID":
            assert {row["payment_time"] for row in statements} == {payment["paid_time"]}
            assert payment["create_time"] + DAY <= payment["paid_time"] <= NOW
    assert shared > 100
    assert not by_payment


def test_the_unsettled_are_on_their_way_or_delivered_and_on_no_statement() -> None:
    reasons: Counter[str] = Counter()
    settled = {row["id"] for _, row in every("statement_transactions")}
    for _, row in every("unsettled"):
        assert row["id"] not in settled
        assert row["status"] == "UNSETTLED"
        reasons[row["unsettled_reason"]] += 1
        if row["type"] != "ORDER":
            assert Decimal(row["est_adjustment_amount"]) == Decimal(row["est_settlement_amount"])
            continue
        order = orders()[row["order_id"]]
        assert order["status"] in ("IN_TRANSIT", "DELIVERED", "COMPLETED")
        assert row["order_create_time"] == order["create_time"]
        if row["unsettled_reason"] == "waiting for delivery":
            assert "order_delivery_time" not in row
            assert row["estimated_settlement"] == "7 days after delivery"
        elif row["order_id"] not in records_of_orders():
            assert row["order_delivery_time"] == order["delivery_time"]
            expected = int(row["estimated_settlement"])
            assert 3 * DAY <= expected - order["delivery_time"] <= 15 * DAY
    assert set(reasons) == {
        "waiting for delivery",
        "waiting for settlement",
        "return or refund in progress",
        "under review",
    }


def test_every_order_that_was_collected_is_settled_or_unsettled() -> None:
    listed = {row.get("order_id") for _, row in every("unsettled")}
    for order_id, order in orders().items():
        settled, unsettled = order_id in records_of_orders(), order_id in listed
        free = Decimal(order["payment"]["sub_total"]) == 0
        if free or order["status"] == "CANCELLED" or "collection_time" not in order:
            assert not settled
            assert not unsettled
        else:
            assert settled or unsettled


def test_an_order_with_one_line_sent_back_worked_out_by_hand() -> None:
    # Two lines, 15.43 - 2.31 and 6.18 - 0.92; the second was refunded before the settlement.
    (row,) = records_of_orders()["576000000000012192"]
    lines, fees = row["revenue_breakdown"], row["fee_tax_breakdown"]["fee"]
    assert lines == {
        "subtotal_before_discount_amount": "21.61",
        "seller_discount_amount": "-3.23",
        "refund_subtotal_before_discount_amount": "-6.18",
        "seller_discount_refund_amount": "0.92",
    }
    assert row["revenue_amount"] == "13.12"
    # 6 % of 18.38 is 1.10; 6 % of 5.26 is 0.32, of which a fifth, 0.06, is kept.
    assert fees["referral_fee_amount"] == "-0.78"
    assert fees["refund_administration_fee_amount"] == "-0.06"
    assert row["fee_tax_amount"] == "-0.84"


def test_an_order_in_vietnam_worked_out_by_hand() -> None:
    (row,) = records_of_orders()["576040000000008284"]
    assert row["revenue_amount"] == "1145270"  # 1636100 - 490830
    assert row["fee_tax_breakdown"] == {
        "fee": {
            "platform_commission_amount": "-45811",  # 4 %
            "transaction_fee_amount": "-57264",  # 5 %
            "vn_fix_infrastructure_fee": "-3000",
            "affiliate_commission_amount_before_pit": "-114527",  # 10 %
            "affiliate_commission_amount": "-111091",  # less 3 % income tax, 3436
            "affiliate_ads_commission_amount": "0",
            "affiliate_partner_commission_amount": "0",
        },
        "tax": {"local_vat_amount": "-11453", "pit_amount": "-9162"},  # 1 %; 0.5 % and 3436
    }
    assert row["fee_tax_amount"] == "-237781"
    assert row["shipping_cost_amount"] == "9000"  # freight 16000, of which TikTok pays 25000
    assert row["settlement_amount"] == "916489"


@pytest.mark.parametrize("number", range(len(REGIONS)), ids=[r.code for r in REGIONS])
def test_money_has_the_decimals_of_its_currency(number: int) -> None:
    for name in ("statements", "statement_transactions", "payments", "unsettled"):
        row = table(name, number)[0]
        text = row.get("settlement_amount") or row["est_settlement_amount"]
        text = text["value"] if isinstance(text, dict) else text
        whole = REGIONS[number].decimals == 0
        assert ("." not in text) == whole
