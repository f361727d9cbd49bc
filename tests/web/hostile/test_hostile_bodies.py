"""Hostile bodies, sent to a real server: each gets the answer that is stated, and nothing is written."""

import itertools
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.hostile.sending import Target, refused
from tests.web.samples import FULL, MERGE_PATCH, MINIMAL
from tests.web.test_errors import NOT_JSON
from tests.web.test_refusals import changed
from tests.web.wire import chunked, exchange, post, problem

GIBIBYTE, PIECE = 1 << 30, 1 << 20
GROWTH = 20 * 1024
"""KiB that the workers may grow by."""

# Where documents hold whole numbers.
WHOLE = [
    ("talk", "/round"),
    ("talk", "/version"),
    ("talk", "/sources/0/credibility"),
    ("statement", "/positions/0/stance"),
    ("statement", "/positions/0/salience"),
    ("issue", "/scale/0/value"),
    ("proposal", "/clauses/0/stance"),
]
NOT_WHOLE = [
    "１２",
    "٣",
    " 5 ",
    "1_000",
    "5",
    "",
    1.0,
    -0.0,
    1e2,
    True,
    False,
    None,
    [1],
    2**63,
    -(2**63) - 1,
    2**64,
]
ENCODINGS = [
    "gzip",
    "x-gzip",
    "deflate",
    "br",
    "zstd",
    "compress",
    "identity",
    "gzip, identity",
    "aes128gcm",
    "",
]


def test_what_is_no_json(target: Target) -> None:
    for name, body in NOT_JSON.items():
        for method, path, media_type in (
            ("POST", "/v1/talks", "application/json"),
            ("PUT", "/v1/talks/mine", "application/json"),
            ("PATCH", "/v1/talks/florida-talks-2025-12-21", MERGE_PATCH),
        ):
            headers = {"Content-Type": media_type, "If-Match": "*"}
            answer = target.send(method, path, data=body, headers=headers)
            assert answer.status_code == 400, (name, method, answer.text[:200])
            refused(answer, 400, "malformed")


def test_control_characters(target: Target) -> None:
    for text in ("a\0b", "\0", "a\0", "\0a", "a\x1bb", "a\x9fb", "a\uffffb"):
        for member in ({"title": text}, {"notes": text}, {"held": text}, {f"a{text}": 1}):
            answer = target.send("POST", "/v1/talks", json={**MINIMAL["talk"], **member})
            refused(answer, 422, "invalid")


def test_numbers_that_are_not_whole(target: Target) -> None:
    for kind, pointer in WHOLE:
        for value in NOT_WHOLE:
            body = json.dumps(changed({**FULL[kind], "version": 1}, pointer, value))
            headers = {"Content-Type": "application/json"}
            for method, path in (("POST", f"/v1/{kind}s"), ("PUT", f"/v1/{kind}s/mine")):
                answer = target.send(method, path, data=body, headers=headers)
                refused(answer, 422, "invalid")
                assert pointer in [error["pointer"] for error in answer.json()["errors"]], (pointer, value)


def test_any_content_encoding(target: Target) -> None:
    for encoding in ENCODINGS:
        for method, path, media_type in (
            ("POST", "/v1/actors", "application/json"),
            ("PUT", "/v1/actors/mine", "application/json"),
            ("PATCH", "/v1/actors/steve-witkoff", MERGE_PATCH),
        ):
            headers = {"Content-Type": media_type, "Content-Encoding": encoding, "If-Match": "*"}
            answer = target.send(method, path, data=json.dumps(MINIMAL["actor"]), headers=headers)
            refused(answer, 415, "unsupported-media-type")


def memory(target: Target) -> int:
    """What the server's processes hold of their own, in KiB: the sum of what each has proportionally."""
    assert target.server.process is not None
    root, total = target.server.process.pid, 0
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    assert children, "no workers"
    for pid in (str(root), *children):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def sent_until_refused(target: Target, head: bytes, pieces: Iterator[bytes]) -> int:
    """Send until the server has had enough; its answer is a 413. How many bytes it took."""
    host, port = target.server.address.split(":")
    sent = 0
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head)
        try:
            for piece in pieces:
                connection.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            return sent
        connection.settimeout(20)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    return sent


def by_length() -> tuple[str, Iterator[bytes]]:
    return f"Content-Length: {GIBIBYTE}", (b" " * PIECE for _ in range(GIBIBYTE // PIECE))


def in_chunks() -> tuple[str, Iterator[bytes]]:
    return "Transfer-Encoding: chunked", (chunked(b" " * PIECE) for _ in range(GIBIBYTE // PIECE))


def in_one_chunk() -> tuple[str, Iterator[bytes]]:
    whole = (b" " * PIECE for _ in range(GIBIBYTE // PIECE))
    first = b"%x\r\n" % GIBIBYTE
    return "Transfer-Encoding: chunked", (piece for some in ([first], whole) for piece in some)


@pytest.mark.parametrize("how", [by_length, in_chunks, in_one_chunk])
def test_a_body_of_a_gibibyte(target: Target, how: Callable[[], Any]) -> None:
    header, _ = how()
    small = exchange(target.server, post(target.server, target.token, "Content-Length: 2000000"))
    problem(small, 413, "too-large")
    before = memory(target)
    for _ in range(3):
        _, pieces = how()
        sent_until_refused(target, post(target.server, target.token, header), pieces)
        assert memory(target) - before <= GROWTH
    # The answer itself, before the connection is closed on what else is sent.
    _, pieces = how()
    beginning = b"" if how is by_length else b"".join(itertools.islice(pieces, 3))
    problem(exchange(target.server, post(target.server, target.token, header) + beginning), 413, "too-large")
