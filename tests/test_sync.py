"""A sync: what is new and what has changed, and nothing forgotten over an outage.

The shop is the simulator's with 120 orders in the ten days before NOW; its clock is moved by the
tests. Only the stages of orders are read here, so that calls can be counted by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backfill.forward import (
    changed,
    holes,
    newest,
    read_lately,
    short_or_cut,
    since_when,
    turned,
    within,
)
from backfill.run import Outcome
from backfill.windows import cut, is_long
from sample_shop.world import seeded_world
from store.commits import Covered
from tests.importing import DAY, NOW, START, Asked, ShopUnderTest, digests, refuses, small_pages

pytestmark = pytest.mark.slow

HOUR = 3_600
LAG = 180
MIDNIGHT = NOW // DAY * DAY
OF_ORDERS = (
    *("orders", "order_line_items", "returns", "return_line_items"),
    *("cancellations", "cancellation_line_items"),
)


def fresh_shop(folder: Path) -> ShopUnderTest:
    folder.mkdir(exist_ok=True)
    return ShopUnderTest(folder, seeded_world(7, 120, 10, now=NOW, products=25, wall=lambda: NOW))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    """Imported at NOW."""
    test = fresh_shop(tmp_path)
    assert test.work(data=["orders"]).state == "done"
    test.calls.clear()
    yield test
    test.close()


def pass_time(shop: ShopUnderTest, instant: int) -> None:
    shop.world.clock.set_to(instant)
    shop.clock.instant = float(instant)
    shop.access.token = shop.simulator.gateway.office.exchange().access


def sync(shop: ShopUnderTest, instant: int, **more: Any) -> Outcome:
    """A sync that begins at `instant`; gives how it was left. `calls` are those of this sync."""
    pass_time(shop, instant)
    shop.calls.clear()
    return shop.work(lane="forward", began_at=instant, start=None, data=["orders"], **more)


def changes_asked(shop: ShopUnderTest, resource: str = "orders") -> list[tuple[int, int]]:
    return [
        (asked.body["update_time_ge"], asked.body["update_time_lt"])
        for asked in shop.calls
        if asked.resource == resource and "update_time_ge" in asked.body
    ]


def created_asked(shop: ShopUnderTest, resource: str = "orders") -> list[tuple[int, int]]:
    return [
        (asked.body["create_time_ge"], asked.body["create_time_lt"])
        for asked in shop.calls
        if asked.resource == resource and "create_time_ge" in asked.body
    ]


def covered(shop: ShopUnderTest, resource: str = "orders") -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in shop.records.coverage(resource)]


def content(folder: Path) -> dict[str, str]:
    found = digests(folder / "records.sqlite")
    return {name: found[name] for name in OF_ORDERS}


# --- what a sync asks for ---


def test_after_a_sync_everything_is_as_if_it_had_been_imported_then(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    later = NOW + 12 * HOUR
    assert sync(shop, later).state == "done"
    other = fresh_shop(tmp_path / "other")
    pass_time(other, later)
    other.work(began_at=later, data=["orders"])
    assert shop.records.query("SELECT count(*) FROM orders")[0][0] > 120
    assert content(tmp_path) == content(tmp_path / "other")
    other.close()


def test_changes_are_asked_for_by_update_time_with_three_days_of_look_back(
    shop: ShopUnderTest,
) -> None:
    later = NOW + 12 * HOUR
    sync(shop, later)
    for resource in ("orders", "returns", "cancellations"):
        assert changes_asked(shop, resource) == [(NOW - 3 * DAY, later - LAG)]
    (asked,) = (
        one for one in shop.calls if "update_time_ge" in one.body and one.resource == "orders"
    )
    assert (asked.query["sort_field"], asked.query["sort_order"]) == ("update_time", "ASC")


def test_new_orders_are_asked_for_up_to_the_beginning_of_the_sync(shop: ShopUnderTest) -> None:
    """In one window, although a day ends between the two. What was created and then changed in the
    last minutes is in no list of changes yet."""
    later = NOW + 12 * HOUR
    sync(shop, later)
    assert [window for window in created_asked(shop) if window[1] > NOW] == [(NOW, later)]
    assert covered(shop) == [(START, later)]


def test_the_next_sync_begins_where_the_last_one_ended_and_not_at_the_newest_change(
    shop: ShopUnderTest,
) -> None:
    first, second = NOW + 12 * HOUR, NOW + 24 * HOUR
    sync(shop, first)
    assert shop.records.checkpoint("orders changes") == str(first - LAG)
    sync(shop, second)
    assert changes_asked(shop) == [(first - LAG - 3 * DAY, second - LAG)]


def test_what_is_stored_is_as_of_the_end_of_the_last_complete_sync(shop: ShopUnderTest) -> None:
    later = NOW + 12 * HOUR
    assert [one.read_at for one in shop.records.coverage("orders")] == [NOW]
    sync(shop, later)
    assert [one.read_at for one in shop.records.coverage("orders")] == [later - LAG]


def test_a_quiet_sync_of_orders_costs_two_calls_a_list(shop: ShopUnderTest) -> None:
    """Within one UTC day no order comes of age: one window of creation, one of changes."""
    first = MIDNIGHT + DAY + 2 * HOUR
    sync(shop, first)
    sync(shop, first + 12 * HOUR)
    assert len(shop.calls) == 6


def test_windows_of_earlier_syncs_are_not_kept(shop: ShopUnderTest) -> None:
    counts = []
    for number in range(1, 5):
        sync(shop, MIDNIGHT + DAY + (2 + number) * HOUR)
        rows = shop.records.query("SELECT count(*) FROM _windows WHERE lane = 'forward'")
        counts.append(rows[0][0])
    assert counts[-1] == counts[-2] == 6


# --- outages ---


def test_the_look_back_grows_to_the_length_of_an_outage(shop: ShopUnderTest) -> None:
    """Ten days without a sync: changes of thirteen days, and every day's new orders."""
    later = NOW + 10 * DAY
    assert sync(shop, later).state == "done"
    assert changes_asked(shop)[0] == (NOW - 3 * DAY, later - LAG)
    assert covered(shop) == [(START, later)]


