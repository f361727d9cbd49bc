"""GraphML (http://graphml.graphdrawing.org/specification.html): igraph, networkx, Gephi, yEd, Cytoscape.

Every attribute is declared with its type: strings, the stance an int, the weight a double. GraphML has no
type for dates, so that a start and an end are strings, as answers have them. An edge's id is data too:
igraph 1.0 reads those of the first nodes in its place. What XML cannot hold is replaced,
as `service.exports.characters` says.
"""

from collections.abc import Iterable, Iterator

from service.exports.characters import xml
from service.exports.graphs import EdgeValues, Graph, NodeValues
from service.exports.rows import Memo, chunks, number

# The keys that data is written with, what they stand for, and the type. Short: a large file is mostly these.
_GRAPH_KEYS = (("gt", "title", "string"), ("gm", "modified", "string"))
_NODE_KEYS = (
    ("nl", "label", "string"),
    ("nk", "kind", "string"),
    ("nt", "type", "string"),
    ("ns", "status", "string"),
    ("n1", "start", "string"),
    ("n2", "end", "string"),
)
_EDGE_KEYS = (
    ("ei", "edge_id", "string"),
    ("ew", "weight", "double"),
    ("er", "relation", "string"),
    ("ev", "stance", "int"),
    ("es", "status", "string"),
    ("eo", "role", "string"),
    ("ef", "firmness", "string"),
    ("e1", "start", "string"),
    ("e2", "end", "string"),
    ("ed", "record", "string"),
)


def write(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
    """The graph as a GraphML document, in UTF-8."""
    yield _head(graph).encode()
    yield from chunks(_nodes(nodes))
    yield from chunks(_edges(edges))
    yield b"</graph>\n</graphml>\n"


def _head(graph: Graph) -> str:
    keys = "".join(
        f'<key id="{id}" for="{of}" attr.name="{name}" attr.type="{type}"/>\n'
        for of, declared in (("graph", _GRAPH_KEYS), ("node", _NODE_KEYS), ("edge", _EDGE_KEYS))
        for id, name, type in declared
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation='
        '"http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n'
        f'{keys}<graph id="G" edgedefault="{"directed" if graph.directed else "undirected"}">\n'
        f"{_data(_GRAPH_KEYS, (graph.title, graph.modified))}\n"
    )


def _nodes(nodes: Iterable[NodeValues]) -> Iterator[str]:
    facts, times = Memo(_node_facts), Memo(_node_times)
    for id, label, kind, type, status, start, end in nodes:
        yield (
            f'<node id="{id}"><data key="nl">{xml(label)}</data>{facts[kind, type, status]}'
            f"{times[start, end]}</node>\n"
        )


def _edges(edges: Iterable[EdgeValues]) -> Iterator[str]:
    weights, facts, times = Memo(number), Memo(_edge_facts), Memo(_edge_times)
    for id, tail, head, relation, weight, stance, status, role, firmness, record, start, end in edges:
        said = f'<data key="ed">{record}</data>' if record is not None else ""
        yield (
            f'<edge id="{id}" source="{tail}" target="{head}"><data key="ei">{id}</data>'
            f'<data key="ew">{weights[weight]}</data>{facts[relation, stance, status, role, firmness]}'
            f"{times[start, end]}{said}</edge>\n"
        )


def _node_facts(facts: tuple[str, str | None, str | None]) -> str:
    return _data(_NODE_KEYS[1:4], facts)


def _node_times(interval: tuple[str | None, str | None]) -> str:
    return _data(_NODE_KEYS[4:], interval)


def _edge_facts(facts: tuple[str, int | None, str | None, str | None, str | None]) -> str:
    return _data(_EDGE_KEYS[2:7], facts)


def _edge_times(interval: tuple[str | None, str | None]) -> str:
    return _data(_EDGE_KEYS[7:9], interval)


def _data(keys: tuple[tuple[str, str, str], ...], values: Iterable[str | int | None]) -> str:
    return "".join(
        f'<data key="{id}">{xml(str(value))}</data>'
        for (id, _, _), value in zip(keys, values, strict=True)
        if value is not None
    )
