"""The connector over HTTP: who is let in, what a workspace sees, what bad input gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answering import Answering, HandMadeShop, answering, at, fill, request_for

pytestmark = pytest.mark.slow

SCHEMA_REQUEST = {"configParams": {"shops": "111"}}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    """Workspaces `default` and `other`, each with a shop 111 of its own."""
    test = answering(tmp_path_factory.mktemp("routes"))
    fill(test, test.shop(HandMadeShop("111", "Mine", "US")))
    test.here.accounts.create_workspace("Other", workspace_id="other")
    theirs = test.shop(HandMadeShop("111", "Theirs", "US"), "other")
    test.shop(HandMadeShop("999", "Only theirs", "US"), "other")
    test.write(
        theirs,
        "orders",
        [
            {
                "order_id": "Z",
                "order_key": 9,
                "create_time": at("2026-08-01 01:00"),
                "update_time": at("2026-08-01 01:00"),
                "status": "COMPLETED",
                "currency": "USD",
            }
        ],
    )
    test.cover(theirs, "2026-08-01 00:00", "2026-08-20 12:00", "orders")
    test.publish(theirs)
    yield test
    test.here.close()


def other_key(test: Answering) -> str:
    return test.here.accounts.workspace("other").create_key("test")[1]


# -- who is let in -------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["getConfig", "getSchema", "getData"])
@pytest.mark.parametrize("key", ["", "wrong", "tts_0000000000000000_" + "A" * 43])
def test_a_missing_or_wrong_key_is_told_so_and_nothing_else(
    two: Answering, call: str, key: str
) -> None:
    response = two.post(call, request_for("gmv"), key=key)
    assert response.status_code == 401
    assert response.get_json()["error"]["code"] == "unauthorised"


def test_a_revoked_key_is_worth_nothing(two: Answering) -> None:
    scope = two.here.accounts.workspace("default")
    row, key = scope.create_key("short-lived")
    assert two.post("getConfig", {}, key=key).status_code == 200
    scope.revoke_key(row.id)
    assert two.post("getConfig", {}, key=key).status_code == 401


def test_whoami_names_the_workspace_of_the_key(two: Answering) -> None:
    headers = {"Authorization": f"Bearer {two.key}"}
    seen = two.client.get("/connector/v1/whoami", headers=headers).get_json()
    assert seen["workspace"]["id"] == "default"
    assert seen["shops"] == ["111"]


# -- what a workspace sees -----------------------------------------------------------------------


def test_the_same_shop_id_in_two_workspaces_is_two_shops(two: Answering) -> None:
    mine = two.post("getData", request_for("order_id")).get_json()
    theirs = two.post(
        "getData", request_for("order_id", options={"shops": "111"}), key=other_key(two)
    ).get_json()
    assert [row["values"] for row in mine["rows"]] == [["A"], ["B"], ["C"], ["D"]]
    assert [row["values"] for row in theirs["rows"]] == [["Z"]]


@pytest.mark.parametrize("call", ["getSchema", "getData"])
@pytest.mark.parametrize("shop", ["999", "does-not-exist", "../111", "111,999"])
def test_somebody_elses_shop_is_as_unknown_as_one_that_does_not_exist(
    two: Answering, call: str, shop: str
) -> None:
    response = two.post(call, request_for("gmv", options={"shops": shop}))
    assert response.status_code == 404
    assert response.get_json()["error"]["code"] == "unknown_shop"


def test_the_configuration_offers_the_own_shops_only(two: Answering) -> None:
    offered = two.post("getConfig", {}).get_json()["configParams"]
    choice = next(param for param in offered if param["name"] == "shops")
    assert [option["label"] for option in choice["options"]] == ["Mine (US)"]


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["getConfig", "getSchema", "getData"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"NaN", b'{"a":' * 500 + b"1"]
)
def test_a_body_that_is_no_json_object_is_a_bad_request(
    two: Answering, call: str, body: bytes
) -> None:
    headers = {"Authorization": f"Bearer {two.key}", "Content-Type": "application/json"}
    response = two.client.post(f"/connector/v1/{call}", data=body, headers=headers)
    assert response.status_code == 400
    assert response.get_json()["error"]["code"] == "bad_request"


def test_a_body_of_ten_megabytes_is_too_large(two: Answering) -> None:
    headers = {"Authorization": f"Bearer {two.key}"}
    response = two.client.post("/connector/v1/getData", data=b"x" * 10_000_000, headers=headers)
    assert response.status_code == 413
    assert response.get_json()["error"]["code"] == "too_large"


def test_an_error_body_has_its_five_parts_and_a_reference(two: Answering) -> None:
    response = two.post("getData", request_for("gvm"))
    error = response.get_json()["error"]
    assert set(error) == {"code", "message", "debug", "retry_after", "reference"}
    assert error["code"] == "unknown_field"
    assert "gmv" in error["message"]
    assert error["reference"] == response.headers["X-Request-ID"]


def test_nothing_of_a_bad_request_is_logged(
    two: Answering, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-in-a-value"
    body = request_for("order_id", canary)
    assert two.post("getData", body, key=f"tts_{canary}").status_code == 401
    assert two.post("getData", body).status_code == 400
    captured = capfd.readouterr()
    assert canary not in captured.err + captured.out


def test_addresses_that_do_not_exist_answer_in_json(two: Answering) -> None:
    headers = {"Authorization": f"Bearer {two.key}"}
    for response in (
        two.client.get("/connector/v1/nothing", headers=headers),
        two.client.get("/connector/v1/getData", headers=headers),
    ):
        assert response.status_code in (404, 405)
        assert response.get_json()["error"]["message"]


# -- coverage ------------------------------------------------------------------------------------


def about(response: Any) -> Any:
    return response.headers["X-Answer"]


def test_nothing_imported_yet_is_not_zero(tmp_path: Path) -> None:
    test = answering(tmp_path)
    test.shop(HandMadeShop("5", "Fresh", "US"))
    status, code, message = test.refused("gmv")
    assert (status, code) == (503, "not_ready")
    assert "import" in message
    test.here.close()


def test_days_before_the_import_make_the_answer_partial_or_an_error_when_strict(
    two: Answering,
) -> None:
    early = ("2026-07-01", "2026-08-02")
    answer = two.post("getData", request_for("gmv", days=early))
    assert '"partial":true' in about(answer)
    assert '"covered_from":"2026-08-01"' in about(answer)
    status, code, _ = two.refused("gmv", days=early, options={"strict": "true"})
    assert (status, code) == (503, "not_ready")
    later = two.post("getData", request_for("gmv", days=early, options={"strict": "true"}))
    assert later.get_json()["error"]["retry_after"] == 60
    # No import brings what has not been yet.
    ahead = ("2027-01-01", "2027-01-31")
    status, code, message = two.refused("gmv", days=ahead, options={"strict": "true"})
    assert (status, code) == (400, "bad_date_range")
    assert "yet" not in message
    assert "Choose days from 2026-08-01 to 2026-08-20." in message
    whole = two.post("getData", request_for("gmv"))
    assert '"partial":false' in about(whole)
    assert len(about(whole)) < 2048


def test_strict_does_not_wait_for_an_optional_part_that_nobody_imports(tmp_path: Path) -> None:
    """No later import brings it, so it is the request's to leave it out."""
    test = answering(tmp_path)
    shop = test.shop(HandMadeShop("5", "Fresh", "US"))
    test.cover(shop, "2026-08-01", "2026-08-20", "orders")
    test.publish(shop)
    assert test.rows("settled_units") == [[None]]
    strict = {"options": {"strict": "true"}}
    for fields in (["settled_units"], ["date", "orders", "settled_units"]):
        status, code, message = test.refused(*fields, **strict)
        assert (status, code) == (400, "incompatible_fields")
        assert message == (
            "Fresh: settlements by SKU are not imported; they are an optional part. Leave their "
            "fields out."
        )
    assert test.rows("orders", **strict) == [[0]]
    test.here.close()


