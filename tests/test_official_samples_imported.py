"""TikTok's own response samples, imported whole by the real stages through the real client, answer
as was worked out from them by hand.

A stand-in serves the bodies as they are, within the times that are asked for. Only what the samples
say of each other is made true: they come in one page, and the access token is still good. The shop
is read twice, because the samples are of two years.

The samples are not part of this project: TIKTOK_SAMPLES names the folder they are in. Where it is
not set, on a developer's machine, these tests are skipped.
"""

from __future__ import annotations

import datetime as dt
import hmac
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import requests
from pydantic import SecretStr
from requests.adapters import BaseAdapter

from app import create_app
from backfill.schedule import enqueue_backfill
from backfill.stage import Context
from backfill.stages import BY_NAME
from installation import Installation, Tiktok
from settings import Settings
from store.commits import Commit
from tests.importing import hashed_buyer, refuses, reply_with
from tests.scripted_tiktok import FakeClock, NotingThrottle
from tiktok_shop.client import App, Client
from tiktok_shop.oauth import OAuth

FOLDER = os.environ.get("TIKTOK_SAMPLES", "")

SHOP: Final = "7000714532876273420"
ORDER: Final = "576461413038785752"
KEYS: Final = App("sample-key", "sample-secret")
BASE: Final = "https://tiktok.invalid"


def at(day: str) -> int:
    """Midnight UTC of a day."""
    return int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp())


@dataclass(frozen=True)
class Served:
    """`rows`: the list in the answer that can be asked for by time."""

    sample: str
    rows: str = ""


#: Method and path -> the sample that answers it.
SERVED: Final = {
    r"GET /api/v2/token/get": Served("auth_token_get"),
    r"GET /api/v2/token/refresh": Served("auth_token_refresh"),
    r"GET /authorization/202309/shops": Served("authorization_202309_shops"),
    r"POST /order/202309/orders/search": Served("order_202309_orders_search", "orders"),
    r"GET /order/202507/orders": Served("order_202309_orders_detail"),
    r"GET /order/202407/orders/\d+/price_detail": Served("order_202407_price_detail"),
    r"POST /product/202502/products/search": Served("product_202312_products_search", "products"),
    r"GET /product/202309/products/\d+": Served("product_202309_product_detail"),
    r"POST /product/202309/inventory/search": Served("product_202309_inventory_search"),
    r"POST /return_refund/202602/returns/search": Served(
        "return_refund_202309_returns_search", "return_orders"
    ),
    r"POST /return_refund/202602/cancellations/search": Served(
        "return_refund_202309_cancellations_search", "cancellations"
    ),
    r"GET /logistics/202309/warehouses": Served("logistics_202309_warehouses"),
    r"GET /finance/202309/statements": Served("finance_202309_statements", "statements"),
    r"GET /finance/202501/statements/\d+/statement_transactions": Served(
        "finance_202501_statement_transactions_doc_abridged"
    ),
    r"GET /finance/202501/orders/\d+/statement_transactions": Served(
        "finance_202501_order_statement_transactions_doc_abridged"
    ),
    r"GET /finance/202309/payments": Served("finance_202309_payments", "payments"),
    r"GET /finance/202507/orders/unsettled": Served("finance_202507_orders_unsettled_doc_abridged"),
    r"GET /fbt/202408/warehouses": Served("fbt_202408_warehouses"),
    r"POST /fbt/202408/inventory/search": Served("fbt_202408_inventory_search"),
    r"POST /fbt/202410/inventory_records/search": Served(
        "fbt_202410_inventory_records_search", "inventory_records"
    ),
    r"GET /fbt/202409/inbound_orders": Served("fbt_202409_inbound_orders"),
}


def sample(name: str) -> Any:
    document = orjson.loads((Path(FOLDER) / f"{name}.json").read_bytes())
    if "code" not in document and "type" not in document:  # abridged in the documents
        return {"code": 0, "message": "Success", "request_id": "abridged", "data": document}
    return document


