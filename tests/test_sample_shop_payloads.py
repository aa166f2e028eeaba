"""The simulator's payloads: sums to the cent, what is there in which state, what is personal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from sample_shop.control import TABLES, rows_of
from sample_shop.gateway import Gateway
from sample_shop.regions import REGIONS
from sample_shop.tokens import TokenOffice
from sample_shop.world import seeded_world
from tests.sample_shop_client import NOW, in_process

pytestmark = pytest.mark.slow

FEES = (
    "retail_delivery_fee",
    "small_order_fee",
    "buyer_service_fee",
    "handling_fee",
    "item_insurance_fee",
    "item_insurance_tax",
    "shipping_insurance_fee",
)


@cache
def gateway() -> Gateway:
    world = seeded_world(11, 700, 60, len(REGIONS), NOW)
    return Gateway(
        world, TokenOffice("TTP_", "t", lambda: NOW, True), "http://x.invalid", lambda: NOW
    )


@cache
def table(name: str, shop: int) -> list[dict[str, Any]]:
    return list(rows_of(gateway(), name, gateway().world.shops[shop].id))


def amount(block: dict[str, Any], name: str) -> Decimal:
    return Decimal(block.get(name, "0"))


def every(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (region, row) of a table over all shops."""
    for number, region in enumerate(REGIONS):
        for row in table(name, number):
            yield region.code, row


def test_payments_add_up_by_the_documented_formulas() -> None:
    for region, order in every("orders"):
        pay = order["payment"]
        discounts = amount(pay, "seller_discount") + amount(pay, "platform_discount")
        assert amount(pay, "sub_total") == amount(pay, "original_total_product_price") - discounts
        freight_off = sum(
            amount(pay, f"shipping_fee_{who}_discount")
            for who in ("seller", "platform", "cofunded")
        )
        assert amount(pay, "shipping_fee") == amount(pay, "original_shipping_fee") - freight_off
        tax = amount(pay, "product_tax") + amount(pay, "shipping_fee_tax")
        assert amount(pay, "tax") == tax
        total = amount(pay, "sub_total") + amount(pay, "shipping_fee")
        total += sum(amount(pay, fee) for fee in FEES) + (tax if region == "US" else 0)
        assert amount(pay, "total_amount") == total


def test_lines_add_up_to_their_order_to_the_cent() -> None:
    for region, order in every("orders"):
        lines, pay = order["line_items"], order["payment"]
        for line in lines:
            cut = amount(line, "seller_discount") + amount(line, "platform_discount")
            assert amount(line, "sale_price") == amount(line, "original_price") - cut >= 0
        for name, whole in (
            ("original_price", "original_total_product_price"),
            ("seller_discount", "seller_discount"),
            ("platform_discount", "platform_discount"),
            ("sale_price", "sub_total"),
            ("retail_delivery_fee", "retail_delivery_fee"),
            ("small_order_fee", "small_order_fee"),
            ("buyer_service_fee", "buyer_service_fee"),
        ):
            assert sum(amount(line, name) for line in lines) == amount(pay, whole)
        if region == "US":
            taxes = sum(Decimal(line["item_tax"][0]["tax_amount"]) for line in lines)
            assert taxes == amount(pay, "product_tax")


def test_money_has_the_decimals_of_its_currency() -> None:
    for region, order in every("orders"):
        text = order["payment"]["total_amount"]
        if region in ("ID", "VN", "JP"):
            assert text.isdigit()
        else:
            assert len(text.split(".")[1]) == 2


def test_every_unit_is_a_line_and_ids_are_unique() -> None:
    counts: Counter[int] = Counter()
    ids: Counter[str] = Counter()
    for _, order in every("orders"):
        counts[len(order["line_items"])] += 1
        ids[order["id"]] += 1
        ids.update(line["id"] for line in order["line_items"])
    assert set(counts) == {1, 2, 3, 4, 5}
    assert counts[1] > counts[2] > counts[3]
    assert max(ids.values()) == 1
    assert all(len(text) == 18 for text in ids)


