"""What is seen of a real server: a line for each request, and numbers that add up over workers."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ACTOR, Another, Server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, another: Another) -> Iterator[Server]:
    """A server of two workers, whose metrics are at ``METRICS``."""
    running = Server(
        tmp_path_factory.mktemp("watched") / "home",
        PARLEY_DATABASE_URL=another(),
        PARLEY_METRICS_BIND=f"127.0.0.1:{free_port()}",
        PARLEY_LOG_FORMAT="json",
    )
    running.parley("demo")
    yield running.start()
    assert running.stop() == 0


def lines(server: Server, **wanted: Any) -> list[dict[str, Any]]:
    """What was logged, those lines that have these values; every line is JSON."""
    found = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in found if wanted.items() <= line.items()]


def soon(server: Server, **wanted: Any) -> list[dict[str, Any]]:
    for _ in range(100):
        if found := lines(server, **wanted):
            return found
        time.sleep(0.05)
    raise AssertionError(f"{wanted} is not in {lines(server)}")


def metrics(server: Server) -> dict[str, float]:
    """Each sample by its name, and its labels where it has some."""
    answer = requests.get(f"http://{server.environ['PARLEY_METRICS_BIND']}/metrics", timeout=10)
    assert answer.status_code == 200
    return {
        sample.name
        + "".join(f" {label}={value}" for label, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_request_has_a_line_that_tells_no_more_than_it_should(watched: Server) -> None:
    token = watched.parley("token", "create", "--scope", "write", "--name", "desk").stdout.strip()
    answer = requests.get(
        f"{watched.url}/v1/actors/vladimir-putin?known_at=2999",
        headers={"Authorization": f"Bearer {token}", "X-Request-Id": "desk-1.a_B"},
        timeout=10,
    )
    assert answer.headers["X-Request-Id"] == "desk-1.a_B"
    (line,) = soon(watched, request="desk-1.a_B")
    assert set(line) == {
        "at",
        "bytes",
        "event",
        "level",
        "method",
        "ms",
        "request",
        "route",
        "status",
        "token",
    }
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/actors/<id>", 200)
    assert (line["token"], line["bytes"]) == (1, len(answer.content))
    assert 0 < line["ms"] < 10_000
    assert "putin" not in json.dumps(line)


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", "<script>", "a\tb"])
def test_a_request_gets_a_number_where_it_brought_none_that_will_do(watched: Server, given: str) -> None:
    answer = requests.get(f"{watched.url}/livez", headers={"X-Request-Id": given.encode()}, timeout=10)
    number = answer.headers["X-Request-Id"]
    assert len(number) == 36
    assert soon(watched, request=number)[0]["route"] == "/livez"


def test_what_is_no_path_is_not_told(watched: Server) -> None:
    answer = requests.get(f"{watched.url}/secret-{os.getpid()}", timeout=10)
    (line,) = soon(watched, request=answer.headers["X-Request-Id"])
    assert (line["route"], line["status"]) == ("none", 404)
    assert f"secret-{os.getpid()}" not in watched.log.read_text()


def test_who_goes_before_the_answer_is_sent_is_counted(watched: Server) -> None:
    before = metrics(watched)["parley_requests_broken_off_total"]
    host, _, port = watched.address.partition(":")
    for _ in range(3):
        # A reader that takes in little, and goes: more is left than the system's buffers hold.
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect((host, int(port)))
            asked = "GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 8
            connection.sendall(asked.encode())
            connection.recv(1)
    for _ in range(100):
        if metrics(watched)["parley_requests_broken_off_total"] > before:
            break
        time.sleep(0.05)
    assert metrics(watched)["parley_requests_broken_off_total"] > before
    assert soon(watched, broken_off=True)


def test_numbers_add_up_over_workers_and_outlive_them(watched: Server) -> None:
    name = "parley_request_seconds_count method=GET route=/v1/tracks status=2xx"
    before = metrics(watched).get(name, 0)
    for _ in range(20):
        with requests.Session() as session:  # Each on a connection of its own: whichever worker takes it.
            assert session.get(f"{watched.url}/v1/tracks", timeout=10).status_code == 200
    assert metrics(watched)[name] == before + 20
    assert watched.process is not None
    children = Path(f"/proc/{watched.process.pid}/task/{watched.process.pid}/children").read_text().split()
    assert len(children) == 2
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    for _ in range(200):
        try:
            after = metrics(watched)
            break
        except requests.RequestException:
            time.sleep(0.05)
    assert after[name] == before + 20, "also those of workers that are gone"
    for _ in range(100):
        if metrics(watched)["parley_requests_in_progress"] == 0:
            break
        time.sleep(0.05)
    assert metrics(watched)["parley_requests_in_progress"] == 0


def test_the_store_is_told_of(watched: Server) -> None:
    token = watched.parley("token", "create", "--scope", "write").stdout.strip()
    found = metrics(watched)
    assert (found["parley_store_up"], found["parley_deliveries_due"]) == (1, 0)
    made = requests.post(
        f"{watched.url}/v1/actors", json=ACTOR, headers={"Authorization": f"Bearer {token}"}, timeout=10
    )
    assert (
        metrics(watched)["parley_revision"]
        == found["parley_revision"] + 1
        == int(made.headers["Parley-Revision"])
    )


def test_metrics_are_not_where_callers_are(watched: Server) -> None:
    assert requests.get(f"{watched.url}/metrics", timeout=10).status_code == 404


def test_an_address_that_is_taken_is_said_at_once(watched: Server, tmp_path: Path) -> None:
    other = Server(tmp_path / "other", PARLEY_METRICS_BIND=watched.environ["PARLEY_METRICS_BIND"])
    with pytest.raises(AssertionError, match="stopped"):
        other.start()
    assert "in use" in other.log.read_text()
