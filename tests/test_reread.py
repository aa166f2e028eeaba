"""Reading records again by id: what they become, what stays as it was, and what goes wrong."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from backfill.fetch import Source
from backfill.reread import Tools, reread
from backfill.run import Outcome
from catalogue.tables import ORDERS
from sample_shop import control
from sample_shop.world import seeded_world
from store import hurried, manifest_file
from store.columns import ShopColumns
from store.commits import Commit, Write
from store.fencing import Fenced
from tests.importing import NOW, Asked, ShopUnderTest, hashed_buyer, refuses

pytestmark = pytest.mark.slow

HOUR = 3600
#: Bookkeeping tables that only an import may change.
KNOWLEDGE = ("_windows", "_coverage", "_published_coverage", "_progress", "_checkpoints")


class _NotShown:
    """Columns that nobody looks at: most tests are about records."""

    def publish_rows(self, writes: Iterable[Write], *_: Any, **_more: Any) -> bool:
        return bool(writes)


class Shop(ShopUnderTest):
    """A shop of its own clock. Without `columns` nothing that is read again is published."""

    def __init__(self, folder: Path, *, columns: bool = False) -> None:
        world = seeded_world(7, 120, 10, now=NOW, products=25, wall=lambda: NOW)
        super().__init__(folder, world, columns=columns)
        self.gateway = self.between.behind.gateway  # type: ignore[attr-defined]

    def pass_hours(self, hours: int) -> None:
        """The shop goes on for so long; so does our clock."""
        self.world.clock.set_to(self.world.clock.now() + hours * HOUR)
        self.clock.instant += hours * HOUR

    def rows_now(self, table: str) -> list[dict[str, Any]]:
        """TikTok's side, as of now."""
        return list(control.rows_of(self.gateway, table, None))

    def changed(self, table: str, name: str) -> list[str]:
        """Ids of records that changed since NOW."""
        return [row[name] for row in self.rows_now(table) if row["update_time"] > NOW]

    def again(
        self, stop: Any = lambda: False, ledger_token: int = 1, **named: Sequence[str]
    ) -> Outcome:
        self.calls.clear()
        tools = Tools(
            records=self.records,
            columns=self.columns if isinstance(self.columns, ShopColumns) else _NotShown(),
            source=Source(self.client, self.access, "tail"),
            buyer=hashed_buyer,
            clock=self.clock,
        )
        return reread(named, tools, ledger_token=ledger_token, renew=lambda: None, stop=stop)

    def stored(self, table: str, key: str) -> dict[str, dict[str, Any]]:
        found = self.records.query(f"SELECT * FROM {table}")
        return {row[key]: dict(row) for row in found}

    def knowledge(self) -> dict[str, list[tuple[Any, ...]]]:
        return {
            name: [tuple(row) for row in self.records.query(f"SELECT * FROM {name}")]
            for name in KNOWLEDGE
        }


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything as of NOW; each test works on a copy."""
    folder = tmp_path_factory.mktemp("imported")
    made = Shop(folder, columns=True)
    assert made.work(data=["products", "orders"]).state == "done"
    made.close()
    return folder


@pytest.fixture
def shop(imported: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copy(imported / "records.sqlite", tmp_path)
    made = Shop(tmp_path)
    yield made
    made.close()


def test_an_order_is_stored_as_it_is_now(shop: Shop) -> None:
    shop.pass_hours(12)
    changed = shop.changed("orders", "id")
    assert len(changed) > 10
    asked, *others = changed
    before = shop.stored("orders", "order_id")
    assert shop.again(orders=[asked]) == Outcome("done")
    after = shop.stored("orders", "order_id")
    (truth,) = (row for row in shop.rows_now("orders") if row["id"] == asked)
    assert (after[asked]["status"], after[asked]["update_time"]) == (
        truth["status"],
        truth["update_time"],
    )
    assert after[asked]["fetched_at"] == NOW + 12 * HOUR
    assert {other: after.get(other) for other in others} == {
        other: before.get(other) for other in others
    }


def test_reading_by_id_stores_the_same_rows_as_an_import(shop: Shop, tmp_path: Path) -> None:
    shop.pass_hours(30)
    shop.again(
        orders=shop.changed("orders", "id"),
        returns=shop.changed("returns", "return_id"),
        cancellations=shop.changed("cancellations", "cancel_id"),
    )
    folder = tmp_path / "anew"
    folder.mkdir()
    anew = ShopUnderTest(folder, shop.world)
    anew.clock.instant = shop.clock.instant
    anew.work(began_at=NOW + 30 * HOUR, data=["orders"])
    for table in ("orders", "order_line_items", "returns", "return_line_items", "cancellations"):
        assert content(shop.records.path, table) == content(anew.records.path, table), table
    anew.close()


def content(path: Path, table: str) -> set[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    kept = [name for name in rows[0].keys() if name not in ("fetched_at", "last_seen_at")]  # noqa: SIM118
    return {tuple(row[name] for name in kept) for row in rows}


def test_windows_coverage_progress_and_checkpoints_stay_as_they_were(shop: Shop) -> None:
    before = shop.knowledge()
    shop.pass_hours(30)
    shop.again(
        orders=shop.changed("orders", "id"),
        returns=shop.changed("returns", "return_id"),
        products=[row["id"] for row in shop.rows_now("products")][:3],
    )
    assert shop.knowledge() == before


def test_reading_again_what_did_not_change_changes_nothing(shop: Shop) -> None:
    before = shop.stored("orders", "order_id")
    shop.clock.instant += 60
    assert shop.again(orders=list(before)[:5]).state == "done"
    after = shop.stored("orders", "order_id")
    for order_id, row in before.items():
        seen = {"last_seen_at": after[order_id]["last_seen_at"]}
        assert after[order_id] == row | seen


def test_an_older_answer_does_not_replace_a_newer_row(shop: Shop) -> None:
    shop.pass_hours(12)
    order_id = shop.changed("orders", "id")[0]
    shop.again(orders=[order_id])
    newer = shop.stored("orders", "order_id")[order_id]

    def long_ago(_asked: Asked, data: dict[str, Any]) -> None:
        for order in data["orders"]:
            order |= {"status": "UNPAID", "update_time": newer["update_time"] - 1}

    shop.between.change = long_ago
    shop.clock.instant += 60
    shop.again(orders=[order_id])
    assert shop.stored("orders", "order_id")[order_id]["status"] == newer["status"]


def test_fifty_orders_go_into_one_call(shop: Shop) -> None:
    ids = list(shop.stored("orders", "order_id"))[:51]
    shop.again(orders=ids)
    assert [len(asked.query["ids"].split(",")) for asked in shop.calls] == [50, 1]


def test_returns_and_cancellations_are_asked_for_by_their_ids(shop: Shop) -> None:
    returns = list(shop.stored("returns", "return_id"))[:2]
    cancels = list(shop.stored("cancellations", "cancel_id"))[:2]
    shop.again(cancellations=cancels, returns=returns)
    assert [(asked.resource, asked.body) for asked in shop.calls] == [
        ("returns", {"return_ids": returns}),
        ("cancellations", {"cancel_ids": cancels}),
    ]


def test_a_product_takes_its_state_from_the_list_and_its_details_from_the_detail(
    shop: Shop,
) -> None:
    product_id = shop.rows_now("products")[0]["id"]

    def other_state(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "products":
            data["products"][0] |= {"status": "SELLER_DEACTIVATED", "update_time": NOW + 5}
        else:
            data |= {"brand": {"id": "77", "name": "New brand"}, "update_time": NOW + 5}

    shop.between.change = other_state
    shop.clock.instant += 60
    shop.again(products=[product_id])
    row = shop.stored("products", "product_id")[product_id]
    assert (row["status"], row["brand_name"], row["update_time"]) == (
        "SELLER_DEACTIVATED",
        "New brand",
        NOW + 5,
    )


def test_a_new_product_is_read_with_its_stock(shop: Shop) -> None:
    product_id = shop.rows_now("products")[0]["id"]
    with closing(sqlite3.connect(shop.records.path)) as connection, connection:
        for table in ("products", "product_skus", "inventory", "sku_inventory"):
            connection.execute(f"DELETE FROM {table} WHERE product_id = ?", (product_id,))
    shop.again(inventory=[product_id], products=[product_id])
    row = shop.stored("products", "product_id")[product_id]
    assert row["title"]
    assert row["main_image_url"]
    skus = shop.records.query(
        "SELECT count(*) FROM product_skus JOIN sku_inventory USING (sku_id) "
        "WHERE product_skus.product_id = ?",
        (product_id,),
    )
    assert skus[0][0] > 0


def test_a_product_without_detail_is_found_in_the_list_by_its_known_skus(shop: Shop) -> None:
    product_id = shop.rows_now("products")[0]["id"]
    shop.between.faults = [
        lambda asked: (
            refuses(12052048, "not available", 200) if asked.resource == "product" else None
        )
    ]

    def deleted(_asked: Asked, data: dict[str, Any]) -> None:
        data["products"][0] |= {"status": "DELETED", "update_time": NOW + 5}

    shop.between.change = deleted
    shop.clock.instant += 60
    assert shop.again(products=[product_id]).state == "done"
    assert shop.stored("products", "product_id")[product_id]["status"] == "DELETED"


def test_a_list_that_ignores_the_filter_gives_no_other_product(shop: Shop) -> None:
    """Product search 202309 knows no filter by SKU."""
    product_id, other = (row["id"] for row in shop.rows_now("products")[:2])
    before = shop.stored("products", "product_id")

    def another(asked: Asked, data: dict[str, Any]) -> None:
        if asked.resource == "products":
            data["products"][0] |= {"id": other, "title": "Not asked for", "update_time": NOW + 5}

    shop.between.change = another
    shop.clock.instant += 60
    shop.again(products=[product_id])
    assert shop.stored("products", "product_id")[other] == before[other]


def test_the_stock_of_a_sku_is_read_by_the_sku(shop: Shop) -> None:
    sku_id = next(iter(shop.stored("sku_inventory", "sku_id")))

    def sold_out(_asked: Asked, data: dict[str, Any]) -> None:
        data["inventory"][0]["skus"][0]["total_available_quantity"] = 0

    shop.between.change = sold_out
    shop.clock.instant += 60
    shop.again(sku_inventory=[sku_id])
    assert [asked.body for asked in shop.calls] == [{"sku_ids": [sku_id]}]
    assert shop.stored("sku_inventory", "sku_id")[sku_id]["total_available_quantity"] == 0


def test_what_lies_in_tiktoks_own_warehouses_is_read_by_sku_and_by_inbound_order(
    shop: Shop,
) -> None:
    sku_id = next(iter(shop.stored("fbt_inventory", "sku_id")))
    inbound = next(iter(shop.stored("inbound_orders", "inbound_order_id")))
    shop.clock.instant += 60
    shop.again(fbt_inventory=[sku_id], inbound_orders=[inbound.removeprefix("IBR")])
    assert [asked.path.rpartition("/fbt/")[2] for asked in shop.calls] == [
        "202408/inventory/search",
        "202409/inbound_orders",
    ]
    assert shop.stored("fbt_inventory", "sku_id")[sku_id]["last_seen_at"] == NOW + 60
    assert shop.stored("inbound_orders", "inbound_order_id")[inbound]["last_seen_at"] == NOW + 60


def test_ids_that_tiktok_does_not_know_leave_everything_as_it_is(shop: Shop) -> None:
    before = shop.stored("orders", "order_id")
    outcome = shop.again(
        orders=["1"], returns=["2"], cancellations=["3"], products=["4"], inventory=["5"]
    )
    assert outcome.state == "done"
    assert shop.stored("orders", "order_id") == before
    assert shop.records.quarantine_count() == 0


def test_one_bad_id_does_not_hold_up_the_others(shop: Shop) -> None:
    shop.pass_hours(12)
    good = shop.changed("orders", "id")[:4]

    def refuse(asked: Asked) -> requests.Response | None:
        bad = "666" in asked.query.get("ids", "").split(",")
        return refuses(36009004, "Invalid parameter. ids") if bad else None

    shop.between.faults = [refuse]
    assert shop.again(orders=[*good[:2], "666", *good[2:]]).state == "done"
    stored = shop.stored("orders", "order_id")
    assert all(stored[order_id]["fetched_at"] > NOW for order_id in good)


def test_a_record_of_a_wrong_shape_is_quarantined_and_the_others_are_kept(shop: Shop) -> None:
    shop.pass_hours(12)
    bad, good = shop.changed("orders", "id")[:2]

    def misshape(_asked: Asked, data: dict[str, Any]) -> None:
        for order in data["orders"]:
            if order["id"] == bad:
                order["create_time"] = {"no": "time"}

    shop.between.change = misshape
    assert shop.again(orders=[bad, good]).state == "done"
    (noted,) = shop.records.quarantined(10)
    assert (noted.resource, noted.path) == ("orders", "orders[0].create_time")
    assert shop.stored("orders", "order_id")[good]["fetched_at"] == NOW + 12 * HOUR


# --- what stands in the way ---


@pytest.mark.parametrize(
    ("code", "status", "state"),
    [
        (36009003, 500, "waiting"),
        (36009002, 429, "waiting"),
        (36009043, 401, "blocked"),
        (106001, 401, "waiting"),
        (101000, 401, "blocked"),
        (105002, 401, "blocked"),
    ],
)
def test_what_ends_an_import_ends_it_here_too(
    shop: Shop, code: int, status: int, state: str
) -> None:
    shop.between.faults = [lambda _asked: refuses(code, "", status)]
    outcome = shop.again(orders=["1"])
    assert outcome.state == state
    assert outcome.message
    assert (outcome.not_before > shop.clock.now()) == (state == "waiting")


def test_what_was_read_before_the_trouble_is_kept(shop: Shop) -> None:
    shop.pass_hours(12)
    order_id = shop.changed("orders", "id")[0]
    shop.between.faults = [
        lambda asked: refuses(36009003, "", 500) if asked.resource == "returns" else None
    ]
    assert shop.again(orders=[order_id], returns=["1"]).state == "waiting"
    assert shop.stored("orders", "order_id")[order_id]["fetched_at"] == NOW + 12 * HOUR


def test_a_missing_permission_for_one_kind_leaves_the_others(shop: Shop) -> None:
    shop.pass_hours(12)
    order_id = shop.changed("orders", "id")[0]
    shop.between.faults = [
        lambda asked: refuses(105005, "", 403) if asked.resource == "returns" else None
    ]
    assert shop.again(orders=[order_id], returns=["1"]).state == "done"
    assert shop.stored("orders", "order_id")[order_id]["fetched_at"] == NOW + 12 * HOUR


def test_a_stop_hands_the_run_back_between_two_calls(shop: Shop) -> None:
    stops = iter([False, True])
    outcome = shop.again(lambda: next(stops), orders=["1"], returns=["2"])
    assert outcome.state == "waiting"
    assert [asked.resource for asked in shop.calls] == ["orders"]


def test_a_worker_that_was_overtaken_writes_nothing(shop: Shop) -> None:
    shop.pass_hours(12)
    order_id = shop.changed("orders", "id")[0]
    before = shop.stored("orders", "order_id")

    def overtaken(_asked: Asked) -> None:
        shop.records.grant("tail", 5)

    shop.between.faults = [overtaken]
    with pytest.raises(Fenced):
        shop.again(orders=[order_id])
    assert shop.stored("orders", "order_id") == before


def test_an_import_of_the_same_shop_keeps_its_own_right_to_write(shop: Shop) -> None:
    token = shop.records.grant("backward", 7)
    shop.again(orders=list(shop.stored("orders", "order_id"))[:1])
    shop.records.commit("backward", token, Commit())
    assert [row["lane"] for row in shop.records.query("SELECT lane FROM _fencing")] == [
        "backward",
        "tail",
    ]


def test_the_calls_are_paid_by_the_tail_lane(shop: Shop) -> None:
    shop.throttle.acquired.clear()
    shop.again(orders=["1"])
    assert {lane for _, lane, *_ in shop.throttle.acquired} == {"tail"}


# --- columns ---


@pytest.fixture
def published(imported: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(imported, tmp_path, dirs_exist_ok=True)
    made = Shop(tmp_path, columns=True)
    yield made
    made.close()


def shown(shop: Shop, order_id: str) -> list[str]:
    """The order's states in the columns: newest segments lie over older ones."""
    scan = shop.columns.manifest().scan(ORDERS)
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT status FROM {scan} WHERE order_id = ?", [order_id])
        return [status for (status,) in found.fetchall()]


