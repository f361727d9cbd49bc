"""Node-link JSON as ``networkx.node_link_data`` writes it (networkx 3.4 and later: ``nodes`` and ``edges``).

``networkx.node_link_graph`` reads it without a further word. An edge's id is its ``key``: the graph is a
multigraph, since two records may be linked more than once.
"""

from collections.abc import Iterable, Iterator

from service.exports.characters import json
from service.exports.graphs import EdgeValues, Graph, NodeValues
from service.exports.members import described_edges, described_nodes
from service.exports.rows import chunks


def write(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
    """The graph as an object of ``directed``, ``multigraph``, ``graph``, ``nodes`` and ``edges``."""
    yield (
        f'{{"directed":{str(graph.directed).lower()},"multigraph":true,'
        f'"graph":{{"name":{json(graph.title)},"modified":{json(graph.modified)}}},"nodes":[\n'
    ).encode()
    yield from chunks(_nodes(nodes), ",\n")
    yield b'\n],"edges":[\n'
    yield from chunks(_edges(edges), ",\n")
    yield b"\n]}\n"


def _nodes(nodes: Iterable[NodeValues]) -> Iterator[str]:
    for id, label, about in described_nodes(nodes):
        yield f'{{"label":{label},{about},"id":"{id}"}}'


def _edges(edges: Iterable[EdgeValues]) -> Iterator[str]:
    for id, tail, head, relation, about in described_edges(edges):
        yield f'{{"relation":{relation},{about},"source":"{tail}","target":"{head}","key":"{id}"}}'
