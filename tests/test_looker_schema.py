"""getSchema against the contract of Looker Studio's wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

from catalogue.field import Count, Counted, Metric, Snapshot, Unique
from catalogue.fields import FIELDS
from connector.schema import schema

CONTRACTS = Path(__file__).parent / "contracts"


def contract(name: str) -> Any:
    return json.loads((CONTRACTS / name).read_text())


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


def test_every_field_is_described_for_a_person() -> None:
    for name, field in by_name().items():
        assert field["group"], name
        assert str(field["description"]).endswith("."), name
        assert isinstance(FIELDS[name], Metric) == (field["semantics"]["conceptType"] == "METRIC")
