"""Loading: any number of changes, of which a report is made, all of them or those that are sound."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from service.errors import Fault, Invalid
from service.recording.batches import carry_out
from service.recording.run import MOST_TOLD, Entry, Outcome, Run, Undone, at_length, begin
from service.recording.stating import Making, in_turn

MOST_ROUNDS = 20
"""How often what is left is tried again without what was refused."""


class Loaded(NamedTuple):
    """How many entries did what, and the number of the newest revision."""

    created: int
    amended: int
    unchanged: int
    refused: int
    revision: int


Told = Callable[[Entry, Outcome | None, Sequence[Fault]], object]
"""Is told of each entry, in order: what became of it (None: it was left out), and why."""
Telling = Callable[[], Told]
"""Called at the beginning of each round; what the last one was told is what there is."""
Entries = Callable[[bool], Iterable[Entry]]
"""Gives all entries, each time that it is called, to a store that is empty, or not."""


def load(
    entries: Entries,
    author: str,
    *,
    partial: bool = False,
    dry_run: bool = False,
    telling: Telling | None = None,
    making: Making = in_turn,
) -> Loaded:
    """Write the entries in one transaction: all, or with ``partial`` those that are sound without the others.

    With ``dry_run`` nothing is kept of it. ``making`` is how what takes no store is made of each batch.
    Raises Invalid, whose places begin with ``line {number}``, of the first lines that are refused; then
    nothing was written.
    """
    left_out: dict[int, Sequence[Fault]] = {}
    for _ in range(MOST_ROUNDS if partial else 1):
        run, loaded = _round(entries, author, partial, dry_run, left_out, telling, making)
        if not run.refused.numbers:
            return loaded
        if run.refused.too_many:
            break
        left_out |= {number: run.refused.faults.get(number, ()) for number in run.refused.numbers}
    raise _refusal(run, partial)


def _round(
    entries: Entries,
    author: str,
    partial: bool,
    dry_run: bool,
    left_out: Mapping[int, Sequence[Fault]],
    telling: Telling | None,
    making: Making,
) -> tuple[Run, Loaded]:
    counts = {"created": 0, "amended": 0, "unchanged": 0, "merged": 0}
    told = telling() if telling else None

    def counted(entry: Entry, outcome: Outcome | None) -> None:
        if outcome:
            counts[outcome.action] += 1
        if told:
            told(entry, outcome, left_out.get(entry.number, ()))

    with at_length():
        run = begin(author, counted, partial=partial)
        given = entries(run.start == 0)
        if left_out:
            given = (entry._replace(left_out=entry.number in left_out) for entry in given)
        carry_out(run, given, making)
        if run.refused.numbers or dry_run:
            raise Undone
    created = counts["created"] + counts["merged"]
    return run, Loaded(created, counts["amended"], counts["unchanged"], len(left_out), run.head.seq)


def _refusal(run: Run, partial: bool) -> Invalid:
    many = len(run.refused.numbers)
    lines = "line is" if many == 1 else "lines are"
    detail = f"Nothing was recorded: {many} {lines} not valid."
    if many > MOST_TOLD:
        detail += f" The faults of {MOST_TOLD} of them are named."
    if run.refused.too_many:
        detail += " What comes after them was not looked at."
    elif partial:
        detail += f" Leaving out what is not valid has made others so, {MOST_ROUNDS} times over."
    return Invalid(detail, run.refused.placed("line {}"))
