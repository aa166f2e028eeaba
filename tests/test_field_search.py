"""Finding a field, and what is told of it."""

from __future__ import annotations

import pytest

from catalogue.fields import FIELDS
from catalogue.usage import goes_with
from schema_explorer.describe import (
    KINDS,
    SOURCES,
    aggregation,
    by_id,
    companions,
    described,
    formula,
    made_of,
)
from schema_explorer.search import Wanted, find


def found(text: str = "", **wanted: str) -> list[str]:
    return [one.field.id for one in find(Wanted(text, **wanted))]


def test_every_field_that_people_may_choose_is_found_without_a_word() -> None:
    assert found() == [name for name, field in FIELDS.items() if not field.hidden]


@pytest.mark.parametrize("text", ["gmv", "GMV", " gmv "])
def test_the_field_that_is_called_so_comes_first(text: str) -> None:
    assert found(text)[0] == "gmv"


def test_names_that_begin_so_come_before_those_that_have_it_inside() -> None:
    names = found("refund total")
    assert names[0] == "refund_total"
    assert names.index("refund_total") < names.index("cancellation_refund_total")


def test_a_search_reads_the_meaning_too_and_needs_every_word() -> None:
    assert "net_sales_tw" in found("triple whale")
    assert found("gmv zebra") == []


@pytest.mark.parametrize("text", ["<script>", "%", "a" * 10_000, "'; --", "\u202e"])
def test_whatever_is_typed_finds_something_or_nothing(text: str) -> None:
    assert isinstance(found(text), list)


def test_filters_narrow_the_list_together() -> None:
    fields = find(Wanted(group="Orders", kind="ratio", source="Orders"))
    assert fields
    assert {(one.field.group, one.kind) for one in fields} == {("Orders", "ratio")}
    assert find(Wanted(group="Orders", source="Fulfilled by TikTok", kind="sum")) == []


def test_every_field_has_a_kind_that_is_explained_and_a_source() -> None:
    for one in described():
        assert one.kind in KINDS, one.field.id
        assert one.sources, one.field.id
        assert set(one.sources) <= set(SOURCES)


def test_a_source_is_where_the_numbers_are_read() -> None:
    assert by_id()["gmv"].sources == ("Orders",)
    assert by_id()["days_of_stock"].sources == ("Orders", "Products and stock")
    assert by_id()["shop_gmv"].sources == ("TikTok's own figures",)
    assert by_id()["order_status"].sources == ("Orders",)
    assert by_id()["listing_quality_tier"].sources == ("Products and stock",)


def test_a_formula_says_where_a_value_is_read_or_what_it_is_made_of() -> None:
    assert formula(FIELDS["gmv"]) == [
        ("order_line_items", "SUM([sale_price]) FILTER (WHERE [orders.is_paid])")
    ]
    assert formula(FIELDS["avg_order_value"]) == [("", "gmv / paid_orders")]
    assert [part.id for part in made_of(FIELDS["avg_order_value"])] == ["gmv", "paid_orders"]


def test_it_is_told_what_looker_may_do_with_the_rows() -> None:
    assert aggregation(FIELDS["gmv"]).startswith("Sum")
    assert aggregation(FIELDS["customers"]).startswith("None")
    assert "SUM(discount_amount)" in aggregation(FIELDS["discount_rate"])
    assert aggregation(FIELDS["order_status"]) == ""


def test_what_is_said_to_go_together_does() -> None:
    for group, dimensions in companions("settlement_amount").items():
        assert all(goes_with(FIELDS["settlement_amount"], one) for one in dimensions), group  # type: ignore[arg-type]
    assert "Line items" not in companions("settlement_amount")
    assert FIELDS["gmv"] in companions("order_status")["Orders"]
