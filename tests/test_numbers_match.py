"""Our sales beside TikTok's own, and what makes the difference; worked out by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from decimal import Decimal

import pytest

from connector.rows import Row
from hub.numbers.bridge import Answers, Bridge, bridges, whole
from hub.numbers.statements import counts, money_days, statements
from tests.answering import Answering
from tests.reporting import Member, reporting, text_of

TODAY = dt.date(2026, 8, 20)
DAY = dt.date(2026, 8, 1)


def one_day(
    *,
    theirs: float | None = 100.0,
    ours: float = 100.0,
    cancelled: float = 0.0,
    apart: list[Row] | None = None,
    cash_placed: float = 0.0,
    day: dt.date = DAY,
    read_until: dt.date | None = dt.date(2026, 8, 19),
    unread: Collection[dt.date] = (),
) -> Bridge:
    (made,) = bridges(
        [day],
        Answers(
            reports=[
                {
                    "date": f"{day}",
                    "payment_total_amount": 150.0,
                    "gmv_customer_payment": 130.0,
                    "gmv": 110.0,
                }
            ],
            by_payment=[{"date": f"{day}", "gmv": 105.0}],
            seller_center=[
                {
                    "date": f"{day}",
                    "gmv": ours,
                    "cancelled_gmv": cancelled,
                    "paid_orders": 4,
                    "items_sold": 6,
                    "shop_gmv": theirs,
                    "shop_orders": 4 if theirs is not None else None,
                    "shop_items_sold": 5 if theirs is not None else None,
                }
            ],
            apart=apart or [],
            cash_placed=[{"date": f"{day}", "gmv": cash_placed}],
            read_until=read_until,
            unread=unread,
        ),
        TODAY,
    )
    return made


def held(amount: float, *, sample: bool = False) -> Row:
    return apart("ON_HOLD", amount, sample=sample)


def sample(amount: float) -> Row:
    return apart("COMPLETED", amount, sample=True)


def apart(status: str, amount: float, *, sample: bool = False, cash: bool = False) -> Row:
    return {
        "date": f"{DAY}",
        "order_status": status,
        "is_sample_order": sample,
        "is_cod": cash,
        "gmv": amount,
    }


def reasons(one: Bridge) -> list[tuple[str, str]]:
    return [(reason.label, f"{reason.amount}") for reason in one.reasons]


# --- a day ----------------------------------------------------------------------------------------


def test_the_steps_lead_from_what_was_placed_to_how_seller_center_counts() -> None:
    made = one_day()
    assert [(step.label, f"{step.amount}") for step in made.steps] == [
        ("Unpaid", "-20.00"),
        ("Tax and shipping", "-20.00"),
        ("Day of payment", "-5.00"),
        ("Time zone", "-5.00"),
    ]
    assert made.placed + sum(step.amount for step in made.steps) == made.ours == Decimal("100.00")
    assert (made.orders, made.items) == ((4, 4), (6, 5))


def test_the_same_to_the_cent_needs_no_reason() -> None:
    assert (one_day().verdict, one_day().difference) == ("same", Decimal(0))


def test_a_difference_that_is_what_was_cancelled_is_explained_by_it() -> None:
    made = one_day(theirs=91.75, cancelled=8.25, apart=[held(3.0)])
    assert (made.verdict, reasons(made)) == ("explained", [("Cancelled", "-8.25")])
    assert made.open == 0


def test_reasons_may_make_the_difference_together() -> None:
    made = one_day(theirs=88.75, cancelled=8.25, apart=[held(3.0), sample(1.5)])
    assert reasons(made) == [("On hold", "-3.00"), ("Cancelled", "-8.25")]


def test_cash_on_delivery_may_count_for_tiktok_when_it_is_placed() -> None:
    # Placed on the day for 30.00; paid on it, for older orders, 12.00.
    paid = [apart("DELIVERED", 12.0, cash=True)]
    made = one_day(theirs=118.0, apart=paid, cash_placed=30.0)
    assert (made.verdict, reasons(made)) == ("explained", [("Cash on delivery", "18.00")])


def test_the_fewest_reasons_win() -> None:
    made = one_day(theirs=90.0, cancelled=10.0, apart=[held(6.0), sample(4.0)])
    assert reasons(made) == [("Cancelled", "-10.00")]


def test_a_sample_that_is_on_hold_counts_once() -> None:
    made = one_day(theirs=95.0, apart=[held(5.0, sample=True)])
    assert reasons(made) == [("On hold", "-5.00")]


def test_a_cent_that_nothing_explains_stays_open() -> None:
    made = one_day(theirs=91.76, cancelled=8.25)
    assert (made.verdict, reasons(made), f"{made.open}") == ("open", [], "-8.24")


def test_floats_make_no_difference() -> None:
    assert one_day(theirs=0.3, ours=0.1 + 0.2).verdict == "same"


@pytest.mark.parametrize(
    ("day", "read_until", "about"),
    [
        (dt.date(2026, 8, 19), dt.date(2026, 8, 18), "before the day was over"),
        (dt.date(2026, 8, 18), dt.date(2026, 8, 19), "until they are final"),
        (dt.date(2026, 8, 17), dt.date(2026, 8, 19), "until they are final"),
        (dt.date(2026, 8, 1), None, "before the day was over"),
    ],
)
def test_a_day_that_may_still_change_says_so(
    day: dt.date, read_until: dt.date | None, about: str
) -> None:
    made = one_day(theirs=80.0, day=day, read_until=read_until)
    assert (made.verdict, reasons(made)) == ("changing", [("Sync age", "-20.00")])
    assert whole([made]).verdict == "changing", "nothing shows that this is what makes it"
    assert about in made.reasons[0].about


def test_an_old_day_does_not_blame_the_sync() -> None:
    assert one_day(theirs=80.0, day=dt.date(2026, 8, 16)).verdict == "open"


def test_what_tiktok_has_not_told_is_unknown_and_no_difference() -> None:
    made = one_day(theirs=None)
    assert (made.verdict, made.difference, made.orders) == ("unknown", None, (4, None))


def test_a_day_of_which_nothing_is_known_is_nothing_everywhere() -> None:
    (made,) = bridges([DAY], Answers([], [], [], [], [], None), TODAY)
    assert (f"{made.placed}", f"{made.ours}", made.theirs) == ("0.00", "0.00", None)


def test_a_day_that_is_not_imported_whole_is_no_difference() -> None:
    made = one_day(theirs=100.0, ours=0.0, unread={DAY})
    assert (made.verdict, made.difference) == ("unread", None)
    assert (reasons(made), f"{made.open}") == ([], "0.00")


# --- several days ---------------------------------------------------------------------------------


def test_days_together_are_those_that_tiktok_has_told() -> None:
    days = [
        one_day(theirs=91.75, cancelled=8.25),
        one_day(theirs=90.0),
        one_day(theirs=None),
    ]
    made = whole(days)
    assert (f"{made.ours}", f"{made.theirs}", f"{made.open}") == ("200.00", "181.75", "-10.00")
    assert reasons(made) == [("Cancelled", "-8.25")]
    assert (made.orders, made.items) == ((8, 8), (12, 10))
    assert made.ours + sum(reason.amount for reason in made.reasons) + made.open == made.theirs
    assert made.placed + sum(step.amount for step in made.steps) == made.ours


def test_days_that_make_up_for_each_other_are_not_the_same() -> None:
    made = whole([one_day(theirs=90.0), one_day(theirs=110.0)])
    assert (f"{made.difference}", f"{made.open}", made.verdict) == ("0.00", "0.00", "open")


def test_days_that_are_not_imported_whole_are_left_out_of_the_whole() -> None:
    missing = one_day(theirs=70.0, ours=0.0, unread={DAY})
    made = whole([one_day(), missing])
    assert (f"{made.ours}", f"{made.theirs}", made.verdict) == ("100.00", "100.00", "same")
    made = whole([one_day(theirs=None), missing])
    assert (f"{made.ours}", made.theirs, made.verdict) == ("100.00", None, "unknown")
    assert (whole([missing]).verdict, whole([missing]).difference) == ("unread", None)


def test_where_tiktok_has_told_nothing_ours_is_added_up_alone() -> None:
    made = whole([one_day(theirs=None), one_day(theirs=None)])
    assert (f"{made.ours}", made.theirs, made.verdict) == ("200.00", None, "unknown")


# --- statements -----------------------------------------------------------------------------------


def statement(name: str, day: str, adds_up: bool | None, difference: float | None) -> Row:
    return {
        "settlement_date": day,
        "statement_id": name,
        "statement_payment_status": "PROCESSING",
        "statement_reconciled": adds_up,
        "settlement_amount": 10.0,
        "settlement_difference": difference,
        "statement_transaction_count": None if adds_up is None else 3,
    }


def test_statements_that_do_not_add_up_come_first() -> None:
    found = statements(
        [
            statement("1", "2026-08-01", True, 0.0),
            statement("2", "2026-08-02", None, None),
            statement("3", "2026-08-03", False, 0.01),
            statement("4", "2026-08-04", True, 0.0),
        ]
    )
    assert [(one.id, one.verdict) for one in found] == [
        ("3", "off"),
        ("2", "unread"),
        ("4", "same"),
        ("1", "same"),
    ]
    assert counts(found) == {"off": 1, "unread": 1, "same": 2}
    assert (found[0].payment, found[1].transactions) == ("Processing", None)


def test_a_days_sales_are_split_by_how_far_their_money_has_come() -> None:
    rows: list[Row] = [
        {"date": "2026-08-01", "money_state": "placed", "gmv": 1.0},
        {"date": "2026-08-01", "money_state": "settled", "gmv": 3.0},
        {"date": "2026-08-02", "money_state": "estimated", "gmv": 2.0},
    ]
    assert [
        (one.day, one.gmv, one.settled, one.estimated, one.placed) for one in money_days(rows)
    ] == [
        ("2026-08-01", 4.0, 3.0, 0.0, 1.0),
        ("2026-08-02", 2.0, 0.0, 2.0, 0.0),
    ]


# --- the page -------------------------------------------------------------------------------------

DAYS = {"start": "2026-08-01", "end": "2026-08-04"}


@pytest.fixture(scope="module")
def test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    made = reporting(tmp_path_factory.mktemp("numbers"))
    yield made
    made.here.close()


@pytest.fixture(scope="module")
def shown(test: Answering) -> str:
    return text_of(Member(test).page("/numbers", **DAYS, whole="1"))


def test_the_page_says_which_days_and_zones_are_meant(shown: str) -> None:
    assert "Reports count days in UTC by creation; Seller Center counts days in" in shown
    assert "America/Los_Angeles by payment." in shown


def test_a_day_shows_both_figures_and_why_they_differ(shown: str) -> None:
    # A and B are paid on the 1st in Los Angeles; TikTok tells A alone, for B is cancelled.
    assert "1 Aug 2026 33.75 33.75 25.50 −8.25 Explained Cancelled" in shown
    assert "2 Aug 2026 0.00 0.00 0.00 0.00 The same" in shown
    # D is paid in cash and has no day of payment; nothing of ours makes TikTok's 40.00.
    assert "3 Aug 2026 100.00 0.00 40.00 40.00 Not explained" in shown
    assert "4 Aug 2026 0.00 0.00 – – TikTok has not told yet" in shown


def test_a_day_that_is_not_imported_whole_shows_no_zero(test: Answering) -> None:
    # The import begins on 1 August.
    member, days = Member(test), {"start": "2026-07-31", "end": "2026-08-01", "whole": "1"}
    shown = text_of(member.page("/numbers", **days))
    assert "31 Jul 2026 – – – – Not imported whole – –" in shown
    assert "Together 33.75 33.75 25.50 −8.25 Explained" in shown
    alone = text_of(member.page("/numbers/steps", **days, day="2026-07-31"))
    assert "The orders of this day are not imported whole" in alone
    none = {"start": "2026-07-30", "end": "2026-07-31", "whole": "1"}
    assert "Together – – – – Not imported whole – –" in text_of(member.page("/numbers", **none))


def test_a_day_can_be_looked_at_in_steps(test: Answering) -> None:
    member = Member(test)
    page = member.page("/numbers", **DAYS, day="2026-08-01")
    assert 'data-part="/numbers/steps?about=111&amp;range=own' in page
    shown = text_of(member.page("/numbers/steps", **DAYS, day="2026-08-01"))
    # The figures of the table's column, the newest first, and the steps of the day.
    assert shown.startswith("0.00 100.00 0.00 33.75 133.75 From what was placed")
    assert (
        "Placed, with tax and shipping 36.30 Unpaid 0.00 Tax and shipping −2.55 "
        "GMV as reports show it 33.75 Day of payment −8.25 Time zone +8.25 "
        "GMV as Seller Center counts 33.75 Cancelled −8.25 TikTok's own figure 25.50"
    ) in shown


def test_what_takes_longer_comes_by_itself(test: Answering) -> None:
    member = Member(test)
    assert 'data-part="/numbers/money?' in member.page("/numbers", **DAYS)
    part = text_of(member.page("/numbers/money", **DAYS))
    assert "2026-08-01 33.75 33.75 0.00 0.00" in part


def test_the_days_are_added_up(shown: str) -> None:
    assert "Together 133.75 33.75 65.50 31.75 Not explained" in shown


def test_statements_that_do_not_add_up_are_named(shown: str) -> None:
    assert "1 of 2 statements of these days make their settlement to the cent, 1 does not" in shown
    assert "T2 2026-08-04 Processing 7.40 1 0.01 No" in shown


def test_what_is_not_settled_yet_is_told_by_day(shown: str) -> None:
    assert "2026-08-01 33.75 33.75 0.00 0.00" in shown
    assert "2026-08-03 100.00 0.00 100.00 0.00" in shown


@pytest.mark.parametrize("about", ["<script>", "222", "client:x", "all"])
def test_another_shop_is_never_shown(test: Answering, about: str) -> None:
    assert "Aurora US" in Member(test).page("/numbers", about=about)
