"""Fields of the stock and of the warehouses it lies in: the newest reading, without history."""

from __future__ import annotations

from typing import Final

from catalogue.field import Dimension, Ratio, Snapshot

_GROUP: Final = "Inventory"


def _stock(field_id: str, label: str, fact: str, sql: str, about: str, where: str = "") -> Snapshot:
    return Snapshot(
        id=field_id, label=label, group=_GROUP, semantic="NUMBER", on={fact: sql}, where=where,
        about=about,
    )  # fmt: skip


FIELDS: Final = (
    Dimension(
        id="inventory_warehouse_id", label="Stock Warehouse ID", group=_GROUP, semantic="TEXT",
        homes={"inventory": "[warehouse_id]"}, about="Warehouse the stock lies in.",
    ),
    Dimension(
        id="snapshot_time", label="Stock Snapshot Time", group=_GROUP,
        semantic="YEAR_MONTH_DAY_SECOND",
        homes={"inventory": "[fetched_at]", "sku_inventory": "[fetched_at]"},
        about="When the stock was first read as it is now.",
    ),
    _stock("available_quantity", "Available Stock", "inventory", "SUM([available_quantity])",
           "Units that can be sold now; adds up over SKUs and warehouses. Of deleted listings no "
           "stock is read."),
    _stock("committed_quantity", "Committed Stock", "inventory", "SUM([committed_quantity])",
           "Units held by open orders now."),
    _stock("total_available_quantity", "Total Available Stock", "sku_inventory",
           "SUM([total_available_quantity])", "Units that can be sold now over all warehouses."),
    _stock("total_committed_quantity", "Total Committed Stock", "sku_inventory",
           "SUM([total_committed_quantity])",
           "Units held by open orders now over all warehouses."),
    _stock("in_shop_quantity", "In-shop Stock", "sku_inventory", "SUM([in_shop_quantity])",
           "Units that are sold freely in the shop now, reserved for no campaign or creator."),
    _stock("campaign_inventory", "Campaign Stock", "sku_inventory",
           "SUM(COALESCE([campaign_quantity], 0))", "Units reserved for campaigns now."),
    _stock("creator_inventory", "Creator Stock", "sku_inventory",
           "SUM(COALESCE([creator_quantity], 0))", "Units reserved for creators now."),
    _stock("out_of_stock_skus", "Out-of-stock SKUs", "sku_inventory", "COUNT(*)",
           "SKUs without any unit to sell now.", where="[total_available_quantity] = 0"),
    Ratio(
        id="days_of_stock", label="Days of Stock", group=_GROUP, semantic="NUMBER",
        numerator="total_available_quantity", denominator="items_sold_28d", scale=28,
        about="How long the stock lasts at the sales of the last 28 full days.",
    ),
    *(
        Dimension(
            id=field_id, label=label, group="Warehouses", semantic=semantic,
            homes={"warehouses": f"[{column}]"}, about=about,
        )
        for field_id, label, column, semantic, about in (
            ("warehouse_type", "Warehouse Type", "type", "TEXT", "Such as SALES_WAREHOUSE."),
            ("warehouse_sub_type", "Warehouse Sub-type", "sub_type", "TEXT",
             "How the warehouse is placed, such as DOMESTIC_WAREHOUSE."),
            ("warehouse_status", "Warehouse Status", "effect_status", "TEXT",
             "Whether the stock in the warehouse can be sold."),
            ("is_fbt_warehouse", "FBT Warehouse", "is_fbt", "BOOLEAN",
             "True for TikTok's own warehouses (FBT)."),
            ("warehouse_region_code", "Warehouse Country", "region_code", "COUNTRY_CODE",
             "Country of the warehouse."),
            ("warehouse_state", "Warehouse State", "state", "REGION",
             "State or province of the warehouse."),
            ("warehouse_city", "Warehouse City", "city", "CITY", "City of the warehouse."),
        )
    ),
)  # fmt: skip
