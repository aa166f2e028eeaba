"""A day's sales from everything that was placed to TikTok's own figure, in named steps. Pure.

    placed        total of all orders created on the day, days in the zone of reports
    + unpaid      less what was never paid
    + tax, shipping   less what buyers paid besides the goods
    = GMV as reports show it
    + axis        by the day of payment instead of creation
    + zone        days in the shop's own zone
    = ours        GMV as Seller Center counts it
    + reasons     what TikTok may count otherwise: on hold, samples, cancelled, cash on delivery
    = TikTok's    `gmv` of the shop's day (shop performance, 202509)

Every step is the difference of two answers of the engine, so the steps always add up. What TikTok
counts otherwise nobody tells: a reason is given where it makes the difference to the cent, alone or
together with others; else the difference stays open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from connector.rows import Row

_CENT: Final = Decimal("0.01")
_ZERO: Final = Decimal("0.00")
#: What a difference is put down to where nothing shows what makes it.
_AGE: Final = "Sync age"
#: TikTok counts the last days anew until they are final (Data Analytics: two to three days).
COUNTED_ANEW: Final = dt.timedelta(days=3)

#: Metric of a question by way of counting. Reports: by creation, in the zone of reports.
REPORTS: Final = ("date", "payment_total_amount", "gmv_customer_payment", "gmv")
BY_PAYMENT: Final = ("date", "gmv")
SELLER_CENTER: Final = (
    *("date", "gmv", "cancelled_gmv", "paid_orders", "items_sold"),
    *("shop_gmv", "shop_orders", "shop_items_sold"),
)
#: Of these orders alone: on hold, free samples, and paid in cash on delivery.
APART: Final = ("date", "order_status", "is_sample_order", "is_cod", "gmv")
#: Of orders that are paid in cash on delivery alone, by creation, in the shop's own zone.
CASH_PLACED: Final = ("date", "gmv")


@dataclass(frozen=True, slots=True)
class Step:
    """`amount` leads from the sum before it to the next."""

    label: str
    about: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Reason:
    """Why TikTok's figure differs. `amount` is what it explains."""

    label: str
    about: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bridge:
    """One day, or the whole range where `day` is None. `theirs` None: TikTok has told nothing of
    the day. `is_read`: our orders of it are imported whole; where they are not, our figures are
    those of a part or of nothing, and there is no difference to explain. `open`: what no reason
    explains; `is_open`: of some day, even where days together make up for each other. Counts are
    ours and theirs."""

    day: dt.date | None
    placed: Decimal
    steps: tuple[Step, ...]
    reported: Decimal
    ours: Decimal
    theirs: Decimal | None
    reasons: tuple[Reason, ...]
    open: Decimal
    orders: tuple[int, int | None]
    items: tuple[int, int | None]
    is_read: bool = True
    is_open: bool = False

    @property
    def difference(self) -> Decimal | None:
        return self.theirs - self.ours if self.theirs is not None and self.is_read else None

    @property
    def verdict(self) -> str:
        """`unread`, `unknown`, `same`, `explained`, `changing` (it may still go away by itself) or
        `open`."""
        if not self.is_read:
            return "unread"
        if self.theirs is None:
            return "unknown"
        if self.is_open:
            return "open"
        if any(reason.label == _AGE for reason in self.reasons):
            return "changing"
        return "explained" if self.difference else "same"


@dataclass(frozen=True, slots=True)
class Answers:
    """Rows by the questions above. `read_until`: the last day, in the shop's own zone, that was
    over when orders were last read; `unread`: days up to then whose orders are not imported
    whole."""

    reports: Sequence[Row]
    by_payment: Sequence[Row]
    seller_center: Sequence[Row]
    apart: Sequence[Row]
    cash_placed: Sequence[Row]
    read_until: dt.date | None
    unread: Collection[dt.date] = ()


def bridges(days: Iterable[dt.date], answers: Answers, today: dt.date) -> list[Bridge]:
    """One for each of the days, in their order; `today` in the shop's own zone."""
    reports, by_payment = _by_day(answers.reports), _by_day(answers.by_payment)
    own = _by_day(answers.seller_center)
    on_hold, samples, cash_paid = _apart(answers.apart)
    cash_placed = _by_day(answers.cash_placed)
    found = []
    for day in days:
        text = f"{day}"
        report, center = reports.get(text, {}), own.get(text, {})
        placed, paid = (
            _money(report, "payment_total_amount"),
            _money(report, "gmv_customer_payment"),
        )
        reported, by_paid = _money(report, "gmv"), _money(by_payment.get(text, {}), "gmv")
        ours = _money(center, "gmv")
        theirs = None if center.get("shop_gmv") is None else _money(center, "shop_gmv")
        apart = {
            "on_hold": on_hold.get(text, _ZERO),
            "samples": samples.get(text, _ZERO),
            "cancelled": _money(center, "cancelled_gmv"),
            "cash": cash_paid.get(text, _ZERO) - _money(cash_placed.get(text, {}), "gmv"),
        }
        is_read = day not in answers.unread
        reasons, still_open = _reasons(
            theirs - ours if theirs is not None and is_read else _ZERO,
            apart,
            _age(day, answers.read_until, today),
        )
        found.append(
            Bridge(
                day=day,
                placed=placed,
                steps=tuple(_steps(placed, paid, reported, by_paid, ours)),
                reported=reported,
                ours=ours,
                theirs=theirs,
                reasons=tuple(reasons),
                open=still_open,
                orders=(_whole(center, "paid_orders") or 0, _whole(center, "shop_orders")),
                items=(_whole(center, "items_sold") or 0, _whole(center, "shop_items_sold")),
                is_read=is_read,
                is_open=bool(still_open),
            )
        )
    return found


