"""Alive, able to answer, and figures for Prometheus."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from structlog.testing import capture_logs

from backfill.call_log import CALLS
from backfill.observing import READ_AT, STAGES, WORKER_SEEN
from hub.health import Tried, health_routes, worker_is_there, writable
from hub.metrics import PREFIX, REQUESTS, Figures, observer
from store.accounts import Accounts
from store.database import Database
from store.ledger import Ledger
from store.operations_schema import tallies as tallies_table
from store.sessions import Sessions
from store.tallies import Tallies
from tests.installation import FakeClock, accounts_in, no_limits
from web.attach import attach


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return accounts_in(tmp_path, FakeClock())


def client_with(
    accounts: Accounts,
    checks: dict[str, Callable[[], bool]],
    beside: dict[str, Callable[[], bool]] | None = None,
    figures: Collector | None = None,
) -> FlaskClient:
    app = Flask("tests", root_path=str(Path(__file__).parent))
    attach(
        app,
        principal_for_key=accounts.principal_for_key,
        sessions=Sessions(accounts.database, FakeClock()),
        secure=False,
        cookie_key=b"-" * 32,
        limits=no_limits(),
    )
    clock = FakeClock()
    figures = figures or Figures(
        Tallies(accounts.database, clock), Ledger(accounts.database, clock), clock
    )
    app.register_blueprint(health_routes(checks=checks, beside=beside or {}, figures=figures))
    return app.test_client()


def broken() -> bool:
    raise OSError("canary-of-a-path")


def test_alive_needs_nothing(accounts: Accounts) -> None:
    answer = client_with(accounts, {"accounts": broken}).get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"alive": True})


def test_ready_when_the_database_answers_and_the_folder_is_writable(
    accounts: Accounts, tmp_path: Path
) -> None:
    client = client_with(
        accounts,
        {"accounts": accounts.database.reachable, "folder": Tried(writable(tmp_path), FakeClock())},
    )
    names = {"accounts.sqlite", "accounts.sqlite-shm", "accounts.sqlite-wal"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"ready": True, "checks": {"accounts": True, "folder": True}, "beside": {}},
    )
    assert {path.name for path in tmp_path.iterdir()} <= names


def test_not_ready_names_what_fails_and_nothing_else(accounts: Accounts, tmp_path: Path) -> None:
    client = client_with(
        accounts,
        {
            "accounts": broken,
            "folder": Tried(writable(tmp_path / "missing"), FakeClock()),
            "other": lambda: True,
        },
    )
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        "ready": False,
        "checks": {"accounts": False, "folder": False, "other": True},
        "beside": {},
    }
    assert "canary" not in answer.text


def test_not_ready_when_a_file_can_be_made_but_nothing_written_into_it(
    accounts: Accounts, tmp_path: Path
) -> None:
    """As on a full disk; here the system allows no file of more than a page."""
    clock = FakeClock()
    client = client_with(accounts, {"folder": Tried(writable(tmp_path), clock)})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        with capture_logs():
            answer = client.get("/readyz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (answer.status_code, answer.json) == (
        503,
        {"ready": False, "checks": {"folder": False}, "beside": {}},
    )
    with capture_logs():
        assert client.get("/readyz").status_code == 503, "it is not tried so soon"
    clock.instant += 5.0
    assert client.get("/readyz").status_code == 200


def test_the_disk_is_tried_every_five_seconds_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    monkeypatch.setattr("hub.health.os.fsync", tries.append)
    clock = FakeClock()
    holds = Tried(writable(tmp_path), clock)
    for _ in range(100):
        assert holds()
        clock.instant += 0.1
    assert len(tries) == 2


def held(path: Path) -> sqlite3.Connection:
    """Somebody else's transaction that does not end."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_not_ready_while_somebody_holds_the_database_and_ready_again_after(
    accounts: Accounts, tmp_path: Path
) -> None:
    clock = FakeClock()
    quick = Database(f"sqlite:///{tmp_path}/accounts.sqlite", busy_timeout_ms=20)
    client = client_with(
        accounts, {"accounts": quick.reachable, "accounts_writable": Tried(quick.writable, clock)}
    )
    with closing(held(tmp_path / "accounts.sqlite")), capture_logs():
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert (answer.status_code, answer.json) == (
        503,
        {"ready": False, "checks": {"accounts": True, "accounts_writable": False}, "beside": {}},
    )
    clock.instant += 5.0
    assert client.get("/readyz").status_code == 200


