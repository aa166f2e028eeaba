"""TikTok's own response samples go the way of live traffic: through the client, the stage's
normalise function and the store. Expected values were read off the samples by hand.

The samples are not part of this project: TIKTOK_SAMPLES names the folder they are in. Where it is
not set (outside CI), these tests say that they had none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from backfill.normalise.rows import Normalised
from backfill.normalise.shop import normalise_shops
from backfill.stage import Context
from backfill.stages import BY_NAME
from catalogue.tables import TABLES
from store.records import Commit, ShopRecords
from tests.importing import hashed_buyer
from tests.scripted_tiktok import Scripted, Stage
from tiktok_shop import envelope
from tiktok_shop.endpoints import ENDPOINTS

FOLDER = os.environ.get("TIKTOK_SAMPLES", "")
NONE = "no samples"

CONTEXT = Context(hashed_buyer, ("576461413038785752", 1_619_611_561, 1_619_621_355))

#: Of one order, as its references are asked for: id, key, creation and change; then the moment.
ASKED_ORDER = ("576461413038785752", 576_461_413_038_785_752, 1_619_611_561, 1_619_621_355)
ASKED_STATEMENT = ("7238804564097517339", 1_685_548_800, "GBP", "100|200")
ASKED_SKUS = (
    "5793990727963214852",
    '[["1636700041413599290", "7238804564097517339", 1685548800]]',
    '{"1636700041413599290": "1729592969712207008"}',
)
CONTEXTS = {
    name: Context(hashed_buyer, asked, as_of=1_700_000_000)
    for name, asked in (
        ("external_orders", ASKED_ORDER),
        ("statement_transactions", ASKED_STATEMENT),
        ("statement_transaction_skus", ASKED_SKUS),
        ("unsettled_transactions", ()),
    )
}
#: What a sample stands for: the endpoint that answers it and the stage that reads it.
SAMPLES = {
    "order_202309_orders_search": ("order_search", "orders"),
    "order_202309_orders_detail": ("order_detail", "orders"),
    "order_202407_price_detail": ("price_detail", "price_detail"),
    "product_202312_products_search": ("product_search", "products"),
    "product_202309_product_detail": ("product_detail", "product_details"),
    "product_202309_inventory_search": ("inventory_search", "inventory"),
    "return_refund_202309_returns_search": ("return_search", "returns"),
    "return_refund_202309_cancellations_search": ("cancellation_search", "cancellations"),
    "logistics_202309_warehouses": ("warehouses", "warehouses"),
    "authorization_202309_shops": ("authorized_shops", "shops"),
    "finance_202309_statements": ("statements", "statements"),
    "finance_202501_statement_transactions_doc_abridged": (
        *("statement_transactions", "statement_transactions"),
    ),
    "finance_202501_order_statement_transactions_doc_abridged": (
        *("order_statement_transactions", "statement_transaction_skus"),
    ),
    "finance_202309_payments": ("payments", "payments"),
    "finance_202605_payments_doc_abridged": ("payments", "payments"),
    "finance_202507_orders_unsettled_doc_abridged": (
        *("unsettled_transactions", "unsettled_transactions"),
    ),
    "fbt_202408_inventory_search": ("fbt_inventory_search", "fbt_inventory"),
    "fbt_202409_inbound_orders": ("inbound_orders", "inbound_orders"),
    "order_202406_external_orders_get": ("external_orders", "external_orders"),
}

#: Read by tests of their own, because they are no single row.
OTHERWISE = {
    "fbt_202408_warehouses": ("fbt_warehouses", "fbt_warehouses"),
    "fbt_202410_inventory_records_search": ("fbt_records_search", "fbt_records"),
}

BUYER, BUYER_KEY = hashed_buyer("7021436810468230477")

ORDER = {
    "order_id": "576461413038785752",
    "order_key": 576_461_413_038_785_752,
    "status": "UNPAID",
    "order_type": "ZERO_LOTTERY",
    "create_time": 1_619_611_561,
    "update_time": 1_619_621_355,
    "paid_time": 1_619_611_563,
    "rts_time": 1_619_611_563,
    "collection_time": 1_678_389_618,
    "delivery_time": 1_678_389_618,
    "cancel_time": 1_678_389_618,
    "request_cancel_time": 1_678_389_618,
    "rts_sla_time": 1_619_611_688,
    "tts_sla_time": 1_619_611_761,
    "delivery_sla_time": 1_678_389_618,
    "cancel_order_sla_time": 1_619_621_355,
    "shipping_due_time": 1_678_389_618,
    "collection_due_time": 1_678_389_618,
    "delivery_due_time": 1_678_389_618,
    "fulfillment_type": "FULFILLMENT_BY_SELLER",
    "shipping_type": "TIKTOK",
    "delivery_type": "HOME_DELIVERY",
    "delivery_option_id": "7091146663229654785",
    "delivery_option_name": "Shipped from seller",
    "shipping_provider_id": "6617675021119438849",
    "shipping_provider": "TT Virtual express",
    "tracking_number": "JX12345",
    "warehouse_id": "6955005333819123123",
    "payment_method_name": "CCDC",
    "recipient_region_code": "US",
    "buyer_user_id": BUYER,
    "buyer_key": BUYER_KEY,
    "cancel_reason": "Pricing error",
    "cancellation_initiator": "SELLER",
    "is_cod": 0,
    "is_sample_order": 0,
    "is_replacement_order": 0,
    "is_on_hold_order": 0,
    "is_buyer_request_cancel": 0,
    "replaced_order_id": "576461416728782174",
    "commerce_platform": "TIKTOK_SHOP",
    "split_or_combine_tag": "COMBINED",
    "currency": "IDR",
    "total_amount": "5000",
    "sub_total": "5000",
    "original_total_product_price": "5000",
    "seller_discount": "5000",
    "platform_discount": "5000",
    "shipping_fee": "5000",
    "original_shipping_fee": "5000",
    "shipping_fee_seller_discount": "5000",
    "shipping_fee_platform_discount": "5000",
    "tax": "5000",
    "product_tax": "21.3",
    "shipping_fee_tax": "11",
    "buyer_service_fee": "1000",
    "handling_fee": "1000",
    "small_order_fee": "3000",
    "retail_delivery_fee": "1.28",
    "item_insurance_fee": "1000",
    "shipping_insurance_fee": "1000",
    "line_count": 1,
}
LINE = {
    "line_item_id": "577086512123755123",
    "line_key": 577_086_512_123_755_123,
    "order_id": "576461413038785752",
    "order_key": 576_461_413_038_785_752,
    "create_time": 1_619_611_561,
    "update_time": 1_619_621_355,
    "product_id": "1729582718312380123",
    "product_name": "Women's Winter Crochet Clothes",
    "sku_id": "2729382476852921560",
    "sku_name": "Iphone",
    "seller_sku": "red_iphone_256",
    "sku_type": "PRE_ORDER",
    "sku_image": "https://p16-oec-va.itexeitg.com/tos-maliva-d-o5syd03w52-us/46123e87d14f40b69b839",
    "display_status": "UNPAID",
    "package_id": "1153132168123859123",
    "package_status": "TO_FULFILL",
    "tracking_number": "JX12345",
    "shipping_provider_id": "6617675021119438849",
    "shipping_provider_name": "TT Virtual express",
    "cancel_reason": "Discount not as expected",
    "cancel_user": "BUYER",
    "is_gift": 0,
    "is_bundle": 1,
    "rts_time": 1_678_389_618,
    "currency": "IDR",
    "original_price": "0.01",
    "sale_price": "0.01",
    "seller_discount": "0",
    "platform_discount": "0",
    "tax_amount": "21.2",
    "tax_rate": "0.35",
    "tax_type": "SALES_TAX",
    "buyer_service_fee": "1000",
    "small_order_fee": "5000",
    "retail_delivery_fee": "1.28",
    "tax_with_freight": "32.2",
}
# What was paid for the unit stays open: the amounts of the sample do not add up to its total.
PRICE = {
    "line_item_id": "577086512123755123",
    "line_key": 577_086_512_123_755_123,
    "order_id": "576461413038785752",
    "order_key": 576_461_413_038_785_752,
    "create_time": 1_619_611_561,
    "update_time": 1_619_621_355,
    "is_derived": 1,
    "currency": "IDR",
    "sku_list_price": "0.01",
    "sku_sale_price": "0.01",
    "subtotal_deduction_seller": "0",
    "subtotal_deduction_platform": "0",
    "tax_amount": "32.2",
    "tax_rate": "0.35",
    "shipping_list_price": "5000",
    "shipping_sale_price": "5000",
    "shipping_fee_deduction_seller": "5000",
    "shipping_fee_deduction_platform": "5000",
}
_PICTURE = (
    "https://p16-oec-va.ibyteimg.com/tos-maliva-i-o3syd03w52-us/6c8519a3663a4d728c4e3c131dc914b4"
    "~tplv-o3syd03w52-resize-jpeg:300:300.jpeg?from=522366036"
)
_SKU_SOLD = {
    "sku_id": "2729382476852921560",
    "sku_name": "1#, Standard",
}

STATEMENT = {
    "statement_id": "7238804564097517339",
    "statement_key": 7_238_804_564_097_517_339,
    "statement_time": 1_685_548_800,
}
PAYMENT = {
    "payment_id": "3458767051733897992",
    "create_time": 1_636_105_796,
    "paid_time": 1_685_548_800,
    "status": "PAID",
    "amount": "100",
    "currency": "GBP",
    "payment_amount_before_exchange": "100",
    "settlement_amount": "130",
    "settlement_currency": "GBP",
    "exchange_rate": "1.000000",
}

#: sample -> table -> its one row, without nulls
EXPECTED: dict[str, dict[str, dict[str, Any]]] = {
    "order_202309_orders_search": {
        "orders": ORDER,
        "order_line_items": LINE,
        "order_line_item_price_detail": PRICE,
    },
    "order_202309_orders_detail": {
        "orders": {**ORDER, "delivery_option_name": "Express shipping"},
        "order_line_items": {**LINE, "display_status": "TO_SHIP"},
        "order_line_item_price_detail": PRICE,
    },
    "order_202407_price_detail": {
        "order_line_item_price_detail": {
            "line_item_id": "576461413032342720",
            "line_key": 576_461_413_032_342_720,
            "order_id": "576461413038785752",
            "order_key": 576_461_413_038_785_752,
            "create_time": 1_619_611_561,
            "update_time": 1_619_621_355,
            "is_derived": 0,
            "currency": "USD",
            "sku_list_price": "97.00",
            "sku_sale_price": "96.00",
            "subtotal_deduction_seller": "0.50",
            "subtotal_deduction_platform": "0.50",
            "subtotal": "98.00",
            "tax_amount": "2.00",
            "tax_rate": "0.021",
            "net_price_amount": "97.00",
            "shipping_list_price": "25.00",
            "shipping_sale_price": "3.00",
            "shipping_fee_deduction_seller": "10.00",
            "shipping_fee_deduction_platform": "12.00",
            "payment": "101.00",
            "voucher_deduction_seller": "1020000",
            "voucher_deduction_platform": "1010000",
        }
    },
    "product_202312_products_search": {
        "products": {
            "product_id": "1729592969712207008",
            "title": "Short Boat Invisible Socks",
            "status": "ACTIVATE",
            "create_time": 1_234_567_890,
            "update_time": 1_234_567_800,
            "listing_quality_tier": "POOR",
            "sales_regions": "US",
            "is_not_for_sale": 1,
        },
        "product_skus": {
            "sku_id": "1729592969712207012",
            "product_id": "1729592969712207008",
            "seller_sku": "Color-Red-XM01",
            "currency": "USD",
            "sale_price": "121.11",
            "tax_exclusive_price": "111.01",
            "update_time": 1_234_567_800,
        },
    },
    "product_202309_product_detail": {
        "products": {
            "product_id": "1729592969712207008",
            "update_time": 1_234_567_899,
            "detail_update_time": 1_234_567_899,
            "category_id": "853000",
            "category_name": "Botol & Stoples Penyimpanan",
            "category_path": "Botol & Stoples Penyimpanan",
            "brand_id": "7082427311584347905",
            "brand_name": "brand xxx aaa",
            "main_image_url": _PICTURE,
            "product_types": "COMBINED_PRODUCT",
            "failed_reasons": "violate listing rules",
        },
        "product_skus": {
            "sku_id": "10001",
            "product_id": "1729592969712207008",
            "sku_name": "Red",
            "image_url": _PICTURE,
            "update_time": 1_234_567_899,
        },
    },
    "product_202309_inventory_search": {
        "inventory": {
            "sku_id": "1729388324987897824",
            "warehouse_id": "7054915283043174149",
            "product_id": "1729592969712207008",
            "seller_sku": "Color-Red-XM01",
            "available_quantity": 100,
            "committed_quantity": 10,
        },
        "sku_inventory": {
            "sku_id": "1729388324987897824",
            "product_id": "1729592969712207008",
            "seller_sku": "Color-Red-XM01",
            "total_available_quantity": 100,
            "total_committed_quantity": 10,
            "in_shop_quantity": 50,
            "campaign_quantity": 30,
            "creator_quantity": 20,
        },
    },
    "return_refund_202309_returns_search": {
        "returns": {
            "return_id": "4035318504086604100",
            "return_key": 4_035_318_504_086_604_100,
            "order_id": "577686530908261117",
            "order_key": 577_686_530_908_261_117,
            "create_time": 1_690_451_136,
            "update_time": 1_690_453_136,
            "return_type": "REFUND",
            "return_status": "RETURN_OR_REFUND_REQUEST_PENDING",
            "arbitration_status": "IN_PROGRESS",
            "return_reason": "ecom_order_to_ship_canceled_reason_created_by_mistakes",
            "return_reason_text": "Order created by mistake",
            "role": "BUYER",
            "return_tracking_number": "213456789098765433456",
            "return_provider_name": "J&T Express",
            "return_method": "SELLER_ARRANGE",
            "handover_method": "DROP_OFF",
            "shipment_type": "PLATFORM",
            "seller_proposed_return_type": "PARTIAL_REFUND",
            "combined_return_id": "4035309948547073951",
            "pre_return_id": "4035310341095393452",
            "next_return_id": "4035310341095393463",
            "is_combined_return": 1,
            "can_buyer_keep_item": 1,
            "buyer_rejected_partial_refund": 1,
            "currency": "USD",
            "refund_total": "1.23",
            "refund_subtotal": "1",
            "refund_shipping_fee": "0.2",
            "refund_tax": "0.03",
            "retail_delivery_fee": "0.1",
            "buyer_service_fee": "0.1",
            "partial_refund_amount": "10",
            "seller_paid_return_shipping_fee": "0.1",
            "platform_paid_return_shipping_fee": "0.1",
            "buyer_paid_return_shipping_fee": "0.1",
            "product_seller_discount": "0.1",
            "product_platform_discount": "0.1",
        },
        "return_line_items": {
            "return_line_item_id": "4035227657962164811",
            "return_id": "4035318504086604100",
            "return_key": 4_035_318_504_086_604_100,
            "order_id": "577686530908261117",
            "order_key": 577_686_530_908_261_117,
            "order_line_item_id": "576473917261451851",
            "line_key": 576_473_917_261_451_851,
            "create_time": 1_690_451_136,
            "update_time": 1_690_453_136,
            **_SKU_SOLD,
            "seller_sku": "PUTIH 1 TALI",
            "product_name": "(SP) [PROMO BUNDLING] NICE Tissue Facial 180s x 5 pcs",
            "currency": "USD",
            "refund_total": "1.23",
            "refund_subtotal": "1",
            "refund_shipping_fee": "0.2",
            "refund_tax": "0.03",
            "retail_delivery_fee": "0.1",
            "buyer_service_fee": "0.1",
        },
    },
    "return_refund_202309_cancellations_search": {
        "cancellations": {
            "cancel_id": "4035318504086604100",
            "cancel_key": 4_035_318_504_086_604_100,
            "order_id": "577087614418520388",
            "order_key": 577_087_614_418_520_388,
            "create_time": 1_690_451_136,
            "update_time": 1_690_451_136,
            "cancel_type": "REQUEST_CANCEL_REFUND",
            "cancel_status": "CANCELLATION_REQUEST_PENDING",
            "cancel_reason": "ecom_order_to_ship_canceled_reason_created_by_mistakes",
            "cancel_reason_text": "Order created by mistake",
            "role": "BUYER",
            "currency": "USD",
            "refund_total": "1.23",
            "refund_subtotal": "1",
            "refund_shipping_fee": "0.2",
            "refund_tax": "0.03",
            "retail_delivery_fee": "0.1",
        },
        "cancellation_line_items": {
            "cancel_line_item_id": "4035227913481196964",
            "cancel_id": "4035318504086604100",
            "cancel_key": 4_035_318_504_086_604_100,
            "order_id": "577087614418520388",
            "order_key": 577_087_614_418_520_388,
            "order_line_item_id": "576468844534141348",
            "line_key": 576_468_844_534_141_348,
            "create_time": 1_690_451_136,
            "update_time": 1_690_451_136,
            **_SKU_SOLD,
            "seller_sku": "YYAPC23078TRT30",
            "product_name": "bundle No Heel Flat Heel Summer Winter Round Toe",
            "currency": "USD",
            "refund_total": "1.23",
            "refund_subtotal": "1",
            "refund_shipping_fee": "5",
            "refund_tax": "3",
            "retail_delivery_fee": "0.1",
        },
    },
    "logistics_202309_warehouses": {
        "warehouses": {
            "warehouse_id": "7000714532876273410",
            "name": "Guangzhou",
            "type": "SALES_WAREHOUSE",
            "sub_type": "DOMESTIC_WAREHOUSE",
            "effect_status": "ENABLED",
            "is_default": 1,
            "region_code": "CN",
            "state": "GuangDong",
            "city": "GuanZhou",
        }
    },
    "authorization_202309_shops": {
        "shops": {
            "shop_id": "7000714532876273420",
            "name": "Maomao beauty shop",
            "code": "CNGBCBA4LLU8",
            "region": "GB",
            "seller_type": "CROSS_BORDER",
            "currency": "GBP",
            "time_zone": "Europe/London",
        }
    },
    "finance_202309_statements": {
        "statements": {
            **STATEMENT,
            "payment_id": "3459275187040258849",
            "payment_status": "PAID",
            "currency": "GBP",
            "settlement_amount": "100",
            "revenue_amount": "200",
            "net_sales_amount": "-70",
            "fee_amount": "-30",
            "shipping_cost_amount": "-70",
            "adjustment_amount": "-70",
        }
    },
    "finance_202501_statement_transactions_doc_abridged": {
        "statement_transactions": {
            **STATEMENT,
            "transaction_id": "1636700041413599290",
            "type": "ORDER",
            "order_id": "576463220456522968",
            "order_key": 576_463_220_456_522_968,
            "currency": "GBP",
        },
        "statements": {
            **STATEMENT,
            "payable_amount": "150",
            "total_reserve_amount": "20",
            "transactions_read_at": 1_700_000_000,
            "reconciled_header": "100|200",
        },
    },
    "finance_202501_order_statement_transactions_doc_abridged": {
        "statement_transaction_skus": {
            **STATEMENT,
            "order_id": "5793990727963214852",
            "order_key": 5_793_990_727_963_214_852,
            "sku_id": "1636700041413599290",
            "row_number": 1,
            "product_id": "1729592969712207008",
            "product_name": "Test Product name",
            "sku_name": "Test SKU name",
            "quantity": 1,
            "currency": "GBP",
            "settlement_amount": "130",
            "revenue_amount": "200",
            "subtotal_before_discount_amount": "210",
            "seller_discount_amount": "-10",
        },
        "statement_transactions": {
            **STATEMENT,
            "transaction_id": "1636700041413599290",
            "skus_read_at": 1_700_000_000,
        },
    },
    "finance_202309_payments": {
        "payments": {**PAYMENT, "reserve_amount": "-30"},
    },
    "finance_202605_payments_doc_abridged": {"payments": PAYMENT},
    "finance_202507_orders_unsettled_doc_abridged": {
        "unsettled_transactions": {
            "transaction_id": "1636700041413599290",
            "first_listed_at": 1_700_000_000,
            "is_unsettled": 1,
            "type": "ORDER",
            "status": "UNSETTLED",
            "unsettled_reason": "waiting for delivery",
            "order_id": "576463220456522968",
            "order_key": 576_463_220_456_522_968,
            "adjustment_id": "7238804564097517332",
            "adjustment_order_id": "576463220456522968",
            "order_create_time": 1_685_548_800,
            "order_delivery_time": 1_685_548_800,
            "estimated_settlement": "1685548800",
            "estimated_settlement_time": 1_685_548_800,
            "currency": "USD",
            "est_adjustment_amount": "170",
        }
    },
    "fbt_202408_inventory_search": {
        "fbt_inventory": {
            "sku_id": "73243612345",
            "fbt_warehouse_id": "7232382932030232",
            "goods_id": "12345",
            "goods_name": "100ml water",
            "reference_code": "water01",
            "available_quantity": 5,
            "reserved_quantity": 15,
            "total_quantity": 20,
            "goods_in_transit_quantity": 10,
            "goods_unfulfillable_quantity": 0,
        }
    },
    "fbt_202409_inbound_orders": {
        "inbound_orders": {
            "inbound_order_id": "IBR23230232324",
            "type": "REPLENISHMENT",
            "status": "RECEIVED",
            "create_time": 1_213_232_323,
            "update_time": 1_715_398_048,
            "ship_time": 1_213_232_323,
            "expect_arrive_time": 1_213_243_434,
            "actual_arrive_time": 1_213_232_323,
            "fbt_warehouse_id": "121219993203023",
            "carrier_name": "UPS",
            "tracking_number": "3283298203923283943",
            "planned_quantity": 9,
            "received_quantity": 9,
            "normal_quantity": 9,
            "defective_quantity": 0,
        }
    },
    "order_202406_external_orders_get": {
        "external_orders": {
            "order_id": "576461413038785752",
            "platform": "SHOPIFY",
            "external_order_id": "676461413038785752",
            "source": "tiktok",
        },
        "external_order_line_items": {
            "order_id": "576461413038785752",
            "platform": "SHOPIFY",
            "external_order_id": "676461413038785752",
            "external_line_item_id": "577086512123755123",
            "line_item_id": "677086512123755123",
            "source": "tiktok",
        },
        "orders": {
            "order_id": "576461413038785752",
            "order_key": 576_461_413_038_785_752,
            "create_time": 1_619_611_561,
            "update_time": 1_619_621_355,
            "external_checked_at": 1_700_000_000,
        },
    },
}


def read(name: str) -> Normalised:
    """The sample's way: an HTTP reply, the client, the stage's normalise function."""
    endpoint, stage = (SAMPLES | OTHERWISE)[name]
    content = (Path(FOLDER) / f"{name}.json").read_bytes()
    # The sample's next page does not exist.
    tiktok = Stage(Scripted(content))
    if endpoint == "authorized_shops":
        reply = tiktok.client.call(endpoint, tiktok.access)
        return normalise_shops(reply.data["shops"], "GBP", "Europe/London")
    if not ENDPOINTS[endpoint].rows:
        path = {"order_id": "1", "product_id": "1", "statement_id": "1"}
        records: list[Any] = [tiktok.client.call(endpoint, tiktok.access, path=path).data]
    else:
        pages = tiktok.client.pages(endpoint, tiktok.access, path={"order_id": "1"})
        records = list(next(pages).rows)
    return BY_NAME[stage].normalise(records, CONTEXTS.get(stage, CONTEXT))


def stored(normalised: Normalised, folder: Path) -> dict[str, dict[str, Any]]:
    """The one row of every table, as the store gives it back, without nulls."""
    records = ShopRecords.open(folder / "records.sqlite")
    token = records.grant("backward", 1)
    records.commit("backward", token, Commit(writes=normalised.writes, fetched_at=2_000_000_000))
    written = {write.table.name for write in normalised.writes if write.rows}
    made = {table.name for table in TABLES.values() if table.made and table.made.source in written}
    found = {}
    for name in written | made:
        (row,) = records.query(f"SELECT * FROM {name}")
        found[name] = {
            column: row[column]
            for column in row.keys()  # noqa: SIM118 - a row iterates over its values
            if row[column] is not None and column not in ("fetched_at", "last_seen_at")
        }
    records.close()
    return found


def test_where_the_samples_are(capsys: pytest.CaptureFixture[str]) -> None:
    if not FOLDER:
        with capsys.disabled():
            sys.stdout.write("\nTIKTOK_SAMPLES is not set: no official sample was read.\n")
        return
    assert sorted(EXPECTED) == sorted(SAMPLES)
    missing = [name for name in SAMPLES if not (Path(FOLDER) / f"{name}.json").is_file()]
    assert missing == []


@pytest.mark.parametrize("name", sorted(SAMPLES) if FOLDER else [NONE])
def test_a_sample_becomes_the_rows_read_off_it_by_hand(name: str, tmp_path: Path) -> None:
    if name == NONE:
        return
    normalised = read(name)
    assert normalised.rejected == ()
    assert stored(normalised, tmp_path) == EXPECTED[name]


def test_the_sample_of_fbt_warehouses_is_three_rows_of_one_place() -> None:
    if not FOLDER:
        return
    normalised = read("fbt_202408_warehouses")
    (write,) = normalised.writes
    place = ("TikTok_Eastvale(CA)", "PLATFORM_WAREHOUSE", "US", "CA", "Rialto")
    ids = ("121219993203023", "161213293423029", "181213293423030")
    assert normalised.rejected == ()
    assert list(write.rows) == [(one, "121219993203023", *place) for one in ids]


def test_the_sample_of_movements_of_stock_names_no_shipment() -> None:
    """Its only movement is an outbound order."""
    if not FOLDER:
        return
    normalised = read("fbt_202410_inventory_records_search")
    assert normalised.rejected == ()
    assert [list(write.rows) for write in normalised.writes] == [[]]


def other_samples() -> list[str]:
    """Answers of calls that are read later; requests and webhooks have no envelope."""
    if not FOLDER:
        return [NONE]
    names = sorted(path.stem for path in Path(FOLDER).glob("*.json"))
    return [
        name
        for name in names
        if name not in (SAMPLES | OTHERWISE)
        and not name.endswith("_request")
        and "webhook_" not in name
    ]


@pytest.mark.parametrize("name", other_samples())
def test_every_other_answer_has_an_envelope_we_understand(name: str) -> None:
    if name == NONE:
        return
    content = (Path(FOLDER) / f"{name}.json").read_bytes()
    document = orjson.loads(content)
    if "code" not in document:
        document = {"code": 0, "message": "Success", "request_id": "abridged", "data": document}
    parsed = envelope.parse(orjson.dumps(document))
    assert parsed is not None
    assert parsed.code == 0
    assert parsed.data
