"""JSON Graph Format, version 2 (https://jsongraphformat.info): nodes by id, metadata on nodes and edges."""

from collections.abc import Iterable, Iterator

from service.exports.characters import json
from service.exports.graphs import EdgeValues, Graph, NodeValues
from service.exports.members import described_edges, described_nodes
from service.exports.rows import chunks


def write(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
    """The graph as an object whose one member ``graph`` has ``nodes`` by id and a list of ``edges``."""
    about = (
        f'"label":{json(graph.title)},"directed":{str(graph.directed).lower()},'
        f'"metadata":{{"modified":{json(graph.modified)}}}'
    )
    yield f'{{"graph":{{{about},"nodes":{{\n'.encode()
    yield from chunks(_nodes(nodes), ",\n")
    yield b'\n},"edges":[\n'
    yield from chunks(_edges(edges), ",\n")
    yield b"\n]}}\n"


def _nodes(nodes: Iterable[NodeValues]) -> Iterator[str]:
    for id, label, about in described_nodes(nodes):
        yield f'"{id}":{{"label":{label},"metadata":{{{about}}}}}'


def _edges(edges: Iterable[EdgeValues]) -> Iterator[str]:
    for id, tail, head, relation, about in described_edges(edges):
        yield (
            f'{{"id":"{id}","source":"{tail}","target":"{head}","relation":{relation},'
            f'"metadata":{{{about}}}}}'
        )
