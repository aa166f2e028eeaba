"""Whatever is sent to any route: no failure of ours, no trace of the program in the answer, and
every refusal in the one form that refusals have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from errors import STATUS_OF
from hub.openapi import document
from tests.canaries import Canaries, canaries
from tests.hostile import (
    HEADERS,
    as_bytes,
    as_header,
    as_query,
    headers,
    mutated,
    names_read,
    texts,
)
from web.cookies import form_token
from web.entries import is_page

pytestmark = pytest.mark.slow

CASES = 11_000
NAMES = names_read()
#: How our own failures and Python's would look.
TRACES = re.compile(
    r"Traceback|\.py\", line|sqlite3\.|sqlalchemy|duckdb\.|werkzeug\.", re.IGNORECASE
)
#: Not ready, which is told with the time to wait.
NOT_READY = 503
#: Leaving would end everything that comes after it.
LEFT_OUT = {"/sign-out"}

GET_DATA: dict[str, Any] = {
    "configParams": {
        "shops": "all",
        "time_zone": "Europe/London",
        "currency": "USD",
        "order_date": "paid",
        "strict": "false",
        "client": "",
    },
    "dateRange": {"startDate": "2026-09-07", "endDate": "2026-09-12"},
    "fields": [{"name": "date"}, {"name": "gmv"}, {"name": "order_status", "forFilterOnly": True}],
    "dimensionsFilters": [
        [
            {
                "fieldName": "order_status",
                "operator": "IN_LIST",
                "type": "EXCLUDE",
                "values": ["CANCELLED", "UNPAID"],
            },
            {
                "fieldName": "product_name",
                "operator": "REGEXP_PARTIAL_MATCH",
                "type": "INCLUDE",
                "values": ["^a.*"],
            },
        ]
    ],
    "pagination": {"startRow": 1, "rowCount": 5},
    "scriptParams": {"lastRefresh": "", "sampleExtraction": False},
}
CONFIG: dict[str, Any] = {"configParams": {"shops": "all", "currency": "USD", "step": "2"}}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    with canaries(tmp_path_factory.mktemp("data")) as made:
        made.connect()
        made.work()
        made.sign_in()
        made.make_key()
        yield made


@pytest.fixture(scope="module")
def routes(house: Canaries) -> list[tuple[str, str]]:
    return [
        (path, method)
        for path, place in document(house.client.application)["paths"].items()
        for method in place
        if path not in LEFT_OUT
    ]


@pytest.fixture(scope="module")
def known(house: Canaries) -> list[str]:
    return known_values(house)


def known_values(house: Canaries) -> list[str]:
    """Ids and words that lead further than made-up ones."""
    runs = [run.id for run in house.here.ledger.runs("default")]
    keys = [key.id for key in house.here.accounts.workspace("default").keys()]  # noqa: SIM118
    order = house.world.shops[0].ids.one("order", 3)
    return [
        *(house.shop_id, order, *runs[:2], *keys[:1], "default", "sample", "all"),
        *("gmv", "orders", "date", "order_id", "product_id", "USD", "2026-09-08", "2026-09-11"),
        *("order_status:NOT_IN_LIST:CANCELLED,UNPAID", "gmv:NUMERIC_GREATER_THAN:5", "gmv,orders"),
        *("read", "viewer", "yes", "no", "on", "ids", "7", "30", "Europe/London", "US"),
    ]


def push(house: Canaries, path: str, body: Any) -> Any:
    topic = path.rpartition("/")[2]
    kind = body if isinstance(body, dict) else {"data": body}
    return house.push(topic[:80], kind, 1)


@pytest.mark.soak(cases=CASES)
@settings(
    max_examples=60,
    deadline=None,
    # The first request that fails says enough, and making it smaller takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_request_makes_the_program_fail(
    house: Canaries, routes: list[tuple[str, str]], known: list[str], data: st.DataObject
) -> None:
    path, method = data.draw(st.sampled_from(routes))
    word = texts(known)
    address = re.sub(
        r"\{\w+\}",
        lambda _: quote(data.draw(word).encode("utf-8", "replace"), safe=""),
        path,
    )
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(NAMES), word), max_size=4))
    query = urlencode(as_query(pairs))
    more: dict[str, Any] = {}
    sent_headers = (
        {"Authorization": f"Bearer {house.key}"} if path.startswith("/connector/") else {}
    )
    if method == "post":
        if path.startswith("/webhooks/"):
            base = {"order_id": known[1], "order_status": "UNPAID", "update_time": 1_789_220_000}
            check(push(house, address, data.draw(mutated(base, known))), address)
            return
        if path.startswith("/connector/"):
            base = GET_DATA if path.endswith("getData") else CONFIG
            more["data"] = as_bytes(data.draw(mutated(base, known)))
            more["content_type"] = data.draw(
                st.sampled_from(["application/json", "text/plain", "multipart/form-data", ""])
            )
        else:
            sent = data.draw(st.lists(st.tuples(st.sampled_from(NAMES), word), max_size=6))
            token = ("form_token", form_token(house.secrets["session"]))
            more["data"] = urlencode([*as_query(sent), token])
            more["content_type"] = "application/x-www-form-urlencoded"
    sent_headers |= data.draw(headers(known))
    if "Content-Type" in sent_headers:
        more.pop("content_type", None)
    address_asked = f"{address}?{query}"[:4_000]
    check(asked(house, address_asked, method.upper(), headers=sent_headers, **more), address)
    if house.client.get_cookie("tts_session") is None:
        house.sign_in()


def asked(house: Canaries, address: str, method: str, **more: Any) -> Any:
    # So that no limit of so many a minute stands before the route.
    house.here.clock.moved += 2.0  # type: ignore[attr-defined]
    client = house.client
    if "Cookie" in more["headers"]:
        client = client.application.test_client(use_cookies=False)
    return client.open(address, method=method, **more)


@pytest.mark.parametrize(
    ("name", "value"), [(name, as_header(value)) for name in HEADERS for value in HEADERS[name]]
)
def test_no_header_makes_the_program_fail(house: Canaries, name: str, value: str) -> None:
    token = {"form_token": form_token(house.secrets["session"])}
    for path, body in (
        ("/sign-in", {"token": "x"}),
        ("/clients", {**token, "name": ""}),
        ("/connect/invite/start", token),
        ("/connector/v1/getData", b"{}"),
        ("/sheets/refresh", b"{}"),
        ("/webhooks/tiktok/X", b"{}"),
    ):
        check(asked(house, path, "POST", headers={name: value}, data=body), path)
    check(asked(house, "/", "GET", headers={name: value}), "/")


def check(answer: Any, address: str) -> None:
    text = answer.get_data().decode(errors="replace")
    answer.close()
    said = f"{answer.request.method} {address}: {answer.status_code} {text[:300]}"
    assert answer.status_code < 500 or answer.status_code == NOT_READY, said
    if answer.status_code == NOT_READY and not address.startswith("/readyz"):
        assert "Retry-After" in answer.headers, said
    if answer.status_code >= 400:
        assert not TRACES.search(text), said
        if not is_page(address) and answer.status_code != NOT_READY:
            error = json.loads(text)["error"]
            assert set(error) == {"code", "message", "debug", "retry_after", "reference"}, said
            assert error["code"] in STATUS_OF, said
            assert re.search(r"[.!?]$", error["message"]), said
