"""What the fields of finance show and count, in terms of TikTok's payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from benchmarks.oracle_kinds import (
    DAY,
    SECOND,
    Difference,
    Dimension,
    Metric,
    Ratio,
    Sum,
    shown_flag,
    shown_moment,
    shown_text,
)
from benchmarks.oracle_rows import Row, money, number, text, within

_FEE: Final = ("fee_tax_breakdown", "fee")
_REVENUE: Final = ("revenue_breakdown",)
_FREIGHT: Final = ("shipping_cost_breakdown",)
_BEHIND: Final = ("supplementary_component",)
#: By order, and in the optional stage by SKU.
_BOTH: Final = ("transactions", "settled_skus")
#: Sales tax is passed on and no part of what is withheld, although it is written beside.
_PASSED_ON: Final = ("sales_tax_amount", "sales_tax_payment_amount", "sales_tax_refund_amount")


def _statement(name: str) -> Sum:
    return Sum(("statements",), lambda row: number(row.statement.get(name)), is_money=True)


def _settled(*path: str, facts: tuple[str, ...] = _BOTH) -> Sum:
    return Sum(facts, lambda row: number(within(row.own, *path)), is_money=True)


def _anywhere(payload: Any, name: str) -> Any:
    """The value of the first key of this name, however deep it lies."""
    if not isinstance(payload, Mapping):
        return None
    if name in payload:
        return payload[name]
    found = (_anywhere(inner, name) for inner in payload.values())
    return next((each for each in found if each is not None), None)


def _detail(name: str, facts: tuple[str, ...] = _BOTH) -> Sum:
    """An amount of one of the breakdowns of a record; TikTok ends most of their names alike."""

    def value(row: Row) -> Decimal | None:
        found = number(_anywhere(row.own, f"{name}_amount"))
        return number(_anywhere(row.own, name)) if found is None else found

    return Sum(facts, value, is_money=True)


def _estimated(name: str) -> Sum:
    return Sum(("unsettled",), lambda row: number(row.own.get(name)), is_money=True)


def _summed(name: str, *, is_money: bool = True) -> Sum:
    """What the records of a statement come to; unknown until they were read."""
    return Sum(
        ("statements",),
        lambda row: number(row.statement.get(name)),
        is_money=is_money,
        stays_unknown=True,
    )


def _before_exchange(row: Row) -> Decimal | None:
    return number(row.own.get("payment_amount_before_exchange"))


def _after_exchange(row: Row) -> Decimal | None:
    amount, rate = _before_exchange(row), number(row.own.get("exchange_rate"))
    return None if amount is None else amount * (1 if rate is None else rate)


def _taxes(row: Row) -> Decimal:
    taxes: dict[str, Any] = within(row.own, "fee_tax_breakdown", "tax") or {}
    kept = (value for name, value in taxes.items() if name not in _PASSED_ON)
    return sum(map(money, kept), Decimal(0))


def _of_statement(take: Callable[[Row], object]) -> Dimension:
    return shown_text("statement", "statements", take)


def _payout_second(name: str) -> Dimension:
    return shown_moment("payment", "payments", lambda row: row.own.get(name), SECOND)


def _open_text(name: str) -> Dimension:
    return shown_text("unsettled", "unsettled", lambda row: row.own.get(name))


def _expected(row: Row) -> object:
    """When money will be settled, where TikTok writes a moment and not a sentence."""
    written = text(row.own.get("estimated_settlement")) or ""
    return written if written.isdecimal() else None


FINANCE_DIMENSIONS: Final[dict[str, Dimension]] = {
    "settlement_date": shown_moment(
        "statement", "statements", lambda row: row.statement.get("statement_time"), DAY
    ),
    "statement_id": _of_statement(lambda row: row.statement.get("id")),
    "statement_time": shown_moment(
        "statement", "statements", lambda row: row.statement.get("statement_time"), SECOND
    ),
    "statement_payment_status": _of_statement(lambda row: row.statement.get("payment_status")),
    "statement_payment_id": shown_text(
        "payout_id",
        "statements",
        lambda row: row.statement.get("payment_id") if row.statement else row.own.get("id"),
    ),
    "statement_payment_time": shown_moment(
        "statement", "statements", lambda row: row.statement.get("payment_time"), SECOND
    ),
    "statement_reconciled": shown_flag(
        "statement", "statements", lambda row: row.statement.get("adds_up")
    ),
    "transaction_type": shown_text("record_kind", "transactions", lambda row: row.own.get("type")),
    "adjustment_id": shown_text(
        "record_kind", "transactions", lambda row: row.own.get("adjustment_id")
    ),
    "transaction_id": shown_text("record", "transactions", lambda row: row.own.get("id")),
    "reserve_status": shown_text(
        "record", "transactions", lambda row: row.own.get("reserve_status")
    ),
    "transaction_order_id": shown_text(
        "record_order",
        "transactions",
        lambda row: text(row.own.get("order_id")) or row.own.get("adjustment_order_id"),
    ),
    "payout_status": shown_text("payment", "payments", lambda row: row.own.get("status")),
    "payout_paid_time": _payout_second("paid_time"),
    "payout_create_time": _payout_second("create_time"),
    "payout_settlement_currency": shown_text(
        "payment", "payments", lambda row: within(row.own, "settlement_amount", "currency")
    ),
    "unsettled_status": _open_text("status"),
    "unsettled_reason": _open_text("unsettled_reason"),
    "estimated_settlement_time": shown_moment("unsettled", "unsettled", _expected, SECOND),
}

_FEES: Final[dict[str, Metric]] = {
    "platform_commission": _settled(*_FEE, "platform_commission_amount"),
    "referral_fee": _settled(*_FEE, "referral_fee_amount"),
    "transaction_fee": _settled(*_FEE, "transaction_fee_amount"),
    "affiliate_commission": _settled(*_FEE, "affiliate_commission_amount"),
    "affiliate_partner_commission": _settled(*_FEE, "affiliate_partner_commission_amount"),
    "affiliate_ads_commission": _settled(*_FEE, "affiliate_ads_commission_amount"),
    "gmv_max_ad_fee": _settled(*_FEE, "gmv_max_ad_fee_amount"),
    "tx_taxes": Sum(_BOTH, _taxes, is_money=True),
}

#: Parts of a record, by their name in the payload without its ending.
_TOLD_BY_SKU_TOO: Final = """
    seller_discount_refund cod_service_fee refund_cod_service_fee customer_paid_shipping_fee
    refunded_customer_shipping_fee customer_shipping_fee_offset exchange_shipping_fee
    replacement_shipping_fee return_shipping_fee return_shipping_fee_paid_buyer
    return_shipping_label_fee failed_delivery_subsidy free_return_subsidy return_refund_subsidy
    shipping_fee_discount platform_shipping_fee_discount seller_shipping_fee_discount
    shipping_fee_subsidy seller_self_shipping_service_fee promo_shipping_incentive
    fbm_shipping_cost fbt_shipping_cost fbt_free_shipping_fee fbt_fulfillment_fee_reimbursement
    shipping_fee_guarantee_reimbursement shipping_insurance_fee signature_confirmation_fee
    refund_administration_fee affiliate_commission_amount_before_pit affiliate_commission_deposit
    affiliate_commission_release tap_shop_ads_commission tsp_commission
    external_affiliate_marketing_fee bonus_cashback_service_fee campaign_resource_fee
    cofunded_creator_bonus cofunded_promotion_service_fee credit_card_handling_fee
    dt_handling_fee dynamic_commission epr_pob_service_fee fee_per_item_sold
    flash_sales_service_fee installation_service_fee live_specials_fee mall_service_fee
    pre_order_service_fee seller_paylater_handling_fee sfp_service_fee
    shipping_fee_guarantee_service_fee vn_fix_infrastructure_fee voucher_xtra_service_fee
    anti_dumping_duty customs_clearance customs_duty gst import_vat isr iva local_vat pit sst vat
