"""docs/fields.md and docs/tables.md, generated from the declarations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from string import ascii_uppercase
from typing import Final

from catalogue.fact import Fact
from catalogue.facts import FACTS
from catalogue.field import (
    Additive,
    Aggregate,
    AnswerDimension,
    Combined,
    Count,
    Counted,
    Dimension,
    Entire,
    Field,
    Highest,
    Metric,
    Ratio,
    Snapshot,
    TimeDimension,
    Unique,
)
from catalogue.fields import FIELDS, is_additive, is_snapshot
from catalogue.table import Column, Derived, Table
from catalogue.tables import TABLES
from catalogue.unasked import reason
from catalogue.usage import columns_behind, goes_with
from catalogue.views import VIEWS

_KINDS: Final[dict[type[Field], str]] = {
    TimeDimension: "time",
    AnswerDimension: "answer",
    Dimension: "dimension",
    Additive: "sum",
    Count: "count",
    Unique: "unique",
    Counted: "counted",
    Entire: "sum, if whole",
    Highest: "highest",
    Snapshot: "now",
    Ratio: "ratio",
    Combined: "sum",
}
_MADE: Final = "Made from the catalogue by `flask --app app docs`; do not edit."
_ABOUT_KINDS: Final = (
    "Kinds: *sum* adds up over anything; *count* counts distinct things, rows of different "
    "products may share one; *unique* and *ratio* are computed for exactly the rows shown; "
    "*counted* is a number of people that only TikTok can count, shown for a single day, session "
    "or date range and never added up; *highest* is the largest value; *now* is the newest state "
    "and ignores the date range; *time* is cut from the report's date; *answer* tells of the "
    "answer itself and goes with everything."
)
_ABOUT_READING: Final = (
    "`[column]` is a column of the table named before it (see [tables](tables.md)), "
    "`[table.column]` one of a table it leads to. The letters say what goes with what: a metric "
    "can be shown by each dimension that has its letter, and metrics of several letters go into "
    "one table with the dimensions that have all of them. *hidden* fields are there for others to "
    "be computed from; Looker Studio does not list them."
)


def fields_page() -> str:
    """Markdown: every field with its sentence, its formula and what it goes with."""
    reach = _letters()
    lines = ["# Fields", "", f"{_MADE} {len(FIELDS)} fields."]
    lines += ["", _ABOUT_KINDS, "", _ABOUT_READING]
    for group, fields in groupby(FIELDS.values(), key=lambda field: field.group):
        lines += ["", f"## {group}", "", "| field | id | kind | meaning | read from | with |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [
            f"| {field.label} | `{field.id}` | {kind_of(field)} | {_cell(field.about)} "
            f"| {_cell(read_from(field))} | {_letters_of(field, reach)} |"
            for field in fields
        ]
    lines += ["", "## What goes with what", "", "| | metrics | dimensions |", "|---|---|---|"]
    for letter, (metrics, dimensions) in reach.items():
        shown = _in_groups(metrics, Metric), _in_groups(dimensions, Dimension)
        lines.append(f"| {letter} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines) + "\n"


# -- what goes with what -------------------------------------------------------------------------

_Reach = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


def _letters() -> _Reach:
    """A letter -> (ids of metrics, ids of the dimensions by which all of them can be shown)."""
    dimensions = [
        field
        for field in FIELDS.values()
        if isinstance(field, Dimension) and not isinstance(field, AnswerDimension)
    ]
    found: dict[tuple[str, ...], list[str]] = {}
    for field in FIELDS.values():
        if isinstance(field, Metric):
            shown_by = tuple(one.id for one in dimensions if goes_with(field, one))
            found.setdefault(shown_by, []).append(field.id)
    names = (*ascii_uppercase, *(f"A{letter}" for letter in ascii_uppercase))
    return {
        name: (tuple(metrics), shown_by)
        for name, (shown_by, metrics) in zip(names, found.items(), strict=False)
    }


def _letters_of(field: Field, reach: _Reach) -> str:
    if isinstance(field, AnswerDimension):
        return "all"
    place = 1 if isinstance(field, Dimension) else 0
    letters = [letter for letter, sides in reach.items() if field.id in sides[place]]
    return "all" if len(letters) == len(reach) else " ".join(letters)


def _in_groups(ids: Iterable[str], kind: type[Field]) -> str:
    """The ids by their group: the whole group by its name, else the labels in it or missing."""
    chosen = set(ids)
    listed = [field for field in FIELDS.values() if isinstance(field, kind) and not field.hidden]
    parts = []
    for group, members in groupby(listed, key=lambda field: field.group):
        fields = [field for field in members if not isinstance(field, AnswerDimension)]
        there = [field.label for field in fields if field.id in chosen]
        missing = [field.label for field in fields if field.id not in chosen]
        if not there:
            continue
        if not missing:
            parts.append(f"**{group}**")
        elif len(missing) < len(there):
            parts.append(f"**{group}** without {', '.join(missing)}")
        else:
            parts.append(f"of {group}: {', '.join(there)}")
    return _cell("; ".join(parts))


# -- the tables ----------------------------------------------------------------------------------


def tables_page() -> str:
    """Markdown: the record tables of a shop's file, and the facts that answers are read from."""
    counted = [f"`{table.name}`" for table in TABLES.values() if table.has_histogram]
    lines = [
        "# Tables",
        "",
        (
            f"{_MADE.replace('catalogue', 'declarations')} Every shop has a file `records.sqlite` "
            "with these tables; instants are UTC epoch seconds, money is TikTok's decimal text. "
            "Its columns (Parquet) have the same rows with money as decimals, and repeat the "
            "header's columns in the lines as `orders__status` and so on. Beside those of "
            f"{', '.join(counted)} a histogram holds how many rows there are in each quarter of an "
            "hour."
        ),
        "",
        "## Facts",
        "",
        "| fact | | table | date means | reaches | fed by |",
        "|---|---|---|---|---|---|",
        *(_fact_row(fact) for fact in FACTS.values()),
        "",
        "## Views",
        "",
        "Made from the tables when they are asked for, one row per key.",
        "",
        "| view | | key | columns |",
        "|---|---|---|---|",
    ]
    for view in VIEWS.values():
        columns = ", ".join(f"`{column.name}`" for column in view.columns)
        lines.append(f"| {view.name} | {view.about} | `{view.key}` | {columns} |")
    for table in TABLES.values():
        lines += _table_lines(table)
    return "\n".join(lines) + "\n"


