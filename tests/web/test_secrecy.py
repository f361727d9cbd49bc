"""No token stands in what the service or its server says, wherever a caller may have put it."""

import logging
import socket
from pathlib import Path

import pytest
import requests

from service import secrets
from tests.conftest import Server

MISPLACED = (
    "GET /v1/actors HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {token}\r\n\r\n",
    "GET /v1/actors HTTP/1.1\r\nHost: x\r\n{token}\r\n\r\n",
    "GET /v1/actors HTTP/1.1\r\nHost: x\r\n{token} : x\r\n\r\n",
    "GET /v1/actors HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\x00\r\n\r\n",
    "GET /v1/actors {token}\r\nHost: x\r\n\r\n",
    "{token} /v1/actors HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET {token} HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /v1/actors HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {token}\r\n\r\n",
    "GET /v1/actors HTTP/1.1\r\nHost: x\r\nContent-Length: {token}\r\n\r\n",
)


def sent(server: Server, raw: str) -> str:
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(raw.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
    return answer.decode("latin-1")


def test_no_token_is_logged_or_answered(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    token = server.parley("token", "create", "--scope", "write").stdout.strip()
    server.start()
    url, bearer = f"{server.url}/v1/actors", {"Authorization": f"Bearer {token}"}
    answers = [sent(server, raw.format(token=token)) for raw in MISPLACED]
    said = [answer for answer in answers if "parley_" in answer]
    with requests.Session() as session:
        asked = (
            session.get(url, headers=bearer, timeout=10),
            session.get(f"{url}?token={token}", timeout=10),
            session.get(url, headers={"Authorization": f"Basic {token}"}, timeout=10),
            session.post(url, data=f'{{"name": "{token}"', headers=bearer, timeout=10),
        )
        answers += [f"{answer.headers} {answer.text}" for answer in asked]
    # Where the service itself fails, and says so: the store is gone.
    for file in (tmp_path / "home").glob("parley.db*"):
        file.unlink()
    failed = requests.get(
        f"{server.url}/v1/actors/{token.lower().replace('_', '-')}", headers=bearer, timeout=10
    )
    assert failed.status_code == 503
    server.stop()
    log = server.log.read_text()
    assert "unavailable on GET /v1/actors" in log
    assert "parley_[hidden]" in log, "what was sent misplaced is quoted there"
    secret = token.removeprefix(secrets.PREFIX)
    assert secret not in log
    assert not [answer for answer in answers if secret in answer]
    assert not [answer for answer in said if "parley_[hidden]" not in answer]


def test_a_traceback_has_none_either(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "parley_" + "aB3-_" * 9
    monkeypatch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())
    secrets.keep_from_logs()
    made = logging.getLogRecordFactory()
    secrets.keep_from_logs()
    assert logging.getLogRecordFactory() is made, "once is enough"
    log = logging.getLogger("a-library")
    try:
        raise ValueError(token)
    except ValueError:
        log.exception("failed on %s", token)
    log.error("%d and %s", 5, b"Bearer " + token.encode())
    log.error("nothing to hide: %s", "x")
    assert token not in caplog.text
    assert caplog.text.count("parley_[hidden]") == 3
    assert "ValueError" in caplog.text
    assert "nothing to hide: x" in caplog.text
