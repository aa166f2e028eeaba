"""To TikTok's consent page and back: which answers reach the token exchange."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from errors import Refused
from hub.connect import connect_routes
from store.accounts import Accounts, Principal
from store.sessions import ConsentStates, Sessions
from tests.installation import FakeClock, accounts_in
from web.attach import attach


class World:
    """An app with the connect routes, and what reached the exchange."""

    def __init__(self, accounts: Accounts, clock: FakeClock) -> None:
        self.clock = clock
        self.sessions = Sessions(accounts.database, clock)
        self.states = ConsentStates(accounts.database, clock)
        self.exchanged: list[tuple[str, str, str]] = []
        self.app = Flask("tests", root_path=str(Path(__file__).parent))
        attach(
            self.app,
            principal_for_key=accounts.principal_for_key,
            sessions=self.sessions,
            secure=False,
        )
        self.app.register_blueprint(
            connect_routes(
                states=self.states,
                consent_link=lambda region, state: f"https://tiktok.test/{region}?state={state}",
                connect=self.connect,
            )
        )

    def connect(self, workspace_id: str, code: str, region: str) -> None:
        if code == "foreign":
            raise Refused("This account is connected elsewhere.")
        self.exchanged.append((workspace_id, code, region))

    def signed_in(self, workspace_id: str = "alice") -> FlaskClient:
        client = self.app.test_client()
        client.post("/sign-in", data={"token": self.sessions.new_link_token(workspace_id)})
        return client


def started(client: FlaskClient, region: str = "US") -> str:
    """Start connecting; the state that TikTok is given."""
    answer = client.get(f"/connect/tiktok/start?region={region}")
    assert answer.status_code == 303
    link = urlsplit(answer.headers["Location"])
    assert link.path == f"/{region}"
    return parse_qs(link.query)["state"][0]


@pytest.fixture
def world(tmp_path: Path) -> World:
    clock = FakeClock()
    return World(accounts_in(tmp_path, clock), clock)


def back(client: FlaskClient, **query: str) -> int:
    return client.get("/connect/tiktok/callback", query_string=query).status_code


def test_a_seller_who_agrees_is_connected_and_sent_to_the_status_page(world: World) -> None:
    client = world.signed_in()
    state = started(client, "GB")
    answer = client.get("/connect/tiktok/callback", query_string={"code": "code-1", "state": state})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert world.exchanged == [("alice", "code-1", "GB")]


@pytest.mark.parametrize("region", ["", "us", "XX", "https://evil.test"])
def test_an_unknown_region_starts_nothing(world: World, region: str) -> None:
    answer = world.signed_in().get("/connect/tiktok/start", query_string={"region": region})
    assert answer.status_code == 400
    assert "US, GB, SEA, ROW" in answer.text


def test_only_a_signed_in_member_may_start_or_come_back(world: World) -> None:
    state = started(world.signed_in())
    visitor = world.app.test_client()
    assert visitor.get("/connect/tiktok/start?region=US").status_code == 401
    assert back(visitor, code="code-1", state=state) == 401
    assert world.exchanged == []


def test_a_missing_or_made_up_state_is_refused(world: World) -> None:
    client = world.signed_in()
    started(client)
    for query in ({}, {"state": ""}, {"state": "made-up"}, {"state": "\udcff" * 3}):
        encoded = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        assert back(client, code="code-1", **encoded) == 400
    assert world.exchanged == []


def test_a_state_works_once(world: World) -> None:
    client = world.signed_in()
    state = started(client)
    assert back(client, code="code-1", state=state) == 303
    assert back(client, code="code-2", state=state) == 400
    assert len(world.exchanged) == 1


def test_a_state_works_for_fifteen_minutes(world: World) -> None:
    client = world.signed_in()
    late, early = started(client), started(client)
    world.clock.instant += 899
    assert back(client, code="code-1", state=early) == 303
    world.clock.instant += 2
    assert back(client, code="code-2", state=late) == 400


@pytest.mark.parametrize("workspace_id", ["alice", "bob"])
def test_the_state_of_another_session_is_refused_and_stays_good_for_its_own(
    world: World, workspace_id: str
) -> None:
    client, other = world.signed_in(), world.signed_in(workspace_id)
    state = started(client)
    assert back(other, code="stolen", state=state) == 400
    assert world.exchanged == []
    assert back(client, code="code-1", state=state) == 303


def test_a_sign_in_link_is_no_state(world: World) -> None:
    client = world.signed_in()
    assert back(client, code="code-1", state=world.sessions.new_link_token("alice")) == 400


def test_a_state_is_no_sign_in_link(world: World) -> None:
    state = world.states.new(Principal("alice", key_id="key-1"), "US")
    answer = world.app.test_client().post("/sign-in", data={"token": state})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "query",
    [{"code": "null", "error": "auth_denied"}, {"code": "null"}, {"code": ""}, {}],
)
def test_a_seller_who_refuses_is_told_so(world: World, query: dict[str, str]) -> None:
    client = world.signed_in()
    answer = client.get("/connect/tiktok/callback", query_string=query | {"state": started(client)})
    assert answer.status_code == 400
    assert "Access was not granted" in answer.text
    assert world.exchanged == []


def test_a_failed_exchange_is_told_on_a_page(world: World) -> None:
    client = world.signed_in()
    answer = client.get(
        "/connect/tiktok/callback", query_string={"code": "foreign", "state": started(client)}
    )
    assert answer.status_code == 403
    assert "connected elsewhere" in answer.text
