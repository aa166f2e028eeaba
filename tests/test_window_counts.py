"""People whom only TikTok can count over a range of days: one call for the range, remembered.

An installation that imported five days of figures at NOW, beside the simulated TikTok, which knows
how many different people came on several days. NOW is the morning of 12 September 2026 in the
shop's zone; the list of products ends with the 10th then, everything else with the 11th.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backfill.days import day_begins_at, day_named
from backfill.window_counts import COUNTED_AGAIN_SECONDS, is_good
from store.commits import Commit
from store.window_counts import MOST_KEPT, WindowCounts
from tests.importing import DAY, NOW, Asked, refuses
from tests.living import IMPATIENCE_SECONDS, Living, imported, living

pytestmark = pytest.mark.slow

HOUR = 3_600
ZONE = "America/Chicago"
#: Four days, all of which TikTok has.
WINDOW = ("2026-09-08", "2026-09-11")
#: Three days, of which it has products, too.
EARLIER = ("2026-09-08", "2026-09-10")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    return imported(folder, "products", "orders", "analytics", shops=2)


@pytest.fixture
def shop(folder: Path, tmp_path: Path) -> Iterator[Living]:
    with living(folder, tmp_path, shops=2) as made, made.worker():
        yield made


@pytest.fixture
def heard(shop: Living) -> list[int]:
    """The buyers of every bucket that TikTok told, in order."""
    found: list[int] = []

    def note(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.path.endswith("/202405/shop/performance"):
            found.extend(one["buyers"] for one in answer["performance"]["intervals"])

    shop.wire.change = note
    return found


def windows_asked(shop: Living) -> list[tuple[str, str]]:
    """[first day, day after the last) of every call for figures, in order."""
    return [
        (call.query["start_date_ge"], call.query["end_date_lt"])
        for call in shop.calls
        if call.resource == "analytics" and "page_token" not in call.query
    ]


# --- over a whole range ---


def test_buyers_of_a_range_are_one_call_and_not_the_sum_of_its_days(
    shop: Living, heard: list[int]
) -> None:
    answer = shop.ask("shop_buyers", days=WINDOW)
    assert [answer.value] == heard
    (call,) = shop.calls
    assert call.path == "/analytics/202405/shop/performance"
    assert call.query["granularity"] == "ALL"
    assert windows_asked(shop) == [("2026-09-08", "2026-09-12")]
    assert (answer.about["source"], answer.about["stale"]) == ("live", False)
    days = [count for _, count in shop.ask("date", "shop_buyers", days=WINDOW).rows]
    assert sum(days) > answer.value, "who bought on two days counts once"


def test_a_count_is_remembered_for_its_range(shop: Living) -> None:
    first = shop.ask("shop_buyers", days=WINDOW)
    shop.calls.clear()
    again = shop.ask("shop_buyers", "shop_name", days=WINDOW)
    assert again.rows[0][0] == first.value
    assert (again.about["source"], shop.calls) == ("cached", [])
    shop.ask("shop_buyers", days=EARLIER)
    assert windows_asked(shop) == [("2026-09-08", "2026-09-11")], "another range is another call"


def test_by_day_the_stored_days_answer_and_nobody_is_asked(shop: Living) -> None:
    answer = shop.ask("date", "shop_buyers", days=WINDOW)
    records = shop.here.stores.records("default", shop.shops[0])
    stored = records.query(
        "SELECT replace(date, '-', ''), buyers FROM shop_performance_daily "
        "WHERE date >= '2026-09-08' ORDER BY date"
    )
    assert answer.rows == [list(row) for row in stored]
    assert len(answer.rows) == 4
    single = shop.ask("shop_buyers", days=("2026-09-09", "2026-09-09"))
    assert single.value == answer.rows[1][1], "a range of one day is that day"
    assert (shop.calls, shop.pulls()) == ([], [])


def test_by_week_there_is_no_count_and_a_note(shop: Living) -> None:
    answer = shop.ask("week_iso", "shop_buyers", days=WINDOW)
    assert answer.rows == [["202637", None]]
    assert "Buyers in Period is empty here" in answer.about["notes"][0]
    assert shop.calls == []


def test_people_of_all_products_are_one_list(shop: Living) -> None:
    fields = ("product_id", "pa_customers", "pa_unique_clickers")
    answer = shop.ask(*fields, days=EARLIER)
    assert windows_asked(shop) == [("2026-09-08", "2026-09-11")]
    days = shop.ask("date", *fields, days=EARLIER).rows
    for product, customers, clicks in answer.rows:
        own = [row for row in days if row[1] == product]
        assert max(row[3] for row in own) <= clicks <= sum(row[3] for row in own)
        assert (customers or 0) <= sum(row[2] or 0 for row in own)
    shop.calls.clear()
    shop.ask("product_id", "pa_refund_customers", days=EARLIER)
    assert shop.calls == [], "the list had the other counts, too"


def test_each_shop_is_asked_for_its_own_people(shop: Living, heard: list[int]) -> None:
    answer = shop.ask("shop_id", "shop_buyers", days=WINDOW, options={"shops": "all"})
    assert [each for each, _ in answer.rows] == sorted(shop.shops)
    assert sorted(count for _, count in answer.rows) == sorted(heard)
    ciphers = {call.query["shop_cipher"] for call in shop.calls}
    assert (len(shop.calls), len(ciphers)) == (2, 2)
    together = shop.ask("shop_buyers", days=WINDOW, options={"shops": "all"})
    assert together.value is None, "people of two shops may be the same"


# --- days that are not there, or still change ---


def test_a_day_that_tiktok_does_not_have_yet_is_left_out_of_the_count(shop: Living) -> None:
    answer = shop.ask("product_id", "pa_customers", days=WINDOW)
    assert windows_asked(shop) == [("2026-09-08", "2026-09-12"), ("2026-09-08", "2026-09-11")]
    assert answer.rows == shop.ask("product_id", "pa_customers", days=EARLIER).rows
    assert "counted people up to 2026-09-10" in answer.about["notes"][-1]


def test_a_count_of_fewer_days_is_partial_and_refused_where_all_or_nothing_is_wanted(
    shop: Living,
) -> None:
    fields = ("product_id", "pa_customers", "data_as_of")
    answer = shop.ask(*fields, days=WINDOW)
    assert answer.about["partial"]
    status, code, message = shop.refused(*fields, days=WINDOW, options={"strict": "true"})
    assert (status, code) == (400, "bad_date_range")
    assert message.endswith("Choose days from 2026-09-08 to 2026-09-10.")
    whole = shop.ask(*fields, days=EARLIER, options={"strict": "true"})
    assert (whole.about["partial"], whole.about["as_of"] is None) == (False, False)
    as_of = whole.about["as_of"][:19].replace("-", "").replace(":", "").replace("T", "")
    assert {row[2] for row in whole.rows} == {as_of}, "of the count alone, in the zone of UTC"


def counted(last: str, until: str, counted_at: float) -> WindowCounts:
    return WindowCounts("shop_exposure_daily", "2026-09-01", last, until, counted_at, (), ())


#: Midnight at the end of the third day after the 8th.
SETTLED = day_begins_at((day_named("2026-09-08") or 0) + 3 * DAY, ZONE)


@pytest.mark.parametrize(
    ("counts", "now", "good"),
    [
        (counted("2026-09-08", "2026-09-08", SETTLED), SETTLED + 900 * DAY, True),
        (counted("2026-09-08", "2026-09-08", SETTLED - 1), SETTLED + HOUR - 1, True),
        (counted("2026-09-08", "2026-09-08", SETTLED - 1), SETTLED + HOUR, False),
        (counted("2026-09-08", "2026-09-07", SETTLED), SETTLED + HOUR + 1, False),
        (counted("2026-09-12", "2026-09-12", NOW), NOW + HOUR, True),
    ],
)
def test_a_count_holds_for_an_hour_and_for_ever_once_its_days_have_settled(
    counts: WindowCounts, now: float, good: bool
) -> None:
    assert COUNTED_AGAIN_SECONDS == HOUR
    assert is_good(counts, now, ZONE) is good


def test_a_range_whose_days_still_change_is_counted_again_after_an_hour(shop: Living) -> None:
    shop.ask("shop_buyers", days=WINDOW)
    shop.pass_time(HOUR + 60)
    shop.calls.clear()
    assert shop.ask("shop_buyers", days=WINDOW).about["source"] == "live"
    assert len(shop.calls) == 1


def test_a_range_of_settled_days_is_late_counted_again(shop: Living) -> None:
    shop.pass_time(5 * DAY)
    shop.ask("shop_buyers", days=WINDOW)
    shop.calls.clear()
    shop.pass_time(20 * DAY)
    shop.ask("shop_buyers", days=WINDOW)
    assert [call for call in shop.calls if call.query.get("granularity") == "ALL"] == []


# --- when TikTok does not count ---


def test_while_tiktok_is_down_the_count_is_null_with_a_note(shop: Living) -> None:
    shop.down()
    answer = shop.ask("shop_buyers", "shop_name", days=WINDOW)
    assert answer.rows[0][0] is None
    assert answer.about["stale"]
    assert any("TikTok did not say Buyers in Period" in note for note in answer.about["notes"])


def test_an_old_count_is_better_than_none(shop: Living) -> None:
    first = shop.ask("shop_buyers", days=WINDOW).value
    shop.pass_time(2 * HOUR)
    shop.down()
    answer = shop.ask("shop_buyers", days=WINDOW)
    assert (answer.value, answer.about["stale"]) == (first, True)
    assert answer.about["as_of"].startswith("2026-09-12T13:46")


def test_without_permission_nobody_asks_again_and_again(shop: Living) -> None:
    def fault(asked: Asked) -> Any:
        return refuses(105005, "Access denied", 401) if asked.resource == "analytics" else None

    shop.wire.faults = [fault]
    assert shop.ask("shop_buyers", days=WINDOW).value is None
    shop.calls.clear()
    shop.pass_time(30 * 60)
    assert shop.ask("shop_buyers", days=WINDOW).value is None
    assert shop.calls == []


def test_an_answer_does_not_wait_long_for_a_count(
    shop: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.live.WAIT_SECONDS", IMPATIENCE_SECONDS)
    monkeypatch.setattr("backfill.freshening.count_window", _late)
    answer = shop.ask("shop_buyers", days=WINDOW)
    assert (answer.value, answer.about["stale"]) == (None, True)


def _late(*_: object) -> WindowCounts:
    time.sleep(0.2)
    return counted(WINDOW[1], "", NOW)


# --- the cap ---


def test_days_beyond_the_cap_are_not_counted_though_they_are_kept(shop: Living) -> None:
    """A count over days that TikTok gives no more would be one of fewer days."""
    shop.pass_time(58 * DAY)
    shop.ask("shop_buyers", days=("2026-09-08", "2026-09-20"))
    assert windows_asked(shop)[-1][0] == "2026-09-10", "sixty days before 9 November"
    scope = shop.here.accounts.workspace("default")
    scope.serve_kept_analytics(shop.shops[0], True)
    shop.pass_time(HOUR)
    shop.calls.clear()
    kept = shop.ask("shop_buyers", days=("2026-09-08", "2026-09-20"))
    assert kept.value is None
    assert [one for one in shop.calls if one.query.get("granularity") == "ALL"] == []


def test_a_range_that_is_cut_says_so_and_whoever_wants_all_or_nothing_is_refused(
    shop: Living,
) -> None:
    shop.pass_time(58 * DAY)
    long = ("2026-09-08", "2026-09-11")
    answer = shop.ask("date", "shop_orders", days=long)
    assert [day for day, _ in answer.rows] == ["20260910", "20260911"]
    (clamped,) = answer.about["clamped"]
    assert (clamped["from"], clamped["to"]) == ("2026-09-10", "2026-09-11")
    status, code, message = shop.refused(
        "date", "shop_orders", days=long, options={"strict": "true"}
    )
    assert (status, code) == (400, "bad_date_range")
    assert "from 2026-09-10 to 2026-09-11 only" in message


def test_a_shop_may_serve_the_figures_that_were_kept(shop: Living) -> None:
    shop.pass_time(58 * DAY)
    long = ("2026-09-08", "2026-09-11")
    commands = shop.app.test_cli_runner()
    switched = commands.invoke(args=["shops", "set", shop.shops[0], "--serve-kept-analytics"])
    assert "Serve kept analytics  yes" in switched.output
    answer = shop.ask("date", "shop_orders", days=long)
    assert [day for day, _ in answer.rows] == ["20260908", "20260909", "20260910", "20260911"]
    assert answer.about["clamped"] == []
    commands.invoke(args=["shops", "set", shop.shops[0], "--no-serve-kept-analytics"])
    assert len(shop.ask("date", "shop_orders", days=long).rows) == 2


def test_the_zones_of_a_shop_are_set_by_a_command(shop: Living) -> None:
    commands = shop.app.test_cli_runner()
    zones = ["--report-zone", "Asia/Tokyo", "--shop-zone", "America/New_York"]
    told = commands.invoke(args=["shops", "set", shop.shops[0], *zones])
    assert told.exit_code == 0, told.output
    row = shop.here.accounts.workspace("default").shop(shop.shops[0])
    assert (row.shop_zone, row.report_zone) == ("America/New_York", "Asia/Tokyo")
    refused = commands.invoke(args=["shops", "set", shop.shops[0], "--report-zone", "Mars"])
    assert (refused.exit_code, "not a time zone" in refused.output) == (2, True)


# --- what is kept ---


def test_counts_of_many_ranges_do_not_pile_up(shop: Living) -> None:
    records = shop.here.stores.records("default", shop.shops[0])
    token = records.grant("tail", 10)
    for number in range(MOST_KEPT + 5):
        one = WindowCounts("f", f"{number:05}", "x", "x", float(number), ("buyers",), ((number,),))
        records.commit("tail", token, Commit(window_counts=(one,)))
    rows = records.query("SELECT min(first), count(*) FROM _window_counts")
    assert tuple(rows[0]) == ("00005", MOST_KEPT)
    kept = records.window_counts("f", "00007", "x")
    assert kept is not None
    assert kept.by_name() == [{"buyers": 7}]
