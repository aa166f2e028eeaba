"""The pages of the fields: open to everybody, the preview to members only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.answering import Answering, HandMadeShop, answering, fill
from tests.reporting import Member, reporting, text_of

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    made = reporting(tmp_path_factory.mktemp("explorer"))
    yield made
    made.here.close()


@pytest.fixture(scope="module")
def member(test: Answering) -> Member:
    return Member(test)


def preview(member: Member, **query: str) -> str:
    days = {"start": "2026-08-01", "end": "2026-08-10"}
    return text_of(member.page("/fields/preview", **{**days, **query}))


# --- fields ---------------------------------------------------------------------------------------


def test_anybody_may_read_about_the_fields_and_gets_no_cookie(test: Answering) -> None:
    answer = test.app.test_client().get("/fields?q=gmv")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Sale price of the units of paid orders" in answer.text
    assert "Rows are shown once you have signed in." not in answer.text
    assert test.app.test_client().get("/fields/gmv").status_code == 200


def test_a_search_shows_what_it_finds_and_keeps_what_was_typed(member: Member) -> None:
    page = member.page("/fields", q="refund total", group="Returns & refunds", fields="date,gmv")
    assert 'value="refund total"' in page
    assert '<option value="Returns &amp; refunds" selected>' in page
    text = text_of(page)
    assert "for “refund total” Refund Total refund_total sum" in text
    # What was chosen stays chosen, and a field can be added to it.
    assert "Your table Date × GMV ×" in text
    assert "fields=date%2Cgmv%2Crefund_total" in page


def test_a_search_without_a_hit_helps_on(member: Member) -> None:
    assert "No field has all of these words." in text_of(member.page("/fields", q="zebra"))


def test_no_page_of_the_search_is_longer_than_a_short_load(member: Member) -> None:
    assert len(member.page("/fields").encode()) < 50_000


def test_a_field_tells_meaning_formula_type_and_what_goes_with_it(member: Member) -> None:
    text = text_of(member.page("/fields/avg_order_value"))
    for said in (
        "GMV per paid order.",
        "Kind ratio Computed from two other fields",
        "Type Amount of money",
        "gmv / paid_orders",
        "Made of GMV , Paid Orders .",
        "Can be shown by Time 16",
    ):
        assert said in text


def test_a_dimension_tells_the_metrics_it_goes_with(member: Member) -> None:
    assert "Can show these by it" in text_of(member.page("/fields/order_status"))


@pytest.mark.parametrize("address", ["/fields/nothing", "/fields/gmv/x", "/fields/%3Cb%3E"])
def test_a_field_that_is_not_there_is_said_so(member: Member, address: str) -> None:
    assert member.get(address).status_code == 404


# --- preview --------------------------------------------------------------------------------------


def test_rows_are_for_members(test: Answering) -> None:
    stranger = test.app.test_client()
    assert stranger.get("/fields/preview?fields=date,gmv").status_code == 401
    assert stranger.get("/fields/preview.csv?fields=date,gmv&shops=111").status_code == 401
    key = {"Authorization": f"Bearer {test.key}"}
    assert stranger.get("/fields/preview?fields=date,gmv", headers=key).status_code == 401


def test_a_preview_shows_what_looker_studio_would(test: Answering, member: Member) -> None:
    text = preview(member, fields="date,gmv,orders")
    assert "3 rows Date GMV Orders" in text
    for date, gmv, orders in test.rows("date", "gmv", "orders"):
        day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
        assert f"{day} USD {gmv:.2f} {orders}" in text


def test_a_preview_tells_the_plan_in_words(member: Member) -> None:
    text = preview(member, fields="date,gmv")
    assert "Read from order_line_items, dated by the creation of the order, 2026-08-01" in text


def test_the_request_it_shows_gets_the_same_rows(test: Answering, member: Member) -> None:
    page = member.page(
        "/fields/preview",
        fields="order_status,gmv",
        start="2026-08-01",
        end="2026-08-10",
        filter="order_status:NOT_EQUALS:CANCELLED",
    )
    shown = unescape(page.partition('id="looker-request"')[2].partition(">")[2])
    body = json.loads(shown.partition("</pre>")[0])
    answer = test.post("getData", body).get_json()
    assert [row["values"] for row in answer["rows"]] == [
        ["AWAITING_SHIPMENT", 100],
        ["COMPLETED", 25.5],
        ["UNPAID", 0],
    ]


def test_the_file_has_the_rows_of_the_page(member: Member) -> None:
    query = "fields=date,gmv&shops=111&start=2026-08-01&end=2026-08-10"
    answer = member.client.get(f"/fields/preview.csv?{query}")
    assert answer.headers["Content-Disposition"] == "attachment; filename=preview.csv"
    assert answer.text == "date,gmv\r\n2026-08-01,33.75\r\n2026-08-02,0.0\r\n2026-08-03,100.0\r\n"


def test_a_filter_from_the_form_becomes_part_of_the_address(member: Member) -> None:
    page = member.page(
        "/fields/preview",
        fields="order_id,gmv",
        start="2026-08-01",
        end="2026-08-10",
        filter_field="Status",
        filter_operator="EQUALS",
        filter_value="CANCELLED",
    )
    assert "Status is CANCELLED" in text_of(page)
    assert "filter=order_status%3AEQUALS%3ACANCELLED" in page
    assert "1 row Order ID GMV B USD 8.25" in text_of(page)


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"fields": "gmw"}, 400, "Did you mean"),
        ({"fields": "settlement_amount,product_id"}, 400, "Settlement Amount"),
        ({"fields": "gmv", "start": "2026-08-10", "end": "2026-08-01"}, 400, "ends"),
        ({"fields": "gmv", "start": "2026-08-10"}, 400, "both start and end"),
        ({"fields": "gmv", "about": "999"}, 404, "not connected to your workspace"),
        ({"fields": "gmv", "filter": "nonsense"}, 400, "no operator"),
        ({"fields": HOSTILE}, 400, "There is no field called"),
        ({"fields": "gmv", "filter": "product_name:REGEXP_PARTIAL_MATCH:("}, 400, "expression"),
        ({"fields": "x" * 10_000}, 400, "There is no field called"),
    ],
)
def test_what_cannot_be_answered_is_told_and_nothing_typed_is_lost(
    member: Member, query: dict[str, str], status: int, told: str
) -> None:
    answer = member.get("/fields/preview", **query)
    assert answer.status_code == status
    assert told in text_of(answer.text)
    assert HOSTILE not in answer.text
    assert 'role="alert"' in answer.text


def test_another_workspaces_shop_is_not_there(test: Answering, member: Member) -> None:
    test.here.accounts.create_workspace("Other", workspace_id="other")
    stranger = Member(test, "other")
    answer = stranger.get("/fields/preview", fields="gmv", about="111")
    assert answer.status_code == 404
    assert "Aurora US" not in answer.text


def test_of_shops_with_several_currencies_it_begins_with_one(tmp_path: Path) -> None:
    test = answering(tmp_path)
    fill(test, test.shop(HandMadeShop("111", "Aurora", "US")))
    test.shop(HandMadeShop("222", "Borealis", "GB"))
    member = Member(test)
    days = {"start": "2026-08-01", "end": "2026-08-10"}
    page = member.page("/fields/preview", fields="gmv", **days)
    assert "<option selected>USD</option>" in page
    assert "1 row GMV USD 133.75" in text_of(page)
    # Whoever wants each by itself is told what that takes.
    each = member.get("/fields/preview", fields="gmv", about="all", **days)
    assert "choose one currency" in text_of(each.text)
    for fields in ("orders", "currency,gmv"):
        page = member.page("/fields/preview", fields=fields, **days)
        assert '<option value="">Each by itself</option><option>' in page
    test.here.close()


def test_without_fields_it_offers_questions(member: Member) -> None:
    assert "Best products" in text_of(member.page("/fields/preview"))


def test_a_chart_is_drawn_of_days(member: Member) -> None:
    page = member.page("/fields/preview", fields="date,gmv", start="2026-08-01", end="2026-08-10")
    assert "GMV by Date, 2026-08-01 to 2026-08-03." in page
    assert "<title>2026-08-02: USD\u00a00.00</title>" in page
