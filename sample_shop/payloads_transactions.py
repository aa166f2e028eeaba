"""Payloads of settlement records by statement: nested (202501) and flat (202309)."""

from __future__ import annotations

from typing import Final

from . import finance_rates as rates
from .draws import Ints
from .payloads_records import SUMS, Payload, RecordParts

#: Names of the flat layout (202309) and the newer names whose sum they are.
_FLAT: Final[dict[str, tuple[str, ...]]] = {
    "gross_sales_amount": (rates.SUBTOTAL,),
    "gross_sales_refund_amount": (rates.SUBTOTAL_BACK,),
    "net_sales_amount": rates.REVENUE,
    "after_seller_discounts_subtotal_amount": (rates.SUBTOTAL, rates.DISCOUNT),
    "customer_order_refund_amount": ("customer_refund_amount",),
    "customer_shipping_fee_amount": ("customer_shipping_fee",),
    "customer_paid_shipping_fee_refund_amount": ("refunded_customer_shipping_fee_amount",),
    "shipping_cost_discount_amount": ("shipping_fee_discount_amount",),
    "affiliate_commission_before_pit": (rates.BEFORE_TAX,),
    **{
        name: (name,)
        for name in (
            rates.DISCOUNT, rates.DISCOUNT_BACK, "actual_shipping_fee_amount",
            "customer_paid_shipping_fee_amount", "return_shipping_fee_amount",
            "customer_shipping_fee_offset_amount", "fbm_shipping_cost_amount",
            "fbt_fulfillment_fee_amount", "fbt_shipping_cost_amount",
            "platform_shipping_fee_discount_amount", "shipping_fee_subsidy_amount",
            rates.REFERRAL, rates.COMMISSION, rates.REFUND_FEE, "transaction_fee_amount",
            rates.CREATORS, rates.ADS_CREATORS, rates.PARTNERS, rates.INCOME_TAX,
            *rates.BEHIND, *rates.BEHIND_US,
        )
    },
}  # fmt: skip


def nested(parts: RecordParts, rows: Ints, now: int) -> list[Payload]:
    """Return `transactions[]` of the call by statement (202501)."""
    known, behind = parts.finance.known(now), parts.finance.amounts.behind
    lines = parts.lines(parts.finance.amounts.of(rows, known))
    made = []
    for head, line in zip(parts.heads(rows, known), lines, strict=True):
        payload = head | parts.written(line, SUMS)
        if "order_id" in head:
            payload |= parts.breakdowns(line, rates.FREIGHT_BEHIND)
            payload["supplementary_component"] = parts.written(line, behind)
        if "reserve_id" in head:
            payload |= parts.written(line, ("reserve_amount",))
        made.append(payload)
    return made


def flat(parts: RecordParts, rows: Ints, now: int) -> list[Payload]:
    """Return `statement_transactions[]` of the flat layout (202309)."""
    known, region = parts.finance.known(now), parts.shop.region
    lines = parts.lines(parts.finance.amounts.of(rows, known))
    made = []
    for head, line in zip(parts.heads(rows, known), lines, strict=True):
        fees = line["fee_tax_amount"]
        if region.code not in rates.FREIGHT_APART:
            fees += line["shipping_cost_amount"]
        amounts = {name: sum(line.get(part, 0) for part in sums) for name, sums in _FLAT.items()}
        amounts |= {name: line[name] for name in SUMS if name != "fee_tax_amount"}
        amounts["fee_amount"] = fees
        payload = {**head, "currency": region.currency}
        made.append(payload | {name: parts.money[minor] for name, minor in amounts.items()})
    return made
