"""The end of a seller's grant, when TikTok tells that it was taken back.

Everything happens in one transaction: the tokens are gone, the shops ask for a new grant, and no
run of theirs is worked any further. What was imported is still served, until its time is over
(`store.farewell`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, exists, select, update

from store.accounts_schema import authorizations, leases, runs, shops

TAKEN_BACK: Final = (
    "The seller has taken back our access to this shop in TikTok Shop. Connect the shop again, and "
    "this import goes on where it stopped. What was imported so far can be reported on; the list "
    "of shops says whether and when it is deleted."
)

_UNFINISHED: Final = ("pending", "running", "waiting")


def covering(connection: Connection, shop_id: str) -> list[str]:
    """The ids of the authorizations, of any workspace, that cover a shop of TikTok."""
    covered = select(shops.c.authorization_id).where(
        shops.c.shop_id == shop_id,
        shops.c.is_sample.is_(False),
        shops.c.authorization_id.is_not(None),
    )
    return list(connection.scalars(covered.distinct()))


def end_access(connection: Connection, authorization_ids: Sequence[str], now: float) -> None:
    """Forget the tokens, also those that somebody is just asking TikTok for: the version grows, so
    that `TokenKeeper` does not keep what comes back."""
    connection.execute(
        update(authorizations)
        .where(authorizations.c.id.in_(authorization_ids))
        .values(
            state="reauthorise",
            sealed_access_token="",
            access_expires_at=0.0,
            sealed_refresh_token="",
            refresh_expires_at=0.0,
            token_version=authorizations.c.token_version + 1,
            refresh_owner="",
            refresh_until=0.0,
        )
    )
    theirs = shops.c.authorization_id.in_(authorization_ids)
    ended = and_(theirs, shops.c.state.in_(("connected", "inactive")))
    connection.execute(update(shops).where(ended).values(state="reauthorise"))
    block_runs(connection, theirs, TAKEN_BACK, now)


def block_runs(
    connection: Connection, these_shops: ColumnElement[bool], message: str, now: float
) -> None:
    """Block the unfinished runs of some shops. One that is being worked loses its lease: its worker
    is refused at its next sign of life and cannot change what is said here."""
    of_these = exists().where(
        these_shops,
        shops.c.workspace_id == runs.c.workspace_id,
        shops.c.shop_id == runs.c.shop_id,
    )
    unfinished = and_(of_these, runs.c.state.in_(_UNFINISHED))
    being_worked = select(runs.c.id).where(of_these, runs.c.state == "running")
    connection.execute(
        update(leases)
        .where(leases.c.run_id.in_(being_worked))
        .values(owner="", expires_at=0.0, token=leases.c.token + 1)
    )
    connection.execute(
        update(runs)
        .where(unfinished)
        .values(state="blocked", message=message, finished_at=now, stuck_at=None)
    )
