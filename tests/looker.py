"""What Looker Studio does with a connector's rows, as far as its documentation and its behaviour
say: it asks for the fields of a chart, at most 20 at a time and for a formula its inputs, takes
columns by their place, groups once more, aggregates as declared, and works formulas out.

How requests of one chart are put together is not said anywhere; here it is by their dimensions.
What nobody knows is refused: the value of a metric that may not be aggregated, over several rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: getData requests have no more fields than this.
MOST_FIELDS: Final = 20

Cell = Any
Row = dict[str, Cell]
Group = tuple[Cell, ...]
Ask = Callable[[str, dict[str, Any]], dict[str, Any]]

_NAME: Final = re.compile(r"[a-z][a-z_0-9]*")


class CannotAggregate(Exception):
    """Several rows of a metric that is declared as not re-aggregatable."""


@dataclass(frozen=True)
class Maybe:
    """A number of a formula; whatever is computed with nothing is nothing."""

    value: float | None

    def __truediv__(self, other: Maybe | float) -> Maybe:
        divisor = other.value if isinstance(other, Maybe) else other
        if self.value is None or not divisor:
            return Maybe(None)
        return Maybe(self.value / divisor)

    def __rmul__(self, factor: float) -> Maybe:
        return Maybe(None if self.value is None else factor * self.value)


class Looker:
    """One data source in a report. `ask(call, request)` is the connector; `days` the date range."""

    def __init__(self, ask: Ask, config: Mapping[str, str], days: tuple[str, str]) -> None:
        self._ask = ask
        self._config = dict(config)
        self._days = days
        made = ask("getSchema", {"configParams": self._config})["schema"]
        self.schema: dict[str, dict[str, Any]] = {field["name"]: field for field in made}
        self.requests = 0

    def chart(
        self,
        dimensions: Sequence[str],
        metrics: Sequence[str],
        rolled_up: Mapping[str, Callable[[str], str]] | None = None,
    ) -> dict[Group, Row]:
        """What a table shows: by the values of its dimensions, those of its metrics. `rolled_up`:
        what the chart makes of a date dimension's values."""
        rows = self._rows(dimensions, metrics)
        groups: dict[Group, list[Row]] = {}
        for row in rows:
            shown = [(rolled_up or {}).get(name, str)(row[name]) for name in dimensions]
            groups.setdefault(tuple(shown), []).append(row)
        return {group: self._aggregated(metrics, members) for group, members in groups.items()}

    def total(self, dimensions: Sequence[str], metrics: Sequence[str]) -> Row:
        """The last line of a table: out of its rows where they may be aggregated, and asked for
        anew where not."""
        from_rows = [name for name in metrics if self._may_aggregate(name)]
        asked_for = [name for name in metrics if name not in from_rows]
        total = self._aggregated(from_rows, self._rows(dimensions, from_rows))
        if asked_for:
            total |= self._aggregated(asked_for, self._rows([], asked_for))
        return total

    def _may_aggregate(self, name: str) -> bool:
        field = self.schema[name]
        return "formula" in field or bool(field["semantics"]["isReaggregatable"])

    # -- asking --------------------------------------------------------------------------------

    def inputs(self, name: str) -> list[str]:
        """The fields to ask for: those in a formula, or the field itself."""
        formula = self.schema[name].get("formula", "")
        return [word for word in _NAME.findall(formula) if word in self.schema] or [name]

    def _rows(self, dimensions: Sequence[str], metrics: Iterable[str]) -> list[Row]:
        wanted = list(dict.fromkeys(part for name in metrics for part in self.inputs(name)))
        room = MOST_FIELDS - len(dimensions)
        parts = [wanted[start : start + room] for start in range(0, len(wanted), room)]
        if not parts:
            return []
        joined: dict[Group, Row] = {}
        for part in parts:
            keys = []
            for row in self._part(dimensions, part):
                keys.append(tuple(row[name] for name in dimensions))
                joined.setdefault(keys[-1], dict.fromkeys(wanted)).update(row)
            assert len(set(keys)) == len(keys), "one row for each group"
        return list(joined.values())

    def _part(self, dimensions: Sequence[str], metrics: Sequence[str]) -> list[Row]:
        names = [*dimensions, *metrics]
        start, end = self._days
        self.requests += 1
        reply = self._ask(
            "getData",
            {
                "configParams": self._config,
                "dateRange": {"startDate": start, "endDate": end},
                "fields": [{"name": name} for name in names],
            },
        )
        # By place, whatever the reply calls them.
        return [dict(zip(names, row["values"], strict=True)) for row in reply["rows"]]

    # -- aggregating ---------------------------------------------------------------------------

    def _aggregated(self, metrics: Iterable[str], rows: Sequence[Row]) -> Row:
        return {name: self._value(name, rows) for name in metrics}

    def _value(self, name: str, rows: Sequence[Row]) -> float | None:
        field = self.schema[name]
        if "formula" in field:
            return _worked_out(str(field["formula"]), rows)
        values = [float(row[name]) for row in rows if row[name] is not None]
        if not field["semantics"]["isReaggregatable"]:
            if len(rows) > 1:
                raise CannotAggregate(name)
            return values[0] if values else None
        if not values:
            return None
        match field["defaultAggregationType"]:
            case "SUM":
                return sum(values)
            case "MAX":
                return max(values)
            case "AVG":
                return sum(values) / len(values)
            case other:
                raise CannotAggregate(f"{name} by {other}")


def _worked_out(formula: str, rows: Sequence[Row]) -> float | None:
    """`a * SUM(x) / NULLIF(SUM(y), 0) / b` over the rows."""

    def total(name: str) -> Maybe:
        values = [row[name] for row in rows if row[name] is not None]
        return Maybe(sum(map(float, values)) if values else None)

    names = {name: name for name in _NAME.findall(formula)}
    functions = {"SUM": total, "NULLIF": lambda one, other: Maybe(one.value or None)}
    made = eval(formula, {"__builtins__": {}}, {**names, **functions})
    assert isinstance(made, Maybe)
    return made.value
