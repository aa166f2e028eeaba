"""Our side of `import_vs_dlt`: the orders of the connected shop, with their returns and
cancellations, into records and columns. Calls, parsing and storing are those of a worker.

    python -m benchmarks.orders_alone DAYS

Runs with the settings of an installation that has one shop connected; `DAYS` back from now.
"""

from __future__ import annotations

import os
import sys

from backfill.run import Shop, Task, Tools, work
from backfill.windows import floor_of
from clock import SystemClock
from installation import Installation
from logs import configure_logs
from memory import use_little_memory
from settings import load


def main(days: int) -> int:
    """Print the number of orders in the records."""
    use_little_memory()
    clock = SystemClock()
    settings = load(os.environ)
    configure_logs(settings)
    here = Installation(settings, clock)
    (shop,) = (shop for shop in here.accounts.all_shops() if not shop.is_sample)
    place = (shop.workspace_id, shop.shop_id)
    now = int(clock.now())
    records = here.stores.records(*place)
    outcome = work(
        Task(start=floor_of(now, days), end=now, began_at=now, data=("orders",)),
        Shop({"id": shop.shop_id, "name": shop.name, "region": shop.region}, shop.currency),
        Tools(
            records=records,
            columns=here.stores.columns(*place),
            source=here.source(shop, "backward"),
            buyer=here.accounts.workspace(shop.workspace_id).buyer_hasher(),
            clock=clock,
        ),
        ledger_token=1,
        renew=lambda: None,
        stop=lambda: False,
    )
    ((count,),) = records.query("SELECT count(*) FROM orders")
    sys.stdout.write(f"{count}\n")
    return 0 if outcome.state == "done" else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
