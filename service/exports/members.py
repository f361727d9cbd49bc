"""What is said of a node or an edge as members of a JSON object: the same in every JSON format.

A value that is not known is left out. Labels and relations are JSON strings, with their quotes.
"""

from collections.abc import Iterable, Iterator

from service.exports.characters import json
from service.exports.graphs import EdgeValues, NodeValues
from service.exports.rows import Memo, number


def described_nodes(nodes: Iterable[NodeValues]) -> Iterator[tuple[str, str, str]]:
    """Of each node the id, the label, and the other members.

    >>> list(described_nodes([("miami", "Miami", "talk", None, "held", "2025-12-20", None)]))
    [('miami', '"Miami"', '"kind":"talk","status":"held","start":"2025-12-20"')]
    """
    facts, times = Memo(_node_facts), Memo(_times)
    for id, label, kind, type, status, start, end in nodes:
        yield id, json(label), f"{facts[kind, type, status]}{times[start, end]}"


def described_edges(edges: Iterable[EdgeValues]) -> Iterator[tuple[str, str, str, str, str]]:
    """Of each edge its id, those of its tail and its head, the relation, and the other members.

    >>> edge = ("1-0", "us", "miami", "took-part", 1.0, None, None, "host", None, "miami", None, None)
    >>> list(described_edges([edge]))
    [('1-0', 'us', 'miami', '"took-part"', '"weight":1.0,"role":"host","record":"miami"')]
    """
    relations, weights, facts, times = Memo(json), Memo(number), Memo(_edge_facts), Memo(_times)
    for id, tail, head, relation, weight, stance, status, role, firmness, record, start, end in edges:
        said = f',"record":"{record}"' if record is not None else ""
        about = f'"weight":{weights[weight]}{facts[stance, status, role, firmness]}{said}{times[start, end]}'
        yield id, tail, head, relations[relation], about


def _node_facts(facts: tuple[str, str | None, str | None]) -> str:
    kind, *others = facts
    return f'"kind":{json(kind)}{_members(("type", "status"), others)}'


def _edge_facts(facts: tuple[int | None, str | None, str | None, str | None]) -> str:
    stance, *others = facts
    measured = "" if stance is None else f',"stance":{stance}'
    return measured + _members(("status", "role", "firmness"), others)


def _times(interval: tuple[str | None, str | None]) -> str:
    return _members(("start", "end"), interval)


def _members(names: Iterable[str], values: Iterable[str | None]) -> str:
    return "".join(
        f',"{name}":{json(value)}' for name, value in zip(names, values, strict=True) if value is not None
    )
