"""Groups of an answer of which a fact has read nothing: null there, and not 0. Pure.

A group is told by its time dimensions and by those of its shop. It is gone when none of its days,
in none of its shops, was read. Mostly nothing is missing, and nothing is added to the SQL. Where
days are shown, a gap is a plain condition on them; weeks and other cuts of the time need a small
table of the groups, which is joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalogue.facts import Fact
from catalogue.field import Dimension, TimeDimension, references
from connector.coverage import Extent, Intervals, rest
from connector.filters import Parameters
from connector.reach import home
from connector.select import ShopScope
from connector.zones import DAY

#: Time dimensions that tell the day: what it is, from the grouped value {x}.
_DAYS = {"date": "{x}", "date_hour": "({x} // 24)"}


@dataclass(frozen=True)
class Gap:
    """`gone`: SQL condition of the groups that are null, over the columns d0, d1 and so on. If it
    needs a table: `table` is its definition and `join` how it is joined."""

    gone: str
    table: str = ""
    join: str = ""


@dataclass
class _Shops:
    """Shops whose groups cannot be told apart: what is read of them together."""

    covered: list[tuple[int, int]] = field(default_factory=list)
    missing: list[tuple[int, int]] = field(default_factory=list)
    is_read: bool = False

    def add(self, extent: Extent) -> None:
        self.covered += extent.covered
        self.missing += extent.missing
        self.is_read = self.is_read or extent.is_read

    @property
    def gone(self) -> Intervals:
        found: set[tuple[int, int]] = set()
        for interval in self.missing:
            found.update(rest(sorted(self.covered), interval))
        return sorted(found)


def gap(
    number: int,
    fact: Fact,
    dimensions: Sequence[Dimension],
    shops: Sequence[ShopScope],
    extents: Sequence[Extent],
    parameters: Parameters,
    axis: str,
) -> Gap | None:
    """None where no group is missing as a whole. `axis`: what the range means for the fact."""
    missing = _gap_in_time(number, fact, dimensions, shops, extents, parameters)
    unpaid = _not_paid_then(fact, dimensions, shops, extents, parameters, axis)
    if missing is None or unpaid is None:
        return missing or unpaid
    return replace(missing, gone=_any([missing.gone, unpaid.gone]))


def _not_paid_then(
    fact: Fact,
    dimensions: Sequence[Dimension],
    shops: Sequence[ShopScope],
    extents: Sequence[Extent],
    parameters: Parameters,
    axis: str,
) -> Gap | None:
    """Where the range is one of days of payment and these are shown, other facts bring days outside
    of it: of those the fact was not read."""
    paid = next((n for n, one in enumerate(dimensions) if one.id == "paid_date"), None)
    if axis != "paid" or paid is None:
        return None
    groups = _by_shop(fact, dimensions, shops, extents)
    tests = []
    for values, group in groups.items():
        days = [_between(f"d{paid}", one) for one in sorted(set(group.covered))]
        inside = f"COALESCE({_any(days)}, false)" if days else "false"
        tests.append(_all([*_bound(fact, dimensions, values, parameters), f"NOT {inside}"]))
    return Gap(_any(tests)) if tests else None


def _gap_in_time(
    number: int,
    fact: Fact,
    dimensions: Sequence[Dimension],
    shops: Sequence[ShopScope],
    extents: Sequence[Extent],
    parameters: Parameters,
) -> Gap | None:
    times = {
        position: one for position, one in enumerate(dimensions) if isinstance(one, TimeDimension)
    }
    if not times and not _of_shop(fact, dimensions):
        return None
    by_shop = _by_shop(fact, dimensions, shops, extents)
    bound = {
        values: _bound(fact, dimensions, values, parameters)
        for values, group in by_shop.items()
        if (group.gone if times else not group.is_read)
    }
    if not bound:
        return None
    if not times:
        return Gap(_any(_all(tests) for tests in bound.values()))
    for position, time in times.items():
        if time.id in _DAYS:
            day = _DAYS[time.id].format(x=f"d{position}")
            return Gap(
                _any(
                    _all([*tests, _any(_between(day, one) for one in by_shop[values].gone)])
                    for values, tests in bound.items()
                )
            )
    return _joined(f"u{number}", times, bound, by_shop)


def _of_shop(fact: Fact, dimensions: Sequence[Dimension]) -> dict[int, Dimension]:
    """By position."""
    return {place: one for place, one in enumerate(dimensions) if _is_of_shop(fact, one)}


def _by_shop(
    fact: Fact,
    dimensions: Sequence[Dimension],
    shops: Sequence[ShopScope],
    extents: Sequence[Extent],
) -> dict[tuple[str | None, ...], _Shops]:
    """What is read together, by the values of the dimensions that tell shops apart."""
    keys = tuple(_of_shop(fact, dimensions).values())
    found: dict[tuple[str | None, ...], _Shops] = {}
    for extent in extents:
        for values in _values(fact, keys, shops[extent.shop]):
            found.setdefault(values, _Shops()).add(extent)
    return found


def _bound(
    fact: Fact,
    dimensions: Sequence[Dimension],
    values: Sequence[str | None],
    parameters: Parameters,
) -> list[str]:
    """Conditions of the groups with these values."""
    return [
        f"d{position} IS NOT DISTINCT FROM CAST({parameters.bind(value)} AS VARCHAR)"
        for position, value in zip(_of_shop(fact, dimensions), values, strict=True)
    ]


def _joined(
    name: str,
    times: Mapping[int, TimeDimension],
    bound: Mapping[tuple[str | None, ...], Sequence[str]],
    by_shop: Mapping[tuple[str | None, ...], _Shops],
) -> Gap:
    """By the number of the shops' group and the keys of the time, EXCEPT those with a read day."""
    groups = {values: number for number, values in enumerate(bound)}
    missing = [
        _keys(times, number, one)
        for values, number in groups.items()
        for one in by_shop[values].gone
    ]
    covered = [
        _keys(times, number, one)
        for values, number in groups.items()
        for one in by_shop[values].covered
    ]
    table = " UNION ALL ".join(missing)
    if covered:
        table = f"({table}) EXCEPT ({' UNION ALL '.join(covered)})"
    else:
        table = f"SELECT DISTINCT * FROM ({table})"
    shop = _any(_all([*tests, f"{name}.shop = {groups[v]}"]) for v, tests in bound.items())
    same = [
        f"d{position} IS NOT DISTINCT FROM {name}.k{column}"
        for column, position in enumerate(times)
    ]
    return Gap(
        gone=f"({name}.shop IS NOT NULL)",
        table=f"{name} AS (\n  {table}\n)",
        join=f"LEFT JOIN {name} ON {_all([*same, shop])}",
    )


