"""The other way to export a graph: build it with networkx, write it with networkx. A process of its own.

``python -m scripts.benchmark.with_networkx FORMAT FILE`` reads the store that the settings name, by the same
question that ``parley export graph`` asks, and prints the seconds of each step as JSON. The attributes are
those that Parley writes. GraphML it writes with lxml where that is installed, and more slowly where not.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx

from scripts.store import opened
from service.exports.graphs import Edge, EdgeValues, Graph, Node, NodeValues
from service.questions.asking import Span
from service.questions.graphs import GraphQuestion, drawn


def _node_link(graph: "nx.MultiDiGraph[str]", file: str) -> None:
    with Path(file).open("w", encoding="utf-8") as stream:
        json.dump(nx.node_link_data(graph, edges="edges"), stream)


WRITERS: dict[str, Callable[[Any, str], object]] = {
    "gexf": nx.write_gexf,
    "graphml": nx.write_graphml,
    "node-link": _node_link,
}


def built(nodes: Iterable[Node], edges: Iterable[Edge]) -> "nx.MultiDiGraph[str]":
    """The graph as networkx keeps it: a dict for each node and edge, without what is not known."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in nodes:
        graph.add_node(node.id, **_known(node._asdict(), ("id",)))
    for edge in edges:
        graph.add_edge(edge.tail, edge.head, edge.id, **_known(edge._asdict(), ("id", "tail", "head")))
    return graph


def _known(values: dict[str, Any], but: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and name not in but}


def measured(format: str, file: str) -> dict[str, float]:
    """Seconds to read the store, to build the graph, to write it; and how many nodes and edges it has."""
    times = [time.perf_counter()]
    found: dict[str, float] = {}

    def write(_: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
        rows = [*map(Node._make, nodes)], [*map(Edge._make, edges)]
        times.append(time.perf_counter())
        graph = built(*rows)
        times.append(time.perf_counter())
        found.update(nodes=len(graph), edges=graph.number_of_edges())
        WRITERS[format](graph, file)
        times.append(time.perf_counter())
        yield b""

    for _ in drawn(GraphQuestion(), Span())(write):
        pass
    steps = (after - before for before, after in pairwise(times))
    return dict(zip(("read", "build", "write"), steps, strict=True)) | found


if __name__ == "__main__":
    opened()
    sys.stdout.write(json.dumps(measured(*sys.argv[1:3])) + "\n")
