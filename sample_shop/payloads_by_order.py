"""The settlement of one order SKU by SKU, as the call by order (202501) returns it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from . import finance_rates as rates
from .draws import Ints
from .finance_records import CODES
from .finance_units import baskets, parts
from .life import CREATED
from .payloads_records import SUMS, Line, Payload, RecordParts
from .wording import sku_name

#: This call does not say what the buyer paid for freight.
_BEHIND: Final = rates.FREIGHT_BEHIND[1:]


def of_orders(made: RecordParts, positions: list[int], now: int) -> list[Payload]:
    """Return the answer of the call for each order, as far as it is settled at `now`."""
    shop, known = made.shop, made.finance.known(now)
    found = known.of_orders(np.asarray(positions, dtype=np.int64), now)
    rows = np.asarray([row for records in found for row, _ in records], dtype=np.int64)
    lines = iter(made.lines(made.finance.amounts.of(rows, known)))
    skus = iter(_skus(made, rows, now))
    answers = []
    for position, order_id, records in zip(
        positions, shop.ids.many("order", np.asarray(positions)), found, strict=True
    ):
        own = [(day, next(lines), next(skus)) for _, day in records]
        sums = {name: sum(line[name] for _, line, _ in own) for name in SUMS}
        written = made.written(sums, SUMS)
        payloads = [sku for day, line, parts in own for sku in _payloads(made, day, line, parts)]
        answers.append(
            {
                "order_id": order_id,
                "order_create_time": int(known.lives.at[position, CREATED]),
                "currency": shop.region.currency,
                "revenue_amount": written["revenue_amount"],
                "shipping_cost_amount": written["shipping_cost_amount"],
                "fee_and_tax_amount": written["fee_tax_amount"],
                "settlement_amount": written["settlement_amount"],
                "total_count": len(payloads),
                "sku_transactions": payloads,
            }
        )
    return answers


class _Sku(NamedTuple):
    """A SKU within a record: its units and their revenue, in the order of rates.REVENUE."""

    product: int
    sku: int
    revision: int
    quantity: int
    revenue: list[int]


def _skus(made: RecordParts, rows: Ints, now: int) -> list[list[_Sku]]:
    """Return the SKUs of each record."""
    basket = baskets(made.shop, rows // CODES)
    units = parts(made.shop, rows, basket, made.finance.known(now))[0]
    lines = (units.original, -units.discount, -units.original_back, units.discount_back)
    revenue = np.stack(lines, axis=2).tolist()  # by record, unit, line
    columns = (basket.unit_product, basket.unit_sku, basket.unit_revision, units.there)
    found = []
    for place, record in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        skus: dict[tuple[int, int], _Sku] = {}
        for unit, (product, sku, revision, there) in enumerate(zip(*record, strict=True)):
            if there:
                own, many = revenue[place][unit], 1
                if (before := skus.get((product, sku))) is not None:
                    own = [a + b for a, b in zip(before.revenue, own, strict=True)]
                    many = before.quantity + 1
                skus[product, sku] = _Sku(product, sku, revision, many, own)
        found.append(list(skus.values()))
    return found


def _payloads(made: RecordParts, day: int, line: Line, skus: list[_Sku]) -> list[Payload]:
    """Return one record SKU by SKU: revenue by unit, the rest shared out in proportion."""
    shop, amounts = made.shop, made.finance.amounts
    weights = [sum(map(abs, sku.revenue)) for sku in skus]
    names = (*rates.FREIGHT, *_BEHIND, *(rate.name for rate in amounts.fees + amounts.taxes))
    shares = {name: _shared_out(line[name], weights) for name in names}
    statement_id = made.id_of("statement", day)
    payloads = []
    for place, sku in enumerate(skus):
        own = {name: share[place] for name, share in shares.items()}
        own |= dict(zip(rates.REVENUE, sku.revenue, strict=True))
        sums = {name: sum(own[part] for part in lines) for name, lines in amounts.sums.items()}
        sums["settlement_amount"] = sum(sums.values())
        payloads.append(
            {
                "sku_id": made.id_of("sku", sku.product * 8 + sku.sku),
                "sku_name": sku_name(sku.product, sku.sku),
                "product_name": shop.listings.title(sku.product, sku.revision),
                "statement_id": statement_id,
                "quantity": str(sku.quantity),
                **made.written(sums, tuple(sums)),
                **made.breakdowns(own, _BEHIND),
            }
        )
    return payloads


def _shared_out(amount: int, weights: list[int]) -> list[int]:
    """Return whole shares of an amount in proportion to weights; they add up to it."""
    whole = sum(weights)
    if not whole:
        return [amount] + [0] * (len(weights) - 1)
    shares, given, weight = [], 0, 0
    for each in weights:
        weight += each
        until_here = amount * weight // whole
        shares.append(until_here - given)
        given = until_here
    return shares
