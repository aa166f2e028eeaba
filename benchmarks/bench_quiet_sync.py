"""What a scheduled sync costs when hardly anything has happened: calls and CPU time.

    python -m benchmarks.bench_quiet_sync [--orders 1000] [--products 25 110] [--seed 7]

A shop with a dozen orders a day is imported; then the clocks are moved on to 02:00 and 14:00 UTC of
the next days, and a sync runs. The first one is not counted: it opens files and loads modules.
Aim: 30 calls, and 12 for each hundred products after the first; 1 s of CPU. A call for the detail
of each product that was changed meanwhile comes on top.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Final

from backfill.slots import newest_slot
from benchmarks.product import ROOT, Stopped, both, report
from benchmarks.requests30 import DAYS

HALF_A_DAY: Final = 12 * 3_600

#: Syncs in all.
_SYNCS: Final = 6


def measure(orders: int, products: int, seed: int) -> None:
    """Print what each sync of one shop took, and the most."""
    with both(orders, seed, DAYS, {"products": products}) as (api, installed):
        installed.connect(wait=False)
        installed.work()
        slot = newest_slot(api.now)
        slots = [str(int(slot + HALF_A_DAY * number)) for number in range(1, _SYNCS + 1)]
        command = [sys.executable, "-m", "benchmarks.syncs_alone", api.url, *slots]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=installed.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Stopped(f"the syncs ended with {done.returncode}: {done.stderr[-2000:]}")
        syncs = [json.loads(line) for line in done.stdout.splitlines()][1:]
    if {sync["state"] for sync in syncs} != {"done"}:
        raise Stopped(f"a sync was left undone: {syncs}")
    for figure in ("calls", "cpu_seconds"):
        report(
            figure=f"quiet_sync_{figure}",
            value=max(sync[figure] for sync in syncs),
            each=[sync[figure] for sync in syncs],
            products_changed=[sync["products_changed"] for sync in syncs],
            products=syncs[0]["products"],
            orders=orders,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000)
    parser.add_argument("--products", type=int, nargs="+", default=[25, 110])
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    for products in chosen.products:
        measure(chosen.orders, products, chosen.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