def test_the_columns_show_it_at_once(published: Shop) -> None:
    published.pass_hours(12)
    order_id = published.changed("orders", "id")[0]
    published.again(orders=[order_id])
    (truth,) = (row for row in published.rows_now("orders") if row["id"] == order_id)
    assert shown(published, order_id) == [truth["status"]]


def test_it_is_shown_while_another_publisher_has_the_lock(published: Shop) -> None:
    published.pass_hours(12)
    order_id = published.changed("orders", "id")[0]
    with (published.columns.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        published.again(orders=[order_id])
    (truth,) = (row for row in published.rows_now("orders") if row["id"] == order_id)
    assert shown(published, order_id) == [truth["status"]]


def test_only_the_months_that_were_touched_are_published(published: Shop) -> None:
    """Another month that an import is filling would take long, and is not ours to promise."""
    columns, records = published.columns, published.records
    published.pass_hours(12)
    order_id = published.changed("orders", "id")[0]
    with closing(sqlite3.connect(records.path)) as connection, connection:
        connection.execute(
            "UPDATE _months SET changed_seq = changed_seq + 100 WHERE family = 'returns'"
        )
        connection.execute("INSERT INTO _coverage VALUES ('orders', 1, 2, 3)")
    versions = columns.manifest().version
    published.again(orders=[order_id])
    after = columns.manifest()
    assert after.version["orders"] > versions["orders"]
    assert after.version["returns"] == versions["returns"]
    assert all(stretch.start != 1 for stretch in after.covered("orders"))


def test_a_few_orders_become_a_small_delta(published: Shop) -> None:
    published.pass_hours(12)
    published.again(orders=published.changed("orders", "id")[:3])
    deltas = [one for one in published.columns.manifest().segments["orders"] if one.delta]
    assert sum(one.rows for one in deltas) <= 3


def test_in_a_month_that_an_import_is_filling_only_what_is_waited_for_is_laid_over_it(
    published: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.publish.MOST_DELTA_ROOTS", 0)  # so much has changed in the month
    published.pass_hours(12)
    first, second, unseen = published.changed("orders", "id")[:3]
    bases = files(published, delta=False)
    truth = {row["id"]: row["status"] for row in published.rows_now("orders")}
    for order_id in (first, second):
        published.again(orders=[order_id])
        assert shown(published, order_id) == [truth[order_id]]
    assert shown(published, first) == [truth[first]], "the delta before is not lost"
    assert files(published, delta=False) == bases
    assert len(files(published, delta=True)) == 1
    published.clock.instant += 60
    published.again(orders=[unseen])
    assert published.columns.publish(force=True)
    assert files(published, delta=True) == []
    for order_id in (first, second, unseen):
        assert shown(published, order_id) == [truth[order_id]]
    assert everything(published) == sorted(published.stored("orders", "order_id"))


def test_a_delta_made_from_an_older_base_is_not_laid_over_a_newer_one(
    published: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody publishes the whole month between our snapshot and our switch."""
    monkeypatch.setattr("store.publish.MOST_DELTA_ROOTS", 0)
    published.pass_hours(12)
    order_id = published.changed("orders", "id")[0]
    outcomes: list[bool] = []

    def noted(*arguments: Any, **more: Any) -> bool:
        outcomes.append(manifest_file.lay_over(*arguments, **more))
        return outcomes[-1]

    monkeypatch.setattr(hurried, "lay_over", noted)
    monkeypatch.setattr(
        hurried, "sync_folder", lambda _folder: published.columns.publish(force=True)
    )
    published.again(orders=[order_id])
    assert outcomes == [False]
    (truth,) = (row for row in published.rows_now("orders") if row["id"] == order_id)
    assert shown(published, order_id) == [truth["status"]]
    assert everything(published) == sorted(published.stored("orders", "order_id"))


def files(shop: Shop, *, delta: bool) -> list[Path]:
    segments = shop.columns.manifest().segments["orders"]
    return [segment.path for segment in segments if segment.delta == delta]


def everything(shop: Shop) -> list[str]:
    """Every order in the columns, as often as it is there."""
    scan = shop.columns.manifest().scan(ORDERS)
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT order_id FROM {scan} ORDER BY order_id").fetchall()
        return [order_id for (order_id,) in found]
