"""Random histories of a shop: whatever was committed and published in whatever order, the columns
show the records after a publication, and between two of them what the last one showed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import store.cold
import store.publish
from catalogue.tables import (
    CANCELLATIONS,
    ORDER_LINE_ITEM_PRICE_DETAIL,
    ORDER_LINE_ITEMS,
    ORDERS,
    PRODUCTS,
    RETURN_LINE_ITEMS,
    RETURNS,
    TABLES,
)
from store.engine import Engine
from tests.store_rows import DAY, NOON, Shop, differences, shown, write_of

WATCHED = (
    ORDERS,
    ORDER_LINE_ITEMS,
    ORDER_LINE_ITEM_PRICE_DETAIL,
    RETURNS,
    RETURN_LINE_ITEMS,
    CANCELLATIONS,
    PRODUCTS,
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so small that a few rows cross them, and no waiting for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(store.publish, "MOST_DELTA_ROOTS", 3)
    monkeypatch.setattr(store.publish, "BASE_ROWS_PER_ROOT", 1)
    monkeypatch.setattr(store.cold, "MONTHS_APART", 1)
    monkeypatch.setattr(store.cold, "LEAST_MONTHS", 2)
    monkeypatch.setattr("store.segment_file.CHUNK_ROWS", 2)
    monkeypatch.setattr("store.segment_file.GROUP_VALUES", 150)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


Rows = tuple[str, list[dict[str, object]]]

roots = st.integers(0, 11)
texts = st.sampled_from([None, "", "null", "UNPAID", "COMPLETED", 'a "b"\\', "é\n🧵"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5
)
amounts = st.none() | st.decimals(-999, 999, places=2).map(str) | st.just("n/a")
updates = st.integers(0, 3)


def placed_at(root: int) -> int:
    """The same for one root for ever; six months in all."""
    return NOON - (root % 6) * 31 * DAY - root


@st.composite
def writes(draw: st.DrawFn) -> Rows:
    """Rows of one table, and its name: whole or partial, with or without their header."""
    table = draw(st.sampled_from(WATCHED))
    chosen = draw(st.lists(roots, min_size=1, max_size=6))
    content = draw(
        st.sets(
            st.sampled_from(
                {
                    "orders": ["status", "paid_time", "is_cod", "total_amount", "buyer_key"],
                    "order_line_items": ["sku_name", "sale_price", "is_gift"],
                    "order_line_item_price_detail": ["payment", "tax_rate"],
                    "returns": ["return_status", "refund_total", "return_reason_text"],
                    "return_line_items": ["sku_name", "refund_total"],
                    "cancellations": ["cancel_status", "cancel_reason"],
                    "products": ["title", "status", "is_not_for_sale"],
                }[table.name]
            )
        )
    )
    rows = []
    for root in chosen:
        row: dict[str, object] = {table.root: f"R{root}", "update_time": draw(updates)}
        if table.axis:
            row[table.root.removesuffix("_id") + "_key"] = root - 5
            row[table.axis] = placed_at(root)
        if table.key[0] != table.root:
            row[table.key[0]] = f"R{root}-{draw(st.integers(0, 2))}"
        for name in sorted(content):
            kind = table[name].kind.value
            row[name] = draw(
                {
                    "text": texts,
                    "money": amounts,
                    "rate": amounts,
                    "flag": st.sampled_from([None, 0, 1]),
                }.get(kind, st.none() | st.integers(-(2**63), 2**63 - 1))
            )
        rows.append(row)
    return table.name, rows


def sorted_orders(shop: Shop, engine: Engine) -> list[dict[str, Any]]:
    return sorted(shown(shop, engine, ORDERS), key=lambda row: str(row["order_id"]))


#: A commit of one or more tables, or one of the things that are done to columns.
steps = st.lists(writes(), min_size=1, max_size=4) | st.sampled_from(
    ["publish", "publish", "publish when due", "rebuild", "damage", "open again"]
)


@pytest.mark.slow
@pytest.mark.soak
# No shrinking: a history costs a second, and finding a smaller one minutes.
@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(st.lists(steps, min_size=3, max_size=12))
def test_columns_always_show_the_records_of_the_last_publication(
    engine: Engine, history: list[list[Rows] | str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        for step in history:
            shop.clock.instant += 7
            if isinstance(step, list):
                before = sorted_orders(shop, engine)
                writes = [write_of(TABLES[name], *rows) for name, rows in step]
                shop.write(*writes, fetched_at=int(shop.clock.instant))
                assert sorted_orders(shop, engine) == before
                continue
            if step == "publish":
                shop.publish()
            elif step == "rebuild":
                shop.columns.rebuild()
            elif step == "damage":
                for segments in list(shop.columns.manifest().segments.values())[:2]:
                    segments[-1].path.unlink()
                shop.columns.check()
                shop.publish()
            elif step == "open again":
                shop.close()
                shop = Shop(Path(folder))
                continue
            elif not shop.columns.publish():
                continue
            assert differences(shop, engine, WATCHED) == []
        shop.publish()
        assert differences(shop, engine, WATCHED) == []
        shop.columns.rebuild()
        assert differences(shop, engine, WATCHED) == []
        shop.close()
