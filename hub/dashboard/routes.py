"""The dashboard: the figures at once, the other parts each by itself as the browser asks for them,
so that no answer is waited for by another. With `whole=1` the page has all of its parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from flask import Blueprint, g, render_template, request

from connector.fetch import Answer
from connector.rows import Ask, Row, rows
from connector.subjects import Subject, chosen_subject
from connector.zones import today
from errors import BadRequest
from hub.asking import Asking, Counting, Days
from hub.dashboard import money, stands
from hub.dashboard.activity import happenings
from hub.dashboard.questions import (
    FIGURES,
    MONEY_STATES,
    NAMES_OF_PRODUCTS,
    SALES_OF_PRODUCTS,
    STATES_OF_ORDERS,
    STATES_OF_PRODUCTS,
)
from hub.dashboard.steps import step_of
from hub.dashboard.tiles import HEIGHT, WIDTH, Known, Period, charts, tiles
from hub.dashboard.view import COMPARISONS, RANGES, View, of_subject, view
from store.accounts import Principal, ShopRow
from store.roles import VIEWER, needs
from store.runs import Run
from web.figures import amount, count, percent

_BEST: Final = 8
_HAPPENINGS: Final = 6
_DAY: Final = dt.timedelta(days=1)
_NOTHING: Final[Row] = {}
_NOT_COMPARABLE: Final = "The days to compare with are not all imported, or not complete."


@dataclass(frozen=True, slots=True)
class Looking:
    """What one request looks at. `image_base`: before the addresses of pictures that this
    installation serves."""

    subject: Subject
    view: View
    asking: Asking
    image_base: str

    @property
    def before(self) -> Asking | None:
        """Asks about the days to compare with."""
        return self.asking.on(self.view.before) if self.view.before is not None else None


@dataclass(frozen=True, slots=True)
class Best:
    """A product that sells. `picture`: an address on this host, "" where there is none."""

    title: str
    picture: str
    row: Row


def dashboard_routes(
    *,
    ask: Ask,
    subjects: Callable[[Principal], Sequence[Subject]],
    runs: Callable[[Sequence[ShopRow]], Sequence[Run]],
    now: Callable[[], float],
    image_base: str,
) -> Blueprint:
    """`subjects(who)`: what the page can be about, the usual one first; `runs(shops)`:
    their newest, in any order; `now` in UTC epoch seconds; `image_base`: before the addresses of
    pictures that this installation serves."""
    routes = Blueprint("dashboard", __name__, template_folder="../templates")

    def looking(offered: Sequence[Subject]) -> Looking | None:
        query = request.args.to_dict()
        asked = query.get("about") or query.get("shop", "")
        subject = chosen_subject(offered, asked)
        if subject is None:
            return None
        seen = of_subject(view(query, today(_zone(subject, query), now())), asked, subject)
        counting = Counting(subject.currency(seen.currency), seller_center=seen.seller_center)
        asking = Asking(ask, g.principal, subject, seen.days, counting)
        return Looking(subject, seen, asking, image_base)

    @routes.get("/dashboard")
    @needs(VIEWER)
    def page() -> str:
        offered = subjects(g.principal)
        here = looking(offered)
        if here is None:
            return render_template("dashboard/empty.html")
        total = _row(here.asking, FIGURES)
        former = _former(here)
        names = {shop.shop_id: shop.name for shop in here.subject.shops}
        is_whole = total is not None and request.args.get("whole") == "1"
        return render_template(
            "dashboard/dashboard.html",
            **_shared(here),
            subjects=offered,
            ranges=RANGES,
            comparisons=COMPARISONS,
            tiles=tiles(total, former, here.asking.counting.currency) if total is not None else [],
            parts={name: part(here) for name, part in PARTS.items()} if is_whole else {},
            happenings=happenings(runs(here.subject.shops), names, _HAPPENINGS),
            now=now(),
        )

    @routes.get("/dashboard/<name>")
    @needs(VIEWER)
    def part(name: str) -> str:
        here = looking(subjects(g.principal)) if name in PARTS else None
        if here is None:
            raise BadRequest("There is nothing at this address.", code="not_found")
        here.asking.asked.add(here.subject.key)  # the page has asked for what is newer
        return render_template(
            f"dashboard/{name}.html", **_shared(here), **PARTS[name](here), is_part=True
        )

    return routes


def _shared(here: Looking) -> dict[str, object]:
    """What every template of the dashboard reads."""
    currency = here.asking.counting.currency
    return {
        "subject": here.subject,
        "view": here.view,
        "asking": here.asking,
        "currency": currency,
        "width": WIDTH,
        "height": HEIGHT,
        # The headings of the tables say the currency.
        "amount": partial(amount, currency=currency, with_code=False),
        "count": count,
        "percent": percent,
    }


def _zone(subject: Subject, query: Mapping[str, str]) -> str:
    """Whose today the days end before: of the first shop's reports, or of its own."""
    shop = subject.shops[0]
    if query.get("seller_center") == "1":
        return shop.shop_zone
    return shop.report_zone or "UTC"


