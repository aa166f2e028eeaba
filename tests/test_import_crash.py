"""An import that is killed at any moment goes on where it was: nothing lost, nothing twice, at most
the pages in flight asked for again (quality: A1, A3).

Every part of the import that people see is killed at five points; a part of several stages once in
each of them, so that it is killed, goes on, is killed in its next stage, and so on to its end.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import requests
from requests.adapters import BaseAdapter

import store.records
from backfill.day_reading import DaysReading
from backfill.fetch import IdsReading, WindowReading
from backfill.images import ImageReading, Pictures
from backfill.stages import DATA, LABELS, STAGES
from backfill.windows import floor_of
from catalogue.tables import TABLES
from sample_shop.world import World, seeded_world
from store.commits import Commit
from store.fencing import Fenced
from store.images import ImageFolder
from tests.conftest import SOAK_SECONDS, Soak
from tests.importing import NOW, Asked, ShopUnderTest, digests, hashed_buyer, reply_with
from tiktok_shop.endpoints import ENDPOINTS, Endpoint, Paging
from tiktok_shop.images import Image

pytestmark = pytest.mark.slow

#: A short range of a small shop: it is imported very often.
DAYS = 2

#: Lists come in such pages, so that most have several.
PAGE_SIZES = {
    "order_search": 3,
    "product_search": 4,
    "cancellation_search": 2,
    "statements": 2,
    "statement_transactions": 2,
    "payments": 1,
    "unsettled_transactions": 12,
    "product_performance": 6,
    "sku_performance": 12,
    "video_performance": 60,
    "live_performance": 2,
    "fbt_records_search": 2,
}
#: So many ids are asked for in a call.
IDS_IN_A_CALL = 7

#: Asked before, answered but nothing written, rows written and transaction open, committed, last
#: page committed and stage not marked done.
POINTS = ("asking", "answered", "writing", "committed", "finishing")

#: What differs in calls that ask for the same. A batch of ids is made anew of those still open.
NOT_THE_QUESTION = {"sign", "timestamp"} | {
    one.name for endpoint in ENDPOINTS.values() for one in endpoint.id_filters
}

#: The status of a child whose commit was refused.
SHUT_OUT = 9

PARTS = {label: tuple(stage.name for stage in STAGES if stage.label == label) for label in LABELS}


def shorter(endpoint: Endpoint) -> Endpoint:
    size = PAGE_SIZES.get(endpoint.name)
    few = tuple(replace(one, limit=IDS_IN_A_CALL) for one in endpoint.id_filters)
    paging = Paging(1, size) if size else endpoint.paging
    return replace(endpoint, paging=paging, id_filters=few)


@pytest.fixture(scope="module", autouse=True)
def several_pages_a_list() -> Iterator[None]:
    short = {name: shorter(endpoint) for name, endpoint in ENDPOINTS.items()}
    with pytest.MonkeyPatch.context() as patch:
        for module in ("fetch", "day_reading", "planning"):
            patch.setattr(f"backfill.{module}.ENDPOINTS", short)
        yield


@pytest.fixture(scope="module")
def world() -> World:
    return seeded_world(7, 80, 14, now=NOW, products=5, wall=lambda: NOW)


@dataclass(frozen=True)
class Whole:
    """An import that nothing disturbed: the tables and how many rows they have, the calls, how
    often each stage came to each point."""

    folder: Path
    tables: dict[str, str]
    rows: dict[str, int]
    calls: Counter[str]
    reached: Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, world: World) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    # The first of all is imported here, for its answers are those that the children get.
    assert work_here(tmp_path_factory.mktemp("first"), world, undisturbed, 1) == 0

    def note(stage: str, point: str) -> None:
        with (folder / "reached").open("a") as file:
            file.write(f"{stage} {point}\n")

    assert import_in_child(folder, world, note, 1)
    lines = (folder / "reached").read_text().splitlines()
    reached = Counter((stage, point) for stage, point in map(str.split, lines))
    path = folder / "records.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        rows = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in TABLES
        }
    return Whole(folder, digests(path), rows, calls_in(folder), reached)


# --- the child ---


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def noting_calls(folder: Path) -> Callable[[str], None]:
    """The calls are written into a file, which outlives the process."""

    def note(call: str) -> None:
        with (folder / "calls").open("a") as file:
            file.write(f"{call}\n")

    return note


def question(asked: Asked) -> str:
    said = {**asked.query, **asked.body}
    for name in NOT_THE_QUESTION & said.keys():
        del said[name]
    return orjson.dumps([asked.path, said], option=orjson.OPT_SORT_KEYS).decode()


#: What the simulator has answered, by the question: it is the same world and the same second.
_answers: dict[str, tuple[int, bytes]] = {}


@dataclass
class Remembered(BaseAdapter):
    """Asks the simulator once for the same; what was asked before a fork is known after it."""

    behind: BaseAdapter

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        query = sorted((k, v) for k, v in parse_qsl(url.query) if k not in ("sign", "timestamp"))
        asked = f"{url.path} {query} {request.body!r}"
        if asked not in _answers:
            answer = self.behind.send(request, *args, **more)
            _answers[asked] = answer.status_code, answer.content
        status, content = _answers[asked]
        return reply_with(content, status)

    def close(self) -> None:
        """Nothing is held open."""


def calls_in(folder: Path) -> Counter[str]:
    path = folder / "calls"
    return Counter(path.read_text().splitlines()) if path.exists() else Counter()


Hook = Callable[[str, str], None]


def watch(hook: Hook) -> None:
    """`hook(stage, point)` is called whenever a stage comes to a point; for good, so only in a
    child."""
    for kind in (WindowReading, IdsReading, DaysReading, ImageReading):
        watch_fetch(kind, hook)
    keep, commit = store.records._keep, store.records.ShopRecords.commit

    def kept(connection: Any, lane: str, one: Commit) -> int:
        changed = keep(connection, lane, one)
        if one.progress and one.writes:
            hook(one.progress.stage, "writing")
        return changed

    def committed(self: Any, lane: str, token: int, *commits: Commit) -> int:
        for one in commits:
            if one.progress and one.progress.state == "done":
                hook(one.progress.stage, "finishing")
        changed = commit(self, lane, token, *commits)
        for one in commits:
            if one.progress and one.writes:
                hook(one.progress.stage, "committed")
        return changed

    store.records._keep = kept  # type: ignore[assignment]
    store.records.ShopRecords.commit = committed  # type: ignore[method-assign]


def watch_fetch(kind: Any, hook: Hook) -> None:
    fetch = kind.fetch

    def watched(self: Any) -> Any:
        stage = self.stage.name if hasattr(self, "stage") else "product_images"
        hook(stage, "asking")
        page = fetch(self)
        hook(stage, "answered")
        return page

    kind.fetch = watched


def dying(stage: str, point: str, count: int) -> Hook:
    """The process dies the `count`-th time that the stage comes to this point."""
    left = [count]

    def hook(*come_to: str) -> None:
        if come_to == (stage, point):
            left[0] -= 1
            if left[0] == 0:
                die()

    return hook


def undisturbed(_stage: str, _point: str) -> None:
    """Nothing happens."""


def import_in_child(folder: Path, world: World, hook: Hook, in_flight: int) -> bool:
    """Import in a process of its own; True when it came to its end, False when it was killed."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        code = 1
        try:
            code = work_here(folder, world, hook, in_flight)
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def work_here(folder: Path, world: World, hook: Hook, in_flight: int) -> int:
    shop = ShopUnderTest(folder, world)
    note = noting_calls(folder)
    shop.between.faults.append(lambda asked: note(question(asked)))
    shop.between.behind = Remembered(shop.between.behind)
    if hook is not undisturbed:
        watch(hook)

    def download(url: str) -> Image:
        note(url.partition("?")[0])
        return Image(b"\x89PNG\r\n\x1a\n" + url.encode(), "png")

    images = ImageFolder(folder / "images")
    outcome = shop.work(
        start=floor_of(NOW, DAYS),
        in_flight=in_flight,
        data=list(DATA),
        pictures=Pictures(download, images, "/images/", hashed_buyer),
    )
    return 0 if outcome.state == "done" else 2