@pytest.mark.parametrize(
    ("days", "note"),
    [
        (("2025-01-01", "2025-01-31"), "Mine: no units sold of this date range are imported."),
        (("2027-01-01", "2027-01-31"), "Mine: the date range begins after today."),
    ],
)
def test_a_range_of_which_no_day_is_imported_is_null_and_not_zero(
    two: Answering, days: tuple[str, str], note: str
) -> None:
    fields = ("gmv", "orders", "avg_order_value", "net_revenue", "products_count")
    answer = two.post("getData", request_for(*fields, days=days))
    assert answer.get_json()["rows"] == [{"values": [None, None, None, None, 3]}]
    shown = json.loads(about(answer))
    assert shown["partial"] is True
    assert shown["notes"][0] == note


def test_a_currency_that_no_shop_has_is_told_so(two: Answering) -> None:
    status, code, message = two.refused("gmv", options={"currency": "EUR"})
    assert (status, code) == (400, "bad_request")
    assert "EUR" in message


def test_the_header_stays_plain_and_short_whatever_the_shops_are_called(tmp_path: Path) -> None:
    test = answering(tmp_path)
    for number in range(1, 21):
        fill(test, test.shop(HandMadeShop(str(number), f"Café {number} 🎧 " + "x" * 150, "US")))
    response = test.post("getData", request_for("orders", days=("2026-07-01", "2026-08-02")))
    header = about(response)
    assert header.isascii()
    assert len(header) < 2048
    assert json.loads(header)["partial"] is True
    assert "not every day" in json.loads(header)["notes"][0]
    test.here.close()


