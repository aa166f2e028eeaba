"""GetDataRequest → Plan: which facts are read, as which SQL. Pure: no I/O, no clock.

Each fact is aggregated at the requested dimensions, then the results are combined; facts are never
joined with each other. The outermost SELECT writes every row as JSON text, so that no Python object
is made per cell. Rows come ordered by the dimensions, nulls last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from catalogue.facts import Fact
from catalogue.field import (
    Aggregate,
    Combined,
    Dimension,
    Metric,
    Ratio,
    Snapshot,
    TimeDimension,
)
from catalogue.fields import FIELDS, aggregates
from connector.filters import Parameters, condition
from connector.reach import fact_for, home_fact, refuse
from connector.request import Clause, GetDataRequest
from connector.select import Days, FactSelect, ShopScope, Source
from errors import BadRequest


@dataclass(frozen=True)
class Plan:
    """`sql` gives one column `row`, each value `{"values":[...]},`, with `{s0}` and so on where
    `sources` go. `first_day`, `last_day`: the range that dated facts were asked for."""

    fields: tuple[str, ...]
    facts: tuple[str, ...]
    sql: str
    parameters: Mapping[str, object]
    sources: tuple[Source, ...]
    first_day: dt.date | None
    last_day: dt.date | None
    axis: str
    zones: tuple[str, ...]


def plan(
    request: GetDataRequest,
    shops: Sequence[ShopScope],
    today: dt.date,
    unknown: Container[str] = (),
) -> Plan:
    """`shops`: those chosen, with at least one; `today` in the report's zone. `unknown`: facts of
    which no day of the range is imported; what is read from them is null, not 0.

    Raises BadRequest: incompatible_fields, mixed_currency, bad_date_range.
    """
    return _Planner(request, shops, today, unknown).plan()


class _Planner:
    def __init__(
        self,
        request: GetDataRequest,
        shops: Sequence[ShopScope],
        today: dt.date,
        unknown: Container[str],
    ) -> None:
        self.request = request
        self.shops = shops
        self.today = today
        self.unknown_facts = unknown
        self.unknown: Container[str] = ()
        self.parameters = Parameters()
        self.sources: list[Source] = []
        chosen = [FIELDS[name] for name in dict.fromkeys(request.fields)]
        self.dimensions = [field for field in chosen if isinstance(field, Dimension)]
        self.metrics = [field for field in chosen if isinstance(field, Metric)]
        self.row_filters, self.group_filters = self._split_filters()
        self.filtered = [
            field
            for group in self.row_filters
            for clause in group
            if isinstance(field := FIELDS[clause.field], Dimension)
        ]
        self.axis = self._order_date()
        self._check_currency()

    def plan(self) -> Plan:
        parts = self._parts()
        facts = self._facts(parts)
        self.unknown = {
            metric.id
            for fact, metrics in facts.items()
            if fact.name in self.unknown_facts
            for metric in metrics
        }
        selects = [
            f"a{number} AS (\n  {self._fact_select(fact, facts)}\n)"
            for number, fact in enumerate(facts)
        ]
        sql = f"WITH {', '.join(selects)}\n{self._outer(facts)}"
        return Plan(
            fields=self.request.fields,
            facts=tuple(fact.name for fact in facts),
            sql=sql,
            parameters=self.parameters.values,
            sources=tuple(self.sources),
            first_day=self.request.start,
            last_day=self.request.end,
            axis=self.axis,
            zones=tuple(dict.fromkeys(shop.zone for shop in self.shops)),
        )

    # -- decisions ---------------------------------------------------------------------------

    def _split_filters(self) -> tuple[list[tuple[Clause, ...]], list[tuple[Clause, ...]]]:
        """Groups about dimensions are tested per row, groups about metrics per result row."""
        rows, groups = [], []
        for group in self.request.filters:
            about_metrics = [isinstance(FIELDS[clause.field], Metric) for clause in group]
            if all(about_metrics):
                groups.append(group)
            elif not any(about_metrics):
                rows.append(group)
            else:
                names = ", ".join(FIELDS[clause.field].label for clause in group)
                raise BadRequest(
                    f"A filter cannot combine dimensions and metrics with OR: {names}. Make two "
                    "filters of it."
                )
        return rows, groups

    def _order_date(self) -> str:
        """Orders are dated by payment when the configuration says so, or Paid Date stands alone."""
        asked = {field.id for field in (*self.dimensions, *self.filtered)}
        shown = any(isinstance(field, TimeDimension) for field in self.dimensions)
        if "paid_date" in asked and not shown:
            return "paid"
        return self.request.options.order_date

    def _check_currency(self) -> None:
        currencies = sorted({currency for shop in self.shops for currency in shop.currencies})
        asked = {field.id for field in (*self.dimensions, *self.filtered)}
        if len(currencies) < 2 or "currency" in asked or self.request.options.currency:
            return
        wanted = [*self.metrics, *(FIELDS[c.field] for g in self.group_filters for c in g)]
        money = [field.label for field in wanted if isinstance(field, Metric) and field.is_money]
        if money:
            raise BadRequest(
                f"The chosen shops have amounts in {', '.join(currencies)}, which cannot be added "
                f"up. Add the dimension Currency beside {money[0]}, or choose one currency.",
                code="mixed_currency",
            )

    def _parts(self) -> dict[str, Aggregate]:
        """Everything that has to be aggregated, each once."""
        wanted = [*self.metrics, *(FIELDS[c.field] for g in self.group_filters for c in g)]
        return {
            part.id: part
            for metric in wanted
            if isinstance(metric, Metric)
            for part in aggregates(metric)
        }

    def _facts(self, parts: Mapping[str, Aggregate]) -> dict[Fact, list[Aggregate]]:
        needed = list(dict.fromkeys([*self.dimensions, *self.filtered]))
        facts: dict[Fact, list[Aggregate]] = {}
        for part in parts.values():
            fact = fact_for(part, needed)
            if fact is None:
                raise refuse(self.metrics, needed)
            facts.setdefault(fact, []).append(part)
        return facts or {home_fact(needed): []}

    def _days(self, fact: Fact) -> Days | None:
        if fact.window_days:
            return Days(
                self.today - dt.timedelta(days=fact.window_days),
                self.today - dt.timedelta(days=1),
            )
        if not fact.is_dated:
            return None
        if self.request.start is None or self.request.end is None:
            raise BadRequest(
                "This needs a date range: choose one in the report.", code="bad_date_range"
            )
        return Days(self.request.start, self.request.end)

    # -- SQL ---------------------------------------------------------------------------------

    def _fact_select(self, fact: Fact, facts: Mapping[Fact, Sequence[Aggregate]]) -> str:
        """Dimensions as d0.., metrics as m_<id>; metrics of other facts are null, for the union."""
        axis = fact.axis("created" if fact.window_days else self.axis)
        select = FactSelect(fact, self.shops, self.parameters, self.sources, axis, self._days(fact))
        for group in self.row_filters:
            clauses = [self._row_condition(select, clause) for clause in group]
            select.where(f"({' OR '.join(clauses)})")
        if self.request.options.currency:
            self._only_currency(select)
        columns = [
            f"{select.grouped(dimension)} AS d{position}"
            for position, dimension in enumerate(self.dimensions)
        ]
        for other, metrics in facts.items():
            for metric in metrics:
                aggregate = select.aggregate(metric) if other is fact else "NULL"
                columns.append(f"{aggregate} AS m_{metric.id}")
        return select.sql(columns, group_by=len(self.dimensions))

    def _row_condition(self, select: FactSelect, clause: Clause) -> str:
        dimension = FIELDS[clause.field]
        if not isinstance(dimension, Dimension):
            raise BadRequest(f"{dimension.label} is not a dimension.")
        shown = _shown(dimension, select.grouped(dimension))
        return condition(clause, shown, self.parameters, number=False)

    def _only_currency(self, select: FactSelect) -> None:
        currency = FIELDS["currency"]
        if isinstance(currency, Dimension):
            bound = self.parameters.bind(self.request.options.currency)
            select.where(f"{select.grouped(currency)} = {bound}")

    def _combined(self, facts: Mapping[Fact, Sequence[Aggregate]]) -> str:
        if len(facts) == 1:
            return "a0"
        keys = [f"d{position}" for position in range(len(self.dimensions))]
        metrics = [f"m_{metric.id}" for group in facts.values() for metric in group]
        arms = " UNION ALL ".join(
            f"SELECT {', '.join([*keys, *metrics])} FROM a{number}" for number in range(len(facts))
        )
        highest = [f"MAX({metric}) AS {metric}" for metric in metrics]
        grouping = f" GROUP BY {', '.join(keys)}" if keys else ""
        return f"(SELECT {', '.join([*keys, *highest])} FROM ({arms}){grouping})"

    def _outer(self, facts: Mapping[Fact, Sequence[Aggregate]]) -> str:
        position = {field.id: number for number, field in enumerate(self.dimensions)}
        cells = []
        for name in self.request.fields:
            field = FIELDS[name]
            if isinstance(field, Dimension):
                cells.append(_dimension_cell(field, f"d{position[name]}"))
            elif isinstance(field, Metric):
                cells.append(_metric_cell(field, self.unknown))
        row = "concat('{\"values\":[', " + ", ',', ".join(cells) + ", ']},')"
        lines = [f"SELECT {row} AS row FROM {self._combined(facts)} g"]
        having = [
            "(" + " OR ".join(self._group_condition(clause) for clause in group) + ")"
            for group in self.group_filters
        ]
        if having:
            lines.append("WHERE " + " AND ".join(having))
        if self.dimensions:
            order = ", ".join(f"d{number} NULLS LAST" for number in range(len(self.dimensions)))
            lines.append(f"ORDER BY {order}")
        if self.request.row_count is not None:
            lines.append(f"LIMIT {self.request.row_count} OFFSET {self.request.first_row}")
        return "\n".join(lines)

    def _group_condition(self, clause: Clause) -> str:
        metric = FIELDS[clause.field]
        if not isinstance(metric, Metric):
            raise BadRequest(f"{metric.label} is not a metric.")
        value = _metric_value(metric, self.unknown)
        return condition(clause, value, self.parameters, number=True)


def _shown(dimension: Dimension, raw: str) -> str:
    """The text Looker sees, made from the grouped value."""
    if isinstance(dimension, TimeDimension):
        return dimension.shown.format(x=raw)
    if dimension.semantic == "YEAR_MONTH_DAY":
        return f"strftime(DATE '1970-01-01' + CAST({raw} AS INTEGER), '%Y%m%d')"
    if dimension.semantic == "YEAR_MONTH_DAY_SECOND":
        return f"strftime(make_timestamp({raw} * 1000000), '%Y%m%d%H%M%S')"
    return f"CAST({raw} AS VARCHAR)" if dimension.semantic == "BOOLEAN" else raw


def _dimension_cell(dimension: Dimension, raw: str) -> str:
    if dimension.semantic == "BOOLEAN":
        return f"COALESCE(CAST({raw} AS VARCHAR), 'null')"
    if isinstance(dimension, TimeDimension) or dimension.is_instant:
        return f"COALESCE('\"' || {_shown(dimension, raw)} || '\"', 'null')"
    return f"COALESCE(CAST(to_json({raw}) AS VARCHAR), 'null')"


def _metric_value(metric: Metric, unknown: Container[str]) -> str:
    """The metric from the aggregated parts: a sum over no rows is 0, a ratio null, and all is null
    that needs a part in `unknown`."""
    if isinstance(metric, Ratio):
        scale = f" * {metric.scale}" if metric.scale != 1 else ""
        top, bottom = (_part_value(name, unknown) for name in metric.inputs)
        return f"(CAST({top} AS DOUBLE){scale} / NULLIF(CAST({bottom} AS DOUBLE), 0))"
    if isinstance(metric, Combined):
        plus = " + ".join(_part_value(name, unknown) for name in metric.plus)
        return f"({plus}{''.join(f' - {_part_value(name, unknown)}' for name in metric.minus)})"
    return _part_value(metric.id, unknown)


def _part_value(metric_id: str, unknown: Container[str]) -> str:
    if metric_id in unknown:
        return "CAST(NULL AS BIGINT)"
    column = f"m_{metric_id}"
    part = FIELDS[metric_id]
    return column if isinstance(part, Snapshot) and part.is_average else f"COALESCE({column}, 0)"


def _metric_cell(metric: Metric, unknown: Container[str]) -> str:
    value = _metric_value(metric, unknown)
    if metric.is_money:
        # Exact until here; the last step may be a float.
        value = f"CAST({value} AS DOUBLE)"
    return f"COALESCE(CAST({value} AS VARCHAR), 'null')"
