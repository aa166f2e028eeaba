"""Orders, units and prices: payload in, rows out, compared with values worked out by hand."""

from __future__ import annotations

import copy
import json
import math
import random
import re
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backfill.normalise.orders import normalise_orders
from backfill.normalise.price_detail import normalise_price_detail
from backfill.normalise.rows import Normalised
from backfill.normalise.shape import Shape
from backfill.normalise.values import LONGEST_TEXT, WrongShape, key_of, money
from catalogue.table import Kind
from catalogue.tables import ORDERS, TABLES
from store.migrations import prepare_shop_file
from store.upsert import upsert_for

STAMPS = ("fetched_at", "last_seen_at")


def buyer(buyer_id: str) -> tuple[str, int]:
    return f"hash-of-{len(buyer_id)}", 42


def order(**changes: Any) -> dict[str, Any]:
    """One unit, 20.00 less 2.50, freight 4.99 less 1.00, tax 1.31 on top."""
    made: dict[str, Any] = {
        "id": "580111222333444555",
        "status": "DELIVERED",
        "order_type": "NORMAL",
        "create_time": 1_700_000_000,
        "update_time": 1_700_500_000,
        "paid_time": 1_700_000_100,
        "delivery_time": 0,
        "is_cod": False,
        "is_sample_order": True,
        "user_id": "7000000000000000001",
        "warehouse_id": "7111",
        "shipping_provider": " Parcel Post\n",
        "payment": {
            "currency": "USD",
            "total_amount": "22.80",
            "sub_total": "17.50",
            "shipping_fee": "3.99",
            "original_shipping_fee": "4.99",
            "shipping_fee_seller_discount": "1.00",
            "shipping_fee_platform_discount": "0",
            "tax": "1.31",
        },
        "recipient_address": {
            "region_code": "US",
            "district_info": [
                {"address_level": "L0", "address_level_name": "Country", "address_name": "USA"},
                {"address_level": "L1", "address_level_name": "State", "address_name": "Texas"},
                {"address_level": "L2", "address_level_name": "County", "address_name": "Travis"},
                {"address_level": "L3", "address_level_name": "City", "address_name": "Austin"},
            ],
        },
        "line_items": [unit()],
    }
    return {**made, **changes}


def unit(number: int = 1, **changes: Any) -> dict[str, Any]:
    made = {
        "id": f"58022000000000000{number}",
        "product_id": "1729",
        "sku_id": "1730",
        "product_name": "Mug",
        "sku_name": "Blue, Large",
        "seller_sku": "MUG-B-L",
        "display_status": "DELIVERED",
        "original_price": "20.00",
        "sale_price": "17.50",
        "seller_discount": "2.00",
        "platform_discount": "0.50",
        "item_tax": [
            {"tax_amount": "1.10", "tax_rate": "0.0625", "tax_type": "SALES_TAX"},
            {"tax_amount": "0.21", "tax_rate": "0.012", "tax_type": "SALES_TAX"},
        ],
        "rts_time": 1_700_100_000,
    }
    return {**made, **changes}


def rows(normalised: Normalised, table: str) -> list[dict[str, Any]]:
    (write,) = [one for one in normalised.writes if one.table.name == table]
    return [dict(zip(write.columns, row, strict=True)) for row in write.rows]


def one(table: str, *payloads: Any) -> dict[str, Any]:
    normalised = normalise_orders(list(payloads), buyer)
    assert normalised.rejected == ()
    (row,) = rows(normalised, table)
    return row


