"""Lists read page by page over a scripted TikTok: tokens, totals, guards."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.scripted_tiktok import Scripted, Stage, expected_sign, ok, refusal
from tiktok_shop import errors
from tiktok_shop.client import Page
from tiktok_shop.endpoints import ENDPOINTS


def page_of(*ids: int, token: str = "", **more: Any) -> Scripted:
    return ok({"orders": [{"id": str(one)} for one in ids], "next_page_token": token, **more})


#: Whether records stay text until they are looked at; everything holds for both.
UNREAD = False


@pytest.fixture(autouse=True, params=[False, True], ids=["read", "unread"])
def _records(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.UNREAD", request.param)


def read(stage: Stage, **options: Any) -> list[Page]:
    pages = stage.client.pages("order_search", stage.access, unread=UNREAD, **options)
    return list(pages)


def test_pages_follow_the_tokens_and_keep_every_other_parameter() -> None:
    stage = Stage(page_of(1, 2, token="A=="), page_of(3, token="B+/"), page_of(4))
    pages = read(stage, query={"sort_order": "ASC"}, body={"update_time_ge": 1}, page_size=2)
    assert [[row["id"] for row in page.rows] for page in pages] == [["1", "2"], ["3"], ["4"]]
    assert [page.next_token for page in pages] == ["A==", "B+/", ""]
    assert [stage.adapter.query(n).get("page_token") for n in range(3)] == [None, "A==", "B+/"]
    for number, request in enumerate(stage.adapter.requests):
        query = stage.adapter.query(number)
        assert (query["page_size"], query["sort_order"]) == ("2", "ASC")
        assert request.body == b'{"update_time_ge":1}'
        assert query["sign"] == expected_sign(request)


def test_pages_can_go_on_from_a_token() -> None:
    stage = Stage(page_of(3))
    read(stage, page_token="A==")
    assert stage.adapter.query()["page_token"] == "A=="


def test_pages_are_asked_for_one_by_one() -> None:
    stage = Stage(page_of(1, token="A"), page_of(2))
    pages = stage.client.pages("order_search", stage.access)
    next(pages)
    assert len(stage.adapter.requests) == 1


def test_the_largest_page_is_asked_for_unless_told_otherwise() -> None:
    stage = Stage(page_of())
    read(stage)
    assert stage.adapter.query()["page_size"] == "100"


@pytest.mark.parametrize(("name", "size"), [("order_search", 101), ("return_search", 9)])
def test_a_page_size_outside_tiktoks_bounds_is_refused_before_the_call(
    name: str, size: int
) -> None:
    stage = Stage(page_of())
    with pytest.raises(ValueError, match="page size"):
        list(stage.client.pages(name, stage.access, page_size=size))
    assert stage.adapter.requests == []


@pytest.mark.parametrize(
    ("given", "total"),
    [(7, 7), ("7", 7), (None, None), (0, 0), ("many", None), (-1, None), ("9" * 5000, None)],
)
def test_the_total_is_tiktoks_own_count_where_it_gives_one(given: Any, total: int | None) -> None:
    (page,) = read(Stage(page_of(1, total_count=given)))
    assert page.total == total


@pytest.mark.parametrize("data", [{}, {"orders": None}, {"orders": [], "next_page_token": None}])
def test_a_list_that_is_missing_is_an_empty_one(data: dict[str, Any]) -> None:
    (page,) = read(Stage(ok(data)))
    assert (page.rows, page.next_token) == ([], "")


@pytest.mark.parametrize("rows", [{"id": "1"}, "text", 7])
def test_rows_that_are_no_list_are_a_bad_reply(rows: Any) -> None:
    with pytest.raises(errors.BadReply):
        read(Stage(ok({"orders": rows})))


def test_an_endpoint_without_a_list_gives_its_object_as_one_row() -> None:
    stage = Stage(ok({"total": "9.90"}))
    single = dataclasses.replace(ENDPOINTS["order_search"], rows="", paging=None)
    (page,) = stage.client.pages(single, stage.access)
    assert page.rows == [{"total": "9.90"}]
    assert "page_size" not in stage.adapter.query()


def test_a_page_token_that_comes_back_ends_the_list() -> None:
    stage = Stage(page_of(1, token="A"), page_of(2, token="B"), page_of(3, token="A"))
    with pytest.raises(errors.BadReply) as caught:
        read(stage)
    assert "came twice" in caught.value.debug


def test_a_next_token_that_is_the_one_just_used_ends_the_list() -> None:
    with pytest.raises(errors.BadReply):
        read(Stage(page_of(1, token="A")), page_token="A")


def test_a_page_may_come_twice_but_not_three_times() -> None:
    twice = [page_of(1, token="A"), page_of(1, token="B"), page_of(2, token="C"), page_of(3)]
    assert len(read(Stage(*twice))) == 4
    thrice = [page_of(1, token="A"), page_of(1, token="B"), page_of(1, token="C")]
    with pytest.raises(errors.BadReply) as caught:
        read(Stage(*thrice))
    assert "same page" in caught.value.debug


def test_ten_empty_pages_are_borne_and_the_eleventh_is_not() -> None:
    empty = [page_of(token=f"T{number}") for number in range(11)]
    assert len(read(Stage(*empty[:10], page_of(1)))) == 11
    stage = Stage(*empty, page_of(1))
    with pytest.raises(errors.BadReply) as caught:
        read(stage)
    assert "empty pages" in caught.value.debug
    assert len(stage.adapter.requests) == 11


def test_an_expired_page_token_is_the_callers_matter() -> None:
    stage = Stage(page_of(1, token="A"), refusal(36009004, "page_token is expired"))
    with pytest.raises(errors.PageTokenExpired):
        read(stage)
    assert len(stage.adapter.requests) == 2


def test_a_token_that_expires_between_pages_is_renewed_and_no_row_is_lost() -> None:
    stage = Stage(page_of(1, token="A"), refusal(105002, "expired", 401), page_of(2))
    assert [row["id"] for page in read(stage) for row in page.rows] == ["1", "2"]
    assert stage.access.renewed == ["token-0"]


def test_unread_records_are_what_read_ones_are() -> None:
    """Quotes, a line end, an astral letter, escapes; numbers, null, lists and objects inside."""
    given = [
        {"id": "1", "name": 'a "b" \n \U0001f6cd \u00e9', "units": [{"price": "9.90"}, {}]},
        {"id": 2, "paid": None, "rate": -0.5, "gift": True, "deep": {"er": {"still": []}}},
        "no object",
    ]
    (page,) = read(Stage(ok({"total_count": 3, "orders": given, "next_page_token": ""})))
    assert list(page.rows) == given
    assert (page.rows[-1], list(page.rows[:2]), len(page.rows)) == (given[-1], given[:2], 3)
    assert (page.total, page.next_token) == (3, "")


def test_a_record_that_is_not_json_in_every_part_is_a_bad_reply() -> None:
    """Read at once it is no envelope; unread it is noticed by whoever looks at it."""
    records = b'{"id":"1"},{"id":"2","price":1e999},{"id":"3"}'
    body = b'{"code":0,"request_id":"req-7","data":{"orders":[%s]}}' % records
    with pytest.raises(errors.BadReply) as caught:
        [list(page.rows) for page in read(Stage(Scripted(body)))]
    assert caught.value.reference == ("req-7" if UNREAD else "")
