"""The record tables of finance: what TikTok pays out, and what it is made of.

Amounts keep TikTok's sign: fees, discounts and costs are negative, so that a settlement is a plain
sum. TikTok nests the amounts of a transaction; here each is a column under its own last name (Get
Transactions by Statement and by Order 202501, Get Unsettled Transactions 202507).
"""

from __future__ import annotations

from typing import Final

from catalogue.table import (
    Column,
    Kind,
    Parent,
    Table,
    counts,
    instants,
    keys,
    money,
    rates,
    texts,
)

REVENUE: Final = (
    *("subtotal_before_discount_amount", "refund_subtotal_before_discount_amount"),
    *("seller_discount_amount", "seller_discount_refund_amount"),
    *("cod_service_fee_amount", "refund_cod_service_fee_amount"),
)
TAXES: Final = (
    *("anti_dumping_duty_amount", "customs_clearance_amount", "customs_duty_amount", "gst_amount"),
    *("import_vat_amount", "isr_amount", "iva_amount", "local_vat_amount", "pit_amount"),
    *("sst_amount", "vat_amount"),
)
_FEES: Final = (
    *("platform_commission_amount", "referral_fee_amount", "transaction_fee_amount"),
    *("refund_administration_fee_amount", "affiliate_commission_amount"),
    *("affiliate_commission_amount_before_pit", "affiliate_commission_deposit"),
    *("affiliate_commission_release", "affiliate_partner_commission_amount"),
    *("affiliate_ads_commission_amount", "tap_shop_ads_commission", "tsp_commission_amount"),
    *("external_affiliate_marketing_fee_amount", "bonus_cashback_service_fee_amount"),
    *("campaign_resource_fee", "cofunded_creator_bonus_amount"),
    *("cofunded_promotion_service_fee_amount", "credit_card_handling_fee_amount"),
    *("dt_handling_fee_amount", "dynamic_commission_amount", "epr_pob_service_fee_amount"),
    *("fee_per_item_sold_amount", "flash_sales_service_fee_amount", "installation_service_fee"),
    *("live_specials_fee_amount", "mall_service_fee_amount", "pre_order_service_fee_amount"),
    *("seller_paylater_handling_fee_amount", "sfp_service_fee_amount"),
    *("shipping_fee_guarantee_service_fee", "vn_fix_infrastructure_fee"),
    "voucher_xtra_service_fee_amount",
    # Announced in TikTok's changelog of July 2026; its place is unconfirmed.
    "gmv_max_ad_fee_amount",
)
_FREIGHT: Final = (
    *("actual_shipping_fee_amount", "customer_paid_shipping_fee_amount"),
    *("exchange_shipping_fee_amount", "failed_delivery_subsidy_amount"),
    *("fbt_free_shipping_fee_amount", "fbt_fulfillment_fee_reimbursement_amount"),
    *("free_return_subsidy_amount", "replacement_shipping_fee_amount"),
    *("return_shipping_fee_amount", "return_shipping_fee_paid_buyer_amount"),
    *("return_shipping_label_fee_amount", "seller_self_shipping_service_fee_amount"),
    *("shipping_fee_discount_amount", "shipping_fee_guarantee_reimbursement"),
    *("shipping_insurance_fee_amount", "signature_confirmation_fee_amount"),
)
_FREIGHT_BEHIND: Final = (
    *("customer_shipping_fee_offset_amount", "fbm_shipping_cost_amount"),
    *("fbt_fulfillment_fee_amount", "fbt_shipping_cost_amount"),
    *("platform_shipping_fee_discount_amount", "promo_shipping_incentive_amount"),
    *("refunded_customer_shipping_fee_amount", "return_refund_subsidy_amount"),
    *("seller_shipping_fee_discount_amount", "shipping_fee_subsidy_amount"),
)
_BEHIND: Final = (
    *("customer_payment_amount", "customer_refund_amount"),
    *("platform_discount_amount", "platform_discount_refund_amount"),
    *("platform_cofunded_discount_amount", "platform_cofunded_discount_refund_amount"),
    *("seller_cofunded_discount_amount", "seller_cofunded_discount_refund_amount"),
    *("retail_delivery_fee_amount", "retail_delivery_fee_payment_amount"),
    "retail_delivery_fee_refund_amount",
    *("sales_tax_amount", "sales_tax_payment_amount", "sales_tax_refund_amount"),
)

