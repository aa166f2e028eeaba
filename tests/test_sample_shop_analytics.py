"""The simulated analytics say nothing that the orders beside them contradict."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

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
    ZONES,
    Row,
    amount,
    between,
    buyers,
    by_day,
    client,
    counted_at,
    day_of,
    every_page,
    gmv,
    lines,
    sku_orders,
    table,
    world,
)
from tests.sample_shop_client import DAY, ShopClient

pytestmark = pytest.mark.slow

WORLD = world()
US, GB, ID = (client(WORLD, shop) for shop in range(3))
#: Ten days that are ready for every call of every shop.
START, END = "2025-09-27", "2025-10-07"
DAYS = [f"2025-09-{n}" for n in (27, 28, 29, 30)] + [f"2025-10-0{n}" for n in range(1, 7)]
WINDOW = between(START, END)
ONE = between("2025-10-03", "2025-10-04")


@pytest.fixture(scope="module")
def orders() -> list[dict[str, list[Row]]]:
    """The orders that count, by shop and by day of the shop's own zone."""
    return [by_day(table(US, "orders", shop), zone) for shop, zone in enumerate(ZONES)]


def intervals(shop: ShopClient, path: str, **more: str) -> list[Row]:
    found: list[Row] = shop.data("GET", path, {**WINDOW, **more})["performance"]["intervals"]
    return found


@pytest.mark.parametrize("shop", [0, 1, 2])
def test_a_day_of_the_shop_is_its_paid_orders_of_that_day_in_its_own_zone(
    orders: list[dict[str, list[Row]]], shop: int
) -> None:
    found = intervals((US, GB, ID)[shop], SHOP, granularity="1D")
    assert [day["start_date"] for day in found] == DAYS
    assert [day["end_date"] for day in found] == [*DAYS[1:], END]
    for day in found:
        sold, sales = orders[shop][day["start_date"]], day["sales"]
        assert amount(sales["gmv"]["overall"]) == gmv(sold) > 0
        assert sales["orders_count"] == len(sold) > 0
        assert sales["items_sold"] == len(lines(sold))
        assert sales["sku_orders_count"] == sku_orders(sold)
        assert sales["avg_customers_count"] == buyers(sold)


def test_cash_on_delivery_counts_on_the_day_it_was_ordered(
    orders: list[dict[str, list[Row]]],
) -> None:
    undelivered = [
        order
        for day in DAYS
        for order in orders[2][day]
        if order["is_cod"] and not order.get("paid_time")
    ]
    assert len(undelivered) > 5


def test_gross_revenue_is_the_sale_price_and_what_tiktok_paid_of_it(
    orders: list[dict[str, list[Row]]],
) -> None:
    for day in intervals(US, SHOP, granularity="1D"):
        sold = orders[0][day["start_date"]]
        wanted = sum(Decimal(line["platform_discount"]) for line in lines(sold)) + gmv(sold)
        assert amount(day["sales"]["gross_revenue"]["overall"]) == wanted


def test_days_add_up_to_the_window_and_people_do_not(orders: list[dict[str, list[Row]]]) -> None:
    days = intervals(US, SHOP_OLD, granularity="1D")
    (whole,) = intervals(US, SHOP_OLD)
    for name in ("orders", "sku_orders", "units_sold", "product_impressions", "product_page_views",
                 "cancellations_and_returns"):  # fmt: skip
        assert whole[name] == sum(day[name] for day in days) > 0
    for name in ("gmv", "refunds"):
        assert amount(whole[name]) == sum(amount(day[name]) for day in days) > 0
    everyone = [order for day in DAYS for order in orders[0][day]]
    assert whole["buyers"] == buyers(everyone) < sum(day["buyers"] for day in days)
    mean = sum(day["avg_product_page_visitors"] for day in days) / len(days)
    assert whole["avg_product_page_visitors"] == pytest.approx(mean, abs=0.01)


