"""Runs one job again and again in forked children and kills each (SIGKILL) just before another
thing that it does to the disk: opening a file to write, renaming, removing, an SQL statement.

`python -m tests.crash_points JOB TEMPLATE WORK SEED SECONDS`: every child gets a copy of the folder
TEMPLATE; its folder WORK/<n> is left as the kill left it. With SEED 0 there is one child for every
BEGIN and COMMIT and for the last step of every other kind; else steps are drawn at random for
SECONDS. Prints one JSON list of [folder, step].
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import store.cold
from store.columns import ShopColumns
from store.records import ShopRecords
from tests.store_rows import NOON, FakeClock
from tests.test_publish_crash import full_commit

CONNECT = sqlite3.connect

#: A kind of step, and how many of its kind there have been with it.
Step = tuple[str, int]


def publish(folder: Path) -> None:
    clock = FakeClock(time.time() + 700)
    ShopColumns(folder / "records.sqlite", folder / "columns", clock).publish(force=True)


def commit(folder: Path) -> None:
    records = ShopRecords.open(folder / "records.sqlite")
    records.commit("backward", 1, full_commit(NOON))


JOBS: dict[str, Callable[[Path], None]] = {"publish": publish, "commit": commit}


class Watch:
    """Counts what is done to the disk; kills just before one step."""

    def __init__(self, kill_before: Step | None) -> None:
        self.steps: list[Step] = []
        self._counts: Counter[str] = Counter()
        self._kill_before = kill_before

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]:
            self._step("write a file")
        elif event in ("os.rename", "os.remove"):
            self._step(event)

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        """In the place of sqlite3.connect."""
        connection: sqlite3.Connection = CONNECT(*arguments, **options)
        connection.set_trace_callback(self._statement)
        return connection

    def _statement(self, sql: str) -> None:
        if not sql.startswith(("SELECT", "PRAGMA", "--")):
            self._step(" ".join(sql.split()[:3]))

    def _step(self, kind: str) -> None:
        self._counts[kind] += 1
        step = (kind, self._counts[kind])
        self.steps.append(step)
        if step == self._kill_before:
            os.kill(os.getpid(), signal.SIGKILL)


def run(job: str, folder: Path, kill_before: Step | None) -> bytes:
    """The steps, as JSON; nothing if the child was killed."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        watch = Watch(kill_before)
        sys.addaudithook(watch.audit)
        setattr(sqlite3, "connect", watch.connect)  # noqa: B010
        JOBS[job](folder)
        os.write(write_end, json.dumps(watch.steps).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def chosen(steps: list[Step]) -> list[Step]:
    """Every end of a transaction; of other steps the last of a kind, with files the first too."""
    last = dict(steps)
    every = ("BEGIN IMMEDIATE", "COMMIT")
    files = ("write a file", "os.rename")
    return [
        (kind, count)
        for kind, count in steps
        if kind in every or count == last[kind] or (kind in files and count == 1)
    ]


def main() -> None:
    job, template, work, seed, seconds = sys.argv[1:]
    # A killed process loses nothing that was written: no need to wait for the disk.
    setattr(os, "fsync", lambda descriptor: None)  # noqa: B010 - for the type checker
    setattr(store.cold, "MONTHS_APART", 1)  # noqa: B010
    setattr(store.cold, "LEAST_MONTHS", 1)  # noqa: B010
    shutil.copytree(template, Path(work) / "whole")
    steps: list[Step] = [
        (kind, count) for kind, count in json.loads(run(job, Path(work) / "whole", None))
    ]
    left = chosen(steps)
    deadline = time.monotonic() + float(seconds)
    chance = random.Random(int(seed))
    result: list[list[str]] = []
    while left and (seed == "0" or not result or time.monotonic() < deadline):
        step = chance.choice(steps) if int(seed) else left.pop()
        folder = Path(work) / str(len(result))
        shutil.copytree(template, folder)
        if run(job, folder, step):
            raise SystemExit(f"{step} was not reached")
        result.append([str(folder), f"{step[0]} ({step[1]})"])
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
