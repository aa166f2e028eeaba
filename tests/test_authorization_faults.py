"""What an installation does when its access to TikTok gives out: tokens, grants, app, clock.

Most tests run the whole installation in this process: accounts, ledger, worker, files and answers,
over a simulator that rotates refresh tokens. Its two shops are covered by one grant; only orders
are imported, so that calls can be counted by hand.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import requests
from flask import Flask
from pydantic import SecretStr
from requests.adapters import BaseAdapter
from sqlalchemy import select
from structlog.testing import capture_logs

from app import create_app
from backfill.schedule import enqueue_backfill
from backfill.windows import floor_of
from clock import Clock, SystemClock
from installation import Installation
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.control import rows_of
from sample_shop.tokens import TokenOffice
from sample_shop.world import seeded_world
from settings import Settings
from store.accounts_schema import authorizations
from store.runs import Run
from tests.importing import DAY, NOW, Asked, Between, refuses, small_pages
from tests.installation import FakeClock, at_once, in_processes
from tiktok_shop.webhooks import Notification

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
DAYS = 5
START = floor_of(NOW, DAYS)
HOUR = 3_600
#: Three days in which the shops had no orders.
EARLIER = (START - 3 * DAY, START)
REFRESH = "/api/v2/token/refresh"


class OffClock(FakeClock):
    """The clock of a server that is wrong by `off` seconds."""

    off = 0.0

    def true_time(self) -> float:
        return self.instant

    def now(self) -> float:
        return self.instant + self.off

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        time.sleep(0.005)  # who waits for another thread must not rush through hours meanwhile


class Wire(Between):
    """The simulator with faults before it; like every web server it says what time it is."""

    def __init__(self, behind: BaseAdapter, clock: OffClock) -> None:
        super().__init__(behind)
        self._clock = clock

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        response = super().send(request, *args, **more)
        response.headers["Date"] = formatdate(self._clock.true_time(), usegmt=True)
        return response


class House:
    """An installation with two connected shops and nothing imported. The clock moves by sleeping,
    and when a test moves it."""

    def __init__(self, folder: Path) -> None:
        self.clock = OffClock(float(NOW))
        true_time = self.clock.true_time
        self.world = seeded_world(7, 60, DAYS, shops=2, now=NOW, products=10, wall=true_time)
        simulator = SampleShopAdapter(self.world, wall=true_time)
        self.office = TokenOffice("TTP_", self.world.open_id, true_time, rotates=True)
        self.gateway = simulator.gateway
        self.gateway.office = self.office
        self.wire = Wire(simulator, self.clock)
        self.app, self.here = installed(folder, self.clock, self.wire)
        self.here.connect("default", "sample-code", "US")
        self.shops = [shop.id for shop in self.world.shops]
        self.ledger = self.here.ledger
        for _ in self.shops:  # the first imports, of everything, are put aside
            claim = self.ledger.claim("test", ["backward"])
            assert claim is not None
            self.ledger.finish(claim, "done")
        _, self.key = self.here.accounts.workspace("default").create_key("test", "read")
        self.wire.calls.clear()

    def ask_for(self, shop_id: str, start: int = START, end: int = NOW) -> str:
        """Ask for the orders of these days; the id of the run."""
        wanted: dict[str, Any] = {"start": start, "end": end, "data": ["orders"]}
        return enqueue_backfill(self.ledger, self.clock, "default", shop_id, **wanted).id

    def work(self) -> None:
        self.here.worker("worker").run_until_idle()
        for thread in threading.enumerate():  # pages in flight when a run was left
            if thread.name.startswith("fetch-"):
                thread.join(30)

    def run(self, run_id: str) -> Run:
        return self.ledger.run(run_id)

    def state(self, shop_id: str) -> str:
        return self.here.accounts.workspace("default").shop(shop_id).state

    def states(self) -> set[str]:
        scope = self.here.accounts.workspace("default")
        return {self.state(shop) for shop in self.shops} | {
            row.state for row in scope.authorizations()
        }

    def refreshed(self) -> int:
        """How often TikTok was asked for new tokens."""
        return sum(1 for asked in self.wire.calls if asked.path == REFRESH)

    def stored(self, shop_id: str) -> int:
        records = self.here.stores.records("default", shop_id)
        return int(records.query("SELECT count(*) FROM orders")[0][0])

    def answer(self, shop_id: str) -> tuple[int, dict[str, Any]]:
        """The number of orders, as Looker is told it, and what the answer says of itself."""
        body = {
            "configParams": {"shops": shop_id},
            "dateRange": {"startDate": "2026-09-01", "endDate": "2026-09-30"},
            "fields": [{"name": "orders"}],
        }
        reply = self.app.test_client().post(
            "/connector/v1/getData", json=body, headers={"Authorization": f"Bearer {self.key}"}
        )
        assert reply.status_code == 200, reply.text
        return int(reply.get_json()["rows"][0]["values"][0]), json.loads(reply.headers["X-Answer"])

    def expire_when(self, holds: Callable[[Asked], bool]) -> None:
        """All tokens run out the moment a call comes for which `holds`."""

        def fault(asked: Asked) -> None:
            if holds(asked):
                self.wire.faults.clear()
                self.office.age(8 * DAY)

        self.wire.faults = [fault]

    def expire(self) -> None:
        """TikTok takes back the access tokens before their time."""
        self.office.age(8 * DAY)


def installed(folder: Path, clock: Clock, wire: BaseAdapter) -> tuple[Flask, Installation]:
    settings = Settings(
        data_dir=folder,
        tiktok_app_key="sample-key",
        tiktok_app_secret=SecretStr("sample-secret"),
        tiktok_api_base=BASE_URL,
        tiktok_auth_base=BASE_URL,
        sample_account=False,
    )

    def session() -> requests.Session:
        made = requests.Session()
        made.mount(BASE_URL, wire)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("installation.new_session", session)
        app = create_app(settings, clock)
        here: Installation = app.extensions["installation"]
        _ = here.live  # made while the patch holds
    here.prepare()
    return app, here


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.here.close()


def of(calls: list[Asked], resource: str) -> list[Asked]:
    return [asked for asked in calls if asked.resource == resource]


def events(logs: Any, *names: str) -> list[str]:
    return [entry["event"] for entry in logs if entry["event"] in names]


# --- tokens ---


def test_an_access_token_that_expires_mid_page_is_renewed_once_and_no_row_is_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 5)
    shop = house.shops[0]
    house.expire_when(lambda asked: asked.resource == "orders" and "page_token" in asked.query)
    run = house.ask_for(shop)
    house.work()
    assert house.run(run).state == "done"
    assert house.stored(shop) == 60
    assert house.refreshed() == 1
    assert house.states() == {"connected"}


def test_a_refresh_that_tiktok_fails_to_answer_costs_no_token_and_is_repeated_later(
    house: House,
) -> None:
    """Errors and silence in turn, for every page that is in flight."""
    house.expire()
    sent: list[str] = []

    def fault(asked: Asked) -> requests.Response | None:
        if asked.path != REFRESH:
            return None
        sent.append(asked.query["refresh_token"])
        if len(sent) % 2:
            raise requests.ReadTimeout
        return refuses(36009003, "Internal error", 503)

    house.wire.faults = [fault]
    run = house.ask_for(house.shops[0])
    house.work()
    assert house.run(run).state == "waiting"
    assert house.run(run).message.startswith("TikTok Shop cannot be reached")
    assert house.states() == {"connected"}
    with house.here.accounts.database.reading() as connection:
        owners = connection.execute(select(authorizations.c.refresh_owner)).scalars().all()
    assert owners == [""]  # the next one need not wait
    house.wire.faults = []
    house.wire.calls.clear()
    house.clock.instant = house.run(run).not_before
    house.work()
    assert house.run(run).state == "done"
    assert house.stored(house.shops[0]) == 60
    assert house.refreshed() == 1
    (again,) = (asked for asked in house.wire.calls if asked.path == REFRESH)
    assert {*sent, again.query["refresh_token"]} == {again.query["refresh_token"]}


def refresh_and_die(folder: str, token: str) -> None:
    """An errand: hold the refresh lease, get new tokens from TikTok, be killed before they are
    kept. Writes what it was given, to show that it was given something."""
    clock = FakeClock(float(NOW))
    world = seeded_world(7, 60, DAYS, shops=2, now=NOW, products=10, wall=clock.now)
    _, here = installed(Path(folder), clock, SampleShopAdapter(world, wall=clock.now))
    (shop, _) = here.accounts.workspace("default").shops()

    def refresh(refresh_token: str) -> Any:
        here.live.oauth.refresh(refresh_token)
        Path(folder, "spent").write_text(refresh_token)
        os.kill(os.getpid(), signal.SIGKILL)

    here.accounts.token_keeper(shop, refresh).renew(token)


def test_tokens_lost_to_a_kill_before_they_are_kept_ask_for_the_shop_to_be_connected_again(
    house: House, tmp_path: Path
) -> None:
    """Nothing can be done about it: TikTok has given the new pair away. It must be seen at once,
    and asked about once."""
    source = house.here.source(house.here.accounts.workspace("default").shops()[0], "tail")
    stale = source.access.access_token()
    assert in_processes(1, refresh_and_die, str(tmp_path), stale) == [-signal.SIGKILL]
    house.office.refresh((tmp_path / "spent").read_text())  # what TikTok did for the dead process
    house.expire()
    house.clock.instant += 101  # until the lease of the dead process is over
    runs = [house.ask_for(shop) for shop in house.shops]
    house.work()
    assert house.refreshed() == 1
    assert house.states() == {"reauthorise"}
    for run in runs:
        assert house.run(run).state == "blocked"
        assert "onnect the shop again" in house.run(run).message
    house.wire.calls.clear()
    for hours in (12, 24, 36):
        house.clock.instant = NOW + hours * HOUR
        house.here.rounds().once()
        house.work()
    assert house.wire.calls == []


# --- the grant ---


def _used_up(house: House) -> None:
    """36004001: somebody used our refresh token."""
    house.wire.faults = [
        lambda asked: refuses(36004001, "rt has expired", 200) if asked.path == REFRESH else None
    ]
    house.expire()


def _gone(house: House) -> None:
    """36004005: TikTok knows of no grant."""
    house.wire.faults = [
        lambda asked: (
            refuses(36004005, "can not find related auth record", 200)
            if asked.path == REFRESH
            else None
        )
    ]
    house.expire()


def _over(house: House) -> None:
    """The grant's own year is over; there is nothing to ask TikTok."""
    house.clock.instant += 366 * DAY


