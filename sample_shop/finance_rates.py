"""What a market takes out of a sale, and the names of all amounts of a settlement record.

Amounts are signed whole minor units as the finance calls send them: what the seller gets is
positive, what is taken negative, so that totals are plain sums. Names: finance calls 202501.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Freight is a column of its own on the statements of these markets, elsewhere part of the fees.
FREIGHT_APART: Final = ("US", "GB")
SOUTH_EAST_ASIA: Final = ("ID", "TH", "VN")

SUBTOTAL, DISCOUNT = "subtotal_before_discount_amount", "seller_discount_amount"
SUBTOTAL_BACK, DISCOUNT_BACK = (
    "refund_subtotal_before_discount_amount", "seller_discount_refund_amount",
)  # fmt: skip
REVENUE: Final = (SUBTOTAL, DISCOUNT, SUBTOTAL_BACK, DISCOUNT_BACK)

FREIGHT: Final = (
    "actual_shipping_fee_amount", "customer_paid_shipping_fee_amount",
    "shipping_fee_discount_amount", "return_shipping_fee_amount",
)  # fmt: skip
#: Said about the freight, but no part of its sum.
FREIGHT_BEHIND: Final = (
    "customer_shipping_fee", "customer_shipping_fee_offset_amount", "fbm_shipping_cost_amount",
    "fbt_fulfillment_fee_amount", "fbt_shipping_cost_amount",
    "platform_shipping_fee_discount_amount", "seller_shipping_fee_discount_amount",
    "shipping_fee_subsidy_amount", "refunded_customer_shipping_fee_amount",
)  # fmt: skip
#: Said about the record, but no part of its sum: what the buyer paid, what TikTok hands on.
BEHIND: Final = (
    "customer_payment_amount", "customer_refund_amount", "platform_discount_amount",
    "platform_discount_refund_amount",
)  # fmt: skip
BEHIND_US: Final = (
    "retail_delivery_fee_amount", "retail_delivery_fee_payment_amount",
    "retail_delivery_fee_refund_amount", "sales_tax_amount", "sales_tax_payment_amount",
    "sales_tax_refund_amount",
)  # fmt: skip

REFERRAL, COMMISSION = "referral_fee_amount", "platform_commission_amount"
REFUND_FEE: Final = "refund_administration_fee_amount"
CREATORS, ADS_CREATORS, PARTNERS = (
    "affiliate_commission_amount", "affiliate_ads_commission_amount",
    "affiliate_partner_commission_amount",
)  # fmt: skip
#: The commission with the income tax of creators still in it: no part of the sum of the fees.
BEFORE_TAX: Final = "affiliate_commission_amount_before_pit"
INCOME_TAX: Final = "pit_amount"
#: Taken back from the seller when a referral fee is refunded (US).
REFUND_FEE_MILLIS: Final = 200
#: What creators pay on their commission in South-East Asia.
INCOME_TAX_MILLIS: Final = 30
CREATOR_MILLIS: Final = (50, 80, 100, 120, 150, 200)
PARTNER_MILLIS: Final = 20


@dataclass(frozen=True, slots=True)
class Rate:
    """`millis` of the revenue on a `share` of the orders, and `fixed` minor units on each order.

    `per_unit`: the fixed part is per unit sold. Fixed parts are not credited for refunds.
    """

    name: str
    millis: int = 0
    share: float = 1.0
    fixed: int = 0
    per_unit: bool = False


#: What every market has besides its own rates.
_EVERYWHERE: Final = (Rate(CREATORS), Rate(ADS_CREATORS), Rate(PARTNERS))
_FEES: Final[dict[str, tuple[Rate, ...]]] = {
    "US": (Rate(REFERRAL, 60), Rate(REFUND_FEE), Rate("gmv_max_ad_fee_amount", 70, 0.06)),
    "GB": (Rate(COMMISSION, 90),),
    "ID": (
        Rate(COMMISSION, 43), Rate("dynamic_commission_amount", 40),
        Rate("voucher_xtra_service_fee_amount", 30, 0.3), Rate(BEFORE_TAX),
    ),
    "TH": (
        Rate(COMMISSION, 54), Rate("transaction_fee_amount", 32),
        Rate("sfp_service_fee_amount", 50, 0.4), Rate(BEFORE_TAX),
    ),
    "VN": (
        Rate(COMMISSION, 40), Rate("transaction_fee_amount", 50),
        Rate("vn_fix_infrastructure_fee", fixed=3_000), Rate(BEFORE_TAX),
    ),
    "DE": (Rate(COMMISSION, 50), Rate("epr_pob_service_fee_amount", 5, 0.2)),
    "JP": (Rate(COMMISSION, 70), Rate("credit_card_handling_fee_amount", 36, 0.7)),
    "BR": (
        Rate(COMMISSION, 60), Rate("fee_per_item_sold_amount", fixed=200, per_unit=True),
        Rate("sfp_service_fee_amount", 60, 0.5),
    ),
}  # fmt: skip
_TAXES: Final[dict[str, tuple[Rate, ...]]] = {
    "ID": (Rate(INCOME_TAX, 5),),
    "TH": (Rate(INCOME_TAX),),
    "VN": (Rate("local_vat_amount", 10), Rate(INCOME_TAX, 5)),
}


def fees(region: str) -> tuple[Rate, ...]:
    """Return the fee lines of a market."""
    return _FEES[region] + _EVERYWHERE


def taxes(region: str) -> tuple[Rate, ...]:
    """Return the tax lines of a market."""
    return _TAXES.get(region, (Rate("vat_amount"),))


@dataclass(frozen=True, slots=True)
class Correction:
    """A kind of adjustment: how often, with which sign, between which US cents."""

    kind: str
    weight: float
    sign: int
    low: int
    high: int


#: Corrections that name an order.
OF_ORDERS: Final = (
    Correction("SHIPPING_FEE_ADJUSTMENT", 20, -1, 30, 300),
    Correction("SHIPPING_FEE_COMPENSATION", 10, 1, 50, 500),
    Correction("SHIPPING_FEE_REBATE", 6, 1, 30, 200),
    Correction("CHARGE_BACK", 8, -1, 500, 4_000),
    Correction("CUSTOMER_SERVICE_COMPENSATION", 12, -1, 100, 1_500),
    Correction("PROMOTION_ADJUSTMENT", 8, 1, 50, 800),
    Correction("PLATFORM_COMPENSATION", 8, 1, 200, 2_000),
    Correction("PLATFORM_REIMBURSEMENT", 8, 1, 200, 2_500),
    Correction("PLATFORM_COMMISSION_ADJUSTMENT", 6, -1, 20, 300),
    Correction("PLATFORM_COMMISSION_COMPENSATION", 6, 1, 20, 300),
    Correction("DEDUCTIONS_INCURRED_BY_SELLER", 4, -1, 100, 1_000),
    Correction("OTHER_ADJUSTMENT", 4, -1, 10, 500),
)
LOST: Final = "LOGISTICS_REIMBURSEMENT"
SAMPLES: Final = "SAMPLE_SHIPPING_FEE"
#: Corrections that name no order.
OF_THE_SHOP: Final = (
    Correction("PLATFORM_PENALTY", 5, -1, 500, 5_000),
    Correction("REBATE", 6, 1, 300, 6_000),
    Correction("SELLER_MISSION_REWARD", 4, 1, 500, 3_000),
    Correction("COFUNDED_CREATOR_REWARDS", 4, -1, 200, 2_000),
    Correction("PLATFORM_COMPENSATION", 4, 1, 200, 4_000),
    Correction("OTHER_ADJUSTMENT", 3, -1, 50, 1_500),
)
ADVERTISING: Final = Correction("GMV_PAYMENT_FOR_ADS", 1, -1, 2_000, 20_000)
WAREHOUSING: Final = Correction("FBT_WAREHOUSE_SERVICE_FEE", 1, -1, 4_000, 30_000)
