"""`?explain=1`: why an answer is as it is, beside the answer itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.answering import Answering, HandMadeShop, answering, fill, request_for

READ_AT = "2026-08-20T12:00:00+00:00"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("explain"))
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    yield test
    test.here.close()


def explained(test: Answering, *fields: str, **changes: Any) -> dict[str, Any]:
    """The whole answer of `?explain=1`."""
    response = test.client.post(
        "/connector/v1/getData?explain=1",
        json=request_for(*fields, **changes),
        headers={"Authorization": f"Bearer {test.key}"},
    )
    assert response.status_code == 200, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    return body


def plan_of(test: Answering, *fields: str, **changes: Any) -> dict[str, Any]:
    plan: dict[str, Any] = explained(test, *fields, **changes)["plan"]
    return plan


def test_the_answer_beside_the_plan_is_the_one_without_it(shop: Answering) -> None:
    asked = explained(shop, "date", "gmv", "orders")
    plain = shop.post("getData", request_for("date", "gmv", "orders"))
    assert asked["answer"] == plain.get_json()
    for flag in ("?explain=0", "?explain=", "?explain=true"):
        other = shop.client.post(
            f"/connector/v1/getData{flag}",
            json=request_for("gmv"),
            headers={"Authorization": f"Bearer {shop.key}"},
        )
        assert set(other.get_json()) == {"schema", "rows", "filtersApplied"}


def test_every_fact_says_what_the_range_means_and_what_is_covered(shop: Answering) -> None:
    plan = plan_of(shop, "date", "gmv", "refund_total")
    read = {one["fact"]: one for one in plan["reads"]}
    assert plan["facts"] == list(read)
    items = read["order_line_items"]
    assert items["metrics"] == ["gmv"]
    assert items["date_range_means"] == "dated by the creation of the order"
    assert items["days"] == {"111": {"from": "2026-08-01", "to": "2026-08-10"}}
    assert items["covered"] == {
        "111": [{"from": "2026-08-01T00:00:00+00:00", "until": READ_AT, "read_at": READ_AT}]
    }
    assert read["returns"]["date_range_means"] == "dated by its own time"
    assert (items["clamped"], plan["clamped"]) == (False, [])
    assert (plan["first_day"], plan["last_day"]) == ("2026-08-01", "2026-08-10")
    assert plan["zones"] == ["UTC"]


def test_the_paid_axis_and_a_state_of_now_are_named(shop: Answering) -> None:
    by_payment = plan_of(shop, "gmv", options={"order_date": "paid"})
    assert by_payment["reads"][0]["date_range_means"] == "dated by the payment of the order"
    stock = plan_of(shop, "available_quantity")["reads"][0]
    assert stock["date_range_means"] == "whatever the date range is"
    assert stock["days"] == {"111": None}


def test_it_says_in_words_why_tiktok_was_not_asked(shop: Answering) -> None:
    by_day = plan_of(shop, "date", "customers")
    assert by_day["live"]["may_freshen"] is False
    assert by_day["live"]["why"] in by_day["words"]
    assert "Customers" in by_day["live"]["why"]
    assert "Answered from the cache." in by_day["words"]
    assert by_day["live"]["source"] == "cached"
    old = plan_of(shop, "gmv", days=("2026-08-01", "2026-08-02"))
    assert old["live"]["may_freshen"] is False


def test_a_figure_of_tiktoks_own_is_clamped_alone_and_said_so(shop: Answering) -> None:
    long = plan_of(shop, "date", "gmv", "shop_page_views", days=("2026-01-01", "2026-08-10"))
    clamped = {one["fact"]: one["clamped"] for one in long["reads"]}
    assert clamped == {"order_line_items": False, "shop_performance_daily": True}
    (clamp,) = long["clamped"]
    # Sixty days before 20 August, in the shop's zone.
    assert (clamp["from"], clamp["to"]) == ("2026-06-21", "2026-08-10")
    assert clamp["note"] in long["words"]


def test_missing_days_are_in_the_words_too(shop: Answering) -> None:
    early = plan_of(shop, "gmv", days=("2026-07-01", "2026-08-02"))
    assert early["partial"] is True
    assert "First shop: not every day of the range is imported yet." in early["words"]


def test_the_rows_read_are_those_of_the_segments_behind(shop: Answering) -> None:
    plan = plan_of(shop, "order_status", "gmv")
    # Six units in one month.
    read = {"shop": "111", "table": "order_line_items", "histogram": False, "rows": 6}
    assert plan["sources"] == [read]
    assert plan["rows"] == 4
    assert plan["bytes"] > 100
    # Four orders, none in the quarter of an hour of another.
    counted = plan_of(shop, "orders")
    read = {"shop": "111", "table": "orders", "histogram": True, "rows": 4}
    assert counted["sources"] == [read]


def test_the_time_is_told_apart_and_a_remembered_answer_says_so(shop: Answering) -> None:
    first = plan_of(shop, "order_id", "gmv")
    steps = {"looking", "planning", "waiting", "engine", "writing"}
    assert set(first["milliseconds"]) == steps
    assert all(spent >= 0 for spent in first["milliseconds"].values())
    again = plan_of(shop, "order_id", "gmv")
    assert (first["remembered"], again["remembered"]) == (False, True)
    assert any("asked before" in sentence for sentence in again["words"])


def test_the_sql_can_be_run_as_it_is(shop: Answering) -> None:
    where = {"fieldName": "order_status", "operator": "EQUALS", "type": "INCLUDE"}
    plan = plan_of(
        shop, "order_id", "gmv", dimensionsFilters=[[{**where, "values": ["COMPLETED"]}]]
    )
    assert "COMPLETED" in plan["parameters"].values()
    assert "COMPLETED" not in plan["sql"]
    (row,) = shop.here.engine.query(plan["sql"], plan["parameters"]).column(0).to_pylist()
    assert row == '{"values":["A",25.5]},'


def test_every_sentence_ends_in_a_full_stop(shop: Answering) -> None:
    for fields in (("date", "gmv", "shop_page_views"), ("available_quantity",), ("customers",)):
        words = plan_of(shop, *fields)["words"]
        assert words
        assert all(sentence.endswith(".") for sentence in words), words


def test_a_file_of_rows_is_not_explained(shop: Answering) -> None:
    response = shop.client.get(
        "/connector/v1/rows.ndjson?fields=gmv&shops=111&explain=1",
        headers={"Authorization": f"Bearer {shop.key}"},
    )
    assert response.status_code == 400
