"""GraphML (http://graphml.graphdrawing.org/specification.html): igraph, networkx, Gephi, yEd, Cytoscape.

Every attribute is declared with its type: strings, the stance an int, the weight a double. GraphML has no
type for dates, so that a start and an end are strings, as answers have them. An edge's id is data too:
igraph 1.0 reads those of the first nodes in its place. What XML cannot hold is replaced,
as `service.exports.characters` says.
"""

from collections.abc import Iterable, Iterator

from service.exports.characters import xml
from service.exports.graphs import Edge, Graph, Node
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
    ("er", "relation", "string"),
    ("ew", "weight", "double"),
    ("ev", "stance", "int"),
    ("es", "status", "string"),
    ("eo", "role", "string"),
    ("ef", "firmness", "string"),
    ("e1", "start", "string"),
    ("e2", "end", "string"),
    ("ed", "record", "string"),
)


def write(graph: Graph, nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[bytes]:
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


def _nodes(nodes: Iterable[Node]) -> Iterator[str]:
    facts, times = Memo(_node_facts), Memo(_node_times)
    for node in nodes:
        yield (
            f'<node id="{node[0]}"><data key="nl">{xml(node[1])}</data>{facts[node[2:5]]}'
            f"{times[node[5:7]]}</node>\n"
        )


def _edges(edges: Iterable[Edge]) -> Iterator[str]:
    relations, weights, facts = Memo(_relation), Memo(number), Memo(_edge_facts)
    times = Memo(_edge_times)
    for edge in edges:
        record = edge[9]
        said = f'<data key="ed">{record}</data>' if record is not None else ""
        yield (
            f'<edge id="{edge[0]}" source="{edge[1]}" target="{edge[2]}"><data key="ei">{edge[0]}</data>'
            f'{relations[edge[3]]}<data key="ew">{weights[edge[4]]}</data>{facts[edge[5:9]]}'
            f"{times[edge[10:12]]}{said}</edge>\n"
        )


def _node_facts(facts: tuple[str, str | None, str | None]) -> str:
    return _data(_NODE_KEYS[1:4], facts)


def _node_times(interval: tuple[str | None, str | None]) -> str:
    return _data(_NODE_KEYS[4:], interval)


def _relation(relation: str) -> str:
    return _data(_EDGE_KEYS[1:2], (relation,))


def _edge_facts(facts: tuple[int | None, str | None, str | None, str | None]) -> str:
    return _data(_EDGE_KEYS[3:7], facts)


def _edge_times(interval: tuple[str | None, str | None]) -> str:
    return _data(_EDGE_KEYS[7:9], interval)


def _data(keys: tuple[tuple[str, str, str], ...], values: Iterable[str | int | None]) -> str:
    return "".join(
        f'<data key="{id}">{xml(str(value))}</data>'
        for (id, _, _), value in zip(keys, values, strict=True)
        if value is not None
    )
