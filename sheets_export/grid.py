"""An answer's rows as the table of an export: cells, formats, header, totals, columns to compare
with. Pure.

Nothing is computed here that a chart would compute: the cells are the answer's own values, cast
into what a spreadsheet takes them for.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from operator import itemgetter
from typing import Final
from zoneinfo import ZoneInfo

from catalogue.field import AnswerDimension, Dimension, Field, Metric
from catalogue.fields import FIELDS
from sheets_export.compare import Comparison, Row, Shift, Value, now_of
from sheets_export.formats import INSTANT, look_of
from sheets_export.table import Cell, Column, Kind, Table, texts_cut

SNAPSHOT_FIELD: Final = "snapshot_taken_at"

_EPOCH: Final = dt.date(1899, 12, 30)
_SECONDS: Final = 86_400
_NUMERIC: Final = (int, float)
_ROWS_AT_ONCE: Final = 1_000
_LABELS: Final = {"previous_period": "previous period", "previous_year": "previous year"}


def table(
    fields: Sequence[str],
    rows: Iterable[Row],
    *,
    currency: str = "",
    totals: Row | None = None,
    compared: Comparison | None = None,
) -> Table:
    """`fields`: ids, in the order of the columns. `rows`: by field id, of the form `ndjson`, as
    `connector.rows.rows` gives them; read once. `currency`: that of every amount, "" when there are
    several. `totals`: the row of the same question without its dimensions. Columns to compare with
    stand behind the others, one per metric; an earlier row that nothing of now corresponds to is
    not shown."""
    declared = [FIELDS[name] for name in fields]
    values: list[list[Value]] = [[] for _ in fields]
    left = iter(rows)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        for name, column in zip(fields, values, strict=True):
            column.extend(map(itemgetter(name), some))
    columns = [_column(field, currency) for field in declared]
    last: list[Value] = [totals.get(name) if totals else None for name in fields]
    if compared is not None:
        metrics = [field for field in declared if isinstance(field, Metric)]
        columns += [_beside(field, compared.label, currency) for field in metrics]
        values += _earlier(declared, values, compared)
        last += [compared.totals.get(f.id) if compared.totals else None for f in metrics]
    cells: list[Sequence[Cell]] = []
    cut = 0
    shown = [*declared, *[f for f in declared if isinstance(f, Metric)]] if compared else declared
    for field, of, found in zip(shown, columns, values, strict=True):
        made, long = texts_cut(_cells(field, of.kind, found), of.kind)
        cells.append(made)
        cut += long
        # A million values are held once.
        found.clear()
    total_cells = [
        next(iter(_cells(field, column.kind, [value])))
        for field, column, value in zip(shown, columns, last, strict=True)
    ]
    return Table(tuple(columns), tuple(cells), tuple(total_cells) if totals else (), cut)


def dated(of: Table, taken_at: float, zone: str) -> Table:
    """The table of a snapshot: before its other columns, when it was taken (epoch seconds, shown by
    the clock of `zone`)."""
    column = Column(SNAPSHOT_FIELD, "Snapshot", "date_time", INSTANT)
    cells = [instant(taken_at, zone)] * of.row_count
    totals: tuple[Cell, ...] = (None, *of.totals) if of.totals else ()
    return Table((column, *of.columns), (cells, *of.cells), totals, of.cut_texts)


def instant(seconds: float, zone: str) -> float:
    """The serial number of a UTC instant by the clock of `zone`, to the second."""
    local = dt.datetime.fromtimestamp(int(seconds), ZoneInfo(zone))
    return _serial(local.date(), local.hour * 3600 + local.minute * 60 + local.second)


def day_number(day: dt.date) -> int:
    """The serial number of a day."""
    return (day - _EPOCH).days


def _column(field: Field, currency: str) -> Column:
    kind, number_format = look_of(field, currency)
    is_key = isinstance(field, Dimension) and not isinstance(field, AnswerDimension)
    return Column(field.id, field.label, kind, number_format, is_key)


def _beside(field: Field, label: str, currency: str) -> Column:
    kind, number_format = look_of(field, currency)
    header = f"{field.label} ({_LABELS[label]})"
    return Column(f"{field.id}@{label}", header, kind, number_format)


def _earlier(
    declared: Sequence[Field], values: Sequence[Sequence[Value]], compared: Comparison
) -> list[list[Value]]:
    """Per metric its earlier value in each row of now."""
    dimensions = [
        field
        for field in declared
        if isinstance(field, Dimension) and not isinstance(field, AnswerDimension)
    ]
    places = [declared.index(field) for field in dimensions]
    metrics = [field.id for field in declared if isinstance(field, Metric)]
    moved: dict[tuple[str, Value], Value] = {}
    known: dict[tuple[Value, ...], Row] = {}
    for row in compared.rows:
        key = tuple(_moved(moved, one, row.get(one.id), compared.shift) for one in dimensions)
        known[key] = row
    nothing: Row = {}
    keys = zip(*(values[n] for n in places), strict=True) if places else [()] * len(values[0])
    found = [known.get(key, nothing) for key in keys]
    return [[row.get(name) for row in found] for name in metrics]


def _moved(
    memory: dict[tuple[str, Value], Value], dimension: Dimension, value: Value, shift: Shift
) -> Value:
    """A date is moved once, however many rows have it."""
    if (dimension.id, value) not in memory:
        there = now_of(dimension, value, shift)
        # No such date: it must not meet the rows whose date is missing.
        memory[dimension.id, value] = "" if there is None and value is not None else there
    return memory[dimension.id, value]


def _cells(field: Field, kind: Kind, values: Sequence[Value]) -> Sequence[Cell]:
    if kind == "number":
        return _numbers(values, _SECONDS if field.semantic == "DURATION" else 1)
    if kind == "truth":
        return [None if value is None else bool(value) for value in values]
    if kind == "text":
        return [None if value is None or value == "" else str(value) for value in values]
    read = _DATES[kind]
    serials = {value: read(value) for value in set(values) if isinstance(value, str)}
    return [serials.get(value) if isinstance(value, str) else None for value in values]


def _numbers(values: Sequence[Value], per: int) -> list[Cell]:
    """Infinity and not-a-number are nothing: JSON has no word for them."""
    found = [
        value if type(value) in _NUMERIC and -math.inf < value < math.inf else None  # type: ignore[operator]
        for value in values
    ]
    if per == 1:
        return found
    return [value / per if isinstance(value, int | float) else None for value in found]


def _date(text: str) -> float | None:
    """A day, or the first day of a month."""
    try:
        return _serial(dt.date.fromisoformat(text if len(text) > 7 else f"{text}-01"), 0)
    except ValueError:
        return None


def _date_time(text: str) -> float | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return _serial(moment.date(), moment.hour * 3600 + moment.minute * 60 + moment.second)


def _serial(day: dt.date, seconds: int) -> float:
    return day_number(day) + (seconds / _SECONDS if seconds else 0)


_DATES: Final[dict[Kind, Callable[[str], float | None]]] = {"date": _date, "date_time": _date_time}
