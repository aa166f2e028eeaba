"""Long answers and long questions: what Looker Studio takes, in memory that stays small."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cachetools import LRUCache

import connector.body
from catalogue.field import Dimension, Metric
from catalogue.fields import FIELDS
from clock import SystemClock
from connector.body import MOST_BYTES, MOST_ROWS, Body, too_large, write
from connector.plan import Plan, plan
from connector.request import parse
from connector.select import ShopScope
from errors import BadRequest
from store.engine import Engine
from tests.answering import Answering, HandMadeShop, answering, at, fill, request_for

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("large"))
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    yield test
    test.here.close()


def planned(*fields: str) -> Plan:
    scope = ShopScope("111", "First shop", "US", "LOCAL", ("USD",), "UTC")
    asked = parse(request_for(*fields))
    assert asked.start is not None
    return plan(asked, [scope], asked.start)


def written(engine: Engine, sql: str) -> Body:
    return write(engine, planned("order_id"), sql, SystemClock())


# -- how much is answered ------------------------------------------------------------------------


def test_a_million_rows_are_answered_and_not_one_more(engine: Engine) -> None:
    rows = "SELECT '{{\"values\":[1]}},' AS row FROM range({})"
    body = written(engine, rows.format(MOST_ROWS))
    assert body.rows == 1_000_000
    whole = b"".join(body.chunks)
    assert whole.count(b'{"values":[1]}') == 1_000_000
    assert whole.endswith(b'{"values":[1]}],"filtersApplied":true}')
    assert len(body.chunks) > 10
    with pytest.raises(BadRequest) as caught:
        written(engine, rows.format(MOST_ROWS + 1))
    assert caught.value.code == "too_large"


def test_fifty_megabytes_are_answered_and_not_one_byte_more(engine: Engine) -> None:
    rows = "SELECT repeat('x', 1000) AS row FROM range({})"
    assert written(engine, rows.format(MOST_BYTES // 1000)).rows == 50_000
    with pytest.raises(BadRequest) as caught:
        written(engine, rows.format(MOST_BYTES // 1000 + 1))
    assert caught.value.code == "too_large"
    assert caught.value.http_status == 413


def test_after_a_refusal_the_next_question_has_its_turn(engine: Engine) -> None:
    for _ in range(2):
        with pytest.raises(BadRequest):
            written(engine, "SELECT repeat('x', 1000) AS row FROM range(500000)")
        assert written(engine, "SELECT 'x' AS row").rows == 1


def test_the_sentence_says_how_to_narrow_it() -> None:
    assert too_large(("order_id", "date", "gmv")) == (
        "The answer has more than 1,000,000 rows or 50 MB. Shorten the date range, add a filter, "
        "or leave out Order ID."
    )
    assert too_large(("date", "gmv")).endswith("add a filter, or ask for fewer fields.")


def test_over_http_it_is_a_413_like_every_other_error(
    shop: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(shop.rows("order_id", "orders")) == 4
    monkeypatch.setattr(connector.body, "MOST_ROWS", 3)
    status, code, message = shop.refused("order_id", "gmv")
    assert (status, code) == (413, "too_large")
    assert "leave out Order ID" in message
    response = shop.client.get(
        "/connector/v1/rows.csv?fields=order_id,product_id&shops=111"
        "&start=2026-08-01&end=2026-08-10",
        headers={"Authorization": f"Bearer {shop.key}"},
    )
    assert response.status_code == 413
    page = {"startRow": 2, "rowCount": 2}
    assert shop.rows("order_id", "gmv", pagination=page) == [["B", 8.25], ["C", 0.0]]


def test_a_page_of_orders_adds_up_the_units_of_its_orders_only(shop: Answering) -> None:
    by_status = ("order_status", "order_id", "payment_total_amount", "gmv", "items_sold")
    shipment, cancelled = ["AWAITING_SHIPMENT", "D", 100, 100, 1], ["CANCELLED", "B", 8.25, 8.25, 1]
    completed, unpaid = ["COMPLETED", "A", 28.05, 25.5, 3], ["UNPAID", "C", 5.5, 0, 0]

    def page(start: int, count: int, **changes: Any) -> list[list[Any]]:
        return shop.rows(*by_status, pagination={"startRow": start, "rowCount": count}, **changes)

    assert page(1, 2) == [shipment, cancelled]
    assert page(2, 2) == [cancelled, completed]
    assert page(4, 9) == [unpaid]
    assert page(5, 9) == page(1, 0) == []
    # What is known of the units alone says which orders these are.
    dear = {"fieldName": "gmv", "operator": "NUMERIC_LESS_THAN", "values": ["30"]}
    assert page(2, 1, dimensionsFilters=[[dear | {"type": "INCLUDE"}]]) == [completed]
    question = request_for("order_id", "orders", "gmv", pagination={"startRow": 1, "rowCount": 2})
    sql = shop.post("getData?explain=1", question).get_json()["plan"]["sql"]
    assert "IN (SELECT k FROM a0)" in sql
    assert sql.count("LIMIT 2") == 1


def test_an_answer_that_would_fill_the_cache_is_not_remembered(
    shop: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remembered(fields: tuple[str, ...]) -> bool:
        response = shop.client.post(
            "/connector/v1/getData?explain=1",
            json=request_for(*fields),
            headers={"Authorization": f"Bearer {shop.key}"},
        )
        return bool(response.get_json()["plan"]["remembered"])

    answers = shop.here.answers
    cache: LRUCache[object, Body] = LRUCache(800, getsizeof=lambda body: body.size)
    monkeypatch.setattr(answers, "_answers", cache)
    small, large = ("orders",), ("order_id", "create_time", "order_status", "gmv")
    assert [remembered(small), remembered(large)] == [False, False]
    assert [remembered(small), remembered(large)] == [True, False]


def test_a_mistake_that_shows_up_late_is_told_as_an_early_one_is(engine: Engine) -> None:
    late = (
        "SELECT CAST(CASE WHEN i = 900000 THEN CAST('x' AS INTEGER) ELSE i END AS VARCHAR) AS row "
        "FROM range(1000000) t(i)"
    )
    with pytest.raises(BadRequest, match="A filter cannot be used"):
        written(engine, late)
    endless = "SELECT CAST(hash(i) AS VARCHAR) AS row FROM range(100000000000) t(i)"
    with (
        pytest.raises(BadRequest, match="too big to answer in time"),
        engine.texts(endless, {}, timeout_seconds=0.2) as texts,
    ):
        for _ in texts:
            pass
    assert written(engine, "SELECT 'x' AS row").rows == 1


def test_an_empty_answer_is_whole(engine: Engine) -> None:
    body = written(engine, "SELECT 'x' AS row WHERE false")
    assert json.loads(b"".join(body.chunks)) == {
        "schema": [{"name": "order_id", "dataType": "STRING"}],
        "rows": [],
        "filtersApplied": True,
    }


# -- how much is asked ---------------------------------------------------------------------------


def test_fifty_fields_two_hundred_clauses_and_a_thousand_values_are_no_trouble(
    shop: Answering,
) -> None:
    order = [
        name
        for name, field in FIELDS.items()
        if isinstance(field, Dimension) and next(iter(field.homes), "") == "orders"
    ]
    order = [name for name in order if name not in ("order_id", "paid_date")][:19]
    sums = [name for name, field in FIELDS.items() if isinstance(field, Metric)][:30]
    fields = ["order_id", *order, *sums]
    assert len(fields) == 50
    shown = shop.rows(*fields)
    assert [row[0] for row in shown] == ["A", "B", "C", "D"]
    hundred = [f"none-{number}" for number in range(100)]
    lists = [clause("order_id", "IN_LIST", [*hundred, "A", "B"]) for _ in range(10)]
    others = [clause("order_status", "EQUALS", [f"STATUS-{number}"]) for number in range(95)]
    or_cancelled = [*others, clause("order_status", "EQUALS", ["CANCELLED"])]
    excluded = [[clause("order_type", "EQUALS", [f"X{n}"], kind="EXCLUDE")] for n in range(94)]
    filters = [lists, or_cancelled, *excluded]
    assert sum(len(group) for group in filters) == 200
    assert sum(len(one["values"]) for group in filters for one in group) == 1210
    assert shop.rows(*fields, dimensionsFilters=filters) == [shown[1]]


def clause(field: str, operator: str, values: list[str], kind: str = "INCLUDE") -> dict[str, Any]:
    return {"fieldName": field, "operator": operator, "type": kind, "values": values}


# -- memory --------------------------------------------------------------------------------------

#: One answer as a web server takes it, piece by piece; prints how many bytes and rows it had, and
#: the most memory that the process ever had.
SERVED = """
import json, resource, sys
from pathlib import Path
from werkzeug.test import EnvironBuilder
from tests.answering import StandingClock, request_for
from app import create_app
from settings import Settings

