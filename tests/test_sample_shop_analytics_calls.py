"""The analytics calls: dates and what is ready, refusals, spelling, paging, filters, faults."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sample_shop.answers import Request
from sample_shop.control import rows_of
from sample_shop.faults import FaultScript, read_script
from sample_shop.server import Simulator
from tests.sample_shop_analytics import (
    LIVE_OVERVIEW,
    LIVES,
    NOON,
    PRODUCTS,
    SHOP,
    SHOP_OLD,
    SKUS,
    VIDEO_OVERVIEW,
    VIDEOS,
    Row,
    amount,
    between,
    client,
    every_page,
    gateway_of,
    table,
    world,
)
from tests.sample_shop_client import DAY, ShopClient, signed

pytestmark = pytest.mark.slow

WORLD = world()
US, GB, ID = (client(WORLD, shop) for shop in range(3))
WINDOW = between("2025-09-27", "2025-10-07")
LISTS = {PRODUCTS: "products", SKUS: "skus", VIDEOS: "videos", LIVES: "live_stream_sessions"}
NEWER_AND_OLDER = {PRODUCTS, VIDEOS}
DATED = (SHOP, SHOP_OLD, *LISTS, VIDEO_OVERVIEW, LIVE_OVERVIEW)


def refusal(path: str, query: dict[str, Any], shop: ShopClient = US) -> tuple[int, int, str]:
    answer = shop.call("GET", path, query)
    body = answer.json()
    assert body["data"] is None
    return answer.status_code, body["code"], body["message"]


def at(seconds_after_noon: int, shop: int = 0) -> ShopClient:
    """A small shop whose clock stands so long after 11:53 in Los Angeles of 9 October 2025."""
    return client(world(300, 70, NOON + seconds_after_noon), shop)


@pytest.mark.parametrize("path", DATED)
def test_both_dates_must_be_there_and_be_days(path: str) -> None:
    for query in ({"start_date_ge": "2025-10-01"}, {"end_date_lt": "2025-10-01"}):
        status, code, message = refusal(path, query)
        assert (status, code) == (400, 36009004)
        assert "is required" in message
    for bad in ("01.10.2025", "2025-10-1", "20251001", "2025-02-30", "1759276800"):
        assert refusal(path, between(bad, "2025-10-07"))[:2] == (400, 36009004)


@pytest.mark.parametrize("path", DATED)
def test_a_window_must_have_a_day_and_may_not_have_more_than_sixty(path: str) -> None:
    for start in ("2025-10-07", "2025-10-08"):
        assert refusal(path, between(start, "2025-10-07"))[1] == 28001022
    assert US.call("GET", path, between("2025-08-09", "2025-10-08")).json()["code"] == 0
    status, code, message = refusal(path, between("2025-08-08", "2025-10-08"))
    if path == VIDEOS:
        assert (status, code) == (200, 28001022)
        assert "cannot exceed 60 days" in message
    else:
        assert (status, code) == (400, 36009004)
        assert "exceeds the limit" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("granularity", "1W"),
        ("currency", "EUR"),
        ("account_type", "LINKED_ACCOUNTS"),
        ("page_size", "101"),
        ("page_size", "0"),
        ("sort_field", "views"),
        ("sort_order", "UP"),
        ("product_status_filter", "SOLD"),
        ("page_token", "bogus"),
    ],
)
def test_values_nobody_documented_are_refused(name: str, value: str) -> None:
    path = {"granularity": SHOP, "account_type": VIDEOS}.get(name, PRODUCTS)
    status, code, message = refusal(path, {**WINDOW, name: value})
    assert (status, code) == (400, 36009004)
    assert name in message


def test_yesterday_is_ready_from_five_o_clock_of_the_shops_day_on() -> None:
    # 11:53 in Los Angeles; 04:59 and 05:01 are so many seconds before.
    for seconds, ready in ((0, "2025-10-08"), (-24_780, "2025-10-08"), (-24_900, "2025-10-07")):
        shop = at(seconds)
        for path in (SHOP, SHOP_OLD, SKUS, VIDEOS, LIVES, VIDEO_OVERVIEW, LIVE_OVERVIEW):
            assert shop.data("GET", path, WINDOW)["latest_available_date"] == ready


def test_the_product_list_is_ready_later_than_the_others() -> None:
    for seconds, ready in ((0, "2025-10-07"), (7_500, "2025-10-07"), (7_700, "2025-10-08")):
        shop = at(seconds)
        assert shop.data("GET", PRODUCTS, WINDOW)["latest_available_date"] == ready
        assert shop.data("GET", SHOP, WINDOW)["latest_available_date"] == "2025-10-08"


def test_each_shop_has_its_own_day() -> None:
    # 18:53 UTC: 11:53 in Los Angeles, 19:53 in London, 01:53 of the 10th in Jakarta.
    latest = [shop.data("GET", SHOP, WINDOW)["latest_available_date"] for shop in (US, GB, ID)]
    assert latest == ["2025-10-08", "2025-10-08", "2025-10-08"]
    assert at(4 * 3_600, 2).data("GET", SHOP, WINDOW)["latest_available_date"] == "2025-10-09"


def test_a_day_that_is_not_ready_shows_visits_but_no_sales_and_later_days_are_missing() -> None:
    query = between("2025-10-06", "2025-10-20", granularity="1D")
    days = US.data("GET", SHOP, query)["performance"]["intervals"]
    assert [day["start_date"] for day in days] == [
        "2025-10-06", "2025-10-07", "2025-10-08", "2025-10-09",
    ]  # fmt: skip
    for day in days[:3]:
        assert amount(day["sales"]["gmv"]["overall"]) > 0
    today = days[3]
    assert today["sales"]["gmv"] == {"overall": {"amount": "0", "currency": "USD"}}
    assert today["sales"]["orders_count"] == today["sales"]["avg_customers_count"] == 0
    assert 0 < today["traffic"]["avg_page_views"] < days[2]["traffic"]["avg_page_views"]
    rows = every_page(US, PRODUCTS, "products", between("2025-10-09", "2025-10-10"))
    assert {row["total_performance"]["gmv"]["amount"] for row in rows} == {"0"}
    assert sum(row["total_performance"]["product_impressions"] for row in rows) > 0


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_is_left_out(path: str) -> None:
    for start, end in (("2025-10-20", "2025-10-21"), ("2025-06-01", "2025-06-02")):
        data = US.data("GET", path, between(start, end))
        assert LISTS[path] not in data
        assert (data["total_count"], data["next_page_token"]) == (0, "")
        assert data["latest_available_date"]


def test_there_is_nothing_before_the_last_sixty_days_nor_before_the_shop_opened() -> None:
    query = between("2025-07-01", "2025-08-13", granularity="1D")
    days = US.data("GET", SHOP, query)["performance"]["intervals"]
    # Today is 9 October; 60 days before is 10 August.
    assert [day["start_date"] for day in days] == ["2025-08-10", "2025-08-11", "2025-08-12"]
    assert US.data("GET", SHOP, between("2025-06-01", "2025-06-10"))["performance"] == {}
    young = client(world(100, 5))
    days = young.data("GET", SHOP, {**WINDOW, "granularity": "1D"})["performance"]["intervals"]
    # It opened on 4 October at midnight UTC, which is the 3rd in Los Angeles.
    assert days[0]["start_date"] == "2025-10-03"


def test_hourly_figures_go_back_thirty_days_and_include_today() -> None:
    path = "/analytics/202510/shop/performance/{}/performance_per_hour"
    for day in ("2025-10-09", "2025-09-09"):
        assert len(US.data("GET", path.format(day))["performance"]["intervals"]) == 24
    for day in ("2025-10-10", "2025-09-08"):
        assert refusal(path.format(day), {})[:2] == (200, 28001022)
    assert refusal(path.format("today"), {})[:2] == (400, 36009004)


def test_today_overrides_the_dates_and_counts_the_day_so_far() -> None:
    busy = world(1500, 15)
    for path in (VIDEO_OVERVIEW, LIVE_OVERVIEW):
        (early,) = US.data("GET", path, {"today": "true"})["performance"]["intervals"]
        assert (early["start_date"], early["end_date"]) == ("2025-10-09", "2025-10-10")
        assert US.data("GET", path, {**WINDOW, "today": "true"})["performance"] == {
            "intervals": [early]
        }
    early = client(busy).data("GET", VIDEO_OVERVIEW, {"today": "true"})["performance"]
    busy.clock.set_to(NOON + 11 * 3_600)
    late = client(busy).data("GET", VIDEO_OVERVIEW, {"today": "true"})["performance"]
    so_far, in_the_evening = (found["intervals"][0] for found in (early, late))
    assert 0 < so_far["sku_orders"] < in_the_evening["sku_orders"]
    assert so_far["product_clicks"] < in_the_evening["product_clicks"]


def test_only_the_older_shop_performance_compares_with_the_days_before() -> None:
    query = between("2025-10-01", "2025-10-04", with_comparison="true")
    found = US.data("GET", SHOP_OLD, query)["performance"]
    before = US.data("GET", SHOP_OLD, between("2025-09-28", "2025-10-01"))["performance"]
    assert found["comparison_intervals"] == before["intervals"]
    assert "comparison_intervals" not in US.data("GET", SHOP, query)["performance"]


def test_rates_are_fractions_in_the_newest_lists_and_percent_elsewhere() -> None:
    older = {path: path.replace("202605", "202509") for path in NEWER_AND_OLDER}
    videos = every_page(US, VIDEOS, "videos", WINDOW)
    percent = every_page(US, older[VIDEOS], "videos", WINDOW)
    for new, old in zip(videos, percent, strict=True):
        assert "%" not in new["click_through_rate"]
        assert "creator" not in old
        assert old["click_through_rate"].endswith("%")
        share = float(old["click_through_rate"].rstrip("%")) / 100
        assert share == pytest.approx(float(new["click_through_rate"]), abs=0.0001)
    assert "." in every_page(US, PRODUCTS, "products", WINDOW)[0]["total_performance"]["ctr"]
    (product,) = US.data("GET", older[PRODUCTS], {**WINDOW, "page_size": "1"})["products"]
    assert set(product["overall_performance"]) == {"gmv", "orders", "items_sold"}
    live = every_page(US, LIVES, "live_stream_sessions", WINDOW)[0]["sales_performance"]
    assert live["click_to_order_rate"].endswith("%")


def test_ids_are_texts_but_numbers_in_the_sku_list() -> None:
    for path, key in LISTS.items():
        kinds = {type(row["id"]) for row in every_page(US, path, key, WINDOW)}
        assert kinds == {int if path == SKUS else str}


def test_dollars_are_wanted_for_everything_but_tax_and_freight() -> None:
    query = between("2025-10-03", "2025-10-04")
    local = every_page(ID, PRODUCTS, "products", query)
    dollars = {
        row["id"]: row["total_performance"]
        for row in every_page(ID, PRODUCTS, "products", {**query, "currency": "USD"})
    }
    sold = [row for row in local if row["total_performance"]["orders"]]
    assert sold
    for row in sold:
        here, there = row["total_performance"], dollars[row["id"]]
        assert (here["gmv"]["currency"], there["gmv"]["currency"]) == ("IDR", "USD")
        # 16,000 rupiah to the dollar.
        assert float(there["gmv"]["amount"]) == pytest.approx(
            float(here["gmv"]["amount"]) / 16_000, abs=0.006
        )
        assert there["shipping_fees"] == here["shipping_fees"]
        assert there["gmv_incl_tax"] == here["gmv_incl_tax"]


def test_some_markets_split_gross_revenue_and_some_days_lack_it() -> None:
    query = between("2025-08-11", "2025-10-07", granularity="1D")
    found = [
        [day["sales"].get("gross_revenue") for day in
         shop.data("GET", SHOP, query)["performance"]["intervals"]]
        for shop in (US, GB, ID)
    ]  # fmt: skip
    us, gb, indonesia = found
    assert all("breakdowns" not in day for day in us)
    assert all([part["type"] for part in day["breakdowns"]] == ["ADS", "ORGANIC"] for day in gb)
    shares = gb[0]["breakdowns"]
    assert sum(int(part["percentage"].rstrip("%")) for part in shares) == 100
    assert 5 < sum(day is None for day in indonesia) < 35
    some = next(day for day in indonesia if day)
    assert [part["type"] for part in some["breakdowns"]] == ["GMV_MAX", "NON_GMV_MAX"]


@pytest.mark.parametrize("path", LISTS)
def test_pages_hold_every_row_once_best_first_or_last(path: str) -> None:
    key = LISTS[path]
    assert len(US.data("GET", path, WINDOW)[key]) == 10
    rows = every_page(US, path, key, {**WINDOW, "page_size": "7"})
    assert len({row["id"] for row in rows}) == len(rows) > 20
    values = [sort_value(row) for row in rows]
    assert values == sorted(values, reverse=True)
    upwards = every_page(US, path, key, {**WINDOW, "page_size": "9", "sort_order": "ASC"})
    assert upwards == rows[::-1]


def sort_value(row: Row) -> float:
    """GMV, wherever a row has it."""
    block = row.get("total_performance") or row.get("sales_performance") or row
    return float(block["gmv"]["amount"])


def test_lists_can_be_sorted_by_other_fields() -> None:
    rows = every_page(US, VIDEOS, "videos", {**WINDOW, "sort_field": "views"})
    assert [row["views"] for row in rows] == sorted((row["views"] for row in rows), reverse=True)
    rows = every_page(US, SKUS, "skus", {**WINDOW, "sort_field": "units_sold"})
    units = [row["units_sold"] for row in rows]
    assert units == sorted(units, reverse=True)


def test_a_page_token_of_one_window_is_none_of_another() -> None:
    token = US.data("GET", PRODUCTS, WINDOW)["next_page_token"]
    other = between("2025-09-27", "2025-10-06", page_token=token)
    assert refusal(PRODUCTS, other)[:2] == (400, 36009004)


def test_products_can_be_chosen_by_status_and_category() -> None:
    everything = every_page(US, PRODUCTS, "products", WINDOW)
    parts = [
        every_page(US, PRODUCTS, "products", {**WINDOW, "product_status_filter": status})
        for status in ("LIVE", "INACTIVE")
    ]
    details = {row["id"]: row for row in table(US, "products")}
    assert all(details[row["id"]]["status"] == "ACTIVATE" for row in parts[0])
    assert sorted(row["id"] for part in parts for row in part) == sorted(
        row["id"] for row in everything
    )
    leaf = details[parts[0][0]["id"]]["category_chains"][1]["id"]
    for wanted in (leaf, f'["{leaf}"]'):
        found = every_page(US, PRODUCTS, "products", {**WINDOW, "category_filter": wanted})
        assert 0 < len(found) < len(everything)
        chains = [details[row["id"]]["category_chains"] for row in found if row["id"] in details]
        assert all(leaf in [entry["id"] for entry in chain] for chain in chains)


def test_skus_can_be_chosen_by_product() -> None:
    product = every_page(US, PRODUCTS, "products", WINDOW)[0]["id"]
    rows = every_page(US, SKUS, "skus", {**WINDOW, "product_ids": f"{product},1"})
    assert {row["product_id"] for row in rows} == {int(product)}
    assert US.data("GET", SKUS, {**WINDOW, "product_ids": "1"})["total_count"] == 0


def test_a_product_of_somebody_else_is_refused() -> None:
    foreign = every_page(GB, PRODUCTS, "products", WINDOW)[0]["id"]
    for product_id in (foreign, "1"):
        path = f"/analytics/202509/shop_products/{product_id}/performance"
        assert refusal(path, WINDOW)[:2] == (200, 28001007)


@pytest.mark.parametrize("version", ["202609", "202512"])
def test_a_version_that_is_too_new_has_no_such_path_and_an_old_one_is_retired(version: str) -> None:
    for path in (SHOP, PRODUCTS, LIVES):
        asked = path.replace("202605", version).replace("202509", version)
        assert refusal(asked, WINDOW)[:2] == (404, 36009009)
    assert refusal(PRODUCTS.replace("202605", "202405"), WINDOW)[:2] == (400, 36009014)


def test_what_the_control_path_lists_is_what_the_calls_give() -> None:
    day = "2025-10-05"
    query = between(day, "2025-10-06")
    for name, path in (
        ("product_performance_daily", PRODUCTS),
        ("sku_performance_daily", SKUS),
        ("video_performance_daily", VIDEOS),
    ):
        listed = [row for row in table(US, name) if row.pop("date") == day]
        called = every_page(US, path, LISTS[path], query)
        assert sorted(listed, key=by_id) == sorted(called, key=by_id)
    sessions = table(US, "live_sessions")
    in_window = every_page(US, LIVES, "live_stream_sessions", WINDOW)
    assert all(session in sessions for session in in_window)
    days = table(US, "shop_performance_daily")
    assert [days[0]["date"], days[-1]["date"]] == ["2025-08-10", "2025-10-08"]
    wanted = US.data("GET", SHOP, {**query, "granularity": "1D"})["performance"]["intervals"][0]
    older = US.data("GET", SHOP_OLD, query)["performance"]["intervals"][0]
    found = next(row for row in days if row["date"] == day)
    assert found == {"date": day, **wanted, "performance_202405": older}
    hours = [row for row in table(US, "shop_performance_hourly") if row["date"] == day]
    path = f"/analytics/202510/shop/performance/{day}/performance_per_hour"
    called = US.data("GET", path)["performance"]["intervals"]
    assert hours == [{"date": day, **hour} for hour in called]
    with pytest.raises(LookupError):
        rows_of(gateway_of(US), "product_performance", None)


def by_id(row: Row) -> str:
    return str(row["id"])


def first_page(simulator: Simulator, path: str, **more: str) -> Row:
    """The answer of a simulator with a fault script to a signed list call."""
    query = {
        "app_key": "sample-key", "timestamp": str(int(time.time())), "page_size": "5",
        "shop_cipher": US.cipher, **WINDOW, **more,
    }  # fmt: skip
    query["sign"] = signed(path, query, "")
    headers = {"x-tts-access-token": US.token, "content-type": "application/json"}
    found: Row = json.loads(simulator.reply(Request("GET", path, query, headers)).body)
    return found


@pytest.mark.parametrize(
    ("path", "name"),
    [(PRODUCTS, "product_performance_list"), (SKUS, "sku_performance_list"),
     (VIDEOS, "video_performance_list"), (LIVES, "live_performance_list")],
)  # fmt: skip
def test_faults_strike_the_lists_as_they_do_the_other_searches(path: str, name: str) -> None:
    kinds = ("error", "page_token_expired", "empty_page", "same_token", "total_off")
    script = [
        {"endpoint": name, "nth": number, "fault": {"kind": kind}}
        for number, kind in enumerate(kinds, start=1)
    ]
    beyond = {"endpoint": name, "nth": [6, 7], "fault": {"kind": "endless"}}
    simulator = Simulator(gateway_of(US), FaultScript(read_script([*script, beyond])), "")
    assert first_page(simulator, path)["code"] == 36009002
    assert "page_token has expired" in first_page(simulator, path)["message"]
    page = first_page(simulator, path)["data"]
    assert page[LISTS[path]] == []
    resumed = first_page(simulator, path, page_token=page["next_page_token"])["data"]
    again = first_page(simulator, path)["data"]
    assert resumed[LISTS[path]] == again[LISTS[path]]
    assert resumed["next_page_token"] == page["next_page_token"]
    assert again["total_count"] > resumed["total_count"]
    last = first_page(simulator, path, start_date_ge="2025-06-01", end_date_lt="2025-06-02")
    token = last["data"]["next_page_token"]
    endless = first_page(simulator, path, page_token=token)["data"]
    assert endless[LISTS[path]] == []
    assert endless["next_page_token"]
    simulator = Simulator(gateway_of(US), FaultScript(()), "")
    assert first_page(simulator, path)["code"] == 0


def test_the_days_go_on_as_the_shop_clock_does() -> None:
    shop = client(world(300, 70))
    before = shop.data("GET", SHOP, WINDOW)["latest_available_date"]
    gateway_of(shop).world.clock.set_to(NOON + DAY)
    assert (before, shop.data("GET", SHOP, WINDOW)["latest_available_date"]) == (
        "2025-10-08",
        "2025-10-09",
    )
