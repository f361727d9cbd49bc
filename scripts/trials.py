"""The congruence network against the obvious way with networkx, on made-up positions."""

import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise, product
from typing import NamedTuple

from service.diplomacy.agreement import Scales, counts, one_mode
from service.diplomacy.duplicates import Held
from service.diplomacy.networks import Network

STANCES = (-2, -1, 0, 1, 2)
SKEW = 0.8  # the exponent of Zipf's law: a few actors and issues have most of the statements


Projected = dict[frozenset[str], float]
"""Weights by pair of actors."""


class Trial(NamedTuple):
    """Seconds that each way took (None: not tried), and the number of ties."""

    counting: float
    network: float
    networkx: float | None
    ties: int


def positions(statements: int, actors: int, issues: int, seed: int = 1, skew: float = SKEW) -> Iterator[Held]:
    """Made-up positions on scales of five points, one a statement, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret hangs on it
    who, what = (
        [f"actor-{place:05}" for place in range(actors)],
        [f"issue-{place:05}" for place in range(issues)],
    )
    by_actor, by_issue = ([*accumulate((rank + 1) ** -skew for rank in range(n))] for n in (actors, issues))
    for number in range(statements):
        actor, issue = (
            chance.choices(who, cum_weights=by_actor)[0],
            chance.choices(what, cum_weights=by_issue)[0],
        )
        yield Held(actor, issue, chance.choice(STANCES), f"statement-{number}", number * 60)


def with_networkx(held: Iterable[Held], scales: Scales) -> Projected:
    """Congruence as one would write it with networkx: a two-mode graph of actors and issues, projected onto
    the actors with a weight function. By the pair of actors; those of weight 0 too, where both spoke on an
    issue.
    """
    import networkx as nx  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from networkx.algorithms import bipartite  # type: ignore[import-untyped,import-not-found,unused-ignore]

    graph = nx.Graph()
    for one in held:
        actor, issue = ("actor", one.actor), ("issue", one.issue)
        if not graph.has_edge(actor, issue):
            graph.add_edge(actor, issue, stances=Counter())
        graph.edges[actor, issue]["stances"][one.stance] += 1

    def congruence(graph: "nx.Graph", one: tuple[str, str], other: tuple[str, str]) -> float:
        total = 0.0
        for issue in set(graph[one]) & set(graph[other]):
            scale = scales[issue[1]]
            width = scale[-1] - scale[0]
            ours, theirs = (graph.edges[actor, issue]["stances"] for actor in (one, other))
            for (k, often), (other_k, times) in product(ours.items(), theirs.items()):
                total += often * times * (1 - abs(k - other_k) / width)
        return total

    actors = [node for node in graph if node[0] == "actor"]
    projected = bipartite.generic_weighted_projected_graph(graph, actors, congruence)
    return {frozenset((one[1], other[1])): weight for one, other, weight in projected.edges(data="weight")}


def trial(held: Iterable[Held], networkx: bool = False) -> tuple[Trial, Network, Projected]:
    """How long it takes from positions to the congruence network, and how long with networkx; and what came
    of each.
    """
    held = list(held) if networkx else held
    times = [time.perf_counter()]
    counted = counts(held)
    scales = dict.fromkeys(counted.issues, STANCES)
    times.append(time.perf_counter())
    network = one_mode(counted, scales, "congruence")
    times.append(time.perf_counter())
    projected: Projected = {}
    if networkx:
        projected = with_networkx(held, scales)
        times.append(time.perf_counter())
    seconds = [later - sooner for sooner, later in pairwise(times)]
    done = Trial(seconds[0], seconds[1], seconds[2] if networkx else None, network.size)
    return done, network, projected
