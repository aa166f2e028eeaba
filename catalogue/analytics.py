"""Fields of TikTok's own figures of the shop, by day and by hour, and of its variants by day.

Their days are those of the shop's own zone, whatever zone the report is in. TikTok leaves figures
out in some markets and versions; a sum nobody told any part of is empty, not 0.
"""

from __future__ import annotations

from typing import Final

from catalogue.conformed import SKU_ID, at_home
from catalogue.field import Additive, AnswerDimension, Counted, Dimension, Ratio

_SHOP: Final = "Shop analytics"
_SKUS: Final = "SKU analytics"
_DAILY: Final = "shop_performance_daily"
_EXPOSURE: Final = "shop_exposure_daily"
_VIDEOS: Final = "videos_overview_daily"
_LIVES: Final = "lives_overview_daily"
_HOURLY: Final = "shop_performance_hourly"
_SKU_DAYS: Final = "sku_performance_daily"
_UNTOLD: Final = " Empty where TikTok tells none."
#: Ends the sentence of a count of people that only TikTok can make.
_BY_DAY: Final = " Of one day only: people who come on two days would count twice."


def _sum(
    fact: str,
    field_id: str,
    label: str,
    sql: str,
    about: str,
    semantic: str = "NUMBER",
    *,
    untold: bool = False,
    where: str = "",
    hidden: bool = False,
    group: str = _SHOP,
) -> Additive:
    return Additive(
        id=field_id, label=label, group=group, semantic=semantic, on={fact: sql}, where=where,
        about=about + (_UNTOLD if untold else ""), may_be_untold=untold, hidden=hidden,
    )  # fmt: skip


def _money(
    fact: str, field_id: str, label: str, column: str, about: str, *, untold: bool = False
) -> Additive:
    return _sum(fact, field_id, label, f"[{column}]", about, "CURRENCY", untold=untold)


def _people(
    fact: str, field_id: str, label: str, column: str, about: str, *, over_window: bool = False
) -> Counted:
    return Counted(
        id=field_id, label=label, group=_SHOP, semantic="NUMBER", on={fact: f"[{column}]"},
        about=about, over_window=over_window,
    )  # fmt: skip


def _ratio(field_id: str, label: str, top: str, bottom: str, semantic: str, about: str) -> Ratio:
    return Ratio(
        id=field_id, label=label, group=_SHOP, semantic=semantic, numerator=top,
        denominator=bottom, about=about,
    )  # fmt: skip


