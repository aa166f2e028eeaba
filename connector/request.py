"""Looker Studio's getData request, read strictly: what is not understood is refused, not guessed.

Shape: developers.google.com/looker-studio/connector/reference, getData(); `pagination` is sent in
practice though it is not on that page.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalogue.field import Dimension
from catalogue.fields import FIELDS
from connector.clause_times import read_times
from connector.zones import zone_called
from errors import BadRequest, nearest

OPERATORS: Final[dict[str, tuple[int, int | None]]] = {
    "EQUALS": (1, 1),
    "CONTAINS": (1, 1),
    "IN_LIST": (1, None),
    "REGEXP_EXACT_MATCH": (1, 1),
    "REGEXP_PARTIAL_MATCH": (1, 1),
    "IS_NULL": (0, 0),
    "BETWEEN": (2, 2),
    "NUMERIC_GREATER_THAN": (1, 1),
    "NUMERIC_GREATER_THAN_OR_EQUAL": (1, 1),
    "NUMERIC_LESS_THAN": (1, 1),
    "NUMERIC_LESS_THAN_OR_EQUAL": (1, 1),
}
#: What a check box, or an address, may say.
YES: Final = frozenset({"1", "true", "yes"})
NO: Final = frozenset({"", "0", "false", "no"})
ORDER_DATES: Final = ("created", "paid")
#: Of the shops, or of the clients: no choice among them.
ALL: Final = "all"
#: Amounts are kept apart by currency, which charts then show as a dimension.
EACH_CURRENCY: Final = "each"
MOST_FIELDS: Final = 400
MOST_CLAUSES: Final = 1_000
MOST_VALUES: Final = 10_000
#: RE2 takes time in proportion to a pattern's size, and repetitions multiply it.
MOST_PATTERNS: Final = 20
LONGEST_PATTERN: Final = 500
MOST_REPETITIONS: Final = 200
_REPETITION: Final = re.compile(r"\{(\d*),?(\d*)\}", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WHOLE_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
#: Of `lastRefresh`, which Looker Studio does not explain.
_LONGEST_REFRESH: Final = 100
_FIRST_YEAR: Final = 2015
_LAST_YEAR: Final = 2100


@dataclass(frozen=True)
class Clause:
    field: str
    operator: str
    values: tuple[str, ...]
    exclude: bool


@dataclass(frozen=True)
class Options:
    """configParams. `shops`: ids as chosen, or ("all",); `workspace`: id of the one they were
    chosen in, empty when it was not said; `time_zone` empty: each shop's setting. `seller_center`:
    count as Seller Center does, by the day of payment in each shop's own zone."""

    shops: tuple[str, ...]
    client: str = ""
    time_zone: str = ""
    currency: str = ""
    order_date: str = "created"
    strict: bool = False
    seller_center: bool = False
    workspace: str = ""


@dataclass(frozen=True)
class GetDataRequest:
    """`fields`: ids to answer, in order, without those that are for filters only. `start` and
    `end`: inclusive days in the report's zone. `last_refresh`: text that Looker Studio changes when
    somebody wants fresh data."""

    fields: tuple[str, ...]
    options: Options
    start: dt.date | None = None
    end: dt.date | None = None
    filters: tuple[tuple[Clause, ...], ...] = ()
    first_row: int = 0
    row_count: int | None = None
    sample_extraction: bool = False
    last_refresh: str = ""


