"""Finance through everything: what the simulator settles is in the records, and adds up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backfill.stage import InWindows
from backfill.stages import BY_NAME, DATA, in_order
from catalogue.money_state import money_states
from catalogue.tables import TABLES
from sample_shop.control import rows_of
from sample_shop.world import World, seeded_world
from store.commits import Commit
from store.engine import Engine
from tests.importing import DAY, NOW, Asked, ShopUnderTest, digests, refuses
from tests.scripted_tiktok import FakeClock
from tiktok_shop.endpoints import ENDPOINTS, Paging

pytestmark = pytest.mark.slow

MIDNIGHT = NOW // DAY * DAY
SINCE = MIDNIGHT - 40 * DAY


def world_at(now: int) -> World:
    """Forty days of a shop of some orders a day, whose clock a test may move."""
    return seeded_world(11, 160, 40, now=now, products=12, wall=lambda: NOW)


@cache
def some_world() -> World:
    """The same for tests that leave the clock alone."""
    return world_at(NOW)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    made = ShopUnderTest(tmp_path, some_world())
    yield made
    made.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopUnderTest]:
    """Orders and finance, read once and undisturbed. Nobody changes it."""
    made = ShopUnderTest(tmp_path_factory.mktemp("whole"), some_world(), columns=True)
    assert work(made, data=["orders", "finance", "sku_finance"]) == "done"
    yield made
    made.close()


def work(shop: ShopUnderTest, **changes: Any) -> str:
    return shop.work(**{"start": SINCE, "data": ["finance"], **changes}).state


def sent(shop: ShopUnderTest, table: str) -> list[dict[str, Any]]:
    behind: Any = shop.between.behind
    return list(rows_of(behind.gateway, table, None))


def stored(shop: ShopUnderTest, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in shop.records.query(sql)]


def asked_for(shop: ShopUnderTest, word: str) -> list[Asked]:
    """Calls whose path ends so."""
    return [one for one in shop.calls if one.path.endswith(word)]


def asked_statements(shop: ShopUnderTest) -> list[str]:
    return [one.path.split("/")[4] for one in asked_for(shop, "/statement_transactions")]


def small_pages(patch: pytest.MonkeyPatch, size: int) -> None:
    """A statement's transactions come in pages of so many."""
    endpoint = ENDPOINTS["statement_transactions"]
    smaller = {**ENDPOINTS, endpoint.name: replace(endpoint, paging=Paging(1, size))}
    patch.setattr("backfill.fetch.ENDPOINTS", smaller)


# --- what is there afterwards ---


def test_every_statement_transaction_payment_and_estimate_is_there(whole: ShopUnderTest) -> None:
    statements = {one["id"]: Decimal(one["settlement_amount"]) for one in sent(whole, "statements")}
    rows = stored(whole, "SELECT statement_id, settlement_amount FROM statements")
    assert {one: Decimal(amount) for one, amount in rows} == statements
    assert len(statements) > 20
    for table, key in (("statement_transactions", "transaction_id"), ("payments", "payment_id")):
        rows = stored(whole, f"SELECT {key} FROM {table} ORDER BY 1")
        assert [one for (one,) in rows] == sorted(one["id"] for one in sent(whole, table))
    rows = stored(whole, "SELECT transaction_id FROM unsettled_transactions WHERE is_unsettled")
    assert {one for (one,) in rows} == {one["id"] for one in sent(whole, "unsettled")}
    assert whole.records.quarantine_count() == 0


def test_amounts_and_signs_are_tiktoks(whole: ShopUnderTest) -> None:
    def referral_fee(record: dict[str, Any]) -> Any:
        return record.get("fee_tax_breakdown", {}).get("fee", {}).get("referral_fee_amount")

    settled = {one["id"]: one for one in sent(whole, "statement_transactions")}
    fees = 0
    for row in stored(
        whole,
        "SELECT transaction_id, settlement_amount, fee_tax_amount, shipping_cost_amount, "
        "referral_fee_amount, reserve_amount, type FROM statement_transactions",
    ):
        record = settled[row[0]]
        names = ("settlement_amount", "fee_tax_amount", "shipping_cost_amount")
        assert row[1:4] == tuple(record.get(name) for name in names)
        assert row[4:] == (referral_fee(record), record.get("reserve_amount"), record["type"])
        fees += bool(row[4]) and Decimal(row[4]) < 0
    assert fees > 50


