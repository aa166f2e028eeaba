"""Fields of TikTok's own figures of videos by day and of LIVE sessions.

Rates that TikTok gives beside their parts are worked out from the parts; of rates given alone the
exact mean is taken, each by what it is a rate of.
"""

from __future__ import annotations

from typing import Final

from catalogue.field import Additive, Counted, Dimension, Highest, Ratio, Unique

_VIDEO: Final = "Video analytics"
_LIVE: Final = "LIVE analytics"
_VIDEO_DAYS: Final = "video_performance_daily"
_SESSIONS: Final = "live_sessions"
_OWN: Final = " Told of the shop's own accounts only; empty where TikTok tells none."
_OF_SESSION: Final = " Of one LIVE only: people who come to two would count twice."
_SECONDS: Final = "[end_time] - [start_time]"


def _video(
    field_id: str, label: str, sql: str, about: str, semantic: str = "TEXT", *,
    in_digits: bool = False,
) -> Dimension:  # fmt: skip
    return Dimension(
        id=field_id, label=label, group=_VIDEO, semantic=semantic, homes={_VIDEO_DAYS: sql},
        about=about, in_digits=in_digits,
    )  # fmt: skip


def _live(field_id: str, label: str, column: str, about: str, semantic: str = "TEXT") -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_LIVE, semantic=semantic,
        homes={_SESSIONS: f"[{column}]"}, about=about,
    )  # fmt: skip


def _of_videos(
    field_id: str, label: str, sql: str, about: str, semantic: str = "NUMBER", *,
    where: str = "", hidden: bool = False,
) -> Additive:  # fmt: skip
    return Additive(
        id=field_id, label=label, group=_VIDEO, semantic=semantic, on={_VIDEO_DAYS: sql},
        where=where, about=about, hidden=hidden,
    )  # fmt: skip


def _of_lives(
    field_id: str, label: str, sql: str, about: str, semantic: str = "NUMBER", *,
    own: bool = False, where: str = "", hidden: bool = False,
) -> Additive:  # fmt: skip
    """`own`: told of the shop's own accounts only."""
    return Additive(
        id=field_id, label=label, group=_LIVE, semantic=semantic, on={_SESSIONS: sql},
        where=where, about=about + (_OWN if own else ""), may_be_untold=own, hidden=hidden,
    )  # fmt: skip


def _of_session(field_id: str, label: str, column: str, about: str) -> Counted:
    return Counted(
        id=field_id, label=label, group=_LIVE, semantic="NUMBER", on={_SESSIONS: f"[{column}]"},
        about=about + _OF_SESSION,
    )  # fmt: skip


def _ratio(
    group: str, field_id: str, label: str, top: str, bottom: str, semantic: str, about: str,
    scale: int = 1,
) -> Ratio:  # fmt: skip
    return Ratio(
        id=field_id, label=label, group=group, semantic=semantic, numerator=top,
        denominator=bottom, scale=scale, about=about,
    )  # fmt: skip


