"""Cytoscape.js elements JSON (https://js.cytoscape.org/#notation/elements-json), and Cytoscape desktop's.

Nodes and edges share one space of ids there, and an actor may be called ``1`` as an edge may: an edge's id is
written as ``edge:1``, which no record can be called. The format has no word for an undirected graph: the
network's own data says it.
"""

from collections.abc import Iterable, Iterator

from service.exports.characters import json
from service.exports.graphs import EdgeValues, Graph, NodeValues
from service.exports.members import described_edges, described_nodes
from service.exports.rows import chunks


def write(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
    """The graph as an object of ``data`` and of ``elements``: a list of ``nodes`` and one of ``edges``."""
    directed = str(graph.directed).lower()
    about = f'"name":{json(graph.title)},"directed":{directed},"modified":{json(graph.modified)}'
    yield f'{{"data":{{{about}}},"elements":{{"nodes":[\n'.encode()
    yield from chunks(_nodes(nodes), ",\n")
    yield b'\n],"edges":[\n'
    yield from chunks(_edges(edges), ",\n")
    yield b"\n]}}\n"


def _nodes(nodes: Iterable[NodeValues]) -> Iterator[str]:
    for id, label, about in described_nodes(nodes):
        yield f'{{"data":{{"id":"{id}","label":{label},{about}}}}}'


def _edges(edges: Iterable[EdgeValues]) -> Iterator[str]:
    for id, tail, head, relation, about in described_edges(edges):
        ends = f'"source":"{tail}","target":"{head}"'
        yield f'{{"data":{{"id":"edge:{id}",{ends},"relation":{relation},{about}}}}}'
