"""What the fields of TikTok's own figures of videos and LIVE sessions show and count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from benchmarks.oracle_figures import Value, amount, at, people, times, total, where
from benchmarks.oracle_kinds import (
    SECOND,
    Average,
    Dimension,
    Distinct,
    Metric,
    Peak,
    Ratio,
    shown_moment,
    shown_text,
)
from benchmarks.oracle_rows import Payload, Row, number, text, within

_LINK: Final = "https://www.tiktok.com/@{}/video/{}"
_VIEWS: Final = at("views")
_CLICKED: Final = at("click_through_rate")


def _known_video(row: Row) -> str | None:
    """TikTok lists all deleted and unknown videos as one, with the id 0."""
    video = text(row.own.get("id"))
    return None if video == "0" else video


_VIDEO: Final[Mapping[str, Metric]] = {
    "video_duration": Average(("video_days",), at("duration")),
    "video_gmv": amount("video_days", at("gmv")),
    "video_gpm": Ratio("video_gmv", "video_views", times=1000),
    "video_sku_orders": total("video_days", at("sku_orders")),
    "video_items_sold": total("video_days", at("items_sold")),
    "video_views": total("video_days", _VIEWS),
    "video_ctr": Ratio("_clicked_views", "_rated_views"),
    "_clicked_views": total("video_days", times(_CLICKED, _VIEWS)),
    "_rated_views": total("video_days", where(_CLICKED, _VIEWS)),
    "video_avg_customers": people("video_days", at("avg_customers")),
    "video_product_impressions": total(
        "videos_days", at("product_impressions"), may_be_missing=True
    ),
    "video_product_clicks": total("videos_days", at("product_clicks"), may_be_missing=True),
    "video_count": Distinct(("video_days",), _known_video, of_each_shop=False),
}


def _sales(name: str) -> Value:
    return at("sales_performance", name)


def _done(name: str) -> Value:
    return at("interaction_performance", name)


def _lasted(row: Row) -> Decimal | None:
    began, ended = number(row.own.get("start_time")), number(row.own.get("end_time"))
    return None if began is None or ended is None else ended - began


_LIVE_VIEWS: Final = _done("views")
_WATCHED: Final = _done("avg_viewing_duration")

_LIVE: Final[Mapping[str, Metric]] = {
    "live_sessions": Distinct(("live_sessions",), lambda row: text(row.own.get("id"))),
    "live_duration": total("live_sessions", _lasted),
    "live_gmv": amount("live_sessions", _sales("gmv")),
    "live_gmv_24h": amount("live_sessions", _sales("24h_live_gmv")),
    "live_sku_orders": total("live_sessions", _sales("sku_orders")),
    "live_created_sku_orders": total("live_sessions", _sales("created_sku_orders")),
    "live_items_sold": total("live_sessions", _sales("items_sold")),
    "live_customers": people("live_sessions", _sales("customers"), "session"),
    "live_avg_price": Ratio("live_gmv", "live_items_sold"),
    "live_products_added": people("live_sessions", _sales("products_added"), "session"),
    "live_products_sold": people("live_sessions", _sales("different_products_sold"), "session"),
    "live_views": total("live_sessions", _LIVE_VIEWS, may_be_missing=True),
    "live_viewers": people("live_sessions", _done("viewers"), "session"),
    "live_peak_viewers": Peak(("live_sessions",), _done("pcu")),
    "live_avg_concurrent": Ratio("_viewer_seconds", "_observed_seconds"),
    "_viewer_seconds": total("live_sessions", times(_done("acu"), _lasted)),
    "_observed_seconds": total("live_sessions", where(_done("acu"), _lasted)),
    "live_avg_view_duration": Ratio("_watched_seconds", "_timed_views"),
    "_watched_seconds": total("live_sessions", times(_WATCHED, _LIVE_VIEWS)),
    "_timed_views": total("live_sessions", where(_WATCHED, _LIVE_VIEWS)),
    "live_product_impressions": total(
        "live_sessions", _done("product_impressions"), may_be_missing=True
    ),
    "live_product_clicks": total("live_sessions", _done("product_clicks"), may_be_missing=True),
    "live_ctr": Ratio("live_product_clicks", "live_views"),
    "live_click_to_order_rate": Ratio("_own_sku_orders", "live_product_clicks"),
    "_own_sku_orders": total("live_sessions", where(_done("product_clicks"), _sales("sku_orders"))),
    "live_likes": total("live_sessions", _done("likes"), may_be_missing=True),
    "live_comments": total("live_sessions", _done("comments"), may_be_missing=True),
    "live_shares": total("live_sessions", _done("shares"), may_be_missing=True),
    "live_new_followers": total("live_sessions", _done("new_followers"), may_be_missing=True),
}

CONTENT_METRICS: Final[Mapping[str, Metric]] = {**_VIDEO, **_LIVE}


def _video(take: Callable[[Payload], object]) -> Dimension:
    return shown_text("video", "video_days", lambda row: take(row.own))


def _live(take: Callable[[Payload], object]) -> Dimension:
    return shown_text("live", "live_sessions", lambda row: take(row.own))


def _live_second(name: str) -> Dimension:
    return shown_moment("live", "live_sessions", lambda row: row.own.get(name), SECOND)


def _digits(value: object) -> str:
    return "".join(filter(str.isdigit, str(value or "")))


def _video_link(video: Payload) -> str | None:
    name = text(video.get("username"))
    return name and _LINK.format(name, video["id"])


CONTENT_DIMENSIONS: Final[Mapping[str, Dimension]] = {
    "video_id": _video(lambda video: video.get("id")),
    "video_title": _video(lambda video: video.get("title")),
    "video_username": _video(lambda video: video.get("username")),
    "video_author_type": _video(lambda video: within(video, "creator", "author_type")),
    "video_url": _video(_video_link),
    "video_product_ids": _video(
        lambda video: ",".join(str(one["id"]) for one in video.get("products") or ())
    ),
    "video_hashtags": _video(lambda video: " ".join(video.get("hash_tags") or ())),
    "video_post_time": _video(lambda video: _digits(video.get("video_post_time"))),
    "live_id": _live(lambda live: live.get("id")),
    "live_title": _live(lambda live: live.get("title")),
    "live_username": _live(lambda live: live.get("username")),
    "live_start_time": _live_second("start_time"),
    "live_end_time": _live_second("end_time"),
}