def test_orders_nobody_may_see_into_carry_neither_buyer_nor_address() -> None:
    held = 0
    for _, order in every("orders"):
        if order["status"] in ("UNPAID", "ON_HOLD"):
            held += 1
            assert not {"user_id", "buyer_email", "recipient_address", "buyer_message"} & set(order)
        elif order["status"] != "CANCELLED":
            assert order["recipient_address"]["district_info"][0]["address_level"] == "L0"
            assert order["user_id"]
    assert held


def test_what_has_not_happened_has_no_time() -> None:
    for _, order in every("orders"):
        status = order["status"]
        assert ("cancel_time" in order) == (status == "CANCELLED")
        assert ("cancel_reason" in order) == (status == "CANCELLED")
        if status in ("DELIVERED", "COMPLETED") and "delivery_time" in order:
            assert order["rts_time"] < order["collection_time"] < order["delivery_time"]
        if status in ("UNPAID", "AWAITING_SHIPMENT", "ON_HOLD"):
            assert "rts_time" not in order
            assert "tracking_number" not in order
        if status == "UNPAID":
            assert "paid_time" not in order
        if order["is_cod"]:
            assert ("paid_time" in order) == ("delivery_time" in order)
        elif status not in ("UNPAID", "CANCELLED"):
            assert order["paid_time"] > order["create_time"]
        deadlines = ("sla", "due")
        times = {k: v for k, v in order.items() if k.endswith("_time")}
        latest = max(v for k, v in times.items() if not any(word in k for word in deadlines))
        assert order["update_time"] <= NOW
        assert latest <= NOW


def test_every_kind_of_order_is_there() -> None:
    flags: Counter[str] = Counter()
    for region, order in every("orders"):
        for name in (
            "is_sample_order", "is_replacement_order", "is_exchange_order", "is_cod",
            "is_subscription_order", "is_on_hold_order", "is_buyer_request_cancel",
        ):  # fmt: skip
            flags[name] += bool(order.get(name))
        flags[order["fulfillment_type"]] += 1
        flags[order["delivery_type"]] += 1
        flags[order["shipping_type"]] += 1
        flags[str(order.get("order_type"))] += 1
        flags[str(order.get("split_or_combine_tag"))] += 1
        flags["gift"] += any(line["is_gift"] for line in order["line_items"])
        flags["auction"] += any("Auction" in line["product_name"] for line in order["line_items"])
        if order["is_sample_order"]:
            assert Decimal(order["payment"]["total_amount"]) == 0
            assert order["payment"]["seller_discount"] != "0.00"
        if order["is_replacement_order"]:
            assert order["replaced_order_id"]
        if order.get("is_exchange_order"):
            assert order["exchange_source_order_id"]
        if order["is_cod"]:
            assert region in ("ID", "TH", "VN", "JP")
    wanted = {
        "is_sample_order", "is_replacement_order", "is_exchange_order", "is_cod",
        "is_subscription_order", "is_on_hold_order", "FULFILLMENT_BY_TIKTOK",
        "FULFILLMENT_BY_DILAYANI_TOKOPEDIA", "COLLECTION_POINT", "SELLER", "TIKTOK", "PRE_ORDER",
        "MADE_TO_ORDER", "BACK_ORDER", "ZERO_LOTTERY", "COMBINED", "SPLIT", "gift", "auction",
    }  # fmt: skip
    assert {name for name in wanted if not flags[name]} == set()


def test_combined_orders_share_buyer_group_and_package() -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for order in table("orders", 0):
        if order.get("split_or_combine_tag") == "COMBINED":
            groups.setdefault(order["auto_combine_group_id"], []).append(order)
    pairs = [pair for pair in groups.values() if len(pair) == 2]
    assert pairs
    for one, other in pairs:
        if "user_id" in one and "user_id" in other:
            assert one["user_id"] == other["user_id"]
        if "packages" in one and "packages" in other:
            assert one["packages"] == other["packages"]


