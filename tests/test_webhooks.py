"""The address TikTok pushes to: what is accepted, what it asks for, and what changes nothing."""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from hub.webhooks import webhook_routes
from store.accounts_schema import notifications
from store.database import Database
from store.ledger import Ledger
from store.notifications import LANE, REREAD, Notifications
from store.sessions import Sessions
from tests.installation import (
    START,
    FakeClock,
    MadeGrant,
    MadeShop,
    accounts_in,
    at_once,
    connect_shop,
    no_limits,
)
from web.attach import attach

pytestmark = pytest.mark.slow

APP_KEY = "app-key"
PRESENT, PREVIOUS = "present-secret", "previous-secret"
ORDER = "ORDER_STATUS_CHANGE"
#: What the body says it is about, by the address it comes to.
KINDS = {ORDER: 1, "RETURN_STATUS_CHANGE": 12, "SOMETHING_NEW": 999}
DAY = 86_400


class House:
    """An app with the address, a connected shop of Alice's, and what was forgotten on request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.accounts = accounts_in(folder, self.clock)
        self.authorization = connect_shop(self.accounts, "alice", MadeGrant(), MadeShop())
        self.ledger = Ledger(self.accounts.database, self.clock)
        impatient = Database(f"sqlite:///{folder}/accounts.sqlite", busy_timeout_ms=0)
        self.notifications = Notifications(self.accounts.database, impatient, self.clock)
        self.forgotten: list[str] = []
        app = Flask("tests", root_path=str(Path(__file__).parent))
        attach(
            app,
            principal_for_key=self.accounts.principal_for_key,
            sessions=Sessions(self.accounts.database, self.clock),
            secure=False,
            cookie_key=b"-" * 32,
            limits=no_limits(),
        )
        app.register_blueprint(
            webhook_routes(
                app_key=APP_KEY,
                secrets=[PRESENT, PREVIOUS],
                notifications=self.notifications,
                deauthorised=self.forgotten.append,
            )
        )
        self.app = app

    def post(self, raw: bytes, *, topic: str = ORDER, secret: str = PRESENT, **headers: str) -> int:
        signature = hmac.digest(secret.encode(), APP_KEY.encode() + raw, "sha256").hex()
        answer = self.app.test_client().post(
            f"/webhooks/tiktok/{topic}", data=raw, headers={"Authorization": signature, **headers}
        )
        if answer.status_code == 200:
            assert answer.data == b""
        return answer.status_code

    def push(
        self, number: int = 1, *, topic: str = ORDER, shop: str = "7000001", **data: Any
    ) -> int:
        body = push_body(number, shop, kind=KINDS[topic], **(data or {"order_id": "576"}))
        return self.post(body, topic=topic)

    def rows(self) -> list[tuple[str, str, str]]:
        """(workspace, shop, notification) of everything written down."""
        columns = notifications.c
        with self.accounts.database.reading() as connection:
            found = connection.execute(
                notifications.select().order_by(columns.workspace_id, columns.notification_id)
            )
            return [(row.workspace_id, row.shop_id, row.notification_id) for row in found]

    def rereads(self, workspace: str = "alice") -> list[str]:
        """The states of the runs that read again, the oldest first."""
        runs = [run for run in self.ledger.runs(workspace) if run.kind == REREAD]
        return [run.state for run in sorted(runs, key=lambda run: run.created_at)]


def push_body(
    number: int = 1, shop: str = "7000001", at: float = START, kind: int = 1, **data: Any
) -> bytes:
    return json.dumps(
        {
            "type": kind,
            "tts_notification_id": str(number),
            "shop_id": shop,
            "timestamp": int(at),
            "data": data,
        }
    ).encode()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.accounts.database.close()


def test_a_notification_is_written_down_and_asks_for_a_run_in_the_tail_lane(house: House) -> None:
    assert house.push(1, order_id="576") == 200
    assert house.rows() == [("alice", "7000001", "1")]
    (run,) = house.ledger.runs("alice")
    assert (run.kind, run.lane, run.state, run.shop_id) == (REREAD, LANE, "pending", "7000001")
    assert run.trigger == "webhook"


def test_the_same_notification_a_hundred_times_is_one(house: House) -> None:
    assert {house.push(1) for _ in range(100)} == {200}
    assert len(house.rows()) == 1
    assert house.rereads() == ["pending"]


def test_a_repetition_after_it_was_acted_on_asks_for_nothing(house: House) -> None:
    house.push(1)
    work(house)
    house.clock.instant += 12 * 3600
    assert house.push(1) == 200
    assert house.rereads() == ["done"]


def work(house: House) -> dict[str, tuple[str, ...]]:
    """What a worker does with the run that is due; gives the ids that it takes."""
    claim = house.ledger.claim("worker", [LANE])
    assert claim is not None
    taken = house.notifications.take("alice", "7000001")
    house.notifications.settle("alice", "7000001", taken)
    house.ledger.finish(claim, "done")
    return {what: tuple(ids) for what, ids in taken.named.items()}


def test_many_notifications_are_one_run_with_each_id_once(house: House) -> None:
    for number in range(40):
        house.push(number, order_id=str(1000 + number % 4))
    house.push(99, topic="RETURN_STATUS_CHANGE", return_id="404", order_id="1001")
    assert house.rereads() == ["pending"]
    assert work(house) == {"orders": ("1000", "1001", "1002", "1003"), "returns": ("404",)}


def test_what_comes_while_a_run_is_worked_asks_for_the_next(house: House) -> None:
    house.push(1, order_id="1")
    claim = house.ledger.claim("worker", [LANE])
    assert claim is not None
    house.push(2, order_id="2")
    house.push(3, order_id="3")
    assert sorted(house.rereads()) == ["pending", "running"]
    assert house.ledger.claim("other", [LANE]) is None, "one at a time"
    taken = house.notifications.take("alice", "7000001")
    assert taken.named == {"orders": ("1", "2", "3")}
    house.notifications.settle("alice", "7000001", taken)
    house.ledger.finish(claim, "done")
    assert work(house) == {}


def test_what_was_taken_and_not_settled_is_taken_again(house: House) -> None:
    house.push(1, order_id="1")
    first = house.notifications.take("alice", "7000001")
    assert house.notifications.take("alice", "7000001") == first


def test_more_than_one_run_can_take_goes_into_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.notifications.MOST_TAKEN", 2)
    for number in range(3):
        house.clock.instant += 1
        house.push(number, order_id=str(number))
    assert work(house) == {"orders": ("0", "1")}
    assert work(house) == {"orders": ("2",)}
    assert house.ledger.claim("worker", [LANE]) is None


def test_runs_that_are_done_and_old_notifications_do_not_pile_up(house: House) -> None:
    for number in range(5):
        house.push(number)
        work(house)
    assert house.rereads() == ["done"]
    assert len(house.rows()) == 5
    house.clock.instant += 3 * DAY
    house.push(6)
    work(house)
    assert house.rows() == [("alice", "7000001", "6")]


def test_no_more_than_so_many_notifications_are_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.notifications.MOST_KEPT", 3)
    for number in range(10):
        house.clock.instant += 1
        house.push(number)
    work(house)
    house.clock.instant += 1
    house.push(10)
    work(house)
    assert [row[2] for row in house.rows()] == ["10", "8", "9"]


def test_what_waits_for_the_seller_is_joined_too(house: House) -> None:
    house.push(1)
    claim = house.ledger.claim("worker", [LANE])
    assert claim is not None
    house.ledger.finish(claim, "blocked", "connect it again")
    house.push(2)
    assert house.rereads() == ["blocked"]


# --- forgeries and oddities ---


@pytest.mark.parametrize("header", ["", "0" * 64, "Bearer x"])
def test_a_wrong_signature_is_refused_and_nothing_is_touched(house: House, header: str) -> None:
    answer = house.app.test_client().post(
        f"/webhooks/tiktok/{ORDER}", data=push_body(1), headers={"Authorization": header}
    )
    assert answer.status_code == 401
    assert house.rows() == []
    assert house.rereads() == []


def test_a_missing_signature_is_refused(house: House) -> None:
    answer = house.app.test_client().post(f"/webhooks/tiktok/{ORDER}", data=push_body(1))
    assert answer.status_code == 401


def test_the_previous_secret_is_good_beside_the_present_one(house: House) -> None:
    assert house.post(push_body(1, order_id="1"), secret=PREVIOUS) == 200
    assert house.post(push_body(2, order_id="1"), secret="one-before-that") == 401
    assert [row[2] for row in house.rows()] == ["1"]


def test_the_wellknown_secret_of_the_sample_account_opens_nothing(house: House) -> None:
    assert house.post(push_body(1, "sample", order_id="1"), secret="sample-secret") == 401
    assert house.push(1, shop="sample") == 200
    assert house.rows() == []


@pytest.mark.parametrize("size", [256 * 1024 + 1, 5 * 1024 * 1024])
def test_a_body_over_256_kilobytes_is_refused(house: House, size: int) -> None:
    assert house.post(b" " * size) == 413
    assert house.rows() == []


def test_a_body_of_256_kilobytes_is_read(house: House) -> None:
    assert house.post(push_body(1, order_id="1").ljust(256 * 1024)) == 200
    assert len(house.rows()) == 1


@pytest.mark.parametrize("raw", [b"", b"not json", b"[1]", b"\xff"])
def test_a_genuine_body_that_makes_no_sense_is_accepted_and_forgotten(
    house: House, raw: bytes
) -> None:
    assert house.post(raw) == 200
    assert house.rows() == []


def test_an_unknown_topic_is_accepted_and_asks_for_nothing(house: House) -> None:
    assert house.push(1, topic="SOMETHING_NEW", order_id="1") == 200
    assert house.rereads() == []


def test_a_shop_we_do_not_know_is_accepted_and_nobody_is_touched(house: House) -> None:
    assert house.push(1, shop="7999999") == 200
    assert house.push(2, shop="") == 200
    assert house.rows() == []
    assert [run for workspace in ("alice", "bob") for run in house.rereads(workspace)] == []


def test_a_disconnected_shop_is_left_alone(house: House) -> None:
    house.accounts.workspace("alice").set_shop_state("7000001", "disconnected")
    assert house.push(1) == 200
    assert house.rows() == []


def test_only_the_workspaces_that_have_the_shop_are_touched(house: House) -> None:
    other = replace(MadeGrant(), open_id="open-id-2")
    connect_shop(house.accounts, "bob", other, replace(MadeShop(), id="7000002"))
    house.push(1)
    house.push(2, shop="7000002")
    assert house.rows() == [("alice", "7000001", "1"), ("bob", "7000002", "2")]


def test_an_event_of_the_seller_is_about_all_shops_of_the_grant(house: House) -> None:
    grant = replace(MadeGrant(), open_id="open-id-2")
    shops = [replace(MadeShop(), id="7000002"), replace(MadeShop(), id="7000003")]
    connect_shop(house.accounts, "bob", grant, *shops)
    body = {
        "tts_notification_id": "1",
        "seller_open_id": "open-id-2",
        "data": {"product_id": 1729592969712207009},
    }
    assert house.post(json.dumps(body).encode(), topic="INVENTORY_CHANGED") == 200
    assert house.rows() == [("bob", "7000002", "1"), ("bob", "7000003", "1")]
    assert house.notifications.take("bob", "7000003").named == {
        "inventory": ("1729592969712207009",)
    }


def test_a_database_without_time_makes_tiktok_come_again(house: House) -> None:
    with closing(sqlite3.connect(house.folder / "accounts.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert house.push(1) == 503
    assert house.push(1) == 200
    assert house.rereads() == ["pending"]


def test_notifications_that_come_at_once_are_all_written_down_and_ask_for_one_run(
    house: House,
) -> None:
    def push(number: int) -> int:
        return house.push(number, order_id=str(number))

    assert at_once(8, push) == [200] * 8
    assert len(house.rows()) == 8
    assert house.rereads() == ["pending"]
    assert len(work(house)["orders"]) == 8


# --- the seller takes our access away ---


def test_a_deauthorization_is_acted_on_before_the_answer(house: House) -> None:
    gone = push_body(1, at=START + 60, kind=6, message="gone")
    house.clock.instant += 61
    assert house.post(gone, topic="SELLER_DEAUTHORIZATION") == 200
    assert house.forgotten == ["7000001"]


def test_a_replay_from_before_the_seller_granted_access_again_is_ignored(house: House) -> None:
    gone = push_body(1, at=START + 60, kind=6, message="gone")
    house.clock.instant += 365 * DAY
    connect_shop(house.accounts, "alice", MadeGrant().next(2, house.clock.now()), MadeShop())
    assert house.post(gone, topic="SELLER_DEAUTHORIZATION") == 200
    assert house.forgotten == []


def test_a_deauthorization_of_an_unknown_shop_or_by_a_forger_does_nothing(house: House) -> None:
    gone = push_body(1, shop="7999999", at=START + 60, kind=6)
    assert house.post(gone, topic="SELLER_DEAUTHORIZATION") == 200
    mine = push_body(2, at=START + 60, kind=6)
    assert house.post(mine, topic="SELLER_DEAUTHORIZATION", secret="forged") == 401
    assert house.forgotten == []


@pytest.mark.parametrize("kind", [1, 999, "6", None])
def test_only_a_body_that_says_so_takes_our_access_away_whatever_address_it_comes_to(
    house: House, kind: Any
) -> None:
    genuine = push_body(1, at=START + 60, kind=kind, order_id="576")
    house.clock.instant += 61
    assert house.post(genuine, topic="SELLER_DEAUTHORIZATION") == 200
    assert house.forgotten == (["7000001"] if kind == "6" else [])


# --- our access will end ---


def ending(number: int, at: float, ends_at: float) -> bytes:
    return push_body(number, at=at, kind=7, expiration_time=str(int(ends_at)), message="soon")


def tell_end(house: House, raw: bytes) -> dict[str, float]:
    assert house.post(raw, topic="UPCOMING_AUTHORIZATION_EXPIRATION") == 200
    return house.notifications.access_ends("alice")


def test_the_coming_end_of_our_access_is_remembered_until_it_has_passed(house: House) -> None:
    assert tell_end(house, ending(1, START, START + 30 * DAY)) == {"7000001": START + 30 * DAY}
    assert house.notifications.access_ends("bob") == {}
    house.clock.instant += 30 * DAY
    assert house.notifications.access_ends("alice") == {}


def test_what_was_said_last_counts_in_whatever_order_it_arrives(house: House) -> None:
    tell_end(house, ending(2, START + DAY, START + 40 * DAY))
    assert tell_end(house, ending(1, START, START + 30 * DAY)) == {"7000001": START + 40 * DAY}


def test_connecting_again_takes_the_warning_away_and_a_replay_does_not_bring_it_back(
    house: House,
) -> None:
    warning = ending(1, START, START + 30 * DAY)
    tell_end(house, warning)
    house.clock.instant += DAY
    house.notifications.access_renewed("alice", ["7000001"])
    assert house.notifications.access_ends("alice") == {}
    assert tell_end(house, ending(2, START, START + 30 * DAY)) == {}
    later = ending(3, START + 2 * DAY, START + 300 * DAY)
    assert tell_end(house, later) == {"7000001": START + 300 * DAY}
