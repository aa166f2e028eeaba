"""The status page as a person sees it, read as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hub.status import ShopStatus, instant, percent, status_routes
from store.ledger import Run
from tests.authorizing import House
from tests.installation import (
    START,
    MadeGrant,
    MadeShop,
    connect_shop,
)


@dataclass(frozen=True)
class MadeStage:
    stage: str
    state: str
    done: int = 0
    total: int | None = None
    waits_for: str = ""
    error: str = ""
    reference: str = ""


class World:
    """An app with the status page over what a test puts into `stages`."""

    def __init__(self, folder: Path) -> None:
        house = House(folder)
        self.clock, self.accounts, self.ledger = house.clock, house.accounts, house.ledger
        self.stages: list[MadeStage] = []
        self.last_success: float | None = None
        app = house.app
        app.register_blueprint(
            status_routes(
                workspace_name=lambda workspace_id: self.accounts.workspace(workspace_id).name,
                shops=self.shops,
                runs=self.ledger.runs,
            )
        )
        self.client: FlaskClient = house.signed_in()

    def shops(self, workspace_id: str) -> Sequence[ShopStatus]:
        return [
            ShopStatus(shop, () if shop.is_sample else self.stages, self.last_success)
            for shop in self.accounts.workspace(workspace_id).shops()
        ]

    def page(self) -> str:
        answer = self.client.get("/")
        assert answer.status_code == 200
        return answer.text

    def words(self) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.page()))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_new_workspace_sees_the_sample_account_and_how_to_connect(world: World) -> None:
    words = world.words()
    assert "Workspace Alice&#39;s agency" in words
    assert "Sample Account connected" in words
    assert "USD · days in UTC" in words
    assert "No run yet." in words
    assert 'href="/connect/tiktok/start?region=SEA"' in world.page()


def test_each_stage_shows_how_far_it_is_and_what_it_waits_for(world: World) -> None:
    connect_shop(world.accounts, "alice", MadeGrant(), MadeShop())
    world.last_success = START
    world.stages = [
        MadeStage("products", "done", 120, 120),
        MadeStage("orders", "running", 1234, 5000),
        MadeStage("price_detail", "waiting", waits_for="orders"),
        MadeStage("returns", "blocked", error="Permission is missing.", reference="req-7"),
    ]
    words = world.words()
    assert "Test Shop 1 connected" in words
    assert "Shop id 7000001 · GB · GBP · days in UTC" in words
    assert "last read 01 Jan 2026 00:00 UTC" in words
    assert "products done 100 % 100 % 120 of 120" in words
    assert "orders running 24 % 24 % 1,234 of 5,000" in words
    assert "price detail waiting 0 waits for orders" in words
    assert "returns blocked 0 Permission is missing. req-7" in words


def test_runs_show_their_state_and_message(world: World) -> None:
    connect_shop(world.accounts, "alice", MadeGrant(), MadeShop())
    ask(world, "alice")
    claim = world.ledger.claim("worker-1", ["backward"])
    assert claim is not None
    world.ledger.finish(claim, "failed", "TikTok was not reachable.")
    assert (
        "initial import Test Shop 1 failed 01 Jan 2026 00:00 UTC 01 Jan 2026 00:00 UTC "
        "TikTok was not reachable." in world.words()
    )


def test_nothing_of_another_workspace_is_shown(world: World) -> None:
    connect_shop(world.accounts, "bob", MadeGrant(), MadeShop(id="8000008", name="Bob's shop"))
    ask(world, "bob", "8000008")
    page = world.page()
    assert "8000008" not in page
    assert "Bob" not in page
    assert "No run yet." in page


def test_a_shop_that_lost_access_asks_to_be_connected_again(world: World) -> None:
    connect_shop(world.accounts, "alice", MadeGrant(), MadeShop())
    world.accounts.workspace("alice").set_shop_state("7000001", "reauthorise")
    assert "Connect it again below" in world.words()


def test_a_shop_can_be_connected_again_here_or_by_its_owner(world: World) -> None:
    grant = connect_shop(world.accounts, "alice", MadeGrant(), MadeShop())
    page = world.page()
    for link in (
        "/connect/tiktok/start?shop=7000001",
        "/connect/invites?shop=7000001",
        f"/connect/shops/{grant}",
    ):
        assert page.count(f'href="{link}"') == 1
        assert world.client.get(link).status_code in (200, 303)


def test_a_closed_shop_says_so(world: World) -> None:
    connect_shop(world.accounts, "alice", MadeGrant(), MadeShop())
    world.accounts.workspace("alice").set_shop_state("7000001", "inactive")
    assert "TikTok has closed this shop or suspended its seller." in world.words()


def test_names_from_tiktok_are_shown_as_text(world: World) -> None:
    name = "<script>alert(1)</script> \u202eشركة 🛍 \"'"
    connect_shop(world.accounts, "alice", MadeGrant(), MadeShop(name=name))
    world.stages = [MadeStage("orders", "failed", error="<img src=x onerror=alert(1)>")]
    page = world.page()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \u202eشركة 🛍" in page
    assert "<script" not in page
    assert "<img" not in page


def test_the_page_loads_itself_again_only_while_something_goes_on(world: World) -> None:
    connect_shop(world.accounts, "alice", MadeGrant(), MadeShop())
    assert "http-equiv" not in world.page()
    world.stages = [MadeStage("orders", "running")]
    assert '<meta http-equiv="refresh" content="15">' in world.page()
    world.stages = [MadeStage("orders", "done")]
    assert "http-equiv" not in world.page()
    ask(world, "alice")
    assert "http-equiv" in world.page()


def test_the_page_is_well_formed(world: World) -> None:
    connect_shop(world.accounts, "alice", MadeGrant(), MadeShop())
    world.stages = [MadeStage("orders", "running", 1, 2)]
    ask(world, "alice")
    assert open_elements(world.page()) == []


def ask(world: World, workspace_id: str, shop_id: str = "7000001") -> Run:
    return world.ledger.enqueue(
        workspace_id, shop_id, "backward", "initial_import", slot="initial", parameters={}
    )


def open_elements(page: str) -> list[str]:
    """The elements left open, with a note for each end tag that closes the wrong one."""
    left: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "link", "input", "br"):
                left.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if left[-1:] == [tag]:
                left.pop()
            else:
                left.append(f"misplaced </{tag}>")

    Reader().feed(page)
    return left


@pytest.mark.parametrize(
    ("state", "done", "total", "share"),
    [
        ("running", 0, None, None),
        ("running", 0, 0, None),
        ("running", 1, 3, 33),
        ("running", 3, 3, 99),
        ("running", 9, 3, 99),
        ("waiting", 0, 3, 0),
        ("done", 0, None, 100),
    ],
)
def test_the_share_is_a_hundred_only_when_done(
    state: str, done: int, total: int | None, share: int | None
) -> None:
    assert percent(MadeStage("orders", state, done, total)) == share
    assert percent(replace(MadeStage("orders", state), done=done, total=total)) == share


def test_an_instant_is_told_in_utc() -> None:
    assert instant(START + 3723) == "01 Jan 2026 01:02 UTC"
    assert instant(None) == "never"
