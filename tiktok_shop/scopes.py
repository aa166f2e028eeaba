"""What a seller's grant allows: TikTok's scopes, in words for people.

The scope of each call is in `endpoints`. That a scope is enough for a call is confirmed by TikTok's
documents for authorization, orders, products, returns and finance; for the others it is what
clients of the live service report.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tiktok_shop.endpoints import ENDPOINTS

#: What cannot be read without a scope.
_WORDS: Final = {
    "seller.authorization.info": "the list of shops",
    "seller.order.info": "orders",
    "seller.product.basic": "products and stock",
    "seller.return_refund.basic": "returns and cancellations",
    "seller.finance.info": "statements and payments",
    "seller.logistics": "warehouses",
    "seller.fbt.info": "stock in TikTok's warehouses",
    "data.shop_analytics.public.read": "TikTok's analytics",
}


def missing_data(granted: Iterable[str]) -> list[str]:
    """What a grant with these scopes does not let us read, in words. Nothing when TikTok named no
    scopes at all: then a call will tell."""
    scopes = set(granted)
    needed = dict.fromkeys(endpoint.scope for endpoint in ENDPOINTS.values())
    if not scopes:
        return []
    return [_WORDS[scope] for scope in needed if scope not in scopes]
