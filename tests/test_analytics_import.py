"""TikTok's own figures, imported from the simulator: what is there afterwards, what it costs, what
happens when a day is late, refused or gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from backfill.days import as_date
from sample_shop.control import rows_of
from sample_shop.world import seeded_world
from tests.importing import DAY, NOW, Asked, ShopUnderTest, refuses, reply_with

pytestmark = pytest.mark.slow

#: The shop's zone is that of Chicago: NOW is the morning of 12 September 2026 there.
TODAY = 1_789_171_200


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    world = seeded_world(7, 120, 10, now=NOW, products=25, wall=lambda: NOW)
    opened = ShopUnderTest(tmp_path, world)
    yield opened
    opened.close()


#: The list of products is a day behind the others until the afternoon.
NEWEST_OF_PRODUCTS = "2026-09-10"


def analytics(shop: ShopUnderTest, days: int = 4, **more: Any) -> Any:
    return shop.work(data=["analytics"], start=TODAY - days * DAY + 6 * 3600, **more)


def asked_for(shop: ShopUnderTest, word: str, since: int = 0) -> list[str]:
    """The first days asked for in calls whose address ends so, in order, each once."""
    found = [
        asked.query.get("start_date_ge") or asked.path.split("/")[-2]
        for asked in shop.calls[since:]
        if asked.path.endswith(word) and "page_token" not in asked.query
    ]
    return list(dict.fromkeys(found))


def told(shop: ShopUnderTest, table: str) -> list[dict[str, Any]]:
    """What the simulator says its rows are."""
    gateway: Any = shop.between.behind
    return list(rows_of(gateway.gateway, table, None))


def stored(shop: ShopUnderTest, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in shop.records.query(sql)]


def travel(shop: ShopUnderTest, instant: int) -> None:
    shop.world.clock.set_to(instant)
    shop.clock.instant = float(instant)


# --- what is there afterwards ---


def test_every_figure_is_the_simulators(shop: ShopUnderTest) -> None:
    assert shop.work(data=["analytics", "sku_analytics"], start=TODAY - 3 * DAY).state == "done"
    assert shop.records.quarantine_count() == 0
    first = stored(shop, "SELECT min(date) FROM shop_performance_daily")[0][0]
    days = [
        (
            *(row["date"], row["sales"]["gmv"]["overall"]["amount"], row["sales"]["orders_count"]),
            *(str(row["traffic"]["avg_visitors"]), row["performance_202405"]["buyers"]),
        )
        for row in told(shop, "shop_performance_daily")
        if row["date"] >= first
    ]
    columns = "date, gmv, orders_count, avg_visitors, buyers"
    assert stored(shop, f"SELECT {columns} FROM shop_performance_daily ORDER BY 1") == days
    products = [
        (row["date"], row["id"], row["total_performance"].get("gmv", {}).get("amount"))
        for row in told(shop, "product_performance_daily")
        if row["date"] >= first
    ]
    kept = stored(shop, "SELECT date, product_id, gmv FROM product_performance_daily")
    assert sorted(kept, key=repr) == sorted(products, key=repr)
    skus = [
        (row["date"], str(row["id"]), row["gmv"]["amount"], row["units_sold"])
        for row in told(shop, "sku_performance_daily")
        if row["date"] >= first
    ]
    kept = stored(shop, "SELECT date, sku_id, gmv, units_sold FROM sku_performance_daily")
    assert sorted(kept) == sorted(skus)
    videos = [
        (row["date"], row["id"], row["views"])
        for row in told(shop, "video_performance_daily")
        if row["date"] >= first
    ]
    kept = stored(shop, "SELECT date, video_id, views FROM video_performance_daily")
    assert sorted(kept) == sorted(videos)
    hours = [
        (row["date"], row["index"], row["gmv"]["amount"])
        for row in told(shop, "shop_performance_hourly")
        if first <= row["date"] < as_date(TODAY)
    ]
    kept = stored(
        shop,
        "SELECT date, hour, gmv FROM shop_performance_hourly "
        f"WHERE date < '{as_date(TODAY)}' ORDER BY 1, 2",
    )
    assert kept == sorted(hours)


def test_a_session_is_kept_once_whole_with_its_own_day(shop: ShopUnderTest) -> None:
    analytics(shop)
    first = TODAY - 4 * DAY
    sessions = [
        (row["id"], row["sales_performance"]["gmv"]["amount"], int(row["start_time"]))
        for row in told(shop, "live_sessions")
    ]
    kept = stored(shop, "SELECT live_id, gmv, start_time, day FROM live_sessions")
    assert {row[:3] for row in kept} <= set(sessions)
    assert len(kept) == len([1 for *_, at in sessions if first + 5 * 3600 <= at]) > 0
    assert all(row[3] <= row[2] - 5 * 3600 < row[3] + DAY for row in kept), "UTC-5"


def test_the_range_of_sessions_ends_a_day_later(shop: ShopUnderTest) -> None:
    analytics(shop)
    (call,) = [one for one in shop.calls if one.path.endswith("shop_lives/performance")]
    assert (call.query["start_date_ge"], call.query["end_date_lt"]) == ("2026-09-08", "2026-09-13")


def test_what_is_not_over_is_not_there(shop: ShopUnderTest) -> None:
    """08:46 in Chicago: the hour that began at eight is not over."""
    analytics(shop)
    (newest,) = stored(shop, "SELECT date, max(hour) FROM shop_performance_hourly WHERE day = "
                       f"{TODAY}")  # fmt: skip
    assert newest[0] == "2026-09-12"
    assert newest[1] < 8
    covered = shop.records.coverage("shop_performance_hourly")
    assert covered[-1].end == TODAY + (newest[1] + 1) * 3600
    for table in ("shop_performance_daily", "product_performance_daily", "video_performance_daily"):
        assert stored(shop, f"SELECT count(*) FROM {table} WHERE day >= {TODAY}") == [(0,)]


def test_days_after_the_newest_that_is_ready_are_neither_kept_nor_covered(
    shop: ShopUnderTest,
) -> None:
    def late(asked: Asked, answer: dict[str, Any]) -> None:
        answer["latest_available_date"] = "2026-09-09"

    shop.between.change = late
    assert analytics(shop).state == "done"
    for table in ("shop_performance_daily", "product_performance_daily", "live_sessions"):
        assert stored(shop, f"SELECT max(date) FROM {table}") == [("2026-09-09",)], table
    for name in ("shop_performance", "shop_exposure", "product_performance", "live_sessions"):
        (covered,) = shop.records.coverage(name)
        assert (covered.start, covered.end) == (TODAY - 4 * DAY, TODAY - 2 * DAY), name
    since = len(shop.calls)
    shop.between.change = None
    analytics(shop, began_at=NOW + 60, in_flight=1)
    assert asked_for(shop, "shop_products/performance", since) == ["2026-09-11", "2026-09-10"]
    newest = stored(shop, "SELECT max(date) FROM product_performance_daily")
    assert newest == [(NEWEST_OF_PRODUCTS,)]


# --- what it costs ---


def test_a_day_costs_a_call_only_where_there_is_no_series(shop: ShopUnderTest) -> None:
    analytics(shop, in_flight=1)
    newest_first = ["2026-09-11", "2026-09-10", "2026-09-09", "2026-09-08"]
    assert asked_for(shop, "shop_products/performance") == newest_first
    assert asked_for(shop, "shop_videos/performance") == newest_first
    assert asked_for(shop, "performance_per_hour") == ["2026-09-12", *newest_first]
    for series in ("shop_videos/overview_performance", "shop_lives/overview_performance"):
        assert asked_for(shop, series) == ["2026-09-08"]
    series_calls = [one for one in shop.calls if one.path.endswith("/shop/performance")]
    assert [one.path.split("/")[2] for one in series_calls] == ["202509", "202405"]
    assert {one.query["granularity"] for one in series_calls} == {"1D"}
    assert not [one for one in shop.calls if "shop_skus" in one.path], "on request only"


def test_the_first_import_reaches_as_deep_as_tiktok_gives_and_no_deeper(
    shop: ShopUnderTest,
) -> None:
    """60 days, of hours 30, whatever history of orders is asked for."""

    def refused(asked: Asked) -> requests.Response | None:
        nothing = {"latest_available_date": "2026-09-11"}
        if "overview" in asked.path or "performance_per_hour" in asked.path:
            return None
        return None if asked.number < 3 else _answers(nothing)

    shop.between.faults = [refused]
    shop.work(data=["analytics"], start=None)
    tens = ["2026-09-02", "2026-08-23", "2026-08-13", "2026-08-03", "2026-07-24", "2026-07-14"]
    assert sorted(asked_for(shop, "/shop/performance")) == sorted(tens), "30 days, and 10 a call"
    products = asked_for(shop, "shop_products/performance")
    assert (len(products), min(products)) == (60, "2026-07-14")
    hours = asked_for(shop, "performance_per_hour")
    assert (len(hours), min(hours)) == (30, "2026-08-14")


def _answers(data: dict[str, Any]) -> requests.Response:
    return reply_with({"code": 0, "message": "Success", "request_id": "r", "data": data})


def test_the_same_day_again_costs_next_to_nothing(shop: ShopUnderTest) -> None:
    analytics(shop)
    since = len(shop.calls)
    analytics(shop, began_at=NOW + 600)
    again = [one.path.partition("/analytics/")[2] for one in shop.calls[since:]]
    assert again == [
        "202605/shop_products/performance",  # yesterday was not ready
        "202510/shop/performance/2026-09-12/performance_per_hour",  # today is not over
    ]


def test_a_sync_of_the_next_day_reads_the_new_day_and_those_that_have_settled(
    shop: ShopUnderTest,
) -> None:
    """The 10th is the newest day of products at first. It settles when the 13th begins in Chicago,
    at 05:00 UTC; the sync of that afternoon has a new day to read, and so has the one after it, but
    then it has waited a day."""
    analytics(shop, days=8)
    since = len(shop.calls)
    travel(shop, NOW + DAY)
    sync: dict[str, Any] = {"data": ["analytics"], "lane": "forward", "start": None, "in_flight": 1}
    shop.work(began_at=NOW + DAY, **sync)
    fresh = asked_for(shop, "shop_products/performance", since)
    assert fresh[:2] == ["2026-09-12", "2026-09-11"]
    # Eight days were asked for before; a sync has no range and asks for all that TikTok gives.
    assert fresh[2] == "2026-09-03"
    since = len(shop.calls)
    travel(shop, NOW + 2 * DAY)
    shop.work(began_at=NOW + 2 * DAY, **sync)
    again = asked_for(shop, "shop_products/performance", since)
    assert again == ["2026-09-13", "2026-09-12", "2026-09-10"]
    series = asked_for(shop, "202509/shop/performance", since)
    assert series == ["2026-09-11"], "a call for the new day brings those that still change, too"
    assert len(shop.calls) - since <= 16, "a quiet sync"


def test_a_day_is_asked_for_six_hours_after_its_end(shop: ShopUnderTest) -> None:
    """The 12th ends in Chicago at 05:00 UTC."""
    for hour, newest in ((10, "2026-09-11"), (11, "2026-09-12")):
        since = len(shop.calls)
        analytics(shop, days=1, began_at=TODAY + DAY + hour * 3_600)
        assert asked_for(shop, "shop_videos/performance", since)[:1] == [newest]


def test_days_are_kept_when_tiktok_has_them_no_more(shop: ShopUnderTest) -> None:
    analytics(shop)
    travel(shop, NOW + 70 * DAY)
    analytics(shop, days=1, began_at=NOW + 70 * DAY)
    assert stored(shop, "SELECT min(date) FROM product_performance_daily") == [("2026-09-08",)]


# --- faults ---


def test_a_missing_permission_blocks_the_figures_and_nothing_else(shop: ShopUnderTest) -> None:
    shop.between.faults = [
        lambda asked: refuses(105005, "no scope", 401) if "/analytics/" in asked.path else None
    ]
    data = ["orders", "products", "analytics"]
    assert shop.work(start=NOW - DAY, data=data).state == "blocked"
    states = {name: one.state for name, one in shop.records.progress().items()}
    assert states["shop_performance"] == states["product_performance"] == "blocked"
    assert states["orders"] == states["fbt_inventory"] == states["product_images"] == "done"


def test_a_single_day_that_is_refused_does_not_hold_up_the_others(shop: ShopUnderTest) -> None:
    def bad_day(asked: Asked) -> requests.Response | None:
        if asked.query.get("start_date_ge") == "2026-09-09" and "products" in asked.path:
            return refuses(28001022, "invalid date range", 200)
        return None

    shop.between.faults = [bad_day]
    assert analytics(shop, in_flight=1).state == "done"
    days = stored(shop, "SELECT DISTINCT date FROM product_performance_daily ORDER BY 1")
    assert days == [("2026-09-08",), ("2026-09-10",)]
    (complaint,) = shop.records.quarantined(9)
    assert (complaint.resource, complaint.path) == ("product_performance", "2026-09-09")


def test_a_refused_newest_day_fails_the_stage(shop: ShopUnderTest) -> None:
    shop.between.faults = [
        lambda asked: refuses(28001022, "no", 200) if "shop_products" in asked.path else None
    ]
    assert analytics(shop, in_flight=1).state == "failed"
    states = {name: one.state for name, one in shop.records.progress().items()}
    assert states["product_performance"] == "failed"
    assert states["video_performance"] == "done"


def test_an_older_version_stands_in_and_the_row_says_so(shop: ShopUnderTest) -> None:
    shop.between.faults = [
        lambda asked: refuses(36009009, "Invalid path", 404) if "/202605/" in asked.path else None
    ]
    assert analytics(shop).state == "done"
    versions = stored(shop, "SELECT DISTINCT api_version FROM product_performance_daily")
    assert versions == [("202509",)]
    assert stored(shop, "SELECT count(*) FROM product_performance_daily WHERE gmv IS NULL") == [
        (0,)
    ]


def test_a_run_that_goes_on_asks_only_for_the_days_that_are_missing(shop: ShopUnderTest) -> None:
    def products() -> int:
        return len(asked_for(shop, "shop_products/performance"))

    assert analytics(shop, in_flight=1, stop=lambda: products() >= 2).state == "waiting"
    since = len(shop.calls)
    assert analytics(shop, in_flight=1).state == "done"
    again = asked_for(shop, "shop_products/performance", since)
    assert again == ["2026-09-09", "2026-09-08"], "that the 11th is not ready was known"


def test_a_refused_day_is_not_the_newest_because_later_ones_were_read_before_a_stop(
    shop: ShopUnderTest,
) -> None:
    """It once failed the stage: when a run goes on, only what is missing is asked for."""

    def bad_day(asked: Asked) -> requests.Response | None:
        if asked.query.get("start_date_ge") == "2026-09-09" and "products" in asked.path:
            return refuses(28001022, "invalid date range", 200)
        return None

    def has_read_two_days() -> bool:
        return len(asked_for(shop, "shop_products/performance")) >= 2

    shop.between.faults = [bad_day]
    assert analytics(shop, in_flight=1, stop=has_read_two_days).state == "waiting"
    assert analytics(shop, in_flight=1).state == "done"
    days = stored(shop, "SELECT DISTINCT date FROM product_performance_daily ORDER BY 1")
    assert days == [("2026-09-08",), ("2026-09-10",)]


def test_a_backfill_of_days_before_the_shop_was_opened_does_not_fail(shop: ShopUnderTest) -> None:
    """The shop is ten days old, and hours are there for thirty."""
    assert shop.work(data=["analytics"], lane="forward", start=None).state == "done"
    since = len(shop.calls)
    before: dict[str, Any] = {"start": TODAY - 25 * DAY, "end": TODAY - 20 * DAY}
    assert shop.work(data=["analytics"], reread=True, **before).state == "done"
    assert len(asked_for(shop, "performance_per_hour", since)) == 6


def test_an_expired_page_token_reads_that_day_again(shop: ShopUnderTest) -> None:
    expired: list[str] = []

    def once(asked: Asked) -> requests.Response | None:
        token = asked.query.get("page_token")
        if token and "shop_videos" in asked.path and not expired:
            expired.append(token)
            return refuses(36009004, "Invalid page_token", 400)
        return None

    shop.between.faults = [once]
    assert analytics(shop).state == "done"
    assert expired
    videos = [row for row in told(shop, "video_performance_daily") if row["date"] >= "2026-09-08"]
    assert stored(shop, "SELECT count(*) FROM video_performance_daily") == [(len(videos),)]


def test_old_days_that_are_refused_are_not_asked_for_in_every_sync(shop: ShopUnderTest) -> None:
    """Hours of days before the shop was opened are refused."""
    sync: dict[str, Any] = {"data": ["analytics"], "lane": "forward", "start": None}
    assert shop.work(**sync).state == "done"
    first = asked_for(shop, "performance_per_hour")
    assert len(first) == 30
    since = len(shop.calls)
    shop.work(began_at=NOW + 600, **sync)
    assert asked_for(shop, "performance_per_hour", since) == ["2026-09-12"]
    # Whoever wants to try them again does so.
    shop.work(began_at=NOW + 1200, reread=True, **sync)
    assert len(asked_for(shop, "performance_per_hour", since)) == 30
