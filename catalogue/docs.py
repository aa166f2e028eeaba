"""docs/fields.md and docs/tables.md, generated from the declarations. Pure."""

from __future__ import annotations

from itertools import groupby

from catalogue.facts import FACTS, Fact
from catalogue.field import (
    Additive,
    Aggregate,
    Combined,
    Count,
    Dimension,
    Field,
    Ratio,
    Snapshot,
    TimeDimension,
    Unique,
)
from catalogue.fields import FIELDS
from catalogue.tables import TABLES

_KINDS: dict[type[Field], str] = {
    TimeDimension: "time",
    Dimension: "dimension",
    Additive: "sum",
    Count: "count",
    Unique: "unique",
    Snapshot: "now",
    Ratio: "ratio",
    Combined: "sum",
}


def fields_page() -> str:
    """Markdown: every field with its sentence, its formula and where it is read from."""
    lines = [
        "# Fields",
        "",
        f"Made from the catalogue by `flask --app app docs`; do not edit. {len(FIELDS)} fields.",
        "",
        (
            "Kinds: *sum* adds up over anything; *count* counts distinct things, rows of different "
            "products may share one; *unique* and *ratio* are computed for exactly the rows shown; "
            "*now* is the newest state and ignores the date range."
        ),
    ]
    for group, fields in groupby(FIELDS.values(), key=lambda field: field.group):
        lines += ["", f"## {group}", "", "| field | id | kind | meaning | read from |"]
        lines += ["|---|---|---|---|---|"]
        lines += [
            f"| {field.label} | `{field.id}` | {_KINDS[type(field)]} | {_cell(field.about)} "
            f"| {_cell(_source(field))} |"
            for field in fields
        ]
    return "\n".join(lines) + "\n"


def tables_page() -> str:
    """Markdown: the record tables of a shop's file, and the facts that answers are read from."""
    lines = [
        "# Tables",
        "",
        (
            "Made from the declarations by `flask --app app docs`; do not edit. Every shop has a "
            "file `records.sqlite` with these tables; instants are UTC epoch seconds, money is "
            "TikTok's decimal text. Its columns (Parquet) have the same rows with money as "
            "decimals, and repeat the header's columns in the lines as `orders__status` and so on."
        ),
        "",
        "## Facts",
        "",
        "| fact | table | date means | reaches |",
        "|---|---|---|---|",
        *(_fact_row(fact) for fact in FACTS.values()),
    ]
    for table in TABLES.values():
        key = ", ".join(f"`{name}`" for name in table.key)
        lines += ["", f"## {table.name}", "", f"{table.about} Key: {key}.", ""]
        lines += ["| column | type | |", "|---|---|---|"]
        lines += [
            f"| `{column.name}` | {column.kind.value} | {_cell(column.about)} |"
            for column in table.stored()
        ]
        lines += [
            f"| `{column.name}` | {column.kind.value}, in columns only | {_cell(column.about)} |"
            for column in table.derived
        ]
    return "\n".join(lines) + "\n"


def _fact_row(fact: Fact) -> str:
    reaches = ", ".join(name for name in fact.reached() if name not in (fact.table.name, "shops"))
    axes = ", ".join(f"{name}: `{reference}`" for name, reference in fact.axes.items())
    if fact.window_days:
        axes = f"the last {fact.window_days} full days"
    return f"| {fact.name} | {fact.table.name} | {axes or 'now'} | {reaches or 'itself'} |"


def _source(field: Field) -> str:
    if isinstance(field, TimeDimension):
        return "the report's time axis"
    if isinstance(field, Dimension):
        return "; ".join(f"{table}: `{sql}`" for table, sql in field.homes.items())
    if isinstance(field, Ratio):
        scale = f" × {field.scale}" if field.scale != 1 else ""
        return f"`{field.numerator}`{scale} / `{field.denominator}`"
    if isinstance(field, Combined):
        minus = "".join(f" − `{name}`" for name in field.minus)
        return " + ".join(f"`{name}`" for name in field.plus) + minus
    if isinstance(field, Aggregate):
        return "; ".join(f"{fact}: `{field.aggregate(fact)}`" for fact in field.on)
    return ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
