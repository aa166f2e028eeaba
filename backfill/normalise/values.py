"""One JSON value -> one stored value, by kind. Pure, and fast: an import converts about 150 values
for every order.

TikTok's documents are not strict about types (ids arrive as text and as numbers, flags as booleans
and as 0 and 1, ids end in a newline), so every converter accepts the harmless variants and raises
`WrongShape` for the rest. Absent, null and empty text are all null.

The converters of kinds whose values repeat (enums, names, prices) are dictionaries that remember
what they converted: looking up a seen value costs a third of converting it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from typing import Final

from catalogue.table import Kind

#: Longer text is cut: no report shows it, and one page must not fill the memory.
LONGEST_TEXT: Final = 10_000

#: Converted values that a dictionary remembers before it starts afresh.
REMEMBERED: Final = 1 << 13

#: The last second of the year 9999, and the largest integer SQLite stores.
LATEST_INSTANT: Final = 253_402_300_799
_LARGEST: Final = (1 << 63) - 1

# DECIMAL(18,4) holds fourteen digits before the point and DECIMAL(18,6) twelve.
_MONEY: Final = re.compile(r"-?[0-9]{1,14}(?:\.[0-9]{1,16})?", re.ASCII)
_RATE: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,16})?", re.ASCII)
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}(?:\.0+)?", re.ASCII)

Converter = Callable[[object], object]


class WrongShape(ValueError):
    """A value that cannot be what the catalogue says it is. `path` leads to it from the record;
    `reason` never repeats the value, which may be personal."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def under(self, parent: str) -> WrongShape:
        """The same complaint, seen from one level up."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return WrongShape(self.reason, f"{parent}{joint}{self.path}")


def plain_text(value: object) -> str | None:
    """Text without NUL, surrounding blanks and halves of surrogate pairs, cut at `LONGEST_TEXT`."""
    if value.__class__ is str:
        text: str = value
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode()
        text = text.replace("\0", "").strip()
        return text[:LONGEST_TEXT] or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise WrongShape("is not text")


def identifier(value: object) -> str | None:
    """An id as text; TikTok's "0" means that there is none."""
    if value.__class__ is str and value.isdigit() and value.isascii():
        return value if value != "0" else None
    if value is None:
        return None
    text = plain_text(value)
    return text if text != "0" else None


def key_of(identifier: str) -> int:
    """The 64-bit integer that stands for an id in joins: the number itself where the id is a plain
    number below 2^63, else a hash that is the same on every machine."""
    if identifier.isdigit() and identifier.isascii() and identifier[0] != "0":
        number = int(identifier)
        if number <= _LARGEST:
            return number
    digest = blake2b(identifier.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") & _LARGEST


def _integer(value: object, complaint: str) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise WrongShape(complaint)
    if isinstance(value, int):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = int(value.strip().partition(".")[0])
    else:
        raise WrongShape(complaint)
    if not -_LARGEST <= number <= _LARGEST:
        raise WrongShape(complaint)
    return number


def instant(value: object) -> int | None:
    """UTC epoch seconds; 0 and less mean "has not happened"."""
    if value.__class__ is int and 0 < value <= LATEST_INSTANT:
        return value
    if value is None:
        return None
    number = _integer(value, "is not an instant in seconds")
    if number is not None and number > LATEST_INSTANT:
        raise WrongShape("is not an instant in seconds")
    return number if number is not None and number > 0 else None


def count(value: object) -> int | None:
    return _integer(value, "is not a whole number")


def decimal_text(value: object, pattern: re.Pattern[str] = _MONEY) -> str | None:
    """TikTok's decimal string as it is; a JSON number becomes its own digits."""
    if value is None or isinstance(value, bool):
        text = "" if value is None else "?"
    elif isinstance(value, str):
        text = value.strip()
    elif isinstance(value, int | float):
        text = repr(value)
    else:
        text = "?"
    if not text:
        return None
    if not pattern.fullmatch(text):
        raise WrongShape("is not a decimal number")
    return text


def fraction_text(value: object) -> str | None:
    """A rate as a fraction, exact: TikTok writes 0.0528 in some answers and 5.28% in others."""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        percent = decimal_text(value.rstrip()[:-1], _RATE)
        return None if percent is None else format(Decimal(percent).scaleb(-2), "f")
    return decimal_text(value, _RATE)


def _flag(value: object) -> int | None:
    if isinstance(value, int) and 0 <= value <= 1:
        return int(value)
    text = value.strip().lower() if isinstance(value, str) else "?"
    try:
        return {"": None, "true": 1, "false": 0, "1": 1, "0": 0}[text]
    except KeyError:
        raise WrongShape("is neither true nor false") from None


class Remembering(dict[object, object]):
    """A converter that is a dictionary: what is in it is answered without running any Python, and
    `convert[value]` is the quickest way to ask. Only text is remembered, because 1, 1.0 and True
    are one key and three values."""

    def __init__(self, convert: Converter) -> None:
        super().__init__({None: None})
        self._convert = convert

    def __call__(self, value: object) -> object:
        try:
            return self[value]
        except TypeError:  # it cannot be a key
            raise WrongShape("is an object or a list") from None

    def __missing__(self, value: object) -> object:
        converted = self._convert(value)
        if value.__class__ is str:
            if len(self) >= REMEMBERED:
                self.clear()
                self[None] = None
            self[value] = converted
        return converted


text: Final = Remembering(plain_text)
money: Final = Remembering(decimal_text)
rate: Final = Remembering(fraction_text)
flag: Final = Remembering(_flag)
flag.update({True: 1, False: 0})  # 1 and 0 are the same keys

_repeating_identifier: Final[Converter] = Remembering(identifier)

#: Remembering these would only make room in the dictionary scarce.
_HARDLY_REPEATING: Final = frozenset(
    {
        *("order_id", "line_item_id", "package_id", "tracking_number"),
        *("return_id", "return_line_item_id", "return_tracking_number"),
        *("cancel_id", "cancel_line_item_id", "order_line_item_id"),
    }
)

_BY_KIND: Final[dict[Kind, Converter]] = {
    Kind.TEXT: text,
    Kind.MONEY: money,
    Kind.RATE: rate,
    Kind.INSTANT: instant,
    Kind.COUNT: count,
    Kind.FLAG: flag,
}


def converter(name: str, kind: Kind) -> Converter:
    """The converter of a column."""
    if name in _HARDLY_REPEATING:
        return identifier
    if kind is Kind.TEXT and name.endswith("_id"):
        return _repeating_identifier
    return _BY_KIND[kind]


def exact_sum(amounts: list[object]) -> str | None:
    """The sum of decimal strings as a decimal string, exact; null where there is nothing to add."""
    texts = [str(amount) for amount in amounts if amount is not None]
    if len(texts) < 2:
        return texts[0] if texts else None
    return format(sum(map(Decimal, texts), Decimal(0)), "f")
