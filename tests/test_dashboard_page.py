"""The dashboard over a shop whose totals can be added up in one's head (tests.reporting)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.answering import Answering, HandMadeShop, answering, fill
from tests.reporting import Member, reporting, text_of

pytestmark = pytest.mark.slow

#: Without a script the page has all of its parts.
DAYS = {"start": "2026-08-01", "end": "2026-08-10", "compare": "none", "whole": "1"}


@pytest.fixture(scope="module")
def test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    made = reporting(tmp_path_factory.mktemp("dashboard"))
    yield made
    made.here.close()


@pytest.fixture(scope="module")
def member(test: Answering) -> Member:
    return Member(test)


@pytest.fixture(scope="module")
def shown(member: Member) -> str:
    return text_of(member.page("/dashboard", **DAYS))


def test_the_figures_on_top_are_those_of_the_shop(shown: str) -> None:
    for said in (
        "GMV USD 133.75",
        "Paid Orders 3",
        "Items Sold 5",
        "Customers 2",
        "Avg. Order Value USD 44.58",
        "Refund Total USD 11.00",
        "Settlement Amount USD 32.30",
    ):
        assert said in shown


def test_a_chart_in_looker_shows_the_same(test: Answering, shown: str) -> None:
    ((gmv, orders),) = test.rows("gmv", "paid_orders")
    assert f"GMV USD {gmv:.2f}" in shown
    assert f"Paid Orders {orders}" in shown


def test_it_says_days_zone_and_currency(shown: str) -> None:
    assert "1 Aug 2026 to 10 Aug 2026, days in UTC, orders by creation. Amounts in USD." in shown


def test_the_states_of_orders_add_up_and_lead_to_their_rows(member: Member, shown: str) -> None:
    assert "Where orders stand 4 placed in these days" in shown
    for said in ("Unpaid 1 25.0 %", "Cancelled 1 25.0 %", "Completed 1 25.0 %", "On hold 0 0.0 %"):
        assert said in shown
    page = member.page("/dashboard", **DAYS)
    assert "filter=order_status:IN_LIST:CANCELLED" in page
    rows = member.page(
        "/fields/preview",
        fields="order_id,gmv",
        about="111",
        start="2026-08-01",
        end="2026-08-10",
        filter="order_status:IN_LIST:CANCELLED",
    )
    assert "1 row Order ID GMV B USD 8.25" in text_of(rows)


def test_the_states_of_products_tell_the_deleted_apart(shown: str) -> None:
    assert "Live 2" in shown
    assert "Deleted 1" in shown


def test_the_best_products_come_first(shown: str) -> None:
    # Old is D's; Cup is A1, A2 and B1; the hat is A3.
    assert 'Old 100.00 1 Cup 28.25 3 =Hat "x" 5.50 1 All products' in shown


def test_profit_and_loss_ends_with_what_the_transactions_settle(shown: str) -> None:
    for said in (
        "Gross Sales 36.25 100.0 %",
        "Seller Discount −2.50",
        "Revenue 33.75",
        "Referral Fee −1.80",
        "Affiliate Commission −0.50",
        "Other fees −1.15",
        "Fees and taxes −3.45",
        "Adjustments 2.00",
        "Settlement 32.29",
    ):
        assert said in shown
    assert "finance is complete through 19 Aug 2026 (UTC)" in shown


def test_it_says_how_far_the_money_has_come(shown: str) -> None:
    # A and B are settled, D is estimated.
    assert "Settled On a statement. 33.75 25.2 %" in shown
    assert "Estimated TikTok says what it is going to be. 100.00 74.8 %" in shown


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("stands", "Cancelled 1 25.0 %"),
        ("best", "Old 100.00 1"),
        ("profit", "Settlement 32.29"),
        ("money", "Settled On a statement. 33.75 25.2 %"),
        ("charts", "GMV by day, 2026-08-01 to 2026-08-10: between USD 0.00 (2026-08-02)"),
    ],
)
def test_each_part_comes_by_itself(member: Member, part: str, said: str) -> None:
    days = {name: value for name, value in DAYS.items() if name != "whole"}
    page = member.page("/dashboard", **days)
    assert f'data-part="/dashboard/{part}?about=111&amp;range=own' in page
    assert said not in text_of(page)
    answer = member.page(f"/dashboard/{part}", **days)
    assert said in text_of(answer)
    assert "<html" not in answer


def test_there_is_no_other_part(member: Member) -> None:
    assert member.get("/dashboard/secrets").status_code == 404


def test_no_page_is_longer_than_a_short_load(member: Member) -> None:
    year = {"start": "2025-08-19", "end": "2026-08-18"}
    for path in ("/dashboard", "/dashboard/charts", "/numbers"):
        assert len(member.page(path, **year).encode()) < 50_000, path


def test_two_ranges_are_compared(member: Member) -> None:
    days = {"start": "2026-08-03", "end": "2026-08-04"}
    text = text_of(member.page("/dashboard", **days))
    # D on the 3rd; on the 1st and 2nd A and B.
    assert "GMV USD 100.00 +196.3 % from USD 33.75" in text
    assert "Compared with 1 Aug 2026 to 2 Aug 2026." in text


def test_days_that_are_not_imported_whole_are_compared_with_nothing(member: Member) -> None:
    # The import begins on 1 August: of 26 July to 2 August it has two days.
    text = text_of(member.page("/dashboard", start="2026-08-03", end="2026-08-10"))
    assert "GMV USD 100.00 nothing to compare with" in text
    assert "The days to compare with are not all imported" in text
    assert "Compared with 26 Jul 2026 to 2 Aug 2026." in text


def test_days_of_another_age_are_told_and_the_usual_ones_shown(member: Member) -> None:
    for compare in ("before", "year"):
        days = {"start": "0001-01-01", "end": "0001-01-05", "compare": compare}
        assert "Choose days from 2015 on." in text_of(member.page("/dashboard", **days))
        assert "Choose days from 2015 on." in text_of(member.page("/numbers", **days))
    # The year before them cannot even be asked for.
    old = member.page("/dashboard", start="2015-01-01", end="2015-01-05", compare="year")
    assert "1 Jan 2015 to 5 Jan 2015" in old


@pytest.mark.parametrize("about", ["client:Empty", "gone", "222"])
def test_what_is_shown_instead_of_what_was_asked_for_says_so(member: Member, about: str) -> None:
    for path in ("/dashboard", "/numbers"):
        text = text_of(member.page(path, about=about, start="2026-08-01", end="2026-08-04"))
        assert "What the address asks for cannot be shown here. This is Aurora US." in text
    assert "What the address asks for" not in member.page("/dashboard", about="111")


def test_it_counts_as_seller_center_does_on_request(member: Member) -> None:
    text = text_of(member.page("/dashboard", seller_center="1", **DAYS))
    # Cash on delivery without a payment time has no day of payment.
    assert "GMV USD 33.75" in text
    assert "days in each shop's own zone, orders by payment" in text


def test_days_that_are_not_imported_are_told(member: Member) -> None:
    text = text_of(member.page("/dashboard", start="2026-07-25", end="2026-08-03", compare="none"))
    assert "Aurora US: not every day of the range is imported yet. What is imported" in text


@pytest.mark.parametrize(
    "query",
    [
        {"about": "<script>alert(1)</script>"},
        {"about": "other-workspaces-shop"},
        {"range": "own", "start": "x" * 10_000, "end": "<b>"},
        {"currency": "XXX"},
        {"compare": "'; DROP TABLE shops"},
    ],
)
def test_what_is_not_understood_shows_the_usual(member: Member, query: dict[str, str]) -> None:
    page = member.page("/dashboard", **query)
    assert "Aurora US" in page
    assert "<script>alert" not in page


def test_activity_is_that_of_the_shop_however_busy_the_others_are(tmp_path: Path) -> None:
    test = answering(tmp_path)
    one = test.shop(HandMadeShop("111", "Quiet", "US"))
    other = test.shop(HandMadeShop("222", "Busy", "US"))
    fill(test, one)
    for number in range(121):
        shop = one if number == 0 else other
        test.here.ledger.enqueue(
            "default", shop.shop_id, "forward", "sync", slot=f"{number}", parameters={}
        )
    with test.here.accounts.database.writing() as connection:
        later = "UPDATE runs SET created_at = created_at + 60 WHERE shop_id = '222'"
        connection.exec_driver_sql(later)
    text = text_of(Member(test).page("/dashboard", about="111", **DAYS))
    test.here.close()
    assert "Activity Sync Waiting for its turn" in text


def test_of_hundreds_of_notes_some_are_listed(tmp_path: Path) -> None:
    test = answering(tmp_path)
    fill(test, test.shop(HandMadeShop("111", "Full", "US")))
    for number in range(8):
        test.shop(HandMadeShop(f"{200 + number}", f"Empty {number}", "US"))
    text = text_of(Member(test).page("/dashboard", about="all", **DAYS))
    test.here.close()
    # Six kinds of data of each of the eight.
    assert "And 28 more like these." in text


def test_a_client_is_shown_with_all_its_shops(tmp_path: Path) -> None:
    test = answering(tmp_path)
    for shop_id in ("111", "222"):
        fill(test, test.shop(HandMadeShop(shop_id, f"Shop {shop_id}", "US")))
        test.here.accounts.workspace("default").set_client(shop_id, "Aurora & Sons")
    test.shop(HandMadeShop("333", "Somebody else's", "US"))
    text = text_of(Member(test).page("/dashboard", about="client:Aurora & Sons", **DAYS))
    test.here.close()
    assert "Client Aurora & Sons" in text
    assert "GMV USD 267.50" in text


def test_shops_with_several_currencies_are_shown_one_currency_at_a_time(tmp_path: Path) -> None:
    test = answering(tmp_path)
    fill(test, test.shop(HandMadeShop("111", "Aurora", "US")))
    test.shop(HandMadeShop("222", "Borealis", "GB"))
    member = Member(test)
    text = text_of(member.page("/dashboard", **DAYS))
    other = text_of(member.page("/dashboard", currency="GBP", **DAYS))
    test.here.close()
    assert "Currency GBP USD" in text
    assert "Amounts in USD; shops with other currencies are left out." in text
    assert "GMV USD 133.75" in text
    # Nothing of the British shop is imported yet.
    assert "Amounts in GBP" in other
    assert "The import has only begun" in other


def test_before_anything_is_imported_it_says_so(tmp_path: Path) -> None:
    test = answering(tmp_path)
    test.shop(HandMadeShop("111", "New shop", "US"))
    text = text_of(Member(test).page("/dashboard"))
    test.here.close()
    assert "The import has only begun (0 % done)." in text
    assert "Where orders stand" not in text


def test_without_a_shop_it_leads_to_adding_one(tmp_path: Path) -> None:
    test = answering(tmp_path)
    assert "/shops/add" in Member(test).page("/dashboard")
    test.here.close()


def test_it_is_for_members_only(test: Answering) -> None:
    assert test.client.get("/dashboard").status_code == 401
