"""The simulator's finance as its clock moves on: what was on a statement stays as it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from sample_shop import finance_tables
from sample_shop.adapter import BASE_URL
from sample_shop.books import Book
from sample_shop.finance_records import CODES, CORRECTION
from sample_shop.finance_statements import Finance
from sample_shop.life import CANCELLED, DELIVERED
from sample_shop.timeline import NEVER
from sample_shop.world import World, seeded_world
from tests.sample_shop_client import DAY, NOW

pytestmark = pytest.mark.slow

START = 1_688_169_600  # 2023-07-01T00:00Z


def world(orders: int = 300, days: int = 60, now: int = NOW) -> World:
    return seeded_world(5, orders, days, 1, now)


def table(book: Book, name: str, now: int) -> dict[str, dict[str, Any]]:
    book.shop.advance(now)
    return {row["id"]: row for row in finance_tables.TABLES[name](book, now)}


def book_of(made: World) -> Book:
    return Book(made.shops[0], BASE_URL)


def test_two_worlds_of_one_seed_have_the_same_finance() -> None:
    for name in ("statements", "statement_transactions", "payments", "unsettled"):
        assert table(book_of(world()), name, NOW) == table(book_of(world()), name, NOW)


@pytest.mark.parametrize("days", [1, 9, 70])
def test_a_statement_and_its_transactions_never_change(days: int) -> None:
    book = book_of(world())
    before = {n: table(book, n, NOW) for n in ("statements", "statement_transactions")}
    later = NOW + days * DAY
    after = {n: table(book, n, later) for n in before}
    assert len(before["statements"]) > 30
    assert len(before["statement_transactions"]) > 150
    for name, rows in before.items():
        for row_id, row in rows.items():
            now_there = dict(after[name][row_id])
            for payment in ("payment_status", "payment_time", "payment_id"):
                now_there.pop(payment, None)
                row.pop(payment, None)
            assert now_there == row
    arrived = [row for row in after["statements"].values() if row["statement_time"] > NOW]
    assert 0 < len(arrived) <= days
    assert len(after["statements"]) == len(before["statements"]) + len(arrived)


def test_moving_the_clock_in_steps_or_at_once_makes_no_difference() -> None:
    steps, jump = book_of(world()), book_of(world())
    for day in range(1, 41, 8):
        table(steps, "statements", NOW + day * DAY)
    for name in ("statements", "statement_transactions", "payments", "unsettled"):
        assert table(steps, name, NOW + 40 * DAY) == table(jump, name, NOW + 40 * DAY)


def test_a_statement_appears_at_the_midnight_that_ends_its_day() -> None:
    book = book_of(world())
    midnight = (NOW // DAY + 1) * DAY
    before = table(book, "statements", midnight - 1)
    new = [row for key, row in table(book, "statements", midnight).items() if key not in before]
    assert [row["statement_time"] for row in new] == [midnight]
    assert all(row["statement_time"] < midnight for row in before.values())


def test_there_are_no_statements_before_july_2023() -> None:
    book = book_of(world(400, 90, START + 40 * DAY))
    times = [row["statement_time"] for row in table(book, "statements", START + 40 * DAY).values()]
    assert min(times) == START
    settled = table(book, "statement_transactions", START + 40 * DAY).values()
    assert min(row["order_create_time"] for row in settled if "order_create_time" in row) < START


def test_an_order_leaves_the_unsettled_when_its_statement_is_cut() -> None:
    book = book_of(world())
    unsettled = table(book, "unsettled", NOW)
    left = 0
    for day in range(1, 61, 10):
        now = NOW + day * DAY
        still, settled = table(book, "unsettled", now), table(book, "statement_transactions", now)
        for row_id, row in unsettled.items():
            if row["type"] == "ORDER" and row_id not in still and row_id not in settled:
                order_id = row["order_id"]
                position = book.shop.ids.position("order", order_id)
                assert position is not None
                assert int(book.shop.lives.at[position, CANCELLED]) <= now  # lost on its way
            assert not (row_id in still and row_id in settled)
            left += row_id in settled
    assert left > 30
    assert not set(unsettled) & set(table(book, "unsettled", NOW + 70 * DAY))


def test_estimates_come_true_where_nothing_was_the_matter() -> None:
    book = book_of(world(600))
    unsettled = table(book, "unsettled", NOW)
    settled = table(book, "statement_transactions", NOW + 70 * DAY)
    came_true = changed = 0
    for row_id, row in unsettled.items():
        final = settled.get(row_id)
        if final is None or row["type"] != "ORDER":
            continue
        if Decimal(final["revenue_breakdown"]["refund_subtotal_before_discount_amount"]):
            changed += 1
            assert Decimal(row["est_revenue_amount"]) > Decimal(final["revenue_amount"])
        else:
            assert row["est_revenue_amount"] == final["revenue_amount"]
            assert row["est_fee_tax_amount"] == final["fee_tax_amount"]
            estimate, cost = row["est_shipping_cost_amount"], final["shipping_cost_amount"]
            delivered = row["unsettled_reason"] != "waiting for delivery"
            assert estimate == cost if delivered else Decimal(estimate) >= Decimal(cost)
            came_true += 1
    assert came_true > 30
    assert changed > 0


def test_some_orders_settle_only_weeks_after_they_were_delivered() -> None:
    shop = world(4000, 120).shops[0]
    shop.advance(NOW)
    known, delivered = Finance(shop).known(NOW), shop.lives.at[:, DELIVERED].astype(np.int64)
    both = (known.settled_at != int(NEVER)) & (delivered != int(NEVER))
    days = (known.settled_at - delivered)[both] / DAY
    assert days.min() >= 3
    assert np.median(days) < 10
    for least in (10, 20, 40):
        assert (days > least).any()


def test_corrections_are_announced_a_week_before_they_are_settled() -> None:
    shop = world(2000).shops[0]
    shop.advance(NOW)
    records = Finance(shop).known(NOW).records
    late = records.row % CODES == CORRECTION
    assert late.any()
    assert (records.at[late] - records.listed[late] == 7 * DAY).all()


def test_payments_go_from_processing_to_paid_some_by_way_of_failed() -> None:
    shop = world(1500, 120).shops[0]
    shop.advance(NOW)
    finance, ways = Finance(shop), dict[int, list[str]]()
    for hour in range(0, 60 * 24, 6):
        now = NOW - 60 * DAY + hour * 3600
        for payment in finance.payments(now):
            way = ways.setdefault(payment.created, [])
            if not way or way[-1] != payment.status(now):
                way.append(payment.status(now))
    seen = {tuple(way) for way in ways.values() if way[0] == "PROCESSING" and way[-1] == "PAID"}
    assert seen == {("PROCESSING", "PAID"), ("PROCESSING", "FAILED", "PAID")}


def test_a_payment_keeps_its_statements_and_its_amount() -> None:
    book = book_of(world())
    before = table(book, "payments", NOW)
    after = table(book, "payments", NOW + 30 * DAY)
    for payment_id, row in before.items():
        for name in ("create_time", "amount", "settlement_amount"):
            assert after[payment_id][name] == row[name]


def test_banks_rest_at_weekends() -> None:
    book = book_of(world(2000))
    payments = table(book, "payments", NOW).values()
    weekdays = {(row["create_time"] // DAY + 3) % 7 for row in payments}  # Monday is 0
    assert weekdays == {0, 1, 2, 3, 4}