def parse(body: object) -> GetDataRequest:
    """Raises BadRequest with the code of what is wrong."""
    request = _mapping(body, "The request")
    fields = _list(request.get("fields"), "fields")
    if not fields:
        raise BadRequest("Ask for at least one field.")
    if len(fields) > MOST_FIELDS:
        raise BadRequest(f"At most {MOST_FIELDS} fields can be asked for at once.")
    wanted = [_mapping(field, "A field") for field in fields]
    names = [_known_field(field.get("name")) for field in wanted]
    start, end = _date_range(request.get("dateRange"))
    first_row, row_count = _pagination(request.get("pagination"))
    script = _mapping(request.get("scriptParams") or {}, "scriptParams")
    shown = tuple(
        name
        for name, field in zip(names, wanted, strict=True)
        if field.get("forFilterOnly") is not True
    )
    if not shown:
        raise BadRequest("Ask for at least one field that is not for filters only.")
    is_sample = script.get("sampleExtraction") is True
    return GetDataRequest(
        fields=shown,
        options=_options(request.get("configParams"), is_sample=is_sample),
        start=start,
        end=end,
        filters=_filters(request.get("dimensionsFilters")),
        first_row=first_row,
        row_count=row_count,
        sample_extraction=is_sample,
        last_refresh=str(script.get("lastRefresh") or "")[:_LONGEST_REFRESH],
    )


def _options(config_params: object, *, is_sample: bool) -> Options:
    """Examples are the same for all shops, and may be wanted before any is chosen."""
    params = _mapping(config_params or {}, "configParams")
    return parse_options({"shops": ALL, **params} if is_sample else params)


def parse_options(config_params: object) -> Options:
    """Raises BadRequest: shops are mandatory, an unknown zone or axis is named."""
    params = _mapping(config_params or {}, "configParams")
    shops = tuple(part.strip() for part in _text(params.get("shops")).split(",") if part.strip())
    if not shops:
        raise BadRequest("Choose at least one shop in the data source's configuration.")
    time_zone = _text(params.get("time_zone"))
    if time_zone:
        time_zone = zone_called(time_zone)
    order_date = _text(params.get("order_date")) or "created"
    if order_date not in ORDER_DATES:
        raise BadRequest(f"order_date is {order_date[:60]!r}; it can be created or paid.")
    seller_center = _is_checked(params, "seller_center")
    currency = _text(params.get("currency"))
    if currency == EACH_CURRENCY:
        currency = ""
    client = _text(params.get("client"))
    if currency and not (len(currency) == 3 and currency.isalpha() and currency.isascii()):
        raise BadRequest(f"{currency[:60]!r} is not a currency code such as USD.")
    if any(shop.lower() == ALL for shop in shops):
        shops = (ALL,)
    return Options(
        shops=tuple(dict.fromkeys(shops)),
        client="" if client.lower() == ALL else client,
        time_zone="" if seller_center else time_zone,
        currency=currency.upper(),
        order_date="paid" if seller_center else order_date,
        strict=_is_checked(params, "strict"),
        seller_center=seller_center,
        workspace=_text(params.get("workspace")),
    )


def report_zone(options: Options, chosen: str | None, own: str) -> str:
    """Zone of a shop's days in the report: `chosen` for the shop, `own` the shop's own."""
    return own if options.seller_center else options.time_zone or chosen or "UTC"


def _is_checked(params: Mapping[str, object], name: str) -> bool:
    value = _text(params.get(name)).lower()
    if value not in YES | NO:
        raise BadRequest(f"{name} is {value[:60]!r}; it can be true or false.")
    return value in YES


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise BadRequest(f"{what} must be a JSON object.")
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise BadRequest(f"{what} must be a list.")
    return value


