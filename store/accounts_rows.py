"""What the accounts database tells the other parts: plain values, without a bare secret in any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import Row

from store.roles import Admission, held

#: Workspace and shop id of the Sample Account; every workspace may read it.
SAMPLE: Final = "sample"

#: The workspace of an installation that nobody made another one in.
DEFAULT_WORKSPACE: Final = "default"

#: States of a shop; an authorization is `connected` or `reauthorise`. `reauthorise`: the seller
#: must grant access again. `inactive`: TikTok has closed the shop or its seller's account.
#: `disconnected`: nobody wants it read any more. Whatever the state, its data is still served.
SHOP_STATES: Final = ("connected", "reauthorise", "inactive", "disconnected")


class Grant(Protocol):
    """What TikTok answers to a code or a refresh token; instants are UTC epoch seconds."""

    @property
    def open_id(self) -> str: ...
    @property
    def seller_name(self) -> str: ...
    @property
    def access_token(self) -> str: ...
    @property
    def access_expires_at(self) -> float: ...
    @property
    def refresh_token(self) -> str: ...
    @property
    def refresh_expires_at(self) -> float: ...
    @property
    def scopes(self) -> Iterable[str]: ...


class AuthorizedShop(Protocol):
    """One shop that a grant covers."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def seller_type(self) -> str: ...
    @property
    def cipher(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Workspace:
    id: str
    name: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Limit:
    """Which shops somebody may see: those that are a client's of these when it is asked, and those
    with these ids; with `clients` None and no ids, all. With no client and no id, none. The Sample
    Account is open to everybody."""

    clients: tuple[str, ...] | None = None
    shop_ids: tuple[str, ...] = ()

    def allows(self, shop: ShopRow) -> bool:
        if self == NO_LIMIT or shop.is_sample or shop.shop_id in self.shop_ids:
            return True
        return shop.client is not None and shop.client in (self.clients or ())


NO_LIMIT: Final = Limit()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. At most one of `key_id` and `member` is set; with neither it is the program itself.
    `member_id`, `role` and `session_id` go with `member`, `scopes` and `target` with a key: what
    the only thing is that a key may refresh, "" for no such bound."""

    workspace_id: str
    key_id: str | None = None
    member: str | None = None
    member_id: str = ""
    role: str = ""
    session_id: str | None = None
    scopes: frozenset[str] = frozenset()
    limit: Limit = NO_LIMIT
    target: str = ""

    def may(self, role: str, *, whole: bool = False) -> bool:
        """Whether it is a member of this role or above; `whole`: and limited to no clients."""
        asked = Admission(role=role, whole=whole)
        is_limited = self.limit != NO_LIMIT
        return bool(self.role) and asked.admits_member(self.role, is_limited=is_limited)


@dataclass(frozen=True, slots=True)
class AuthorizationRow:
    """A seller's grant. `region` is the consent page it came from: US, GB, SEA or ROW."""

    id: str
    workspace_id: str
    open_id: str
    seller_name: str
    region: str
    scopes: frozenset[str]
    state: str
    access_expires_at: float
    refresh_expires_at: float


@dataclass(frozen=True, slots=True)
class OfferedShop:
    """A shop that a grant covers. `state` is that of the workspace's shop, "" when it was never
    chosen; `former_owner` is the seller whose grant it was read with before, "" when that is the
    same seller."""

    shop_id: str
    name: str
    region: str
    state: str
    former_owner: str

    @property
    def is_chosen(self) -> bool:
        return self.state not in ("", "disconnected") and not self.former_owner


@dataclass(frozen=True, slots=True)
class ShopRow:
    """`region` is the country code TikTok gives. `shop_zone` counts the shop's own days;
    `report_zone` is the setting for reports, None when nobody chose one. `serves_kept`: TikTok's
    own figures are shown as far back as they were kept, beyond what TikTok still gives. `listens`:
    TikTok tells us what happens in the shop. `optional_data`: the words, joined by commas, of what
    is read of this shop beyond the usual; None: what the installation reads of every shop."""

    shop_id: str
    workspace_id: str
    authorization_id: str | None
    name: str
    code: str
    region: str
    seller_type: str
    cipher: str = field(repr=False)
    currency: str
    shop_zone: str
    report_zone: str | None
    client: str | None
    state: str
    connected_at: float
    is_sample: bool
    serves_kept: bool
    listens: bool = True
    optional_data: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRow:
    """`target`: the only thing that a key for refreshing may refresh, "" for no such bound."""

    id: str
    name: str
    scope: str
    created_at: float
    last_used_at: float | None
    revoked_at: float | None
    limit: Limit
    target: str = ""

    @property
    def shown(self) -> str:
        """How the key begins: enough to recognise it, of no use to anybody."""
        return f"tts_{self.id}_"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """`clients`: those the member is limited to, None for no limit. `joined_at` is None until the
    member has signed in for the first time."""

    id: str
    name: str
    role: str
    created_at: float
    joined_at: float | None
    clients: tuple[str, ...] | None = None


def shop_row(row: Row[Any]) -> ShopRow:
    return ShopRow(**row._mapping)


def authorization_row(row: Row[Any]) -> AuthorizationRow:
    return AuthorizationRow(
        id=row.id,
        workspace_id=row.workspace_id,
        open_id=row.open_id,
        seller_name=row.seller_name,
        region=row.region,
        scopes=frozenset(row.scopes.split()),
        state=row.state,
        access_expires_at=row.access_expires_at,
        refresh_expires_at=row.refresh_expires_at,
    )


def key_row(row: Row[Any]) -> KeyRow:
    return KeyRow(
        id=row.id,
        name=row.name,
        scope=row.scope,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        limit=limit_of(row),
        target=row.target,
    )


def key_principal(row: Row[Any]) -> Principal:
    """Who asks with the key of this row."""
    return Principal(
        workspace_id=row.workspace_id,
        key_id=row.id,
        scopes=held(row.scope),
        limit=limit_of(row),
        target=row.target,
    )


def limit_of(row: Row[Any]) -> Limit:
    """The limit in the row of a key."""
    clients = None if row.client is None else (row.client,)
    return Limit(clients, tuple(row.shop_ids.split()))