def test_some_buyers_come_back() -> None:
    buyers = Counter(o["user_id"] for _, o in every("orders") if "user_id" in o)
    again = sum(count for count in buyers.values() if count > 1)
    assert 0.2 < again / sum(buyers.values()) < 0.7


def test_lines_name_products_and_skus_that_exist() -> None:
    for number in range(len(REGIONS)):
        skus = {
            sku["id"]: product["id"]
            for product in table("product_search", number)
            for sku in product["skus"]
        }
        for order in table("orders", number):
            for line in order["line_items"]:
                assert skus[line["sku_id"]] == line["product_id"]
                assert line["currency"] == REGIONS[number].currency


def test_titles_hold_what_breaks_careless_code() -> None:
    titles = "\n".join(product["title"] for product in table("product_search", 0))
    assert "\n=" in titles
    for text in ("✨", '"', "كوب", "<b>", "日本語"):
        assert text in titles


def test_refunds_of_the_lines_add_up_to_the_header() -> None:
    partial = 0
    for name, lines_name in (
        ("returns", "return_line_items"),
        ("cancellations", "cancel_line_items"),
    ):
        for _, row in every(name):
            block = row.get("refund_amount")
            if block is None:
                continue
            lines = [line["refund_amount"] for line in row[lines_name]]
            parts = set(block) - {"currency", "refund_total"}
            for part in (*parts, "refund_total"):
                assert amount(block, part) == sum(amount(line, part) for line in lines)
            assert amount(block, "refund_total") == sum(amount(block, part) for part in parts)
            partial += "partial_refund" in row and row["return_status"].endswith("COMPLETE")
    assert partial


def test_nobody_gets_back_more_than_was_paid() -> None:
    for number in range(len(REGIONS)):
        paid = {o["id"]: amount(o["payment"], "total_amount") for o in table("orders", number)}
        back: Counter[str] = Counter()
        for row in table("returns", number):
            if row["return_status"].endswith("COMPLETE") and "refund_amount" in row:
                total = Decimal(row["refund_amount"]["refund_total"])
                back[row["order_id"]] += total  # type: ignore[assignment]
        assert all(total <= paid[order_id] for order_id, total in back.items())


def test_returns_of_every_type_and_many_states_point_to_lines_of_their_orders() -> None:
    kinds: Counter[str] = Counter()
    for number in range(len(REGIONS)):
        lines = {
            line["id"]: (order, line)
            for order in table("orders", number)
            for line in order["line_items"]
        }
        for row in table("returns", number):
            kinds[row["return_type"]] += 1
            kinds[row["return_status"]] += 1
            for entry in row["return_line_items"]:
                order, line = lines[entry["order_line_item_id"]]
                assert order["id"] == row["order_id"]
                assert row["create_time"] > order["create_time"]
                assert (entry["sku_id"], entry["product_name"]) == (
                    line["sku_id"],
                    line["product_name"],
                )
    assert {"REFUND", "RETURN_AND_REFUND", "REPLACEMENT"} <= set(kinds)
    assert {
        "RETURN_OR_REFUND_REQUEST_COMPLETE", "REFUND_OR_RETURN_REQUEST_REJECT",
        "RETURN_OR_REFUND_REQUEST_CANCEL", "RETURN_OR_REFUND_REQUEST_PENDING",
        "AWAITING_BUYER_SHIP", "BUYER_SHIPPED_ITEM", "REPLACEMENT_REQUEST_COMPLETE",
    } <= set(kinds)  # fmt: skip


def test_cancelled_orders_that_were_paid_have_a_cancellation() -> None:
    for number in range(len(REGIONS)):
        cancelled = {row["order_id"] for row in table("cancellations", number)}
        for order in table("orders", number):
            if order["status"] == "CANCELLED" and "paid_time" in order:
                assert order["id"] in cancelled