# --- the check ---


def check(folder: Path, whole: Whole, kills: int) -> None:
    """The whole shop, once, in a sound file whose progress says so; after each of the kills at most
    one page asked for again."""
    found = digests(folder / "records.sqlite")
    assert [name for name in found if found[name] != whole.tables[name]] == []
    with closing(sqlite3.connect(folder / "records.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert [name for name in found if doubled_in(connection, name)] == []
        for stage, state, done, total in connection.execute(
            "SELECT stage, state, done, total FROM _progress"
        ):
            assert (state, done) == ("done", total), stage
    again = calls_in(folder) - whole.calls
    assert again.total() <= kills, again


def doubled_in(connection: sqlite3.Connection, name: str) -> list[Any]:
    keys = ", ".join(TABLES[name].key)
    doubled = f"SELECT {keys} FROM {name} GROUP BY {keys} HAVING count(*) > 1"
    return connection.execute(doubled).fetchall()


def stages_left(folder: Path) -> list[str]:
    """Those that are not done."""
    path = folder / "records.sqlite"
    if not path.exists():
        return [stage.name for stage in STAGES]
    with closing(sqlite3.connect(path)) as connection:
        done = {
            row[0] for row in connection.execute("SELECT stage FROM _progress WHERE state = 'done'")
        }
    return [stage.name for stage in STAGES if stage.name not in done]


# --- the tests ---


def test_the_undisturbed_import_fills_every_table_and_comes_to_every_point(
    whole: Whole,
) -> None:
    """Else a table that is always empty would be compared with itself, and a kill never happen."""
    assert not [
        stage.name for stage in STAGES for at in POINTS if not whole.reached[stage.name, at]
    ]
    assert whole.rows.keys() == TABLES.keys()
    assert [name for name, count in whole.rows.items() if not count] == []


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("part", PARTS)
def test_killed_in_any_part_at_any_point_it_goes_on(
    part: str, point: str, tmp_path: Path, world: World, whole: Whole
) -> None:
    # The last time, so that there is much that must not be asked for again.
    for stage in PARTS[part]:
        last = whole.reached[stage, point]
        assert not import_in_child(tmp_path, world, dying(stage, point, last), 1), stage
    assert import_in_child(tmp_path, world, undisturbed, 1)
    check(tmp_path, whole, len(PARTS[part]))


@pytest.mark.soak(cases=200)
def test_killed_again_and_again_at_random_it_still_comes_to_its_end(
    tmp_path: Path, world: World, whole: Whole, soak: Soak
) -> None:
    """A case is a kill."""
    seed = random.SystemRandom().randrange(10**6) if SOAK_SECONDS else 20260912
    draw = random.Random(seed)
    rounds = 0
    while not rounds or not soak.is_spent():
        folder = tmp_path / str(rounds)
        folder.mkdir()
        kills = 0
        while left := stages_left(folder):
            stage, point = draw.choice(left), draw.choice(POINTS)
            count = draw.randint(1, whole.reached[stage, point])
            kills += not import_in_child(folder, world, dying(stage, point, count), 3)
        assert import_in_child(folder, world, undisturbed, 3), seed
        try:
            check(folder, whole, kills * 3)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, round {rounds}: {error}") from error
        shutil.rmtree(folder)
        soak.cases += kills
        rounds += 1


@pytest.mark.parametrize("stage", ["orders", "statement_transactions", "shop_performance"])
def test_a_worker_that_is_stopped_past_its_lease_and_wakes_up_cannot_write(
    stage: str, tmp_path: Path, world: World, whole: Whole
) -> None:
    """D2. Stopped (SIGSTOP) with an answer in its hands; another worker takes over and comes to the
    end; then it goes on (SIGCONT)."""

    once = iter([True])

    def stopping(*come_to: str) -> None:
        if come_to == (stage, "answered") and next(once, False):
            os.kill(os.getpid(), signal.SIGSTOP)

    sleeper = os.fork()
    if sleeper == 0:  # pragma: no cover - the child
        code = 1
        try:
            code = work_here(tmp_path, world, stopping, 1)
        except Fenced:
            code = SHUT_OUT
        finally:
            os._exit(code)
    try:
        _, status = os.waitpid(sleeper, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert import_in_child(tmp_path, world, undisturbed, 1)
        then = digests(tmp_path / "records.sqlite")
    except BaseException:
        os.kill(sleeper, signal.SIGKILL)
        raise
    os.kill(sleeper, signal.SIGCONT)
    _, status = os.waitpid(sleeper, 0)
    assert os.WEXITSTATUS(status) == SHUT_OUT
    assert digests(tmp_path / "records.sqlite") == then
    check(tmp_path, whole, 1)


# --- the controls ---


@pytest.fixture
def imported(whole: Whole, tmp_path: Path) -> Path:
    """A copy of the undisturbed import, which passes."""
    for name in ("records.sqlite", "calls"):
        shutil.copy(whole.folder / name, tmp_path / name)
    check(tmp_path, whole, 0)
    return tmp_path


def spoil(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "records.sqlite")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("table", TABLES)
def test_the_check_sees_a_lost_row_in_any_table(table: str, imported: Path, whole: Whole) -> None:
    stored = TABLES[table].stored_in
    spoil(imported, f"DELETE FROM {stored} WHERE rowid = (SELECT max(rowid) FROM {stored})")
    with pytest.raises(AssertionError, match=rf"\b{table}\b"):
        check(imported, whole, 0)


def test_the_check_sees_a_wrong_amount_of_money(imported: Path, whole: Whole) -> None:
    spoil(
        imported,
        "UPDATE statement_transactions SET settlement_amount = settlement_amount || '1' "
        "WHERE rowid = (SELECT max(rowid) FROM statement_transactions)",
    )
    with pytest.raises(AssertionError, match="statement_transactions"):
        check(imported, whole, 0)


def test_the_check_sees_a_doubled_row_where_the_key_would_not_refuse_it(
    imported: Path, whole: Whole
) -> None:
    spoil(
        imported,
        "ALTER TABLE payments RENAME TO kept_payments",
        "CREATE TABLE payments AS SELECT * FROM kept_payments",
        "INSERT INTO payments SELECT * FROM kept_payments LIMIT 1",
    )
    with closing(sqlite3.connect(imported / "records.sqlite")) as connection:
        assert len(doubled_in(connection, "payments")) == 1
    with pytest.raises(AssertionError, match="payments"):
        check(imported, whole, 0)


def test_the_check_sees_one_call_too_many(imported: Path, whole: Whole) -> None:
    call = next(iter(whole.calls))
    noting_calls(imported)(call)
    check(imported, whole, 1)
    with pytest.raises(AssertionError):
        check(imported, whole, 0)
