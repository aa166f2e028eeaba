"""What the list of shops and the metrics tell, read from accounts, ledger and shop files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backfill.progress import Overall, in_words, overall
from backfill.schedule import IMPORT, SYNC
from backfill.slots import next_sync
from clock import Clock
from hub.authorization_ends import Ending, endings
from hub.shop_list import ShopCard
from hub.shop_status import Facts, status_of
from store.accounts import SAMPLE, Accounts, AuthorizationRow, Principal, ShopRow
from store.commits import StageProgress
from store.farewell import Farewells
from store.ledger import Ledger
from store.newest_runs import newest_runs
from store.notifications import Notifications
from store.runs import Run
from store.shops import ShopStores
from tiktok_shop.scopes import missing_data

_TROUBLED: Final = ("waiting", "blocked", "failed")


@dataclass(frozen=True, slots=True)
class Overview:
    accounts: Accounts
    ledger: Ledger
    stores: ShopStores
    clock: Clock
    notifications: Notifications
    farewells: Farewells

    def cards(self, who: Principal) -> list[ShopCard]:
        """All shops the workspace sees, its own and the Sample Account."""
        scope = self.accounts.scope_of(who)
        owners = (who.workspace_id, SAMPLE)
        runs = newest_runs(self.accounts.database, owners, (IMPORT, SYNC))
        grants = {row.id: row for row in scope.authorizations()}
        ends = {one.place: one.ends_at for one in self.farewells.leaving()}
        return [
            self._card(shop, grants, runs.get(place, ()), ends.get(place))
            for shop in scope.shops()
            for place in [(shop.workspace_id, shop.shop_id)]
        ]

    def _card(
        self,
        shop: ShopRow,
        grants: Mapping[str, AuthorizationRow],
        runs: Sequence[Run],
        deleted_at: float | None,
    ) -> ShopCard:
        now = self.clock.now()
        grant = grants.get(shop.authorization_id or "")
        records = self.stores.records(shop.workspace_id, shop.shop_id)
        progress = records.progress()
        facts = Facts(
            runs=runs,
            last_success=_last_success(progress),
            # The tokens of a grant that was taken back are forgotten, and with them their end.
            access_was_removed=grant is not None and not grant.refresh_expires_at,
            missing=missing_data(grant.scopes) if grant else (),
        )
        status = status_of(shop, facts, now)
        orders = records.coverage("orders")
        whole = overall(progress.values(), now)
        return ShopCard(
            shop=shop,
            status=status,
            zone=shop.report_zone or "UTC",
            progress=_told(progress, whole) if shop.state == "connected" else "",
            percent=whole.percent,
            reason=_reason(runs),
            last_success=facts.last_success,
            covered=(orders[0].start, orders[-1].end) if orders else None,
            next_sync=(
                next_sync(now, (shop.workspace_id, shop.shop_id))
                if shop.state == "connected"
                else None
            ),
            missing=facts.missing,
            deleted_at=deleted_at,
        )

    def ending_authorizations(self, who: Principal) -> list[Ending]:
        """The consents of sellers that end within 30 days."""
        scope = self.accounts.scope_of(who)
        told = self.notifications.access_ends(who.workspace_id)
        return endings(scope.shops(), scope.authorizations(), told, self.clock.now())

    def under_way(self, shop: ShopRow) -> str:
        """How far the shop's import is, in a sentence; "" when none goes on."""
        progress = self.stores.records(shop.workspace_id, shop.shop_id).progress()
        return _told(progress, overall(progress.values(), self.clock.now()))


def _told(progress: Mapping[str, StageProgress], whole: Overall) -> str:
    return in_words(whole) if progress and whole.percent < 100 else ""


def _last_success(progress: Mapping[str, StageProgress]) -> float | None:
    done = [stage.finished_at for stage in progress.values() if stage.state == "done"]
    return max((instant for instant in done if instant), default=None)


def _reason(runs: Sequence[Run]) -> str:
    """What stands in the way, as the newest run that says so has it."""
    return next((run.message for run in runs if run.state in _TROUBLED and run.message), "")
