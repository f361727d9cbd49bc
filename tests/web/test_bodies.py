"""Bodies as they come over the wire, to a real server: by length, in chunks, broken off, too long."""

import json
from collections.abc import Iterator

import pytest

from service.settings import TABLE
from tests.conftest import Server
from tests.web.samples import MINIMAL, PROBLEM
from tests.web.wire import chunked, exchange, post, problem

LIMIT = int(next(setting.default for setting in TABLE if setting.name == "PARLEY_MAX_BODY"))
DOCUMENT = json.dumps(MINIMAL["actor"]).encode()


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.parley("token", "create", "--scope", "write", "--name", "bodies").stdout.split()[-1]


def test_a_body_by_its_length(server: Server, token: str) -> None:
    head = post(server, token, f"Content-Length: {len(DOCUMENT)}", "Connection: close")
    assert exchange(server, head + DOCUMENT).status == 201


def test_a_body_in_chunks(server: Server, token: str) -> None:
    head = post(server, token, "Transfer-Encoding: chunked", "Connection: close")
    for pieces in ([DOCUMENT], [DOCUMENT[:1], DOCUMENT[1:7], DOCUMENT[7:]]):
        assert exchange(server, head + chunked(*pieces, b"")).status == 201
    assert exchange(server, head + b"5;name=value\r\n" + DOCUMENT[:5] + b"\r\n" + chunked(DOCUMENT[5:], b"")
                    ).status == 201  # fmt: skip


def test_a_body_that_says_that_it_is_too_long(server: Server, token: str) -> None:
    # It is refused by its length alone, before any of it is there.
    head = post(server, token, f"Content-Length: {LIMIT + 1}")
    answer = exchange(server, head)
    problem(answer, 413, "too-large")
    problem(exchange(server, post(server, token, f"Content-Length: {1 << 62}")), 413, "too-large")
    fits = DOCUMENT + b" " * (LIMIT - len(DOCUMENT))
    assert exchange(server, post(server, token, f"Content-Length: {LIMIT}") + fits).status == 201


def endless(pieces: int) -> Iterator[bytes]:
    yield from [b" " * (1 << 16)] * pieces


def test_chunks_that_come_to_too_much(server: Server, token: str) -> None:
    head = post(server, token, "Transfer-Encoding: chunked")
    over = chunked(DOCUMENT, *endless(LIMIT // (1 << 16)), b"")
    problem(exchange(server, head + over), 413, "too-large")
    # Never to end is no way round it.
    problem(exchange(server, head + chunked(DOCUMENT, *endless(40))), 413, "too-large")
    fits = [DOCUMENT, b" " * (LIMIT - len(DOCUMENT))]
    assert exchange(server, head + chunked(*fits, b"")).status == 201


def test_after_a_body_too_long_the_service_goes_on(server: Server, token: str) -> None:
    for _ in range(20):
        problem(exchange(server, post(server, token, f"Content-Length: {LIMIT + 1}")), 413, "too-large")
    head = post(server, token, f"Content-Length: {len(DOCUMENT)}", "Connection: close")
    assert exchange(server, head + DOCUMENT).status == 201


def test_a_body_that_breaks_off_is_not_taken_for_a_shorter_one(server: Server, token: str) -> None:
    head = post(server, token, f"Content-Length: {len(DOCUMENT) + 5}")
    problem(exchange(server, head + DOCUMENT, then_close=True), 400, "malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n{}\r\n",
        b"2\r\n{}XX0\r\n\r\n",
        b"\r\n\r\n",
        b"ffffffffffffffffffff\r\n{}",
    ],
)
def test_chunks_that_are_none(server: Server, token: str, body: bytes) -> None:
    head = post(server, token, "Transfer-Encoding: chunked")
    problem(exchange(server, head + body, then_close=True), 400, "malformed")


def test_chunks_that_break_off_are_not_taken_for_the_whole(server: Server, token: str) -> None:
    head = post(server, token, "Transfer-Encoding: chunked")
    problem(exchange(server, head + chunked(DOCUMENT), then_close=True), 400, "malformed")


def test_a_write_without_a_body(server: Server, token: str) -> None:
    problem(exchange(server, post(server, token)), 400, "malformed")
    problem(exchange(server, post(server, token, "Content-Length: 0")), 400, "malformed")


def test_what_follows_a_refused_body_is_no_request(server: Server, token: str) -> None:
    smuggled = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    for header, body in (
        ("Transfer-Encoding: chunked", b"zz\r\n" + smuggled),
        (f"Content-Length: {LIMIT + len(smuggled)}", smuggled * 3),
    ):
        answer = exchange(server, post(server, token, header) + body, then_close=True)
        assert answer.status in (400, 413)
        assert b"HTTP/1.1" not in answer.body


def test_a_long_question_arrives(server: Server) -> None:
    answer = exchange(server, f"GET /v1/actors?x={'y' * 7_000} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    problem(answer, 422, "invalid")


def test_what_the_server_refuses_before_the_service_is_a_problem_too(server: Server) -> None:
    for line in (b"GET /v1/actors?" + b"x" * 9_000 + b" HTTP/1.1", b"GET /v1/actors HTTP/1.1\r\nno header"):
        answer = exchange(server, line + b"\r\nHost: parley\r\n\r\n")
        assert answer.status in (400, 414)
        assert answer.headers["content-type"] == PROBLEM
        assert json.loads(answer.body)["type"] == "/problems/malformed"
