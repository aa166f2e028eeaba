"""Request signatures against TikTok's published digests and ones recomputed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tiktok_shop.signing import sign

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "contracts" / "signing_vectors.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_signature_equals_the_known_digest(vector: dict[str, Any]) -> None:
    made = sign(
        vector["app_secret"],
        vector["path"],
        vector["query"],
        vector["body"].encode(),
        vector["content_type"],
    )
    assert made == vector["sign"]


def test_all_kinds_of_request_have_a_vector() -> None:
    assert {vector["name"] for vector in VECTORS} >= {
        "get_no_body",
        "get_with_shop_cipher",
        "order_search",
        "order_detail_two_ids",
        "non_ascii_body",
        "access_token_in_query_ignored",
        "empty_json_object_body",
        "multipart_body_left_out",
    }


def test_order_of_the_query_does_not_matter() -> None:
    one = sign("s", "/p", {"b": "2", "a": "1"}, b"", "application/json")
    other = sign("s", "/p", {"a": "1", "b": "2"}, b"", "application/json")
    assert one == other


@pytest.mark.parametrize(
    "changed",
    [
        ("t", "/p", {"a": "1"}, b"{}"),
        ("s", "/q", {"a": "1"}, b"{}"),
        ("s", "/p", {"a": "2"}, b"{}"),
        ("s", "/p", {"b": "1"}, b"{}"),
        ("s", "/p", {"a": "1"}, b"{ }"),
    ],
)
def test_every_part_is_covered_by_the_signature(
    changed: tuple[str, str, dict[str, str], bytes],
) -> None:
    original = sign("s", "/p", {"a": "1"}, b"{}", "application/json")
    assert sign(*changed, "application/json") != original
