"""Every schema that was ever released, with records in it, is migrated to this one, also if it is killed."""

import os
import subprocess
import sys
from typing import Any

import orjson
import pytest
from playhouse.migrations import Runner

from service import questions, recording
from service.diplomacy import documents
from service.diplomacy.changes import Change
from service.settings import Settings
from service.storage import database, migrate, tokens
from service.storage.embedded import Embedded
from service.storage.tsvector import vector
from tests.conftest import ACTOR, ROOT, Another

NAMES = [path.stem for path in sorted(migrate.DIRECTORY.glob("[0-9]*.py"))]
RELEASED = NAMES[:-1]
"""The newest migration of each release before this one."""

CURRENT = "SELECT record.key, document FROM record JOIN revision ON seq = record.revision"

TABLES = ("record", "revision", "edge", "token")
"""What every release had. Search is not among them: how its index looks is the database's own affair."""

POINTS = int(os.environ.get("PARLEY_TEST_EXAMPLES", "4"))
"""At how many places between the first statement and the last it is killed."""

Tables = dict[str, list[tuple[Any, ...]]]
Contents = dict[str, tuple[list[str], list[tuple[Any, ...]]]]
"""By table, its columns and its rows."""


def execute(sql: str, values: tuple[Any, ...] = ()) -> Any:
    return database.database.execute_sql(sql, values)


def columns(table: str) -> list[str]:
    return [column.name for column in database.database.get_columns(table)]


def rows(table: str, names: list[str]) -> list[tuple[Any, ...]]:
    listed = ", ".join(f'"{name}"' for name in names)
    found = [
        tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
        for row in execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608
    ]
    return sorted(found, key=repr)


def copied(old: Settings, release: str, contents: Contents) -> Tables:
    """A store as that release left it, with these contents as far as it has places for them."""
    database.connect(old, create=True)
    with database.told():
        Runner(database.database.obj, str(migrate.DIRECTORY)).up(release)
        kept: Tables = {}
        for table in TABLES:
            names, values = contents[table]
            held = [name for name in names if name in columns(table)]
            places = ", ".join([database.database.param] * len(held))
            listed = ", ".join(f'"{name}"' for name in held)
            for row in values:
                execute(
                    f'INSERT INTO "{table}" ({listed}) VALUES ({places})',  # noqa: S608
                    tuple(row[names.index(name)] for name in held),
                )
            kept[table] = rows(table, held)
    database.disconnect()
    return kept


@pytest.fixture
def contents(demo: Settings) -> Contents:
    """The demo's rows, by table: their columns, and the rows."""
    tokens.create("desk", "write")
    recording.write([Change("actor", "x", {**ACTOR, "name": "Ünïcode ’"})], "desk")
    found = {}
    with database.reading():
        for table in TABLES:
            names = columns(table)
            found[table] = (names, rows(table, names))
    return found


def state(old: Settings) -> list[str]:
    database.connect(old)
    with database.told():
        return [name for (name,) in execute("SELECT name FROM schema_migration ORDER BY name").fetchall()]


@pytest.mark.parametrize("release", RELEASED)
def test_killed_after_any_statement_it_is_the_old_one_or_the_new_one(
    demo: Settings,
    contents: Contents,
    another: Another,
    monkeypatch: pytest.MonkeyPatch,
    release: str,
) -> None:
    def migrated(statements: int) -> subprocess.CompletedProcess[str]:
        """A store of that release, migrated by a process that dies after so many statements."""
        old = demo._replace(database_url=another())
        before = copied(old, release, contents)
        monkeypatch.setenv("PARLEY_DATABASE_URL", old.database_url)
        command = [sys.executable, "-m", "tests.storage.dying", str(statements)]
        ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
        done = state(old)
        assert done == NAMES[: len(done)], "each migration is there or is not"
        assert len(done) >= NAMES.index(release) + 1
        _whole(before)
        with database.told():
            migrate.migrate()
        assert state(old) == NAMES
        _whole(before)
        return ended

    whole = migrated(10_000)
    assert whole.returncode == 0, whole.stderr
    number = int(whole.stdout)
    assert number > 5
    for statements in {0, *range(1, number, max(1, number // POINTS)), number - 1}:
        assert migrated(statements).returncode == -9
    # It is a store of this release, in which what the old one held can be read, and more be written.
    recording.write([Change("actor", "y", ACTOR)], "desk")
    assert questions.record("actor", "donald-trump").body
    database.disconnect()


def _whole(before: Tables) -> None:
    with database.told():
        for table, kept in before.items():
            if kept:
                held = columns(table)[: len(kept[0])]
                assert rows(table, held) == kept, table


def test_the_demo_comes_through_every_release_sound(
    demo: Settings, contents: Contents, another: Another
) -> None:
    for release in RELEASED:
        old = demo._replace(database_url=another())
        copied(old, release, contents)
        database.connect(old)
        migrate.migrate()
        found: list[Any] = []
        questions.check(None, found.append, lambda _: None)
        assert [one for one in found if "search" not in one.what and "found" not in one.what] == []
        database.disconnect()


def test_the_search_index_comes_through_whole(demo: Settings, contents: Contents, another: Another) -> None:
    """Every kind of record, names in several scripts among them, found as if it were written now."""
    old = demo._replace(database_url=another())
    copied(old, "0006_other_ends", contents)
    database.connect(old)
    with database.writing():
        for key, document in execute(CURRENT).fetchall():
            *words, _ = documents.indexed(orjson.loads(bytes(document)))
            if isinstance(database.database.obj, Embedded):
                execute("INSERT INTO search (rowid, label, names, text) VALUES (?, ?, ?, ?)", (key, *words))
            else:
                was = vector(*words, "actor").removeprefix("'=actor'")
                execute("INSERT INTO search VALUES (%s, CAST(%s AS tsvector))", (key, was))
    migrate.migrate()
    found: list[Any] = []
    questions.check(None, found.append, lambda _: None)
    assert found == []
    database.disconnect()
