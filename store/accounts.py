"""Workspaces of an installation, and who may enter them.

Accounts ──workspace(id)──> WorkspaceScope     everything of one workspace
         ──principal_for_key──> Principal      who asks, from an API key
         ──token_keeper──> TokenKeeper         TikTok's tokens for one shop
"""

from __future__ import annotations

import re
import secrets as random
from collections.abc import Callable

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import OperationalError

from catalogue.regions import region as region_defaults
from clock import Clock
from errors import BadRequest, Refused
from store.accounts_migration import migrate
from store.accounts_rows import (
    SAMPLE,
    AuthorizationRow,
    AuthorizedShop,
    Grant,
    KeyRow,
    Limit,
    OfferedShop,
    Principal,
    ShopRow,
    Workspace,
    key_principal,
    shop_row,
)
from store.accounts_schema import data_keys, keys, members, shops, workspaces
from store.database import Database
from store.deauthorization import covering, end_access
from store.roles import OWNER
from store.secrets import PURPOSES, Vault, WorkspaceSecrets, key_id_of
from store.tokens import TokenKeeper
from store.workspaces import WorkspaceScope

__all__ = [
    "SAMPLE",
    "Accounts",
    "AuthorizationRow",
    "AuthorizedShop",
    "Grant",
    "KeyRow",
    "Limit",
    "OfferedShop",
    "Principal",
    "ShopRow",
    "TokenKeeper",
    "Workspace",
    "WorkspaceScope",
]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_KEY = (
    select(keys, workspaces.c.created_at.label("workspace_made_at"))
    .join_from(keys, workspaces, keys.c.workspace_id == workspaces.c.id)
    .where(keys.c.id == bindparam("key_id"))
)
_MADE_AT = select(workspaces.c.created_at).where(workspaces.c.id == bindparam("workspace_id"))

#: A key's `last_used_at` is not written more often than this, in seconds.
USE_NOTED_EVERY_SECONDS = 3600.0

#: How long a workspace is used without looking whether it was deleted meanwhile.
LOOKED_EVERY_SECONDS = 1.0


