"""Scripted faults: which call fails, and how.

A script is a list of rules
    {"endpoint": "order_search", "nth": 3, "shop": "749...", "paged": true, "fault": {...}}
`endpoint`: a route's name or a path, `*` allowed. `nth`: a number from 1, [from, to] inclusive,
or "every"; it counts the calls the rule matches. `shop`, `paged` (only calls with a page token)
may be left out. `fault`: {"kind": ..., ...}; the kinds and their settings are in FAULTS.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

from .answers import Answer, Request, envelope

#: kind -> (settings with their defaults, what happens).
FAULTS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "error": (
        {"status": 429, "code": 36009002, "message": "", "retry_after": None, "data": None},
        "an envelope with this status, code and message (429, 500, 36009003, 36009007, ...)",
    ),
    "http": (
        {"status": 503, "body": "", "retry_after": None},
        "a bare HTTP answer without an envelope",
    ),
    "access_expired": ({}, "HTTP 401 with code 105002"),
    "page_token_expired": ({}, "code 36009004: page_token has expired"),
    "redirect": ({"location": "https://elsewhere.invalid/", "status": 302}, "a redirect"),
    "hang": ({"seconds": 30.0}, "silence before the headers, then the answer"),
    "drip": ({"bytes": 1, "seconds": 1.0, "most": 60.0}, "the body comes in drops, for a while"),
    "drop": ({}, "the connection is closed without a byte"),
    "cut": ({"part": 0.5}, "the right Content-Length, part of the body, then the end"),
    "wrong_length": ({"by": -10}, "a Content-Length that is off by so many bytes, then the end"),
    "gzip_cut": ({"part": 0.5}, "a gzip body that stops in the middle"),
    "malformed": ({}, "a body that is no JSON"),
    "html": ({"status": 200}, "an HTML page"),
    "empty": ({}, "an empty body"),
    "null": ({}, "the body `null`"),
    "bom": ({}, "a byte order mark before the JSON"),
    "nan": ({}, "a NaN in the JSON"),
    "not_utf8": ({}, "a byte that is no UTF-8 in a text of the first record"),
    "duplicate_keys": ({}, "`code` twice, the first one an error"),
    "deep": ({"levels": 1000}, "data nested this deep"),
    "huge": ({"megabytes": 50}, "a page of this size, made of repeated rows"),
    "error_with_data": ({"code": 36009003, "message": "Internal error"}, "code != 0 beside data"),
    "repeat_page": ({}, "the page served before once more, with its token"),
    "repeat_rows": ({}, "the rows of the page before, with this page's token"),
    "same_token": ({}, "next_page_token leads to this very page again"),
    "endless": ({}, "there is always a next page; beyond the end they are empty"),
    "empty_page": ({}, "no rows, and a token that leads to the rows left out"),
    "shift": ({"seconds": 3600}, "the shop clock moves on first, so that rows shift"),
    "total_off": ({"by": 100}, "total_count is larger than the rows there are"),
    "header_off": (
        {"by": 1, "statement": None},
        "a statement's settlement_amount is off by so much (the first of the page, or this id)",
    ),
}
_ROWS: Final = (
    "orders", "products", "return_orders", "cancellations", "inventory", "warehouses",
    "statements", "transactions", "statement_transactions", "sku_transactions", "payments",
    "external_orders", "skus", "videos", "live_stream_sessions", "inventory_records",
    "inbound_orders",
)  # fmt: skip
_BEYOND: Final = "RU5ETEVTUw+/"


class BadScript(ValueError):
    """The fault script cannot be used; the text says which rule and why."""


@dataclass(slots=True)
class Rule:
    """One line of the script, and how often it has matched."""

    endpoint: str
    first: int
    last: int | None
    shop: str | None
    paged: bool
    fault: dict[str, Any]
    seen: int = 0

    def matches(self, name: str, request: Request, shop: str | None) -> bool:
        """Return whether a call is one of those the rule counts."""
        if self.shop is not None and self.shop != shop:
            return False
        if self.paged and not request.query.get("page_token"):
            return False
        return fnmatchcase(name, self.endpoint) or fnmatchcase(request.path, self.endpoint)


def read_script(script: object) -> list[Rule]:
    """Return the rules of a parsed script. BadScript if one is wrong."""
    if not isinstance(script, list):
        raise BadScript("a fault script is a list of rules")
    return [_rule(number, entry) for number, entry in enumerate(script, start=1)]


def _rule(number: int, entry: object) -> Rule:
    where = f"rule {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("fault"), dict):
        raise BadScript(f'{where} needs "endpoint", "nth" and "fault"')
    if unknown := set(entry) - {"endpoint", "nth", "shop", "paged", "fault"}:
        raise BadScript(f"{where} has unknown keys: {', '.join(sorted(unknown))}")
    kind = entry["fault"].get("kind")
    if kind not in FAULTS:
        raise BadScript(f"{where}: {kind!r} is no kind of fault; known: {', '.join(FAULTS)}")
    settings = FAULTS[kind][0]
    if unknown := set(entry["fault"]) - set(settings) - {"kind"}:
        raise BadScript(f"{where}: {kind} knows no {', '.join(sorted(unknown))}")
    nth = entry.get("nth", "every")
    if nth == "every":
        first, last = 1, None
    elif isinstance(nth, int) and nth > 0:
        first, last = nth, nth
    elif isinstance(nth, list) and len(nth) == 2 and all(isinstance(n, int) for n in nth):
        first, last = nth
    else:
        raise BadScript(f'{where}: "nth" is a number, [from, to] or "every"')
    return Rule(
        str(entry.get("endpoint", "*")),
        first,
        last,
        entry.get("shop"),
        bool(entry.get("paged")),
        {**settings, **entry["fault"]},
    )


class FaultScript:
    """The rules in force; they can be replaced while the server runs."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._rules = list(rules)
        self._before: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._lock = threading.Lock()

    def replace(self, rules: Sequence[Rule]) -> None:
        """Put other rules in force; counting starts anew."""
        with self._lock:
            self._rules = list(rules)
            self._before.clear()

    def next(self, name: str, request: Request, shop: str | None) -> dict[str, Any] | None:
        """Count a call and return the fault that befalls it, if any (the first that fits)."""
        hit: dict[str, Any] | None = None
        with self._lock:
            for rule in self._rules:
                if rule.matches(name, request, shop):
                    rule.seen += 1
                    fits = rule.first <= rule.seen
                    fits = fits and (rule.last is None or rule.seen <= rule.last)
                    if fits and hit is None:
                        hit = rule.fault
        return hit

    def twist(
        self,
        fault: dict[str, Any] | None,
        name: str,
        shop: str | None,
        request: Request,
        answer: Answer,
    ) -> None:
        """Change the data of an answer as the fault says; remember it for the next page."""
        if not self._rules or not isinstance(answer.data, dict):
            return
        data, before = answer.data, self._before.get((name, shop))
        rows = _rows_of(data)
        kind = fault["kind"] if fault else ""
        if kind == "repeat_page" and before is not None:
            answer.data = before
        elif kind == "repeat_rows" and before is not None and rows:
            answer.data = {**data, rows: before.get(rows, [])}
        elif kind == "same_token":
            token = request.query.get("page_token") or answer.notes["resume"]()
            answer.data = {**data, "next_page_token": token}
        elif kind == "endless" and not data.get("next_page_token"):
            answer.data = {**data, "next_page_token": _BEYOND + "0="}
        elif kind == "empty_page" and rows and data[rows]:
            token = answer.notes["resume"]()
            answer.data = {**data, rows: [], "next_page_token": token}
        elif kind == "total_off" and fault and "total_count" in data:
            answer.data = {**data, "total_count": data["total_count"] + fault["by"]}
        elif kind == "header_off" and fault and data.get("statements"):
            answer.data = {**data, "statements": _off(data["statements"], fault)}
        elif kind == "error_with_data" and fault:
            answer.code, answer.message = fault["code"], fault["message"]
        else:
            self._before[name, shop] = data


