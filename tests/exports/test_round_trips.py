"""Every writer, read by the tools that people open its format with: what comes back is what went in."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from jsonschema import Draft7Validator
from lxml import etree

from tests.conftest import ROOT
from tests.exports import reading
from tests.exports.made import TALKS, Made, any_graphs, many_graphs
from tests.exports.reading import Read, characters, expected, no_surrogates, written

HOW_MANY = 10_000
"""Random graphs that every writer writes, and its readers read."""

CONFORMANCE = ROOT.parent / "shared" / "conformance"


@cache
def graphs() -> list[Made]:
    return many_graphs(HOW_MANY)


def conformance(*path: str) -> Path:
    """A file of the formats' own authors, which is kept beside the project and not in it."""
    file = CONFORMANCE.joinpath(*path)
    if not file.exists():
        assert not os.environ.get("CI"), f"{file} is missing"
        pytest.skip("the conformance material is not beside this checkout")
    return file


def from_gexf(made: Made) -> Read:
    return expected(made, characters, reading.moment)


def from_xml(made: Made) -> Read:
    return expected(made, characters)


def from_igraph(made: Made) -> Read:
    return expected(made, characters, empty=False)


def from_json(made: Made) -> Read:
    return expected(made, no_surrogates)


def from_tables(made: Made) -> Read:
    # A graph without an edge has no row to say whether it is directed.
    read = expected(made, reading.cell, lambda _name, time: reading.cell(time), empty=False)
    return read if made.edges else read._replace(directed=True)


READERS: dict[str, tuple[str, Callable[[bytes], Read], Callable[[Made], Read]]] = {
    "gexf by networkx": ("gexf", reading.gexf_by_networkx, from_gexf),
    "graphml by networkx": ("graphml", reading.graphml_by_networkx, from_xml),
    "node-link by networkx": ("node-link", reading.node_link_by_networkx, from_json),
    "jgf": ("jgf", reading.json_graph, from_json),
    "cytoscape": ("cytoscape", reading.cytoscape_json, from_json),
    "csv": ("csv", reading.tables, from_tables),
}


@pytest.mark.parametrize("reader", READERS)
def test_what_is_read_is_what_was_written(reader: str) -> None:
    name, read, back = READERS[reader]
    for made in graphs():
        assert read(written(name, made)) == back(made)


@given(any_graphs())
@settings(max_examples=150)
@example(TALKS)
def test_any_graph_comes_back_from_every_format(made: Made) -> None:
    for name, read, back in READERS.values():
        assert read(written(name, made)) == back(made), name


def test_igraph_reads_graphml(tmp_path: Path) -> None:
    for made in graphs():
        read = reading.graphml_by_igraph(written("graphml", made), tmp_path / "graph.graphml")
        assert read == from_igraph(made)


def test_gexf_is_valid_by_its_schema() -> None:
    schema = etree.XMLSchema(etree.parse(conformance("gexf-1.3", "gexf.xsd")))
    for made in graphs():
        document = etree.fromstring(written("gexf", made))
        schema.assertValid(document)
        assert (document.findtext(".//{*}description") or "") == characters(made.graph.title)


def test_json_graph_is_valid_by_its_schema() -> None:
    schema = json.loads(conformance("json-graph", "json-graph-schema_v2.json").read_text())
    validator = Draft7Validator(schema)
    for made in graphs()[:1500]:  # a slow validator: the shape does not depend on the texts
        validator.validate(json.loads(written("jgf", made)))


def by_node(clients: Path, script: str, documents: list[str]) -> list[Any]:
    """What a script makes of each document. It may not say a word on standard error."""
    done = subprocess.run(
        ["node", script],
        cwd=clients,
        input="\n".join(documents),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,  # what it says is part of the answer
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.removesuffix("\n").split("\n")]


def test_graphology_reads_gexf(clients: Path) -> None:
    documents = [json.dumps(written("gexf", made).decode()) for made in graphs()]
    for made, read in zip(graphs(), by_node(clients, "graphology.mjs", documents), strict=True):
        title, about = characters(made.graph.title), read["attributes"].get("description")
        assert about == title or (about is None and not re.search(r"\w", title))  # blank: it leaves it out
        # Times it does not know; an empty label or kind it leaves out; the colour goes by a node's kind.
        back = expected(made, characters, without=("start", "end"))
        for node in back.nodes.values():
            if not node["label"]:
                del node["label"]
        colours = {id: node.pop("color") for id, node in read["nodes"].items()}
        assert all(colour.startswith("rgb(") for colour in colours.values())
        assert read["nodes"] == back.nodes
        for edge in read["edges"].values():
            assert edge.pop("undirected") is not made.graph.directed
            assert edge.pop("kind", "") == edge["relation"]
            edge["ends"] = reading.ends(made.graph.directed, edge.pop("source"), edge.pop("target"))
        assert read["edges"] == back.edges


def test_cytoscape_js_loads_its_json(clients: Path) -> None:
    # One a line: what is between members may be a line break, what is within a string never is.
    documents = [written("cytoscape", made).decode().replace("\n", "") for made in graphs()]
    for made, read in zip(graphs(), by_node(clients, "cytoscape.mjs", documents), strict=True):
        assert read["data"]["name"] == no_surrogates(made.graph.title)
        assert reading.cytoscape(read["data"]["directed"], read["nodes"], read["edges"]) == from_json(made)


def test_graphviz_reads_dot(dot: str) -> None:
    documents = b"".join(written("dot", made) for made in graphs())
    done = subprocess.run([dot, "-Tdot_json"], input=documents, capture_output=True, timeout=300, check=True)
    assert not re.search(rb"Error:|syntax", done.stderr)  # of fonts it may complain
    for made, read in zip(graphs(), reading.drawn(done.stdout.decode()), strict=True):
        assert read == expected(made, reading.lines, empty=False)


def test_graphviz_draws_dot(dot: str) -> None:
    some = graphs()[:500]
    documents = b"".join(written("dot", made) for made in some)
    done = subprocess.run([dot, "-Tsvg"], input=documents, capture_output=True, timeout=300, check=True)
    assert not re.search(rb"Error:|syntax", done.stderr)  # of fonts it may complain
    drawings = done.stdout.decode().split("<?xml ")[1:]
    for made, drawing in zip(some, drawings, strict=True):
        svg = etree.fromstring(f"<?xml {drawing}".encode())
        shown = {
            group.findtext("{*}title"): "".join(line.text or "" for line in group.iterfind(".//{*}text"))
            for group in svg.iterfind(".//{*}g[@class='node']")
        }
        # Lines apart, and spaces as SVG is given them.
        assert {id: "".join(text.split()) for id, text in shown.items()} == {
            node.id: "".join(reading.lines(node.label).split()) for node in made.nodes
        }
