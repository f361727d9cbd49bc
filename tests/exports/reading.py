"""What a reader found in an export, in one shape for all of them, and what it should have found there."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import igraph
import networkx

from service.exports.formats import FORMATS
from tests.exports.made import Made

Found = dict[str, dict[str, Any]]


class Read(NamedTuple):
    """Nodes and edges by id, each with the attributes it has. An edge has ``ends``, in order if directed."""

    directed: bool
    nodes: Found
    edges: Found


def written(name: str, made: Made) -> bytes:
    """What the writer of this name makes of it."""
    return b"".join(FORMATS[name].write(made.graph, iter(made.nodes), iter(made.edges)))


def expected(
    made: Made,
    text: Callable[[str], str],
    time: Callable[[str, str], str | None] = lambda _name, time: time,
    *,
    empty: bool = True,
    without: Iterable[str] = (),
) -> Read:
    """What a reader should find, if a text comes back so, and a start or an end so (None: left out).

    Where a format has no difference between no value and an empty text, ``empty`` is False.
    """

    def attributes(row: Any, hidden: tuple[str, ...]) -> dict[str, Any]:
        found = {}
        for name, given in row._asdict().items():
            value = given
            if name in ("start", "end") and given is not None:
                value = time(name, given)
            elif isinstance(given, str):
                value = text(given)
            if value is not None and (value != "" or empty) and name not in (*hidden, *without):
                found[name] = value
        return found

    nodes = {node.id: attributes(node, ("id",)) for node in made.nodes}
    edges = {
        edge.id: attributes(edge, ("id", "tail", "head"))
        | {"ends": ends(made.graph.directed, edge.tail, edge.head)}
        for edge in made.edges
    }
    return Read(made.graph.directed, nodes, edges)


def ends(directed: bool, tail: str, head: str) -> tuple[str, ...]:
    """Both ends of an edge; of an undirected one in the order of the alphabet."""
    return (tail, head) if directed else tuple(sorted((tail, head)))


# XML 1.0, production 2, the other way round: all that is a character.
_CHARACTER = re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def characters(text: str) -> str:
    """The text as XML can hold it."""
    return "".join(each if _CHARACTER.match(each) else "\ufffd" for each in text)


def no_surrogates(text: str) -> str:
    """The text as UTF-8 can hold it."""
    return "".join("\ufffd" if 0xD800 <= ord(each) <= 0xDFFF else each for each in text)


def lines(text: str) -> str:
    """The text as DOT can hold it, which has one kind of line break."""
    return characters(text).replace("\r\n", "\n").replace("\r", "\n")


def cell(text: str) -> str:
    """The text as a cell of a table holds it."""
    return "'" + characters(text) if text[:1] in tuple("=+-@\t\r") else characters(text)


def moment(name: str, time: str) -> str | None:
    """A start or an end as GEXF has it."""
    if not re.fullmatch(r"\d{4}-.*", time) or time < "0001":
        return None
    return time if "T" in time else time + {"start": "T00:00:00Z", "end": "T23:59:59Z"}[name]


def present(attributes: Mapping[str, Any], *hidden: str, empty: bool = True) -> dict[str, Any]:
    """The attributes that have a value, but for those named."""
    return {
        name: value
        for name, value in attributes.items()
        if name not in hidden and value is not None and value == value and (value != "" or empty)
    }


def by_networkx(graph: Any) -> Read:
    """What is in a graph of networkx. The id of an edge is its key, or the attribute that stands for one."""
    keyed = graph.edges(keys=True, data=True) if graph.is_multigraph() else None
    rows = keyed if keyed is not None else ((*row[:2], None, row[2]) for row in graph.edges(data=True))
    edges = {
        str(data.get("id", key)): present(data, "id") | {"ends": ends(graph.is_directed(), tail, head)}
        for tail, head, key, data in rows
    }
    return Read(graph.is_directed(), {id: present(data) for id, data in graph.nodes(data=True)}, edges)


def gexf_by_networkx(document: bytes) -> Read:
    return by_networkx(networkx.read_gexf(io.BytesIO(document)))


def graphml_by_networkx(document: bytes) -> Read:
    read = by_networkx(networkx.read_graphml(io.BytesIO(document), edge_key_type=str, force_multigraph=True))
    assert all(id == edge.pop("edge_id") for id, edge in read.edges.items())
    return read


def graphml_by_igraph(document: bytes, file: Path) -> Read:
    file.write_bytes(document)
    graph = igraph.Graph.Read_GraphML(str(file))
    ids = graph.vs["id"] if graph.vcount() else []
    nodes = {vertex["id"]: present(vertex.attributes(), "id", empty=False) for vertex in graph.vs}
    edges = {
        edge["edge_id"]: present(edge.attributes(), "id", "edge_id", empty=False)
        | {"ends": ends(graph.is_directed(), ids[edge.source], ids[edge.target])}
        for edge in graph.es
    }
    return Read(graph.is_directed(), nodes, edges)


def node_link_by_networkx(document: bytes) -> Read:
    return by_networkx(networkx.node_link_graph(json.loads(document)))


def json_graph(document: bytes) -> Read:
    graph = json.loads(document)["graph"]
    nodes = {id: {"label": node["label"]} | node["metadata"] for id, node in graph["nodes"].items()}
    edges = {
        edge["id"]: {
            "relation": edge["relation"],
            "ends": ends(graph["directed"], edge["source"], edge["target"]),
        }
        | edge["metadata"]
        for edge in graph["edges"]
    }
    return Read(graph["directed"], nodes, edges)


def cytoscape(directed: bool, nodes: Iterable[dict[str, Any]], edges: Iterable[dict[str, Any]]) -> Read:
    """From the data of elements."""
    return Read(
        directed,
        {data["id"]: present(data, "id") for data in nodes},
        {
            data["id"].removeprefix("edge:"): present(data, "id", "source", "target")
            | {"ends": ends(directed, data["source"], data["target"])}
            for data in edges
        },
    )


def cytoscape_json(document: bytes) -> Read:
    whole = json.loads(document)
    nodes, edges = ([each["data"] for each in whole["elements"][part]] for part in ("nodes", "edges"))
    return cytoscape(whole["data"]["directed"], nodes, edges)


def tables(document: bytes) -> Read:
    """From both tables, each of which has to be as RFC 4180 has it."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        assert archive.namelist() == ["nodes.csv", "edges.csv"]
        nodes, edges = (_table(archive.read(name)) for name in archive.namelist())
    types = {row["type"] for row in edges.values()}
    assert len(types) <= 1
    directed = types != {"Undirected"}
    for row in edges.values():
        row["weight"] = float(row["weight"])
        row["relation"] = row.pop("kind", "")
        assert row.pop("label", "") == row["relation"]
        row["ends"] = ends(directed, row.pop("source"), row.pop("target"))
        del row["type"]
        if "stance" in row:
            row["stance"] = int(row["stance"])
    return Read(directed, nodes, {id: present(row, empty=False) for id, row in edges.items()})


