"""Changes some orders of a shop's file and publishes them as a top-up does. A process of its own.

    python -m benchmarks.top_up RECORDS_FILE COLUMNS_FOLDER COUNT TIMES

Each time COUNT orders of the newest months, other ones each time, get a later `update_time` and go
with their units through the same commit and the same publication as records that are read again.
Prints the milliseconds of each publication, the first of which warms up.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from catalogue.table import Table
from catalogue.tables import TABLES
from clock import SystemClock
from store.columns import ShopColumns
from store.commits import Commit, Write
from store.records import ShopRecords


def changed(path: Path, table: Table, order_ids: list[str]) -> Write:
    """The stored rows of these orders, as if TikTok had changed them a second later."""
    names = [column.name for column in table.columns]
    marks = ", ".join("?" * len(order_ids))
    later = [f"{name} + 1" if name == "update_time" else name for name in names]
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(
            f"SELECT {', '.join(later)} FROM {table.name} WHERE order_id IN ({marks})", order_ids
        ).fetchall()
    return Write(table, tuple(names), rows)


def main(path: Path, folder: Path, count: int, times: int) -> None:
    """Print one JSON list of milliseconds."""
    clock = SystemClock()
    records, columns = ShopRecords.open(path), ShopColumns(path, folder, clock)
    token = records.grant("tail", int(clock.now()))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        newest = [
            row[0]
            for row in database.execute(
                "SELECT order_id FROM orders ORDER BY create_time DESC LIMIT ?",
                (count * times * 9,),
            )
        ]
    took = []
    for turn in range(times):
        order_ids = newest[turn :: times * 9][:count]
        writes = [changed(path, TABLES[name], order_ids) for name in ("orders", "order_line_items")]
        commit = Commit(writes=tuple(writes), fetched_at=int(clock.now()))
        if not records.commit("tail", token, commit):
            raise SystemExit("nothing was changed")
        started = time.perf_counter()
        if not columns.publish_rows(writes):
            raise SystemExit("nothing was published")
        took.append(round((time.perf_counter() - started) * 1000, 1))
    print(json.dumps(took))
    columns.close()
    records.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
