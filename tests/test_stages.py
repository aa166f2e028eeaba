"""The stage table is complete and consistent with the endpoints and the record tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backfill.normalise.shop import normalise_shops
from backfill.stage import ById, Context, Images, InDays, InWindows, Stage, Whole
from backfill.stages import BY_NAME, DATA, LABELS, STAGES, in_order, shown
from catalogue.tables import TABLES
from store.commits import StageProgress, Write
from store.families import required_columns
from tests.importing import hashed_buyer
from tiktok_shop.endpoints import ENDPOINTS

#: What a stage that reads by id was asked for, where it is not an id with two times.
ASKED: dict[str, tuple[object, ...]] = {
    "statement_transactions": ("1", 2, "GBP", "5.00"),
    "statement_transaction_skus": ("1", "[]", "{}"),
}


def normalised(stage: Stage) -> tuple[Write, ...]:
    """What a stage makes of a record in which nothing is said."""
    context = Context(hashed_buyer, ASKED.get(stage.name, ("1", 2, 3)))
    return stage.normalise([{}], context).writes


def writes() -> list[Write]:
    made = [write for stage in STAGES for write in normalised(stage)]
    return [*made, *normalise_shops([], None, None).writes]


def test_every_stage_asks_an_endpoint_that_exists_by_filters_it_has() -> None:
    for stage in STAGES:
        endpoint = ENDPOINTS[stage.endpoint]
        if isinstance(stage.reads, ById):
            if stage.reads.id_filter:
                assert endpoint.id_filter(stage.reads.id_filter).limit
            else:
                assert f"{{{stage.reads.path}}}" in endpoint.path
        elif isinstance(stage.reads, InDays):
            assert "{date}" in endpoint.path or "/analytics/" in endpoint.path
        elif isinstance(stage.reads, Images):
            assert endpoint.name == "product_detail"
        elif stage.reads.axis is not None:
            assert endpoint.time_filter(stage.reads.axis).axis == stage.reads.axis
        if isinstance(stage.reads, InWindows):
            # Movements of stock cannot be sorted; their number is what tells a list that shifted.
            assert endpoint.ascending(stage.reads.axis) or stage.name == "fbt_records"
            assert endpoint.paging is not None


def test_every_stage_writes_the_tables_it_says() -> None:
    for stage in STAGES:
        written = {write.table for write in normalised(stage)}
        assert written == set(stage.tables), stage.name


def test_every_table_and_every_column_is_filled_by_some_stage() -> None:
    filled: dict[str, set[str]] = {}
    for write in writes():
        filled.setdefault(write.table.name, set()).update(write.columns)
    for table in TABLES.values():
        assert filled[table.name] == {column.name for column in table.columns}, table.name


def test_every_write_holds_what_the_store_needs_and_no_column_twice() -> None:
    for write in writes():
        assert required_columns(write.table) <= set(write.columns)
        assert len(set(write.columns)) == len(write.columns)
        assert "update_time" in write.columns or not write.table.has_update_time


def test_windows_are_on_the_axis_of_their_tables() -> None:
    for stage in STAGES:
        if isinstance(stage.reads, InWindows):
            axes = {table.axis for table in stage.tables}
            assert axes - {None} <= {stage.reads.axis}
        if isinstance(stage.reads, InDays):
            assert {table.axis for table in stage.tables} == {"day"}


def test_names_are_unique_and_labels_are_shown() -> None:
    assert len(BY_NAME) == len(STAGES)
    assert {stage.label for stage in STAGES} == set(LABELS)


def test_a_stage_comes_after_those_it_builds_on() -> None:
    names = [stage.name for stage in in_order(DATA)]
    assert len(names) == len(STAGES)
    for stage in STAGES:
        for earlier in (*stage.needs, *stage.after):
            assert names.index(earlier) < names.index(stage.name)
    assert names.index("orders") < names.index("product_details"), "orders are wanted sooner"


def test_data_is_chosen_by_words() -> None:
    assert [stage.name for stage in in_order(["orders"])] == ["orders", "returns", "cancellations"]
    assert "price_detail" not in [stage.name for stage in in_order()]
    assert [stage.name for stage in in_order(["price_detail"])] == ["price_detail"]
    with pytest.raises(ValueError, match="horoscopes"):
        in_order(["orders", "horoscopes"])


def test_a_stage_is_optional_only_when_people_can_name_it_alone() -> None:
    for stage in STAGES:
        if stage.optional:
            assert [one.name for one in in_order([stage.data])] == [stage.name]


def progress(stage: str, state: str, done: int, total: int | None) -> StageProgress:
    return StageProgress(stage, state, done, total)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("done", "done", "done"),
        ("done", "running", "running"),
        ("done", "pending", "running"),
        ("pending", "pending", "pending"),
        ("running", "waiting", "waiting"),
        ("failed", "running", "failed"),
        ("blocked", "done", "blocked"),
    ],
)
def test_a_label_shows_the_state_that_needs_most_attention(
    first: str, second: str, together: str
) -> None:
    (shown_one,) = shown(
        {
            "returns": progress("returns", first, 3, 10),
            "cancellations": progress("cancellations", second, 4, 6),
        }
    )
    assert (shown_one.stage, shown_one.state) == ("Refunds & Returns", together)
    assert (shown_one.done, shown_one.total) == (7, 16)


def test_a_total_is_shown_only_when_it_is_known() -> None:
    (one,) = shown(
        {
            "returns": progress("returns", "done", 3, 3),
            "cancellations": progress("cancellations", "running", 0, None),
        }
    )
    assert one.total is None
    assert one.finished_at is None


def test_what_stands_in_the_way_is_shown() -> None:
    waiting = replace(
        progress("returns", "waiting", 1, 2), waits_for="TikTok", error="E", reference="R"
    )
    (one,) = shown({"returns": waiting, "cancellations": progress("cancellations", "done", 1, 1)})
    assert (one.waits_for, one.error, one.reference) == ("TikTok", "E", "R")


def test_whole_lists_that_can_be_long_can_be_split() -> None:
    for stage in STAGES:
        if isinstance(stage.reads, Whole) and ENDPOINTS[stage.endpoint].paging is not None:
            assert stage.reads.axis is not None