def kept(normalised: Normalised) -> sqlite3.Connection:
    """A shop's file that holds these rows."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    prepare_shop_file(connection, Path("no copy is made of an empty file"))
    for write in normalised.writes:
        insert = upsert_for(write.table, write.columns).sql
        connection.executemany(insert, [(*row, 7, 7) for row in write.rows])
    return connection


def prices(*payloads: Any) -> list[dict[str, Any]]:
    """The price detail that a reader of the file finds."""
    connection = kept(normalise_orders(list(payloads), buyer))
    found = connection.execute("SELECT * FROM order_line_item_price_detail ORDER BY line_item_id")
    return [{n: row[n] for n in row.keys() if n not in STAMPS} for row in found]  # noqa: SIM118


def given(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def test_an_order_becomes_one_row() -> None:
    assert given(one("orders", order())) == {
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "status": "DELIVERED",
        "order_type": "NORMAL",
        "create_time": 1_700_000_000,
        "update_time": 1_700_500_000,
        "paid_time": 1_700_000_100,
        "warehouse_id": "7111",
        "shipping_provider": "Parcel Post",
        "is_cod": 0,
        "is_sample_order": 1,
        "currency": "USD",
        "total_amount": "22.80",
        "sub_total": "17.50",
        "shipping_fee": "3.99",
        "original_shipping_fee": "4.99",
        "shipping_fee_seller_discount": "1.00",
        "shipping_fee_platform_discount": "0",
        "tax": "1.31",
        "recipient_region_code": "US",
        "recipient_state": "Texas",
        "recipient_city": "Austin",
        "buyer_user_id": "hash-of-19",
        "buyer_key": 42,
        "line_count": 1,
    }


def test_a_unit_becomes_one_row_with_the_times_of_its_order() -> None:
    assert given(one("order_line_items", order())) == {
        "line_item_id": "580220000000000001",
        "line_key": 580_220_000_000_000_001,
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "create_time": 1_700_000_000,
        "update_time": 1_700_500_000,
        "product_id": "1729",
        "product_name": "Mug",
        "sku_id": "1730",
        "sku_name": "Blue, Large",
        "seller_sku": "MUG-B-L",
        "display_status": "DELIVERED",
        "is_bundle": 0,
        "rts_time": 1_700_100_000,
        "currency": "USD",
        "original_price": "20.00",
        "sale_price": "17.50",
        "seller_discount": "2.00",
        "platform_discount": "0.50",
        "tax_amount": "1.31",
        "tax_rate": "0.0625",
        "tax_type": "SALES_TAX",
        "payment": "22.80",
    }


def test_the_price_of_a_single_unit_is_derived_with_its_freight() -> None:
    (price,) = prices(order())
    assert given(price) == {
        "line_item_id": "580220000000000001",
        "line_key": 580_220_000_000_000_001,
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "create_time": 1_700_000_000,
        "update_time": 1_700_500_000,
        "is_derived": 1,
        "currency": "USD",
        "sku_list_price": "20.00",
        "sku_sale_price": "17.50",
        "subtotal_deduction_seller": "2.00",
        "subtotal_deduction_platform": "0.50",
        "tax_amount": "1.31",
        "tax_rate": "0.0625",
        "shipping_list_price": "4.99",
        "shipping_sale_price": "3.99",
        "shipping_fee_deduction_seller": "1.00",
        "shipping_fee_deduction_platform": "0",
        "payment": "22.80",
    }


def prices_of(payment: dict[str, Any], *units: dict[str, Any]) -> list[dict[str, Any]]:
    payload = order(payment={"currency": "USD", **payment}, line_items=list(units))
    return prices(payload)


def test_the_tax_on_the_freight_of_a_single_unit_is_part_of_its_tax() -> None:
    payment = {"total_amount": "22.80", "shipping_fee": "3.99", "shipping_fee_tax": "0.29"}
    (price,) = prices_of(payment, unit(1))
    assert price["tax_amount"] == "1.60", "1.10 + 0.21 + 0.29"
    first, _ = prices_of(payment, unit(1), unit(2))
    assert first["tax_amount"] is None, "whose freight was taxed is not said"


def test_freight_of_several_units_is_left_open() -> None:
    for price in prices_of({"total_amount": "39", "shipping_fee": "4"}, unit(1), unit(2)):
        assert price["shipping_sale_price"] is None
        assert price["payment"] is None
        assert price["sku_sale_price"] == "17.50"


def test_no_freight_is_no_freight_for_every_unit() -> None:
    free = {"shipping_fee": "0.00", "original_shipping_fee": "0"}
    both = prices_of({"total_amount": "37.62", **free}, unit(1), unit(2))
    assert [price["shipping_sale_price"] for price in both] == ["0.00", "0.00"]
    assert [price["payment"] for price in both] == ["18.81", "18.81"], "17.50 + 1.31 each"


def test_where_tax_is_in_the_price_the_prices_are_what_was_paid() -> None:
    both = prices_of({"total_amount": "35.00"}, unit(1), unit(2))
    assert [price["payment"] for price in both] == ["17.50", "17.50"]


def test_a_payment_that_adds_up_in_neither_way_is_left_open() -> None:
    assert [p["payment"] for p in prices_of({"total_amount": "36"}, unit(1), unit(2))] == [None] * 2


def test_the_retail_delivery_fee_is_of_the_order_not_of_the_unit() -> None:
    payment = {"total_amount": "19.09", "retail_delivery_fee": "0.28"}
    (price,) = prices_of(payment, unit(1))
    assert price["payment"] == "18.81", "17.50 + 1.31"


def test_free_freight_that_was_discounted_away_is_not_no_freight() -> None:
    discounted = {"shipping_fee": "0", "original_shipping_fee": "5", "total_amount": "35"}
    assert prices_of(discounted, unit(1), unit(2))[0]["shipping_list_price"] is None


def test_the_sum_of_taxes_is_exact() -> None:
    taxes = [{"tax_amount": "0.1"}, {"tax_amount": "0.2"}, {"tax_amount": 1}]
    line = one("order_line_items", order(line_items=[unit(item_tax=taxes)]))
    assert line["tax_amount"] == "1.3"
    assert line["tax_rate"] is None


def test_the_currency_of_a_unit_falls_back_to_that_of_the_order() -> None:
    assert one("order_line_items", order(line_items=[unit(currency="")]))["currency"] == "USD"
    assert one("order_line_items", order(line_items=[unit(currency="MXN")]))["currency"] == "MXN"


@pytest.mark.parametrize("part", ["combined_listing_skus", "sub_item_info"])
def test_a_unit_with_components_is_a_bundle(part: str) -> None:
    both: list[tuple[list[Any], int]] = [([{}], 1), ([], 0)]
    for components, is_bundle in both:
        line = one("order_line_items", order(line_items=[{**unit(), part: components}]))
        assert line["is_bundle"] == is_bundle


def test_the_live_session_of_a_unit_is_kept() -> None:
    line = one("order_line_items", order(line_items=[unit(room_id=7_300_000_000_000_000_001)]))
    assert line["live_room_id"] == "7300000000000000001"


def test_an_order_without_address_buyer_or_units_is_kept() -> None:
    bare = {"id": "1", "create_time": 5, "update_time": 6, "status": "UNPAID"}
    row = one("orders", bare)
    assert (row["recipient_state"], row["buyer_user_id"], row["line_count"]) == (None, None, 0)
    assert one("orders", {**bare, "line_items": None, "payment": None})["line_count"] == 0


@pytest.mark.parametrize(
    ("levels", "state", "city"),
    [
        ([("L1", "Province", "Bali"), ("L2", "City", "Denpasar")], "Bali", "Denpasar"),
        (
            [("L1", "", "Hanoi"), ("L2", "District", "Ba Dinh"), ("L3", "Ward", "X")],
            "Hanoi",
            "Ba Dinh",
        ),
        (
            [("L1", "", "England"), ("L2", "County", "Kent"), ("L3", "", "Dover")],
            "England",
            "Dover",
        ),
        ([("L2", "County", "Kent")], None, None),
        ([("L0", "City", "Singapore")], None, None),
        ([("L1", "State", "  "), ("L3", "Town", "Hove")], None, "Hove"),
        ([], None, None),
    ],
)
def test_state_is_the_first_level_and_city_the_level_that_is_one(
    levels: list[tuple[str, str, str]], state: str | None, city: str | None
) -> None:
    districts = [
        {"address_level": level, "address_level_name": kind, "address_name": name}
        for level, kind, name in levels
    ]
    row = one("orders", order(recipient_address={"district_info": districts}))
    assert (row["recipient_state"], row["recipient_city"]) == (state, city)


# --- ids, text, types ---


def test_ids_are_text_also_when_they_come_as_numbers() -> None:
    row = one("orders", order(id=576_461_413_038_785_752, warehouse_id=6_955_005_333_819_123_123))
    assert row["order_id"] == "576461413038785752"
    assert row["order_key"] == 576_461_413_038_785_752
    assert row["warehouse_id"] == "6955005333819123123"


def test_blanks_and_newlines_around_ids_and_enums_are_dropped() -> None:
    row = one("orders", order(id="580111222333444555\n", status=" UNPAID\n"))
    assert (row["order_id"], row["status"]) == ("580111222333444555", "UNPAID")


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_empty_text_is_null(nothing: Any) -> None:
    assert one("orders", order(order_type=nothing))["order_type"] is None


def test_an_id_of_zero_is_no_id() -> None:
    assert one("orders", order(replaced_order_id="0"))["replaced_order_id"] is None


def test_a_key_is_the_number_itself_where_it_fits() -> None:
    assert key_of("9223372036854775807") == 2**63 - 1
    for other in ("9223372036854775808", "007", "abc", "٣"):
        key = key_of(other)
        assert 0 <= key < 2**63
        assert key == key_of(other)
        assert key != int(other) if other.isdigit() else True
    # As `printf abc | b2sum -l 64` says, without the sign bit.
    assert key_of("abc") == 0xD8BB14D833D59559 & (2**63 - 1)


def test_nul_and_broken_unicode_are_cleaned_and_long_text_is_cut() -> None:
    line = one(
        "order_line_items",
        order(line_items=[unit(product_name="A\0B \ud83d!", sku_name="x" * 64_000)]),
    )
    assert line["product_name"] == "AB ?!"
    assert len(line["sku_name"]) == LONGEST_TEXT


def test_names_with_emoji_quotes_and_right_to_left_letters_stay_as_they_are() -> None:
    name = '=SUM(A1) "größe" 👟 مرحبا'
    line = one("order_line_items", order(line_items=[unit(product_name=name)]))
    assert line["product_name"] == name


def test_instants_of_zero_have_not_happened_and_text_is_read_as_a_number() -> None:
    row = one("orders", order(paid_time="1700000100", cancel_time=0, rts_time=-1))
    assert (row["paid_time"], row["cancel_time"], row["rts_time"]) == (1_700_000_100, None, None)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(True, 1), (False, 0), (1, 1), (0, 0), ("true", 1), ("FALSE", 0), (None, None), ("", None)],
)
def test_flags_are_zero_and_one(sent: Any, kept: int | None) -> None:
    assert one("orders", order(is_cod=sent))["is_cod"] == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("12.30", "12.30"),
        (" 12.3 ", "12.3"),
        ("-4", "-4"),
        (5, "5"),
        (12.5, "12.5"),
        ("", None),
        (None, None),
        ("1585500", "1585500"),
    ],
)
def test_money_stays_as_tiktok_wrote_it(sent: Any, kept: str | None) -> None:
    row = one("orders", order(payment={"total_amount": sent}))
    assert row["total_amount"] == kept


@pytest.mark.parametrize(
    "sent",
    [
        *("NaN", "Infinity", "1e3", "1,000.00", "12.", "$5", "+5", "١٢", True, 1e30, math.nan),
        *("123456789012345.00", [], {}, "12 34"),
    ],
)
def test_what_is_not_money_puts_the_order_aside(sent: Any) -> None:
    good = order(id="2")
    bad = order(payment={"total_amount": sent})
    normalised = normalise_orders([bad, good], buyer)
    assert [row["order_id"] for row in rows(normalised, "orders")] == ["2"]
    ((path, reason),) = normalised.rejected
    assert path == "orders[0].payment.total_amount"
    assert str(sent) not in reason or sent == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": None}, "orders[0].id"),
        ({"id": ""}, "orders[0].id"),
        ({"create_time": None}, "orders[0].create_time"),
        ({"create_time": "soon"}, "orders[0].create_time"),
        ({"update_time": 0}, "orders[0].update_time"),
        ({"create_time": 1_700_000_000_000}, "orders[0].create_time"),
        ({"create_time": True}, "orders[0].create_time"),
        ({"payment": []}, "orders[0].payment"),
        ({"payment": "5"}, "orders[0].payment"),
        ({"line_items": {}}, "orders[0].line_items"),
        ({"line_items": ["x"]}, "orders[0].line_items[0]"),
        ({"line_items": [unit(), unit(2, id=None)]}, "orders[0].line_items[1].id"),
        ({"line_items": [unit(sale_price="?")]}, "orders[0].line_items[0].sale_price"),
        ({"line_items": [unit(item_tax=[5])]}, "orders[0].line_items[0].item_tax"),
        ({"line_items": [unit(item_tax={"a": 1})]}, "orders[0].line_items[0].item_tax"),
        ({"recipient_address": 3}, "orders[0].recipient_address"),
        (
            {"recipient_address": {"district_info": [{"address_level": "L1", "address_name": []}]}},
            "orders[0].recipient_address.district_info",
        ),
        ({"status": {"is": "an object"}}, "orders[0].status"),
        ({"is_cod": "perhaps"}, "orders[0].is_cod"),
        ({"user_id": 1.5}, "orders[0].user_id"),
    ],
)
def test_an_order_of_a_wrong_shape_is_put_aside_as_a_whole_with_its_path(
    changes: dict[str, Any], path: str
) -> None:
    normalised = normalise_orders([order(**changes), order(id="2")], buyer)
    assert [found for found, _ in normalised.rejected] == [path]
    assert [row["order_id"] for row in rows(normalised, "orders")] == ["2"]
    assert {row["order_id"] for row in rows(normalised, "order_line_items")} == {"2"}


@pytest.mark.parametrize("record", [None, 5, "order", [], True])
def test_what_is_no_object_is_put_aside(record: Any) -> None:
    normalised = normalise_orders([record], buyer)
    assert normalised.rejected == (("orders[0]", "is not an object"),)


def test_a_page_is_read_the_same_however_often() -> None:
    page = [order(), order(id="2", line_items=[unit(1), unit(2)])]
    before = copy.deepcopy(page)
    assert normalise_orders(page, buyer) == normalise_orders(page, buyer)
    assert page == before, "the payload is not touched"


def test_true_and_one_are_not_the_same_money() -> None:
    assert money(1) == "1"
    with pytest.raises(WrongShape):
        money(True)
    assert money(1.0) == "1.0"


def test_a_mapping_to_a_column_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(KeyError, match="no column"):
        Shape(ORDERS, {"street": "recipient_address.address_line1"}, ())


# --- TikTok's own answer about prices ---


def test_tiktoks_answer_replaces_what_was_derived() -> None:
    answer = {
        "line_items": [
            {
                "id": "580220000000000001",
                "currency": "USD",
                "payment": "21.00",
                "shipping_sale_price": "2.00",
                "voucher_deduction_seller": "1.50",
                "voucher_deduction_platform": "CODE-7",
                "net_price_amount": "18",
            }
        ]
    }
    normalised = normalise_price_detail([answer], "580111222333444555", 5, 6)
    (row,) = rows(normalised, "order_line_item_price_detail")
    assert given(row) == {
        "line_item_id": "580220000000000001",
        "line_key": 580_220_000_000_000_001,
        "order_id": "580111222333444555",
        "order_key": 580_111_222_333_444_555,
        "create_time": 5,
        "update_time": 6,
        "is_derived": 0,
        "currency": "USD",
        "payment": "21.00",
        "shipping_sale_price": "2.00",
        "voucher_deduction_seller": "1.50",
        "net_price_amount": "18",
    }


def test_an_answer_of_a_wrong_shape_is_put_aside() -> None:
    normalised = normalise_price_detail([{"line_items": [{"id": "1", "payment": "x"}]}], "1", 5, 6)
    assert normalised.rejected == (
        ("price_detail[0].line_items[0].payment", "is not a decimal number"),
    )


# --- drift: any page at all ---

_ODD: list[Any] = [
    *(None, "", " ", "x", "0", "NaN", "1e9", "12.50", "١", "a\0b", "\ud800", "é" * 40),
    *(0, -1, 1, 2**63, 2**70, -(2**70), 1_700_000_000, 1.5, 1e300, math.inf, math.nan),
    *(True, False, [], {}, [None], [{}], [[]], {"a": {"b": []}}, "y" * 20_000),
]


def mutated(draw: random.Random) -> dict[str, Any]:
    """An order in which a few values, anywhere, were replaced, dropped or added."""
    page = json.loads(json.dumps(order(line_items=[unit(1), unit(2)])))
    for _ in range(draw.randrange(1, 4)):
        node: Any = page
        while True:
            place: Any = draw.choice([*node] if isinstance(node, dict) else [*range(len(node))])
            deeper = node[place]
            if isinstance(deeper, dict | list) and deeper and draw.random() < 0.7:
                node = deeper
                continue
            break
        if isinstance(node, dict) and draw.random() < 0.2:
            del node[place]
        else:
            node[place] = draw.choice(_ODD)
    return page  # type: ignore[no-any-return]


def check_storable(normalised: Normalised) -> None:
    database = sqlite3.connect(":memory:")
    for write in normalised.writes:
        for row in write.rows:
            assert len(row) == len(write.columns)
            database.execute(f"SELECT {', '.join('?' * len(row))}", row)
            for name, value in zip(write.columns, row, strict=True):
                check_kind(TABLES[write.table.name][name].kind, value)
    database.close()


def check_kind(kind: Kind, value: Any) -> None:
    if value is None:
        return
    if kind in (Kind.MONEY, Kind.RATE):
        assert re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII)
        limit = 14 if kind is Kind.MONEY else 12
        assert abs(Decimal(value)) < 10**limit
    elif kind is Kind.TEXT:
        assert isinstance(value, str)
        assert value
        assert "\0" not in value
        assert len(value) <= LONGEST_TEXT
    else:
        assert type(value) is int
        assert -(2**63) <= value < 2**63
        assert kind is not Kind.FLAG or value in (0, 1)
        assert kind is not Kind.INSTANT or value > 0


@pytest.mark.soak
def test_no_page_at_all_stops_an_import(soak_seconds: float) -> None:
    """Every order is either stored whole, with values of the right kind, or put aside."""
    import time

    draw = random.Random(1)
    until = time.monotonic() + soak_seconds
    cases = 0
    while cases < 2_000 or time.monotonic() < until:
        page = [mutated(draw) for _ in range(5)]
        normalised = normalise_orders(page, buyer)
        kept = rows(normalised, "orders")
        assert len(kept) + len(normalised.rejected) == 5
        units = sum(row["line_count"] for row in kept)
        assert len(rows(normalised, "order_line_items")) == units
        assert all(path.startswith("orders[") and reason for path, reason in normalised.rejected)
        check_storable(normalised)
        cases += 5
