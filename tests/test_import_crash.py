"""An import that is killed at any moment goes on where it was: nothing lost, nothing twice, at most
the pages in flight asked for again (quality: A1, A3)."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import store.records
from backfill.windows import floor_of
from catalogue.tables import TABLES
from store.commits import Commit
from tests.importing import NOW, Asked, ShopUnderTest, digests, small_pages

#: stage -> the resource of its calls in the simulator's paths
STAGES = {
    "warehouses": "warehouses",
    "products": "products",
    "orders": "orders",
    "returns": "returns",
    "cancellations": "cancellations",
    "inventory": "inventory",
    "product_details": "product",
}

#: A short range: it is killed and repeated often.
DAYS = 5

#: Asked before, answered but nothing written, rows written and transaction open, committed, last
#: page committed and stage not marked done.
POINTS = ("asking", "answered", "writing", "committed", "finishing")


@pytest.fixture(scope="module", autouse=True)
def several_pages_a_window() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        small_pages(patch, 3)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], int]:
    """The tables after an import that nothing disturbed, and how many calls it took."""
    folder = tmp_path_factory.mktemp("whole")
    shop = ShopUnderTest(folder)
    assert shop.work(start=floor_of(NOW, DAYS)).state == "done"
    shop.close()
    return digests(folder / "records.sqlite"), len(shop.calls)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def noting(folder: Path) -> Callable[[Asked], None]:
    """A fault that is none: the calls are counted in a file, which outlives the process."""

    def note(asked: Asked) -> None:
        with (folder / "calls").open("a") as file:
            file.write(f"{asked.resource}\n")

    return note


def calls_in(folder: Path) -> Counter[str]:
    path = folder / "calls"
    return Counter(path.read_text().split()) if path.exists() else Counter()


def arm(shop: ShopUnderTest, stage: str, point: str, count: int) -> None:
    """The process dies the `count`-th time it comes to this point."""
    resource = STAGES[stage]
    tables = {table.name for table in TABLES.values()}
    left = [count]

    def strike(hit: bool) -> None:
        if hit:
            left[0] -= 1
            if left[0] == 0:
                die()

    if point == "asking":
        shop.between.faults.append(lambda asked: strike(asked.resource == resource))
    elif point == "answered":
        shop.between.change = lambda asked, data: strike(asked.resource == resource)
    elif point == "writing":
        write_rows = store.records._write_rows

        def write_and_die(connection: Any, writes: Any, fetched_at: int) -> int:
            changed = write_rows(connection, writes, fetched_at)
            wanted = {one.table.name for one in writes} & tables
            strike(stage_of(wanted, writes) == stage)
            return changed

        store.records._write_rows = write_and_die
    else:
        keep = shop.records.commit

        def commit_and_die(lane: str, token: int, *commits: Commit) -> int:
            mine = [one for one in commits if one.progress and one.progress.stage == stage]
            if point == "finishing":
                strike(any(one.progress and one.progress.state == "done" for one in mine))
            changed = keep(lane, token, *commits)
            if point == "committed":
                strike(any(one.writes for one in mine))
            return changed

        shop.records.commit = commit_and_die  # type: ignore[method-assign]


def stage_of(tables: set[str], writes: Any) -> str:
    """By the tables that are written; a detail writes other columns of products than a search."""
    for stage, table in (
        *(("warehouses", "warehouses"), ("orders", "orders"), ("returns", "returns")),
        *(("cancellations", "cancellations"), ("inventory", "sku_inventory")),
    ):
        if table in tables:
            return stage
    if "products" in tables:
        columns = {name for one in writes for name in one.columns}
        return "product_details" if "detail_update_time" in columns else "products"
    return ""


def import_in_child(folder: Path, prepare: Callable[[ShopUnderTest], None], in_flight: int) -> bool:
    """Import in a process of its own; True when it came to its end, False when it was killed."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        code = 1
        try:
            shop = ShopUnderTest(folder)
            shop.between.faults.append(noting(folder))
            prepare(shop)
            code = (
                0
                if shop.work(start=floor_of(NOW, DAYS), in_flight=in_flight).state == "done"
                else 2
            )
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def check(folder: Path, whole: dict[str, str]) -> None:
    """The whole shop, once, in a sound file whose progress says so."""
    assert digests(folder / "records.sqlite") == whole
    with closing(sqlite3.connect(folder / "records.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for table in TABLES.values():
            keys = ", ".join(table.key)
            doubled = f"SELECT {keys} FROM {table.name} GROUP BY {keys} HAVING count(*) > 1"
            assert connection.execute(doubled).fetchall() == []
        for stage, state, done, total in connection.execute(
            "SELECT stage, state, done, total FROM _progress"
        ):
            assert (state, done) == ("done", total), stage


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_any_stage_at_any_point_it_goes_on(
    stage: str, point: str, tmp_path: Path, whole: tuple[dict[str, str], int]
) -> None:
    # Of orders it is the second page of the second window.
    count = 4 if stage == "orders" and point != "finishing" else 1
    assert not import_in_child(tmp_path, lambda shop: arm(shop, stage, point, count), 1)
    assert import_in_child(tmp_path, lambda shop: None, 1)
    check(tmp_path, whole[0])
    assert sum(calls_in(tmp_path).values()) <= whole[1] + 1


@pytest.mark.soak
@pytest.mark.slow
def test_killed_again_and_again_at_random_it_still_comes_to_its_end(
    tmp_path: Path, whole: tuple[dict[str, str], int], soak_seconds: float
) -> None:
    draw = random.Random(20260912)
    until = time.monotonic() + soak_seconds
    rounds = 0
    while not rounds or time.monotonic() < until:
        folder = tmp_path / str(rounds)
        folder.mkdir()
        kills = 0
        for _ in range(12):
            stage, point = draw.choice([*STAGES]), draw.choice(POINTS)
            deadly = partial(arm, stage=stage, point=point, count=draw.randrange(1, 6))
            kills += not import_in_child(folder, deadly, 3)
        assert import_in_child(folder, lambda shop: None, 3)
        check(folder, whole[0])
        assert sum(calls_in(folder).values()) <= whole[1] + kills * 3
        rounds += 1


def test_the_check_sees_a_lost_and_a_changed_row(
    tmp_path: Path, whole: tuple[dict[str, str], int]
) -> None:
    """The control."""
    assert import_in_child(tmp_path, lambda shop: None, 4)
    check(tmp_path, whole[0])
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as connection:
        connection.execute("UPDATE orders SET total_amount = '0' WHERE rowid = 1")
        connection.commit()
        with pytest.raises(AssertionError):
            check(tmp_path, whole[0])
        connection.execute("DELETE FROM order_line_items WHERE rowid = 1")
        connection.commit()
    with pytest.raises(AssertionError):
        check(tmp_path, whole[0])
