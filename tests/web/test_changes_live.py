"""The list of changes on a real server: held answers, and readers that go on while others write."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from service import settings as all_settings
from service.storage import database
from service.storage.models import Record, Revision
from tests.conftest import ROOT, Server

WRITERS, WRITES = 4, 60
TOTAL = WRITERS * WRITES
Entry = dict[str, Any]

# A reader that keeps what it has read in a file: what it wrote there before it was killed, it has.
READER = """
import json, sys, requests
url, file = sys.argv[1:]
try:
    lines = open(file).read().rsplit("\\n", 1)[0].splitlines()
except FileNotFoundError:
    lines = []
last = json.loads(lines[-1])["last"] if lines else 0
with open(file, "r+" if lines else "w") as kept:
    kept.truncate(sum(len(line) + 1 for line in lines))
    kept.seek(0, 2)
    while True:
        page = requests.get(url, params={"after": last, "limit": 5, "wait": 5}, timeout=30).json()
        last = page["last"]
        told = [entry["revision"] for entry in page["items"]]
        kept.write(json.dumps({"last": last, "told": told}) + "\\n")
        kept.flush()
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "home", PARLEY_WORKERS="2", PARLEY_THREADS="8", PARLEY_SYNCHRONOUS="normal")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Server]:
    """A server of one worker with two threads: one may wait."""
    running = Server(tmp_path / "home", PARLEY_WORKERS="1", PARLEY_THREADS="2")
    running.start()
    yield running
    assert running.process is not None
    running.process.kill()
    running.process.wait()