def whole(days: Sequence[Bridge]) -> Bridge:
    """Together the days that are imported whole and that TikTok has told; where it has told none,
    all that are imported whole."""
    read = [one for one in days if one.is_read]
    added = [one for one in read if one.theirs is not None] or read or days
    theirs = [one.theirs for one in added if one.theirs is not None]
    reasons: dict[str, Reason] = {}
    for reason in (reason for one in added for reason in one.reasons):
        former = reasons[reason.label].amount if reason.label in reasons else _ZERO
        reasons[reason.label] = Reason(reason.label, reason.about, former + reason.amount)
    return Bridge(
        day=None,
        placed=sum((one.placed for one in added), _ZERO),
        steps=tuple(
            Step(step.label, step.about, sum((one.steps[place].amount for one in added), _ZERO))
            for place, step in enumerate(added[0].steps)
        ),
        reported=sum((one.reported for one in added), _ZERO),
        ours=sum((one.ours for one in added), _ZERO),
        theirs=sum(theirs, _ZERO) if theirs else None,
        reasons=tuple(reasons.values()),
        open=sum((one.open for one in added), _ZERO),
        orders=_added([one.orders for one in added]),
        items=_added([one.items for one in added]),
        is_read=bool(read),
        is_open=any(one.is_open for one in added),
    )


def _steps(
    placed: Decimal, paid: Decimal, reported: Decimal, by_paid: Decimal, ours: Decimal
) -> Iterator[Step]:
    yield Step("Unpaid", "Orders that were never paid, also those cancelled before.", paid - placed)
    yield Step(
        "Tax and shipping",
        "What buyers paid besides the goods: tax, shipping and fees.",
        reported - paid,
    )
    yield Step(
        "Day of payment",
        "Orders count on the day they were paid instead of the day they were placed.",
        by_paid - reported,
    )
    yield Step(
        "Time zone", "Days in the shop's own zone instead of that of reports.", ours - by_paid
    )


_ABOUT: Final[Mapping[str, tuple[str, str]]] = {
    "on_hold": ("On hold", "TikTok does not count orders that wait through their first hour."),
    "samples": ("Samples", "TikTok does not count free samples to creators."),
    "cancelled": ("Cancelled", "TikTok does not count orders that are cancelled now."),
    "cash": (
        "Cash on delivery",
        "TikTok counts orders paid in cash when they are placed; here they count once paid.",
    ),
}


def _reasons(
    difference: Decimal, apart: Mapping[str, Decimal], age: str
) -> tuple[list[Reason], Decimal]:
    """The fewest of what may be counted otherwise that make the difference to the cent, and what is
    left open. A day that may still change explains what nothing else does."""
    if not difference:
        return [], _ZERO
    possible = [name for name, amount in apart.items() if amount]
    for size in range(1, len(possible) + 1):
        for names in combinations(possible, size):
            if sum((apart[name] for name in names), _ZERO) == -difference:
                return [Reason(*_ABOUT[name], -apart[name]) for name in names], _ZERO
    if age:
        return [Reason(_AGE, age, difference)], _ZERO
    return [], difference


def _age(day: dt.date, read_until: dt.date | None, today: dt.date) -> str:
    """Why a day's numbers may still change; "" for one that is settled."""
    if read_until is None or day > read_until:
        return "Orders were last read before the day was over."
    if day >= today - COUNTED_ANEW:
        return "TikTok counts the last days anew until they are final."
    return ""


def _by_day(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row["date"]): row for row in rows}


def _apart(rows: Iterable[Row]) -> tuple[dict[str, Decimal], ...]:
    """By day what is on hold, what are samples, and what was paid in cash; a sample on hold counts
    as on hold."""
    on_hold: dict[str, Decimal] = {}
    samples: dict[str, Decimal] = {}
    cash: dict[str, Decimal] = {}
    for row in rows:
        is_held = row["order_status"] == "ON_HOLD"
        for place, is_one in (
            (on_hold, is_held),
            (samples, not is_held and row["is_sample_order"] is True),
            (cash, row["is_cod"] is True),
        ):
            if is_one:
                day = str(row["date"])
                place[day] = place.get(day, _ZERO) + _money(row, "gmv")
    return on_hold, samples, cash


def _money(row: Row, name: str) -> Decimal:
    """To the cent; what is not known is nothing."""
    value = row.get(name)
    return Decimal(str(value)).quantize(_CENT) if isinstance(value, int | float) else _ZERO


def _whole(row: Row, name: str) -> int | None:
    value = row.get(name)
    return int(value) if isinstance(value, int | float) else None


def _added(pairs: Sequence[tuple[int, int | None]]) -> tuple[int, int | None]:
    told = [theirs for _, theirs in pairs if theirs is not None]
    return sum(ours for ours, _ in pairs), sum(told) if told else None