def _off(statements: list[dict[str, Any]], fault: dict[str, Any]) -> list[dict[str, Any]]:
    """Return statements one of which no longer is the sum of its transactions."""
    wanted = fault["statement"] or statements[0]["id"]
    return [
        {
            **row,
            "settlement_amount": str(Decimal(row["settlement_amount"]) + Decimal(str(fault["by"]))),
        }
        if row["id"] == wanted
        else row
        for row in statements
    ]


def _rows_of(data: dict[str, Any]) -> str | None:
    return next((name for name in _ROWS if name in data), None)


def instead(fault: dict[str, Any], name: str, request: Request) -> Answer | None:
    """Return the answer a fault gives in place of the real one, or None if it gives none."""
    kind = fault["kind"]
    headers = {}
    if fault.get("retry_after") is not None:
        headers["Retry-After"] = str(fault["retry_after"])
    if kind == "error":
        return Answer(
            fault["status"], fault["code"], fault["message"] or "Fault", fault["data"], headers
        )
    if kind == "http":
        headers["Content-Type"] = "text/plain"
        return Answer(fault["status"], message="fault", headers=headers, raw=fault["body"].encode())
    if kind == "access_expired":
        return Answer(401, 105002, "Expired credentials. The access token has expired.")
    if kind == "page_token_expired":
        return Answer(400, 36009004, "Invalid parameter. page_token has expired")
    if kind == "redirect":
        return Answer(fault["status"], headers={"Location": fault["location"]}, raw=b"")
    token = request.query.get("page_token", "")
    if kind == "endless" and token.startswith(_BEYOND):
        number = int(token.removeprefix(_BEYOND).rstrip("=") or 0) + 1
        rows = {
            "order_search": "orders",
            "product_search": "products",
            "return_search": "return_orders",
            "cancellation_search": "cancellations",
            "statement_list": "statements",
            "statement_transactions": "transactions",
            "payment_list": "payments",
            "unsettled_list": "transactions",
            "product_performance_list": "products",
            "sku_performance_list": "skus",
            "video_performance_list": "videos",
            "live_performance_list": "live_stream_sessions",
            "fbt_inventory_search": "inventory",
            "fbt_inventory_records": "inventory_records",
        }[name]
        return Answer(data={rows: [], "total_count": 0, "next_page_token": f"{_BEYOND}{number}="})
    return None


