"""How many of some seventy requests are answered as a brute-force computation answers them.

    python -m benchmarks.bench_correctness [--orders 10000] [--seed 7] [--only TEXT]

Prints one JSON line per request and a last one with the figure; ends with 1 on any difference.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks import requests30, requests_beyond
from benchmarks.oracle import answer
from benchmarks.oracle_differences import differences
from benchmarks.oracle_facts import Facts
from benchmarks.oracle_rows import Payloads
from benchmarks.product import Client, Product, Simulator, both, report
from sample_shop.regions import REGIONS

#: Published fields that no computation over payloads can know: when and how far we have read.
NOT_COMPUTED: Final = frozenset(
    {"data_as_of", "covered_from", "data_note", "data_ready_date", "snapshot_time"}
)
#: Calls a day for what is read on request only, an order at a time.
_PLENTY: Final = "100000"
#: Payloads of the oracle -> rows of the simulator, where they are not called the same.
_ROWS: Final = {
    "price_details": "price_detail",
    "transactions": "statement_transactions",
    "settled_skus": "statement_transaction_skus",
    "shop_days": "shop_performance_daily",
    "shop_hours": "shop_performance_hourly",
    "video_overviews": "video_overview_daily",
    "live_overviews": "live_overview_daily",
    "product_days": "product_performance_daily",
    "sku_days": "sku_performance_daily",
    "video_days": "video_performance_daily",
}


def payloads_of(api: Simulator) -> Payloads:
    """Everything the simulated shop has told, or would tell if it were asked once more."""
    (shop,) = api.rows("shops")
    region = next(region for region in REGIONS if region.code == shop["region"])
    names = {field.name for field in fields(Payloads)} - {"shop", "zone", "currency"}
    rows = {name: api.rows(_ROWS.get(name, name)) for name in names}
    # A shipment of which nothing has arrived yet cannot be known: there is no list of them.
    moved = {movement["order"]["id"] for movement in api.rows("fbt_inventory_records")}
    rows["inbound_orders"] = [one for one in rows["inbound_orders"] if one["id"] in moved]
    # Of other orders the price is concluded from the order, as far as it says it.
    paths = api.paths_asked("price_detail")
    asked = {path.split("/")[-2] for path in paths}
    rows["price_details"] = [one for one in rows["price_details"] if one["order_id"] in asked]
    return Payloads(shop=shop, zone=region.zone, currency=region.currency, **rows)


def read_everything(installed: Product) -> None:
    """Connect the shop and import it, with what is read on request only."""
    installed.connect(wait=True)
    today = datetime.now(UTC).date()
    first = today - timedelta(days=requests30.DAYS)
    days = ("--start", first.isoformat(), "--end", today.isoformat())
    installed.flask("backfill", "all", *days, "--data", "sku_analytics", "--wait")


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
    published = {field["name"] for field in schema if not field.get("isHidden")}
    today = datetime.fromtimestamp(time.time(), UTC).date()
    asked = requests30.requests(shop_id, today, best_sellers(payloads.orders), published)
    asked |= requests_beyond.requests(shop_id, today, published)
    touched, _ = requests30.touched(asked)
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
    forgotten = sorted(published - touched - NOT_COMPUTED)
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
    shop = both(
        chosen.orders,
        chosen.seed,
        requests30.DAYS,
        IMPORT_PRICE_DETAIL="true",
        SKU_FINANCE_DAILY_CALLS=_PLENTY,
        EXTERNAL_ORDERS_DAILY_CALLS=_PLENTY,
    )
    with shop as (api, installed):
        read_everything(installed)
        with installed.served() as client:
            return 0 if compare(api, client, chosen.only) else 1


if __name__ == "__main__":
    sys.exit(main())