# -- the answer on the wire ----------------------------------------------------------------------


def test_explain_shows_the_plan_beside_the_answer(two: Answering) -> None:
    headers = {"Authorization": f"Bearer {two.key}"}
    response = two.client.post(
        "/connector/v1/getData?explain=1", json=request_for("date", "gmv"), headers=headers
    ).get_json()
    assert response["plan"]["facts"] == ["order_line_items"]
    assert "read_parquet" in response["plan"]["sql"]
    assert response["answer"]["rows"][0]["values"] == ["20260801", 33.75]


def test_an_answer_is_compressed_for_those_who_take_it(two: Answering) -> None:
    headers = {"Authorization": f"Bearer {two.key}", "Accept-Encoding": "gzip"}
    response = two.client.post("/connector/v1/getSchema", json=SCHEMA_REQUEST, headers=headers)
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.data[:2] == b"\x1f\x8b"


def test_a_change_of_the_records_is_seen_by_the_next_answer(tmp_path: Path) -> None:
    test = answering(tmp_path)
    shop = test.shop(HandMadeShop("7", "Moving", "US"))
    fill(test, shop)
    assert test.rows("orders") == [[4]]
    test.write(
        shop,
        "orders",
        [
            {
                "order_id": "E",
                "order_key": 5,
                "create_time": at("2026-08-04 10:00"),
                "update_time": at("2026-08-04 10:00"),
                "status": "COMPLETED",
                "currency": "GBP",
            }
        ],
    )
    test.publish(shop)
    assert test.rows("orders") == [[5]]
    # A shop whose orders came to have two currencies cannot be added up any more.
    assert test.refused("gmv")[1] == "mixed_currency"
    assert test.rows("currency", "orders") == [["GBP", 1], ["USD", 4]]
    test.here.close()


def test_several_shops_are_added_up_and_told_apart(tmp_path: Path) -> None:
    test = answering(tmp_path)
    for number in ("1", "2"):
        fill(test, test.shop(HandMadeShop(number, f"Shop {number}", "US")))
    assert test.rows("gmv", "orders") == [[267.5, 8]]
    assert test.rows("shop_name", "gmv") == [["Shop 1", 133.75], ["Shop 2", 133.75]]
    # The same order id in two shops is two orders, the same buyer one customer.
    assert test.rows("product_id", "orders")[0] == ["P1", 4]
    assert test.rows("customers") == [[2]]
    assert test.rows("warehouse_name", "orders") == [["North", 8]]
    test.here.close()
