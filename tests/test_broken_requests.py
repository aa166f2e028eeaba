"""Requests with a broken body or a broken header, over a real gunicorn: every one is refused in our
form, and none of them is our failure."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.test_nginx import process
from tests.test_up import free_port

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 10.0

APP = """
from pathlib import Path
from flask import Flask, request
from store.sessions import Sessions
from tests.installation import FakeClock, accounts_in, no_limits
from web.attach import attach

accounts = accounts_in(Path(__file__).parent, FakeClock())
app = Flask("tests", root_path=str(Path(__file__).parent))
attach(
    app,
    principal_for_key=accounts.principal_for_key,
    sessions=Sessions(accounts.database, FakeClock()),
    secure=False,
    cookie_key=b"-" * 32,
    limits=no_limits(),
)

@app.post("/webhooks/size")
def size():
    return str(len(request.get_data()))
"""

GUNICORN = """
worker_class = "gthread"
workers = 1
threads = 2
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder, port = tmp_path_factory.mktemp("gunicorn"), free_port()
    (folder / "broken_app.py").write_text(APP)
    (folder / "conf.py").write_text(GUNICORN)
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-c", f"{folder}/conf.py"]
    path = f"{folder},{Path.cwd()}"
    command += ["--pythonpath", path, "-b", f"127.0.0.1:{port}", "broken_app:app"]
    with process(command, folder, port):
        yield port


def answer_to(port: int, *parts: bytes, end: bool = False) -> tuple[int, bytes]:
    """The status and the body of what is answered to these bytes; `end`: nothing more is sent."""
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)) as ours:
        for part in parts:
            ours.sendall(part)
        if end:
            ours.shutdown(socket.SHUT_WR)
        said = b""
        while part := ours.recv(65_536):
            said += part
    assert said.count(b"HTTP/1.1 ") == 1, said
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def chunked(path: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()


def test_a_body_in_good_chunks_is_read(port: int) -> None:
    body = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    assert answer_to(port, chunked("/webhooks/size"), body) == (200, b"5")


@pytest.mark.parametrize(
    "body",
    [
        b"ZZ\r\n",
        b"-1\r\nabc\r\n",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"3;=\r\nabc\r\n0\r\n\r\n",
        b"0\r\nbad trailer\r\n\r\n",
        b"5\r\nab",
        b"",
    ],
)
@pytest.mark.parametrize("path", ["/webhooks/size", "/connector/v1/getData", "/change"])
def test_a_body_in_bad_chunks_is_a_bad_request(port: int, path: str, body: bytes) -> None:
    status, said = answer_to(port, chunked(path), body, end=True)
    assert status == 400, said
    if path != "/change":
        error = json.loads(said)["error"]
        assert set(error) == {"code", "message", "debug", "retry_after", "reference"}
        assert error["code"] == "bad_request"


def test_a_body_that_ends_before_its_length_is_a_bad_request(port: int) -> None:
    head = b"POST /webhooks/size HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    status, said = answer_to(port, head, b"Content-Length: 9\r\n\r\nabc", end=True)
    assert status == 400, said
    assert json.loads(said)["error"]["code"] == "bad_request"


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://[x]y", "//["])
def test_an_origin_that_is_no_address_is_a_foreign_one(port: int, origin: str) -> None:
    for path, status in (("/sign-in", 403), ("/connect/invite/start", 400)):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        sent = f"Origin: {origin}\r\nContent-Length: 0\r\n\r\n"
        assert answer_to(port, head.encode(), sent.encode())[0] == status
