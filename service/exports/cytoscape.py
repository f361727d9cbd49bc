"""Cytoscape.js elements JSON (https://js.cytoscape.org/#notation/elements-json), and Cytoscape desktop's.

Nodes and edges share one space of ids there, and an actor may be called ``1`` as an edge may: an edge's id is
written as ``edge:1``, which no record can be called. The format has no word for an undirected graph: the
network's own data says it.
"""

from collections.abc import Iterable, Iterator

from service.exports.characters import json
from service.exports.graphs import Edge, Graph, Node
from service.exports.members import of_edge, of_interval, of_node, of_relation
from service.exports.rows import Memo, chunks, number


def write(graph: Graph, nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[bytes]:
    """The graph as an object of ``data`` and of ``elements``: a list of ``nodes`` and one of ``edges``."""
    directed = str(graph.directed).lower()
    about = f'"name":{json(graph.title)},"directed":{directed},"modified":{json(graph.modified)}'
    yield f'{{"data":{{{about}}},"elements":{{"nodes":['.encode()
    yield from chunks(_nodes(nodes))
    yield b'\n],"edges":['
    yield from chunks(_edges(edges))
    yield b"\n]}}\n"


def _nodes(nodes: Iterable[Node]) -> Iterator[str]:
    facts, times, before = Memo(of_node), Memo(of_interval), "\n"
    for node in nodes:
        yield (
            f'{before}{{"data":{{"id":"{node[0]}","label":{json(node[1])}{facts[node[2:5]]}{times[node[5:7]]}}}}}'
        )
        before = ",\n"


def _edges(edges: Iterable[Edge]) -> Iterator[str]:
    relations, weights, facts = Memo(of_relation), Memo(number), Memo(of_edge)
    times, before = Memo(of_interval), "\n"
    for edge in edges:
        record = edge[9]
        said = f',"record":"{record}"' if record is not None else ""
        yield (
            f'{before}{{"data":{{"id":"edge:{edge[0]}","source":"{edge[1]}","target":"{edge[2]}"'
            f'{relations[edge[3]]},"weight":{weights[edge[4]]}{facts[edge[5:9]]}{said}{times[edge[10:12]]}}}}}'
        )
        before = ",\n"
