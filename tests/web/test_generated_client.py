"""A client generated from the API description, with types and by no hand of ours, does the README's tour."""

import importlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import requests

from tests.conftest import Server

TRUMP, ZELENSKYY, PUTIN = "donald-trump", "volodymyr-zelenskyy", "vladimir-putin"


@pytest.fixture(scope="module")
def generated(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The client's folder, on the path. The generator gave no warning: it understood it all."""
    folder = tmp_path_factory.mktemp("client")
    description = folder / "openapi.json"
    # NDJSON is a file to the generator, which knows no such type of content.
    (folder / "config.yaml").write_text(
        "content_type_overrides: {application/x-ndjson: application/octet-stream}\n"
    )
    description.write_bytes(requests.get(f"{server.url}/openapi.json", timeout=10).content)
    tools = str(Path(sys.executable).parent)
    command: list[str | Path] = [f"{tools}/openapi-python-client", "generate", "--fail-on-warning"]
    command += ["--config", folder / "config.yaml"]
    made = subprocess.run(
        [*command, "--path", description, "--meta", "none", "--output-path", folder / "parley_client"],
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield folder / "parley_client"
    sys.path.remove(str(folder))


@pytest.fixture
def api(generated: Path) -> Any:
    """The operations by name, each with ``sync_detailed``."""
    modules = {
        file.stem: importlib.import_module(f"parley_client.api.{file.parent.name}.{file.stem}")
        for file in generated.glob("api/*/*.py")
    }
    return SimpleNamespace(**modules)


@pytest.fixture
def models(generated: Path) -> ModuleType:
    return importlib.import_module("parley_client.models")


@pytest.fixture
def reader(generated: Path, server: Server) -> Iterator[Any]:
    made = importlib.import_module("parley_client").Client
    with made(base_url=server.url, raise_on_unexpected_status=True) as client:
        yield client


@pytest.fixture
def writer(generated: Path, server: Server) -> Iterator[Any]:
    token = server.parley("token", "create", "--scope", "write").stdout.strip()
    made = importlib.import_module("parley_client").AuthenticatedClient
    with made(base_url=server.url, token=token, raise_on_unexpected_status=True) as client:
        yield client


def test_it_stands_for_every_operation(api: Any, server: Server) -> None:
    described = requests.get(f"{server.url}/openapi.json", timeout=10).json()
    named = {operation["operationId"] for path in described["paths"].values() for operation in path.values()}
    # What is a word of Python's own has an underscore after it.
    assert {name.replace("-", "_") for name in named} <= {name.rstrip("_") for name in vars(api)}


def test_it_is_typed(generated: Path) -> None:
    """The generator promises types; mypy holds it to them, for what a caller of it would write."""
    caller = generated.parent / "caller.py"
    caller.write_text(
        "from parley_client import AuthenticatedClient as Client\n"
        "from parley_client.api.positions import actor_positions\n"
        "from parley_client.models import HistoryPage\n"
        "page = actor_positions.sync('donald-trump', client=Client('', 'token'), limit=1)\n"
        "assert isinstance(page, HistoryPage)\n"
        "stance: int = page.items[0].stance\n"
        "label: int = page.items[0].label\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "--follow-imports=silent", "caller.py"],
        cwd=generated.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "caller.py:7: error: Incompatible types" in checked.stdout, checked.stdout
    assert "Found 1 error" in checked.stdout, checked.stdout


def test_reading(api: Any, models: ModuleType, reader: Any) -> None:
    found = api.actor_positions.sync(ZELENSKYY, client=reader)
    assert isinstance(found, models.HistoryPage)
    first = found.items[0]
    assert (first.issue, first.stance, first.change.type_.value) == ("talks-progress", 2, "initial")
    assert first.statement.sources[0].locator == "paragraph 10"

    ceded = api.actor_positions.sync(TRUMP, client=reader, issue=["donbas-cession"]).items[0]
    assert (ceded.earliest, ceded.latest) == (None, "2025-12-23")

    assert api.actor_positions.sync(PUTIN, client=reader).items == []
    only = models.ActorPositionsAttributed.ONLY
    claimed = api.actor_positions.sync(PUTIN, client=reader, attributed=only).items
    assert {entry.claimed_by for entry in claimed} > {"european-officials", ZELENSKYY}

    several = api.actor_positions.sync(TRUMP, client=reader, issue=["donbas-cession", "talks-progress"]).items
    assert {entry.issue for entry in several} == {"donbas-cession", "talks-progress"}

    on_the_22nd = api.actor_positions.sync(TRUMP, client=reader, as_of="2025-12-22").items
    assert [entry.issue for entry in on_the_22nd] == ["talks-progress"]

    track = api.track_timeline.sync("us-led-peace-talks", client=reader, limit=12)
    assert len(track.items) == 12
    assert track.next_.startswith("http")

    said = api.list_statements.sync(client=reader, talk=["florida-talks-2025-12-21"]).items
    assert [statement.speaker for statement in said] == ["steve-witkoff", TRUMP]

    hit = api.search.sync(client=reader, q="Зеленський").items[0]
    assert (hit.id, hit.kind.value) == (ZELENSKYY, "actor")

    first_read = api.get_actor.sync_detailed(TRUMP, client=reader)
    again = api.get_actor.sync_detailed(TRUMP, client=reader, if_none_match=first_read.headers["ETag"])
    assert again.status_code == 304


def test_writing(api: Any, models: ModuleType, writer: Any) -> None:
    mark = uuid.uuid4().hex[:8]
    desk, note, said = f"desk-{mark}", f"note-{mark}", f"said-{mark}"
    organization = models.Actor(id=desk, type_=models.ActorType.ORGANIZATION, name="Our desk")
    made = api.create_actor.sync(client=writer, body=organization)
    assert isinstance(made, models.ActorRecord)
    assert (made.id, made.version) == (desk, 1)
    paper = models.Source(id=note, type_=models.SourceType.DOCUMENT, title="Note of our desk")
    assert api.create_source.sync(client=writer, body=paper).id == note
    statement = {
        "id": said,
        "speaker": desk,
        "made": "2025-12-24",
        "text": "We see no progress.",
        "directness": "direct",
        "status": "attested",
        "sources": [{"source": note}],
        "positions": [{"issue": "talks-progress", "stance": -1}],
    }
    recorded = api.create_statement.sync_detailed(client=writer, body=models.Statement.from_dict(statement))
    assert (recorded.status_code, recorded.headers["ETag"]) == (201, '"1"')
    statement |= {"id": f"other-{mark}", "positions": [{"issue": "talks-progress", "stance": 3}]}
    refused = api.create_statement.sync(client=writer, body=models.Statement.from_dict(statement))
    assert isinstance(refused, models.Problem)
    assert [fault.pointer for fault in refused.errors] == ["/positions/0/stance"]

    kept = api.delete_source.sync(note, client=writer, if_match='"1"')
    assert [(referrer.id, referrer.relation.value) for referrer in kept.referrers] == [(said, "cites")]

    before = recorded.parsed.recorded_at + timedelta(microseconds=1)
    change = models.StatementPatch.from_dict({"positions": [{"issue": "talks-progress", "stance": 1}]})
    amended = api.patch_statement.sync(said, client=writer, body=change, if_match='"1"')
    assert (amended.version, amended.positions[0].stance) == (2, 1)
    stale = api.patch_statement.sync_detailed(said, client=writer, body=change, if_match='"1"')
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')

    known = f"{before.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    assert api.actor_positions.sync(desk, client=writer).items[0].stance == 1
    assert api.actor_positions.sync(desk, client=writer, known_at=known).items[0].stance == -1
    past = api.list_statement_revisions.sync(said, client=writer).items
    assert [(entry.version, entry.action.value) for entry in past] == [(1, "created"), (2, "amended")]
