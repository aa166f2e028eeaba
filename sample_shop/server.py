"""The simulator as an HTTP/1.1 server: a thread per connection, kept alive, as lean as can be."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from . import consent, control, faults
from .answers import Answer, Request, envelope
from .control import Ledger
from .faults import FaultScript
from .gateway import Gateway, route_of
from .pictures import picture
from .webhooks_sender import RETRIES, Sender
from .world import Wall

_MOST_HEAD: Final = 65_536
_MOST_BODY: Final = 4_000_000
_JSON: Final = "application/json; charset=utf-8"
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Reply:
    """What goes over the wire, and the wire's own faults."""

    status: int
    headers: dict[str, str]
    body: bytes
    stream: Iterator[bytes] | None = None
    fault: dict[str, Any] = field(default_factory=dict)


class Simulator:
    """Everything that can be asked of the server, without the sockets."""

    def __init__(
        self,
        gateway: Gateway,
        script: FaultScript,
        redirect: str,
        latency_seconds: float = 0.0,
        wall: Wall = time.time,
        webhook_retries: Sequence[float] = RETRIES,
    ) -> None:
        self.gateway = gateway
        self.sender = Sender(gateway.world, gateway.books, webhook_retries)
        self.script = script
        self.ledger = Ledger(wall)
        self._redirect = redirect
        self._latency = latency_seconds

    def reply(self, request: Request) -> Reply:
        """Return the reply to a request."""
        path = request.path
        if path == "/_webhooks":
            return self._deliveries(request)
        if path.startswith("/_"):
            return self._about(request)
        if self._latency:
            time.sleep(self._latency)
        if path in consent.PATHS and request.method == "GET":
            answer = consent.consent_page(request.query, self._redirect, self.gateway.world.seller)
            return self._noted(request, answer, {})
        if path.startswith("/images/") and path.endswith(".png") and request.method == "GET":
            name = path.removeprefix("/images/").removesuffix(".png")
            answer = Answer(raw=picture(name), headers={"Content-Type": "image/png"})
            answer.notes["name"] = "images"
            fault = self.script.next("images", request, None)
            if fault is not None:
                answer = faults.instead(fault, "images", request) or answer
            return self._noted(request, answer, fault or {})
        return self._call(request)

    def _call(self, request: Request) -> Reply:
        found = route_of(request.path, request.method)
        shop = self.gateway.shop_in(request)
        name, shop_id = (found[0].name if found else ""), (shop.id if shop else None)
        fault = self.script.next(name, request, shop_id) if found else None
        answer: Answer | None = None
        if fault is not None:
            if fault["kind"] == "shift":
                clock = self.gateway.world.clock
                clock.set_to(clock.now() + int(fault["seconds"]))
            answer = faults.instead(fault, name, request)
        if answer is None:
            answer = self.gateway.answer(request)
            if answer.code == 0:
                self.script.twist(fault, name, shop_id, request, answer)
        else:
            answer.notes |= {"name": name, "shop": shop_id}
        return self._noted(request, answer, fault or {})

    def _noted(self, request: Request, answer: Answer, fault: dict[str, Any]) -> Reply:
        body = faults.mangle(fault, answer) if fault else envelope(answer)
        self.ledger.note(request.method, request.path, answer, fault.get("kind"))
        return Reply(answer.status, {"Content-Type": _JSON, **answer.headers}, body, fault=fault)

    def _about(self, request: Request) -> Reply:
        """Answer the control paths; problems are HTTP 400 or 404 with a sentence."""
        path, query = request.path, request.query
        try:
            if path == "/_ledger":
                if query.get("summary"):
                    return _json(self.ledger.summary())
                entries = self.ledger.since(int(query.get("since", 0)))
                return _stream(control.ndjson(entries))
            if path.startswith("/_rows/"):
                table = path.removeprefix("/_rows/")
                rows = control.rows_of(self.gateway, table, query.get("shop_id"))
                return _stream(control.ndjson(rows))
            if path == "/_clock":
                body = request.body if request.method == "POST" else b""
                return _json(control.move_clocks(self.gateway, body))
            if path == "/_faults" and request.method == "POST":
                rules = faults.read_script(orjson.loads(request.body))
                self.script.replace(rules)
                return _json({"rules": len(rules)})
        except LookupError as problem:
            return _json({"error": str(problem)}, 404)
        except ValueError as problem:
            return _json({"error": str(problem)}, 400)
        known = "/_ledger, /_rows/<table>, /_clock, /_webhooks or POST /_faults"
        return _json({"error": f"try {known}"}, 404)

    def _deliveries(self, request: Request) -> Reply:
        """Tell what was pushed, or push what is asked for."""
        if request.method != "POST":
            return _stream(control.ndjson(self.sender.sent()))
        try:
            return _json({"sent": self.sender.send(control.wish_in(request.body))})
        except ValueError as problem:
            return _json({"error": str(problem)}, 400)


