"""The kinds of field. Each checks itself when made; none does I/O.

A field's SQL is a template over one fact: `[column]` is a column of the fact's own table,
`[table.column]` one of a table the fact reaches (see `catalogue.facts`). The planner replaces the
brackets; nothing that comes from a request is ever put into a template.

    Dimension   a value to group by
      TimeDimension   ... cut from the report's time axis
      AnswerDimension ... what the answer says of itself: as of when, since when, what to mind
    Metric
      Additive    sum(amount) where condition
      Count       distinct things of a grain, on the coarsest fact that reaches what is asked
      Unique      distinct people or products at the requested grain, never summed
      Counted     distinct people as TikTok counts them, a day or a session at a time
      Entire      sum(amount), where every row tells its part
      Highest     the largest value, of all rows that meet
      Snapshot    newest state, ignores the date range
      Ratio       numerator / denominator, computed after aggregation
      Combined    plus and minus of other metrics, of sums or of distinct counts
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

_ID: Final = re.compile(r"[a-z][a-z0-9_]*\Z")
_REFERENCE: Final = re.compile(r"\[([a-z][a-z0-9_.]*)\]")

DIMENSION_TYPES: Final = frozenset(
    {
        "TEXT", "BOOLEAN", "URL", "IMAGE", "COUNTRY_CODE", "REGION", "CITY", "YEAR",
        "YEAR_QUARTER", "YEAR_MONTH", "YEAR_WEEK", "YEAR_MONTH_DAY", "YEAR_MONTH_DAY_HOUR",
        "YEAR_MONTH_DAY_SECOND", "QUARTER", "MONTH", "WEEK", "MONTH_DAY", "DAY_OF_WEEK", "DAY",
        "HOUR",
    }
)  # fmt: skip
_ONE_UNLESS_NULL: Final = "CASE WHEN {it} IS NULL THEN 0 ELSE 1 END"
#: CURRENCY becomes CURRENCY_USD and so on once the shops are known.
METRIC_TYPES: Final = frozenset({"NUMBER", "PERCENT", "CURRENCY", "DURATION"})


def references(template: str) -> tuple[str, ...]:
    """The bracketed names of a template, in order: ("sale_price", "orders.is_paid")."""
    return tuple(_REFERENCE.findall(template))


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """`hidden`: only there for other fields to be computed from; Looker does not list it."""

    id: str
    label: str
    group: str
    about: str
    semantic: str
    hidden: bool = False

    def __post_init__(self) -> None:
        if not _ID.match(self.id):
            raise ValueError(f"{self.id!r} is not a field id")
        if not (self.label and self.group and self.about.endswith(".")):
            raise ValueError(f"{self.id}: label, group and a sentence that ends in a full stop")


@dataclass(frozen=True, kw_only=True, eq=False)
class Dimension(Field):
    """`homes`: table -> template of the value there; the first is where the dimension is at home.

    The same dimension may live in several tables (it is conformed). `looker_formula`: Looker makes
    the value from other fields (pictures); elsewhere the plain value is given. `in_digits`: homes
    hold a date as text in Looker's digits, which no zone moves, and no instant.
    """

    homes: Mapping[str, str] = field(default_factory=dict)
    looker_formula: str = ""
    in_digits: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.semantic not in DIMENSION_TYPES:
            raise ValueError(f"{self.id}: {self.semantic} is no type of a dimension")
        if not self.homes and not isinstance(self, TimeDimension | AnswerDimension):
            raise ValueError(f"{self.id}: a dimension needs a home")

    @property
    def is_instant(self) -> bool:
        """Homes hold epoch seconds that are shown in the report's zone."""
        is_date = self.semantic in ("YEAR_MONTH_DAY_SECOND", "YEAR_MONTH_DAY")
        return is_date and bool(self.homes) and not self.in_digits


@dataclass(frozen=True, kw_only=True, eq=False)
class TimeDimension(Dimension):
    """Cut from the axis. With `s` the axis in seconds of local time since 1970-01-01 00:00:

    `raw`: cheap integer SQL over `{s}` that is grouped and ordered on; `shown`: text of `{x}`, the
    grouped value, in Looker's format. `hourly`: needs an axis that is finer than a day.
    """

    raw: str
    shown: str
    hourly: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class AnswerDimension(Dimension):
    """The same on every row: known when the answer's coverage is. It goes with every fact."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Metric(Field):
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.semantic not in METRIC_TYPES:
            raise ValueError(f"{self.id}: {self.semantic} is no type of a metric")

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the metrics this one is computed from, after aggregation."""
        return ()

    @property
    def is_money(self) -> bool:
        return self.semantic == "CURRENCY"


