"""What tests stand on: a fresh store, the service on it, and the same as a real server."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from service import settings as all_settings
from service.app import create_app
from service.ingest import demo as demo_negotiation
from service.settings import Settings
from service.storage import database, migrate, tokens

ROOT = Path(__file__).parent.parent

hypothesis_settings.register_profile(
    "parley", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("parley")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a store that nobody else uses."""
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path / "home"))
    return all_settings.load()


@pytest.fixture
def store(settings: Settings) -> Iterator[Settings]:
    """An empty store, migrated and connected to."""
    database.connect(settings, create=True)
    migrate.migrate()
    yield settings
    database.database.close()


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
        for _ in range(200):
            try:
                requests.get(f"{self.url}/livez", timeout=5).raise_for_status()
                return self
            except requests.ConnectionError:
                assert self.process.poll() is None, "the server stopped"
                time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with the demo negotiation. Tests that write to it use ids of their own."""
    running = Server(tmp_path_factory.mktemp("server") / "home")
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