app = create_app(Settings(data_dir=Path(sys.argv[1]), sample_account=False), StandingClock())
body = request_for("order_id", "order_status", days=("2024-08-20", "2026-08-20"))
headers = {"Authorization": "Bearer " + sys.argv[2]}
place = EnvironBuilder("/connector/v1/getData", method="POST", json=body, headers=headers)
seen = []
size = rows = 0
for piece in app.wsgi_app(place.get_environ(), lambda status, headers: seen.append(status)):
    size += len(piece)
    rows += piece.count(b'"values"')
own = Path("/proc/self/status")
if own.exists():  # of this program alone: what getrusage tells, includes the parent's before exec
    lines = dict(line.split(":", 1) for line in own.read_text().splitlines())
    peak = int(lines["VmHWM"].split()[0]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"status": seen[0], "size": size, "rows": rows, "peak": peak}))
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_largest_answer_takes_less_than_400_megabytes(tmp_path: Path) -> None:
    test = answering(tmp_path)
    key = test.key
    a_million_orders(test)
    test.here.close()
    served = subprocess.run(
        [sys.executable, "-c", SERVED, str(tmp_path), key],
        cwd=ROOT,
        env={**os.environ, "ANSWER_CACHE_MB": "64"},
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(served.stdout.splitlines()[-1])
    assert (seen["status"], seen["rows"]) == ("200 OK", 1_000_000)
    assert 45_000_000 < seen["size"] < 50_000_000
    assert seen["peak"] < 400_000_000


def a_million_orders(test: Answering) -> None:
    """Two years of orders, written by SQLite itself: through commits it would take minutes."""
    shop = test.shop(HandMadeShop("1", "Big", "US"))
    test.cover(shop, "2024-08-01 00:00", "2026-08-20 12:00", "orders")
    columns = test.here.stores.columns(shop.workspace_id, shop.shop_id)
    start, span = at("2024-08-20 12:00"), 730 * 86_400
    connection = sqlite3.connect(columns.records_path)
    with connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999) "
            "INSERT INTO orders (order_id, order_key, create_time, update_time, status, currency) "
            "SELECT CAST(576000000000000000 + i AS TEXT), i, ? + i * ? / 1000000, 1, "
            "CASE i % 3 WHEN 0 THEN 'CANCELLED' ELSE 'COMPLETED' END, 'USD' FROM n",
            (start, span),
        )
    connection.close()
    columns.rebuild()