def _table_lines(table: Table) -> Iterator[str]:
    key = ", ".join(f"`{name}`" for name in table.key)
    yield from ("", f"## {table.name}", "", f"{table.about} Key: {key}.", "")
    yield from ("| column | type | | fields |", "|---|---|---|---|")
    columns: list[Column | Derived] = [*table.stored(), *table.derived]
    for column in columns:
        where = ", in columns only" if isinstance(column, Derived) else ""
        yield (
            f"| `{column.name}` | {column.kind.value}{where} | {_cell(column.about)} "
            f"| {_fields_of(table, column)} |"
        )


def _fields_of(table: Table, column: Column | Derived) -> str:
    """Ids of the fields it is behind, else why there is none."""
    ids = columns_behind().get((table.name, column.name), ())
    if ids:
        more = f" and {len(ids) - 6} more" if len(ids) > 6 else ""
        return ", ".join(f"`{name}`" for name in ids[:6]) + more
    return _cell(reason(table.name, column.name) or "")


def _fact_row(fact: Fact) -> str:
    reaches = ", ".join(name for name in fact.reached() if name not in (fact.table.name, "shops"))
    axes = ", ".join(f"{name}: `{reference}`" for name, reference in fact.axes.items())
    if fact.window_days:
        axes = f"the last {fact.window_days} full days"
    if fact.own_days:
        axes += ", days of the shop's own zone"
    return (
        f"| {fact.name} | {_cell(fact.about)} | {fact.table.name} | {axes or 'now'} "
        f"| {reaches or 'itself'} | {fact.fed_by} |"
    )


# -- a field -------------------------------------------------------------------------------------


def kind_of(field: Field) -> str:
    """What a field is, in a word or two: see the page's own explanation."""
    kind = _KINDS[type(field)]
    if isinstance(field, Combined) and not is_additive(field):
        kind = "unique"
    if isinstance(field, Ratio) and is_snapshot(field):
        kind = "ratio, now"
    return f"{kind}, hidden" if field.hidden else kind


def read_from(field: Field) -> str:
    """The formula of a field: where its value is read, or what it is computed from."""
    if isinstance(field, TimeDimension):
        return "the report's time axis"
    if isinstance(field, AnswerDimension):
        return "what is known of the answer"
    if isinstance(field, Dimension):
        return "; ".join(f"{table}: `{sql}`" for table, sql in field.homes.items())
    if isinstance(field, Ratio):
        return f"{_scaled(field)} / `{field.denominator}`"
    if isinstance(field, Combined):
        minus = "".join(f" − `{name}`" for name in field.minus)
        return " + ".join(f"`{name}`" for name in field.plus) + minus
    if isinstance(field, Aggregate):
        return "; ".join(f"{fact}: `{field.aggregate(fact)}`" for fact in field.on)
    return ""


def _scaled(ratio: Ratio) -> str:
    """The numerator with its factor, as people write it: × 1000, / 3600."""
    if ratio.scale == 1:
        return f"`{ratio.numerator}`"
    if 0 < ratio.scale < 1:
        return f"`{ratio.numerator}` / {round(1 / ratio.scale)}"
    return f"`{ratio.numerator}` × {ratio.scale:g}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
