"""Which of the shops that a grant covers are read: all are listed, a person chooses.

A shop keeps its data under its id, whoever grants access to it. So that the data of two owners is
never mixed, a shop that was read with another seller's grant is taken over only when somebody says
so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, exists, select, update

from catalogue.regions import region as region_defaults
from errors import BadRequest
from store.accounts_rows import SAMPLE, AuthorizedShop, OfferedShop
from store.accounts_schema import authorizations, listed_shops, shops
from store.deauthorization import block_runs, end_access

NOT_WANTED: Final = (
    "The shop was disconnected. Connect it again, and this import goes on where it stopped."
)


def list_shops(
    connection: Connection, authorization_id: str, authorized: Sequence[AuthorizedShop]
) -> None:
    """Remember what TikTok listed for a grant, in place of what it listed before."""
    connection.execute(
        delete(listed_shops).where(listed_shops.c.authorization_id == authorization_id)
    )
    connection.execute(
        listed_shops.insert(),
        [
            {
                "authorization_id": authorization_id,
                "shop_id": shop.id,
                "name": shop.name,
                "code": shop.code,
                "region": shop.region,
                "seller_type": shop.seller_type,
                "cipher": shop.cipher,
            }
            for shop in authorized
        ],
    )


def offered_shops(
    connection: Connection, workspace_id: str, authorization_id: str
) -> list[OfferedShop]:
    """What is listed for a grant of the workspace, by name."""
    known = and_(shops.c.workspace_id == workspace_id, shops.c.shop_id == listed_shops.c.shop_id)
    found = connection.execute(
        select(
            listed_shops.c.shop_id,
            listed_shops.c.name,
            listed_shops.c.region,
            shops.c.state,
            shops.c.is_sample,
            shops.c.authorization_id.label("read_with"),
            authorizations.c.seller_name,
        )
        .select_from(
            listed_shops.outerjoin(shops, known).outerjoin(
                authorizations, shops.c.authorization_id == authorizations.c.id
            )
        )
        .where(listed_shops.c.authorization_id == authorization_id)
        .order_by(listed_shops.c.name, listed_shops.c.shop_id)
    )
    return [
        OfferedShop(
            row.shop_id, row.name, row.region, row.state or "", _owner_before(row, authorization_id)
        )
        for row in found
    ]


def _owner_before(row: Any, authorization_id: str) -> str:
    if row.state is None or row.is_sample or row.read_with == authorization_id:
        return ""
    return row.seller_name or "another seller account"


def choose(
    connection: Connection,
    workspace_id: str,
    authorization_id: str,
    chosen: Collection[str],
    now: float,
    *,
    new_owner: bool,
) -> bool:
    """Connect these shops of a grant and disconnect its others; the data of all stays. Whether
    another grant's tokens may have been forgotten.

    BadRequest for none, for one that the grant does not cover, and for one that was read with
    another seller's grant unless `new_owner` says that its data goes on under this one.
    """
    offered = {
        shop.shop_id: shop for shop in offered_shops(connection, workspace_id, authorization_id)
    }
    _refuse_wrong(offered, chosen, workspace_id, new_owner=new_owner)
    taken_over = [shop_id for shop_id in chosen if offered[shop_id].former_owner]
    former = _read_with(connection, workspace_id, taken_over)
    for row in connection.execute(
        select(listed_shops).where(
            listed_shops.c.authorization_id == authorization_id, listed_shops.c.shop_id.in_(chosen)
        )
    ).all():
        _connect(connection, workspace_id, row, now)
    others = and_(
        shops.c.authorization_id == authorization_id,
        shops.c.shop_id.not_in(chosen),
        shops.c.state != "disconnected",
    )
    disconnect(connection, others, now)
    forget_unused(connection, former, now)
    return bool(former)


def _refuse_wrong(
    offered: dict[str, OfferedShop],
    chosen: Collection[str],
    workspace_id: str,
    *,
    new_owner: bool,
) -> None:
    if not chosen:
        raise BadRequest("Choose at least one shop.")
    for shop_id in chosen:
        if shop_id not in offered:
            raise BadRequest(f"The consent does not cover shop {shop_id}.", code="unknown_shop")
        if (shop_id == SAMPLE) != (workspace_id == SAMPLE):
            raise BadRequest("The shop id 'sample' is kept for the Sample Account.")
        shop = offered[shop_id]
        if shop.former_owner and not new_owner:
            raise BadRequest(
                f"{shop.name} was connected by {shop.former_owner} before, and now by another "
                "seller account. If its numbers shall go on under the new owner, say so when you "
                "choose the shop; else connect it in a workspace of its own."
            )


def _read_with(connection: Connection, workspace_id: str, shop_ids: Collection[str]) -> list[str]:
    mine = and_(shops.c.workspace_id == workspace_id, shops.c.shop_id.in_(shop_ids))
    former = select(shops.c.authorization_id).where(mine, shops.c.authorization_id.is_not(None))
    return list(connection.scalars(former.distinct()))


def _connect(connection: Connection, workspace_id: str, listed: Row[Any], now: float) -> None:
    this = and_(shops.c.workspace_id == workspace_id, shops.c.shop_id == listed.shop_id)
    told: dict[str, object] = {**listed._mapping, "state": "connected"}
    if connection.execute(update(shops).where(this).values(told)).rowcount:
        return
    defaults = region_defaults(listed.region)
    connection.execute(
        shops.insert().values(
            workspace_id=workspace_id,
            currency=defaults.currency,
            shop_zone=defaults.zone,
            connected_at=now,
            is_sample=workspace_id == SAMPLE,
            **told,
        )
    )


def disconnect(connection: Connection, these: Any, now: float) -> None:
    """No call is made for these shops any more, and nothing of theirs is worked."""
    block_runs(connection, these, NOT_WANTED, now)
    connection.execute(update(shops).where(these).values(state="disconnected"))


def forget_unused(connection: Connection, authorization_ids: Iterable[str], now: float) -> None:
    """Forget the tokens of those grants that no shop is read with any more."""
    still_read = exists().where(
        shops.c.authorization_id == authorizations.c.id, shops.c.state != "disconnected"
    )
    unused = select(authorizations.c.id).where(
        authorizations.c.id.in_(list(authorization_ids)), ~still_read
    )
    end_access(connection, list(connection.scalars(unused)), now)