def test_the_two_versions_of_shop_performance_agree() -> None:
    older = intervals(GB, SHOP_OLD, granularity="1D")
    for new, old in zip(intervals(GB, SHOP, granularity="1D"), older, strict=True):
        sales, traffic = new["sales"], new["traffic"]
        assert old["gmv"] == sales["gmv"]["overall"]
        assert old["refunds"] == sales["refunds"]
        assert old["orders"] == sales["orders_count"]
        assert old["buyers"] == sales["avg_customers_count"]
        assert old["product_page_views"] == traffic["avg_page_views"]
        assert old["avg_product_page_visitors"] == traffic["avg_visitors"]
        assert traffic["avg_visitors"] >= old["buyers"]


@pytest.mark.parametrize("shop", [US, ID])
def test_products_and_skus_of_a_day_are_that_days_line_items(
    orders: list[dict[str, list[Row]]], shop: ShopClient
) -> None:
    sold = orders[0 if shop is US else 2]["2025-10-03"]
    by_product: dict[str, list[Row]] = defaultdict(list)
    by_sku: dict[str, list[Row]] = defaultdict(list)
    for line in lines(sold):
        by_product[line["product_id"]].append(line)
        by_sku[line["sku_id"]].append(line)
    found = every_page(shop, PRODUCTS, "products", ONE)
    assert {row["id"] for row in found} > set(by_product)  # some are shown and not sold
    for row in found:
        total, wanted = row["total_performance"], by_product.get(row["id"], [])
        holds = [o for o in sold if any(li["product_id"] == row["id"] for li in o["line_items"])]
        assert amount(total["gmv"]) == sum(Decimal(line["sale_price"]) for line in wanted)
        assert total["items_sold"] == len(wanted)
        assert total["orders"] == len(holds)
        assert total["estimated_customers"] == buyers(holds)
    skus = every_page(shop, SKUS, "skus", ONE)
    assert {str(row["id"]): row["units_sold"] for row in skus} == Counter(
        line["sku_id"] for line in lines(sold)
    )
    for row in skus:
        wanted = by_sku[str(row["id"])]
        assert amount(row["gmv"]) == sum(Decimal(line["sale_price"]) for line in wanted)
        assert str(row["product_id"]) == wanted[0]["product_id"]


def test_tax_on_top_and_freight_are_shown_apart_in_the_us_only(
    orders: list[dict[str, list[Row]]],
) -> None:
    found = every_page(US, PRODUCTS, "products", ONE)
    blocks = [row["total_performance"] for row in found]
    assert all(amount(b["gmv"]) + amount(b["tax"]) == amount(b["gmv_incl_tax"]) for b in blocks)
    assert all(b["gmv"] == b["gross_merchandise_value"] for b in blocks)
    sold = orders[0]["2025-10-03"]
    taxes = (Decimal(tax["tax_amount"]) for line in lines(sold) for tax in line["item_tax"])
    assert sum(amount(b["tax"]) for b in blocks) == sum(taxes) > 0
    freight = sum(Decimal(order["payment"]["shipping_fee"]) for order in sold)
    assert sum(amount(b["shipping_fees"]) for b in blocks) == freight > 0
    british = every_page(GB, PRODUCTS, "products", ONE)
    assert {row["total_performance"]["tax"]["amount"] for row in british} == {"0"}


def test_refunds_are_the_product_value_that_went_back_on_the_day() -> None:
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in table(US, "returns"):
        ended = row["return_status"].endswith(("REQUEST_COMPLETE", "REFUND_SUCCESS"))
        if ended and "refund_amount" in row:
            day = day_of(row["update_time"], ZONES[0])
            wanted[day] += Decimal(row["refund_amount"]["refund_subtotal"])
    for row in table(US, "cancellations"):
        if row["cancel_status"].endswith("COMPLETE"):
            day = day_of(row["update_time"], ZONES[0])
            wanted[day] += Decimal(row["refund_amount"]["refund_subtotal"])
    months = US.data("GET", SHOP, between("2025-08-11", "2025-10-08", granularity="1D"))
    for interval in months["performance"]["intervals"]:
        assert amount(interval["sales"]["refunds"]) == wanted[interval["start_date"]]
    for date in DAYS[:-1]:
        query = between(date, DAYS[DAYS.index(date) + 1])
        rows = every_page(US, PRODUCTS, "products", query)
        back = sum(amount(row["total_performance"]["refunds"]) for row in rows)
        assert back == wanted[date]
    assert sum(wanted[date] for date in DAYS) > 0


