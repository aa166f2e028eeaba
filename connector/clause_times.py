"""Values of filters on time, as people and the files write them → Looker's digits. Pure.

A filter compares the digits that Looker shows (developers.google.com/looker-studio/connector/
semantics): 20261101 for a day. Whatever is no such time would quietly meet nothing, or everything,
and is refused. A time that is less exact than the field, such as the day of a moment, stands for
all of it: from its first second to its last.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from catalogue.field import Dimension
from errors import BadRequest

#: These compare with a part of the shown text, or with nothing.
_NOT_A_TIME: Final = frozenset(
    {"CONTAINS", "REGEXP_EXACT_MATCH", "REGEXP_PARTIAL_MATCH", "IS_NULL"}
)
#: operator -> whether each value stands for its end rather than its beginning
_ENDS: Final = {
    "BETWEEN": (False, True),
    "NUMERIC_GREATER_THAN": (True,),
    "NUMERIC_GREATER_THAN_OR_EQUAL": (False,),
    "NUMERIC_LESS_THAN": (False,),
    "NUMERIC_LESS_THAN_OR_EQUAL": (True,),
}
_MOMENT: Final = re.compile(
    r"(\d{4})[-/]?(\d\d)[-/]?(\d\d)"
    r"(?:[T ]?(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d{1,9})?)?)?)?",
    re.ASCII,
)
_MONTH: Final = re.compile(r"(\d{4})[-/]?(0[1-9]|1[0-2])(?:[-/]?\d\d)?", re.ASCII)
_QUARTER: Final = re.compile(r"(\d{4})-?Q?([1-4])", re.ASCII)
_WEEK: Final = re.compile(r"(\d{4})-?W?(0[1-9]|[1-4]\d|5[0-3])", re.ASCII)
_YEAR: Final = re.compile(r"(\d{4})", re.ASCII)
_PART: Final = re.compile(r"\d{1,4}", re.ASCII)
_FIRST_SECOND: Final = "000000"
_LAST_SECOND: Final = "235959"


class _Span(NamedTuple):
    """The first and the last of the shown texts that a value stands for."""

    first: str
    last: str


def _moment(digits: int) -> Callable[[str], _Span | None]:
    def read(value: str) -> _Span | None:
        found = _MOMENT.fullmatch(value)
        if found is None:
            return None
        given = "".join(part for part in found.groups() if part)
        first, last = (given + end[len(given) - 8 :] for end in (_FIRST_SECOND, _LAST_SECOND))
        try:
            dt.datetime.fromisoformat(f"{first[:8]}T{first[8:]}")
        except ValueError:
            return None
        return _Span(first[:digits], last[:digits])

    return read


def _joined(pattern: re.Pattern[str]) -> Callable[[str], _Span | None]:
    def read(value: str) -> _Span | None:
        found = pattern.fullmatch(value)
        return _Span(*["".join(found.groups())] * 2) if found else None

    return read


def _part(digits: int) -> Callable[[str], _Span | None]:
    """A part of the calendar, whose zeros in front may be missing."""

    def read(value: str) -> _Span | None:
        return _Span(*[str(int(value)).zfill(digits)] * 2) if _PART.fullmatch(value) else None

    return read


#: semantic type -> how a value is read, and what the sentence of a refusal asks for
_TIMES: Final[Mapping[str, tuple[Callable[[str], _Span | None], str]]] = {
    "YEAR_MONTH_DAY": (_moment(8), "a day such as 2026-11-01"),
    "YEAR_MONTH_DAY_HOUR": (_moment(10), "a day or an hour such as 2026-11-01 10:00"),
    "YEAR_MONTH_DAY_SECOND": (_moment(14), "a day such as 2026-11-01, or 2026-11-01 10:30:00"),
    "YEAR_MONTH": (_joined(_MONTH), "a month such as 2026-11"),
    "YEAR_QUARTER": (_joined(_QUARTER), "a quarter such as 2026-Q4"),
    "YEAR_WEEK": (_joined(_WEEK), "a week such as 2026-W45"),
    "YEAR": (_joined(_YEAR), "a year such as 2026"),
    "MONTH_DAY": (_part(4), "a month and day such as 1101"),
    "MONTH": (_part(2), "a number such as 11"),
    "WEEK": (_part(2), "a number such as 45"),
    "DAY": (_part(2), "a number such as 01"),
    "HOUR": (_part(2), "a number such as 10"),
    "DAY_OF_WEEK": (_part(1), "a number such as 0 for Sunday"),
    "QUARTER": (_part(1), "a number such as 4"),
}


def read_times(
    field: Dimension, operator: str, values: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """(operator, values) about the shown digits of `field`; as given where it is no time.

    EQUALS with the day of a moment is a BETWEEN. Raises BadRequest for what is no time of the
    field's type, and for a less exact one in a list.
    """
    if field.semantic not in _TIMES or operator in _NOT_A_TIME:
        return operator, tuple(values)
    spans = [_read(field, value.strip()) for value in values]
    if operator in _ENDS:
        ends = zip(spans, _ENDS[operator], strict=True)
        return operator, tuple(span.last if is_end else span.first for span, is_end in ends)
    if all(span.first == span.last for span in spans):
        return operator, tuple(span.first for span in spans)
    if operator == "EQUALS":
        return "BETWEEN", tuple(spans[0])
    raise BadRequest(
        f"The filter on {field.label} compares exact times in a list; for whole days use BETWEEN."
    )


def _read(field: Dimension, value: str) -> _Span:
    read, wanted = _TIMES[field.semantic]
    span = read(value)
    if span is None:
        raise BadRequest(f"The filter on {field.label} needs {wanted}, but got {value[:60]!r}.")
    return span
