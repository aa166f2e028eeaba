"""Answers that have TikTok asked first: when they do, how long they wait, what they say.

An installation that imported five days of a shop's orders at NOW, beside the simulated TikTok.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.live import Live
from sample_shop.adapter import SampleShopAdapter
from tests.importing import DAY, Asked, Between, refuses
from tests.installation import at_once, in_processes
from tests.living import (
    IMPATIENCE_SECONDS,
    PATIENCE_SECONDS,
    Living,
    MovedClock,
    imported,
    living,
    world_of,
)
from tiktok_shop.webhooks import Notification

pytestmark = pytest.mark.slow

HOUR = 3_600
#: Days that ended before the look-back of three days.
PAST = ("2026-09-07", "2026-09-08")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory.mktemp("imported"), "orders", "products")


@pytest.fixture
def shop(folder: Path, tmp_path: Path) -> Iterator[Living]:
    with living(folder, tmp_path) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for what does not come."""
    monkeypatch.setattr("connector.live.WAIT_SECONDS", IMPATIENCE_SECONDS)


# --- what is new is in the answer ---


def test_orders_of_the_last_hours_are_in_the_answer_that_asks_for_them(shop: Living) -> None:
    shop.pass_time(8 * HOUR)
    assert shop.true_orders() > 60
    with shop.worker():
        answer = shop.ask("orders")
    assert answer.value == shop.true_orders()
    assert (answer.about["source"], answer.about["stale"]) == ("live", False)
    assert answer.about["as_of"].startswith("2026-09-12T21:46")


def test_a_day_that_began_since_the_last_sync_is_shown_and_not_null(shop: Living) -> None:
    shop.pass_time(DAY)
    with shop.worker():
        answer = shop.ask("date", "orders", days=("2026-09-12", "2026-09-13"))
    assert [day for day, _ in answer.rows] == ["20260912", "20260913"]
    assert all(count > 0 for _, count in answer.rows)


def test_only_what_feeds_the_question_is_asked_for(shop: Living) -> None:
    shop.pass_time(HOUR)
    with shop.worker():
        shop.ask("returns")
    assert {call.resource for call in shop.calls} == {"returns"}


def test_a_short_pull_is_a_run_of_the_tail_lane_that_says_what_it_cost(shop: Living) -> None:
    shop.pass_time(8 * HOUR)
    with shop.worker():
        shop.ask("orders")
    (run,) = shop.pulls()
    assert (run.lane, run.trigger, run.state) == ("tail", "live", "done")
    assert run.calls == len(shop.calls) == 2
    assert run.rows > 0


# --- when nothing is asked ---


def test_within_five_minutes_nobody_is_asked_and_nothing_is_written(shop: Living) -> None:
    shop.pass_time(290)
    answer = shop.ask("orders")
    assert (answer.about["source"], answer.about["stale"]) == ("cached", False)
    shop.pass_time(HOUR)
    with shop.worker():
        shop.ask("orders")
    shop.calls.clear()
    shop.pass_time(290)
    answer = shop.ask("orders")
    assert answer.about["source"] == "cached"
    assert answer.about["as_of"].startswith("2026-09-12T14:51"), "of the short pull"
    assert (len(shop.pulls()), shop.calls) == (1, [])


def test_what_tiktok_told_by_itself_counts(shop: Living) -> None:
    """An order was read again because a notification named it."""
    shop.pass_time(2 * HOUR)
    records = shop.here.stores.records("default", shop.shops[0])
    (row,) = records.query("SELECT order_id FROM orders ORDER BY create_time DESC LIMIT 1")
    told(shop, row["order_id"])
    shop.calls.clear()
    answer = shop.ask("orders")
    assert answer.about["as_of"].startswith("2026-09-12T15:46")
    assert (shop.pulls(), shop.calls) == ([], [])
    with shop.worker():
        shop.ask("returns")
    assert [run.parameters["wanted"] for run in shop.pulls()] == [["returns"]], "nothing of these"


