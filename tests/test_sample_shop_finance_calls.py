"""The simulator's finance calls: parameters, paging, versions, refusals and faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
import requests

from sample_shop.control import rows_of
from sample_shop.faults import FaultScript, read_script
from sample_shop.gateway import SCOPES, Gateway
from sample_shop.server import Server, Simulator
from sample_shop.tokens import TokenOffice
from tests.sample_shop_client import DAY, NOW, ShopClient, in_process, small_world

pytestmark = pytest.mark.slow

STATEMENTS = "/finance/202309/statements"
PAYMENTS = "/finance/202605/payments"
UNSETTLED = "/finance/202507/orders/unsettled"
WORLD = small_world(400, 60, 3)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def client() -> ShopClient:
    return in_process(WORLD)


@cache
def table(name: str, shop: int = 0) -> list[Row]:
    office = TokenOffice("TTP_", "t", lambda: NOW, True)
    gateway = Gateway(WORLD, office, "http://x.invalid", lambda: NOW)
    return list(rows_of(gateway, name, WORLD.shops[shop].id))


def pages(client: ShopClient, path: str, rows: str, **query: Any) -> list[Row]:
    """The rows of all pages of a GET list."""
    found: list[Row] = []
    token = ""
    while True:
        page = client.data("GET", path, {**query, **({"page_token": token} if token else {})})
        found += page[rows]
        token = page["next_page_token"]
        if not token:
            return found


def refusal(client: ShopClient, path: str, **query: Any) -> tuple[int, int, str]:
    response = client.call("GET", path, query)
    answer = response.json()
    return response.status_code, answer["code"], answer["message"]


def by_statement(statement_id: str, version: str = "202501") -> str:
    return f"/finance/{version}/statements/{statement_id}/statement_transactions"


def by_order(order_id: str) -> str:
    return f"/finance/202501/orders/{order_id}/statement_transactions"


@pytest.mark.parametrize("path", [STATEMENTS, PAYMENTS, UNSETTLED])
def test_the_sort_field_must_be_given(client: ShopClient, path: str) -> None:
    status, code, message = refusal(client, path)
    assert (status, code) == (400, 36009004)
    assert "sort_field is required" in message
    assert refusal(client, path, sort_field="update_time")[1] == 36009004


@pytest.mark.parametrize("size", ["0", "101", "ten"])
def test_pages_hold_1_to_100_rows(client: ShopClient, size: str) -> None:
    query = {"sort_field": "statement_time", "page_size": size}
    assert refusal(client, STATEMENTS, **query)[1] == 36009004


def test_a_page_holds_20_rows_unless_asked_otherwise(client: ShopClient) -> None:
    for path, rows, field in (
        (STATEMENTS, "statements", "statement_time"),
        (PAYMENTS, "payments", "create_time"),
        (UNSETTLED, "transactions", "order_create_time"),
    ):
        assert len(client.data("GET", path, {"sort_field": field})[rows]) == 20


@pytest.mark.parametrize("size", [7, 100])
def test_lists_are_the_rows_of_their_tables_in_both_orders(client: ShopClient, size: int) -> None:
    for path, rows, field, name in (
        (STATEMENTS, "statements", "statement_time", "statements"),
        (PAYMENTS, "payments", "create_time", "payments"),
        (UNSETTLED, "transactions", "order_create_time", "unsettled"),
    ):
        expected = table(name)
        query = {"sort_field": field, "page_size": size}
        assert pages(client, path, rows, **query) == expected
        backwards = pages(client, path, rows, **query, sort_order="DESC")
        assert backwards == expected[::-1]


def test_transactions_of_a_statement_are_all_there_and_told_with_its_totals(
    client: ShopClient,
) -> None:
    expected = table("statement_transactions")
    for statement in table("statements")[::9]:
        path, query = by_statement(statement["id"]), {"sort_field": "order_create_time"}
        rows = pages(client, path, "transactions", **query, page_size=3)
        own = [row for row in expected if row["statement_id"] == statement["id"]]
        assert [{"statement_id": statement["id"], **row} for row in rows] == own
        head = client.data("GET", path, query)
        assert head["total_count"] == len(own)
        assert head["create_time"] == statement["statement_time"]
        assert head["total_settlement_amount"] == statement["settlement_amount"]
        whole = head["total_settlement_breakdown"]
        assert whole["total_revenue_amount"] == statement["net_sales_amount"]
        assert whole["total_fee_tax_amount"] == statement["fee_amount"]
        assert whole["total_shipping_cost_amount"] == statement["shipping_cost_amount"]
        assert whole["total_adjustment_amount"] == statement["adjustment_amount"]
        payable = Decimal(head["total_settlement_amount"]) + Decimal(head["total_reserve_amount"])
        assert Decimal(head["payable_amount"]) == payable
        reserves = sum(Decimal(row.get("reserve_amount", "0")) for row in own)
        assert Decimal(head["total_reserve_amount"]) == reserves


def test_the_flat_layout_says_the_same_and_leaves_reserves_out(client: ShopClient) -> None:
    old_shop = client.cipher
    try:
        for number, shop in enumerate(client.shops):
            client.cipher = shop["cipher"]
            statement = table("statements", number)[20]
            query = {"sort_field": "order_create_time", "page_size": 100}
            flat = client.data("GET", by_statement(statement["id"], "202309"), query)
            nested = {
                row["id"]: row
                for row in table("statement_transactions", number)
                if row["statement_id"] == statement["id"] and row["type"] != "RESERVE"
            }
            assert flat["statement_id"] == statement["id"]
            assert flat["settlement_amount"] == statement["settlement_amount"]
            assert {row["id"] for row in flat["statement_transactions"]} == set(nested)
            for row in flat["statement_transactions"]:
                same = nested[row["id"]]
                assert row["settlement_amount"] == same["settlement_amount"]
                freight = Decimal(same["shipping_cost_amount"]) if shop["region"] == "ID" else 0
                assert Decimal(row["fee_amount"]) == Decimal(same["fee_tax_amount"]) + freight
                if row["type"] == "ORDER":
                    fees = same["fee_tax_breakdown"]["fee"]
                    assert row["affiliate_commission_amount"] == fees["affiliate_commission_amount"]
    finally:
        client.cipher = old_shop


def test_windows_begin_with_their_first_second_and_end_before_their_last(
    client: ShopClient,
) -> None:
    times = [row["statement_time"] for row in table("statements")]
    query = {"sort_field": "statement_time", "page_size": 100}
    query |= {"statement_time_ge": times[5], "statement_time_lt": times[9]}
    found = client.data("GET", STATEMENTS, query)["statements"]
    assert [row["statement_time"] for row in found] == times[5:9]
    created = [row["create_time"] for row in table("payments")]
    query = {"sort_field": "create_time", "create_time_ge": created[3] + 1}
    assert client.data("GET", PAYMENTS, query)["payments"][0]["create_time"] == created[4]
    assert refusal(client, STATEMENTS, sort_field="statement_time", statement_time_ge="x")[1] == (
        36009004
    )


def test_unsettled_are_searched_by_the_creation_of_their_order(client: ShopClient) -> None:
    rows = [row for row in table("unsettled") if row["type"] == "ORDER"]
    middle = rows[len(rows) // 2]["order_create_time"]
    query = {"sort_field": "order_create_time", "page_size": 100}
    early = client.data("GET", UNSETTLED, {**query, "search_time_lt": middle})
    late = client.data("GET", UNSETTLED, {**query, "search_time_ge": middle})
    assert early["total_count"] + late["total_count"] == len(table("unsettled"))
    assert early["total_count"]
    assert late["total_count"]
    for answer in (early, late):
        for name, of in (
            ("sum_est_settlement_amount", "est_settlement_amount"),
            ("sum_est_revenue_amount", "est_revenue_amount"),
            ("sum_est_fee_amount", "est_fee_tax_amount"),
            ("sum_est_adjustment_amount", "est_adjustment_amount"),
        ):
            whole = sum(Decimal(row[of]) for row in answer["transactions"])
            assert Decimal(answer[name]) == whole


def test_unsettled_orders_of_before_2025_must_be_asked_for() -> None:
    new_year = 1_735_689_600
    client = in_process(small_world(200, 40, 1, now=new_year + 5 * DAY))
    query = {"sort_field": "order_create_time", "page_size": 100}
    usual = client.data("GET", UNSETTLED, query)["transactions"]
    asked = client.data("GET", UNSETTLED, {**query, "search_time_ge": new_year - 40 * DAY})
    older = [row for row in asked["transactions"] if row not in usual]
    assert usual
    assert older
    assert all(row["order_create_time"] < new_year for row in older if "order_id" in row)
    assert all(row["order_create_time"] >= new_year for row in usual if "order_id" in row)


def test_statements_can_be_asked_for_by_payment_status(client: ShopClient) -> None:
    rows = table("statements")
    for status in ("PAID", "PROCESSING", "FAILED"):
        query = {"sort_field": "statement_time", "page_size": 100, "payment_status": status}
        found = pages(client, STATEMENTS, "statements", **query)
        assert found == [row for row in rows if row["payment_status"] == status]
    wrong = {"sort_field": "statement_time", "payment_status": "PENDING"}
    assert refusal(client, STATEMENTS, **wrong)[1] == 36009004


def test_the_call_by_order_tells_skus_and_is_empty_before_the_settlement(
    client: ShopClient,
) -> None:
    skus = table("statement_transaction_skus")
    settled = skus[len(skus) // 2]["order_id"]
    answer = client.data("GET", by_order(settled))
    own = [row for row in skus if row["order_id"] == settled]
    assert [{"order_id": settled, **row} for row in answer["sku_transactions"]] == own
    whole = sum(Decimal(row["settlement_amount"]) for row in own)
    assert Decimal(answer["settlement_amount"]) == whole
    fresh = client.data("GET", by_order(table("orders")[-1]["id"]))
    assert fresh["sku_transactions"] == []
    assert fresh["settlement_amount"] == "0.00"


def test_statements_and_orders_of_somebody_else_are_refused(client: ShopClient) -> None:
    other = table("statements", 1)[10]["id"]
    query = {"sort_field": "order_create_time"}
    assert refusal(client, by_statement(other), **query)[:2] == (400, 36009004)
    assert refusal(client, by_statement("1"), **query)[:2] == (400, 36009004)
    future = WORLD.shops[0].ids.one("statement", NOW // DAY)
    assert refusal(client, by_statement(future), **query)[:2] == (400, 36009004)
    assert refusal(client, by_order(table("orders", 1)[0]["id"]))[1] == 21008111


def test_payments_of_the_older_version_name_reserve_and_account(client: ShopClient) -> None:
    query = {"sort_field": "create_time", "page_size": 100}
    newer = client.data("GET", PAYMENTS, query)["payments"]
    older = client.data("GET", "/finance/202309/payments", query)["payments"]
    for new, old in zip(newer, older, strict=True):
        kept = Decimal(old.pop("reserve_amount")["value"])
        assert "CANARY" in old.pop("bank_account")
        assert old == new
        settled, paid = (new[name]["value"] for name in ("settlement_amount", "amount"))
        assert Decimal(paid) == Decimal(settled) + kept


def test_versions_nobody_knows_are_refused(client: ShopClient) -> None:
    assert refusal(client, "/finance/202401/payments")[:2] == (404, 36009009)
    order = table("orders")[0]["id"]
    old = f"/finance/202309/orders/{order}/statement_transactions"
    assert refusal(client, old)[:2] == (400, 36009014)


@contextmanager
def served(scopes: tuple[str, ...] = SCOPES) -> Iterator[tuple[FaultScript, ShopClient]]:
    """A server of the same shops in this process: its faults, and a client of it."""
    server = Server(("127.0.0.1", 0))
    office = TokenOffice("TTP_", WORLD.open_id, time.time, rotates=True)
    gateway = Gateway(WORLD, office, server.url, time.time, scopes=scopes)
    script = FaultScript()
    server.simulator = Simulator(gateway, script, "http://x.invalid")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with requests.Session() as session:
            yield script, ShopClient(server.url, session)
    finally:
        server.stop()
        thread.join(5)


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[FaultScript, ShopClient]]:
    with served() as both:
        yield both


def strike(script: FaultScript, endpoint: str, kind: str, nth: object = 1, **how: Any) -> None:
    rule = {"endpoint": endpoint, "nth": nth, "fault": {"kind": kind, **how}}
    script.replace(read_script([rule]))


def test_finance_needs_its_own_scope() -> None:
    with served(("seller.authorization.info", "seller.order.info")) as (_, client):
        assert refusal(client, STATEMENTS, sort_field="statement_time")[:2] == (403, 105005)


def test_a_statement_can_be_made_to_differ_from_its_sum(
    faulty: tuple[FaultScript, ShopClient],
) -> None:
    script, client = faulty
    rows = table("statements")
    wrong = rows[4]["id"]
    strike(script, "statement_list", "header_off", "every", by="-0.05", statement=wrong)
    query = {"sort_field": "statement_time", "page_size": 100}
    found = pages(client, STATEMENTS, "statements", **query)
    for row, true in zip(found, rows, strict=True):
        off = Decimal(row["settlement_amount"]) - Decimal(true["settlement_amount"])
        assert off == (Decimal("-0.05") if row["id"] == wrong else 0)
    head = client.data("GET", by_statement(wrong), {"sort_field": "order_create_time"})
    assert head["total_settlement_amount"] == rows[4]["settlement_amount"]


def test_without_a_name_the_first_statement_of_the_page_differs(
    faulty: tuple[FaultScript, ShopClient],
) -> None:
    script, client = faulty
    strike(script, "statement_list", "header_off", by=100)
    query = {"sort_field": "statement_time", "page_size": 5}
    spoilt = client.data("GET", STATEMENTS, query)["statements"]
    whole = client.data("GET", STATEMENTS, query)["statements"]
    off = Decimal(spoilt[0]["settlement_amount"]) - Decimal(whole[0]["settlement_amount"])
    assert off == 100
    assert spoilt[1:] == whole[1:]


LISTS = (
    ("statement_list", STATEMENTS, "statements", "statement_time"),
    ("payment_list", PAYMENTS, "payments", "create_time"),
    ("unsettled_list", UNSETTLED, "transactions", "order_create_time"),
)


@pytest.mark.parametrize(("name", "path", "rows", "field"), LISTS)
def test_paging_faults_reach_the_finance_lists(
    faulty: tuple[FaultScript, ShopClient], name: str, path: str, rows: str, field: str
) -> None:
    script, client = faulty
    query = {"sort_field": field, "page_size": 5}
    first = client.data("GET", path, query)
    follow = {**query, "page_token": first["next_page_token"]}
    strike(script, name, "repeat_page", 2)
    client.data("GET", path, query)
    assert client.data("GET", path, follow)[rows] == first[rows]
    strike(script, name, "empty_page")
    empty = client.data("GET", path, query)
    assert empty[rows] == []
    assert (
        client.data("GET", path, {**query, "page_token": empty["next_page_token"]})[rows]
        == (first[rows])
    )
    strike(script, name, "endless", "every")
    end = client.data("GET", path, {**query, "page_size": 100, f"{_window(field)}_ge": NOW})
    beyond = {**query, "page_token": end["next_page_token"]}
    assert client.data("GET", path, beyond)[rows] == []


def _window(field: str) -> str:
    return "search_time" if field == "order_create_time" else field


def test_errors_and_broken_bodies_reach_the_finance_calls(
    faulty: tuple[FaultScript, ShopClient],
) -> None:
    script, client = faulty
    statement = table("statements")[10]["id"]
    query = {"sort_field": "order_create_time"}
    strike(script, "statement_transactions", "error", retry_after=2)
    response = client.call("GET", by_statement(statement), query)
    assert (response.status_code, response.json()["code"]) == (429, 36009002)
    strike(script, "order_transactions", "malformed")
    response = client.call("GET", by_order(table("orders")[0]["id"]))
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    strike(script, "payment_list", "huge", megabytes=1)
    response = client.call("GET", PAYMENTS, {"sort_field": "create_time"})
    assert len(response.content) > 1_000_000
    assert len(response.json()["data"]["payments"]) > 1000
