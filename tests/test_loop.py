"""Several stages of a run side by side: no call is lost between them, and whatever happens to one,
the others are left as they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from backfill.stages import in_order
from tests.importing import Asked, ShopUnderTest, digests, refuses

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    made = ShopUnderTest(tmp_path)
    yield made
    made.close()


def states(shop: ShopUnderTest) -> dict[str, str]:
    return {name: one.state for name, one in shop.records.progress().items()}


class HeldUp:
    """The first call of `resource` is answered when `others` have been asked for, or after 10 s."""

    def __init__(self, resource: str, *others: str) -> None:
        self.resource = resource
        self.missing = set(others)
        self.came = threading.Event()

    def __call__(self, asked: Asked) -> None:
        self.missing.discard(asked.resource)
        if not self.missing:
            self.came.set()
        if asked.resource == self.resource:
            self.came.wait(10)


def test_while_a_call_takes_long_the_stages_after_it_go_on(shop: ShopUnderTest) -> None:
    held = HeldUp("warehouses", "orders", "returns", "statements", "unsettled")
    shop.between.faults = [held]
    assert shop.work(data=["products", "orders", "finance"]).state == "done"
    assert held.missing == set()


def test_side_by_side_or_one_after_the_other_the_tables_are_the_same(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    read = ["products", "orders", "finance"]
    assert shop.work(in_flight=8, data=read).state == "done"
    folder = tmp_path / "one"
    folder.mkdir()
    alone = ShopUnderTest(folder)
    assert alone.work(in_flight=1, data=read).state == "done"
    assert sorted(one.path for one in alone.calls) == sorted(one.path for one in shop.calls)
    alone.close()
    assert digests(tmp_path / "records.sqlite") == digests(folder / "records.sqlite")


def test_with_one_call_at_a_time_stages_come_in_their_order(shop: ShopUnderTest) -> None:
    shop.work(data=["orders", "products"], in_flight=1)
    came = [asked.resource for asked in shop.calls if asked.resource != "fbt"]  # several stages
    first = list(dict.fromkeys(came))
    assert first[:5] == ["warehouses", "products", "orders", "returns", "cancellations"]
    assert came == sorted(came, key=first.index), "each has ended before the next begins"


def test_what_was_in_flight_beside_a_failure_is_kept(shop: ShopUnderTest) -> None:
    """TikTok's list of returns is away: the run waits, and so do the stages beside it, which say
    for what. Nothing is left running."""

    def away(asked: Asked) -> requests.Response | None:
        return refuses(36009003, "internal", 500) if asked.resource == "returns" else None

    shop.between.faults = [away]
    outcome = shop.work(data=["products", "orders"], in_flight=8)
    assert outcome.state == "waiting"
    found = shop.records.progress()
    assert {one.state for one in found.values()} <= {"done", "waiting", "pending"}
    assert found["returns"].error == outcome.message
    beside = [one for name, one in found.items() if one.state == "waiting" and name != "returns"]
    assert all(one.waits_for == outcome.message and not one.error for one in beside)
    before = len(shop.calls)
    shop.between.faults = []
    assert shop.work(data=["products", "orders"]).state == "done"
    kept = [one for one in shop.calls[:before] if one.resource != "returns"]
    again = {(one.path, str(one.body)) for one in shop.calls[before:]}
    assert not [one for one in kept if (one.path, str(one.body)) in again]


def test_lost_access_says_more_than_a_bad_moment(shop: ShopUnderTest) -> None:
    """Two calls are in flight. One finds TikTok away, the other the shop closed: waiting would not
    help."""
    both = threading.Barrier(2, timeout=10)

    def fault(asked: Asked) -> requests.Response | None:
        if asked.resource == "warehouses":
            if asked.number <= 2:
                both.wait()
            return refuses(36009003, "internal", 500)
        if asked.resource == "products":
            both.wait()
            return refuses(36009043, "shop closed", 401)
        return None

    shop.between.faults = [fault]
    outcome = shop.work(data=["products"], in_flight=2)
    assert (outcome.state, outcome.closed) == ("blocked", True)
    assert states(shop)["products"] == "blocked"


@pytest.mark.parametrize("in_flight", [1, 8])
def test_what_nobody_expected_leaves_no_stage_running(
    shop: ShopUnderTest, in_flight: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("backfill.stage_run.StageRun._settle_window", explode)
    with pytest.raises(ZeroDivisionError):
        shop.work(in_flight=in_flight)
    found = states(shop)
    assert found.keys() == {stage.name for stage in in_order()}
    assert "failed" in found.values()
    assert "running" not in found.values()
    failed = [one for one in shop.records.progress().values() if one.state == "failed"]
    assert {one.error for one in failed} == {"Something unexpected happened."}


def test_a_disk_that_cannot_be_written_leaves_no_stage_running_once_it_can(
    shop: ShopUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.columns.publish = _no_space
    outcome = shop.work(data=["products"])
    assert outcome.state == "waiting"
    assert "cannot write" in outcome.message
    assert "running" not in states(shop).values()
    shop.columns.publish = lambda *, force=False: False
    assert shop.work(data=["products"]).state == "done"


def _no_space(*, force: bool = False) -> bool:
    raise OSError("no space left on device")


def test_a_stop_leaves_all_that_were_under_way_waiting_for_a_worker(shop: ShopUnderTest) -> None:
    held = HeldUp("warehouses", "orders", "returns")
    shop.between.faults = [held]
    read = ["products", "orders"]
    outcome = shop.work(stop=held.came.is_set, in_flight=8, data=read)
    assert outcome.state == "waiting"
    found = shop.records.progress()
    assert "running" not in states(shop).values()
    waiting = [one for one in found.values() if one.state == "waiting"]
    assert waiting
    assert {one.waits_for for one in waiting} == {"a worker"}
    assert shop.work(data=read).state == "done"
