"""Numbers as people read them, and as lines. Worked out by hand."""

from __future__ import annotations

import pytest

from catalogue.fields import FIELDS
from web.charts import Scale, curve, round_scale, scale
from web.figures import amount, cell, change, count, percent, signed


@pytest.mark.parametrize(
    ("value", "currency", "said"),
    [
        (1234.5, "USD", "USD\u00a01,234.50"),
        (-0.5, "GBP", "\u2212GBP\u00a00.50"),
        (-0.001, "USD", "USD\u00a00.00"),
        (150000.0, "IDR", "IDR\u00a0150,000"),
        (2.0, "", "2.00"),
        (None, "USD", "–"),
    ],
)
def test_money_says_its_currency_and_has_the_places_of_its_prices(
    value: float | None, currency: str, said: str
) -> None:
    assert amount(value, currency) == said


def test_below_a_heading_that_says_the_currency_money_has_only_its_places() -> None:
    assert amount(1_234_567.0, "IDR", with_code=False) == "1,234,567"
    assert amount(-1234.5, "USD", with_code=False) == "−1,234.50"


def test_a_number_that_is_not_known_is_a_dash_and_never_zero() -> None:
    assert (amount(None), count(None), percent(None)) == ("–", "–", "–")
    assert (count(1234), count(2.5), count(0), percent(0.1234)) == ("1,234", "2.50", "0", "12.3 %")


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert (percent(-0.0001), signed(0.0001), signed(0.25)) == ("0.0 %", "0.0 %", "+25.0 %")


def test_a_change_is_told_only_where_it_says_something() -> None:
    assert change(150.0, 100.0) == 0.5
    assert change(5.0, 0.0) is None
    assert change(None, 5.0) is None
    assert change(5.0, -5.0) is None


def test_a_cell_is_written_as_its_field_is_meant() -> None:
    assert cell(FIELDS["gmv"], 2.5, "USD") == "USD\u00a02.50"
    assert cell(FIELDS["return_rate"], 0.05) == "5.0 %"
    assert cell(FIELDS["is_paid"], True) == "yes"
    assert cell(FIELDS["order_status"], None) == ""


def test_a_line_runs_from_edge_to_edge_and_its_area_goes_down_to_zero() -> None:
    drawn = curve([0.0, 10.0, 5.0], 100, Scale(0, 10, 20))
    assert drawn.line == "M0 20 L50 0 L100 10"
    assert drawn.area == "M0 20 L0 20 L50 0 L100 10 L100 20 Z"


def test_a_day_that_is_not_known_is_a_gap_and_one_alone_is_a_dot() -> None:
    drawn = curve([5.0, None, 10.0, 10.0], 30, Scale(0, 10, 10))
    assert drawn.line == "M0 5 h0 M20 0 L30 0"


def test_what_is_below_zero_hangs_from_the_zero_line() -> None:
    to = scale([-10.0, 30.0], 40)
    assert (to.y(30), to.y(0), to.y(-10)) == (0, 30, 40)
    assert curve([-10.0, 30.0], 10, to).area == "M0 30 L0 40 L10 0 L10 30 Z"


def test_a_grid_has_round_numbers_and_holds_every_value() -> None:
    to, ticks = round_scale([3.0, 2272.14], 300)
    assert (to.low, to.high) == (0, 3000)
    assert [(tick.value, tick.y) for tick in ticks] == [
        (0, 300),
        (1000, 200),
        (2000, 100),
        (3000, 0),
    ]


def test_of_nothing_a_grid_can_be_drawn_too() -> None:
    to, ticks = round_scale([None], 100)
    assert (to.low, to.high, len(ticks)) == (0, 1, 5)
