"""Heads of requests that come byte by byte, before a real gunicorn of two threads and without
nginx: each holds a thread for a while only."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.test_nginx import process
from tests.test_up import free_port

pytestmark = pytest.mark.slow

SLOW_HEADS = 20
PATIENCE_SECONDS = 10.0
ROOT = Path(__file__).resolve().parent.parent

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "4")])
    return [b"here"]
"""

GUNICORN = """
from web.heads import HeadWorker

HeadWorker.head_seconds = 0.5
worker_class = HeadWorker
workers = 1
threads = 2
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder, port = tmp_path_factory.mktemp("heads"), free_port()
    (folder / "tiny_app.py").write_text(APP)
    (folder / "conf.py").write_text(GUNICORN)
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-c", f"{folder}/conf.py"]
    command += ["--pythonpath", f"{folder},{ROOT}", "-b", f"127.0.0.1:{port}", "tiny_app:app"]
    with process(command, folder, port):
        yield port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)


def answered(ours: socket.socket) -> bool:
    said = b""
    while b"here" not in said:
        part = ours.recv(4096)
        if not part:
            return False
        said += part
    return True


HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_who_drips_a_head_keeps_nobody_from_being_answered(port: int) -> None:
    stop = threading.Event()
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(closing(connected(port))) for _ in range(SLOW_HEADS)]

        def drip() -> None:
            while not stop.wait(0.05):
                for one in slow:
                    with contextlib.suppress(OSError):
                        one.sendall(b"G")

        sender = threading.Thread(target=drip)
        sender.start()
        try:
            stop.wait(0.5)
            with closing(connected(port)) as ours:
                ours.sendall(HEAD)
                assert answered(ours)
        finally:
            stop.set()
            sender.join()


def test_a_head_in_two_halves_is_read(port: int) -> None:
    with closing(connected(port)) as ours:
        ours.sendall(HEAD[:20])
        threading.Event().wait(0.2)
        ours.sendall(HEAD[20:])
        assert answered(ours)


def test_a_connection_that_is_kept_may_rest_between_its_requests(port: int) -> None:
    with closing(connected(port)) as ours:
        for _ in range(2):
            ours.sendall(HEAD)
            assert answered(ours)
            threading.Event().wait(0.8)
