"""What unattended callers lean on, shown on a real server: no edit is lost, no write is done twice."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import ROOT, Server
from tests.web.crashing import AFTER, BEFORE
from tests.web.samples import MERGE_PATCH, MINIMAL

WRITERS, EDITS = 16, 400
SENDERS = 20
ANN = MINIMAL["actor"]


def authorized(server: Server, name: str) -> dict[str, str]:
    made = server.parley("token", "create", "--scope", "write", "--name", name)
    return {"Authorization": f"Bearer {made.stdout.split()[-1]}"}


@pytest.fixture(scope="module")
def headers(server: Server) -> dict[str, str]:
    return authorized(server, "lean-on")


def named(server: Server, name: str) -> list[str]:
    """The ids of the actors of this name."""
    url, found = f"{server.url}/v1/actors?limit=1000", []
    while url:
        page = requests.get(url, timeout=30).json()
        found += [item["id"] for item in page["items"] if item["name"] == name]
        url = page["next"]
    return found


def test_of_many_writers_none_loses_an_edit(server: Server, headers: dict[str, str]) -> None:
    """Each reads, adds its mark, and writes back, until its edits are acknowledged; by PATCH or by PUT."""
    url = f"{server.url}/v1/actors/much-edited"
    requests.put(url, json=ANN, headers=headers, timeout=30).raise_for_status()
    statuses: list[int] = []

    def write(writer: int) -> list[str]:
        marks = []
        with requests.Session() as session:
            session.headers.update(headers)
            while len(marks) < EDITS // WRITERS:
                read, mark = session.get(url, timeout=60), f"{writer}-{len(marks)}"
                tags = [*read.json().get("tags", []), mark]
                sent: dict[str, Any] = {"method": "PUT", "json": {**read.json(), "tags": tags}}
                kind = "application/json"
                if writer % 2:
                    sent, kind = {"method": "PATCH", "data": json.dumps({"tags": tags})}, MERGE_PATCH
                conditions = {"If-Match": read.headers["ETag"], "Content-Type": kind}
                answer = session.request(url=url, headers=conditions, timeout=60, **sent)
                statuses.append(answer.status_code)
                if answer.status_code == 200:
                    assert answer.json()["tags"] == tags
                    marks.append(mark)
        return marks

    with ThreadPoolExecutor(WRITERS) as pool:
        acknowledged = [mark for marks in pool.map(write, range(WRITERS)) for mark in marks]
    record = requests.get(url, timeout=30).json()
    assert len(acknowledged) == EDITS == statuses.count(200)
    assert record["version"] == 1 + EDITS
    assert sorted(record["tags"]) == sorted(acknowledged)
    # 503 is a writer whose turn did not come in time: nothing was written, and it came again.
    assert set(statuses) <= {200, 412, 503}
    assert 412 in statuses, "they were in each other's way"


def test_of_one_post_sent_many_times_at_once_one_is_done(server: Server, headers: dict[str, str]) -> None:
    for round in range(5):
        document, together = {**ANN, "name": f"Once {round}"}, threading.Barrier(SENDERS)

        def send(
            _: int, document: Any = document, together: threading.Barrier = together
        ) -> requests.Response:
            together.wait()
            sent = {**headers, "Idempotency-Key": f'"{document["name"]}"'}
            return requests.post(f"{server.url}/v1/actors", json=document, headers=sent, timeout=60)

        with ThreadPoolExecutor(SENDERS) as pool:
            answers = list(pool.map(send, range(SENDERS)))
        done = [answer for answer in answers if answer.status_code == 201]
        assert [answer.headers.get("Idempotency-Replayed") for answer in done].count(None) == 1
        assert len({answer.content for answer in done}) == 1
        for answer in answers:
            if answer.status_code != 201:
                assert answer.status_code == 409
                assert answer.json()["type"] == "/problems/idempotency-key-in-use"
                assert int(answer.headers["Retry-After"]) >= 1
        assert named(server, str(document["name"])) == [done[0].json()["id"]]


def test_who_sends_slowly_keeps_no_writer_waiting(server: Server, headers: dict[str, str]) -> None:
    body = json.dumps({**ANN, "name": "Slow"}).encode()
    host, port = server.address.split(":")
    head = [
        "POST /v1/actors HTTP/1.1",
        f"Host: {server.address}",
        f"Authorization: {headers['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Idempotency-Key: slow",
        "Connection: close",
    ]
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body[:5])
        for _ in range(5):
            sent = {**headers, "Idempotency-Key": os.urandom(8).hex()}
            assert (
                requests.post(f"{server.url}/v1/actors", json=ANN, headers=sent, timeout=30).status_code
                == 201
            )
        connection.sendall(body[5:])
        with connection.makefile("rb") as answer:
            assert answer.readline().split()[1] == b"201"
    assert len(named(server, "Slow")) == 1


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose workers die when a request asks them to."""
    running = Server(tmp_path_factory.mktemp("mortal") / "home")
    configuration = ROOT / "docker" / "gunicorn.conf.py"
    running.start("gunicorn", "--config", str(configuration), "tests.web.crashing:app()")
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_worker_that_dies_leaves_the_write_done_once(mortal: Server, when: str) -> None:
    """Between commit and answer: the retry is given the answer. Before the commit: it finds nothing done."""
    url, document = f"{mortal.url}/v1/actors", {**ANN, "name": when}
    sent = {**authorized(mortal, when), "Idempotency-Key": f'"{when}"'}
    with pytest.raises(requests.ConnectionError):
        requests.post(url, json=document, headers={**sent, "X-Die": when}, timeout=30)
    assert len(named(mortal, when)) == (when == AFTER)
    again = requests.post(url, json=document, headers=sent, timeout=30)
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (
        201,
        "true" if when == AFTER else None,
    )
    assert named(mortal, when) == [again.json()["id"]]
    assert requests.get(mortal.url + again.headers["Location"], timeout=30).content == again.content


def test_the_answer_that_a_killed_server_gave_outlives_it(tmp_path: Path) -> None:
    """All of it is killed at any moment and started anew, while a caller sends until it is answered."""
    server = Server(tmp_path / "home").start()
    headers, answered = authorized(server, "stubborn"), []
    url, document = f"{server.url}/v1/actors", {**ANN, "name": "Stubborn"}
    ending, deadline = threading.Event(), time.monotonic() + 120

    def send() -> None:
        for number in range(1_000):
            if ending.is_set():
                return
            sent, answer = {**headers, "Idempotency-Key": f'"stubborn-{number}"'}, None
            while answer is None or answer.status_code != 201:
                assert time.monotonic() < deadline
                try:
                    answer = requests.post(url, json=document, headers=sent, timeout=30)
                except requests.RequestException:
                    ending.wait(0.02)
            answered.append(answer.json()["id"])

    caller = threading.Thread(target=send)
    caller.start()
    try:
        for _ in range(3):
            before = len(answered)
            while len(answered) < before + 10:
                assert time.monotonic() < deadline
                caller.join(0.01)
            assert server.process is not None
            children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
            for pid in (server.process.pid, *map(int, children.split())):
                os.kill(pid, signal.SIGKILL)
            server.process.wait()
            server.start()
    finally:
        ending.set()
        caller.join()
    assert sorted(answered) == sorted(named(server, "Stubborn"))
    assert len(answered) >= 30
    assert server.stop() == 0