@pytest.mark.parametrize(
    ("end", "asked", "sentence"),
    [
        (_used_up, 1, "Our access to this shop has ended. Please connect the shop again."),
        (_gone, 1, "Our access to this shop has ended. Please connect the shop again."),
        (_over, 0, "TikTok no longer gives access to this shop. Connect the shop again to go on."),
    ],
    ids=["36004001", "36004005", "expired"],
)
def test_a_grant_that_has_ended_blocks_the_run_keeps_the_answers_and_connecting_again_goes_on(
    house: House, end: Callable[[House], None], asked: int, sentence: str
) -> None:
    first, second = house.shops
    house.ask_for(first)
    house.work()
    house.clock.instant += 14 * HOUR
    blocked = [house.ask_for(first, *EARLIER), house.ask_for(second)]
    house.wire.calls.clear()
    end(house)
    started = house.clock.instant
    house.work()

    # at once, for both shops of the grant, with the sentence that says what to do
    assert house.clock.instant - started < 60
    assert [house.run(run).state for run in blocked] == ["blocked", "blocked"]
    assert sentence in [house.run(run).message for run in blocked]
    assert house.states() == {"reauthorise"}
    assert house.refreshed() == asked

    # not another call, by the schedule or by hand
    house.wire.calls.clear()
    house.here.rounds().once()
    house.clock.instant += 60
    by_hand = house.ask_for(first, *EARLIER)
    house.work()
    assert house.run(by_hand).state == "blocked"
    assert house.wire.calls == []

    # what was imported is still answered, and says how old it is
    orders, about = house.answer(first)
    assert orders == 60
    assert about["stale"]
    assert any("has to be connected again" in note for note in about["notes"])

    # and when the shop is connected again, the same runs go on
    house.wire.faults = []
    house.here.connect("default", "sample-code", "US")
    house.work()
    assert [house.run(run).state for run in blocked] == ["done", "done"]
    assert [house.run(run).attempt for run in blocked] == [2, 2]
    assert house.states() == {"connected"}
    assert house.stored(second) == 60


