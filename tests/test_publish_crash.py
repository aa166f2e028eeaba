"""Killed at any step, a publication or a commit leaves a file that is consistent and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalogue.table import Table
from catalogue.tables import ORDER_LINE_ITEM_PRICE_DETAIL, ORDER_LINE_ITEMS, ORDERS, PRODUCTS, SHOPS
from store.engine import Engine
from store.families import family_name
from store.months import month_of
from store.records import Commit, Covered, StageProgress, Window
from tests.store_rows import (
    DAY,
    NOON,
    FakeClock,
    Shop,
    counted,
    differences,
    expected,
    full_row,
    order_rows,
    order_writes,
    write_of,
)

#: The tables that these shops have rows in.
WATCHED = (ORDERS, ORDER_LINE_ITEMS, ORDER_LINE_ITEM_PRICE_DETAIL, PRODUCTS)

#: Orders of the template with the status that the page of `full_commit` brings.
NEW_BEFORE = 7

ROOT = Path(__file__).resolve().parents[1]


def full_commit(now: int) -> Commit:
    """A page of 12 orders of two months, with everything that commits with it."""
    orders = [
        order_rows(number, NOON - number * 5 * DAY, status="NEW", update_time=now)
        for number in range(12)
    ]
    return Commit(
        writes=order_writes(*orders),
        window=Window("orders", "backward", 0, 100, "running", "page-2", 1, 12, 40),
        progress=StageProgress("orders", "running", 12, 40),
        covered=(Covered("orders", 50, 100, now),),
        checkpoints=(("orders", "page-2"),),
        fetched_at=now,
    )


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A shop with segments of two months and of products, a delta that is to be replaced by a
    bigger one, a month and a product that changed since, and a segment that was retired. The next
    publication also makes a span of the older month (see `crash_points`)."""
    folder = tmp_path / "template"
    folder.mkdir()
    shop = Shop(folder)
    shop.clock = FakeClock(time.time())
    shop.columns._clock = shop.clock
    first = [order_rows(number, NOON - number * 2 * DAY, lines=2) for number in range(16)]
    shop.write(*order_writes(*first), write_of(PRODUCTS, full_row(PRODUCTS, 1)))
    shop.publish()
    shop.write(*order_writes(order_rows(1, NOON - 2 * DAY, lines=2, update_time=NOON + 1)))
    shop.write(write_of(PRODUCTS, full_row(PRODUCTS, 1, update_time=NOON * 2 - 1)))
    shop.publish()
    after = NOON + 2
    changed = [
        order_rows(number, NOON - number * 2 * DAY, lines=2, status="NEW", update_time=after)
        for number in (2, 10, 11, 12, 13, 14, 15)
    ]
    shop.write(*order_writes(*changed))
    shop.write(write_of(PRODUCTS, full_row(PRODUCTS, 1, update_time=NOON * 2)))
    shop.close()
    return folder


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that was written: there is no need to wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def killed(job: str, template: Path, seed: int = 0, seconds: float = 0) -> Any:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.crash_points", job, str(template)),
            *(str(template.parent / "work"), str(seed), str(seconds)),
        ],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def opened(folder: Path) -> Shop:
    shop = Shop(folder)
    shop.clock = FakeClock(time.time() + 700)
    shop.columns._clock = shop.clock
    return shop


Rows = dict[tuple[str, str], set[tuple[object, ...]]]


def told_apart(table: Table) -> str:
    """Columns that show whether a row is in its old or in its new state."""
    status = "orders__status" if table.parent else "status"
    return f"{table.key[0]}, create_time, {status}, update_time"


def read(shop: Shop, engine: Engine) -> Rows:
    """What a reader sees, by family and month."""
    manifest = shop.columns.manifest()
    found: Rows = {}
    for table in WATCHED:
        sql = f"SELECT {told_apart(table)} FROM {manifest.scan(table)}"
        rows = [tuple(row.values()) for row in engine.query(sql).to_pylist()]
        assert len(rows) == len(set(rows))
        if table.has_histogram:
            assert counted(shop, engine, table).total() == len(rows)
        _sort_in(found, table, rows)
    return found


