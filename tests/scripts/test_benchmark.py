"""``parley benchmark``: that what it compares is the same, never how long it took."""

import json
import socketserver
from itertools import cycle, islice, repeat
from pathlib import Path
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from scripts import sample
from scripts.benchmark import agreeing, asked, stores
from scripts.benchmark.export import PEERS, QUICK_EDGES
from scripts.benchmark.load import ask, get, load
from scripts.benchmark.process import cost
from scripts.benchmark.whole import READS, SMALL
from service import recording
from service.diplomacy.changes import Change
from service.errors import ParleyError
from service.exports.formats import FORMATS
from service.settings import Settings
from service.storage import database, migrate
from service.storage.models import Edge, Record, Revision
from tests.conftest import Another
from tests.scripts.conftest import Parley

TINY = sample.Shape(300, actors=30, issues=12, tracks=3)


def tables() -> list[list[Any]]:
    """All rows, but for what depends on when they were written."""
    later = ("recorded_at", "recorded_by", "hash", "document")
    columns = [
        [field for field in model._meta.sorted_fields if field.name not in later]
        for model in (Record, Revision, Edge)
    ]
    return [[*fields[0].model.select(*fields).order_by(*fields[:3]).tuples()] for fields in columns]


def indexed(backend: str) -> list[Any]:
    """Every word that search knows, and where it stands."""
    if backend == "postgresql":
        return list(database.database.execute_sql("SELECT key, words FROM search ORDER BY key").fetchall())
    create = "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search, instance)"
    database.database.execute_sql(create)
    rows = database.database.execute_sql("SELECT doc, col, offset, term FROM temp.words ORDER BY 1, 2, 3")
    return list(rows.fetchall())


def said() -> list[dict[str, Any]]:
    rows = Revision.select(Revision.document).order_by(Revision.seq).tuples()
    documents = [json.loads(document) for (document,) in rows]
    return [{name: value for name, value in one.items() if name != "recorded_at"} for one in documents]


def test_a_made_up_store_is_what_recording_would_have_written(
    store: Settings, another: Another, backend: str
) -> None:
    total = sample.fill(TINY)
    filled, documents, words = tables(), said(), indexed(backend)
    assert len(filled[2]) == total > 1_500
    database.connect(store._replace(database_url=another()), create=True)
    migrate.migrate()
    changes = [Change(made["kind"], made["id"], made) for made in sample.made_up(TINY)]
    recording.write(changes, "a test")
    assert tables() == filled
    assert said() == documents
    assert indexed(backend) == words
    assert len(words) > 300


def test_the_same_seed_makes_the_same_and_another_another() -> None:
    first, again, other = ([*sample.made_up(TINY, seed)] for seed in (1, 1, 2))
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


@pytest.mark.database("sqlite")
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


@pytest.mark.database("sqlite")
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


@pytest.mark.database("sqlite")
def test_networks(parley: Parley, tmp_path: Path) -> None:
    """It stops by itself if networkx has other numbers."""
    file = tmp_path / "figures.json"
    assert parley("benchmark", "networks", "--quick", "--json", str(file)).stdout.endswith(f"{file}\n")
    assert json.loads(file.read_text())["ties"] > 10_000


@pytest.mark.database("sqlite")
def test_what_is_compared_answers_the_same(parley: Parley, quick: Path) -> None:
    """Parley, the floors and the peers, row for row: it stops by itself if they do not."""
    file, chart = quick / "reads.json", quick / "reads.svg"
    options = ("--quick", "--store", str(quick), "--json-file", str(file), "--chart", str(chart))
    result = parley("benchmark", *options)
    assert result.stdout.splitlines()[-2:] == [str(chart), str(file)]
    found = json.loads(file.read_text())
    (reads,) = found["reads"].values()
    assert list(reads) == list(READS)
    for measure, of in reads.items():
        assert {"parley", "parley, repeated", "bare"} <= of.keys()
        assert all(figures["per_second"] > 0 for figures in of.values()), measure
    assert "plain" in reads["history"]
    assert reads["history"]["parley"]["bytes"] == pytest.approx(reads["history"]["bare"]["bytes"], rel=0.1)
    assert {"import", "single", "at once"} == found["writes"].keys()
    assert found["networks"]["two hops"]["neighbourhoods"] == 30
    assert found["footprint"]["workers"] == 2
    assert ElementTree.parse(chart).findtext("{*}title")  # noqa: S314 -- our own
    again = parley(
        "benchmark", "--quick", "--store", str(quick), "--only", "footprint", "--compare", str(file)
    )
    assert "Changes since" in again.stdout


def test_a_peer_with_other_rows_stops_it(quick: Path) -> None:
    found = [("statement-0000001", "issue-0001", 1, "Yes."), ("statement-0000002", "issue-0001", 2, "No.")]
    with pytest.raises(ParleyError, match="soul-cli has other rows for actor-0001: first at 1"):
        agreeing.same("soul-cli", "actor-0001", found, [found[0], ("statement-0000003", *found[1][1:])])


def test_no_address_is_asked_twice(quick: Path) -> None:
    environ = stores.made(quick, SMALL, stores.STATEMENTS)
    found = asked.store(Path(environ["PARLEY_HOME"]) / "parley.db")
    for measure, made in asked.paths(found).items():
        paths = [*islice(made(1), 5_000)]
        assert len(set(paths)) == len(paths), measure
        assert paths == [*islice(made(1), 5_000)]
        assert len({*islice(asked.again(made(1)), 100)}) == asked.FEW


def test_load_reads_answers_however_they_come() -> None:
    """Of a known length, in chunks, without a body, over a connection that is closed each time."""
    ways = cycle(
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        ]
    )

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while self.request.recv(1000):
                answer = next(ways)
                for place in range(0, len(answer), 7):
                    self.request.sendall(answer[place : place + 7])
                if b"close" in answer:
                    return

    # In threads: who gives up on an answer may leave its connection open a while.
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        Thread(target=server.serve_forever, daemon=True).start()
        address = ("127.0.0.1", server.server_address[1])
        assert [ask(address, get("/"))[2] for _ in range(3)] == [b"hello"] * 3
        taken = load(address, repeat(get("/")), connections=1, seconds=5, most=30)
        assert taken.number == 30
        with pytest.raises(ParleyError, match="200"):
            load(address, repeat(get("/")), connections=1, seconds=1, expected=304)
        server.shutdown()
