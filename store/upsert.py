"""The one INSERT that writes a page of rows, made from a table's declaration.

A stored row is replaced only by one that is not older: (update_time, instant of reading), where
the stored row's instant is the last time TikTok mentioned it. A row with the same content changes
nothing, so nothing is published anew for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalogue.table import Table
from store.families import required_columns, root_key


@dataclass(frozen=True)
class Upsert:
    """SQL for rows of `table` with `columns` in this order, followed by fetched_at twice.

    `seen_sql` takes (instant, instant, *key): it moves last_seen_at of a row that did not change.
    `axis_at` is None for a table without an axis.
    """

    sql: str
    seen_sql: str
    key_at: tuple[int, ...]
    root_at: int
    axis_at: int | None


_made: dict[tuple[str, tuple[str, ...], bool], Upsert] = {}


def upsert_for(table: Table, columns: tuple[str, ...], is_ours: bool = False) -> Upsert:
    """Made once per process for each combination. ValueError for columns that do not fit."""
    made = _made.get((table.name, columns, is_ours))
    if made is None:
        made = _made[table.name, columns, is_ours] = _make(table, columns, is_ours)
    return made


def _make(table: Table, columns: tuple[str, ...], is_ours: bool) -> Upsert:
    _check(table, columns)
    name = table.stored_in
    # Key, root and axis of a row decide where its segments are: the first ones stay.
    fixed = required_columns(table) if table.axis else frozenset(table.key)
    content = [column for column in columns if column not in fixed]
    stamps = ("fetched_at",) if is_ours else ("fetched_at", "last_seen_at")
    assigned = _listed(f"{c} = excluded.{c}" for c in (*content, *stamps))
    new_time = "coalesce(excluded.update_time, 0)" if table.has_update_time else "0"
    old_time = f"coalesce({name}.update_time, 0)" if table.has_update_time else "0"
    action = (
        f"DO UPDATE SET {assigned} "
        f"WHERE ({new_time}, excluded.fetched_at) >= ({old_time}, {name}.last_seen_at) "
        f"AND ({_listed(f'{name}.{c}' for c in content)}) "
        f"IS NOT ({_listed(f'excluded.{c}' for c in content)})"
        if content
        else "DO NOTHING"
    )
    return Upsert(
        sql=f"INSERT INTO {name} ({_listed(columns)}, fetched_at, last_seen_at) "
        f"VALUES ({_listed('?' for _ in range(len(columns) + 2))}) "
        f"ON CONFLICT ({_listed(table.key)}) {action}",
        seen_sql=f"UPDATE {name} SET last_seen_at = ? WHERE last_seen_at < ? AND "
        + " AND ".join(f"{c} = ?" for c in table.key),
        key_at=tuple(columns.index(c) for c in table.key),
        root_at=columns.index(root_key(table)),
        axis_at=columns.index(table.axis) if table.axis else None,
    )


def _check(table: Table, columns: tuple[str, ...]) -> None:
    unknown = set(columns) - {column.name for column in table.columns}
    needed = required_columns(table) | ({"update_time"} if table.has_update_time else set())
    if unknown or needed - set(columns) or len(set(columns)) != len(columns):
        raise ValueError(
            f"{table.name}: a write needs {sorted(needed)} and knows no {sorted(unknown)}"
        )


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
