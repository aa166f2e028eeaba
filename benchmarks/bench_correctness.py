"""How many of thirty requests are answered exactly as a brute-force computation answers them.

    python -m benchmarks.bench_correctness [--orders 10000] [--seed 7] [--only TEXT]

Prints one JSON line per request and a last one with the figure; ends with 1 on any difference.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks import requests30
from benchmarks.oracle import answer
from benchmarks.oracle_differences import differences
from benchmarks.oracle_facts import Facts, Payloads
from benchmarks.product import Client, Simulator, both, report

#: Published fields that no computation over payloads can know: when and how far we have read.
NOT_COMPUTED: Final = frozenset({"data_as_of", "covered_from", "data_note", "snapshot_time"})


def payloads_of(api: Simulator) -> Payloads:
    """Everything the simulated shop has."""
    return Payloads(
        shop=api.rows("shops")[0],
        orders=api.rows("orders"),
        price_details=api.rows("price_detail"),
        products=api.rows("products"),
        product_search=api.rows("product_search"),
        inventory=api.rows("inventory"),
        returns=api.rows("returns"),
        cancellations=api.rows("cancellations"),
        warehouses=api.rows("warehouses"),
    )


def best_sellers(orders: Iterable[Mapping[str, Any]], count: int = 3) -> list[str]:
    """The ids of the products that sold the most units, best first."""
    sold = Counter(
        str(line["product_id"]) for order in orders for line in order.get("line_items") or ()
    )
    return [product_id for product_id, _ in sold.most_common(count)]


def compare(api: Simulator, client: Client, only: str) -> bool:
    """Report every request; whether all were right and every published field was asked for."""
    payloads = payloads_of(api)
    facts, shop_id = Facts(payloads), str(payloads.shop["id"])
    schema = client.ask("getSchema", {"configParams": {"shops": shop_id}})["schema"]
    published = {field["name"] for field in schema}
    today = datetime.fromtimestamp(time.time(), UTC).date()
    asked = requests30.requests(shop_id, today, best_sellers(payloads.orders), published)
    fields, _ = requests30.touched(asked)
    chosen = {name: request for name, request in asked.items() if only in name}
    wrong = 0
    for name, request in chosen.items():
        expected = answer(request, facts, time.time())
        reply = client.post("getData", request)
        found = (
            differences(expected, reply.json())
            if reply.ok
            else [f"answered {reply.status_code}: {reply.text[:500]}"]
        )
        wrong += bool(found)
        report(request=name, rows=len(expected.rows), differences=found)
    forgotten = sorted(published - fields - NOT_COMPUTED)
    if forgotten:
        report(request="every published field", differences=[f"nobody asks for {forgotten}"])
    report(figure="correct_requests", value=len(chosen) - wrong, of=len(chosen))
    return wrong == 0 and not forgotten


def main() -> int:
    """Read the command line, measure, and say by the exit code whether all was right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="only requests whose name holds this text")
    chosen = parser.parse_args()
    # With price details, so that what a buyer paid for a unit is known for every unit.
    shop = both(chosen.orders, chosen.seed, requests30.DAYS, IMPORT_PRICE_DETAIL="true")
    with shop as (api, installed):
        installed.connect(wait=True)
        with installed.served() as client:
            return 0 if compare(api, client, chosen.only) else 1


if __name__ == "__main__":
    sys.exit(main())
