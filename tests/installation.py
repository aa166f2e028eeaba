"""An installation to test with: accounts in a temporary folder, a clock that a test moves, made-up
grants and shops, and the errands that tests send other processes on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from clock import Clock, SystemClock
from store.accounts import Accounts
from store.accounts_migration import STEPS, migrate
from store.database import Database
from store.ledger import Ledger
from store.secrets import Vault
from web.limits import RequestLimits

#: 1 January 2026, 00:00 UTC.
START = 1_767_225_600.0
SECRET = "only-for-tests-0123456789-abcdefgh"
HOUR = 3600.0


class FakeClock:
    """Time passes only by sleeping, or when a test moves `instant`."""

    def __init__(self, instant: float = START) -> None:
        self.instant = instant
        self.slept: list[float] = []

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += seconds


@dataclass(frozen=True)
class MadeGrant:
    open_id: str = "open-id-1"
    seller_name: str = "Test Seller 1"
    access_token: str = "access-canary-1"
    access_expires_at: float = START + 7 * 86_400
    refresh_token: str = "refresh-canary-1"
    refresh_expires_at: float = START + 9000 * 86_400
    scopes: tuple[str, ...] = ("seller.order.info", "seller.shop.info")

    def next(self, number: int, now: float = START) -> MadeGrant:
        """What a renewal answers."""
        return replace(
            self,
            access_token=f"access-canary-{number}",
            refresh_token=f"refresh-canary-{number}",
            access_expires_at=now + 7 * 86_400,
        )


@dataclass(frozen=True)
class MadeShop:
    id: str = "7000001"
    name: str = "Test Shop 1"
    code: str = "TESTLC1"
    region: str = "GB"
    seller_type: str = "LOCAL"
    cipher: str = "ROW_cipher_1"


def no_limits() -> RequestLimits:
    """As many requests as one likes."""
    return RequestLimits(lambda _name, _rate: 0.0, b"-" * 32, answers_per_minute=0)


def accounts_in(folder: Path, clock: Clock) -> Accounts:
    """Accounts with the workspaces `alice` and `bob` and the Sample Account, made at START."""
    (folder / "accounts.sqlite").write_bytes(_accounts_file())
    accounts = Accounts(f"sqlite:///{folder}/accounts.sqlite", Vault(SECRET), clock)
    # What a power cut would do is not tested here; without fsync the tests are much faster.
    event.listen(accounts.database.engine, "connect", _without_fsync)
    return accounts


def _without_fsync(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@cache
def _accounts_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        accounts = Accounts(f"sqlite:///{folder}/accounts.sqlite", Vault(SECRET), FakeClock())
        accounts.migrate()
        accounts.ensure_sample("Sample Account", "US")
        accounts.ensure_workspace("alice", "Alice's agency")
        accounts.ensure_workspace("bob", "Bob's agency")
        accounts.database.close()  # moves everything out of the write-ahead log
        return (Path(folder) / "accounts.sqlite").read_bytes()


def connect_shop(accounts: Accounts, workspace_id: str, grant: MadeGrant, *shops: MadeShop) -> str:
    """Returns the authorization id."""
    scope = accounts.workspace(workspace_id)
    authorization = scope.save_authorization(grant, "ROW")
    scope.save_shops(authorization.id, shops)
    return authorization.id


def at_once(count: int, errand: Callable[[int], Any]) -> list[Any]:
    """What `errand(0)` … `errand(count - 1)` give, all in threads that start together; raises what
    one of them raised."""
    start = threading.Barrier(count)
    results: list[Any] = [None] * count
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            results[number] = errand(number)
        except BaseException as error:  # noqa: BLE001 - told to the caller
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def in_processes(count: int, errand: Callable[..., None], *arguments: Any) -> list[int]:
    """The exit codes of `count` new processes that run `errand`."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=errand, args=arguments) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode or 0 for process in processes]


def renew_in_threads(folder: str, log: str, until: float) -> None:
    """An errand: four threads want a token newer than `access-canary-1`. Every call that would
    have gone to TikTok leaves a line in `log`."""
    clock = SystemClock()
    accounts = Accounts(f"sqlite:///{folder}/accounts.sqlite", Vault(SECRET), clock)
    shops = [shop for shop in accounts.all_shops() if shop.workspace_id == "alice"]

    def refresh(refresh_token: str) -> MadeGrant:
        with Path(log).open("a") as file:
            file.write(f"{refresh_token}\n")
        time.sleep(0.1)
        return MadeGrant().next(2, clock.now())

    keepers = [accounts.token_keeper(shops[number % len(shops)], refresh) for number in range(4)]
    time.sleep(max(0.0, min(0.2, until - time.time())))
    tokens = at_once(4, lambda number: keepers[number].renew("access-canary-1"))
    if tokens != ["access-canary-2"] * 4:
        raise SystemExit(1)


def claim_and_die(folder: str) -> None:
    """An errand: claim a run and be killed while holding it."""
    accounts = Accounts(f"sqlite:///{folder}/accounts.sqlite", Vault(SECRET), FakeClock())
    if Ledger(accounts.database, FakeClock()).claim("killed", ["backward"]) is None:
        raise SystemExit(1)
    os.kill(os.getpid(), signal.SIGKILL)


def upgrade_and_die(address: str) -> None:
    """An errand: lead an accounts database to its newest version and be killed in the last step."""

    def die(_connection: Connection) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    migrate(Database(address), (*STEPS[:-1], die))
