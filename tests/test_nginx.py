"""The nginx of docs/deploy_nginx.md, with the very file that is published, before a gunicorn of two
threads: slow clients hold none of them, and nobody can say of himself where he comes from."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.receiving import HOST, certificate, trusting
from tests.test_up import free_port

ROOT = Path(__file__).resolve().parent.parent
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
THREADS = 2
#: Far more than gunicorn has threads; and than one address may have open.
SLOW_HEADS, SLOW_BODIES, SLOW_READERS = 150, 110, 6
MOST_OF_ONE_ADDRESS = 100
PATIENCE_SECONDS = 10.0
LARGE = 8_000_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _nginx_is_there() -> None:
    if NGINX is None:
        pytest.skip("There is no nginx; 'apt-get install nginx-light' brings it.")


#: Behind it, instead of the whole program: what arrives, told back.
APP = f"""
from flask import Flask, jsonify, request
from web.arrival import receive
from web.proxies import request_id_of, trust_proxies

app = Flask("tiny")
trust_proxies(app, 1)
app.before_request(lambda: receive(request))

@app.route("/", defaults={{"path": ""}}, methods=["GET", "POST"])
@app.route("/<path:path>", methods=["GET", "POST"])
def echo(path):
    if path == "large":
        return b"x" * {LARGE}
    return jsonify(
        path=path,
        remote=request.remote_addr,
        host=request.host,
        scheme=request.scheme,
        request_id=request_id_of(app, request),
        size=len(request.get_data()),
    )
"""

GUNICORN = f"""
worker_class = "gthread"
workers = 1
threads = {THREADS}
timeout = 60
forwarded_allow_ips = ""
"""


@dataclass
class Front:
    """nginx at `port`, with https, and its folder."""

    port: int
    plain_port: int
    folder: Path

    def connect(self, address: str = "127.0.0.1") -> ssl.SSLSocket:
        plain = socket.create_connection(
            ("127.0.0.1", self.port), PATIENCE_SECONDS, source_address=(address, 0)
        )
        return trusting(self.folder).wrap_socket(plain, server_hostname=HOST)

    def ask(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        connection.sock = self.connect()
        with closing(connection):
            sent = {"Host": HOST, **(headers or {})}
            connection.request("POST" if body is not None else "GET", path, body, sent)
            answer = connection.getresponse()
            return answer, answer.read()

    def told(self, path: str = "/echo", **more: Any) -> dict[str, Any]:
        answer, content = self.ask(path, **more)
        assert answer.status == 200, content
        found: dict[str, Any] = json.loads(content)
        return found


def published(folder: Path, ports: dict[str, int]) -> str:
    """The published file with the addresses, the name and the paths of the test, and nothing else
    changed."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    live = "/etc/letsencrypt/live/reports.example.com"
    for former, here in (
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{ports['app']};"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{ports['plain']};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{ports['front']} ssl http2;"),
        ("server_name reports.example.com;", f"server_name {HOST};"),
        (f"{live}/fullchain.pem", str(certificate(folder))),
        (f"{live}/privkey.pem", str(certificate(folder))),
        ("/var/log/nginx/tiktok-shop-source.log", str(folder / "access.log")),
        ("/var/log/nginx/tiktok-shop-source-errors.log", str(folder / "site_errors.log")),
    ):
        assert former in text, former
        text = text.replace(former, here)
    return text


def main_file(folder: Path) -> str:
    as_root = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"{as_root} worker_processes 1; worker_rlimit_nofile 4096; pid {folder}/nginx.pid;\n"
        f"error_log {folder}/error.log;\nevents {{ worker_connections 2048; }}\n"
        f"http {{ {temporary} include {folder}/site.conf; }}\n"
    )


@contextmanager
def process(command: list[str], folder: Path, answers_at: int) -> Iterator[None]:
    with (folder / "said").open("ab") as said:
        started = subprocess.Popen(
            command, cwd=ROOT, stdout=said, stderr=said, start_new_session=True
        )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", answers_at), 1).close()
                break
            except OSError:
                assert started.poll() is None, (folder / "said").read_text()
                assert time.monotonic() < until, (folder / "said").read_text()
                time.sleep(0.02)
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    ports = {"app": free_port(), "front": free_port(), "plain": free_port()}
    (folder / "tiny_app.py").write_text(APP)
    (folder / "gunicorn.py").write_text(GUNICORN)
    (folder / "site.conf").write_text(published(folder, ports))
    (folder / "nginx.conf").write_text(main_file(folder))
    served = [sys.executable, "-m", "gunicorn", "-c", str(folder / "gunicorn.py")]
    served += ["--pythonpath", f"{folder},{ROOT}", "-b", f"127.0.0.1:{ports['app']}"]
    nginx = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (
        process([*served, "tiny_app:app"], folder, ports["app"]),
        process([*nginx, "-g", "daemon off;"], folder, ports["front"]),
    ):
        yield Front(ports["front"], ports["plain"], folder)


