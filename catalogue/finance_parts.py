"""Fields of what settled amounts are made of, one for each amount TikTok names.

They are parts: of revenue, of the freight, or of the fees and taxes that the group Finance shows
as a whole. What is charged to the seller is negative, what is given back positive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from catalogue.field import Additive
from catalogue.tables_finance import STATEMENT_TRANSACTION_SKUS

_GROUP: Final = "Finance details"
_TRANSACTIONS: Final = "statement_transactions"
_SKUS: Final = "statement_transaction_skus"

#: column -> (label, sentence).
_PARTS: Final = {
    "adjustment_amount": ("Adjustment", "Correction by TikTok, of the transaction"),
    # -- revenue
    "seller_discount_refund_amount": (
        "Seller Discount Returned", "The seller's discount that came back with refunds"),
    "cod_service_fee_amount": (
        "Cash on Delivery Fee", "Fee for cash on delivery collected from buyers"),
    "refund_cod_service_fee_amount": (
        "Cash on Delivery Fee Refunded", "Fee for cash on delivery given back to buyers"),
    # -- freight
    "customer_paid_shipping_fee_amount": (
        "Shipping paid by Buyers", "Freight that buyers bear; negative when given back"),
    "customer_shipping_fee": (
        "Buyer Shipping Fee", "Freight that buyers bear, before what they get back"),
    "refund_customer_shipping_fee": (
        "Buyer Shipping Fee Refunded", "Freight of buyers given back, subsidies included"),
    "refunded_customer_shipping_fee_amount": (
        "Buyer Shipping Refunded", "Freight of buyers given back, without subsidies"),
    "customer_shipping_fee_offset_amount": (
        "Buyer Shipping Offset", "Offset of the freight buyers paid (US), which nets to zero"),
    "exchange_shipping_fee_amount": ("Exchange Shipping", "Freight of exchanged goods"),
    "replacement_shipping_fee_amount": ("Replacement Shipping", "Freight of replaced goods"),
    "return_shipping_fee_amount": ("Return Shipping", "Freight of returned goods"),
    "return_shipping_fee_paid_buyer_amount": (
        "Return Shipping to Buyers", "Freight of returns given back to buyers"),
    "return_shipping_label_fee_amount": (
        "Return Label Fee", "Fee for return labels, collected for the seller"),
    "failed_delivery_subsidy_amount": (
        "Failed Delivery Subsidy", "TikTok's share of the freight of failed deliveries"),
    "free_return_subsidy_amount": (
        "Free Return Subsidy", "TikTok's share of the freight of free returns"),
    "return_refund_subsidy_amount": (
        "Return Subsidy", "TikTok's share of the freight of returns"),
    "shipping_fee_discount_amount": (
        "Shipping Subsidies", "Freight that TikTok bears"),
    "platform_shipping_fee_discount_amount": (
        "Shipping Discount by TikTok", "Freight that TikTok bears in campaigns"),
    "seller_shipping_fee_discount_amount": (
        "Shipping Discount by Seller", "Freight that the seller bears"),
    "shipping_fee_subsidy_amount": (
        "Self-shipping Subsidy", "TikTok's subsidy for parcels the seller ships"),
    "seller_self_shipping_service_fee_amount": (
        "Self-shipping Fee", "Fee on parcels the seller ships"),
    "promo_shipping_incentive_amount": (
        "Shipping Incentive", "Temporary incentive on freight"),
    "fbm_shipping_cost_amount": (
        "TikTok Shipping Cost", "Freight of orders the seller packs and TikTok ships"),
    "fbt_shipping_cost_amount": ("FBT Shipping Cost", "Freight of FBT orders outside the US"),
    "fbt_free_shipping_fee_amount": (
        "FBT Free Shipping", "The seller's share of free shipping of FBT orders"),
    "fbt_fulfillment_fee_reimbursement_amount": (
        "FBT Fee Reimbursed", "FBT charge given back where no free shipping applies (US)"),
    "shipping_fee_guarantee_reimbursement": (
        "Shipping Guarantee Reimbursed", "Reimbursement of the shipping guarantee"),
    "shipping_insurance_fee_amount": (
        "Shipping Insurance", "Transport insurance that the seller bought"),
    "signature_confirmation_fee_amount": (
        "Signature Fee", "Fee for delivery against signature"),
    # -- fees
    "refund_administration_fee_amount": (
        "Refund Administration Fee", "What TikTok keeps of the referral fee of refunds"),
    "affiliate_commission_amount_before_pit": (
        "Affiliate Commission before Tax",
        "Commission of creators before their income tax is withheld"),
    "affiliate_commission_deposit": (
        "Affiliate Commission Deposit", "Commission held back until it is settled"),
    "affiliate_commission_release": (
        "Affiliate Commission Release", "Commission deposit given back"),
    "tap_shop_ads_commission": (
        "Affiliate Partner Ads Commission", "Commission of affiliate partners on sales by ads"),
    "tsp_commission_amount": (
        "Service Partner Commission", "Commission of TikTok Shop partners"),
    "external_affiliate_marketing_fee_amount": (
        "External Affiliate Fee", "Fee of affiliate programmes outside TikTok"),
    "bonus_cashback_service_fee_amount": (
        "Bonus Cashback Fee", "Fee of the bonus cashback programme"),
    "campaign_resource_fee": ("Campaign Resource Fee", "Fee for resources of campaigns"),
    "cofunded_creator_bonus_amount": (
        "Co-funded Creator Bonus", "The seller's share of a bonus to creators"),
    "cofunded_promotion_service_fee_amount": (
        "Co-funded Promotion Fee", "Fee of the co-funded promotion programme"),
    "credit_card_handling_fee_amount": ("Card Handling Fee", "Fee for payments by card"),
    "dt_handling_fee_amount": (
        "Dilayani Tokopedia Handling Fee", "Handling fee of Dilayani Tokopedia orders"),
    "dynamic_commission_amount": (
        "Dynamic Commission", "Commission per delivered order (Indonesia)"),
    "epr_pob_service_fee_amount": (
        "Eco Contribution", "Contribution to the producer responsibility organisation"),
    "fee_per_item_sold_amount": ("Fee per Item Sold", "Fee per unit sold (Brazil)"),
    "flash_sales_service_fee_amount": ("Flash Sale Fee", "Fee of the flash sale programme"),
    "installation_service_fee": ("Installation Fee", "Fee for installation services"),
    "live_specials_fee_amount": ("LIVE Specials Fee", "Fee of the LIVE specials programme"),
    "mall_service_fee_amount": ("Mall Fee", "Fee of the Mall programme"),
    "pre_order_service_fee_amount": ("Pre-order Fee", "Fee of the pre-order programme"),
    "seller_paylater_handling_fee_amount": ("PayLater Handling Fee", "Fee for PayLater"),
    "sfp_service_fee_amount": ("Free Shipping Programme Fee", "Fee of the free shipping programme"),
    "shipping_fee_guarantee_service_fee": (
        "Shipping Guarantee Fee", "Fee of the shipping guarantee per order"),
    "vn_fix_infrastructure_fee": (
        "Infrastructure Fee", "Fixed infrastructure fee per order (Vietnam)"),
    "voucher_xtra_service_fee_amount": ("Voucher Xtra Fee", "Fee of the Voucher Xtra programme"),
    # -- taxes
    "anti_dumping_duty_amount": ("Anti-dumping Duty", "Anti-dumping duty on imports"),
    "customs_clearance_amount": ("Customs Clearance", "Fee for customs clearance"),
    "customs_duty_amount": ("Customs Duty", "Customs duty on imports"),
    "gst_amount": ("GST", "Singapore's GST on imports of low value"),
    "import_vat_amount": ("Import VAT", "VAT on imports; in Japan its consumption tax"),
    "isr_amount": ("ISR", "Income tax withheld in Mexico"),
    "iva_amount": ("IVA", "VAT withheld in Mexico"),
    "local_vat_amount": ("Local VAT", "VAT of local orders"),
    "pit_amount": ("PIT", "Personal income tax withheld"),
    "sst_amount": ("SST", "Malaysia's SST on imports of low value"),
    "vat_amount": ("VAT", "VAT of cross-border orders"),
    # -- beside the settlement: what others pay or bear
    "platform_discount_amount": (
        "Discount by TikTok", "Discounts that TikTok bears, on settled sales"),
    "platform_discount_refund_amount": (
        "Discount by TikTok Returned", "Discounts of TikTok taken back with refunds"),
    "platform_cofunded_discount_amount": (
        "Co-funded Voucher by TikTok", "TikTok's share of co-funded vouchers"),
    "platform_cofunded_discount_refund_amount": (
        "Co-funded Voucher by TikTok Returned",
        "TikTok's share of co-funded vouchers, taken back with refunds"),
    "seller_cofunded_discount_amount": (
        "Co-funded Voucher by Seller", "The seller's share of co-funded vouchers"),
    "seller_cofunded_discount_refund_amount": (
        "Co-funded Voucher by Seller Returned",
        "The seller's share of co-funded vouchers, given back with refunds"),
    "retail_delivery_fee_amount": (
        "Retail Delivery Fee", "Retail delivery fee of US states, less what was given back"),
    "retail_delivery_fee_payment_amount": (
        "Retail Delivery Fee Collected", "Retail delivery fee of US states that buyers paid"),
    "retail_delivery_fee_refund_amount": (
        "Retail Delivery Fee Refunded", "Retail delivery fee of US states given back"),
    "sales_tax_amount": ("Sales Tax", "Sales tax (US), less what was given back"),
    "sales_tax_payment_amount": ("Sales Tax Collected", "Sales tax (US) that buyers paid"),
    "sales_tax_refund_amount": ("Sales Tax Refunded", "Sales tax (US) given back"),
}  # fmt: skip


def _parts() -> Iterator[Additive]:
    by_sku = {column.name for column in STATEMENT_TRANSACTION_SKUS.columns}
    for column, (label, sentence) in _PARTS.items():
        facts = (_TRANSACTIONS, _SKUS) if column in by_sku else (_TRANSACTIONS,)
        yield Additive(
            id=f"tx_{column.removesuffix('_amount')}", label=f"{label} (settled)", group=_GROUP,
            semantic="CURRENCY", on=dict.fromkeys(facts, f"[{column}]"),
            about=f"{sentence}, of settled records.",
        )  # fmt: skip


FIELDS: Final = tuple(_parts())