def authorised(server: Server) -> requests.Session:
    session = requests.Session()
    token = server.parley("token", "create", "--scope", "write").stdout.strip()
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def write(server: Server, session: requests.Session, id: str, **headers: str) -> requests.Response:
    document = {"type": "person", "name": id}
    answer = session.put(f"{server.url}/v1/actors/{id}", json=document, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer


def get(server: Server, timeout: float = 40, **query: Any) -> requests.Response:
    return requests.get(f"{server.url}/v1/changes", params=query, timeout=timeout)


def write_many(server: Server, number: int) -> None:
    """A third of the writes are of what this writer wrote just before."""
    session = authorised(server)
    for count in range(WRITES):
        if count % 3 == 2:
            write(server, session, f"w{number}-{count - 1}", **{"If-Match": "*"})
        else:
            write(server, session, f"w{number}-{count}")


def read_by_waiting(server: Server) -> list[Entry]:
    found: list[Entry] = []
    last = 0
    while len(found) < TOTAL:
        page = get(server, after=last, wait=30).json()
        assert page["items"], "an answer that was held comes with what it was held for"
        found += page["items"]
        last = page["last"]
    return found


def read_by_pages(server: Server) -> list[Entry]:
    found: list[Entry] = []
    last = turn = 0
    while len(found) < TOTAL:
        turn += 1
        page = get(server, after=last, limit=turn % 7 + 1).json()
        assert page["last"] == (page["items"][-1]["revision"] if page["items"] else last)
        found += page["items"]
        last = page["last"]
    return found


def read_by_lives(server: Server, kept: Path) -> int:
    """Run the reader that keeps what it has read, and kill it again and again. How often that was."""
    command = [sys.executable, "-c", READER, f"{server.url}/v1/changes", str(kept)]
    deaths = 0
    while len(known := read(kept)) < TOTAL:
        reader = subprocess.Popen(command, cwd=ROOT)
        end = time.monotonic() + 60
        while len(read(kept)) < min(len(known) + 40, TOTAL):
            assert time.monotonic() < end
            time.sleep(0.01)
        reader.kill()
        reader.wait()
        deaths += 1
    return deaths


def read(kept: Path) -> list[int]:
    lines = kept.read_text().rsplit("\n", 1)[0].splitlines() if kept.exists() else []
    return [revision for line in lines for revision in json.loads(line)["told"]]


def test_readers_miss_nothing_and_get_nothing_twice_while_others_write(
    live: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(WRITERS + 3) as pool:
        waited = pool.submit(read_by_waiting, live)
        paged = pool.submit(read_by_pages, live)
        deaths = pool.submit(read_by_lives, live, tmp_path / "kept")
        for writer in [pool.submit(write_many, live, number) for number in range(WRITERS)]:
            writer.result(120)
        told = waited.result(60), paged.result(60)
        assert deaths.result(60) > 2
    monkeypatch.setenv("PARLEY_HOME", live.environ["PARLEY_HOME"])
    database.connect(all_settings.load())
    query = Revision.select(Revision.seq, Record.id, Revision.version, Revision.hash).join(Record)
    table = [(*row[:3], bytes(row[3]).hex()) for row in query.order_by(Revision.seq).tuples()]
    database.disconnect()
    assert len(table) == TOTAL
    for entries in told:
        assert [tuple(entry[n] for n in ("revision", "id", "version", "hash")) for entry in entries] == table
    assert read(tmp_path / "kept") == [row[0] for row in table]


def test_an_answer_is_held_until_there_is_something(narrow: Server) -> None:
    session = authorised(narrow)
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, narrow, wait=20)
        time.sleep(0.5)
        assert not waiting.done()
        write(narrow, session, "ann")
        answer = waiting.result(10)
    assert time.monotonic() - begun < 5
    assert [entry["id"] for entry in answer.json()["items"]] == ["ann"]
    assert "Retry-After" not in answer.headers


def test_an_answer_that_was_held_for_nothing_is_an_empty_page(narrow: Server) -> None:
    write(narrow, authorised(narrow), "ann")
    begun = time.monotonic()
    answer = get(narrow, after=1, wait=1)
    assert 1 <= time.monotonic() - begun < 3
    assert answer.json() == {"items": [], "next": None, "last": 1}
    # Who has that page already is held as well, and then told that it is still the same.
    begun = time.monotonic()
    again = requests.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")
    assert 1 <= time.monotonic() - begun < 3
    # There is nothing to wait for where there is something to give, whoever has it.
    first = get(narrow, after=0, wait=30, timeout=5)
    tags = {"If-None-Match": first.headers["ETag"]}
    assert requests.get(first.url, headers=tags, timeout=5).status_code == 304


def test_a_change_of_another_kind_is_not_waited_for(narrow: Server) -> None:
    session = authorised(narrow)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get, narrow, wait=20, kinds="source")
        write(narrow, session, "ann")
        time.sleep(0.5)
        assert not waiting.done()
        source = {"type": "article", "title": "A paper"}
        session.put(f"{narrow.url}/v1/sources/paper", json=source, timeout=10).raise_for_status()
        page = waiting.result(10).json()
    assert [entry["id"] for entry in page["items"]] == ["paper"]
    assert page["last"] == 2


def test_who_waits_never_takes_every_thread(narrow: Server) -> None:
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(get, narrow, wait=3) for _ in range(6)]
        time.sleep(0.5)
        begun = time.monotonic()
        requests.get(f"{narrow.url}/v1/actors", timeout=10).raise_for_status()
        assert time.monotonic() - begun < 1
        answers = [done.result(10) for done in waiting]
    assert all(answer.json() == {"items": [], "next": None, "last": 0} for answer in answers)
    assert sorted(answer.headers.get("Retry-After", "") for answer in answers) == ["", *["1"] * 5]


def test_a_server_that_is_told_to_stop_does_not_wait(narrow: Server) -> None:
    answers: list[requests.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(get(narrow, wait=30)))
    waiting.start()
    time.sleep(0.5)
    begun = time.monotonic()
    assert narrow.stop() == 0
    waiting.join(10)
    assert time.monotonic() - begun < 10
    assert answers[0].json() == {"items": [], "next": None, "last": 0}
