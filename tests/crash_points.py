"""Runs one job again and again in forked children and kills each (SIGKILL) at another line of the
store's code. `python -m tests.crash_points JOB TEMPLATE WORK FILES SEED SECONDS`: every child gets
a copy of the folder TEMPLATE; its folder WORK/<n> is left as the kill left it.

With SEED 0 there is one child for each line of FILES (comma-joined names in `store/`) that the job
runs, killed when it is about to run that line for the last time. Otherwise lines are drawn at
random, first and middle times included, for SECONDS. Prints one JSON list of [folder, line].
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import store.columns
from store.columns import ShopColumns
from store.records import ShopRecords
from tests.store_rows import NOON, FakeClock
from tests.test_publish_crash import full_commit

Point = tuple[str, int]

STORE = Path(store.columns.__file__).parent


def publish(folder: Path) -> None:
    clock = FakeClock(time.time() + 700)
    ShopColumns(folder / "records.sqlite", folder / "columns", clock).publish(force=True)


def commit(folder: Path) -> None:
    records = ShopRecords.open(folder / "records.sqlite")
    records.commit("backward", 1, full_commit(NOON))


JOBS: dict[str, Callable[[Path], None]] = {"publish": publish, "commit": commit}


class Watch:
    """Counts the lines of some files of the store as they run; kills at one of them."""

    def __init__(self, files: list[str], kill_at: tuple[Point, int] | None) -> None:
        self.seen: Counter[Point] = Counter()
        self._short = {str(STORE / name): name for name in files}
        self._kill_at = kill_at

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        name = self._short.get(frame.f_code.co_filename)
        if name is None:
            return None
        if event == "line":
            point = (name, frame.f_lineno)
            self.seen[point] += 1
            if self._kill_at and (point, self.seen[point]) == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def run(job: str, folder: Path, files: list[str], kill_at: tuple[Point, int] | None) -> bytes:
    """The lines seen, as JSON; nothing if the child was killed."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        watch = Watch(files, kill_at)
        sys.settrace(watch)
        JOBS[job](folder)
        sys.settrace(None)
        os.write(write_end, json.dumps([[*key, n] for key, n in watch.seen.items()]).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def main() -> None:
    job, template, work, names, seed, seconds = sys.argv[1:]
    files = names.split(",")
    # A killed process loses nothing that was written: no need to wait for the disk.
    setattr(os, "fsync", lambda descriptor: None)  # noqa: B010 - for the type checker
    shutil.copytree(template, Path(work) / "whole")
    lines = json.loads(run(job, Path(work) / "whole", files, None))
    deadline = time.monotonic() + float(seconds)
    chance = random.Random(int(seed))
    result: list[list[str]] = []
    while int(seed) or lines:
        if int(seed):
            name, line, times = chance.choice(lines)
            times = chance.randint(1, times)
        else:
            name, line, times = lines.pop()
        folder = Path(work) / str(len(result))
        shutil.copytree(template, folder)
        if run(job, folder, files, ((name, line), times)):
            raise SystemExit(f"{name}:{line} was not reached")
        result.append([str(folder), f"{name}:{line}"])
        if int(seed) and time.monotonic() > deadline:
            break
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
