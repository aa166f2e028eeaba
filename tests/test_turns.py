"""Which stages of a run may go on side by side."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from backfill.stage import Stage
from backfill.stages import BY_NAME, DATA, in_order
from backfill.turns import before, next_stage, turns

ALL = in_order(DATA)


def names(*data: str) -> list[str]:
    return [stage.name for stage in in_order(data)]


def test_what_only_comes_first_because_it_is_wanted_sooner_holds_nothing_up() -> None:
    for name in ("returns", "statements", "product_performance", "fbt_records"):
        assert BY_NAME[name].after
        assert before(BY_NAME[name], ALL) == []


def test_a_stage_waits_for_those_whose_rows_it_builds_on() -> None:
    assert before(BY_NAME["inventory"], ALL) == ["products"]
    assert before(BY_NAME["statement_transactions"], ALL) == ["statements"]
    assert before(BY_NAME["fbt_inventory"], ALL) == ["products", "fbt_warehouses"]


def test_stages_that_write_the_same_table_take_turns() -> None:
    """Orders write the products of auctions, four stages a part each of the shop's day."""
    assert before(BY_NAME["orders"], ALL) == ["products"]
    assert before(BY_NAME["fbt_warehouses"], ALL) == ["warehouses"]
    assert before(BY_NAME["video_overview"], ALL) == ["shop_performance", "shop_exposure"]


def test_optional_stages_wait_for_all_others() -> None:
    usual = [stage.name for stage in ALL if not stage.optional]
    assert before(BY_NAME["sku_performance"], ALL) == usual


def test_a_run_that_does_not_read_what_a_stage_builds_on_does_not_wait_for_it() -> None:
    assert before(BY_NAME["sku_performance"], in_order(["sku_analytics"])) == []


def test_the_first_that_may_begin_is_next() -> None:
    stages = in_order(["orders", "products"])
    order = [stage.name for stage in stages]
    assert order[:4] == ["warehouses", "products", "orders", "returns"]

    waits = turns(stages)
    assert next_stage(waits, set(), set()) == "warehouses"
    assert next_stage(waits, {"warehouses"}, set()) == "products"
    begun = {"warehouses", "products"}
    assert next_stage(waits, begun, set()) == "returns", "orders wait for products"
    assert next_stage(waits, begun, {"products"}) == "orders"
    assert next_stage(waits, set(order), set(order)) is None


def test_a_stage_that_has_to_wait_is_nobodys_turn() -> None:
    stages = [stage for stage in ALL if stage.name in ("statements", "statement_transactions")]
    assert next_stage(turns(stages), {"statements"}, set()) is None


@pytest.mark.parametrize("seed", range(20))
def test_in_whatever_order_stages_end_all_have_their_turn(seed: int) -> None:
    draw = random.Random(seed)
    begun: set[str] = set()
    ended: set[str] = set()
    while len(ended) < len(ALL):
        found = next_stage(turns(ALL), begun, ended)
        if found is not None and (draw.random() < 0.7 or begun == ended):
            assert all(name in ended for name in BY_NAME[found].needs)
            begun.add(found)
        else:
            under_way = sorted(begun - ended)
            assert under_way, "somebody waits and nobody is at work"
            ended.add(draw.choice(under_way))


def test_no_two_stages_at_work_at_once_write_the_same_table() -> None:
    begun: set[str] = set()
    while (found := next_stage(turns(ALL), begun, ())) is not None:
        begun.add(found)
    written = [table.name for name in begun for table in BY_NAME[name].tables]
    assert len(begun) > 8
    assert len(written) == len(set(written))


def test_a_stage_of_ones_own_may_share_a_table_too() -> None:
    ours: Stage = replace(BY_NAME["returns"], name="ours")
    assert before(ours, [*ALL, ours]) == ["returns"]
