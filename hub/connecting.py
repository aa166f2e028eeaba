"""What connecting does: exchange the code, list the grant's shops, keep them, start their imports.

    code ──exchange──> grant ──list──> check ──keep──> choose ──> first import, or the same run
                                         └── a sentence, and nothing is kept

A grant is kept before its shops are chosen: the code works once, and the person may take a while.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog

from backfill.schedule import enqueue_first_import
from errors import BadRequest
from hub.seller_regions import SELLER_REGIONS, seller_region
from store.accounts import Accounts, AuthorizationRow, OfferedShop, ShopRow
from store.farewell import Farewells
from store.ledger import Ledger
from store.notifications import Notifications
from store.sessions import Intent
from store.shops import ShopStores
from tiktok_shop.client import Client
from tiktok_shop.oauth import Grant, OAuth
from tiktok_shop.scopes import missing_data

_log = structlog.get_logger(__name__)

Choice = Callable[[Sequence[OfferedShop]], Collection[str]]


class Way(Protocol):
    """The way to TikTok for a workspace."""

    @property
    def client(self) -> Client: ...
    @property
    def oauth(self) -> OAuth: ...


@dataclass(frozen=True, slots=True)
class Connected:
    """`shops`: those that are connected now, none while somebody must choose. `missing`: what the
    grant does not let us read, in words."""

    authorization_id: str
    shops: Sequence[ShopRow]
    missing: Sequence[str]


def usual_choice(offered: Sequence[OfferedShop]) -> list[str]:
    """The shops nobody must be asked about: those that were chosen before, else the only one."""
    before = [shop.shop_id for shop in offered if shop.is_chosen]
    if before or len(offered) != 1:
        return before
    return [shop.shop_id for shop in offered if not shop.former_owner]


def every_shop(offered: Sequence[OfferedShop]) -> list[str]:
    return [shop.shop_id for shop in offered]


def together_with(shop_ids: Collection[str]) -> Choice:
    """These, beside those that were chosen before."""

    def choice(offered: Sequence[OfferedShop]) -> list[str]:
        before = [shop.shop_id for shop in offered if shop.is_chosen]
        return list(dict.fromkeys([*before, *shop_ids]))

    return choice


class Connecting:
    """`way(workspace_id)` is the way to TikTok for a workspace; it may raise Refused.
    `deregister(shop)` sees that TikTok tells us no more what happens in a shop."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        ledger: Ledger,
        notifications: Notifications,
        stores: ShopStores,
        way: Callable[[str], Way],
        deregister: Callable[[ShopRow], object] = lambda _shop: None,
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._notifications = notifications
        self._stores = stores
        self._way = way
        self._deregister = deregister

    def connect(
        self, intent: Intent, code: str, choice: Choice = usual_choice, *, new_owner: bool = False
    ) -> Connected:
        """Use a consent code up. Raises the errors of `OAuth.exchange`; BadRequest when the seller
        has no shop here or not the one that was to be connected again, and then keeps nothing; and
        what `choose` raises, and then the grant is kept and `choose` may be tried again."""
        scope = self._accounts.workspace(intent.workspace_id)
        way = self._way(intent.workspace_id)
        wanted = scope.shop(intent.shop_id) if intent.shop_id else None
        grant = way.oauth.exchange(code)
        reply = way.client.call("authorized_shops", _NewGrant(grant.access_token))
        listed = [_listed(shop) for shop in reply.data.get("shops") or []]
        _check(grant, listed, intent.region, wanted)
        authorization = scope.save_authorization(grant, intent.region)
        scope.list_shops(authorization.id, listed)
        chosen = _with_wanted(choice, scope.offered_shops(authorization.id), wanted)
        shops: Sequence[ShopRow] = ()
        if chosen:
            shops = self.choose(intent.workspace_id, authorization.id, chosen, new_owner=new_owner)
            # What TikTok said of the end of the grant before is about the former one.
            self._notifications.access_renewed(
                intent.workspace_id, [shop.shop_id for shop in shops]
            )
        _log.info("connected", workspace=intent.workspace_id, shops=len(shops), of=len(listed))
        return Connected(authorization.id, shops, missing_data(authorization.scopes))

    def choose(
        self,
        workspace_id: str,
        authorization_id: str,
        chosen: Collection[str],
        *,
        new_owner: bool = False,
    ) -> list[ShopRow]:
        """Connect these shops of a grant and disconnect its others. What was blocked goes on with
        the same run; a shop that is new gets its first import. Raises what
        `WorkspaceScope.choose_shops` raises."""
        scope = self._accounts.workspace(workspace_id)
        before = [
            shop
            for shop in scope.shops()
            if shop.authorization_id == authorization_id and shop.state == "connected"
        ]
        shops = scope.choose_shops(authorization_id, chosen, new_owner=new_owner)
        for shop in before:
            if shop.shop_id not in chosen:
                self._deregister(shop)
        for shop in shops:
            self._ledger.unblock(workspace_id, shop.shop_id)
            enqueue_first_import(self._ledger, workspace_id, shop.shop_id)
        return shops

    def disconnect(self, workspace_id: str, shop_id: str, *, purge: bool = False) -> None:
        """Read a shop no more, from its next call on; with `purge` everything about it is deleted
        for good. BadRequest for a shop that is not the workspace's own."""
        scope = self._accounts.workspace(workspace_id)
        shop = scope.shop(shop_id)
        if shop.state == "connected":
            self._deregister(shop)  # while there is access to it
        scope.disconnect_shop(shop_id)
        if purge:
            self._purge(workspace_id, shop_id)

    def purge_left(self, farewells: Farewells) -> None:
        """Delete everything about the shops that were left long enough ago."""
        for place in farewells.due():
            if farewells.take(place):
                self._purge(*place)

    def _purge(self, workspace_id: str, shop_id: str) -> None:
        # The shop itself goes last, so that this can be repeated when it was interrupted.
        self._stores.purge(workspace_id, shop_id, self._ledger.tokens(workspace_id, shop_id))
        self._notifications.forget_shop(workspace_id, shop_id)
        self._ledger.forget(workspace_id, shop_id)
        self._accounts.workspace(workspace_id).forget_shop(shop_id)
        self._accounts.database.erase_traces()
        _log.warning("purged", workspace=workspace_id, shop=shop_id)

    def offered(self, workspace_id: str, authorization_id: str) -> list[OfferedShop]:
        return self._accounts.workspace(workspace_id).offered_shops(authorization_id)

    def authorization(self, workspace_id: str, authorization_id: str) -> AuthorizationRow:
        """BadRequest `not_found` when it is not the workspace's."""
        for row in self._accounts.workspace(workspace_id).authorizations():
            if row.id == authorization_id:
                return row
        raise BadRequest("There is no such authorization.", code="not_found")


