"""An import through everything: simulator, client, normalising, records, columns."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import requests

from backfill.stages import LABELS, STAGES, in_order, shown
from backfill.windows import floor_of
from catalogue.tables import ORDERS, TABLES
from store.fencing import Fenced
from tests.importing import DAY, NOW, START, Asked, ShopUnderTest, digests, refuses, small_pages

pytestmark = pytest.mark.slow

#: One window a day, the first day whole, the last until NOW.
WINDOWS = 11

#: What is shown only once somebody asked for it.
ON_REQUEST = ("Price Details", "External Orders")

#: Tables that only optional stages fill.
READ_ON_REQUEST = {table.name for stage in STAGES if stage.optional for table in stage.tables} - {
    table.name for stage in STAGES if not stage.optional for table in stage.tables
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    made = ShopUnderTest(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables after an import that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    shop = ShopUnderTest(folder)
    assert shop.work().state == "done"
    shop.close()
    return digests(folder / "records.sqlite")


def once(wanted: int, resource: str, answer: Any) -> Any:
    """A fault that strikes the `wanted`-th call of a resource."""
    seen = Counter[str]()

    def fault(asked: Asked) -> requests.Response | None:
        seen[asked.resource] += 1
        hit = asked.resource == resource and seen[resource] == wanted
        return answer() if hit else None

    return fault


def always(resource: str, answer: Any) -> Any:
    return lambda asked: answer() if asked.resource == resource else None


# --- what is there afterwards ---


def test_everything_the_shop_has_is_imported(shop: ShopUnderTest) -> None:
    assert shop.work().state == "done"
    seller = shop.world.shops[0]
    orders = shop.records.query("SELECT count(*), min(create_time) FROM orders")[0]
    assert orders[0] == 120
    assert orders[1] >= START
    lines = shop.records.query("SELECT count(*), sum(line_count) FROM orders, (SELECT 1)")[0]
    assert shop.records.count(TABLES["order_line_items"]) == lines[1]
    assert shop.records.count(TABLES["order_line_item_price_detail"]) == lines[1]
    assert shop.records.count(TABLES["shops"]) == 1
    empty = [name for name, table in TABLES.items() if not shop.records.count(table)]
    assert set(empty) <= READ_ON_REQUEST
    assert seller.region.code == "US"
    assert shop.records.quarantine_count() == 0


def test_the_columns_are_published_with_the_records(tmp_path: Path) -> None:
    shop = ShopUnderTest(tmp_path, columns=True)
    shop.work()
    assert shop.columns.manifest().version["orders"] >= 1
    assert not shop.columns.publish(force=True), "nothing was left to publish"
    shop.close()


def test_a_range_in_the_past_is_read_as_of_today(shop: ShopUnderTest) -> None:
    shop.work(start=NOW - 5 * DAY, end=NOW - 3 * DAY, data=["orders", "products"])
    (orders,) = shop.records.coverage("orders")
    assert (orders.start, orders.end, orders.read_at) == (NOW - 5 * DAY, NOW - 3 * DAY, NOW)
    (stock,) = shop.records.coverage("inventory")
    assert (stock.end, stock.read_at) == (NOW, NOW)


def test_the_future_is_never_covered(shop: ShopUnderTest) -> None:
    shop.work(start=NOW - DAY, end=NOW + DAY, data=["orders"])
    (covered,) = shop.records.coverage("orders")
    assert covered.end == NOW
    assert shop.work(start=NOW + DAY, end=NOW + 2 * DAY, data=["orders"]).state == "done"
    assert shop.records.coverage("orders") == [covered]


def test_without_a_range_it_is_the_last_ninety_days(shop: ShopUnderTest) -> None:
    assert shop.work(start=None, data=["orders"]).state == "done"
    (covered,) = shop.records.coverage("orders")
    assert (covered.start, covered.end) == (floor_of(NOW, 90), NOW)
    assert shop.between.count("orders") == 91


def test_newest_orders_are_asked_for_first(shop: ShopUnderTest) -> None:
    shop.work(in_flight=1)
    starts = [
        asked.body["create_time_ge"]
        for asked in shop.calls
        if asked.resource == "orders" and "page_token" not in asked.query
    ]
    assert starts == sorted(starts, reverse=True)
    assert len(starts) == WINDOWS
    assert starts[-1] == START


def test_bounds_are_fixed_and_pages_come_in_ascending_order(shop: ShopUnderTest) -> None:
    shop.work()
    for asked in shop.calls:
        if asked.resource in ("orders", "returns", "cancellations"):
            assert asked.query["sort_order"] == "ASC"
            assert asked.query["sort_field"] == "create_time"
            assert START <= asked.body["create_time_ge"] < asked.body["create_time_lt"] <= NOW


def test_progress_is_complete_and_shown_by_label(shop: ShopUnderTest) -> None:
    shop.work()
    progress = shop.records.progress()
    assert {one.state for one in progress.values()} == {"done"}
    assert all(one.done == one.total for one in progress.values())
    assert progress["orders"].done == 120
    labels = shown(progress)
    assert [one.stage for one in labels] == [one for one in LABELS if one not in ON_REQUEST]
    refunds = next(one for one in labels if one.stage == "Refunds & Returns")
    assert refunds.done == progress["returns"].done + progress["cancellations"].done


def test_what_was_read_is_covered(shop: ShopUnderTest) -> None:
    shop.work()
    for resource in ("orders", "returns", "cancellations"):
        (covered,) = shop.records.coverage(resource)
        assert (covered.start, covered.end, covered.read_at) == (START, NOW, NOW)
    for resource in ("products", "warehouses", "inventory", "product_details"):
        (covered,) = shop.records.coverage(resource)
        assert (covered.start, covered.end) == (0, NOW)


def test_a_window_is_covered_only_when_its_last_page_is_kept(
    shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 2)

    def second_pages_fail(asked: Asked) -> requests.Response | None:
        paged = asked.resource == "orders" and "page_token" in asked.query
        return refuses(36009004, "field is invalid") if paged else None

    shop.between.faults = [second_pages_fail]
    assert shop.work(data=["orders"], in_flight=1).state == "failed"
    windows = shop.records.windows("backward", "orders")
    begun = [one for one in windows if one.state == "running"]
    assert begun
    for window in begun:
        assert (window.pages, window.rows, window.page_token != "") == (1, 2, True)
        for covered in shop.records.coverage("orders"):
            assert covered.end <= window.start or covered.start >= window.end
    kept = shop.records.count(ORDERS)
    shop.between.faults = []
    shop.calls.clear()
    assert shop.work(data=["orders"]).state == "done"
    resumed = [one for one in shop.calls if one.query.get("page_token") == begun[0].page_token]
    assert resumed, "it went on with the page that was due"
    assert shop.records.count(ORDERS) == 120 > kept
    windows = shop.records.windows("backward", "orders")
    assert sum(one.rows for one in windows) == 120, "no window was read in halves"
    assert len(windows) == WINDOWS


# --- repeating ---


def test_a_second_run_over_the_same_range_asks_for_no_order_again(shop: ShopUnderTest) -> None:
    shop.work()
    before = len(shop.calls)
    assert shop.work(data=["orders"]).state == "done"
    assert len(shop.calls) == before


def test_a_longer_range_costs_only_the_calls_for_what_is_new(tmp_path: Path) -> None:
    shop = ShopUnderTest(tmp_path)
    shop.work(start=NOW - 3 * DAY, data=["orders"])
    known = shop.records.count(ORDERS)
    before = len(shop.calls)
    assert shop.work(start=NOW - 8 * DAY, data=["orders"]).state == "done"
    asked = [one for one in shop.calls[before:] if one.resource == "orders"]
    assert all(one.body["create_time_lt"] <= NOW - 3 * DAY for one in asked)
    assert len({one.body["create_time_ge"] for one in asked}) == 6, "five days are six pieces"
    assert shop.records.count(ORDERS) > known > 0
    shop.close()


def test_details_are_asked_again_only_for_products_that_changed(shop: ShopUnderTest) -> None:
    shop.work()
    first = shop.between.count("product")
    assert first > 0
    shop.work(data=["products"], began_at=NOW + 60)
    assert shop.between.count("product") == first
    shop.records.commit(
        "backward",
        shop.records.grant("backward", 9),
        _touching(shop, update_time=NOW + 100),
    )
    shop.work(data=["products"], began_at=NOW + 120)
    assert shop.between.count("product") == first + 1


def _touching(shop: ShopUnderTest, update_time: int) -> Any:
    from store.records import Commit, Write

    (product,) = shop.records.query(
        "SELECT product_id FROM products WHERE detail_update_time IS NOT NULL LIMIT 1"
    )
    row = (product[0], update_time)
    columns = ("product_id", "update_time")
    return Commit(writes=(Write(TABLES["products"], columns, [row]),), fetched_at=update_time)


#: Without the products of ours that stand for auctions.
LISTED = "FROM products WHERE is_auction IS NULL"


def test_frozen_and_deleted_products_are_not_asked_for_details(shop: ShopUnderTest) -> None:
    shop.work()
    asked = {one.path.rsplit("/", 1)[1] for one in shop.calls if one.resource == "product"}
    states = dict(map(tuple, shop.records.query(f"SELECT product_id, status {LISTED}")))
    assert "DELETED" in states.values()
    assert asked == {one for one, state in states.items() if state not in ("FREEZE", "DELETED")}


def test_stock_is_asked_for_a_hundred_products_at_a_time(shop: ShopUnderTest) -> None:
    shop.work()
    sizes = [len(one.body["product_ids"]) for one in shop.calls if one.resource == "inventory"]
    assert max(sizes) <= 100
    assert len(sizes) == -(-sum(sizes) // 100)


# --- prices ---


def test_prices_that_cannot_be_derived_are_asked_for_when_somebody_wants_them(
    shop: ShopUnderTest,
) -> None:
    shop.work(data=["orders"])
    open_orders = shop.records.query(
        "SELECT DISTINCT order_id FROM order_line_item_price_detail "
        "WHERE shipping_list_price IS NULL OR payment IS NULL"
    )
    assert open_orders, "orders of several units with freight"
    assert shop.between.count("price") == 0
    assert shop.work(data=["orders", "price_detail"]).state == "done"
    assert shop.between.count("price") == len(open_orders)
    left = shop.records.query(
        "SELECT count(*), sum(is_derived) FROM order_line_item_price_detail "
        "WHERE order_id IN (SELECT order_id FROM order_line_item_price_detail "
        "WHERE is_derived = 0)"
    )[0]
    assert left[0] > 0
    assert left[1] == 0
    assert (
        shop.records.query(
            "SELECT count(*) FROM order_line_item_price_detail WHERE payment IS NULL"
        )[0][0]
        == 0
    )


def test_what_is_derived_agrees_with_tiktoks_own_answer(shop: ShopUnderTest) -> None:
    """The simulator works out price details by itself; the derived ones must be the same."""
    shop.work(data=["orders"])
    derived = shop.records.query(
        "SELECT * FROM order_line_item_price_detail WHERE payment IS NOT NULL LIMIT 40"
    )
    names = ("sku_list_price", "sku_sale_price", "shipping_list_price", "shipping_sale_price")
    for row in derived:
        path = {"order_id": row["order_id"]}
        answer = shop.client.call("price_detail", shop.access, path=path).data
        (line,) = [one for one in answer["line_items"] if one["id"] == row["line_item_id"]]
        for name in (*names, "tax_amount", "payment"):
            assert Decimal(row[name] or 0) == Decimal(line[name] or 0), (name, row["order_id"])


def test_an_answer_about_prices_is_not_overwritten_by_what_is_derived(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    shop.work(data=["orders", "price_detail"])
    before = digests(tmp_path / "records.sqlite")["order_line_item_price_detail"]
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as connection:
        connection.execute("DELETE FROM _coverage")
        connection.execute("DELETE FROM _windows")
        connection.commit()
    assert shop.work(data=["orders"]).state == "done"
    assert shop.between.count("orders") == 2 * WINDOWS
    assert digests(tmp_path / "records.sqlite")["order_line_item_price_detail"] == before


def test_every_stage_is_shown_from_the_beginning(shop: ShopUnderTest) -> None:
    shop.work(stop=lambda: len(shop.calls) > 0, in_flight=1)
    states = {name: one.state for name, one in shop.records.progress().items()}
    assert states["product_details"] == "pending"
    assert states.keys() == {stage.name for stage in in_order()}


# --- faults (quality: B) ---


def test_an_expired_page_token_restarts_that_window_only(
    shop: ShopUnderTest, whole: dict[str, str], tmp_path: Path
) -> None:
    expired = once(6, "orders", lambda: refuses(36009004, "page_token has expired"))
    shop.between.faults = [expired]
    assert shop.work().state == "done"
    assert shop.between.count("orders") <= WINDOWS + 2
    assert digests(tmp_path / "records.sqlite") == whole


def test_tiktok_being_away_makes_the_stage_wait_and_the_run_is_handed_back(
    shop: ShopUnderTest, whole: dict[str, str], tmp_path: Path
) -> None:
    seen = Counter[str]()

    def away(asked: Asked) -> requests.Response | None:
        seen[asked.resource] += 1
        late = asked.resource == "orders" and seen["orders"] > 5
        return refuses(36009003, "internal error", 500) if late else None

    shop.between.faults = [away]
    outcome = shop.work()
    assert outcome.state == "waiting"
    assert outcome.not_before >= shop.clock.now() + 29
    progress = shop.records.progress()["orders"]
    assert progress.state == "waiting"
    assert progress.waits_for
    assert progress.reference == "req-refused"
    kept = shop.records.count(ORDERS)
    assert kept > 0
    shop.between.faults = []
    shop.calls.clear()
    assert shop.work().state == "done"
    assert shop.between.count("orders") <= WINDOWS - 5 + 4, (
        "windows that were read are not read again"
    )
    assert shop.records.progress()["orders"].error == ""
    assert digests(tmp_path / "records.sqlite") == whole


def test_each_wait_without_gain_is_longer_and_a_gain_makes_it_short_again(
    shop: ShopUnderTest,
) -> None:
    shop.between.faults = [always("orders", lambda: refuses(36009003, "internal", 500))]
    waits = []
    for _ in range(3):
        outcome = shop.work(data=["orders"])
        waits.append(outcome.not_before - shop.clock.now())
    assert waits == [30, 60, 120]
    shop.between.faults = [once(10, "orders", lambda: refuses(36009003, "internal", 500))]
    assert shop.work(data=["orders"]).state == "done"


def test_too_many_requests_wait_as_long_as_tiktok_says(shop: ShopUnderTest) -> None:
    def throttled() -> requests.Response:
        response = refuses(36009002, "too many requests", 429)
        response.headers["Retry-After"] = "900"
        return response

    shop.between.faults = [always("orders", throttled)]
    outcome = shop.work(data=["orders"])
    assert outcome.state == "waiting"
    assert outcome.not_before - shop.clock.now() >= 900


def test_a_missing_permission_blocks_its_stage_and_those_that_need_it(shop: ShopUnderTest) -> None:
    shop.between.faults = [always("products", lambda: refuses(105005, "scope missing", 403))]
    outcome = shop.work()
    assert outcome.state == "blocked"
    assert "Products Catalog" in outcome.message
    states = {name: one.state for name, one in shop.records.progress().items()}
    assert states["products"] == states["inventory"] == states["product_details"] == "blocked"
    assert states["orders"] == states["returns"] == states["warehouses"] == "done"
    assert shop.records.progress()["inventory"].waits_for == "Products Catalog"
    shop.between.faults = []
    assert shop.work().state == "done"


def test_lost_access_blocks_the_run_at_once(shop: ShopUnderTest) -> None:
    """But for the calls that were under way. The stages beside it say the same."""
    shop.between.faults = [once(5, "orders", lambda: refuses(36009043, "shop closed", 401))]
    outcome = shop.work(in_flight=4)
    assert outcome.state == "blocked"
    assert "closed or about to be" in outcome.message
    fifth = [asked.number for asked in shop.calls if asked.resource == "orders"][4]
    assert len(shop.calls) <= fifth + 4
    states = {one.state for one in shop.records.progress().values()}
    assert states == {"done", "blocked", "pending"}


def test_a_refused_request_fails_its_stage_and_the_others_go_on(shop: ShopUnderTest) -> None:
    shop.between.faults = [always("returns", lambda: refuses(36009004, "field is invalid"))]
    outcome = shop.work()
    assert outcome.state == "failed"
    progress = shop.records.progress()
    assert progress["returns"].state == "failed"
    assert progress["returns"].reference == "req-refused"
    assert progress["cancellations"].state == "done"


def test_one_product_that_tiktok_refuses_does_not_hold_up_the_others(shop: ShopUnderTest) -> None:
    shop.between.faults = [once(3, "product", lambda: refuses(12052048, "product is not visible"))]
    assert shop.work().state == "done"
    (one,) = shop.records.quarantined(10)
    assert (one.resource, one.request_id) == ("product_details", "req-refused")
    assert shop.records.progress()["product_details"].state == "done"


def test_an_answer_that_cannot_be_read_is_noted_and_waits(shop: ShopUnderTest) -> None:
    from tests.importing import reply_with

    shop.between.faults = [always("warehouses", lambda: reply_with(b"<html>busy</html>"))]
    outcome = shop.work()
    assert outcome.state == "waiting"
    (one,) = shop.records.quarantined(10)
    assert (one.resource, one.path) == ("warehouses", "page")


def test_rows_of_a_wrong_shape_are_left_out_counted_and_the_import_goes_on(
    shop: ShopUnderTest,
) -> None:
    spoilt: list[str] = []

    def spoil(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "orders" and data.get("orders") and len(spoilt) < 2:
            order = data["orders"][0]
            spoilt.append(order["id"])
            order["payment"]["total_amount"] = "NaN"

    shop.between.change = spoil
    assert shop.work().state == "done"
    assert shop.records.count(ORDERS) == 118
    noted = shop.records.quarantined(10)
    assert {one.path for one in noted} == {"orders[0].payment.total_amount"}
    assert {one.reason for one in noted} == {"is not a decimal number"}
    assert all(one.request_id for one in noted)


def test_unknown_fields_and_enum_values_pass(shop: ShopUnderTest) -> None:
    def drift(asked: Asked, data: dict[str, Any]) -> None:
        for order in data.get("orders", []):
            order["status"] = "TELEPORTED"
            order["brand_new"] = {"deep": [1, 2, {"er": None}]}

    shop.between.change = drift
    assert shop.work(data=["orders"]).state == "done"
    assert shop.records.query("SELECT DISTINCT status FROM orders")[0][0] == "TELEPORTED"
    assert shop.records.quarantine_count() == 0


def test_a_window_with_missing_rows_is_halved_until_it_is_complete(
    shop: ShopUnderTest, whole: dict[str, str], tmp_path: Path
) -> None:
    """A cap nobody documented: no list shows more than three orders, whatever it counts."""

    def cap(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "orders":
            data["orders"] = data.get("orders", [])[:3]
            data["next_page_token"] = ""

    shop.between.change = cap
    assert shop.work().state == "done"
    assert shop.between.count("orders") > WINDOWS
    assert digests(tmp_path / "records.sqlite") == whole
    assert shop.records.quarantine_count() == 0
    (covered,) = shop.records.coverage("orders")
    assert (covered.start, covered.end) == (START, NOW)


def test_a_count_that_is_always_wrong_is_noted_and_does_not_go_on_for_ever(
    shop: ShopUnderTest,
) -> None:
    def overstate(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "orders":
            data["total_count"] = data.get("total_count", 0) + 1

    shop.between.change = overstate
    assert shop.work(start=NOW - DAY, data=["orders"]).state == "done"
    assert shop.between.count("orders") < 140
    noted = shop.records.quarantined(1)[0]
    assert noted.resource == "orders"
    assert noted.reason.startswith("TikTok counted")


@pytest.mark.parametrize("fault", ["another window's page", "the same rows twice"])
def test_a_page_that_does_not_answer_our_question_loses_nothing(
    tmp_path: Path, shop: ShopUnderTest, whole: dict[str, str], fault: str
) -> None:
    kept: list[dict[str, Any]] = []

    def answer_wrongly(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource != "orders" or not data["orders"]:
            return
        kept.append({**data, "orders": list(data["orders"])})
        if len(kept) == 3:
            if fault == "another window's page":
                data.update(kept[0])
            else:
                data["orders"] = data["orders"][:1] * len(data["orders"])

    shop.between.change = answer_wrongly
    assert shop.work().state == "done"
    assert digests(tmp_path / "records.sqlite") == whole
    assert shop.records.progress()["orders"].done == shop.records.count(ORDERS)


def test_records_of_other_days_without_end_make_the_stage_wait(shop: ShopUnderTest) -> None:
    def always_the_first(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "orders" and data["orders"]:
            data["orders"] = [{**order, "create_time": START - DAY} for order in data["orders"]]

    shop.between.change = always_the_first
    outcome = shop.work(data=["orders"])
    assert outcome.state == "waiting"
    assert "other days" in outcome.message
    assert shop.records.coverage("orders") == []


def test_more_products_than_a_list_shows_are_read_in_parts(shop: ShopUnderTest) -> None:
    pages = shop.client.pages("product_search", shop.access)
    expected = {row["id"] for page in pages for row in page.rows}

    def count_high(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "products":
            length = asked.body["create_time_le"] - asked.body.get("create_time_ge", 0)
            if length > 700 * DAY:
                data["total_count"] = 10_001

    shop.between.change = count_high
    assert shop.work(data=["products"]).state == "done"
    stored = shop.records.query("SELECT product_id FROM products")
    assert {row[0] for row in stored} == expected
    assert shop.between.count("products") > 7


# --- stopping, fencing ---


def test_a_stop_is_heeded_between_two_pages_and_nothing_is_read_twice(
    shop: ShopUnderTest, whole: dict[str, str], tmp_path: Path
) -> None:
    outcome = shop.work(stop=lambda: shop.between.count("orders") >= 5, in_flight=2)
    assert outcome.state == "waiting"
    assert outcome.not_before == 0
    assert shop.between.count("orders") <= 7
    assert shop.records.progress()["orders"].state == "waiting"
    assert shop.work().state == "done"
    assert shop.between.count("orders") == WINDOWS
    assert digests(tmp_path / "records.sqlite") == whole


def test_a_lost_lease_ends_the_work_without_another_row(shop: ShopUnderTest) -> None:
    renewals = 0

    def lost() -> None:
        nonlocal renewals
        renewals += 1
        if renewals == 3:
            raise Fenced("somebody else")

    def tick(asked: Asked) -> None:
        shop.clock.instant += 4

    shop.between.faults = [tick]
    with pytest.raises(Fenced):
        shop.work(renew=lost, in_flight=1)
    assert renewals == 3


def test_a_newer_holder_of_the_lane_shuts_the_older_one_out(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    then: SimpleQueue[dict[str, str]] = SimpleQueue()
    once_only = iter([True])

    def take_over(asked: Asked) -> None:
        if asked.resource == "orders" and asked.number > 6 and next(once_only, False):
            shop.records.grant("backward", 100)
            then.put(digests(tmp_path / "records.sqlite"))

    shop.between.faults = [take_over]
    with pytest.raises(Fenced):
        shop.work()
    assert digests(tmp_path / "records.sqlite") == then.get(timeout=10)


def test_the_lease_is_renewed_while_pages_come(shop: ShopUnderTest) -> None:
    def tick(asked: Asked) -> None:
        shop.clock.instant += 5

    shop.between.faults = [tick]
    shop.work(data=["orders"], in_flight=1)
    assert shop.renewals == len(shop.calls) // 2 + 1, "5 s a call, a renewal in 10 s"


def test_an_unwritable_disk_makes_the_run_wait(shop: ShopUnderTest) -> None:
    class Full:
        def __init__(self, behind: Any) -> None:
            self._behind = behind

        def __getattr__(self, name: str) -> Any:
            return getattr(self._behind, name)

        def commit(self, *_: Any) -> int:
            raise sqlite3.OperationalError("database or disk is full")

    outcome = shop.work(records=Full(shop.records))
    assert outcome.state == "waiting"
    assert outcome.not_before == shop.clock.now() + 60