def test_a_sync_that_failed_leaves_its_changes_to_the_next(shop: ShopUnderTest) -> None:
    def refuse(asked: Asked) -> Any:
        return refuses(10002003) if "update_time_ge" in asked.body else None

    first, second = NOW + 12 * HOUR, NOW + 24 * HOUR
    shop.between.faults.append(refuse)
    assert sync(shop, first).state == "failed"
    assert shop.records.checkpoint("orders changes") is None
    shop.between.faults.clear()
    assert sync(shop, second).state == "done"
    assert changes_asked(shop) == [(NOW - 3 * DAY, second - LAG)]
    assert covered(shop) == [(START, second)]


def test_days_that_an_interrupted_sync_did_not_reach_are_read_by_the_next(
    shop: ShopUnderTest,
) -> None:
    """The newest day came, the days before it did not; the next sync must not take the newest day
    for the end of what is missing."""

    def only_the_newest_day(asked: Asked) -> Any:
        old = asked.body.get("create_time_lt", 0) <= NOW + 4 * DAY
        return refuses(10002003) if asked.resource == "orders" and old else None

    shop.between.faults.append(only_the_newest_day)
    sync(shop, NOW + 5 * DAY)
    assert covered(shop)[-1][1] == NOW + 5 * DAY
    shop.between.faults.clear()
    sync(shop, NOW + 6 * DAY)
    assert covered(shop) == [(START, NOW + 6 * DAY)]


def test_before_anything_was_imported_a_sync_brings_the_newest_three_days(tmp_path: Path) -> None:
    empty = fresh_shop(tmp_path)
    assert sync(empty, NOW).state == "done"
    assert covered(empty) == [(NOW - 3 * DAY, NOW)]
    assert changes_asked(empty) == []
    empty.close()


# --- going on ---