def test_every_statement_adds_up(whole: ShopUnderTest) -> None:
    assert stored(
        whole,
        "SELECT DISTINCT is_reconciled, settlement_difference + 0, formula_difference + 0 "
        "FROM statements",
    ) == [(1, 0, 0)]
    by_hand: defaultdict[str, Decimal] = defaultdict(Decimal)
    count = Counter[str]()
    for one in sent(whole, "statement_transactions"):
        by_hand[one["statement_id"]] += Decimal(one["settlement_amount"])
        count[one["statement_id"]] += 1
    for statement_id, total, number in stored(
        whole,
        "SELECT statement_id, transaction_settlement_sum, transaction_count FROM statements",
    ):
        assert Decimal(total) == by_hand[statement_id]
        assert number == count[statement_id]


def test_records_without_an_order_are_kept_and_those_with_one_find_it(whole: ShopUnderTest) -> None:
    kinds = dict(
        stored(
            whole,
            "SELECT order_key IS NOT NULL, count(*) FROM statement_transactions "
            "WHERE type <> 'ORDER' GROUP BY 1",
        )
    )
    assert kinds[0] > 0
    assert kinds[1] > 0
    assert stored(
        whole,
        "SELECT count(*) FROM statement_transactions AS t LEFT JOIN orders USING (order_key) "
        "WHERE t.order_key IS NOT NULL AND orders.order_id IS NULL",
    ) == [(0,)]


def test_coverage_of_transactions_is_that_of_their_statements(whole: ShopUnderTest) -> None:
    for resource in ("statements", "statement_transactions", "statement_transaction_skus"):
        (covered,) = whole.records.coverage(resource)
        assert (covered.start, covered.end, covered.read_at) == (SINCE, NOW, NOW)


def test_a_statement_is_one_call_not_a_call_per_order(shop: ShopUnderTest) -> None:
    work(shop)
    asked = asked_statements(shop)
    assert sorted(asked) == sorted(one["id"] for one in sent(shop, "statements"))
    assert len(shop.calls) < len(asked) + 12


def test_skus_add_up_to_the_transactions_of_their_order(whole: ShopUnderTest) -> None:
    by_order: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for order, statement, amount in stored(
        whole,
        "SELECT order_id, statement_id, settlement_amount FROM statement_transactions "
        "WHERE order_id IS NOT NULL",
    ):
        by_order[order, statement] += Decimal(amount)
    by_sku: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for order, statement, amount in stored(
        whole, "SELECT order_id, statement_id, settlement_amount FROM statement_transaction_skus"
    ):
        by_sku[order, statement] += Decimal(amount)
    assert by_sku == by_order
    assert stored(
        whole,
        "SELECT count(*) FROM statement_transaction_skus AS s "
        "JOIN order_line_items AS l USING (order_key, sku_id) "
        "WHERE s.product_id <> COALESCE(l.auction_product_id, l.product_id)",
    ) == [(0,)]
    assert stored(
        whole, "SELECT count(*) FROM statement_transaction_skus WHERE product_id IS NULL"
    ) == [(0,)]


# --- a day is the day of its statement (pitfall: off by one) ---


def test_the_statement_of_the_last_day_is_cut_at_the_midnight_after_it(shop: ShopUnderTest) -> None:
    """Statements for five days are those cut from the second midnight to the last inclusive; each
    belongs to the window that begins at its midnight, never to the one that ends there."""
    first, last = MIDNIGHT - 10 * DAY, MIDNIGHT - 5 * DAY
    work(shop, start=first + DAY, end=last + DAY)
    times = {time for (time,) in stored(shop, "SELECT statement_time FROM statements")}
    assert first not in times
    assert last + DAY not in times
    assert times == {
        one["statement_time"]
        for one in sent(shop, "statements")
        if first < one["statement_time"] <= last
    }
    assert last in times


