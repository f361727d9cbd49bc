"""Who stands where, and with whom: networks of actors and issues from the positions they take.

After Discourse Network Analyzer: P. Leifeld, J. Gruber and F. R. Bossner, *Discourse Network Analyzer
Manual*, DNA 2.0 beta 20, 2018, chapter 2 (github.com/leifeld/dna), and P. Leifeld, "Discourse Network
Analysis: Policy Debates as Dynamic Networks", in *The Oxford Handbook of Political Networks*, 2017. x_ijk is
the number of statements by actor i on issue j with stance k (section 2.2); N_i = Σ_jk x_ijk. Only an actor's
own positions in standing statements count.

Where we differ. R, the greatest distance of two stances, is the width of the issue's declared scale: section
2.3.1 takes one less than the number of points, which is the same unless the scale leaves out values, and the
program takes what statements were found to use. Issues may have different scales. ``cosine`` is one; the
manual's (section 2.4.3), which divides by the product of the counts, is ``dna-cosine``. What the program
computes but calls uninterpretable (``combine`` with a normalisation) is refused.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import lcm, sqrt
from typing import NamedTuple

from service.diplomacy.duplicates import Held, distinct
from service.diplomacy.networks import EVERYTHING, Network, Only, line, of_pairs, one_of
from service.diplomacy.products import Slots, Term, products
from service.errors import Fault, InvalidParameters

Scales = Mapping[str, Sequence[int]]
"""The declared values of each issue's scale, ascending."""

TWO_MODE = {
    "ignore": "y_ij = Σ_k x_ijk: how often the actor spoke on the issue (manual, section 2.5).",
    "subtract": "y_ij = x_ij,high - x_ij,low on a scale of two points, otherwise Σ_k k·x_ijk (section 2.5).",
    "combine": "On scales of two points alone: 1 agrees only, 2 disagrees only, 3 both (section 2.5).",
}
ONE_MODE = {
    "congruence": "y_ii' = Σ_jkk' x_ijk·x_i'jk'·(1 - |k-k'|/R_j) (manual, section 2.3.1).",
    "conflict": "y_ii' = Σ_jkk' x_ijk·x_i'jk'·|k-k'|/R_j (section 2.3.2).",
    "subtract": "y_ii' = congruence - conflict (section 2.3.3).",
    "ignore": "y_ii' = Σ_j (Σ_k x_ijk)·(Σ_k x_i'jk) = congruence + conflict (section 2.3.4).",
}
NORMALIZE_TWO_MODE = {
    "no": "As they are.",
    "activity": "Divided by N_i, the actor's statements (manual, section 2.6).",
    "prominence": "Divided by Σ_ik x_ijk, the statements on the issue (section 2.6).",
}
NORMALIZE_ONE_MODE = {
    "no": "As they are.",
    "average": "Divided by (N_i + N_i')/2 (manual, section 2.4.1).",
    "jaccard": "Divided by Σ_jk x_ijk[x_i'jk=0] + Σ_jk x_i'jk[x_ijk=0] + Σ_jk x_ijk·x_i'jk (section 2.4.2).",
    "dna-cosine": "Divided by N_i·N_i' (section 2.4.3, where it is called cosine).",
    "cosine": "Divided by √Σ_j(Σ_k x_ijk)² · √Σ_j(Σ_k x_i'jk)²: ignore is the cosine of both actors' "
    "statements by issue, congruence and conflict are its two parts. Never beyond -1 and 1.",
}


MOST_ACTORS = 10_000
"""Every pair of them is looked at: so many take some 10 s and 200 MB."""


Often = Counter[int]
"""How often each actor did something, by its place; who never did is not in it."""


class Counts(NamedTuple):
    """x_ijk: for each issue and stance, how often each actor took it."""

    actors: tuple[str, ...]
    issues: tuple[str, ...]
    taken: Mapping[str, Mapping[int, Often]]


