"""TikTok changes its answers without a word: whatever happens to a record, reading the page does
not fail, what is read can be stored, and the records beside it are read as ever (quality: G).
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backfill.run
from backfill.normalise.rows import Normalised, read_each
from backfill.normalise.values import WrongShape, money
from backfill.stage import Context, Stage
from backfill.stages import BY_NAME, in_order
from backfill.windows import floor_of
from tests.importing import NOW, ShopUnderTest, world_of

pytestmark = pytest.mark.slow

READ = (
    *("orders", "returns", "cancellations", "products", "product_details", "statements"),
    *("statement_transactions", "unsettled_transactions", "shop_performance"),
    *("product_performance", "video_performance", "live_sessions"),
)
#: Where the records are that are read one by one, when the page is one object around them.
LIST_IN = {
    "statement_transactions": ("transactions",),
    "shop_performance": ("performance", "intervals"),
}
MOST_RECORDS = 4

#: The page's stage, its records, what else its reading needs.
Page = tuple[str, list[Any], Context]

#: By stage: the first records of a real import.
PAGES: dict[str, Page] = {}


@pytest.fixture(scope="module", autouse=True)
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    def recording(stage: Stage) -> Stage:
        def normalise(received: Iterable[Any], context: Context) -> Normalised:
            given = list(received)
            records = copy.deepcopy(given)
            made = stage.normalise(given, context)
            if stage.name in READ and any(write.rows for write in made.writes):
                _, page, _ = PAGES.setdefault(stage.name, (stage.name, [], context))
                if stage.name not in LIST_IN:
                    page += records[: MOST_RECORDS - len(page)]
                elif not page:
                    page += records
                    del entries(stage.name, page)[MOST_RECORDS:]
            return made

        return replace(stage, normalise=normalise)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backfill.run, "in_order", lambda data: list(map(recording, in_order(data))))
        folder: Path = tmp_path_factory.mktemp("recorded")
        shop = ShopUnderTest(folder, world_of(orders=300))
        shop.work(start=floor_of(NOW, 10))
        shop.close()
    yield
    PAGES.clear()


def entries(stage: str, records: list[Any]) -> list[Any]:
    """The records that stand or fall alone."""
    inner: Any = records
    for name in LIST_IN.get(stage, ()):
        inner = (inner[0] if isinstance(inner, list) else inner)[name]
    assert isinstance(inner, list)
    return inner


# --- harm ---


@dataclass(frozen=True)
class Removed:
    """In the place of a value: the key is not there."""


def other_type(value: Any) -> Any:
    """A number as text, text as a number (or as a list), an object as a list and back."""
    match value:
        case bool() | None:
            return 7
        case int() | float():
            return str(value)
        case str():
            return int(value) if value.isdecimal() else [value]
        case dict():
            return [value]
        case _:
            return {"list": value}


HARM: dict[str, Callable[[Any], Any]] = {
    "removed": lambda _value: Removed(),
    "null": lambda _value: None,
    "other type": other_type,
    "empty text": lambda _value: "",
    "64 kB of text": lambda _value: "x" * 65_536,
    "NUL": lambda value: f"{value}\0",
    "emoji and right to left": lambda _value: "\N{PILE OF POO}\N{RIGHT-TO-LEFT OVERRIDE}",
    "a number too large": lambda _value: 2**64 - 1,
    "below zero": lambda _value: -1,
    "a fraction": lambda _value: 0.1,
    "true": lambda _value: True,
    "empty list": lambda _value: [],
    "list of null": lambda _value: [None],
    "empty object": lambda _value: {},
    "unknown key": lambda value: {**value, "new_in_2027": {"a": [1]}} if value else {"new": 1},
}


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to everything inside, the value itself left out."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, inner in inside:
        yield (*way, key)
        yield from places(inner, (*way, key))


def harmed(entry: Any, way: tuple[Any, ...], kind: str) -> None:
    for key in way[:-1]:
        entry = entry[key]
    value = entry[way[-1]]
    if kind == "unknown key" and not isinstance(value, dict):
        kind = "other type"
    new = HARM[kind](value)
    if isinstance(new, Removed):
        del entry[way[-1]]
    else:
        entry[way[-1]] = new


# --- the rule ---


def read(page: Page, records: list[Any]) -> Counter[str]:
    """The rows, each with its table; all of a kind that SQLite stores."""
    name, _, context = page
    normalised = BY_NAME[name].normalise(records, context)
    rows: Counter[str] = Counter()
    for write in normalised.writes:
        for row in write.rows:
            assert len(row) == len(write.columns)
            assert all(storable(value) for value in row), (write.table.name, row)
            rows[f"{write.table.name} {row!r}"] += 1
    return rows


def storable(value: object) -> bool:
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, str)


@pytest.mark.soak(cases=10_000)
@settings(max_examples=200)
@given(data=st.data())
def test_a_harmed_record_harms_no_other(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(READ))
    page = PAGES[name]
    records = copy.deepcopy(page[1])
    victim = data.draw(st.integers(0, len(entries(name, records)) - 1))
    entry = entries(name, records)[victim]
    for _ in range(data.draw(st.integers(1, 3))):
        if ways := list(places(entry)):
            harmed(entry, data.draw(st.sampled_from(ways)), data.draw(st.sampled_from(list(HARM))))
    without = copy.deepcopy(page[1])
    del entries(name, without)[victim]
    lost = read(page, without) - read(page, records)
    assert not lost


@pytest.mark.parametrize("name", READ)
def test_there_is_a_page_of_every_kind_and_its_records_are_read(name: str) -> None:
    """The control: a page that nobody harmed gives more rows than one with a record less."""
    page = PAGES[name]
    without = copy.deepcopy(page[1])
    del entries(name, without)[0]
    assert read(page, page[1]).total() > read(page, without).total() > 0


@pytest.mark.parametrize("strange", [None, 7, "text", [], {}, [[]], True])
@pytest.mark.parametrize("name", READ)
def test_a_record_that_is_something_else_altogether_harms_no_other(name: str, strange: Any) -> None:
    page = PAGES[name]
    records = copy.deepcopy(page[1])
    beside = read(page, records)
    entries(name, records).append(strange)
    assert not beside - read(page, records)


def test_a_reader_that_did_not_foresee_a_shape_puts_that_record_aside_alone() -> None:
    """The list stands where a word should, so that it cannot be looked up."""
    seen: list[object] = []
    records = [{"kind": "a"}, {"kind": ["a"]}, {"kind": "b"}]
    rejected = read_each(records, "parts", lambda record: seen.append({record["kind"]: 1}))
    assert seen == [{"a": 1}, {"b": 1}]
    assert rejected == (("parts[1]", "cannot be read"),)


def test_an_object_where_a_word_is_remembered_is_a_wrong_shape() -> None:
    with pytest.raises(WrongShape, match="is an object or a list"):
        money([])