# --- repeating, and what changes ---


def test_a_second_run_asks_for_no_transaction_again(shop: ShopUnderTest) -> None:
    work(shop)
    shop.calls.clear()
    assert work(shop, began_at=NOW + 60) == "done"
    assert asked_statements(shop) == []
    assert asked_for(shop, "/statements") != []


def test_transactions_are_read_again_when_the_amounts_of_the_header_change(
    shop: ShopUnderTest,
) -> None:
    work(shop)
    changed = sent(shop, "statements")[-1]["id"]

    def corrected(asked: Asked, data: dict[str, Any]) -> None:
        for statement in data.get("statements", []):
            statement["payment_status"] = "PAID"
            if statement["id"] == changed:
                statement["adjustment_amount"] = "-1.00"

    shop.between.change = corrected
    shop.calls.clear()
    work(shop, lane="forward", began_at=NOW + 60)
    assert asked_statements(shop) == [changed], "a payment alone is no reason to read again"


def test_a_mismatch_stays_visible_and_is_looked_at_again_until_it_is_paid(
    shop: ShopUnderTest,
) -> None:
    wrong = sent(shop, "statements")[-1]
    cent = Decimal("0.01")
    status = {"now": "PROCESSING"}

    def a_cent_more(asked: Asked, data: dict[str, Any]) -> None:
        for statement in data.get("statements", []):
            if statement["id"] == wrong["id"]:
                statement["settlement_amount"] = str(Decimal(wrong["settlement_amount"]) + cent)
                statement["payment_status"] = status["now"]

    shop.between.change = a_cent_more
    assert work(shop) == "done"
    differing = "SELECT statement_id, settlement_difference FROM statements WHERE NOT is_reconciled"
    assert stored(shop, differing) == [(wrong["id"], "0.01")]
    for state, again in (("PROCESSING", [wrong["id"]]), ("PAID", [])):
        status["now"] = state
        shop.calls.clear()
        work(shop, lane="forward", began_at=NOW + (60 if again else 120))
        assert asked_statements(shop) == again
    assert stored(shop, differing) == [(wrong["id"], "0.01")]


def test_a_sync_reads_statements_and_payments_again_until_they_are_paid(tmp_path: Path) -> None:
    shop = ShopUnderTest(tmp_path, world_at(NOW - 6 * DAY))
    work(shop, start=SINCE - 6 * DAY, began_at=NOW - 6 * DAY)
    open_before = stored(shop, "SELECT statement_id FROM statements WHERE payment_status <> 'PAID'")
    assert open_before
    shop.world.clock.set_to(NOW)
    assert work(shop, lane="forward") == "done"
    for table, status, column in (
        ("statements", "payment_status", "statement_id"),
        ("payments", "status", "payment_id"),
    ):
        rows = stored(shop, f"SELECT {column}, {status} FROM {table}")
        assert dict(rows) == {one["id"]: one[status] for one in sent(shop, table)}
    shop.close()


def test_a_payout_that_failed_weeks_ago_is_looked_at_again_when_it_is_made_good(
    shop: ShopUnderTest,
) -> None:
    names = {"statements": "payment_status", "payments": "status"}
    late = {table: sent(shop, table)[3]["id"] for table in names}

    def failed(asked: Asked, data: dict[str, Any]) -> None:
        for table, status in names.items():
            for one in data.get(table, []):
                if one["id"] == late[table]:
                    one[status] = "FAILED"

    shop.between.change = failed
    work(shop)
    status_of = {
        "statements": "SELECT payment_status FROM statements WHERE statement_id = ?",
        "payments": "SELECT status FROM payments WHERE payment_id = ?",
    }
    for state in ("FAILED", "PAID"):
        for table, sql in status_of.items():
            assert [tuple(row) for row in shop.records.query(sql, (late[table],))] == [(state,)]
        shop.between.change = None
        assert work(shop, lane="forward", began_at=NOW + 60) == "done"