"""
_TOLD_BY_RECORD: Final = """
    customer_shipping_fee refund_customer_shipping_fee platform_discount platform_discount_refund
    platform_cofunded_discount platform_cofunded_discount_refund seller_cofunded_discount
    seller_cofunded_discount_refund retail_delivery_fee retail_delivery_fee_payment
    retail_delivery_fee_refund sales_tax sales_tax_payment sales_tax_refund
"""

FINANCE_METRICS: Final[dict[str, Metric]] = {
    "settled_revenue": _statement("revenue_amount"),
    "net_sales_amount": _statement("net_sales_amount"),
    "statement_fee_amount": _statement("fee_amount"),
    "statement_shipping_cost": _statement("shipping_cost_amount"),
    "adjustment_amount": _statement("adjustment_amount"),
    "settlement_amount": _statement("settlement_amount"),
    "tx_revenue": _settled("revenue_amount"),
    "tx_gross_sales": _settled(*_REVENUE, "subtotal_before_discount_amount"),
    "tx_gross_sales_refund": _settled(*_REVENUE, "refund_subtotal_before_discount_amount"),
    "tx_seller_discount": _settled(*_REVENUE, "seller_discount_amount"),
    "tx_fee_tax": _settled("fee_tax_amount"),
    **_FEES,
    "other_platform_fees": Difference(("tx_fee_tax", *_FEES)),
    "tx_shipping_cost": _settled("shipping_cost_amount"),
    "actual_shipping_fee": _settled(*_FREIGHT, "actual_shipping_fee_amount"),
    "fbt_fulfillment_fee": _settled(*_FREIGHT, *_BEHIND, "fbt_fulfillment_fee_amount"),
    "customer_payment_settled": _settled(
        *_BEHIND, "customer_payment_amount", facts=("transactions",)
    ),
    "customer_refund_settled": _settled(
        *_BEHIND, "customer_refund_amount", facts=("transactions",)
    ),
    "tx_settlement": _settled("settlement_amount"),
    "reserve_amount": _settled("reserve_amount", facts=("transactions",)),
    "take_rate": Ratio("tx_fee_tax", "tx_gross_sales", times=-1),
    "settlement_rate": Ratio("tx_settlement", "tx_gross_sales"),
    "payable_amount": _summed("payable"),
    "statement_reserve_amount": _summed("reserved"),
    "statement_transaction_count": _summed("records", is_money=False),
    "settlement_difference": _summed("missing"),
    "settled_units": Sum(("settled_skus",), lambda row: number(row.own.get("quantity"))),
    "unsettled_amount": _estimated("est_settlement_amount"),
    "unsettled_revenue": _estimated("est_revenue_amount"),
    "unsettled_fee_tax": _estimated("est_fee_tax_amount"),
    "unsettled_shipping_cost": _estimated("est_shipping_cost_amount"),
    "unsettled_adjustment": _estimated("est_adjustment_amount"),
    "payout_amount": Sum(("payments",), lambda row: number(row.own.get("amount")), is_money=True),
    "exchange_rate": Ratio("_after_exchange", "_before_exchange"),
    "_after_exchange": Sum(("payments",), _after_exchange, stays_unknown=True),
    "_before_exchange": Sum(("payments",), _before_exchange, stays_unknown=True),
    **{f"tx_{name}": _detail(name) for name in _TOLD_BY_SKU_TOO.split()},
    **{f"tx_{name}": _detail(name, ("transactions",)) for name in _TOLD_BY_RECORD.split()},
    "tx_adjustment": _settled("adjustment_amount", facts=("transactions",)),
}
