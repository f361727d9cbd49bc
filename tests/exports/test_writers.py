"""What holds for every writer beside what its readers find: streaming, steady memory, the format's rules."""

import io
import re
import shutil
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest
from lxml import etree

from schemas.vocabulary import KINDS
from service.exports.formats import FORMATS
from service.exports.gexf import COLOURS
from service.exports.graphs import Edge, Graph, Node
from tests.exports.conftest import needed
from tests.exports.made import TALKS, Made
from tests.exports.reading import written

GEXF = {"g": "http://gexf.net/1.3"}
WEEK = [f"2025-12-{day:02}" for day in range(15, 22)]


def some_nodes(how_many: int) -> Iterator[Node]:
    for number in range(how_many):
        yield Node(f"actor-{number}", f"Actor {number} & others", "actor", "state", None, WEEK[number % 7])


def some_edges(how_many: int, among: int) -> Iterator[Edge]:
    for number in range(how_many):
        ends = f"actor-{number % among}", f"actor-{number * 7 % among}"
        yield Edge(
            f"e{number}", *ends, "position", number / 1000, number % 5 - 2, "attested", start=WEEK[number % 7]
        )


def test_formats_can_be_told_apart() -> None:
    assert list(FORMATS) == ["gexf", "graphml", "cytoscape", "jgf", "node-link", "dot", "csv"]
    for part in ("media_type", "extension", "about", "write"):
        assert len({getattr(each, part) for each in FORMATS.values()}) == len(FORMATS)
    for each in FORMATS.values():
        assert re.fullmatch(r"(application|text)/[a-z.+-]+", each.media_type)
        assert re.fullmatch(r"[a-z.]+", each.extension)


@pytest.mark.parametrize("name", FORMATS)
def test_head_comes_before_the_first_node_is_asked_for(name: str) -> None:
    asked: list[str] = []

    def nodes() -> Iterator[Node]:
        asked.append("nodes")
        yield from some_nodes(3)

    def edges() -> Iterator[Edge]:
        asked.append("edges")
        yield from some_edges(3, among=3)

    chunks = FORMATS[name].write(Graph("Talks"), nodes(), edges())
    assert asked == []
    first = next(chunks)
    assert first
    assert asked == []
    assert all(chunks)
    assert asked == ["nodes", "edges"]


@pytest.mark.parametrize("name", FORMATS)
def test_memory_does_not_grow_with_the_graph(name: str) -> None:
    def peak(how_many: int) -> int:
        tracemalloc.start()
        for chunk in FORMATS[name].write(
            Graph("Talks"), some_nodes(how_many), some_edges(how_many, how_many)
        ):
            assert len(chunk) < 256 * 1024
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # Each edge has a weight of its own: past some thousands, no more of them are remembered.
    small, large = peak(6_000), peak(24_000)
    assert large < small * 1.1 + 100_000
    assert large < 8_000_000


@pytest.mark.parametrize("name", FORMATS)
def test_equal_weights_are_written_alike_in_any_order(name: str) -> None:
    """What is remembered of one edge is not to be seen in another: 1 is 1.0, and -0.0 is 0.0."""

    def weighing(*weights: float) -> bytes:
        edges = [Edge(f"e{at}", "nato", "nato", "about", weight) for at, weight in enumerate(weights)]
        return written(name, Made(TALKS.graph, TALKS.nodes, edges))

    assert weighing(1, 1.0, 0.0, -0.0) == weighing(1.0, 1, -0.0, 0)


@pytest.mark.parametrize("name", FORMATS)
def test_an_abandoned_download_ends_quietly(name: str) -> None:
    chunks = FORMATS[name].write(TALKS.graph, some_nodes(10_000), some_edges(10_000, among=10))
    next(chunks)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]