def _json(value: object, status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": _JSON}, orjson.dumps(value))


def _stream(chunks: Iterator[bytes]) -> Reply:
    return Reply(200, {"Content-Type": "application/x-ndjson"}, b"", stream=chunks)


class _BadRequest(Exception):
    pass


class _Connection(socketserver.BaseRequestHandler):
    """Reads requests from one connection and writes replies until either side has enough."""

    request: socket.socket
    server: Server

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        try:
            while not self.server.stopping.is_set():
                asked = self._read()
                if asked is None:
                    return
                request, keep = asked
                reply = self.server.simulator.reply(request)
                if not self._write(reply, keep):
                    return
        except _BadRequest as problem:
            self._write(_json({"error": str(problem)}, 400), False)
        except OSError:
            return  # the client has gone, or the server is stopping

    def _read(self) -> tuple[Request, bool] | None:
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _MOST_HEAD:
                raise _BadRequest("the head is too long")
            more = self.request.recv(65_536)
            if not more:
                return None
            data += more
        lines = data[:end].decode("latin-1").split("\r\n")
        try:
            method, target, version = lines[0].split(" ")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            length = int(headers.get("content-length", 0))
            url = urlsplit(target)
        except ValueError:
            raise _BadRequest("this is no HTTP request") from None
        if "transfer-encoding" in headers or not 0 <= length <= _MOST_BODY:
            raise _BadRequest("send a Content-Length of at most 4 MB")
        body = data[end + 4 :]
        while len(body) < length:
            more = self.request.recv(65_536)
            if not more:
                return None
            body += more
        self._rest = body[length:]
        query = dict(parse_qsl(url.query, keep_blank_values=True, errors="surrogateescape"))
        keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        keep = keep and method != "HEAD"  # its reply has a body here like any other
        return Request(method, url.path, query, headers, body[:length]), keep

    def _write(self, reply: Reply, keep: bool) -> bool:
        """Send a reply; return whether the connection may be used again."""
        fault, body = reply.fault, reply.body
        kind = fault.get("kind")
        if kind == "drop":
            return False
        if kind == "hang" and self.server.stopping.wait(fault["seconds"]):
            return False
        if reply.stream is not None:
            return self._write_stream(reply, keep)
        length = len(body)
        if kind == "wrong_length":
            length, keep = max(0, length + fault["by"]), False
        if kind == "cut":
            body, keep = body[: int(len(body) * fault["part"])], False
        if kind == "gzip_cut":
            keep = False
        head = self._head(reply, keep, f"Content-Length: {length}")
        if kind == "drip":
            self.request.sendall(head)
            return self._drip(body, fault)
        self.request.sendall(head + body)
        return keep

    def _drip(self, body: bytes, fault: dict[str, Any]) -> bool:
        size, pause = int(fault["bytes"]), float(fault["seconds"])
        drops = int(fault["most"] / pause) if pause else len(body)
        for start in range(0, min(len(body), size * drops), size):
            self.request.sendall(body[start : start + size])
            if self.server.stopping.wait(pause):
                break
        return False

    def _write_stream(self, reply: Reply, keep: bool) -> bool:
        self.request.sendall(self._head(reply, keep, "Transfer-Encoding: chunked"))
        for chunk in reply.stream or ():
            self.request.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.request.sendall(b"0\r\n\r\n")
        return keep

    @staticmethod
    def _head(reply: Reply, keep: bool, length: str) -> bytes:
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines.append(time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime()))
        lines.append(length)
        lines.append("Connection: keep-alive" if keep else "Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Server(socketserver.ThreadingTCPServer):
    """Listens on (host, port); port 0 picks a free one, see `url`."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Connection)
        self.stopping = threading.Event()
        self.simulator: Simulator

    @property
    def url(self) -> str:
        """Return where the server listens."""
        host, port = self.socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def stop(self) -> None:
        """Stop listening and let waiting replies go."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
