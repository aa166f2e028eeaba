"""What a cache has read of what a request is about: by group, and altogether."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from benchmarks.oracle_asked import Asked
from benchmarks.oracle_fields import DIMENSIONS, SHOP_DIMENSIONS, TIME_DIMENSIONS
from benchmarks.oracle_filters import Cell
from benchmarks.oracle_reach import Fact
from benchmarks.oracle_rows import Payloads, Row, currencies

#: What the dimensions of a request show, in their order.
Group = tuple[Cell, ...]


def dated_part(asked: Asked, fact: Fact, key: Group) -> Group:
    """The part of a group that says which days of which shops it is about, for this fact."""
    part: list[Cell] = []
    days = {name for name in TIME_DIMENSIONS if name != "hour"}
    if _is_of_payment(asked, fact):
        days.add("paid_date")
    for name, cell in zip(asked.dimensions, key, strict=True):
        if name == "date_hour":
            part.append(str(cell)[:8])
        elif name in SHOP_DIMENSIONS or name in days:
            part.append(cell)
    return tuple(part)


def _is_of_payment(asked: Asked, fact: Fact) -> bool:
    """Whether the days that were asked for are the days on which an order was paid."""
    return fact.axis == "order" and asked.order_axis == "paid" and not fact.last_days


def read_groups(asked: Asked, fact: Fact) -> set[Group]:
    """The dated parts of all groups of which at least one day was read."""
    found: set[Group] = set()
    for number, shop in enumerate(asked.shops):
        zone, payloads = asked.zones[number], shop.facts.payloads
        days: list[date | None] = [None] if shop.was_read(fact) else []
        if fact.is_dated:
            span = asked.span(fact, number)
            days = [day for day in span if shop.has_read(fact, day, zone, asked.now)]
        # A refund has a day of its own and one on which its order was paid: any two go together.
        paid: list[date | None] = [None]
        if "paid_date" in asked.dimensions and _is_of_payment(asked, fact):
            paid = days
        rows = [_on(payloads, day, each) for day in days for each in (*currencies(payloads), None)]
        for row in rows:
            key = [
                DIMENSIONS[name].show(row, zone)
                if name in SHOP_DIMENSIONS | TIME_DIMENSIONS
                else None
                for name in asked.dimensions
            ]
            for day in paid:
                if day is not None:
                    key[asked.dimensions.index("paid_date")] = f"{day:%Y%m%d}"
                found.add(dated_part(asked, fact, tuple(key)))
    return found


def _on(payloads: Payloads, day: date | None, currency: str | None) -> Row:
    """A row that says nothing but the shop, its currency and the day."""
    at = int(datetime.combine(day, time(12), UTC).timestamp()) if day else None
    return Row(payloads.shop, at=at, currency=currency, is_own_day=True)


def is_partial(asked: Asked, fact: Fact) -> bool:
    """Whether something that belongs to the answer was not read.

    Today may be missing: nobody takes it for whole. So may what TikTok has not given out yet.
    """
    for number, shop in enumerate(asked.shops):
        if not shop.was_read(fact):
            return True
        if not fact.is_dated:
            continue
        zone = asked.zones[number]
        today = shop.today(asked.now)
        if not fact.has_own_days:
            today = datetime.fromtimestamp(asked.now, zone).date()
        days = [day for day in asked.span(fact, number) if shop.is_out(fact, day, asked.now)]
        read = {day for day in days if shop.has_read(fact, day, zone, asked.now)}
        if (days and not read) or any(day < today and day not in read for day in days):
            return True
    return False


def is_clamped(asked: Asked, fact: Fact) -> bool:
    """Whether days were asked for that TikTok does not tell."""
    return fact.most_days > 0 and any(
        asked.span(fact, number) != asked.days for number in range(len(asked.shops))
    )
