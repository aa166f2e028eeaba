"""What becomes of data when nobody may read on: shops after a while, a workspace at once.

A shop is left when it was disconnected, or when its seller took our access back. Since when that is
so is noted by whoever looks, so that it counts from the first look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, MetaData, Table, and_, delete, or_, select, update

from clock import Clock
from store.accounts_schema import ACCOUNTS, authorizations, shops, workspaces
from store.bookkeeping_schema import BOOKKEEPING
from store.database import Database
from store.exports_schema import EXPORTS
from store.operations_schema import OPERATIONS, farewells

_DAY_SECONDS: Final = 86_400.0

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A shop that was left. `ends_at`: when its data is deleted, UTC epoch seconds."""

    workspace_id: str
    shop_id: str
    name: str
    zone: str
    ends_at: float

    @property
    def place(self) -> Place:
        return self.workspace_id, self.shop_id


class Farewells:
    """`keep_days`: how long after a shop was left its data is kept; 0: until somebody deletes
    it."""

    def __init__(self, database: Database, clock: Clock, keep_days: int) -> None:
        self._database = database
        self._clock = clock
        self._keep_seconds = keep_days * _DAY_SECONDS

    def due(self) -> list[Place]:
        """(workspace, shop) of those whose time is over. Harmless to repeat; a shop that was
        connected again is forgotten here."""
        now = self._clock.now()
        with self._database.reading() as connection:
            left = {tuple(row) for row in connection.execute(_LEFT)}
            noted = {
                (row.workspace_id, row.shop_id): float(row.since)
                for row in connection.execute(select(farewells))
            }
        if left != noted.keys():
            with self._database.writing() as connection:
                for place in noted.keys() - left:
                    connection.execute(delete(farewells).where(_is(place)))
                for workspace_id, shop_id in left - noted.keys():
                    connection.execute(
                        farewells.insert().values(
                            workspace_id=workspace_id, shop_id=shop_id, since=now
                        )
                    )
        if not self._keep_seconds:
            return []
        return sorted(
            place
            for place, since in noted.items()
            if place in left and now - since >= self._keep_seconds
        )

    def leaving(self) -> list[Leaving]:
        """Those whose time runs, as far as `due` has noted it; none where data is kept for ever."""
        if not self._keep_seconds:
            return []
        with self._database.reading() as connection:
            left = {tuple(row) for row in connection.execute(_LEFT)}
            return [
                Leaving(
                    row.workspace_id,
                    row.shop_id,
                    row.name,
                    row.report_zone or "UTC",
                    float(row.since) + self._keep_seconds,
                )
                for row in connection.execute(_NOTED)
                if (row.workspace_id, row.shop_id) in left
            ]

    def take(self, place: Place) -> bool:
        """Make a shop that is left still `disconnected`, to be deleted; False when somebody has
        connected it again meanwhile, and then nothing changes. One transaction."""
        this = and_(shops.c.workspace_id == place[0], shops.c.shop_id == place[1])
        with self._database.writing() as connection:
            is_left = connection.execute(_LEFT.where(this)).first() is not None
            if is_left:
                connection.execute(update(shops).where(this).values(state="disconnected"))
        return is_left


#: An authorization that was taken back has no tokens, and with them no end of their time.
_LEFT: Final = (
    select(shops.c.workspace_id, shops.c.shop_id)
    .select_from(shops.outerjoin(authorizations, shops.c.authorization_id == authorizations.c.id))
    .where(
        shops.c.is_sample.is_(False),
        or_(
            shops.c.state == "disconnected",
            and_(shops.c.state == "reauthorise", authorizations.c.refresh_expires_at == 0.0),
        ),
    )
)


_NOTED: Final = select(
    farewells.c.workspace_id,
    farewells.c.shop_id,
    farewells.c.since,
    shops.c.name,
    shops.c.report_zone,
).join_from(
    farewells,
    shops,
    and_(shops.c.workspace_id == farewells.c.workspace_id, shops.c.shop_id == farewells.c.shop_id),
)


def _is(place: Place) -> ColumnElement[bool]:
    return and_(farewells.c.workspace_id == place[0], farewells.c.shop_id == place[1])


def forget_workspace(database: Database, workspace_id: str) -> None:
    """Delete every row of a workspace, its data keys with them: what was sealed or hashed with
    those, wherever a copy of it is, stays unreadable for good. One transaction; harmless to
    repeat."""
    with database.writing() as connection:
        for table in _children_first():
            connection.execute(delete(table).where(_of_workspace(table, workspace_id)))
        connection.execute(delete(workspaces).where(workspaces.c.id == workspace_id))


def _children_first() -> Sequence[Table]:
    """All tables that hold rows of a workspace, but the one of workspaces."""
    known: tuple[MetaData, ...] = (OPERATIONS, BOOKKEEPING, EXPORTS, ACCOUNTS)
    return [
        table
        for some in known
        for table in reversed(some.sorted_tables)
        if "workspace_id" in table.c or _leads_to(table) is not None
    ]


def _of_workspace(table: Table, workspace_id: str) -> ColumnElement[bool]:
    if "workspace_id" in table.c:
        return table.c.workspace_id == workspace_id
    link = _leads_to(table)
    if link is None:
        raise TypeError(f"{table.name} belongs to no workspace")
    column, owner = link
    theirs = select(owner.c.id).where(owner.c.workspace_id == workspace_id)
    return table.c[column].in_(theirs)


def _leads_to(table: Table) -> tuple[str, Table] | None:
    """The column by which the rows of a table belong to rows of a workspace."""
    for key in table.foreign_keys:
        owner = key.column.table
        if owner is not workspaces and "workspace_id" in owner.c and key.column.name == "id":
            return key.parent.name, owner
    return None
