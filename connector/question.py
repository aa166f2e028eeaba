"""What a request asks: dimensions, metrics, filters, and which date of orders it means. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalogue.field import Aggregate, AnswerDimension, Dimension, Metric, TimeDimension
from catalogue.fields import FIELDS, aggregates
from connector.request import Clause, GetDataRequest
from connector.select import ShopScope
from errors import BadRequest

Group = tuple[Clause, ...]


@dataclass(frozen=True)
class Question:
    """`dimensions`: those to group by, each once; what an answer says of itself is not among them.
    `metrics`: columns, and what filters test.
    `row_filters` are tested per row, `group_filters` per result row. `filtered`: the dimensions of
    the row filters. `parts`: everything that has to be aggregated, each once, by id."""

    dimensions: tuple[Dimension, ...]
    metrics: tuple[Metric, ...]
    row_filters: tuple[Group, ...]
    group_filters: tuple[Group, ...]
    filtered: tuple[Dimension, ...]
    parts: Mapping[str, Aggregate]
    order_date: str

    @property
    def needed(self) -> tuple[Dimension, ...]:
        """What a fact has to reach."""
        return tuple(dict.fromkeys((*self.dimensions, *self.filtered)))


def ask(request: GetDataRequest, shops: Sequence[ShopScope]) -> Question:
    """Raises BadRequest: mixed_currency, or a filter that mixes dimensions and metrics."""
    chosen = [FIELDS[name] for name in dict.fromkeys(request.fields)]
    dimensions = tuple(_grouping(chosen))
    metrics = tuple(field for field in chosen if isinstance(field, Metric))
    row_filters, group_filters = _split(request.filters)
    filtered = tuple(_grouping(FIELDS[clause.field] for group in row_filters for clause in group))
    tested = [FIELDS[clause.field] for group in group_filters for clause in group]
    wanted = [*metrics, *(field for field in tested if isinstance(field, Metric))]
    question = Question(
        dimensions=dimensions,
        metrics=tuple(dict.fromkeys(wanted)),
        row_filters=row_filters,
        group_filters=group_filters,
        filtered=filtered,
        parts={part.id: part for metric in wanted for part in aggregates(metric)},
        order_date=_order_date(request.options.order_date, (*dimensions, *filtered)),
    )
    if not request.options.currency:
        _check_currency(wanted, question.needed, shops)
    return question


def _grouping(fields: Iterator[object] | Sequence[object]) -> Iterator[Dimension]:
    return (
        field
        for field in fields
        if isinstance(field, Dimension) and not isinstance(field, AnswerDimension)
    )


def _split(filters: Sequence[Group]) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """Groups of clauses about dimensions, and groups about metrics."""
    rows: list[Group] = []
    groups: list[Group] = []
    for group in filters:
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
    return tuple(rows), tuple(groups)


def _order_date(configured: str, needed: Sequence[Dimension]) -> str:
    """Orders are dated by payment when the configuration says so, or Paid Date stands alone."""
    if any(isinstance(dimension, TimeDimension) for dimension in needed):
        return configured
    return "paid" if any(dimension.id == "paid_date" for dimension in needed) else configured


def _check_currency(
    wanted: Sequence[Metric], needed: Sequence[Dimension], shops: Sequence[ShopScope]
) -> None:
    currencies = sorted({currency for shop in shops for currency in shop.currencies})
    if len(currencies) < 2 or any(dimension.id == "currency" for dimension in needed):
        return
    money = [metric.label for metric in wanted if any(part.is_money for part in aggregates(metric))]
    if money:
        raise BadRequest(
            f"The chosen shops have amounts in {', '.join(currencies)}, which cannot be added "
            f"up. Add the dimension Currency beside {money[0]}, or choose one currency.",
            code="mixed_currency",
        )
