"""The short pull that a request asks for: what it asks TikTok, what it shows, what it leaves alone.

The shop is the simulator's with 120 orders in the ten days before NOW, imported at NOW; its clock
is moved by the tests. Calls are counted by hand.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from backfill.age import FED, shown_coverage, stale_stages
from backfill.fetch import PageRows, Source, WindowReading
from backfill.freshen import Tools, freshen
from backfill.pulls import LOOK_BACK_SECONDS, MOST_CALLS
from backfill.run import Outcome
from backfill.stage import Context
from backfill.stages import BY_NAME
from catalogue.facts import FACTS
from catalogue.tables import ORDERS
from sample_shop.control import rows_of
from sample_shop.world import seeded_world
from store.columns import ShopColumns
from store.commits import Commit, Covered
from store.engine import Engine
from store.fencing import Fenced
from store.freshness import Freshness
from store.manifest_file import pending
from store.records import ShopRecords
from store.segments import Manifest
from tests.importing import DAY, NOW, Asked, ShopUnderTest, digests, hashed_buyer, refuses
from tiktok_shop.endpoints import ENDPOINTS, IdFilter
from tiktok_shop.paging import Page, bad_page

pytestmark = pytest.mark.slow

HOUR = 3_600
#: NOW is the morning of 12 September 2026 in the shop's zone, Chicago.
TODAY = 1_789_171_200
ZONE = "America/Chicago"
LAG = 180
BOOKS = ("_windows", "_progress", "_checkpoints")


class Shop(ShopUnderTest):
    def __init__(self, folder: Path) -> None:
        world = seeded_world(7, 120, 10, now=NOW, products=25, wall=lambda: NOW)
        super().__init__(folder, world, columns=True)

    def pass_time(self, seconds: int) -> None:
        self.world.clock.set_to(self.world.clock.now() + seconds)
        self.clock.instant += seconds
        self.access.token = self.simulator.gateway.office.exchange().access

    @property
    def now(self) -> int:
        return int(self.clock.now())

    def pull(self, *stages: str, stop: bool = False, token: int | None = None) -> Outcome:
        self.calls.clear()
        tools = Tools(
            records=self.records,
            columns=self.columns,
            source=Source(self.client.trying(1), self.access, "tail"),
            buyer=hashed_buyer,
            clock=self.clock,
            zone=ZONE,
        )
        return freshen(
            stages,
            tools,
            token=token or self.records.grant("tail", 1),
            renew=lambda: None,
            stop=lambda: stop,
        )

    def asked(self, axis: str, resource: str = "orders") -> list[tuple[int, int]]:
        """The windows asked for on a time of the record; the upper bound is left out."""
        return sorted(
            (call.body[f"{axis}_ge"], call.body.get(f"{axis}_lt") or call.body[f"{axis}_le"] + 1)
            for call in self.calls
            if call.resource == resource
            and f"{axis}_ge" in call.body
            and "page_token" not in call.query
        )

    def covered(self, resource: str = "orders") -> list[tuple[int, int, int]]:
        return [(one.start, one.end, one.read_at) for one in self.records.readings(resource)]

    def books(self) -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: [tuple(row) for row in self.records.query(f"SELECT * FROM {name}")]
            for name in BOOKS
        }

    def states(self) -> dict[str, str]:
        """Of all orders, as stored."""
        found = self.records.query("SELECT order_id, status FROM orders")
        return {row["order_id"]: row["status"] for row in found}

    def true_states(self) -> dict[str, str]:
        rows = rows_of(self.simulator.gateway, "orders", None)
        return {row["id"]: row["status"] for row in rows}

    def shown(self, table: str, resource: str) -> list[tuple[int, int]]:
        """What the segments promise of a resource; the table must be in them."""
        manifest = self.columns.manifest()
        assert manifest.segments[table]
        return [(one.start, one.end) for one in manifest.covered(resource)]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with orders, products and finance as of NOW; each test works on a copy."""
    folder = tmp_path_factory.mktemp("imported")
    made = Shop(folder)
    assert made.work(data=["products", "orders", "finance"]).state == "done"
    made.close()
    return folder