def test_price_detail_agrees_with_the_order() -> None:
    orders = {order["id"]: order for order in table("orders", 0)}
    for detail in table("price_detail", 0)[::7]:
        order = orders[detail["order_id"]]
        pay = order["payment"]
        assert detail["sku_list_price"] == pay["original_total_product_price"]
        assert detail["sku_sale_price"] == pay["sub_total"]
        assert detail["subtotal_deduction_seller"] == pay["seller_discount"]
        assert detail["subtotal_deduction_platform"] == pay["platform_discount"]
        assert detail["shipping_sale_price"] == pay["shipping_fee"]
        assert detail["tax_amount"] == pay["tax"]
        for line, entry in zip(detail["line_items"], order["line_items"], strict=True):
            assert line["id"] == entry["id"]
            assert line["sku_sale_price"] == entry["sale_price"]
        sale = sum(Decimal(line["payment"]) for line in detail["line_items"])
        assert sale == Decimal(detail["payment"])


def test_stock_of_the_detail_the_search_and_the_stock_call_agree() -> None:
    stock = {
        (sku["id"], place["warehouse_id"]): place["available_quantity"]
        for row in table("inventory", 0)
        for sku in row["skus"]
        for place in sku["warehouse_inventory"]
    }
    for name in ("products", "product_search"):
        for product in table(name, 0):
            for sku in product["skus"]:
                for place in sku["inventory"]:
                    assert stock[sku["id"], place["warehouse_id"]] == place["quantity"]
    for row in table("inventory", 0):
        for sku in row["skus"]:
            total = sum(place["available_quantity"] for place in sku["warehouse_inventory"])
            assert sku["total_available_quantity"] == total
    assert 0 in stock.values()


def test_details_are_refused_for_frozen_and_deleted_products() -> None:
    client = in_process(gateway().world)
    readable = {product["id"] for product in table("products", 0)}
    for product in table("product_search", 0):
        answer = client.call("GET", f"/product/202309/products/{product['id']}").json()
        assert (answer["code"] == 0) == (product["status"] not in ("FREEZE", "DELETED"))
        assert (answer["code"] == 0) == (product["id"] in readable)


def test_the_older_version_of_the_aftersales_calls_knows_less() -> None:
    client = in_process(gateway().world)
    for name, path, word in (
        ("return_orders", "returns", "is_quick_refund"),
        ("cancellations", "cancellations", "should_replenish_stock"),
    ):
        for version, known in (("202309", False), ("202602", True)):
            rows = client.data("POST", f"/return_refund/{version}/{path}/search")[name]
            assert all((word in row) == known for row in rows)


PERSONAL = (
    "name", "first_name", "last_name", "phone_number", "address_line1", "address_detail",
    "full_address", "buyer_email", "buyer_nickname", "buyer_avatar", "buyer_message",
    "seller_note", "contact_person", "drop_off_location", "cpf", "cpf_name",
)  # fmt: skip


@pytest.mark.parametrize("name", ["orders", "returns", "warehouses"])
def test_every_personal_field_holds_a_canary(name: str) -> None:
    found: Counter[str] = Counter()

    def walk(value: object, path: str) -> None:
        if isinstance(value, dict):
            for key, entry in value.items():
                walk(entry, f"{path}.{key}")
        elif isinstance(value, list):
            for entry in value:
                walk(entry, path)
        elif path.rsplit(".", 1)[1] in PERSONAL and path != ".name":
            assert "canary" in str(value).lower(), path
            found[path] += 1

    for _, row in every(name):
        walk(row, "")
    assert found


@pytest.mark.parametrize("name", ["returns", "cancellations"])
def test_every_return_and_cancellation_holds_words_and_pictures_of_the_buyer(name: str) -> None:
    for _, row in every(name):
        assert row["buyer_note"].startswith("CANARY")
        for shown in (*row["images"], *row["videos"]):
            assert "/canary-" in shown["url"]


def test_where_a_buyer_lives_is_no_more_exact_than_the_town_without_a_canary() -> None:
    towns = 0
    for _, order in every("orders"):
        address = order.get("recipient_address")
        if address is not None:
            assert address["postal_code"].startswith("CANARY-")
            assert address.get("post_town", "Canary").startswith("Canary")
            towns += "post_town" in address
    assert towns


def test_all_tables_are_json() -> None:
    for name in TABLES:
        assert json.dumps(table(name, 0))
