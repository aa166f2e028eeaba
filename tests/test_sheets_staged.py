"""Tables too large for one request: a hidden tab is filled first, then one write shows everything.

The size of one write is made small, so that a handful of rows is already too many.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import sheets_export.assembly
import sheets_export.turn
from errors import BadRequest
from sheets_export.formats import TEXT
from sheets_export.table import Column
from sheets_export.target import Mode
from tests.sheets_emulator.faults import Fault, Scripted
from tests.sheets_writing import AUGUST, DATE, GMV, PRODUCT, Writing, table

pytestmark = pytest.mark.slow

HEADER = ["Date", "Product", "Units", "GMV"]
MODES: tuple[Mode, ...] = ("replace", "upsert", "append")


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets_export.assembly, "ONE_WRITE_BYTES", 3_000)
    monkeypatch.setattr(sheets_export.turn, "CHUNK_BYTES", 400)
    monkeypatch.setattr("sheets_export.cells._ROWS_AT_ONCE", 10)


def rows(count: int, first: int = 0, name: str = "Product") -> list[list[object]]:
    return [[AUGUST + n, f"{name} {n}", n, n / 4] for n in range(first, first + count)]


def titles(writing: Writing) -> list[str]:
    return [tab.title for tab in writing.emulator.books[writing.book_id].tabs]


def block(writing: Writing, mode: Mode = "replace") -> list[list[object]]:
    skipped = 1 if mode == "append" else 0
    return [row[skipped:] for row in writing.rows(width=4 + skipped)]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("mode", MODES)
def test_a_large_table_is_shown_at_once_and_the_staging_tab_goes(
    writing: Writing, mode: Mode
) -> None:
    writing.refresh(table(*rows(45)), mode=mode)
    assert block(writing, mode) == [HEADER, *rows(45)]
    assert titles(writing) == ["Sheet1", "Sales"]
    assert writing.emulator.books[writing.book_id].metadata[0]["metadataKey"] != (
        "tiktok_shop_staging"
    )


@pytest.mark.usefixtures("small")
def test_calls_are_chunks_and_two_writes(writing: Writing) -> None:
    writing.refresh(table(*rows(45)))
    # 45 rows in parts of 10, of which 400 bytes hold one: make the tab, five parts, the write.
    assert writing.counted().count("Write") == 7


@pytest.mark.usefixtures("small")
def test_nobody_sees_a_part_of_it(writing: Writing) -> None:
    writing.refresh(table(*rows(40)))
    old, new = [HEADER, *rows(40)], [HEADER, *rows(50, first=7)]
    seen: list[bool] = []

    def look() -> None:
        found = writing.cells("sales")
        assert found in (old, new)
        seen.append(found == new)

    writing.emulator.between.append(look)
    writing.refresh(table(*rows(50, first=7)))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (False, True)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("mode", MODES)
def test_texts_that_begin_like_formulas_stay_texts(writing: Writing, mode: Mode) -> None:
    made = rows(45)
    for number, text in enumerate(["=1+1", "+1", "-1", "@A1", "'quoted", "=HYPERLINK(1)"]):
        made[number * 3][1] = text
    made[4][1] = "=next to another"
    for _ in range(2):
        writing.refresh(table(*made), mode=mode)
    shown = [row[1] for row in made]
    assert [row[-3] for row in block(writing, mode)[1:]] == shown * (2 if mode == "append" else 1)
    area = writing.cells("Sales!A1:E90", render="FORMULA")
    assert any("=1+1" in row for row in area)
    assert not any("=" in str(cell)[:1] for row in writing.cells("Sales!D15:E90") for cell in row)


@pytest.mark.usefixtures("small")
def test_no_such_text_goes_through_the_clipboard(writing: Writing) -> None:
    made = rows(45)
    made[7][1] = "=1+1"
    staged: list[list[object]] = []

    def look() -> None:
        for title in titles(writing):
            if title.startswith("tiktok_shop_staging"):
                staged[:] = writing.cells(f"{title}!B1:B45")

    writing.emulator.between.append(look)
    writing.refresh(table(*made))
    assert ["Product 6"] in staged
    assert ["=1+1"] not in staged
    assert writing.rows()[8][1] == "=1+1"


@pytest.mark.usefixtures("small")
def test_a_column_of_nothing_but_formulas_is_as_good_as_any(writing: Writing) -> None:
    made = [[AUGUST + n, f"={n}", n, n] for n in range(45)]
    writing.refresh(table(*made))
    assert block(writing) == [HEADER, *made]


@pytest.mark.usefixtures("small")
def test_a_large_upsert_puts_every_row_where_it_belongs(writing: Writing) -> None:
    writing.refresh(table(*reversed(rows(30))), mode="upsert")
    changed = [[row[0], row[1], -1, -1] for row in rows(45)]
    writing.refresh(table(*changed), mode="upsert")
    assert block(writing) == [HEADER, *reversed(changed[:30]), *changed[30:]]


@pytest.mark.usefixtures("small")
def test_fewer_rows_and_nulls_leave_nothing_of_the_old_ones(writing: Writing) -> None:
    writing.refresh(table(*rows(80)))
    made = [[row[0], None, None, 1] for row in rows(50)]
    writing.refresh(table(*made))
    assert block(writing) == [HEADER, *[[row[0], "", "", 1] for row in made]]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("skipped", range(2))
def test_an_answer_that_is_lost_anywhere_changes_nothing(
    writing: Writing, mode: Mode, committed: bool, skipped: int
) -> None:
    """The first batchUpdate makes the staging tab, the second is the write that everybody sees."""
    batches: list[str] = []

    def nth(method: str) -> bool:
        if method.endswith("batchUpdate"):
            batches.append(method)
            return len(batches) == skipped + 1
        return False

    writing.emulator.script.add(Scripted(Fault.NO_ANSWER, committed, of=nth))
    writing.emulator.script.add(
        Scripted(Fault.UNAVAILABLE, of=lambda m: m.endswith("values.update"))
    )
    writing.refresh(table(*rows(45)), mode=mode)
    assert block(writing, mode) == [HEADER, *rows(45)]
    assert titles(writing) == ["Sheet1", "Sales"]


@pytest.mark.usefixtures("small")
def test_what_a_writer_left_when_it_died_goes_with_the_next_refresh(writing: Writing) -> None:
    class Died(Exception):
        pass

    writing.refresh(table(*rows(2)))

    def die() -> None:
        if any(title.startswith("tiktok_shop_staging") for title in titles(writing)):
            raise Died

    writing.emulator.between.append(die)
    with pytest.raises(Died):
        writing.refresh(table(*rows(45)), run="r1")
    writing.emulator.between.clear()
    assert len(titles(writing)) == 3
    writing.clock.sleep(300)
    writing.refresh(table(*rows(3)), run="r2")
    assert titles(writing) == ["Sheet1", "Sales"]
    assert block(writing) == [HEADER, *rows(3)]


@pytest.mark.usefixtures("small")
def test_a_staging_tab_that_somebody_deleted_is_made_again(writing: Writing) -> None:
    writing.refresh(table(*rows(2)))
    done: list[bool] = []

    def meddle() -> None:
        found = [title for title in titles(writing) if title.startswith("tiktok_shop_staging")]
        if found and not done and writing.emulator.seen[-1].method.endswith("values.update"):
            done.append(True)
            writing.by_hand({"deleteSheet": {"sheetId": writing.sheet_id(found[0])}})

    writing.emulator.between.append(meddle)
    writing.refresh(table(*rows(45)))
    assert (done, block(writing)) == ([True], [HEADER, *rows(45)])
    assert titles(writing) == ["Sheet1", "Sales"]


@pytest.mark.usefixtures("small")
def test_a_column_inserted_while_it_is_staged_stops_it_before_anything_is_shown(
    writing: Writing,
) -> None:
    writing.refresh(table(*rows(2)))
    done: list[bool] = []

    def meddle() -> None:
        if not done and any(title.startswith("tiktok_shop_staging") for title in titles(writing)):
            done.append(True)
            place = {"sheetId": writing.sheet_id(), "dimension": "COLUMNS",
                     "startIndex": 2, "endIndex": 3}  # fmt: skip
            writing.by_hand({"insertDimension": {"range": place}})

    writing.emulator.between.append(meddle)
    with pytest.raises(Exception, match="Column C of the tab “Sales” was inserted"):
        writing.refresh(table(*rows(45)))
    assert [row[:2] for row in writing.rows(width=2)] == [HEADER[:2], *[r[:2] for r in rows(2)]]


def test_room_for_the_staging_tab_is_looked_for_before_anything_is_written(
    writing: Writing,
) -> None:
    """200,000 rows of four columns twice are 1.6 million cells."""
    big = {"title": "Big", "gridProperties": {"rowCount": 89_000, "columnCount": 100}}
    writing.by_hand({"addSheet": {"properties": big}})
    with pytest.raises(BadRequest, match="more than 10,000,000 cells"):
        writing.refresh(table(*rows(200_000)))
    assert writing.counted() == ["Read"]


@pytest.mark.timeout(300)
def test_two_hundred_thousand_rows(writing: Writing) -> None:
    names = ["=1+1", "Cap", "Hat", "-", "Mug"]
    made = [[AUGUST + n % 700, f"{n:019d}", names[n % 1_000] if n % 1_000 < 5 else "Cap", n / 100]
            for n in range(200_000)]  # fmt: skip
    sku = Column("sku_name", "SKU", "text", TEXT)
    of = table(*made, columns=(DATE, PRODUCT, sku, GMV))
    writing.refresh(of)
    top = writing.header_row + 1
    for start in (0, 999, 150_000, 199_999):
        row = top + 1 + start
        assert writing.cells(f"Sales!A{row}:D{row}") == [made[start]]
    assert writing.said("Rows") == 200_000
    assert titles(writing) == ["Sheet1", "Sales"]
