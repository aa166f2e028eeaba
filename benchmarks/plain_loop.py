"""The yardstick of `bench_import`: what a plain loop with requests, orjson and sqlite3 costs.

    python -m benchmarks.plain_loop URL FILE

Reads all orders of the simulator at URL, page after page, and keeps a few columns of each order
and line in the SQLite FILE. No retries, no checks, no columns, nothing to resume: the least that an
import can do on this machine at this moment.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import sys
import time
from typing import Any, Final

import orjson
import requests

KEY: Final = "sample-key"
SECRET: Final = "sample-secret"  # noqa: S105 - the simulator's well-known one
ORDER: Final = ("id", "status", "create_time", "update_time", "paid_time", "user_id")
LINE: Final = ("id", "product_id", "sku_id", "product_name", "sku_name", "sale_price")


def signed(path: str, query: dict[str, str], body: bytes = b"") -> dict[str, str]:
    query = {**query, "app_key": KEY, "timestamp": str(int(time.time()))}
    text = path + "".join(f"{name}{query[name]}" for name in sorted(query))
    whole = SECRET.encode() + text.encode() + body + SECRET.encode()
    return {**query, "sign": hmac.new(SECRET.encode(), whole, hashlib.sha256).hexdigest()}


def main(url: str, file: str) -> int:
    """Print the number of orders read."""
    session = requests.Session()
    grant = {"app_key": KEY, "app_secret": SECRET, "auth_code": "sample-code"}
    token = session.get(
        f"{url}/api/v2/token/get", params={**grant, "grant_type": "authorized_code"}, timeout=30
    ).json()["data"]["access_token"]
    headers = {"x-tts-access-token": token, "content-type": "application/json"}
    path = "/authorization/202309/shops"
    shops = session.get(url + path, params=signed(path, {}), headers=headers, timeout=30).json()
    cipher = shops["data"]["shops"][0]["cipher"]
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"CREATE TABLE orders ({', '.join(ORDER)}, total, PRIMARY KEY (id))")
    database.execute(f"CREATE TABLE lines ({', '.join(LINE)}, order_id, PRIMARY KEY (id))")
    path, page, count = "/order/202309/orders/search", "", 0
    while True:
        query = {"page_size": "100", "shop_cipher": cipher, "sort_order": "ASC"}
        if page:
            query["page_token"] = page
        reply = session.post(url + path, params=signed(path, query), headers=headers, timeout=30)
        data: dict[str, Any] = orjson.loads(reply.content)["data"]
        orders = data["orders"]
        with database:
            database.executemany(
                f"INSERT OR REPLACE INTO orders VALUES ({', '.join('?' * 7)})",
                [(*map(order.get, ORDER), order["payment"]["total_amount"]) for order in orders],
            )
            database.executemany(
                f"INSERT OR REPLACE INTO lines VALUES ({', '.join('?' * 7)})",
                [
                    (*map(line.get, LINE), order["id"])
                    for order in orders
                    for line in order["line_items"]
                ],
            )
        count += len(orders)
        page = data.get("next_page_token") or ""
        if not page:
            break
    database.close()
    sys.stdout.write(f"{count}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
