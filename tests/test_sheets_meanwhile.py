"""Somebody puts rows or columns in or out in the moment between a look and its write, which Google
takes at the places that were seen: the table is put right where that can be, and told where not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sheets_export.target import Mode, Written
from tests.sheets_writing import AUGUST, Writing, table
from tests.test_sheets_neighbours import CAP, HAT, HEADER, MUG, delete, insert

pytestmark = pytest.mark.slow

OLD, OLDER = [AUGUST - 9, "Old", 7, 7], [AUGUST - 8, "Older", 8, 8]

#: What is done, with the header's row.
Edit = Callable[[Writing, int], None]
EDITS: dict[str, Edit] = {
    "a row above": lambda writing, _: insert(writing, "ROWS", 0),
    "a row inside": lambda writing, header: insert(writing, "ROWS", header + 2),
    "no row inside": lambda writing, header: delete(writing, "ROWS", header + 1),
    "a row below": lambda writing, header: insert(writing, "ROWS", header + 30),
    "a column before": lambda writing, _: insert(writing, "COLUMNS", 0),
    "no column beside": lambda writing, _: delete(writing, "COLUMNS", 6),
}


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path)


def refresh_meanwhile(writing: Writing, edit: Edit, new: list[Any], mode: Mode) -> Written:
    """A refresh in which somebody edits after it has looked."""
    calls, header = iter(range(50)), writing.header_row

    def meanwhile() -> None:
        if next(calls) == 1:
            edit(writing, header)

    writing.emulator.between.append(meanwhile)
    done = writing.refresh(table(*new), mode)
    writing.emulator.between.clear()
    return done


def block(writing: Writing) -> list[Any]:
    assert writing.place is not None
    left = writing.place.left
    area = f"Sales!{'AB'[left]}{writing.header_row + 1}:{'DE'[left]}90"
    return writing.cells(area)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("rows", [[OLD, CAP], [OLD, OLDER, CAP, HAT, MUG]], ids=["same", "more"])
def test_a_table_that_is_replaced_is_put_right_at_once(
    writing: Writing, edit: Edit, rows: list[Any]
) -> None:
    writing.refresh(table(OLD, CAP))
    done = refresh_meanwhile(writing, edit, rows, "replace")
    assert block(writing) == [HEADER, *rows]
    assert "was written again" in " ".join(done.notes)
    assert "was written again" in writing.cells("Sales!A1:Z15").__str__()
    again = writing.refresh(table(*rows))
    assert (block(writing), again.notes) == ([HEADER, *rows], ())


@pytest.mark.parametrize(
    "edit", [EDITS["a row above"], EDITS["a column before"]], ids=["row", "column"]
)
def test_nothing_of_it_is_left_where_it_was_written_by_mistake(
    writing: Writing, edit: Edit
) -> None:
    writing.refresh(table(OLD, CAP))
    refresh_meanwhile(writing, edit, [OLD, CAP, HAT], "replace")
    place = writing.place
    assert place is not None
    assert (place.top, place.left) in ((1, 0), (0, 1))
    assert writing.cells("Sales!A1:A90" if place.left else "Sales!A1:Z1") == []


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("mode", ["upsert", "append"])
def test_rows_that_stay_may_be_lost_which_is_said_and_nothing_is_refused_afterwards(
    writing: Writing, mode: Mode, edit: Edit
) -> None:
    """Their values are nowhere else: only the spreadsheet's own history can give them back."""
    writing.refresh(table(OLD, OLDER, CAP), mode)
    done = refresh_meanwhile(writing, edit, [CAP, HAT, MUG], mode)
    assert "Version history" in " ".join(done.notes)
    assert "Version history" in writing.cells("Sales!A1:Z15").__str__()
    again = writing.refresh(table(CAP, HAT, MUG), mode)
    assert again.notes == ()
    rows = block(writing)
    assert [row for row in rows if "Date" in row] == [rows[0]], "one header"
    if mode == "upsert":
        assert all(row in rows for row in (CAP, HAT, MUG))


def test_a_quiet_refresh_takes_one_read_and_one_write(writing: Writing) -> None:
    writing.refresh(table(OLD, CAP))
    writing.counted()
    assert writing.refresh(table(OLD, CAP, HAT)).notes == ()
    assert writing.counted() == ["Read", "Write"]
