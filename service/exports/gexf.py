"""GEXF 1.3, the format of Gephi (https://gexf.net): typed attributes, colours, and times to play it by.

Written so that Gephi, graphology (Gephi Lite, Sigma) and networkx all read it, and so that it is valid by the
schemas that Gephi publishes for 1.3:

- Colours stand in GEXF's own namespace, where those schemas have them, but under the prefix ``viz``, by which
  graphology finds them. Gephi goes by the local name.
- An edge's relation is also its ``kind``, or Gephi would take parallel edges of different relations for one.
- Times are xs:dateTime in UTC. A date as a start is its first second, as an end its last; an unknown or open
  end is left out, and so are the years that xs:dateTime or a Java date cannot have (before 1, after 9999).
- ``timeformat`` is ``date``, although the times have a time of day: networkx knows no ``dateTime`` and stops
  there (KeyError), while Gephi parses both alike and takes the word only for how its timeline is labelled.
- What XML cannot hold is replaced, as `service.exports.characters` says.
"""

import re
from collections.abc import Iterable, Iterator

from service.exports.characters import xml
from service.exports.graphs import EdgeValues, Graph, NodeValues
from service.exports.rows import Memo, chunks, number

# Okabe and Ito's palette, which people with any kind of colour vision tell apart
# (https://jfly.uni-koeln.de/color/), as red, green, blue. Grey for a kind that it does not know.
COLOURS: dict[str, tuple[int, int, int]] = {
    "actor": (0, 114, 178),
    "source": (153, 153, 153),
    "issue": (213, 94, 0),
    "track": (0, 158, 115),
    "talk": (86, 180, 233),
    "statement": (240, 228, 66),
    "proposal": (204, 121, 167),
    "event": (230, 159, 0),
}
UNKNOWN_COLOUR = (102, 102, 102)

_DATE = re.compile(r"(?!0000)\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(?:\.\d+)?Z)?", re.ASCII)

_NODE_ATTRIBUTES = (("kind", "string"), ("type", "string"), ("status", "string"))
_EDGE_ATTRIBUTES = (
    ("relation", "string"),
    ("stance", "integer"),
    ("status", "string"),
    ("role", "string"),
    ("firmness", "string"),
    ("record", "string"),
)


def write(graph: Graph, nodes: Iterable[NodeValues], edges: Iterable[EdgeValues]) -> Iterator[bytes]:
    """The graph as a GEXF 1.3 document, in UTF-8."""
    yield _head(graph).encode()
    yield from chunks(_nodes(nodes))
    yield b"</nodes>\n<edges>\n"
    yield from chunks(_edges(edges))
    yield b"</edges>\n</graph>\n</gexf>\n"


def _head(graph: Graph) -> str:
    modified = _DATE.fullmatch(graph.modified)
    changed = f' lastmodifieddate="{graph.modified[:10]}"' if modified else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3" version="1.3">\n'
        f"<meta{changed}><creator>Parley</creator><description>{xml(graph.title)}</description></meta>\n"
        f'<graph defaultedgetype="{"directed" if graph.directed else "undirected"}" idtype="string" '
        'mode="dynamic" timeformat="date" timerepresentation="interval" timezone="UTC">\n'
        f"{_declared('node', _NODE_ATTRIBUTES)}{_declared('edge', _EDGE_ATTRIBUTES)}<nodes>\n"
    )


def _declared(of: str, attributes: tuple[tuple[str, str], ...]) -> str:
    each = "".join(f'<attribute id="{name}" title="{name}" type="{type}"/>' for name, type in attributes)
    return f'<attributes class="{of}" mode="static">{each}</attributes>\n'


def _nodes(nodes: Iterable[NodeValues]) -> Iterator[str]:
    facts, times = Memo(_node_facts), Memo(_times)
    for id, label, kind, type, status, start, end in nodes:
        yield f'<node id="{id}" label="{xml(label)}"{times[start, end]}>{facts[kind, type, status]}'


def _edges(edges: Iterable[EdgeValues]) -> Iterator[str]:
    weights, facts, times = Memo(number), Memo(_edge_facts), Memo(_times)
    for id, tail, head, relation, weight, stance, status, role, firmness, record, start, end in edges:
        said = f'<attvalue for="record" value="{record}"/>' if record is not None else ""
        yield (
            f'<edge id="{id}" source="{tail}" target="{head}" weight="{weights[weight]}"{times[start, end]}'
            f"{facts[relation, stance, status, role, firmness]}{said}</attvalues></edge>\n"
        )


def _node_facts(facts: tuple[str, str | None, str | None]) -> str:
    """What stands between a node's tags, and the closing one."""
    red, green, blue = COLOURS.get(facts[0], UNKNOWN_COLOUR)
    values = _values(_NODE_ATTRIBUTES, facts)
    return f'<attvalues>{values}</attvalues><viz:color r="{red}" g="{green}" b="{blue}"/></node>\n'


def _edge_facts(facts: tuple[str, int | None, str | None, str | None, str | None]) -> str:
    """The last of an edge's opening tag, and its values but for the record."""
    return f' kind="{xml(facts[0])}"><attvalues>{_values(_EDGE_ATTRIBUTES[:5], facts)}'


def _values(attributes: tuple[tuple[str, str], ...], values: Iterable[str | int | None]) -> str:
    return "".join(
        f'<attvalue for="{name}" value="{xml(str(value))}"/>'
        for (name, _), value in zip(attributes, values, strict=True)
        if value is not None
    )


def _times(interval: tuple[str | None, str | None]) -> str:
    """An interval as attributes: the first second of its start, the last one of its end.

    >>> _times(("2025-12-21", "2025-12-22T19:30:00Z"))
    ' start="2025-12-21T00:00:00Z" end="2025-12-22T19:30:00Z"'
    >>> _times(("-0999-01-01", "2025-12-21"))
    ' end="2025-12-21T23:59:59Z"'
    """
    written = ""
    for name, time, of_day in zip(("start", "end"), interval, ("T00:00:00Z", "T23:59:59Z"), strict=True):
        if time is not None and (found := _DATE.fullmatch(time)):
            written += f' {name}="{time if found[1] else time + of_day}"'
    return written
