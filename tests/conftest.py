"""What tests stand on: a fresh store, the service on it, and the same as a real server."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401 -- before service.storage: both databases are spoken to in one process
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from werkzeug.routing import Rule

from service import settings as all_settings
from service.app import create_app
from service.ingest import demo as demo_negotiation
from service.settings import Settings
from service.storage import database, migrate, tokens
from tests import postgres

ROOT = Path(__file__).parent.parent

hypothesis_settings.register_profile(
    "parley", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("parley")


# Two thirds of what it takes to make an application goes into compiling its rules, the same for each of the
# thousands that are made here. Once will do.
_compile, _compiled = Rule._compile_builder, {}


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
    key = (rule.rule, append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


Rule._compile_builder = _compiled_once

BACKENDS = os.environ.get("PARLEY_TEST_DATABASES", "sqlite postgresql").split()
"""The databases that everything is tested on; a module or test that is of one alone has its mark."""

Another = Callable[[], str]
"""Gives the address of one more database: a file that is not there yet, or an empty one on the server."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("database")
        metafunc.parametrize("backend", [mark.args[0]] if mark else BACKENDS, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left alone with it in the end."""
    items.sort(key=lambda item: "tests/fuzz/" not in item.nodeid)


@pytest.fixture(scope="session")
def another(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Another]:
    """Makes databases that nobody else uses, and that are gone in the end."""
    made, numbers = [], count(1)
    folder = tmp_path_factory.mktemp("databases")

    def one() -> str:
        if backend == "sqlite":
            return f"sqlite:///{folder / f'{next(numbers)}.db'}"
        made.append(postgres.fresh(_name()))
        return made[-1]

    yield one
    for url in made:
        postgres.drop(url)


@pytest.fixture
def settings(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings of a store that nobody else uses."""
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path / "home"))
    if backend == "sqlite":
        yield all_settings.load()
        return
    url = postgres.fresh(_name(), _migrated() if "store" in request.fixturenames else None)
    monkeypatch.setenv("PARLEY_DATABASE_URL", url)
    yield all_settings.load()
    postgres.drop(url)


NUMBERS = count(1)


def _name() -> str:
    return f"parley_{os.getpid()}_{next(NUMBERS)}"


def _migrated() -> str:
    """The name of a database on the server that is migrated and empty: made once a run."""
    made = postgres.server() / "migrated"
    with postgres.one_at_a_time():
        if not made.exists():
            url = postgres.fresh("migrated")
            database.connect(all_settings.load()._replace(database_url=url))
            migrate.migrate()
            database.disconnect()
            made.touch()
    return "migrated"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store that is migrated and empty, for others to be copies of."""
    file = tmp_path_factory.mktemp("migrated") / "parley.db"
    database.connect(all_settings.load()._replace(database_url=f"sqlite:///{file}"), create=True)
    migrate.migrate()
    database.disconnect()
    return file


@pytest.fixture
def store(settings: Settings, backend: str, migrated_file: Path) -> Iterator[Settings]:
    """An empty store, migrated and connected to."""
    if backend == "sqlite":
        shutil.copy(migrated_file, all_settings.folder(settings) / "parley.db")
    database.connect(settings)
    yield settings
    database.disconnect()


@pytest.fixture
def demo(store: Settings) -> Settings:
    """A store that holds the demo negotiation."""
    demo_negotiation.load()
    return store


@pytest.fixture
def app(store: Settings) -> Flask:
    """The service on an empty store."""
    return create_app(store)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller without a token."""
    return app.test_client()


@pytest.fixture
def writer(app: Flask) -> FlaskClient:
    """A caller with a token for writing."""
    return caller(app, "write")


def caller(app: Flask, scope: str) -> FlaskClient:
    """A caller whose every request carries a token of this scope."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens.create(f'{scope}-test', scope)}"
    return client


class Server:
    """A real server, as ``parley serve`` runs it."""

    def __init__(self, home: Path, **environ: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.url = f"http://{self.address}"
        self.environ = {**os.environ, "PARLEY_HOME": str(home), "PARLEY_BIND": self.address, **environ}
        self.parley("migrate")
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home.with_name(f"{home.name}.log")
        """What it says on standard error."""

    def parley(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command beside the server."""
        command = [sys.executable, "-m", "scripts.cli", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False, **options
        )
        assert done.returncode == 0, done.stderr
        return done

    def start(self, *command: str) -> "Server":
        """Start it: ``parley serve``, unless another module is to be run with these arguments."""
        started = [sys.executable, "-m", *(command or ("scripts.cli", "serve"))]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(started, cwd=ROOT, env=self.environ, stderr=log)
        for _ in range(1200):
            try:
                requests.get(f"{self.url}/livez", timeout=5).raise_for_status()
                return self
            except (requests.ConnectionError, requests.Timeout):
                assert self.process.poll() is None, "the server stopped"
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def workers(self) -> list[int]:
        """The process ids of its workers, once all have been started: the first one answers before that."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for _ in range(200):
            found = [int(child) for child in children.read_text().split()]
            if len(found) >= int(self.environ.get("PARLEY_WORKERS", 2)):
                return found
            time.sleep(0.05)
        raise AssertionError("a worker is missing")

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture(scope="session")
def address(backend: str) -> Iterator[dict[str, str]]:
    """Where a real server is to keep its records, as settings: one database for all that ask for it."""
    if backend == "sqlite":
        yield {}
        return
    url = postgres.fresh(_name())
    yield {"PARLEY_DATABASE_URL": url}
    postgres.drop(url)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, address: dict[str, str]) -> Iterator[Server]:
    """A running server with the demo negotiation. Tests that write to it use ids of their own."""
    running = Server(tmp_path_factory.mktemp("server") / "home", **address)
    running.parley("demo")
    running.start()
    yield running
    assert running.stop() == 0


# --- documents to write ---------------------------------------------------------------------------------

ACTOR = {"kind": "actor", "type": "person", "name": "Ann"}
SOURCE = {"kind": "source", "type": "article", "title": "A paper"}
ISSUE = {"kind": "issue", "title": "Ceasefire", "proposition": "The fighting stops first."}
TRACK = {"kind": "track", "title": "The talks", "type": "track-1"}


def talk(**fields: Any) -> dict[str, Any]:
    """A talk, on the source ``source``."""
    talk = {
        "title": "A round",
        "mode": "in-person",
        "status": "held",
        "held": "2025-12-21",
        "participants": [],
    }
    return {"kind": "talk", **talk, "sources": [{"source": "source"}], **fields}


def statement(**fields: Any) -> dict[str, Any]:
    """A statement of ``ann``, on the source ``source``."""
    said = {"speaker": "ann", "text": "So be it.", "directness": "direct", "made": "2025-12-21"}
    return {"kind": "statement", **said, "status": "attested", "sources": [{"source": "source"}], **fields}
