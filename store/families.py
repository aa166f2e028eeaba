"""Which record tables are published together, and what in them names a root. Pure.

A family is a header table with its line tables (orders, order_line_items, ...): a reader must
never see an order without its lines, so their segments change hands in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalogue.table import Kind, Table
from catalogue.tables import TABLES


@dataclass(frozen=True)
class Family:
    """`tables[0]` is the header. All have the same root and the same axis, or no axis at all."""

    name: str
    tables: tuple[Table, ...]

    @property
    def axis(self) -> str | None:
        return self.tables[0].axis


def family_name(table: Table) -> str:
    return table.parent.table if table.parent else table.name


def families(tables: Iterable[Table] = tuple(TABLES.values())) -> dict[str, Family]:
    """By name, each with its header first."""
    members: dict[str, list[Table]] = {}
    for table in tables:
        if table.parent is None:
            members.setdefault(table.name, []).insert(0, table)
        else:
            members.setdefault(table.parent.table, []).append(table)
    return {name: Family(name, tuple(found)) for name, found in members.items()}


def root_key(table: Table) -> str:
    """The column that stands for the root in joins: the integer key beside the id (`order_key` for
    `order_id`) where the table has one (an anti-join over it is cheaper), else the id itself."""
    name = table.root.removesuffix("_id") + "_key"
    known = any(column.name == name and column.kind is Kind.KEY for column in table.columns)
    return name if known else table.root


def required_columns(table: Table) -> frozenset[str]:
    """Columns that are never null: without them a row belongs to no month and to no root."""
    return frozenset(
        {*table.key, table.root, root_key(table), *([table.axis] if table.axis else [])}
    )


def carried_kinds(table: Table, tables: Mapping[str, Table] = TABLES) -> dict[str, Kind]:
    """Kinds of the columns a line table repeats from its header, by their names in the segments."""
    if table.parent is None:
        return {}
    header = tables[table.parent.table]
    derived = {column.name: column.kind for column in header.derived}
    return {
        table.parent.carried_name(name): derived.get(name) or header[name].kind
        for name in table.parent.carries
    }
