"""One POST: to the address that was checked, under the name that was asked for, and no further."""

import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme

from service.delivering import posting
from service.delivering.addresses import Address, addresses, target
from service.delivering.posting import Reply
from service.errors import Undeliverable
from tests.delivering.receiver import Receiver, receiving

HEADERS = {"X-Test": "yes"}


def sent(url: str, timeout: float = 10) -> Reply:
    place = target(url)
    return posting.post(place, addresses(place, private=True), b"{}", HEADERS, timeout)


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that speaks https, as localhost, with a certificate that this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "hooks.example").configure_cert(context)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with receiving(context) as running:
        running.asked = asked  # type: ignore[attr-defined]
        yield running


def test_what_is_sent(receiver: Receiver) -> None:
    reply = sent(f"{receiver.url}?a=b%20c")
    assert reply == Reply(204, 0, "204 No Content")
    (message,) = receiver.received
    assert (message.path, message.body, message.headers["X-Test"]) == ("/hook?a=b%20c", b"{}", "yes")
    assert message.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert message.headers["Content-Length"] == "2"


def test_https_by_the_name_whatever_the_address(secure: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(secure.named).status == 204
    # The name is not looked up a second time: what was checked is what is connected to.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("asked for an address again"))
    place = target(f"https://hooks.example:{secure.port}/x")
    there = [Address(socket.AF_INET, ("127.0.0.1", secure.port))]
    assert posting.post(place, there, b"{}", {}).status == 204
    assert [message.headers["Host"] for message in secure.received] == [
        f"localhost:{secure.port}",
        f"hooks.example:{secure.port}",
    ]
    assert secure.asked == ["localhost", "hooks.example"]  # type: ignore[attr-defined]


def test_another_s_certificate_is_refused(secure: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Undeliverable, match="CERTIFICATE_VERIFY_FAILED"):
        sent(secure.url)  # It is of localhost, not of 127.0.0.1.
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Undeliverable, match="CERTIFICATE_VERIFY_FAILED"):
        sent(secure.named)
    assert secure.received == []


def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert sent(receiver.url).status == 204


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", receiver.url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answers = [elsewhere, 204]
    assert sent(receiver.url).status == status
    assert len(receiver.received) == 1


def test_what_a_receiver_says_is_quoted_and_harmless(receiver: Receiver) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503, "a reason")
        handler.send_header("Retry-After", "120")
        handler.end_headers()
        handler.wfile.write(b"Zu \x1b[31mviel\r\n" + b"\xff" + b"x" * 1_000_000)

    receiver.answers = [refuse]
    reply = sent(receiver.url)
    assert (reply.status, reply.retry_after) == (503, 120)
    assert reply.text.startswith("503 Service Unavailable: Zu  [31mviel  \ufffdxxx")
    assert len(reply.text) < 250


@pytest.mark.parametrize("wanted", ["Wed, 21 Oct 2026 07:28:00 GMT", "-5", "1.5", "٣", "9" * 40, ""])
def test_a_delay_that_is_none(receiver: Receiver, wanted: str) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 429 Slow\r\nRetry-After: " + wanted.encode() + b"\r\n\r\n")

    receiver.answers = [refuse]
    assert sent(receiver.url) == Reply(429, 0, "429 Too Many Requests")


def test_a_delay_until_an_instant(receiver: Receiver) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", formatdate(time.time() + 120, usegmt=True))
        handler.end_headers()

    receiver.answers = [refuse]
    assert 110 < sent(receiver.url).retry_after <= 120


def drip(beginning: bytes) -> Any:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(beginning)
        for _ in range(200):
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.05)

    return answer


def test_an_answer_that_drips_in_is_not_waited_for(receiver: Receiver) -> None:
    for beginning in (b"", b"HTTP/1.1 200 OK\r\nX: "):
        receiver.answers = [drip(beginning)]
        begun = time.monotonic()
        with pytest.raises(Undeliverable, match=r"No answer within 0\.5 s"):
            sent(receiver.url, timeout=0.5)
        assert time.monotonic() - begun < 2


def test_the_status_is_the_answer_whatever_comes_after_it(receiver: Receiver) -> None:
    receiver.answers = [drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")]
    begun = time.monotonic()
    assert sent(receiver.url, timeout=0.5).status == 200
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "answer", [b"", b"he\x1b[31mllo\r\n\r\n", b"HTTP/1.1 20\r\n\r\n", b"\x16\x03\x01\x00\x00"]
)
def test_what_is_no_answer(receiver: Receiver, answer: bytes) -> None:
    receiver.answers = [lambda handler: handler.wfile.write(answer) and None]
    with pytest.raises(Undeliverable) as raised:
        sent(receiver.url)
    assert raised.value.detail.isprintable()


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Undeliverable, match="ConnectionRefusedError"):
            sent(f"http://127.0.0.1:{port}/")


def test_the_next_address_where_one_does_not_answer(receiver: Receiver) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        places = [taken.getsockname(), ("127.0.0.1", receiver.port)]
        there = [Address(socket.AF_INET, place) for place in places]
        assert posting.post(target(receiver.url), there, b"{}", {}).status == 204


def test_no_handshake_is_waited_for_longer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(Undeliverable, match=r"No answer within 0\.5 s"):
            sent(f"https://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.5)