_VIDEO_FIELDS: Final = (
    _video("video_id", "Video ID", "[video_id]",
           "TikTok's id of the video; 0 stands for all deleted and unknown ones."),
    _video("video_title", "Video Title", "[title]", "Title of the video."),
    _video("video_username", "Video Account", "[username]", "Account that posted the video."),
    _video("video_author_type", "Account Type", "[author_type]",
           "OFFICIAL, CHANNEL or AFFILIATE, where TikTok tells it."),
    _video("video_url", "Video Link",
           "CASE WHEN [video_id] <> '0' THEN 'https://www.tiktok.com/@' || [username] || "
           "'/video/' || [video_id] END", "Address of the video.", "URL"),
    _video("video_hashtags", "Hashtags", "[hash_tags]",
           "The video's hashtags, joined with a space."),
    _video("video_product_ids", "Products in Video", "[product_ids]",
           "Ids of the products in the video, joined with a comma."),
    _video("video_post_time", "Posted Time", "[posted_digits]",
           "When the video was posted, as TikTok writes it, which is taken for the shop's own "
           "zone.", "YEAR_MONTH_DAY_SECOND", in_digits=True),
    _of_videos("video_seconds", "Video Seconds", "[duration]",
               "Length of the video, once for every day with activity.", hidden=True),
    _of_videos("video_days", "Video Days", "1",
               "Days with activity of videos whose length is told.",
               where="[duration] IS NOT NULL", hidden=True),
    _ratio(_VIDEO, "video_duration", "Video Duration (s)", "video_seconds", "video_days",
           "DURATION",
           "Length of the video in seconds; of several videos the average, each by its days with "
           "activity."),
    _of_videos("video_gmv", "Video GMV", "[gmv]", "GMV that TikTok ascribes to the video.",
               "CURRENCY"),
    _ratio(_VIDEO, "video_gpm", "Video GPM", "video_gmv", "video_views", "CURRENCY",
           "GMV per 1,000 views.", scale=1000),
    _of_videos("video_sku_orders", "Video SKU Orders", "[sku_orders]",
               "SKU orders that TikTok ascribes to the video."),
    _of_videos("video_items_sold", "Video Items Sold", "[items_sold]",
               "Units that TikTok ascribes to the video."),
    _of_videos("video_views", "Video Views", "[views]", "Views of the video."),
    _of_videos("video_clicks_by_rate", "Video Clicks by Rate", "[click_through_rate] * [views]",
               "Click-through rate times views.", hidden=True),
    _of_videos("video_views_with_rate", "Video Views with Rate", "[views]",
               "Views of the days whose click-through rate is told.",
               where="[click_through_rate] IS NOT NULL", hidden=True),
    _ratio(_VIDEO, "video_ctr", "Video CTR", "video_clicks_by_rate", "video_views_with_rate",
           "PERCENT",
           "Product clicks per view as TikTok gives it for a day; over several days or videos each "
           "counts by its views."),
    Counted(
        id="video_avg_customers", label="Video Customers (daily avg.)", group=_VIDEO,
        semantic="NUMBER", on={_VIDEO_DAYS: "[avg_customers]"},
        about="Different buyers through the video on the day, as TikTok counts them. Of one video "
        "and one day only: never add the values of several rows.",
    ),
    *(
        Additive(
            id=field_id, label=label, group=_VIDEO, semantic="NUMBER",
            on={"videos_overview_daily": f"[{column}]"}, may_be_untold=True,
            about=f"{what}, of all videos together: TikTok does not tell it by video. Empty where "
            "TikTok tells none.",
        )
        for field_id, label, column, what in (
            ("video_product_impressions", "Video Product Impressions",
             "videos_product_impressions", "How often products were shown in videos"),
            ("video_product_clicks", "Video Product Clicks", "videos_product_clicks",
             "Clicks on products in videos"),
        )
    ),
    Unique(
        id="video_count", label="Videos", group=_VIDEO, semantic="NUMBER",
        on={_VIDEO_DAYS: "[video_id]"}, where="[video_id] <> '0'",
        about="Different videos with activity; deleted and unknown ones, which TikTok does not "
        "tell apart, are left out. Never add the values of several rows.",
    ),
)  # fmt: skip

