"""Connecting, choosing, inviting and disconnecting on the command line, over a simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskCliRunner
from pydantic import SecretStr

from app import create_app
from installation import Installation
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.world import World, seeded_world
from settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world() -> World:
    """Three shops under one consent."""
    return seeded_world(7, 30, 3, shops=3, now=1_789_220_800)


@pytest.fixture
def runner(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FlaskCliRunner]:
    def session() -> requests.Session:
        made = requests.Session()
        made.mount(BASE_URL, SampleShopAdapter(world))
        return made

    monkeypatch.setattr("installation.new_session", session)
    settings = Settings(
        data_dir=tmp_path,
        public_url="https://here.test",
        tiktok_app_key="sample-key",
        tiktok_app_secret=SecretStr("sample-secret"),
        tiktok_service_id="123",
        tiktok_api_base=BASE_URL,
        tiktok_auth_base=BASE_URL,
        sample_account=False,
    )
    app = create_app(settings)
    here: Installation = app.extensions["installation"]
    here.prepare()
    yield app.test_cli_runner()
    here.close()


def lines(runner: FlaskCliRunner, *args: str) -> list[str]:
    result = runner.invoke(args=list(args))
    assert result.exit_code == 0, result.output
    return list(result.stdout.splitlines())


def rows(runner: FlaskCliRunner, *args: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(runner, *args, "--json")]


def refused(runner: FlaskCliRunner, *args: str) -> str:
    result = runner.invoke(args=list(args))
    assert result.exit_code == 2
    return result.output


def connect(runner: FlaskCliRunner, *args: str) -> list[str]:
    """The ids of the shops that were connected."""
    told = lines(runner, "shops", "connect", "--code", "sample-code", "--region", "US", *args)
    return [line.split()[0] for line in told]


def states(runner: FlaskCliRunner) -> dict[str, str]:
    return {row["shop_id"]: row["state"] for row in rows(runner, "shops", "list")}


def test_a_consent_code_connects_every_shop_unless_some_are_named(
    runner: FlaskCliRunner, world: World
) -> None:
    one, two, three = (shop.id for shop in world.shops)
    assert connect(runner, "--shop", two) == [two]
    assert states(runner) == {two: "connected"}
    assert sorted(connect(runner, "--shop", three)) == sorted([two, three])
    assert sorted(connect(runner)) == sorted([one, two, three])


def test_a_shop_the_consent_does_not_cover_is_refused_and_the_grant_stays_to_choose_from(
    runner: FlaskCliRunner, world: World
) -> None:
    command = ("shops", "connect", "--code", "sample-code", "--region", "US", "--shop", "7999999")
    assert "does not cover shop 7999999" in refused(runner, *command)
    assert states(runner) == {}
    offered = rows(runner, "shops", "offered")
    assert {row["shop_id"] for row in offered} == {shop.id for shop in world.shops}
    assert {row["state"] for row in offered} == {""}


def test_the_choice_is_listed_and_changed_without_a_new_consent(
    runner: FlaskCliRunner, world: World
) -> None:
    one, two, three = (shop.id for shop in world.shops)
    connect(runner)
    (grant,) = {row["authorization_id"] for row in rows(runner, "shops", "offered")}
    lines(runner, "shops", "choose", grant, one, three)
    assert states(runner) == {one: "connected", two: "disconnected", three: "connected"}
    assert "no such authorization" in refused(runner, "shops", "choose", "nothing", one)


def test_a_shop_is_disconnected_and_its_data_deleted_on_request(
    runner: FlaskCliRunner, world: World, tmp_path: Path
) -> None:
    one, two, _ = (shop.id for shop in world.shops)
    connect(runner)
    records = tmp_path / "shops" / "default" / one / "records.sqlite"
    lines(runner, "backfill", one, "--start", "2026-09-10", "--end", "2026-09-10", "--estimate")
    assert records.exists()
    told = lines(runner, "shops", "disconnect", one, "--purge")
    assert told == [f"Shop {one} is deleted, with everything that was imported."]
    assert lines(runner, "shops", "disconnect", two) == [f"Shop {two} is disconnected."]
    assert one not in states(runner)
    assert states(runner)[two] == "disconnected"
    assert {row["shop_id"] for row in rows(runner, "runs", "list")} & {one} == set()
    for shop_id in (one, "7999999"):
        assert "not connected" in refused(runner, "shops", "disconnect", shop_id)
    assert one in connect(runner), "it may come again, as a new shop"


def test_an_invite_is_printed_once_listed_and_withdrawn(
    runner: FlaskCliRunner, world: World
) -> None:
    connect(runner)
    shop_id = world.shops[0].id
    (link,) = lines(runner, "invites", "create", "--shop", shop_id, "--days", "2")
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "here.test", "/connect/invite")
    (token,) = parse_qs(parts.query)["token"]
    page = runner.app.test_client().get("/connect/invite", query_string={"token": token})
    assert page.status_code == 200
    start = runner.app.test_client().get(
        "/connect/invite/start", query_string={"token": token, "region": "US"}
    )
    consent = urlsplit(start.headers["Location"])
    assert consent.netloc == "services.us.tiktokshop.com"
    assert parse_qs(consent.query)["service_id"] == ["123"]
    (invite,) = rows(runner, "invites", "list")
    assert (invite["shop_id"], invite["state"]) == (shop_id, "open")
    assert token not in json.dumps(invite)
    lines(runner, "invites", "revoke", invite["id"])
    assert [row["state"] for row in rows(runner, "invites", "list")] == ["revoked"]
    assert "no such open invite" in refused(runner, "invites", "revoke", "nothing")
    assert "not connected" in refused(runner, "invites", "create", "--shop", "7999999")
    assert "1 to 30 days" in refused(runner, "invites", "create", "--days", "31")


def test_the_seller_region_decides_the_host_of_the_consent_page(runner: FlaskCliRunner) -> None:
    (link,) = lines(runner, "invites", "create")
    token = link.partition("token=")[2]
    hosts = {}
    for region in ("US", "GB", "SEA", "ROW"):
        query = {"token": token, "region": region}
        answer = runner.app.test_client().get("/connect/invite/start", query_string=query)
        hosts[region] = urlsplit(answer.headers["Location"]).netloc
    assert hosts == {
        "US": "services.us.tiktokshop.com",
        **dict.fromkeys(("GB", "SEA", "ROW"), "services.tiktokshop.com"),
    }


def test_what_the_hub_can_change_of_a_shop_a_command_can_too(
    runner: FlaskCliRunner, world: World
) -> None:
    one, two, _ = (shop.id for shop in world.shops)
    connect(runner)
    wish = ("--client", "Aurora", "--no-notifications", "--optional-data", "price_detail")
    told = lines(runner, "shops", "set", one, *wish)
    assert "Client                Aurora" in told
    assert "Notifications         no" in told
    assert "Optional data         price_detail" in told
    listed = {row["shop_id"]: row for row in rows(runner, "shops", "list")}
    assert (listed[one]["client"], listed[two]["client"]) == ("Aurora", None)
    assert (listed[one]["listens"], listed[two]["listens"]) == (False, True)

    told = lines(runner, "shops", "set", one, "--client", "", "--optional-data", "usual")
    assert "Client                -" in told
    assert "Optional data         -" in told
    assert "Notifications         no" in told, "what is not named stays"


def test_optional_data_that_is_not_offered_is_refused_before_anything_changes(
    runner: FlaskCliRunner, world: World
) -> None:
    one = world.shops[0].id
    connect(runner)
    said = refused(runner, "shops", "set", one, "--client", "Aurora", "--optional-data", "weather")
    assert "weather is not offered here; this installation offers price_detail." in said
    assert {row["client"] for row in rows(runner, "shops", "list")} == {None}
