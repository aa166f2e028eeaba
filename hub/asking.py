"""Pages ask the answer engine what a chart could ask it, and gather what is to be said of it.

A page never waits for TikTok. Its first question has what is newer asked for, for whoever looks
next; the others take what is there, so that all parts of a page show the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from connector.fetch import Answer, Patience
from connector.request import GetDataRequest, parse
from connector.rows import Ask, Row, rows
from connector.subjects import Subject
from errors import ConnectorError
from store.accounts import Principal

_DAY: Final = dt.timedelta(days=1)

#: (field, operator, values)
Filter = tuple[str, str, Sequence[str]]
#: All of the outer sequence must hold, and one of each inner one.
Filters = Sequence[Sequence[Filter]]


@dataclass(frozen=True, slots=True)
class Days:
    """First and last day, both within."""

    first: dt.date
    last: dt.date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def every(self) -> list[dt.date]:
        return [self.first + number * _DAY for number in range(self.length)]


@dataclass(frozen=True, slots=True)
class Counting:
    """How orders are dated and in which currency amounts are: as in configParams, where a currency
    is chosen only among several, for to choose the only one would cost a look at every order."""

    currency: str = ""
    seller_center: bool = False
    order_date: str = "created"
    time_zone: str = ""


@dataclass
class Asking:
    """Asks about one subject. `problems` and `notes` are sentences, each once, as they came;
    `asked` names the subjects of which what is newer was asked for."""

    ask: Ask
    who: Principal
    subject: Subject
    days: Days
    counting: Counting
    problems: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def on(self, days: Days) -> Asking:
        """About other days; what is to be said of them is gathered apart."""
        return replace(self, days=days, problems={}, notes={})

    def counted(self, counting: Counting) -> Asking:
        """With another way of counting; what is to be said is gathered in the same place."""
        return replace(self, counting=counting)

    def answer(self, fields: Sequence[str], filters: Filters = ()) -> Answer | None:
        """None where it cannot be answered; why is among the problems."""
        patience: Patience = "as it is" if self.subject.key in self.asked else "none"
        self.asked.add(self.subject.key)
        try:
            request = question(self.subject, fields, self.days, self.counting, filters)
            answer = self.ask(self.who, request, "ndjson", patience)
        except ConnectorError as error:
            self.problems[error.message] = None
            return None
        self.notes.update(dict.fromkeys(answer.about.notes))
        return answer

    def rows(self, fields: Sequence[str], filters: Filters = ()) -> list[Row]:
        """None of them where it cannot be answered."""
        answer = self.answer(fields, filters)
        return rows(answer) if answer is not None else []


def question(
    subject: Subject, fields: Sequence[str], days: Days, counting: Counting, filters: Filters = ()
) -> GetDataRequest:
    """The request of a chart. Raises BadRequest."""
    return parse(
        {
            "configParams": {
                "shops": subject.shop_ids,
                "client": subject.client,
                "currency": counting.currency if len(subject.currencies) > 1 else "",
                "seller_center": counting.seller_center,
                "order_date": counting.order_date,
                "time_zone": counting.time_zone,
            },
            "fields": [{"name": name} for name in fields],
            "dateRange": {"startDate": f"{days.first}", "endDate": f"{days.last}"},
            "dimensionsFilters": [
                [
                    {"fieldName": name, "operator": operator, "type": "INCLUDE", "values": values}
                    for name, operator, values in group
                ]
                for group in filters
            ],
        }
    )
