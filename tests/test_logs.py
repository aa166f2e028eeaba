"""Log lines: one JSON object an event, secrets struck out first, and an id that leads from a
request through the worker to TikTok's own ids."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from logs import configure_logs
from settings import Settings
from store.live_runs import KIND
from tests.canaries import Canaries, canaries

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Canaries]:
    with canaries(tmp_path) as made:
        made.connect()
        made.make_key()
        yield made


def lines(log: io.StringIO, **wanted: Any) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in told if wanted.items() <= line.items()]


def work(house: Canaries, *lanes: str) -> None:
    house.here.worker("worker", lanes).run_until_idle()


def test_a_pushed_order_can_be_followed_from_the_request_to_tiktoks_own_ids(
    house: Canaries,
) -> None:
    order = house.world.shops[0].ids.one("order", 3)
    answer = house.push("ORDER_STATUS_CHANGE", {"order_id": order, "order_status": "UNPAID"}, 1)
    asked = answer.headers["X-Request-ID"]
    work(house, "tail")
    (run,) = (run for run in house.here.ledger.runs("default") if run.kind == "reread")
    assert run.request_id == asked
    told = lines(house.log, request_id=asked)
    assert {"request", "run_claimed", "call", "run_left"} <= {line["event"] for line in told}
    calls = [line for line in told if line["event"] == "call"]
    assert {line["run"] for line in calls} == {run.id}
    assert all(line["tiktok_request_id"] and line["shop"] == house.shop_id for line in calls)


def test_the_threads_that_fetch_name_the_run_too(house: Canaries) -> None:
    work(house, "backward")
    (run,) = house.here.ledger.runs("default")
    calls = lines(house.log, event="call", run=run.id)
    assert {"order_search", "product_search"} <= {line["endpoint"] for line in calls}
    others = [line for line in lines(house.log, event="call") if line.get("run") != run.id]
    assert [line["endpoint"] for line in others] == ["authorized_shops"], "made when connecting"


def test_an_answer_that_has_tiktok_asked_says_who_asked(house: Canaries) -> None:
    work(house, "backward")
    house.here.clock.moved += 3_600  # type: ignore[attr-defined]
    answer = house.ask_for("gmv")
    (run,) = (run for run in house.here.ledger.runs("default") if run.kind == KIND)
    assert run.request_id == answer.headers["X-Request-ID"]


def test_a_request_is_one_line_without_its_query(house: Canaries) -> None:
    house.ask("GET", "/connector/v1/rows.csv?shops=canary-of-a-query&fields=gmv")
    house.ask("GET", "/no/such/canary-of-a-path")
    (known,) = lines(house.log, event="request", route="/connector/v1/rows.csv")
    assert (known["method"], known["workspace"]) == ("GET", "default")
    assert known["key"] == house.key.split("_")[1]
    assert known["ms"] >= 0
    (unknown,) = lines(house.log, event="request", route="none")
    assert unknown["status"] == 401
    assert "canary-of-a-query" not in house.log.getvalue()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[io.StringIO]:
    kept = io.StringIO()
    with redirect_stderr(kept):
        configure_logs(Settings(data_dir=tmp_path, log_format="json"))
    yield kept
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if getattr(one, "stream", None) is not kept]


def test_secrets_are_struck_out_also_of_what_is_bound_to_the_thread(log: io.StringIO) -> None:
    with bound_contextvars(access_token="canary-token", note="sign=canary-sign&x=1"):
        structlog.get_logger("any").warning("event", url="https://x/?app_secret=canary-secret")
    assert "canary" not in log.getvalue()
    (line,) = lines(log)
    assert (line["event"], line["access_token"], line["level"]) == ("event", "[struck]", "warning")
    assert "timestamp" in line


def test_a_library_logs_in_the_same_form_and_what_an_exception_says_is_left_out(
    log: io.StringIO,
) -> None:
    library = logging.getLogger("some.library")
    library.info("canary: not important")
    try:
        raise ValueError("canary of a payload")
    except ValueError:
        library.exception("it broke: %s", "access_token=canary-token")
    (line,) = lines(log)
    assert (line["logger"], line["level"], line["exception"]) == (
        *("some.library", "error", "ValueError"),
    )
    assert line["event"] == "it broke: access_token=[struck]"
    assert "test_logs.py" in line["at"]
    assert "canary" not in log.getvalue()


def test_logs_may_be_configured_again_and_a_line_is_still_written_once(log: io.StringIO) -> None:
    with redirect_stderr(log):
        configure_logs(Settings(log_format="json"))
    logging.getLogger("some.library").warning("once")
    structlog.get_logger("any").warning("once")
    assert [line["event"] for line in lines(log)] == ["once", "once"]
