"""Alive, able to answer, and figures for Prometheus."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from hub.health import Figure, Writable, health_routes
from store.accounts import Accounts
from store.sessions import Sessions
from tests.installation import FakeClock, accounts_in
from web.attach import attach


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return accounts_in(tmp_path, FakeClock())


def client_with(accounts: Accounts, checks: dict[str, Callable[[], bool]]) -> FlaskClient:
    app = Flask("tests", root_path=str(Path(__file__).parent))
    attach(
        app,
        principal_for_key=accounts.principal_for_key,
        sessions=Sessions(accounts.database, FakeClock()),
        secure=False,
        cookie_key=b"-" * 32,
    )
    figures = (
        Figure("runs", "Runs by state.", {"pending": 3.0, "done": 12.0}, label="state"),
        Figure("longest_due_seconds", "Age of the oldest due run.", {"": 1.5}),
    )
    app.register_blueprint(health_routes(checks=checks, figures=lambda: figures))
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
        {"accounts": accounts.database.reachable, "folder": Writable(tmp_path, FakeClock())},
    )
    names = {"accounts.sqlite", "accounts.sqlite-shm", "accounts.sqlite-wal"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"ready": True, "checks": {"accounts": True, "folder": True}},
    )
    assert {path.name for path in tmp_path.iterdir()} <= names


def test_not_ready_names_what_fails_and_nothing_else(accounts: Accounts, tmp_path: Path) -> None:
    client = client_with(
        accounts,
        {
            "accounts": broken,
            "folder": Writable(tmp_path / "missing", FakeClock()),
            "other": lambda: True,
        },
    )
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        "ready": False,
        "checks": {"accounts": False, "folder": False, "other": True},
    }
    assert "canary" not in answer.text


def test_not_ready_when_a_file_can_be_made_but_nothing_written_into_it(
    accounts: Accounts, tmp_path: Path
) -> None:
    """As on a full disk; here the system allows no file of more than a page."""
    clock = FakeClock()
    client = client_with(accounts, {"folder": Writable(tmp_path, clock)})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        with capture_logs():
            answer = client.get("/readyz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (answer.status_code, answer.json) == (
        503,
        {"ready": False, "checks": {"folder": False}},
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
    holds = Writable(tmp_path, clock)
    for _ in range(100):
        assert holds()
        clock.instant += 0.1
    assert len(tries) == 2


def test_metrics_are_prometheus_text(accounts: Accounts) -> None:
    answer = client_with(accounts, {}).get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    runs = families["tiktok_shop_source_runs"].samples
    assert {sample.labels["state"]: sample.value for sample in runs} == {"pending": 3, "done": 12}
    assert families["tiktok_shop_source_longest_due_seconds"].samples[0].value == 1.5
    assert "process_resident_memory_bytes" in families
