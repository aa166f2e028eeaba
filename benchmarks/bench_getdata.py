"""How long getData takes over HTTP, beside DuckDB's own time for the same SQL and segments.

    python -m benchmarks.bench_getdata [--orders 300000] [--times 15] [--seed 7]

The response cache is off (ANSWER_CACHE_MB=0). Both are measured in turns in the same run, so
that what else the machine does falls on both. Prints one JSON line per request: medians in
milliseconds, their ratio, and whether the answer took less than 2.5 × DuckDB + 8 ms.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

import duckdb

from benchmarks import requests30
from benchmarks.bench_import import import_shop
from benchmarks.product import Client, both, report

#: Of the thirty requests, those that a report is made of.
MEASURED: Final = (
    "sales totals, no dimension",
    "three facts by date across a change of the clock",
    "Seller Center mode: the paid axis in the shop's zone",
    "sales less refunds by product",
    "hour and weekday",
    "where buyers live",
    "categories and brands: sales beside stock",
    "buyers who came back",
    "all facts by date for a few products",
)
WEEK: Final = timedelta(days=7)
FACTOR: Final = 2.5
FIXED_MS: Final = 8.0


def milliseconds(act: Callable[[], object]) -> float:
    """How long one call of `act` takes."""
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def measure(
    client: Client, engine: duckdb.DuckDBPyConnection, request: dict[str, Any], times: int
) -> dict[str, Any]:
    """Medians of `times` calls each, in turns, after one call of each that is not counted."""
    explained = client.ask("getData", request, explain=True)
    sql, parameters = explained["plan"]["sql"], explained["plan"]["parameters"]

    def over_http() -> None:
        client.post("getData", request).raise_for_status()

    def in_engine() -> None:
        engine.execute(sql, parameters).fetchall()

    over_http()
    in_engine()
    pairs = [(milliseconds(over_http), milliseconds(in_engine)) for _ in range(times)]
    answered, bare = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    return {
        "value": round(answered, 2),
        "duckdb_ms": round(bare, 2),
        "ratio": round(answered / bare, 2),
        "over_ms": round(answered - FACTOR * bare, 2),
        "within": answered < FACTOR * bare + FIXED_MS,
        "rows": len(explained["answer"]["rows"]),
    }


def main() -> int:
    """Import one shop, then measure each request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--times", type=int, default=15)
    chosen = parser.parse_args()
    with both(chosen.orders, chosen.seed, requests30.DAYS) as (api, installed):
        import_shop(installed)
        orders = installed.count("orders")
        shop_id = str(api.rows("shops")[0]["id"])
        today = datetime.fromtimestamp(api.now, UTC).date()
        with installed.served(ANSWER_CACHE_MB="0") as client:
            schema = client.ask("getSchema", {"configParams": {"shops": shop_id}})["schema"]
            sold = {
                "configParams": {"shops": shop_id},
                "dateRange": {"startDate": f"{today - WEEK}", "endDate": f"{today}"},
                "fields": [{"name": "product_id"}, {"name": "items_sold"}],
            }
            rows = [row["values"] for row in client.ask("getData", sold)["rows"]]
            best = [product for product, _ in sorted(rows, key=lambda row: -row[1])[:3]]
            published = {field["name"] for field in schema}
            asked = requests30.requests(shop_id, today, best, published)
            engine = duckdb.connect(config={"threads": 2})
            for name in MEASURED:
                figures = measure(client, engine, asked[name], chosen.times)
                report(figure="getdata_ms", request=name, orders=orders, **figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
