"""Server time and size of every page of the hub, over a large shop and a long history.

    python -m benchmarks.bench_hub [--orders 300000] [--runs 200] [--times 7] [--seed 7]

A shop is imported, runs are added to its history, and each page is asked for in this process, by
somebody who is signed in: no network and no browser is in the figures. Prints one JSON line per
page and per part of a page that the browser asks for by itself (aim: 150 ms each, 50 KB):

- `first_ms`: with the answer cache switched off, so that every number is computed (the median),
  and `cpu_ms`, what the process itself used for that, both cores together;
- `again_ms`: with it, as for whoever loads the page a second time (the median);
- `bytes`: of the body.

`machine_ms` is how long a fixed piece of arithmetic took around the page, to compare runs on a
machine that others use too.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from flask.testing import FlaskClient

from app import create_app
from benchmarks.bench_dashboard import TWO_YEARS, import_two_years
from benchmarks.product import both, report
from installation import Installation
from settings import load

AIM_MS: Final = 150
AIM_BYTES: Final = 50_000

#: Name -> address; `{shop}` and `{run}` are filled in, `{first}` to `{last}` is two years.
PAGES: Final = {
    "shops": "/",
    "add a shop": "/shops/add",
    "settings of a shop": "/shops/{shop}/settings",
    "settings of many shops": "/shops/settings?shop={shop}",
    "disconnect": "/shops/{shop}/disconnect",
    "invites": "/connect/invites",
    "import": "/shops/{shop}/import",
    "import, the live part": "/shops/{shop}/import/live",
    "imports": "/imports?shop={shop}",
    "imports, the live part": "/imports/live?shop={shop}",
    "backfill": "/backfill?shop={shop}",
    "history": "/history",
    "a run": "/history/{run}",
    "dashboard": "/dashboard",
    "dashboard, charts": "/dashboard/charts",
    "dashboard, states": "/dashboard/stands",
    "dashboard, best products": "/dashboard/best",
    "dashboard, profit and loss": "/dashboard/profit",
    "dashboard, money": "/dashboard/money",
    "dashboard, 90 days": "/dashboard?range=90",
    "dashboard, two years": "/dashboard?range=own&start={first}&end={last}&compare=none",
    "numbers": "/numbers",
    "numbers, steps": "/numbers/steps",
    "numbers, money": "/numbers/money",
    "numbers, 28 days": "/numbers?range=28",
    "fields": "/fields",
    "fields, a search": "/fields?q=refund",
    "a field": "/fields/gmv",
    "preview": "/fields/preview?fields=date,gmv,orders",
    "preview by product": "/fields/preview?fields=product_name,gmv,items_sold",
    "keys": "/keys",
    "clients": "/clients",
    "members": "/members",
    "workspace": "/settings",
    "notices": "/settings/notices",
    "usage": "/usage",
    "Looker Studio": "/looker",
    "sheets": "/sheets",
    "a new export": "/sheets/new",
}


class Load(NamedTuple):
    """One time that a page was asked for."""

    milliseconds: float
    cpu_milliseconds: float
    size: int


def load_page(client: FlaskClient, address: str) -> Load:
    started, used = time.perf_counter(), time.process_time()
    answer = client.get(address)
    took, cost = time.perf_counter() - started, time.process_time() - used
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return Load(took * 1000, cost * 1000, len(answer.data))


def machine_ms() -> float:
    """A fixed piece of work of this process alone."""
    started = time.perf_counter()
    sum(range(1_000_000))
    return (time.perf_counter() - started) * 1000


@contextmanager
def member(folder: Path, **settings: str) -> Iterator[tuple[FlaskClient, Installation]]:
    """Somebody signed in to the workspace of a data folder."""
    environment = {**os.environ, "DATA_DIR": str(folder), "LOG_LEVEL": "error", **settings}
    app = create_app(load(environment))
    here: Installation = app.extensions["installation"]
    client = app.test_client()
    client.post("/sign-in", data={"token": here.sessions.new_link_token("default")})
    try:
        yield client, here
    finally:
        here.close()


def add_runs(here: Installation, shop_id: str, count: int) -> str:
    """So many runs that are over, besides what there is; the id of one of them."""
    lanes = ("tail",)
    for number in range(count):
        here.ledger.enqueue(
            "default", shop_id, "tail", "sync", slot=f"made-{number}", parameters={},
            trigger="schedule",
        )  # fmt: skip
        claim = here.ledger.claim("benchmark", lanes)
        if claim is not None:
            here.ledger.finish(claim, "done")
    return here.ledger.runs("default", shop_id, limit=1)[0].id


def measure(folder: Path, shop_id: str, runs: int, times: int, orders: int) -> None:
    """Print the figures of every page."""
    with member(folder) as (client, here):
        last = datetime.fromtimestamp(here.clock.now(), UTC).date() - timedelta(days=1)
        names = {
            "shop": shop_id,
            "run": add_runs(here, shop_id, runs),
            "first": f"{last - timedelta(days=TWO_YEARS)}",
            "last": f"{last}",
        }
        addresses = {name: address.format(**names) for name, address in PAGES.items()}
        with member(folder, ANSWER_CACHE_MB="0") as (uncached, _):
            for name, address in addresses.items():
                load_page(uncached, address)
                load_page(client, address)
                pace = machine_ms()
                first = [load_page(uncached, address) for _ in range(times)]
                again = [load_page(client, address).milliseconds for _ in range(times)]
                value, size = median(one.milliseconds for one in first), first[0].size
                report(
                    figure="page",
                    page=name,
                    first_ms=round(value, 1),
                    cpu_ms=round(median(one.cpu_milliseconds for one in first), 1),
                    again_ms=round(median(again), 1),
                    bytes=size,
                    within=value <= AIM_MS and size <= AIM_BYTES,
                    machine_ms=round((pace + machine_ms()) / 2, 1),
                    orders=orders,
                    runs=runs,
                )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with both(chosen.orders, chosen.seed, TWO_YEARS) as (api, installed):
        import_two_years(installed, datetime.fromtimestamp(api.now, UTC).date())
        shop_id = str(api.rows("shops")[0]["id"])
        folder = Path(installed.environment["DATA_DIR"])
        measure(folder, shop_id, chosen.runs, chosen.times, installed.count("orders"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
