"""The client against real sockets: servers that hang, drip, cut short, lie or redirect."""

from __future__ import annotations

import gzip
import logging
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from clock import SystemClock
from tests.receiving import certificate
from tests.scripted_tiktok import APP, NotingThrottle, ShopAccess
from tiktok_shop import errors
from tiktok_shop.bounded import new_session
from tiktok_shop.client import Client
from tiktok_shop.oauth import OAuth

ROOT = Path(__file__).resolve().parent.parent
BODY = b'{"code":0,"message":"Success","request_id":"req-1","data":{"orders":[]}}'


class Hasty(SystemClock):
    """The machine's clock for someone who does not wait between tries."""

    def sleep(self, seconds: float) -> None:
        """Go on at once."""


Handler = Callable[["Conversation"], None]


class Conversation:
    """One connection, as the server sees it."""

    def __init__(self, sock: socket.socket, over: threading.Event) -> None:
        self.sock = sock
        self.over = over
        self.requests: list[bytes] = []

    def request(self) -> bytes:
        """The head of the next request (ours have no body here); b"" when the client is gone."""
        head = b""
        while b"\r\n\r\n" not in head:
            received = self.sock.recv(65536)
            if not received:
                return b""
            head += received
        self.requests.append(head)
        return head

    def send(self, *parts: bytes) -> None:
        self.sock.sendall(b"".join(parts))

    def drip(self) -> None:
        """A byte every now and then, until the test is over or the client gone."""
        while not self.over.wait(0.02):
            self.send(b"x")


