"""What the API makes of a value it is given: RAW keeps it, USER_ENTERED reads it as typing."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final

from .grid import Formula, Value
from .number_formats import EPOCH
from .refusals import TOO_LONG, Json, invalid

TEXT_LIMIT: Final = 50_000

NUMBER: Final = re.compile(
    r"([-+]?)(\$?)([-+]?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE]([-+]?\d+))?(%?)"
)
ISO_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
US_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
ISO_TIME: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{2})(?::(\d{2}))?")


def bounded(text: str) -> str:
    if len(text) > TEXT_LIMIT:
        raise invalid(TOO_LONG)
    return text


def raw(value: Any) -> Value | None:
    """A JSON scalar as it stands; the empty string empties the cell."""
    if isinstance(value, str):
        return bounded(value) or None
    assert value is None or isinstance(value, bool | int | float)
    return value


def user_entered(value: Any) -> tuple[Value | None, Json]:
    """The value, and the number format that typing it would give the cell ({} if none)."""
    if not isinstance(value, str):
        return raw(value), {}
    text = bounded(value)
    if text.startswith("'"):
        return text[1:] or None, {}
    if text.startswith("=") and len(text) > 1:
        return Formula(text), {}
    bare = text.strip()
    if bare.upper() in {"TRUE", "FALSE"}:
        return bare.upper() == "TRUE", {}
    for read in (_number, _day, _moment):
        found = read(bare)
        if found is not None:
            return found
    return text or None, {}


def _number(text: str) -> tuple[Value, Json] | None:
    match = NUMBER.fullmatch(text)
    if not match or (match[1] and match[3]) or (match[2] and match[6]):
        return None
    number = float(match[4].replace(",", "")) * 10 ** int(match[5] or 0)
    if "-" in (match[1], match[3]):
        number = -number
    places = len(match[4].partition(".")[2])
    if match[6]:
        pattern = "0.00%" if places else "0%"
        return number / 100, {"type": "PERCENT", "pattern": pattern}
    if match[2]:
        pattern = '"$"#,##0.00' if places else '"$"#,##0'
        return number, {"type": "CURRENCY", "pattern": pattern}
    if "," in match[4]:
        return number, {"type": "NUMBER", "pattern": "#,##0.00" if places else "#,##0"}
    if match[5]:
        return number, {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    return number, {}


def serial(moment: datetime) -> float:
    """Days since 30 December 1899."""
    gap = moment - EPOCH
    return gap.days + gap.seconds / 86_400


def _day(text: str) -> tuple[Value, Json] | None:
    if match := ISO_DATE.fullmatch(text):
        year, month, day, pattern = int(match[1]), int(match[2]), int(match[3]), "yyyy-mm-dd"
    elif match := US_DATE.fullmatch(text):
        year, month, day, pattern = int(match[3]), int(match[1]), int(match[2]), "m/d/yyyy"
    else:
        return None
    try:
        days = (date(year, month, day) - EPOCH.date()).days
    except ValueError:
        return None
    return days, {"type": "DATE", "pattern": pattern}


def _moment(text: str) -> tuple[Value, Json] | None:
    match = ISO_TIME.fullmatch(text)
    if not match:
        return None
    try:
        moment = datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
    pattern = "yyyy-mm-dd h:mm:ss" if match[6] else "yyyy-mm-dd h:mm"
    return serial(moment), {"type": "DATE_TIME", "pattern": pattern}
