"""How a request arrives: in time, while there is room, and from whom when there are proxies."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from errors import NotReady
from web.arrival import MOST_AT_ONCE, count_connections, receive, refuse_when_full
from web.proxies import request_id_of, trust_proxies

LIMIT_SECONDS = 0.1


def app_behind(proxies: int) -> Flask:
    app = Flask("tests", root_path=str(Path(__file__).parent))
    trust_proxies(app, proxies)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def echo(path: str) -> dict[str, Any]:
        refuse_when_full(app, request)
        receive(request, LIMIT_SECONDS)
        return {
            "remote": request.remote_addr,
            "host": request.host,
            "id": request_id_of(app, request),
            "size": len(request.get_data()),
        }

    @app.errorhandler(NotReady)
    def not_ready(error: NotReady) -> tuple[dict[str, Any], int]:
        return {"retry_after": error.retry_after}, 503

    return app


@pytest.fixture
def client() -> FlaskClient:
    return app_behind(0).test_client()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        yield ours, theirs


def sent_over(client: FlaskClient, ours: socket.socket, size: int) -> TestResponse:
    """A request whose body comes over a connection, as gunicorn hands it on."""
    with ours.makefile("rb") as body:
        return client.post(
            "/",
            environ_overrides={
                "wsgi.input": body,
                "CONTENT_LENGTH": str(size),
                "gunicorn.socket": ours,
            },
        )


def test_a_body_that_comes_in_time_is_read(
    client: FlaskClient, ends: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = ends
    theirs.sendall(b"x" * 9_000)
    answer = sent_over(client, ours, 9_000)
    assert (answer.status_code, answer.get_json()["size"]) == (200, 9_000)


def test_a_body_that_drips_is_refused_when_its_time_is_over(
    client: FlaskClient, ends: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = ends
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.01):
            try:
                theirs.sendall(b"x")
            except OSError:
                return

    sender = threading.Thread(target=drip)
    sender.start()
    try:
        assert sent_over(client, ours, 9_000).status_code == 408
    finally:
        stop.set()
        sender.join()


def test_a_body_that_is_too_large_is_refused_in_time_too(
    client: FlaskClient, ends: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = ends
    theirs.sendall(b"x")
    assert sent_over(client, ours, 3_000_000).status_code == 408


def test_one_connection_too_many_is_told_to_come_again_and_notifications_are_taken() -> None:
    app = app_behind(0)
    connections = [MOST_AT_ONCE]
    count_connections(app, lambda: connections[0])
    client = app.test_client()
    assert client.get("/connector/v1/whoami").status_code == 200
    connections[0] += 1
    refused = client.get("/connector/v1/whoami")
    assert (refused.status_code, refused.get_json()["retry_after"]) == (503, 2.0)
    for path in ("/webhooks/tiktok/X", "/healthz", "/readyz", "/metrics"):
        assert client.post(path).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "remote"),
    [(0, "192.0.2.1"), (1, "198.51.100.9"), (2, "203.0.113.5"), (3, "10.0.0.1")],
)
def test_so_many_entries_are_believed_as_there_are_proxies(proxies: int, remote: str) -> None:
    answer = (
        app_behind(proxies)
        .test_client()
        .get(
            "/",
            headers={
                "X-Forwarded-For": "10.0.0.1, 203.0.113.5, 198.51.100.9",
                "X-Forwarded-Host": "evil.example",
            },
            environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
        )
    )
    told = answer.get_json()
    assert (told["remote"], told["host"]) == (remote, "localhost")


@pytest.mark.parametrize(
    ("proxies", "given", "kept"),
    [
        (1, "0123456789abcdef" * 2, True),
        (1, "0123456789abcdef", True),
        (1, "0123456789abcdeg", False),
        (1, 'x"}{', False),
        (1, "", False),
        (0, "0123456789abcdef", False),
    ],
)
def test_the_id_of_a_request_is_a_trusted_proxys_or_a_new_one(
    proxies: int, given: str, kept: bool
) -> None:
    client = app_behind(proxies).test_client()
    told = client.get("/", headers={"X-Request-ID": given}).get_json()["id"]
    assert (told == given) is kept
    assert len(told) >= 16
