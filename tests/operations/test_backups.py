"""Backups: whole while others write, checked, and put back only where nothing is lost by it."""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from scripts.cli import main
from service import questions, recording
from service import settings as all_settings
from service.app import create_app
from service.diplomacy.changes import Change
from service.questions import Paging, Span
from service.settings import Settings
from service.storage import backups, database
from tests import postgres
from tests.conftest import ACTOR, ROOT, Another, Server
from tests.storage.test_migrating_populated import RELEASED, Contents, contents, copied
from tests.storage.walk import World

__all__ = ["contents"]  # a fixture
Run = Callable[..., Result]


@pytest.fixture
def run(backend: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``parley``, with PostgreSQL's own programs at hand."""
    if backend == "postgresql":
        monkeypatch.setenv("PATH", f"{postgres.binaries()}{os.pathsep}{os.environ['PATH']}")

    def command(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, arguments, prog_name="parley")
        assert result.exit_code == status, (result.output, result.exc_info)
        return result

    return command


@pytest.fixture
def elsewhere(settings: Settings, another: Another, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Have commands use another database, that is not there yet."""

    def go() -> str:
        database.disconnect()
        url = another()
        monkeypatch.setenv("PARLEY_DATABASE_URL", url)
        return url

    return go


def whole() -> bytes:
    return b"".join(questions.exported_revisions())


def test_what_is_put_back_is_what_was_there(
    demo: Settings, run: Run, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    recording.write([Change("actor", "x", {**ACTOR, "notes": "A\\b\tc\nd'é"})], "de\\sk\t1")
    was, file = whole(), tmp_path / "copy"
    said = json.loads(run("backup", "--json", str(file)).stdout)
    assert (said["file"], said["bytes"]) == (str(file), file.stat().st_size)
    assert file.stat().st_mode & 0o777 == 0o600, "it holds secrets"
    assert said["head"] == run("check").stdout.strip()
    assert said["records"] in (75, None)
    url = elsewhere()
    assert run("restore", str(file)).stdout.strip() == str(file)
    assert run("check").stdout.strip() == said["head"]
    database.connect(demo._replace(database_url=url))
    assert whole() == was
    assert questions.found("donbas", (), Paging(5)).items
    assert questions.timeline(("talk",), [], [], None, Span(), Paging(5)).items


def test_neither_a_file_nor_a_store_is_written_over(
    demo: Settings, run: Run, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    run("backup", str(file))
    was = file.read_bytes()
    assert "there already" in run("backup", str(file), status=1).stderr
    assert file.read_bytes() == was
    assert "--force" in run("restore", str(file), status=1).stderr
    recording.write([Change("actor", "new", ACTOR)], "desk")
    run("restore", "--force", str(file))
    database.connect(demo)
    assert questions.state() == 74
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [], (
        "nothing is left over"
    )


def test_what_is_not_sound_is_not_put_back(
    demo: Settings, run: Run, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    run("backup", str(file))
    elsewhere()
    shutil.copy(file, tmp_path / "cut")
    with (tmp_path / "cut").open("r+b") as cut:
        cut.truncate(file.stat().st_size * 2 // 3)
    (tmp_path / "none").write_bytes(b"no database" * 1000)
    for name in ("cut", "none", "missing"):
        assert run("restore", str(tmp_path / name), status=1).stderr.startswith("parley: ")
    run("migrate")
    assert run("check").stdout.strip().startswith("0:"), "nothing was put there"


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("release", RELEASED)
def test_a_backup_of_an_earlier_release_is_brought_up_to_date(
    contents: Contents, run: Run, elsewhere: Callable[[], str], tmp_path: Path, release: str
) -> None:
    """And nothing is written to the file itself, which may lie where nobody can."""
    file = tmp_path / "old"
    copied(all_settings.load()._replace(database_url=f"sqlite:///{file}"), release, contents)
    was = file.read_bytes()
    elsewhere()
    said = json.loads(run("restore", "--json", str(file)).stdout)
    assert run("check").stdout.strip() == said["head"]
    assert (said["file"], said["records"]) == (str(file), 75)
    assert file.read_bytes() == was


@pytest.mark.database("sqlite")
def test_a_file_that_was_never_closed_is_put_back_with_its_log(
    demo: Settings, run: Run, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    recording.write([Change("actor", "x", ACTOR)], "desk")
    for name in ("parley.db", "parley.db-wal"):
        shutil.copy(demo.home / name, tmp_path / name)
    assert (tmp_path / "parley.db-wal").stat().st_size > 0
    elsewhere()
    assert json.loads(run("restore", "--json", str(tmp_path / "parley.db")).stdout)["records"] == 75


@pytest.mark.database("sqlite")
def test_an_edited_copy_is_not_put_back(
    demo: Settings, run: Run, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    run("backup", str(file))
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE revision SET recorded_by = 'another' WHERE seq = 40")
    elsewhere()
    assert "revision 40" in run("restore", str(file), status=1).stderr


@pytest.mark.database("sqlite")
def test_a_store_in_use_is_not_replaced(demo: Settings, run: Run, tmp_path: Path) -> None:
    run("backup", str(tmp_path / "copy"))
    server = Server(demo.home).start()
    try:
        assert requests.get(f"{server.url}/v1/actors", timeout=10).status_code == 200
        assert "in use" in run("restore", "--force", str(tmp_path / "copy"), status=1).stderr
        assert requests.get(f"{server.url}/v1/actors", timeout=10).status_code == 200
    finally:
        server.stop()
    run("restore", "--force", str(tmp_path / "copy"))


def test_a_backup_of_a_long_past(
    store: Settings, run: Run, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    world = World()
    world.begin()
    for number in range(60):
        world.write((("put", "patch", "delete", "merge")[number % 4], number, number))
    was = whole()
    run("backup", str(tmp_path / "copy"))
    url = elsewhere()
    run("restore", str(tmp_path / "copy"))
    database.connect(store._replace(database_url=url))
    assert whole() == was
    recording.write([Change("actor", "later", ACTOR)], "desk")


def test_a_page_cursor_goes_on_only_where_the_key_is_that_signed_it(
    demo: Settings, run: Run, elsewhere: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = create_app(demo).test_client()
    following = here.get("/v1/actors?limit=2").json["next"]
    was = here.get(following).json
    run("backup", str(tmp_path / "copy"))
    elsewhere()
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path / "another"))
    run("restore", str(tmp_path / "copy"))
    settings = all_settings.load()
    there = create_app(settings).test_client()
    refused = there.get(following)
    assert (refused.status_code, refused.json["type"]) == (400, "/problems/malformed")
    assert there.get("/v1/actors?limit=2").status_code == 200
    shutil.copy(demo.home / "secret.key", settings.home)
    assert create_app(settings).test_client().get(following).json == was


@pytest.mark.database("sqlite")
def test_a_copy_does_not_begin_anew_when_somebody_writes(
    demo: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "PAGES_AT_ONCE", 10)
    other = sqlite3.connect(demo.home / "parley.db")
    labels = "SELECT group_concat(label) FROM record"
    (was,) = other.execute(labels).fetchone()
    done: list[int] = []

    def written(copied: int, all: int) -> None:
        done.append(copied)
        assert len(done) <= all // 10 + 1, "it began anew"
        other.execute("UPDATE record SET label = label || '.'")
        other.commit()

    backups.copied(tmp_path / "copy", written)
    assert len(done) > 3
    with sqlite3.connect(tmp_path / "copy") as copy:
        assert copy.execute(labels).fetchone() == (was,)
    other.close()


@pytest.mark.database("postgresql")
def test_a_database_as_docker_makes_it_is_replaced_by_its_own_role(
    settings: Settings, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which may drop, and make again, nothing that is a superuser's."""
    folder = postgres.folder()
    postgres.initialise(folder)
    server = postgres.start(folder)
    try:
        made = {**os.environ, "DATABASE_PASSWORD": "secret"}
        subprocess.run([ROOT / "docker" / "database.sh", postgres.url(folder)], env=made, check=True)
        monkeypatch.setenv("PARLEY_DATABASE_URL", f"postgresql://parley@/parley?host={folder}")
        run("migrate")
        run("demo")
        run("backup", str(tmp_path / "copy"))
        run("restore", "--force", str(tmp_path / "copy"))
        assert run("check").stdout.startswith("74:")
    finally:
        database.disconnect()
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder)


@pytest.mark.database("postgresql")
def test_no_command_line_has_the_password(
    demo: Settings, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which every account of a machine can read."""
    said = tmp_path / "said"
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / name
        program.write_text(
            f'#!/bin/sh\necho "$PGPASSWORD $*" >>{said}\nexec {postgres.binaries() / name} "$@"\n'
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PARLEY_DATABASE_URL", demo.database_url.replace("postgres@", "postgres:sec%3Aret@"))
    run("backup", str(tmp_path / "copy"))
    run("restore", "--force", str(tmp_path / "copy"))
    lines = [line.partition(" ") for line in said.read_text().splitlines()]
    assert [password for password, _, told in lines if "--dbname" in told] == ["sec:ret"] * 2
    assert not any("ret@" in told or "sec:ret" in told for _, _, told in lines)


@pytest.mark.database("postgresql")
def test_without_the_programs_it_is_said_which_is_missing(
    store: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(main, ["backup", str(tmp_path / "copy")], prog_name="parley")
    assert result.exit_code == 1
    assert "There is no pg_dump here" in result.stderr


@pytest.mark.database("sqlite")
def test_a_disk_that_is_full_is_said_and_leaves_nothing(demo: Settings, tmp_path: Path) -> None:
    """Here a file may have 50,000 bytes."""
    database.disconnect()
    (tmp_path / "copies").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.cli", "backup", str(tmp_path / "copies" / "one")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    said = "parley: The copy cannot be made: its disk is full, or fails.\n"
    assert (done.returncode, done.stderr) == (1, said)
    assert list((tmp_path / "copies").iterdir()) == []
