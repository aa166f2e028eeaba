"""Starts the web server and the worker, keeps them running, and stops them together.

Each child is a session of its own, so that Ctrl-C at the terminal reaches this process only and the
children get one SIGTERM each, once. What a child does not finish in its time is ended by SIGKILL,
with everything it started. The caller checks `port_problem` and `folder_problem` before, and stands
in the folder that holds `app.py` and `gunicorn_conf.py`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from clock import Clock

#: prctl(2): "send me this signal when my parent dies"; so even `kill -9` leaves nothing behind.
PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Process:
    """A child to run: what people call it, its command, and how long a stop may take."""

    name: str
    argv: tuple[str, ...]
    #: Added to the environment of this process.
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Restarts:
    """When a child that ended by itself is started again. All times in seconds."""

    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    #: A child that lived this long was well: its next end counts as the first.
    healthy_after_seconds: float = 30.0
    give_up_after: int = 5

    def delay(self, failures: int) -> float:
        """Seconds to wait before the start that follows the `failures`-th end in a row (from 1)."""
        return float(min(self.longest_seconds, self.first_seconds * 2 ** (failures - 1)))


def web_process() -> Process:
    """gunicorn with the options of `gunicorn_conf.py`."""
    argv = (sys.executable, "-m", "gunicorn", "-c", "gunicorn_conf.py", "app:create_app()")
    return Process("web server", argv)


def worker_process() -> Process:
    """`flask --app app worker` without the pages."""
    return Process("worker", (sys.executable, "-m", "installation"))


def port_problem(host: str, port: int) -> str | None:
    """A sentence when the web server could not listen on `host` and `port` now, else None."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return f"HOST is {host}, which is not an address of this machine."
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return _why_not_bound(host, port, error)
    return None


def _why_not_bound(host: str, port: int, error: OSError) -> str:
    other = f"choose another, for example PORT={8081 if port in (8080, 80, 443) else 8080}"
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: stop the program that uses it, or {other}."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system's own services: {other}."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST is {host}, which is not an address of this machine."
    return f"The web server cannot listen on {host}, port {port}: {error.strerror}."


def folder_problem(folder: Path) -> str | None:
    """Make `folder` if it is missing; a sentence when nothing can be written in it, else None."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
    except OSError as error:
        return (
            f"The data folder {folder} cannot be written to ({error.strerror}): "
            "make it writable, or choose another with DATA_DIR."
        )
    return None


class _Inbox:
    """Signals as something to wait for: asked to stop (how often), or a child has ended."""

    def __init__(self, wakeup: int) -> None:
        self.stops = 0
        self._wakeup = wakeup

    def on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stops += 1

    def wait(self, seconds: float | None) -> None:
        """Return when a signal came, or after `seconds`."""
        ready, _, _ = select.select([self._wakeup], [], [], seconds)
        if ready:
            os.read(self._wakeup, 4096)


@contextlib.contextmanager
def _signals() -> Iterator[_Inbox]:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    inbox = _Inbox(reading)
    stops = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # else somebody said nohup
        stops.append(signal.SIGHUP)
    before = {number: signal.signal(number, inbox.on_stop) for number in stops}
    # Python writes to the wake-up file only for signals that have a handler.
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    wakeup_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield inbox
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _dies_with_us() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class _Child:
    """One process over all its lives."""

    def __init__(self, process: Process, clock: Clock) -> None:
        self.process = process
        self.failures = 0
        self.due: float | None = clock.monotonic()
        self._clock = clock
        self._running: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def start_if_due(self) -> None:
        if self.due is None or self._clock.monotonic() < self.due:
            return
        self.due = None
        self._started = self._clock.monotonic()
        self._running = subprocess.Popen(
            self.process.argv,
            env={**os.environ, **self.process.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_dies_with_us(),  # noqa: PLW1509 - nothing here has started a thread yet
        )

    def ended(self) -> int | None:
        """The exit status when the child has ended since it was last asked, else None."""
        if self._running is None or (status := self._running.poll()) is None:
            return None
        self._end_everything()
        return status

    def plan_restart(self, restarts: Restarts) -> float | None:
        """Seconds until the next start; None when it ended too often."""
        if self._clock.monotonic() - self._started >= restarts.healthy_after_seconds:
            self.failures = 0
        self.failures += 1
        if self.failures >= restarts.give_up_after:
            return None
        delay = restarts.delay(self.failures)
        self.due = self._clock.monotonic() + delay
        return delay

    def is_running(self) -> bool:
        return self._running is not None and self.ended() is None

    def ask_to_stop(self) -> None:
        if self._running is not None:
            self._running.terminate()

    def kill(self) -> None:
        running = self._running
        self._end_everything()
        if running is not None:
            running.wait()

    def _end_everything(self) -> None:
        """SIGKILL to what is left of the child's own process group."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._running.pid, signal.SIGKILL)
        self._running = None


def _how(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


def run_until_stopped(
    processes: Sequence[Process],
    clock: Clock,
    say: Callable[[str], None],
    restarts: Restarts | None = None,
) -> int:
    """Run `processes` until SIGINT, SIGTERM or SIGHUP (a second one stops at once).

    `say` is given sentences for the person at the terminal. Returns the exit status: 0 after a stop
    that was asked for, 1 when a process ended again and again. Must be called in the main thread.
    """
    restarts = restarts or Restarts()
    children = [_Child(process, clock) for process in processes]
    with _signals() as inbox:
        try:
            well = _keep_running(children, inbox, clock, say, restarts)
        finally:
            _stop(children, inbox, clock, say)
    return 0 if well else 1


def _keep_running(
    children: Sequence[_Child],
    inbox: _Inbox,
    clock: Clock,
    say: Callable[[str], None],
    restarts: Restarts,
) -> bool:
    while not inbox.stops:
        for child in children:
            child.start_if_due()
            if (status := child.ended()) is None:
                continue
            delay = child.plan_restart(restarts)
            if delay is None:
                say(
                    f"The {child.process.name} ended {child.failures} times in a row (the last "
                    f"time with {_how(status)}), so everything is stopped."
                )
                return False
            say(
                f"The {child.process.name} ended by itself ({_how(status)}); "
                f"it is started again in {delay:g} s."
            )
        due = [child.due for child in children if child.due is not None]
        inbox.wait(max(0.0, min(due) - clock.monotonic()) if due else None)
    return True


def _stop(
    children: Sequence[_Child], inbox: _Inbox, clock: Clock, say: Callable[[str], None]
) -> None:
    asked, started = inbox.stops, clock.monotonic()
    for child in children:
        child.ask_to_stop()
    while running := [child for child in children if child.is_running()]:
        left = started + max(child.process.stop_seconds for child in running) - clock.monotonic()
        if left <= 0 or inbox.stops > asked:
            for child in running:
                child.kill()
                say(f"The {child.process.name} did not stop in time and was ended.")
            break
        inbox.wait(left)
