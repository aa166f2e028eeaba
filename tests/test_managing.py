"""Imports that a script starts with a key of the scope `manage`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from backfill.allowance import Limits
from store.accounts_rows import Limit
from store.accounts_schema import shops
from store.allowed_calls import FILE
from tests.answering import NOW
from tests.two_tenants import BOTH, SHOP, Tenant, TwoTenants

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoTenants]:
    made = TwoTenants(tmp_path_factory.mktemp("managing"))
    yield made
    made.close()


@pytest.fixture
def two(built: TwoTenants) -> TwoTenants:
    """Without a run, and with nothing counted."""
    built.here.allowed_calls.close()
    (built.folder / FILE).unlink(missing_ok=True)
    with built.here.accounts.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
    return built


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


def test_imports_by_key_are_counted_by_workspace(two: TwoTenants, alice: Tenant) -> None:
    """Sixty at once, of pages and keys together; who may not ask uses up nothing."""
    for _ in range(3):
        refused = alice.send("POST", "/connector/v1/imports", body={}, by_key=True)
        assert refused.status_code == 403
    statuses = [asked(alice, shops=[]).status_code for _ in range(62)]
    assert statuses == [400] * 60 + [429] * 2
    assert asked(alice, shops=[]).headers["Retry-After"] == "3"
    assert alice.send("POST", "/import", form={"shop": SHOP}).status_code == 429
    assert asked(two.tenants["bob"], shops=[SHOP]).status_code == 202


def test_ten_runs_of_a_shop_may_be_open_and_the_same_wish_is_still_the_same_run(
    two: TwoTenants, alice: Tenant
) -> None:
    days = [f"2026-06-{day:02}" for day in range(1, 11)]
    first, *_ = [asked(alice, shops=[SHOP], start=day).json["runs"] for day in days]  # type: ignore[index]
    beyond = asked(alice, shops=[SHOP], start="2026-06-11")
    assert (beyond.status_code, beyond.headers["Retry-After"]) == (429, "60")
    assert "not finished" in beyond.json["error"]["message"]  # type: ignore[index]
    assert asked(alice, shops=[SHOP]).status_code == 429
    assert asked(alice, shops=[SHOP], start=days[0]).json["runs"] == first  # type: ignore[index]
    assert len(two.here.ledger.runs("alice", SHOP)) == 10
    (own,) = alice.ids["shop"]
    assert asked(alice, shops=[own, SHOP], start="2026-06-11").status_code == 429
    assert two.here.ledger.runs("alice", own) == [], "all of the shops or none"


@pytest.fixture
def lost(two: TwoTenants, alice: Tenant) -> Iterator[Callable[[str, str], None]]:
    """Sets the state of one of her shops."""

    def change(shop_id: str, state: str) -> None:
        with two.here.accounts.database.writing() as connection:
            this = (shops.c.workspace_id == alice.name, shops.c.shop_id == shop_id)
            connection.execute(update(shops).where(*this).values(state=state))

    yield change
    for shop_id in (SHOP, *alice.ids["shop"]):
        change(shop_id, "connected")


def test_all_shops_are_those_that_can_be_read_and_the_others_are_named(
    alice: Tenant, lost: Callable[[str, str], None]
) -> None:
    (own,) = alice.ids["shop"]
    assert asked(alice, shops="all").json["left_out"] == []  # type: ignore[index]
    lost(SHOP, "reauthorise")
    told = asked(alice, shops="all").json
    assert {run["shop_id"] for run in told["runs"]} == {own}  # type: ignore[index]
    assert told["left_out"] == [{"shop_id": SHOP, "state": "reauthorise"}]  # type: ignore[index]
    lost(own, "disconnected")
    refused = asked(alice, shops="all")
    assert refused.status_code == 400
    assert f"connect alice-canary {SHOP} again first" in refused.json["error"]["message"]  # type: ignore[index]
    lost(SHOP, "disconnected")
    refused = asked(alice, shops="all")
    assert "Connect one first" in refused.json["error"]["message"]  # type: ignore[index]


def test_a_shop_that_was_disconnected_is_not_imported_and_its_runs_are_still_told(
    two: TwoTenants, alice: Tenant, lost: Callable[[str, str], None]
) -> None:
    (own,) = alice.ids["shop"]
    (run, *_) = asked(alice, shops=[own]).json["runs"]  # type: ignore[index]
    lost(own, "disconnected")
    refused = asked(alice, shops=[own])
    assert refused.status_code == 400
    assert "not connected to your workspace" in refused.json["error"]["message"]  # type: ignore[index]
    told = asked(alice, shops="all").json
    assert own not in str(told), "it is not left out: nobody wants it read"
    here = f"/connector/v1/runs/{run['id']}"
    assert alice.send("GET", here, by_key="manage").status_code == 200
    assert two.tenants["bob"].send("GET", here, by_key="manage").status_code == 404


@pytest.mark.parametrize("body", [{}, {"start": "2026-06-01"}])
def test_history_beyond_what_the_operator_allows_is_refused(
    two: TwoTenants, alice: Tenant, body: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it comes with "Run import", which reads the last 90 days of a shop without any."""
    allowance = two.here.asking.allowance
    monkeypatch.setattr(allowance, "limits", Limits(monthly_calls=1))
    refused = asked(alice, shops=[SHOP], **body)
    assert refused.status_code == 400, refused.text
    assert "1 of 1 are left this month" in refused.json["error"]["message"]  # type: ignore[index]
    assert two.here.ledger.runs("alice") == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "list of shop ids"),
        ({"shops": SHOP}, "list of shop ids"),
        ({"shops": []}, "Choose at least one shop"),
        ({"shops": [1]}, "list of shop ids"),
        ({"shops": ["sample"]}, "not connected"),
        ({"shops": [SHOP], "start": "yesterday"}, "must be a day such as"),
        ({"shops": [SHOP], "start": 20260301}, "must be a day"),
        ({"shops": [SHOP], "start": ""}, "must be a day"),
        ({"shops": [SHOP], "start": "2026-W31-1"}, "must be a day"),
        ({"shops": [SHOP], "start": "20260801"}, "must be a day"),
        ({"shops": [SHOP], "start": "2026-02-30"}, "Write the first day like 2026-03-31"),
        ({"shops": [SHOP], "start": "2026-08-02", "end": ""}, "must be a day"),
        ({"shops": [SHOP], "start": "2026-08-02", "data": []}, "list of kinds"),
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
