"""How often what may be asked: counted over all processes, by address or by workspace."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from errors import RateLimited
from settings import Settings
from store.allowed_calls import FILE, AllowedCalls, Rate
from tests.answering import Answering, HandMadeShop, answering
from tests.installation import FakeClock, at_once
from tests.reporting import Member
from web.limits import BY_ADDRESS, BY_WORKSPACE, WRONG_KEYS, Bound, RequestLimits, network_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
RATE = Rate(burst=10, per_minute=60)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def calls(tmp_path: Path, clock: FakeClock) -> Iterator[AllowedCalls]:
    made = AllowedCalls(tmp_path, clock)
    yield made
    made.close()


def taken(calls: AllowedCalls, count: int, name: str = "one") -> int:
    """How many of `count` calls were allowed."""
    return sum(calls.take(name, RATE) == 0 for _ in range(count))


# --- the buckets ---


def test_as_many_at_once_as_the_bucket_holds_then_as_many_as_flow_in(
    calls: AllowedCalls, clock: FakeClock
) -> None:
    assert taken(calls, 15) == 10
    clock.instant += 3.0
    assert taken(calls, 15) == 3
    clock.instant += 3600.0
    assert taken(calls, 15) == 10, "and never more than it holds"


def test_the_wait_is_told(calls: AllowedCalls, clock: FakeClock) -> None:
    taken(calls, 10)
    assert calls.take("one", RATE) == pytest.approx(1.0)
    clock.instant += 0.75
    assert calls.take("one", RATE) == pytest.approx(0.25)
    clock.instant += 0.25
    assert calls.take("one", RATE) == 0


def test_each_name_has_its_own(calls: AllowedCalls) -> None:
    assert taken(calls, 12, "alice") == 10
    assert taken(calls, 12, "bob") == 10


def test_a_clock_that_was_ahead_locks_nobody_out(calls: AllowedCalls, clock: FakeClock) -> None:
    clock.instant += 86_400.0
    taken(calls, 10)
    clock.instant -= 86_400.0
    assert taken(calls, 15) == 10


def test_what_is_full_again_is_forgotten(
    tmp_path: Path, calls: AllowedCalls, clock: FakeClock
) -> None:
    for number in range(50):
        calls.take(f"old {number}", RATE)
    clock.instant += 60.0
    with closing(AllowedCalls(tmp_path, clock)) as again:
        again.take("new", RATE)
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        assert file.execute("SELECT name FROM buckets").fetchall() == [("new",)]


def test_a_file_that_cannot_be_written_refuses_nobody(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / FILE).mkdir()
    with closing(AllowedCalls(tmp_path, clock)) as calls:
        assert taken(calls, 20) == 20


def test_threads_share_the_count(calls: AllowedCalls) -> None:
    assert sum(at_once(8, lambda _: taken(calls, 5))) == 10


#: Takes as many as are allowed of fifty, and says how many those were.
_TAKING = """
import sys
from pathlib import Path
from clock import SystemClock
from store.allowed_calls import AllowedCalls, Rate
calls = AllowedCalls(Path(sys.argv[1]), SystemClock())
print(sum(calls.take("one", Rate(40, 0.001)) == 0 for _ in range(50)))
"""


def test_four_processes_share_the_count(tmp_path: Path, calls: AllowedCalls) -> None:
    calls.take("another", RATE)  # the file is there
    command = [sys.executable, "-c", _TAKING, str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    allowed = [int(process.communicate()[0]) for process in started]
    assert sum(allowed) == 40


# --- by whom it is counted ---


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("gunicorn", "unknown"),
    ],
)
def test_one_sender_is_an_address_or_what_one_user_gets_of_ipv6(
    address: str | None, network: str
) -> None:
    assert network_of(address) == network


def request_to(path: str, method: str = "POST", address: str = "203.0.113.7") -> Request:
    environment = {"REMOTE_ADDR": address}
    return Request(EnvironBuilder(path, method=method, environ_base=environment).get_environ())


def test_addresses_are_counted_under_a_hash(tmp_path: Path, calls: AllowedCalls) -> None:
    limits = RequestLimits(calls.take, b"k" * 32, answers_per_minute=0)
    limits.check_address(request_to("/sign-in"))
    limits.check_wrong_key(request_to("/connector/v1/getData"))
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        names = [row[0] for row in file.execute("SELECT name FROM buckets ORDER BY name")]
    assert [name.split()[0] for name in names] == ["sign-in", "wrong-key"]
    assert "203.0.113.7" not in str(names)


@pytest.mark.parametrize("bound", BY_ADDRESS, ids=lambda bound: bound.name)
def test_every_open_door_is_counted_by_address(calls: AllowedCalls, bound: Bound) -> None:
    limits = RequestLimits(lambda name, _rate: calls.take(name, RATE), b"k", answers_per_minute=0)
    paths = [f"{one}x" if one.endswith("/") else one for one in bound.addresses]
    for number in range(10):
        limits.check_address(request_to(paths[number % len(paths)], bound.method))
    for path in paths:
        with pytest.raises(RateLimited):
            limits.check_address(request_to(path, bound.method))
    limits.check_address(request_to("/about", bound.method))
    limits.check_address(request_to(paths[0], bound.method, "198.51.100.1"))


def test_tiktok_may_push_two_hundred_a_second(calls: AllowedCalls, clock: FakeClock) -> None:
    limits = RequestLimits(calls.take, b"k", answers_per_minute=0)
    for _ in range(10):
        for _ in range(200):
            limits.check_address(request_to("/webhooks/tiktok/ORDER_STATUS_CHANGE"))
        clock.instant += 1.0


# --- over HTTP ---


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Answering]:
    """Twenty requests a minute by keys."""
    test = answering(tmp_path, requests_per_minute=20)
    test.shop(HandMadeShop("111", "Shop", "US"))
    yield test
    test.here.close()


def test_a_workspace_that_asks_too_often_is_told_when_to_come_again(few: Answering) -> None:
    few.here.accounts.create_workspace("Other", workspace_id="other")
    _, other = few.here.accounts.workspace("other").create_key("other")
    _, second = few.here.accounts.workspace("default").create_key("second")
    statuses = [few.post("getConfig", {}, key).status_code for key in (few.key, second) * 11]
    assert statuses == [200] * 20 + [429] * 2, "the keys of a workspace are counted together"
    refused = few.post("getConfig", {})
    assert refused.headers["Retry-After"] == "3"
    error = refused.get_json()["error"]
    assert (error["code"], error["retry_after"]) == ("rate_limited", pytest.approx(3.0))
    assert few.post("getConfig", {}, other).status_code == 200


def test_a_second_process_counts_on(few: Answering, tmp_path: Path) -> None:
    for _ in range(15):
        few.post("getConfig", {})
    second = answering(tmp_path, requests_per_minute=20)
    statuses = [second.post("getConfig", {}, few.key).status_code for _ in range(8)]
    second.here.close()
    assert statuses == [200] * 5 + [429] * 3


def test_without_a_limit_nothing_is_counted(tmp_path: Path) -> None:
    test = answering(tmp_path, requests_per_minute=0)
    assert {test.post("getConfig", {}).status_code for _ in range(50)} == {200}
    assert not (tmp_path / FILE).exists()
    test.here.close()


def test_wrong_keys_are_counted_and_right_ones_are_not(few: Answering) -> None:
    wrong = [few.post("whoami", {}, "tts_wrong").status_code for _ in range(WRONG_KEYS.burst + 5)]
    assert wrong == [401] * WRONG_KEYS.burst + [429] * 5
    assert few.post("getConfig", {}).status_code == 200, "from the same address"


def test_signing_in_is_counted_and_who_is_in_stays_in(few: Answering) -> None:
    member = Member(few)
    stranger = few.app.test_client()
    statuses = [stranger.post("/sign-in", data={"token": "x"}).status_code for _ in range(70)]
    assert statuses == [401] * 59 + [429] * 11
    assert member.get("/").status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.1"}
    assert stranger.post("/sign-in", data={"token": "x"}, environ_base=elsewhere).status_code == 401


def test_making_keys_is_counted(few: Answering) -> None:
    member, (bound, *_) = Member(few), BY_WORKSPACE
    token = member.token("/keys")
    made = [
        member.client.post("/keys", data={"form_token": token, "name": f"Key {number}"})
        for number in range(bound.rate.burst + 2)
    ]
    assert [one.status_code for one in made] == [200] * bound.rate.burst + [429] * 2
    assert "Wait a minute" in made[-1].text


def test_the_limit_leaves_room_for_a_dashboard_of_a_hundred_charts() -> None:
    assert Settings().requests_per_minute >= 100 * 60
