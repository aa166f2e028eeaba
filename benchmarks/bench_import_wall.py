"""How long a first import takes when TikTok is slow and allows little, beside the least possible.

    python -m benchmarks.bench_import_wall [--orders 100 2000 10000] [--seed 7]

The simulator answers after 150 ms and allows 20 calls a second. The floor is the calls that were
needed (those it did not refuse) divided by that rate; nobody who makes these calls can be quicker.
Wall time is that of the run, from when a worker claimed it until it was done. From the calls of
the two largest shops the time for 250,000 orders is computed. Limits of an importer of the same
kind, as published: under 100 orders 5 to 15 min, to 10,000 30 min to 2 h, to 250,000 2 to 8 h.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

import requests

from benchmarks.product import Stopped, both, report
from benchmarks.requests30 import DAYS

LATENCY_MS: Final = 150
CALLS_PER_SECOND: Final = 20
#: Too many orders to wait for; their calls follow from those of smaller shops.
COMPUTED: Final = 250_000
#: Calls of the token and the list of shops, and pictures, are outside the shop's quota.
_OUTSIDE: Final = frozenset({"token_get", "token_refresh", "authorized_shops", "images"})
_REFUSED: Final = "36009002"


def import_shop(orders: int, seed: int) -> int:
    """Import a shop of so many orders, print what it took and give the calls it needed."""
    pace = {"latency-ms": LATENCY_MS, "qps": CALLS_PER_SECOND}
    with both(orders, seed, DAYS, pace) as (api, installed):
        installed.connect(wait=False)
        used = installed.work()
        (run,) = map(json.loads, installed.flask("runs", "list", "--json").splitlines())
        if run["state"] != "done":
            raise Stopped(f"the import was left {run['state']}: {run['message']}")
        calls, refused = _counted(api.url)
    needed = sum(calls.values())
    floor = needed / CALLS_PER_SECOND
    wall = run["finished_at"] - run["started_at"]
    report(
        figure="import_wall_against_floor",
        value=round(wall / floor, 2),
        orders=orders,
        calls=needed,
        calls_refused=refused,
        calls_per_1000_orders=round(1000 * needed / orders, 1),
        floor_seconds=round(floor, 1),
        wall_seconds=round(wall, 1),
        cpu_seconds=round(used.ru_utime + used.ru_stime, 1),
        calls_by_name=dict(sorted(calls.items())),
    )
    return needed


def _counted(url: str) -> tuple[dict[str, int], int]:
    """The shop's calls by name without those refused for coming too fast, and how many were."""
    calls: dict[str, int] = {}
    refused = 0
    with requests.get(f"{url}/_ledger", stream=True, timeout=60) as reply:
        for line in filter(None, reply.iter_lines()):
            entry: dict[str, Any] = json.loads(line)
            if entry["name"] in _OUTSIDE:
                continue
            if str(entry["code"]) == _REFUSED:
                refused += 1
            else:
                name = str(entry["name"] or entry["path"])
                calls[name] = calls.get(name, 0) + 1
    return calls, refused


def compute(known: list[tuple[int, int]]) -> None:
    """Print the floor for COMPUTED orders; `known` are (orders, calls) of two shops or more."""
    (fewer, fewer_calls), (more, more_calls) = sorted(known)[-2:]
    each = (more_calls - fewer_calls) / (more - fewer)
    calls = round(more_calls + each * (COMPUTED - more))
    report(
        figure="import_floor_minutes_computed",
        value=round(calls / CALLS_PER_SECOND / 60, 1),
        orders=COMPUTED,
        calls=calls,
        calls_per_further_1000_orders=round(1000 * each, 1),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[100, 2_000, 10_000])
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    known = [(orders, import_shop(orders, chosen.seed)) for orders in chosen.orders]
    if len(known) > 1:
        compute(known)
    return 0


if __name__ == "__main__":
    sys.exit(main())
