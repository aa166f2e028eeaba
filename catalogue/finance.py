"""Fields of what TikTok pays out: statements, their transactions, payouts, money still to come.

Amounts keep TikTok's sign: a fee is negative. They are dated by the statement, not by the order.
Fees can be split by product where settlements are read by SKU, which is optional.
"""

from __future__ import annotations

from typing import Final

from catalogue.field import Additive, Combined, Dimension, Ratio, Snapshot
from catalogue.tables_finance import TAXES

_GROUP: Final = "Finance"
_STATEMENTS: Final = "statements"
_TRANSACTIONS: Final = "statement_transactions"
_SKUS: Final = "statement_transaction_skus"
_UNSETTLED: Final = "unsettled_transactions"
_OF_STATEMENTS: Final = (_STATEMENTS, _TRANSACTIONS, _SKUS)


def _dimension(
    field_id: str, label: str, homes: dict[str, str], about: str, semantic: str = "TEXT"
) -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_GROUP, semantic=semantic, homes=homes, about=about
    )


def _statement(field_id: str, label: str, column: str, about: str) -> Additive:
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY",
        on={_STATEMENTS: f"[{column}]"}, about=about,
    )  # fmt: skip


def _transaction(field_id: str, label: str, sql: str, about: str) -> Additive:
    """An amount of the transactions only."""
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY", on={_TRANSACTIONS: sql},
        about=about,
    )  # fmt: skip


def _part(field_id: str, label: str, sql: str, about: str) -> Additive:
    """An amount that is known by SKU, too."""
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY",
        on={_TRANSACTIONS: sql, _SKUS: sql}, about=about,
    )  # fmt: skip


