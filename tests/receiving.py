"""What notices are sent to in tests: a mail server and a web server with https, on loopback."""

from __future__ import annotations

import datetime as dt
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hooks.example.com"


@dataclass
class MailServer:
    """`mails`: (recipients, message) as they came; `refuses`: commands by their first word, with
    what is answered instead."""

    port: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)


@contextmanager
def mail_server() -> Iterator[MailServer]:
    kept = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            recipients: list[str] = []
            self._say("220 loopback")
            while line := self.rfile.readline().decode().strip():
                word = line.split(" ")[0].split(":")[0].upper()
                if word in kept.refuses:
                    self._say(kept.refuses[word])
                elif word == "DATA":
                    self._say("354 go on")
                    kept.mails.append((recipients, self._message()))
                    recipients = []
                    self._say("250 taken")
                elif word == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    if word == "RCPT":
                        recipients.append(line.partition("<")[2].rstrip(">"))
                    self._say("250 fine")

        def _message(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b"."))
            found = message_from_bytes(b"".join(lines), policy=default)
            assert isinstance(found, EmailMessage)
            return found

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _served(Handler) as port:
        kept.port = port
        yield kept


@dataclass
class WebServer:
    """`posts`: (path, headers, JSON body) as they came. It answers `status`, or `drips` forever."""

    port: int = 0
    status: str = "200 OK"
    drips: bool = False
    posts: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def web_server(folder: Path) -> Iterator[WebServer]:
    """https for HOST, with the certificate of `certificate(folder)`."""
    kept, stopped = WebServer(), threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                with context.wrap_socket(self.request, server_side=True) as secured:
                    self._answer(secured)
            except OSError:
                return  # the client has cut us off, or trusts us not

        def _answer(self, secured: ssl.SSLSocket) -> None:
            stream = secured.makefile("rb")
            path = stream.readline().decode().split(" ")[1]
            headers = {}
            while line := stream.readline().decode().strip():
                name, _, value = line.partition(": ")
                headers[name.lower()] = value
            body = stream.read(int(headers["content-length"]))
            kept.posts.append((path, headers, json.loads(body)))
            while kept.drips and not stopped.is_set():
                secured.sendall(b"H")
                time.sleep(0.02)
            secured.sendall(f"HTTP/1.1 {kept.status}\r\nContent-Length: 0\r\n\r\n".encode())

    with _served(Handler) as port:
        kept.port = port
        try:
            yield kept
        finally:
            stopped.set()


@contextmanager
def _served(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)


def trusting(folder: Path) -> ssl.SSLContext:
    """A client that trusts the server of `web_server(folder)`."""
    return ssl.create_default_context(cafile=certificate(folder))


def certificate(folder: Path) -> Path:
    """A key and a certificate it has signed itself, for HOST, in one file."""
    path = folder / "server.pem"
    if not path.exists():
        path.write_bytes(_made())
    return path


@cache
def _made() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + made.public_bytes(serialization.Encoding.PEM)
