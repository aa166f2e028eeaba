"""The other side of `import_vs_dlt`: the simulator's orders into DuckDB by dlt's rest_api source.

    python -m benchmarks.dlt_loop URL FOLDER

Runs in an environment of its own that has dlt, so it imports nothing but dlt and requests. Pages of
100 orders, their lists become tables of their own as dlt does it; all else is as dlt comes.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import dlt
import requests
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from dlt.sources.rest_api import rest_api_source
from requests.auth import AuthBase

KEY: Final = "sample-key"
SECRET: Final = "sample-secret"  # noqa: S105 - the simulator's well-known one
ORDERS: Final = "/order/202309/orders/search"


class Signed(AuthBase):
    """Adds what TikTok Shop wants with every call: app key, time, signature (HMAC-SHA256 of path,
    sorted query and body between the secret), access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = urlsplit(request.url or "")
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        query |= {"app_key": KEY, "timestamp": str(int(time.time()))}
        body = request.body or b""
        text = url.path + "".join(name + query[name] for name in sorted(query))
        whole = (SECRET + text).encode() + (body.encode() if isinstance(body, str) else body)
        query["sign"] = hmac.new(
            SECRET.encode(), whole + SECRET.encode(), hashlib.sha256
        ).hexdigest()
        request.url = urlunsplit(url._replace(query=urlencode(query)))
        request.headers["x-tts-access-token"] = self._token
        request.headers["content-type"] = "application/json"
        return request


def access(url: str) -> tuple[str, str]:
    """Token and cipher of the simulator's first shop."""
    grant = {"app_key": KEY, "app_secret": SECRET, "auth_code": "sample-code"}
    token: str = requests.get(
        f"{url}/api/v2/token/get", params={**grant, "grant_type": "authorized_code"}, timeout=30
    ).json()["data"]["access_token"]
    listed = requests.get(
        f"{url}/authorization/202309/shops", auth=Signed(token), timeout=30
    ).json()
    return token, listed["data"]["shops"][0]["cipher"]


def main(url: str, folder: str) -> int:
    """Print the number of orders loaded."""
    token, cipher = access(url)
    session = requests.Session()
    session.auth = Signed(token)
    endpoint: dict[str, Any] = {
        "path": ORDERS,
        "method": "POST",
        "params": {"page_size": 100, "shop_cipher": cipher, "sort_order": "ASC"},
        "data_selector": "data.orders",
        "paginator": JSONResponseCursorPaginator("data.next_page_token", "page_token"),
    }
    source = rest_api_source(
        {
            "client": {"base_url": url, "session": session},
            "resources": [
                {
                    "name": "orders",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": endpoint,
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        "orders",
        pipelines_dir=folder,
        destination=dlt.destinations.duckdb(str(Path(folder) / "orders.duckdb")),
        dataset_name="tiktok_shop",
    )
    pipeline.run(source)
    with pipeline.sql_client() as database:
        ((count,),) = database.execute_sql("SELECT count(*) FROM orders") or ((0,),)
    sys.stdout.write(f"{count}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
