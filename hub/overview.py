"""What the status page and the metrics tell, read from accounts, ledger and shop files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backfill.progress import in_words, overall
from backfill.stages import shown
from clock import Clock
from hub.health import Figure
from hub.status import ShopStatus
from store.accounts import SAMPLE, Accounts, ShopRow
from store.ledger import Ledger
from store.notifications import Notifications
from store.runs import Run
from store.shops import ShopStores

_RUNS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Overview:
    accounts: Accounts
    ledger: Ledger
    stores: ShopStores
    clock: Clock
    notifications: Notifications

    def shop_statuses(self, workspace_id: str) -> list[ShopStatus]:
        ends = self.notifications.access_ends(workspace_id)
        shops = self.accounts.workspace(workspace_id).shops()
        return [self._status(shop, ends.get(shop.shop_id)) for shop in shops]

    def _status(self, shop: ShopRow, access_ends_at: float | None) -> ShopStatus:
        progress = self.stores.records(shop.workspace_id, shop.shop_id).progress()
        read = [stage.finished_at for stage in progress.values() if stage.finished_at]
        whole = overall(progress.values(), self.clock.now())
        return ShopStatus(
            shop,
            shown(progress),
            max(read, default=None),
            in_words(whole) if progress and whole.percent < 100 else "",
            whole.heartbeat_at,
            access_ends_at,
        )

    def under_way(self, shop: ShopRow) -> str:
        """How far the shop's import is, in a sentence; "" when none goes on."""
        return self._status(shop, None).whole

    def latest_runs(self, workspace_id: str) -> list[Run]:
        """Of the workspace and of the Sample Account, the newest first."""
        runs = [
            run
            for owner in dict.fromkeys((workspace_id, SAMPLE))
            for run in self.ledger.runs(owner, limit=_RUNS_SHOWN)
        ]
        return sorted(runs, key=lambda run: -run.created_at)[:_RUNS_SHOWN]

    def figures(self) -> list[Figure]:
        return [
            Figure("runs", "Runs in the ledger by state.", self.ledger.counts(), "state"),
            Figure(
                "queue_seconds",
                "How long the longest due run has been waiting for a worker.",
                {"": self.ledger.longest_due_seconds()},
            ),
        ]
