"""One POST to one address: connected to as it was checked, no redirect followed, no proxy, all of it bounded.

``http.client`` on a socket of our own, because that is the whole of it: what HTTP libraries add (pools,
redirects, retries, proxies from the environment) would each have to be switched off.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Timer
from typing import NamedTuple

from service.delivering.addresses import Address, Target
from service.errors import Undeliverable
from service.shown import printable

TIMEOUT = 15.0
"""Seconds that a receiver has, from the connection to the status of its answer."""
MOST_READ = 1 << 16
QUOTED = 200


class Reply(NamedTuple):
    """What a receiver answered."""

    status: int
    retry_after: int
    """Seconds that it asks for; 0 if it asks for none."""
    text: str
    """The status in words, and how the answer begins."""


def post(
    target: Target,
    addresses: Sequence[Address],
    body: bytes,
    headers: Mapping[str, str],
    timeout: float = TIMEOUT,
) -> Reply:
    """Send the message to the first of the addresses that takes a connection. Raises Undeliverable."""
    end = time.monotonic() + timeout
    late = f"No answer within {timeout:g} s."
    try:
        raw = _connected(addresses, end)
        with _secured(raw, target) as connected, _ended(connected, end) as ended:
            try:
                return _asked(connected, target, body, headers, ended)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise Undeliverable(late if ended else _said(error)) from error
    except TimeoutError as error:
        raise Undeliverable(late) from error
    except (OSError, ValueError) as error:
        raise Undeliverable(_said(error)) from error


def _connected(addresses: Sequence[Address], end: float) -> socket.socket:
    failure: OSError = TimeoutError()
    for address in addresses:
        connected = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            connected.settimeout(max(end - time.monotonic(), 0.001))
            connected.connect(address.place)
            return connected
        except OSError as error:
            connected.close()
            failure = error
    raise failure


def _secured(connected: socket.socket, target: Target) -> socket.socket:
    if not target.secure:
        return connected
    # The certificate has to be the host's, by the name in the URL, whatever the address. The handshake comes
    # later: it is the receiver's time, too.
    context = ssl.create_default_context()
    return context.wrap_socket(connected, server_hostname=target.host, do_handshake_on_connect=False)


@contextmanager
def _ended(connected: socket.socket, end: float) -> Iterator[list[bool]]:
    """Break the connection off at ``end``: a socket's own timeout begins anew with each byte that drips in.

    What is given holds something once that has happened.
    """
    ended: list[bool] = []

    def break_off() -> None:
        ended.append(True)
        with suppress(OSError):  # The receiver was quicker.
            # Not the method of an SSL socket, which would take it apart under the thread that reads it.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = Timer(max(end - time.monotonic(), 0), break_off)
    timer.daemon = True
    connected.settimeout(None)
    timer.start()
    try:
        yield ended
    finally:
        timer.cancel()
        timer.join()


def _asked(
    connected: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], ended: list[bool]
) -> Reply:
    if isinstance(connected, ssl.SSLSocket):
        connected.do_handshake()
    kind = http.client.HTTPSConnection if target.secure else http.client.HTTPConnection
    connection = kind(target.host, target.port)
    connection.sock = connected
    connection.request("POST", target.path, body, {**headers, "Connection": "close"})
    with connection.getresponse() as answer:
        if ended:
            raise TimeoutError  # Within the headers, which end where the connection does.
        try:
            said = answer.read(MOST_READ)
        except (OSError, http.client.HTTPException):
            said = b""  # The status is the answer; what breaks off after it is not.
    return Reply(answer.status, _delay(answer.headers.get("Retry-After", "")), _text(answer.status, said))


def _delay(wanted: str) -> int:
    """The seconds that Retry-After asks for: a number of them, or an instant (RFC 9110, section 10.2.3)."""
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        return int(wanted)
    try:
        return max(0, round(parsedate_to_datetime(wanted).timestamp() - time.time()))
    except (ValueError, OverflowError):
        return 0


def _text(status: int, said: bytes) -> str:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    shown = _quoted(said.decode(errors="replace"))
    return f"{status} {phrase}" + (f": {shown}" if shown else "")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {_quoted(str(error))}"


def _quoted(text: str) -> str:
    """How it begins, as a terminal may show it: an error may quote what the receiver sent, too."""
    return printable(text[:QUOTED]).strip()
