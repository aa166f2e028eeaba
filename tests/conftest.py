"""What every test has: no way out of this machine, repeatable cases, a share of the soak time.

`SOAK_SECONDS` (set by `make soak`) is the budget of all `soak` tests together. Each takes an equal
share: a test that loops by itself reads the fixture `soak_seconds`; a hypothesis test marked `soak`
is repeated here, with new examples each time, until its share is spent.

`SOAK_WHOLE` (set by `make soak WHOLE=1`) makes a test that is marked `soak(cases=...)` go on until
it has had so many cases, however long that takes. What each had is told at the end.

`NOTHING_SKIPPED` (set by the build server) makes a skipped test a failure of the whole run; as
`but-samples`, unless it is skipped for want of the official samples.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

import hypothesis
import pytest
import structlog

#: What a soak test gets in `make test`, in seconds.
SHORT_SOAK_SECONDS = 2.0

#: Files that take more than twenty seconds, the longest first.
LONGEST = (
    *("import_crash", "pages_in_browser", "sheets_random", "faults_by_stage", "columns", "load"),
    *("up", "sheets_faults", "publish_crash", "route_map", "hub_forms", "answers_random"),
    *("authorization_faults", "sheets_staged", "answers", "newcomer", "import", "managing"),
    "live_answers",
)

SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "0"))

SOAK_WHOLE = bool(os.environ.get("SOAK_WHOLE"))

soak_count = pytest.StashKey[int]()
soaked = pytest.StashKey[dict[str, "Soak"]]()


@dataclass
class Soak:
    """How far a soak test is. `until`: when its share of the time is spent, on the monotonic clock;
    `wanted`: how many cases it must have had besides."""

    started: float
    until: float
    wanted: int
    cases: int = 0
    ended: float = 0.0

    def is_spent(self) -> bool:
        return time.monotonic() >= self.until and self.cases >= self.wanted


hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("soak", deadline=None, print_blob=True)
hypothesis.settings.load_profile("soak" if SOAK_SECONDS else "repeatable")


def share_of_soak(config: pytest.Config) -> float:
    """Seconds for one soak test: the budget divided by how many were selected."""
    return SOAK_SECONDS / max(1, config.stash.get(soak_count, 1)) or SHORT_SOAK_SECONDS


def soak_of(item: pytest.Item) -> Soak:
    """What this test has yet to do."""
    known = item.config.stash.setdefault(soaked, {})
    if item.nodeid not in known:
        marker = item.get_closest_marker("soak")
        wanted = marker.kwargs.get("cases", 0) if marker and SOAK_WHOLE else 0
        now = time.monotonic()
        known[item.nodeid] = Soak(now, now + share_of_soak(item.config), wanted)
    return known[item.nodeid]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long begin first: several processes share the files, and none of them is to
    be left alone with a long one at the end."""
    rank = {f"test_{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONGEST)))


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[soak_count] = sum(
        1 for item in session.items if item.get_closest_marker("soak")
    )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = (
        [str(report.longrepr) for report in reporter.stats.get("skipped", ())] if reporter else []
    )
    wanted = os.environ.get("NOTHING_SKIPPED")
    if wanted == "but-samples":
        skipped = [reason for reason in skipped if "TIKTOK_SAMPLES" not in reason]
    if wanted and skipped:
        session.exitstatus = exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if SOAK_SECONDS:
        for name, soak in config.stash.get(soaked, {}).items():
            seconds = soak.ended - soak.started
            terminalreporter.write_line(f"{soak.cases} cases in {seconds:.0f} s: {name}")


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> Iterator[Soak]:
    """For a test that counts its cases itself."""
    mine = soak_of(request.node)
    yield mine
    mine.ended = time.monotonic()


@pytest.fixture
def soak_seconds(request: pytest.FixtureRequest) -> float:
    """How long, in seconds, this test should go on making up cases."""
    return share_of_soak(request.config)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    if not (
        SOAK_SECONDS
        and pyfuncitem.get_closest_marker("soak")
        and hypothesis.is_hypothesis_test(pyfuncitem.obj)
    ):
        return (yield)
    soak = soak_of(pyfuncitem)
    handle = pyfuncitem.obj.hypothesis
    uncounted = handle.inner_test
    handle.inner_test = counting(uncounted, soak)
    try:
        result = yield
        arguments: dict[str, Any] = {
            name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames
        }
        while not soak.is_spent():
            pyfuncitem.obj(**arguments)
    finally:
        handle.inner_test = uncounted
        soak.ended = time.monotonic()
    return result


def counting(test: Any, soak: Soak) -> Any:
    @wraps(test)
    def counted(*args: Any, **more: Any) -> Any:
        soak.cases += 1
        return test(*args, **more)

    return counted


def is_loopback(host: object) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """A test that would reach another machine fails at the connection."""
    original = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            self.close()
            raise AssertionError(f"a test tried to reach {address[0]}")
        original(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(autouse=True)
def logs_as_they_come() -> None:
    """An app made by an earlier test has set its own level for the whole process."""
    structlog.reset_defaults()
