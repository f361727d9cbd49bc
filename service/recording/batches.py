"""Writing: the changes of a call, in batches, over once to let them in and again to link them."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Protocol, TypeVar

from service.diplomacy.changes import Change
from service.recording.linking import Names, dependents, finish, link, link_stubs, look_over
from service.recording.run import Entry, Outcome, Run, Staged, begin
from service.recording.staging import read_back, stage
from service.recording.stating import Making, in_turn
from service.storage import writing
from service.storage.database import writing as transaction
from service.storage.writing import Known

ENTRIES_AT_ONCE = 1_000
BYTES_AT_ONCE = 4_000_000


def write(changes: Iterable[Change], author: str, moment: int | None = None) -> list[Outcome]:
    """Carry out the changes in order, in one transaction, and say what became of each.

    Documents may refer to others of the same call, earlier or later. For one change raises Invalid with
    every fault of the document, NotFound, Moved, Conflict, PreconditionRequired or PreconditionFailed; for
    several Invalid with every fault of each, whose pointers start with ``/{index}``; or StoreUnavailable.
    Then nothing was written.
    """
    outcomes: list[Outcome] = []
    with transaction():
        run = begin(author, lambda _, outcome: outcomes.append(outcome) if outcome else None, moment)
        carry_out(run, (Entry(number, change) for number, change in enumerate(changes)))
        run.raise_refusals()
    return outcomes


def carry_out(run: Run, entries: Iterable[Entry], making: Making = in_turn) -> None:
    """Write the entries, inside a transaction. It has to be undone if ``run.refused`` holds any of them."""
    staged: list[Staged] = []
    store: dict[str, Known] = {}
    batches = 0
    for batch in batched(entries):
        staged, store = stage(run, batch)
        batches += 1
        if run.refused.too_many:
            return
    # One batch is still at hand, and so is all that it looked up. Of several, the revisions are read again.
    names = Names(run, store if batches == 1 else {})
    if run.stubs:
        link_stubs(run, names)
    # Merged records are looked for by their edges.
    filling = batches > 1 and not run.start and not run.stubs
    with writing.filling() if filling else nullcontext():
        for some in [staged] if batches == 1 else read_back(run, making):
            link(run, some, names)
    look_over(run, names)
    if not run.refused.numbers:
        finish(run)
    if run.partial:
        dependents(run)


class Sized(Protocol):
    """What says how many bytes it takes."""

    @property
    def size(self) -> int: ...


Some = TypeVar("Some", bound=Sized)


def batched(all_: Iterable[Some]) -> Iterator[list[Some]]:
    """So many at a time as are held in memory at once."""
    batch: list[Some] = []
    size = 0
    for one in all_:
        batch.append(one)
        size += one.size
        if len(batch) == ENTRIES_AT_ONCE or size > BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
