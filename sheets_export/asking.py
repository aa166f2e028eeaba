"""An export's definition → what the answers say → the table that is written.

A table, its totals and what it is compared with are answers of their own, asked like those of a
chart: nothing is added up here, so that a sheet and a chart cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import orjson

from connector.about import About
from connector.fetch import Answer, Patience
from connector.request import GetDataRequest, Options
from connector.rows import Row, rows
from connector.zones import today, zone_info
from errors import BadRequest
from sheets_export.compare import Comparison, Shift
from sheets_export.date_ranges import Days
from sheets_export.definition import Definition, Sort
from sheets_export.grid import table
from sheets_export.table import Table
from store.accounts import ShopRow, WorkspaceScope

#: A shop that is one of many is not named in a spreadsheet.
_SHOPS_NAMED: Final = 5
#: What is said of the dates to compare with.
_EARLIER: Final = "Of the earlier dates: {note}"
_EARLIER_MISSING: Final = (
    "Some of the earlier dates, which these are compared with, are not imported yet and empty."
)
_SEVERAL_CURRENCIES: Final = "No totals: amounts in several currencies are never added up."

#: (workspace, request, patience) -> the answer as ndjson.
Ask = Callable[[WorkspaceScope, GetDataRequest, Patience], Answer]
#: The shops that options name, and the currencies of a shop.
ChooseShops = Callable[[WorkspaceScope, Options], Sequence[ShopRow]]
CurrenciesOf = Callable[[ShopRow], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asking:
    ask: Ask
    choose_shops: ChooseShops
    currencies: CurrenciesOf

    def answered(
        self,
        workspace: WorkspaceScope,
        made: Definition,
        now: float,
        *,
        patience: Patience = "usual",
        refresh: str = "",
        most_rows: int = 0,
    ) -> Answered:
        """`refresh`: a word that is another one for each refresh somebody waits for, so that newer
        data is waited for a little longer. `most_rows` limits the rows further, for a preview.

        Raises what the answers raise: BadRequest, NotReady."""
        shops = self.choose_shops(workspace, made.options)
        # Seller Center counts in the shop's own days, and so does the answer.
        day = today(shops[0].shop_zone if made.seller_center else made.zone, now)
        days = made.days(day)
        asked = replace(made.rows(days), last_refresh=refresh)
        limit = min(filter(None, (made.row_limit, most_rows)), default=0)
        if limit and not made.sort:
            # One more, to know whether there are more.
            asked = replace(asked, row_count=limit + 1)
        answer = self.ask(workspace, asked, patience)
        found = in_order(rows(answer), made.sort) if made.sort else read_rows(answer)
        shown = islice(found, limit or None)
        totals, note = self._totals(workspace, made, days)
        compared, of_earlier = self._compared(workspace, made, day, with_totals=totals is not None)
        of_now = (*answer.about.notes, *note)
        currency = self._currency(made, shops)
        return Answered(
            table=_keyed(
                table(made.fields, shown, currency=currency, totals=totals, compared=compared),
                made.keys,
            ),
            days=days,
            about=answer.about,
            notes=tuple(dict.fromkeys((*of_now, *_earlier_notes(of_earlier, of_now)))),
            shops=shops,
            is_cut=0 < limit < answer.body.rows,
        )

    def _totals(
        self, workspace: WorkspaceScope, made: Definition, days: Days
    ) -> tuple[Row | None, Sequence[str]]:
        asked = made.totals_of(days)
        if asked is None:
            return None, ()
        try:
            # The rows have just had newer data asked for.
            (found,) = rows(self.ask(workspace, asked, "as it is"))
        except BadRequest as error:
            if error.code != "mixed_currency":
                raise
            return None, (_SEVERAL_CURRENCIES,)
        return found, ()

    def _compared(
        self, workspace: WorkspaceScope, made: Definition, day: dt.date, *, with_totals: bool
    ) -> tuple[Comparison | None, About | None]:
        """The earlier rows, and what their answer says of itself."""
        earlier = made.earlier(day) if made.metrics else None
        if earlier is None:
            return None, None
        asked = replace(made.rows(earlier.of), row_count=None)
        answer = self.ask(workspace, asked, "as it is")
        totals, _ = self._totals(workspace, made, earlier.of) if with_totals else (None, ())
        compared = Comparison(
            label="previous_year" if made.compare == "previous_year" else "previous_period",
            rows=rows(answer),
            shift=Shift(days=earlier.days, months=earlier.months),
            totals=totals,
        )
        return compared, answer.about

    def _currency(self, made: Definition, shops: Sequence[ShopRow]) -> str:
        """That of all amounts, "" where there are several."""
        known = {made.currency.upper()} if made.currency else set()
        known = known or {name for shop in shops for name in self.currencies(shop)}
        return known.pop() if len(known) == 1 else ""


@dataclass(frozen=True, slots=True)
class Answered:
    """`days`: those that were asked for; `is_cut`: there are more rows than the limit allows."""

    table: Table
    days: Days
    about: About
    notes: tuple[str, ...]
    shops: Sequence[ShopRow]
    is_cut: bool

    @property
    def is_whole(self) -> bool:
        """Whether it has every row of its days."""
        return not (self.is_cut or self.about.partial)

    @property
    def range_in_words(self) -> str:
        return f"{self.days.first} to {self.days.last}"

    def coverage_in_words(self, zone: str) -> str:
        """Since when there is data, and as of when; instants by the clock of `zone`."""
        parts = []
        if self.about.covered_from is not None:
            parts.append(f"from {self.about.covered_from}")
        if self.about.as_of is not None:
            there = dt.datetime.fromtimestamp(self.about.as_of, zone_info(zone))
            parts.append(f"as of {there:%Y-%m-%d %H:%M} ({zone})")
        if self.about.partial:
            parts.append("some days are not imported yet and empty")
        return ", ".join(parts)

    @property
    def shops_in_words(self) -> str:
        names = [shop.name for shop in self.shops]
        if len(names) <= _SHOPS_NAMED:
            return ", ".join(names)
        return f"{', '.join(names[:_SHOPS_NAMED])} and {len(names) - _SHOPS_NAMED} more"


def _earlier_notes(about: About | None, of_now: Sequence[str]) -> Iterator[str]:
    """What is to be said of the earlier dates alone."""
    if about is None:
        return
    if about.partial:
        yield _EARLIER_MISSING
    for note in about.notes:
        if note not in of_now:
            yield _EARLIER.format(note=note)


def _keyed(made: Table, keys: Sequence[str]) -> Table:
    columns = (replace(column, is_key=column.field_id in keys) for column in made.columns)
    return replace(made, columns=tuple(columns))


def read_rows(answer: Answer) -> Iterator[Row]:
    """The rows of an answer one by one: a large one is never there as a list. Every piece of a body
    ends with a whole row."""
    for chunk in answer.body.chunks:
        for line in chunk.splitlines():
            yield orjson.loads(line)


def in_order(found: Sequence[Row], sort: Sequence[Sort]) -> Sequence[Row]:
    """Rows sorted by these fields, the first one counting most; empty values always last. Pure."""
    ordered = list(found)
    for one in reversed(sort):
        known = [row for row in ordered if row[one.field] is not None]
        unknown = [row for row in ordered if row[one.field] is None]
        known.sort(key=lambda row: _comparable(row[one.field]), reverse=one.descending)
        ordered = known + unknown
    return ordered


def _comparable(value: str | float | bool | None) -> tuple[bool, float, str]:
    is_text = isinstance(value, str)
    return is_text, 0.0 if is_text or value is None else float(value), str(value)
