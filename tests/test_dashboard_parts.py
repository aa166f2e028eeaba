"""What the dashboard makes of its choices and answers; worked out by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from connector.rows import Row
from hub.asking import Days
from hub.dashboard.activity import happenings
from hub.dashboard.money import complete_through, money_states, profit_and_loss
from hub.dashboard.stands import cancelled, stands_of_orders, stands_of_products
from hub.dashboard.steps import points_of, step_of
from hub.dashboard.tiles import Chart, Known, Period, charts, tiles
from hub.dashboard.view import view
from store.commits import Covered
from store.runs import Run

TODAY = dt.date(2026, 8, 20)


def days(first: str, last: str) -> Days:
    return Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


# --- which days -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "shown", "before"),
    [
        ({}, ("2026-07-23", "2026-08-19"), ("2026-06-25", "2026-07-22")),
        ({"range": "7"}, ("2026-08-13", "2026-08-19"), ("2026-08-06", "2026-08-12")),
        ({"range": "month"}, ("2026-08-01", "2026-08-19"), ("2026-07-13", "2026-07-31")),
        ({"range": "last_month"}, ("2026-07-01", "2026-07-31"), ("2026-05-31", "2026-06-30")),
        (
            {"range": "7", "compare": "year"},
            ("2026-08-13", "2026-08-19"),
            ("2025-08-13", "2025-08-19"),
        ),
        (
            {"start": "2026-08-01", "end": "2026-08-10"},
            ("2026-08-01", "2026-08-10"),
            ("2026-07-22", "2026-07-31"),
        ),
        # What is not understood is the usual.
        ({"range": "<script>"}, ("2026-07-23", "2026-08-19"), ("2026-06-25", "2026-07-22")),
    ],
)
def test_days_and_those_to_compare_with(
    query: dict[str, str], shown: tuple[str, str], before: tuple[str, str]
) -> None:
    seen = view(query, TODAY)
    assert (seen.days, seen.before) == (days(*shown), days(*before))
    assert not seen.problem


def test_nothing_is_compared_where_nobody_wants_it() -> None:
    assert view({"compare": "none"}, TODAY).before is None


def test_a_year_before_a_leap_day_is_the_day_before_it() -> None:
    seen = view(
        {"start": "2028-02-29", "end": "2028-02-29", "compare": "year"}, dt.date(2028, 3, 9)
    )
    assert seen.before == days("2027-02-28", "2027-02-28")


def test_on_the_first_of_a_month_this_month_is_today() -> None:
    assert view({"range": "month"}, dt.date(2026, 8, 1)).days == days("2026-08-01", "2026-08-01")


def test_days_to_come_are_left_out() -> None:
    seen = view({"start": "2026-08-18", "end": "2026-09-30"}, TODAY)
    assert seen.days == days("2026-08-18", "2026-08-20")


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("2026-08-10", "2026-08-01", "Turn them round"),
        ("2026-08-10", "", "both a first and a last day"),
        ("yesterday", "2026-08-01", "both a first and a last day"),
        ("2027-08-10", "2027-08-11", "has not come yet"),
        ("2016-08-10", "2026-08-11", "two years"),
        ("0001-01-01", "0001-01-05", "from 2015 on"),
        ("2014-12-31", "2015-01-05", "from 2015 on"),
    ],
)
def test_days_that_make_no_range_are_told_and_the_usual_ones_shown(
    start: str, end: str, told: str
) -> None:
    seen = view({"range": "own", "start": start, "end": end}, TODAY)
    assert told in seen.problem
    assert seen.days == days("2026-07-23", "2026-08-19")


def test_the_address_of_a_view_shows_it_again() -> None:
    seen = view({"about": "111", "range": "7", "compare": "none", "seller_center": "1"}, TODAY)
    assert seen.address(range="28") == "?about=111&range=28&compare=none&seller_center=1"


# --- the figures on top ---------------------------------------------------------------------------


def figures(**changes: str | float | None) -> Row:
    usual: dict[str, str | float | None] = dict.fromkeys(
        ("gmv", "paid_orders", "items_sold", "customers", "avg_order_value", "refund_total",
         "settlement_amount"),
        0.0,
    )  # fmt: skip
    return {**usual, **changes}


def drawn(span: Days, known: tuple[str, str], *rows: Row) -> dict[str, Chart]:
    first, last = map(dt.date.fromisoformat, known)
    made = charts(Period(span, rows, Known(first, last)), None, "USD")
    return {one.field.id: one for one in made}


def test_a_tile_says_its_value_its_change_and_where_from() -> None:
    now, before = figures(gmv=150.0, refund_total=20.0), figures(gmv=100.0, refund_total=10.0)
    made = {tile.field.id: tile for tile in tiles(now, before, "USD")}
    gmv, refunds = made["gmv"], made["refund_total"]
    assert (gmv.value, gmv.change, gmv.tone) == ("USD\u00a0150.00", "+50.0 %", "ok")
    assert gmv.before_value == "USD\u00a0100.00"
    assert (refunds.change, refunds.tone) == ("+100.0 %", "bad")
    assert made["customers"].change == ""


def test_what_is_not_known_is_a_dash() -> None:
    made = {tile.field.id: tile for tile in tiles(figures(settlement_amount=None), None, "USD")}
    assert (made["settlement_amount"].value, made["settlement_amount"].change) == ("–", "")


def test_a_day_without_a_row_is_zero_where_it_was_read_and_a_gap_where_it_was_not() -> None:
    made = drawn(
        days("2026-08-01", "2026-08-04"),
        ("2026-08-02", "2026-08-03"),
        figures(gmv=50.0, date="2026-08-03"),
    )
    # Three stretches of 160 together, 36 high: the 2nd is zero, the 3rd the highest.
    assert made["gmv"].line.line == "M53.33 36 L106.67 0"
    # An average says nothing of a day without orders.
    assert made["avg_order_value"].line.line == "M106.67 36 h0"
    assert made["gmv"].said == (
        "GMV by day, 2026-08-01 to 2026-08-04: between USD\u00a00.00 (2026-08-02) and "
        "USD\u00a050.00 (2026-08-03)."
    )


@pytest.mark.parametrize(
    ("span", "step", "points"),
    [
        (("2026-05-01", "2026-07-31"), "date", 92),
        # 1 May 2026 is a Friday: its week begins on 27 April.
        (("2026-05-01", "2026-08-01"), "week_start_date", 14),
        (("2025-01-15", "2026-07-01"), "year_month", 19),
    ],
)
def test_a_long_range_is_drawn_by_week_or_month(
    span: tuple[str, str], step: str, points: int
) -> None:
    assert step_of(days(*span)) == step
    labels = [label for label, _ in points_of(days(*span))]
    assert len(labels) == points
    if step == "week_start_date":
        assert (labels[0], labels[-1]) == ("2026-04-27", "2026-07-27")


def test_a_chart_by_week_takes_its_rows() -> None:
    made = drawn(
        days("2026-05-01", "2026-08-01"),
        ("2026-05-01", "2026-08-01"),
        figures(gmv=70.0, week_start_date="2026-07-27"),
    )
    assert made["gmv"].said.startswith("GMV by week, 2026-05-01 to 2026-08-01")
    assert made["gmv"].line.line.endswith("L160 0")


# --- where orders and products stand --------------------------------------------------------------


def orders(status: str, count: int, by: str | None = None, reason: str | None = None) -> Row:
    return {
        "order_status": status,
        "cancellation_initiator": by,
        "cancel_reason": reason,
        "orders": count,
    }


ORDERS = [
    orders("UNPAID", 1),
    orders("ON_HOLD", 2),
    orders("COMPLETED", 4),
    orders("CANCELLED", 2, "BUYER", "Changed my mind"),
    orders("CANCELLED", 1, "SYSTEM", None),
    orders("HOVERING", 10),
]


def test_every_order_is_in_exactly_one_tile() -> None:
    stands = stands_of_orders(ORDERS)
    assert [one.label for one in stands] == [
        *("Unpaid", "On hold", "Awaiting shipment", "Partially shipping", "Awaiting collection"),
        *("In transit", "Delivered", "Completed", "Cancelled", "Other"),
    ]
    assert sum(one.count for one in stands) == 20
    counts = {one.label: (one.count, one.share) for one in stands if one.count}
    assert counts["Cancelled"] == (3, 0.15)
    assert counts["Other"] == (10, 0.5)
    assert stands[-1].statuses == ("HOVERING",)


def test_there_is_no_tile_for_others_without_any() -> None:
    assert [one.label for one in stands_of_orders(ORDERS[:-1])][-1] == "Cancelled"


def test_cancelled_orders_say_why_and_by_whom_the_most_frequent_first() -> None:
    assert [(one.by, one.reason, one.count) for one in cancelled(ORDERS)] == [
        ("The buyer", "Changed my mind", 2),
        ("TikTok", "Not told", 1),
    ]


def test_products_stand_in_five_tiles_the_deleted_apart() -> None:
    rows: list[Row] = [
        {"product_status": status, "products_count": count}
        for status, count in [
            ("ACTIVATE", 5), ("FAILED", 1), ("DRAFT", 2), ("PENDING", 3),
            ("SELLER_DEACTIVATED", 1), ("PLATFORM_DEACTIVATED", 1), ("FREEZE", 1), ("DELETED", 9),
        ]
    ]  # fmt: skip
    assert [(one.label, one.count) for one in stands_of_products(rows)] == [
        ("Live", 5),
        ("Failed", 1),
        ("Not uploaded", 5),
        ("Inactive", 3),
        ("Deleted", 9),
    ]


# --- money ----------------------------------------------------------------------------------------


def test_profit_and_loss_goes_from_gross_sales_to_settlement_without_a_rest() -> None:
    lines = profit_and_loss(
        {
            "tx_gross_sales": 100.0,
            "tx_gross_sales_refund": -10.0,
            "tx_seller_discount": -5.0,
            "tx_revenue": 86.0,
            "referral_fee": -6.0,
            "tx_fee_tax": -9.0,
            "tx_shipping_cost": -4.0,
            "tx_adjustment": 1.0,
            "tx_settlement": 72.0,
        }
    )
    assert [(line.label, line.amount, line.level) for line in lines] == [
        ("Gross Sales", 100.0, 2),
        ("Gross Sales Refund", -10.0, 2),
        ("Seller Discount", -5.0, 2),
        ("Other revenue", 1.0, 2),
        ("Revenue", 86.0, 1),
        ("Referral Fee", -6.0, 2),
        ("Other fees", -3.0, 2),
        ("Fees and taxes", -9.0, 1),
        ("Shipping", -4.0, 1),
        ("Adjustments", 1.0, 1),
        ("Reserves and other", -2.0, 1),
        ("Settlement", 72.0, 0),
    ]
    assert lines[-1].share == 0.72


def test_without_a_statement_there_is_no_profit_and_loss() -> None:
    assert profit_and_loss({"tx_settlement": None, "tx_gross_sales": None}) == []


def test_money_is_placed_estimated_or_settled() -> None:
    rows: list[Row] = [
        {"money_state": "estimated", "gmv": 25.0},
        {"money_state": "settled", "gmv": 75.0},
    ]
    assert [(one.label, one.gmv, one.share) for one in money_states(rows)] == [
        ("Settled", 75.0, 0.75),
        ("Estimated", 25.0, 0.25),
        ("Placed", 0.0, 0.0),
    ]


def test_finance_is_complete_through_the_last_whole_day_of_the_shop_that_is_behind() -> None:
    noon = int(dt.datetime(2026, 8, 20, 12, tzinfo=dt.UTC).timestamp())
    known = {
        "1": {"statement_transactions": [Covered("statement_transactions", 0, noon, noon)]},
        "2": {
            "statement_transactions": [Covered("statement_transactions", 0, noon - 86_400, noon)]
        },
        "3": {"orders": [Covered("orders", 0, noon, noon)]},
    }
    assert complete_through(known) == dt.date(2026, 8, 18)
    assert complete_through({"3": known["3"]}) is None


# --- activity -------------------------------------------------------------------------------------


def run(run_id: str, state: str, at: float, **changes: object) -> Run:
    values: dict[str, object] = {
        "id": run_id, "workspace_id": "default", "shop_id": "111", "lane": "forward",
        "kind": "sync", "slot": run_id, "parameters": {}, "priority": 0, "not_before": 0.0,
        "state": state, "attempt": 1, "message": "", "created_at": at, "started_at": None,
        "heartbeat_at": None, "finished_at": None,
    }  # fmt: skip
    return Run(**(values | changes))  # type: ignore[arg-type]


def test_what_goes_on_stands_before_what_is_over() -> None:
    runs = [
        run("c", "done", 30, rows=1200, calls=7, finished_at=40.0),
        run("b", "running", 20, started_at=21.0),
        run("a", "failed", 10, message="TikTok was down.", finished_at=12.0),
        run("x", "done", 50, shop_id="222"),
    ]
    found = happenings(runs, {"111": "Aurora"}, 9)
    assert [(one.run_id, one.state, one.changed, one.at) for one in found] == [
        ("b", "Running", "", 21.0),
        ("c", "Done", "1,200 rows read in 7 calls", 40.0),
        ("a", "Failed", "TikTok was down.", 12.0),
    ]


def test_a_run_that_stands_still_says_so() -> None:
    (found,) = happenings([run("a", "running", 10, stuck_at=20.0)], {"111": "Aurora"}, 9)
    assert (found.state, found.tone) == ("Stuck", "bad")