@dataclass(frozen=True, kw_only=True, eq=False)
class Aggregate(Metric):
    """Read from a fact. `on`: fact -> template, coarsest fact first; the first that reaches every
    dimension and filter asked for is read. `where`: condition, one for all facts or by fact.
    `may_be_untold`: TikTok leaves the value out in places; where no row has it, it is null, not 0.
    """

    #: How the template becomes an aggregate; `{shop}` sets apart what is unique in a shop only.
    form: ClassVar[str]
    #: The same where a group is one row; empty where a group is needed. `of_none`: of no row.
    form_alone: ClassVar[str] = "{it}"
    of_none: ClassVar[str] = "NULL"

    on: Mapping[str, str]
    where: Mapping[str, str] | str = ""
    may_be_untold: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.on:
            raise ValueError(f"{self.id}: a metric needs a fact")

    def condition(self, fact: str) -> str:
        return self.where if isinstance(self.where, str) else self.where.get(fact, "")

    @property
    def is_zero_without_rows(self) -> bool:
        """Nothing to add up or to count is 0; nothing to compare is null."""
        return not self.may_be_untold

    @property
    def is_told_by_a_row(self) -> bool:
        return bool(self.form_alone)

    def counts_all_rows(self, fact: str) -> bool:
        """Whether it is the number of the fact's rows, whatever they hold."""
        return self.on[fact] == "*" and not self.condition(fact)

    def alone(self, fact: str) -> str:
        """SQL template of the aggregate of one row of `fact`."""
        template = self.on[fact]
        made = "1" if template == "*" else self.form_alone.format(it=template)
        condition = self.condition(fact)
        return f"CASE WHEN {condition} THEN {made} ELSE {self.of_none} END" if condition else made

    def aggregate(self, fact: str, shop: str = "") -> str:
        """SQL template of the aggregate on `fact`; `shop` is put before a key to count."""
        template = self.on[fact]
        made = "COUNT(*)" if template == "*" else self.form.format(it=template, shop=shop)
        condition = self.condition(fact)
        return f"{made} FILTER (WHERE {condition})" if condition else made


@dataclass(frozen=True, kw_only=True, eq=False)
class Additive(Aggregate):
    form: ClassVar[str] = "SUM({it})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Count(Aggregate):
    """`on[fact]` is the key to count distinct, or "*" on the fact whose grain it is."""

    form: ClassVar[str] = "COUNT(DISTINCT ({shop}{it}))"
    form_alone: ClassVar[str] = _ONE_UNLESS_NULL
    of_none: ClassVar[str] = "0"


@dataclass(frozen=True, kw_only=True, eq=False)
class Unique(Aggregate):
    form: ClassVar[str] = "COUNT(DISTINCT {it})"
    form_alone: ClassVar[str] = _ONE_UNLESS_NULL
    of_none: ClassVar[str] = "0"


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted(Aggregate):
    """A distinct count that only TikTok can make: `on[fact]` is the column where it stands for one
    day (of a product, of a video) or one session. It is shown where it stands for exactly one row,
    else null, for counts of several days have people in common. `over_window`: TikTok also counts
    it over a whole date range, when asked."""

    form: ClassVar[str] = "CASE WHEN COUNT(*) = 1 THEN MAX({it}) END"

    over_window: bool = False

    @property
    def is_zero_without_rows(self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True, eq=False)
class Entire(Aggregate):
    """A sum of what is told of some rows only: null where one row of the group does not tell it,
    for the sum of the others would be taken for the whole. It has no `where`."""

    form: ClassVar[str] = "CASE WHEN COUNT(*) = COUNT({it}) THEN SUM({it}) END"

    may_be_untold: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Highest(Aggregate):
    """Exact for any rows, and for the rows of any answer once more."""

    form: ClassVar[str] = "MAX({it})"

    @property
    def is_zero_without_rows(self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot(Aggregate):
    """`on[fact]` is the whole aggregate, e.g. "SUM([available_quantity])". `is_average`: nothing to
    average is null, where nothing to add up is 0."""

    form: ClassVar[str] = "{it}"
    form_alone: ClassVar[str] = ""

    is_average: bool = False

    @property
    def is_zero_without_rows(self) -> bool:
        return not (self.is_average or self.may_be_untold)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratio(Metric):
    """`scale` times the numerator by the denominator; null where the denominator is 0."""

    numerator: str
    denominator: str
    scale: float = 1

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.numerator, self.denominator)


@dataclass(frozen=True, kw_only=True, eq=False)
class Combined(Metric):
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.plus, *self.minus)