def test_a_run_whose_grant_ended_half_way_goes_on_where_it_stopped(house: House) -> None:
    """Five days and the rest of a sixth are six windows of orders; none is read twice."""
    shop = house.shops[0]
    ended: list[Asked] = []

    def fault(asked: Asked) -> requests.Response | None:
        if asked.resource == "returns" and not ended:
            ended.append(asked)
            for _ in range(500):  # the orders come beside it
                if house.stored(shop) == 60:
                    break
                time.sleep(0.02)
            house.expire()
        return refuses(36004001, "rt has expired", 200) if asked.path == REFRESH else None

    house.wire.faults = [fault]
    run = house.ask_for(shop)
    house.work()
    assert house.run(run).state == "blocked"
    assert house.stored(shop) == 60
    house.wire.faults = []
    house.here.connect("default", "sample-code", "US")
    house.work()
    assert house.run(run).state == "done"
    assert len(of(house.wire.calls, "orders")) == 6


# --- what TikTok refuses ---


def test_a_changed_app_secret_is_told_the_operator_once_and_no_seller(house: House) -> None:
    runs = [house.ask_for(shop) for shop in house.shops]
    runs += [house.ask_for(shop, *EARLIER) for shop in house.shops]
    house.wire.faults = [lambda _asked: refuses(106001, "Invalid credentials. sign", 401)]
    with capture_logs() as logs:
        house.work()
        first_round = len(house.wire.calls)
        for _ in range(20):
            house.clock.instant += 61
            house.work()
    assert events(logs, "app_refused", "app_accepted_again") == ["app_refused"]
    (alert,) = (entry for entry in logs if entry["event"] == "app_refused")
    assert alert["log_level"] == "error"
    assert "app secret was probably changed" in alert["told"]
    # The eight calls that were in flight, and then at most one call a minute for the whole app.
    assert first_round <= 8
    assert len(house.wire.calls) - first_round <= 20
    assert house.refreshed() == 0

    # no seller is asked for anything: no shop and no grant has changed, nothing waits for them
    assert house.states() == {"connected"}
    for run in runs:
        assert house.run(run).state == "waiting"
        assert "whoever runs this service must enter the new one" in house.run(run).message

    # and it goes on by itself
    house.wire.faults = []
    with capture_logs() as logs:
        for _ in range(4):
            house.clock.instant += HOUR
            house.work()
    assert {house.run(run).state for run in runs} == {"done"}
    assert events(logs, "app_refused", "app_accepted_again") == ["app_accepted_again"]
    assert [house.stored(shop) for shop in house.shops] == [60, 60]