def test_a_count_that_finds_the_database_held_fails_nobody_and_is_made_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "accounts.sqlite"
    database = Database(f"sqlite:///{path}", busy_timeout_ms=0)
    with database.writing() as connection:
        tallies_table.create(connection)
    tallies = Tallies(database, FakeClock())
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert tallies.put(STAGES, {("orders", "done"): 1.0}) is False
    assert tallies.put(STAGES, {("orders", "done"): 1.0}) is True
    assert tallies.read()[STAGES] == {("orders", "done"): 1.0}


def test_a_worker_that_has_stopped_is_told_and_answers_go_on(accounts: Accounts) -> None:
    clock = FakeClock()
    tallies = Tallies(accounts.database, clock)
    client = client_with(accounts, {}, {"worker": worker_is_there(tallies, clock)})

    def worker() -> bool:
        answer = client.get("/readyz")
        assert answer.status_code == 200
        return bool(answer.get_json()["beside"]["worker"])

    assert not worker(), "none was ever seen"
    tallies.put(WORKER_SEEN, {(): clock.now()})
    clock.instant += 89.0
    assert worker()
    clock.instant += 1.0
    assert not worker()


def figures_of(client: FlaskClient) -> dict[str, Metric]:
    """By the name without our prefix."""
    text = client.get("/metrics").text
    return {
        family.name.removeprefix(PREFIX): family for family in text_string_to_metric_families(text)
    }


def values(family: Metric, name: str = "") -> dict[tuple[str, ...], float]:
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for sample in family.samples
        if sample.name.endswith(name)
    }


def test_metrics_are_prometheus_text(accounts: Accounts) -> None:
    answer = client_with(accounts, {}).get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {sample.value for sample in families[f"{PREFIX}runs"].samples} == {0.0}
    assert families[f"{PREFIX}queue_seconds"].samples[0].value == 0.0
    assert "process_resident_memory_bytes" in families


def test_every_process_tells_what_all_have_counted(accounts: Accounts) -> None:
    clock = FakeClock()
    here, there = Tallies(accounts.database, clock), Tallies(accounts.database, clock)
    note = observer(there)
    for seconds in (0.02, 0.2, 20.0):
        note("/connector/v1/getData", 200, seconds)
    note("/connector/v1/getData", 429, 0.001)
    there.count(CALLS, ("order_search", "ok"), 5)
    there.put(STAGES, {("orders", "done"): 2.0, ("orders", "failed"): 1.0})
    there.put(STAGES, {("orders", "done"): 3.0})
    there.put(READ_AT, {("oldest",): clock.now() - 7_200.0})
    there.flush()
    here.count(CALLS, ("order_search", "ok"), 2)
    figures = Figures(here, Ledger(accounts.database, clock), clock)
    told = figures_of(client_with(accounts, {}, figures=figures))
    route = "/connector/v1/getData"
    assert values(told["requests"]) == {(route, "200"): 3, (route, "429"): 1}
    assert values(told["calls"]) == {("order_search", "ok"): 7}
    assert values(told["stages"]) == {("orders", "done"): 3}, "what is no more is not told"
    assert values(told["orders_age_seconds"]) == {("oldest",): 7_200}
    buckets = values(told["request_seconds"], "_bucket")
    assert [buckets[end, route] for end in ("0.025", "0.1", "0.3", "10", "+Inf")] == [
        *(2, 2, 3, 3, 4),
    ]
    assert values(told["request_seconds"], "_sum") == {(route,): pytest.approx(20.221)}


def test_what_could_not_be_written_is_counted_later_and_only_once(
    accounts: Accounts, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path}/accounts.sqlite", busy_timeout_ms=0)
    tallies = Tallies(database, FakeClock())
    tallies.count(CALLS, ("order_search", "ok"))
    with closing(held(tmp_path / "accounts.sqlite")):
        assert not tallies.flush()
        tallies.count(CALLS, ("order_search", "ok"))
    assert tallies.flush()
    assert tallies.flush()
    assert tallies.read() == {CALLS: {("order_search", "ok"): 2.0}}


def test_counts_go_to_the_database_every_ten_seconds(accounts: Accounts) -> None:
    clock = FakeClock()
    tallies, other = Tallies(accounts.database, clock), Tallies(accounts.database, clock)
    note = observer(tallies)
    note("/", 200, 0.001)
    assert other.read() == {}
    clock.instant += 10.0
    note("/", 200, 0.001)
    assert other.read()[REQUESTS] == {("/", "200"): 2.0}
