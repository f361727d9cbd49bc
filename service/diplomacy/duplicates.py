"""Which statements count once, where one repeats another (duplicates=...).

After Discourse Network Analyzer's setting of the same name (``Exporter.filterStatements`` and rDNA's
``dna_network(duplicates = )``): of several statements by one actor on one issue with one stance within the
unit, the earliest stays. Where the stance is ignored, a later statement with another stance is a repetition
too.

We differ where Discourse Network Analyzer compares the number of a week or month without its year, so that
March 2025 repeats March 2024: here each is that of its year. ``source`` is its ``document``, ``all`` its
``acrossrange``; ``day`` is ours.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from service.diplomacy.windows import number
from service.errors import Fault, InvalidParameters

DUPLICATES = {
    "include": "Every statement counts.",
    "source": "Once in each source.",
    "day": "Once a day.",
    "week": "Once in each ISO week of its year.",
    "month": "Once in each month of its year.",
    "year": "Once a year.",
    "all": "Once.",
}
"""How often the same actor, issue and stance count, by the name of the setting."""


class Held(NamedTuple):
    """An actor's own position in a standing statement: what the networks are made of.

    ``earliest`` is the statement's earliest bound in seconds since 1970, ``sources`` what it cites.
    """

    actor: str
    issue: str
    stance: int
    statement: str
    earliest: int
    sources: tuple[str, ...] = ()


def distinct(held: Iterable[Held], duplicates: str, stance_counts: bool = True) -> Iterable[Held]:
    """``held``, which is in date order, without what ``duplicates`` takes for repetitions.

    A statement of several sources stays if it is the earliest in at least one of them: it is new to that
    one's readers. One without a source repeats nothing. What has no date shares one unit with all that has
    none. Raises InvalidParameters for a setting that is not in ``DUPLICATES``.

    >>> [one.statement for one in distinct([Held("a", "x", 1, "s", 0), Held("a", "x", 1, "t", 9)], "day")]
    ['s']
    """
    if duplicates not in DUPLICATES:
        why = f"must be one of {', '.join(DUPLICATES)}"
        raise InvalidParameters(f"duplicates {why}.", [Fault("duplicates", why)])
    if duplicates == "include":
        return held
    return _first(held, duplicates, stance_counts)


def _first(held: Iterable[Held], duplicates: str, stance_counts: bool) -> Iterator[Held]:
    seen: set[Hashable] = set()
    for one in held:
        what = (one.actor, one.issue, one.stance if stance_counts else None)
        if duplicates == "source":
            new = {(what, source) for source in one.sources} - seen
            if new or not one.sources:
                yield one
            seen |= new
            continue
        unit = (what, 0 if duplicates == "all" else number(one.earliest, duplicates))
        if unit not in seen:
            seen.add(unit)
            yield one