@dataclass
class StandIn(BaseAdapter):
    """Answers with samples; `odd`: what it was asked and has no sample for."""

    odd: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def send(self, request: requests.PreparedRequest, *_args: Any, **_more: Any) -> Any:
        url = urlsplit(request.url or "")
        call = f"{request.method} {url.path}"
        if call == "GET /finance/202605/payments":
            return refuses(36009009)  # this version is not there, the older one is
        served = next((one for path, one in SERVED.items() if re.fullmatch(path, call)), None)
        if served is None:
            self.odd.append(call)
            return refuses(36009004)
        self.asked.add(served.sample)
        document = sample(served.sample)
        data = document["data"]
        if "access_token_expire_in" in data:
            data["access_token_expire_in"] = at("2023-08-05")
        data.pop("next_page_token", None)
        filters = {**dict(parse_qsl(url.query)), **orjson.loads(request.body or b"{}")}
        if served.rows:
            data[served.rows] = [row for row in data[served.rows] if within(row, filters)]
        if "total_count" in data:
            data["total_count"] = sum(len(rows) for rows in data.values() if type(rows) is list)
        return reply_with(document)

    def close(self) -> None:
        """Nothing is held open."""


def within(row: dict[str, Any], filters: dict[str, Any]) -> bool:
    ends = {"ge": int.__ge__, "lt": int.__lt__, "le": int.__le__}
    return all(
        ends[how](int(row[axis]), int(filters[f"{axis}_{how}"]))
        for axis in ("create_time", "update_time", "statement_time")
        for how in ends
        if f"{axis}_{how}" in filters
    )


@dataclass
class Sampled:
    """An installation that has imported the samples."""

    here: Installation
    client: Any
    key: str
    stand_in: StandIn

    def push(self, topic: str, body: dict[str, Any]) -> None:
        """A notification as TikTok signs it, and what the worker does about it."""
        raw = orjson.dumps(body)
        sign = hmac.digest(KEYS.secret.encode(), KEYS.key.encode() + raw, "sha256").hex()
        address = f"/webhooks/tiktok/{topic}"
        reply = self.client.post(address, data=raw, headers={"Authorization": sign})
        assert reply.status_code == 200
        self.here.worker("test").run_until_idle()

    def ask(self, fields: str, day: str, **more: Any) -> list[list[Any]]:
        """The rows of these fields on one day, or `day` as FIRST..LAST; in UTC."""
        first, _, last = day.partition("..")
        body = {
            "configParams": {"shops": SHOP, "time_zone": "UTC"},
            "dateRange": {"startDate": first, "endDate": last or first},
            "fields": [{"name": name} for name in fields.split()],
            **more,
        }
        headers = {"Authorization": f"Bearer {self.key}"}
        reply = self.client.post("/connector/v1/getData", json=body, headers=headers)
        assert reply.status_code == 200, reply.get_data(as_text=True)
        return [row["values"] for row in reply.get_json()["rows"]]


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sampled]:
    if not FOLDER:
        pytest.skip("TIKTOK_SAMPLES is not set")
    clock = FakeClock(float(at("2022-08-09")))
    stand_in = StandIn()
    session = requests.Session()
    session.mount(BASE, stand_in)
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("samples"),
        tiktok_app_key=KEYS.key,
        tiktok_app_secret=SecretStr(KEYS.secret),
        sample_account=False,
        sku_finance_daily_calls=10,
        log_level="error",
    )
    app = create_app(settings, clock)
    here: Installation = app.extensions["installation"]
    here.prepare()
    here.__dict__["live"] = Tiktok(
        Client(KEYS, session, clock, NotingThrottle(), api_base=BASE),
        OAuth(KEYS, session, clock, auth_base=BASE),
    )
    here.connect("default", "sample-code", "GB")
    here.ledger.forget("default", SHOP)

    def read(first: str, last: str, *data: str) -> None:
        enqueue_backfill(
            here.ledger, clock, "default", SHOP, start=at(first), end=at(last), data=data
        )

    def work() -> None:
        here.worker("test").run_until_idle()
        counts = here.ledger.counts()
        assert {state for state, count in counts.items() if count} == {"done"}, counts

    read("2021-04-27", "2021-04-30", "orders", "products", "price_detail")
    read("2021-11-01", "2021-11-10", "finance")
    work()
    clock.instant = float(at("2023-08-01"))
    read("2023-05-25", "2023-06-05", "finance", "sku_finance")
    read("2023-07-20", "2023-08-01", "orders")
    work()
    _, key = here.accounts.workspace("default").create_key("test")
    yield Sampled(here, app.test_client(), key, stand_in)
    here.close()


