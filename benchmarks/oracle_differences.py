"""An expected and an actual answer compared, in sentences that a person can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from benchmarks.oracle import Answer
from benchmarks.oracle_filters import Cell

#: Relative distance that ratios and means may have, because they are not decimals.
TOLERANCE: Final = 1e-9
_EXACT: Final = Decimal("0.0001")
_SHOWN: Final = 8  # sentences per answer


def differences(expected: Answer, actual: Mapping[str, Any]) -> list[str]:
    """What is wrong with a Looker getData response; nothing when it is right.

    Amounts and counts must be equal to the fourth decimal, ratios and means within TOLERANCE.
    The order of rows counts.
    """
    found: list[str] = []
    names = [column["name"] for column in actual["schema"]]
    if names != expected.schema:
        return [f"the columns are {names} and should be {expected.schema}"]
    if actual.get("filtersApplied") is not True:
        found.append("filtersApplied is not true")
    rows: list[list[Cell]] = [list(row["values"]) for row in actual["rows"]]
    wrong_shape = [row for row in rows if len(row) != len(names)]
    if wrong_shape:
        return [*found, f"{len(wrong_shape)} rows do not have {len(names)} values"]
    wanted = expected.rows
    for row in rows:
        for place in expected.seconds:
            row[place] = _unquoted(row[place])
    if expected.hashed:
        found += _unsorted_hashes(rows, expected)
        rows, wanted = _unhashed(rows, expected.hashed), _unhashed(wanted, expected.hashed)
    if len(rows) != len(wanted):
        found.append(f"there are {len(rows)} rows and should be {len(wanted)}")
    return (found + _by_cell(names, wanted, rows))[:_SHOWN]


def _unquoted(cell: Cell) -> Cell:
    """A length of time out of its text; a bare number is as wrong as any text would be."""
    if cell is None:
        return None
    return float(cell) if isinstance(cell, str) else f"{cell} and no text"


def same(expected: Cell, actual: Cell) -> bool:
    """Whether one cell is right."""
    if expected is None or isinstance(expected, bool | str):
        return actual == expected and type(actual) is type(expected)
    if actual is None or isinstance(actual, bool | str):
        return False
    if isinstance(expected, float):
        return abs(float(actual) - expected) <= TOLERANCE * max(abs(expected), abs(float(actual)))
    return Decimal(str(actual)).quantize(_EXACT) == Decimal(expected).quantize(_EXACT)


def _by_cell(
    names: Sequence[str], wanted: Sequence[Sequence[Cell]], rows: Sequence[Sequence[Cell]]
) -> list[str]:
    found = []
    for place, (right, given) in enumerate(zip(wanted, rows, strict=False), start=1):
        for name, expected, actual in zip(names, right, given, strict=True):
            if not same(expected, actual):
                found.append(
                    f"row {place} {list(map(str, right))}: "
                    f"{name} is {actual!r} and should be {expected!s}"
                )
        if len(found) >= _SHOWN:
            break
    longer = wanted if len(wanted) > len(rows) else rows
    for extra in longer[min(len(wanted), len(rows)) :][:1]:
        word = "missing" if longer is wanted else "too many"
        found.append(f"{word} at the end: {list(map(str, extra))}")
    return found


def _unsorted_hashes(rows: Sequence[Sequence[Cell]], expected: Answer) -> list[str]:
    """A first column that is hashed must still be ascending, nothing last."""
    place = min(expected.hashed)
    shown = [(row[place] is None, str(row[place])) for row in rows]
    return [] if place or shown == sorted(shown) else ["the hashed first column is not ascending"]


def _unhashed(rows: Sequence[Sequence[Cell]], hashed: frozenset[int]) -> list[list[Cell]]:
    """Rows with each hash replaced by what else is said about it, and sorted.

    Two tables that differ only by an exchange of one text for another become equal.
    """
    (place,) = hashed
    said: dict[Cell, Counter[str]] = {}
    for row in rows:
        others = repr([_plain(cell) for spot, cell in enumerate(row) if spot != place])
        said.setdefault(row[place], Counter())[others] += 1
    label = {
        value: None if value is None else repr(sorted(lines.items()))
        for value, lines in said.items()
    }
    renamed = [[*row[:place], label[row[place]], *row[place + 1 :]] for row in rows]
    return sorted(renamed, key=lambda row: (repr([_plain(cell) for cell in row]), _numbers(row)))


def _numbers(row: Sequence[Cell]) -> list[float]:
    """Of rows that are the same to the fourth decimal, ratios tell which is which."""
    return [float(cell) for cell in row if cell is not None and not isinstance(cell, bool | str)]


def _plain(cell: Cell) -> Cell:
    """A number as one and the same text whether it is exact or not; anything else as it is."""
    return cell if cell is None or isinstance(cell, bool | str) else f"{float(cell):.4f}"
