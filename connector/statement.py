"""The parts of an answer as one SQL statement. Pure.

Each part is a fact, aggregated at the requested dimensions. Parts are put below each other and
grouped once more, never joined; the outermost SELECT writes every row as text, so that no Python
object is made per cell. Rows come ordered by the dimensions, nulls last.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from catalogue.facts import Fact
from catalogue.field import (
    Aggregate,
    AnswerDimension,
    Combined,
    Dimension,
    Metric,
    Ratio,
    TimeDimension,
)
from catalogue.fields import FIELDS
from connector.cells import Form, dimension_cell, metric_cell, row, shown
from connector.coverage import Extent
from connector.filters import Parameters, all_of, condition
from connector.gaps import Gap, gap
from connector.grouping import Grouping, Header, header, plain, together
from connector.question import Group, Question
from connector.reach import home
from connector.reads import FactRead
from connector.request import Clause, GetDataRequest
from connector.select import FactSelect, GivenRows, ShopScope, Source
from connector.zones import has_whole_quarters
from errors import BadRequest

_NULL = "CAST(NULL AS BIGINT)"


@dataclass(frozen=True)
class Part:
    """One aggregated SELECT. `metrics`: what is read from it; `untold`: ids of those that stay null
    in it. `given`: rows to read instead of the stored ones."""

    fact: Fact
    read: FactRead
    metrics: Sequence[Aggregate]
    untold: Container[str] = ()
    given: GivenRows | None = None

    @property
    def axis(self) -> str | None:
        """The reference that dates are cut from."""
        return self.fact.axes[self.read.axis] if self.read.axis else None


@dataclass(frozen=True)
class Statement:
    """`sql` gives one column `row`, with a token such as `{s0}` where each of `sources` goes."""

    sql: str
    parameters: Mapping[str, object]
    sources: tuple[Source, ...]


def state(
    request: GetDataRequest,
    question: Question,
    parts: Sequence[Part],
    shops: Sequence[ShopScope],
    *,
    unread: Container[str],
    extents: Mapping[str, Sequence[Extent]],
    said: Mapping[str, str | None],
    form: Form,
) -> Statement:
    """`unread`: names of facts whose metrics are null in every row; `extents`: by name, what is
    read of other facts; `said`: by id, what the answer says of itself."""
    writer = _Writer(request, question, shops, said, form)
    sql = writer.statement(parts, unread, extents)
    return Statement(sql, writer.parameters.values, tuple(writer.sources))


class _Writer:
    def __init__(
        self,
        request: GetDataRequest,
        question: Question,
        shops: Sequence[ShopScope],
        said: Mapping[str, str | None],
        form: Form,
    ) -> None:
        self.request = request
        self.question = question
        self.shops = shops
        self.said = said
        self.form = form
        self.parameters = Parameters()
        self.sources: list[Source] = []

    def statement(
        self,
        parts: Sequence[Part],
        unread: Container[str],
        extents: Mapping[str, Sequence[Extent]],
    ) -> str:
        ids = list(dict.fromkeys(metric.id for part in parts for metric in part.metrics))
        above = self._header(parts)
        written = [*parts]
        if above is not None:
            top = next((part for part in parts if part.fact is above.fact), None)
            written = [part for part in parts if part is not top]
            written.insert(0, top or Part(above.fact, parts[0].read, ()))
        groups = self._grouping(*written)
        page = self._page(written, groups, above)
        tables = [
            f"a{number} AS {'MATERIALIZED ' if page and number == 0 else ''}(\n"
            f"  {self._select(part, above, page)}\n)"
            for number, part in enumerate(written)
        ]
        gaps: dict[str, Gap] = {}
        for part in parts:
            told = any(metric.id not in part.untold for metric in part.metrics)
            if told and part.given is None and part.fact.name in extents:
                found = gap(
                    len(gaps), part.fact, self.question.dimensions, self.shops,
                    extents[part.fact.name], self.parameters, part.read.axis,
                )  # fmt: skip
                if found is not None:
                    gaps[part.fact.name] = found
        tables += dict.fromkeys(found.table for found in gaps.values() if found.table)
        values = self._values(parts, unread, gaps)
        joins = [found.join for found in gaps.values() if found.join]
        with_tables = f"WITH {', '.join(tables)}\n" if tables else ""
        combined = self._combined(written, ids, groups, above)
        return f"{with_tables}{self._outer(combined, joins, values, groups.ordered, page)}"

    # -- a part ----------------------------------------------------------------------------------

    def _page(self, written: Sequence[Part], groups: Grouping, above: Header | None) -> str:
        """Which of a header's rows are the page that was asked for, if they alone say so; then only
        the lines of these are added up."""
        if above is None or not written[0].metrics or self.question.group_filters:
            return ""
        return "\n".join(self._order_and_limit(groups.ordered)) if self.request.row_count else ""

    def _select(self, part: Part, above: Header | None, page: str) -> str:
        """Dimensions as d0.., metrics as m_<id>; below a header its key alone, as k. With a `page`
        the header's rows are those of it, and the lines theirs."""
        read = part.read
        if part.given is None and read.axis:
            select = FactSelect(
                part.fact, self.shops, self.parameters, self.sources, part.axis, read.days,
                as_histogram=self._is_told_by_histogram(part),
            )  # fmt: skip
        else:
            select = FactSelect(
                part.fact, self.shops, self.parameters, self.sources, None, None, part.given
            )
        tests = [
            f"({' OR '.join(self._row_condition(select, clause) for clause in group)})"
            for group in self.question.row_filters
        ]
        if tests:
            select.where(all_of(tests))
        if self.request.options.currency:
            self._only_currency(select)
        groups = self._grouping(part)
        each_row = groups.each_row and all(metric.is_told_by_a_row for metric in part.metrics)
        columns = []
        by = sorted(groups.by)
        if above is not None:
            columns.append(f"{select.value(above.key)} AS k")
            each_row, by = part.fact is above.fact, [0]
        if above is None or part.fact is above.fact:
            for position, dimension in enumerate(self.question.dimensions):
                raw = select.grouped(dimension)
                follows = not each_row and position not in groups.by
                columns.append(f"{f'ANY_VALUE({raw})' if follows else raw} AS d{position}")
        for metric in part.metrics:
            if metric.id in part.untold:
                value = _NULL if each_row else f"MAX({_NULL})"
            else:
                value = select.alone(metric) if each_row else select.aggregate(metric)
            columns.append(f"{value} AS m_{metric.id}")
        if page and above is not None and part.fact is not above.fact:
            select.where(f"{select.value(above.key)} IN (SELECT k FROM a0)")
        made = select.sql(columns, () if each_row else by)
        return f"{made}\n{page}" if page and each_row else made

    def _is_told_by_histogram(self, part: Part) -> bool:
        """Whether nothing is asked of the rows but how many there are, and when."""
        fact, asked = part.fact, (*self.question.dimensions, *self.question.filtered)
        return (
            fact.table.has_histogram
            and part.axis == fact.table.axis
            and not self.request.options.currency
            and all(metric.counts_all_rows(fact.name) for metric in part.metrics)
            and all(
                isinstance(dimension, TimeDimension) or home(fact, dimension) == "shops"
                for dimension in asked
            )
            and all(has_whole_quarters(shop.zone) for shop in self.shops)
        )

    def _header(self, parts: Sequence[Part]) -> Header | None:
        """What all parts are about, one row of the answer for each of its rows."""
        if not parts or len(self.shops) > 1 or any(part.given is not None for part in parts):
            return None
        read, metrics = parts[0].read, [metric for part in parts for metric in part.metrics]
        if any((part.read.axis, part.read.days) != (read.axis, read.days) for part in parts):
            return None
        if len(metrics) != len(set(metrics)) or not all(one.is_told_by_a_row for one in metrics):
            return None
        filtered = [FIELDS[clause.field] for group in self.question.row_filters for clause in group]
        if self.request.options.currency:
            filtered.append(FIELDS["currency"])
        return header(
            tuple(part.fact for part in parts),
            read.axis,
            tuple(self.question.dimensions),
            tuple(
                field
                for field in filtered
                if isinstance(field, Dimension) and not isinstance(field, AnswerDimension)
            ),
        )

    def _grouping(self, *parts: Part) -> Grouping:
        dimensions = tuple(self.question.dimensions)
        if not parts or len(self.shops) > 1 or any(part.given is not None for part in parts):
            return plain(len(dimensions))
        return together([(part.fact, part.axis) for part in parts], dimensions)

    def _row_condition(self, select: FactSelect, clause: Clause) -> str:
        dimension = FIELDS[clause.field]
        if isinstance(dimension, AnswerDimension):
            return condition(clause, self._said(dimension), self.parameters, number=False)
        if not isinstance(dimension, Dimension):
            raise BadRequest(f"{dimension.label} is not a dimension.")
        looks = shown(dimension, select.grouped(dimension))
        return condition(clause, looks, self.parameters, number=False)

    def _only_currency(self, select: FactSelect) -> None:
        currency = FIELDS["currency"]
        if isinstance(currency, Dimension):
            bound = self.parameters.bind(self.request.options.currency)
            select.where(f"{select.grouped(currency)} = {bound}")

    def _said(self, dimension: AnswerDimension) -> str:
        return f"CAST({self.parameters.bind(self.said.get(dimension.id))} AS VARCHAR)"

    # -- all parts -------------------------------------------------------------------------------

    def _combined(
        self, parts: Sequence[Part], ids: Sequence[str], groups: Grouping, above: Header | None
    ) -> str:
        if not parts:
            return "(SELECT 1)"
        if len(parts) == 1:
            return "a0"
        if above is not None:
            return self._joined(parts, ids)
        dimensions = [
            f"d{position}" if position in groups.by else f"ANY_VALUE(d{position}) AS d{position}"
            for position in range(len(self.question.dimensions))
        ]
        metrics = [f"m_{name}" for name in ids]
        # By name, an arm says its own metrics only: with hundreds of metrics and a dozen facts the
        # statement is half as long and is understood in half the time.
        arms = " UNION ALL BY NAME ".join(f"FROM a{number}" for number in range(len(parts)))
        highest = [f"MAX({metric}) AS {metric}" for metric in metrics]
        keys = ", ".join(f"d{position}" for position in sorted(groups.by))
        grouped = f" GROUP BY {keys}" if keys else ""
        return f"(SELECT {', '.join([*dimensions, *highest]) or '1'} FROM ({arms}){grouped})"

    def _joined(self, parts: Sequence[Part], ids: Sequence[str]) -> str:
        """The header's rows, which come first, each with the sums of its lines. Rows that no metric
        of the header's asks for are there for their lines alone."""
        sums = [f"a{number}" for number in range(1, len(parts))]
        joins = "".join(f" FULL JOIN {further} USING (k)" for further in sums[1:])
        lines = f"({sums[0]}{joins})" if joins else sums[0]
        columns = [f"d{position}" for position in range(len(self.question.dimensions))]
        columns += [f"m_{name}" for name in ids]
        how = "LEFT JOIN" if parts[0].metrics else "JOIN"
        return f"(SELECT {', '.join(columns)} FROM a0 {how} {lines} USING (k))"

    def _values(
        self, parts: Sequence[Part], unread: Container[str], gaps: Mapping[str, Gap]
    ) -> dict[str, str]:
        """SQL of every aggregated value: 0 for a sum of nothing, null for what is not known."""
        values: dict[str, str] = {}
        for part in parts:
            for metric in part.metrics:
                value = f"m_{metric.id}"
                if metric.is_zero_without_rows:
                    value = f"COALESCE({value}, 0)"
                if part.given is None and metric.id not in part.untold:
                    if part.fact.name in unread:
                        value = _NULL
                    elif part.fact.name in gaps:
                        value = f"CASE WHEN NOT {gaps[part.fact.name].gone} THEN {value} END"
                values[metric.id] = value
        return values

    def _outer(
        self,
        combined: str,
        joins: Sequence[str],
        values: Mapping[str, str],
        ordered: Sequence[int],
        page: str,
    ) -> str:
        position = {one.id: number for number, one in enumerate(self.question.dimensions)}
        columns = [f"d{number}" for number in position.values()]
        cells = []
        for place, name in enumerate(self.request.fields):
            field = FIELDS[name]
            if isinstance(field, AnswerDimension):
                cells.append(dimension_cell(self.form, field, self._said(field)))
            elif isinstance(field, Dimension):
                cells.append(dimension_cell(self.form, field, f"d{position[name]}"))
            elif isinstance(field, Metric):
                columns.append(f"{_value(field, values)} AS v{place}")
                cells.append(metric_cell(self.form, field, f"v{place}"))
        lines = [f"SELECT {', '.join(columns) or '1'} FROM {combined} g", *joins]
        tests = [self._test(group, values) for group in self.question.group_filters]
        if combined == "(SELECT 1)":
            tests += self._tests_of_the_answer()
        if tests:
            lines.append(f"WHERE {all_of(tests)}")
        in_order = self._order_and_limit(ordered)
        lines += in_order[:-1] if page else in_order
        # Written after it is ordered: rows of text would be sorted otherwise, and held for it.
        text = row(self.form, self.request.fields, cells)
        return "\n".join([f"SELECT {text} AS row FROM (", *lines, ")"])

    def _order_and_limit(self, ordered: Sequence[int]) -> list[str]:
        """Two clauses, as far as they are needed."""
        clauses = []
        if ordered:
            clauses.append("ORDER BY " + ", ".join(f"d{number} NULLS LAST" for number in ordered))
        if self.request.row_count is not None:
            clauses.append(f"LIMIT {self.request.row_count} OFFSET {self.request.first_row}")
        return clauses

    def _test(self, group: Group, values: Mapping[str, str]) -> str:
        clauses = []
        for clause in group:
            metric = FIELDS[clause.field]
            if not isinstance(metric, Metric):
                raise BadRequest(f"{metric.label} is not a metric.")
            value = _value(metric, values)
            clauses.append(condition(clause, value, self.parameters, number=True))
        return f"({' OR '.join(clauses)})"

    def _tests_of_the_answer(self) -> list[str]:
        """Filters on what the answer says of itself, where no row of a fact is read."""
        tests = []
        for group in self.question.row_filters:
            fields = [FIELDS[clause.field] for clause in group]
            said = [field for field in fields if isinstance(field, AnswerDimension)]
            if len(said) == len(group):
                clauses = [
                    condition(clause, self._said(field), self.parameters, number=False)
                    for clause, field in zip(group, said, strict=True)
                ]
                tests.append(f"({' OR '.join(clauses)})")
        return tests


def _value(metric: Metric, values: Mapping[str, str]) -> str:
    """The metric from the aggregated values: a ratio by 0 is null, and null goes on to whatever is
    computed with it."""
    if isinstance(metric, Ratio):
        scale = f" * {metric.scale}" if metric.scale != 1 else ""
        top, bottom = (values[name] for name in metric.inputs)
        return f"(CAST({top} AS DOUBLE){scale} / NULLIF(CAST({bottom} AS DOUBLE), 0))"
    if isinstance(metric, Combined):
        plus = " + ".join(values[name] for name in metric.plus)
        return f"({plus}{''.join(f' - {values[name]}' for name in metric.minus)})"
    return values[metric.id]
