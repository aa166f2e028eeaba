"""Requests that nobody would send on purpose: every route of the document at /openapi.json, with
good values, bad values, and values of the wrong kind in every place that a request has."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent

#: Values that have broken programs before.
NASTY = (
    *("", " ", "0", "-1", "1e309", "NaN", "null", "true", "999999999999999999999", "٣", "½"),
    *("' OR 1=1 --", '"; DROP TABLE orders; --', "%00", "\x00", "\ud800", "a\u202eb", "🧨" * 20),
    *("../../etc/passwd", "..%2f..%2f", "//evil.example", "https://evil.example/", "\r\nX-Y: 1"),
    *("=HYPERLINK(1)", "{{7*7}}", "${7*7}", "<script>alert(1)</script>", "(?=x)", "(a+)+$", "[["),
    *("x" * 5_000, "2026-02-30", "0000-00-00", "9999-12-31", "2026-W99", "Europe/Nowhere", "en_US"),
)

#: Headers that the program reads itself, and what each is worst at.
HEADERS = {
    "Origin": (
        "http://[",
        "http://[::1",
        "//",
        "null",
        "http://localhost",
        "http://localhost:99999",
    ),
    "Sec-Fetch-Site": ("same-origin", "none", "cross-site", "same-origin, none"),
    "Cookie": (
        "tts_session=",
        "tts_session=é",
        "tts_said=.x.y.z",
        "tts_said=e30.x.y",
        "=;=;;",
        '"',
    ),
    "Authorization": (
        "Bearer",
        "Bearer  tts_",
        "Bearer tts_0123456789abcdef_é",
        "Basic ==",
        "ff" * 32,
    ),
    "Content-Type": (
        *("multipart/form-data", "multipart/form-data; boundary=", "application/json; charset=x"),
        *("application/x-www-form-urlencoded; charset=utf-16", ";", 'a/b; c="', "text/plain"),
    ),
}

#: Names that the routes look for, in queries and in forms.
_READ = re.compile(r'\b(?:args|form|values)\.(?:get|getlist)\(\s*"(\w+)"')
_ROOMS = ("hub", "connector", "schema_explorer", "web", "sheets_export")


def names_read() -> list[str]:
    """Every name of a query or a form that some route reads."""
    found: set[str] = set()
    for room in _ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            found |= set(_READ.findall(path.read_text(encoding="utf-8")))
    return sorted(found | {"fields", "shops", "filter", "limit", "offset", "header", "from", "to"})


def scalars(known: Sequence[str]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.sampled_from([*NASTY, *known]),
        st.text(max_size=30),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.booleans(),
        st.none(),
    )


def anything(known: Sequence[str]) -> st.SearchStrategy[Any]:
    """Any JSON."""
    return _anything(tuple(known))


@cache
def _anything(known: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars(known),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
        ),
        max_leaves=12,
    )


def texts(known: Sequence[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from([*NASTY, *known]), st.text(max_size=40))


def places(node: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    if here:
        yield here
    if isinstance(node, dict | list):
        for name, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(child, (*here, name))


def with_value(node: Any, place: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(node)
    holder = made
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = value
    return made


@st.composite
def mutated(draw: Any, base: Any, known: Sequence[str]) -> Any:
    """A good body with one to three values replaced, or no body at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(anything(known))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(places(base)) or [()]))
        if not place:
            break
        base = with_value(base, place, draw(anything(known)))
    return base


def as_header(text: str) -> str:
    """What a server hands on of it: one line of Latin-1."""
    line = "".join(sign for sign in text if sign.isprintable())
    return line.encode("latin-1", "replace").decode("latin-1")


def headers(known: Sequence[str]) -> st.SearchStrategy[dict[str, str]]:
    """Mostly none, else one or two that are not as browsers send them."""
    pairs = st.sampled_from(sorted(HEADERS)).flatmap(
        lambda name: st.tuples(
            st.just(name), st.one_of(st.sampled_from(HEADERS[name]), texts(known)).map(as_header)
        )
    )
    return st.one_of(st.just({}), st.lists(pairs, max_size=2).map(dict))


def as_bytes(body: Any) -> bytes:
    """JSON as some clients write it: with NaN, and with halves of characters."""
    return json.dumps(body).encode("utf-8", "surrogatepass")


def as_query(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a client can put into an address."""
    return [(name, text.encode("utf-8", "replace").decode()) for name, text in pairs]
