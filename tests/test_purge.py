"""Deleting what was read of a shop: nothing is left, and nothing comes back (D7)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogue.tables import PRODUCTS
from store.commits import Commit, Covered, StageProgress
from store.fencing import Fenced
from store.images import ImageFolder
from store.paths import DataFolder
from store.sessions import Intent
from store.shops import ShopStores
from tests.authorizing import ONE, House
from tests.store_rows import NOON, FakeClock, write_of

PLACE = ("alice", "7000001")
PRODUCT_COUNT = 300


class Kept:
    """A shop of which something was read, published and photographed."""

    def __init__(self, root: Path) -> None:
        self.folder = DataFolder(root)
        self.stores = ShopStores(self.folder, FakeClock())
        self.records = self.stores.records(*PLACE)
        self.columns = self.stores.columns(*PLACE)
        self.token = self.records.grant("backward", 4)
        self.commit()
        self.columns.publish(force=True)
        pictures = ImageFolder(self.folder.images_folder(*PLACE))
        pictures.keep(f"{'0' * 32}.png", b"canary-picture")
        copy = self.folder.records_path(*PLACE)
        copy.with_name(f"{copy.name}.before-2").write_bytes(b"canary-copy")

    def commit(self, token: int | None = None) -> None:
        rows = (
            {"product_id": f"P{number}", "title": "canary-title" * 10, "update_time": NOON}
            for number in range(PRODUCT_COUNT)
        )
        commit = Commit(
            writes=(write_of(PRODUCTS, *rows),),
            progress=StageProgress("products", "running", error="canary-progress"),
            covered=(Covered("products", 0, NOON, NOON),),
            checkpoints=(("products", "canary-checkpoint"),),
            fetched_at=NOON,
        )
        self.records.commit("backward", token or self.token, commit)

    def files_with(self, word: bytes) -> list[str]:
        files = (path for path in self.folder.shop_folder(*PLACE).rglob("*") if path.is_file())
        return sorted(path.name for path in files if word in path.read_bytes())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.stores.close()


def test_no_byte_of_what_was_read_is_left(kept: Kept) -> None:
    assert len(kept.files_with(b"canary")) >= 4, "records, a segment, a picture and an older copy"
    kept.stores.purge(*PLACE, {})
    assert kept.files_with(b"canary") == []
    assert list(kept.folder.columns_folder(*PLACE).glob("*.parquet*")) == []
    (free,) = kept.records.query("PRAGMA freelist_count")[0]
    assert free == 0, "nor is anything in pages that SQLite would use again"


def test_readers_that_have_the_file_open_see_that_nothing_is_there(kept: Kept) -> None:
    before = kept.columns.manifest()
    assert before.segments
    kept.stores.purge(*PLACE, {})
    now = kept.columns.manifest()
    assert (now.segments, now.coverage) == ({}, {})
    assert now.version["products"] > before.version["products"], "no answer is taken from a cache"
    assert kept.records.count(PRODUCTS) == 0
    assert (kept.records.progress(), kept.records.coverage("products")) == ({}, [])


def test_a_worker_that_was_still_reading_cannot_write_any_more(kept: Kept) -> None:
    kept.stores.purge(*PLACE, {"backward": 6})
    with pytest.raises(Fenced):
        kept.commit()
    assert kept.records.count(PRODUCTS) == 0


def test_a_right_to_work_from_before_opens_the_file_no_more_and_a_later_one_does(
    kept: Kept,
) -> None:
    kept.stores.purge(*PLACE, {"backward": 6})
    with pytest.raises(Fenced, match="was deleted"):
        kept.records.grant("backward", 5)
    kept.commit(kept.records.grant("backward", 7))
    kept.columns.publish(force=True)
    assert kept.records.count(PRODUCTS) == PRODUCT_COUNT
    assert "products" in kept.columns.manifest().segments


def test_deleting_again_or_where_nothing_was_read_is_harmless(kept: Kept, tmp_path: Path) -> None:
    kept.stores.purge(*PLACE, {})
    kept.stores.purge(*PLACE, {})
    kept.stores.purge("alice", "7999999", {})
    assert not (tmp_path / "shops" / "alice" / "7999999").exists()


def test_disconnecting_with_purge_stops_the_worker_and_leaves_other_shops_alone(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.connecting.connect(Intent("alice", "GB"), "code-1")
    claim = house.ledger.claim("worker", ["backward"])
    assert claim is not None
    kept = Kept(tmp_path)
    other = kept.stores.records("alice", "7000002")
    other_token = other.grant("backward", 0)
    house.connecting.disconnect("alice", ONE.id, purge=True)
    with pytest.raises(Fenced):
        house.ledger.renew(claim)
    with pytest.raises(Fenced):
        kept.records.grant("backward", claim.token)
    assert kept.files_with(b"canary") == []
    assert house.shops() == {}
    other.commit("backward", other_token, Commit(fetched_at=NOON))
    house.connecting.connect(Intent("alice", "GB"), "code-1")
    again = house.ledger.claim("worker", ["backward"])
    assert again is not None
    assert (again.run.slot, again.run.attempt) == ("first", 1), "everything is read anew"
    assert again.token > claim.token
    kept.commit(kept.records.grant("backward", again.token))
    kept.stores.close()


def test_a_folder_that_another_process_deleted_and_made_again_is_opened_anew(kept: Kept) -> None:
    """As after a workspace was deleted and made again under its id."""
    (before,) = kept.records.query("SELECT count(*) FROM products")
    assert tuple(before) == (PRODUCT_COUNT,)
    other = ShopStores(kept.folder, FakeClock())
    shutil.rmtree(kept.folder.shops_folder / PLACE[0])
    made = other.records(*PLACE)
    made.grant("backward", 9)
    (count,) = kept.stores.records(*PLACE).query("SELECT count(*) FROM products")
    assert tuple(count) == (0,)
    assert kept.stores.records(*PLACE) is not kept.records
    assert kept.stores.columns(*PLACE) is not kept.columns
    assert kept.stores.records(*PLACE) is kept.stores.records(*PLACE)
    other.close()
