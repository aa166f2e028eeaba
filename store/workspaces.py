"""What one workspace may see and change. Every statement here names the workspace; ids that belong
to another one are answered like ids that do not exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from clock import Clock
from errors import BadRequest, Reauthorise
from store.accounts_rows import (
    NO_LIMIT,
    SAMPLE,
    SHOP_STATES,
    AuthorizationRow,
    AuthorizedShop,
    Grant,
    KeyRow,
    Limit,
    MemberRow,
    OfferedShop,
    ShopRow,
    authorization_row,
    shop_row,
)
from store.accounts_schema import authorizations, clients, shops, workspaces
from store.choice import choose, disconnect, forget_unused, list_shops, offered_shops
from store.clients import add_client, remove_client, rename_client
from store.database import Database
from store.deauthorization import end_access
from store.grants import save_grant
from store.keys import create_key, free_name, keys_of, revoke_key
from store.members import add_member, change_member, members_of, remove_member
from store.roles import READ
from store.secrets import WorkspaceSecrets

_SHOP = select(shops).where(
    shops.c.workspace_id == bindparam("owner"), shops.c.shop_id == bindparam("wanted")
)


class WorkspaceScope:
    """The only way to a workspace's rows; made by `Accounts.workspace`."""

    def __init__(
        self,
        workspace_id: str,
        *,
        database: Database,
        secrets: WorkspaceSecrets,
        clock: Clock,
        limit: Limit = NO_LIMIT,
    ) -> None:
        self.id = workspace_id
        self._database = database
        self._secrets = secrets
        self._clock = clock
        self._limit = limit

    def only(self, limit: Limit) -> WorkspaceScope:
        """The same workspace with those of its shops that the limit allows."""
        if limit == self._limit:
            return self
        return WorkspaceScope(
            self.id,
            database=self._database,
            secrets=self._secrets,
            clock=self._clock,
            limit=limit,
        )

    @property
    def limit(self) -> Limit:
        """Which of its shops can be seen."""
        return self._limit

    @property
    def is_limited(self) -> bool:
        """Whether only some of its shops can be seen."""
        return self._limit != NO_LIMIT

    @property
    def name(self) -> str:
        with self._database.reading() as connection:
            mine = select(workspaces.c.name).where(workspaces.c.id == self.id)
            return str(connection.scalar(mine))

    def rename(self, name: str) -> None:
        with self._database.writing() as connection:
            mine = update(workspaces).where(workspaces.c.id == self.id)
            connection.execute(mine.values(name=name))

    def shops(self) -> list[ShopRow]:
        """Own shops by name, then the Sample Account."""
        visible = or_(
            shops.c.workspace_id == self.id,
            and_(shops.c.workspace_id == SAMPLE, shops.c.shop_id == SAMPLE),
        )
        order = (shops.c.is_sample, shops.c.name, shops.c.shop_id)
        with self._database.reading() as connection:
            found = connection.execute(select(shops).where(visible).order_by(*order))
            known = [shop_row(row) for row in found]
        return [shop for shop in known if self._limit.allows(shop)]

    def shop(self, shop_id: str) -> ShopRow:
        """One of `shops()`; BadRequest `unknown_shop` (404) for anything else."""
        owner = SAMPLE if shop_id == SAMPLE else self.id
        with self._database.reading() as connection:
            row = connection.execute(_SHOP, {"owner": owner, "wanted": shop_id}).first()
        shop = shop_row(row) if row is not None else None
        if shop is None or not self._limit.allows(shop):
            raise BadRequest(
                "This shop is not connected to your workspace. Choose another shop in the "
                "connector's settings, or connect it first.",
                code="unknown_shop",
            )
        return shop

    def authorizations(self) -> list[AuthorizationRow]:
        """Within a limit, those that one of its shops is read with."""
        mine = select(authorizations).where(authorizations.c.workspace_id == self.id)
        with self._database.reading() as connection:
            found = connection.execute(mine.order_by(authorizations.c.created_at))
            known = [authorization_row(row) for row in found]
        if not self.is_limited:
            return known
        seen = {shop.authorization_id for shop in self.shops()}
        return [row for row in known if row.id in seen]

    def save_authorization(self, grant: Grant, region: str) -> AuthorizationRow:
        """Keep a seller's grant, or its renewal. `region` is that of the consent page. Raises
        Refused when the seller's account is connected to another workspace."""
        with self._database.writing() as connection:
            return save_grant(connection, self.id, self._secrets, grant, region, self._clock.now())

    def save_shops(
        self,
        authorization_id: str,
        authorized: Sequence[AuthorizedShop],
        chosen: Collection[str] | None = None,
        *,
        new_owner: bool = False,
    ) -> list[ShopRow]:
        """Keep what a grant covers and connect those of it that are `chosen` (None: all), with
        currency and zone by their region; gives these. A shop of the grant that is not chosen, or
        not covered any more, becomes `disconnected`; its rows stay.

        BadRequest as told at `store.choice.choose`, and when TikTok listed no shop."""
        if not authorized:
            raise BadRequest(
                "TikTok named no shop for this account. Choose the region your Seller Center "
                "belongs to and connect again, with the main account of the shop."
            )
        wanted = {shop.id for shop in authorized} if chosen is None else set(chosen)
        with self._database.writing() as connection:
            self._own_authorization(connection, authorization_id)
            list_shops(connection, authorization_id, authorized)
            forgets = self._choose(connection, authorization_id, wanted, new_owner=new_owner)
        if forgets:
            self._database.erase_traces()
        return [shop for shop in self.shops() if shop.shop_id in wanted]

    def list_shops(self, authorization_id: str, authorized: Sequence[AuthorizedShop]) -> None:
        """Keep what a grant covers, to be chosen from later."""
        with self._database.writing() as connection:
            self._own_authorization(connection, authorization_id)
            list_shops(connection, authorization_id, authorized)

    def offered_shops(self, authorization_id: str) -> list[OfferedShop]:
        """What a grant covers, as TikTok last said; BadRequest `not_found` when it is not ours."""
        with self._database.reading() as connection:
            self._own_authorization(connection, authorization_id)
            return offered_shops(connection, self.id, authorization_id)

    def choose_shops(
        self, authorization_id: str, chosen: Collection[str], *, new_owner: bool = False
    ) -> list[ShopRow]:
        """Change which of a grant's shops are connected; gives these. See `save_shops`. Raises
        Reauthorise when the grant has ended."""
        with self._database.writing() as connection:
            if self._own_authorization(connection, authorization_id) != "connected":
                raise Reauthorise("TikTok no longer gives access to these shops. Connect again.")
            forgets = self._choose(connection, authorization_id, chosen, new_owner=new_owner)
        if forgets:
            self._database.erase_traces()
        return [shop for shop in self.shops() if shop.shop_id in chosen]

    def _choose(
        self,
        connection: Connection,
        authorization_id: str,
        chosen: Collection[str],
        *,
        new_owner: bool,
    ) -> bool:
        now = self._clock.now()
        return choose(connection, self.id, authorization_id, chosen, now, new_owner=new_owner)

    def disconnect_shop(self, shop_id: str) -> None:
        """Read the shop no more: an import under way stops at its next call, and the tokens of a
        grant that no other shop is read with are forgotten. What was imported is kept for a while
        (`store.farewell`)."""
        this = and_(shops.c.workspace_id == self.id, shops.c.shop_id == shop_id)
        with self._database.writing() as connection:
            row = connection.execute(select(shops).where(this)).first()
            if row is None:
                raise BadRequest(
                    "This shop is not connected to your workspace.", code="unknown_shop"
                )
            disconnect(connection, this, self._clock.now())
            if row.authorization_id is not None:
                forget_unused(connection, [row.authorization_id], self._clock.now())
        self._database.erase_traces()

    def forget_shop(self, shop_id: str) -> None:
        """Forget that a disconnected shop was ever here. Its runs must have been forgotten."""
        this = and_(
            shops.c.workspace_id == self.id,
            shops.c.shop_id == shop_id,
            shops.c.state == "disconnected",
        )
        with self._database.writing() as connection:
            connection.execute(shops.delete().where(this))

    def forget_authorization(self, authorization_id: str) -> None:
        """Forget the tokens of a grant at once; its shops must be connected again to be read."""
        with self._database.writing() as connection:
            self._own_authorization(connection, authorization_id)
            end_access(connection, [authorization_id], self._clock.now())
        self._database.erase_traces()

    def _own_authorization(self, connection: Connection, authorization_id: str) -> str:
        """Its state."""
        wanted = and_(
            authorizations.c.id == authorization_id, authorizations.c.workspace_id == self.id
        )
        state = connection.scalar(select(authorizations.c.state).where(wanted))
        if state is None:
            raise BadRequest("There is no such authorization.", code="not_found")
        return str(state)

    def set_shop_state(self, shop_id: str, state: str) -> None:
        if state not in SHOP_STATES:
            raise ValueError(state)
        self._change_shop(shop_id, {"state": state})

    def found_open(self, shop_id: str, is_open: bool) -> bool:
        """A call to TikTok told whether it has closed the shop; whether that is news. Nothing
        changes for a shop that was disconnected meanwhile, or whose access was taken back."""
        state, other = ("connected", "inactive") if is_open else ("inactive", "connected")
        this = and_(
            shops.c.workspace_id == self.id, shops.c.shop_id == shop_id, shops.c.state == other
        )
        with self._database.writing() as connection:
            changed = connection.execute(update(shops).where(this).values(state=state)).rowcount
        return bool(changed)

    def set_zones(self, shop_id: str, *, shop_zone: str, report_zone: str | None) -> None:
        """IANA names: the zone the shop's own days are counted in, and that of its reports."""
        for zone in (shop_zone, report_zone):
            if zone is not None and zone not in available_timezones():
                raise BadRequest(f"{zone} is not a time zone. Write it like Europe/London.")
        self._change_shop(shop_id, {"shop_zone": shop_zone, "report_zone": report_zone})

    def serve_kept_analytics(self, shop_id: str, serves: bool) -> None:
        """Show TikTok's own figures of the shop as far back as they were kept, or only as far back
        as TikTok gives them."""
        self._change_shop(shop_id, {"serves_kept": serves})

    def listen(self, shop_id: str, listens: bool) -> None:
        """Whether TikTok shall tell us what happens in the shop."""
        self._change_shop(shop_id, {"listens": listens})

    def want_optional_data(self, shop_id: str, words: Sequence[str] | None) -> None:
        """Read these kinds of data beyond the usual; None: as the installation does."""
        self._change_shop(
            shop_id, {"optional_data": None if words is None else ",".join(sorted(words))}
        )

    def set_client(self, shop_id: str, client: str | None) -> None:
        """Put the shop under a client (an agency's grouping of shops), or under none."""
        if client is not None:
            self.add_client(client)
        self._change_shop(shop_id, {"client": client})

    def add_client(self, name: str) -> None:
        with self._database.writing() as connection:
            add_client(connection, self.id, name)

    def rename_client(self, name: str, new_name: str) -> None:
        """See `store.clients`; so with the next."""
        with self._database.writing() as connection:
            rename_client(connection, self.id, name, new_name)

    def remove_client(self, name: str) -> None:
        with self._database.writing() as connection:
            remove_client(connection, self.id, name)

    def clients(self) -> list[str]:
        """Those that the limit names, where there is one."""
        mine = select(clients.c.name).where(clients.c.workspace_id == self.id)
        if self.is_limited:
            mine = mine.where(clients.c.name.in_(self._limit.clients or ()))
        with self._database.reading() as connection:
            return list(connection.scalars(mine.order_by(clients.c.name)))

    def _change_shop(self, shop_id: str, values: dict[str, object]) -> None:
        self.shop(shop_id)  # within the limit
        this = and_(shops.c.workspace_id == self.id, shops.c.shop_id == shop_id)
        with self._database.writing() as connection:
            if not connection.execute(update(shops).where(this).values(values)).rowcount:
                raise BadRequest(
                    "This shop is not connected to your workspace.", code="unknown_shop"
                )

    def create_key(
        self,
        name: str,
        scope: str = READ,
        limit: Limit = NO_LIMIT,
        *,
        target: str = "",
        numbered: bool = False,
    ) -> tuple[KeyRow, str]:
        """A new API key and its bare text, which is shown this once and cannot be read again.
        `target`: the only thing that a key for refreshing may refresh. `numbered`: where the name
        is taken, a number is put behind it. See `store.keys`; so with the next two."""
        with self._database.writing() as connection:
            return create_key(
                connection,
                self.id,
                self._secrets,
                name=free_name(connection, self.id, name) if numbered else name,
                scope=scope,
                limit=limit,
                target=target,
                now=self._clock.now(),
            )

    def keys(self) -> list[KeyRow]:
        with self._database.reading() as connection:
            return keys_of(connection, self.id)

    def revoke_key(self, key_id: str) -> None:
        with self._database.writing() as connection:
            revoke_key(connection, self.id, key_id, self._clock.now())

    def members(self) -> list[MemberRow]:
        with self._database.reading() as connection:
            return members_of(connection, self.id)

    def add_member(self, name: str, role: str, limited_to: Collection[str] | None = None) -> str:
        """Its id. See `store.members`; so with the next two."""
        values: dict[str, Any] = {"name": name, "role": role, "limited_to": limited_to}
        with self._database.writing() as connection:
            return add_member(connection, self.id, **values, now=self._clock.now())

    def change_member(
        self, member_id: str, role: str, limited_to: Collection[str] | None = None
    ) -> None:
        with self._database.writing() as connection:
            change_member(connection, self.id, member_id, role=role, limited_to=limited_to)

    def remove_member(self, member_id: str) -> None:
        with self._database.writing() as connection:
            remove_member(connection, self.id, member_id)

    def seal(self, text: str, place: str) -> str:
        """Encrypt a credential of the workspace; `place` names the row and column it belongs to."""
        return self._secrets.seal(text, place)

    def unseal(self, sealed: str, place: str) -> str:
        """Raises Refused when the ciphertext was made elsewhere or belongs elsewhere."""
        return self._secrets.unseal(sealed, place)

    def buyer_hasher(self) -> Callable[[str], tuple[str, int]]:
        """A function buyer id -> (32 hex characters, signed 64-bit integer), stable within the
        workspace, different in every other, not reversible."""
        return self._secrets.buyer_hasher()
