"""A whole installation beside the simulated TikTok, for tests of answers that may have it asked:
clocks that a test moves together, a worker that takes short pulls, faults between the two."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from app import create_app
from backfill.schedule import enqueue_backfill
from backfill.windows import floor_of
from clock import SystemClock
from installation import Installation
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.control import rows_of
from sample_shop.world import World, seeded_world
from settings import Settings
from store.live_runs import KIND
from store.runs import Run
from tests.importing import NOW, Asked, Between, refuses

#: What is imported: the last days before NOW, 12 September 2026, 13:46:40 UTC.
DAYS = 5
START = floor_of(NOW, DAYS)
RANGE = ("2026-09-07", "2026-09-12")
#: Long enough for a busy machine, and short enough where nothing comes.
PATIENCE_SECONDS = 20.0
IMPATIENCE_SECONDS = 0.1
#: What a pull may still do when its rows are there already; some tests hold one up on purpose.
_END_SECONDS = 1.0


class MovedClock(SystemClock):
    """Shows NOW at the moment `begun` of the machine's clock, runs, and can be moved on."""

    def __init__(self, begun: float | None = None) -> None:
        super().__init__()
        self.begun = super().now() if begun is None else begun
        self.moved = 0.0

    def now(self) -> float:
        return NOW + self.moved + super().now() - self.begun


@dataclass(frozen=True)
class Told:
    """An answer: its rows and its X-Answer header."""

    rows: list[list[Any]]
    about: dict[str, Any]

    @property
    def value(self) -> Any:
        """Of an answer with a single cell."""
        ((value,),) = self.rows
        return value


class Living:
    """Several over one folder and one world are several processes of one installation."""

    def __init__(self, folder: Path, world: World, clock: MovedClock, wire: Between) -> None:
        self.folder, self.world, self.clock, self.wire = folder, world, clock, wire
        settings = Settings(
            data_dir=folder,
            tiktok_app_key="sample-key",
            tiktok_app_secret=SecretStr("sample-secret"),
            tiktok_api_base=BASE_URL,
            tiktok_auth_base=BASE_URL,
            sample_account=False,
            log_level="error",
        )

        def session() -> requests.Session:
            made = requests.Session()
            made.mount(BASE_URL, wire)
            return made

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("installation.new_session", session)
            self.app = create_app(settings, clock)
            self.here: Installation = self.app.extensions["installation"]
            _ = self.here.live  # made while the patch holds
        self.here.prepare()
        self.shops = [shop.id for shop in world.shops]
        self.key = ""

    def fill(self, *data: str) -> None:
        """Connect the shops and import these kinds of data."""
        self.here.connect("default", "sample-code", "US")
        while (claim := self.here.ledger.claim("test", ["backward"])) is not None:
            self.here.ledger.finish(claim, "done")  # the first imports, of everything
        for shop in self.shops:
            enqueue_backfill(self.here.ledger, self.clock, "default", shop, start=START, data=data)
        self.here.worker("importer").run_until_idle()
        assert self.here.ledger.counts()["done"] == 2 * len(self.shops)
        _, key = self.here.accounts.workspace("default").create_key("test")
        (self.folder / "key").write_text(key)

    def second(self) -> Living:
        """Another process of the same installation."""
        other = Living(self.folder, self.world, self.clock, self.wire)
        other.key = self.key
        return other

    def pass_time(self, seconds: float) -> None:
        """Not before the pull that has just answered has come to its end, or that end would lie
        in the time to come."""
        until = time.monotonic() + _END_SECONDS
        while self._is_pulling() and time.monotonic() < until:
            time.sleep(0.01)
        self.clock.moved += seconds
        self.world.clock.set_to(max(self.world.clock.now(), int(self.clock.now())))

    def _is_pulling(self) -> bool:
        runs = self.here.ledger.runs("default", limit=20)
        return any(run.state == "running" for run in runs)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """A worker for short pulls, in a thread."""
        at_work = self.here.worker("worker", ("tail",))
        thread = threading.Thread(target=at_work.run_until_stopped)
        thread.start()
        try:
            yield
        finally:
            at_work._stopping.set()  # and not its clock, which is everybody's
            thread.join(20)

    def ask(self, *fields: str, **wish: Any) -> Told:
        reply = self._post(*fields, **wish)
        assert reply.status_code == 200, reply.get_data(as_text=True)
        rows = [row["values"] for row in reply.get_json()["rows"]]
        return Told(rows, json.loads(reply.headers["X-Answer"]))

    def refused(self, *fields: str, **wish: Any) -> tuple[int, str, str]:
        """Status, code and sentence of the error."""
        reply = self._post(*fields, **wish)
        error = reply.get_json()["error"]
        return reply.status_code, error["code"], error["message"]

    def _post(
        self,
        *fields: str,
        days: Sequence[str] = RANGE,
        options: Mapping[str, str] = MappingProxyType({}),
        refresh: str = "",
    ) -> Any:
        body = {
            "configParams": {"shops": self.shops[0], **options},
            "dateRange": {"startDate": days[0], "endDate": days[1]},
            "fields": [{"name": name} for name in fields],
            "scriptParams": {"lastRefresh": refresh} if refresh else {},
        }
        return self.app.test_client().post(
            "/connector/v1/getData", json=body, headers={"Authorization": f"Bearer {self.key}"}
        )

    def true_orders(self) -> int:
        """How many orders TikTok has by now."""
        gateway: Any = self.wire.behind
        return len(list(rows_of(gateway.gateway, "orders", None)))

    def pulls(self) -> list[Run]:
        """The short pulls that were asked for, the oldest first."""
        runs = self.here.ledger.runs("default", limit=1_000)
        return sorted((run for run in runs if run.kind == KIND), key=lambda run: run.slot)

    @property
    def calls(self) -> list[Asked]:
        return self.wire.calls

    def down(self) -> None:
        """TikTok answers nothing but errors."""
        self.wire.faults = [lambda _: refuses(36009003, "Internal error", 503)]

    def up(self) -> None:
        self.wire.faults = []


def world_of(clock: MovedClock, shops: int = 1) -> World:
    return seeded_world(7, 60, DAYS, shops=shops, now=NOW, products=10, wall=clock.now)


def imported(folder: Path, *data: str, shops: int = 1) -> Path:
    """A folder with what was imported at NOW; to be copied for each test."""
    clock = MovedClock()
    world = world_of(clock, shops)
    made = Living(folder, world, clock, Between(SampleShopAdapter(world, wall=clock.now)))
    made.fill(*data)
    made.here.close()
    made.here.accounts.database.close()
    return folder


@contextmanager
def living(imported: Path, folder: Path, shops: int = 1) -> Iterator[Living]:
    shutil.copytree(imported, folder, dirs_exist_ok=True)
    clock = MovedClock()
    world = world_of(clock, shops)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker._TAIL_PAUSE_SECONDS", 0.02)
        patch.setattr("connector.live.LOOK_SECONDS", 0.01)
        patch.setattr("connector.live.WAIT_SECONDS", PATIENCE_SECONDS)
        made = Living(folder, world, clock, Between(SampleShopAdapter(world, wall=clock.now)))
        made.key = (folder / "key").read_text()
        yield made
        made.here.close()
