"""Everything of `make load`, one after the other, and its figures written into docs/reliability.md.

    python -m benchmarks.load [--share 1.0] [--write] [--only PART]

`--share 0.05` does a twentieth of each part, to see that it runs. `--write` puts what was printed
into the document, as it was printed. Only loopback is used; each part has a time limit.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.product import ROOT, report, stop

DOCUMENT: Final = ROOT / "docs" / "reliability.md"
#: Around the figures of each part.
BEGIN: Final = "<!-- figures of {name}: written by `make load`, not by hand -->"
END: Final = "<!-- end of the figures of {name} -->"
PARTING_SECONDS: Final = 90


@dataclass(frozen=True)
class Part:
    """`words` after the interpreter's name; `{n:...}` in them is multiplied by the share."""

    name: str
    words: tuple[str, ...]
    limit_seconds: int
    environment: tuple[tuple[str, str], ...] = ()


PARTS: Final = (
    Part(
        "answers",
        ("-m", "benchmarks.load_answers", "--requests", "{n:10000}", "--at-once", "64"),
        3_600,
    ),
    Part(
        "webhooks",
        ("-m", "benchmarks.bench_webhooks", "--seconds", "{n:60}", "--rate", "200"),
        1_800,
    ),
    Part("fuzz", ("-m", "benchmarks.load_fuzz", "--requests", "{n:40000}"), 7_200),
    Part(
        "fuzz, Hypothesis",
        ("-m", "pytest", "-q", "-m", "soak", "--timeout=0", "-p", "no:xdist", "tests/test_fuzz.py"),
        7_200,
        (("SOAK_SECONDS", "{n:60}"), ("SOAK_WHOLE", "1")),
    ),
    Part(
        "calls across workspaces",
        (
            *("-m", "pytest", "-q", "-m", "soak", "--timeout=0", "-p", "no:xdist"),
            "tests/test_route_map.py",
        ),
        7_200,
        (("SOAK_SECONDS", "{n:60}"), ("SOAK_WHOLE", "1")),
    ),
)


def scaled(word: str, share: float) -> str:
    if word.startswith("{n:"):
        return str(max(1, round(int(word[3:-1]) * share)))
    return word


def run(part: Part, share: float) -> Iterator[str]:
    """Its lines as they are printed. TimeoutExpired, or CalledProcessError when it fails."""
    words = [scaled(word, share) for word in part.words]
    more = {name: scaled(value, share) for name, value in part.environment}
    if share < 1:
        more.pop("SOAK_WHOLE", None)
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + part.limit_seconds
        for line in process.stdout or ():
            yield line.rstrip()
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(words, part.limit_seconds)
        if process.wait(until - time.monotonic()):
            raise subprocess.CalledProcessError(process.returncode, words)
    finally:
        # As Ctrl-C does: it stops what it has started itself.
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PARTING_SECONDS)
        stop(process)  # type: ignore[arg-type]  # it reads nothing


def figures_in(part: Part, lines: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON lines; of pytest the count that it tells at its end."""
    found = []
    for line in lines:
        if line.startswith("{"):
            found.append(json.loads(line))
        elif " cases in " in line:
            found.append({"figure": part.name, "value": int(line.split(" ")[0]), "unit": "cases"})
    return found


def machine() -> str:
    cpus = os.cpu_count()
    return f"{cpus} cores, {platform.machine()}, Python {platform.python_version()}"


def written(document: str, part: Part, figures: Sequence[dict[str, Any]], when: str) -> str:
    """The document with these figures of a part in place of those that were there. ValueError
    without the marks around them."""
    begin, end = (mark.format(name=part.name) for mark in (BEGIN, END))
    before, _, rest = document.partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise ValueError(f"{DOCUMENT.name} has no place for the figures of {part.name}")
    rows = [_row(one) for one in figures]
    table = ["| figure | value | beside it |", "|---|---|---|", *rows]
    text = "\n".join([begin, "", f"Printed on {when}, on {machine()}.", "", *table, "", end])
    return f"{before}{text}{after}"


def _row(figure: dict[str, Any]) -> str:
    name, unit = figure["figure"].replace("_", " "), figure.get("unit", "")
    return f"| {name} | {figure['value']} {unit}".rstrip() + f" | {_beside(figure)} |"


def _beside(figure: dict[str, Any]) -> str:
    said = {
        name: value for name, value in figure.items() if name not in ("figure", "value", "unit")
    }
    return ", ".join(f"{name} {value}" for name, value in said.items()).replace("|", "/")


def main() -> int:
    """Run the parts; 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", choices=[part.name for part in PARTS])
    chosen = parser.parse_args()
    failed = []
    for part in PARTS:
        if chosen.only not in (None, part.name):
            continue
        lines: list[str] = []
        try:
            for line in run(part, chosen.share):
                lines.append(line)
                print(line, flush=True)
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            failed.append(part.name)
            report(figure="part_failed", value=part.name, why=str(error)[:300])
        if chosen.write:
            when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            text = DOCUMENT.read_text(encoding="utf-8")
            figures = figures_in(part, lines)
            Path(DOCUMENT).write_text(written(text, part, figures, when), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