def test_how_far_back_a_sync_goes_is_the_oldest_open_record_within_ninety_days(
    shop: ShopUnderTest,
) -> None:
    work(shop)
    for name, table, status in (
        ("statements", "statements", "payment_status"),
        ("payments", "payments", "status"),
    ):
        reads = BY_NAME[name].reads
        assert isinstance(reads, InWindows)
        axis = TABLES[table].axis
        expected = [one[axis or ""] for one in sent(shop, table) if one[status] != "PAID"]
        ((oldest,),) = shop.records.query(reads.open_since, (NOW,))
        assert oldest == min(expected)
        ((none,),) = shop.records.query(reads.open_since, (NOW + 400 * DAY,))
        assert none is None


# --- several pages, and what goes wrong between them ---


def test_a_statement_in_several_pages_is_the_same_as_in_one(
    shop: ShopUnderTest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(shop)
    folder = tmp_path_factory.mktemp("pages")
    other = ShopUnderTest(folder, some_world())
    small_pages(monkeypatch, 2)
    assert work(other) == "done"
    pages = [
        one for one in asked_for(other, "/statement_transactions") if "page_token" in one.query
    ]
    assert len(pages) > 20
    assert digests(folder / "records.sqlite") == digests(shop.records.path)
    progress = other.records.progress("backward")["statement_transactions"]
    assert progress.done == progress.total == len(sent(shop, "statements"))
    other.close()


def test_a_crash_between_two_pages_costs_at_most_that_statement_again(
    shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 2)

    def second_pages_fail(asked: Asked) -> Any:
        second = "page_token" in asked.query and asked.path.endswith("/statement_transactions")
        return refuses(36009003, "internal", 500) if second and len(shop.calls) > 30 else None

    shop.between.faults = [second_pages_fail]
    assert work(shop, in_flight=1) == "waiting"
    ((read,),) = stored(shop, "SELECT count(*) FROM statements WHERE transactions_read_at > 0")
    assert read > 0
    halfway = stored(
        shop,
        "SELECT DISTINCT statement_id FROM statement_transactions "
        "WHERE statement_id IN (SELECT statement_id FROM statements "
        "WHERE transactions_read_at IS NULL)",
    )
    assert len(halfway) == 1
    assert shop.records.coverage("statement_transactions") == []
    before = set(asked_statements(shop)) - {halfway[0][0]}
    shop.between.faults = []
    shop.calls.clear()
    assert work(shop) == "done"
    assert not before & set(asked_statements(shop))
    assert stored(shop, "SELECT DISTINCT is_reconciled FROM statements") == [(1,)]


class Died(BaseException):
    """What no code of ours catches."""


@pytest.mark.parametrize("commits", [4, 14, 38, 60])
def test_killed_after_any_commit_it_ends_with_the_same_rows(
    commits: int, whole: ShopUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 2)
    shop = ShopUnderTest(tmp_path, some_world())
    keep, left = shop.records.commit, [commits]

    def commit_and_die(lane: str, token: int, commit: Commit) -> int:
        changed = keep(lane, token, commit)
        left[0] -= 1
        if left[0] == 0:
            raise Died
        return changed

    monkeypatch.setattr(shop.records, "commit", commit_and_die)
    with pytest.raises(Died):
        work(shop, in_flight=1)
    shop.close()
    again = ShopUnderTest(tmp_path, some_world())
    assert work(again, in_flight=1) == "done"
    found, expected = digests(again.records.path), digests(whole.records.path)
    for table in ("statements", "payments", "unsettled_transactions"):
        assert found[table] == expected[table], table
    same = "SELECT transaction_id, settlement_amount, referral_fee_amount, order_key "
    same += "FROM statement_transactions ORDER BY 1"
    assert stored(again, same) == stored(whole, same)
    again.close()


def test_an_expired_page_token_starts_the_statement_again(
    shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 2)
    expired = [1]

    def once(asked: Asked) -> Any:
        if "page_token" in asked.query and asked.path.endswith("/statement_transactions"):
            return (
                refuses(36009004, "page_token has expired") if expired and expired.pop() else None
            )
        return None

    shop.between.faults = [once]
    assert work(shop) == "done"
    first_pages = [
        one.path
        for one in asked_for(shop, "/statement_transactions")
        if "page_token" not in one.query
    ]
    assert max(Counter(first_pages).values()) == 2
    assert stored(shop, "SELECT DISTINCT is_reconciled FROM statements") == [(1,)]


def test_a_statement_that_tiktok_will_not_show_does_not_hold_up_the_others(
    shop: ShopUnderTest,
) -> None:
    missing = sent(shop, "statements")[3]["id"]
    shop.between.faults = [
        lambda asked: refuses(36009004, "field is invalid") if missing in asked.path else None
    ]
    assert work(shop) == "done"
    assert stored(shop, "SELECT statement_id FROM statements WHERE is_reconciled IS NULL") == [
        (missing,)
    ]
    (complaint,) = shop.records.quarantined(5)
    assert (complaint.resource, complaint.path) == ("statement_transactions", missing)


def test_payments_fall_back_to_the_version_before(shop: ShopUnderTest) -> None:
    shop.between.faults = [
        lambda asked: refuses(36009009, "no such path", 404) if "/202605/" in asked.path else None
    ]
    assert work(shop) == "done"
    assert {one.path.split("/")[2] for one in asked_for(shop, "/payments")} == {"202605", "202309"}
    ((count,),) = stored(shop, "SELECT count(*) FROM payments")
    assert count == len(sent(shop, "payments"))


def test_a_call_that_tiktok_has_withdrawn_does_not_hold_up_the_others(shop: ShopUnderTest) -> None:
    shop.between.faults = [
        lambda asked: (
            refuses(36009009, "no such path", 404) if asked.path.endswith("/payments") else None
        )
    ]
    assert work(shop) == "failed"
    states = {name: one.state for name, one in shop.records.progress("backward").items()}
    assert states.pop("payments") == "failed"
    assert set(states.values()) == {"done"}


# --- money still to come ---


def test_what_leaves_the_list_stays_with_the_time_it_was_last_seen(tmp_path: Path) -> None:
    shop = ShopUnderTest(tmp_path, world_at(NOW - 4 * DAY))
    shop.clock.instant = float(NOW - 4 * DAY)
    work(shop, began_at=NOW - 4 * DAY)
    before = {one["id"] for one in sent(shop, "unsettled")}
    shop.world.clock.set_to(NOW)
    shop.clock.instant = float(NOW)
    work(shop, lane="forward")
    now = {one["id"] for one in sent(shop, "unsettled")}
    gone = before - now
    assert gone
    rows = stored(
        shop, "SELECT transaction_id, is_unsettled, last_seen_at FROM unsettled_transactions"
    )
    assert {one for one, listed, _ in rows if listed} == now
    assert {one for one, listed, _ in rows if not listed} == gone
    assert {seen for _, listed, seen in rows if not listed} == {NOW - 4 * DAY}
    assert {seen for _, listed, seen in rows if listed} == {NOW}
    shop.close()


def test_a_list_that_was_not_read_to_its_end_says_of_nothing_that_it_is_gone(
    tmp_path: Path,
) -> None:
    shop = ShopUnderTest(tmp_path, world_at(NOW - 4 * DAY))
    work(shop, began_at=NOW - 4 * DAY)
    shop.world.clock.set_to(NOW)
    shop.between.faults = [
        lambda asked: (
            refuses(36009003, "internal", 500) if asked.path.endswith("/unsettled") else None
        )
    ]
    assert work(shop, lane="forward") == "waiting"
    assert stored(shop, "SELECT DISTINCT is_unsettled FROM unsettled_transactions") == [(1,)]
    shop.close()


# --- settlements by SKU: optional, with a daily number of calls ---


def test_settlements_by_sku_are_not_read_unless_asked_for() -> None:
    assert "statement_transaction_skus" not in [stage.name for stage in in_order()]
    assert [stage.name for stage in in_order(["sku_finance"])] == ["statement_transaction_skus"]
    options = [stage.optional for stage in in_order(DATA)]
    assert options == sorted(options), "what everybody reads comes first"


def test_a_daily_number_of_calls_is_kept_and_another_day_goes_on(shop: ShopUnderTest) -> None:
    work(shop, data=["orders", "finance"])
    orders = stored(
        shop,
        "SELECT order_id, MAX(statement_time) FROM statement_transactions "
        "WHERE order_id IS NOT NULL GROUP BY 1",
    )
    times = dict(orders)

    def by_sku() -> list[str]:
        shop.calls.clear()
        limit = {"statement_transaction_skus": 20}
        assert work(shop, data=["sku_finance"], daily_calls=limit, in_flight=2) == "done"
        return [one.path.split("/")[4] for one in shop.calls]

    first = by_sku()
    assert len(first) == len(set(first)) == 20
    assert min(times[one] for one in first) >= max(
        time for one, time in orders if one not in first
    ), "the newest first"
    progress = shop.records.progress("backward")["statement_transaction_skus"]
    assert progress.state == "waiting"
    assert progress.waits_for == "another day: 20 calls a day are allowed"
    assert shop.records.coverage("statement_transaction_skus") == []
    assert by_sku() == [], "the day is used up"
    shop.clock.instant += DAY
    second = by_sku()
    assert len(second) == 20
    assert not set(first) & set(second)
    while len(done := by_sku()) in (0, 20):
        shop.clock.instant += DAY
        second += done
    assert len(first) + len(set(second + done)) == len(times)
    assert shop.records.coverage("statement_transaction_skus") != []


# --- how far an order's money has come ---


def states_of_money(shop: ShopUnderTest, since: int) -> dict[str, str]:
    """Of orders since then, from what TikTok sends now."""
    settled = {one["order_id"] for one in sent(shop, "statement_transactions") if "order_id" in one}
    estimated = {one["order_id"] for one in sent(shop, "unsettled") if "order_id" in one}
    return {
        one["id"]: "settled"
        if one["id"] in settled
        else "estimated"
        if one["id"] in estimated
        else "placed"
        for one in sent(shop, "orders")
        if one["create_time"] >= since
    }


def test_money_that_is_settled_late_is_found_by_the_syncs(tmp_path: Path) -> None:
    """F1. 49 hours, 10 days and 40 days later: what was an estimate is settled, whenever the order
    was placed; some orders wait for it for weeks."""
    then = NOW - 50 * DAY
    shop = ShopUnderTest(tmp_path, world_at(then), FakeClock(float(then)))
    since = MIDNIGHT - 90 * DAY
    read = ["orders", "finance"]
    assert work(shop, start=since, began_at=then, data=read) == "done"
    found = dict(stored(shop, money_states()))
    assert found == states_of_money(shop, since)
    waited = {order for order, state in found.items() if state == "estimated"}
    assert waited
    for later in (then + 49 * 3_600, then + 10 * DAY, then + 40 * DAY):
        shop.world.clock.set_to(later)
        shop.clock.instant = float(later)
        shop.access.token = shop.simulator.gateway.office.exchange().access
        assert work(shop, lane="forward", start=None, began_at=later, data=read) == "done"
        found = dict(stored(shop, money_states()))
        assert found == states_of_money(shop, since)
        still = {order for order in waited if found[order] == "estimated"}
        assert {found[order] for order in waited - still} == {"settled"}
        assert still < waited
        waited = still
    shop.close()


def test_an_order_is_placed_then_estimated_then_settled(whole: ShopUnderTest) -> None:
    expected = states_of_money(whole, SINCE)
    assert set(expected.values()) == {"placed", "estimated", "settled"}
    assert dict(stored(whole, money_states())) == expected
    manifest = whole.columns.manifest()
    scans = [
        manifest.scan(TABLES[name])
        for name in ("orders", "statement_transactions", "unsettled_transactions")
    ]
    rows = Engine().query(money_states(*scans), []).to_pylist()
    assert {row["order_id"]: row["money_state"] for row in rows} == expected
