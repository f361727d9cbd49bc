"""``parley benchmark``: that what it compares is the same, never how long it took."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import sample
from scripts.benchmark import stores
from scripts.benchmark.export import PEERS, QUICK_EDGES
from scripts.benchmark.process import cost
from service import recording
from service.diplomacy.changes import Change
from service.exports.formats import FORMATS
from service.settings import Settings
from service.storage import database, migrate
from service.storage.models import Edge, Record, Revision
from tests.scripts.conftest import Parley

SMALL = sample.Shape(300, actors=30, issues=12, tracks=3)


def tables() -> list[list[Any]]:
    """All rows, but for what depends on when they were written."""
    later = ("recorded_at", "recorded_by", "hash", "document")
    columns = [
        [field for field in model._meta.sorted_fields if field.name not in later]
        for model in (Record, Revision, Edge)
    ]
    return [[*fields[0].model.select(*fields).tuples()] for fields in columns]


def indexed() -> list[Any]:
    """Every word that search knows, and where it stands."""
    create = "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search, instance)"
    database.database.execute_sql(create)
    rows = database.database.execute_sql("SELECT doc, col, offset, term FROM temp.words ORDER BY 1, 2, 3")
    return list(rows.fetchall())


def said() -> list[dict[str, Any]]:
    documents = [json.loads(document) for (document,) in Revision.select(Revision.document).tuples()]
    return [{name: value for name, value in one.items() if name != "recorded_at"} for one in documents]


def test_a_made_up_store_is_what_recording_would_have_written(store: Settings, tmp_path: Path) -> None:
    total = sample.fill(SMALL)
    filled, documents, words = tables(), said(), indexed()
    assert len(filled[2]) == total > 1_500
    database.connect(store._replace(database_url=f"sqlite:///{tmp_path / 'other.db'}"), create=True)
    migrate.migrate()
    changes = [Change(made["kind"], made["id"], made) for made in sample.made_up(SMALL)]
    recording.write(changes, "a test")
    assert tables() == filled
    assert said() == documents
    assert indexed() == words
    assert len(words) > 5_000


def test_the_same_seed_makes_the_same_and_another_another() -> None:
    first, again, other = ([*sample.made_up(SMALL, seed)] for seed in (1, 1, 2))
    assert first == again != other


def test_there_are_as_many_edges_as_asked_for(store: Settings) -> None:
    told: list[int] = []
    total = sample.fill(sample.Shape.of_edges(5_000), 5_000, done=told.append)
    assert 5_000 <= total == sum(told) == Edge.select().count() < 5_000 + 20


def test_some_actors_say_far_more_than_others(store: Settings) -> None:
    sample.fill(sample.Shape.of_edges(20_000), 20_000)
    made = [
        Edge.select()
        .join(Record, on=(Record.key == Edge.tail))
        .where(Record.id == id, Edge.relation == "made")
        for id in ("actor-0000", "actor-0039")
    ]
    first, last = (query.count() for query in made)
    assert first > 5 * last > 0


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store of the quick benchmark is kept, and its figures."""
    return tmp_path_factory.mktemp("benchmark")


def test_export(parley: Parley, quick: Path) -> None:
    file = quick / "figures.json"
    result = parley("benchmark", "export", "--quick", "--store", str(quick), "--json", str(file))
    assert result.stdout.splitlines()[-1] == str(file)
    found = json.loads(file.read_text())
    assert list(found["formats"]) == list(FORMATS)
    counts = {tuple(figures["counts"]) for figures in found["formats"].values()}
    assert len(counts) == 1, "what the readers of the formats count"
    ((nodes, edges),) = counts
    assert edges >= QUICK_EDGES > nodes > 1_000
    for name in PEERS:
        theirs = found["formats"][name]["networkx"]
        assert (theirs["nodes"], theirs["edges"]) == (nodes, edges)
        assert found["formats"][name]["parley"]["peak_kib"] < theirs["peak_kib"]
    assert (stores.home(quick, QUICK_EDGES) / "parley.db").is_file()


def test_peak_memory_does_not_grow_with_the_graph(demo: Settings, tmp_path: Path) -> None:
    database.disconnect()
    environ = {"PARLEY_HOME": str(demo.home)}
    command = ["scripts.cli", "export", "graph", "--force", "--output", str(tmp_path / "graph")]
    small = cost(command, environ).peak
    sample_home = tmp_path / "large"
    database.connect(demo._replace(database_url=f"sqlite:///{sample_home / 'parley.db'}"), create=True)
    migrate.migrate()
    sample.fill(sample.Shape.of_edges(50_000), 50_000)
    database.disconnect()
    large = cost(command, {"PARLEY_HOME": str(sample_home)}).peak
    assert small < large < 40 * 1024


def test_networks(parley: Parley, tmp_path: Path) -> None:
    """It stops by itself if networkx has other numbers."""
    file = tmp_path / "figures.json"
    assert parley("benchmark", "networks", "--quick", "--json", str(file)).stdout.endswith(f"{file}\n")
    assert json.loads(file.read_text())["ties"] > 10_000
