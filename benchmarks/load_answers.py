"""How many answers a second, how long the slowest take, and whether any goes wrong, while imports
run beside them; what is said beyond capacity; what the death of a web process costs.

    python -m benchmarks.load_answers [--requests 10000] [--at-once 64] [--workspaces 100]

Every workspace has a shop of the same id with other rows. What each question's answer is, is asked
once before; an answer under load that differs is counted as wrong. Prints one JSON line per figure.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.bench_webhooks import quantile, unfinished, worker_of
from benchmarks.product import ROOT, Client, Product, both, report

SEED: Final = 7
DAYS: Final = 90
#: Connections beyond what the server takes at once.
TOO_MANY: Final = 300
PATIENCE_SECONDS: Final = 60.0
QUESTIONS: Final = (
    "gmv,orders,items_sold",
    "date,gmv,orders",
    "product_id,product_name,gmv",
    "order_status,orders",
    "recipient_state,gmv",
    "month,gmv,refund_total",
)
#: The number of orders of a workspace tells whose answer it is.
TELLTALE: Final = "orders,items_ordered,payment_total_amount"


@dataclass(frozen=True)
class Tenant:
    workspace: str
    key: str
    shop: str


@dataclass
class Outcome:
    """What came of many requests. `statuses` counts 0 for connections that broke."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: int = 0
    unhelpful: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def tenants(installed: Product, count: int) -> list[Tenant]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.tenants", str(count)],
        cwd=ROOT,
        env=installed.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Tenant(**json.loads(line)) for line in made.stdout.splitlines()]


def body_of(tenant: Tenant, fields: str, first: date, last: date) -> bytes:
    return json.dumps(
        {
            "configParams": {"shops": tenant.shop},
            "dateRange": {"startDate": f"{first}", "endDate": f"{last}"},
            "fields": [{"name": name} for name in fields.split(",")],
        }
    ).encode()


class Asker:
    """One kept connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(
            urlsplit(url).netloc, timeout=PATIENCE_SECONDS
        )

    def ask(self, tenant: Tenant, body: bytes) -> tuple[int, bytes, str | None]:
        """Status, body and Retry-After; status 0 when the connection broke."""
        headers = {"Authorization": f"Bearer {tenant.key}", "Content-Type": "application/json"}
        try:
            self._connection.request("POST", "/connector/v1/getData", body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read(), answer.headers["Retry-After"]
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, b"", None


def work(
    url: str,
    wishes: Iterator[tuple[Tenant, bytes]],
    expected: dict[str, bytes],
    at_once: int,
) -> tuple[Outcome, float]:
    """Ask all of it over so many connections; what came, and how long it took."""
    outcome, turn = Outcome(), threading.Lock()

    def go() -> None:
        asker = Asker(url)
        while True:
            with turn:
                wish = next(wishes, None)
            if wish is None:
                return
            started = time.monotonic()
            status, content, retry_after = asker.ask(*wish)
            took = time.monotonic() - started
            with outcome.lock:
                outcome.statuses[status] += 1
                outcome.seconds.append(took)
                if status in (429, 503) and not retry_after:
                    outcome.unhelpful += 1
                if status == 200:
                    known = expected.setdefault(_name(*wish), content)
                    outcome.wrong += content != known

    started = time.monotonic()
    threads = [threading.Thread(target=go) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome, time.monotonic() - started


def _name(tenant: Tenant, body: bytes) -> str:
    return f"{tenant.workspace} {body.decode()}"


def wishes(
    known: Sequence[Tenant], count: int, today: date, draw: random.Random
) -> list[tuple[Tenant, bytes]]:
    """Questions about ranges that end long enough ago to be answered from what is kept. One in
    three is the one that tells whose answer it is."""
    first = today - timedelta(days=DAYS)
    found = []
    for number in range(count):
        last = today - timedelta(days=draw.randrange(7, 32))
        fields = TELLTALE if number % 3 == 0 else draw.choice(QUESTIONS)
        tenant = draw.choice(known)
        found.append((tenant, body_of(tenant, fields, first, last)))
    return found


def say(name: str, outcome: Outcome, took: float, **beside: Any) -> None:
    count = sum(outcome.statuses.values())
    report(
        figure=name,
        value=round(outcome.statuses[200] / took, 1),
        unit="answers/s",
        requests=count,
        answered=outcome.statuses[200],
        statuses=dict(sorted(outcome.statuses.items())),
        wrong=outcome.wrong,
        without_retry_after=outcome.unhelpful,
        p50_ms=round(1000 * quantile(outcome.seconds, 0.5)),
        p99_ms=round(1000 * quantile(outcome.seconds, 0.99)),
        max_ms=round(1000 * max(outcome.seconds)),
        **beside,
    )


def web_processes(client: Client) -> list[int]:
    """The processes that answer, not the one that keeps them."""
    port = f"PORT={urlsplit(client.url).port}".encode()
    parents: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes().split(b"\0")
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if b"gunicorn_conf.py" in command and port in environment:
            parents[int(process.name)] = int(parent)
    return [number for number, parent in parents.items() if parent in parents]


def measure(
    installed: Product, client: Client, known: Sequence[Tenant], chosen: argparse.Namespace
) -> None:
    draw = random.Random(SEED)
    today = datetime.now(UTC).date()
    expected: dict[str, bytes] = {}
    quiet = [
        (tenant, body_of(tenant, TELLTALE, today - timedelta(days=DAYS), today - timedelta(days=7)))
        for tenant in known
    ]
    work(client.url, iter(quiet), expected, 1)
    report(
        figure="workspaces_told_apart",
        value=len(set(expected.values())),
        workspaces=len(known),
        shop_ids=len({tenant.shop for tenant in known}),
    )
    beside = {"at_once": chosen.at_once, "workspaces": len(known)}
    asked = wishes(known, chosen.requests, today, draw)
    outcome, took = work(client.url, iter(asked), expected, chosen.at_once)
    importing = unfinished(installed, "import")
    different = len({_name(*wish) for wish in asked})
    say("answers", outcome, took, different=different, imports_still_running=importing, **beside)
    few = wishes(known, chosen.requests // 5, today, draw)
    outcome, took = work(client.url, iter(few), expected, TOO_MANY)
    say("answers_beyond_capacity", outcome, took, at_once=TOO_MANY, workspaces=len(known))
    victims = web_processes(client)
    timer = threading.Timer(1.0, os.kill, (victims[0], signal.SIGKILL))
    timer.start()
    few = wishes(known, chosen.requests // 5, today, draw)
    outcome, took = work(client.url, iter(few), expected, chosen.at_once)
    timer.cancel()
    say("answers_with_a_web_process_killed", outcome, took, processes=len(victims), **beside)


def main() -> int:
    """Make the workspaces, start two imports, ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--workspaces", type=int, default=100)
    parser.add_argument("--orders", type=int, default=200_000, help="of the shops imported beside")
    chosen = parser.parse_args()
    with both(chosen.orders, SEED, DAYS, {"shops": 2}, SAMPLE_ACCOUNT="true") as (_, installed):
        installed.work()
        known = tenants(installed, chosen.workspaces)
        installed.connect(wait=False)
        with ExitStack() as running:
            client = running.enter_context(installed.served())
            for _ in range(2):
                running.enter_context(worker_of(installed))
            measure(installed, client, known, chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
