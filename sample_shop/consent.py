"""The consent page: what a seller sees when an app asks for access to the shop."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

from .answers import Answer
from .gateway import AUTH_CODE

PATHS = ("/open/authorize", "/oauth/authorize")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Authorise the app</title></head>
<body><h1>Sample Seller Center</h1>
<p>The app {service} asks to read the orders, products and returns of {seller}.</p>
<p><a id="authorise" href="{yes}">Authorise</a> <a id="refuse" href="{no}">Refuse</a></p>
</body></html>
"""


def consent_page(query: Mapping[str, str], redirect: str, seller: str) -> Answer:
    """Return the page; its two links lead back to `redirect` the way TikTok does."""
    state = query.get("state", "")
    joiner = "&" if "?" in redirect else "?"
    yes = redirect + joiner + urlencode({"code": AUTH_CODE, "state": state})
    no = redirect + joiner + urlencode({"code": "null", "error": "auth_denied", "state": state})
    service = query.get("service_id") or query.get("app_key") or "without a name"
    page = _PAGE.format(
        service=escape(service), seller=escape(seller), yes=escape(yes), no=escape(no)
    )
    return Answer(
        raw=page.encode(), headers={"Content-Type": "text/html; charset=utf-8"}, message="page"
    )
