"""TikTok's own figures of yesterday may not be there yet: that is nobody's gap.

In the shop's zone it is 22 November 2026. Shop figures were read at noon, up to the 20th; those of
listings up to the 21st.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from connector.plan import Plan
from connector.seen import Seen
from connector.select import ShopScope
from store.commits import Covered
from tests.answering import at
from tests.planning import planned

TODAY = dt.date(2026, 11, 22)
NOON = at("2026-11-22 12:00")
SHOP = ShopScope(
    "1", "First shop", "US", "LOCAL", ("USD",), "UTC", "America/Chicago", TODAY, now=NOON
)
WEEK = ("2026-11-15", "2026-11-21")
OF_THE_SHOP = "TikTok's own figures of the shop by day"
SO_FAR = "First shop: TikTok has given its own figures up to 2026-11-20 so far."


def known(until: str = "2026-11-21", read_at: int = NOON, since: str = "2026-09-01") -> Any:
    """Read up to the beginning of the day `until`; listings up to the end of yesterday."""
    ends = {"shop_performance": until, "product_performance": "2026-11-22"}
    found = {name: [Covered(name, at(since), at(end), read_at)] for name, end in ends.items()}
    return {"1": {**found, "orders": [Covered("orders", at(since), NOON, NOON)]}}


def asked(*fields: str, shop: ShopScope = SHOP, **changes: Any) -> Plan:
    given = {"days": WEEK, "known": known(), "today": TODAY, **changes}
    return planned(*fields, shops=[shop], **given)


def sight(*fields: str, **changes: Any) -> Seen:
    seen = asked(*fields, **changes).seen
    assert seen is not None
    return seen


def test_what_tiktok_has_not_told_yet_is_a_note_and_not_a_gap() -> None:
    found = sight("shop_gmv")
    assert (found.partial, found.notes) == (False, (SO_FAR,))
    assert sight("pa_gmv").notes == ()
    assert sight("shop_gmv", days=("2026-11-15", "2026-11-20")).notes == ()


def test_yesterday_alone_is_not_there_either() -> None:
    found = sight("shop_gmv", "orders", days=("2026-11-21", "2026-11-21"))
    assert (found.partial, found.notes) == (False, (SO_FAR,))


def test_a_range_that_is_cut_ends_with_what_was_told() -> None:
    made = asked("shop_gmv", days=("2026-01-01", "2026-11-21"))
    (clamp,) = made.clamped
    assert (clamp.first, clamp.last) == (dt.date(2026, 9, 23), dt.date(2026, 11, 20))
    assert made.notes == (
        "TikTok's own figures of the shop by day: shown from 2026-09-23 to 2026-11-20 only.",
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(known(read_at=NOON - 38 * 3_600), id="nobody has looked lately"),
        pytest.param(known("2026-11-18"), id="TikTok is never so late"),
        pytest.param(known(since="2026-11-17"), id="a gap before"),
    ],
)
def test_days_that_an_import_would_bring_are_missing(other: Any) -> None:
    found = sight("shop_gmv", known=other)
    assert found.partial
    assert "First shop: not every day of the range is imported yet." in found.notes


def test_the_days_that_can_be_asked_for_are_told_where_no_import_can_bring_the_others() -> None:
    first, last = dt.date(2026, 9, 23), dt.date(2026, 11, 20)
    assert sight("shop_gmv").to_ask_for == (first, last)
    assert sight("shop_gmv", "orders", known=known("2026-11-18")).to_ask_for is None
    ahead = sight("orders", days=("2026-12-01", "2026-12-02"))
    assert ahead.to_ask_for == (dt.date(2026, 9, 1), TODAY)
    assert ahead.notes == ("First shop: the date range begins after today.",)
    # TikTok gives no day of June any more.
    kept = replace(SHOP, serves_kept=True)
    assert sight("shop_gmv", shop=kept, days=("2026-06-01", "2026-11-15")).to_ask_for == (
        first,
        last,
    )


def test_what_is_read_without_dates_has_no_first_day() -> None:
    whole = known() | {"1": known()["1"] | {"orders": [Covered("orders", 0, NOON, NOON)]}}
    assert sight("orders", known=whole).covered_from is None
    assert sight("orders").covered_from == dt.date(2026, 9, 1)


def test_one_sentence_says_of_what_nothing_is_imported() -> None:
    before = {"days": ("2026-08-01", "2026-08-02"), "shop": replace(SHOP, serves_kept=True)}
    assert [sight(name, **before).notes for name in ("gmv", "shop_gmv")] == [
        ("First shop: no units sold of this date range are imported.",),
        (f"First shop: nothing of {OF_THE_SHOP} is imported for this date range.",),
    ]


def test_other_systems_that_nobody_imported_are_told_where_they_are_shown() -> None:
    missing = (
        "First shop: numbers of orders in other systems are not imported; they are an optional "
        "part."
    )
    assert asked("external_platform", "orders").notes == (missing,)
    read = known()
    read["1"]["external_orders"] = [Covered("external_orders", 0, NOON, NOON)]
    assert asked("external_platform", "orders", known=read).notes == ()
    assert asked("order_status", "orders").notes == ()