def test_a_scope_that_was_removed_blocks_its_stage_and_the_others_finish(house: House) -> None:
    shop = house.shops[0]
    house.wire.faults = [
        lambda asked: (
            refuses(105005, "Access denied.", 403) if asked.resource == "returns" else None
        )
    ]
    run = house.ask_for(shop)
    house.work()
    assert house.run(run).state == "blocked"
    assert "The permission for this data is missing" in house.run(run).message
    progress = house.here.stores.records("default", shop).progress()
    states = {name: progress[name].state for name in ("orders", "returns", "cancellations")}
    assert states == {"orders": "done", "returns": "blocked", "cancellations": "done"}
    assert len(of(house.wire.calls, "returns")) <= 6  # the windows in flight
    assert house.states() == {"connected"}
    assert house.answer(shop)[0] == 60


@pytest.mark.parametrize(("code", "words"), [(36009043, "closed"), (36009044, "suspended")])
def test_a_shop_that_tiktok_has_closed_is_asked_no_more_and_keeps_what_was_read(
    house: House, code: int, words: str
) -> None:
    first, second = house.shops
    house.ask_for(first)
    house.work()
    cipher = house.world.cipher(house.world.shops[0])
    house.wire.faults = [
        lambda asked: (
            refuses(code, "shop is inactive", 401)
            if asked.query.get("shop_cipher") == cipher
            else None
        )
    ]
    runs = [house.ask_for(first, *EARLIER), house.ask_for(second)]
    house.wire.calls.clear()
    house.work()
    assert [house.run(run).state for run in runs] == ["blocked", "done"]
    message = house.run(runs[0]).message
    assert words in message
    assert "What was read stays" in message
    assert (house.state(first), house.state(second)) == ("inactive", "connected")

    # the second schedule of the day goes on for the other one only
    house.wire.calls.clear()
    house.clock.instant += HOUR
    house.here.rounds().once()
    synced = {run.shop_id for run in house.ledger.runs("default") if run.trigger == "schedule"}
    assert synced == {second}
    claim = house.ledger.claim("test", ["forward"])
    assert claim is not None
    house.ledger.finish(claim, "done")

    orders, about = house.answer(first)
    assert orders == 60
    (note,) = (note for note in about["notes"] if note.startswith("TikTok has closed"))
    assert note.startswith("TikTok has closed Shop 1 US; its numbers stopped on the last import.")

    # connected again, the same run goes on
    house.wire.faults = []
    house.here.connect("default", "sample-code", "US")
    house.work()
    assert house.state(first) == "connected"
    assert house.run(runs[0]).state == "done"


