"""getSchema and getConfig against the contracts of Looker Studio's wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from catalogue.field import Count, Metric, Snapshot, Unique
from catalogue.fields import FIELDS
from connector.config import ShopChoice, config
from connector.schema import schema

CONTRACTS = Path(__file__).parent / "contracts"
US = ShopChoice("111", "First shop (US)", "USD", "America/Los_Angeles", is_sample=False)
GB = ShopChoice("222", "Second shop (GB)", "GBP", "Europe/London", is_sample=False)
SAMPLE = ShopChoice("sample", "Sample Account", "USD", "America/Los_Angeles", is_sample=True)


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


@pytest.mark.parametrize("shops", [[SAMPLE], [US, SAMPLE], [US, GB, SAMPLE]])
def test_the_configuration_keeps_its_contract(shops: list[ShopChoice]) -> None:
    jsonschema.validate(config(shops), contract("getconfig_response.schema.json"))


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
        if isinstance(declared, Unique | Snapshot):
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


def test_all_shops_is_offered_when_there_are_several_and_the_sample_account_always() -> None:
    def shops_offered(*shops: ShopChoice) -> list[str]:
        params: Any = config(shops)["configParams"]
        choice = next(param for param in params if param["name"] == "shops")
        return [option["value"] for option in choice["options"]]

    assert shops_offered(SAMPLE) == ["sample"]
    assert shops_offered(US, SAMPLE) == ["111", "sample"]
    assert shops_offered(US, GB, SAMPLE) == ["all", "111", "222", "sample"]


def test_the_currency_is_asked_for_only_when_there_are_several() -> None:
    def names(*shops: ShopChoice) -> list[str]:
        params: Any = config(shops)["configParams"]
        return [param["name"] for param in params]

    assert "currency" not in names(US, SAMPLE)
    assert "currency" in names(US, GB)
