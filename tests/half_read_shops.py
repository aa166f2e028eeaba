"""Four shops of one seller, each read to another extent, and what the oracle knows of them.

shop  region  own zone             what was read
1     US      America/Los_Angeles  everything that can be, 90 days
2     US      America/New_York     orders and finance with gaps, days of analytics with gaps
3     GB      Europe/London        sales of 45 days, hardly any analytics, no finance
4     ID      Asia/Jakarta         sales and finance of a stretch that is over, no analytics

The simulator's raw payloads are what the oracle computes from, without the records that are not in
the cache: those were not read, and which they are is taken from the cache itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient

from app import create_app
from backfill.schedule import enqueue_backfill
from backfill.stages import DATA
from backfill.windows import floor_of
from benchmarks.oracle_coverage import CachedShop, Stretch
from benchmarks.oracle_facts import Facts
from benchmarks.oracle_reach import FACTS
from benchmarks.oracle_rows import Payload, Payloads
from installation import Installation, Tiktok
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.control import rows_of
from sample_shop.regions import REGIONS, Region
from sample_shop.shop import Shop
from sample_shop.world import ShopClock, World
from settings import Settings
from store.accounts import ShopRow
from tests.scripted_tiktok import FakeClock, NotingThrottle
from tiktok_shop.bounded import new_session
from tiktok_shop.client import App, Client
from tiktok_shop.oauth import OAuth

DAY: Final = 86_400
#: Days that the shops have been open.
OPEN_DAYS: Final = 75
SHOP_IDS: Final = tuple(str(7_495_000_000_000_000_001 + number) for number in range(4))
REGION_OF: Final = (
    REGIONS[0],
    replace(REGIONS[0], zone="America/New_York"),
    REGIONS[1],
    REGIONS[2],
)
#: Zone of reports that name none, by shop; None: nobody chose one.
REPORT_ZONES: Final = (None, "America/New_York", None, "Asia/Jakarta")
_KEYS: Final = App("sample-key", "sample-secret")
_PLENTY: Final = 100_000  # calls a day

#: By shop: (days ago from, days ago until, kinds of data).
_WISHES: Final[Sequence[Sequence[tuple[int, int, str]]]] = (
    ((90, 0, " ".join(DATA)),),
    ((48, 30, "orders products"), (21, 9, "orders"), (60, 45, "finance"), (20, 0, "finance"),
     (35, 14, "analytics"), (8, 0, "analytics")),
    ((45, 0, "orders products"), (6, 3, "analytics")),
    ((40, 12, "orders products"), (35, 5, "finance")),
)  # fmt: skip

#: Raw rows of the simulator -> (table of the cache, columns of its key, the same in the payload).
_KEPT: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "orders": ("orders", "order_id", ("id",)),
    "price_details": ("order_line_item_price_answers", "order_id", ("order_id",)),
    "returns": ("returns", "return_id", ("return_id",)),
    "cancellations": ("cancellations", "cancel_id", ("cancel_id",)),
    "statements": ("statements", "statement_id", ("id",)),
    "transactions": ("statement_transactions", "transaction_id", ("id",)),
    "settled_skus": (
        "statement_transaction_skus",
        "order_id, statement_id, sku_id",
        ("order_id", "statement_id", "sku_id"),
    ),
    "payments": ("payments", "payment_id", ("id",)),
    "unsettled": ("unsettled_transactions", "transaction_id", ("id",)),
    "shop_days": ("shop_performance_daily", "date", ("date",)),
    "shop_hours": ("shop_performance_hourly", "date, hour", ("date", "index")),
    "product_days": ("product_performance_daily", "date, product_id", ("date", "id")),
    "sku_days": ("sku_performance_daily", "date, sku_id", ("date", "id")),
    "video_days": ("video_performance_daily", "date, video_id", ("date", "id")),
    "live_sessions": ("live_sessions", "live_id", ("id",)),
    "video_overviews": ("shop_performance_daily", "date", ("date",)),
    "live_overviews": ("shop_performance_daily", "date", ("date",)),
    "inbound_orders": ("inbound_orders", "inbound_order_id", ("id",)),
    "external_orders": ("external_orders", "order_id", ("order_id",)),
}
#: What the simulator calls the raw rows, where it is not what the oracle does.
_RAW: Final = {
    "price_details": "price_detail",
    "transactions": "statement_transactions",
    "settled_skus": "statement_transaction_skus",
    "shop_days": "shop_performance_daily",
    "shop_hours": "shop_performance_hourly",
    "product_days": "product_performance_daily",
    "sku_days": "sku_performance_daily",
    "video_days": "video_performance_daily",
    "video_overviews": "video_overview_daily",
    "live_overviews": "live_overview_daily",
}


@dataclass(frozen=True, repr=False)
class HalfRead:
    """The installation and what the oracle knows of its shops, by shop id. `seed` makes the same
    again."""

    seed: int
    client: FlaskClient
    key: str
    clock: FakeClock
    now: float
    shops: dict[str, CachedShop]

    def ask(self, request: dict[str, Any]) -> Any:
        """Our answer. Nobody works the short pulls that are asked for, so waiting is in vain."""
        headers = {"Authorization": f"Bearer {self.key}"}
        response = self.client.post("/connector/v1/getData", json=request, headers=headers)
        self.clock.instant = self.now
        return response

    def asked_shops(self, request: dict[str, Any]) -> list[CachedShop]:
        wanted = request["configParams"]["shops"]
        ids = self.shops if wanted == "all" else wanted.split(",")
        return [self.shops[shop_id] for shop_id in ids]


def seller(now: int, orders: int, seed: int) -> World:
    """The four shops, each with so many orders until `now` (UTC seconds), where time stands."""
    anchor = floor_of(now, OPEN_DAYS)
    shops = [
        _shop(number, region, anchor, orders, now, seed) for number, region in enumerate(REGION_OF)
    ]
    return World(shops, ShopClock(lambda: now, now), f"open-id-{seed}", "Sample Seller")


def _shop(number: int, region: Region, anchor: int, orders: int, now: int, seed: int) -> Shop:
    name = f"Shop {number + 1} {region.code}"
    shop = Shop(SHOP_IDS[number], name, region, number, seed, anchor, products=18)
    shop.arrivals.exactly(orders, now)
    return shop


def half_read(folder: Path, *, now: int, orders: int, seed: int) -> Iterator[HalfRead]:
    """An installation with the four shops, read as this module says; closed after use."""
    clock = FakeClock(float(now))
    adapter = SampleShopAdapter(seller(now, orders, seed), wall=clock.now)
    app = create_app(
        Settings(
            data_dir=folder,
            sample_account=False,
            log_level="error",
            sku_finance_daily_calls=_PLENTY,
            external_orders_daily_calls=_PLENTY,
        ),
        clock,
    )
    here: Installation = app.extensions["installation"]
    here.prepare()
    session = new_session()
    session.mount(BASE_URL, adapter)
    here.__dict__["live"] = Tiktok(
        Client(_KEYS, session, clock, NotingThrottle(), api_base=BASE_URL),
        OAuth(_KEYS, session, clock, auth_base=BASE_URL),
    )
    connected = here.connect("default", "sample-code", "US")
    scope = here.accounts.workspace("default")
    for shop, region, zone in zip(connected, REGION_OF, REPORT_ZONES, strict=True):
        scope.set_zones(shop.shop_id, shop_zone=region.zone, report_zone=zone)
        here.ledger.forget("default", shop.shop_id)
    for shop, wishes in zip(connected, _WISHES, strict=True):
        for first, last, data in wishes:
            enqueue_backfill(
                here.ledger,
                clock,
                "default",
                shop.shop_id,
                start=floor_of(now, first),
                end=floor_of(now, last) if last else None,
                data=data.split(),
            )
    here.worker("test").run_until_idle()
    _, key = scope.create_key("test")
    shops = {
        shop.shop_id: _known(here, adapter, shop, REPORT_ZONES[number] or "UTC")
        for number, shop in enumerate(connected)
    }
    yield HalfRead(seed, app.test_client(), key, clock, clock.now(), shops)
    here.close()


def _known(
    here: Installation, adapter: SampleShopAdapter, shop: ShopRow, report_zone: str
) -> CachedShop:
    records = here.stores.records("default", shop.shop_id)

    def kept(name: str) -> list[Payload]:
        raw = rows_of(adapter.gateway, _RAW.get(name, name), shop.shop_id)
        if name not in _KEPT:
            return list(raw)
        table, columns, fields = _KEPT[name]
        keys = {tuple(map(str, row)) for row in records.query(f"SELECT {columns} FROM {table}")}
        return [row for row in raw if tuple(str(row[field]) for field in fields) in keys]

    of_all = rows_of(adapter.gateway, "shops", shop.shop_id)
    (listed,) = [row for row in of_all if row["id"] == shop.shop_id]
    region = next(one.region for one in adapter.world.shops if one.id == shop.shop_id)
    names = (
        *("orders", "price_details", "products", "product_search", "inventory", "returns"),
        *("cancellations", "warehouses", "statements", "transactions", "settled_skus"),
        *("payments", "unsettled", "shop_days", "shop_hours", "product_days", "sku_days"),
        *("video_overviews", "live_overviews"),
        *("video_days", "live_sessions", "fbt_warehouses", "fbt_inventory", "inbound_orders"),
        "external_orders",
    )
    payloads = Payloads(
        shop=listed,
        zone=region.zone,
        currency=region.currency,
        **{name: kept(name) for name in names},
    )
    covered: dict[str, list[Stretch]] = {
        fact.read_as: [(one.start, one.end) for one in records.coverage(fact.read_as)]
        for fact in FACTS.values()
    }
    return CachedShop(Facts(payloads), report_zone, covered)
