"""Imports as they come over the wire, to a real server: whole or not at all, and in flat memory."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import Server
from tests.web.test_bodies import chunked, exchange, problem

LIMIT = 3_000_000
LINE = b'{"kind": "actor", "id": "%s", "type": "person", "name": "Ann"}\n'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes files of so many bytes, and has one worker, whose memory can be read."""
    home = tmp_path_factory.mktemp("import") / "home"
    running = Server(home, PARLEY_MAX_IMPORT=str(LIMIT), PARLEY_WORKERS="1", PARLEY_SYNCHRONOUS="normal")
    yield running.start()
    assert running.stop() == 0


@pytest.fixture(scope="module")
def token(small: Server) -> str:
    return small.parley("token", "create", "--scope", "write", "--name", "import").stdout.split()[-1]


def post(server: Server, token: str, *headers: str, path: str = "/v1/import") -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {server.address}", f"Authorization: Bearer {token}"]
    return "\r\n".join([*lines, "Content-Type: application/x-ndjson", *headers, "", ""]).encode()


def there(server: Server, id: str) -> bool:
    return requests.get(f"{server.url}/v1/actors/{id}", timeout=20).status_code == 200


def test_by_length_and_in_chunks(small: Server, token: str) -> None:
    body = LINE % b"by-length"
    answer = exchange(small, post(small, token, f"Content-Length: {len(body)}", "Connection: close") + body)
    assert (answer.status, json.loads(answer.body)["created"]) == (200, 1)
    body = LINE % b"in-chunks"
    head = post(small, token, "Transfer-Encoding: chunked", "Connection: close")
    answer = exchange(small, head + chunked(body[:7], body[7:], b""))
    assert (answer.status, json.loads(answer.body)["created"]) == (200, 1)
    assert there(small, "by-length")
    assert there(small, "in-chunks")


def test_a_file_that_breaks_off_between_two_lines_is_not_taken_for_a_shorter_one(
    small: Server, token: str
) -> None:
    body = LINE % b"first" + LINE % b"second"
    for head, sent in (
        (f"Content-Length: {len(body)}", LINE % b"first"),
        ("Transfer-Encoding: chunked", chunked(LINE % b"first")),
        ("Transfer-Encoding: chunked", chunked(LINE % b"first") + b"zz\r\n"),
    ):
        problem(exchange(small, post(small, token, head) + sent, then_close=True), 400, "malformed")
        assert not there(small, "first")


def test_too_much(small: Server, token: str) -> None:
    problem(exchange(small, post(small, token, f"Content-Length: {LIMIT + 1}")), 413, "too-large")
    head = post(small, token, "Transfer-Encoding: chunked")
    sent = chunked(LINE % b"large", *[b" " * (1 << 16)] * (LIMIT // (1 << 16) + 1))
    problem(exchange(small, head + sent), 413, "too-large")
    assert not there(small, "large")


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "application/json"}, {"Content-Encoding": "gzip"}, {"Content-Type": "text/plain"}],
)
def test_only_ndjson_and_not_compressed(small: Server, token: str, headers: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson", **headers}
    answer = requests.post(f"{small.url}/v1/import", LINE % b"other", headers=headers, timeout=20)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


def peak_of(server: Server) -> int:
    """The most memory that a worker of the server has had, in bytes."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    peaks = [re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in children]
    return max(int(peak[1]) for peak in peaks if peak) * 1024


def test_a_file_larger_than_what_it_is_given_in_memory(tmp_path: Path) -> None:
    """100 MB of lines, each passed over: the file is read and kept, and nothing of it is held in memory."""
    home = tmp_path / "home"
    server = Server(home, PARLEY_WORKERS="1", PARLEY_SYNCHRONOUS="normal", PARLEY_MMAP_BYTES="0").start()
    try:
        token = server.parley("token", "create", "--scope", "write", "--name", "x").stdout.split()[-1]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        line = LINE.replace(b"}", b', "notes": "%s"}') % (b"ann", b"x" * 90_000)

        def send(lines: int) -> requests.Response:
            return requests.post(
                f"{server.url}/v1/import", iter([line] * lines), headers=headers, timeout=300
            )

        assert send(60).status_code == 200
        before = peak_of(server)
        answer = send(1_100)
        assert answer.json()["unchanged"] == 1_100, answer.text
        assert peak_of(server) - before < 60 << 20
    finally:
        assert server.stop() == 0
