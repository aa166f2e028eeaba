"""How all shops of an installation are, as far as it may be worth telling somebody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, func, select

from store.accounts_schema import access_ends, authorizations, runs, shops
from store.database import Database
from store.runs import Run, run_of

#: Failures longer ago are no news.
_RECENT_SECONDS: Final = 7 * 86_400.0
_UNFINISHED: Final = ("pending", "running", "waiting")


@dataclass(frozen=True, slots=True)
class ShopHealth:
    """`token_version` grows with each grant and renewal. `access_ends_at`: when TikTok ends our
    access, the sooner of what the grant says and what TikTok has told; null: not that we know.
    `ended`: the newest two runs that have ended, newest first, where one of them ended badly.
    `stuck`: runs marked so. `last_done_at`: when a run last ended well. UTC epoch seconds."""

    workspace_id: str
    shop_id: str
    name: str
    state: str
    zone: str
    token_version: int
    access_ends_at: float | None
    ended: Sequence[Run] = ()
    stuck: Sequence[Run] = ()
    last_done_at: float | None = None


def shop_health(database: Database, kinds: Collection[str], now: float) -> list[ShopHealth]:
    """Of every shop but the Sample Account and those that were disconnected. `kinds`: the runs that
    count."""
    with database.reading() as connection:
        rows = connection.execute(_SHOPS).all()
        told = {
            (row.workspace_id, row.shop_id): row.ends_at
            for row in connection.execute(select(access_ends))
        }
        stuck = _by_shop(connection, and_(runs.c.stuck_at.is_not(None), _open()), kinds)
        since = now - _RECENT_SECONDS
        badly = and_(runs.c.state.in_(("failed", "blocked")), runs.c.finished_at > since)
        failing = _by_shop(connection, badly, kinds)
        return [
            ShopHealth(
                workspace_id=row.workspace_id,
                shop_id=row.shop_id,
                name=row.name,
                state=row.state,
                zone=row.report_zone or "UTC",
                token_version=row.token_version or 0,
                access_ends_at=_sooner(row.refresh_expires_at, told.get(place)),
                ended=_newest_ended(connection, place, kinds) if place in failing else (),
                stuck=stuck.get(place, ()),
                last_done_at=_last_done(connection, place, kinds),
            )
            for row in rows
            for place in [(row.workspace_id, row.shop_id)]
        ]


_SHOPS: Final = (
    select(
        shops.c.workspace_id,
        shops.c.shop_id,
        shops.c.name,
        shops.c.state,
        shops.c.report_zone,
        authorizations.c.token_version,
        authorizations.c.refresh_expires_at,
    )
    .select_from(shops.outerjoin(authorizations, shops.c.authorization_id == authorizations.c.id))
    .where(shops.c.is_sample.is_(False), shops.c.state != "disconnected")
    .order_by(shops.c.workspace_id, shops.c.name, shops.c.shop_id)
)


def _open() -> Any:
    return runs.c.state.in_(_UNFINISHED)


def _by_shop(
    connection: Connection, which: Any, kinds: Collection[str]
) -> dict[tuple[str, str], list[Run]]:
    found: dict[tuple[str, str], list[Run]] = {}
    for row in connection.execute(select(runs).where(which, runs.c.kind.in_(kinds))):
        found.setdefault((row.workspace_id, row.shop_id), []).append(run_of(row))
    return found


def _of(place: tuple[str, str], kinds: Collection[str]) -> Any:
    workspace_id, shop_id = place
    return and_(
        runs.c.workspace_id == workspace_id, runs.c.shop_id == shop_id, runs.c.kind.in_(kinds)
    )


def _newest_ended(
    connection: Connection, place: tuple[str, str], kinds: Collection[str]
) -> list[Run]:
    ended = select(runs).where(_of(place, kinds), ~_open(), runs.c.finished_at.is_not(None))
    newest = ended.order_by(runs.c.finished_at.desc(), runs.c.created_at.desc()).limit(2)
    return [run_of(row) for row in connection.execute(newest)]


def _last_done(
    connection: Connection, place: tuple[str, str], kinds: Collection[str]
) -> float | None:
    done = select(func.max(runs.c.finished_at)).where(_of(place, kinds), runs.c.state == "done")
    found = connection.scalar(done)
    return None if found is None else float(found)


def _sooner(granted_until: float | None, told: float | None) -> float | None:
    return min((end for end in (granted_until, told) if end), default=None)
