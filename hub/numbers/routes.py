"""The page that sets our numbers beside TikTok's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from flask import Blueprint, g, render_template, request

from connector.fetch import Answer
from connector.rows import Ask, rows
from connector.subjects import Subject, chosen_subject
from connector.zones import day_of, local_day, today, zone_info
from errors import BadRequest
from hub.asking import Asking, Counting, Days, Filter, Filters
from hub.dashboard.view import View, of_subject, view
from hub.numbers import bridge, statements
from store.accounts import Principal, ShopRow
from store.roles import VIEWER, needs
from web.figures import amount, count

#: TikTok tells its own figures of so many days.
_MOST_DAYS: Final = 60
_USUAL_RANGE: Final = "7"
_DAY: Final = dt.timedelta(days=1)
#: The part of the import that sales are read from.
_SOLD: Final = "orders"
_STATEMENTS_SHOWN: Final = 40
RANGES: Final[Mapping[str, str]] = {
    "7": "Last 7 days",
    "28": "Last 28 days",
    "own": "Other days",
}
_CASH: Final[Filter] = ("is_cod", "EQUALS", ["true"])
_APART: Final[Filters] = [
    [("order_status", "EQUALS", ["ON_HOLD"]), ("is_sample_order", "EQUALS", ["true"]), _CASH]
]


@dataclass(frozen=True, slots=True)
class Looking:
    """What one request looks at. `offered`: the shops to choose from; `today` in the shop's own
    zone."""

    offered: Sequence[Subject]
    shop: ShopRow
    view: View
    asking: Asking
    today: dt.date


def numbers_routes(
    *,
    ask: Ask,
    subjects: Callable[[Principal], Sequence[Subject]],
    now: Callable[[], float],
) -> Blueprint:
    """`subjects(who)`: what a page can be about; this one is about single shops only.
    `now` in UTC epoch seconds."""
    routes = Blueprint("numbers", __name__, template_folder="../templates")

    def looking() -> Looking | None:
        offered = [one for one in subjects(g.principal) if not one.client]
        offered = [one for one in offered if len(one.shops) == 1]
        query = request.args.to_dict()
        asked = query.get("about") or query.get("shop", "")
        subject = chosen_subject(offered, asked)
        if subject is None:
            return None
        (shop,) = subject.shops
        day = today(shop.shop_zone, now())
        seen = of_subject(view(query, day, _USUAL_RANGE), asked, subject)
        first = max(seen.days.first, seen.days.last - dt.timedelta(_MOST_DAYS - 1))
        days = Days(first, seen.days.last)
        counting = Counting(subject.currency(seen.currency))
        asking = Asking(ask, g.principal, subject, days, counting)
        return Looking(offered, shop, seen, asking, day)

    @routes.get("/numbers")
    @needs(VIEWER)
    def page() -> str:
        here = looking()
        if here is None:
            return render_template("dashboard/empty.html")
        is_whole = request.args.get("whole") == "1"
        found = _bridges(here, with_reports=is_whole)
        return render_template(
            "numbers/numbers.html",
            here=here,
            subject=here.asking.subject,
            shop=here.shop,
            days=here.asking.days,
            currency=here.asking.counting.currency,
            ranges=RANGES,
            verdicts=_VERDICTS,
            has_reports=is_whole,
            chosen=request.args.get("day", ""),
            money=_money(here.asking) if is_whole else None,
            count=count,
            **_shown(here, found),
        )

    def part() -> Looking:
        here = looking()
        if here is None:
            raise BadRequest("There is nothing at this address.", code="not_found")
        here.asking.asked.add(here.asking.subject.key)  # the page has asked for what is newer
        return here

    @routes.get("/numbers/steps")
    @needs(VIEWER)
    def steps() -> str:
        here = part()
        found = _bridges(here, with_reports=True)
        return render_template("numbers/steps.html", is_part=True, **_shown(here, found))

    @routes.get("/numbers/money")
    @needs(VIEWER)
    def money() -> str:
        here = part()
        return render_template(
            "numbers/money.html",
            money=_money(here.asking),
            asking=here.asking,
            amount=_plain(here.asking),
            count=count,
        )

    return routes


#: verdict -> (what it is called, how it looks).
_VERDICTS: Final = {
    "same": ("The same", "ok"),
    "explained": ("Explained", "ok"),
    "changing": ("May still change", "quiet"),
    "open": ("Not explained", "warn"),
    "unknown": ("TikTok has not told yet", "quiet"),
    "unread": ("Not imported whole", "quiet"),
}


@dataclass(frozen=True, slots=True)
class _Money:
    """`settled`: the newest day first; `statements`: those shown; `counts` of all by verdict."""

    settled: Sequence[statements.MoneyDay]
    statements: Sequence[statements.Statement]
    counts: Mapping[str, int]


def _money(asking: Asking) -> _Money:
    settled = statements.money_days(asking.rows(statements.MONEY_BY_DAY))
    listed = statements.statements(asking.rows(statements.STATEMENTS))
    return _Money(list(reversed(settled)), listed[:_STATEMENTS_SHOWN], statements.counts(listed))


def _plain(asking: Asking) -> Callable[..., str]:
    """Writes amounts without the currency, which the page says above them."""
    return partial(amount, currency=asking.counting.currency, with_code=False)


def _shown(here: Looking, found: Sequence[bridge.Bridge]) -> dict[str, object]:
    """What the page and its part with the steps both read; the newest day first."""
    chosen = request.args.get("day", "")
    return {
        "view": here.view,
        "asking": here.asking,
        "amount": _plain(here.asking),
        "bridges": list(reversed(found)),
        "whole": bridge.whole(found) if found else None,
        "looked_at": next((one for one in found if f"{one.day}" == chosen), None),
    }


def _bridges(here: Looking, *, with_reports: bool) -> list[bridge.Bridge]:
    """None where not even our own sales can be answered. Without what reports show of them, which
    takes as long again, the steps say nothing."""
    asking, shop = here.asking, here.shop
    currency, zone = asking.counting.currency, shop.report_zone or "UTC"
    as_seller_center = asking.counted(Counting(currency, seller_center=True))
    own = as_seller_center.answer(bridge.SELLER_CENTER)
    if own is None:
        return []
    by_payment = asking.counted(Counting(currency, order_date="paid", time_zone=zone))
    read_until = _read_until(own, shop)
    answers = bridge.Answers(
        reports=asking.rows(bridge.REPORTS) if with_reports else (),
        by_payment=by_payment.rows(bridge.BY_PAYMENT) if with_reports else (),
        seller_center=rows(own),
        apart=(),
        cash_placed=(),
        read_until=read_until,
        unread=_unread(own, shop, (shop.shop_zone, zone), asking.days, read_until),
    )
    found = bridge.bridges(asking.days.every(), answers, here.today)
    if all(one.verdict in ("same", "unknown", "unread") for one in found):
        return found
    in_own_zone = asking.counted(Counting(currency, time_zone=shop.shop_zone))
    answers = replace(
        answers,
        apart=as_seller_center.rows(bridge.APART, _APART),
        cash_placed=in_own_zone.rows(bridge.CASH_PLACED, [[_CASH]]),
    )
    return bridge.bridges(asking.days.every(), answers, here.today)


def _read_until(answer: Answer, shop: ShopRow) -> dt.date | None:
    """The last day of the shop that was over when its orders were last read."""
    stretches = answer.known.get(shop.shop_id, {}).get(_SOLD)
    if not stretches:
        return None
    return day_of(local_day(shop.shop_zone, int(stretches[-1].end)) - 1)


def _unread(
    answer: Answer, shop: ShopRow, zones: Sequence[str], days: Days, until: dt.date | None
) -> set[dt.date]:
    """Days up to `until` of which orders are missing, at whichever of the zones a day is cut."""
    stretches = answer.known.get(shop.shop_id, {}).get(_SOLD)
    if not stretches or until is None:
        return set(days.every())
    newest = int(stretches[-1].end)
    return {
        day
        for day in days.every()
        if day <= until
        for start, end in [_bounds(day, zone) for zone in zones]
        if not any(one.start <= start and min(end, newest) <= one.end for one in stretches)
    }


def _bounds(day: dt.date, zone: str) -> tuple[int, int]:
    """The first instant of a day and that of the next, UTC epoch seconds."""
    there = zone_info(zone)
    first, after = (
        dt.datetime.combine(one, dt.time(), there).timestamp() for one in (day, day + _DAY)
    )
    return int(first), int(after)