def test_channels_contents_and_overviews_add_up_to_the_shop() -> None:
    for day in DAYS[:4]:
        query = between(day, DAYS[DAYS.index(day) + 1])
        (shop,) = US.data("GET", SHOP, query)["performance"]["intervals"]
        overall = shop["sales"]["gmv"]
        parts = {part["type"]: amount(part["gmv"]) for part in overall["breakdowns"]}
        assert sum(parts.values()) == amount(overall["overall"])
        videos = every_page(US, VIDEOS, "videos", query)
        lives = every_page(US, LIVES, "live_stream_sessions", query)
        assert sum(amount(row["gmv"]) for row in videos) == parts.get("VIDEO", 0)
        sales = [row["sales_performance"] for row in lives]
        assert sum(amount(row["gmv"]) for row in sales) == parts.get("LIVE", 0)
        for path, channel in ((VIDEO_OVERVIEW, "VIDEO"), (LIVE_OVERVIEW, "LIVE")):
            (overview,) = US.data("GET", path, query)["performance"]["intervals"]
            assert amount(overview["gmv"]) == parts.get(channel, 0)


@pytest.mark.parametrize("path", [VIDEO_OVERVIEW, LIVE_OVERVIEW])
def test_accounts_of_each_kind_add_up_to_all(path: str) -> None:
    kinds = ("OFFICIAL_ACCOUNTS", "MARKETING_ACCOUNTS", "AFFILIATE_ACCOUNTS")
    whole = intervals(US, path, account_type="ALL")[0]
    parts = [intervals(US, path, account_type=kind)[0] for kind in kinds]
    assert sum(amount(part["gmv"]) for part in parts) == amount(whole["gmv"]) > 0
    assert sum(part["sku_orders"] for part in parts) == whole["sku_orders"]
    assert all(part["sku_orders"] for part in parts)


def test_nobody_bought_who_had_not_clicked_nor_clicked_what_was_not_shown() -> None:
    for query in (ONE, WINDOW):
        for row in every_page(US, PRODUCTS, "products", query):
            total = row["total_performance"]
            shown, clicks = total["product_impressions"], total["product_clicks"]
            assert shown >= clicks >= total["orders"]
            assert shown >= total["unique_product_impressions"] >= total["unique_clicks"]
            assert total["unique_clicks"] >= total["estimated_customers"]
            assert total["add_cart_count"] >= total["add_cart_users"] >= 0
            assert total["add_cart_count"] >= total["orders"]
            if clicks:
                assert total["ctr"] == f"{clicks / shown:.4f}"
                assert total["click_order_rate"] == f"{total['orders'] / clicks:.4f}"


def test_a_windows_people_are_fewer_than_its_days_people_and_more_than_one_days() -> None:
    name = "unique_product_impressions"
    days: dict[str, list[int]] = defaultdict(list)
    for start, end in zip(DAYS, [*DAYS[1:], END], strict=True):
        for row in every_page(US, PRODUCTS, "products", between(start, end)):
            days[row["id"]].append(row["total_performance"][name])
    rows = every_page(US, PRODUCTS, "products", WINDOW)
    for row in rows:
        of_days = days[row["id"]]
        assert max(of_days) <= row["total_performance"][name] <= sum(of_days)
    everyone = sum(row["total_performance"][name] for row in rows)
    assert everyone < sum(sum(of_days) for of_days in days.values())