def _table(document: bytes) -> Found:
    whole = document.decode("utf-8-sig")
    assert document.startswith(b"\xef\xbb\xbf")
    assert whole.endswith("\r\n")
    rows = csv.DictReader(io.StringIO(whole, newline=""), strict=True)
    return {
        row["Id"]: present({name.lower(): value for name, value in row.items()}, "id", empty=False)
        for row in rows
    }


def drawn(output: str) -> list[Read]:
    """From what ``dot -Tdot_json`` prints: one JSON object for each graph."""
    starts = [match.start() for match in re.finditer(r"^\{", output, re.MULTILINE)] + [len(output)]
    return [_drawn(json.loads(output[start:stop])) for start, stop in pairwise(starts)]


def _drawn(graph: Mapping[str, Any]) -> Read:
    directed = graph["directed"]
    ids = {node["_gvid"]: node["name"] for node in graph.get("objects", ())}
    looks = ("_gvid", "name", "fillcolor", "fontcolor", "fontname", "shape", "style", "tail", "head", "id")
    nodes = {
        node["name"]: _unescaped(present(node, *looks, empty=False)) for node in graph.get("objects", ())
    }
    edges = {}
    for edge in graph.get("edges", ()):
        data = _unescaped(present(edge, *looks, empty=False))
        data |= {"relation": data.pop("label", ""), "weight": float(data["weight"])}
        data |= {"stance": int(data["stance"])} if "stance" in data else {}
        edges[edge["id"]] = present(data, empty=False) | {
            "ends": ends(directed, ids[edge["tail"]], ids[edge["head"]])
        }
    return Read(directed, nodes, edges)


_ESCAPES = {"\\n": "\n", "\\\\": "\\"}


def _unescaped(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Strings as Graphviz shows them: a label has entities too."""
    shown = {
        name: re.sub(r"\\.", lambda found: _ESCAPES[found[0]], text) for name, text in attributes.items()
    }
    if "label" in shown:
        shown["label"] = re.sub(r"&(.*?;)", lambda found: {"amp;": "&"}[found[1]], shown["label"])
    return shown