_SHOP_FIELDS: Final = (
    AnswerDimension(
        id="data_ready_date", label="Analytics Ready Until", group=_SHOP,
        semantic="YEAR_MONTH_DAY",
        about="Newest day of which TikTok's own figures of the shop are complete and imported; of "
        "several shops the earliest of theirs.",
    ),
    _money(_DAILY, "shop_gmv", "Shop GMV (TikTok)", "gmv",
           "GMV as TikTok reports it, by the day of payment in the shop's own zone, later "
           "cancelled and refunded orders included."),
    _money(_DAILY, "shop_gmv_live", "Shop GMV: LIVE", "gmv_live",
           "Part of the shop's GMV that TikTok ascribes to LIVEs, by the last content clicked.",
           untold=True),
    _money(_DAILY, "shop_gmv_video", "Shop GMV: Video", "gmv_video",
           "Part of the shop's GMV that TikTok ascribes to videos, by the last content clicked.",
           untold=True),
    _money(_DAILY, "shop_gmv_product_card", "Shop GMV: Product Card", "gmv_product_card",
           "Part of the shop's GMV that TikTok ascribes to product cards, by the last content "
           "clicked.", untold=True),
    _money(_DAILY, "shop_gross_revenue", "Shop Gross Revenue (TikTok)", "gross_revenue",
           "Gross revenue as TikTok reports it: customer payment less sales tax, before TikTok's "
           "discounts.", untold=True),
    _sum(_DAILY, "shop_gross_revenue_gmv_max", "Gross Revenue from GMV Max / Ads",
         "[gross_revenue] * [gmv_max_share]",
         "Gross revenue of the shop that TikTok ascribes to GMV Max (SEA, MX, BR) or ads (UK, EU): "
         "its daily share of each day's gross revenue.", "CURRENCY", untold=True),
    _sum(_DAILY, "shop_gross_revenue_split", "Gross Revenue of Days with a GMV Max Share",
         "[gross_revenue]", "Gross revenue of the days whose share of GMV Max or ads is told.",
         "CURRENCY", untold=True, where="[gmv_max_share] IS NOT NULL", hidden=True),
    _ratio("shop_gross_revenue_gmv_max_share", "Gross Revenue from GMV Max / Ads %",
           "shop_gross_revenue_gmv_max", "shop_gross_revenue_split", "PERCENT",
           "Share of gross revenue from GMV Max (SEA, MX, BR) or ads (UK, EU), of the days whose "
           "share is told; not given in the US and Japan."),
    _sum(_DAILY, "shop_orders", "Shop Orders (TikTok)", "[orders_count]",
         "Paid orders as TikTok counts them."),
    _sum(_DAILY, "shop_sku_orders", "Shop SKU Orders", "[sku_orders_count]",
         "Different SKUs per paid order, added up, as TikTok counts them."),
    _sum(_DAILY, "shop_items_sold", "Shop Items Sold (TikTok)", "[items_sold]",
         "Units of paid orders as TikTok counts them."),
    _money(_DAILY, "shop_refunds", "Shop Refunds (TikTok)", "refunds",
           "Money refunded on the day, as TikTok reports it."),
    _people(_DAILY, "shop_daily_customers", "Customers (daily)", "avg_customers_count",
            "Different buyers who paid on the day, as TikTok counts them." + _BY_DAY),
    _people(_EXPOSURE, "shop_buyers", "Buyers in Period", "buyers",
            "Different buyers who paid in the whole date range, as TikTok counts them, or on the "
            "day where Date is shown. Never add the values of several rows.", over_window=True),
    _people(_DAILY, "shop_visitors", "Visitors (daily)", "avg_visitors",
            "Different visitors of product pages on the day, as TikTok counts them." + _BY_DAY),
    _sum(_DAILY, "shop_page_views", "Product Page Views", "[avg_page_views]",
         "Views of product pages as TikTok counts them."),
    _sum(_DAILY, "shop_converting_visitors", "Visitor Days that Converted",
         "[avg_conversion_rate] * [avg_visitors]",
         "Each day's conversion rate times its visitors, added up.", untold=True, hidden=True),
    _sum(_DAILY, "shop_visitor_days", "Visitor Days", "[avg_visitors]",
         "Each day's visitors, added up, of the days whose conversion rate is told; a visitor of "
         "two days counts twice.", untold=True, where="[avg_conversion_rate] IS NOT NULL",
         hidden=True),
    _ratio("shop_conversion_rate", "Conversion Rate", "shop_converting_visitors",
           "shop_visitor_days", "PERCENT",
           "TikTok's conversion rate of the day; over several days each counts by its visitors."),
    _ratio("shop_aov", "Shop Avg. Order Value", "shop_gmv", "shop_orders", "CURRENCY",
           "TikTok's GMV per order."),
    _sum(_EXPOSURE, "shop_product_impressions", "Shop Product Impressions",
         "[product_impressions]", "How often products of the shop were shown.", untold=True),
    _sum(_EXPOSURE, "shop_impressions_live", "Product Impressions: LIVE",
         "[product_impressions_live]", "How often products were shown in LIVEs.", untold=True),
    _sum(_EXPOSURE, "shop_impressions_video", "Product Impressions: Video",
         "[product_impressions_video]", "How often products were shown in videos.", untold=True),
    _sum(_EXPOSURE, "shop_impressions_product_card", "Product Impressions: Product Card",
         "[product_impressions_product_card]", "How often product cards were shown.",
         untold=True),
    _sum(_EXPOSURE, "shop_cancellations_returns", "Cancellations & Returns (items)",
         "[cancellations_and_returns]", "Units cancelled or returned, as TikTok counts them.",
         untold=True),
    _money(_VIDEOS, "shop_videos_gmv", "All Videos: GMV", "videos_gmv",
           "GMV that TikTok ascribes to videos, of all of them together.", untold=True),
    _sum(_VIDEOS, "shop_videos_sku_orders", "All Videos: SKU Orders", "[videos_sku_orders]",
         "SKU orders that TikTok ascribes to videos, of all of them together.", untold=True),
    _money(_LIVES, "shop_lives_gmv", "All LIVEs: GMV", "lives_gmv",
           "GMV that TikTok ascribes to LIVEs, of all of them together, by the day of the sale.",
           untold=True),
    _sum(_LIVES, "shop_lives_sku_orders", "All LIVEs: SKU Orders", "[lives_sku_orders]",
         "SKU orders that TikTok ascribes to LIVEs, of all of them together, by the day of the "
         "sale.", untold=True),
    _sum(_LIVES, "shop_lives_items_sold", "All LIVEs: Items Sold", "[lives_items_sold]",
         "Units that TikTok ascribes to LIVEs, of all of them together, by the day of the sale.",
         untold=True),
    _people(_LIVES, "shop_lives_daily_customers", "All LIVEs: Customers (daily)",
            "lives_customers",
            "Different buyers in LIVEs on the day, as TikTok counts them." + _BY_DAY),
    _money(_HOURLY, "hourly_gmv", "GMV by Hour (TikTok)", "gmv",
           "TikTok's GMV of the hour in the shop's own zone; of the last 30 days, today "
           "included."),
    _sum(_HOURLY, "hourly_items_sold", "Items Sold by Hour", "[items_sold]",
         "Units sold in the hour, as TikTok counts them; of the last 30 days, today included."),
    _people(_HOURLY, "hourly_customers", "Customers by Hour", "customers",
            "Different buyers who paid within the hour, as TikTok counts them. Of one hour only: "
            "people who buy in two hours would count twice."),
    _people(_HOURLY, "hourly_visitors", "Visitors by Hour", "visitors",
            "Different visitors within the hour, as TikTok counts them. Of one hour only: people "
            "who come in two hours would count twice."),
)  # fmt: skip

_SKU_FIELDS: Final = (
    Dimension(
        id="ska_sku_id", label="SKU ID (analytics)", group=_SKUS, semantic="TEXT",
        homes=at_home(_SKU_DAYS, SKU_ID),
        about="TikTok's id of the variant, the same as SKU ID.",
    ),
    _sum(_SKU_DAYS, "ska_gmv", "SKU GMV", "[gmv]", "GMV of the variant as TikTok reports it.",
         "CURRENCY", group=_SKUS),
    _sum(_SKU_DAYS, "ska_sku_orders", "SKU Orders (TikTok)", "[sku_orders]",
         "Orders of the variant as TikTok counts them.", group=_SKUS),
    _sum(_SKU_DAYS, "ska_units_sold", "SKU Units Sold", "[units_sold]",
         "Units of the variant sold, as TikTok counts them.", group=_SKUS),
)  # fmt: skip

FIELDS: Final = (*_SHOP_FIELDS, *_SKU_FIELDS)