@contextmanager
def serving(handler: Handler) -> Iterator[tuple[str, list[Conversation]]]:
    """The base URL of a server that lets `handler` hold each connection's conversation."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    conversations: list[Conversation] = []
    threads: list[threading.Thread] = []

    def converse(sock: socket.socket) -> None:
        conversation = Conversation(sock, over)
        conversations.append(conversation)
        with sock:
            try:
                handler(conversation)
            except OSError:
                return  # the client left, as it should

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=converse, args=(sock,))
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", conversations
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for conversation in conversations:
            with suppress(OSError):
                conversation.sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


@contextmanager
def client_of(base: str, **options: float) -> Iterator[Client]:
    with new_session() as session:
        yield Client(
            APP,
            session,
            Hasty(),
            NotingThrottle(),
            api_base=base,
            connect_timeout_seconds=0.2,
            read_timeout_seconds=options.get("read", 0.15),
            deadline_seconds=options.get("deadline", 0.25),
            attempts=1,
            max_body_bytes=1_000_000,
            jitter=lambda: 0.0,
        )


def outcome_of(handler: Handler, scheme: str = "http", **options: float) -> errors.TikTokError:
    """The error that one call to such a server ends in."""
    with (
        serving(handler) as (base, _),
        client_of(base.replace("http", scheme), **options) as client,
    ):
        with pytest.raises(errors.TikTokError) as caught:
            client.call("order_search", ShopAccess())
        return caught.value


def head(*headers: bytes, length: int | None = len(BODY), status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: application/json", *headers]
    if length is not None:
        lines.append(b"Content-Length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def answer_well(talk: Conversation) -> None:
    while talk.request():
        talk.send(head(), BODY)


def test_a_good_answer_is_read_and_the_connection_kept_for_the_next_call() -> None:
    with serving(answer_well) as (base, conversations), client_of(base) as client:
        for _ in range(3):
            assert client.call("order_search", ShopAccess()).request_id == "req-1"
        assert [len(talk.requests) for talk in conversations] == [3]


def test_a_compressed_answer_is_read() -> None:
    packed = gzip.compress(BODY)

    def answer(talk: Conversation) -> None:
        assert b"accept-encoding: gzip" in talk.request().lower()
        talk.send(head(b"Content-Encoding: gzip", length=len(packed)), packed)

    with serving(answer) as (base, _), client_of(base) as client:
        assert client.call("order_search", ShopAccess()).data == {"orders": []}


def test_an_answer_in_chunks_is_read() -> None:
    def answer(talk: Conversation) -> None:
        talk.request()
        talk.send(head(b"Transfer-Encoding: chunked", length=None))
        talk.send(b"%x\r\n" % len(BODY), BODY, b"\r\n0\r\n\r\n")

    with serving(answer) as (base, _), client_of(base) as client:
        assert client.call("order_search", ShopAccess()).data == {"orders": []}


def hang(talk: Conversation) -> None:
    talk.request()
    talk.over.wait()


def drip_the_head(talk: Conversation) -> None:
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\nX-Header: ")
    talk.drip()


def drip_the_body(talk: Conversation) -> None:
    talk.request()
    talk.send(head(length=500_000))
    talk.drip()


def drip_a_chunk(talk: Conversation) -> None:
    talk.request()
    talk.send(head(b"Transfer-Encoding: chunked", length=None), b"7a120\r\n")
    talk.drip()


def drip_chunk_after_chunk(talk: Conversation) -> None:
    talk.request()
    talk.send(head(b"Transfer-Encoding: chunked", length=None))
    while not talk.over.wait(0.02):
        talk.send(b"1\r\nx\r\n")


@pytest.mark.parametrize(
    "handler", [hang, drip_the_head, drip_the_body, drip_a_chunk, drip_chunk_after_chunk]
)
def test_a_server_that_hangs_or_drips_cannot_hold_the_caller(handler: Handler) -> None:
    assert isinstance(outcome_of(handler), errors.UpstreamError)


def half_a_body(talk: Conversation) -> None:
    talk.request()
    talk.send(head(), BODY[:30])


def half_a_body_that_is_whole_json(talk: Conversation) -> None:
    talk.request()
    talk.send(head(length=len(BODY) + 100), BODY)


def a_length_that_is_too_short(talk: Conversation) -> None:
    talk.request()
    talk.send(head(length=len(BODY) - 5), BODY)


def cut_chunks(talk: Conversation) -> None:
    talk.request()
    talk.send(head(b"Transfer-Encoding: chunked", length=None))
    talk.send(b"%x\r\n" % len(BODY), BODY, b"\r\n")


def cut_gzip(talk: Conversation) -> None:
    talk.request()
    packed = gzip.compress(BODY)[:-12]
    talk.send(head(b"Content-Encoding: gzip", length=len(packed)), packed)


def not_gzip(talk: Conversation) -> None:
    talk.request()
    talk.send(head(b"Content-Encoding: gzip"), BODY)


def not_http(talk: Conversation) -> None:
    talk.request()
    talk.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")


def no_answer(talk: Conversation) -> None:
    talk.request()


@pytest.mark.parametrize(
    "handler",
    [
        half_a_body,
        half_a_body_that_is_whole_json,
        a_length_that_is_too_short,
        cut_chunks,
        cut_gzip,
        not_gzip,
        not_http,
        no_answer,
    ],
)
def test_a_reply_that_breaks_off_or_is_none_is_retryable_and_nothing_is_taken_from_it(
    handler: Handler,
) -> None:
    assert isinstance(outcome_of(handler), errors.UpstreamError | errors.BadReply)


def test_a_small_reply_that_unpacks_to_a_huge_one_is_stopped_at_the_cap() -> None:
    packed = gzip.compress(b" " * 20_000_000, compresslevel=1)

    def bomb(talk: Conversation) -> None:
        talk.request()
        talk.send(head(b"Content-Encoding: gzip", length=len(packed)), packed)

    caught = outcome_of(bomb, read=5, deadline=10)
    assert isinstance(caught, errors.UnusableReply)


#: One call to the address in its arguments, and the most memory it took, in bytes.
_ONE_CALL: Final = """
import resource, sys
from tests.scripted_tiktok import APP, NotingThrottle, ShopAccess
from tests.test_client_sockets import Hasty
from tiktok_shop import errors
from tiktok_shop.bounded import new_session
from tiktok_shop.client import Client

