"""What a network's shape says: who is central, who belongs together, how divided the whole is.

Strength and distance: a tie's weight is how strong it is. Where a path is measured, a tie is 1/weight long
(Opsahl, Agneessens and Skvoretz, Social Networks 32, 2010, with alpha = 1), so that strong ties are short.
What needs strengths or lengths (betweenness, eigenvector, pagerank, communities, polarisation) goes by the
ties of positive weight alone, since a negative one, as in ``subtract``, is neither; everything else counts
every tie.

Always the same for the same network: nodes are taken in their order and every random choice has a fixed seed.
networkx is imported where it is needed, since a process that is never asked has no use for it; numpy and
scipy are not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import fsum
from typing import Any, NamedTuple

from service.diplomacy.networks import Network, one_of
from service.errors import Fault, InvalidParameters

SEED = 20_251_221
MOST_TIES = 250_000
MOST_PATHS = 10_000_000
DAMPING, TOLERANCE, ITERATIONS = 0.85, 1e-10, 1_000


class Measure(NamedTuple):
    """A measure: whether each node has it or the whole network, and what it is, with its source."""

    of: str
    about: str
    source: str


MEASURES: dict[str, Measure] = {
    "degree": Measure("node", "Number of ties, in and out.", "Freeman 1979"),
    "weighted-degree": Measure(
        "node", "Sum of the weights of the ties, negative ones too.", "Barrat et al. 2004, strength"
    ),
    "betweenness": Measure(
        "node",
        "Share of the shortest paths between two others that lead through the node, over all pairs of "
        f"others; a tie is 1/weight long. Up to {MOST_PATHS:,} nodes x ties.",
        "Freeman 1977; Brandes 2001",
    ),
    "eigenvector": Measure(
        "node",
        "Proportional to the sum of the neighbours' own values times the weight of the tie (in a directed"
        " network, of those that point here), of length 1; 0 for a node without ties. Null for all where "
        "it is not determined: the nodes that have ties are not all connected (both ways, if directed), "
        "or the iteration does not settle. Take pagerank then.",
        "Bonacich 1987",
    ),
    "pagerank": Measure(
        "node",
        "How often a walk along the ties, by their weight, comes by, that starts anew at a random node "
        "after 15 of 100 steps and where no tie leads on; together 1.",
        "Page, Brin, Motwani and Winograd 1999, damping 0.85",
    ),
    "component": Measure(
        "node",
        "Number of the component, the largest first: nodes that ties of any weight or direction join.",
        "Wasserman and Faust 1994, weak components",
    ),
    "community": Measure(
        "node",
        "Number of the community, the largest first: the partition of greatest modularity that the "
        f"Louvain method finds, with seed {SEED}; a node without ties is one of its own.",
        "Blondel, Guillaume, Lambiotte and Lefebvre 2008",
    ),
    "nodes": Measure("network", "Number of nodes.", ""),
    "ties": Measure("network", "Number of ties.", ""),
    "density": Measure(
        "network",
        "Share of the possible ties that exist: of n(n-1)/2, directed n(n-1), two-mode rows x columns; "
        "null where none is.",
        "Wasserman and Faust 1994",
    ),
    "components": Measure("network", "Number of components.", "as component"),
    "communities": Measure("network", "Number of communities.", "as community"),
    "polarisation": Measure(
        "network",
        "Modularity of the communities: the share of weight within them less what chance would put there."
        " 0 is no division, 1 the limit of many that have nothing to do with each other, ½ two such camps"
        " of one size; null without a tie of positive weight.",
        "Waugh, Pei, Fowler, Mucha and Porter 2009, after Newman 2004",
    ),
}


class Measured(NamedTuple):
    """Of each measure asked for: the value of each of ``ids`` in their order, or of the network."""

    ids: tuple[str, ...]
    nodes: dict[str, Sequence[float | None]]
    network: dict[str, float | None]


def measure(network: Network, names: Iterable[str] = MEASURES) -> Measured:
    """The measures of a network, by name.

    Raises InvalidParameters for an unknown name, and where a measure would take minutes: more than
    ``MOST_TIES`` ties, for betweenness ``MOST_PATHS`` nodes times ties; counting (degrees, components,
    density) has no limit.
    """
    names = list(dict.fromkeys(names))
    for name in names:
        one_of("measures", name, MEASURES)
    shape = _Shape(network)
    return Measured(
        network.nodes,
        {name: _NODES[name](shape) for name in names if name in _NODES},
        {name: _WHOLE[name](shape) for name in names if name in _WHOLE},
    )


class _Shape:
    """A network, and what several measures need of it, each made once and only if it is needed."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.size = len(network.nodes)

    def ties(self) -> Iterator[tuple[int, int, float]]:
        """Every tie by the places of its nodes, and its weight."""
        shift = len(self.network.rows) if self.network.two_mode else 0
        for row, line in enumerate(self.network.lines):
            for column, weight in zip(line.columns, line.weights, strict=True):
                yield row, column + shift, weight

    def limit(self, work: int, most: int) -> None:
        if work > most:
            why = (
                f"would take too long in a network of {self.size:,} nodes and {self.network.size:,} ties: "
                "give a min_weight, narrow it to fewer actors, or ask for degrees, components and density"
                " alone"
            )
            raise InvalidParameters(f"measures {why}.", [Fault("measures", why)])

    @cached_property
    def graph(self) -> Any:
        """The ties of positive weight, as networkx has them. Nodes are their places."""
        self.limit(self.network.size, MOST_TIES)
        import networkx as nx  # type: ignore[import-untyped,import-not-found,unused-ignore]

        graph = nx.DiGraph() if self.network.directed else nx.Graph()
        graph.add_nodes_from(range(self.size))
        for row, column, weight in self.ties():
            if weight > 0:
                graph.add_edge(row, column, weight=weight, distance=1 / weight)
        return graph

    @cached_property
    def components(self) -> list[list[int]]:
        leader = list(range(self.size))

        def lead(node: int) -> int:
            while leader[node] != node:
                leader[node] = node = leader[leader[node]]
            return node

        for row, column, _ in self.ties():
            one, other = lead(row), lead(column)
            leader[max(one, other)] = min(one, other)
        found: dict[int, list[int]] = {}
        for node in range(self.size):
            found.setdefault(lead(node), []).append(node)
        return _largest_first(found.values())

    @cached_property
    def communities(self) -> list[list[int]]:
        if not self.graph.size():
            return [[node] for node in range(self.size)]
        import networkx as nx

        return _largest_first(nx.community.louvain_communities(self.graph, weight="weight", seed=SEED))


