"""Nothing secret and nothing personal is in any byte of the data folder, any log line, any figure,
any answer and any page, after a shop was imported, pushed to, asked about and looked at. In the
simulator everything of the kind says canary; its tokens do, too."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from catalogue.field import Dimension
from catalogue.fields import FIELDS
from tests.canaries import CANARY, Canaries, canaries

pytestmark = pytest.mark.slow

#: What stands beside an order, whoever bought it included.
OF_AN_ORDER = (
    *("order_id", "order_status", "buyer_user_id", "recipient_region_code", "recipient_state"),
    *("recipient_city", "tracking_number", "warehouse_name", "payment_method_name"),
    *("cancel_reason", "delivery_option_name", "product_name", "sku_name"),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    """Everything has happened that can."""
    with canaries(tmp_path_factory.mktemp("data")) as made:
        made.sign_in()
        made.make_key()
        made.connect()
        made.secrets |= made.tokens()
        made.work()
        order = made.world.shops[0].ids.one("order", 3)
        pushed = {"order_id": order, "order_status": "UNPAID", "buyer_email": "canary@test.invalid"}
        made.push("ORDER_STATUS_CHANGE", pushed, 1)
        wrong = "canary-wrong-secret"  # pragma: allowlist secret
        made.push("ORDER_STATUS_CHANGE", pushed, 1, secret=wrong)
        made.push("RECIPIENT_ADDRESS_UPDATE", {"order_id": order, "name": "Canary Name"}, 3)
        made.work()
        spoil(made)
        made.work()
        look_at_everything(made)
        made.write_sheet(*OF_AN_ORDER, "gmv")
        yield made


def spoil(house: Canaries) -> None:
    """Records of a wrong shape are put aside."""

    def change(_asked: object, data: dict[str, object]) -> None:
        orders = data.get("orders")
        for order in orders if isinstance(orders, list) else []:
            order["create_time"] = order.get("buyer_email", "canary")

    house.wire.change = change
    house.ask("POST", "/import", data={"shop": house.shop_id})
    house.work()
    house.wire.change = None
    assert {run.state for run in house.here.ledger.runs("default")} == {"done"}


def look_at_everything(house: Canaries) -> None:
    for name, field in FIELDS.items():
        if isinstance(field, Dimension):
            house.ask_for(name)
    house.ask_for("gmv", "orders", "customers")
    house.ask_for("no_such_field")
    house.ask("POST", "/connector/v1/getData", data=b"{canary", content_type="application/json")
    for form in ("csv", "ndjson"):
        house.ask(
            "GET",
            f"/connector/v1/rows.{form}?shops={house.shop_id}&fields=order_id,gmv"
            "&start=2026-09-07&end=2026-09-12",
        )
    house.ask("GET", "/connector/v1/whoami")
    house.ask("POST", "/connector/v1/getSchema", json={"configParams": {"shops": house.shop_id}})
    house.ask("POST", "/connector/v1/getConfig", json={})
    house.ask("GET", "/connector/v1/whoami", headers={"Authorization": "Bearer canary-wrong-key"})
    for path in house.addresses():
        house.ask("GET", path)
    for secret in house.secrets.values():
        mistake_for_an_address(house, secret)


def mistake_for_an_address(house: Canaries, secret: str) -> None:
    """What somebody does who pastes it behind the wrong word."""
    for path in ("/x/", "/history/", "/connector/v1/", "/healthz/", "/images/", "/static/"):
        house.ask("GET", f"{path}{secret}")
    house.ask("POST", f"/webhooks/tiktok/{secret}", data=b"{}")
    stranger = house.client.application.test_client()
    assert stranger.get(f"/x/{secret}").status_code == 401


def test_the_simulator_did_send_what_is_searched_for(house: Canaries) -> None:
    assert len(house.wire.calls) > 50
    assert {"access", "refresh"} <= {name.split(" ")[0] for name in house.secrets}
    assert all(CANARY in secret for name, secret in house.secrets.items() if "token" in name)
    quarantined = house.here.stores.records("default", house.shop_id).quarantine_count()
    assert quarantined > 10, "records of a wrong shape were put aside"


def test_no_file_of_the_data_folder_holds_any_of_it(house: Canaries) -> None:
    words = [CANARY, *house.secrets.values()]
    assert house.files_with(*words) == {}


def test_no_log_line_holds_any_of_it_and_each_is_one_json_object(house: Canaries) -> None:
    lines = house.log.getvalue().splitlines()
    assert len(lines) > 200
    told = [json.loads(line) for line in lines]
    assert {"request", "call", "run_claimed"} <= {line["event"] for line in told}
    text = house.log.getvalue().lower()
    assert [name for name, secret in house.secrets.items() if secret.lower() in text] == []
    assert [line for line in lines if CANARY in line.lower()] == []


def test_no_answer_no_page_and_no_figure_holds_any_of_it(house: Canaries) -> None:
    assert len(house.said) > 150
    assert any("GET /metrics" in asked for asked, _ in house.said)
    for asked, said in house.said:
        if asked.startswith("POST /sign-in"):
            continue  # which gives the visitor the cookie
        text = said.lower().replace("atlantic/canary", "")
        leaked = [name for name, secret in house.secrets.items() if secret.lower() in text]
        assert (leaked, CANARY in text) == ([], False), asked


def test_no_cell_of_a_spreadsheet_and_nothing_that_google_is_sent_holds_any_of_it(
    house: Canaries,
) -> None:
    assert len([row for row in house.sheet if row and str(row[0]).isdecimal()]) > 20
    assert any('"Orders"' in body for body in house.sent)
    text = f"{house.sheet} {house.sent}".lower()
    leaked = [name for name, secret in house.secrets.items() if secret.lower() in text]
    assert (leaked, CANARY in text) == ([], False)


def test_the_figures_tell_what_has_happened_without_naming_anybody(house: Canaries) -> None:
    (told,) = (said for asked, said in house.said if asked == "GET /metrics")
    for line in (
        'tiktok_shop_source_calls_total{endpoint="order_search",result="ok"}',
        'tiktok_shop_source_requests_total{route="/webhooks/tiktok/<topic>",status="401"} 1.0',
        'tiktok_shop_source_stages{stage="orders",state="done"}',
        'tiktok_shop_source_shops{state="connected"} 1.0',
        'tiktok_shop_source_orders_age_seconds{of="oldest"}',
        "tiktok_shop_source_worker_seen_seconds",
    ):
        assert line in told
    assert house.shop_id not in told
    assert '"default"' not in told


def test_the_search_would_find_a_leak(house: Canaries) -> None:
    """The control: one leaked token in a file, and one name in a segment."""
    token = next(secret for name, secret in house.secrets.items() if name.startswith("access"))
    leak = house.folder / "shops" / "leak.txt"
    leak.write_text(f"... {token} ...")
    try:
        assert list(house.files_with(token)) == ["shops/leak.txt"]
    finally:
        leak.unlink()
