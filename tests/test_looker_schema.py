"""getSchema against the contract of Looker Studio's wire."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from catalogue.field import (
    AnswerDimension,
    Count,
    Counted,
    Dimension,
    Metric,
    Snapshot,
    Unique,
)
from catalogue.fields import FIELDS, aggregates, is_snapshot
from connector.reach import fact_for
from connector.schema import schema

CONTRACTS = Path(__file__).parent / "contracts"


def contract(name: str) -> Any:
    return json.loads((CONTRACTS / name).read_text())


@cache
def by_name(currencies: tuple[str, ...] = ("USD",)) -> dict[str, dict[str, Any]]:
    return {str(field["name"]): field for field in schema(currencies)}


def test_the_schema_keeps_the_strict_contract() -> None:
    fields = contract("field.schema.json")
    registry = Registry().with_resource(fields["$id"], Resource.from_contents(fields))
    validator = jsonschema.Draft202012Validator(
        {"$ref": f"{fields['$id']}#/$defs/strictGetSchemaResponse"}, registry=registry
    )
    validator.validate({"schema": schema(["USD"])})


def test_there_is_one_default_dimension_and_one_default_metric() -> None:
    defaults = [name for name, field in by_name().items() if field.get("isDefault")]
    assert defaults == ["date", "gmv"]


def test_amounts_have_the_currency_of_the_shops_and_are_numbers_when_it_is_not_one() -> None:
    assert by_name(("USD",))["gmv"]["semantics"]["semanticType"] == "CURRENCY_USD"
    assert by_name(("IDR",))["gmv"]["semantics"]["semanticType"] == "CURRENCY_IDR"
    assert by_name(("USD", "GBP"))["gmv"]["semantics"]["semanticType"] == "NUMBER"
    assert by_name(("XXX",))["gmv"]["semantics"]["semanticType"] == "NUMBER"


def test_only_what_adds_up_may_be_summed_by_looker() -> None:
    for name, field in by_name().items():
        declared = FIELDS[name]
        if isinstance(declared, Unique | Snapshot | Counted):
            assert field["semantics"]["isReaggregatable"] is False, name
            assert "defaultAggregationType" not in field
        if isinstance(declared, Count):
            assert field["semantics"]["isReaggregatable"] is True
            assert "do not add up" in field["description"]


def test_a_ratio_of_sums_of_one_fact_is_a_formula_and_any_other_is_computed_by_us() -> None:
    fields = by_name()
    assert fields["avg_item_price"]["formula"] == "SUM(gmv) / NULLIF(SUM(items_sold), 0)"
    assert "formula" not in fields["avg_order_value"]
    assert fields["avg_order_value"]["semantics"]["isReaggregatable"] is False
    assert "formula" not in fields["return_rate"]


def test_a_formula_has_the_factor_of_its_unit() -> None:
    fields = by_name()
    assert fields["video_gpm"]["formula"] == "1000 * SUM(video_gmv) / NULLIF(SUM(video_views), 0)"
    assert fields["take_rate"]["formula"] == "-1 * SUM(tx_fee_tax) / NULLIF(SUM(tx_gross_sales), 0)"
    assert (
        fields["hours_to_ship"]["formula"]
        == "SUM(ship_seconds) / NULLIF(SUM(ship_timed_orders), 0) / 3600"
    )


def test_what_others_are_computed_from_is_hidden_and_a_formula_never() -> None:
    fields = by_name()
    assert fields["ship_seconds"]["isHidden"] is True
    assert "isHidden" not in fields["gmv"]
    assert not [
        name for name, field in fields.items() if "formula" in field and "isHidden" in field
    ]


def test_a_duration_is_computed_by_us_because_it_is_text_to_looker() -> None:
    field = by_name()["live_avg_view_duration"]
    assert field["dataType"] == "STRING"
    assert "formula" not in field
    assert field["semantics"]["isReaggregatable"] is False


def test_a_peak_of_peaks_is_a_peak_and_distinct_counts_never_combine() -> None:
    peak, returning = by_name()["live_peak_viewers"], by_name()["returning_customers"]
    assert peak["defaultAggregationType"] == "MAX"
    assert peak["semantics"]["isReaggregatable"] is True
    assert returning["semantics"]["isReaggregatable"] is False


def test_a_formula_names_only_fields_that_exist() -> None:
    for field in by_name().values():
        formula = str(field.get("formula", ""))
        for word in formula.replace("(", " ").replace(")", " ").replace(",", " ").split():
            if word.islower():
                assert word in FIELDS


def test_a_picture_is_a_formula_over_its_address() -> None:
    picture = by_name()["product_image"]
    assert picture["semantics"]["semanticType"] == "IMAGE"
    assert picture["formula"].startswith("IMAGE(product_image_url")


def said(name: str) -> str:
    """What the description says after the field's own sentences."""
    return str(by_name()[name]["description"]).removeprefix(FIELDS[name].about).strip()


