"""Node-link JSON as ``networkx.node_link_data`` writes it (networkx 3.4 and later: ``nodes`` and ``edges``).

``networkx.node_link_graph`` reads it without a further word. An edge's id is its ``key``: the graph is a
multigraph, since two records may be linked more than once.
"""

from collections.abc import Iterable, Iterator

from service.exports.characters import json
from service.exports.graphs import Edge, Graph, Node
from service.exports.members import of_edge, of_interval, of_node, of_relation
from service.exports.rows import Memo, chunks, number


def write(graph: Graph, nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[bytes]:
    """The graph as an object of ``directed``, ``multigraph``, ``graph``, ``nodes`` and ``edges``."""
    yield (
        f'{{"directed":{str(graph.directed).lower()},"multigraph":true,'
        f'"graph":{{"name":{json(graph.title)},"modified":{json(graph.modified)}}},"nodes":['
    ).encode()
    yield from chunks(_nodes(nodes))
    yield b'\n],"edges":['
    yield from chunks(_edges(edges))
    yield b"\n]}\n"


def _nodes(nodes: Iterable[Node]) -> Iterator[str]:
    facts, times, before = Memo(of_node), Memo(of_interval), "\n"
    for node in nodes:
        yield f'{before}{{"label":{json(node[1])}{facts[node[2:5]]}{times[node[5:7]]},"id":"{node[0]}"}}'
        before = ",\n"


def _edges(edges: Iterable[Edge]) -> Iterator[str]:
    relations, weights, facts = Memo(of_relation), Memo(number), Memo(of_edge)
    times, before = Memo(of_interval), "\n"
    for edge in edges:
        record = edge[9]
        said = f',"record":"{record}"' if record is not None else ""
        yield (
            f'{before}{{"weight":{weights[edge[4]]}{relations[edge[3]]}{facts[edge[5:9]]}{said}'
            f'{times[edge[10:12]]},"source":"{edge[1]}","target":"{edge[2]}","key":"{edge[0]}"}}'
        )
        before = ",\n"
