"""What the commands work with; `installation.Installation` is it."""

from __future__ import annotations

from typing import Final, Protocol

from backfill.asking import Asking
from backfill.listening import Listening
from clock import Clock
from hub.connecting import Connecting
from settings import Settings
from sheets_export.joined import SheetsExport
from store.accounts import Accounts, ShopRow, WorkspaceScope
from store.accounts_rows import DEFAULT_WORKSPACE
from store.invites import Invites
from store.ledger import Ledger
from store.paths import DataFolder
from store.sessions import Sessions
from store.shops import ShopStores
from worker import LANES, Worker

DEFAULT_WORKSPACE_NAME: Final = "Default"


class Installation(Protocol):
    settings: Settings
    clock: Clock
    accounts: Accounts
    sessions: Sessions
    invites: Invites
    ledger: Ledger
    stores: ShopStores
    folder: DataFolder

    def prepare(self) -> None: ...
    def optional_data(self, shop: ShopRow) -> list[str]: ...
    @property
    def offered_data(self) -> dict[str, bool]: ...
    @property
    def listening(self) -> Listening: ...
    @property
    def connecting(self) -> Connecting: ...
    @property
    def asking(self) -> Asking: ...
    @property
    def sheets(self) -> SheetsExport: ...
    def worker(self, owner: str, lanes: tuple[str, ...] = LANES) -> Worker: ...
    def work(self) -> None: ...
    def close(self) -> None: ...


def opened(here: Installation, workspace_id: str) -> WorkspaceScope:
    """The workspace; the default one is made where nothing was started yet. BadRequest when there
    is no such workspace."""
    if workspace_id == DEFAULT_WORKSPACE:
        return here.accounts.ensure_workspace(DEFAULT_WORKSPACE, DEFAULT_WORKSPACE_NAME)
    return here.accounts.workspace(workspace_id)