def told(shop: Living, order_id: str) -> None:
    """TikTok pushed a change of this order, and it was read again."""
    notification = Notification(
        id="n-1",
        topic="ORDER_STATUS_CHANGE",
        shop_id=shop.shops[0],
        seller_open_id="",
        named=(("orders", order_id),),
        ends_at=None,
        told_at=None,
    )
    notifications = shop.here.notifications
    notifications.receive(notification, notifications.about(notification))
    shop.here.worker("worker").run_until_idle()


def test_a_range_that_ended_before_the_look_back_never_causes_a_call(shop: Living) -> None:
    shop.pass_time(2 * DAY)
    with shop.worker():
        for fields in (("orders", "gmv"), ("date", "orders"), ("product_name", "items_sold")):
            shop.ask(*fields, days=PAST)
    assert (shop.pulls(), shop.calls) == ([], [])


def test_a_unique_metric_by_date_never_causes_a_call_of_any_kind(shop: Living) -> None:
    shop.pass_time(8 * HOUR)
    with shop.worker():
        for dimension in ("date", "month", "day_of_week"):
            answer = shop.ask(dimension, "customers")
            assert answer.about["source"] == "cached"
        assert (shop.pulls(), shop.calls) == ([], [])
        assert shop.ask("customers").about["source"] == "live", "but without one"


# --- one pull for all who ask ---


def test_twenty_requests_of_two_processes_at_once_are_one_pull(shop: Living) -> None:
    shop.pass_time(8 * HOUR)
    other = shop.second()
    with shop.worker(), other.worker():
        answers = at_once(20, lambda number: (shop, other)[number % 2].ask("orders"))
    assert [answer.about for answer in answers if answer.about["stale"]] == []
    assert {answer.value for answer in answers} == {shop.true_orders()}
    assert len(shop.pulls()) == 1
    assert len(shop.calls) == 2, "the changes, and what is new"
    other.here.close()


def ask_from_outside(folder: str, key: str, begun: float) -> None:
    """An errand: a web process of its own, which has no way to TikTok at all."""

    def nobody(_: Asked) -> Any:
        raise AssertionError("the web process must not call TikTok")

    clock = MovedClock(begun)
    clock.moved = 8 * HOUR
    simulator = SampleShopAdapter(world_of(clock), wall=clock.now)
    made = Living(Path(folder), simulator.world, clock, Between(simulator, [nobody]))
    made.key = key
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.live.WAIT_SECONDS", PATIENCE_SECONDS)
        answers = at_once(10, lambda _: made.ask("orders"))
    assert len({answer.value for answer in answers}) == 1
    assert answers[0].value > 60
    assert not any(answer.about["stale"] for answer in answers)


def test_web_processes_share_a_pull_and_call_nobody(shop: Living) -> None:
    shop.pass_time(8 * HOUR)
    arguments = (str(shop.folder), shop.key, shop.clock.begun)
    with shop.worker():
        assert in_processes(2, ask_from_outside, *arguments) == [0, 0]
    assert len(shop.pulls()) == 1
    assert len(shop.calls) == 2


def test_requests_for_different_things_share_a_pull_that_is_not_begun(
    shop: Living, impatient: None
) -> None:
    shop.pass_time(8 * HOUR)
    shop.ask("orders")
    shop.ask("returns")
    shop.ask("cancellations")
    (run,) = shop.pulls()
    assert run.parameters == {"wanted": ["cancellations", "orders", "returns"]}
    with shop.worker():
        assert wait_for(lambda: shop.pulls()[0].state == "done")
    assert not shop.ask("orders").about["stale"]
    assert len(shop.pulls()) == 1


