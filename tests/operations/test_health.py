"""What is found not to be as it should, by /readyz and by ``parley doctor``."""

import json
import time
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from scripts import cluster_postgres as postgres
from scripts.cli import main
from service import settings as all_settings
from service.questions.health import concerns, sound
from service.settings import Settings
from service.storage import database, health
from service.storage.health import Facts
from service.storage.models import Revision
from tests.replicas import PASSWORDS, pair

HOUR = 3_600_000_000
FILE = Facts(
    "SQLite",
    (3, 54, 1),
    {"journal_mode": "wal", "synchronous": "2"},
    "/x",
    "ext4",
    9 << 30,
    99 << 30,
    5,
    5,
    [],
    [],
)
ON = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "in_recovery": "off"}
ROOM = {"synchronous_standby_names": "", "max_connections": "100", "superuser_reserved_connections": "3"}
SERVER = Facts(
    "PostgreSQL", (18, 6), {**ON, **ROOM}, None, None, None, None, 5, 5, [], [], followers=0, lag=0.0
)


def names(found: Facts, connections: int = 0) -> list[str]:
    return [concern.name for concern in concerns(found, connections)]


def test_there_is_nothing_to_say() -> None:
    assert names(FILE) == []
    assert names(SERVER, 97) == []


@pytest.mark.parametrize(
    ("changed", "name", "grave"),
    [
        ({"version": (3, 51, 2)}, "engine", False),
        ({"options": {"journal_mode": "delete", "synchronous": "2"}}, "wal", False),
        ({"options": {"journal_mode": "wal", "synchronous": "1"}}, "synchronous", False),
        ({"file_system": "nfs4"}, "file-system", False),
        ({"file_system": "fuse.s3fs"}, "file-system", False),
        ({"free": 900 << 20}, "disk", False),
        ({"free": 60 << 20}, "disk", True),
        ({"newest_at": 5 + HOUR}, "clock", False),
        ({"pending": ["0003"]}, "migrations", True),
        ({"unknown": ["9999"]}, "migrations", True),
    ],
)
def test_what_is_of_concern_in_a_file(changed: dict[str, Any], name: str, grave: bool) -> None:
    (concern,) = concerns(FILE._replace(**changed))
    assert (concern.name, concern.grave) == (name, grave)


@pytest.mark.parametrize(
    ("changed", "options", "name", "grave"),
    [
        ({"version": (13, 2)}, {}, "engine", True),
        ({}, {"fsync": "off"}, "fsync", False),
        ({}, {"full_page_writes": "off"}, "full-page-writes", False),
        ({}, {"synchronous_commit": "off"}, "synchronous-commit", False),
        ({}, {"in_recovery": "on"}, "primary", True),
        ({"followers": 1}, {}, "replication", False),
        ({}, {"synchronous_standby_names": "*", "synchronous_commit": "local"}, "replication", False),
        ({"followers": 1, "lag": 31.0}, {"synchronous_standby_names": "*"}, "lag", False),
        ({}, {"max_connections": "20"}, "connections", False),
    ],
)
def test_what_is_of_concern_in_a_server(
    changed: dict[str, Any], options: dict[str, str], name: str, grave: bool
) -> None:
    (concern,) = concerns(SERVER._replace(options={**SERVER.options, **options}, **changed), 20)
    assert (concern.name, concern.grave) == (name, grave)


def test_the_engine_that_is_locked_has_no_known_bug_that_corrupts(demo: Settings) -> None:
    found = health.facts()
    assert found.engine != "SQLite" or sound(found.version)
    assert 0 < found.newest_at <= time.time_ns() // 1000
    assert (found.pending, found.unknown) == ([], [])


# --- /livez and /readyz -----------------------------------------------------------------------------------


def ahead() -> None:
    Revision.update(recorded_at=Revision.recorded_at + HOUR).execute()


def warned(client: FlaskClient) -> set[str]:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")
    return {warning["name"] for warning in answer.json["warnings"]}


def test_ready_with_and_without_a_warning(demo: Settings, client: FlaskClient) -> None:
    before = warned(client)
    assert "clock" not in before
    ahead()
    assert warned(client) == before | {"clock"}


@pytest.mark.database("postgresql")
def test_a_server_that_forgets_is_warned_of(client: FlaskClient) -> None:
    """As the one of the tests is: what it is asked, it answers."""
    assert {"fsync", "full-page-writes", "synchronous-commit"} <= warned(client)


def test_not_ready_where_the_schema_is_of_another_release(client: FlaskClient) -> None:
    database.database.execute_sql(
        "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')"
    )
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unavailable")
    assert "9999_later" in answer.json["detail"]
    assert client.get("/livez").status_code == 200


@pytest.mark.database("sqlite")
def test_alive_without_a_database(settings: Settings, client: FlaskClient) -> None:
    """Also with a token, which is not looked up."""
    database.disconnect()
    for file in settings.home.glob("parley.db*"):
        file.unlink()
    headers = {"Authorization": "Bearer parley_whoever"}
    assert client.get("/livez", headers=headers).status_code == 200
    assert client.get("/readyz", headers=headers).status_code == 503


# --- parley doctor ----------------------------------------------------------------------------------------


def doctor(status: int) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["doctor", "--json"], prog_name="parley")
    assert result.exit_code == status, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def concerned(told: dict[str, Any]) -> set[str]:
    return {concern["name"] for concern in told["concerns"]}


@pytest.mark.database("sqlite")
def test_a_doctor_with_nothing_to_say(demo: Settings) -> None:
    told = doctor(0)
    assert (told["sound"], told["facts"]["options"]["journal_mode"]) == (True, "wal")
    result = CliRunner().invoke(main, ["doctor"], prog_name="parley")
    assert (result.exit_code, result.stdout) == (0, "sound\n")


@pytest.mark.database("sqlite")
def test_a_doctor_shows_a_folder_as_it_is_called(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_HOME", str(settings.home / "[/a]"))
    CliRunner().invoke(main, ["migrate"], prog_name="parley")
    result = CliRunner().invoke(main, ["doctor"], prog_name="parley")
    assert (result.exit_code, result.stdout) == (0, "sound\n")


def test_a_doctor_is_concerned(demo: Settings) -> None:
    ahead()
    assert "clock" in concerned(doctor(1))
    result = CliRunner().invoke(main, ["doctor"], prog_name="parley")
    assert (result.exit_code, result.stdout) == (1, "beware\n")
    assert "beware clock: The newest revision lies" in result.stderr


def test_a_doctor_of_a_store_that_is_not_migrated(settings: Settings) -> None:
    database.connect(settings, create=True)
    assert "migrations" in concerned(doctor(1))


@pytest.mark.database("postgresql")
def test_a_doctor_counts_connections(demo: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "connections" not in concerned(doctor(1))
    monkeypatch.setenv("PARLEY_WORKERS", "200")
    assert "connections" in concerned(doctor(1))


@pytest.mark.database("postgresql")
def test_a_standby_that_no_write_waits_for(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORDS["DATABASE_PASSWORD"])
    with pair() as both:
        primary, _standby = both.nodes
        postgres.command(primary, "alone")
        database.connect(all_settings.load()._replace(database_url=postgres.url([primary], "any")))
        for _ in range(100):
            found = health.facts()
            if found.followers:
                break
            time.sleep(0.1)
        assert "replication" in names(found)
        assert (found.followers, found.lag) == (1, pytest.approx(0, abs=29))
        database.disconnect()
