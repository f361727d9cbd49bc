"""Requests as bytes on a connection, and answers as they come back: no client tidies either up."""

import json
import socket
from typing import NamedTuple

from tests.conftest import Server
from tests.web.samples import PROBLEM


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def exchange(server: Server, sent: bytes, *, then_close: bool = False) -> Answer:
    """Send these bytes on a connection of their own, and read what is answered."""
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        try:
            connection.sendall(sent)
            if then_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It was refused before all of it was sent.
        received = b""
        try:
            while piece := connection.recv(1 << 16):
                received += piece
                head, parted, body = received.partition(b"\r\n\r\n")
                if parted and len(body) >= int(_headers(head).get("content-length", 1 << 40)):
                    break
        except ConnectionResetError:
            pass
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 "), received[:200]
    return Answer(int(head.split()[1]), _headers(head), body)


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.decode().lower(): value.decode().strip() for name, _, value in pairs}


def post(server: Server, token: str, *headers: str, path: str = "/v1/actors") -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {server.address}", f"Authorization: Bearer {token}"]
    return "\r\n".join([*lines, "Content-Type: application/json", *headers, "", ""]).encode()


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def problem(answer: Answer, status: int, name: str) -> None:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == PROBLEM
    assert json.loads(answer.body)["type"] == f"/problems/{name}"
