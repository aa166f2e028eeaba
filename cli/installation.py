"""What the commands work with; `app.Installation` is it."""

from __future__ import annotations

from typing import Final, Protocol

from clock import Clock
from hub.connecting import Connecting
from settings import Settings
from store.accounts import Accounts, ShopRow
from store.invites import Invites
from store.ledger import Ledger
from store.sessions import Sessions
from store.shops import ShopStores
from worker import LANES, Rounds, Worker

DEFAULT_WORKSPACE: Final = "default"


class Installation(Protocol):
    settings: Settings
    clock: Clock
    accounts: Accounts
    sessions: Sessions
    invites: Invites
    ledger: Ledger
    stores: ShopStores

    def prepare(self) -> None: ...
    @property
    def connecting(self) -> Connecting: ...
    def worker(self, owner: str, lanes: tuple[str, ...] = LANES) -> Worker: ...
    def rounds(self) -> Rounds: ...
    def calls_a_second(self, shop: ShopRow) -> float: ...
    def close(self) -> None: ...