class Accounts:
    """`url` is SQLAlchemy's: `sqlite:////folder/accounts.sqlite` or a PostgreSQL."""

    def __init__(
        self,
        url: str,
        vault: Vault,
        clock: Clock,
        *,
        reopened: Callable[[], Vault] | None = None,
    ) -> None:
        """`reopened` gives the vault as it is now, where SECRET_KEY may change while we run."""
        self.database = Database(url)
        self._vault = vault
        self._reopened = reopened
        self._clock = clock
        # With when the workspace was made: one that was deleted and made again under the same id,
        # maybe by another process, has other data keys.
        self._opened: dict[str, tuple[float, WorkspaceSecrets]] = {}
        self._scopes: dict[str, tuple[float, WorkspaceScope]] = {}
        self._looked_at: dict[str, float] = {}

    def migrate(self) -> None:
        migrate(self.database)

    def create_workspace(self, name: str, *, workspace_id: str | None = None) -> Workspace:
        """A new workspace with its own data keys and one owner. BadRequest when the id is taken."""
        new_id = workspace_id or random.token_hex(6)
        if not _ID.fullmatch(new_id):
            raise BadRequest("A workspace id has up to 64 letters, digits, '-' and '_'.")
        with self.database.writing() as connection:
            if connection.execute(select(workspaces).where(workspaces.c.id == new_id)).first():
                raise BadRequest(f"There is a workspace {new_id} already.")
            return self._insert_workspace(connection, new_id, name)

    def ensure_workspace(self, workspace_id: str, name: str) -> WorkspaceScope:
        """The workspace, made if it is missing; for a first start, by several processes."""
        with self.database.writing() as connection:
            known = select(workspaces.c.id).where(workspaces.c.id == workspace_id)
            if connection.execute(known).first() is None:
                self._insert_workspace(connection, workspace_id, name)
        return self.workspace(workspace_id)

    def ensure_sample(self, name: str, region: str) -> ShopRow:
        """The Sample Account: workspace `sample` with one shop `sample`, readable by all."""
        scope = self.ensure_workspace(SAMPLE, name)
        defaults = region_defaults(region)
        with self.database.writing() as connection:
            known = select(shops.c.shop_id).where(shops.c.workspace_id == SAMPLE)
            if connection.execute(known).first() is None:
                connection.execute(
                    shops.insert().values(
                        workspace_id=SAMPLE,
                        shop_id=SAMPLE,
                        name=name,
                        code="SAMPLE",
                        region=region,
                        seller_type="LOCAL",
                        cipher="",
                        currency=defaults.currency,
                        shop_zone=defaults.zone,
                        state="connected",
                        connected_at=self._clock.now(),
                        is_sample=True,
                    )
                )
        return scope.shop(SAMPLE)

    def workspaces(self) -> list[Workspace]:
        ordered = select(workspaces).order_by(workspaces.c.created_at, workspaces.c.id)
        with self.database.reading() as connection:
            return [
                Workspace(row.id, row.name, row.created_at) for row in connection.execute(ordered)
            ]

    def workspace(self, workspace_id: str) -> WorkspaceScope:
        """BadRequest `not_found` (404) when there is no such workspace."""
        # Asked for several times with every request, so it is looked once a second whether it is
        # still the same.
        now = self._clock.monotonic()
        known = self._scopes.get(workspace_id)
        if known is not None and 0 <= now - self._looked_at[workspace_id] < LOOKED_EVERY_SECONDS:
            return known[1]
        made_at = self._made_at(workspace_id)
        self._looked_at[workspace_id] = now
        if known is not None and known[0] == made_at:
            return known[1]
        scope = WorkspaceScope(
            workspace_id,
            database=self.database,
            secrets=self._secrets(workspace_id, made_at),
            clock=self._clock,
        )
        self._scopes[workspace_id] = made_at, scope
        return scope

    def _made_at(self, workspace_id: str) -> float:
        """When the workspace was made, UTC epoch seconds; BadRequest `not_found` without one."""
        with self.database.reading() as connection:
            made_at = connection.scalar(_MADE_AT, {"workspace_id": workspace_id})
        if made_at is None:
            self._scopes.pop(workspace_id, None)
            self._opened.pop(workspace_id, None)
            raise BadRequest("There is no such workspace.", code="not_found")
        return float(made_at)

    def principal_for_key(self, bare_key: str) -> Principal:
        """Who holds this API key; Refused `unauthorised` for a wrong, revoked or unknown one."""
        key_id = key_id_of(bare_key)
        with self.database.reading() as connection:
            row = connection.execute(_KEY, {"key_id": key_id}).first()
        if (
            row is None
            or not self._secrets(row.workspace_id, row.workspace_made_at).key_matches(
                bare_key, row.digest
            )
            or row.revoked_at is not None
        ):
            raise Refused(
                "This API key is not valid. Copy it again, or make a new one with "
                "'flask --app app keys create'.",
                code="unauthorised",
            )
        self._note_use(row.id, row.last_used_at)
        return key_principal(row)

    def scope_of(self, principal: Principal) -> WorkspaceScope:
        """What whoever asks may see of their workspace."""
        return self.workspace(principal.workspace_id).only(principal.limit)

    def all_shops(self) -> list[ShopRow]:
        """Every shop of the installation, for the worker and the scheduler only."""
        ordered = select(shops).order_by(shops.c.workspace_id, shops.c.shop_id)
        with self.database.reading() as connection:
            return [shop_row(row) for row in connection.execute(ordered)]

    def token_keeper(self, shop: ShopRow, refresh: Callable[[str], Grant]) -> TokenKeeper:
        """TikTok's tokens for one shop; `refresh` asks TikTok for new ones."""
        return TokenKeeper(
            shop,
            refresh,
            database=self.database,
            secrets=self._secrets(shop.workspace_id, self._made_at(shop.workspace_id)),
            clock=self._clock,
        )

    def deauthorised(self, shop_id: str) -> None:
        """The seller has taken back our access to a TikTok shop. In one transaction the tokens of
        the grant that covers it are forgotten, its shops become `reauthorise` and their unfinished
        runs `blocked`; their data is kept. A shop nobody has connected is no error."""
        with self.database.writing() as connection:
            ended = covering(connection, shop_id)
            end_access(connection, ended, self._clock.now())
        if ended:
            self.database.erase_traces()

    def use_vault(self, vault: Vault) -> None:
        """From now on, data keys are wrapped and unwrapped by another vault, which must know the
        SECRET_KEY they are wrapped with."""
        self._vault = vault

    def rewrap(self) -> int:
        """Wrap every data key with the newest SECRET_KEY; returns how many there are."""
        with self.database.writing() as connection:
            found = connection.execute(select(data_keys)).all()
            for row in found:
                connection.execute(
                    update(data_keys)
                    .where(data_keys.c.workspace_id == row.workspace_id)
                    .where(data_keys.c.purpose == row.purpose)
                    .values(wrapped=self._vault.rewrap(row.wrapped))
                )
        return len(found)

    def _insert_workspace(self, connection: Connection, workspace_id: str, name: str) -> Workspace:
        now = self._clock.now()
        connection.execute(workspaces.insert().values(id=workspace_id, name=name, created_at=now))
        for purpose in PURPOSES:
            wrapped = self._vault.new_data_key(workspace_id, purpose)
            connection.execute(
                data_keys.insert().values(
                    workspace_id=workspace_id, purpose=purpose, wrapped=wrapped
                )
            )
        connection.execute(
            members.insert().values(
                id=random.token_hex(8),
                workspace_id=workspace_id,
                name="owner",
                role=OWNER,
                created_at=now,
                joined_at=now,
            )
        )
        return Workspace(workspace_id, name, now)

    def _secrets(self, workspace_id: str, made_at: float) -> WorkspaceSecrets:
        known = self._opened.get(workspace_id)
        if known is not None and known[0] == made_at:
            return known[1]
        opened = self._unwrapped(workspace_id)
        self._opened[workspace_id] = made_at, opened
        self._scopes.pop(workspace_id, None)
        return opened

    def _unwrapped(self, workspace_id: str) -> WorkspaceSecrets:
        try:
            return self._vault.unwrap(workspace_id, self._wrapped(workspace_id))
        except Refused:
            if self._reopened is None:
                raise
        # `rotate-secrets` may have run since this process began.
        self._vault = self._reopened()
        return self._vault.unwrap(workspace_id, self._wrapped(workspace_id))

    def _wrapped(self, workspace_id: str) -> dict[str, str]:
        mine = select(data_keys).where(data_keys.c.workspace_id == workspace_id)
        with self.database.reading() as connection:
            return {row.purpose: row.wrapped for row in connection.execute(mine)}

    def unwraps(self) -> bool:
        """Whether SECRET_KEY is the one that data keys are wrapped with: tries those of the oldest
        workspace, whatever is remembered. Raises Refused when it is not."""
        for known in self.workspaces()[:1]:
            self._unwrapped(known.id)
        return True

    def _note_use(self, key_id: str, last_used_at: float | None) -> None:
        now = self._clock.now()
        if last_used_at is not None and now - last_used_at < USE_NOTED_EVERY_SECONDS:
            return
        try:
            with self.database.writing() as connection:
                connection.execute(update(keys).where(keys.c.id == key_id).values(last_used_at=now))
        except OperationalError:
            pass  # the answer matters more than the note
