"""Plans and answers without HTTP and without TikTok: for tests of what is decided, and of what the
decision makes of hand-made rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pytest

from connector.counted import Counts
from connector.coverage import Known
from connector.plan import Plan, plan
from connector.request import parse
from connector.select import ShopScope
from errors import BadRequest
from store.accounts import ShopRow
from store.engine import Engine
from store.segments import Manifest
from tests.answering import Answering

US = ShopScope("1", "First shop", "US", "LOCAL", ("USD",), "UTC")
GB = ShopScope("2", "Second shop", "GB", "LOCAL", ("GBP",), "Europe/London")
TODAY = dt.date(2026, 9, 1)


def body(*fields: str, days: tuple[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    """A getData request; `days` August 2026 unless given."""
    start, end = days or ("2026-08-01", "2026-08-31")
    return {
        "fields": [{"name": name} for name in fields],
        "dateRange": {"startDate": start, "endDate": end},
        **changes,
        "configParams": {"shops": "all", **changes.get("configParams", {})},
    }


def planned(
    *fields: str,
    shops: Sequence[ShopScope] = (US,),
    today: dt.date = TODAY,
    known: Known | None = None,
    counts: Counts | None = None,
    analytics_days: int = 60,
    shop_notes: Sequence[str] = (),
    **changes: Any,
) -> Plan:
    return plan(
        parse(body(*fields, **changes)),
        shops,
        today,
        known=known,
        counts=counts or {},
        analytics_days=analytics_days,
        shop_notes=shop_notes,
    )


def refused(*fields: str, **changes: Any) -> tuple[str, str]:
    """(code, sentence) of the refusal."""
    with pytest.raises(BadRequest) as raised:
        planned(*fields, **changes)
    return raised.value.code, raised.value.message


def where(field: str, *values: str, operator: str = "EQUALS", kind: str = "INCLUDE") -> Any:
    return [[{"fieldName": field, "operator": operator, "type": kind, "values": list(values)}]]


def answered(made: Plan, manifests: Mapping[str, Manifest], engine: Engine) -> list[Any]:
    """The rows of a plan as Looker would get them."""
    sql = made.sql
    for source in made.sources:
        sql = sql.replace(source.token, source.scan(manifests[source.shop_id]))
    rows = engine.query(sql, made.parameters).column("row").to_pylist()
    return [orjson.loads(row.rstrip(","))["values"] for row in rows]


class Shelf:
    """Hand-made shops and their columns. `scopes` say what a plan knows of each."""

    def __init__(self, test: Answering, scopes: Mapping[str, ShopScope], today: dt.date) -> None:
        self.test = test
        self.scopes = scopes
        self.today = today

    def shops(self) -> list[ShopRow]:
        return list(self.test.here.accounts.workspace("default").shops())

    def manifests(self) -> dict[str, Manifest]:
        stores = self.test.here.stores
        return {
            shop.shop_id: stores.columns(shop.workspace_id, shop.shop_id).manifest()
            for shop in self.shops()
        }

    def known(self) -> Known:
        return {shop_id: one.coverage for shop_id, one in self.manifests().items()}

    def plan(self, *fields: str, shops: Sequence[str] | None = None, **changes: Any) -> Plan:
        chosen = [self.scopes[name] for name in shops or self.scopes]
        return planned(
            *fields, shops=chosen, **{"today": self.today, "known": self.known(), **changes}
        )

    def rows(self, *fields: str, shops: Sequence[str] | None = None, **changes: Any) -> list[Any]:
        """Rows as Looker would get them."""
        made = self.plan(*fields, shops=shops, **changes)
        return answered(made, self.manifests(), self.test.here.engine)
