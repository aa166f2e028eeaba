"""The catalogue as a whole: everything declared can be read, and nothing says two things."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from catalogue.docs import fields_page
from catalogue.facts import FACTS
from catalogue.field import Additive, Combined, Dimension, Metric, Ratio, Unique, references
from catalogue.fields import FIELDS, aggregates, is_additive, load
from catalogue.table import Column, Kind, Table
from catalogue.tables import TABLES
from catalogue.unasked import REASONS, reason
from catalogue.usage import columns_behind, goes_with

CONTRACTS = Path(__file__).parent / "contracts"


def test_labels_are_unique_so_that_a_person_can_tell_fields_apart() -> None:
    labels = [field.label for field in FIELDS.values()]
    assert sorted(labels) == sorted(set(labels))


def test_the_ids_that_reports_rely_on_are_there() -> None:
    ids = json.loads((CONTRACTS / "field_ids.json").read_text())
    kinds = {"dimension": Dimension, "metric": Metric}
    wrong = [
        name
        for concept, names in ids.items()
        for name in names
        if not isinstance(FIELDS.get(name), kinds[concept])
    ]
    assert not wrong
    assert sum(map(len, ids.values())) == 227


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_column_is_behind_a_field_or_has_a_reason(table: Table) -> None:
    """Keys of 64 bits stand for an id beside them."""
    behind = columns_behind()
    silent = [
        column.name
        for column in table.stored()
        if column.kind is not Kind.KEY
        and (table.name, column.name) not in behind
        and not reason(table.name, column.name)
    ]
    assert not silent


def test_reasons_name_columns_that_exist_and_have_no_field() -> None:
    behind = columns_behind()
    unused = {
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.stored()
        if (table.name, column.name) not in behind
    }
    for tables, columns, why in REASONS:
        for pattern in columns:
            assert any(
                fnmatchcase(table, tables) and fnmatchcase(column, pattern)
                for table, column in unused
            ), f"{tables}.{pattern}"
        assert why.endswith(".")


def test_numbers_and_texts_of_a_derived_column_or_a_view_count_as_used() -> None:
    behind = columns_behind()
    assert "product_id" in behind["order_line_items", "auction_product_id"]
    assert "video_post_time" in behind["video_performance_daily", "video_post_time"]
    assert "money_state" in behind["unsettled_transactions", "is_unsettled"]
    assert "external_order_id" in behind["external_orders", "external_order_id"]


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
        # Made with a GROUP BY of this key.
        "order_money": {"order_key"},
        "buyers": {"buyer_key"},
        "order_references": {"order_id"},
    }
    for fact in FACTS.values():
        for join in fact.joins:
            assert join.right in keys_of[join.table], f"{fact.name} to {join.table}"


def test_every_home_of_a_dimension_is_reached_by_all_facts_of_its_table() -> None:
    for field in FIELDS.values():
        for table, template in field.homes.items() if isinstance(field, Dimension) else ():
            for fact in FACTS.values():
                if fact.table.name == table:
                    owners = {name.rpartition(".")[0] for name in references(template)} - {""}
                    assert owners <= set(fact.reached()), f"{field.id} on {fact.name}"


def test_a_combination_of_distinct_counts_never_adds_up() -> None:
    for field in FIELDS.values():
        if isinstance(field, Combined):
            kinds = {type(FIELDS[name]) for name in field.inputs}
            assert kinds in ({Additive}, {Unique}), field.id
            assert is_additive(field) == (kinds == {Additive})


def test_every_part_of_a_ratio_of_untold_figures_is_told_for_the_same_rows() -> None:
    """A rate over several rows is of those rows only whose base is told."""
    for name in ("pa_click_to_order_rate", "live_click_to_order_rate", "shop_conversion_rate"):
        rate = FIELDS[name]
        assert isinstance(rate, Ratio)
        parts = list(aggregates(rate))
        assert all(isinstance(part, Additive) for part in parts)
        (fact,) = parts[0].on
        (shown,) = references(parts[1].on[fact])
        needed = {*references(parts[0].on[fact]), *references(str(parts[0].where))}
        assert shown in needed, name


def test_facts_of_tiktoks_own_days_say_so() -> None:
    by_day = [fact for fact in FACTS.values() if fact.own_days and not fact.by_hour]
    assert {fact.axes["own"] for fact in by_day} == {"day"}
    assert {fact.cap for fact in by_day} == {"analytics"}
    hourly = FACTS["shop_performance_hourly"]
    assert (hourly.axes["own"], hourly.by_hour, hourly.cap) == ("hour_start", True, "hourly")
    assert not FACTS["statements"].by_hour
    assert FACTS["orders"].by_hour


def test_what_goes_with_what_follows_from_what_the_facts_reach() -> None:
    def goes(metric: str, dimension: str) -> bool:
        top, side = FIELDS[metric], FIELDS[dimension]
        assert isinstance(top, Metric)
        assert isinstance(side, Dimension)
        return goes_with(top, side)

    assert goes("gmv", "product_title")
    assert not goes("payment_total_amount", "product_title")
    assert goes("pa_impressions", "product_id")
    assert not goes("pa_impressions", "hour")
    assert not goes("pa_impressions", "order_status")
    assert goes("hourly_gmv", "hour")
    assert not goes("settlement_amount", "hour")
    assert goes("platform_commission", "sku_id")
    assert goes("tx_settlement", "money_state")
    assert not goes("available_quantity", "date")
    assert goes("video_gmv", "data_note")


def test_the_document_gives_a_metric_and_its_dimensions_the_same_letter() -> None:
    page = fields_page()
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    letters = {row[1].strip("`"): set(row[-1].removesuffix(" |").split()) for row in rows if row[1]}
    assert len(letters["gmv"]) == 1
    assert letters["gmv"] <= letters["product_title"]
    assert not letters["payment_total_amount"] & letters["product_title"]
    assert letters["data_as_of"] == {"all"}
    assert set(FIELDS) <= set(letters)


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