def test_channel_blocks_overlap_and_idle_ones_are_left_out() -> None:
    rows = every_page(US, PRODUCTS, "products", WINDOW)
    total = sum(amount(row["total_performance"]["gmv"]) for row in rows)
    tab = sum(amount(row["shop_tab_performance"]["shop_tab_gmv"]) for row in rows)
    names = ("seller_live_performance", "seller_video_performance",
             "seller_product_card_performance", "affiliate_total_performance")  # fmt: skip
    blocks = [row[name] for row in rows for name in names if name in row]
    parts = sum(amount(block["attributed_gmv"]) for block in blocks)
    assert parts == total
    assert tab > 0  # and it is part of the product cards already
    assert any("seller_video_performance" not in row for row in rows)
    affiliates = [row["affiliate_video_performance"] for row in rows
                  if "affiliate_video_performance" in row]  # fmt: skip
    assert affiliates
    assert not any("attributed_orders" in block for block in affiliates)


def test_hours_add_up_to_the_day_and_its_people_do_not() -> None:
    shop = intervals(US, SHOP, granularity="1D")[-1]
    day = shop["start_date"]
    path = f"/analytics/202510/shop/performance/{day}/performance_per_hour"
    found = US.data("GET", path)["performance"]
    hours, overall = found["intervals"], found["overall"]
    assert [hour["index"] for hour in hours] == list(range(24))
    assert overall["gmv"] == shop["sales"]["gmv"]["overall"]
    assert sum(amount(hour["gmv"]) for hour in hours) == amount(overall["gmv"])
    assert sum(hour["items_sold"] for hour in hours) == overall["items_sold"]
    assert overall["customers"] == shop["sales"]["avg_customers_count"]
    assert sum(hour["customers"] for hour in hours) >= overall["customers"]
    assert sum(hour["visitors"] for hour in hours) > overall["visitors"]
    assert all(hour["visitors"] >= hour["customers"] for hour in hours)


def test_todays_hours_stop_at_the_newest_full_hour_and_the_rest_is_zero() -> None:
    path = "/analytics/202510/shop/performance/2025-10-09/performance_per_hour"
    found = US.data("GET", path)["performance"]
    # 11:53 in Los Angeles: ready until 11:00, which is 18:00 UTC.
    assert found["latest_available_timestamp"] == 1_760_032_800
    late = [hour for hour in found["intervals"] if hour["index"] >= 11]
    assert all(amount(hour["gmv"]) == hour["items_sold"] == hour["visitors"] == 0 for hour in late)
    assert all(hour["visitors"] for hour in found["intervals"] if hour["index"] < 11)
    assert sum(hour["items_sold"] for hour in found["intervals"]) == found["overall"]["items_sold"]


@pytest.mark.parametrize(
    ("now", "date"),
    [(1_762_300_000, "2025-11-02"), (1_741_800_000, "2025-03-09")],
    ids=["25 hours", "23 hours"],
)
def test_days_of_25_and_of_23_hours_have_24_rows_and_lose_no_order(now: int, date: str) -> None:
    shop = client(world(900, 8, now))
    sold = by_day(table(shop, "orders"), ZONES[0])[date]
    by_hour = Counter(
        dt.datetime.fromtimestamp(counted_at(order), ZoneInfo(ZONES[0])).hour
        for order in sold
        for _ in order["line_items"]
    )
    path = f"/analytics/202510/shop/performance/{date}/performance_per_hour"
    hours = shop.data("GET", path)["performance"]["intervals"]
    assert [hour["items_sold"] for hour in hours] == [by_hour[hour] for hour in range(24)]
    assert sum(by_hour.values()) == len(lines(sold)) > 50


def test_videos_show_their_product_and_the_deleted_ones_nothing() -> None:
    rows = every_page(US, VIDEOS, "videos", WINDOW)
    known = {row["id"]: row for row in rows}
    assert len(known) == len(rows)
    nobody = known.pop("0")
    assert not {"title", "username", "video_post_time", "creator", "products"} & set(nobody)
    products = {row["id"] for row in table(US, "product_search")}
    for row in known.values():
        assert row["products"][0]["id"] in products
        assert row["video_post_time"][:10] < END
        assert row["creator"]["user_name"] == row["username"]
        assert row["views"] >= row["items_sold"]
    assert {row["creator"]["author_type"] for row in known.values()} == {
        "OFFICIAL", "CHANNEL", "AFFILIATE",
    }  # fmt: skip