def test_every_sample_that_a_call_of_ours_gets_is_asked_for(sampled: Sampled) -> None:
    """But those that only a notification brings: the order by its id and the inbound order; and the
    token is renewed only when it ends."""
    later = {"order_202309_orders_detail", "fbt_202409_inbound_orders", "auth_token_refresh"}
    assert sampled.stand_in.odd == []
    assert {one.sample for one in SERVED.values()} - sampled.stand_in.asked <= later


def test_orders(sampled: Sampled) -> None:
    """Placed at 1619611561, which is 12:06:01 on 28 April 2021. Unpaid, so no sale.

    Discounts 5000 by the seller and 5000 by TikTok; on freight 5000 and 5000. Fees of the buyer:
    service 1000, handling 1000, small order 3000, delivery 1.28, insurances 1000 and 1000: 7001.28.
    Delivered at 1678389618, 58,778,055 s after it was paid for at 1619611563: 680.30 days. Shipped
    at 1619611563, before 1619611688, so not late.
    """
    (row,) = sampled.ask(
        "date hour order_id order_status orders paid_orders gmv unpaid_amount payment_total_amount "
        "payment_sub_total discount_amount shipping_discount shipping_fee buyer_fees tax_total "
        "product_tax shipping_tax items_ordered items_sold hours_to_ship days_to_deliver "
        "late_shipments",
        "2021-04-28",
    )
    days = row.pop(-2)
    assert row == [
        *("20210428", "12", ORDER, "UNPAID", 1, 0, 0.0, 5000.0, 5000.0),
        *(5000.0, 10000.0, 10000.0, 5000.0, 7001.28, 5000.0),
        *(21.3, 11.0, 1, 0, 0.0, 0),
    ]
    assert days == pytest.approx(58_778_055 / 86_400)


def test_orders_by_what_they_are_called(sampled: Sampled) -> None:
    """1619611688 is 12:08:08, 1619611761 12:09:21 and 1619621355 14:49:15 of that day; 1678389618
    is 19:20:18 on 9 March 2023."""
    fields = (
        "create_time paid_time ship_by_time pickup_by_time deliver_by_time auto_cancel_time "
        "shipping_provider tracking_number payment_method_name recipient_region_code "
        "recipient_state cancel_reason cancellation_initiator replaced_order_id warehouse_id "
        "money_state is_paid is_cod"
    )
    assert sampled.ask(fields, "2021-04-28") == [
        [
            *("20210428120601", "20210428120603", "20210428120808", "20210428120921"),
            *("20230309192018", "20210428144915", "TT Virtual express", "JX12345", "CCDC", "US"),
            *(None, "Pricing error", "SELLER", "576461416728782174", "6955005333819123123"),
            *("placed", False, False),
        ]
    ]


def test_units(sampled: Sampled) -> None:
    """Tax 21.2 on a price of 0.01 is 2120 times the price."""
    fields = (
        "product_id product_name sku_id sku_name seller_sku sku_type is_bundle tax_type "
        "sale_price original_price tax_amount tax_rate items_ordered"
    )
    assert sampled.ask(fields, "2021-04-28") == [
        [
            *("1729582718312380123", "Women's Winter Crochet Clothes", "2729382476852921560"),
            *("Iphone", "red_iphone_256", "PRE_ORDER", True, "SALES_TAX"),
            *(0.01, 0.01, 21.2, 2120.0, 1),
        ]
    ]


def test_price_details(sampled: Sampled) -> None:
    """TikTok's answer is about another unit, in USD; that of the order itself is concluded from it:
    tax 21.2 + 11 on the freight = 32.2, freight 5000 as the only unit's. What was paid stays open,
    because nothing makes the total of 5000, and so do sums of both."""
    names = (
        "pd_list_price pd_sale_price pd_subtotal pd_tax pd_net_price pd_shipping_list_price "
        "pd_shipping pd_shipping_seller_discount pd_shipping_platform_discount pd_payment "
        "pd_seller_voucher pd_platform_voucher"
    )
    assert sampled.ask(f"currency {names}", "2021-04-28") == [
        ["IDR", 0.01, 0.01, None, 32.2, None, 5000.0, 5000.0, 5000.0, 5000.0, None, None, None],
        ["USD", 97.0, 96.0, 98.0, 2.0, 97.0, 25.0, 3.0, 10.0, 12.0, 101.0, 1020000.0, 1010000.0],
    ]
    # 0.01 + 97.00, 32.2 + 2.00 and 5000 + 3.00.
    assert sampled.ask("order_id pd_list_price pd_tax pd_shipping pd_payment", "2021-04-28") == [
        [ORDER, 97.01, 34.2, 5003.0, None]
    ]


