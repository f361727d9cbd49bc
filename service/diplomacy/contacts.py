"""Who met whom, and who speaks of, or to, whom: networks of actors from talks and from statements."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, combinations
from math import sqrt
from typing import NamedTuple

from service.diplomacy.agreement import NORMALIZE_ONE_MODE
from service.diplomacy.networks import EVERYTHING, Line, Network, Only, of_pairs, one_of


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
    is: ``jaccard`` divides by the talks that either took part in. Pairs are counted talk by talk, since a
    talk has few participants. Which talks count (held ones, say) is the caller's to choose; ``only`` narrows
    the actors. Raises InvalidParameters for another normalisation.
    """
    one_of("normalize", normalize, NORMALIZE_ONE_MODE)
    part = {one for one in part if only.actor(one.actor)}
    nodes = sorted({*(one.actor for one in part), *filter(only.actor, only.actors or ())})
    places = {node: place for place, node in enumerate(nodes)}
    talks: dict[str, list[int]] = defaultdict(list)
    for talk, actor in part:
        talks[talk].append(places[actor])
    times = Counter(chain(*talks.values()))
    rows = [array("I", bytes(4 * (len(nodes) - place - 1))) for place in range(len(nodes))]
    for who in talks.values():
        for one, other in combinations(sorted(who), 2):
            rows[one][other - one - 1] += 1

    def divisors(row: int) -> Iterator[float]:
        ours = times[row]
        for other, both in enumerate(rows[row], row + 1):
            yield _divisor(normalize, ours, times[other], both)

    return of_pairs(nodes, rows, None if normalize == "no" else divisors, min_weight=min_weight)


def _divisor(normalize: str, ours: int, theirs: int, both: int) -> float:
    """What `NORMALIZE_ONE_MODE` comes to where every x_ij is 1 or 0."""
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
        if min_weight is None or times >= min_weight:
            ties[speaker].append((places[other], times))
    lines = []
    for node in nodes:
        line = sorted(ties[node])
        lines.append(Line(array("I", [place for place, _ in line]), array("d", [times for _, times in line])))
    return Network(nodes, nodes, tuple(lines), directed=True)
