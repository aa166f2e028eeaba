"""What a refresh of a spreadsheet costs: calls, time and memory of the writing side.

    python -m benchmarks.bench_sheets [--times 5]

The Sheets API is played by a process of its own that takes what is sent and answers what Google
would: how long Google itself works is not in the figures. Prints one JSON line per figure:

- `sheets_calls`: reads and writes of a refresh of 40,000 cells (aim: 1 and 1);
- `sheets_cells_per_second`: a table of 40,000 cells from its rows to the answer to the write (aim:
  500,000), and of 1,000,000 cells, which go through a staging tab; `of_cpu` is the best run
  counted in time that this process was at work, for a machine that others use too;
- `sheets_memory_mb`: how much the process grew while it wrote 1,000,000 cells, and what it had at
  most (aim: 300).

The first refresh of 40,000 cells is not counted: a worker that begins compiles its statements.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from benchmarks.product import report
from clock import SystemClock
from sheets_export.book import Sheets
from sheets_export.grid import table
from sheets_export.layout import Layout
from sheets_export.sighting import MARK, Mark
from sheets_export.target import Place, Status, Target
from sheets_export.writer import Writer
from store.accounts_migration import migrate
from store.database import Database
from store.sheet_budget import SheetBudget
from store.sheet_locks import SheetLocks

#: Ten columns, as an export of products by day has them.
FIELDS: Final = (
    "date", "product_id", "product_name", "sku_id", "gmv", "orders", "items_sold", "refund_total",
    "customers", "order_id",
)  # fmt: skip
SHEET: Final = 7
MANY: Final = 50_000


def rows(count: int) -> Iterator[dict[str, Any]]:
    """An answer's rows, one after the other."""
    for number in range(count):
        yield {
            "date": f"2026-08-{number % 28 + 1:02d}",
            "product_id": f"17293827561234{number % 500:05d}",
            "product_name": f"Reusable water bottle, size {number % 500}",
            "sku_id": f"17293827569876{number:07d}",
            "gmv": number * 1.25,
            "orders": number % 90,
            "items_sold": number % 120,
            "refund_total": number % 7 * 9.99,
            "customers": number % 80,
            "order_id": f"57645{number:013d}",
        }


# --- Google's part ---


class Sink(BaseHTTPRequestHandler):
    """Takes everything; `look` is what a read answers."""

    protocol_version = "HTTP/1.1"
    # Else the second packet of an answer waits 40 ms for a word about the first.
    disable_nagle_algorithm = True
    look: bytes = b""

    def _answer(self, body: bytes) -> None:
        length = int(self.headers.get("Content-Length", 0))
        while length:
            length -= len(self.rfile.read(min(length, 1 << 20)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer(self.look)

    def do_POST(self) -> None:
        sizes = json.loads(self.look)
        self._answer(json.dumps({"updatedSpreadsheet": {"sheets": sizes["sheets"]}}).encode())

    do_PUT = do_POST  # noqa: N815 - the name that the server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nobody reads it."""


def serve(look: bytes, port: Any) -> None:
    Sink.look = look
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    port.put(server.server_address[1])
    server.serve_forever()


class ToSink(HTTPAdapter):
    """Sends to the sink what is meant for Google, and counts."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.address = f"http://127.0.0.1:{port}"
        self.calls: list[str] = []

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        split = urlsplit(request.url or "")
        request.url = f"{self.address}{split.path}?{split.query}"
        self.calls.append("read" if request.method == "GET" else "write")
        return super().send(request, **more)


def seen_by(layout: Layout, grid_rows: int) -> bytes:
    """The block as a look at it tells it, with nothing in the way."""
    patterns = tuple(c.number_format.pattern for c in table(FIELDS, [], currency="USD").columns)
    mark = Mark("e1", layout.pairs, layout.field_ids, patterns, "rows", "lines", 0)
    columns = [
        {"developerMetadata": [{"metadataKey": "tiktok_shop_field", "metadataValue": field}]}
        for field in layout.field_ids
    ]
    size = {"rowCount": grid_rows, "columnCount": len(layout.field_ids)}
    sheet = {
        "properties": {"sheetId": SHEET, "title": "Sales", "gridProperties": size},
        "developerMetadata": [
            {"metadataId": 1, "metadataKey": MARK, "metadataValue": mark.to_text()}
        ],
        "data": [
            {"startRow": row, "columnMetadata": columns}
            for row in (layout.header_row, layout.bottom)
        ],
    }
    names = [
        {"namedRangeId": "rows", "name": "sales", "range": layout.named.on(SHEET)},
        {"namedRangeId": "lines", "name": "sales_status", "range": layout.lines.on(SHEET)},
    ]
    return json.dumps({"namedRanges": names, "sheets": [sheet]}).encode()


# --- ours ---


@contextmanager
def house(folder: Path, count: int) -> Iterator[Callable[[], tuple[list[str], float, float]]]:
    """What refreshes a table of so many rows, as often as it is called, as a worker does that goes
    on: gives the calls, the seconds from the answer's rows to the end of the last call, and how
    many of them this process worked."""
    layout = Layout.new(0, 0, FIELDS)
    grid_rows = count + layout.first_row + 10
    port: Any = multiprocessing.Queue()
    google = multiprocessing.Process(target=serve, args=(seen_by(layout, grid_rows), port))
    google.start()
    clock = SystemClock()
    database = Database(f"sqlite:///{folder / 'accounts.sqlite'}")
    try:
        migrate(database)
        adapter = ToSink(port.get(timeout=10))
        session = requests.Session()
        session.mount("https://", adapter)
        sheets = Sheets(session, "bench@example.com", clock, SheetBudget(database, clock))
        place = Place(
            SHEET, "Sales", 0, 0, layout.bottom, layout.pairs, FIELDS, grid_rows, len(FIELDS), 0
        )
        target = Target("e1", "Sales", "sales", place=place)
        writer = Writer(SheetLocks(database, clock), clock)
        runs = itertools.count()

        def refresh() -> tuple[list[str], float, float]:
            adapter.calls.clear()
            status = Status("Products", "Up to date", "UTC", clock.now())
            # Making up the answer is nobody's work; of a large one it would be most of the memory.
            answer: Iterable[dict[str, Any]] = rows(count)
            if count < MANY:
                answer = list(answer)
            started, worked = time.perf_counter(), time.process_time()
            made = table(FIELDS, answer, currency="USD")
            writer.refresh(sheets.book("s1"), target, made, status, run=f"run{next(runs)}")
            took, worked = time.perf_counter() - started, time.process_time() - worked
            return list(adapter.calls), took, worked

        yield refresh
    finally:
        database.close()
        google.terminate()
        google.join()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    for cells in (40_000, 1_000_000):
        taken, work = [], []
        before = peak_mb()
        with (
            tempfile.TemporaryDirectory() as folder,
            house(Path(folder), cells // len(FIELDS)) as refresh,
        ):
            if cells < MANY:
                refresh()
            for _ in range(arguments.times if cells < MANY else 1):
                calls, seconds, worked = refresh()
                taken.append(cells / seconds)
                work.append(cells / worked)
        figures = {"cells": cells, "reads": calls.count("read"), "writes": calls.count("write")}
        report(figure="sheets_calls", **figures)
        per_second = {
            "median": round(median(taken)),
            "best": round(max(taken)),
            "of_cpu": round(max(work)),
        }
        report(figure="sheets_cells_per_second", cells=cells, **per_second)
    report(
        figure="sheets_memory_mb",
        cells=cells,
        peak=round(peak_mb()),
        grew=round(peak_mb() - before),
    )


if __name__ == "__main__":
    main()