#: Amounts by the object of TikTok's record that holds them: of a SKU's part of a transaction,
SKU_BREAKDOWN: Final = {
    "revenue_breakdown": REVENUE,
    "shipping_cost_breakdown": _FREIGHT,
    "shipping_cost_breakdown.supplementary_component": _FREIGHT_BEHIND,
    "fee_tax_breakdown.fee": _FEES,
    "fee_tax_breakdown.tax": TAXES,
}
#: of a transaction,
BREAKDOWN: Final = {
    **SKU_BREAKDOWN,
    "shipping_cost_breakdown.supplementary_component": (
        *_FREIGHT_BEHIND,
        *("customer_shipping_fee", "refund_customer_shipping_fee"),
    ),
    "supplementary_component": _BEHIND,
}
#: and of one that is not settled yet.
ESTIMATED_BREAKDOWN: Final = {
    "revenue_breakdown": REVENUE,
    "shipping_cost_breakdown": (
        *("actual_shipping_fee_amount", "customer_paid_shipping_fee_amount"),
        *("exchange_shipping_fee_amount", "replacement_shipping_fee_amount"),
        *("return_shipping_fee_amount", "shipping_fee_discount_amount"),
        *("shipping_insurance_fee_amount", "signature_confirmation_fee_amount"),
    ),
    "shipping_cost_breakdown.supplementary_component": (
        *("customer_shipping_fee_offset_amount", "fbm_shipping_cost_amount"),
        *("fbt_fulfillment_fee_amount", "fbt_shipping_cost_amount"),
        *("platform_shipping_fee_discount_amount", "promo_shipping_incentive_amount"),
        *("seller_shipping_fee_discount_amount", "shipping_fee_subsidy_amount"),
    ),
    "fee_tax_breakdown.fee": (
        *("platform_commission_amount", "referral_fee_amount", "transaction_fee_amount"),
        *("refund_administration_fee_amount", "affiliate_commission_amount"),
        *("affiliate_commission_before_pit_amount", "affiliate_partner_commission_amount"),
        *("affiliate_ads_commission_amount", "pit_withheld_from_ads_commission_amount"),
        *("bonus_cashback_service_fee_amount", "credit_card_handling_fee_amount"),
        *("live_specials_fee_amount", "mall_service_fee_amount", "sfp_service_fee_amount"),
        *("retail_delivery_fee_amount", "retail_delivery_fee_payment_amount"),
        "retail_delivery_fee_refund_amount",
    ),
    "fee_tax_breakdown.tax": (
        *("customs_clearance_amount", "customs_duty_amount", "gst_amount", "import_vat_amount"),
        *("sales_tax_amount", "sales_tax_payment_amount", "sales_tax_refund_amount"),
        *("sst_amount", "vat_amount"),
    ),
}


def _amounts(breakdown: dict[str, tuple[str, ...]]) -> tuple[Column, ...]:
    return money(*(name for names in breakdown.values() for name in names))


#: The amounts of a header by which one sees that it has changed.
HEADER_AMOUNTS: Final = (
    *("settlement_amount", "revenue_amount", "net_sales_amount", "fee_amount"),
    *("shipping_cost_amount", "adjustment_amount"),
)

STATEMENTS = Table(
    name="statements",
    about="One row per statement: TikTok cuts one a day, at 00:00 UTC, for the day before (since "
    "1 July 2023).",
    key=("statement_id",),
    root="statement_id",
    axis="statement_time",
    columns=(
        *texts("statement_id"),
        *keys("statement_key"),
        *instants("statement_time"),
        Column("payment_status", Kind.TEXT, "PAID, PROCESSING or FAILED."),
        *texts("payment_id"),
        *instants("payment_time"),
        *texts("currency"),
        *money("settlement_amount"),
        Column("revenue_amount", Kind.MONEY, "Not given to local shops of the US and the UK."),
        Column("net_sales_amount", Kind.MONEY, "Sales after the seller's discounts."),
        Column("fee_amount", Kind.MONEY, "In South-East Asia with the freight."),
        *money("shipping_cost_amount", "adjustment_amount"),
        Column("payable_amount", Kind.MONEY, "Settlement and reserve; from the transactions."),
        Column("total_reserve_amount", Kind.MONEY, "Held back (negative) or released."),
        Column("transactions_read_at", Kind.INSTANT, "The run that read all its transactions."),
        Column(
            "reconciled_header",
            Kind.TEXT,
            "The header's amounts, joined, when its transactions were read; when they are others "
            "now, the transactions are read again.",
        ),
        *counts("transaction_count"),
        Column("transaction_settlement_sum", Kind.MONEY, "Sum over its transactions, exact."),
        Column("settlement_difference", Kind.MONEY, "The header's settlement less that sum."),
        Column("is_reconciled", Kind.FLAG, "1: the transactions add up to the header exactly."),
        Column(
            "formula_difference",
            Kind.MONEY,
            "The header's settlement less its own parts: net sales (US and UK, local shops) or "
            "revenue, fees, freight where it is apart, adjustments.",
        ),
    ),
)