def _largest_first(groups: Iterable[Iterable[int]]) -> list[list[int]]:
    return sorted((sorted(group) for group in groups), key=lambda group: (-len(group), group[0]))


def _numbered(groups: Sequence[Sequence[int]]) -> list[int]:
    """The number of each node's group, from 1."""
    found = {node: number for number, group in enumerate(groups, 1) for node in group}
    return [found[node] for node in range(len(found))]


def _degree(shape: _Shape) -> list[int]:
    found = [0] * shape.size
    for row, column, _ in shape.ties():
        found[row] += 1
        found[column] += 1
    return found


def _weighted_degree(shape: _Shape) -> list[float]:
    found: list[list[float]] = [[] for _ in range(shape.size)]
    for row, column, weight in shape.ties():
        found[row].append(weight)
        found[column].append(weight)
    return list(map(fsum, found))


def _betweenness(shape: _Shape) -> list[float]:
    shape.limit(shape.network.size * shape.size, MOST_PATHS)
    graph = shape.graph
    import networkx as nx

    return _in_order(nx.betweenness_centrality(graph, weight="distance"))


def _eigenvector(shape: _Shape) -> Sequence[float | None]:
    graph = shape.graph
    import networkx as nx

    tied = [node for node in graph if graph.degree(node)]
    part = graph.subgraph(tied)
    # Two parts would each have a solution of their own, and the iteration would show whichever it pleases.
    one = bool(tied) and (nx.is_strongly_connected if graph.is_directed() else nx.is_connected)(part)
    if tied and not one:
        return [None] * shape.size
    try:
        # In order, so that the sums are the same every time: a view of a part has none.
        ordered = graph.__class__()
        ordered.add_nodes_from(tied)
        ordered.add_weighted_edges_from(graph.edges(data="weight"))
        found = nx.eigenvector_centrality(ordered, ITERATIONS, TOLERANCE, weight="weight") if tied else {}
    except nx.PowerIterationFailedConvergence:
        return [None] * shape.size
    return [found.get(node, 0.0) for node in range(shape.size)]


def _pagerank(shape: _Shape) -> list[float]:
    """By iteration, as networkx does it without scipy, which is not ours."""
    graph, size = shape.graph, shape.size
    if not size:
        return []
    ties = {node: list(graph.adj[node].items()) for node in graph}
    leaving = [fsum(tie["weight"] for _, tie in ties[node]) for node in range(size)]
    found = [1 / size] * size
    for _ in range(ITERATIONS):
        stuck = fsum(rank for rank, out in zip(found, leaving, strict=True) if not out)
        ranks = [(1 - DAMPING + DAMPING * stuck) / size] * size
        for node, rank in enumerate(found):
            for other, tie in ties[node]:
                ranks[other] += DAMPING * rank * tie["weight"] / leaving[node]
        moved = fsum(abs(one - other) for one, other in zip(ranks, found, strict=True))
        found = ranks
        if moved < TOLERANCE:
            break
    return found


def _density(shape: _Shape) -> float | None:
    network = shape.network
    if network.two_mode:
        possible = len(network.rows) * len(network.columns)
    else:
        possible = shape.size * (shape.size - 1) // (1 if network.directed else 2)
    return network.size / possible if possible else None


def _polarisation(shape: _Shape) -> float | None:
    if not shape.graph.size():
        return None
    import networkx as nx

    return float(nx.community.modularity(shape.graph, shape.communities, weight="weight"))


def _in_order(found: Mapping[int, float]) -> list[float]:
    return [found[node] for node in range(len(found))]


_NODES: dict[str, Callable[[_Shape], Sequence[float | None]]] = {
    "degree": _degree,
    "weighted-degree": _weighted_degree,
    "betweenness": _betweenness,
    "eigenvector": _eigenvector,
    "pagerank": _pagerank,
    "component": lambda shape: _numbered(shape.components),
    "community": lambda shape: _numbered(shape.communities),
}
_WHOLE: dict[str, Callable[[_Shape], float | None]] = {
    "nodes": lambda shape: shape.size,
    "ties": lambda shape: shape.network.size,
    "density": _density,
    "components": lambda shape: len(shape.components),
    "communities": lambda shape: len(shape.communities),
    "polarisation": _polarisation,
}
