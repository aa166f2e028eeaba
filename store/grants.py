"""A seller's grant: kept, renewed, given up. Its tokens are sealed to their place and their
workspace, and all of them change together."""

from __future__ import annotations

import secrets as random
from typing import Final

from sqlalchemy import Connection, and_, select, update

from errors import Refused
from store.accounts_rows import AuthorizationRow, Grant, authorization_row
from store.accounts_schema import authorizations, listed_shops, shops
from store.secrets import WorkspaceSecrets

#: Where in the database a token is sealed to; see WorkspaceSecrets.seal.
ACCESS_PLACE: Final = "access token of {}"
REFRESH_PLACE: Final = "refresh token of {}"


def save_grant(
    connection: Connection,
    workspace_id: str,
    secrets: WorkspaceSecrets,
    grant: Grant,
    region: str,
    now: float,
) -> AuthorizationRow:
    """Keep a seller's grant, or its renewal. `region` is that of the consent page. Raises Refused
    when the seller's account is connected to another workspace."""
    known = connection.execute(
        select(authorizations).where(authorizations.c.open_id == grant.open_id).with_for_update()
    ).first()
    if known is not None and known.workspace_id != workspace_id:
        _give_up_foreign(connection, known.id)
        known = None
    authorization_id = random.token_hex(8) if known is None else known.id
    values: dict[str, object] = {
        "seller_name": grant.seller_name,
        "region": region,
        "state": "connected",
        **token_columns(secrets, authorization_id, grant, now),
        "token_version": 1 if known is None else known.token_version + 1,
        "refresh_owner": "",
        "refresh_until": 0.0,
    }
    this = authorizations.c.id == authorization_id
    if known is None:
        values |= {
            "id": authorization_id,
            "workspace_id": workspace_id,
            "open_id": grant.open_id,
            "created_at": now,
        }
        connection.execute(authorizations.insert().values(values))
    else:
        connection.execute(update(authorizations).where(this).values(values))
        set_state_of_shops(connection, authorization_id, "reauthorise", "connected")
    return authorization_row(connection.execute(select(authorizations).where(this)).one())


def _give_up_foreign(connection: Connection, authorization_id: str) -> None:
    """Forget another workspace's grant that no shop is read with; Refused when one is."""
    its_shops = shops.c.authorization_id == authorization_id
    in_use = select(shops.c.shop_id).where(its_shops, shops.c.state != "disconnected")
    if connection.execute(in_use).first() is not None:
        raise Refused(
            "This TikTok Shop account is already connected to another workspace of this "
            "installation. Disconnect it there first, or connect a different account."
        )
    connection.execute(update(shops).where(its_shops).values(authorization_id=None))
    listed = listed_shops.c.authorization_id == authorization_id
    connection.execute(listed_shops.delete().where(listed))
    connection.execute(authorizations.delete().where(authorizations.c.id == authorization_id))


def token_columns(
    secrets: WorkspaceSecrets, authorization_id: str, grant: Grant, now: float
) -> dict[str, object]:
    """The columns of a new pair of tokens; they are always changed together. TikTok may leave the
    scopes out of a renewal: then the known ones stay."""
    scopes = " ".join(sorted(grant.scopes))
    return ({"scopes": scopes} if scopes else {}) | {
        "sealed_access_token": secrets.seal(
            grant.access_token, ACCESS_PLACE.format(authorization_id)
        ),
        "access_expires_at": grant.access_expires_at,
        "sealed_refresh_token": secrets.seal(
            grant.refresh_token, REFRESH_PLACE.format(authorization_id)
        ),
        "refresh_expires_at": grant.refresh_expires_at,
        "refreshed_at": now,
    }


def set_state_of_shops(
    connection: Connection, authorization_id: str, former: str, state: str
) -> None:
    """All shops of an authorization that are in state `former` go to `state`."""
    these = and_(shops.c.authorization_id == authorization_id, shops.c.state == former)
    connection.execute(update(shops).where(these).values(state=state))
