"""The catalogue as a whole: everything declared can be read, and nothing says two things."""

from __future__ import annotations

import pytest

from catalogue.facts import FACTS
from catalogue.field import Additive, Combined, Dimension, Metric, Ratio, references
from catalogue.fields import FIELDS, load
from catalogue.table import Column, Kind, Table
from catalogue.tables import TABLES


def test_labels_are_unique_so_that_a_person_can_tell_fields_apart() -> None:
    labels = [field.label for field in FIELDS.values()]
    assert sorted(labels) == sorted(set(labels))


def test_every_numeric_column_of_orders_and_lines_has_a_metric_or_a_reason() -> None:
    reasons = {
        "payment_discount_service_fee",  # a fee for a discount, inside total_amount
        "item_insurance_tax",  # inside tax
        "distance_fee",  # newest documents only, not yet seen
        "distance_shipping_fee",
        "line_count",  # items_ordered counts the lines themselves
        "gift_retail_price",  # what a gift would have cost; nobody paid it
        "buyer_service_fee",  # of the line: the order's is inside buyer_fees
        "small_order_fee",
        "retail_delivery_fee",
        "tax_rate",  # of the line: the metric is weighted
    }
    used = {
        (fact.rpartition(".")[2], reference.rpartition(".")[2])
        for field in FIELDS.values()
        if isinstance(field, Additive)
        for fact, template in field.on.items()
        for reference in references(template)
    }
    for table in ("orders", "order_line_items"):
        for column in TABLES[table].columns:
            if column.kind in (Kind.MONEY, Kind.RATE, Kind.COUNT) and column.name not in reasons:
                assert (table, column.name) in used, f"{table}.{column.name}"


def test_personal_data_has_no_column() -> None:
    forbidden = ("name_of", "phone", "email", "street", "address", "avatar", "nickname", "message")
    names = [column.name for table in TABLES.values() for column in table.columns]
    assert not [name for name in names if any(word in name for word in forbidden)]
    assert "buyer_email" not in names
    assert "postal_code" not in names


def test_every_join_of_a_fact_leads_to_a_column_that_identifies_one_row() -> None:
    keys_of = {
        "orders": {"order_key", "order_id"},
        "order_line_items": {"line_key", "line_item_id"},
        "products": {"product_id"},
        "product_skus": {"sku_id"},
        "warehouses": {"warehouse_id"},
        "returns": {"return_key", "return_id"},
        "cancellations": {"cancel_key", "cancel_id"},
        "statements": {"statement_key", "statement_id"},
    }
    for fact in FACTS.values():
        for join in fact.joins:
            assert join.right in keys_of[join.table], f"{fact.name} to {join.table}"


def test_ratios_and_combinations_never_add_up_what_cannot_be_added() -> None:
    for field in FIELDS.values():
        if isinstance(field, Combined):
            assert all(isinstance(FIELDS[name], Additive) for name in field.inputs)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (
            Additive(
                id="x", label="X", group="G", about="A.", semantic="NUMBER",
                on={"orders": "[no_such_column]"},
            ),
            "has no column",
        ),
        (
            Additive(
                id="x", label="X", group="G", about="A.", semantic="NUMBER",
                on={"orders": "[products.title]"},
            ),
            "does not reach",
        ),
        (
            Ratio(
                id="x", label="X", group="G", about="A.", semantic="NUMBER",
                numerator="nothing", denominator="nothing",
            ),
            "cannot be computed",
        ),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_read_stops_the_start(broken: Metric, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        load([broken])


def test_a_field_declared_twice_stops_the_start() -> None:
    with pytest.raises(ValueError, match="twice"):
        load([FIELDS["gmv"], FIELDS["gmv"]])


def test_a_dimension_needs_a_home_and_a_known_type() -> None:
    with pytest.raises(ValueError, match="home"):
        Dimension(id="x", label="X", group="G", about="A.", semantic="TEXT")
    with pytest.raises(ValueError, match="type"):
        Dimension(id="x", label="X", group="G", about="A.", semantic="NUMBER", homes={"a": "b"})


def test_a_table_checks_its_own_key() -> None:
    with pytest.raises(ValueError, match="not a column"):
        Table("t", "About.", ("id",), "id", None, (Column("other", Kind.TEXT),))
