"""One fact as one SELECT: its sources, joins, range and filters. Pure.

Sources are named by tokens (`{s0}`) that stand for the segments of one shop's table; whoever runs
the plan fills them in. Inside a source, instants that are shown or grouped on become local seconds
of the shop's report zone (`"~create_time"`), so that several shops may have several zones.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from catalogue.facts import Fact
from catalogue.field import Aggregate, Dimension, TimeDimension, references
from catalogue.tables import TABLES
from catalogue.views import VIEWS
from connector.filters import Parameters
from connector.reach import home
from connector.zones import DAY, day_number, local_seconds
from store.segments import Manifest

#: Of a shop of which nothing is to be read: no segment meets it.
_NOTHING: Final = (0, 0)
_NAMED_TABLE: Final = re.compile(r"\{(\w+)\}")

#: Rows that stand in the place of a fact's table: shop id -> rows by column name.
GivenRows = Mapping[str, Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class ShopScope:
    """What a plan knows of a shop. `zone`: the report zone, an IANA name, and `own_zone` the one
    that TikTok reckons the shop's days in, with `today` there. `serves_kept`: TikTok's own figures
    are shown as far back as they were kept. `image_base`: public address that serves its pictures;
    `now`: epoch seconds of the answer."""

    shop_id: str
    name: str
    region: str
    seller_type: str
    currencies: tuple[str, ...]
    zone: str
    own_zone: str = "UTC"
    today: dt.date | None = None
    serves_kept: bool = False
    image_base: str = ""
    now: int = 0

    def literal(self, column: str) -> str | None:
        """Value of a column of the table `shops`, or of what else is known of the shop; None when
        empty."""
        values = {
            "shop_id": self.shop_id,
            "name": self.name,
            "region": self.region,
            "seller_type": self.seller_type,
            "currency": self.currencies[0] if self.currencies else "",
            "image_base": self.image_base,
            "now": str(self.now or ""),
        }
        return values[column] or None


@dataclass(frozen=True)
class Source:
    """Segments a token stands for; only those that meet [lowest, highest) are needed.
    `as_histogram`: not the rows in them, only how many there are and when."""

    token: str
    shop_id: str
    table: str
    lowest: int | None
    highest: int | None
    as_histogram: bool = False

    def scan(self, manifest: Manifest) -> str:
        """What the token stands for, as a FROM item."""
        scan = manifest.histogram if self.as_histogram else manifest.scan
        return scan(TABLES[self.table], self.lowest, self.highest)

    def rows(self, manifest: Manifest) -> int:
        """How many rows the segments have."""
        rows = manifest.histogram_rows if self.as_histogram else manifest.rows
        return rows(TABLES[self.table], self.lowest, self.highest)


@dataclass(frozen=True)
class Days:
    """Inclusive days on a fact's axis."""

    start: dt.date
    end: dt.date

    @cached_property
    def local(self) -> tuple[int, int]:
        """Half-open local seconds."""
        return day_number(self.start) * DAY, (day_number(self.end) + 1) * DAY

    @property
    def instants(self) -> tuple[int, int]:
        """Half-open instants wide enough for every zone (UTC-12 to UTC+14)."""
        low, high = self.local
        return low - 14 * 3600, high + 12 * 3600


