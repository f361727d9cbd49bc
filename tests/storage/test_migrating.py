"""Migrations: applied once however many try, and no service on a schema that is not its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.errors import NotMigrated
from service.settings import Settings
from service.storage import database, migrate
from service.storage.embedded import Embedded
from service.storage.models import TABLES, Edge
from tests.conftest import ROOT, Another


def parley(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "PARLEY_HOME": str(home), "PARLEY_BIND": "127.0.0.1:0"}
    command = [sys.executable, "-m", "scripts.cli", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def applied(settings: Settings) -> list[str]:
    rows = database.database.execute_sql("SELECT name FROM schema_migration ORDER BY name").fetchall()
    return [name for (name,) in rows]


def test_four_at_once_and_one_does_the_work(settings: Settings) -> None:
    migrators = [parley(settings.home, "migrate") for _ in range(4)]
    done = [(migrator, *migrator.communicate(timeout=60)) for migrator in migrators]
    assert [migrator.returncode for migrator, _, _ in done] == [0] * 4, [errors for _, _, errors in done]
    known = sorted(path.stem for path in migrate.DIRECTORY.glob("[0-9]*.py"))
    assert sorted(said for _, said, _ in done) == sorted(["0 applied\n"] * 3 + [f"{len(known)} applied\n"])
    database.connect(settings)
    migrate.check()
    assert applied(settings) == known


def test_migrating_again_does_nothing(store: Settings) -> None:
    assert migrate.migrate() == []
    assert create_app(store)


@pytest.mark.database("sqlite")
def test_the_service_does_not_start_without_a_database(settings: Settings) -> None:
    with pytest.raises(NotMigrated, match="Run: parley migrate"):
        create_app(settings)
    assert not settings.home.exists(), "asking made nothing"


def test_the_service_does_not_start_on_an_empty_database(settings: Settings) -> None:
    database.connect(settings, create=True)
    with pytest.raises(NotMigrated, match=r"0001_three_tables.*Run: parley migrate"):
        create_app(settings)


def test_the_service_does_not_start_on_a_newer_schema(store: Settings) -> None:
    database.database.execute_sql(
        "INSERT INTO schema_migration (name, applied) VALUES ('9999_from_the_future', '2030-01-01')"
    )
    with pytest.raises(NotMigrated, match="9999_from_the_future"):
        create_app(store)


@pytest.mark.parametrize("command", [("serve",), ("demo",), ("token", "list"), ("merge", "actor", "a", "b")])
@pytest.mark.parametrize("there", [False, True])
def test_commands_name_the_command_to_run(tmp_path: Path, command: tuple[str, ...], there: bool) -> None:
    if there:
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "parley.db").touch()
    refused = parley(tmp_path / "home", *command)
    said, errors = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert "Run: parley migrate" in errors
    assert "Traceback" not in errors
    assert said == ""


def test_the_migrations_leave_what_the_models_need(
    store: Settings, another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same columns, types, keys and indexes. A migration may be ahead of the models, never behind."""
    made = set(schema())
    database.connect(store._replace(database_url=another()), create=True)
    # What SQLite alone has.
    monkeypatch.setattr(Edge._meta, "without_rowid", isinstance(database.database.obj, Embedded))
    with database.told():
        database.database.create_tables(TABLES)
    wanted = set(schema())
    assert len(wanted) > 80
    assert wanted - made == set()
    database.disconnect()


def schema() -> Iterator[tuple[object, ...]]:
    """Each column (type, null or not, in the key or not), index and foreign key of the models' tables."""
    with database.told():
        for table in (table._meta.table_name for table in TABLES):
            for column in database.database.get_columns(table):
                yield table, column.name, column.data_type, column.null, column.primary_key
            for index in database.database.get_indexes(table):
                yield table, index.name, tuple(index.columns), index.unique
            for key in database.database.get_foreign_keys(table):
                yield table, key.column, key.dest_table, key.dest_column
            if isinstance(database.database.obj, Embedded):
                stored = "SELECT sql FROM sqlite_master WHERE type = 'table' AND tbl_name = ?"
                yield table, "WITHOUT ROWID" in database.database.execute_sql(stored, (table,)).fetchone()[0]
