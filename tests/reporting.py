"""The shop of `tests.answering` with money and TikTok's own figures, and somebody who is signed in.

statement  cut (UTC)   settlement  its transactions                                adds up
T1         2026-08-03       24.90  X1 of A: sales 28.00, discount -2.50, fees -2.60  yes
                                   (referral -1.00, creator -0.50), settled 22.90;
                                   X2 a correction of +2.00
T2         2026-08-04        7.40  X3 of B: sales 8.25, fees -0.85 (referral -0.80), no, 0.01 off
                                   settled 7.39

unsettled: order D, estimated 90.00. TikTok's own sales: 1 August 25.50, 2nd 0.00, 3rd 40.00.
The shop's own zone is America/Los_Angeles; reports are in UTC, and it is 20 August 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store.accounts import ShopRow
from tests.answering import Answering, HandMadeShop, answering, at, fill

SHOP = HandMadeShop("111", "Aurora US", "US")
_T1, _T2 = at("2026-08-03 00:00"), at("2026-08-04 00:00")


def reporting(folder: Path, **settings: Any) -> Answering:
    test = answering(folder, **settings)
    shop = test.shop(SHOP)
    fill(test, shop)
    _settle(test, shop)
    _days(test, shop)
    test.publish(shop)
    return test


class Member:
    """Somebody who is signed in to a workspace."""

    def __init__(self, test: Answering, workspace: str = "default") -> None:
        self.client: FlaskClient = test.app.test_client()
        link = test.here.sessions.new_link_token(workspace)
        self.client.post("/sign-in", data={"token": link})

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(path, query_string=query)

    def page(self, path: str, **query: Any) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def token(self, path: str) -> str:
        return self.page(path).partition('name="form_token" value="')[2].partition('"')[0]

    def post(self, path: str, form: Mapping[str, Any], page: str = "") -> TestResponse:
        """`page`: where the form is, if it is not where it is sent."""
        return self.client.post(path, data={"form_token": self.token(page or path), **form})


def text_of(page: str) -> str:
    """What a page says, without tags, each stretch of space as one."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def _settle(test: Answering, shop: ShopRow) -> None:
    statements = [
        ("T1", 1, _T1, "PAID", "24.90", "0", 2, 1),
        ("T2", 2, _T2, "PROCESSING", "7.40", "0.01", 1, 0),
    ]
    test.write(
        shop,
        "statements",
        [
            {
                "statement_id": name,
                "statement_key": key,
                "statement_time": time,
                "payment_status": status,
                "currency": "USD",
                "settlement_amount": settled,
                "settlement_difference": difference,
                "transaction_count": count,
                "is_reconciled": adds_up,
            }
            for name, key, time, status, settled, difference, count, adds_up in statements
        ],
    )
    columns = (
        *("transaction_id", "statement_key", "type", "order_id", "order_key"),
        *("subtotal_before_discount_amount", "seller_discount_amount", "revenue_amount"),
        *("fee_tax_amount", "referral_fee_amount", "affiliate_commission_amount"),
        *("adjustment_amount", "settlement_amount"),
    )
    transactions = [
        ("X1", 1, "ORDER", "A", 1, "28.00", "-2.50", "25.50", "-2.60", "-1.00", "-0.50", None,
         "22.90"),
        ("X2", 1, "OTHER", None, None, None, None, None, None, None, None, "2.00", "2.00"),
        ("X3", 2, "ORDER", "B", 2, "8.25", None, "8.25", "-0.85", "-0.80", None, None, "7.39"),
    ]  # fmt: skip
    test.write(
        shop,
        "statement_transactions",
        [
            {
                **dict(zip(columns, values, strict=True)),
                "statement_id": f"T{values[1]}",
                "statement_time": _T1 if values[1] == 1 else _T2,
                "currency": "USD",
            }
            for values in transactions
        ],
    )
    test.write(
        shop,
        "unsettled_transactions",
        [
            {
                "transaction_id": "U1",
                "type": "ORDER",
                "order_id": "D",
                "order_key": 4,
                "currency": "USD",
                "est_settlement_amount": "90.00",
                "is_unsettled": 1,
                "first_listed_at": at("2026-08-04 00:00"),
            }
        ],
    )


def _days(test: Answering, shop: ShopRow) -> None:
    told = [
        ("2026-08-01", "25.50", 1, 3),
        ("2026-08-02", "0.00", 0, 0),
        ("2026-08-03", "40.00", 2, 2),
    ]
    test.write(
        shop,
        "shop_performance_daily",
        [
            {
                "date": date,
                "day": at(f"{date} 00:00"),
                "gmv": gmv,
                "orders_count": orders,
                "items_sold": items,
                "currency": "USD",
            }
            for date, gmv, orders, items in told
        ],
    )