def _keys(times: Mapping[int, TimeDimension], shop: int, days: tuple[int, int]) -> str:
    """SELECT of the keys of days, of each of their hours where hours are shown."""
    columns = [
        f"{time.raw.format(s='s')} AS k{column}" for column, time in enumerate(times.values())
    ]
    moments = f"SELECT unnest(range({days[0]}, {days[1] + 1})) * {DAY} AS s"
    if any(time.hourly for time in times.values()):
        hours = "SELECT unnest(range(24)) * 3600 AS hour"
        moments = f"SELECT s + hour AS s FROM ({moments}), ({hours})"
    return f"SELECT {shop} AS shop, {', '.join(columns)} FROM ({moments})"


def _is_of_shop(fact: Fact, dimension: Dimension) -> bool:
    """Amounts of another currency are another shop's, whatever row they are read from."""
    return home(fact, dimension) == "shops" or dimension.id == "currency"


def _values(
    fact: Fact, keys: Sequence[Dimension], shop: ShopScope
) -> Iterable[tuple[str | None, ...]]:
    """The shop's values of the dimensions, once for each of its currencies where rows tell them.
    Rows of other facts, such as returns of orders that were not read, may have none."""
    by_row = any(key.id == "currency" and home(fact, key) != "shops" for key in keys)
    currencies = shop.currencies if by_row else shop.currencies[:1]
    if any(key.id == "currency" for key in keys):
        currencies = (*currencies, "")
    for currency in dict.fromkeys(currencies or ("",)):
        yield tuple(
            (currency or None) if key.id == "currency" else _literal(key, shop) for key in keys
        )


def _literal(key: Dimension, shop: ShopScope) -> str | None:
    (column,) = references(key.homes["shops"])
    return shop.literal(column)


def _between(day: str, days: tuple[int, int]) -> str:
    return f"{day} BETWEEN {days[0]} AND {days[1]}"


def _any(conditions: Iterable[str]) -> str:
    made = list(conditions)
    return made[0] if len(made) == 1 else f"({' OR '.join(made)})"


def _all(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else f"({' AND '.join(conditions)})"
