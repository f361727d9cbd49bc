"""Networks as they are handed on: nodes, and weighted ties between them.

What the ties mean is said where they are made: `service.diplomacy.agreement` (who stands where, and with
whom) and `service.diplomacy.contacts` (who met whom, who speaks of whom).
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import truediv
from typing import NamedTuple

from service.errors import Fault, InvalidParameters


class Line(NamedTuple):
    """The ties of one row: places in the columns, ascending, and their weights, none of which is 0."""

    columns: "array[int]"
    weights: "array[float]"


class Network(NamedTuple):
    """Weighted ties between the nodes in ``rows`` and those in ``columns``, both ids in ascending order.

    One-mode: ``columns`` is ``rows``, and there is no tie from a node to itself. Undirected, as one-mode
    networks are unless ``directed`` says so: each tie stands once, in the line of the first of its two nodes.
    Nodes without a tie are there too. A tie takes 12 bytes; what has no tie weighs 0.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    two_mode: bool = False
    directed: bool = False

    @property
    def nodes(self) -> tuple[str, ...]:
        """Every node once: the rows, then, in a two-mode network, the columns. Ids are unique across
        kinds."""
        return self.rows + self.columns if self.two_mode else self.rows

    @property
    def size(self) -> int:
        """How many ties there are."""
        return sum(len(line.columns) for line in self.lines)

    def edges(self) -> Iterator[tuple[str, str, float]]:
        """Every tie once, in the order of its row and column: (row, column, weight). Not held in memory."""
        for row, line in zip(self.rows, self.lines, strict=True):
            for column, weight in zip(line.columns, line.weights, strict=True):
                yield row, self.columns[column], weight

    def weight(self, row: str, column: str) -> float:
        """The weight of one tie, 0 where there is none; KeyError for what is not a node here."""
        ends = _place(self.rows, row), _place(self.columns, column)
        first, second = ends if self.two_mode or self.directed else (min(ends), max(ends))
        line = self.lines[first]
        place = bisect_left(line.columns, second)
        found = place < len(line.columns) and line.columns[place] == second
        return line.weights[place] if found else 0.0

    def matrix(self) -> Iterator[tuple[str, Sequence[float]]]:
        """Each row with its weight in every column, zeros too. An undirected network's matrix is symmetric.

        Holds the whole matrix in memory, at 8 bytes a cell.
        """
        cells = [array("d", bytes(8 * len(self.columns))) for _ in self.rows]
        for row, line in enumerate(self.lines):
            for column, weight in zip(line.columns, line.weights, strict=True):
                cells[row][column] = weight
                if not self.two_mode and not self.directed:
                    cells[column][row] = weight
        yield from zip(self.rows, cells, strict=True)


class Only(NamedTuple):
    """What a network is narrowed to. None is everything; what is excluded stays out even if it was asked for.

    Actors and issues asked for are nodes even where they have no tie: that they are silent is an answer.
    """

    actors: frozenset[str] | None = None
    issues: frozenset[str] | None = None
    exclude_actors: frozenset[str] = frozenset()
    exclude_issues: frozenset[str] = frozenset()

    def actor(self, id: str) -> bool:
        """Whether an actor is let in."""
        return id not in self.exclude_actors and (self.actors is None or id in self.actors)

    def issue(self, id: str) -> bool:
        """Whether an issue is let in."""
        return id not in self.exclude_issues and (self.issues is None or id in self.issues)


EVERYTHING = Only()


def one_of(parameter: str, value: str, allowed: Iterable[str]) -> None:
    """Raises InvalidParameters, naming the parameter, unless the value is an allowed one."""
    if value not in (allowed := tuple(allowed)):
        why = f"must be one of {', '.join(allowed)}"
        raise InvalidParameters(f"{parameter} {why}.", [Fault(parameter, why)])


def line(places: Iterable[int], weights: Sequence[float], min_weight: float | None = None) -> Line:
    """A row's line of the weights that are not 0 and, where one is given, not below ``min_weight``."""
    keep: Sequence[float] = weights
    if min_weight is not None:
        keep = [bool(weight) and weight >= min_weight for weight in weights]
    return Line(array("I", compress(places, keep)), array("d", compress(weights, keep)))


def of_pairs(
    nodes: Sequence[str],
    rows: Iterable[Sequence[int]],
    divisors: Callable[[int], Iterable[float]] | None = None,
    whole: int = 1,
    min_weight: float | None = None,
) -> Network:
    """The undirected network of each node's sums with those behind it, as `service.diplomacy.products` makes
    them.

    Sums count ``1 / whole``; each is divided by what ``divisors`` gives for its row, in the same order. A sum
    of 0 is not divided, so a divisor may be 0 where the sum must be.
    """
    lines = []
    for row, sums in enumerate(rows):
        if divisors:
            shares = zip(sums, divisors(row), strict=True)
            weights = [value / (whole * divisor) if value else 0.0 for value, divisor in shares]
        else:
            weights = [*map(truediv, sums, repeat(whole))]
        lines.append(line(range(row + 1, len(nodes)), weights, min_weight))
    return Network(tuple(nodes), tuple(nodes), tuple(lines))


def _place(ids: Sequence[str], id: str) -> int:
    place = bisect_left(ids, id)
    if place == len(ids) or ids[place] != id:
        raise KeyError(id)
    return place