def mangle(fault: dict[str, Any], answer: Answer) -> bytes:
    """Return the body of an answer, spoilt as the fault says."""
    spoil = _SPOILERS.get(fault["kind"])
    body = envelope(answer)
    return body if spoil is None else spoil(fault, answer, body)


def _html(fault: dict[str, Any], answer: Answer, _body: bytes) -> bytes:
    answer.status = fault["status"]
    answer.headers["Content-Type"] = "text/html"
    return b"<!doctype html><html><body><h1>Service is busy</h1></body></html>"


def _deep(fault: dict[str, Any], _answer: Answer, _body: bytes) -> bytes:
    opened, closed = b"[" * fault["levels"], b"]" * fault["levels"]
    return b'{"code":0,"message":"Success","request_id":"deep","data":{"orders":%b%b}}' % (
        opened,
        closed,
    )


def _gzip_cut(fault: dict[str, Any], answer: Answer, body: bytes) -> bytes:
    answer.headers["Content-Encoding"] = "gzip"
    packed = gzip.compress(body, 6)
    return packed[: max(1, int(len(packed) * fault["part"]))]


def _huge(fault: dict[str, Any], answer: Answer, _body: bytes) -> bytes:
    size = int(fault["megabytes"] * 1_000_000)
    data = answer.data if isinstance(answer.data, dict) else {}
    name = _rows_of(data) or "orders"
    row = orjson.dumps((data.get(name) or [{"id": "1", "filler": "x" * 1000}])[0])
    many = b",".join([row] * (size // (len(row) + 1) + 1))
    rest = {key: value for key, value in data.items() if key != name}
    rest["noise"] = None
    head = {"code": 0, "message": "Success", "request_id": answer.request_id}
    page = b'{"%b":[%b],%b' % (name.encode(), many, orjson.dumps(rest)[1:])
    return orjson.dumps(head)[:-1] + b',"data":' + page + b"}"


_SPOILERS: Final[dict[str, Callable[[dict[str, Any], Answer, bytes], bytes]]] = {
    "malformed": lambda _fault, _answer, body: body[: len(body) // 2] + b"}]",
    "html": _html,
    "empty": lambda _fault, _answer, _body: b"",
    "null": lambda _fault, _answer, _body: b"null",
    "bom": lambda _fault, _answer, body: b"\xef\xbb\xbf" + body,
    "nan": lambda _fault, _answer, body: body.replace(b'"data":', b'"noise":NaN,"data":', 1),
    "not_utf8": lambda _fault, _answer, body: body.replace(b'"}', b'\xff"}', 1),
    "duplicate_keys": lambda _fault, _answer, body: b'{"code":36009003,' + body[1:],
    "deep": _deep,
    "huge": _huge,
    "gzip_cut": _gzip_cut,
}
