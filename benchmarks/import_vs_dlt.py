"""Orders per CPU-second and peak memory of our import beside those of dlt, as ratios of one run.

    python3 -m venv DLT && DLT/bin/pip install "dlt[duckdb]" requests
    python -m benchmarks.import_vs_dlt --dlt DLT/bin/python [--orders 10000] [--seed 7]

dlt is no part of this project and lives in an environment of its own, any folder outside the tree
(the first line; measured with dlt 1.31). Both sides read the same orders from the same simulator in
pages of 100, one after the other, each in a process of its own that is measured from its start to
its end: ours before dlt and after it, because a machine's speed changes. dlt loads them into DuckDB
with its rest_api source, which makes tables of the lists inside an order as ours does. Ours also
reads returns and cancellations, and asks day by day, so that it makes more calls. With fewer orders
the start of our process, two seconds, is a large part of the figure; dlt holds a load in memory and
needs some 6 GB for 10,000.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.product import ROOT, Product, Stopped, both, product, report
from benchmarks.requests30 import DAYS


@dataclass(frozen=True)
class Used:
    """What a process used: seconds of CPU time, and bytes of memory at its peak."""

    orders: int
    cpu_seconds: float
    peak_bytes: int

    @property
    def orders_per_cpu_second(self) -> float:
        return self.orders / self.cpu_seconds


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Used:
    """Run a side to its end. Raises Stopped when it fails; its last line says how many orders."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Stopped(f"{command} ended with {process.returncode}")
    # The kernel counts in units of 1024 bytes.
    cpu_seconds, peak_bytes = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
    return Used(int(printed.split()[-1]), cpu_seconds, peak_bytes)


def importing(installed: Product) -> Used:
    """What our import of the orders uses in a fresh installation."""
    installed.connect(wait=False)
    return measured(
        [sys.executable, "-m", "benchmarks.orders_alone", str(DAYS)], installed.environment
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dlt", required=True, help="the Python of an environment that has dlt")
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with both(chosen.orders, chosen.seed, DAYS) as (api, installed), product(api, {}) as another:
        before = importing(installed)
        folder = installed.folder / "dlt"
        folder.mkdir()
        loop = [chosen.dlt, "-m", "benchmarks.dlt_loop", api.url, str(folder)]
        # Nothing of this run is to leave the folder or the machine.
        quiet = {"DLT_DATA_DIR": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false"}
        theirs = measured(loop, {"HOME": str(folder), "PATH": os.environ["PATH"]} | quiet)
        after = importing(another)
    if before.orders != after.orders:
        raise Stopped(f"the import has {before.orders} orders and then {after.orders}")
    ours = Used(
        before.orders,
        (before.cpu_seconds + after.cpu_seconds) / 2,
        max(before.peak_bytes, after.peak_bytes),
    )
    for name, used in (("dlt", theirs), ("import", ours)):
        if used.orders != chosen.orders:
            raise Stopped(f"{name} has {used.orders} orders instead of {chosen.orders}")
        report(
            figure=f"{name}_orders_per_cpu_second",
            value=round(used.orders_per_cpu_second),
            orders=used.orders,
            cpu_seconds=round(used.cpu_seconds, 2),
            peak_memory_mb=round(used.peak_bytes / 1e6, 1),
        )
    speed = ours.orders_per_cpu_second / theirs.orders_per_cpu_second
    report(figure="orders_per_cpu_second_against_dlt", value=round(speed, 2), orders=ours.orders)
    memory = ours.peak_bytes / theirs.peak_bytes
    report(figure="peak_memory_against_dlt", value=round(memory, 2), orders=ours.orders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
