"""What is seen of a real server: a line for each request, and numbers that add up over workers."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from service.web.metrics import FOLDER
from service.web.metrics_places import Master
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
    running.start()
    eventually(lambda: metrics(running)["parley_store_up"] == 1)
    yield running
    assert running.stop() == 0


MEMORY = Path("/dev/shm")  # noqa: S108 -- nothing is made there


def eventually(asked: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while True:
        try:
            if asked():
                return
        except requests.ConnectionError:
            pass
        assert time.monotonic() < end, "in vain"
        time.sleep(0.05)


def lines(server: Server, **wanted: Any) -> list[dict[str, Any]]:
    """What was logged, those lines that have these values; every line is JSON."""
    found = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in found if wanted.items() <= line.items()]


def soon(server: Server, **wanted: Any) -> list[dict[str, Any]]:
    eventually(lambda: lines(server, **wanted))
    return lines(server, **wanted)


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
        "pid",
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
    eventually(lambda: metrics(watched)["parley_requests_broken_off_total"] > before)
    assert soon(watched, broken_off=True)


def test_numbers_add_up_over_workers_and_outlive_them(watched: Server) -> None:
    name = "parley_request_seconds_count method=GET route=/v1/tracks status=2xx"
    before = metrics(watched).get(name, 0)
    for _ in range(20):
        with requests.Session() as session:  # Each on a connection of its own: whichever worker takes it.
            assert session.get(f"{watched.url}/v1/tracks", timeout=10).status_code == 200
    eventually(lambda: metrics(watched).get(name) == before + 20)
    assert watched.process is not None
    assert len(children(watched)) == 3
    for child in children(watched):
        if child != listener(watched):
            os.kill(child, signal.SIGKILL)
    assert metrics(watched)[name] == before + 20, "also those of workers that are gone"
    eventually(lambda: metrics(watched).get("parley_requests_in_progress") == 0)


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


def test_an_address_that_is_taken_is_waited_for(watched: Server, tmp_path: Path) -> None:
    """A server that was just killed may have it still; the service does not wait for its metrics."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        other = Server(tmp_path / "other", PARLEY_METRICS_BIND=bind, PARLEY_LOG_FORMAT="json").start()
        (line,) = soon(other, level="warning")
        assert f"no metrics at {bind} yet" in line["event"]
    eventually(lambda: metrics(other)["parley_store_up"] == 1)
    assert other.stop() == 0


def folder(server: Server) -> Path:
    assert server.process is not None
    (found,) = MEMORY.glob(f"parley-metrics-{server.process.pid}-*")
    return found


def children(server: Server) -> list[int]:
    """Its workers, and the listener of its metrics."""
    assert server.process is not None
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return [int(child) for of_one in threads for child in of_one.read_text().split()]


def listener(server: Server) -> int:
    """The process that answers; 0 if there is none just now."""
    for child in children(server):
        with suppress(FileNotFoundError):  # It has ended meanwhile.
            if b"metrics_listener" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    return 0


def test_a_new_worker_counts_on_in_the_files_of_the_one_before(watched: Server) -> None:
    files = sorted(folder(watched).iterdir())
    name = "parley_request_seconds_count method=GET route=/v1/talks status=2xx"
    for times in range(1, 4):
        before = set(children(watched))
        os.kill(next(child for child in before if child != listener(watched)), signal.SIGKILL)
        eventually(lambda: len(children(watched)) == 3 and set(children(watched)) != before)  # noqa: B023
        eventually(lambda: requests.get(f"{watched.url}/livez", timeout=10).ok)
        assert requests.get(f"{watched.url}/v1/talks", timeout=10).status_code == 200
        # Counted when the last byte is sent, which its reader may have a moment earlier.
        eventually(lambda: metrics(watched).get(name) == times)  # noqa: B023
    assert sorted(folder(watched).iterdir()) == files


def test_numbers_are_had_while_a_worker_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files are there in full or not at all."""
    monkeypatch.setenv(FOLDER, "")  # And as it was afterwards: a master says there where its folder is.
    master = Master()
    collector = MultiProcessCollector(None, str(master.folder))  # type: ignore[no-untyped-call]

    def start_and_end() -> None:
        for _ in range(2000):
            assert master.place(set()) == 0
            master.left(0)

    with ThreadPoolExecutor() as pool:
        under_way, looked = pool.submit(start_and_end), 0
        while not under_way.done():
            collector.collect()  # type: ignore[no-untyped-call]
            looked += 1
    under_way.result()
    master.stop()
    assert looked > 100


def test_a_listener_that_was_killed_is_started_again(watched: Server) -> None:
    """Also where no worker ends, and where one ends with it."""
    for with_a_worker in (False, True):
        killed = listener(watched)
        worker = next(child for child in children(watched) if child != killed)
        os.kill(killed, signal.SIGKILL)
        if with_a_worker:
            os.kill(worker, signal.SIGKILL)
        eventually(lambda killed=killed: listener(watched) not in (0, killed))
        eventually(lambda: metrics(watched)["parley_store_up"] == 1)


def test_methods_that_callers_make_up_are_one(watched: Server) -> None:
    for number in range(5):
        requests.request(f"MADE{number}", f"{watched.url}/v1/actors", timeout=10)
    name = "parley_request_seconds_count method=OTHER route=none status=4xx"
    eventually(lambda: metrics(watched).get(name) == 5)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Not by a server that is stopped, nor, once another starts, by one that was killed."""
    bind = f"127.0.0.1:{free_port()}"
    server = Server(tmp_path / "home", PARLEY_METRICS_BIND=bind).start()
    assert server.process is not None
    eventually(lambda: metrics(server)["parley_store_up"] == 1)
    left, listening = folder(server), listener(server)
    server.process.kill()
    server.process.wait()
    eventually(lambda: not Path(f"/proc/{listening}").exists())
    assert left.exists()
    server.start()
    assert not left.exists()
    eventually(lambda: metrics(server)["parley_store_up"] == 1)
    left = folder(server)
    assert server.stop() == 0
    assert not left.exists()


def test_without_a_setting_there_are_none(server: Server) -> None:
    assert server.process is not None
    assert not list(MEMORY.glob(f"parley-metrics-{server.process.pid}-*"))
    eventually(lambda: len(children(server)) == 2)  # The first answers before the second is there.
    assert not listener(server)
