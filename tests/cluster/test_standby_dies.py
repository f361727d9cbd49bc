"""A standby that dies, and is waited for: what callers of a service are told until somebody sees to it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from tests.conftest import ACTOR, Server
from tests.replicas import PASSWORDS, Pair

BUSY, COMMIT = 1.0, 4.0


class Desk:
    """A service on the pair, and a caller that keeps account of what it was told."""

    def __init__(self, pair: Pair, home: Path) -> None:
        self.service = Server(
            home,
            PARLEY_DATABASE_URL=postgres.url(pair.nodes, "read-write"),
            PARLEY_DATABASE_READ_URL=postgres.url(pair.nodes, "prefer-standby"),
            PARLEY_BUSY_TIMEOUT=str(BUSY),
            PARLEY_COMMIT_TIMEOUT=str(COMMIT),
            PGPASSWORD=PASSWORDS["DATABASE_PASSWORD"],
        )
        token = self.service.parley("token", "create", "--scope", "write").stdout.strip()
        self.headers = {"Authorization": f"Bearer {token}"}
        self.acknowledged = set[str]()
        self.service.start()

    def write(self, name: str, key: str | None = None) -> requests.Response:
        headers = self.headers if key is None else {**self.headers, "Idempotency-Key": key}
        url, document = f"{self.service.url}/v1/actors", {**ACTOR, "name": name}
        answer = requests.post(url, json=document, headers=headers, timeout=60)
        if answer.status_code == 201:
            self.acknowledged.add(answer.json()["id"])
        return answer

    def names(self) -> list[str]:
        answer = requests.get(f"{self.service.url}/v1/actors", timeout=10)
        assert answer.status_code == 200
        return sorted(item["name"] for item in answer.json()["items"])

    def workers(self) -> list[int]:
        return self.service.workers()


class Waiting(threading.Thread):
    """A write whose answer is waited for."""

    def __init__(self, desk: Desk, name: str, key: str) -> None:
        super().__init__()
        self.desk, self.named, self.key = desk, name, key
        self.answer: Any = None
        self.seconds = 0.0
        self.start()

    def run(self) -> None:
        began = time.monotonic()
        self.answer = self.desk.write(self.named, self.key)
        self.seconds = time.monotonic() - began


def refused(answer: requests.Response, status: int = 503) -> str:
    """What a caller that is to come again is told."""
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "1"), answer.text
    return str(answer.json()["detail"])


@pytest.fixture
def desk(pair: Pair, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(pair, tmp_path / "home")
    workers = made.workers()
    try:
        assert made.write("before").status_code == 201
        yield made
        assert made.workers() == workers, "none was started anew"
    finally:
        status = made.service.stop()
    assert status == 0
    made.service.parley("check")


@pytest.mark.parametrize("mended", ["alone", "started again"])
def test_what_waited_for_the_standby_is_there_once_when_nobody_waits_any_more(
    pair: Pair, desk: Desk, mended: str
) -> None:
    primary, standby = pair.nodes
    pair.kill(standby)

    # One write waits for the standby. The others wait for that one, and are told so in time, and reads go on.
    waiting = Waiting(desk, "waits", "key")
    time.sleep(0.5)
    while waiting.is_alive():
        began = time.monotonic()
        refused(desk.write("never"))
        assert time.monotonic() - began < BUSY + 3
        assert desk.names() == ["before"], "it is not to be seen before it is on both"
        # Sent again it is not done again.
        again = desk.write("waits", "key")
        assert "in progress" in refused(again, 409)
    # In the end it is told as well, and not that it was not written: nobody knows.
    assert "may yet" in refused(waiting.answer)
    assert COMMIT <= waiting.seconds < COMMIT + 3
    refused(desk.write("never"))
    assert "in progress" in refused(desk.write("waits", "key"), 409), "the server still has it"
    assert desk.names() == ["before"]

    if mended == "alone":
        postgres.command(primary, "alone")
    else:
        pair.start(standby)
    last: list[requests.Response] = []

    def done() -> bool:
        last.append(desk.write("waits", "key"))
        return last[-1].status_code == 201

    processes.wait_until(done, None, "a write", 30)
    assert last[-1].headers["Idempotency-Replayed"] == "true"
    assert desk.write("after").status_code == 201
    assert desk.names() == ["after", "before", "waits"], "each is there once, and what was refused is not"
    assert len(desk.acknowledged) == 3


def test_one_that_is_still_waiting_when_nobody_waits_any_more_is_acknowledged(pair: Pair, desk: Desk) -> None:
    primary, standby = pair.nodes
    pair.kill(standby)
    waiting = Waiting(desk, "waits", "key")
    time.sleep(0.5)
    assert waiting.is_alive()
    postgres.command(primary, "alone")
    waiting.join(COMMIT)
    assert waiting.answer.status_code == 201
    assert "Idempotency-Replayed" not in waiting.answer.headers
    assert desk.write("after").status_code == 201
    assert desk.names() == ["after", "before", "waits"]


def test_a_wait_that_is_cut_short_at_the_server_is_no_acknowledgement(pair: Pair, desk: Desk) -> None:
    """The server then says that it has committed, with a warning that no standby has."""
    primary, standby = pair.nodes
    pair.kill(standby)
    waiting = Waiting(desk, "waits", "key")
    time.sleep(0.5)
    postgres.sql(primary, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    waiting.join(COMMIT)
    assert "may yet" in refused(waiting.answer)
    postgres.command(primary, "alone")
    assert desk.write("waits", "key").status_code == 201
    assert desk.names() == ["before", "waits"]