def counted(cells: Iterable[tuple[str, str, int, int]], only: Only = EVERYTHING) -> Counts:
    """The counts from (actor, issue, stance, number of statements), in any order; a cell may come in
    parts."""
    taken: dict[str, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    if only != EVERYTHING:
        cells = (cell for cell in cells if only.actor(cell[0]) and only.issue(cell[1]))
    for actor, issue, stance, often in cells:
        taken[issue][stance][actor] += often
    return _ordered(taken, only)


def counts(
    held: Iterable[Held], duplicates: str = "include", stance_counts: bool = True, only: Only = EVERYTHING
) -> Counts:
    """The counts of positions in date order, without repetitions
    (`service.diplomacy.duplicates.distinct`)."""
    cells = Counter((one[0], one[1], one[2]) for one in distinct(held, duplicates, stance_counts))
    return counted(((*cell, often) for cell, often in cells.items()), only)


def affiliation(
    counts: Counts,
    scales: Scales,
    aggregate: str = "ignore",
    normalize: str = "no",
    min_weight: float | None = None,
) -> Network:
    """Actors x issues, aggregated as `TWO_MODE` and normalised as `NORMALIZE_TWO_MODE` say.

    Raises InvalidParameters for anything else, and for ``combine`` with a normalisation or a scale of more
    points.
    """
    one_of("aggregate", aggregate, TWO_MODE)
    one_of("normalize", normalize, NORMALIZE_TWO_MODE)
    if aggregate == "combine":
        _combinable(counts, scales, normalize)
    spoken, _ = _activity(counts)
    places: list[list[int]] = [[] for _ in counts.actors]
    weights: list[list[float]] = [[] for _ in counts.actors]
    for column, issue in enumerate(counts.issues):
        taken = counts.taken.get(issue, {})
        prominence = _together(taken).total()
        for row, value in _aggregated(aggregate, scales, issue, taken).items():
            divisor = {"no": 1, "activity": spoken[row], "prominence": prominence}[normalize]
            places[row].append(column)
            weights[row].append(value / divisor)  # who has a value has spoken: no divisor is 0
    lines = tuple(line(*row, min_weight) for row in zip(places, weights, strict=True))
    return Network(counts.actors, counts.issues, lines, two_mode=True)


def one_mode(
    counts: Counts, scales: Scales, relation: str, normalize: str = "no", min_weight: float | None = None
) -> Network:
    """Actors x actors, related as `ONE_MODE` and normalised as `NORMALIZE_ONE_MODE` say; the diagonal is 0.

    Every relation has the same divisors, so that congruence + conflict = ignore on the same counts however
    they are normalised. Sums are exact; what is rounded is their quotient. Raises InvalidParameters for
    anything else, and for more than `MOST_ACTORS` actors.
    """
    one_of("relation", relation, ONE_MODE)
    one_of("normalize", normalize, NORMALIZE_ONE_MODE)
    if len(counts.actors) > MOST_ACTORS:
        why = f"are {len(counts.actors):,}: a network of pairs takes up to {MOST_ACTORS:,}; name fewer"
        raise InvalidParameters(f"The actors {why}.", [Fault("actors", why)])
    whole, kernels = _kernels(counts, scales, relation)
    spoken, squares = _activity(counts)
    greatest = max((abs(weight) for kernel in kernels.values() for weight in kernel.values()), default=0)
    # By Cauchy and Schwarz no pair's sum is greater than the greatest that an actor would have with itself.
    slots = Slots.of(len(counts.actors), greatest * max(squares, default=0))
    rows = products(slots, _terms(counts, kernels, relation, slots))
    divisors = _divisors(counts, normalize, spoken, squares)
    return of_pairs(counts.actors, rows, divisors, whole, min_weight)


def _ordered(taken: Mapping[str, Mapping[int, Mapping[str, int]]], only: Only) -> Counts:
    """Actors and issues by id, those that were asked for and are silent among them."""
    spoke = {actor for by_stance in taken.values() for who in by_stance.values() for actor in who}
    actors = sorted(spoke.union(filter(only.actor, only.actors or ())))
    issues = sorted({*taken, *filter(only.issue, only.issues or ())})
    place = {actor: place for place, actor in enumerate(actors)}
    placed = {
        issue: {
            stance: Counter({place[actor]: often for actor, often in who.items()})
            for stance, who in sorted(taken[issue].items())
        }
        for issue in issues
        if issue in taken
    }
    return Counts(tuple(actors), tuple(issues), placed)


def _activity(counts: Counts) -> tuple[list[int], list[int]]:
    """Each actor's number of statements N_i, and Σ_j(Σ_k x_ijk)²."""
    spoken, squares = [0] * len(counts.actors), [0] * len(counts.actors)
    for taken in counts.taken.values():
        for actor, often in _together(taken).items():
            spoken[actor] += often
            squares[actor] += often * often
    return spoken, squares


def _together(taken: Mapping[int, Often]) -> Often:
    """Σ_k x_ijk: how often each actor spoke on one issue."""
    found: Often = Counter()
    for who in taken.values():
        found.update(who)
    return found


def _aggregated(aggregate: str, scales: Scales, issue: str, taken: Mapping[int, Often]) -> Counter[int]:
    """y_ij of each actor that spoke on one issue."""
    found: Counter[int] = Counter()
    for stance, who in taken.items():
        agrees = stance == scales[issue][-1]
        for actor, often in who.items():
            if aggregate == "ignore":
                found[actor] += often
            elif aggregate == "combine":
                found[actor] |= 1 if agrees else 2
            elif len(scales[issue]) == 2:
                found[actor] += often if agrees else -often
            else:
                found[actor] += stance * often
    return found


def _combinable(counts: Counts, scales: Scales, normalize: str) -> None:
    longer = [issue for issue in counts.taken if len(scales[issue]) != 2]
    if longer:
        why = f"combine needs scales of two points, which {', '.join(longer[:10])} have not"
        raise InvalidParameters(f"{why}.", [Fault("aggregate", why)])
    if normalize != "no":
        why = "combine numbers what it finds, and such numbers are not normalised"
        raise InvalidParameters(f"{why}.", [Fault("normalize", why)])


Kernel = Mapping[tuple[int, int], int]
"""What two statements on one issue add to a relation, by their stances, as so many parts of a whole."""


def _kernels(counts: Counts, scales: Scales, relation: str) -> tuple[int, dict[str, Kernel]]:
    """How many parts make a whole, the same for every issue, and each issue's kernel."""
    if relation == "ignore":
        return 1, {issue: {(0, 0): 1} for issue in counts.taken}
    widths = {issue: (scales[issue][-1] - scales[issue][0]) or 1 for issue in counts.taken}
    whole = lcm(*widths.values())
    kernels: dict[str, Kernel] = {}
    for issue, width in widths.items():
        near, far = {"congruence": (1, 0), "conflict": (0, 1), "subtract": (1, -1)}[relation]
        kernels[issue] = {
            (k, other): (near * (width - abs(k - other)) + far * abs(k - other)) * (whole // width)
            for k in counts.taken[issue]
            for other in counts.taken[issue]
        }
    return whole, kernels


def _terms(counts: Counts, kernels: Mapping[str, Kernel], relation: str, slots: Slots) -> Iterator[Term]:
    """For each issue and stance k: x_ijk, and Σ_k' kernel(k, k')·x_i'jk' packed."""
    for issue, by_stance in counts.taken.items():
        often = {0: _together(by_stance)} if relation == "ignore" else by_stance
        packed = {stance: slots.pack(numbers) for stance, numbers in often.items()}
        for k, numbers in often.items():
            weighted = sum(kernels[issue][k, other] * row for other, row in packed.items())
            if weighted:
                yield Term(numbers, weighted)


def _divisors(
    counts: Counts, normalize: str, spoken: Sequence[int], squares: Sequence[int]
) -> Callable[[int], Iterable[float]] | None:
    """What the sums of a row are divided by, for `networks.of_pairs`, which asks for the rows in order."""
    if normalize == "average":
        return lambda row: ((spoken[row] + other) / 2 for other in spoken[row + 1 :])
    if normalize == "dna-cosine":
        return lambda row: (spoken[row] * other for other in spoken[row + 1 :])
    if normalize == "cosine":
        return lambda row: (sqrt(squares[row] * other) for other in squares[row + 1 :])
    if normalize == "jaccard":
        slots = Slots.of(len(counts.actors), max(squares, default=0))
        shared = products(slots, _shared(counts, slots))
        return lambda row: (
            spoken[row] + other + both for other, both in zip(spoken[row + 1 :], next(shared), strict=True)
        )
    return None


def _shared(counts: Counts, slots: Slots) -> Iterator[Term]:
    """What Jaccard's divisor has beyond N_i + N_i': for each issue and stance that both took, x·x' - x - x',
    which is (x - 1)·(x' - 1) - 1·1.
    """
    for taken in counts.taken.values():
        for who in taken.values():
            once = Counter(dict.fromkeys(who, 1))
            again = who - once
            yield Term(once, -slots.pack(once))
            yield Term(again, slots.pack(again))
