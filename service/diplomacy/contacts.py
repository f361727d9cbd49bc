"""Who met whom, and who speaks of, or to, whom: networks of actors from talks and from statements."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from math import sqrt
from typing import NamedTuple

from service.diplomacy.agreement import NORMALIZE_ONE_MODE
from service.diplomacy.networks import EVERYTHING, Network, Only, line, one_of


class TookPart(NamedTuple):
    """An actor took part in a talk, in whatever role and on whoever's behalf."""

    talk: str
    actor: str


class Mention(NamedTuple):
    """In a statement its speaker addressed an actor, or claimed a position of it (an attributed one)."""

    statement: str
    speaker: str
    mentioned: str


def co_attendance(
    part: Iterable[TookPart],
    normalize: str = "no",
    only: Only = EVERYTHING,
    min_weight: float | None = None,
) -> Network:
    """Actors x actors: the number of talks that both took part in, once a talk whatever their roles.

    It is the one-mode relation ``ignore`` with talks for issues and x_ij = 1 or 0, and is normalised as that
    is: ``jaccard`` divides by the talks that either took part in. Only pairs that met are counted, an actor
    at a time, since of many actors few ever meet. Which talks count (held ones, say) is the caller's to
    choose; ``only`` narrows the actors. Raises InvalidParameters for another normalisation.
    """
    one_of("normalize", normalize, NORMALIZE_ONE_MODE)
    part = {one for one in part if only.actor(one.actor)}
    nodes = sorted({*(one.actor for one in part), *filter(only.actor, only.actors or ())})
    places = {node: place for place, node in enumerate(nodes)}
    talks: dict[str, list[int]] = defaultdict(list)
    for talk, place in sorted((talk, places[actor]) for talk, actor in part):
        talks[talk].append(place)
    attended: list[list[list[int]]] = [[] for _ in nodes]
    for who in talks.values():
        for place in who:
            attended[place].append(who)
    lines = []
    for place, theirs in enumerate(attended):
        met = Counter(chain.from_iterable(who[bisect_right(who, place) :] for who in theirs))
        others = sorted(met)
        weights = [
            met[other] / _divisor(normalize, len(theirs), len(attended[other]), met[other])
            for other in others
        ]
        lines.append(line(others, weights, min_weight))
    return Network(tuple(nodes), tuple(nodes), tuple(lines))


def _divisor(normalize: str, ours: int, theirs: int, both: int) -> float:
    """What `NORMALIZE_ONE_MODE` comes to where every x_ij is 1 or 0."""
    if normalize == "no":
        return 1
    if normalize == "average":
        return (ours + theirs) / 2
    if normalize == "jaccard":
        return ours + theirs - both
    return ours * theirs if normalize == "dna-cosine" else sqrt(ours * theirs)


def mentions(
    mentioned: Iterable[Mention], only: Only = EVERYTHING, min_weight: float | None = None
) -> Network:
    """Who speaks of, or to, whom, directed: the number of statements by the row that mention the column.

    A statement mentions whom it is addressed to and whose position it claims; one that does both with the
    same actor counts once. Whom it is made on behalf of is spoken for, not of, and does not count; nor does
    an actor that speaks of itself. Which statements count (standing ones) is the caller's to choose; ``only``
    narrows the actors.
    """
    found = Counter(
        (speaker, other)
        for _, speaker, other in set(mentioned)
        if speaker != other and only.actor(speaker) and only.actor(other)
    )
    nodes = tuple(sorted({*chain(*found), *filter(only.actor, only.actors or ())}))
    places = {node: place for place, node in enumerate(nodes)}
    ties: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (speaker, other), times in found.items():
        ties[speaker].append((places[other], times))
    lines = []
    for node in nodes:
        others, weights = zip(*sorted(ties[node]), strict=True) if ties[node] else ((), ())
        lines.append(line(others, weights, min_weight))
    return Network(nodes, nodes, tuple(lines), directed=True)
