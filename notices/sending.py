"""How a message leaves: by mail, or posted to a webhook. Each raises NotSent with a sentence."""

from __future__ import annotations

import http.client
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from notices.addresses import is_listed, problem_of_webhook
from store.notices import Message
from tiktok_shop.addresses import AddressesOf, addresses_of_a_server, public_address

_MAIL_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 5.0
#: A webhook has so long from beginning to end, however slowly it sends.
_POST_SECONDS: Final = 15.0

#: Answers that another try may change.
_TRY_AGAIN: Final = (408, 425, 429)


class NotSent(Exception):
    """`final`: another try would end the same. The text is for people and holds no credential."""

    def __init__(self, problem: str, *, final: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.final = final


@dataclass(frozen=True, slots=True)
class Mail:
    """The way to a mail server. `security` is starttls, tls or none."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = ""
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    addresses_of: AddressesOf = addresses_of_a_server

    def send(self, message: Message, addresses: tuple[str, ...], now: float) -> None:
        """`now`: UTC epoch seconds. A message is recognised by its id when it comes twice."""
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = self.sender
        mail["To"] = ", ".join(addresses)
        mail["Date"] = formatdate(now)
        mail["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise NotSent("The mail server takes none of the addresses.", final=True) from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent("The mail server does not accept SMTP_USER and SMTP_PASSWORD.") from error
        except (smtplib.SMTPException, OSError) as error:
            reason = f"{type(error).__name__}"
            raise NotSent(f"The mail server could not take it ({reason}).") from error

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return _CheckedTLS(self)
        server = _Checked(self)
        if self.security == "starttls":
            try:
                server.starttls(context=self.context())
            except BaseException:
                server.close()
                raise
        return server


class _Checked(smtplib.SMTP):
    """Connects to an address that was checked; the certificate is for the name."""

    def __init__(self, mail: Mail) -> None:
        self._addresses_of = mail.addresses_of
        super().__init__(mail.host, mail.port, timeout=_MAIL_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _first_reached(self._addresses_of(host, port), port, timeout)


class _CheckedTLS(smtplib.SMTP_SSL):
    def __init__(self, mail: Mail) -> None:
        self._addresses_of = mail.addresses_of
        self._host = mail.host
        super().__init__(mail.host, mail.port, timeout=_MAIL_SECONDS, context=mail.context())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = _first_reached(self._addresses_of(host, port), port, timeout)
        try:
            return self.context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise


def _first_reached(addresses: Sequence[str], port: int, timeout: float) -> socket.socket:
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout)
    return socket.create_connection((last, port), timeout)


@dataclass(frozen=True, slots=True)
class Post:
    """Posts to webhooks at `hosts`. `address_of(host, port)` is the public IP address of a host and
    raises OSError when it has another one: the connection goes to the address that was checked."""

    hosts: tuple[str, ...]
    address_of: Callable[[str, int], str] = public_address
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    port: int = 443
    seconds: float = _POST_SECONDS

    def send(self, message: Message, url: str, workspace: str) -> None:
        problem = problem_of_webhook(url, self.hosts)
        if problem:
            raise NotSent(problem, final=True)
        parts = urlsplit(url)
        host = parts.hostname or ""
        path = parts.path or "/"
        body = orjson.dumps(posted(message, workspace, host))
        try:
            status = self._post(host, f"{path}?{parts.query}" if parts.query else path, body)
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            raise NotSent(f"{host} could not be reached ({type(error).__name__}).") from error
        if not 200 <= status < 300:
            final = 300 <= status < 500 and status not in _TRY_AGAIN
            raise NotSent(f"{host} answered {status}.", final=final)

    def _post(self, host: str, path: str, body: bytes) -> int:
        connection = http.client.HTTPSConnection(host, timeout=self.seconds)
        address = self.address_of(host, self.port)
        plain = socket.create_connection((address, self.port), _CONNECT_SECONDS)
        try:
            plain.settimeout(self.seconds)
            with _cut_off(plain, self.seconds):
                connection.sock = self.context().wrap_socket(plain, server_hostname=host)
                headers = {"Content-Type": "application/json", "User-Agent": "tiktok-shop-source"}
                connection.request("POST", path, body, headers)
                return connection.getresponse().status
        finally:
            connection.close()
            plain.close()


@contextmanager
def _cut_off(plain: socket.socket, seconds: float) -> Iterator[None]:
    """End the connection after so long: a time limit of each read alone would let a server that
    sends a byte now and then hold us for ever."""
    other = plain.dup()

    def end() -> None:
        try:
            other.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is over already

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        other.close()


#: What services that take nothing else want a text to be called.
_TEXT_ONLY: Final[Mapping[str, str]] = {
    "hooks.slack.com": "text",
    "chat.googleapis.com": "text",
    "webhook.office.com": "text",
    "discord.com": "content",
}
#: Discord takes no longer text.
_LONGEST_TEXT: Final = 1_900


def posted(message: Message, workspace: str, host: str) -> dict[str, Any]:
    """The body of a post to `host`: what its service takes, or everything as fields."""
    whole = f"{message.subject}\n\n{message.body}"
    for service, name in _TEXT_ONLY.items():
        if is_listed(host, [service]):
            return {name: whole[:_LONGEST_TEXT]}
    return {
        "id": message.id,
        "kind": message.kind,
        "workspace": workspace,
        "subject": message.subject,
        "text": message.body,
        "at": int(message.made_at),
    }
