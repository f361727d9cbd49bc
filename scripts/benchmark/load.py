"""A load of HTTP requests over connections that stay open, each of which asks again once it was answered.

One process that speaks plain HTTP/1.1 over loopback: it takes some 40 µs a request, and says how busy it was,
so that it is seen not to be what is measured.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

from service.errors import ParleyError

Address = tuple[str, int]
_AT_ONCE = 1 << 18
_PATIENCE = 30
"""Seconds for an answer."""


class Measured(NamedTuple):
    """What came of a load. Latencies are in seconds, in ascending order."""

    per_second: float
    latencies: list[float]
    bytes: int
    busy: float
    """The share of its time that this process worked: well below 1, or the server was waiting for it."""

    @property
    def number(self) -> int:
        """How many answers came."""
        return len(self.latencies)

    def percentile(self, part: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * part))]


def get(path: str, **headers: str) -> bytes:
    """A request. Underscores in names of headers stand for hyphens."""
    return _request("GET", path, b"", headers)


def post(path: str, body: bytes, **headers: str) -> bytes:
    return _request("POST", path, body, {"Content-Type": "application/json", **headers})


def _request(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    given = {"Host": "127.0.0.1", "Accept": "application/json", **headers}
    if body:
        given["Content-Length"] = str(len(body))
    lines = [
        f"{method} {path} HTTP/1.1",
        *(f"{name.replace('_', '-')}: {value}" for name, value in given.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection:
    """One connection, on which one request is under way at a time."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.closing = False

    def ask(self, request: bytes) -> bool:
        """Send a request. Whether it went over a new socket, as it has to where the server closes them."""
        renewed = self.closing
        if renewed:
            self.socket.close()
            self._open()
        self.answer = bytearray()
        self.body = self.whole = 0
        self.chunked = self.in_chunks = False
        self.began = time.perf_counter()
        self.socket.sendall(request)
        return renewed

    def read(self) -> bool:
        """Take in what has come. Whether the answer is complete."""
        data = self.socket.recv(_AT_ONCE)
        if not data:
            raise ParleyError(
                f"{self.address}: closed in the middle of an answer: {bytes(self.answer[:200])!r}"
            )
        self.answer += data
        if not self.body:
            end = self.answer.find(b"\r\n\r\n")
            if end < 0:
                return False
            self.body = self.whole = end + 4
            self._head(bytes(self.answer[:end]).lower())
        while self.chunked and self._chunk():
            pass
        return not self.chunked and len(self.answer) >= self.whole

    def _head(self, head: bytes) -> None:
        self.status = int(head[9:12])
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length" and self.status != 304:
                self.whole += int(value)
            elif name == b"transfer-encoding":
                self.chunked = self.in_chunks = b"chunked" in value
            elif name == b"connection":
                self.closing = b"close" in value

    def _chunk(self) -> bool:
        """Step over the next chunk, if it is there."""
        end = self.answer.find(b"\r\n", self.whole)
        if end < 0:
            return False
        size = int(bytes(self.answer[self.whole : end]).partition(b";")[0], 16)
        if len(self.answer) < end + 2 + size + 2:
            return False
        self.whole = end + 2 + size + 2
        self.chunked = size > 0
        return self.chunked

    def content(self) -> bytes:
        """The body of a complete answer."""
        if not self.in_chunks:
            return bytes(self.answer[self.body :])
        content, at = bytearray(), self.body
        while at < len(self.answer):
            end = self.answer.index(b"\r\n", at)
            size = int(bytes(self.answer[at:end]).partition(b";")[0], 16)
            content += self.answer[end + 2 : end + 2 + size]
            at = end + 2 + size + 2
        return bytes(content)


def ask(address: Address, request: bytes) -> tuple[int, bytes, bytes]:
    """One request by itself: its answer's status, head and body."""
    connection = _Connection(address)
    try:
        connection.ask(request)
        while not connection.read():
            pass
        return connection.status, bytes(connection.answer[: connection.body]), connection.content()
    finally:
        connection.socket.close()


def load(
    address: Address,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    expected: int = 200,
    most: int | None = None,
) -> Measured:
    """Ask for so many seconds, or until there is an answer; or for ``most`` answers, if they come sooner.

    Raises ParleyError for an answer of another status than ``expected``.
    """
    waiting = [_Connection(address) for _ in range(connections)]
    try:
        return _measured(waiting, address, requests, seconds, expected, most)
    finally:
        for connection in waiting:
            connection.socket.close()


def _measured(
    waiting: list[_Connection],
    address: Address,
    requests: Iterator[bytes],
    seconds: float,
    expected: int,
    most: int | None,
) -> Measured:
    latencies: list[float] = []
    received = 0
    poll = selectors.DefaultSelector()
    started, worked = time.perf_counter(), time.process_time()
    deadline = started + seconds
    for connection in waiting:
        connection.ask(next(requests))
        poll.register(connection.socket, selectors.EVENT_READ, connection)
    left, last = len(waiting), started
    while left:
        ready = poll.select(_PATIENCE)
        if not ready:
            raise ParleyError(f"{address}: no answer in {_PATIENCE} s.")
        for key, _ in ready:
            connection = key.data
            if not connection.read():
                continue
            now = time.perf_counter()
            if connection.status != expected:
                raise ParleyError(f"{address}: {connection.status}: {bytes(connection.answer[:2000])!r}")
            if (now > deadline and latencies) or len(latencies) == most:
                left -= 1  # Under way when time was up: waited for, so that the next load starts on its own.
                poll.unregister(connection.socket)
                connection.socket.close()
                continue
            last = now
            latencies.append(now - connection.began)
            received += len(connection.answer)
            old = connection.socket
            if connection.closing:
                poll.unregister(old)
            if connection.ask(next(requests)):
                poll.register(connection.socket, selectors.EVENT_READ, connection)
    busy = (time.process_time() - worked) / (time.perf_counter() - started)
    took = last - started if most else max(seconds, last - started)
    return Measured(len(latencies) / took, sorted(latencies), received, busy)
