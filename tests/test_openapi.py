"""/openapi.json: every route of the program, with what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from hub.openapi import document
from settings import Settings

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder: Path = tmp_path_factory.mktemp("data")
    return create_app(Settings(data_dir=folder, sample_account=False, log_level="error"))


@pytest.fixture(scope="module")
def told(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_document_is_that_of_the_running_program(app: Flask, told: dict[str, Any]) -> None:
    assert told == document(app)
    assert told["openapi"] == "3.1.0"


def test_every_route_and_method_is_in_it_once(app: Flask, told: dict[str, Any]) -> None:
    listed = {
        (operation["operationId"])
        for place in told["paths"].values()
        for operation in place.values()
    }
    wanted = {
        f"{rule.endpoint}.{method.lower()}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method.lower() in METHODS and not rule.endpoint.endswith("static")
    }
    assert listed == wanted
    assert "/static/{filename}" not in told["paths"]


def test_every_variable_of_an_address_is_described(told: dict[str, Any]) -> None:
    for path, place in told["paths"].items():
        for operation in place.values():
            named = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
            assert sorted(f"{{{name}}}" for name in named) == sorted(
                part for part in path.split("/") if part.startswith("{")
            )


def test_it_says_who_may(told: dict[str, Any]) -> None:
    paths = told["paths"]
    data = paths["/connector/v1/getData"]["post"]
    assert (data["security"], data["x-scopes"]) == ([{"key": []}], ["read"])
    keys = paths["/keys"]["post"]
    assert (keys["security"], keys["x-role"]) == ([{"session": []}], "owner")
    assert paths["/"]["get"]["x-role"] == "viewer"
    assert paths["/healthz"]["get"]["security"] == []
    webhook = paths["/webhooks/tiktok/{topic}"]["post"]
    assert (webhook["security"], webhook["x-largest-body"]) == ([], 256 * 1024)


def test_a_request_for_rows_is_described_as_far_as_a_machine_needs_it(
    told: dict[str, Any],
) -> None:
    body = told["paths"]["/connector/v1/getData"]["post"]["requestBody"]["content"]
    schema = body["application/json"]["schema"]
    assert schema["required"] == ["configParams", "fields"]
    assert schema["properties"]["fields"]["maxItems"] == 400
    names = {one["name"] for one in told["paths"]["/connector/v1/rows.csv"]["get"]["parameters"]}
    assert {"fields", "start", "end", "filter", "limit", "offset", "header"} <= names