def _closed(house: House) -> str:
    """The shop that TikTok has closed, with the wire telling so."""
    closed = house.shops[0]
    cipher = house.world.cipher(house.world.shops[0])
    house.wire.faults = [
        lambda asked: (
            refuses(36009043, "shop is closed", 401)
            if asked.query.get("shop_cipher") == cipher
            else None
        )
    ]
    return closed


def test_a_closed_shop_is_looked_at_once_a_day_and_goes_on_when_it_is_open_again(
    house: House,
) -> None:
    """It is 13:46 UTC; the first slot of a day is at 02:00. What was blocked goes on with it."""
    shop = _closed(house)
    history = house.ask_for(shop, *EARLIER)
    house.work()
    assert house.state(shop) == "inactive"
    for still_closed in (True, False):
        house.clock.instant += DAY
        house.here.rounds().once()
        assert [one.kind for one in house.ledger.runs("default", shop) if one.state == "pending"]
        if not still_closed:
            house.wire.faults = []
        house.work()
        assert house.state(shop) == ("inactive" if still_closed else "connected")
        assert house.run(history).state == ("blocked" if still_closed else "done")


def test_a_record_that_is_read_again_tells_that_the_shop_was_closed(house: House) -> None:
    shop = _closed(house)
    named = (("orders", next(rows_of(house.gateway, "orders", shop))["id"]),)
    pushed = Notification("push 1", "ORDER_STATUS_CHANGE", shop, "", None, named)
    house.here.notifications.receive(pushed, house.here.notifications.about(pushed))
    house.clock.instant += HOUR
    house.work()
    assert house.state(shop) == "inactive"


def test_a_shop_that_was_disconnected_while_it_was_read_stays_so(house: House) -> None:
    """TikTok closes it at the same moment."""
    shop = _closed(house)
    scope = house.here.accounts.workspace("default")
    refuse = house.wire.faults[0]

    def disconnected_first(asked: Asked) -> requests.Response | None:
        if house.state(shop) == "connected":
            scope.set_shop_state(shop, "disconnected")
        return refuse(asked)

    house.wire.faults = [disconnected_first]
    house.ask_for(shop, *EARLIER)
    house.work()
    assert house.state(shop) == "disconnected"


