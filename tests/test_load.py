"""A minute of `make load`: many questions at once about workspaces whose shops have the same id,
beside imports; each over a connection of its own; a web process that is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKSPACES, AT_ONCE, REQUESTS = 3, 16, 600

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, Any]]:
    sizes = {"--requests": REQUESTS, "--at-once": AT_ONCE, "--workspaces": WORKSPACES}
    words = [str(word) for pair in {**sizes, "--orders": 3_000}.items() for word in pair]
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.load_answers", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    return {line["figure"]: line for line in lines}


def test_everybody_gets_the_own_answer_and_no_error(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["workspaces_told_apart"]["value"] == WORKSPACES
    told = figures["answers"]
    assert (told["statuses"], told["wrong"]) == ({"200": REQUESTS}, 0)


def test_over_many_connections_there_are_answers_or_a_time_to_come_again(
    figures: dict[str, dict[str, Any]],
) -> None:
    """So few are room enough; what is said beyond it is in `test_arrival`, and in `make load`."""
    told = figures["answers_beyond_capacity"]
    assert set(told["statuses"]) <= {"200", "429", "503"}
    assert told["statuses"]["200"] > 0
    assert (told["wrong"], told["without_retry_after"]) == (0, 0)


def test_a_web_process_that_is_killed_costs_its_own_requests(
    figures: dict[str, dict[str, Any]],
) -> None:
    told = figures["answers_with_a_web_process_killed"]
    assert set(told["statuses"]) <= {"0", "200"}
    assert told["statuses"].get("0", 0) <= AT_ONCE
    assert told["wrong"] == 0
