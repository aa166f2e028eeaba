"""What somebody asks for on the backfill form: read, checked, and put in words. Pure.

Days are UTC days, because history is read in UTC days; both ends are included.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backfill.asking import Wish
from backfill.schedule import LONGEST_DAYS, check_wish
from backfill.stages import DATA, USUAL
from backfill.windows import DAY, floor_of, midnight
from errors import BadRequest
from hub.forms import Entered
from store.accounts import ShopRow

#: What the words for data are called, and what they bring.
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "orders": ("Orders", "with their items, returns and cancellations"),
    "finance": ("Finance", "statements, settlements and payments"),
    "analytics": ("Analytics", "TikTok's own figures; it gives about the last 60 days"),
    "products": ("Products", "catalogue, stock, warehouses and pictures, as they are today"),
    "price_detail": ("Price details", "shipping per item where it is unknown: a call an order"),
    "sku_finance": ("Finance by SKU", "fees by product: a call for each settled order"),
    "sku_analytics": ("Analytics by SKU", "TikTok's figures by SKU, about the last 60 days"),
    "external_orders": ("External orders", "order numbers of other systems: a call an order"),
}

_DAY_NAMES: Final = {"start": "first", "end": "last"}
_READABLE: Final = ("connected", "inactive")


@dataclass(frozen=True, slots=True)
class Form:
    """`shops` and `wish` are what to do; `wish` is null while something is wrong. `ticked` and
    `kinds` are what the boxes show."""

    entered: Entered
    ticked: Sequence[str]
    kinds: Sequence[str]
    shops: Sequence[ShopRow] = ()
    wish: Wish | None = None

    @property
    def choice(self) -> str:
        """All of it in one word, to see whether it changed after its cost was shown."""
        if self.wish is None:
            return ""
        ids = ",".join(sorted(shop.shop_id for shop in self.shops))
        start, end = self.wish.wanted
        return f"{ids}|{start}|{end}|{','.join(self.wish.data)}|{self.wish.reread}"


def first_shown(shops: Sequence[ShopRow], ticked: Sequence[str], now: float) -> Form:
    """The form before anything was typed: a year of the usual data. Of shops that nobody can ask
    for the boxes stay empty."""
    known = {shop.shop_id for shop in readable(shops)}
    values = {"start": day_of(now - 365 * DAY), "end": day_of(now)}
    return _checked(
        Form(Entered(values), [one for one in ticked if one in known], USUAL),
        shops,
        now,
        asks_for_shops=False,
    )


def read_form(
    values: Mapping[str, str],
    ticked: Sequence[str],
    kinds: Sequence[str],
    shops: Sequence[ShopRow],
    now: float,
) -> Form:
    """`shops`: the workspace's own."""
    kept = {name: values.get(name, "").strip() for name in ("start", "end", "reread")}
    return _checked(Form(Entered(kept), ticked, kinds), shops, now)


def day_of(instant: float) -> str:
    """The UTC day of an instant, such as 2026-03-31."""
    return dt.datetime.fromtimestamp(instant, dt.UTC).date().isoformat()


def earliest(now: float) -> str:
    """The first day that can be asked for."""
    return day_of(floor_of(now, LONGEST_DAYS))


def _checked(
    form: Form, shops: Sequence[ShopRow], now: float, *, asks_for_shops: bool = True
) -> Form:
    problems: dict[str, str] = {}
    known = {shop.shop_id: shop for shop in shops}
    chosen = [known[one] for one in dict.fromkeys(form.ticked) if one in known]
    problem = _problem_of_shops(form.ticked, chosen)
    if problem and (asks_for_shops or form.ticked):
        problems["shop"] = problem
    days = {name: _midnight(form.entered.value(name)) for name in ("start", "end")}
    for name, found in days.items():
        if found is None:
            problems[name] = f"Write the {_DAY_NAMES[name]} day like 2026-03-31."
    data = _data(form.kinds)
    if not form.kinds:
        problems["data"] = "Choose at least one kind of data."
    elif set(form.kinds) - set(DATA):
        problems["data"] = "Choose kinds of data from the list."
    wish = None
    start, end = days["start"], days["end"]
    if start is not None and end is not None and "data" not in problems:
        wish = Wish((start, end + DAY), data, form.entered.value("reread") == "yes")
        if problem := _problem_of_range(wish, now):
            problems["end" if end > midnight(now) else "start"] = problem
    entered = Entered(form.entered.values, problems)
    if problems or not chosen:
        return Form(entered, form.ticked, form.kinds, chosen)
    return Form(entered, form.ticked, form.kinds, chosen, wish)


def readable(shops: Sequence[ShopRow]) -> list[ShopRow]:
    """Those that something can be imported from."""
    return [shop for shop in shops if shop.state in _READABLE]


def _problem_of_shops(ticked: Sequence[str], chosen: Sequence[ShopRow]) -> str:
    if not ticked:
        return "Choose at least one shop."
    if len(chosen) < len(set(ticked)):
        return "One of these shops is not connected to your workspace."
    unreadable = [shop.name for shop in chosen if shop.state not in _READABLE]
    if unreadable:
        return f"{', '.join(unreadable[:3])} cannot be read: connect it again first."
    return ""


def _problem_of_range(wish: Wish, now: float) -> str:
    try:
        check_wish(now, *wish.wanted, wish.data)
    except BadRequest as error:
        return error.message
    return ""


def _data(kinds: Sequence[str]) -> tuple[str, ...]:
    """In the order of the table; nothing for the usual ones, which may be more in an installation
    that always reads optional data."""
    if set(kinds) == set(USUAL):
        return ()
    return tuple(word for word in DATA if word in kinds)


def _midnight(text: str) -> int | None:
    """UTC midnight of a day; None for what is no day of these times."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 <= found.year < 2200:
        return None
    return int(dt.datetime(found.year, found.month, found.day, tzinfo=dt.UTC).timestamp())
