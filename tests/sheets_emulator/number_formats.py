"""Numbers and serial dates as a cell shows them, for the patterns that reports use (en_US)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from .refusals import Json

EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - serials carry no zone

DEFAULT_PATTERNS: Final = {
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "DATE": "m/d/yyyy",
    "TIME": "h:mm:ss am/pm",
    "DATE_TIME": "m/d/yyyy h:mm:ss",
    "SCIENTIFIC": "0.00E+00",
}
TEMPORAL: Final = frozenset({"DATE", "TIME", "DATE_TIME"})

PIECE: Final = re.compile(
    r'"([^"]*)"|\\(.)|(am/pm|AM/PM|a/p|y+|m+|M+|d+|h+|H+|s+)|([#0][#0,]*(?:\.[#0]+)?)|(.)'
)


def format_of(rest: Mapping[str, Any]) -> Json:
    """The cell's number format; {} for automatic."""
    found = rest.get("userEnteredFormat", {}).get("numberFormat", {})
    return found if isinstance(found, dict) else {}


def is_temporal(number_format: Json) -> bool:
    return number_format.get("type") in TEMPORAL


def shown_number(value: float, number_format: Json) -> str:
    kind = number_format.get("type")
    if kind in {None, "TEXT", "NUMBER_FORMAT_TYPE_UNSPECIFIED"}:
        return general(value)
    pattern = number_format.get("pattern") or DEFAULT_PATTERNS.get(kind, "")
    if not pattern or pattern.lower() == "general":
        return general(value)
    if kind in TEMPORAL:
        return _shown_time(value, pattern)
    if kind == "SCIENTIFIC":
        return f"{value:.2E}"
    return _shown_pattern(value, pattern)


def general(value: float) -> str:
    """Automatic: at most ten significant digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{float(mantissa):.5g}E{exponent[0]}{exponent[1:].zfill(2)}"


def _shown_pattern(value: float, pattern: str) -> str:
    sections = pattern.split(";")
    if value < 0 and len(sections) > 1:
        return _section(abs(value), sections[1])
    if value == 0 and len(sections) > 2:
        return _section(value, sections[2])
    text = _section(abs(value), sections[0])
    return "-" + text if value < 0 and any(c in "123456789" for c in text) else text


def _section(value: float, pattern: str) -> str:
    number = Decimal(repr(value)) * (100 if "%" in pattern else 1)
    text = ""
    for literal, escaped, _, digits, other in PIECE.findall(pattern):
        text += _digits(number, digits) if digits else literal + escaped + other
    return text


def _digits(number: Decimal, pattern: str) -> str:
    whole, _, fraction = pattern.partition(".")
    places = len(fraction)
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:,.{places}f}" if "," in whole else f"{rounded:.{places}f}"
    optional = len(fraction) - len(fraction.rstrip("#"))
    for _ in range(optional):
        text = text.removesuffix("0")
    head, dot, tail = text.removesuffix(".").partition(".")
    if not whole.count("0") and head == "0":
        head = ""
    return head.rjust(whole.replace(",", "").count("0"), "0") + dot + tail


def _shown_time(value: float, pattern: str) -> str:
    moment = EPOCH + timedelta(seconds=round(value * 86_400))
    half = "am/pm" in pattern.lower()
    hour = (moment.hour % 12 or 12) if half else moment.hour
    text, minutes_next = "", False
    pieces = PIECE.findall(pattern)
    for place, (literal, escaped, token, digits, other) in enumerate(pieces):
        if not token:
            text += literal + escaped + digits + other
            continue
        letter, size = token[0].lower(), len(token)
        if letter == "m":
            following = next((p[2][0].lower() for p in pieces[place + 1 :] if p[2]), "")
            minute = minutes_next or following == "s"
            text += _month(moment, size) if not minute else str(moment.minute).rjust(size, "0")
        elif letter == "a":
            text += "AM" if moment.hour < 12 else "PM"
        elif letter == "y":
            text += f"{moment.year:04d}" if size > 2 else f"{moment.year % 100:02d}"
        elif letter == "d":
            text += _day(moment, size)
        else:
            text += str({"h": hour, "s": moment.second}[letter]).rjust(size, "0")
        minutes_next = letter == "h"
    return text


def _month(moment: datetime, size: int) -> str:
    if size <= 2:
        return str(moment.month).rjust(size, "0")
    return moment.strftime("%b" if size == 3 else "%B")


def _day(moment: datetime, size: int) -> str:
    if size <= 2:
        return str(moment.day).rjust(size, "0")
    return moment.strftime("%a" if size == 3 else "%A")
