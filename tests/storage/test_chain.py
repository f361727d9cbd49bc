"""The one order of revisions: gapless, in time, chained; with many writers, and when one is killed."""

import hashlib
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import orjson
import pytest

from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.settings import Settings
from service.storage import database, records
from service.storage.models import Edge, Record, Revision
from tests.conftest import ACTOR, ISSUE, ROOT, SOURCE, statement

WRITER = """
import sys
from service import recording, settings
from service.diplomacy.changes import Change
from service.storage import database
name, many = sys.argv[1:]
database.connect(settings.load())
for number in range(int(many)):
    actor = {"type": "person", "name": f"{name} {number}"}
    changes = [Change("actor", f"{name}-{number}{end}", actor) for end in ("", "-b")]
    recording.write(changes, name)
"""

# Writes the name given to every actor there is, and says so when all of it is sent but the commit.
UNENDING = """
import sys, time
from service import recording, settings
from service.diplomacy.changes import ANY, Change
from service.storage import database
database.connect(settings.load())
changes = [Change("actor", f"a{n}", {"type": "person", "name": sys.argv[1]}, replaces=ANY) for n in range(50)]
with database.writing():
    recording.write(changes, "unending")
    print("written", flush=True)
    time.sleep(60)
"""


def rows() -> list[tuple[int, bytes, str, str, bytes, int]]:
    columns = (
        Revision.seq,
        Revision.hash,
        Revision.action,
        Revision.recorded_by,
        Revision.document,
        Revision.recorded_at,
    )
    with database.reading():
        found = list(Revision.select(*columns).order_by(Revision.seq).tuples())
    return [
        (seq, bytes(hash), action, by, bytes(document), at) for seq, hash, action, by, document, at in found
    ]


def check_chain() -> int:
    """The chain as its description has it, recomputed from nothing but the rows. Gives its length."""
    previous = bytes(32)
    for number, (seq, hash, action, author, document, recorded_at) in enumerate(rows(), start=1):
        assert seq == number, "a gap"
        said = orjson.dumps([seq, action, author])
        assert hash == hashlib.sha256(previous + said + document).digest()
        instant = orjson.loads(document)["recorded_at"]
        assert instant.endswith(f".{recorded_at % 1_000_000:06}Z")
        previous = hash
    instants = [row[5] for row in rows()]
    assert instants == sorted(instants)
    return len(instants)


def test_the_chain_covers_every_sort_of_write(store: Settings) -> None:
    actor, other = Change("actor", "ann", ACTOR), Change("actor", "bob", {**ACTOR, "name": "Боб"})
    recording.write([actor, other], "first")
    recording.write([actor._replace(document={"name": "Anna"}, patch=True, replaces=ANY)], "second")
    recording.merge("actor", "bob", "ann", "third")
    recording.write([actor._replace(document=None, replaces=ANY)], "fourth")
    assert check_chain() == 6
    assert [row[2] for row in rows()] == ["created", "created", "amended", "amended", "merged", "deleted"]


def test_a_changed_row_breaks_the_chain(store: Settings) -> None:
    recording.write([Change("actor", id, {**ACTOR, "name": id}) for id in ("ann", "bob", "cy")], "test")
    Revision.update(recorded_by="someone else").where(Revision.seq == 2).execute()
    with pytest.raises(AssertionError):
        check_chain()


