"""The number of an order in another system: asked from TikTok, a call an order, or handed in as a
file, however broken the file is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backfill.external_file import (
    LARGEST_BYTES,
    Complaint,
    import_references,
    read_references,
)
from backfill.normalise.external import normalise_external_orders
from catalogue.tables import ORDERS
from errors import BadRequest
from sample_shop.control import rows_of
from store.records import Commit, ShopRecords, Write
from tests.answering import Answering, HandMadeShop, answering, fill
from tests.importing import NOW, Asked, ShopUnderTest, world_of
from tests.scripted_tiktok import FakeClock

pytestmark = pytest.mark.slow

HEAD = b"order_id,platform,external_order_id,line_item_id,external_line_item_id\n"
ORDER = "576461413038785752"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[ShopRecords]:
    opened = ShopRecords.open(tmp_path / "records.sqlite")
    yield opened
    opened.close()


def orders_of(content: bytes) -> list[tuple[Any, ...]]:
    return [row[:3] for row in read_references(content).orders]


def complaints_of(content: bytes) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in read_references(content).complaints]


# --- TikTok's answer ---


def test_an_answer_becomes_the_order_its_units_and_a_note_that_it_was_asked_for() -> None:
    answer = {
        "id": "676461413038785752",
        "platform": "SHOPIFY",
        "line_items": [{"id": "577086512123755123", "origin_id": "677086512123755123"}],
    }
    asked = (ORDER, int(ORDER), 100, 200, 300)
    orders, lines, checked = normalise_external_orders([answer], asked).writes
    assert list(orders.rows) == [(ORDER, "SHOPIFY", "676461413038785752", "tiktok")]
    assert list(lines.rows) == [
        (
            *(ORDER, "SHOPIFY", "676461413038785752"),
            *("577086512123755123", "677086512123755123", "tiktok"),
        )
    ]
    assert list(checked.rows) == [asked]
    assert checked.is_ours, "TikTok did not mention the order itself"


def test_an_order_without_a_reference_is_noted_as_asked_for() -> None:
    orders, lines, checked = normalise_external_orders([], (ORDER, int(ORDER), 1, 2, 3)).writes
    assert (list(orders.rows), list(lines.rows)) == ([], [])
    assert len(checked.rows) == 1


# --- files ---


def test_a_plain_file_is_read_line_by_line() -> None:
    content = (
        HEAD
        + f"{ORDER},Shopify,#1001,677086512123755123,L-1\n{ORDER},shopify,#1001,,L-2\n".encode()
    )
    found = read_references(content)
    assert list(found.orders) == [(ORDER, "SHOPIFY", "#1001", "file")]
    assert list(found.lines) == [
        (ORDER, "SHOPIFY", "#1001", "L-1", "677086512123755123", "file"),
        (ORDER, "SHOPIFY", "#1001", "L-2", None, "file"),
    ]
    assert found.complaints == []


@pytest.mark.parametrize(
    "content",
    [
        f"order_id,platform,external_order_id\n{ORDER},SHOPIFY,77\n".encode("utf-8-sig"),
        f"order_id,platform,external_order_id\n{ORDER},SHOPIFY,77\n".encode("utf-16"),
        f"Order ID;System;External Order ID;Note\n{ORDER};Shopify;77;Gr\u00fc\u00dfe\n".encode(
            "cp1252"
        ),
        f"TikTok Order ID\tPlatform\tExternal ID\r\n{ORDER}\tshopify\t77\r\n".encode(),
        f'"order_id","platform","external_order_id"\r{ORDER},"SHOPIFY","77"\r'.encode(),
        f'note,external_order_id,platform,order_id\n"two\nlines",77,Shopify,"=""{ORDER}"""\n'.encode(),
        f"order_id,platform,external_order_id\n'{ORDER},Shopify,77\n\n,,\n".encode(),
    ],
    ids=["mark", "utf-16", "western", "tabs", "old mac", "note of two lines", "apostrophe"],
)
def test_encodings_delimiters_and_spreadsheet_habits_are_understood(content: bytes) -> None:
    assert orders_of(content) == [(ORDER, "SHOPIFY", "77")]
    assert complaints_of(content) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",SHOPIFY,77", "order_id is empty."),
        (f"{ORDER},,77", "platform is empty."),
        (f"{ORDER},SHOPIFY", "external_order_id is empty."),
        ("5.76461E+17,SHOPIFY,77", "order_id was rounded by a spreadsheet."),
        (f"{ORDER},SHOPIFY,=HYPERLINK(1)", "external_order_id is a formula"),
        (f"{ORDER},SHOPIFY,+1", "external_order_id is a formula"),
        (f"{ORDER},@SUM,77", "platform is a formula"),
        (f"{ORDER},SHOPIFY,<script>", "external_order_id is not a plain name or number."),
        ("abc,SHOPIFY,77", "order_id is not a number as TikTok gives it."),
        ("\u0665\u0667\u0666\u0664\u0666\u0661,SHOPIFY,77", "order_id is not a number as TikTok"),
        (f"{ORDER},SHOPIFY,{'7' * 129}", "external_order_id is longer than 128 characters."),
        (f"{ORDER},SHOPIFY,77,677086512123755123", "line_item_id has no external_line_item_id"),
        (f'{ORDER},SHOPIFY,"77', "The quotation marks of this line do not match."),
        ("x" * 20_001, "The line is longer than 20000 characters."),
        (f"{ORDER},SHOPIFY,7\0", "external_order_id is not a plain name or number."),
    ],
)
def test_a_bad_line_is_told_by_its_number_and_costs_no_other_line(line: str, reason: str) -> None:
    content = HEAD + f"{ORDER},SHOPIFY,1\n{line}\n576461413038785753,SHOPIFY,2\n".encode()
    assert orders_of(content) == [
        (ORDER, "SHOPIFY", "1"),
        ("576461413038785753", "SHOPIFY", "2"),
    ]
    ((number, told),) = complaints_of(content)
    assert number == 3
    assert told.startswith(reason)