def _text(value: object) -> str:
    """configParams arrive as text, though a number or a boolean is sent now and then."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, str | int | float):
        return str(value).strip()
    raise BadRequest("A value in configParams must be text.")


def _known_field(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise BadRequest("A field needs a name.")
    if name not in FIELDS:
        near = nearest(name[:80], FIELDS)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise BadRequest(
            f"There is no field called {name[:80]!r}.{hint} Refresh the fields of the data source "
            "if it was made long ago.",
            code="unknown_field",
        )
    return name


def _day(value: object) -> dt.date:
    try:
        day = dt.date.fromisoformat(
            value if isinstance(value, str) and _DAY.fullmatch(value) else ""
        )
    except ValueError:
        raise BadRequest(
            f"{str(value)[:40]!r} is not a day; dates look like 2026-08-31.", code="bad_date_range"
        ) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadRequest(
            f"{value} is outside the years that can be asked for ({_FIRST_YEAR} to {_LAST_YEAR}).",
            code="bad_date_range",
        )
    return day


def _date_range(value: object) -> tuple[dt.date | None, dt.date | None]:
    if value is None:
        return None, None
    if not isinstance(value, Mapping) or not {"startDate", "endDate"} <= set(value):
        raise BadRequest("dateRange needs a startDate and an endDate.", code="bad_date_range")
    start, end = _day(value.get("startDate")), _day(value.get("endDate"))
    if start > end:
        raise BadRequest(
            f"The date range ends ({end}) before it starts ({start}).", code="bad_date_range"
        )
    return start, end


def _pagination(value: object) -> tuple[int, int | None]:
    """(rows to leave out, rows to give); startRow counts from 1."""
    if value is None:
        return 0, None
    pagination = _mapping(value, "pagination")
    numbers = [str(pagination.get("startRow", 1)), str(pagination.get("rowCount"))]
    if not all(_WHOLE_NUMBER.fullmatch(number) for number in numbers):
        raise BadRequest("pagination needs a startRow and a rowCount in whole numbers.")
    start_row, row_count = map(int, numbers)
    return max(start_row - 1, 0), row_count


def _filters(value: object) -> tuple[tuple[Clause, ...], ...]:
    if value is None:
        return ()
    groups = tuple(
        tuple(dict.fromkeys(_clause(clause) for clause in _list(group, "A group of filters")))
        for group in _list(value, "dimensionsFilters")
    )
    if sum(len(group) for group in groups) > MOST_CLAUSES:
        raise BadRequest(f"At most {MOST_CLAUSES} filter clauses can be used at once.")
    patterns = [
        clause.values[0]
        for group in groups
        for clause in group
        if clause.operator.startswith("REGEXP_")
    ]
    if len(patterns) > MOST_PATTERNS:
        raise BadRequest(f"At most {MOST_PATTERNS} regular expressions can be used at once.")
    for pattern in patterns:
        bounds = _REPETITION.findall(pattern)
        repeated = sum(max(int(low or 0), int(high or 0)) for low, high in bounds)
        if len(pattern) > LONGEST_PATTERN or repeated > MOST_REPETITIONS:
            raise BadRequest(
                f"The regular expression {pattern[:40]!r} is too large: at most {LONGEST_PATTERN} "
                f"characters, and {MOST_REPETITIONS} for all repetitions such as {{1,9}} together."
            )
    return tuple(dict.fromkeys(group for group in groups if group))


def _clause(value: object) -> Clause:
    clause = _mapping(value, "A filter clause")
    about = FIELDS[_known_field(clause.get("fieldName"))]
    filter_on = f"The filter on {about.label}"
    operator = clause.get("operator")
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise BadRequest(f"{filter_on} uses an unknown operator: {str(operator)[:60]}.")
    if clause.get("type") not in ("INCLUDE", "EXCLUDE"):
        raise BadRequest(f"{filter_on} must be of type INCLUDE or EXCLUDE.")
    values = _list(clause.get("values") or [], f"The values of the filter on {about.label}")
    if len(values) > MOST_VALUES:
        raise BadRequest(f"{filter_on} has more than {MOST_VALUES} values.")
    fewest, most = OPERATORS[operator]
    if len(values) < fewest or (most is not None and len(values) > most):
        raise BadRequest(f"{filter_on} has the wrong number of values for {operator}.")
    if not all(isinstance(item, str | int | float | bool) for item in values):
        raise BadRequest(f"{filter_on} has a value that is not text.")
    shown = tuple(_shown(item) for item in values)
    if isinstance(about, Dimension):
        operator, shown = read_times(about, operator, shown)
    return Clause(
        field=about.id, operator=operator, values=shown, exclude=clause["type"] == "EXCLUDE"
    )


def _shown(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