def wait_for(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_what_a_pull_under_way_does_not_bring_is_one_more_behind_it(
    shop: Living, impatient: None
) -> None:
    shop.pass_time(8 * HOUR)
    shop.ask("orders")
    claim = shop.here.ledger.claim("worker", ("tail",))
    assert claim is not None
    shop.ask("orders")
    assert len(shop.pulls()) == 1, "it is under way"
    shop.ask("returns")
    shop.ask("cancellations")
    assert [run.parameters["wanted"] for run in shop.pulls()] == [
        ["orders"],
        ["cancellations", "returns"],
    ]


# --- when nothing comes ---


def test_without_a_worker_the_cache_answers_and_says_that_it_is_old(
    shop: Living, impatient: None
) -> None:
    shop.pass_time(8 * HOUR)
    answer = shop.ask("orders", "data_note")
    assert answer.rows[0][0] == 60
    assert (answer.about["source"], answer.about["stale"]) == ("cached", True)
    assert "has not answered yet" in answer.about["notes"][-1]
    assert "has not answered yet" in answer.rows[0][1], "also where nobody sees a header"


def test_a_pull_that_nobody_takes_is_waited_for_once(shop: Living, impatient: None) -> None:
    waited: list[float] = []
    sleep = shop.clock.sleep

    def noted(seconds: float) -> None:
        waited.append(seconds)
        sleep(seconds)

    shop.clock.sleep = noted  # type: ignore[method-assign]
    shop.pass_time(8 * HOUR)
    shop.ask("orders")
    assert waited
    waited.clear()
    assert shop.ask("orders").about["stale"]
    assert waited == []


def test_while_tiktok_is_down_answers_keep_coming_marked_stale(shop: Living) -> None:
    shop.pass_time(8 * HOUR)
    shop.down()
    with shop.worker():
        answer = shop.ask("orders")
    assert (answer.value, answer.about["stale"], answer.about["source"]) == (60, True, "cached")
    assert answer.about["as_of"].startswith("2026-09-12T13:46")
    (run,) = shop.pulls()
    assert run.state == "failed"
    assert answer.about["notes"][-1].endswith(run.message)


def test_a_failure_is_not_repeated_by_the_next_request(shop: Living) -> None:
    shop.pass_time(8 * HOUR)
    shop.down()
    with shop.worker():
        shop.ask("orders")
        shop.calls.clear()
        for fields in (("orders",), ("returns",)):
            assert shop.ask(*fields).about["stale"]
        assert (len(shop.pulls()), shop.calls) == (1, [])
        shop.up()
        shop.pass_time(60)
        assert shop.ask("orders").about["source"] == "live", "but a minute later"


def test_a_database_that_has_no_time_costs_the_answer_its_freshness_only(
    shop: Living, impatient: None
) -> None:
    shop.pass_time(8 * HOUR)
    shop.ask("orders", days=PAST)  # that the key was used is written down once in a while
    with shop.here.accounts.database.writing():
        answer = shop.ask("orders")
    assert (answer.value, answer.about["stale"]) == (60, True)
    assert "busy" in answer.about["notes"][-1]


def test_a_shop_that_was_disconnected_is_not_asked(shop: Living) -> None:
    shop.pass_time(HOUR)
    shop.here.connecting.disconnect("default", shop.shops[0])
    answer = shop.ask("orders")
    assert (answer.value, answer.about["stale"], shop.pulls()) == (60, True, [])
    assert "was disconnected" in answer.about["notes"][-1]
    assert not shop.ask("orders", days=PAST).about["stale"], "what cannot change is not old"


def test_whoever_wants_all_or_nothing_gets_a_sentence(shop: Living, impatient: None) -> None:
    strict = {"strict": "true"}
    covered = ("2026-09-08", "2026-09-12")
    assert shop.ask("orders", days=covered, options=strict).value > 0
    status, _, message = shop.refused("orders", days=("2026-09-01", "2026-09-12"), options=strict)
    assert (status, "not every day of the range is imported" in message) == (503, True)
    shop.pass_time(8 * HOUR)
    status, code, message = shop.refused("orders", days=covered, options=strict)
    assert (status, code) == (503, "not_ready")
    assert "TikTok has not answered yet" in message


# --- how long is waited ---


def patience(shop: Living, *values: str) -> list[float]:
    """How long each of these requests was ready to wait, in turn."""
    found: list[float] = []
    ask = Live.freshen

    def noted(self: Live, wishes: Any, seconds: float) -> Any:
        found.append(seconds)
        return ask(self, wishes, 0.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.live.WAIT_SECONDS", 1.5)
        patch.setattr(Live, "freshen", noted)
        for value in values:
            shop.ask("orders", refresh=value)
    return found


def test_whoever_refreshes_a_report_is_ready_to_wait_longer(shop: Living) -> None:
    shop.pass_time(HOUR)
    assert patience(shop, "1", "1", "2", "2") == [1.5, 1.5, 8.0, 1.5]


def test_reports_that_take_turns_do_not_look_like_refreshes(shop: Living) -> None:
    shop.pass_time(HOUR)
    assert patience(shop, "mine", "yours", "mine", "yours") == [1.5, 8.0, 1.5, 1.5]


def test_a_refresh_within_five_minutes_has_nothing_to_wait_for(shop: Living) -> None:
    shop.pass_time(200)
    shop.ask("orders", refresh="1")
    answer = shop.ask("orders", refresh="2")
    assert (answer.about["stale"], shop.pulls()) == (False, [])


# --- what is remembered ---


def test_an_answer_is_remembered_until_a_segment_it_was_read_from_changes(shop: Living) -> None:
    ranges = (PAST, ("2026-09-11", "2026-09-12"))
    computed: list[str] = []
    texts = shop.here.engine.texts

    def noted(sql: str, *arguments: Any, **more: Any) -> Any:
        computed.append(sql)
        return texts(sql, *arguments, **more)

    shop.here.engine.texts = noted  # type: ignore[method-assign]
    first = [shop.ask("orders", "gmv", days=days) for days in ranges]
    again = [shop.ask("orders", "gmv", days=days) for days in ranges]
    assert [one.rows for one in again] == [one.rows for one in first]
    assert len(computed) == 2
    shop.pass_time(8 * HOUR)
    with shop.worker():
        newer = shop.ask("orders", "gmv", days=ranges[1])
    assert newer.rows != first[1].rows
    assert len(computed) == 3


@pytest.fixture(scope="module")
def folder_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory.mktemp("two"), "orders", shops=2)


@pytest.fixture
def two(folder_of_two: Path, tmp_path: Path) -> Iterator[Living]:
    with living(folder_of_two, tmp_path, shops=2) as made:
        yield made


def test_several_shops_are_freshened_beside_each_other(two: Living) -> None:
    two.pass_time(8 * HOUR)
    with two.worker():
        answer = two.ask("shop_id", "orders", options={"shops": "all"})
    assert len(answer.rows) == 2
    assert all(count > 60 for _, count in answer.rows)
    assert sorted(run.shop_id for run in two.pulls()) == sorted(two.shops)
    assert answer.about["source"] == "live"


@pytest.mark.parametrize("chosen", [0, 1])
def test_of_several_currencies_the_shops_of_the_chosen_one_are_freshened(
    two: Living, impatient: None, chosen: int
) -> None:
    known = two.here.accounts.workspace("default")
    currencies = [known.shop(shop_id).currency for shop_id in two.shops]
    assert len(set(currencies)) == 2
    two.pass_time(8 * HOUR)
    asked = {"shops": "all", "currency": currencies[chosen]}
    answer = two.ask("shop_id", "orders", options=asked)
    assert answer.rows == [[two.shops[chosen], 60]]
    assert answer.about["stale"], "nobody works"


def test_of_two_shops_the_one_that_fails_is_named(two: Living) -> None:
    two.pass_time(8 * HOUR)
    bad = two.world.cipher(two.world.shops[1])

    def fault(asked: Asked) -> Any:
        is_bad = asked.query.get("shop_cipher") == bad
        return refuses(36009003, "Internal error", 503) if is_bad else None

    two.wire.faults = [fault]
    with two.worker():
        answer = two.ask("shop_id", "orders", options={"shops": "all"})
    counts = dict(answer.rows)
    assert (counts[two.shops[0]] > 60, counts[two.shops[1]]) == (True, 60)
    assert answer.about["stale"]
    (note,) = (one for one in answer.about["notes"] if "TikTok" in one)
    assert note.startswith(two.here.accounts.workspace("default").shop(two.shops[1]).name)
