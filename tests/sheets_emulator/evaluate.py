"""The values of formulas: references, arithmetic, comparison, `&` and some functions. An unknown
function is `#NAME?`, a lost reference `#REF!`."""

from __future__ import annotations

import re
import sys
from typing import Final

from .areas import Area
from .functions import (
    BROKEN,
    CIRCLE,
    DIVIDED,
    FUNCTIONS,
    NAME,
    REF,
    Argument,
    Failure,
    Result,
    Stop,
    compared,
    first,
    number,
    text_of,
)
from .grid import Formula
from .references import BARE, REFERENCE, reference
from .workbook import Tab, Workbook

TOKEN: Final = re.compile(
    r'\s*(?:(?P<error>#REF!|#N/A)|(?P<text>"(?:[^"]|"")*")'
    "|(?P<ref>" + BARE.replace("?P<", "?P<r_") + ")"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z_][\w.]*)|(?P<sign><>|<=|>=|[-+*/^&=<>(),;%:{}!]))"
)


class Evaluator:
    """Values of one state of a workbook; remembers what it has worked out."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.known: dict[tuple[int, int, int], Result] = {}
        self.pending: set[tuple[int, int, int]] = set()

    def value(self, tab: Tab, row: int, column: int) -> Result:
        entered = tab.grid.get(row, column).value
        if not isinstance(entered, Formula):
            return entered
        key = (tab.sheet_id, row, column)
        if key not in self.known:
            if key in self.pending:
                return CIRCLE
            self.pending.add(key)
            limit = sys.getrecursionlimit()
            # A running total down a column is as deep as the column is long.
            sys.setrecursionlimit(max(limit, 200_000))
            try:
                self.known[key] = self._worked_out(entered.text, tab)
            finally:
                sys.setrecursionlimit(limit)
                self.pending.discard(key)
        return self.known[key]

    def _worked_out(self, text: str, tab: Tab) -> Result:
        try:
            found = _Reader(self, tab, text).whole()
        except Stop as stop:
            return stop.failure
        if isinstance(found, list):
            found = found[0] if found else None
        return 0 if found is None else found

    def cells(self, area: Area) -> list[Result]:
        tab = self.book.tab(area.sheet_id)
        box = tab.box(area)
        if box.height * box.width == 1:
            return [self.value(tab, box.top, box.left)]
        return [self.value(tab, row, column) for row, column, _ in tab.grid.filled(box)]


class _Reader:
    """A formula's text, read and worked out from left to right by precedence."""

    def __init__(self, evaluator: Evaluator, tab: Tab, text: str) -> None:
        self.evaluator = evaluator
        self.tab = tab
        self.tokens: list[re.Match[str]] = []
        at, text = 1, text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match or match.end() == at:
                raise Stop(BROKEN)
            self.tokens.append(match)
            at = match.end()
        self.at = 0

    def whole(self) -> Argument:
        value = self.comparison()
        if self.at != len(self.tokens):
            raise Stop(BROKEN)
        return value

    def sign(self, *signs: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at]["sign"] in signs:
            self.at += 1
            return str(self.tokens[self.at - 1]["sign"])
        return None

    def comparison(self) -> Argument:
        left = self.joined()
        while sign := self.sign("=", "<>", "<=", ">=", "<", ">"):
            left = compared(sign, first(left), first(self.joined()))
        return left

    def joined(self) -> Argument:
        left = self.sum()
        while self.sign("&"):
            left = text_of(left) + text_of(self.sum())
        return left

    def sum(self) -> Argument:
        left = self.product()
        while sign := self.sign("+", "-"):
            right = number(self.product())
            left = number(left) + (right if sign == "+" else -right)
        return left

    def product(self) -> Argument:
        left = self.power()
        while sign := self.sign("*", "/"):
            right = number(self.power())
            if sign == "/" and right == 0:
                raise Stop(DIVIDED)
            left = number(left) * right if sign == "*" else number(left) / right
        return left

    def power(self) -> Argument:
        """A sign binds more than `^` does: -2^2 is 4."""
        left = self.signed()
        while self.sign("^"):
            left = number(left) ** number(self.signed())
        return left

    def signed(self) -> Argument:
        if sign := self.sign("-", "+"):
            value = self.signed()
            return -number(value) if sign == "-" else value
        value = self.atom()
        while self.sign("%"):
            value = number(value) / 100
        return value

    def atom(self) -> Argument:
        if self.at >= len(self.tokens):
            raise Stop(BROKEN)
        if self.sign("("):
            inner = self.comparison()
            if not self.sign(")"):
                raise Stop(BROKEN)
            return inner
        token = self.tokens[self.at]
        self.at += 1
        if token["error"]:
            return REF
        if token["text"]:
            return token["text"][1:-1].replace('""', '"')
        if token["number"]:
            return float(token["number"])
        if token["ref"]:
            return self.referred(token["ref"])
        if token["name"]:
            return self.named(token["name"])
        raise Stop(BROKEN)

    def referred(self, text: str) -> Argument:
        match = REFERENCE.match(text)
        assert match
        found = reference(match)
        tab = self.tab if found.sheet is None else self.evaluator.book.titled(found.sheet)
        if tab is None:
            return REF
        return self.evaluator.cells(found.area(tab.sheet_id))

    def named(self, name: str) -> Argument:
        if not self.sign("("):
            known = self.evaluator.book.name(name)
            if name.upper() in {"TRUE", "FALSE"}:
                return name.upper() == "TRUE"
            if known is None:
                raise Stop(NAME)
            return self.evaluator.cells(Area.of(known["range"])) if "range" in known else REF
        arguments: list[Argument] = []
        while not self.sign(")"):
            arguments.append(self._argument())
            self.sign(",", ";")
        function = FUNCTIONS.get(name.upper())
        if function is None:
            raise Stop(NAME)
        try:
            return function(arguments)
        except IndexError:
            raise Stop(Failure("#N/A", "N_A", "Wrong number of arguments")) from None

    def _argument(self) -> Argument:
        if self.at >= len(self.tokens):
            raise Stop(BROKEN)
        start = self.at
        try:
            return self.comparison()
        except Stop as stop:
            # IFERROR looks at failures: go on behind the argument.
            depth, self.at = 0, max(self.at, start)
            while self.at < len(self.tokens):
                sign = self.tokens[self.at]["sign"]
                if sign in {",", ";", ")"} and depth == 0:
                    return stop.failure
                depth += {"(": 1, ")": -1}.get(sign or "", 0)
                self.at += 1
            raise
