"""The engine remembers the footers of files it has read, not too many, and never those of another
file under the same name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store.engine import Engine

HELD = "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'OBJECT_CACHE'"


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def file_of(folder: Path, name: str, *numbers: int) -> Path:
    path = folder / name
    pq.write_table(pa.table({f"c{one}": list(numbers) for one in range(50)}), path)
    return path


def total(engine: Engine, path: Path) -> int:
    return int(engine.query_scalar(f"SELECT sum(c0) FROM read_parquet(['{path}'])"))


def test_a_footer_is_remembered_for_all_questions(engine: Engine, tmp_path: Path) -> None:
    before = engine.query_scalar(HELD)
    for number in range(3):
        assert total(engine, file_of(tmp_path, f"{number}.parquet", number, 7)) == number + 7
    assert engine.query_scalar(HELD) > before + 3 * 1_000


def test_another_file_under_the_same_name_is_read_anew(engine: Engine, tmp_path: Path) -> None:
    path = file_of(tmp_path, "one.parquet", 1, 2)
    assert total(engine, path) == 3
    file_of(tmp_path, "other.parquet", 10, 20, 30).replace(path)
    os.utime(path, (2_000_000_000, 2_000_000_000))
    assert total(engine, path) == 60


def test_when_the_footers_are_too_many_they_are_forgotten(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.engine._LOOK_EVERY", 10)
    monkeypatch.setattr("store.engine._MOST_FOOTERS", 20_000)
    held = []
    for number in range(60):
        assert total(engine, file_of(tmp_path, f"{number}.parquet", number)) == number
        held.append(engine.query_scalar(HELD))
    one = held[1] - held[0]
    assert max(held) < 20_000 + 11 * one
    assert sum(after < before for before, after in pairwise(held)) >= 2