# --- the clock ---


@pytest.mark.parametrize("off", [31.0, -360.0])
def test_a_wrong_clock_is_noticed_by_tiktoks_refusal_corrected_and_told_once(
    house: House, off: float
) -> None:
    """Four calls are refused at the same moment."""
    house.clock.off = off
    together = threading.Barrier(4)
    refused: list[Asked] = []

    def fault(asked: Asked) -> None:
        if len(refused) < 4:
            refused.append(asked)
            together.wait(10)

    house.wire.faults = [fault]
    (shop, _) = house.here.accounts.workspace("default").shops()
    source = house.here.source(shop, "tail")
    with capture_logs() as logs:
        at_once(4, lambda _: source.client.call("warehouses", source.access, lane="tail"))
        assert len(house.wire.calls) == 8
        house.wire.calls.clear()
        run = house.ask_for(shop.shop_id)
        house.work()
    assert house.run(run).state == "done"
    assert house.stored(shop.shop_id) == 60
    told = [entry for entry in logs if entry["event"] == "clock_is_wrong"]
    assert [entry["log_level"] for entry in told] == ["error"]
    assert told[0]["offset_seconds"] == pytest.approx(-off, abs=2)
    true_times = [abs(int(asked.query["timestamp"]) - NOW) for asked in house.wire.calls]
    assert max(true_times) < 30
    assert house.here.live.client.clock_offset_seconds == pytest.approx(-off, abs=2)


# --- processes ---


def ask_in_threads(folder: str, url: str) -> None:
    """An errand: eight threads of two shops call TikTok at the same moment as those of the other
    process."""
    settings = Settings(
        data_dir=Path(folder, "data"),
        tiktok_app_key="sample-key",
        tiktok_app_secret=SecretStr("sample-secret"),
        tiktok_api_base=url,
        tiktok_auth_base=url,
        sample_account=False,
    )
    here = Installation(settings, SystemClock())
    shops = here.accounts.workspace("default").shops()
    sources = [here.source(shops[number % 2], "tail") for number in range(8)]
    Path(folder, f"ready-{os.getpid()}").touch()
    wait_until(lambda: len(list(Path(folder).glob("ready-*"))) == 2)
    at_once(8, lambda number: sources[number].client.call("warehouses", sources[number].access))
    here.close()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(1)
        time.sleep(0.02)


@contextlib.contextmanager
def simulator() -> Iterator[str]:
    """`python -m sample_shop` with two shops under one grant, its address."""
    options = ("--port", "0", "--seed", "3", "--orders", "5", "--days", "2", "--shops", "2")
    command = [sys.executable, "-m", "sample_shop", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def control(url: str, body: dict[str, int] | None = None) -> bytes:
    request = Request(url, None if body is None else json.dumps(body).encode())
    with urlopen(request, timeout=30) as reply:
        content: bytes = reply.read()
    return content


def test_sixteen_threads_of_two_processes_and_two_shops_renew_an_expired_token_once(
    tmp_path: Path,
) -> None:
    with simulator() as url:
        settings = Settings(
            data_dir=tmp_path / "data",
            tiktok_app_key="sample-key",
            tiktok_app_secret=SecretStr("sample-secret"),
            tiktok_api_base=url,
            tiktok_auth_base=url,
            sample_account=False,
        )
        here = Installation(settings, SystemClock())
        here.prepare()
        assert len(here.connect("default", "sample-code", "US")) == 2
        here.close()
        control(f"{url}/_clock", {"advance_tokens": 8 * DAY})
        assert in_processes(2, ask_in_threads, str(tmp_path), url) == [0, 0]
        calls = [json.loads(line) for line in control(f"{url}/_ledger").splitlines()]
    renewals = [call["code"] for call in calls if call["name"] == "token_refresh"]
    answers = [call["code"] for call in calls if call["name"] == "warehouse_list"]
    assert renewals == [0]
    assert answers.count(0) == 16
    assert answers.count(105002) > 1
    assert len({call["shop"] for call in calls if call["code"] == 0 and call["shop"]}) == 2
