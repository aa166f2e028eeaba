"""Product pictures: fetched once from TikTok's hosts and nobody else's, kept by us, served under an
address that stays (test matrix B16)."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from backfill.images import Pictures, normalise_images, source_of
from backfill.stage import Context
from catalogue.tables import PRODUCTS
from settings import Settings
from store.images import ImageFolder, address_of
from store.records import Commit, Write
from tests.answering import answering
from tests.importing import NOW, ShopUnderTest, hashed_buyer, world_of
from tests.scripted_tiktok import FakeClock, Scripted, ScriptedAdapter, session_over
from tiktok_shop.addresses import is_public, public_address
from tiktok_shop.images import (
    LARGEST_BYTES,
    Image,
    ImageDownload,
    NoImage,
    image_session,
)

pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
JPG = b"\xff\xd8\xff" + b"picture"
HOSTS = ("ibyteimg.com", "tiktokcdn.com")
URL = "https://p16-oec.ibyteimg.com/tos/mug~tplv.jpeg?x-expires=1&x-signature=abc"


class Fetching:
    def __init__(self, *script: Scripted) -> None:
        self.adapter = ScriptedAdapter(*script)
        self.download = ImageDownload(session_over(self.adapter), FakeClock(), HOSTS)

    def fetch(self, url: str = URL) -> Image | NoImage:
        return self.download.fetch(url)


# --- what is fetched ---


@pytest.mark.parametrize(
    ("content", "ending"),
    [(PNG, "png"), (JPG, "jpg"), (b"GIF89a..", "gif"), (b"RIFF\x10\0\0\0WEBPVP8 ", "webp")],
)
def test_a_picture_is_known_by_its_first_bytes(content: bytes, ending: str) -> None:
    lying = {"Content-Type": "text/html"}
    assert Fetching(Scripted(content, headers=lying)).fetch() == Image(content, ending)


@pytest.mark.parametrize(
    "url",
    [
        "http://p16-oec.ibyteimg.com/a.png",
        "https://ibyteimg.com.example.net/a.png",
        "https://evil-ibyteimg.com/a.png",
        "https://user:x@p16.ibyteimg.com/a.png",
        "https://p16.ibyteimg.com:8443/a.png",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://2130706433/a.png",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://p16.ibyteimg.com@example.net/a.png",
        "https://[broken/a.png",
        "",
    ],
)
def test_other_addresses_are_refused_before_anything_is_sent(url: str) -> None:
    fetching = Fetching(Scripted(PNG))
    answer = fetching.fetch(url)
    assert isinstance(answer, NoImage)
    assert answer.final
    assert fetching.adapter.requests == []


@pytest.mark.parametrize(
    ("scripted", "reason", "final"),
    [
        (Scripted(b"", 404), "answered 404", True),
        (Scripted(b"", 403), "answered 403", False),
        (Scripted(b"", 503), "answered 503", False),
        (Scripted(b"", 302, {"Location": "https://127.0.0.1/"}), "answered 302", True),
        (Scripted(b"<html>", 200), "not a picture", True),
        (Scripted(PNG, 200, {"Content-Length": str(5 * 1024**3)}), "larger than 200 kB", True),
        (Scripted(PNG + b"x" * LARGEST_BYTES), "larger than 200 kB", True),
    ],
)
def test_what_is_skipped_is_skipped_with_a_reason(
    scripted: Scripted, reason: str, final: bool
) -> None:
    fetching = Fetching(scripted)
    answer = fetching.fetch()
    assert isinstance(answer, NoImage)
    assert reason in answer.reason
    assert answer.final is final
    assert len(fetching.adapter.requests) == 1, "no redirect is followed, nothing is repeated"


def test_a_body_without_end_is_cut_off_early() -> None:
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += size
            return (PNG + b"x" * size)[:size]

    endless = Endless()
    answer = Fetching(Scripted(raw=endless)).fetch()
    assert isinstance(answer, NoImage)
    assert endless.read_bytes < 2 * LARGEST_BYTES


def test_a_server_that_does_not_answer_is_asked_again_later() -> None:
    answer = Fetching(Scripted(raises=lambda request: requests.ConnectTimeout())).fetch()
    assert answer == NoImage("The picture's server did not answer.", final=False, reached=False)


# --- where a connection may go ---


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("not an address", False),
    ],
)
def test_only_public_addresses_are_reached(address: str, public: bool) -> None:
    assert is_public(address) is public


def resolving(*addresses: str) -> Callable[..., list[Any]]:
    return lambda *_args, **_more: [(2, 1, 6, "", (address, 443)) for address in addresses]


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34", "10.0.0.1"))
    with pytest.raises(OSError, match="not public"):
        public_address("p16.ibyteimg.com", 443)


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that answers otherwise a moment later (rebinding) gains nothing."""
    connected: list[Any] = []

    def connect(address: Any, *_args: Any, **_more: Any) -> Any:
        connected.append(address)
        raise OSError("nobody is there")

    monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34"))
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    answer = ImageDownload(image_session(), FakeClock(), HOSTS).fetch(URL)
    assert isinstance(answer, NoImage)
    assert connected == [("93.184.216.34", 443)]


