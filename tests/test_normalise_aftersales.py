"""Returns and cancellations: payload in, rows out."""

from __future__ import annotations

from typing import Any

import pytest

from backfill.normalise.aftersales import normalise_cancellations, normalise_returns
from backfill.normalise.rows import Normalised

REFUND = {
    "currency": "GBP",
    "refund_total": "11.20",
    "refund_subtotal": "9.00",
    "refund_shipping_fee": "0.70",
    "refund_tax": "1.50",
}
REFUNDED = {**REFUND, "retail_delivery_fee": None, "buyer_service_fee": None}


def rows(normalised: Normalised, table: str) -> list[dict[str, Any]]:
    (write,) = [one for one in normalised.writes if one.table.name == table]
    return [dict(zip(write.columns, row, strict=True)) for row in write.rows]


def sent_back(**changes: Any) -> dict[str, Any]:
    made = {
        "return_id": "4035000000000000001",
        "order_id": "580111222333444555",
        "create_time": 1_700_000_000,
        "update_time": 1_700_000_900,
        "return_type": "RETURN_AND_REFUND",
        "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "return_reason": "ecom_order_delivered_refund_and_return_reason_broken",
        "return_reason_text": "Arrived broken",
        "role": "BUYER",
        "combined_return_id": "0",
        "is_quick_refund": True,
        "can_buyer_keep_item": False,
        "return_warehouse_address": {"full_address": "1 Test Street"},
        "refund_amount": REFUND,
        "partial_refund": {"amount": "3", "currency": "GBP"},
        "shipping_fee_amount": [
            {"currency": "GBP", "seller_paid_return_shipping_fee": "1.10"},
            {
                "currency": "GBP",
                "seller_paid_return_shipping_fee": "0.05",
                "buyer_paid_return_shipping_fee": "2",
            },
            {"currency": "EUR", "seller_paid_return_shipping_fee": "100"},
        ],
        "discount_amount": [
            {"product_seller_discount": "0.10", "product_platform_discount": "0.20"},
            {"product_seller_discount": "0.20"},
        ],
        "return_line_items": [
            {
                "return_line_item_id": "4036000000000000001",
                "order_line_item_id": "580220000000000001",
                "sku_id": "1730",
                "sku_name": "Blue",
                "seller_sku": "MUG",
                "product_name": "Mug",
                "refund_amount": {**REFUND, "refund_total": "5.60"},
            }
        ],
    }
    return {**made, **changes}


def test_a_return_becomes_a_row_with_its_amounts_added_up() -> None:
    normalised = normalise_returns([sent_back()])
    assert normalised.rejected == ()
    (row,) = rows(normalised, "returns")
    assert {name: value for name, value in row.items() if value is not None} == {
        "return_id": "4035000000000000001",
        "return_key": 4_035_000_000_000_000_001,
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "create_time": 1_700_000_000,
        "update_time": 1_700_000_900,
        "return_type": "RETURN_AND_REFUND",
        "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "return_reason": "ecom_order_delivered_refund_and_return_reason_broken",
        "return_reason_text": "Arrived broken",
        "role": "BUYER",
        "is_quick_refund": 1,
        "can_buyer_keep_item": 0,
        **REFUND,
        "partial_refund_amount": "3",
        "seller_paid_return_shipping_fee": "1.15",
        "buyer_paid_return_shipping_fee": "2",
        "product_seller_discount": "0.30",
        "product_platform_discount": "0.20",
    }


def test_a_returned_unit_becomes_a_row_with_the_times_of_its_return() -> None:
    (row,) = rows(normalise_returns([sent_back()]), "return_line_items")
    assert row == {
        "return_line_item_id": "4036000000000000001",
        "return_id": "4035000000000000001",
        "return_key": 4_035_000_000_000_000_001,
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "order_line_item_id": "580220000000000001",
        "line_key": 580_220_000_000_000_001,
        "create_time": 1_700_000_000,
        "update_time": 1_700_000_900,
        "sku_id": "1730",
        "sku_name": "Blue",
        "seller_sku": "MUG",
        "product_name": "Mug",
        **REFUNDED,
        "refund_total": "5.60",
    }


def test_a_return_without_amounts_or_order_is_kept() -> None:
    bare = {"return_id": "R-1", "create_time": 5, "update_time": 6}
    (row,) = rows(normalise_returns([bare]), "returns")
    assert row["return_id"] == "R-1"
    assert 0 < row["return_key"] < 2**63
    assert (row["order_id"], row["order_key"], row["refund_total"]) == (None, None, None)
    assert row["seller_paid_return_shipping_fee"] is None