@pytest.fixture
def shop(imported: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(imported, tmp_path, dirs_exist_ok=True)
    made = Shop(tmp_path)
    yield made
    made.close()


# --- what is asked ---


def test_orders_are_asked_for_what_changed_and_what_is_new_since_they_were_read(
    shop: Shop,
) -> None:
    shop.pass_time(2 * HOUR)
    assert shop.pull("orders") == Outcome("done")
    assert shop.asked("update_time") == [(NOW - LOOK_BACK_SECONDS, shop.now)]
    assert shop.asked("create_time") == [(NOW, shop.now)]
    assert len(shop.calls) == 2


def test_a_short_pull_goes_on_where_the_one_before_ended(shop: Shop) -> None:
    shop.pass_time(2 * HOUR)
    shop.pull("orders")
    first = shop.now
    shop.pass_time(HOUR)
    shop.pull("orders")
    assert shop.asked("update_time") == [(first - LOOK_BACK_SECONDS, shop.now)]
    assert shop.asked("create_time") == [(first, shop.now)]


def test_after_a_sync_it_goes_on_where_that_ended(shop: Shop) -> None:
    shop.pass_time(12 * HOUR)
    synced = shop.now
    assert shop.work(lane="forward", began_at=synced, start=None, data=["orders"]).state == "done"
    shop.pass_time(HOUR)
    shop.pull("orders")
    assert shop.asked("update_time") == [(synced - LAG - LOOK_BACK_SECONDS, shop.now)]


def test_only_the_stages_that_were_named_are_read(shop: Shop) -> None:
    shop.pass_time(HOUR)
    shop.pull("returns", "cancellations")
    assert {call.resource for call in shop.calls} == {"returns", "cancellations"}


def test_of_products_only_the_changed_ones_are_asked_for(shop: Shop) -> None:
    shop.pass_time(HOUR)
    shop.pull("products", "product_details")
    assert shop.asked("update_time", "products") == [(NOW - LOOK_BACK_SECONDS, shop.now)]
    changed = shop.records.query(f"SELECT count(*) FROM products WHERE update_time > {NOW}")[0][0]
    assert len(shop.calls) == 1 + changed


def test_stock_is_read_by_a_few_calls_for_what_sold_lately(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifteen listings fit into the calls; the first among them are those that sold."""
    monkeypatch.setattr("backfill.pulls.MOST_CALLS", 1)
    limit = 15
    monkeypatch.setattr(
        "backfill.pulls.ENDPOINTS", _with_limit("inventory_search", "product_ids", limit)
    )
    shop.pass_time(HOUR)
    assert shop.pull("inventory") == Outcome("done")
    (call,) = shop.calls
    sold = {
        row[0]
        for row in shop.records.query(
            "SELECT DISTINCT product_id FROM products JOIN order_line_items AS l USING (product_id)"
            " WHERE l.create_time >= ? AND products.is_auction IS NULL "
            "AND COALESCE(products.status, '') <> 'DELETED'",
            (shop.now - DAY,),
        )
    }
    assert 2 < len(sold) <= limit
    assert len(call.body["product_ids"]) == limit
    assert sold <= set(call.body["product_ids"])
    assert shop.records.freshness("inventory") == Freshness(looked_at=shop.now)


def _with_limit(endpoint: str, name: str, limit: int) -> Any:
    changed = replace(ENDPOINTS[endpoint], id_filters=(IdFilter(name, limit),))
    return {**ENDPOINTS, endpoint: changed}


def test_stock_of_a_small_shop_is_read_whole(shop: Shop) -> None:
    shop.pass_time(HOUR)
    shop.pull("inventory")
    assert 0 < len(shop.calls) <= MOST_CALLS
    assert shop.records.freshness("inventory") == Freshness(read_at=shop.now)
    rows = shop.records.query(
        "SELECT count(*) FROM sku_inventory JOIN products USING (product_id) "
        f"WHERE sku_inventory.last_seen_at < {shop.now} AND products.status <> 'DELETED'"
    )
    assert rows[0][0] == 0


def test_of_statements_only_the_newest_days_are_asked_for(shop: Shop) -> None:
    shop.pass_time(DAY)
    end = shop.records.coverage("statements")[-1].end
    shop.pull("statements", "statement_transactions")
    first, *others = shop.calls
    assert first.query["statement_time_ge"] == str(end - 3 * DAY)
    stored = shop.records.query(
        f"SELECT count(*) FROM statements WHERE transactions_read_at >= {shop.now}"
    )[0][0]
    assert len(others) == stored > 0, "the transactions of new statements"
    assert shop.records.coverage("statement_transactions")[-1].end == shop.now


def test_what_was_never_imported_is_left_to_the_import(shop: Shop) -> None:
    assert shop.pull("shop_performance", "video_performance") == Outcome("done")
    assert shop.calls == []


def test_a_gap_of_weeks_is_left_to_the_sync(shop: Shop) -> None:
    """Of the changes three days are read; it is not said that all are there."""
    shop.pass_time(20 * DAY)
    shop.pull("orders")
    assert shop.asked("update_time") == [(shop.now - 3 * DAY, shop.now)]
    assert shop.covered() == [(NOW - 10 * DAY - NOW % DAY, NOW, NOW)]
    assert shop.records.freshness("orders") == Freshness(looked_at=shop.now)


# --- what becomes of it ---


def test_orders_are_as_tiktok_has_them_now(shop: Shop) -> None:
    before = shop.states()
    shop.pass_time(6 * HOUR)
    shop.pull("orders")
    after = shop.states()
    assert after == shop.true_states()
    assert len(after) > len(before)
    assert any(after[order] != status for order, status in before.items())


def test_what_came_is_in_the_segments_at_once_and_covered(shop: Shop) -> None:
    shop.pass_time(6 * HOUR)
    shop.pull("orders")
    assert shop.shown("orders", "orders")[-1][1] == shop.now
    manifest = shop.columns.manifest()
    assert manifest.freshness["orders"] == Freshness(read_at=shop.now)
    engine = Engine()
    found = engine.query(f"SELECT order_id, status FROM {manifest.scan(ORDERS)}").to_pylist()
    engine.close()
    assert {row["order_id"]: row["status"] for row in found} == shop.true_states()


def test_no_checkpoint_window_or_progress_moves(shop: Shop) -> None:
    shop.pass_time(6 * HOUR)
    before = shop.books()
    assert before["_windows"]
    shop.pull(*(stage for stages in FED.values() for stage in stages))
    assert len(shop.calls) > 10
    assert shop.books() == before


def test_what_was_covered_before_keeps_the_time_of_its_reading(shop: Shop) -> None:
    (before,) = shop.covered()
    shop.pass_time(6 * HOUR)
    shop.pull("orders")
    assert shop.covered() == [before, (NOW, shop.now, shop.now)]
    shown = shown_coverage(shop.columns.manifest())["orders"]
    assert [one.read_at for one in shown] == [shop.now], "but all of it is as of now"


def test_a_sync_after_short_pulls_leaves_everything_as_if_it_had_been_imported_then(
    shop: Shop, tmp_path: Path
) -> None:
    for _ in range(3):
        shop.pass_time(4 * HOUR)
        shop.pull("orders", "returns", "cancellations")
    assert shop.work(lane="forward", began_at=shop.now, start=None, data=["orders"]).state == "done"
    other = ShopUnderTest(_made(tmp_path / "other"), shop.world)
    other.clock.instant = shop.clock.instant
    other.work(began_at=shop.now, data=["orders"])
    for table in ("orders", "order_line_items", "returns", "cancellations"):
        ours, theirs = (digests(one.records.path)[table] for one in (shop, other))
        assert ours == theirs, table
    other.close()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_repeating_changes_nothing(shop: Shop) -> None:
    shop.pass_time(6 * HOUR)
    shop.pull("orders", "products")
    before = digests(shop.records.path)
    shop.pull("orders", "products")
    assert digests(shop.records.path) == before


def test_a_publication_that_began_before_does_not_take_back_what_is_promised(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short pull ends between the two looks of a whole publication."""
    shop.pass_time(HOUR)
    shop.records.commit(
        "backward",
        shop.records.grant("backward", 1),
        Commit(covered=(Covered("warehouses", 0, NOW, shop.now),)),
    )

    def meanwhile(*arguments: Any) -> Any:
        monkeypatch.setattr("store.columns.pending", pending)
        shop.pull("orders")
        return pending(*arguments)

    monkeypatch.setattr("store.columns.pending", meanwhile)
    shop.columns.publish(force=True)
    assert shop.shown("orders", "orders")[-1][1] == shop.now


def test_a_file_of_an_older_release_is_answered_from_before_anybody_opens_it_to_write(
    shop: Shop,
) -> None:
    with closing(sqlite3.connect(shop.records.path)) as connection, connection:
        connection.execute("DROP TABLE _freshness")
        connection.execute("DROP TABLE _window_counts")
        connection.execute("DELETE FROM _migrations WHERE number = 3")
    older = ShopColumns(shop.records.path, shop.columns.folder, shop.clock)
    assert older.manifest().covered("orders")
    assert older.manifest().freshness == {}
    older.close()
    opened = ShopRecords.open(shop.records.path)
    assert opened.freshness("orders") == Freshness()
    assert opened.window_counts("shop_exposure_daily", "2026-09-01", "2026-09-02") is None
    opened.close()


# --- what goes wrong ---


def only(resource: str, code: int, message: str, status: int) -> Any:
    def fault(asked: Asked) -> requests.Response | None:
        return refuses(code, message, status) if asked.resource == resource else None

    return fault


def test_without_permission_for_one_stage_the_others_are_read(shop: Shop) -> None:
    shop.between.faults.append(only("returns", 105005, "Access denied", 401))
    shop.pass_time(HOUR)
    assert shop.pull("orders", "returns") == Outcome("done")
    assert shop.records.freshness("orders") == Freshness(read_at=shop.now)
    assert shop.records.freshness("returns") == Freshness(looked_at=shop.now)


def test_while_tiktok_is_down_the_pull_fails_and_nothing_is_said(shop: Shop) -> None:
    shop.between.faults.append(only("orders", 36009003, "Internal error", 503))
    shop.pass_time(HOUR)
    outcome = shop.pull("orders")
    assert outcome.state == "failed"
    assert "TikTok" in outcome.message
    assert shop.records.freshness("orders") == Freshness()
    assert shop.shown("orders", "orders")[-1][1] == NOW


def test_rows_that_came_before_tiktok_went_away_are_shown(shop: Shop) -> None:
    """The changes come; the list of what is new does not."""

    def fault(asked: Asked) -> requests.Response | None:
        is_new = "create_time_ge" in asked.body
        return refuses(36009003, "Internal error", 503) if is_new else None

    shop.between.faults.append(fault)
    shop.pass_time(6 * HOUR)
    version = shop.columns.manifest().version["orders"]
    assert shop.pull("orders").state == "failed"
    assert shop.columns.manifest().version["orders"] > version
    assert shop.records.freshness("orders") == Freshness()


def test_a_page_that_cannot_be_read_fails_the_pull_and_what_else_came_is_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = WindowReading.read

    def reading(self: WindowReading, page: Page, context: Context) -> PageRows:
        if not self.by_update:
            raise bad_page(ENDPOINTS["order_search"], page.reply, "a record is not JSON")
        return read(self, page, context)

    monkeypatch.setattr(WindowReading, "read", reading)
    shop.pass_time(6 * HOUR)
    version = shop.columns.manifest().version["orders"]
    assert shop.pull("orders").state == "failed"
    assert shop.columns.manifest().version["orders"] > version
    assert shop.records.freshness("orders") == Freshness()


def test_one_listing_that_tiktok_will_not_show_does_not_hold_up_the_others(shop: Shop) -> None:
    shop.between.faults.append(only("product", 12052900, "product not found", 400))
    shop.pass_time(3 * DAY)
    assert shop.pull("products", "product_details") == Outcome("done")
    assert shop.records.freshness("products") == Freshness(read_at=shop.now)
    assert shop.records.freshness("product_details").read_at == 0


def test_a_worker_that_ends_leaves_the_pull(shop: Shop) -> None:
    shop.pass_time(HOUR)
    assert shop.pull("orders", stop=True).state == "failed"


def test_a_lost_lease_writes_nothing(shop: Shop) -> None:
    token = shop.records.grant("tail", 1)
    shop.records.grant("tail", 2)
    shop.pass_time(6 * HOUR)
    before = shop.states()
    with pytest.raises(Fenced):
        shop.pull("orders", token=token)
    assert shop.states() == before


# --- figures by day ---


@pytest.fixture(scope="module")
def with_figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    made = Shop(folder)
    assert made.work(data=["analytics"], start=TODAY - 3 * DAY + 6 * HOUR).state == "done"
    made.close()
    return folder


@pytest.fixture
def figures(with_figures: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(with_figures, tmp_path, dirs_exist_ok=True)
    made = Shop(tmp_path)
    yield made
    made.close()


def test_a_new_day_of_figures_is_one_call_and_is_shown(figures: Shop) -> None:
    assert figures.shown("shop_performance_daily", "shop_performance")[-1][1] == TODAY
    figures.pass_time(DAY)
    assert figures.pull("shop_performance") == Outcome("done")
    (call,) = figures.calls
    assert (call.query["start_date_ge"], call.query["end_date_lt"]) == ("2026-09-12", "2026-09-13")
    assert figures.shown("shop_performance_daily", "shop_performance")[-1][1] == TODAY + DAY


def test_a_day_that_tiktok_does_not_have_yet_is_neither_kept_nor_covered(figures: Shop) -> None:
    """At NOW the list of products ends with the 10th, while the 11th was asked for."""
    assert figures.shown("product_performance_daily", "product_performance")[-1][1] == TODAY - DAY
    figures.pass_time(60)
    figures.pull("product_performance")
    assert [call.query["start_date_ge"] for call in figures.calls] == ["2026-09-11"]
    assert figures.shown("product_performance_daily", "product_performance")[-1][1] == TODAY - DAY
    assert figures.records.freshness("product_performance") == Freshness(looked_at=figures.now)


def test_stages_that_fill_one_table_are_read_one_after_the_other(figures: Shop) -> None:
    figures.pass_time(DAY)
    figures.pull("shop_performance", "shop_exposure")
    row = figures.records.query(
        "SELECT orders_count, buyers FROM shop_performance_daily WHERE date = '2026-09-12'"
    )[0]
    assert None not in tuple(row)


# --- how old is too old ---


def manifest(resource: str, end: int, covered_at: int, newest: int = 0, **seen: float) -> Manifest:
    return Manifest(
        coverage={resource: (Covered(resource, end - 30 * DAY, end, covered_at),)},
        newest_reading={resource: newest or covered_at},
        freshness={resource: Freshness(**seen)},
    )


@pytest.mark.parametrize(
    ("resource", "known", "stale"),
    [
        ("orders", manifest("orders", NOW, NOW - 299), []),
        ("orders", manifest("orders", NOW, NOW - 301), ["orders"]),
        ("orders", manifest("orders", NOW, NOW - DAY, read_at=NOW - 299), []),
        ("orders", manifest("orders", NOW, NOW - DAY, told_at=NOW - 299), []),
        ("orders", manifest("orders", NOW, NOW - DAY, looked_at=NOW - 299), []),
        # A window was read a minute ago, the changes of the others were not.
        ("orders", manifest("orders", NOW, NOW - DAY, newest=NOW - 60), ["orders"]),
        # Statements of a month ago were read a month ago; the newest ones just now.
        ("statements", manifest("statements", NOW, NOW - 30 * DAY, newest=NOW - 60), []),
        ("shop_performance", manifest("shop_performance", TODAY, NOW - DAY), []),
        ("shop_performance", manifest("shop_performance", TODAY - DAY, NOW - DAY), ["itself"]),
        (
            "shop_performance",
            manifest("shop_performance", TODAY - DAY, NOW - DAY, looked_at=NOW - 1_799),
            [],
        ),
        (
            "shop_performance_hourly",
            manifest("shop_performance_hourly", TODAY + 8 * HOUR, NOW - DAY),
            [],
        ),
        (
            "shop_performance_hourly",
            manifest("shop_performance_hourly", TODAY + 7 * HOUR, NOW - DAY),
            ["itself"],
        ),
        # An order a call, so many a day: only imports read them.
        ("external_orders", manifest("external_orders", NOW, NOW - 9 * DAY), []),
        ("orders", Manifest(), []),
    ],
)  # fmt: skip
def test_what_changes_all_day_is_old_after_five_minutes_and_figures_when_a_day_is_over(
    resource: str, known: Manifest, stale: list[str]
) -> None:
    """NOW is 08:46 in the shop's zone."""
    expected = [resource if name == "itself" else name for name in stale]
    assert stale_stages(resource, known, NOW, ZONE) == expected


def test_every_fact_is_fed_by_what_a_short_pull_or_an_import_alone_reads() -> None:
    imports_alone = {"shops", "external_orders", "statement_transaction_skus"}
    assert {fact.fed_by for fact in FACTS.values()} <= {*FED, *imports_alone}
    assert {stage for stages in FED.values() for stage in stages} <= set(BY_NAME)
