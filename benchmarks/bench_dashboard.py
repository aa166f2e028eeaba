"""A dashboard of twenty requests over two years of orders, beside DuckDB's own time.

    python -m benchmarks.bench_dashboard [--orders 300000] [--times 7] [--seed 7]

The response cache is off (ANSWER_CACHE_MB=0). Prints one JSON line per figure:

- each request over HTTP beside DuckDB's own time for the same SQL over the same segments, in turns
  in the same run; then again after 50 orders have changed, beside the same SQL without the overlay
  (aim: 2 × DuckDB + 5 ms, with and without);
- what looking for the shop's segments and planning take, as `explain` says (aim: planning 1 ms);
- all twenty at once (aim: 0.9 s) and the largest memory of a web worker (aim: 350 MB, 600 MB at
  1,000,000 orders);
- one row for each order, as many as there are up to 200,000: rows a second before gzip (aim:
  600,000);
- the time to publish 50 changed orders, warm (aim: 50 ms);
- the aggregate of the last 30 days, to be compared between sizes (aim: 3 × from 100,000 orders to
  1,000,000).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import duckdb
import requests

from benchmarks import dashboard
from benchmarks.product import ROOT, Client, Product, both, report

TWO_YEARS: Final = 730
CHANGED_ORDERS: Final = 50
TOP_UPS: Final = 4
MOST_ROWS: Final = 200_000
#: Answers before one is timed: each of the web server's processes has read the files by then.
WARMING: Final = 4
FACTOR, FIXED_MS = 2.0, 5.0


def milliseconds(act: Callable[[], object]) -> float:
    """How long one call of `act` takes."""
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def import_two_years(installed: Product, today: date) -> None:
    """Connect the simulator's shop and read all that is in it."""
    installed.connect(wait=False)
    first = today - timedelta(days=TWO_YEARS)
    installed.flask("backfill", "all", "--start", f"{first}", "--end", f"{today}")
    installed.work()


