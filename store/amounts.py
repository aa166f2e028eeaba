"""What a workspace uses: calls to TikTok by day, and what is stored of each shop.

Calls are counted where a run tells them, so that they stay counted when the run is forgotten. What
is stored is counted now and then by a worker, because counting takes longer than a page may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, func, select, text

from catalogue.tables import ORDERS, PRODUCTS, TABLES
from clock import Clock
from store.bookkeeping_schema import (
    calls_made,
    deliveries,
    messages,
    notices,
    run_stages,
    stored_amounts,
)
from store.database import Database
from store.paths import DataFolder
from store.records import ShopRecords
from store.runs import Figures, Run

_DAY: Final = 86_400

#: A shop is counted again after so long.
MEASURED_EVERY_SECONDS: Final = 900.0

#: (workspace id, shop id)
Place = tuple[str, str]

_COUNT: Final = text(
    "INSERT INTO calls_made (workspace_id, shop_id, day, calls, retries) "
    "VALUES (:workspace, :shop, :day, :calls, :retries) "
    "ON CONFLICT (workspace_id, shop_id, day) DO UPDATE SET "
    "calls = calls_made.calls + excluded.calls, retries = calls_made.retries + excluded.retries"
)
_KEEP: Final = text(
    "INSERT INTO stored_amounts "
    '(workspace_id, shop_id, orders, products, "rows", bytes, measured_at) '
    "VALUES (:workspace, :shop, :orders, :products, :rows, :bytes, :measured_at) "
    "ON CONFLICT (workspace_id, shop_id) DO UPDATE SET orders = excluded.orders, "
    'products = excluded.products, "rows" = excluded."rows", bytes = excluded.bytes, '
    "measured_at = excluded.measured_at"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is kept of a shop. `bytes` on the disk; `measured_at` UTC epoch seconds."""

    orders: int
    products: int
    rows: int
    bytes: int
    measured_at: float


def count_calls(connection: Connection, run: Run, figures: Figures, now: float) -> None:
    """Add the calls of a run to those of its shop's day; part of the caller's transaction."""
    if not figures.calls:
        return
    more = {"calls": figures.calls, "retries": figures.retries, "day": int(now // _DAY) * _DAY}
    connection.execute(_COUNT, {"workspace": run.workspace_id, "shop": run.shop_id, **more})


def forget_shop(connection: Connection, workspace_id: str, shop_id: str) -> None:
    """Forget what was counted and told of a shop; part of the caller's transaction."""
    told = select(notices.c.message_id).where(_of(notices, workspace_id, shop_id))
    for table, column in ((deliveries, deliveries.c.message_id), (messages, messages.c.id)):
        connection.execute(delete(table).where(column.in_(told)))
    for table in (run_stages, calls_made, stored_amounts, notices):
        connection.execute(delete(table).where(_of(table, workspace_id, shop_id)))


class Amounts:
    """Threads may share it."""

    def __init__(self, database: Database, folder: DataFolder, clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock

    def calls(self, workspace_id: str, since: float) -> dict[str, int]:
        """Calls to TikTok by shop, from the UTC day of `since` (epoch seconds) on."""
        first = int(since // _DAY) * _DAY
        made = (
            select(calls_made.c.shop_id, func.sum(calls_made.c.calls))
            .where(calls_made.c.workspace_id == workspace_id, calls_made.c.day >= first)
            .group_by(calls_made.c.shop_id)
        )
        with self._database.reading() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(made)}

    def calls_by_day(self, workspace_id: str, since: float) -> dict[int, int]:
        """Calls of all shops together by UTC midnight, of days that had any."""
        first = int(since // _DAY) * _DAY
        made = (
            select(calls_made.c.day, func.sum(calls_made.c.calls))
            .where(calls_made.c.workspace_id == workspace_id, calls_made.c.day >= first)
            .group_by(calls_made.c.day)
        )
        with self._database.reading() as connection:
            return {int(row[0]): int(row[1]) for row in connection.execute(made)}

    def stored(self, workspace_id: str) -> dict[str, Stored]:
        """By shop, those that were counted."""
        kept = select(stored_amounts).where(stored_amounts.c.workspace_id == workspace_id)
        with self._database.reading() as connection:
            return {
                row.shop_id: Stored(row.orders, row.products, row.rows, row.bytes, row.measured_at)
                for row in connection.execute(kept)
            }

    def measure_next(
        self, places: Iterable[Place], records: Callable[[str, str], ShopRecords]
    ) -> None:
        """Count the shop that was not counted the longest, if any is due. One at a time, so that
        nothing else waits long; several processes may do so."""
        now = self._clock.now()
        known = select(
            stored_amounts.c.workspace_id, stored_amounts.c.shop_id, stored_amounts.c.measured_at
        )
        with self._database.reading() as connection:
            at: Mapping[Place, float] = {
                (row.workspace_id, row.shop_id): row.measured_at
                for row in connection.execute(known)
            }
        due = [one for one in places if at.get(one, 0.0) <= now - MEASURED_EVERY_SECONDS]
        if due:
            place = min(due, key=lambda one: at.get(one, 0.0))
            self._keep(place, self._measured(place, records(*place)))

    def _measured(self, place: Place, records: ShopRecords) -> Stored:
        counts = {table.name: _count(records, table.stored_in) for table in TABLES.values()}
        return Stored(
            orders=counts[ORDERS.name],
            products=counts[PRODUCTS.name],
            rows=sum(counts.values()),
            bytes=_bytes_in(self._folder.shop_folder(*place)),
            measured_at=self._clock.now(),
        )

    def _keep(self, place: Place, stored: Stored) -> None:
        with self._database.writing() as connection:
            connection.execute(_KEEP, {"workspace": place[0], "shop": place[1], **asdict(stored)})


def _count(records: ShopRecords, table: str) -> int:
    return int(records.query(f"SELECT count(*) FROM {table}")[0][0])


def _of(table: Table, workspace_id: str, shop_id: str) -> Any:
    return and_(table.c.workspace_id == workspace_id, table.c.shop_id == shop_id)


def _bytes_in(folder: Path) -> int:
    """Files that go away meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
