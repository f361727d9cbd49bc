"""JSON Graph Format, version 2 (https://jsongraphformat.info): nodes by id, metadata on nodes and edges."""

from collections.abc import Iterable, Iterator

from service.exports.characters import json
from service.exports.graphs import Edge, Graph, Node
from service.exports.members import of_edge, of_interval, of_node, of_relation
from service.exports.rows import Memo, chunks, number


def write(graph: Graph, nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[bytes]:
    """The graph as an object whose one member ``graph`` has ``nodes`` by id and a list of ``edges``."""
    about = (
        f'"label":{json(graph.title)},"directed":{str(graph.directed).lower()},'
        f'"metadata":{{"modified":{json(graph.modified)}}}'
    )
    yield f'{{"graph":{{{about},"nodes":{{'.encode()
    yield from chunks(_nodes(nodes))
    yield b'\n},"edges":['
    yield from chunks(_edges(edges))
    yield b"\n]}}\n"


def _nodes(nodes: Iterable[Node]) -> Iterator[str]:
    facts, times, before = Memo(_node_facts), Memo(of_interval), "\n"
    for node in nodes:
        yield (
            f'{before}"{node[0]}":{{"label":{json(node[1])},"metadata":{{{facts[node[2:5]]}{times[node[5:7]]}}}}}'
        )
        before = ",\n"


def _edges(edges: Iterable[Edge]) -> Iterator[str]:
    relations, weights, facts = Memo(of_relation), Memo(number), Memo(of_edge)
    times, before = Memo(of_interval), "\n"
    for edge in edges:
        record = edge[9]
        said = f',"record":"{record}"' if record is not None else ""
        yield (
            f'{before}{{"id":"{edge[0]}","source":"{edge[1]}","target":"{edge[2]}"{relations[edge[3]]},'
            f'"metadata":{{"weight":{weights[edge[4]]}{facts[edge[5:9]]}{said}{times[edge[10:12]]}}}}}'
        )
        before = ",\n"


def _node_facts(facts: tuple[str, str | None, str | None]) -> str:
    return of_node(facts).removeprefix(",")