def _with_wanted(
    choice: Choice, offered: Sequence[OfferedShop], wanted: ShopRow | None
) -> list[str]:
    """The shop that was to be connected again is chosen, unless its owner has changed."""
    again = [
        shop.shop_id
        for shop in offered
        if wanted is not None and shop.shop_id == wanted.shop_id and not shop.former_owner
    ]
    return list(dict.fromkeys([*choice(offered), *again]))


def _check(
    grant: Grant, listed: Sequence[_ListedShop], region: str, wanted: ShopRow | None
) -> None:
    """Raises BadRequest with what to do about a grant that is of no use here."""
    own = seller_region(grant.seller_base_region)
    if not listed and own and own != region:
        raise BadRequest(
            f"This seller account belongs to the region {SELLER_REGIONS[own]}, and not to "
            f"{SELLER_REGIONS[region]}. Start again and choose {SELLER_REGIONS[own]}."
        )
    if not listed:
        raise BadRequest(
            "TikTok named no shop for this account. Choose the region your Seller Center belongs "
            "to and connect again, with the main account of the shop."
        )
    if wanted is not None and wanted.shop_id not in {shop.id for shop in listed}:
        raise BadRequest(
            f"Access was granted with another seller account, which does not have {wanted.name}. "
            "Nothing was connected. Sign in to TikTok Shop with the account that owns "
            f"{wanted.name} and start again; to connect another shop, start without choosing one."
        )


@dataclass(frozen=True)
class _NewGrant:
    """Access for the one call that has no shop yet: which shops the grant covers."""

    token: str = field(repr=False)
    shop_key: str = "authorization"
    cipher: str = ""

    def access_token(self) -> str:
        return self.token

    def renew(self, stale_token: str) -> str:
        return stale_token


@dataclass(frozen=True)
class _ListedShop:
    id: str
    name: str
    code: str
    region: str
    seller_type: str
    cipher: str = field(repr=False)


_NAMED: Final = tuple(_ListedShop.__dataclass_fields__)


def _listed(shop: dict[str, Any]) -> _ListedShop:
    """A shop as Get Authorized Shops names it (202309); BadRequest without its id or cipher."""
    named = {name: str(shop.get(name) or "") for name in _NAMED}
    if not (named["id"] and named["cipher"]):
        raise BadRequest("TikTok named a shop without its id. Try to connect it again later.")
    return _ListedShop(**named)
