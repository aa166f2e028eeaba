"""The markets a simulated shop can be in: currency, zone, tax, places, carriers.

Sources: market list and currencies of the product calls (`sales_regions`, `price.currency`);
tax on top in the US, inside the prices elsewhere; an hour on hold in the US and the UK.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_KEPT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """A town with its divisions, top to bottom below the country, and its sales tax rate."""

    state: str
    iso_code: str
    county: str
    city: str
    postal_code: str
    tax_millis: int = 0  # tenths of a percent that come on top of the price


@dataclass(frozen=True, slots=True)
class Region:
    """A market. Prices are `price_scale` times the list price in minor units of the currency."""

    code: str
    country: str
    currency: str
    decimals: int
    zone: str
    utc_offset_hours: int  # used to shape the day's curve only
    token_prefix: str
    price_scale: int
    tax_inside_millis: int
    has_hold: bool
    cod_share: float
    shipping_fees: tuple[int, ...]  # minor units
    carriers: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]
    places: tuple[Place, ...]

    def money(self, minor: int) -> str:
        """Return an amount as the decimal string TikTok sends, e.g. 1250 -> "12.50"."""
        if self.decimals == 0:
            return str(minor)
        sign, minor = ("-", -minor) if minor < 0 else ("", minor)
        return f"{sign}{minor // 100}.{minor % 100:02d}"


class Amounts(dict[int, str]):
    """Amounts of a region already written out: `amounts[1250]` is "12.50"."""

    def __init__(self, region: Region) -> None:
        super().__init__()
        self._money = region.money

    def __missing__(self, minor: int) -> str:
        text = self._money(minor)
        if len(self) < _KEPT:
            self[minor] = text
        return text


_US: Final = Region(
    "US", "United States", "USD", 2, "America/Los_Angeles", -8, "TTP_", 1, 0, True, 0.0,
    (0, 399, 499, 599, 799), (("7117858858072016686", "USPS"), ("7117859084333745966", "UPS"),
    ("7129720299146184490", "FedEx")), ("Credit card", "PayPal", "Apple Pay", "Klarna"),
    (
        Place("California", "US-CA", "Los Angeles County", "Los Angeles", "90012", 95),
        Place("Texas", "US-TX", "Travis County", "Austin", "73301", 82),
        Place("New York", "US-NY", "Kings County", "Brooklyn", "11201", 88),
        Place("Colorado", "US-CO", "Denver County", "Denver", "80202", 88),
        Place("Oregon", "US-OR", "Multnomah County", "Portland", "97201", 0),
        Place("Florida", "US-FL", "Miami-Dade County", "Miami", "33101", 70),
        Place("Illinois", "US-IL", "Cook County", "Chicago", "60601", 102),
        Place("Washington", "US-WA", "King County", "Seattle", "98101", 103),
        Place("Hawaii", "US-HI", "Honolulu County", "Honolulu", "96801", 45),
    ),
)  # fmt: skip
_GB: Final = Region(
    "GB", "United Kingdom", "GBP", 2, "Europe/London", 0, "ROW_", 1, 200, True, 0.0,
    (0, 249, 299, 399), (("6617675021119438849", "Royal Mail"), ("7129720299146184491", "Evri")),
    ("Credit card", "PayPal", "Klarna"),
    (
        Place("England", "GB-ENG", "Greater London", "London", "SW1A 1AA"),
        Place("England", "GB-ENG", "Greater Manchester", "Manchester", "M1 1AE"),
        Place("Scotland", "GB-SCT", "Lothian", "Edinburgh", "EH1 1YZ"),
        Place("Wales", "GB-WLS", "South Glamorgan", "Cardiff", "CF10 1EP"),
    ),
)  # fmt: skip
_ID: Final = Region(
    "ID", "Indonesia", "IDR", 0, "Asia/Jakarta", 7, "ROW_", 150, 110, False, 0.28,
    (0, 9000, 12000, 18000), (("7117858858072016687", "J&T Express"),
    ("7117858858072016688", "JNE")), ("DANA", "GoPay", "Bank transfer"),
    (
        Place("DKI Jakarta", "ID-JK", "Jakarta Selatan", "Kebayoran Baru", "12110"),
        Place("Jawa Barat", "ID-JB", "Kota Bandung", "Coblong", "40132"),
        Place("Jawa Timur", "ID-JI", "Kota Surabaya", "Gubeng", "60281"),
        Place("Bali", "ID-BA", "Kota Denpasar", "Denpasar Selatan", "80221"),
    ),
)  # fmt: skip
_TH: Final = Region(
    "TH", "Thailand", "THB", 2, "Asia/Bangkok", 7, "ROW_", 30, 70, False, 0.3,
    (0, 2900, 3900), (("7117858858072016690", "Flash Express"),
    ("7117858858072016691", "Kerry Express")), ("PromptPay", "Credit card", "TrueMoney"),
    (
        Place("Bangkok", "TH-10", "Pathum Wan", "Lumphini", "10330"),
        Place("Chiang Mai", "TH-50", "Mueang Chiang Mai", "Si Phum", "50200"),
        Place("Phuket", "TH-83", "Mueang Phuket", "Talat Yai", "83000"),
    ),
)  # fmt: skip
_VN: Final = Region(
    "VN", "Vietnam", "VND", 0, "Asia/Ho_Chi_Minh", 7, "ROW_", 240, 80, False, 0.4,
    (0, 16000, 25000), (("7117858858072016692", "GHTK"), ("7117858858072016693", "GHN")),
    ("MoMo", "ZaloPay", "Bank transfer"),
    (
        Place("Hồ Chí Minh", "VN-SG", "Quận 1", "Bến Nghé", "700000"),
        Place("Hà Nội", "VN-HN", "Hoàn Kiếm", "Hàng Bạc", "100000"),
        Place("Đà Nẵng", "VN-DN", "Hải Châu", "Thạch Thang", "550000"),
    ),
)  # fmt: skip
_DE: Final = Region(
    "DE", "Germany", "EUR", 2, "Europe/Berlin", 1, "ROW_", 1, 190, False, 0.0,
    (0, 299, 499), (("7117858858072016694", "DHL"), ("7117858858072016695", "Hermes")),
    ("Credit card", "PayPal", "Klarna"),
    (
        Place("Berlin", "DE-BE", "Berlin", "Berlin", "10115"),
        Place("Bayern", "DE-BY", "München", "München", "80331"),
        Place("Nordrhein-Westfalen", "DE-NW", "Köln", "Köln", "50667"),
    ),
)  # fmt: skip
_JP: Final = Region(
    "JP", "Japan", "JPY", 0, "Asia/Tokyo", 9, "ROW_", 2, 100, False, 0.05,
    (0, 380, 580), (("7117858858072016696", "Yamato"), ("7117858858072016697", "Sagawa")),
    ("Credit card", "PayPay"),
    (
        Place("東京都", "JP-13", "千代田区", "丸の内", "100-0005"),
        Place("大阪府", "JP-27", "大阪市", "北区", "530-0001"),
    ),
)  # fmt: skip

_BR: Final = Region(
    "BR", "Brazil", "BRL", 2, "America/Sao_Paulo", -3, "ROW_", 5, 170, False, 0.0,
    (0, 1490, 1990), (("7117858858072016698", "Correios"), ("7117858858072016699", "Jadlog")),
    ("Pix", "Credit card", "Boleto"),
    (
        Place("São Paulo", "BR-SP", "São Paulo", "São Paulo", "01001-000"),
        Place("Rio de Janeiro", "BR-RJ", "Rio de Janeiro", "Rio de Janeiro", "20010-000"),
        Place("Bahia", "BR-BA", "Salvador", "Salvador", "40010-000"),
    ),
)  # fmt: skip

#: Shop k of an authorization is in region k of this list, round and round.
REGIONS: Final[tuple[Region, ...]] = (_US, _GB, _ID, _TH, _VN, _DE, _JP, _BR)