def test_a_sync_that_was_stopped_goes_on_without_asking_twice(
    shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 10)
    later = NOW + 12 * HOUR

    def stop() -> bool:
        return len(shop.calls) >= 3

    assert sync(shop, later, stop=stop, in_flight=1).state == "waiting"
    assert shop.records.checkpoint("orders changes") is None
    before = [(asked.path, asked.query.get("page_token"), asked.body) for asked in shop.calls]
    assert sync(shop, later, in_flight=1).state == "done"
    after = [(asked.path, asked.query.get("page_token"), asked.body) for asked in shop.calls]
    assert [asked for asked in after if asked in before] == []
    assert shop.records.checkpoint("orders changes") == str(later - LAG)


def test_a_sync_runs_on_time_while_history_is_imported(tmp_path: Path) -> None:
    """A4: history stops half way; the sync has a lane and windows of its own; then history goes on
    where it was."""
    shop = fresh_shop(tmp_path)
    stopped = shop.work(data=["orders"], stop=lambda: len(shop.calls) >= 4, in_flight=1)
    assert stopped.state == "waiting"
    read = created_asked(shop)
    assert sync(shop, NOW + 12 * HOUR).state == "done"
    backward, forward = (shop.records.progress(lane) for lane in ("backward", "forward"))
    assert (backward["orders"].state, forward["orders"].state) == ("waiting", "done")
    assert shop.records.progress()["orders"].state == "waiting", "history is not done"
    shop.calls.clear()
    assert shop.work(data=["orders"]).state == "done"
    assert not set(read) & set(created_asked(shop))
    assert covered(shop) == [(START, NOW + 12 * HOUR)]
    shop.close()


# --- lists that move and records that misbehave ---


