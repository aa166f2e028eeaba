"""sampleExtraction: Looker Studio looks at values to learn their types; no store is asked."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from catalogue.field import DIMENSION_TYPES, METRIC_TYPES
from catalogue.fields import FIELDS
from connector.request import MOST_FIELDS, parse
from connector.sample_rows import sample_response
from connector.schema import data_type
from tests.answering import Answering, answering, request_for

SAMPLED = {"scriptParams": {"sampleExtraction": True}}
#: Looker's formats, from its page on semantic types.
FORMATS = {
    "YEAR": r"20\d\d",
    "YEAR_QUARTER": r"20\d\d[1-4]",
    "YEAR_MONTH": r"20\d\d(0\d|1[0-2])",
    "YEAR_WEEK": r"20\d\d[0-5]\d",
    "YEAR_MONTH_DAY": r"20\d{6}",
    "YEAR_MONTH_DAY_HOUR": r"20\d{6}([01]\d|2[0-3])",
    "YEAR_MONTH_DAY_SECOND": r"20\d{12}",
    "QUARTER": r"[1-4]",
    "MONTH": r"0\d|1[0-2]",
    "WEEK": r"[0-5]\d",
    "MONTH_DAY": r"[01]\d[0-3]\d",
    "DAY_OF_WEEK": r"[0-6]",
    "DAY": r"[0-3]\d",
    "HOUR": r"[01]\d|2[0-3]",
    "COUNTRY_CODE": r"[A-Z]{2}",
    "REGION": r"[A-Z][A-Za-z ]+",
    "CITY": r"[A-Z][A-Za-z ]+",
    "URL": r"https://shop\.example/\d+",
    "IMAGE": r"https://shop\.example/\d+\.jpg",
    "DURATION": r"\d+",
    "TEXT": r".+",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("sample"))
    yield test
    test.here.close()


def sampled(*fields: str) -> Any:
    return orjson.loads(sample_response(parse(request_for(*fields, **SAMPLED))))


def test_every_type_of_the_catalogue_has_a_format() -> None:
    numbers = {"NUMBER", "CURRENCY", "PERCENT", "BOOLEAN"}
    assert set(FORMATS) | numbers == DIMENSION_TYPES | METRIC_TYPES


def test_every_field_has_values_of_its_type_in_lookers_format() -> None:
    for start in range(0, len(FIELDS), MOST_FIELDS):
        names = list(FIELDS)[start : start + MOST_FIELDS]
        body = sampled(*names)
        kinds = [data_type(FIELDS[name]) for name in names]
        assert body["schema"] == [
            {"name": name, "dataType": kind} for name, kind in zip(names, kinds, strict=True)
        ]
        for values in [row["values"] for row in body["rows"]]:
            for name, kind, value in zip(names, kinds, values, strict=True):
                check(name, kind, value)


def check(name: str, kind: str, value: object) -> None:
    if kind == "STRING":
        pattern = FORMATS[FIELDS[name].semantic]
        assert re.fullmatch(pattern, str(value)), (name, value)
        assert isinstance(value, str), name
    else:
        assert isinstance(value, bool) == (kind == "BOOLEAN"), name
        assert isinstance(value, bool | int | float), name


def test_the_first_day_is_that_of_the_request() -> None:
    two_days_ago = ("2026-08-18", "2026-08-18")
    asked = parse(request_for("date", "week_iso", "year_quarter", days=two_days_ago, **SAMPLED))
    rows = orjson.loads(sample_response(asked))["rows"]
    assert rows[0]["values"] == ["20260818", "202634", "20263"]
    assert asked.start == dt.date(2026, 8, 18)


def test_the_answer_is_the_same_every_time() -> None:
    assert sampled("date", "gmv", "product_name") == sampled("date", "gmv", "product_name")
    assert len(sampled("date")["rows"]) == 10


def test_no_shop_and_no_store_is_asked(service: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the store was asked")

    monkeypatch.setattr(service.here.answers, "answer", asked)
    monkeypatch.setattr(service.here.engine, "query", asked)
    monkeypatch.setattr(service.here.stores, "columns", asked)
    body = {**request_for("date", "order_status", "gmv", options={"shops": "777"}), **SAMPLED}
    response = service.post("getData", body)
    assert response.status_code == 200
    assert response.get_json()["filtersApplied"] is True
    assert response.get_json()["rows"][1]["values"] == ["20260802", "Status 2", 32.49]
    explained = service.client.post(
        "/connector/v1/getData?explain=1",
        json=body,
        headers={"Authorization": f"Bearer {service.key}"},
    )
    assert explained.get_json()["answer"] == response.get_json()


def test_a_field_that_does_not_exist_is_still_refused(service: Answering) -> None:
    response = service.post("getData", {**request_for("gvm"), **SAMPLED})
    assert response.get_json()["error"]["code"] == "unknown_field"
    assert service.post("getData", {**request_for("gmv"), **SAMPLED}, key="x").status_code == 401


@pytest.mark.parametrize("options", [{}, None, {"client": "all"}])
def test_examples_come_before_any_shop_is_chosen(service: Answering, options: Any) -> None:
    reply = service.post("getData", {**request_for("gmv"), **SAMPLED, "configParams": options})
    assert reply.status_code == 200
    assert len(reply.get_json()["rows"]) == 10
    without = service.post("getData", {**request_for("gmv"), "configParams": options})
    assert "Choose at least one shop" in without.get_json()["error"]["message"]