def test_one_quotation_mark_too_many_does_not_swallow_the_rest() -> None:
    many = "".join(f"57646141303878{n:04},SHOPIFY,{n}\n" for n in range(200))
    content = HEAD + b'576461413038785752,"SHOPIFY,1\n' + many.encode()
    assert len(orders_of(content)) == 200
    assert complaints_of(content) == [(2, "The quotation marks of this line do not match.")]


@pytest.mark.parametrize("content", [b"", b"\n", b"a,b\n1,2\n", b"\xff\xfe", b"PK\x03\x04\x00\x00"])
def test_a_file_without_headings_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(BadRequest, match="order_id, platform, external_order_id is missing"):
        read_references(content)


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(BadRequest, match="larger than 20 MB"):
        read_references(b" " * (LARGEST_BYTES + 1))


def test_importing_keeps_unknown_orders_and_tells_them(records: ShopRecords) -> None:
    token = records.grant("backward", 1)
    columns = ("order_id", "order_key", "create_time", "update_time")
    known = Write(ORDERS, columns, [(ORDER, int(ORDER), 1, 2)])
    records.commit("backward", token, Commit(writes=(known,), fetched_at=1))
    content = HEAD + f"{ORDER},Shopify,1\n576461413038785753,Shopify,2,,L\nbad,x,y\n".encode()
    report = import_references(records, FakeClock(1_800_000_000.0), content)
    assert (report.orders, report.line_items) == (2, 1)
    assert report.complaints == [
        Complaint(3, "This order is not imported yet.", kept=True),
        Complaint(4, "order_id is not a number as TikTok gives it."),
    ]
    kept = records.query("SELECT order_id, platform, external_order_id FROM external_orders")
    assert len(kept) == 2


def test_importing_the_same_file_again_changes_nothing_and_loses_nothing(
    records: ShopRecords,
) -> None:
    content = HEAD + f"{ORDER},Shopify,1,,L-1\n".encode()
    clock = FakeClock(1_800_000_000.0)
    first = import_references(records, clock, content)
    other = HEAD + f"{ORDER},Amazon,A-7\n".encode()
    clock.instant += 60
    import_references(records, clock, other)
    assert import_references(records, clock, content) == first
    rows = records.query("SELECT platform, external_order_id, fetched_at FROM external_orders")
    assert sorted(map(tuple, rows)) == [
        ("AMAZON", "A-7", 1_800_000_060),
        ("SHOPIFY", "1", 1_800_000_000),
    ]