def kept(shop: Shop) -> Rows:
    """What a reader must see once all is published."""
    found: Rows = {}
    for table in WATCHED:
        rows = [
            tuple(row[name.strip()] for name in told_apart(table).split(","))
            for row in expected(shop.path, table)
        ]
        _sort_in(found, table, rows)
    return found


def _sort_in(found: Rows, table: Table, rows: list[tuple[Any, ...]]) -> None:
    for row in rows:
        month = month_of(row[1]) if table.axis else "all"
        found.setdefault((family_name(table), month), set()).add((table.name, *row))


def check_publication(
    folder: Path, before: Rows, after: Rows, engine: Engine, sweep: bool = True
) -> bool:
    """Whether the new segments of some month were listed already."""
    shop = opened(folder)
    assert shop.records.query("PRAGMA integrity_check")[0][0] == "ok"
    seen = read(shop, engine)
    new = [key for key in after if seen.get(key) == after[key] != before.get(key)]
    old = [key for key in after if seen.get(key) == before.get(key)]
    assert len(new) + len(old) == len(after)
    shop.publish()
    assert read(shop, engine) == after
    assert shop.columns.check() == []
    if sweep:
        # What the dead one left behind is swept, and nothing that is listed.
        shop.clock.instant += 700
        shop.write(write_of(SHOPS, full_row(SHOPS, 1)))
        shop.publish()
        files = {path.name for path in shop.columns.folder.iterdir()} - {"lock"}
        assert files == {row[0] for row in shop.records.query("SELECT file FROM _segments")}
        assert shop.columns.check() == []
    shop.close()
    return bool(new)


def before_and_after(template: Path, engine: Engine) -> tuple[Rows, Rows]:
    shop = opened(template)
    before, after = read(shop, engine), kept(shop)
    shop.close()
    assert sum(before.get(key) != rows for key, rows in after.items()) == 3
    return before, after


@pytest.mark.slow
@pytest.mark.timeout(180)  # hundreds of files synced to disk: half a minute on a quiet machine
def test_a_publication_may_be_killed_at_every_step(template: Path, engine: Engine) -> None:
    before, after = before_and_after(template, engine)
    crashes = killed("publish", template)
    assert len(crashes) > 30
    listed = [
        check_publication(Path(folder), before, after, engine, sweep=turn % 8 == 0)
        for turn, (folder, _) in enumerate(crashes)
    ]
    assert any(listed)
    assert not all(listed)


@pytest.mark.slow
@pytest.mark.soak
def test_a_publication_may_be_killed_at_any_step(
    template: Path, engine: Engine, soak_seconds: float
) -> None:
    before, after = before_and_after(template, engine)
    seed = 1 if soak_seconds < 10 else time.time_ns() % 2**32
    crashes = killed("publish", template, seed, soak_seconds / 2)
    for folder, step in crashes:
        try:
            check_publication(Path(folder), before, after, engine)
        except AssertionError as error:
            raise AssertionError(f"killed before {step}, seed {seed}") from error


@pytest.mark.slow
def test_a_commit_killed_at_every_step_is_kept_as_a_whole_or_not_at_all(
    template: Path, engine: Engine
) -> None:
    killed_ones = killed("commit", template)
    assert len(killed_ones) > 10
    whole = str(template.parent / "work" / "whole")
    for turn, (folder, step) in enumerate([(whole, ""), *killed_ones]):
        shop = opened(Path(folder))
        records = shop.records
        assert records.query("PRAGMA integrity_check")[0][0] == "ok"
        new = records.query("SELECT count(*) FROM orders WHERE status = 'NEW'")[0][0]
        arrived = {
            "rows": new > NEW_BEFORE,
            "window": records.windows("backward", "orders") != [],
            "progress": records.progress() != {},
            "coverage": records.coverage("orders") != [],
            "checkpoint": records.checkpoint("orders") == "page-2",
        }
        # The last step is COMMIT: before it there is nothing of the page, after it all of it.
        assert set(arrived.values()) == {folder == whole}, f"killed before {step}: {arrived}"
        if turn % 8 == 0:
            shop.publish()
            assert differences(shop, engine, WATCHED) == [], step
        shop.close()
