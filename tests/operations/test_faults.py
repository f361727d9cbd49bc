"""What may befall a SQLite file: nothing acknowledged is lost, reads go on, and it mends itself."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
import requests

from service.app import create_app
from service.settings import Settings
from service.storage import database
from tests.conftest import ACTOR, Server

pytestmark = pytest.mark.database("sqlite")

BUSY, HELD = 1.0, 10.0
"""Seconds that a write waits for a lock, and that another process holds one."""
SENT = re.compile(r'sendto\(.*"HTTP/1\.1 (\d{3})')
SYNCED = re.compile(r"f(?:data)?sync\(\d+<\S*parley\.db-wal>")


class Desk:
    """A caller that keeps account of what was acknowledged to it."""

    def __init__(self, server: Server) -> None:
        token = server.parley("token", "create", "--scope", "write").stdout.strip()
        self.server, self.acknowledged = server, set[str]()
        self.headers = {"Authorization": f"Bearer {token}"}

    def write(self, notes: str = "x") -> requests.Response:
        answer = requests.post(
            f"{self.server.url}/v1/actors", json={**ACTOR, "notes": notes}, headers=self.headers, timeout=30
        )
        if answer.status_code == 201:
            self.acknowledged.add(answer.json()["id"])
        return answer

    def refused(self, why: str, notes: str = "x") -> None:
        """A write that cannot be made is answered, and soon."""
        began = time.monotonic()
        answer = self.write(notes)
        assert answer.status_code == 503, answer.text
        assert answer.json()["detail"] == why
        assert answer.headers["Retry-After"] == "1"
        assert time.monotonic() - began < BUSY + 3

    def read(self) -> set[str]:
        answer = requests.get(f"{self.server.url}/v1/export?kinds=actor", timeout=30)
        assert answer.status_code == 200
        return {line["id"] for line in map(json.loads, answer.text.splitlines())}


@contextmanager
def desk(home: Path, **environ: str) -> Iterator[Desk]:
    server = Server(home, PARLEY_BUSY_TIMEOUT=str(BUSY), **environ)
    made = Desk(server)
    server.start()
    try:
        yield made
        assert made.read() == made.acknowledged
    finally:
        status = server.stop()
    assert status == 0
    server.parley("check")


def eventually_written(made: Desk) -> None:
    for _ in range(100):
        if made.write().status_code == 201:
            return
        time.sleep(0.1)
    raise AssertionError("it does not recover")


def test_a_lock_that_another_process_holds(tmp_path: Path) -> None:
    with desk(tmp_path / "home") as made:
        assert made.write().status_code == 201
        other = apsw.Connection(str(tmp_path / "home" / "parley.db"))
        other.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + HELD
        while time.monotonic() < end:
            made.refused("The database is locked by another writer.")
            assert made.read() == made.acknowledged
        other.execute("ROLLBACK")
        other.close()
        assert made.write().status_code == 201


def filled(made: Desk, why: str) -> None:
    """Write until there is no room, and see that all else goes on."""
    while made.write("x" * 20_000).status_code == 201:
        assert len(made.acknowledged) < 2_000, "there is room without end"
    assert len(made.acknowledged) > 5
    for _ in range(5):
        made.refused(why, "x" * 20_000)
        assert made.read() == made.acknowledged
    assert requests.get(f"{made.server.url}/livez", timeout=10).status_code == 200
    one = next(iter(made.acknowledged))
    assert requests.get(f"{made.server.url}/v1/actors/{one}", timeout=10).status_code == 200


def test_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("Nothing can be mounted here: the next test does without.")
    try:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(10 << 20))
        with desk(tmp_path / "home", PARLEY_DATABASE_URL=f"sqlite:///{disk}/parley.db") as made:
            filled(made, "The disk of the database is full.")
            ready = requests.get(f"{made.server.url}/readyz", timeout=10)
            assert "disk" in {warning["name"] for warning in ready.json()["warnings"]}
            ballast.unlink()
            eventually_written(made)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """As on a full disk, where nothing can be mounted; and as an operator may have set."""
    with desk(tmp_path / "home", PARLEY_WORKERS="1") as made:
        (worker,) = made.server.workers()
        usual = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (4 << 20, usual[1]))
        filled(made, "The disk of the database fails.")
        resource.prlimit(worker, resource.RLIMIT_FSIZE, usual)
        eventually_written(made)
        assert made.server.workers() == [worker], "it was not killed"


def test_a_report_that_may_not_grow(tmp_path: Path) -> None:
    """It lies beside the store, and what it cannot tell of is not recorded."""
    with desk(tmp_path / "home", PARLEY_WORKERS="1") as made:
        assert made.write().status_code == 201
        (worker,) = made.server.workers()
        usual = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (4 << 20, usual[1]))
        url, headers = f"{made.server.url}/v1/import", made.headers | {"Content-Type": "application/x-ndjson"}
        line = json.dumps({**ACTOR, "kind": "actor", "id": "late"}).encode()
        for _ in range(2):
            body = line + b"\n1" * 150_000
            answer = requests.post(url, body, params={"atomic": "false"}, headers=headers, timeout=60)
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1"), answer.text[:500]
            assert answer.json()["detail"] == "There is no room for the report."
            assert made.read() == made.acknowledged
        resource.prlimit(worker, resource.RLIMIT_FSIZE, usual)


def test_a_page_that_cannot_be_read_wherever_it_lies(demo: Settings) -> None:
    """Also where it is met after the first row."""
    inner = database.database
    inner.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    (size,), (pages,) = (
        inner.execute_sql(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count")
    )
    client, file = create_app(demo).test_client(), demo.home / "parley.db"
    sound, statuses = file.read_bytes(), set[int]()
    for begin in range(size, pages * size, size):
        database.disconnect()
        if sound[begin] in (0x0A, 0x0D):  # A leaf of an index, or of a table.
            file.write_bytes(sound[:begin] + b"\xff" * size + sound[begin + size :])
            for path in ("/v1/changes?limit=1000", "/v1/networks/mentions"):
                statuses.add(client.get(path).status_code)
    assert statuses == {200, 503}


# --- what is on the disk before it is acknowledged --------------------------------------------------------


@contextmanager
def traced(pid: int, to: Path) -> Iterator[None]:
    """What a process and its threads ask of the system: what they sync, and what they send."""
    if shutil.which("strace") is None:
        assert os.environ.get("CI", "").lower() not in ("1", "true"), "CI has to have strace"
        pytest.skip("There is no strace here.")
    calls = "trace=fsync,fdatasync,sendto"
    command = ["strace", "-f", "-y", "-s", "40", "-e", calls, "-o", str(to), "-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    assert "attached" in tracer.stderr.readline()
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=30)


def writes(made: Desk) -> list[Callable[[], requests.Response]]:
    """A write of each kind: each returns its answer."""
    url, headers = f"{made.server.url}/v1/actors", made.headers
    change = {**headers, "If-Match": "*"}
    merge = {**change, "Content-Type": "application/merge-patch+json"}
    return [
        lambda: requests.put(f"{url}/ann", json=ACTOR, headers=headers, timeout=30),
        lambda: requests.put(f"{url}/ann", json={**ACTOR, "name": "Anne"}, headers=change, timeout=30),
        lambda: requests.patch(f"{url}/ann", data='{"notes": "x"}', headers=merge, timeout=30),
        lambda: requests.post(url, json=ACTOR, headers={**headers, "Idempotency-Key": '"k"'}, timeout=30),
        lambda: requests.delete(f"{url}/ann", headers=change, timeout=30),
        lambda: requests.post(
            f"{made.server.url}/v1/import",
            data='{"kind": "actor", "id": "bob", "type": "person", "name": "Bob"}\n',
            headers={**headers, "Content-Type": "application/x-ndjson"},
            timeout=30,
        ),
    ]


def synced_before_sent(trace: str) -> list[tuple[str, bool]]:
    """Of each answer its status, and whether the log was synced since the one before."""
    found, synced = [], False
    for line in trace.splitlines():
        # A call that another thread cut in two counts when it is over.
        whole = SYNCED.search(line) and "unfinished" not in line
        if whole or ("resumed" in line and "sync" in line):
            synced = True
        elif sent := SENT.search(line):
            found.append((sent[1], synced))
            synced = False
    return found


def test_a_write_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    server = Server(tmp_path / "home", PARLEY_WORKERS="1", PARLEY_SYNCHRONOUS="full")
    made = Desk(server)
    server.start()
    with traced(*server.workers(), tmp_path / "trace"):
        answers = [write() for write in writes(made) for _ in range(1)]
        answers += [made.write() for _ in range(20)]
    assert server.stop() == 0
    statuses = [answer.status_code for answer in answers]
    assert [status for status in statuses if not 200 <= status < 300] == []
    found = synced_before_sent((tmp_path / "trace").read_text())
    assert [int(status) for status, _ in found] == statuses
    assert [status for status, synced in found if not synced] == []


def test_the_trace_would_show_one_that_is_not(tmp_path: Path) -> None:
    server = Server(tmp_path / "home", PARLEY_WORKERS="1", PARLEY_SYNCHRONOUS="normal")
    made = Desk(server)
    server.start()
    with traced(*server.workers(), tmp_path / "trace"):
        for _ in range(5):
            assert made.write().status_code == 201
    assert server.stop() == 0
    found = synced_before_sent((tmp_path / "trace").read_text())
    assert len(found) == 5
    assert any(not synced for _, synced in found)