def test_a_listed_name_that_leads_inside_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    monkeypatch.setattr("urllib3.util.connection.create_connection", connected.append)
    answer = ImageDownload(image_session(), FakeClock(), HOSTS).fetch(URL)
    assert answer == NoImage("The picture's server did not answer.", final=False, reached=False)
    assert connected == []


def test_the_session_knows_no_plain_http() -> None:
    with pytest.raises(requests.exceptions.InvalidSchema):
        image_session().get_adapter("http://p16.ibyteimg.com/a.png")


# --- what is kept ---


def test_the_signature_does_not_make_it_another_picture() -> None:
    assert source_of(URL) == "https://p16-oec.ibyteimg.com/tos/mug~tplv.jpeg"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    opened = ShopUnderTest(tmp_path, world_of())
    yield opened
    opened.close()


class Camera:
    """Counts what is fetched; every picture is the address without its signature."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.answer: Image | NoImage | None = None
        self.pictures = Pictures(
            self.fetch, ImageFolder(folder), "/images/default/749/", hashed_buyer
        )

    def fetch(self, url: str) -> Image | NoImage:
        self.asked.append(url)
        return self.answer or Image(PNG + source_of(url).encode(), "png")


def noted(shop: ShopUnderTest, columns: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT {columns} FROM products WHERE main_image_url IS NOT NULL ORDER BY product_id"
    return [tuple(row) for row in shop.records.query(sql)]


def test_every_product_gets_its_picture_once(shop: ShopUnderTest, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "images")
    shop.work(data=["products"], pictures=camera.pictures)
    kept = noted(shop, "image_path, image_skip_reason, main_image_url")
    assert kept
    assert len(camera.asked) == len(kept)
    for path, note, url in kept:
        assert note is None
        assert path.startswith("/images/default/749/")
        file = camera.pictures.folder.path_of(path.rsplit("/", 1)[1])
        assert file is not None
        assert file.read_bytes() == PNG + source_of(url).encode()
    shop.work(data=["products"], began_at=NOW + 60, pictures=camera.pictures)
    assert len(camera.asked) == len(kept), "not a second time"
    (progress,) = [one for one in shop.records.progress().values() if one.stage == "product_images"]
    assert progress.state == "done"


def touched(shop: ShopUnderTest, url: str) -> str:
    """Another address for the first product; gives its id."""
    records = shop.records
    (product_id, updated), *_ = records.query(
        "SELECT product_id, update_time FROM products "
        "WHERE image_path IS NOT NULL ORDER BY product_id LIMIT 1"
    )
    columns = ("product_id", "update_time", "main_image_url")
    write = Write(PRODUCTS, columns, [(product_id, updated, url)])
    token = records.grant("tail", 1)
    records.commit("tail", token, Commit(writes=(write,), fetched_at=int(shop.clock.instant) + 1))
    return str(product_id)


def test_a_new_signature_costs_nothing_and_a_new_picture_one_call(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "images")
    shop.work(data=["products"], pictures=camera.pictures)
    camera.asked.clear()
    (first,) = noted(shop, "main_image_url")[:1]
    touched(shop, f"{source_of(first[0])}?x-signature=fresh")
    shop.clock.instant += 60
    shop.work(data=["products"], began_at=NOW + 60, pictures=camera.pictures)
    assert camera.asked == []
    product_id = touched(shop, URL)
    shop.clock.instant += 60
    shop.work(data=["products"], began_at=NOW + 120, pictures=camera.pictures)
    assert camera.asked == [URL]
    (row,) = shop.records.query(
        "SELECT image_source FROM products WHERE product_id = ?", [product_id]
    )
    assert row[0] == source_of(URL)


def test_a_skipped_picture_is_noted_and_asked_again_only_where_that_may_help(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "images")
    camera.answer = NoImage("It is larger than 200 kB.", final=True)
    assert shop.work(data=["products"], pictures=camera.pictures).state == "done"
    assert set(noted(shop, "image_path, image_skip_reason")) == {
        (None, "It is larger than 200 kB.")
    }
    camera.asked.clear()
    shop.clock.instant += 60
    shop.work(data=["products"], began_at=NOW + 60, pictures=camera.pictures)
    assert camera.asked == []


def test_a_server_that_is_away_does_not_hold_up_the_import(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "images")
    camera.answer = NoImage("The picture's server did not answer.", final=False, reached=False)
    assert shop.work(data=["products"], pictures=camera.pictures, in_flight=1).state == "done"
    assert len(camera.asked) == 8
    assert {path for (path,) in noted(shop, "image_path")} == {None}
    assert len({note for (note,) in noted(shop, "image_skip_reason")}) == 2
    camera.answer = None
    shop.clock.instant += 60
    shop.work(data=["products"], began_at=NOW + 60, pictures=camera.pictures)
    assert all(path for (path,) in noted(shop, "image_path"))


def test_a_picture_put_off_keeps_the_one_that_is_there() -> None:
    row = {"product_id": "1", "update_time": 2, "note": "later", "final": False, "path": None}
    settled, put_off = normalise_images([row], Context(hashed_buyer)).writes
    assert list(settled.rows) == []
    assert put_off.columns == ("product_id", "update_time", "image_skip_reason")
    assert list(put_off.rows) == [("1", 2, "later")]


def test_a_file_is_never_half_there_and_names_lead_nowhere_else(tmp_path: Path) -> None:
    folder = ImageFolder(tmp_path / "images")
    name = "0123456789abcdef" * 2 + ".png"
    folder.keep(name, PNG)
    folder.keep(name, PNG)
    assert [path.name for path in (tmp_path / "images").iterdir()] == [name]
    for other in ("../records.sqlite", "a.png", name + "x", name.upper(), "", "\0.png"):
        assert folder.path_of(other) is None
        with pytest.raises(ValueError, match="name of a picture"):
            folder.keep(other, PNG)


def test_what_a_killed_process_left_half_written_is_deleted_by_a_later_run(
    shop: ShopUnderTest, tmp_path: Path
) -> None:
    camera, name, hour = Camera(tmp_path / "images"), "0123456789abcdef" * 2, 3_600.0
    (tmp_path / "images").mkdir()
    for ending, age in ((".png", 9 * hour), (".00000001.part", 2 * hour), (".00000002.part", 60.0)):
        path = tmp_path / "images" / f"{name}{ending}"
        path.write_bytes(PNG)
        os.utime(path, (NOW - age, NOW - age))
    shop.work(data=["products"], pictures=camera.pictures)
    left = {path.name for path in (tmp_path / "images").glob(f"{name}*")}
    assert left == {f"{name}.png", f"{name}.00000002.part"}, "another may be writing the younger"


# --- how it is served ---


NAME = "0123456789abcdef" * 2 + ".png"


def test_a_picture_is_served_for_ever_to_whoever_knows_its_name(tmp_path: Path) -> None:
    """Through the whole app: without key and cookie, kept by browsers, shown on other sites."""
    test = answering(tmp_path)
    ImageFolder(test.here.folder.images_folder("default", "749")).keep(NAME, PNG)
    answer = test.client.get(address_of("default", "749") + NAME)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    test.here.close()


@pytest.mark.parametrize(
    "path",
    [
        f"default/749/{'0' * 32}.png",
        f"other/749/{NAME}",
        f"default/%2e%2e/{NAME}",
        "default/749/..%2frecords.sqlite",
        "default/749/",
        "..%2f..%2fsecret_key/749/x",
    ],
)
def test_nothing_else_is_served(tmp_path: Path, path: str) -> None:
    test = answering(tmp_path)
    ImageFolder(test.here.folder.images_folder("default", "749")).keep(NAME, PNG)
    answer = test.client.get(f"/images/{path}")
    assert answer.status_code == 404
    assert answer.get_json()["error"]["code"] == "not_found"
    assert answer.headers["Cache-Control"] == "no-store"
    test.here.close()


def test_the_name_of_a_picture_is_keyed_by_workspace(tmp_path: Path) -> None:
    def other(text: str) -> tuple[str, int]:
        return hashed_buyer(f"another key {text}")

    paths = {
        Pictures(Fetching(Scripted(PNG)).fetch, ImageFolder(tmp_path), "/", keyed).keep(
            Image(PNG, "png")
        )
        for keyed in (hashed_buyer, hashed_buyer, other)
    }
    assert len(paths) == 2


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("ibyteimg.com, TikTokCDN.com ,", ["ibyteimg.com", "tiktokcdn.com"]),
        ("none", []),
    ],
)
def test_hosts_are_a_setting_and_none_keeps_no_pictures(given: str, hosts: list[str]) -> None:
    assert Settings(image_hosts=given).listed_image_hosts == hosts


def test_without_hosts_the_stage_has_nothing_to_do(shop: ShopUnderTest) -> None:
    assert shop.work(data=["products"], pictures=None).state == "done"
    assert set(noted(shop, "image_path, image_source")) == {(None, None)}
