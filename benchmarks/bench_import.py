"""How many orders one importing process reads in a second of its CPU time, and what it needs.

    python -m benchmarks.bench_import [--orders 300000] [--seed 7]

The simulator is another process and is not counted. Counted is a process that imports the orders
with their units, prices, returns and cancellations (`benchmarks.orders_alone`), from its start to
its end: calls, parsing, records, columns. Before and after it, in the same run, goes a plain loop
(`benchmarks.plain_loop`): how fast this machine is at this moment. What an import of everything
costs is printed by `bench_getdata`, which begins with one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from resource import struct_rusage

from benchmarks.product import ROOT, Product, Stopped, both, report
from benchmarks.requests30 import DAYS


def import_shop(installed: Product) -> None:
    """Let a worker import everything of the connected shop; prints what it took."""
    installed.connect(wait=False)
    started = time.monotonic()
    used = installed.work()
    _report(installed, "import", used, time.monotonic() - started)


def import_orders(installed: Product) -> float:
    """Import the connected shop's orders and nothing else; prints what it took and gives its CPU
    seconds."""
    installed.connect(wait=False)
    command = [sys.executable, "-m", "benchmarks.orders_alone", str(DAYS)]
    started = time.monotonic()
    used = _run(command, installed.environment)
    _report(installed, "import_of_orders", used, time.monotonic() - started)
    return used.ru_utime + used.ru_stime


def _report(installed: Product, name: str, used: struct_rusage, seconds: float) -> None:
    orders, lines = installed.count("orders"), installed.count("order_line_items")
    cpu_seconds = used.ru_utime + used.ru_stime
    size = {"orders": orders, "line_items": lines}
    report(
        figure=f"{name}_orders_per_cpu_second",
        value=round(orders / cpu_seconds),
        cpu_seconds=round(cpu_seconds, 2),
        **size,
    )
    report(
        figure=f"{name}_orders_per_second",
        value=round(orders / seconds),
        seconds=round(seconds, 2),
        **size,
    )
    # The kernel counts in units of 1024 bytes.
    report(figure=f"{name}_peak_memory_mb", value=round(used.ru_maxrss * 1024 / 1e6, 1), **size)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> struct_rusage:
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Stopped(f"{command[2]} failed")
    return used


def plain_loop(url: str, file: Path) -> float:
    """CPU seconds of `benchmarks.plain_loop` over the same simulator, into a new file."""
    command = [sys.executable, "-m", "benchmarks.plain_loop", url, str(file)]
    used = _run(command, os.environ)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Import one shop beside a plain loop and print the figures and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with both(chosen.orders, chosen.seed, DAYS) as (api, installed):
        before = plain_loop(api.url, installed.folder / "before.sqlite")
        ours = import_orders(installed)
        plain = (before + plain_loop(api.url, installed.folder / "after.sqlite")) / 2
    orders = chosen.orders
    report(figure="plain_loop_orders_per_cpu_second", value=round(orders / plain), orders=orders)
    report(figure="import_cpu_against_plain_loop", value=round(ours / plain, 2), orders=orders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