_LIVE_FIELDS: Final = (
    _live("live_id", "LIVE ID", "live_id", "TikTok's id of the LIVE session."),
    _live("live_title", "LIVE Title", "title", "Title of the LIVE."),
    _live("live_username", "LIVE Host", "username", "Account that hosted the LIVE."),
    _live("live_start_time", "LIVE Start", "start_time", "When the LIVE began.",
          "YEAR_MONTH_DAY_SECOND"),
    _live("live_end_time", "LIVE End", "end_time", "When the LIVE ended.",
          "YEAR_MONTH_DAY_SECOND"),
    _of_lives("live_sessions", "LIVE Sessions", "1", "LIVEs that began in the date range."),
    _of_lives("live_duration", "LIVE Duration (s)", _SECONDS,
              "From the beginning to the end of the LIVEs, in seconds, added up.", "DURATION"),
    _of_lives("live_gmv", "LIVE GMV", "[gmv]",
              "GMV that TikTok ascribes to the LIVE, on the day it began.", "CURRENCY"),
    _of_lives("live_gmv_24h", "LIVE GMV within 24 h", "[gmv_24h]",
              "GMV that TikTok ascribes to the LIVE within 24 hours.", "CURRENCY"),
    _of_lives("live_sku_orders", "LIVE SKU Orders", "[sku_orders]",
              "Paid SKU orders that TikTok ascribes to the LIVE."),
    _of_lives("live_created_sku_orders", "LIVE SKU Orders Created", "[created_sku_orders]",
              "SKU orders placed, paid or not, that TikTok ascribes to the LIVE."),
    _of_lives("live_items_sold", "LIVE Items Sold", "[items_sold]",
              "Units that TikTok ascribes to the LIVE."),
    _of_session("live_customers", "LIVE Customers", "customers",
                "Different buyers in the LIVE, as TikTok counts them."),
    _ratio(_LIVE, "live_avg_price", "LIVE Avg. Price", "live_gmv", "live_items_sold", "CURRENCY",
           "GMV of LIVEs per unit sold in them."),
    _of_session("live_products_added", "Products in LIVE", "products_added",
                "Different products shown in the LIVE."),
    _of_session("live_products_sold", "Products Sold in LIVE", "different_products_sold",
                "Different products sold in the LIVE."),
    _of_lives("live_views", "LIVE Views", "[views]", "Views of the LIVE.", own=True),
    _of_session("live_viewers", "LIVE Viewers", "viewers",
                "Different viewers of the LIVE, as TikTok counts them; told of the shop's own "
                "accounts only."),
    Highest(
        id="live_peak_viewers", label="Peak Concurrent Viewers", group=_LIVE, semantic="NUMBER",
        on={_SESSIONS: "[pcu]"},
        about="Most viewers at the same moment; of several LIVEs the highest peak." + _OWN,
    ),
    _of_lives("live_viewer_seconds", "LIVE Viewer Seconds", f"[acu] * ({_SECONDS})",
              "Average concurrent viewers times the LIVE's length.", own=True, hidden=True),
    _of_lives("live_observed_seconds", "LIVE Seconds Observed", _SECONDS,
              "Length of the LIVEs whose concurrent viewers are told.", own=True,
              where="[acu] IS NOT NULL", hidden=True),
    _ratio(_LIVE, "live_avg_concurrent", "Avg. Concurrent Viewers", "live_viewer_seconds",
           "live_observed_seconds", "NUMBER",
           "Viewers at the same moment on average; of several LIVEs each counts by its length. "
           "Told of the shop's own accounts only."),
    _of_lives("live_watched_seconds", "LIVE Seconds Watched", "[avg_viewing_duration] * [views]",
              "Average length of a view times the views.", own=True, hidden=True),
    _of_lives("live_timed_views", "LIVE Views Timed", "[views]",
              "Views of the LIVEs whose average length of a view is told.", own=True,
              where="[avg_viewing_duration] IS NOT NULL", hidden=True),
    _ratio(_LIVE, "live_avg_view_duration", "Avg. View Duration (s)", "live_watched_seconds",
           "live_timed_views", "DURATION",
           "How long a view lasted on average, in seconds; of several LIVEs each counts by its "
           "views. Told of the shop's own accounts only."),
    _of_lives("live_product_impressions", "LIVE Product Impressions", "[product_impressions]",
              "How often products were shown in the LIVE.", own=True),
    _of_lives("live_product_clicks", "LIVE Product Clicks", "[product_clicks]",
              "Clicks on products in the LIVE.", own=True),
    _ratio(_LIVE, "live_ctr", "LIVE CTR", "live_product_clicks", "live_views", "PERCENT",
           "Product clicks per view, as TikTok defines it. Told of the shop's own accounts only."),
    _of_lives("live_own_sku_orders", "LIVE SKU Orders (own accounts)", "[sku_orders]",
              "SKU orders of the LIVEs whose product clicks are told.", own=True,
              where="[product_clicks] IS NOT NULL", hidden=True),
    _ratio(_LIVE, "live_click_to_order_rate", "LIVE Click-to-order Rate", "live_own_sku_orders",
           "live_product_clicks", "PERCENT",
           "SKU orders per product click, of the LIVEs whose clicks are told: those of the shop's "
           "own accounts."),
    _of_lives("live_likes", "LIVE Likes", "[likes]", "Likes of the LIVE.", own=True),
    _of_lives("live_comments", "LIVE Comments", "[comments]", "Comments on the LIVE.", own=True),
    _of_lives("live_shares", "LIVE Shares", "[shares]", "How often the LIVE was shared.",
              own=True),
    _of_lives("live_new_followers", "Followers from LIVE", "[new_followers]",
              "New followers through the LIVE.", own=True),
)  # fmt: skip

FIELDS: Final = (*_VIDEO_FIELDS, *_LIVE_FIELDS)
