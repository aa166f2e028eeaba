"""Which IP addresses may be connected to. A name is looked up once and the connection goes to an
address that was checked, so that a name which answers otherwise a moment later gains nothing."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Final

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: (host, port) -> the IP addresses to try, in this order. Raises OSError.
AddressesOf = Callable[[str, int], list[str]]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; embedded IPv4 addresses count too."""
    found = _parsed(address)
    if found is None:
        return False
    inner = _embedded(found)
    if inner is not None and not is_public(str(inner)):
        return False
    return found.is_global and not found.is_multicast


def is_of_a_server(address: str) -> bool:
    """Whether a server that whoever runs this installation names may have the address: a public
    one, one of their own network or this machine; never a link-local one, where clouds keep the
    credentials of their machines."""
    found = _parsed(address)
    if found is None:
        return False
    inner = _embedded(found)
    if inner is not None:
        return is_of_a_server(str(inner))
    return found.is_loopback or not (
        found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved
    )


def public_addresses(host: str, port: int) -> list[str]:
    """The IP addresses of a host, all of which must be public. OSError when one is not, or when the
    name is not known."""
    return _looked_up(host, port, is_public, "that is not public")


def addresses_of_a_server(host: str, port: int) -> list[str]:
    """The IP addresses of a host that is set up by whoever runs this installation."""
    return _looked_up(host, port, is_of_a_server, "that no server has")


def public_or_own_addresses(host: str, port: int) -> list[str]:
    """Like `public_addresses`, but what is called by a name of this machine may be on it."""
    if host == "localhost" or _is_loopback(host):
        return _looked_up(host, port, _is_loopback, "of another machine")
    return public_addresses(host, port)


def public_address(host: str, port: int) -> str:
    """The first of `public_addresses`."""
    return public_addresses(host, port)[0]


def _looked_up(host: str, port: int, is_good: Callable[[str], bool], why_not: str) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(map(is_good, addresses)):
        raise OSError(f"{host} has an address {why_not}")
    return addresses


def _parsed(address: str) -> _Address | None:
    try:
        return ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _embedded(found: _Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(found, ipaddress.IPv4Address):
        return None
    if found in _NAT64:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour


def _is_loopback(address: str) -> bool:
    found = _parsed(address)
    return found is not None and found.is_loopback