#: Header columns repeated in every transaction.
_CARRIED: Final = ("payment_status", "payment_id", "is_reconciled")

STATEMENT_TRANSACTIONS = Table(
    name="statement_transactions",
    about="One row per settlement record: of an order, an adjustment or a reserve.",
    key=("transaction_id",),
    root="statement_id",
    axis="statement_time",
    columns=(
        *texts("transaction_id", "statement_id"),
        *keys("statement_key"),
        Column("statement_time", Kind.INSTANT, "Of the statement."),
        Column("type", Kind.TEXT, "ORDER, RESERVE or the kind of adjustment."),
        *texts("order_id", "adjustment_id", "adjustment_order_id", "associated_order_id"),
        Column(
            "order_key",
            Kind.KEY,
            "The order it is about: its own, else the adjustment's, else the reserve's.",
        ),
        *instants("order_create_time"),
        *texts("reserve_id", "reserve_status", "estimated_release_time"),
        Column("currency", Kind.TEXT, "Of the statement."),
        *money("settlement_amount", "revenue_amount", "shipping_cost_amount", "fee_tax_amount"),
        *money("adjustment_amount", "reserve_amount"),
        *_amounts(BREAKDOWN),
        Column("skus_read_at", Kind.INSTANT, "The run that read its parts by SKU."),
    ),
    parent=Parent("statements", "statement_id", _CARRIED),
)

STATEMENT_TRANSACTION_SKUS = Table(
    name="statement_transaction_skus",
    about="The settlement of an order by SKU; asked for on demand only, a call an order.",
    key=("order_id", "statement_id", "sku_id", "row_number"),
    root="statement_id",
    axis="statement_time",
    columns=(
        *texts("order_id"),
        *keys("order_key"),
        *texts("statement_id"),
        *keys("statement_key"),
        Column("statement_time", Kind.INSTANT, "Of the statement."),
        *texts("sku_id"),
        Column("row_number", Kind.COUNT, "1, 2, ...: a SKU may have several in one statement."),
        Column("product_id", Kind.TEXT, "What was sold, by the units of the order."),
        *texts("product_name", "sku_name"),
        *counts("quantity"),
        *texts("currency"),
        *money("settlement_amount", "revenue_amount", "shipping_cost_amount", "fee_tax_amount"),
        *_amounts(SKU_BREAKDOWN),
    ),
    parent=Parent("statements", "statement_id", _CARRIED),
)

PAYMENTS = Table(
    name="payments",
    about="One row per payout to the seller's bank, of which nothing is kept.",
    key=("payment_id",),
    root="payment_id",
    axis="create_time",
    columns=(
        *texts("payment_id"),
        *instants("create_time", "paid_time"),
        Column("status", Kind.TEXT, "PAID, PROCESSING or FAILED."),
        Column("amount", Kind.MONEY, "What was paid out, after exchange."),
        Column("currency", Kind.TEXT, "Of what was paid out."),
        *money("payment_amount_before_exchange", "settlement_amount", "reserve_amount"),
        Column("settlement_currency", Kind.TEXT, "Of the amounts before exchange."),
        *rates("exchange_rate"),
    ),
)

UNSETTLED_TRANSACTIONS = Table(
    name="unsettled_transactions",
    about="Money that is to come, as TikTok estimates it. A record leaves TikTok's list when it is "
    "settled; here it stays, with `is_unsettled` 0.",
    key=("transaction_id",),
    root="transaction_id",
    axis="first_listed_at",
    columns=(
        *texts("transaction_id"),
        Column("first_listed_at", Kind.INSTANT, "The run that first saw it."),
        Column("is_unsettled", Kind.FLAG, "1: the newest complete reading of the list had it."),
        *texts("type", "status", "unsettled_reason"),
        *texts("order_id", "adjustment_id", "adjustment_order_id"),
        Column("order_key", Kind.KEY, "The order it is about: its own, else the adjustment's."),
        *instants("order_create_time", "order_delivery_time"),
        Column("estimated_settlement", Kind.TEXT, "When it will be settled, as TikTok puts it."),
        Column("estimated_settlement_time", Kind.INSTANT, "The same where it is a moment."),
        *texts("currency"),
        *money("est_settlement_amount", "est_revenue_amount", "est_shipping_cost_amount"),
        *money("est_fee_tax_amount", "est_adjustment_amount"),
        *_amounts(ESTIMATED_BREAKDOWN),
    ),
)

FINANCE_TABLES: Final = (
    STATEMENTS,
    STATEMENT_TRANSACTIONS,
    STATEMENT_TRANSACTION_SKUS,
    PAYMENTS,
    UNSETTLED_TRANSACTIONS,
)
