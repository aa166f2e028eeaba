"""The syncs that `bench_quiet_sync` measures: in a process of its own, one after the other.

    python -m benchmarks.syncs_alone SIMULATOR INSTANT...

Runs with the settings of an installation that has one shop imported. Both clocks, ours and that of
the simulator's shop, are moved on to each INSTANT (UTC epoch seconds). Prints a JSON line for each.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence

import requests

from backfill.schedule import SYNC
from backfill.work import FORWARD
from clock import SystemClock
from installation import Installation
from logs import configure_logs
from memory import use_little_memory
from settings import load


class _Ahead(SystemClock):
    """A clock that is `seconds` ahead."""

    seconds = 0.0

    def now(self) -> float:
        return super().now() + self.seconds


def main(simulator: str, instants: Sequence[int]) -> int:
    use_little_memory()
    clock = _Ahead()
    settings = load(os.environ)
    configure_logs(settings)
    here = Installation(settings, clock)
    (shop,) = (shop for shop in here.accounts.all_shops() if not shop.is_sample)
    place = (shop.workspace_id, shop.shop_id)
    products = here.stores.records(*place).query(
        "SELECT count(*) FROM products WHERE is_auction IS NULL"
    )[0][0]
    before = len(_calls_since(simulator, 0))
    for instant in instants:
        clock.seconds += instant - clock.now()
        moved = {"now": int(clock.now())}
        requests.post(f"{simulator}/_clock", json=moved, timeout=60).raise_for_status()
        asked = here.ledger.enqueue(*place, FORWARD, SYNC, slot=f"at:{instant}", parameters={})
        used = time.process_time()
        began = time.monotonic()
        here.worker("benchmark").run_until_idle()
        run = here.ledger.run(asked.id)
        calls = _calls_since(simulator, before)
        before += len(calls)
        changed = calls.count("product_detail")
        found = {
            "at": instant,
            "state": run.state,
            "calls": len([name for name in calls if name]) - changed,
            "products_changed": changed,
            "cpu_seconds": round(time.process_time() - used, 2),
            "wall_seconds": round(time.monotonic() - began, 2),
            "products": products,
        }
        sys.stdout.write(f"{json.dumps(found)}\n")
    return 0


def _calls_since(simulator: str, number: int) -> list[str]:
    """The names of the calls after the `number`-th, "" for those that were refused: signatures
    carry our time, which is ahead of the simulator's until the first refusal tells."""
    with requests.get(f"{simulator}/_ledger?since={number}", stream=True, timeout=60) as reply:
        entries = [json.loads(line) for line in filter(None, reply.iter_lines())]
    return [entry["name"] if entry["code"] == 0 else "" for entry in entries]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], [int(word) for word in sys.argv[2:]]))
