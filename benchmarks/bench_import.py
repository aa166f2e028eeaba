"""How many orders one importing process reads in a second of its CPU time, and what it needs.

    python -m benchmarks.bench_import [--orders 300000] [--seed 7]

The simulator is another process and is not counted. Counted is the worker, from its start to an
idle queue: calls, parsing, records, columns.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.product import both, report
from benchmarks.requests30 import DAYS


def main() -> int:
    """Import one shop and print orders per CPU-second, per second, and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with both(chosen.orders, chosen.seed, DAYS) as (_, installed):
        installed.connect(wait=False)
        started = time.monotonic()
        used = installed.work()
        seconds = time.monotonic() - started
        orders, lines = installed.count("orders"), installed.count("order_line_items")
    cpu_seconds = used.ru_utime + used.ru_stime
    size = {"orders": orders, "line_items": lines}
    report(
        figure="import_orders_per_cpu_second",
        value=round(orders / cpu_seconds),
        cpu_seconds=round(cpu_seconds, 2),
        **size,
    )
    report(
        figure="import_orders_per_second",
        value=round(orders / seconds),
        seconds=round(seconds, 2),
        **size,
    )
    # The kernel counts in units of 1024 bytes.
    report(figure="import_peak_memory_mb", value=round(used.ru_maxrss * 1024 / 1e6, 1), **size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
