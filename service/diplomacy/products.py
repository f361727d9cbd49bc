"""Sums of products for every pair of actors at once, exactly, with whole numbers as rows of slots.

Every one-mode network is y_ii' = Σ_g a_gi · b_gi' over some groups g (an issue and a stance, a talk). The b_g
of all actors stand side by side in one integer, a slot of so many bits each (Kronecker substitution: L.
Kronecker 1882; D. Harvey, "Faster polynomial multiplication via multipoint Kronecker substitution", J. Symb.
Comput. 44, 2009). An actor's whole row is then a sum of such integers, one for each group it takes part in.
Python adds a thousand slots in the time that one step of a loop takes, and no float is involved.

Slots are signed: a negative one borrows from the next, and adding half of every slot's range undoes that.
"""

import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

TERMS = 512  # at a time: their integers stay in the processor's cache
ROWS = 256  # that share what is cut off from the integers: of a row only the slots behind its own are needed
_TYPES = {16: "h", 32: "i", 64: "q"}


class Term(NamedTuple):
    """One group: how often each actor takes part (a_g, none of it zero), and the packed b_g."""

    often: Mapping[int, int]
    packed: int


class Slots(NamedTuple):
    """Room for ``size`` whole numbers of ``bits`` bits, sign included."""

    size: int
    bits: int

    @classmethod
    def of(cls, size: int, greatest: int) -> "Slots":
        """Slots for numbers up to ``greatest``, either way."""
        needed = greatest.bit_length() + 1
        return cls(size, next((bits for bits in _TYPES if needed <= bits), -(-needed // 8) * 8))

    def pack(self, numbers: Mapping[int, int]) -> int:
        """Non-negative numbers by their slot; what is not there is 0."""
        if self.bits not in _TYPES:
            return sum(value << self.bits * slot for slot, value in numbers.items())
        row = array(_TYPES[self.bits], bytes(self.bits // 8 * self.size))
        for slot, value in numbers.items():
            row[slot] = value
        return int.from_bytes(_little(row).tobytes(), "little")

    def unpack(self, packed: int, first: int) -> Sequence[int]:
        """The numbers of the slots, where ``packed`` has those from ``first`` on."""
        count, width = self.size - first, self.bits // 8
        half = _halves(count, self.bits)
        text = ((packed + half) ^ half).to_bytes(count * width, "little")
        if self.bits not in _TYPES:
            starts = range(0, len(text), width)
            return [int.from_bytes(text[start : start + width], "little", signed=True) for start in starts]
        row = array(_TYPES[self.bits])
        row.frombytes(text)
        return _little(row)


def products(slots: Slots, terms: Iterable[Term]) -> Iterator[Sequence[int]]:
    """For each actor in order, its sums with every actor behind it (so the last one has none).

    Takes time in proportion to the actors that take part in each term times all actors, and memory for half
    of all pairs, at ``bits`` bits each.
    """
    sums = [0] * slots.size
    terms = iter(terms)
    while batch := list(islice(terms, TERMS)):
        _add(slots, batch, sums)
    for actor in range(slots.size):
        first = actor // ROWS * ROWS
        yield slots.unpack(sums[actor], first)[actor + 1 - first :]
        sums[actor] = 0


def _add(slots: Slots, batch: Sequence[Term], sums: list[int]) -> None:
    taking_part: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(slots.size)]
    for place, term in enumerate(batch):
        for actor, often in term.often.items():
            taking_part[actor][often].append(place)
    # Halves are added before the cut, taken away after it: what is cut off must not have borrowed.
    half = _halves(slots.size, slots.bits)
    lifted = [term.packed + half for term in batch]
    for first in range(0, slots.size, ROWS):
        cut, rest = first * slots.bits, _halves(slots.size - first, slots.bits)
        get = [(packed >> cut) - rest for packed in lifted].__getitem__
        for actor in range(first, min(first + ROWS, slots.size)):
            for often, places in taking_part[actor].items():
                together = sum(map(get, places)) if len(places) > 1 else get(places[0])
                sums[actor] += together if often == 1 else often * together


@lru_cache
def _halves(count: int, bits: int) -> int:
    """Half the range in every slot."""
    every = ((1 << bits * count) - 1) // ((1 << bits) - 1)
    return every << bits - 1


def _little(row: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        row.byteswap()
    return row
