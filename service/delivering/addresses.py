"""Where a webhook may go. Whoever can name an address must not reach what only this machine can reach.

A name is resolved once, every address that it has is looked at, and one of those is connected to: a name
server that says another thing the second time is not asked a second time.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from service.errors import Undeliverable

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""Of the IANA special-purpose registry of IPv4, and multicast. Not ``ipaddress.is_global``: it calls
multicast global, and differs from one Python to the next."""

_GLOBAL_6 = IPv6Network("2000::/3")
"""All that is allocated as global unicast (RFC 4291, section 2.4); the rest is special, or nobody's."""

_NOT_PUBLIC_6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "3fff::/20"))
"""Protocol assignments, Teredo among them, and documentation."""

_MAPPED, _TRANSLATED = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")


class Target(NamedTuple):
    """Where a URL leads."""

    secure: bool
    host: str
    port: int
    path: str
    """With the query."""


class Address(NamedTuple):
    """One of the addresses of a host, as a socket takes it."""

    family: int
    place: Any


def target(url: str) -> Target:
    """Where the URL leads. Raises Undeliverable if it is not one of http or https that a webhook may have."""
    if not re.fullmatch("[!-~]{1,2000}", url):
        raise Undeliverable("The address must be at most 2000 characters of ASCII, without spaces.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Undeliverable(f"The address is not a URL: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Undeliverable("The address must begin with http:// or https://, and name a host.")
    if "@" in parts.netloc:
        raise Undeliverable("The address must not hold a name or a password: messages are signed.")
    if parts.fragment:
        raise Undeliverable("The address must not have a fragment (#).")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, parts.hostname, port if port is not None else 443 if secure else 80, path)


def addresses(target: Target, *, private: bool) -> list[Address]:
    """The addresses of the host. Raises Undeliverable if there are none, or if one of them is not public.

    With ``private`` it may have any.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Undeliverable(f"The host {target.host!r} has no address: {error}.") from error
    for *_, place in found:
        if not private and not public(str(place[0])):
            raise Undeliverable(
                f"The host {target.host!r} has the address {place[0]}, which is not public "
                "(PARLEY_WEBHOOK_PRIVATE allows it)."
            )
    return [Address(family, place) for family, *_, place in found]


def public(address: str) -> bool:
    """Whether the address is one of the public internet: no other is, whatever notation it hides in.

    An IPv4 address within an IPv6 address (mapped, RFC 4291; 6to4, RFC 3056; NAT64, RFC 6052) counts as
    itself.
    """
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        inner = _within(found)
        if inner is None:
            return found in _GLOBAL_6 and not any(found in network for network in _NOT_PUBLIC_6)
        found = inner
    return not any(found in network for network in _NOT_PUBLIC_4)


def _within(address: IPv6Address) -> IPv4Address | None:
    if address in _MAPPED or address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return None
