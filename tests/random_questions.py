"""Random getData requests about the shops of `tests.half_read_shops`: mostly of fields that go
together, over ranges that cross the edges of what was read and of what TikTok tells."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from benchmarks.oracle import answer, goes_with
from benchmarks.oracle_asked import CannotCombine, NotReady
from benchmarks.oracle_coverage import CachedShop
from benchmarks.oracle_fields import DIMENSIONS, HASHED, TIME_DIMENSIONS
from benchmarks.oracle_metrics import METRICS
from benchmarks.oracle_reach import FACTS
from catalogue.fields import FIELDS
from tests.half_read_shops import OPEN_DAYS, SHOP_IDS

#: Fields of what the answer says of itself: they go with everything and change nothing.
ANSWER_DIMENSIONS: Final = ("data_as_of", "covered_from", "data_note")
#: Addresses of pictures are made by each side in its own way, and the moment of a reading is known
#: to us alone.
LEFT_OUT: Final = frozenset(
    {"sku_image", "sku_image_url", "product_image", "product_image_url", "snapshot_time"}
)
DIMENSION_NAMES: Final = sorted(set(DIMENSIONS) & set(FIELDS) - LEFT_OUT)
METRIC_NAMES: Final = sorted(set(METRICS) & set(FIELDS) - LEFT_OUT)
OF_TIME_AND_SHOP: Final = sorted(
    {name for name in DIMENSION_NAMES if DIMENSIONS[name].reads in ("time", "hour", "shop")}
)
#: The hash of a buyer is known to us alone; Paid Date moves the axis, see `tests.test_plan`.
NOT_FILTERED: Final = HASHED | {"paid_date"}
ZONES: Final = ("", "", "UTC", "America/Los_Angeles", "Asia/Jakarta", "Asia/Kathmandu")
LENGTHS: Final = (1, 1, 2, 7, 14, 28, 45, 62, 80)
#: Facts by which a question is begun; those that most reports are about come up more often.
BEGINNINGS: Final = (*FACTS, *("orders", "lines", "return_lines", "transactions", "shop_days"))
PATTERNS: Final = ("[A-F0-3]$", "^(7|S|C)", "[a-e]{2}", "(?i)E.*[TN]", "^$", "\\d{4}")
TEXT_OPERATORS: Final = (
    *("EQUALS", "CONTAINS", "IN_LIST", "REGEXP_EXACT_MATCH", "REGEXP_PARTIAL_MATCH"),
    *("IS_NULL", "BETWEEN"),
)
NUMBER_OPERATORS: Final = (
    *("NUMERIC_GREATER_THAN", "NUMERIC_GREATER_THAN_OR_EQUAL"),
    *("NUMERIC_LESS_THAN", "NUMERIC_LESS_THAN_OR_EQUAL", "BETWEEN"),
)
#: What metrics are compared with: no value that a ratio is likely to have exactly.
BOUNDS: Final = ("-3.3", "0", "0.37", "1.7", "12.3", "97.7", "1234.5", "250000.5")
CURRENCIES: Final = ("USD", "GBP", "IDR")
_LONG_AGO: Final = {
    "YEAR_MONTH_DAY": "20150101",
    "YEAR_MONTH_DAY_HOUR": "2015010100",
    "YEAR_MONTH_DAY_SECOND": "20150101000000",
}


class KnownValues:
    """Some values that each dimension shows, for filters that meet something."""

    def __init__(self, shops: Iterable[CachedShop], now: float) -> None:
        self._shops = list(shops)
        self._now = now
        self.of = cache(self._of)

    def _of(self, dimension: str) -> list[str]:
        last = dt.datetime.fromtimestamp(self._now, dt.UTC).date()
        first = last - dt.timedelta(days=OPEN_DAYS)
        request = asking([dimension], first, last)
        try:
            found = answer(request, self._shops, self._now).rows
        except (CannotCombine, NotReady):
            return [_unmet(dimension)]
        texts = [
            str(value).lower() if isinstance(value, bool) else str(value)
            for (value,) in found
            if value is not None
        ]
        return texts[:: max(1, len(texts) // 5)] or [_unmet(dimension)]


def _unmet(dimension: str) -> str:
    """A value that no row has; of a time, for anything else is refused as no time."""
    return _LONG_AGO.get(FIELDS[dimension].semantic, "x")


def asking(
    names: Iterable[str], first: dt.date, last: dt.date, hidden: Iterable[str] = (), **options: str
) -> dict[str, Any]:
    """A request for these fields; `hidden` ones are there for filters only."""
    return {
        "configParams": {"shops": "all", **options},
        "dateRange": {"startDate": first.isoformat(), "endDate": last.isoformat()},
        "fields": [{"name": name} for name in names]
        + [{"name": name, "forFilterOnly": True} for name in hidden],
    }


def reads(names: Iterable[str]) -> frozenset[str]:
    return frozenset(DIMENSIONS[name].reads for name in names)


@st.composite
def questions(draw: st.DrawFn, known: KnownValues, now: float) -> dict[str, Any]:
    fact = draw(st.sampled_from(BEGINNINGS))
    # How many orders, and when, is a way of its own.
    counts_only = draw(st.integers(0, 9)) == 0
    some = st.lists(st.sampled_from(OF_TIME_AND_SHOP), max_size=3, unique=True)
    dimensions = draw(some if counts_only else _dimensions(fact))
    shown = OF_TIME_AND_SHOP if counts_only else _shown_by(fact)
    filtered = [
        name
        for name in draw(st.lists(st.sampled_from(shown), max_size=2, unique=True))
        if name not in NOT_FILTERED and draw(st.booleans())
    ]
    metrics = draw(_metrics(fact, reads([*dimensions, *filtered])))
    if counts_only:
        metrics = ["orders", *(name for name in metrics[:1] if name != "orders")]
    if not dimensions and not metrics:
        dimensions = [draw(st.sampled_from(_shown_by(fact)))]
    clauses = [draw(_clauses(name, known)) for name in filtered]
    if metrics and draw(st.integers(0, 4)) == 0:
        clauses.append([draw(_bounds(draw(st.sampled_from(metrics))))])
    shops = draw(st.sampled_from(_CHOICES))
    if len(shops) > 1 and metrics and draw(st.integers(0, 3)) > 0:
        if draw(st.booleans()):
            dimensions = [*dict.fromkeys([*dimensions, "currency"])]
        else:
            one = [draw(st.sampled_from(CURRENCIES))]
            clauses.append([_clause("currency", "EQUALS", one, "INCLUDE")])
    names = draw(st.permutations([*dimensions, *metrics]))
    first, last = draw(_ranges(now))
    options = {"order_date": draw(st.sampled_from(["created", "created", "paid"]))}
    if zone := draw(st.sampled_from(ZONES)):
        options["time_zone"] = zone
    hidden = [name for name in filtered if name not in dimensions]
    request = asking(names, first, last, hidden, **options)
    request["configParams"]["shops"] = ",".join(shops) if len(shops) < len(SHOP_IDS) else "all"
    request["dimensionsFilters"] = clauses
    return request


#: Which shops are asked for: each alone, those with one currency, all of them.
_CHOICES: Final = (
    *((shop,) for shop in SHOP_IDS),
    *(SHOP_IDS[:2], SHOP_IDS[1:3], SHOP_IDS[2:], SHOP_IDS, SHOP_IDS),
)


@cache
def _shown_by(fact: str) -> list[str]:
    return [name for name in DIMENSION_NAMES if DIMENSIONS[name].reads in FACTS[fact].reaches]


@st.composite
def _dimensions(draw: st.DrawFn, fact: str) -> list[str]:
    chosen = draw(st.lists(st.sampled_from(_shown_by(fact)), max_size=3, unique=True))
    if "time" in FACTS[fact].reaches and draw(st.booleans()):
        chosen = ["date", *(name for name in chosen if name not in TIME_DIMENSIONS)]
    if draw(st.integers(0, 14)) == 0:
        chosen.append(draw(st.sampled_from(DIMENSION_NAMES)))
    return list(dict.fromkeys(chosen))


@cache
def _going_with(needs: frozenset[str]) -> list[str]:
    return [name for name in METRIC_NAMES if goes_with(name, needs)]


@cache
def _read_from(fact: str) -> frozenset[str]:
    return frozenset(
        name for name in METRIC_NAMES if fact in getattr(METRICS[name], "facts", (fact,))
    )


@st.composite
def _metrics(draw: st.DrawFn, fact: str, needs: frozenset[str]) -> list[str]:
    fitting = _going_with(needs)
    own = [name for name in fitting if name in _read_from(fact)]
    chosen: list[str] = []
    if own:
        chosen += draw(st.lists(st.sampled_from(own), max_size=3, unique=True))
    if fitting:
        chosen += draw(st.lists(st.sampled_from(fitting), max_size=2, unique=True))
    if draw(st.integers(0, 14)) == 0:
        chosen.append(draw(st.sampled_from(METRIC_NAMES)))
    return list(dict.fromkeys(chosen))


@st.composite
def _ranges(draw: st.DrawFn, now: float) -> tuple[dt.date, dt.date]:
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    last = today - dt.timedelta(days=draw(st.sampled_from([1, 1, 2, 3, *range(4, 70, 5)])))
    return last - dt.timedelta(days=draw(st.sampled_from(LENGTHS)) - 1), last


def _clause(name: str, operator: str, values: list[str], kind: str) -> dict[str, Any]:
    return {"fieldName": name, "operator": operator, "type": kind, "values": values}


@st.composite
def _clauses(draw: st.DrawFn, name: str, known: KnownValues) -> list[dict[str, Any]]:
    return [draw(_about(name, known)) for _ in range(draw(st.sampled_from([1, 1, 2])))]


@st.composite
def _about(draw: st.DrawFn, name: str, known: KnownValues) -> dict[str, Any]:
    dated = NUMBER_OPERATORS if name in TIME_DIMENSIONS else ()
    operator = draw(st.sampled_from([*TEXT_OPERATORS, *dated]))
    values = known.of(name)
    chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))
    if operator == "CONTAINS":
        chosen = [chosen[0][:3]]
    elif operator.startswith("REGEXP"):
        chosen = [draw(st.sampled_from(PATTERNS))]
    elif operator == "IS_NULL":
        chosen = []
    elif operator == "BETWEEN":
        chosen = _ascending(chosen[0], draw(st.sampled_from(values)))
    elif operator != "IN_LIST":
        chosen = chosen[:1]
    kind = draw(st.sampled_from(["INCLUDE", "INCLUDE", "EXCLUDE"]))
    return _clause(name, operator, chosen, kind)


def _ascending(one: str, other: str) -> list[str]:
    """In the order in which they are compared: as numbers where both are; a range from the larger
    to the smaller is refused."""
    are_numbers = all(re.fullmatch(r"[+-]?\d+(\.\d+)?", value.strip()) for value in (one, other))
    return sorted([one, other], key=Decimal if are_numbers else str)


@st.composite
def _bounds(draw: st.DrawFn, metric: str) -> dict[str, Any]:
    operator = draw(st.sampled_from([*NUMBER_OPERATORS, "IS_NULL"]))
    count = {"IS_NULL": 0, "BETWEEN": 2}.get(operator, 1)
    values = sorted((draw(st.sampled_from(BOUNDS)) for _ in range(count)), key=float)
    return _clause(metric, operator, values, draw(st.sampled_from(["INCLUDE", "EXCLUDE"])))