def test_nginx_takes_the_published_file_without_a_warning(front: Front) -> None:
    checked = subprocess.run(
        [str(NGINX), "-t", "-p", str(front.folder), "-c", str(front.folder / "nginx.conf")],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


def test_a_client_cannot_say_where_it_comes_from_or_which_id_its_request_has(front: Front) -> None:
    lies = {
        "X-Forwarded-For": "203.0.113.7, 198.51.100.1",
        "Forwarded": "for=203.0.113.7",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-Request-ID": "0" * 32,
    }
    told = front.told(headers=lies)
    assert (told["remote"], told["host"], told["scheme"]) == ("127.0.0.1", HOST, "http")
    assert told["request_id"] != "0" * 32
    assert len(told["request_id"]) == 32, "it is nginx's own, which is in its log, too"
    wait_for(lambda: told["request_id"] in (front.folder / "access.log").read_text())


def wait_for(holds: Callable[[], bool]) -> None:
    """A log line is written a moment after its answer."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_its_log_is_json_and_holds_no_query(front: Front) -> None:
    front.told("/logged?token=canary")
    wait_for(lambda: "/logged" in (front.folder / "access.log").read_text())
    lines = (front.folder / "access.log").read_text().splitlines()
    assert {json.loads(line)["event"] for line in lines} == {"proxied"}
    assert "canary" not in "".join(lines)


def test_its_log_ends_where_a_key_in_an_address_begins(front: Front) -> None:
    front.told("/masked/tts_0123456789abcdef_canary/tts_canary")
    front.told("/masked-too/%74TS_canary")
    wait_for(lambda: "/masked-too" in (front.folder / "access.log").read_text())
    logged = (front.folder / "access.log").read_text()
    assert '"path":"/masked/tts_..."' in logged
    assert "canary" not in logged
    assert "0123456789abcdef" not in logged


def test_bodies_that_are_too_large_end_at_nginx(front: Front) -> None:
    answer, content = front.ask("/echo", body=b"x" * 1_100_000)
    assert (answer.status, json.loads(content)["error"]["code"]) == (413, "too_large")
    assert len(json.loads(content)["error"]["reference"]) == 32
    assert front.ask("/webhooks/tiktok/X", body=b"x" * 300_000)[0].status == 413
    assert front.told(body=b"x" * 900_000)["size"] == 900_000


def test_plain_http_is_sent_to_https(front: Front) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", front.plain_port)) as connection:
        connection.request("GET", "/fields?q=gmv", headers={"Host": HOST})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (308, f"https://{HOST}/fields?q=gmv")


def test_healthy_clients_are_answered_while_hundreds_of_slow_ones_hang_on(front: Front) -> None:
    """H3. Heads and bodies that do not come to an end, from another address."""
    with ExitStack() as held:
        for number in range(SLOW_HEADS):
            slow = held.enter_context(closing(front.connect("127.0.0.2")))
            slow.sendall(f"GET /{number} HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode())
        begin = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9000\r\n\r\nx".encode()
        bodies = []
        for _ in range(SLOW_BODIES):
            slow = held.enter_context(closing(front.connect("127.0.0.2")))
            slow.sendall(begin)
            bodies.append(slow)
        for _ in range(20):
            assert front.told()["remote"] == "127.0.0.1"
        refused = [answer_of(slow) for slow in bodies[MOST_OF_ONE_ADDRESS:]]
        assert {answer[:12] for answer in refused} == {b"HTTP/1.1 429"}
        assert all(b'"code":"rate_limited"' in answer for answer in refused)
        assert all(b"Retry-After: 5" in answer for answer in refused)


def answer_of(slow: ssl.SSLSocket) -> bytes:
    slow.settimeout(PATIENCE_SECONDS)
    return slow.recv(4_000)


def test_clients_that_read_slowly_hold_no_thread(front: Front) -> None:
    """Each wants eight megabytes and takes none of them."""
    with ExitStack() as held:
        for _ in range(SLOW_READERS):
            slow = held.enter_context(closing(front.connect("127.0.0.3")))
            slow.sendall(f"GET /large HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        for _ in range(20):
            assert front.told()["path"] == "echo"


def test_figures_are_for_this_machine_only(front: Front) -> None:
    with closing(front.connect("127.0.0.2")) as other:
        other.sendall(f"GET /metrics HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        # 127.0.0.2 is not the address that may.
        assert answer_of(other)[:12] == b"HTTP/1.1 403"
    assert front.told("/metrics")["path"] == "metrics"


def test_while_the_program_is_away_one_is_told_when_to_come_again(tmp_path: Path) -> None:
    ports = {"app": free_port(), "front": free_port(), "plain": free_port()}
    (tmp_path / "site.conf").write_text(published(tmp_path, ports))
    (tmp_path / "nginx.conf").write_text(main_file(tmp_path))
    nginx = [str(NGINX), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    with process([*nginx, "-g", "daemon off;"], tmp_path, ports["front"]):
        away = Front(ports["front"], ports["plain"], tmp_path)
        answer, content = away.ask("/")
        away.ask("/sign-in?token=canary")
        away.ask("/connect/tts_0123456789abcdef_canary?q=1")
    # That of the main file is what nginx writes to where the site names no other. Each is complete
    # when nginx has ended.
    logs = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
    assert set(logs) >= {"access.log", "error.log", "site_errors.log"}
    assert logs["access.log"].count('"status":"503"') == 3
    assert [name for name, text in logs.items() if "canary" in text] == []
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert json.loads(content)["error"]["code"] == "not_ready"