client = Client(APP, new_session(), Hasty(), NotingThrottle(), api_base=sys.argv[1], attempts=1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    client.call("order_search", ShopAccess())
except errors.UnusableReply as refused:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print((after - before) * 1024, refused.debug)
"""


@pytest.mark.slow
def test_a_page_of_sixty_megabytes_is_refused_in_little_memory() -> None:
    order = b'{"id":"576461413038785752","status":"COMPLETED"},'

    def flood(talk: Conversation) -> None:
        talk.request()
        talk.send(head(b"Transfer-Encoding: chunked", length=None))
        while not talk.over.is_set():
            talk.send(b"%x\r\n" % (len(order) * 20_000), order * 20_000, b"\r\n")

    with serving(flood) as (base, _):
        done = subprocess.run(
            [sys.executable, "-c", _ONE_CALL, base],
            capture_output=True, text=True, timeout=50, cwd=ROOT, check=True,
        )  # fmt: skip
    taken, _, said = done.stdout.partition(" ")
    assert "a body of more than 52428800 bytes" in said
    assert int(taken) < 100_000_000, "with what a worker has at its start, under 256 MB"


def test_a_redirect_is_not_followed() -> None:
    with serving(answer_well) as (elsewhere, visits):

        def redirect(talk: Conversation) -> None:
            talk.request()
            target = f"Location: {elsewhere}/order".encode()
            talk.send(head(target, length=0, status=b"302 Found"))

        assert isinstance(outcome_of(redirect), errors.UnusableReply)
        assert visits == []


def test_nobody_listening_is_retryable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with client_of(f"http://127.0.0.1:{port}") as client, pytest.raises(errors.UpstreamError):
        client.call("order_search", ShopAccess())


def test_a_server_that_speaks_no_tls_is_retryable_and_said_so() -> None:
    def answer(talk: Conversation) -> None:
        talk.sock.recv(65536)
        talk.send(head(status=b"400 Bad Request"), BODY)
        talk.over.wait()

    assert "TLS" in outcome_of(answer, scheme="https").debug


def test_a_certificate_that_nobody_vouches_for_is_refused_and_said_so(tmp_path: Path) -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate(tmp_path))
    asked: list[bytes] = []

    def answer(talk: Conversation) -> None:
        with suppress(ssl.SSLError), own.wrap_socket(talk.sock, server_side=True) as wrapped:
            asked.append(wrapped.recv(65536))

    refused = outcome_of(answer, scheme="https", read=5, deadline=10)
    assert isinstance(refused, errors.UpstreamError)
    assert "TLS" in refused.debug
    assert not any(asked), "nothing was sent to it"


def test_a_name_that_is_not_found_is_retryable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        client_of("https://open-api.invalid") as client,
        pytest.raises(errors.UpstreamError) as raised,
    ):
        client.call("order_search", ShopAccess())
    assert "sample-secret" not in repr(raised.value)


def test_urllib3_logs_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    def answer(talk: Conversation) -> None:
        while talk.request():
            length = b"Content-Length: %d\r\n" % len(BODY)
            talk.send(b"HTTP/1.1 200 OK\r\n", length, b"a header without a colon\r\n\r\n", BODY)

    caplog.set_level(logging.DEBUG)
    with serving(answer) as (base, _), new_session() as session:
        OAuth(APP, session, Hasty(), auth_base=base)._ask("get", {"auth_code": "canary"})
    with serving(answer) as (base, _), client_of(base) as client:
        client.call("order_search", ShopAccess())
    assert "app_secret=[struck]" in caplog.text
    assert "sign=[struck]" in caplog.text
    for secret in ("sample-secret", "canary", "ROW_cipher1"):
        assert secret not in caplog.text


def test_threads_share_one_client_and_each_gets_its_own_answer() -> None:
    def echo(talk: Conversation) -> None:
        while asked := talk.request():
            found = re.search(rb"ids=(\d+)", asked)
            assert found is not None
            content = b'{"code":0,"data":{"orders":[{"id":"%s"}]}}' % found[1]
            talk.send(head(length=len(content)), content)

    with (
        serving(echo) as (base, conversations),
        client_of(base, read=5, deadline=10) as client,
        ThreadPoolExecutor(8) as pool,
    ):

        def ask(number: int) -> str:
            reply = client.call("order_detail", ShopAccess(), query={"ids": str(number)})
            return str(reply.data["orders"][0]["id"])

        assert list(pool.map(ask, range(200))) == [str(number) for number in range(200)]
        assert len(conversations) <= 8
