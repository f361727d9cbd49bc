"""How many requests are answered: so many for each token, and for each address that sends none.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10; their values are structured fields
(RFC 9651).
"""

import math
import time
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from flask import Flask
from limits import RateLimitItem, parse_many
from werkzeug.middleware.proxy_fix import ProxyFix

from service.errors import BadSetting, TooManyRequests
from service.settings import OFF, Settings
from service.web.counters import Counters

Headers = list[tuple[str, str]]


class Limit(NamedTuple):
    """So many requests in so many seconds; ``name`` is what the headers call it."""

    name: str
    amount: int
    seconds: int


class Counted(NamedTuple):
    """What a request's headers say of the limits, and how many seconds it is to wait: 0 if it may pass."""

    headers: Headers
    wait: int
    by_address: bool


UNCOUNTED = Counted([], 0, True)


class Limits(NamedTuple):
    """What is held, and the counters it is held by."""

    counters: Counters | None
    token: Sequence[Limit]
    address: Sequence[Limit]


def install(app: Flask, settings: Settings, secret: str) -> None:
    """Hold the limits that the settings name. Raises BadSetting where their counters cannot be kept."""
    token, address = _read("token", settings.limit_token), _read("address", settings.limit_address)
    counters = None
    if token or address:
        folder = settings.home / "limits"
        try:
            counters = Counters(folder, secret)
        except OSError as error:
            raise BadSetting(
                f"What requests are counted in cannot be kept at {folder}: {error.strerror}. "
                f"PARLEY_LIMIT_TOKEN={OFF} with PARLEY_LIMIT_ADDRESS={OFF} does without."
            ) from error
    app.config["LIMITS"] = Limits(counters, token, address)
    if settings.proxies:
        # Of X-Forwarded-For only what the nearest of our own proxies wrote is believed, and nothing else of
        # what they may send: what the scheme is, gunicorn decides.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=0
        )


def _read(kind: str, notation: str) -> list[Limit]:
    if notation == OFF:
        return []
    return [_limit(kind, item) for item in sorted(parse_many(notation))]


def _limit(kind: str, item: RateLimitItem) -> Limit:
    return Limit(f"{kind}-{item.get_expiry()}s", item.amount, item.get_expiry())


def count(limits: Limits, token: int | None, address: str) -> Counted:
    """Count a request, for its token or else its address."""
    held = limits.address if token is None else limits.token
    if limits.counters is None or not held:
        return UNCOUNTED
    who = network(address) if token is None else str(token)
    told, wait, now = [], 0, time.time()
    for limit in held:
        many, end = limits.counters.hit(f"{limit.name}/{who}", limit.seconds)
        left, reset = limit.amount - many, max(1, math.ceil(end - now))
        told.append(f'"{limit.name}";r={max(0, left)};t={reset}')
        if left < 0:
            wait = max(wait, reset)
    policy = ", ".join(f'"{x.name}";q={x.amount};w={x.seconds}' for x in held)
    headers = [("RateLimit", ", ".join(told)), ("RateLimit-Policy", policy)]
    return Counted(headers, wait, token is None)


def hold(counted: Counted) -> None:
    """Let a request pass that was counted, or raise TooManyRequests if it was one too many."""
    if counted.wait:
        whose = "this address" if counted.by_address else "this token"
        raise TooManyRequests(
            f"Too many requests from {whose}: come again in {counted.wait} seconds.", counted.wait
        )


@lru_cache(4096)
def network(address: str) -> str:
    """Whose requests are counted together: an IPv4 address, or the /64 that one caller of IPv6 has.

    >>> network("192.0.2.1"), network("::ffff:192.0.2.1"), network("192.0.2.1:4711")
    ('192.0.2.1', '192.0.2.1', '192.0.2.1')
    >>> network("2001:db8::1") == network("[2001:db8::2]:4711") != network("2001:db8:0:1::1")
    True
    """
    # Some proxies give the port too.
    bare = address.strip().partition("]")[0].lstrip("[")
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        ip = ip_address(bare)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped) if ip.ipv4_mapped else f"{IPv6Address(int(ip) >> 64 << 64)}/64"
