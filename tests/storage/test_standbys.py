"""Reads on a hot standby: what the caller has seen is there, and nothing is older than it may be."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from scripts.cluster_postgres import Node
from service import settings as all_settings
from service.app import create_app
from service.errors import StoreUnavailable
from service.settings import Settings
from service.storage import database, migrate, records, tokens
from tests.conftest import ACTOR, caller
from tests.replicas import PASSWORDS, Pair, pair

pytestmark = [pytest.mark.database("postgresql")]
WAIT, BOUND = 0.1, 1.0
RESUME = "SELECT pg_wal_replay_resume()"


@pytest.fixture(scope="module")
def nodes() -> Iterator[Pair]:
    with pair() as both:
        yield both


@pytest.fixture
def followed(nodes: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    primary, standby = nodes.nodes
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    monkeypatch.setenv("PGPASSWORD", PASSWORDS["DATABASE_PASSWORD"])
    monkeypatch.setenv("PARLEY_DATABASE_URL", postgres.url([primary], "any"))
    monkeypatch.setenv("PARLEY_DATABASE_READ_URL", postgres.url([standby], "any"))
    monkeypatch.setenv("PARLEY_READ_WAIT", str(WAIT))
    monkeypatch.setenv("PARLEY_MAX_STALENESS", str(BOUND))
    monkeypatch.setenv("PARLEY_BUSY_TIMEOUT", "2")
    settings = all_settings.load()
    database.connect(settings._replace(database_read_url=""))
    migrate.migrate()
    caught_up(nodes)
    database.connect(settings)
    yield settings
    database.disconnect()


@pytest.fixture
def writer(followed: Settings) -> FlaskClient:
    return caller(create_app(followed), "write")


@pytest.fixture
def held_back(nodes: Pair, writer: FlaskClient) -> Iterator[Node]:
    """A standby that takes in nothing more, until it is let go on."""
    caught_up(nodes)
    _, standby = nodes.nodes
    postgres.sql(standby, "SELECT pg_wal_replay_pause()")
    yield standby
    postgres.sql(standby, RESUME)


def caught_up(nodes: Pair) -> None:
    primary, standby = nodes.nodes
    wanted = postgres.sql(primary, "SELECT pg_current_wal_flush_lsn()")
    there = f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'"
    processes.wait_until(lambda: postgres.sql(standby, there) == "t", None, "what was written", 10)


def write(writer: FlaskClient, name: str) -> tuple[str, str]:
    """The path of a new actor, and the revision that it is in."""
    answer = writer.post("/v1/actors", json={**ACTOR, "name": name})
    assert answer.status_code == 201, answer.json
    return answer.headers["Location"], answer.headers["Parley-Revision"]


def test_reads_go_to_the_standby(nodes: Pair, writer: FlaskClient) -> None:
    path, revision = write(writer, "Ann")
    caught_up(nodes)
    answer = writer.get(path, headers={"Parley-Revision": revision})
    assert answer.status_code == 200
    assert 0 <= float(answer.headers["Parley-Staleness"]) <= BOUND
    database.not_before(0)
    with database.reading():
        assert database.database.execute_sql("SELECT pg_is_in_recovery()").fetchone() == (True,)
    with database.writing():
        assert database.database.execute_sql("SELECT pg_is_in_recovery()").fetchone() == (False,)


def test_who_has_written_never_reads_the_past(held_back: Node, writer: FlaskClient) -> None:
    path, revision = write(writer, "Bob")
    answer = writer.get(path, headers={"Parley-Revision": revision})
    assert answer.status_code == 200
    assert answer.json["name"] == "Bob"
    assert "Parley-Staleness" not in answer.headers, "the primary was asked"
    for address in ("/v1/actors", "/v1/changes", "/v1/search?q=bob", "/v1/export", "/v1/graph"):
        answer = writer.get(address, headers={"Parley-Revision": revision})
        assert "Bob" in answer.text, address


def test_a_standby_that_comes_in_time_is_waited_for(
    held_back: Node, writer: FlaskClient, followed: Settings
) -> None:
    database.connect(followed._replace(read_wait=5.0))
    path, revision = write(writer, "Cy")
    resumed = threading.Timer(0.4, lambda: postgres.sql(held_back, RESUME))
    resumed.start()
    answer = writer.get(path, headers={"Parley-Revision": revision})
    resumed.join()
    assert answer.json["name"] == "Cy"
    assert "Parley-Staleness" in answer.headers


def test_without_its_revision_an_answer_may_be_behind_but_not_for_long(
    held_back: Node, writer: FlaskClient
) -> None:
    assert writer.get("/v1/actors").status_code == 200  # Now the primary has been heard of.
    path, _ = write(writer, "Dee")
    written = time.monotonic()
    behind = 0
    while (answer := writer.get(path)).status_code != 200:
        assert answer.status_code == 404
        assert time.monotonic() - written < BOUND + 0.5
        behind += 1
        time.sleep(0.02)
    assert behind, "it was behind at first"
    assert "Parley-Staleness" not in answer.headers


def test_an_etag_is_never_that_of_a_later_state(held_back: Node, writer: FlaskClient) -> None:
    """What an answer is tagged by is read from where the answer is read from."""
    before = writer.get("/v1/actors")
    write(writer, "Eve")
    behind = writer.get("/v1/actors")
    if behind.text == before.text:
        assert behind.headers["ETag"] == before.headers["ETag"]
    else:
        assert behind.headers["ETag"] != before.headers["ETag"]


def test_a_token_is_good_as_soon_as_it_is_made(held_back: Node, writer: FlaskClient) -> None:
    token = tokens.create("new", "read")
    answer = writer.get("/v1/actors", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_a_standby_that_is_gone_is_done_without(nodes: Pair, writer: FlaskClient, followed: Settings) -> None:
    path, revision = write(writer, "Fay")
    caught_up(nodes)
    assert "Parley-Staleness" in writer.get(path).headers
    _, standby = nodes.nodes
    nodes.kill(standby)
    try:
        for _ in range(3):
            answer = writer.get(path, headers={"Parley-Revision": revision})
            assert answer.status_code == 200
            assert "Parley-Staleness" not in answer.headers
    finally:
        nodes.start(standby)
    caught_up(nodes)
    assert "Parley-Staleness" in writer.get(path).headers, "it is read from again"


def test_a_primary_that_is_gone_stops_writes_and_then_what_may_be_too_old(
    nodes: Pair, writer: FlaskClient
) -> None:
    path, _ = write(writer, "Gus")
    caught_up(nodes)
    assert writer.get(path).status_code == 200
    primary, _ = nodes.nodes
    nodes.kill(primary)
    try:
        assert writer.get(path).status_code == 200
        refused = writer.post("/v1/actors", json=ACTOR)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        time.sleep(BOUND)
        assert writer.get(path).status_code == 503
    finally:
        nodes.start(primary)
    assert writer.get(path).status_code == 200
    assert writer.post("/v1/actors", json=ACTOR).status_code == 201


@pytest.mark.parametrize(
    ("sent", "status"), [("999999", 412), ("x", 400), ("-1", 400), ("1.5", 400), ("99999999999", 400)]
)
def test_a_revision_that_there_is_not(writer: FlaskClient, sent: str, status: int) -> None:
    assert writer.get("/v1/actors", headers={"Parley-Revision": sent}).status_code == status


def test_a_thread_that_failed_on_the_standby_reads_on(followed: Settings) -> None:
    with pytest.raises(ZeroDivisionError), database.reading():
        raise ZeroDivisionError
    assert records.latest() >= 0

    def cut_off() -> None:
        with database.reading():
            database.database.connection().close()
            records.latest()

    with pytest.raises(StoreUnavailable):
        cut_off()
    assert records.latest() >= 0
