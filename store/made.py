"""Rows that follow from others and are stored nowhere (`catalogue.table.Made`): as a view of the
shop's file, and as a query over the segments of what they are made from. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from catalogue.table import FETCHED_AT, LAST_SEEN_AT, Made, Table
from catalogue.tables import TABLES

_NAME: Final = re.compile(r"\[(?:(\w+)\.)?(\w+)\]")


def view_of(table: Table, tables: Mapping[str, Table] = TABLES) -> str | None:
    """The statement that makes the view called as the table; None for a table that is stored."""
    made = table.made
    if made is None:
        return None
    parent = tables[made.source].parent
    assert parent is not None  # noqa: S101 - a made row has a header

    def place(owner: str | None, column: str) -> str:
        return f"{'p' if owner else 't'}.{column}"

    stamps = [f"t.{stamp.name} AS {stamp.name}" for stamp in (FETCHED_AT, LAST_SEEN_AT)]
    meant = _values(made, place)
    values = [f"{meant.get(c.name, 'NULL')} AS {c.name}" for c in table.columns]
    told = ", ".join(f"a.{column.name} AS {column.name}" for column in table.stored())
    return (
        f"CREATE VIEW {table.name} AS "
        f"SELECT {told} FROM {made.told_in} AS a LEFT JOIN {made.source} AS t ON {_same(table)} "
        f"WHERE t.{table.key[0]} IS NULL OR t.update_time IS a.update_time "
        f"UNION ALL SELECT {', '.join([*values, *stamps])} FROM {made.source} AS t "
        f"LEFT JOIN {parent.table} AS p ON p.{parent.key} = t.{parent.key} "
        f"WHERE NOT EXISTS (SELECT 1 FROM {made.told_in} AS a "
        f"WHERE {_same(table)} AND a.update_time IS t.update_time)"
    )


def scan_of(table: Table, made: Made, types: Mapping[str, str], source: str, told: str) -> str:
    """A parenthesised FROM item for DuckDB with columns of these types. `source`: the scan of what
    the rows are made from; `told`: that of the told rows, "" where there are none."""

    def place(owner: str | None, column: str) -> str:
        return f"t.{owner}__{column}" if owner else f"t.{column}"

    # What the header and the reading say is in the source's segments under the same names.
    meant = {name: f"t.{name}" for name in types} | {c.name: "NULL" for c in table.columns}
    meant |= _values(made, place)
    values = ", ".join(f"CAST({meant[name]} AS {kind}) AS {name}" for name, kind in types.items())
    if not told:
        return f"(SELECT {values} FROM {source} AS t)"
    same = _same(table)
    return (
        f"(SELECT a.* FROM {told} AS a ANTI JOIN {source} AS t "
        f"ON {same} AND t.update_time IS DISTINCT FROM a.update_time "
        f"UNION ALL SELECT {values} FROM {source} AS t ANTI JOIN {told} AS a "
        f"ON {same} AND a.update_time IS NOT DISTINCT FROM t.update_time)"
    )


def _same(table: Table) -> str:
    return " AND ".join(f"a.{name} = t.{name}" for name in table.key)


def _values(made: Made, place: Callable[[str | None, str], str]) -> dict[str, str]:
    return {
        name: _NAME.sub(lambda found: place(found[1], found[2]), template)
        for name, template in made.columns
    }
