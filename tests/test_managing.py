"""Imports that a script starts with a key of the scope `manage`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from store.accounts_rows import Limit
from tests.answering import NOW
from tests.two_tenants import BOTH, SHOP, Tenant, TwoTenants

pytestmark = pytest.mark.slow


@pytest.fixture
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoTenants]:
    made = TwoTenants(tmp_path_factory.mktemp("managing"))
    with made.here.accounts.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
    yield made
    made.close()


@pytest.fixture
def alice(two: TwoTenants) -> Tenant:
    return two.tenants["alice"]


def asked(alice: Tenant, **body: Any) -> TestResponse:
    return alice.send("POST", "/connector/v1/imports", body=body, by_key="manage")


def test_without_a_start_what_is_new_is_imported_now(two: TwoTenants, alice: Tenant) -> None:
    answer = asked(alice, shops=[SHOP])
    assert answer.status_code == 202
    assert {(run["shop_id"], run["state"]) for run in answer.json["runs"]} == {(SHOP, "pending")}  # type: ignore[index]
    assert "sync" in {run.kind for run in two.here.ledger.runs("alice", SHOP)}
    assert two.here.ledger.runs("bob", SHOP) == []


def test_with_a_start_it_is_history_and_both_days_count(two: TwoTenants, alice: Tenant) -> None:
    answer = asked(alice, shops=[SHOP], start="2026-06-01", end="2026-06-02", data=["orders"])
    (told,) = answer.json["runs"]  # type: ignore[index]
    run = two.here.ledger.run(told["id"])
    # 1 June 2026 00:00 UTC and two days later, in epoch seconds.
    assert run.parameters["start"] == 1_780_272_000
    assert run.parameters["end"] == 1_780_272_000 + 2 * 86_400
    assert (run.kind, run.parameters["data"], run.trigger) == ("import", ["orders"], "manual")


def test_asking_twice_gives_the_same_runs(alice: Tenant) -> None:
    first, second = (
        asked(alice, shops="all", start="2026-06-01", end="2026-06-30") for _ in range(2)
    )
    assert len(first.json["runs"]) == 2  # type: ignore[index]
    assert first.json == second.json


def test_how_it_goes_is_told_by_its_id(alice: Tenant) -> None:
    (run, *_) = asked(alice, shops=[SHOP]).json["runs"]  # type: ignore[index]
    told = alice.send("GET", f"/connector/v1/runs/{run['id']}", by_key="manage").json
    assert told is not None
    assert (told["state"], told["shop_id"], told["created_at"]) == ("pending", SHOP, NOW)
    assert told["rows"] is not None


def test_a_key_that_is_limited_to_a_client_imports_its_shops_only(
    two: TwoTenants, alice: Tenant
) -> None:
    scope = two.here.accounts.workspace("alice")
    _, key = scope.create_key("limited", "manage", Limit(clients=(BOTH,)))
    limited = Tenant("alice", alice.client, key, managing=key)
    assert [run["shop_id"] for run in asked(limited, shops="all").json["runs"]][:1] == [SHOP]  # type: ignore[index]
    (own,) = alice.ids["shop"]
    refused = asked(limited, shops=[own])
    assert refused.status_code == 400
    assert "not connected" in refused.json["error"]["message"]  # type: ignore[index]
    (run, *_) = asked(alice, shops=[own]).json["runs"]  # type: ignore[index]
    assert limited.send("GET", f"/connector/v1/runs/{run['id']}", by_key=True).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "list of shop ids"),
        ({"shops": SHOP}, "list of shop ids"),
        ({"shops": []}, "Choose at least one shop"),
        ({"shops": [1]}, "list of shop ids"),
        ({"shops": ["sample"]}, "not connected"),
        ({"shops": [SHOP], "start": "yesterday"}, "Write the first day like 2026-03-31"),
        ({"shops": [SHOP], "start": 20260301}, "must be a day"),
        ({"shops": [SHOP], "start": "2020-01-01"}, "730 days back"),
        ({"shops": [SHOP], "start": "2026-08-02", "end": "2026-07-01"}, "before the end"),
        ({"shops": [SHOP], "start": "2026-08-02", "data": ["secrets"]}, "from the list"),
        ({"shops": [SHOP], "start": "2026-08-02", "data": "orders"}, "list of kinds"),
        ({"shops": [SHOP], "data": ["orders"]}, 'go with "start"'),
        ({"shops": [SHOP], "reread": "yes", "start": "2026-08-02"}, "true or false"),
        ({"shops": [SHOP], "from": "2026-08-02"}, "'from' is not known here"),
        ([SHOP], "must be a JSON object"),
    ],
)
def test_what_cannot_be_meant_is_told_and_nothing_is_started(
    two: TwoTenants, alice: Tenant, body: Any, said: str
) -> None:
    answer = alice.send("POST", "/connector/v1/imports", body=body, by_key="manage")
    assert answer.status_code == 400, answer.text
    assert said in answer.json["error"]["message"]  # type: ignore[index]
    assert two.here.ledger.runs("alice") == []
