"""Words for titles, brands, categories and variants, some of them hard to handle."""

from __future__ import annotations

from typing import Final

ADJECTIVES: Final = (
    "Aurora", "Velvet", "Nordic", "Matcha", "Coastal", "Quiet", "Sunday", "Pocket", "Glow",
    "Rustic", "Electric", "Tiny", "Midnight", "Linen", "Honey", "Turbo",
)  # fmt: skip
#: (noun, leaf category, parent category)
THINGS: Final = (
    ("Ceramic Mug", "Mugs", "Kitchenware"),
    ("Lip Tint", "Lip Makeup", "Beauty & Personal Care"),
    ("Phone Case", "Cases & Covers", "Phones & Electronics"),
    ("Yoga Mat", "Yoga & Pilates", "Sports & Outdoor"),
    ("Hoodie", "Hoodies & Jumpers", "Womenswear & Underwear"),
    ("Face Serum", "Serums & Essences", "Beauty & Personal Care"),
    ("Desk Lamp", "Lamps & Lighting", "Home Supplies"),
    ("Cat Toy", "Cat Toys", "Pet Supplies"),
    ("Water Bottle", "Bottles & Flasks", "Kitchenware"),
    ("Tote Bag", "Tote Bags", "Luggage & Bags"),
    ("Plant Pot", "Pots & Planters", "Home Improvement"),
    ("Card Booster", "Trading Cards", "Toys & Hobbies"),
)
#: Titles that break careless code; product n below their number is called so.
HARD_TITLES: Final = (
    "Glow Serum ✨💄 30 ml",
    "=SUM(A1:A9) Formula Mug",
    '24" Monitor Stand, "Pro" \\ Dad\'s choice',
    "كوب سيراميك مع غطاء",
    "ספל קרמיקה כחול",
    "+Plus Size Hoodie; 50% off, really",
    "-10 Degrees Sleeping Bag",
    "@Home Candle <b>Set</b> & Matches",
    "Crème brûlée Kit 🍮, 日本語ラベル",
    "👩‍👩‍👧‍👦 Family Board Game",
)
BRANDS: Final = ("Northwind Test", "Brand Example", "Ünïcode & Sons", "")
COLOURS: Final = ("Black", "Oat", "Sage", "Rosé", "Sky Blue", "Red")
SIZES: Final = ("XS", "S", "M", "L", "XL", "One Size")
#: List prices in US cents; other markets scale them.
PRICE_POINTS: Final = (499, 799, 999, 1299, 1599, 1999, 2499, 2999, 3999, 4999, 7999, 12999)

SELLER_REASONS: Final = (
    ("seller_cancel_reason_out_of_stock", "Out of stock"),
    ("seller_cancel_reason_wrong_price", "Pricing error"),
)
BUYER_REASONS: Final = (
    ("ecom_order_to_ship_canceled_reason_created_by_mistakes", "Order created by mistake"),
    ("ecom_order_to_ship_canceled_reason_no_need", "No longer needed"),
    ("ecom_order_to_ship_canceled_reason_better_price", "Found a better price"),
    ("ecom_order_to_ship_canceled_reason_wrong_address", "Wrong delivery address"),
)
SYSTEM_REASONS: Final = (
    ("ecom_order_system_canceled_reason_ship_overdue", "Not shipped in time"),
    ("ecom_order_system_canceled_reason_package_lost", "Package lost"),
)
UNPAID_REASON: Final = "Customer overdue to pay"
RETURN_REASONS: Final = (
    ("ecom_order_delivered_refund_and_return_reason_defective", "Item is defective"),
    ("ecom_order_delivered_refund_and_return_reason_not_as_described", "Not as described"),
    ("ecom_order_delivered_refund_and_return_reason_missing_part", "Missing part or accessory"),
    ("ecom_order_delivered_refund_and_return_reason_no_need", "No longer needed"),
    ("ecom_order_delivered_refund_and_return_reason_wrong_item", "Wrong item was sent"),
    ("ecom_order_shipped_refund_reason_not_received", "Package not received"),
)
