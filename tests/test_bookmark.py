"""Where a list that is read by id or by day stopped: a run that goes on asks for the next page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import requests

from backfill.bookmark import Bookmark
from backfill.windows import floor_of
from tests.importing import NOW, Asked, ShopUnderTest, digests, refuses
from tiktok_shop.endpoints import ENDPOINTS, Paging

pytestmark = pytest.mark.slow

START = floor_of(NOW, 2)


def test_a_batch_counts_once_all_before_it_have_come() -> None:
    bookmark = Bookmark("stock", 1)
    bookmark.follow([[("1",), ("2",)], [("3",), ("4",)], [("5",)]])
    bookmark.settle([("3",), ("4",)])
    assert bookmark.asked_to == ""
    bookmark.settle([("1",), ("2",)])
    assert bookmark.asked_to == "4"


def test_a_list_of_one_page_writes_nothing_down() -> None:
    bookmark = Bookmark("lists", 1)
    assert bookmark.turn("a", "") == ()
    assert bookmark.turn("a", "next") == (
        ("lists", '{"run":1,"pages":{"a":"next"},"asked_to":""}'),
    )
    assert bookmark.turn("a", "") == (("lists", '{"run":1,"pages":{},"asked_to":""}'),)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    videos = replace(ENDPOINTS["video_performance"], paging=Paging(1, 40))
    monkeypatch.setattr(
        "backfill.day_reading.ENDPOINTS", {**ENDPOINTS, "video_performance": videos}
    )


def videos_of(shop: ShopUnderTest) -> list[Asked]:
    return [asked for asked in shop.calls if asked.path.endswith("shop_videos/performance")]


def stopped_after_a_first_page(folder: Path) -> str:
    """An import that is stopped with a list of videos begun; gives the token of its next page."""
    shop = ShopUnderTest(folder)

    def second_page(asked: Asked) -> requests.Response | None:
        wanted = asked.path.endswith("shop_videos/performance") and "page_token" in asked.query
        return refuses(105005, "scope is missing") if wanted else None

    shop.between.faults.append(second_page)
    assert shop.work(start=START, in_flight=1).state == "blocked"
    token = videos_of(shop)[-1].query["page_token"]
    shop.close()
    return token


def test_the_run_that_goes_on_begins_with_the_next_page(tmp_path: Path) -> None:
    token = stopped_after_a_first_page(tmp_path)
    shop = ShopUnderTest(tmp_path)
    assert shop.work(start=START, in_flight=1).state == "done"
    assert videos_of(shop)[0].query["page_token"] == token


@pytest.mark.parametrize("code", [36009004, 36009018])
def test_a_page_that_is_not_known_any_more_costs_its_list_and_nothing_else(
    code: int, tmp_path: Path
) -> None:
    token = stopped_after_a_first_page(tmp_path)
    shop = ShopUnderTest(tmp_path)
    shop.between.faults.append(
        lambda asked: (
            refuses(code, "invalid page_token")
            if asked.query.get("page_token") == token and len(videos_of(shop)) == 1
            else None
        )
    )
    assert shop.work(start=START, in_flight=1).state == "done"
    assert "page_token" not in videos_of(shop)[1].query
    assert shop.records.quarantine_count() == 0
    shop.close()
    (tmp_path / "whole").mkdir()
    whole = ShopUnderTest(tmp_path / "whole")
    whole.work(start=START)
    whole.close()
    assert digests(tmp_path / "records.sqlite") == digests(tmp_path / "whole" / "records.sqlite")


def test_another_run_reads_every_list_from_its_first_page(tmp_path: Path) -> None:
    stopped_after_a_first_page(tmp_path)
    shop = ShopUnderTest(tmp_path)
    assert shop.work(start=START, in_flight=1, began_at=NOW + 60).state == "done"
    assert "page_token" not in videos_of(shop)[0].query
