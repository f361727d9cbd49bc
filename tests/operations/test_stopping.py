"""A server that is told to stop finishes what it has begun, and loses nothing that it acknowledged."""

import http.client
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import apsw
import pytest
import requests

from scripts.serving import CONFIGURATION
from tests.conftest import Server

LINES = 40_000

SLOW_TO_START = f"""
from runpy import run_path
from time import sleep

globals().update(run_path({str(CONFIGURATION)!r}))
as_shipped = post_fork

def post_fork(server, worker):
    sleep(%s if worker.age == 2 else 0)
    as_shipped(server, worker)
    sleep(%s if worker.age == 2 else 0)
"""
"""A configuration of gunicorn: as shipped, but so many seconds pass in the second worker before the hook that
is called when it was forked, and so many after it."""


def export(server: Server, started: threading.Event, goes_on: threading.Event, into: list[bytes]) -> None:
    """Read an export slowly: some of it, and the rest when that is allowed."""
    connection = http.client.HTTPConnection(server.address, timeout=60)
    connection.request("GET", "/v1/export")
    answer = connection.getresponse()
    into.append(answer.read(10))
    started.set()
    goes_on.wait(60)
    into.append(answer.read())
    connection.close()


@pytest.mark.database("sqlite")
def test_a_slow_write_and_a_stream_are_finished(tmp_path: Path) -> None:
    server = Server(tmp_path / "home", PARLEY_BUSY_TIMEOUT="20", PARLEY_LOG_FORMAT="json")
    many = tmp_path / "many.ndjson"
    with many.open("w") as file:
        for number in range(LINES):
            line = {
                "kind": "actor",
                "id": f"actor-{number:06}",
                "type": "person",
                "name": f"Actor {number}" * 5,
            }
            file.write(json.dumps(line) + "\n")
    server.parley("import", str(many))
    token = server.parley("token", "create", "--scope", "write").stdout.strip()
    server.start()

    started, goes_on, streamed = threading.Event(), threading.Event(), list[bytes]()
    streaming = threading.Thread(target=export, args=(server, started, goes_on, streamed))
    streaming.start()
    assert started.wait(30)

    # Somebody else holds the lock of writes: ours has begun, and cannot end.
    other = apsw.Connection(str(tmp_path / "home" / "parley.db"))
    other.execute("BEGIN IMMEDIATE")
    answers: list[Any] = []
    writing = threading.Thread(
        target=lambda: answers.append(
            requests.post(
                f"{server.url}/v1/actors",
                json={"id": "late", "type": "person", "name": "Late"},
                headers={"Authorization": f"Bearer {token}"},
                timeout=60,
            )
        )
    )
    writing.start()
    time.sleep(0.5)

    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    time.sleep(1.5)
    assert server.process.poll() is None
    try:
        refused = not requests.get(f"{server.url}/livez", timeout=2).ok
    except requests.RequestException:
        refused = True
    assert refused, "nothing new is begun"
    goes_on.set()
    other.execute("ROLLBACK")
    other.close()
    streaming.join(60)
    writing.join(60)
    assert server.process.wait(30) == 0

    (answer,) = answers
    assert answer.status_code == 201
    lines = b"".join(streamed).splitlines()
    assert len(lines) == LINES
    assert json.loads(lines[-1])["id"] == f"actor-{LINES - 1:06}"
    server.start()
    assert requests.get(f"{server.url}/v1/actors/late", timeout=10).json()["name"] == "Late"
    assert server.stop() == 0
    told = [json.loads(line) for line in server.log.read_text().splitlines()]
    finished = [(line["route"], line["status"]) for line in told if line["event"] == "request"]
    assert ("/v1/export", 200) in finished
    assert ("/v1/actors", 201) in finished
    assert not [line for line in told if line.get("broken_off")]


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("seconds", [(3, 0), (0, 3)])
def test_a_worker_that_has_only_been_forked_is_stopped_as_well(
    tmp_path: Path, seconds: tuple[int, int]
) -> None:
    """It was told to, and served on until its master killed it, when the grace of 30 seconds had passed."""
    configuration = tmp_path / "slow.conf.py"
    configuration.write_text(SLOW_TO_START % seconds)
    server = Server(tmp_path / "home")
    server.start("gunicorn", "--config", str(configuration))
    server.workers()
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(15) == 0
    assert "SIGKILL" not in server.log.read_text()
