"""What this program connects to: hosts of a list, addresses that were checked, no redirect."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import requests

from installation import ask_google
from notices.sending import Mail, NotSent
from store.notices import Message
from tests.receiving import mail_server
from tests.test_floors import imports_of, our_modules
from tiktok_shop.addresses import (
    addresses_of_a_server,
    is_of_a_server,
    public_or_own_addresses,
)
from tiktok_shop.bounded import new_session

INSIDE = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1")
MESSAGE = Message("m1", "alice", "notice", "Subject", "Body", 0.0)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that somebody tries to connect to; nobody is there."""
    tried: list[Any] = []

    def connect(address: Any, *_args: Any, **_more: Any) -> Any:
        tried.append(address)
        raise OSError("nobody is there")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def resolving(*addresses: str) -> Callable[..., list[Any]]:
    return lambda _host, port, **_more: [(2, 1, 6, "", (one, port)) for one in addresses]


# --- TikTok ---


@pytest.mark.parametrize("address", INSIDE)
def test_tiktok_is_not_looked_for_inside(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34", address))
    with new_session() as session, pytest.raises(requests.ConnectionError):
        session.get("https://open-api.tiktokglobalshop.com/x")
    assert connected == []


def test_the_connection_goes_to_the_addresses_that_were_checked(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    """Each is tried; the name is not looked up a second time."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        return resolving("2606:2800:220:1::1", "93.184.216.34")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with new_session() as session, pytest.raises(requests.ConnectionError):
        session.get("https://open-api.tiktokglobalshop.com/x")
    assert connected == [("2606:2800:220:1::1", 443), ("93.184.216.34", 443)]
    assert asked == ["open-api.tiktokglobalshop.com"]


def test_the_simulator_on_this_machine_is_reached_by_a_name_of_this_machine_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
        assert public_or_own_addresses(host, 8443) == ["127.0.0.1"]
        monkeypatch.setattr(socket, "getaddrinfo", resolving("93.184.216.34"))
        with pytest.raises(OSError, match="of another machine"):
            public_or_own_addresses(host, 8443)


def test_a_number_that_only_looks_like_a_name_is_checked_as_well(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    """2130706433 and 0x7f.1 are 127.0.0.1 to whoever looks them up."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    for host in ("2130706433", "0x7f.1", "127.1"):
        with new_session() as session, pytest.raises(requests.RequestException):
            session.get(f"https://{host}/x")
    assert connected == []


# --- Google ---


def test_google_is_asked_without_following_redirects_and_not_inside(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    sent: list[dict[str, Any]] = []
    original = requests.Session.request

    def request(self: requests.Session, *args: Any, **wish: Any) -> Any:
        sent.append(wish)
        return original(self, *args, **wish)

    monkeypatch.setattr(requests.Session, "request", request)
    monkeypatch.setattr(socket, "getaddrinfo", resolving("169.254.169.254"))
    with pytest.raises(Exception, match=r"oauth2\.googleapis\.com"):
        ask_google("https://oauth2.googleapis.com/token", method="POST", body=b"", timeout=5)
    assert connected == []
    assert [wish["allow_redirects"] for wish in sent] == [False]


# --- mail ---


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.216.34", True),
        ("10.0.0.25", True),
        ("192.168.1.25", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("fd00::25", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("not an address", False),
    ],
)
def test_a_mail_server_may_be_in_ones_own_network_and_never_where_clouds_keep_credentials(
    monkeypatch: pytest.MonkeyPatch, address: str, allowed: bool
) -> None:
    assert is_of_a_server(address) is allowed
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))
    if allowed:
        assert addresses_of_a_server("mail.example.com", 25) == [address]
    else:
        with pytest.raises(OSError, match="that no server has"):
            addresses_of_a_server("mail.example.com", 25)


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_mail_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any], security: str
) -> None:
    mail = Mail("mail.example.com", 2525, security, "notices@example.com")
    monkeypatch.setattr(socket, "getaddrinfo", resolving("169.254.169.254"))
    with pytest.raises(NotSent, match="could not take it"):
        mail.send(MESSAGE, ("ana@example.com",), 0.0)
    assert connected == []
    monkeypatch.setattr(socket, "getaddrinfo", resolving("10.0.0.1", "10.0.0.2"))
    with pytest.raises(NotSent, match="could not take it"):
        mail.send(MESSAGE, ("ana@example.com",), 0.0)
    assert connected == [("10.0.0.1", 2525), ("10.0.0.2", 2525)]


def test_mail_still_arrives() -> None:
    with mail_server() as server:
        mail = Mail("localhost", server.port, "none", "notices@example.com")
        mail.send(MESSAGE, ("ana@example.com",), 0.0)
    assert [recipients for recipients, _ in server.mails] == [["ana@example.com"]]


def test_the_certificate_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the connection goes to an address."""
    names: list[Any] = []

    class Noting(ssl.SSLContext):
        def wrap_socket(self, sock: Any, *_args: Any, **wish: Any) -> Any:
            names.append(wish["server_hostname"])
            raise OSError("far enough")

    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    monkeypatch.setattr(socket, "create_connection", lambda *_args, **_more: socket.socket())
    context = Noting(ssl.PROTOCOL_TLS_CLIENT)
    mail = Mail("mail.example.com", 465, "tls", "n@example.com", context=lambda: context)
    with pytest.raises(NotSent):
        mail.send(MESSAGE, ("ana@example.com",), 0.0)
    assert names == ["mail.example.com"]


# --- the code ---


#: What connections are made with.
_WAYS_OUT = {"socket", "http.client", "urllib.request", "smtplib", "requests", "urllib3", "ftplib"}


def test_nothing_else_opens_connections() -> None:
    """Whoever adds a way out adds its checks, and the file here."""
    found = {
        path
        for path, source in our_modules().items()
        for imported in imports_of(path, source)
        if any(imported == way or imported.startswith(f"{way}.") for way in _WAYS_OUT)
    }
    ours = {path for path in found if not path.startswith(("sample_shop/", "sheets_export/"))}
    assert ours == {
        "notices/sending.py",  # a webhook of a list of hosts, a mail server
        "tiktok_shop/addresses.py",  # looks names up
        "tiktok_shop/bounded.py",  # every https connection to TikTok, its pictures and Google
        "tiktok_shop/client.py",
        "tiktok_shop/images.py",
        "tiktok_shop/oauth.py",
        "tiktok_shop/transport.py",
        "supervisor.py",  # whether the port is free
        "worker.py",  # the name of this machine
        "web/arrival.py",  # ends a connection that came in
        "web/heads.py",  # ends one whose head does not come
    }