def test_importing_a_file_does_not_disturb_an_import(records: ShopRecords) -> None:
    token = records.grant("backward", 1)
    import_references(records, FakeClock(), HEAD + f"{ORDER},Shopify,1\n".encode())
    records.commit("backward", token, Commit(fetched_at=1))
    assert records.query("SELECT count(*) FROM external_orders")[0][0] == 1


# --- the command ---


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Answering]:
    test = answering(tmp_path)
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    yield test
    test.here.close()


def test_a_file_is_taken_over_from_the_command_line(filled: Answering, tmp_path: Path) -> None:
    runner = filled.app.test_cli_runner()
    file = tmp_path / "references.csv"
    file.write_bytes(HEAD + f"{ORDER},Shopify,1\nbad,Shopify,2\n".encode())
    place = ("111", str(file))
    result = runner.invoke(args=["external-orders", *place])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[1:] == [
        "2     This order is not imported yet.",
        "3     order_id is not a number as TikTok gives it.",
        "Kept: 1 orders, 0 line items.",
    ]
    as_json = runner.invoke(args=["external-orders", *place, "--json"]).output.splitlines()
    assert as_json[1] == (
        '{"line":3,"reason":"order_id is not a number as TikTok gives it.","kept":false}'
    )


def test_the_sample_account_takes_no_files(filled: Answering, tmp_path: Path) -> None:
    file = tmp_path / "references.csv"
    file.write_bytes(HEAD)
    filled.here.accounts.ensure_sample("Sample Account", "US")
    result = filled.app.test_cli_runner().invoke(args=["external-orders", "sample", str(file)])
    assert result.exit_code == 2
    assert "Sample Account" in result.output


# --- an import from the simulator ---


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    opened = ShopUnderTest(tmp_path / "shop", world_of())
    yield opened
    opened.close()


def references(shop: ShopUnderTest) -> list[Asked]:
    return [asked for asked in shop.calls if asked.path.endswith("/external_orders")]


def test_nobody_asks_for_references_unless_they_are_wanted(shop: ShopUnderTest) -> None:
    shop.work(data=["orders"])
    assert references(shop) == []


def test_each_order_is_asked_for_once_and_never_more_than_the_daily_number(
    shop: ShopUnderTest,
) -> None:
    wanted: dict[str, Any] = {"data": ["orders", "external_orders"], "in_flight": 1}
    shop.work(daily_calls={"external_orders": 30}, **wanted)
    assert len(references(shop)) == 30
    assert {asked.query["platform"] for asked in references(shop)} == {"SHOPIFY"}
    shop.work(daily_calls={"external_orders": 30}, began_at=NOW + 60, **wanted)
    assert len(references(shop)) == 30, "the calls of the day are spent"
    shop.work(daily_calls={"external_orders": 10_000}, began_at=NOW + 120, **wanted)
    asked = [one.path.split("/")[-2] for one in references(shop)]
    assert len(asked) == len(set(asked)), "each once"
    gateway: Any = shop.between.behind
    told = {
        (row["order_id"], row["platform"], row["id"])
        for row in rows_of(gateway.gateway, "external_orders", None)
        if row["order_id"] in asked
    }
    kept = shop.records.query("SELECT order_id, platform, external_order_id FROM external_orders")
    assert {tuple(row) for row in kept} == told != set()


def test_young_orders_are_asked_for_a_day_later(shop: ShopUnderTest) -> None:
    shop.work(data=["orders", "external_orders"], daily_calls={"external_orders": 10_000})
    asked = {one.path.split("/")[-2] for one in references(shop)}
    young = shop.records.query("SELECT order_id FROM orders WHERE create_time >= ?", [NOW - 86_400])
    assert young
    assert not asked & {row[0] for row in young}