def test_a_request_and_its_units_tell_each_other_their_currency() -> None:
    told: dict[str, Any] = {"refund_amount": {"currency": "GBP", "refund_total": "0"}}
    dollars: dict[str, Any] = {"refund_amount": {"currency": "USD"}}
    untold: dict[str, Any] = {}
    for own, units, currencies in (
        (untold, [untold, told], ["GBP", "GBP", "GBP"]),
        (told, [untold, told], ["GBP", "GBP", "GBP"]),
        (untold, [untold], [None, None]),
        (untold, [dollars, told, untold], [None, "USD", "GBP", None]),
    ):
        lines = [{"cancel_line_item_id": f"L{at}", **unit} for at, unit in enumerate(units)]
        request = {"cancel_id": "1", "create_time": 5, "update_time": 6, "cancel_line_items": lines}
        kept = normalise_cancellations([{**request, **own}])
        found = rows(kept, "cancellations") + rows(kept, "cancellation_line_items")
        assert [row["currency"] for row in found] == currencies


def test_a_request_of_which_one_unit_cannot_be_read_is_put_aside_with_the_others() -> None:
    lines = [
        {"cancel_line_item_id": "1", "order_line_item_id": "5"},
        {"cancel_line_item_id": "2", "order_line_item_id": "9" * 5_000},
    ]
    request = {"cancel_id": "1", "create_time": 5, "update_time": 6, "cancel_line_items": lines}
    kept = normalise_cancellations([request])
    assert [list(write.rows) for write in kept.writes] == [[], []]
    assert len(kept.rejected) == 1


@pytest.mark.parametrize("status", ["CANCELLATION_REQUEST_CANCEL", "CANCELLATION_REQUEST_NEW"])
def test_a_cancellation_becomes_a_row_whatever_its_status(status: str) -> None:
    payload = {
        "cancel_id": "4037000000000000001",
        "order_id": "580111222333444555",
        "create_time": 1_700_000_000,
        "update_time": 1_700_000_900,
        "cancel_type": "BUYER_CANCEL",
        "cancel_status": status,
        "cancel_reason": "ecom_order_to_ship_canceled_reason_wrong",
        "cancel_reason_text": "Ordered by mistake",
        "role": "BUYER",
        "should_replenish_stock": True,
        "refund_amount": REFUND,
        "cancel_line_items": [
            {
                "cancel_line_item_id": "4038000000000000001",
                "order_line_item_id": "580220000000000001",
                "sku_id": "1730",
                "refund_amount": REFUND,
            }
        ],
    }
    normalised = normalise_cancellations([payload])
    (row,) = rows(normalised, "cancellations")
    assert row == {
        "cancel_id": "4037000000000000001",
        "cancel_key": 4_037_000_000_000_000_001,
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "create_time": 1_700_000_000,
        "update_time": 1_700_000_900,
        "cancel_type": "BUYER_CANCEL",
        "cancel_status": status,
        "cancel_reason": "ecom_order_to_ship_canceled_reason_wrong",
        "cancel_reason_text": "Ordered by mistake",
        "role": "BUYER",
        "should_replenish_stock": 1,
        **REFUNDED,
    }
    (line,) = rows(normalised, "cancellation_line_items")
    assert line == {
        "cancel_line_item_id": "4038000000000000001",
        "cancel_id": "4037000000000000001",
        "cancel_key": 4_037_000_000_000_000_001,
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "order_line_item_id": "580220000000000001",
        "line_key": 580_220_000_000_000_001,
        "create_time": 1_700_000_000,
        "update_time": 1_700_000_900,
        "sku_id": "1730",
        "sku_name": None,
        "seller_sku": None,
        "product_name": None,
        **REFUNDED,
    }


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"return_id": None}, "return_orders[0].return_id"),
        ({"update_time": None}, "return_orders[0].update_time"),
        ({"refund_amount": []}, "return_orders[0].refund_amount"),
        ({"refund_amount": {"refund_tax": "-"}}, "return_orders[0].refund_amount.refund_tax"),
        ({"shipping_fee_amount": {}}, "return_orders[0].shipping_fee_amount"),
        ({"shipping_fee_amount": [7]}, "return_orders[0].shipping_fee_amount[0]"),
        (
            {"discount_amount": [{"product_seller_discount": []}]},
            "return_orders[0].discount_amount[0].product_seller_discount",
        ),
        (
            {"return_line_items": [{"sku_id": "1"}]},
            "return_orders[0].return_line_items[0].return_line_item_id",
        ),
    ],
)
def test_a_return_of_a_wrong_shape_is_put_aside_as_a_whole(
    changes: dict[str, Any], path: str
) -> None:
    normalised = normalise_returns([sent_back(**changes), sent_back(return_id="2")])
    assert [found for found, _ in normalised.rejected] == [path]
    assert [row["return_id"] for row in rows(normalised, "returns")] == ["2"]
    assert {row["return_id"] for row in rows(normalised, "return_line_items")} == {"2"}
