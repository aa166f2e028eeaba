"""A command that waits for its runs ends when it is told to, and the runs go on without it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, cast

import pytest

from cli.installation import Installation
from cli.waiting import wait_for
from clock import SystemClock
from store.ledger import Run
from store.runs import Claim
from worker import Worker


class Waiting:
    """An installation whose only run waits for TikTok, and is never due."""

    def __init__(self, now: Callable[[], None], clock: SystemClock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.ledger = self
        self._now = now
        self.looks = 0
        self.closed = False

    def worker(self, owner: str) -> Worker:
        return Worker(cast(Any, self), {}, self.clock, owner, interrupt=self.clock.interrupt)

    def claim(self, _owner: str, _lanes: object) -> Claim | None:
        self.looks += 1
        assert self.looks < 50, "it spins"
        self._now()
        return None

    def run(self, _run_id: str) -> Run:
        return cast(
            Run, type("Run", (), {"id": "1", "state": "waiting", "shop_id": "1", "message": ""})
        )

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_works_ends_it_with_the_signals_status(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Waiting(lambda: os.kill(os.getpid(), number))
    with pytest.raises(SystemExit) as ended:
        wait_for(cast(Installation, here), [here.run("1")])
    assert ended.value.code == 128 + number
    assert here.looks == 1
    assert here.closed
    said = capsys.readouterr().err
    assert said == "Stopped waiting. The import goes on when a worker runs.\n"


class InterruptedClock(SystemClock):
    """Ctrl-C comes while it waits."""

    def sleep(self, seconds: float) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_between_two_looks_does_the_same() -> None:
    here = Waiting(lambda: None, InterruptedClock())
    with pytest.raises(SystemExit) as ended:
        wait_for(cast(Installation, here), [here.run("1")])
    assert ended.value.code == 130
    assert here.closed
