"""A lost or changed file among the columns: the next question is answered rightly, from columns
that were made again (the order of bytes in a segment is no business of whoever asks)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from app import create_app
from backfill.checking import Checking
from store.engine import Engine, UnreadableSegment
from tests.answering import Answering, HandMadeShop, StandingClock, answering, fill
from tests.store_rows import FakeClock

pytestmark = pytest.mark.slow

SHOP = HandMadeShop("7000001", "Shop", "US")
Damage = Callable[[Path], None]


@pytest.fixture
def test(tmp_path: Path) -> Iterator[Answering]:
    made = answering(tmp_path)
    shop = made.shop(SHOP)
    fill(made, shop)
    made.cover(shop, "2026-07-01", "2026-08-20", "orders", "returns", "cancellations")
    made.publish(shop)
    yield made
    made.here.close()


def another_process(test: Answering) -> Answering:
    app = create_app(test.here.settings, StandingClock())
    return Answering(app, app.extensions["installation"], test.key)


def segments(test: Answering, table: str = "orders") -> list[Path]:
    row = test.here.accounts.workspace("default").shop(SHOP.id)
    manifest = test.here.stores.columns(row.workspace_id, row.shop_id).manifest()
    return [one.path for one in manifest.segments[table]]


def lose(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def change_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


EACH = pytest.mark.parametrize("damage", [lose, cut_off, change_a_bit, empty])


@EACH
def test_damage_from_before_the_process_began_is_never_answered_from(
    test: Answering, damage: Damage
) -> None:
    for path in segments(test, "order_line_items") + segments(test):
        damage(path)
    other = another_process(test)
    # 25.50 + 8.25 + 100.00, without the unpaid 5.50.
    assert other.rows("orders", "gmv") == [[4, 133.75]]
    other.here.close()


@pytest.mark.parametrize("damage", [lose, cut_off, empty])
def test_damage_that_the_engine_notices_later_is_mended_before_the_answer(
    test: Answering, damage: Damage
) -> None:
    assert test.rows("orders") == [[4]]
    for path in segments(test):
        damage(path)
    assert test.rows("order_status", "orders") == [
        ["AWAITING_SHIPMENT", 1],
        ["CANCELLED", 1],
        ["COMPLETED", 1],
        ["UNPAID", 1],
    ]


def test_the_currencies_of_a_schema_are_answered_then_too(test: Answering) -> None:
    for path in segments(test):
        lose(path)
    response = test.post("getSchema", {"configParams": {"shops": "all"}})
    assert response.status_code == 200


def test_while_they_cannot_be_made_again_a_sentence_says_so(
    test: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for path in segments(test):
        lose(path)
    monkeypatch.setattr("store.columns.publish_month", full)
    status, code, message = test.refused("orders")
    assert (status, code) == (503, "not_ready")
    assert message.startswith("Some of the stored numbers were damaged on the server")
    monkeypatch.undo()
    assert test.rows("orders") == [[4]]


def test_a_bit_that_changes_later_is_found_within_a_day(test: Answering) -> None:
    assert test.rows("orders") == [[4]]
    clock = test.here.clock
    shops = test.here.accounts.all_shops
    checking = Checking(test.here.stores, shops, clock)
    checking.next_due()
    before = segments(test)
    for path in before:
        change_a_bit(path)
    checking.next_due()
    assert segments(test) == before, "it was checked a moment ago"
    Checking(test.here.stores, shops, clock).next_due()
    assert set(segments(test)).isdisjoint(before)
    assert test.rows("order_id", "gmv")[0] == ["A", 25.5]


def test_shops_are_checked_one_after_the_other_each_once_a_day() -> None:
    class Noting:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def columns(self, _workspace_id: str, shop_id: str) -> Noting:
            self.seen.append(shop_id)
            return self

        def mend(self) -> bool:
            return False

    stores, clock = Noting(), FakeClock()
    shops = [SimpleNamespace(workspace_id="w", shop_id=shop_id) for shop_id in "12"]
    checking = Checking(cast(Any, stores), lambda: cast(Any, shops), clock)
    for _ in range(3):
        checking.next_due()
        clock.instant += 15.0
    assert stores.seen == ["1", "2"]
    clock.instant += 86_400.0
    checking.next_due()
    assert stores.seen == ["1", "2", "1"]


def test_what_the_engine_cannot_do_for_another_reason_stays_our_mistake() -> None:
    engine = Engine()
    with pytest.raises(duckdb.Error) as found:
        engine.query("SELECT nothing_of_the_kind")
    assert not isinstance(found.value, UnreadableSegment)
    engine.close()


def test_a_file_that_is_not_there_is_named_so(tmp_path: Path) -> None:
    engine = Engine()
    with pytest.raises(UnreadableSegment):
        engine.query(f"SELECT * FROM read_parquet('{tmp_path}/none.parquet')")
    engine.close()
