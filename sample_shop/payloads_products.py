"""Product payloads: search rows, details and stock, as of an instant of the shop clock."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from .draws import Ints
from .listings import (
    ACTIVATE,
    DELETED,
    DRAFT,
    FAILED,
    FREEZE,
    PENDING,
    STATUSES,
)
from .names import BRANDS, COLOURS, SIZES, THINGS
from .shop import Shop
from .stock import Stock as StockLevels
from .warehouses import FBT, RETURNS, numbers
from .wording import picture_url, seller_sku

Payload = dict[str, Any]
Stock = list[list[tuple[int, int, int]]]

_AUDITS: Final = {DRAFT: "NONE", PENDING: "AUDITING", FAILED: "FAILED"}
#: The detail call is refused for these.
WITHOUT_DETAIL: Final = (FREEZE, DELETED)


def category_id(name: str) -> str:
    """Return the id of a category by its name."""
    return str(600_000 + sum(name.encode()) % 9_999)


class ProductPayloads:
    """Makes the product and stock payloads of one shop."""

    def __init__(self, shop: Shop, base_url: str) -> None:
        self._shop = shop
        self._base = base_url
        self._sellable = [n for n in numbers(shop.region) if n != RETURNS]
        self._warehouse_ids = {n: shop.ids.one("warehouse", n) for n in self._sellable}
        self._levels = StockLevels(shop.listings, shop.draws, self._sellable)

    def found(self, products: Ints, now: int) -> list[Payload]:
        """Return `products[]` of the search call."""
        rows = []
        for facts, stock in self._facts(products, now):
            row = self._common(facts, stock, now, full=False)
            row["sales_regions"] = [self._shop.region.code]
            rows.append(row)
        return rows

    def details(self, products: Ints, now: int) -> list[Payload]:
        """Return the payloads of the detail call (not for FREEZE and DELETED: filter first)."""
        return [self._detail(facts, stock, now) for facts, stock in self._facts(products, now)]

    def _facts(self, products: Ints, now: int) -> list[tuple[tuple[int, ...], Stock]]:
        """Return (number, created, updated, status, revision, SKU count) and stock, each."""
        listings, when = self._shop.listings, np.full(len(products), now, dtype=np.int64)
        columns = (
            products,
            listings.created(products),
            listings.updated(products, when),
            listings.status(products, when),
            listings.revision(products, when),
            listings.sku_count(products),
        )
        facts = zip(*(column.tolist() for column in columns), strict=True)
        return list(zip(facts, self._stock(products, now), strict=True))

    def _common(self, facts: tuple[int, ...], stock: Stock, now: int, full: bool) -> Payload:
        number, created, updated, status, revision, _ = facts
        shop = self._shop
        product: Payload = {
            "id": shop.ids.one("product", number),
            "title": shop.listings.title(number, revision),
            "status": STATUSES[status],
            "create_time": created,
            "update_time": updated,
            "has_draft": number % 13 == 4,
            "is_not_for_sale": False,
            "audit": {"status": _AUDITS.get(status, "APPROVED")},
            "skus": self._skus(number, status, stock, now, full),
        }
        if shop.region.code == "US":
            product["listing_quality_tier"] = ("POOR", "FAIR", "GOOD")[number % 3]
        return product

    def _skus(self, number: int, status: int, stock: Stock, now: int, full: bool) -> list[Payload]:
        shop, region, count = self._shop, self._shop.region, len(stock)
        sku_numbers = np.arange(count, dtype=np.int64)
        same = np.full(count, number, dtype=np.int64)
        prices = shop.listings.price(same, sku_numbers, np.full(count, now, dtype=np.int64))
        sku_ids = shop.ids.many("sku", same * 8 + sku_numbers)
        inside = region.tax_inside_millis
        skus = []
        for sku, minor in enumerate(prices.tolist()):
            tax = (minor * inside + (1000 + inside) // 2) // (1000 + inside)
            entry: Payload = {
                "id": sku_ids[sku],
                "seller_sku": seller_sku(number, sku),
                "price": {
                    "currency": region.currency,
                    "sale_price": region.money(minor),
                    "tax_exclusive_price": region.money(minor - tax),
                },
                "inventory": [
                    {"warehouse_id": self._warehouse_ids[place], "quantity": free}
                    for place, free, _ in stock[sku]
                ],
                "status_info": {"status": "NORMAL"},
            }
            if status != ACTIVATE:
                entry["status_info"] = {"status": "DEACTIVATED", "deactivation_source": "PLATFORM"}
            elif sku == 4:
                entry["status_info"] = {"status": "DEACTIVATED", "deactivation_source": "SELLER"}
            if full:
                entry["sales_attributes"] = _attributes(number, sku)
                entry["identifier_code"] = {"type": "GTIN", "code": f"0{number * 8 + sku:012d}"}
            skus.append(entry)
        return skus

    def _detail(self, facts: tuple[int, ...], stock: Stock, now: int) -> Payload:
        number, status = facts[0], facts[3]
        product = self._common(facts, stock, now, full=True)
        _, leaf, parent = THINGS[self._shop.listings.thing(number)]
        brand = BRANDS[number % len(BRANDS)]
        url = picture_url(self._base, product["id"])
        product |= {
            "product_status": "INITIAL" if status in (PENDING, FAILED) else product["status"],
            "description": f"<p>Made-up product no. {number} &amp; nothing else.</p>",
            "category_chains": [
                _category(parent, "0", is_leaf=False),
                _category(leaf, category_id(parent), is_leaf=True),
            ],
            "main_images": [
                {
                    "uri": f"sample/{product['id']}",
                    "urls": [url],
                    "thumb_urls": [url],
                    "width": 32,
                    "height": 32,
                }
            ],
            "package_weight": {"unit": "KILOGRAM", "value": f"0.{1 + number % 9}"},
            "package_dimensions": {
                "length": "10",
                "width": "10",
                "height": str(2 + number % 20),
                "unit": "CENTIMETER",
            },
            "is_cod_allowed": bool(self._shop.region.cod_share),
            "product_types": [],
        }
        if brand:
            product["brand"] = {"id": str(7_082_427_311_584_347_900 + number % 4), "name": brand}
        if number % 5 == 0:
            product["external_product_id"] = f"EXT-{number}"
        if status == FAILED:
            product["audit_failed_reasons"] = [
                {
                    "listing_platform": "TIKTOK_SHOP",
                    "position": "title",
                    "reasons": ["The title is not clear."],
                    "suggestions": ["Name the product."],
                }
            ]
        return product

    def _stock(self, products: Ints, now: int) -> list[Stock]:
        """Return per product and SKU the list of (warehouse, available, committed)."""
        available, committed = self._levels.at(products, np.full(len(products), now))
        free, held = available.tolist(), committed.tolist()
        counts = self._shop.listings.sku_count(products).tolist()
        return [
            [
                [
                    (warehouse, free[i][j][k], held[i][j][k])
                    for k, warehouse in enumerate(self._sellable)
                    if warehouse != FBT or number % 3 == 0
                ]
                for j in range(counts[i])
            ]
            for i, number in enumerate(products.tolist())
        ]

    def inventory(self, products: Ints, now: int, only: set[int] | None = None) -> list[Payload]:
        """Return `inventory[]` of the stock call; `only`: SKU positions (product * 8 + SKU)."""
        rows = []
        for number, stock in zip(products.tolist(), self._stock(products, now), strict=True):
            skus = [
                self._sku_stock(number, sku, places)
                for sku, places in enumerate(stock)
                if only is None or number * 8 + sku in only
            ]
            rows.append({"product_id": self._shop.ids.one("product", number), "skus": skus})
        return rows

    def _sku_stock(self, number: int, sku: int, places: list[tuple[int, int, int]]) -> Payload:
        free = sum(available for _, available, _ in places)
        reserved = free // 10 if number % 7 == 0 else 0
        shares: Payload = {"in_shop_inventory": {"quantity": free - reserved}}
        if reserved:
            shares["campaign_inventory"] = [{"campaign_name": "Big Sale", "quantity": reserved}]
        lent = free // 20 if number % 11 == 0 else 0
        if lent:
            shares["creator_inventory"] = [
                {"creator_name": f"canary_creator_{number % 9}", "quantity": lent}
            ]
            shares["in_shop_inventory"]["quantity"] -= lent
        return {
            "id": self._shop.ids.one("sku", number * 8 + sku),
            "seller_sku": seller_sku(number, sku),
            "total_available_quantity": free,
            "total_committed_quantity": sum(held for _, _, held in places),
            "total_available_inventory_distribution": shares,
            "warehouse_inventory": [
                {
                    "warehouse_id": self._warehouse_ids[place],
                    "available_quantity": available,
                    "committed_quantity": held,
                }
                for place, available, held in places
            ],
        }


def _category(name: str, parent_id: str, is_leaf: bool) -> Payload:
    return {
        "id": category_id(name),
        "parent_id": parent_id,
        "local_name": name,
        "is_leaf": is_leaf,
    }


def _attributes(number: int, sku: int) -> list[Payload]:
    colour, size = (number + sku) % len(COLOURS), (number * 5 + sku) % len(SIZES)
    return [
        {
            "id": "100000",
            "name": "Color",
            "value_id": str(100_000 + colour),
            "value_name": COLOURS[colour],
        },
        {
            "id": "100007",
            "name": "Size",
            "value_id": str(100_700 + size),
            "value_name": SIZES[size],
        },
    ]