def test_instants_grow_though_the_clock_goes_back(store: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([5_000_000, 5_000_000, 4_000_000, 1_000, 9_000_000, 9_000_001, 9_000_999])
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    for number in range(7):
        recording.write(
            [Change("actor", f"a{number}{part}", {**ACTOR, "name": "A"}) for part in "xy"], "test"
        )
    instants = [row[5] for row in rows()]
    assert instants == [n for n in (5_000, 5_001, 5_002, 5_003, 9_000, 9_001, 9_002) for _ in range(2)]
    assert all(first[5] < second[5] for first, second in pairwise(rows()[::2]))
    for number, at in enumerate(instants[::2], start=1):
        with database.reading():
            assert records.revision_at(at) == 2 * number
            assert records.revision_at(at - 1) == 2 * (number - 1) or at - 1 in instants
    check_chain()


def test_eight_threads(store: Settings) -> None:
    failed: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(12):
                made = Change("actor", f"{name}-{number}", {**ACTOR, "name": name})
                recording.write([made, made._replace(id=f"{name}-{number}-b")], name)
            database.database.close()
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test is to fail with it
            failed.append(error)

    threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert check_chain() == 8 * 12 * 2
    authors = [row[3] for row in rows()]
    assert authors[::2] == authors[1::2], "the two of one transaction stand together"


def test_several_processes(store: Settings) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, f"p{n}", "15"], cwd=ROOT, stderr=subprocess.PIPE)
        for n in range(4)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors.decode()
    assert check_chain() == 4 * 15 * 2
    authors = [row[3] for row in rows()]
    assert authors[::2] == authors[1::2]


def test_a_writer_killed_in_its_transaction_leaves_what_was(store: Settings) -> None:
    recording.write([Change("actor", f"a{n}", {**ACTOR, "name": "Old"}) for n in range(50)], "test")
    writer = subprocess.Popen([sys.executable, "-c", UNENDING, "New"], cwd=ROOT, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    with writer.stdout:
        assert writer.stdout.readline() == b"written\n"
        assert names() == {"Old"}, "what is not committed is not seen"
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
    assert names() == {"Old"}
    assert check_chain() == 50
    recording.write([Change("actor", "a0", {**ACTOR, "name": "Newer"}, replaces=ANY)], "test")
    assert check_chain() == 51


def test_writers_killed_at_any_moment_leave_whole_transactions(store: Settings, backend: str) -> None:
    for number in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, f"k{number}", "100000"], cwd=ROOT)
        before, patience = records.latest(), time.monotonic() + 20
        while records.latest() < before + 6 + number and time.monotonic() < patience:
            time.sleep(0.003)
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
        assert records.latest() > before
        assert check_chain() % 2 == 0, "both of a transaction, or neither"
        assert Record.select().count() == Revision.select().count()
        # On a connection of its own: FTS5 checks what it remembers of the index, not what others made of it.
        database.connect(store)
        if backend == "sqlite":
            with database.reading():
                assert database.database.execute_sql("PRAGMA integrity_check").fetchall() == [("ok",)]


def names() -> set[str]:
    page = questions.listing("actor", {}, (), (), questions.Span(), questions.Paging(100))
    return {orjson.loads(orjson.dumps(item))["name"] for item in page.items}


def test_edges_say_since_when_and_until_when(store: Settings) -> None:
    """Every edge holds from the revision that states it, or a merge, to the one that ends it."""
    given = {"ann": ACTOR, "bob": {**ACTOR, "name": "B"}, "source": SOURCE, "truce": ISSUE}
    recording.write([Change(document["kind"], id, document) for id, document in given.items()], "test")
    said = Change("statement", "s", statement(positions=[{"issue": "truce", "stance": 1}]))
    recording.write([said], "test")  # 5
    recording.merge("actor", "ann", "bob", "test")  # 6 joins the names, 7 merges
    recording.write([said._replace(document={"positions": None}, patch=True, replaces=ANY)], "test")  # 8
    recording.write([said._replace(document=None, replaces=ANY)], "test")  # 9
    keys = dict(Record.select(Record.id, Record.key).tuples())
    columns = (Edge.relation, Edge.revision, Edge.since, Edge.until, Edge.tail)
    edges = list(Edge.select(*columns).order_by(Edge.since).tuples())
    position = [edge[1:] for edge in edges if edge[0] == "position"]
    assert position == [(5, 5, 7, keys["ann"]), (5, 7, 8, keys["bob"])]
    made = [edge[1:4] for edge in edges if edge[0] == "made"]
    assert made == [(5, 5, 7), (5, 7, 8), (8, 8, 9)]
    current = [edge[0] for edge in edges if edge[3] is None]
    assert current == ["merged-into"]