class FactSelect:
    """Collects what is asked of a fact, then says it as SQL.

    `days` is the range on the axis called `axis` (a reference) by shop id, None for a fact that
    ignores it, and for a shop of which nothing is to be read. `given`: rows to read instead of the
    fact's table; they are of the whole range. `as_histogram`: of the fact's rows only their number
    in each quarter of an hour is read.
    """

    def __init__(
        self,
        fact: Fact,
        shops: Sequence[ShopScope],
        parameters: Parameters,
        sources: list[Source],
        axis: str | None,
        days: Mapping[str, Days | None] | None,
        given: GivenRows | None = None,
        *,
        as_histogram: bool = False,
    ) -> None:
        self.fact = fact
        self.shops = shops
        self.axis = axis
        self.days = days
        self.given = given
        self.as_histogram = as_histogram
        self._parameters = parameters
        self._sources = sources
        self._columns: dict[str, dict[str, None]] = {"f": {}}
        self._tables: dict[str, str] = {"f": fact.table.name}
        self._joins: list[tuple[str, str]] = []
        self._conditions: list[str] = []
        self._grouped: dict[Dimension, str] = {}
        self._axis_place = self._place(axis) if axis is not None else ("", "")
        if days is not None and self._axis_place[0] != "f":
            # The range is on a joined row: rows whose order is not stored have no date.
            self._conditions.append(f"{self.value(axis or '')} IS NOT NULL")

    # -- what is asked ---------------------------------------------------------------------

    def value(self, reference: str) -> str:
        alias, column = self._place(reference)
        self._columns[alias][column] = None
        return f'{alias}."{column}"'

    def local(self, reference: str) -> str:
        """Local seconds of an instant."""
        alias, column = self._place(reference)
        self._columns[alias][f"~{column}"] = None
        return f'{alias}."~{column}"'

    def template(self, template: str, table: str) -> str:
        """A field's template, its bare references being columns of `table`."""
        literal, *rest = _pieces(template)
        made = [literal]
        for reference, literal in zip(rest[::2], rest[1::2], strict=True):
            made += self.value(reference if "." in reference else f"{table}.{reference}"), literal
        return "".join(made)

    def grouped(self, dimension: Dimension) -> str:
        """Raw value of a dimension: cheap to group and order on."""
        known = self._grouped.get(dimension)
        if known is None:
            known = self._grouped[dimension] = self._raw(dimension)
        return known

    def _raw(self, dimension: Dimension) -> str:
        if isinstance(dimension, TimeDimension):
            return dimension.raw.format(s=self.local(self.axis or ""))
        table = home(self.fact, dimension) or ""
        template = dimension.homes[table]
        if not dimension.is_instant:
            return self.template(template, table)
        seconds = self.local(f"{table}.{references(template)[0]}")
        return f"({seconds} // {DAY})" if dimension.semantic == "YEAR_MONTH_DAY" else seconds

    def alone(self, metric: Aggregate) -> str:
        """The metric where one row is all there is."""
        return self.template(metric.alone(self.fact.name), self.fact.table.name)

    def aggregate(self, metric: Aggregate) -> str:
        if self.as_histogram and metric.counts_all_rows(self.fact.name):
            self._columns["f"]["~rows"] = None
            return 'CAST(SUM(f."~rows") AS BIGINT)'
        shop = 'f."~shop", ' if len(self.shops) > 1 else ""
        if shop and "{shop}" in metric.form:
            self._columns["f"]["~shop"] = None
        return self.template(metric.aggregate(self.fact.name, shop), self.fact.table.name)

    def where(self, condition: str) -> None:
        self._conditions.append(condition)

    # -- where a reference lives -----------------------------------------------------------

    def _place(self, reference: str) -> tuple[str, str]:
        """(alias, column) of a reference, joining its table when it is not at hand."""
        owner, _, column = reference.rpartition(".")
        table = self.fact.table
        if owner in ("", table.name):
            return "f", column
        if owner == "shops":
            return "f", f"shops.{column}"
        if table.parent and table.parent.table == owner and column in table.parent.carries:
            return "f", table.parent.carried_name(column)
        return self._join(owner), column

    def _join(self, table: str) -> str:
        alias = f"j_{table}"
        if alias not in self._tables:
            join = self.fact.join_to(table)
            own = self.fact.table.name
            left = self.template(join.left, own) if "[" in join.left else self.value(join.left)
            self._tables[alias] = table
            self._columns[alias] = {join.right: None}
            matched = f'{alias}."{join.right}" = {left}'
            if len(self.shops) > 1:
                self._columns["f"]["~shop"] = self._columns[alias]["~shop"] = None
                matched += f' AND {alias}."~shop" = f."~shop"'
            self._joins.append((alias, matched))
        return alias

    # -- as SQL ----------------------------------------------------------------------------

    def sql(self, selected: Sequence[str], group_by: Iterable[int] = ()) -> str:
        """SELECT of the expressions, grouped by those at the positions `group_by`."""
        joins = [f"LEFT JOIN {self._source(alias)} {alias} ON {on}" for alias, on in self._joins]
        parts = [f"SELECT {', '.join(selected) or '1'}", f"FROM {self._source('f')} f", *joins]
        if self._conditions:
            parts.append("WHERE " + " AND ".join(self._conditions))
        if positions := ", ".join(str(position + 1) for position in group_by):
            parts.append(f"GROUP BY {positions}")
        return "\n  ".join(parts)

    def _source(self, alias: str) -> str:
        arms = [self._arm(alias, number, shop) for number, shop in enumerate(self.shops)]
        return f"({' UNION ALL '.join(arms)})"

    def _arm(self, alias: str, number: int, shop: ShopScope) -> str:
        """The rows of one shop, with the range on them where the axis is theirs."""
        table = self._tables[alias]
        selected = [self._selected(alias, column, number, shop) for column in self._columns[alias]]
        columns = ", ".join(selected) or "1"
        if table == "shops":
            return f"SELECT {columns}"
        if alias == "f" and self.given is not None:
            return f"SELECT {columns} FROM {self._given_rows(shop)}"
        if table in VIEWS:
            made = _NAMED_TABLE.sub(lambda named: self._token(shop, named[1]), VIEWS[table].sql)
            return f"SELECT {columns} FROM ({made})"
        if self.days is None or self._axis_place[0] != alias:
            return f"SELECT {columns} FROM {self._token(shop, table)}"
        days = self.days[shop.shop_id]
        if days is None:
            return f"SELECT {columns} FROM {self._token(shop, table, *_NOTHING)} WHERE false"
        column = self._axis_place[1]
        is_sorted = self.fact.own_days or TABLES[table].axis == column
        bounds = self._bounds(days) if is_sorted else (None, None)
        where = " AND ".join(self._in_range(column, days, shop))
        return f"SELECT {columns} FROM {self._token(shop, table, *bounds)} WHERE {where}"

    def _token(
        self, shop: ShopScope, table: str, lowest: int | None = None, highest: int | None = None
    ) -> str:
        token = f"{{s{len(self._sources)}}}"
        as_histogram = self.as_histogram and table == self.fact.table.name
        self._sources.append(Source(token, shop.shop_id, table, lowest, highest, as_histogram))
        return token

    def _given_rows(self, shop: ShopScope) -> str:
        """The given rows of a shop as a table of bound lists, one for each column."""
        rows = (self.given or {}).get(shop.shop_id, ())
        lists = []
        for column in self._columns["f"]:
            if column.startswith(("~", "shops.")):
                continue
            kind = TABLES[self.fact.table.name][column].kind.column_type
            values = [row.get(column) for row in rows]
            lists.append(f"unnest(CAST({self._parameters.bind(values)} AS {kind}[])) AS {column}")
        if not lists:
            return f"range({len(rows)})"
        return f"(SELECT {', '.join(lists)})"

    def _bounds(self, days: Days) -> tuple[int, int]:
        return days.local if self.fact.own_days else days.instants

    def _in_range(self, column: str, days: Days, shop: ShopScope) -> list[str]:
        """The day test on local seconds, and a plain one on the instant that skips row groups."""
        (low, high), (start, end) = self._bounds(days), days.local
        local = local_seconds(self._zone_of(column, shop), _quoted(column), low, high)
        exact = [f"{local} >= {start}", f"{local} < {end}"]
        if local == _quoted(column):
            return exact
        return [f'"{column}" >= {low}', f'"{column}" < {high}', *exact]

    def _zone_of(self, axis: str, shop: ShopScope) -> str:
        """Days of the shop's own zone are kept as the same dates in UTC."""
        return "UTC" if self.fact.own_days and axis == self._axis_place[1] else shop.zone

    def _selected(self, alias: str, column: str, number: int, shop: ShopScope) -> str:
        if column == "~shop":
            return f'{number} AS "~shop"'
        if column == "~rows":
            return '"rows" AS "~rows"'
        if column.startswith("shops.") or self._tables[alias] == "shops":
            literal = self._parameters.bind(shop.literal(column.removeprefix("shops.")))
            return f'CAST({literal} AS VARCHAR) AS "{column}"'
        if column.startswith("~"):
            instant = column[1:]
            if self._axis_place != (alias, instant):
                return f'{local_seconds(shop.zone, _quoted(instant))} AS "{column}"'
            days = self.days and self.days[shop.shop_id]
            bounds = self._bounds(days) if days else (None, None)
            zone = self._zone_of(instant, shop)
            return f'{local_seconds(zone, _quoted(instant), *bounds)} AS "{column}"'
        return f'"{column}"'


def _quoted(column: str) -> str:
    return f'"{column}"'


@cache
def _pieces(template: str) -> tuple[str, ...]:
    """Literal, reference, literal, ..., literal."""
    pieces = []
    rest = template
    for reference in references(template):
        literal, _, rest = rest.partition(f"[{reference}]")
        pieces += [literal, reference]
    return (*pieces, rest)
