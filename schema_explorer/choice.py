"""What somebody has put together on the pages, as the address holds it. Pure.

The address is the query of rows.csv, so that it can be sent to others, kept as a bookmark and asked
with a key. A form adds to it a field (`add`), or a filter in three parts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from catalogue.field import Metric
from catalogue.fields import FIELDS
from connector.request import ALL, GetDataRequest
from connector.rows_query import rows_request
from connector.subjects import Subject, client_of

#: What an operator of a filter is called, in the order of the list.
OPERATORS: Final[Mapping[str, str]] = {
    "EQUALS": "is",
    "NOT_EQUALS": "is not",
    "IN_LIST": "is one of (commas between)",
    "NOT_IN_LIST": "is none of (commas between)",
    "CONTAINS": "contains",
    "NOT_CONTAINS": "does not contain",
    "IS_NULL": "is empty",
    "NOT_IS_NULL": "is not empty",
    "BETWEEN": "is between (comma between)",
    "NUMERIC_GREATER_THAN": "is more than",
    "NUMERIC_GREATER_THAN_OR_EQUAL": "is at least",
    "NUMERIC_LESS_THAN": "is less than",
    "NUMERIC_LESS_THAN_OR_EQUAL": "is at most",
    "REGEXP_EXACT_MATCH": "matches the expression",
    "REGEXP_PARTIAL_MATCH": "matches the expression in part",
}
#: The dimension that keeps amounts of several currencies apart.
_APART: Final = "currency"
#: The range that is shown until one is chosen, in days up to yesterday.
USUAL_DAYS: Final = 28


@dataclass(frozen=True, slots=True)
class Choice:
    """`shops`: ids as in configParams, "" until they are chosen; `start` and `end` as typed; a
    filter as `field:OPERATOR:value`. `currency` "" shows each by itself."""

    fields: tuple[str, ...] = ()
    shops: str = ""
    client: str = ""
    start: str = ""
    end: str = ""
    filters: tuple[str, ...] = ()
    currency: str = ""
    seller_center: bool = False

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the address, without the empty ones."""
        found = [
            ("fields", ",".join(self.fields)),
            ("shops", self.shops),
            ("client", self.client),
            ("start", self.start),
            ("end", self.end),
            *(("filter", text) for text in self.filters),
            ("currency", self.currency),
            ("seller_center", "1" if self.seller_center else ""),
        ]
        return [(name, value) for name, value in found if value]

    def address(self, more: Iterable[tuple[str, str]] = ()) -> str:
        """`?…`, or "" when nothing is chosen."""
        query = urlencode([*self.pairs(), *((name, value) for name, value in more if value)])
        return f"?{query}" if query else ""

    def without(self, field: str) -> Choice:
        return replace(self, fields=tuple(name for name in self.fields if name != field))

    def with_field(self, field: str) -> Choice:
        return replace(self, fields=tuple(dict.fromkeys((*self.fields, field))))

    def without_filter(self, text: str) -> Choice:
        return replace(self, filters=tuple(one for one in self.filters if one != text))

    def on_days(self, today: dt.date) -> Choice:
        """With the usual range where none is chosen."""
        if self.start or self.end:
            return self
        first, last = today - dt.timedelta(days=USUAL_DAYS), today - dt.timedelta(days=1)
        return replace(self, start=f"{first}", end=f"{last}")

    def is_about(self, subject: Subject) -> bool:
        return (self.shops, self.client) == (subject.shop_ids, subject.client)

    def about(self, subject: Subject) -> Choice:
        return replace(self, shops=subject.shop_ids, client=subject.client)

    def in_one_currency(self, subject: Subject) -> Choice:
        """With the subject's usual currency where there are amounts that could not be added up."""
        has_amounts = any(is_amount(name) for name in self.fields) and _APART not in self.fields
        if self.currency or len(subject.currencies) < 2 or not has_amounts:
            return self
        return replace(self, currency=subject.currency(""))

    def request(self) -> GetDataRequest:
        """Raises BadRequest for what cannot be asked."""
        return rows_request(self.query(), csv=False).asked

    def query(self) -> dict[str, list[str]]:
        """The parameters as rows.csv takes them."""
        found: dict[str, list[str]] = {}
        for name, value in self.pairs():
            found.setdefault(name, []).append(value)
        return found


def chosen(query: Mapping[str, Sequence[str]]) -> Choice:
    """What an address or a form says; what it says besides is left to the page. A form names what
    the preview is about by the key of a subject (`about`)."""

    def once(name: str) -> str:
        values = query.get(name) or [""]
        return values[0].strip()

    fields = [
        name.strip() for text in query.get("fields", ()) for name in text.split(",") if name.strip()
    ]
    filters = [text.strip() for text in query.get("filter", ()) if text.strip()]
    typed = once("filter_field")
    if typed:
        filters.append(f"{_field_id(typed)}:{once('filter_operator')}:{once('filter_value')}")
    about = once("about")
    client = client_of(about)
    return Choice(
        fields=tuple(dict.fromkeys(fields)),
        shops=(ALL if client else about) or once("shops"),
        client=client if about else once("client"),
        start=once("start"),
        end=once("end"),
        filters=tuple(dict.fromkeys(filters)),
        currency=once("currency"),
        seller_center=once("seller_center") == "1",
    )


def _field_id(typed: str) -> str:
    """The id of a field that is named by its id or its label, whatever its case."""
    lower = typed.lower()
    return next((one.id for one in FIELDS.values() if lower in (one.id, one.label.lower())), typed)


def filter_in_words(text: str) -> str:
    """Such as `Status is not CANCELLED`; what cannot be read is shown as it is."""
    name, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    if name not in FIELDS or operator not in OPERATORS:
        return text
    words = OPERATORS[operator].partition(" (")[0]
    return f"{FIELDS[name].label} {words} {value.replace(',', ', ')}".strip()


def as_looker(asked: GetDataRequest) -> dict[str, Any]:
    """The body that Looker Studio sends for the same question."""
    options = asked.options
    config = {
        "shops": ",".join(options.shops),
        "client": options.client,
        "currency": options.currency,
        "time_zone": options.time_zone,
        "order_date": options.order_date,
        "seller_center": "true" if options.seller_center else "",
    }
    body: dict[str, Any] = {
        "configParams": {name: value for name, value in config.items() if value},
        "fields": [{"name": name} for name in asked.fields],
    }
    if asked.start and asked.end:
        body["dateRange"] = {"startDate": f"{asked.start}", "endDate": f"{asked.end}"}
    if asked.filters:
        body["dimensionsFilters"] = [
            [
                {
                    "fieldName": clause.field,
                    "operator": clause.operator,
                    "type": "EXCLUDE" if clause.exclude else "INCLUDE",
                    "values": list(clause.values),
                }
                for clause in group
            ]
            for group in asked.filters
        ]
    return body


def is_metric(name: str) -> bool:
    return isinstance(FIELDS.get(name), Metric)


def is_amount(name: str) -> bool:
    known = FIELDS.get(name)
    return isinstance(known, Metric) and known.is_money
