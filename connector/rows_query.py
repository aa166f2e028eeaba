"""rows.csv and rows.ndjson: the query of an address → the request of a plan. Pure.

The names are those of getData's configParams, and besides:

    fields   ids, joined by commas, in the order of the columns
    start, end   inclusive days, 2026-08-01, in the report's zone
    filter   any number, all of which must hold. Either `field:OPERATOR:value` with Looker's
             operators, `NOT_` before one to exclude, the values of IN_LIST and BETWEEN joined by
             commas: `order_status:NOT_IN_LIST:CANCELLED,UNPAID`; or Looker's dimensionsFilters as
             JSON, for values with commas and for filters joined by OR. Dates may be written as
             the file shows them (2026-08-01, 2026-W31)
    limit, offset   rows to give, rows to leave out first; the order is that of the columns
    header   `ids` or `labels`; bom=1 a byte order mark, for Excel; plain=1 texts as they are, also
             where a spreadsheet takes one for a formula (these three: rows.csv only)

What is not understood is refused, not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import orjson

from catalogue.fields import FIELDS
from connector.body import MOST_ROWS
from connector.cells import Form, csv_header
from connector.request import NO, YES, GetDataRequest, Options, parse
from errors import BadRequest, nearest

#: The options of getData's configParams; their values are given on.
_CONFIGURED: Final = frozenset(option.name for option in fields(Options))
_SHARED: Final = frozenset({"fields", "start", "end", "filter", "limit", "offset"}) | _CONFIGURED
_CSV_ONLY: Final = frozenset({"header", "bom", "plain"})
#: Of these several may be given.
_MANY: Final = frozenset({"fields", "shops", "filter"})
_SEVERAL_VALUES: Final = frozenset({"IN_LIST", "BETWEEN"})
_MOST_DIGITS: Final = 9
_BYTE_ORDER_MARK: Final = "\ufeff".encode()


@dataclass(frozen=True)
class RowsRequest:
    """`opening`: what comes before the first row."""

    asked: GetDataRequest
    form: Form
    opening: bytes = b""


def rows_request(query: Mapping[str, Sequence[str]], *, csv: bool) -> RowsRequest:
    """`query`: every parameter with its values.

    Raises BadRequest with the code of what is wrong.
    """
    _check_names(query, csv=csv)
    once = {name: values[0].strip() for name, values in query.items()}
    asked = parse(
        {
            "configParams": {
                name: ",".join(values) for name, values in query.items() if name in _CONFIGURED
            },
            "fields": [{"name": name} for name in _listed(query.get("fields", ()))],
            "dateRange": _date_range(once),
            "dimensionsFilters": [
                group for text in query.get("filter", ()) for group in _groups(text.strip())
            ],
            "pagination": _pagination(once),
        }
    )
    if not csv:
        return RowsRequest(asked, "ndjson")
    labels = _chosen(once, "header", ("ids", "labels")) == "labels"
    titles = [FIELDS[name].label if labels else name for name in asked.fields]
    mark = _BYTE_ORDER_MARK if _is_on(once, "bom") else b""
    form: Form = "plain_csv" if _is_on(once, "plain") else "csv"
    return RowsRequest(asked, form, mark + csv_header(titles))


def _check_names(query: Mapping[str, Sequence[str]], *, csv: bool) -> None:
    known = _SHARED | _CSV_ONLY if csv else _SHARED
    for name, values in query.items():
        if name not in known:
            near = nearest(name[:80], known)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            where = "rows.csv" if csv else "rows.ndjson"
            raise BadRequest(f"{where} has no parameter {name[:80]!r}.{hint}")
        if len(values) > 1 and name not in _MANY:
            raise BadRequest(f"Give the parameter {name} once.")


def _listed(texts: Sequence[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _chosen(once: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    value = once.get(name) or choices[0]
    if value not in choices:
        raise BadRequest(f"{name} is {value[:60]!r}; it can be {' or '.join(choices)}.")
    return value


def _is_on(once: Mapping[str, str], name: str) -> bool:
    value = once.get(name, "").lower()
    if value not in YES | NO:
        raise BadRequest(f"{name} is {value[:60]!r}; it can be 1 or 0.")
    return value in YES


def _date_range(once: Mapping[str, str]) -> dict[str, str] | None:
    start, end = once.get("start", ""), once.get("end", "")
    if bool(start) != bool(end):
        raise BadRequest(
            "A date range needs both start and end, as in start=2026-08-01&end=2026-08-31.",
            code="bad_date_range",
        )
    return {"startDate": start, "endDate": end} if start else None


def _pagination(once: Mapping[str, str]) -> dict[str, int] | None:
    if "limit" not in once and "offset" not in once:
        return None
    limit, offset = once.get("limit", str(MOST_ROWS)), once.get("offset", "0")
    for name, value in (("limit", limit), ("offset", offset)):
        if not (value.isascii() and value.isdecimal() and len(value) < _MOST_DIGITS):
            raise BadRequest(f"{name} is {value[:60]!r}; it must be a whole number.")
    return {"startRow": int(offset) + 1, "rowCount": int(limit)}


# -- filters --------------------------------------------------------------------------------------


def _groups(text: str) -> list[list[dict[str, Any]]]:
    """A filter as groups of Looker's clauses: OR within a group, AND between them."""
    if not text.startswith("["):
        return [[_clause(text)]]
    try:
        groups = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            "A filter that begins with [ must be JSON, like dimensionsFilters.",
            debug=str(error)[:200],
        ) from error
    if not all(
        isinstance(group, list) and all(isinstance(clause, dict) for clause in group)
        for group in groups
    ):
        raise BadRequest(
            "A filter in JSON is a list of lists of clauses: all of the outer list must hold, and "
            "one of each inner list."
        )
    return [list(group) for group in groups]


def _clause(text: str) -> dict[str, Any]:
    """`field:OPERATOR:value`; the value may hold colons."""
    field, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    operator = operator.strip().upper()
    if not operator:
        raise BadRequest(
            f"The filter {text[:60]!r} has no operator; filters look like "
            "order_status:EQUALS:COMPLETED."
        )
    excludes = operator.startswith("NOT_")
    operator = operator.removeprefix("NOT_")
    values = [value]
    if operator in _SEVERAL_VALUES:
        values = value.split(",")
    elif operator == "IS_NULL" and not value:
        values = []
    return {
        "fieldName": field.strip(),
        "operator": operator,
        "type": "EXCLUDE" if excludes else "INCLUDE",
        "values": values,
    }