def test_products_and_their_stock(sampled: Sampled) -> None:
    """The list gives title, state and prices, the detail category, brand and type, and a SKU of its
    own without a price. The stock is of a third SKU, in a place that no list has."""
    listing = (
        *("1729592969712207008", "Short Boat Invisible Socks", "ACTIVATE"),
        *("Botol & Stoples Penyimpanan", "brand xxx aaa", "COMBINED_PRODUCT"),
    )
    fields = "product_id product_title product_status category_name brand_name product_types "
    assert sampled.ask(f"{fields} sku_id sku_price", "2021-04-28") == [
        [*listing, "10001", None],
        [*listing, "1729592969712207012", 121.11],
    ]
    assert sampled.ask(
        "product_id seller_sku total_available_quantity total_committed_quantity in_shop_quantity "
        "campaign_inventory creator_inventory",
        "2021-04-28",
    ) == [["1729592969712207008", "Color-Red-XM01", 100, 10, 50, 30, 20]]
    assert sampled.ask("warehouse_id warehouse_name available_quantity", "2021-04-28") == [
        ["7054915283043174149", None, 100]
    ]


def test_warehouses_and_stock_at_tiktok(sampled: Sampled) -> None:
    """One place of the seller; TikTok's has three ids and one name. The movement of stock in the
    sample is an outbound order, so there is no inbound one yet."""
    fields = "warehouse_name warehouse_type warehouse_city warehouse_region_code is_fbt_warehouse"
    assert sampled.ask(fields, "2021-04-28") == [
        ["Guangzhou", "SALES_WAREHOUSE", "GuanZhou", "CN", False],
        ["TikTok_Eastvale(CA)", "PLATFORM_WAREHOUSE", "Rialto", "US", True],
    ]
    assert sampled.ask(
        "fbt_goods_name fbt_reference_code sku_id fbt_available_quantity fbt_reserved_quantity "
        "fbt_total_quantity fbt_in_transit_quantity fbt_unfulfillable_quantity",
        "2021-04-28",
    ) == [["100ml water", "water01", "73243612345", 5, 15, 20, 10, 0]]


def test_returns_and_cancellations(sampled: Sampled) -> None:
    """Both opened at 1690451136, 27 July 2023, and pending: a return that is not complete has
    refunded nothing yet, a request to cancel is told of in any state. Of the cancellation the
    header says 0.03 tax and 0.2 freight, its only unit 3 and 5."""
    assert sampled.ask(
        "date return_id return_reason returns returned_items refund_total "
        "seller_return_shipping_cost partial_refund_amount returned_seller_discount",
        "2023-07-27",
    ) == [
        [
            *("20230727", "4035318504086604100", "Order created by mistake"),
            *(1, 1, 0.0, 0.1, 10.0, 0.1),
        ]
    ]
    assert sampled.ask(
        "date cancel_id cancellations cancellation_refund_total cancellation_refund_subtotal "
        "cancellation_refund_tax cancellation_refund_shipping_fee",
        "2023-07-27",
    ) == [["20230727", "4035318504086604100", 1, 1.23, 1.0, 0.03, 0.2]]
    assert sampled.ask(
        "seller_sku cancellation_refund_tax cancellation_refund_shipping_fee", "2023-07-27"
    ) == [["YYAPC23078TRT30", 3.0, 5.0]]
    # Their orders were not read, so both on one day is all they have in common: 1 and 1.
    assert sampled.ask("week_iso returns cancellations", "2023-07-24..2023-07-30") == [
        ["202330", 1, 1]
    ]


