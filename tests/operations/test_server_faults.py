"""What may befall a PostgreSQL server: nothing acknowledged is lost, and it all mends itself."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests import postgres
from tests.conftest import ACTOR, Server

pytestmark = pytest.mark.database("postgresql")

BUSY, HELD = 2.0, 10.0
"""Seconds that a write waits for a lock, and that another session holds one."""


class Kept:
    """A PostgreSQL server of its own, and the service on it; what was acknowledged is kept account of."""

    def __init__(self, folder: Path, home: Path, **environ: str) -> None:
        self.folder = folder
        postgres.initialise(folder, max_connections="40")
        self.database = postgres.start(folder)
        self.service = Server(
            home, PARLEY_DATABASE_URL=postgres.url(folder), PARLEY_BUSY_TIMEOUT=str(BUSY), **environ
        )
        token = self.service.parley("token", "create", "--scope", "write").stdout.strip()
        self.headers = {"Authorization": f"Bearer {token}"}
        self.acknowledged = set[str]()
        self.service.start()

    def write(self) -> requests.Response:
        url = f"{self.service.url}/v1/actors"
        answer = requests.post(url, json=ACTOR, headers=self.headers, timeout=60)
        if answer.status_code == 201:
            self.acknowledged.add(answer.json()["id"])
        return answer

    def refused(self, why: str = "The database does not answer.") -> None:
        began = time.monotonic()
        answer = self.write()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), answer.text
        assert answer.json()["detail"] == why
        assert time.monotonic() - began < BUSY + 3

    def held(self) -> set[str]:
        with psycopg.connect(postgres.url(self.folder)) as connection:
            return {id for (id,) in connection.execute("SELECT id FROM record")}

    def workers(self) -> list[int]:
        return self.service.workers()


@pytest.fixture
def kept(backend: str, tmp_path: Path) -> Iterator[Callable[..., Kept]]:
    folder, made = postgres.folder(), list[Kept]()

    def make(**environ: str) -> Kept:
        made.append(Kept(folder, tmp_path / "home", **environ))
        return made[-1]

    yield make
    for one in made:
        assert one.service.stop() == 0
        assert one.held() == one.acknowledged
        one.service.parley("check")
        one.database.send_signal(signal.SIGQUIT)
        one.database.wait(30)
    shutil.rmtree(folder)


def until_it_writes(kept: Kept) -> float:
    began = time.monotonic()
    while kept.write().status_code != 201:
        assert time.monotonic() - began < 30, "it does not recover"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_one_that_is_stopped_and_started_again(kept: Any, how: signal.Signals) -> None:
    desk = kept()
    for _ in range(5):
        assert desk.write().status_code == 201
    desk.database.send_signal(how)
    desk.database.wait(30)
    for _ in range(5):
        desk.refused()
    assert requests.get(f"{desk.service.url}/livez", timeout=10).status_code == 200
    assert requests.get(f"{desk.service.url}/readyz", timeout=10).status_code == 503
    workers = desk.workers()
    desk.database = postgres.start(desk.folder)
    until_it_writes(desk)
    assert desk.workers() == workers, "none was started anew"


def test_a_worker_that_dies_while_it_is_gone(kept: Any) -> None:
    """The next one starts without it: were it to fail, the master would give all of them up."""
    desk = kept()
    assert desk.write().status_code == 201
    desk.database.send_signal(signal.SIGINT)
    desk.database.wait(30)
    for worker in desk.workers():
        os.kill(worker, signal.SIGKILL)
    for _ in range(200):
        try:
            if requests.get(f"{desk.service.url}/livez", timeout=10).status_code == 200:
                break
        except requests.RequestException:
            assert desk.service.process.poll() is None, "the server gave up"
            time.sleep(0.1)
    desk.refused()
    desk.database = postgres.start(desk.folder)
    until_it_writes(desk)
    assert requests.get(f"{desk.service.url}/readyz", timeout=10).status_code == 200


def test_a_lock_that_another_session_holds(kept: Any) -> None:
    desk = kept()
    assert desk.write().status_code == 201
    workers = desk.workers()
    with psycopg.connect(postgres.url(desk.folder)) as other:
        # Against writers alone: what is there can be read.
        other.execute("LOCK TABLE record IN EXCLUSIVE MODE")
        end = time.monotonic() + HELD
        while time.monotonic() < end:
            desk.refused("The database is locked by another writer.")
            for id in desk.acknowledged:
                assert requests.get(f"{desk.service.url}/v1/actors/{id}", timeout=10).status_code == 200
        other.rollback()
    assert desk.write().status_code == 201
    assert desk.workers() == workers, "none was started anew"


def fill(desk: Kept, taken: list[psycopg.Connection]) -> None:
    """Take every connection that there is, and soon will be."""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        try:
            taken.append(psycopg.connect(postgres.url(desk.folder)))
        except psycopg.OperationalError:
            time.sleep(0.02)


def test_connections_that_are_all_taken(kept: Any) -> None:
    """Those of a worker's pool, by writes that wait; those of the server, by others."""
    desk = kept(PARLEY_WORKERS="1", PARLEY_THREADS="6", PARLEY_POOL="2")
    assert desk.write().status_code == 201
    with psycopg.connect(postgres.url(desk.folder)) as other:
        # What every write waits for; the callers are more than there are connections.
        other.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(6) as pool:
            began = time.monotonic()
            answers = list(pool.map(lambda _: desk.write(), range(6)))
            assert time.monotonic() - began < 3 * BUSY + 5
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["Retry-After"] for answer in answers} == {"1"}
        other.rollback()
    until_it_writes(desk)
    taken = list[psycopg.Connection]()
    fill(desk, taken)
    # A worker that has none yet is refused by the server, and starts all the same. It is not started until
    # those of the one before it are taken.
    (worker,) = desk.workers()
    os.kill(desk.service.process.pid, signal.SIGSTOP)
    os.kill(worker, signal.SIGKILL)
    fill(desk, taken)
    os.kill(desk.service.process.pid, signal.SIGCONT)
    for _ in range(100):
        try:
            if requests.get(f"{desk.service.url}/livez", timeout=10).status_code == 200:
                break
        except requests.RequestException:
            time.sleep(0.1)
    desk.refused()
    for connection in taken:
        connection.close()
    until_it_writes(desk)
