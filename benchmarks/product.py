"""The simulator and the product as processes of their own, started and stopped by id.

Everything lives in one temporary folder that goes away with the `with` block. Nothing but
loopback is listened on.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage
from typing import Any, Final

import requests

ROOT: Final = Path(__file__).resolve().parent.parent
#: Seconds that a server may take until it answers, and a process until it has stopped.
START_SECONDS: Final = 120
STOP_SECONDS: Final = 20
NO_PACE: Final[Mapping[str, float]] = {}


class Stopped(RuntimeError):
    """A process ended, or did not answer, when it should have worked."""


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def report(**figure: Any) -> None:
    """One figure as one JSON line on standard output."""
    print(json.dumps(figure, ensure_ascii=False, default=str), flush=True)


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, answers: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers at the address `answers`; stopped at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(process, answers, log)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process of ours and what it started: politely, then for good."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        process.send_signal(sign)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    try:
        os.killpg(process.pid, signal.SIGKILL)  # its own session, so nobody else's processes
    except ProcessLookupError:
        return


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Stopped(f"it ended with {process.returncode}:\n{_tail(log)}")
        try:
            requests.get(url, timeout=2)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise Stopped(f"{url} did not answer for {START_SECONDS} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


@dataclass(frozen=True)
class Simulator:
    """A running simulator. `now`: its shop clock, UTC seconds; it does not move."""

    url: str
    now: int

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The raw payloads of a table, as of the shop clock."""
        with requests.get(f"{self.url}/_rows/{table}", stream=True, timeout=600) as reply:
            reply.raise_for_status()
            return [json.loads(line) for line in reply.iter_lines() if line]

    def paths_asked(self, name: str) -> list[str]:
        """The paths of all calls of an endpoint that it has answered."""
        with requests.get(f"{self.url}/_ledger", stream=True, timeout=600) as reply:
            reply.raise_for_status()
            entries = [json.loads(line) for line in reply.iter_lines() if line]
        return [entry["path"] for entry in entries if entry["name"] == name and not entry["code"]]


@contextmanager
def simulator(
    folder: Path, orders: int, seed: int, days: int, pace: Mapping[str, float] = NO_PACE
) -> Iterator[Simulator]:
    """A shop of `orders` orders in the `days` days before now, whose clock stands still. `pace`:
    its options `latency-ms` and `qps`; without them it answers as fast as it can."""
    now, port = int(time.time()), free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = {"port": port, "orders": orders, "seed": seed, "days": days, "now": now, **pace}
    words = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "sample_shop", *words]
    with running(command, os.environ, folder / "simulator.log", f"{url}/_ledger"):
        yield Simulator(url, now)


@dataclass(frozen=True)
class Product:
    """The product in a fresh data folder, pointed at a simulator."""

    folder: Path
    environment: dict[str, str]

    def flask(self, *arguments: str) -> str:
        """What a command of the product prints. Raises Stopped when it fails."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Stopped(f"{arguments} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flask", "--app", "app", *arguments]

    def connect(self, *, wait: bool) -> None:
        """Connect the simulator's shop; `wait`: until it has been imported."""
        words = ("--code", "sample-code", "--region", "US", *(("--wait",) if wait else ()))
        self.flask("shops", "connect", *words)

    def work(self) -> struct_rusage:
        """Let one worker do all that is to be done; what it used."""
        with (self.folder / "worker.log").open("ab") as output:
            worker = subprocess.Popen(
                self.command("worker", "--until-idle"),
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _, status, used = os.wait4(worker.pid, 0)
        except BaseException:
            stop(worker)
            raise
        worker.returncode = os.waitstatus_to_exitcode(status)
        if worker.returncode:
            raise Stopped(f"the worker failed:\n{_tail(self.folder / 'worker.log')}")
        return used

    def count(self, table: str) -> int:
        """Rows of a record table of the connected shop, read from its file."""
        (path,) = (
            found
            for found in (self.folder / "data" / "shops").glob("*/*/records.sqlite")
            if found.parent.parent.name != "sample"
        )
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return int(database.execute(f"select count(*) from {table}").fetchone()[0])
        finally:
            database.close()

    @contextmanager
    def served(self, **settings: str) -> Iterator[Client]:
        """The web server, and a client of it with a key of its own."""
        key = self.flask("keys", "create").split()[-1]
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = self.environment | {"PORT": str(port)} | settings
        log = self.folder / "web.log"
        with (
            running(self.command("serve"), environment, log, f"{url}/healthz"),
            requests.Session() as session,
        ):
            session.headers["Authorization"] = f"Bearer {key}"
            yield Client(url, session)


@dataclass(frozen=True)
class Client:
    """Asks the product what Looker asks, over one kept connection."""

    url: str
    session: requests.Session

    def ask(self, call: str, body: Mapping[str, Any], *, explain: bool = False) -> dict[str, Any]:
        """The answer to `getConfig`, `getSchema` or `getData`. Raises Stopped on an error."""
        reply = self.post(call, body, explain=explain)
        if reply.status_code != requests.codes.ok:
            raise Stopped(f"{call} answered {reply.status_code}: {reply.text[:2000]}")
        found: dict[str, Any] = reply.json()
        return found

    def post(
        self, call: str, body: Mapping[str, Any], *, explain: bool = False
    ) -> requests.Response:
        """The raw reply, for whoever measures."""
        return self.session.post(
            f"{self.url}/connector/v1/{call}",
            json=body,
            params={"explain": "1"} if explain else None,
            timeout=120,
        )


@contextmanager
def product(api: Simulator, settings: Mapping[str, str]) -> Iterator[Product]:
    """The product with an empty data folder, its calls going to the simulator."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TMPDIR")
            if name in os.environ
        }
        yield Product(
            Path(folder),
            kept
            | {
                "DATA_DIR": f"{folder}/data",
                "HOST": "127.0.0.1",
                "TIKTOK_API_BASE": api.url,
                "TIKTOK_AUTH_BASE": api.url,
                "TIKTOK_APP_KEY": "sample-key",
                "TIKTOK_APP_SECRET": "sample-secret",
                "SAMPLE_ACCOUNT": "false",
                "LOG_LEVEL": "warning",
            }
            | dict(settings),
        )


@contextmanager
def both(
    orders: int, seed: int, days: int, pace: Mapping[str, float] = NO_PACE, **settings: str
) -> Iterator[tuple[Simulator, Product]]:
    """A simulator and a product that knows of it; nothing is left of either."""
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-") as folder,
        simulator(Path(folder), orders, seed, days, pace) as api,
        product(api, settings) as installed,
    ):
        yield api, installed