SKUS_GROUPS = "Shop, Products, SKUs, SKU analytics and Product analytics"
NOW_ONLY = "The state of now: the date range has no effect and it cannot be shown by date."


@pytest.mark.parametrize(
    ("name", "goes_with"),
    [
        # TikTok's own days: of the shop, of a product, of a video, of a LIVE.
        ("shop_gmv", "Goes with dimensions of Time (no hours) and Shop."),
        (
            "pa_gmv",
            "Goes with dimensions of Time (no hours), Shop, Products and Product analytics.",
        ),
        ("video_gmv", "Goes with dimensions of Time (no hours), Shop and Video analytics."),
        ("live_gmv", "Goes with dimensions of Time (no hours), Shop and LIVE analytics."),
        ("hourly_gmv", "Goes with dimensions of Time and Shop."),
        # A statement has seven of the nineteen dimensions of finance.
        (
            "settled_revenue",
            "Goes with dimensions of Time (no hours) and Shop, and with some of Finance.",
        ),
        (
            "sku_price",
            f"{NOW_ONLY} Goes with dimensions of {SKUS_GROUPS}.",
        ),
        # What is computed from several goes with what they have in common: here with what is known
        # of a whole order.
        ("net_sales_tw", "Goes with dimensions of Time, Shop, Orders and Warehouses."),
        # What goes with nearly everything says nothing.
        ("gmv", ""),
        ("tx_settlement", ""),
        ("refund_total", ""),
    ],
)
def test_a_metric_that_goes_with_few_dimensions_says_with_which(name: str, goes_with: str) -> None:
    assert said(name) == goes_with


@pytest.mark.parametrize("name", ["available_quantity", "unsettled_amount", "products_count"])
def test_the_state_of_now_is_called_so(name: str) -> None:
    assert said(name).startswith(NOW_ONLY)


def test_every_state_of_now_and_nothing_else_is_called_so() -> None:
    called = {name for name, field in by_name().items() if NOW_ONLY in field["description"]}
    assert called == {
        name
        for name, field in FIELDS.items()
        if isinstance(field, Metric) and is_snapshot(field) and not isinstance(field, Count)
    }
    assert len(called) > 15


def test_a_metric_can_be_shown_by_what_its_description_names() -> None:
    """Each dimension of a group that is named without "some", the hours aside: at least half."""
    for name, field in FIELDS.items():
        if not isinstance(field, Metric) or "Goes with" not in said(name):
            continue
        sentence = said(name).partition("Goes with dimensions of ")[2].partition(", and with")[0]
        for group in re.split(r", | and ", sentence.rstrip(".")):
            members = [
                one
                for one in FIELDS.values()
                if isinstance(one, Dimension)
                and one.group == group.removesuffix(" (no hours)")
                and not one.hidden
                and not isinstance(one, AnswerDimension)
            ]
            assert members, (name, group)
            fitting = [
                one
                for one in members
                if all(fact_for(part, [one]) is not None for part in aggregates(field))
            ]
            assert 2 * len(fitting) >= len(members), (name, group)


def test_descriptions_are_short_enough_to_be_read_in_a_tooltip() -> None:
    assert all(len(field["description"]) <= 320 for field in by_name().values())


def test_every_field_is_described_for_a_person() -> None:
    for name, field in by_name().items():
        assert field["group"], name
        assert str(field["description"]).endswith("."), name
        assert isinstance(FIELDS[name], Metric) == (field["semantics"]["conceptType"] == "METRIC")