def explained(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    """What the product says of how it answers `request`."""
    found: dict[str, Any] = client.ask("getData", request, explain=True)["plan"]
    return found


def statement(client: Client, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """SQL and parameters that the product runs for `request` at this moment."""
    plan = explained(client, request)
    return plan["sql"], plan["parameters"]


def step_ms(
    client: Client, asked: dict[str, dict[str, Any]], step: str, times: int
) -> dict[str, Any]:
    """What one step of an answer takes, by the median of `times`: of the request of which it takes
    longest, and of all."""
    took = {
        name: median(explained(client, request)["milliseconds"][step] for _ in range(times))
        for name, request in asked.items()
    }
    longest = max(took, key=lambda name: took[name])
    return {"value": took[longest], "request": longest, "median": median(took.values())}


def alone(
    engine: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]
) -> Callable[[], object]:
    """DuckDB itself, running one statement."""
    return lambda: engine.execute(sql, parameters).fetchall()


def beside(
    client: Client, request: dict[str, Any], engine: Callable[[], object], times: int
) -> dict[str, Any]:
    """Medians of the product and the bare engine, in turns, after one of each to warm up."""

    def asked() -> None:
        client.post("getData", request).raise_for_status()

    asked()
    engine()
    pairs = [(milliseconds(asked), milliseconds(engine)) for _ in range(times)]
    answered, bare = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    return {
        "value": round(answered, 2),
        "duckdb_ms": round(bare, 2),
        "ratio": round(answered / bare, 2),
        "within": answered <= FACTOR * bare + FIXED_MS,
    }


def at_once(client: Client, asked: dict[str, dict[str, Any]], times: int) -> float:
    """Seconds until all requests that are sent together are answered; the median."""

    def together() -> None:
        with ThreadPoolExecutor(len(asked)) as pool:
            for reply in pool.map(lambda request: client.post("getData", request), asked.values()):
                reply.raise_for_status()

    together()
    return median(milliseconds(together) for _ in range(times)) / 1000


def largest_worker_mb(installed: Product) -> float:
    """Resident memory of the largest process that serves this data folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "environ").read_bytes()
                status = (folder / "status").read_text()
            except OSError:
                continue
            if f"DATA_DIR={installed.environment['DATA_DIR']}".encode() in words.split(b"\0"):
                lines = [line for line in status.splitlines() if line.startswith("VmRSS")]
                found += [int(line.split()[1]) * 1024 / 1e6 for line in lines]
    return round(max(found), 1)


def shop_folder(installed: Product) -> Path:
    """The folder of the one connected shop."""
    (path,) = (installed.folder / "data" / "shops").glob("*/*/records.sqlite")
    return path.parent


def top_up(installed: Product, times: int) -> list[float]:
    """Milliseconds to publish 50 changed orders, the first of them cold."""
    shop = shop_folder(installed)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.top_up", str(shop / "records.sqlite"),
         str(shop / "columns"), str(CHANGED_ORDERS), str(times)],
        cwd=ROOT, capture_output=True, text=True, check=True, env=installed.environment,
    )  # fmt: skip
    found: list[float] = json.loads(done.stdout)
    return found


def rows_per_second(
    client: Client, request: dict[str, Any], times: int
) -> tuple[float, int, float]:
    """One uncompressed answer, warm: rows a second (the median), rows, megabytes."""
    url = f"{client.url}/connector/v1/getData"

    def asked() -> requests.Response:
        return client.session.post(url, json=request, headers={"Accept-Encoding": "identity"})

    for _ in range(WARMING):
        reply = asked()
    rows = len(reply.json()["rows"])
    seconds = median(milliseconds(asked) for _ in range(times)) / 1000
    return round(rows / seconds), rows, round(len(reply.content) / 1e6, 1)


def measure(installed: Product, client: Client, shop_id: str, today: date, times: int) -> None:
    """Print every figure of one shop."""
    size = {"orders": installed.count("orders")}
    first = today - timedelta(days=TWO_YEARS)
    # What ended before the look-back is never freshened, so nothing is waited for.
    last = today - timedelta(days=4)
    asked = dashboard.requests(shop_id, first, last)

    every_order = dashboard.every_order(shop_id, first, last, MOST_ROWS)
    value, rows, megabytes = rows_per_second(client, every_order, times)
    report(figure="rows_per_second", value=value, rows=rows, megabytes=megabytes, **size)

    recent = dashboard.requests(shop_id, last - timedelta(days=29), last)[dashboard.BY_DAY]
    took = [milliseconds(lambda: client.post("getData", recent)) for _ in range(2 * times)]
    report(figure="last_30_days_ms", value=round(median(took), 2), **size)

    # The old segments stay readable for a while, so they can be asked beside the overlay.
    without_overlay = {name: statement(client, request) for name, request in asked.items()}
    engine = duckdb.connect(config={"threads": 2})
    for changed in (0, CHANGED_ORDERS):
        if changed:
            top_up(installed, 1)
        for name, request in asked.items():
            figures = beside(client, request, alone(engine, *without_overlay[name]), times)
            report(figure="dashboard_ms", request=name, changed=changed, **figures, **size)
    for step in ("looking", "planning"):
        report(figure=f"{step}_ms", **step_ms(client, asked, step, times), **size)
    report(figure="all_at_once_seconds", value=round(at_once(client, asked, times), 3), **size)
    report(figure="web_worker_mb", value=largest_worker_mb(installed), **size)
    cold, *warm = top_up(installed, TOP_UPS)
    report(figure="top_up_ms", value=median(warm), cold_ms=cold, changed=CHANGED_ORDERS, **size)


def main() -> int:
    """Import one shop, then measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--times", type=int, default=7)
    chosen = parser.parse_args()
    with both(chosen.orders, chosen.seed, TWO_YEARS) as (api, installed):
        today = datetime.fromtimestamp(api.now, UTC).date()
        import_two_years(installed, today)
        shop_id = str(api.rows("shops")[0]["id"])
        with installed.served(ANSWER_CACHE_MB="0") as client:
            measure(installed, client, shop_id, today, chosen.times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
