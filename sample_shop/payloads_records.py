"""What payloads of settlement records have in common: what a record is, how amounts nest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from . import finance_rates as rates
from .draws import Ints
from .finance_amounts import TOTALS, Columns
from .finance_corrections import KINDS, corrections
from .finance_records import CODES, CORRECTION, REFUND_AGAIN, RELEASED, RESERVED, Settlements
from .finance_statements import Finance
from .life import CREATED
from .regions import Amounts as Written
from .shop import Shop

Payload = dict[str, Any]
Line = Mapping[str, int]
#: The amounts a record comes to, without the reserve.
SUMS: Final = TOTALS[:5]


class RecordParts:
    """Makes the parts of one shop's record payloads. Lines hold amounts in minor units."""

    def __init__(self, shop: Shop, finance: Finance) -> None:
        self.shop = shop
        self.finance = finance
        self.money = Written(shop.region)
        self._fees = tuple(rate.name for rate in finance.amounts.fees)
        self._ids: dict[tuple[str, int], str] = {}
        self._taxes = tuple(rate.name for rate in finance.amounts.taxes)

    @staticmethod
    def lines(columns: Columns) -> list[dict[str, int]]:
        """Return amounts record by record."""
        values = zip(*(column.tolist() for column in columns.values()), strict=True)
        return [dict(zip(columns, line, strict=True)) for line in values]

    def id_of(self, family: str, position: int) -> str:
        """Return the id of one of the few things that many records name (SKUs, statements)."""
        found = self._ids.get((family, position))
        if found is None:
            found = self._ids[family, position] = self.shop.ids.one(family, position)
        return found

    def heads(self, rows: Ints, known: Settlements) -> list[Payload]:
        """Return what records are, without amounts: an order, an adjustment or a reserve."""
        ids = self.shop.ids
        kinds = corrections(self.shop, rows, known)[0].tolist()
        orders = ids.many("order", rows // CODES)
        heads = []
        for row, record_id, order_id, kind in zip(
            rows.tolist(), ids.many("transaction", rows), orders, kinds, strict=True
        ):
            code, position = row % CODES, row // CODES
            head: Payload = {"id": record_id, "type": "ORDER"}
            if code <= REFUND_AGAIN:
                head["order_id"] = order_id
                head["order_create_time"] = int(known.lives.at[position, CREATED])
            elif code in (RESERVED, RELEASED):
                release = int(known.release_at(np.asarray([position]))[0])
                head["type"] = "RESERVE"
                head["reserve_id"] = ids.one("reserve", position)
                head["reserve_status"] = "COLLECTED" if code == RESERVED else "RELEASED"
                head["associated_order_id"] = order_id
                head["estimated_release_time"] = str(release) if code == RESERVED else ""
            else:
                head["type"] = KINDS[kind]
                head["adjustment_id"] = ids.one("adjustment", row)
                if code == CORRECTION:
                    head["adjustment_order_id"] = order_id
            heads.append(head)
        return heads

    def written(self, line: Line, names: tuple[str, ...]) -> Payload:
        """Return some amounts of a record as they are sent."""
        return {name: self.money[line[name]] for name in names}

    def breakdowns(self, line: Line, behind: tuple[str, ...]) -> Payload:
        """Return the three breakdowns; `behind`: what is said about the freight besides."""
        return {
            "revenue_breakdown": self.written(line, rates.REVENUE),
            "shipping_cost_breakdown": {
                **self.written(line, rates.FREIGHT),
                "supplementary_component": self.written(line, behind),
            },
            "fee_tax_breakdown": {
                "fee": self.written(line, self._fees),
                "tax": self.written(line, self._taxes),
            },
        }