FIELDS: Final = (
    _dimension("settlement_date", "Settlement Date",
               dict.fromkeys(_OF_STATEMENTS, "[statement_time]"),
               "Day of the statement, which is cut at 00:00 UTC for the day before.",
               "YEAR_MONTH_DAY"),
    _dimension("statement_id", "Statement ID", dict.fromkeys(_OF_STATEMENTS, "[statement_id]"),
               "TikTok's id of the statement."),
    _dimension("statement_time", "Statement Time",
               dict.fromkeys(_OF_STATEMENTS, "[statement_time]"),
               "When the statement was cut.", "YEAR_MONTH_DAY_SECOND"),
    _dimension("statement_payment_status", "Payment Status", {_STATEMENTS: "[payment_status]"},
               "PAID, PROCESSING or FAILED: how the payout of the statement stands."),
    _dimension("statement_payment_id", "Payment ID",
               {_STATEMENTS: "[payment_id]", "payments": "[payment_id]"},
               "TikTok's id of the payout; small statements share one."),
    _dimension("statement_payment_time", "Statement Payment Time",
               {_STATEMENTS: "[payment_time]"}, "When the statement was paid out.",
               "YEAR_MONTH_DAY_SECOND"),
    _dimension("statement_reconciled", "Statement Adds Up", {_STATEMENTS: "[is_reconciled]"},
               "True when the transactions of the statement make its settlement to the cent; "
               "empty until they have been read.", "BOOLEAN"),
    _dimension("transaction_type", "Transaction Type",
               {_TRANSACTIONS: "[type]", _UNSETTLED: "[type]"},
               "ORDER, RESERVE or the kind of adjustment."),
    _dimension("transaction_id", "Transaction ID", {_TRANSACTIONS: "[transaction_id]"},
               "TikTok's id of the settled record."),
    _dimension("adjustment_id", "Adjustment ID",
               {_TRANSACTIONS: "[adjustment_id]", _UNSETTLED: "[adjustment_id]"},
               "TikTok's id of the adjustment."),
    _dimension("reserve_status", "Reserve Status", {_TRANSACTIONS: "[reserve_status]"},
               "Whether money held back is still held."),
    _dimension("transaction_order_id", "Transaction Order ID",
               {_TRANSACTIONS: "COALESCE([order_id], [adjustment_order_id])",
                _SKUS: "[order_id]"},
               "Order that was settled, or that the adjustment is about."),
    _dimension("payout_status", "Payout Status", {"payments": "[status]"},
               "PAID, PROCESSING or FAILED."),
    _dimension("payout_paid_time", "Payout Time", {"payments": "[paid_time]"},
               "When the payout was made.", "YEAR_MONTH_DAY_SECOND"),
    _dimension("payout_create_time", "Payout Create Time", {"payments": "[create_time]"},
               "When the payout was made out.", "YEAR_MONTH_DAY_SECOND"),
    _dimension("payout_settlement_currency", "Settlement Currency",
               {"payments": "[settlement_currency]"},
               "ISO code of the payout's amount before exchange."),
    _dimension("unsettled_status", "Unsettled Status", {_UNSETTLED: "[status]"},
               "Where money that is still to be settled stands."),
    _dimension("unsettled_reason", "Unsettled Reason", {_UNSETTLED: "[unsettled_reason]"},
               "Why money is not settled yet."),
    _dimension("estimated_settlement_time", "Estimated Settlement Time",
               {_UNSETTLED: "[estimated_settlement_time]"},
               "When TikTok expects to settle, where it names a moment.",
               "YEAR_MONTH_DAY_SECOND"),
    _statement("settled_revenue", "Settled Revenue", "revenue_amount",
               "Revenue of the statements; TikTok gives local shops of the US and the UK Net Sales "
               "(settled) instead."),
    _statement("net_sales_amount", "Net Sales (settled)", "net_sales_amount",
               "Sales of the statements after the seller's discounts."),
    _statement("statement_fee_amount", "Fees (settled)", "fee_amount",
               "Fees of the statements, negative; in South-East Asia with the freight."),
    _statement("statement_shipping_cost", "Shipping Cost (settled)", "shipping_cost_amount",
               "Freight of the statements, negative; 0 where it is part of the fees."),
    _statement("adjustment_amount", "Adjustments", "adjustment_amount",
               "TikTok's corrections, with their sign."),
    _statement("settlement_amount", "Settlement Amount", "settlement_amount",
               "What the statements settle: revenue, fees, freight and adjustments together."),
    *(
        Additive(
            id=field_id, label=label, group=_GROUP, semantic=semantic,
            on={_STATEMENTS: f"[{column}]"}, may_be_untold=True,
            about=f"{about} Empty until the transactions have been read.",
        )
        for field_id, label, semantic, column, about in (
            ("payable_amount", "Payable Amount", "CURRENCY", "payable_amount",
             "What the statements pay out: settlement and reserve together."),
            ("statement_reserve_amount", "Reserve (statement)", "CURRENCY",
             "total_reserve_amount", "Money the statements hold back (negative) or release."),
            ("statement_transaction_count", "Transactions", "NUMBER", "transaction_count",
             "Settled records of the statements."),
            ("settlement_difference", "Statement Difference", "CURRENCY",
             "settlement_difference",
             "Settlement of the statements less that of their transactions; 0 when they agree."),
        )
    ),
    _part("tx_revenue", "Transaction Revenue", "[revenue_amount]", "Revenue of settled records."),
    _part("tx_gross_sales", "Gross Sales (settled)", "[subtotal_before_discount_amount]",
          "Settled sales before any discount."),
    _part("tx_gross_sales_refund", "Gross Sales Refund (settled)",
          "[refund_subtotal_before_discount_amount]",
          "Settled refunds before any discount, negative."),
    _part("tx_seller_discount", "Seller Discount (settled)", "[seller_discount_amount]",
          "The seller's discounts on settled sales, negative."),
    _part("tx_fee_tax", "Fees & Taxes (settled)", "[fee_tax_amount]",
          "All fees and taxes of settled records, negative; never add it to its parts."),
    _part("platform_commission", "Platform Commission", "[platform_commission_amount]",
          "TikTok's commission, negative."),
    _part("referral_fee", "Referral Fee", "[referral_fee_amount]",
          "TikTok's referral fee in the US, negative."),
    _part("transaction_fee", "Transaction Fee", "[transaction_fee_amount]",
          "Fee for handling the payment, negative."),
    _part("affiliate_commission", "Affiliate Commission", "[affiliate_commission_amount]",
          "Commission of creators, negative."),
    _part("affiliate_partner_commission", "Affiliate Partner Commission",
          "[affiliate_partner_commission_amount]", "Commission of affiliate partners, negative."),
    _part("affiliate_ads_commission", "Affiliate Ads Commission",
          "[affiliate_ads_commission_amount]",
          "Commission of creators on sales through ads, negative."),
    _part("gmv_max_ad_fee", "GMV Max Ad Fee", "[gmv_max_ad_fee_amount]",
          "Ad fee of GMV Max that is taken from settlements, negative."),
    _part("tx_taxes", "Withheld Taxes (settled)",
          " + ".join(f"COALESCE([{name}], 0)" for name in TAXES),
          "Taxes and duties taken from settlements, negative."),
    Combined(
        id="other_platform_fees", label="Other Platform Fees", group=_GROUP, semantic="CURRENCY",
        plus=("tx_fee_tax",),
        minus=("platform_commission", "referral_fee", "transaction_fee", "affiliate_commission",
               "affiliate_partner_commission", "affiliate_ads_commission", "gmv_max_ad_fee",
               "tx_taxes"),
        about="Fees & Taxes (settled) less the fees and taxes that have a field of their own.",
    ),
    _part("tx_shipping_cost", "Shipping Cost (transaction)", "[shipping_cost_amount]",
          "Freight of settled records, negative."),
    _part("actual_shipping_fee", "Actual Shipping Fee", "[actual_shipping_fee_amount]",
          "Freight by the carrier's measure, negative."),
    _part("fbt_fulfillment_fee", "FBT Fulfilment Fee", "[fbt_fulfillment_fee_amount]",
          "TikTok's charge for storing and sending (FBT), negative."),
    _transaction("customer_payment_settled", "Customer Payment (settled)",
                 "[customer_payment_amount]", "What buyers paid for settled orders."),
    _transaction("customer_refund_settled", "Customer Refund (settled)",
                 "[customer_refund_amount]", "What buyers of settled orders got back."),
    _part("tx_settlement", "Settlement (transaction)", "[settlement_amount]",
          "What is settled, by transaction: of orders, adjustments and reserves."),
    _transaction("reserve_amount", "Reserve", "[reserve_amount]",
                 "Money TikTok held back (negative) or released (positive)."),
    Ratio(
        id="take_rate", label="Total Fee Rate", group=_GROUP, semantic="PERCENT",
        numerator="tx_fee_tax", denominator="tx_gross_sales", scale=-1,
        about="Fees and taxes per gross sales, as a positive share.",
    ),
    Ratio(
        id="settlement_rate", label="Settlement Rate", group=_GROUP, semantic="PERCENT",
        numerator="tx_settlement", denominator="tx_gross_sales",
        about="Share of gross sales that is settled.",
    ),
    Additive(
        id="settled_units", label="Settled Units", group=_GROUP, semantic="NUMBER",
        on={_SKUS: "[quantity]"}, about="Units of settled records, where they are read by SKU.",
    ),
    *(
        Snapshot(
            id=field_id, label=label, group=_GROUP, semantic="CURRENCY",
            on={_UNSETTLED: f"SUM([{column}])"}, where="[is_unsettled]", about=about,
        )
        for field_id, label, column, about in (
            ("unsettled_amount", "Unsettled (estimated)", "est_settlement_amount",
             "TikTok's estimate of the money that is still to be settled now."),
            ("unsettled_revenue", "Unsettled Revenue (estimated)", "est_revenue_amount",
             "TikTok's estimate of the revenue in what is still to be settled now."),
            ("unsettled_fee_tax", "Unsettled Fees & Taxes (estimated)", "est_fee_tax_amount",
             "TikTok's estimate of fees and taxes in what is still to be settled now, negative."),
            ("unsettled_shipping_cost", "Unsettled Shipping Cost (estimated)",
             "est_shipping_cost_amount",
             "TikTok's estimate of freight in what is still to be settled now, negative."),
            ("unsettled_adjustment", "Unsettled Adjustments (estimated)",
             "est_adjustment_amount",
             "TikTok's estimate of the corrections in what is still to be settled now."),
        )
    ),
    Additive(
        id="payout_amount", label="Payout Amount", group=_GROUP, semantic="CURRENCY",
        on={"payments": "[amount]"},
        about="Payouts by the day they were made out, in the currency of the payout.",
    ),
    Additive(
        id="payout_before_exchange", label="Payout before Exchange", group=_GROUP,
        semantic="NUMBER", on={"payments": "[payment_amount_before_exchange]"}, hidden=True,
        may_be_untold=True,
        about="Payouts in the currency of settlement, whichever it is.",
    ),
    Additive(
        id="payout_at_exchange_rate", label="Payout at Exchange Rate", group=_GROUP,
        semantic="NUMBER", hidden=True, may_be_untold=True,
        on={"payments": "[payment_amount_before_exchange] * COALESCE([exchange_rate], 1)"},
        about="Payouts before exchange times their exchange rate, 1 where none is given.",
    ),
    Ratio(
        id="exchange_rate", label="Exchange Rate", group=_GROUP, semantic="NUMBER",
        numerator="payout_at_exchange_rate", denominator="payout_before_exchange",
        about="Rate from the currency of settlement to that of the payout; of several payouts each "
        "counts by its amount before exchange.",
    ),
)  # fmt: skip
