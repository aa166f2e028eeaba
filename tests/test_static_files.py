"""Style sheets and scripts: small on the wire, fetched once, never stale."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from web.static_files import add_static_files

STYLE = "main { color: teal; }\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hub.css").write_text(STYLE)
    (tmp_path / "mark.png").write_bytes(b"\x89PNG" + bytes(500))
    return tmp_path


@pytest.fixture
def app(folder: Path) -> Flask:
    return app_over(folder)


def app_over(folder: Path) -> Flask:
    app = Flask("tests", root_path=str(folder), static_folder=".", static_url_path="/static")
    add_static_files(app)
    app.get("/page")(lambda: STYLE)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def address_of(app: Flask, name: str) -> str:
    with app.test_request_context():
        return app.url_for("static", filename=name)


def test_an_address_tells_the_content_and_is_kept_for_a_year(app: Flask) -> None:
    address = address_of(app, "hub.css")
    assert re.fullmatch(r"/static/hub\.css\?v=[0-9a-f]{12}", address)
    answer = app.test_client().get(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    answer.close()


def test_another_content_has_another_address(app: Flask, folder: Path) -> None:
    before = address_of(app, "hub.css")
    (folder / "hub.css").write_text(STYLE + "a { }")
    assert address_of(app_over(folder), "hub.css") != before


def test_an_address_without_its_content_is_asked_for_again(client: FlaskClient) -> None:
    answer = client.get("/static/hub.css")
    assert "max-age" not in answer.headers["Cache-Control"]
    answer.close()


def test_what_is_not_there_has_no_content_to_tell(app: Flask) -> None:
    assert address_of(app, "missing.css") == "/static/missing.css"
    assert app.test_client().get("/static/missing.css").status_code == 404


def test_texts_come_compressed_to_those_who_can_read_it(client: FlaskClient) -> None:
    for _ in range(2):
        small = client.get("/static/hub.css", headers={"Accept-Encoding": "gzip, br"})
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.data).decode() == STYLE
        assert len(small.data) < 200
    plain = client.get("/static/hub.css", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text == STYLE
    assert {small.headers["Vary"], plain.headers["Vary"]} == {"Accept-Encoding"}
    plain.close()


def test_a_text_that_changed_is_not_answered_from_before(client: FlaskClient, folder: Path) -> None:
    headers = {"Accept-Encoding": "gzip"}
    client.get("/static/hub.css", headers=headers).close()
    (folder / "hub.css").write_text("b { }")
    answer = client.get("/static/hub.css", headers=headers)
    assert gzip.decompress(answer.data) == b"b { }"


def test_who_has_it_already_gets_it_not_again(client: FlaskClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    tag = client.get("/static/hub.css", headers=headers).headers["ETag"]
    answer = client.get("/static/hub.css", headers={**headers, "If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")
    answer.close()


def test_pictures_and_pages_are_not_compressed(client: FlaskClient) -> None:
    for path in ("/static/mark.png", "/page"):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in answer.headers
        answer.close()
