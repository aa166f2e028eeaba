"""What follows from an id need not be grouped by, and the answer stays the same."""

from __future__ import annotations

import pytest

from catalogue.facts import FACTS
from catalogue.field import Dimension
from catalogue.fields import FIELDS
from connector.grouping import Header, grouping, header, together


def dimensions(*names: str) -> tuple[Dimension, ...]:
    found = tuple(FIELDS[name] for name in names)
    assert all(isinstance(one, Dimension) for one in found)
    return found  # type: ignore[return-value]


def grouped_by(fact: str, axis: str, *names: str) -> set[str]:
    groups = grouping(FACTS[fact], FACTS[fact].axes[axis], dimensions(*names))
    return {names[position] for position in groups.by}


@pytest.mark.parametrize(
    ("fact", "names", "by"),
    [
        # An order has one state, one place, one warehouse and one time.
        ("order_line_items", ("order_id", "order_status", "recipient_state"), {"order_id"}),
        ("order_line_items", ("order_status", "order_id", "warehouse_name"), {"order_id"}),
        ("orders", ("warehouse_id", "warehouse_name"), {"warehouse_id"}),
        # A unit's name is not the order's.
        (
            "order_line_items",
            ("order_id", "order_status", "product_name"),
            {"order_id", "product_name"},
        ),
        # The state says nothing of the place.
        ("orders", ("order_status", "recipient_state"), {"order_status", "recipient_state"}),
        # A day holds many orders.
        ("order_line_items", ("date", "product_id"), {"date", "product_id"}),
        # One shop has one name; but a group there must be, or no rows would make one.
        ("orders", ("shop_name", "shop_region"), {"shop_name"}),
    ],
)
def test_groups_are_made_by_what_does_not_follow(
    fact: str, names: tuple[str, ...], by: set[str]
) -> None:
    assert grouped_by(fact, "created", *names) == by


def test_the_day_of_payment_follows_from_the_order_and_the_day_of_a_unit_is_its_own() -> None:
    assert grouped_by("order_line_items", "paid", "order_id", "date") == {"order_id"}
    assert grouped_by("order_line_items", "created", "order_id", "date") == {"order_id", "date"}


@pytest.mark.parametrize(
    ("fact", "axis", "names", "each_row"),
    [
        ("orders", "created", ("order_id", "order_status"), True),
        ("orders", "created", ("order_status",), False),
        ("order_line_items", "created", ("order_id",), False),
        ("order_line_items", "created", ("line_item_id",), True),
        ("returns", "own", ("return_id", "return_status"), True),
        ("return_line_items", "own", ("return_id",), False),
    ],
)
def test_where_the_facts_own_id_is_asked_for_every_row_is_a_group(
    fact: str, axis: str, names: tuple[str, ...], each_row: bool
) -> None:
    made = grouping(FACTS[fact], FACTS[fact].axes[axis], dimensions(*names))
    assert made.each_row == each_row


def test_what_stands_behind_the_last_key_does_not_change_the_order_of_rows() -> None:
    orders = FACTS["orders"]
    made = grouping(orders, "create_time", dimensions("order_status", "order_id", "create_time"))
    assert made.ordered == (0, 1)


def test_what_follows_in_one_fact_only_is_grouped_by_in_both() -> None:
    asked = dimensions("order_id", "order_status", "date")
    lines, orders, returns = (FACTS[name] for name in ("order_line_items", "orders", "returns"))
    # The day of a unit is told by its own row, the day of the order by the order's.
    assert together([(orders, "create_time"), (lines, "create_time")], asked).by == {0, 2}
    assert together([(orders, "paid_time"), (lines, "orders.paid_time")], asked).by == {0}
    assert together([(orders, "create_time"), (returns, "create_time")], asked).by == {0, 1, 2}


def test_the_units_of_an_order_are_added_up_below_its_header() -> None:
    orders, lines = FACTS["orders"], FACTS["order_line_items"]
    asked = dimensions("order_id", "create_time", "recipient_state")
    below = Header(orders, "order_key")
    assert header((lines,), "created", asked, ()) == below
    assert header((orders, lines), "created", asked, dimensions("order_status")) == below


@pytest.mark.parametrize(
    ("facts", "axis", "names", "filtered"),
    [
        # Nothing names the order.
        (("order_line_items",), "created", ("order_status",), ()),
        # The header alone needs no help.
        (("orders",), "created", ("order_id",), ()),
        # A unit may be in another parcel than its order says.
        (("order_line_items",), "created", ("order_id", "tracking_number"), ()),
        # A filter on units leaves out some of an order's.
        (("order_line_items",), "created", ("order_id",), ("product_name",)),
        # A return of an order is no line of it.
        (("orders", "returns"), "own", ("order_id",), ()),
        (("returns_by_order_date",), "created", ("return_id",), ()),
    ],
)
def test_what_a_header_does_not_tell_is_grouped_line_by_line(
    facts: tuple[str, ...], axis: str, names: tuple[str, ...], filtered: tuple[str, ...]
) -> None:
    made = header(
        tuple(FACTS[name] for name in facts), axis, dimensions(*names), dimensions(*filtered)
    )
    assert made is None