def test_sessions_lie_in_their_day_and_only_the_shops_own_show_their_audience() -> None:
    rows = every_page(US, LIVES, "live_stream_sessions", WINDOW)
    assert len(rows) > 10
    for row in rows:
        sales = row["sales_performance"]
        assert day_of(int(row["start_time"]), ZONES[0]) in DAYS
        assert int(row["start_time"]) < int(row["end_time"])
        assert amount(sales["24h_live_gmv"]) >= amount(sales["gmv"])
        assert sales["products_added"] > sales["different_products_sold"]
        assert sales["items_sold"] >= sales["sku_orders"] >= sales["customers"] >= 0
        assert ("interaction_performance" in row) is row["username"].startswith("sampleshop_")
    audience = [row["interaction_performance"] for row in rows if "interaction_performance" in row]
    assert audience
    assert all(a["views"] >= a["viewers"] >= a["pcu"] >= a["acu"] for a in audience)
    assert any(
        amount(row["sales_performance"]["24h_live_gmv"]) > amount(row["sales_performance"]["gmv"])
        for row in rows
    )


def test_a_products_detail_agrees_with_its_row_in_the_list() -> None:
    best = every_page(US, PRODUCTS, "products", WINDOW)[0]
    path = f"/analytics/202509/shop_products/{best['id']}/performance"
    found = US.data("GET", path, WINDOW)["performance"]
    (whole,) = found["intervals"]
    total = best["total_performance"]
    assert whole["sales"]["gmv"] == total["gmv"]
    assert whole["sales"]["orders"] == total["orders"]
    assert whole["sales"]["items_sold"] == total["items_sold"]
    shown = [part["traffic"]["impressions"] for part in whole["traffic"]["breakdowns"]]
    assert sum(shown) == total["product_impressions"]
    days = US.data("GET", path, {**WINDOW, "granularity": "1D"})["performance"]["intervals"]
    assert sum(amount(day["sales"]["gmv"]) for day in days) == amount(total["gmv"])
    assert {top["type"] for top in found["top_contents"]} <= {"LIVE", "VIDEO"}
    assert sum(stars["count"] for stars in found["ratings"]) > 0


def test_cancelled_and_returned_units_are_counted_by_kind() -> None:
    kinds: Counter[str] = Counter()
    for row in every_page(US, PRODUCTS, "products", WINDOW)[:15]:
        path = f"/analytics/202509/shop_products/{row['id']}/performance"
        (whole,) = US.data("GET", path, WINDOW)["performance"]["intervals"]
        kinds.update(whole["cancel_and_refunds"])
    assert set(kinds) == {"canceled", "refunded", "returned", "replacements"}
    shop = intervals(US, SHOP_OLD)[0]["cancellations_and_returns"]
    assert 0 < kinds["canceled"] + kinds["returned"] <= shop


def test_what_a_day_was_it_stays_and_every_process_says_the_same() -> None:
    query: dict[str, Any] = {**WINDOW, "granularity": "1D"}
    later, again = client(world(now=NOON)), client(world())
    gateway = later.session.get_adapter(later.base).gateway  # type: ignore[attr-defined]
    gateway.world.clock.set_to(NOON + 20 * DAY)
    for path, key in ((PRODUCTS, "products"), (SKUS, "skus"), (VIDEOS, "videos"),
                      (LIVES, "live_stream_sessions")):  # fmt: skip
        before = every_page(US, path, key, WINDOW)
        assert every_page(again, path, key, WINDOW) == before
        assert every_page(later, path, key, WINDOW) == before
    for path in (SHOP, SHOP_OLD, VIDEO_OVERVIEW, LIVE_OVERVIEW):
        before = US.data("GET", path, query)["performance"]
        assert again.data("GET", path, query)["performance"] == before
        assert later.data("GET", path, query)["performance"] == before
