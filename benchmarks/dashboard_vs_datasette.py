"""Two-year aggregates beside Datasette serving the same rows from SQLite: same answers, one run.

    python3 -m venv DATASETTE && DATASETTE/bin/pip install datasette
    python -m benchmarks.dashboard_vs_datasette --datasette DATASETTE/bin/datasette [--orders N]

Datasette is no part of this project and lives in an environment of its own, any folder outside the
tree (the first line; measured with Datasette 0.65.5). It opens the shop's own file of records and
runs the SQL below; the product answers getData with its response cache off. Both are asked over
HTTP, in turns. Prints one JSON line per question; aim: at least 20 × faster.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, Final

import requests

from benchmarks.bench_dashboard import TWO_YEARS, import_two_years, milliseconds, shop_folder
from benchmarks.product import Client, Product, Stopped, both, free_port, report, running

_UNITS: Final = "order_line_items l JOIN orders o USING (order_id)"
_PAID: Final = (
    "o.status <> 'UNPAID' AND (coalesce(o.paid_time, 0) > 0 OR coalesce(o.is_cod, 0) = 1)"
)
_GMV: Final = "sum(l.sale_price) FILTER (WHERE " + _PAID + ")"
#: Fields of ours -> the same in Datasette's SQL, by the definitions in docs/fields.md.
QUESTIONS: Final = {
    "date,gmv": f"""SELECT strftime('%Y%m%d', o.create_time, 'unixepoch') AS day,
        coalesce({_GMV}, 0) FROM {_UNITS} WHERE {{range}} GROUP BY 1 ORDER BY 1""",
    "product_id,gmv": f"""SELECT coalesce(l.auction_product_id, l.product_id) AS product,
        coalesce({_GMV}, 0) FROM {_UNITS} WHERE {{range}} GROUP BY 1 ORDER BY 1""",
    "order_status,gmv": f"""SELECT o.status, coalesce({_GMV}, 0)
        FROM {_UNITS} WHERE {{range}} GROUP BY 1 ORDER BY 1""",
    "hour,orders": """SELECT strftime('%H', o.create_time, 'unixepoch') AS hour, count(*)
        FROM orders o WHERE {range} GROUP BY 1 ORDER BY 1""",
}


def rows_of_ours(client: Client, request: dict[str, Any]) -> list[list[Any]]:
    """The rows of one getData."""
    return [row["values"] for row in client.ask("getData", request)["rows"]]


def same(ours: list[list[Any]], theirs: list[list[Any]]) -> bool:
    """Equal keys, and figures equal to the cent."""
    return [(str(key), round(value, 2)) for key, value in ours] == [
        (str(key), round(value, 2)) for key, value in theirs
    ]


def compare(
    client: Client, datasette: str, shop_id: str, first: date, last: date, times: int
) -> None:
    """Print one line per question. Raises Stopped where the answers differ."""
    low, high = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
    span = (
        f"o.create_time >= {int(low.timestamp())} "
        f"AND o.create_time < {int((high + timedelta(days=1)).timestamp())}"
    )
    for fields, sql in QUESTIONS.items():
        request = {
            "configParams": {"shops": shop_id},
            "dateRange": {"startDate": f"{first}", "endDate": f"{last}"},
            "fields": [{"name": name} for name in fields.split(",")],
        }
        asked = {"sql": sql.format(range=span), "_shape": "arrays", "_size": "max"}

        def ask_datasette(asked: dict[str, str] = asked) -> requests.Response:
            reply = requests.get(f"{datasette}/records.json", params=asked, timeout=300)
            reply.raise_for_status()
            return reply

        def ask_us(request: dict[str, Any] = request) -> requests.Response:
            reply = client.post("getData", request)
            reply.raise_for_status()
            return reply

        found = ask_datasette().json()
        if found["truncated"] or not same(rows_of_ours(client, request), found["rows"]):
            raise Stopped(f"{fields}: the two answers differ")
        acts: tuple[Callable[[], object], ...] = (ask_us, ask_datasette)
        pairs = [[milliseconds(act) for act in acts] for _ in range(times)]
        ours, theirs = (median(pair[side] for pair in pairs) for side in (0, 1))
        report(
            figure="times_faster_than_datasette",
            fields=fields,
            value=round(theirs / ours, 1),
            ms=round(ours, 1),
            datasette_ms=round(theirs, 1),
            rows=len(found["rows"]),
        )


def serve_both(installed: Product, command: str, ask: Callable[[Client, str], None]) -> None:
    """Let Datasette and the product serve the shop's rows while `ask` compares them."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    serving = [command, "serve", str(shop_folder(installed) / "records.sqlite")]
    options = ["--host", "127.0.0.1", "--port", str(port), "--setting", "sql_time_limit_ms"]
    limits = ["120000", "--setting", "max_returned_rows", "50000"]
    log = installed.folder / "datasette.log"
    with (
        running([*serving, *options, *limits], os.environ, log, f"{url}/-/versions.json"),
        installed.served(ANSWER_CACHE_MB="0") as client,
    ):
        ask(client, url)


def main() -> int:
    """Import one shop, then ask both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasette", required=True, help="the command of its environment")
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--times", type=int, default=5)
    chosen = parser.parse_args()
    with both(chosen.orders, chosen.seed, TWO_YEARS) as (api, installed):
        today = datetime.fromtimestamp(api.now, UTC).date()
        import_two_years(installed, today)
        shop_id = str(api.rows("shops")[0]["id"])
        first, last = today - timedelta(days=TWO_YEARS), today - timedelta(days=4)
        serve_both(
            installed,
            chosen.datasette,
            lambda client, url: compare(client, url, shop_id, first, last, chosen.times),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
