"""Tens of thousands of requests that nobody would send, made from the program's own /openapi.json:
how many made it fail, told how it is made inside, or kept it busy for long.

    python -m benchmarks.load_fuzz [--requests 40000]

Half of them are of the documented shape, half are not (schemathesis). They go over HTTP to the web
server as it is run, with an API key and a signed-in owner. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from benchmarks.product import Client, Product, both, report
from web.cookies import form_token

SEED: Final = 7
DAYS: Final = 30
#: No answer may take longer, in seconds.
LONGEST: Final = 30.0
TRACES: Final = re.compile(r"Traceback|\.py\", line|sqlite3\.|sqlalchemy\.|duckdb\.")
#: It would end the session that all others need.
LEFT_OUT: Final = "/sign-out"


@dataclass
class Seen:
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    traces: int = 0
    longest: float = 0.0

    def note(self, label: str, answer: requests.Response, seconds: float) -> None:
        self.statuses[answer.status_code] += 1
        self.longest = max(self.longest, seconds)
        ours = answer.status_code >= 500 and answer.status_code != 503
        unready = answer.status_code == 503 and not (
            "Retry-After" in answer.headers or "readyz" in label
        )
        if ours or unready:
            self.failures[f"{answer.status_code} {label}"] += 1
        if answer.status_code >= 400 and TRACES.search(answer.text):
            self.traces += 1


def signed_in(installed: Product, client: Client) -> str:
    """The cookie of an owner's session."""
    link = installed.flask("login-link").split()[-1]
    token = link.partition("token=")[2]
    reply = requests.post(
        f"{client.url}/sign-in", data={"token": token}, allow_redirects=False, timeout=LONGEST
    )
    return str(reply.cookies["tts_session"])


def send(case: Any, client: Client, session: str, seen: Seen) -> None:
    if case.path == LEFT_OUT:
        return
    headers = {"Authorization": client.session.headers["Authorization"]}
    if isinstance(case.body, dict) and case.media_type == "application/x-www-form-urlencoded":
        case.body["form_token"] = form_token(session)
    started = time.monotonic()
    try:
        answer = case.call(
            base_url=client.url,
            headers=headers,
            cookies={"tts_session": session},
            timeout=LONGEST,
            allow_redirects=False,
        )
    except requests.Timeout:
        seen.failures[f"no answer in {LONGEST:g} s: {case.method} {case.path}"] += 1
        return
    except (requests.RequestException, ValueError):
        # What cannot be written as HTTP is not sent.
        seen.statuses[0] += 1
        return
    found = getattr(answer, "response", answer)
    body = requests.Response()
    body.status_code = found.status_code
    body._content = answer.content
    body.headers.update({name: str(value) for name, value in dict(answer.headers).items()})
    seen.note(f"{case.method} {case.path}", body, time.monotonic() - started)


def _all_operations(schema: Any) -> Iterator[Any]:
    yield from schema.get_all_operations()


def fuzz(client: Client, session: str, count: int) -> Seen:
    document = requests.get(f"{client.url}/openapi.json", timeout=LONGEST).json()
    schema = schemathesis.openapi.from_dict(document)
    operations: list[Any] = [found.ok() for found in _all_operations(schema)]
    seen = Seen()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        cases = st.one_of([one.as_strategy(generation_mode=mode) for one in operations])

        @seed(SEED)
        @settings(
            max_examples=count // 2,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def run(case: Any) -> None:
            send(case, client, session, seen)

        run()
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=40_000)
    chosen = parser.parse_args()
    with both(2_000, SEED, DAYS, REQUESTS_PER_MINUTE="0") as (_, installed):
        installed.connect(wait=False)
        installed.work()
        with installed.served() as client:
            started = time.monotonic()
            seen = fuzz(client, signed_in(installed, client), chosen.requests)
            took = time.monotonic() - started
    report(
        figure="fuzz_failures",
        value=sum(seen.failures.values()),
        requests=sum(seen.statuses.values()),
        statuses=dict(sorted(seen.statuses.items())),
        traces=seen.traces,
        longest_ms=round(1000 * seen.longest),
        seconds=round(took),
        which=dict(seen.failures.most_common(10)),
    )
    return 1 if seen.failures or seen.traces else 0


if __name__ == "__main__":
    sys.exit(main())