def test_gexf_times_colours_and_declarations() -> None:
    root = etree.fromstring(written("gexf", TALKS))
    assert root.find("g:meta", GEXF).get("lastmodifieddate") == "2025-12-23"
    graph = root.find("g:graph", GEXF)
    assert (graph.get("mode"), graph.get("timerepresentation")) == ("dynamic", "interval")
    times = {
        node.get("id"): (node.get("start"), node.get("end")) for node in graph.iterfind(".//g:node", GEXF)
    }
    assert times == {
        "ukraine": (None, None),
        "russia": (None, None),
        "nato": (None, None),
        "miami": ("2025-12-20T00:00:00Z", "2025-12-22T23:59:59Z"),
        "geneva": ("2025-11-23T15:04:05Z", "2025-11-23T15:04:05Z"),
        "westphalia": (None, None),
    }
    declared = {
        (group.get("class"), each.get("title")): each.get("type")
        for group in graph.iterfind("g:attributes", GEXF)
        for each in group
    }
    assert declared == {("node", name): "string" for name in ("kind", "type", "status")} | {
        ("edge", name): "integer" if name == "stance" else "string"
        for name in ("relation", "stance", "status", "role", "firmness", "record")
    }
    # By the prefix, as graphology and Sigma look for it.
    assert b'<viz:color r="0" g="114" b="178"/>' in written("gexf", TALKS)


def test_every_kind_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(KINDS)
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_csv_is_for_spreadsheets_and_gephi() -> None:
    with zipfile.ZipFile(io.BytesIO(written("csv", TALKS))) as archive:
        assert archive.testzip() is None
        assert [each.date_time[:3] for each in archive.infolist()] == [(2025, 12, 23)] * 2
        nodes, edges = (archive.read(name).decode() for name in ("nodes.csv", "edges.csv"))
    assert nodes.startswith("\ufeffId,Label,Kind,Type,Status,Start,End\r\n")
    assert "nato,'=NATO\tmembership,issue,,,,\r\n" in nodes
    assert 'russia,"Россия & ""co""",actor,state,,,\r\n' in nodes
    assert "westphalia,Before the Common Era,event,agree,,'-0499-01-01,\r\n" in nodes
    assert edges.splitlines()[0].split(",")[:7] == [
        "\ufeffId",
        "Source",
        "Target",
        "Type",
        "Label",
        "Kind",
        "Weight",
    ]
    assert "4,russia,russia,Directed,member-of,member-of,-2.5,,,,,,,\r\n" in edges
    undirected = Made(TALKS.graph._replace(directed=False), TALKS.nodes, TALKS.edges)
    with zipfile.ZipFile(io.BytesIO(written("csv", undirected))) as archive:
        assert b"1,ukraine,nato,Undirected," in archive.read("edges.csv")


def test_other_programs_open_the_archive(tmp_path: Path) -> None:
    """Java's reader takes a ZIP as a stream, and knows an entry's end from what follows it."""
    file = tmp_path / "graph.zip"
    file.write_bytes(written("csv", TALKS))
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-t", file], check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", file, tmp_path / "out"], check=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["edges.csv", "nodes.csv"]


@pytest.mark.parametrize(("name", "times"), [("gexf", 8), ("graphml", 5)])
def test_much_faster_than_networkx(name: str, times: int) -> None:
    """On one graph in one run, each with the building of its graph, in processor time."""
    size = 20_000
    began = time.process_time()
    for _ in FORMATS[name].write(Graph("Talks"), some_nodes(size // 5), some_edges(size, among=size // 5)):
        pass
    ours = time.process_time() - began

    began = time.process_time()
    graph = networkx.MultiDiGraph()
    for node in some_nodes(size // 5):
        graph.add_node(node.id, label=node.label, kind=node.kind, type=node.type, start=node.start)
    for edge in some_edges(size, among=size // 5):
        facts = {"relation": edge.relation, "stance": edge.stance, "status": edge.status, "start": edge.start}
        graph.add_edge(edge.tail, edge.head, key=edge.id, weight=edge.weight, **facts)
    getattr(networkx, f"write_{name}")(graph, io.BytesIO())
    assert ours * times < time.process_time() - began


def test_needed_tools_are_not_skipped_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="not installed: no-such-command"):
        needed("no-such-command")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception):
        needed("no-such-command")