def _row(asking: Asking, fields: Sequence[str]) -> Row | None:
    """The answer without a dimension; None where there is none."""
    answer = asking.answer(fields)
    return next(iter(rows(answer)), _NOTHING) if answer is not None else None


def _former(here: Looking) -> Row | None:
    """The figures of the days to compare with, None where they are not whole: a change from half of
    them would be none. What there is to say of them is said in short: the days that are shown are
    told about, not these."""
    before = here.before
    if before is None:
        return None
    answer = before.answer(FIGURES)
    if answer is None or not _is_whole(answer, before, here.asking):
        here.asking.notes[_NOT_COMPARABLE] = None
        return None
    return next(iter(rows(answer)), _NOTHING)


def _is_whole(answer: Answer, before: Asking, shown: Asking) -> bool:
    """Whether nothing more is missing than of the days that are shown, and nothing at the start."""
    starts = answer.about.covered_from
    return set(before.notes) <= set(shown.notes) and (starts is None or starts <= before.days.first)


# -- the parts -------------------------------------------------------------------------------------


def _charts(here: Looking) -> dict[str, object]:
    now, before = _periods(here.asking, here.view.before)
    currency = here.asking.counting.currency
    return {"charts": charts(now, before, currency) if now is not None else []}


def _periods(asking: Asking, before: Days | None) -> tuple[Period | None, Period | None]:
    """Days that follow each other are asked for at once, which takes less than twice."""
    days = asking.days
    if before is None or step_of(days) != "date" or before.last + _DAY != days.first:
        former = _period(asking.on(before), before) if before is not None else None
        return _period(asking, days), former
    both = _period(asking.on(Days(before.first, days.last)), days)
    return both, replace(both, days=before) if both is not None else None


def _period(asking: Asking, days: Days) -> Period | None:
    answer = asking.answer((step_of(days), *FIGURES))
    return Period(days, rows(answer), _known(answer, days)) if answer is not None else None


def _known(answer: Answer, days: Days) -> Known:
    """The days that the answer knows of, as far as it says."""
    about = answer.about
    if about.as_of is None:
        return Known(None, None)
    last = dt.datetime.fromtimestamp(about.as_of, dt.UTC).date()
    return Known(about.covered_from or days.first, last)


def _stands(here: Looking) -> dict[str, object]:
    orders = here.asking.rows(STATES_OF_ORDERS)
    return {
        "orders": stands.stands_of_orders(orders),
        "cancelled": stands.cancelled(orders),
        "products": stands.stands_of_products(here.asking.rows(STATES_OF_PRODUCTS)),
    }


def _best(here: Looking) -> dict[str, object]:
    """The products with the largest sales: first which they are, then how they are called."""
    sold = [row for row in here.asking.rows(SALES_OF_PRODUCTS) if row["product_id"]]
    largest = [row for row in sorted(sold, key=_sales, reverse=True)[:_BEST] if _sales(row) > 0]
    ids = [str(row["product_id"]) for row in largest]
    only_these = [[("product_id", "IN_LIST", ids)]]
    names = here.asking.rows(NAMES_OF_PRODUCTS, only_these) if ids else []
    named = {str(row["product_id"]): row for row in names}
    return {"best": [_product(row, named, here.image_base) for row in largest]}


def _product(row: Row, named: Mapping[str, Row], image_base: str) -> Best:
    product_id = str(row["product_id"])
    known = named.get(product_id, _NOTHING)
    address = str(known.get("product_image_url") or "")
    return Best(
        title=str(known.get("product_title") or f"Product {product_id}"),
        picture=address.removeprefix(image_base) if address.startswith(f"{image_base}/") else "",
        row=row,
    )


def _sales(row: Row) -> float:
    value = row["gmv"]
    return float(value) if isinstance(value, int | float) else 0.0


def _profit(here: Looking) -> dict[str, object]:
    answer = here.asking.answer(money.QUESTION)
    if answer is None:
        return {"profit": [], "complete_through": None}
    return {
        "profit": money.profit_and_loss(next(iter(rows(answer)), _NOTHING)),
        "complete_through": money.complete_through(answer.known),
    }


def _money(here: Looking) -> dict[str, object]:
    return {"money_states": money.money_states(here.asking.rows(MONEY_STATES))}


#: Template and address of a part -> what it shows.
PARTS: Final[Mapping[str, Callable[[Looking], dict[str, object]]]] = {
    "charts": _charts,
    "stands": _stands,
    "best": _best,
    "profit": _profit,
    "money": _money,
}
