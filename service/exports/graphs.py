"""What a graph is to an exporter: titled, nodes, then edges, each once and in order. Nothing of storage.

Dates are text as answers have them (``2025-12-21``, or an instant in UTC); None is an unknown or open end,
or no date. Both ends of every edge are among the nodes; weights are finite.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple


class Graph(NamedTuple):
    """The whole: ``title`` is for people, ``modified`` the date of what it was made from."""

    title: str
    directed: bool = True
    modified: str = "1970-01-01"


class Node(NamedTuple):
    """A record. ``id`` matches [a-z0-9][a-z0-9-]*; every other text may hold anything."""

    id: str
    label: str
    kind: str
    type: str | None = None
    status: str | None = None
    start: str | None = None
    end: str | None = None


class Edge(NamedTuple):
    """What one record states of two. ``id`` is unique in the graph; parallel edges and loops occur.

    ``id``, ``tail``, ``head`` and ``record`` match as a node's ``id`` does.
    """

    id: str
    tail: str
    head: str
    relation: str
    weight: float = 1.0
    stance: int | None = None
    status: str | None = None
    role: str | None = None
    firmness: str | None = None
    record: str | None = None
    start: str | None = None
    end: str | None = None


NodeValues = tuple[str, str, str, str | None, str | None, str | None, str | None]
EdgeValues = tuple[
    str,
    str,
    str,
    str,
    float,
    int | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
]
"""What writers take: the values of a Node, of an Edge, in their order. A named tuple is one, but to make a
million of them takes longer than to write them.
"""


Write = Callable[[Graph, Iterable[NodeValues], Iterable[EdgeValues]], Iterator[bytes]]