def test_settlements(sampled: Sampled) -> None:
    """Statement time 1685548800: 31 May 2023. The transactions say 150 payable, of which 20 was
    held back; the only one of them has no amount, which is not the 100 of the header."""
    assert sampled.ask(
        "date statement_id settled_revenue net_sales_amount statement_fee_amount "
        "statement_shipping_cost adjustment_amount settlement_amount payable_amount "
        "statement_reserve_amount",
        "2023-05-31",
    ) == [
        [
            *("20230531", "7238804564097517339"),
            *(200.0, -70.0, -30.0, -70.0, -70.0, 100.0, 150.0, 20.0),
        ]
    ]
    assert sampled.ask("transaction_id transaction_type transaction_order_id", "2023-05-31") == [
        ["1636700041413599290", "ORDER", "576463220456522968"]
    ]
    # By SKU: 210 before a discount of 10 is a revenue of 200; 130 / 210 of it is settled.
    (row,) = sampled.ask(
        "sku_id tx_gross_sales tx_seller_discount tx_revenue tx_settlement settled_units "
        "settlement_rate",
        "2023-05-31",
    )
    assert row[:-1] == ["1636700041413599290", 210.0, -10.0, 200.0, 130.0, 1]
    assert row[-1] == pytest.approx(130 / 210)


def test_payouts_and_money_to_come(sampled: Sampled) -> None:
    """Made out at 1636105796, 5 November 2021; 100 at a rate of 1. What is still to come is told
    without a settlement, and with an adjustment of 170."""
    assert sampled.ask(
        "date statement_payment_id payout_status payout_settlement_currency payout_amount "
        "exchange_rate",
        "2021-11-05",
    ) == [["20211105", "3458767051733897992", "PAID", "GBP", 100.0, 1.0]]
    assert sampled.ask(
        "unsettled_status unsettled_reason estimated_settlement_time unsettled_adjustment",
        "2023-05-31",
    ) == [["UNSETTLED", "waiting for delivery", "20230531160000", 170.0]]


def test_the_shop(sampled: Sampled) -> None:
    assert sampled.ask("shop_id shop_name shop_region seller_type", "2021-04-28") == [
        [SHOP, "Maomao beauty shop", "GB", "CROSS_BORDER"]
    ]


def test_what_only_notifications_bring(sampled: Sampled) -> None:
    """The order by its id says another delivery and another state of its unit. The inbound order is
    of 2008, before any day that can be asked for, so that its record is looked at: 9 announced, 9
    received, all in good condition."""
    was = "delivery_option_name line_status items_ordered"
    assert sampled.ask(was, "2021-04-28") == [["Shipped from seller", "UNPAID", 1]]
    changed = sample("webhook_order_status_change_event")
    changed["shop_id"], changed["data"]["order_id"] = SHOP, ORDER
    sampled.push("ORDER_STATUS_CHANGE", changed)
    assert sampled.ask(was, "2021-04-28") == [["Express shipping", "TO_SHIP", 1]]

    arrived = sample("webhook_21_inbound_fbt_order_status_change_doc")
    arrived.pop("seller_open_id")
    arrived["shop_id"], arrived["data"]["inbound_order_id"] = SHOP, "IBR23230232324"
    sampled.push("INBOUND_FBT_ORDER_STATUS_CHANGE", arrived)
    records = sampled.here.stores.records("default", SHOP)
    (row,) = records.query(
        "SELECT status, planned_quantity, received_quantity, normal_quantity FROM inbound_orders"
    )
    assert tuple(row) == ("RECEIVED", 9, 9, 9)
    assert sampled.stand_in.odd == []


def test_numbers_in_other_systems(sampled: Sampled) -> None:
    """TikTok is not asked about an order that is not paid for, such as this one, so the answer goes
    into the records by the stage's own way from there on."""
    records = sampled.here.stores.records("default", SHOP)
    asked = (ORDER, int(ORDER), 1_619_611_561, 1_619_621_355)
    answer = sample("order_202406_external_orders_get")["data"]["external_orders"]
    read = BY_NAME["external_orders"].normalise(
        answer, Context(hashed_buyer, asked, as_of=at("2023-08-01"))
    )
    token = records.grant("backward", 10)
    records.commit("backward", token, Commit(writes=read.writes, fetched_at=at("2023-08-01")))
    sampled.here.stores.columns("default", SHOP).publish(force=True)
    assert sampled.ask("order_id external_order_id external_platform orders", "2021-04-28") == [
        [ORDER, "676461413038785752", "SHOPIFY", 1]
    ]