def test_a_record_that_changes_while_it_is_listed_is_kept(shop: ShopUnderTest) -> None:
    """Its update time lies behind the window that was asked for."""
    later = NOW + 12 * HOUR
    moved: list[str] = []

    def move(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "orders" and "update_time_ge" in asked.body and not moved:
            order = data["orders"][0]
            order["update_time"] = later + 5
            moved.append(order["id"])

    shop.between.change = move
    assert sync(shop, later).state == "done"
    rows = shop.records.query("SELECT update_time FROM orders WHERE order_id = ?", moved)
    assert rows[0][0] == later + 5


def test_a_long_list_of_changes_is_read_in_halves(
    shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("backfill.windows.LONG_LIST", 20)
    later = NOW + 12 * HOUR
    assert sync(shop, later).state == "done"
    assert len(changes_asked(shop)) > 4
    other = fresh_shop(tmp_path / "other")
    pass_time(other, later)
    other.work(began_at=later, data=["orders"])
    assert content(tmp_path) == content(tmp_path / "other")
    other.close()


def order_created(shop: ShopUnderTest, start: int, end: int) -> str:
    """An order of that time that is still under way."""
    rows = shop.records.query(
        "SELECT order_id FROM orders WHERE create_time >= ? AND create_time < ? "
        "AND status NOT IN ('CANCELLED', 'COMPLETED') ORDER BY create_time",
        (start, end),
    )
    return str(rows[0][0])


def test_an_edit_far_behind_the_look_back_is_caught_by_its_update_time(
    shop: ShopUnderTest,
) -> None:
    """F3: an order of nine days ago is edited now."""
    target = order_created(shop, START, START + 3 * DAY)
    later = NOW + 12 * HOUR
    edited_at = NOW + HOUR

    def edit(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource != "orders":
            return
        listed = [order for order in data.get("orders", ()) if order["id"] == target]
        if "update_time_ge" in asked.body and not listed and data.get("orders"):
            listed = [{**data["orders"][0], "id": target, "line_items": []}]
            data["orders"] += listed
            data["total_count"] += 1
        for order in listed:
            order |= {"tracking_number": "EDITED", "update_time": edited_at}

    shop.between.change = edit
    sync(shop, later)
    rows = shop.records.query(
        "SELECT tracking_number, update_time FROM orders WHERE order_id = ?", (target,)
    )
    assert tuple(rows[0]) == ("EDITED", edited_at)


def test_an_edit_that_moves_no_update_time_is_caught_when_its_day_comes_of_age(
    shop: ShopUnderTest,
) -> None:
    """F2: the order is six days old when it is edited; the next day its day of creation is seven
    days old and read once more."""
    day = MIDNIGHT - 6 * DAY
    target = order_created(shop, day, day + DAY)

    def edit(asked: Asked, data: dict[str, Any]) -> None:
        for order in data.get("orders", ()):
            if order["id"] == target:
                order["delivery_option_name"] = "EDITED"

    def stored() -> str:
        rows = shop.records.query(
            "SELECT delivery_option_name FROM orders WHERE order_id = ?", (target,)
        )
        return str(rows[0][0])

    shop.between.change = edit
    sync(shop, MIDNIGHT + DAY - HOUR)
    assert (day, day + DAY) not in created_asked(shop)
    sync(shop, MIDNIGHT + DAY + 2 * HOUR)
    assert (day, day + DAY) in created_asked(shop)
    assert stored() == "EDITED"
    sync(shop, MIDNIGHT + DAY + 14 * HOUR)
    assert (day, day + DAY) not in created_asked(shop), "once is enough"


def test_a_day_whose_orders_can_change_no_more_is_not_read_again(shop: ShopUnderTest) -> None:
    """All cancelled; completed ones would have to be in a statement, too."""
    day = MIDNIGHT - 6 * DAY
    _end_all(shop, day, "CANCELLED")
    sync(shop, MIDNIGHT + DAY + 2 * HOUR)
    assert (day, day + DAY) not in created_asked(shop)


def test_completed_orders_count_as_under_way_until_they_are_settled(shop: ShopUnderTest) -> None:
    day = MIDNIGHT - 6 * DAY
    _end_all(shop, day, "COMPLETED")
    sync(shop, MIDNIGHT + DAY + 2 * HOUR)
    assert (day, day + DAY) in created_asked(shop)


def _end_all(shop: ShopUnderTest, day: int, status: str) -> None:
    with shop.records._writing() as connection:
        connection.execute(
            "UPDATE orders SET status = ?, update_time = 9999999999 "
            "WHERE create_time >= ? AND create_time < ?",
            (status, day, day + DAY),
        )


def test_an_order_that_vanishes_is_kept_and_says_when_it_was_last_seen(
    shop: ShopUnderTest,
) -> None:
    """F13."""
    target = order_created(shop, NOW - 3 * DAY, NOW)

    def vanish(asked: Asked, data: dict[str, Any]) -> None:
        if "orders" in data:
            kept = [order for order in data["orders"] if order["id"] != target]
            data["total_count"] -= len(data["orders"]) - len(kept)
            data["orders"] = kept

    shop.between.change = vanish
    sync(shop, NOW + 12 * HOUR)
    assert shop.work(began_at=NOW + 12 * HOUR, data=["orders"], reread=True).state == "done"
    rows = shop.records.query("SELECT last_seen_at FROM orders WHERE order_id = ?", (target,))
    assert [row[0] for row in rows] == [NOW]
    assert shop.records.query("SELECT max(last_seen_at) FROM orders")[0][0] == NOW + 12 * HOUR


# --- reading again what is there ---


def test_what_is_there_costs_no_calls_unless_it_is_to_be_read_again(shop: ShopUnderTest) -> None:
    before = shop.records.query("SELECT count(*) FROM orders")[0][0]
    assert shop.work(data=["orders"]).state == "done"
    assert shop.calls == []
    assert shop.work(data=["orders"], reread=True).state == "done"
    assert sorted(created_asked(shop)) == sorted(cut((START, NOW), 1))
    assert shop.records.query("SELECT count(*) FROM orders")[0][0] == before


def test_reading_again_goes_on_where_it_was_stopped(shop: ShopUnderTest) -> None:
    def stop() -> bool:
        return len(shop.calls) >= 4

    shop.work(data=["orders"], reread=True, stop=stop, in_flight=1)
    shop.work(data=["orders"], reread=True, in_flight=1)
    windows = created_asked(shop)
    assert len(windows) == len(set(windows)) == 11


# --- the arithmetic ---


def test_changes_are_looked_for_since_the_last_complete_sync_or_the_oldest_reading() -> None:
    coverage = [Covered("orders", 0, 500, 900), Covered("orders", 600, 700, 400)]
    assert since_when("800", coverage) == 800
    assert since_when(None, coverage) == 400


def test_a_clock_that_went_back_still_asks_for_a_sensible_stretch() -> None:
    assert changed(NOW, NOW - HOUR) == (NOW - HOUR - LAG - 3 * DAY, NOW - HOUR - LAG)


def test_a_list_that_tells_no_changes_is_read_anew_for_three_days() -> None:
    coverage = [Covered("statements", 0, NOW - DAY, NOW - DAY)]
    assert newest(coverage, NOW) == (NOW - 4 * DAY, NOW)
    assert newest([], NOW) == (NOW - 3 * DAY, NOW)


def test_a_list_that_hardly_ever_changes_is_read_by_one_sync_of_a_day() -> None:
    coverage = [Covered("warehouses", 0, NOW - DAY, NOW - DAY)]
    assert not read_lately([], NOW)
    assert not read_lately(coverage, NOW)
    assert read_lately(coverage, NOW - DAY + 12 * HOUR)


def test_half_a_day_is_one_piece_also_over_midnight() -> None:
    night = (MIDNIGHT - 10 * HOUR, MIDNIGHT + 2 * HOUR)
    assert short_or_cut(night, 1) == [night]
    longer = (MIDNIGHT - DAY - 1, MIDNIGHT)
    assert sorted(short_or_cut(longer, 1)) == [
        (MIDNIGHT - DAY - 1, MIDNIGHT - DAY),
        (MIDNIGHT - DAY, MIDNIGHT),
    ]


def test_days_that_a_sync_left_out_are_holes_and_old_history_is_not() -> None:
    """Read are a day two years ago, the last 40 to 30 days and the last day."""
    coverage = [
        Covered("statements", MIDNIGHT - 700 * DAY, MIDNIGHT - 699 * DAY, 0),
        Covered("statements", MIDNIGHT - 40 * DAY, MIDNIGHT - 30 * DAY, 0),
        Covered("statements", MIDNIGHT - DAY, MIDNIGHT, 0),
    ]
    assert holes(coverage, MIDNIGHT - 4 * DAY) == [
        (MIDNIGHT - 94 * DAY, MIDNIGHT - 40 * DAY),
        (MIDNIGHT - 30 * DAY, MIDNIGHT - 4 * DAY),
    ]
    assert holes(coverage[1:], MIDNIGHT - 4 * DAY) == [(MIDNIGHT - 30 * DAY, MIDNIGHT - 4 * DAY)]
    assert holes([], MIDNIGHT) == []


def test_every_day_of_creation_comes_of_age_once_however_late_syncs_run() -> None:
    """Syncs at odd times over two hundred days, with gaps of up to nine days."""
    day = 20_000 * DAY
    seen: dict[int, list[int]] = {7: [], 30: []}
    now = day + 5 * HOUR
    for number in range(120):
        then = now + (number * 7919) % (9 * DAY)
        for age in seen:
            for stretch in turned(now, then, [age]):
                seen[age] += [start for start, _ in reversed(cut(stretch, 1))]
        now = then
    for age, days in seen.items():
        assert days == list(range(day + DAY - age * DAY, days[-1] + DAY, DAY))
        assert len(days) > 200


def test_two_syncs_of_one_day_have_nothing_that_came_of_age() -> None:
    assert turned(MIDNIGHT + 2 * HOUR, MIDNIGHT + 14 * HOUR, [7, 30]) == []
    assert turned(MIDNIGHT - HOUR, MIDNIGHT, [7]) == [(MIDNIGHT - 7 * DAY, MIDNIGHT - 6 * DAY)]


def test_only_what_was_read_before_is_read_once_more() -> None:
    coverage = [Covered("orders", 100, 200, 0), Covered("orders", 300, 400, 0)]
    assert within((150, 350), coverage) == [(150, 200), (300, 350)]
    assert within((0, 100), coverage) == []


def test_only_a_long_list_of_several_days_is_halved() -> None:
    assert is_long((0, 2 * DAY), 1_001)
    assert not is_long((0, 2 * DAY), 1_000)
    assert not is_long((0, DAY), 5_000)
    assert not is_long((0, 2 * DAY), None)
