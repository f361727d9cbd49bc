"""Replaying: the whole past of another store, transaction by transaction, to the same hashes."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from typing import NamedTuple

import orjson

from service.diplomacy import revisions
from service.diplomacy.changes import ANY, Change
from service.diplomacy.documents import Document
from service.errors import Conflict, Fault, Invalid, ParleyError
from service.recording.batches import carry_out
from service.recording.merging import join
from service.recording.run import Entry, Outcome, Undone, at_length, begin, now
from service.storage import writing


class Recorded(NamedTuple):
    """A revision as it was recorded elsewhere; ``number`` is its line. ``recorded_at`` is in microseconds."""

    number: int
    seq: int
    action: str
    recorded_by: str
    recorded_at: int
    hash: bytes
    kind: str
    id: str
    document: Document
    size: int = 0


def replay(recorded: Iterable[Recorded], *, dry_run: bool = False) -> int:
    """Do again, in an empty store, all that was done in another one; the number of revisions.

    What was recorded at one instant was one transaction, and is one again, by the same checks: only what
    could have been recorded here is. Raises Conflict if the store is not empty, Invalid where a revision is
    missing or does not come to the hash that it had. Then nothing was written.
    """
    done = 0
    with at_length():
        if writing.head().seq:
            raise Conflict("Revisions are taken into an empty store only.")
        for (at, author), group in groupby(recorded, key=lambda one: (one.recorded_at, one.recorded_by)):
            done += _transaction(group, author, at, done)
        if dry_run:
            raise Undone
    return done


def _transaction(group: Iterator[Recorded], author: str, moment: int, done: int) -> int:
    """Do one transaction again, after so many revisions; how many it makes."""
    first = list(islice(group, 2))
    head = writing.head()
    if not head.recorded_at < moment <= now(head):
        raise _refusal(first[0], "/recorded_at", "is before what was recorded before it, or in the future")
    if first[-1].action == "merged":
        _merged(first, author, moment, done)
        if more := next(group, None):
            raise _refusal(more, "/recorded_at", "is that of a merge, which was a transaction of its own")
        return len(first)
    waiting: deque[Recorded] = deque()

    def entries() -> Iterator[Entry]:
        for seq, one in enumerate(chain(first, group), start=done + 1):
            _in_order(one, seq)
            waiting.append(one)
            yield Entry(one.number, _change(one), size=one.size)

    def told(_: Entry, outcome: Outcome | None) -> None:
        _compare(waiting.popleft(), outcome)

    run = begin(author, told, moment)
    carry_out(run, entries())
    if run.refused.numbers:
        raise Invalid("The revisions cannot be recorded again.", run.refused.placed("line {}"))
    return run.count


def _merged(given: Sequence[Recorded], author: str, moment: int, done: int) -> None:
    """Merge again. With two revisions the first is that of the record that stays: it was given names."""
    last = given[-1]
    for seq, one in enumerate(given, start=done + 1):
        _in_order(one, seq)
    try:
        outcomes = join(last.kind, last.id, str(last.document.get("merged_into")), author, moment)
    except ParleyError as error:
        raise _refusal(last, "", error.detail) from error
    if len(outcomes) != len(given):
        raise _refusal(last, "", f"is of a merge that makes {len(outcomes)} revisions, not {len(given)}")
    for one, outcome in zip(given, outcomes, strict=True):
        _compare(one, outcome)


def _change(one: Recorded) -> Change:
    if one.action == "created":
        return Change(one.kind, one.id, revisions.content(one.document))
    if one.action == "amended":
        return Change(one.kind, one.id, revisions.content(one.document), replaces=ANY)
    if one.action == "deleted":
        return Change(one.kind, one.id, None, replaces=ANY)
    raise _refusal(one, "/action", "is a merge, which was a transaction of its own")


def _in_order(one: Recorded, seq: int) -> None:
    if one.seq != seq:
        raise _refusal(one, "/revision", f"must be {seq} here: none may be missing, and they come in order")


def _compare(one: Recorded, outcome: Outcome | None) -> None:
    if outcome is None:
        return
    if outcome.hash != one.hash:
        raise _refusal(one, "/hash", "is not that of this revision, after those before it")
    # Not all that a line says goes into what is done again: of a merge and a deletion little does.
    if (outcome.action, orjson.loads(outcome.document)) != (one.action, one.document):
        raise _refusal(one, "", "is not what this revision has to be, after those before it")


def _refusal(one: Recorded, place: str, detail: str) -> Invalid:
    return Invalid("The revisions cannot be recorded again.", [Fault(f"line {one.number}{place}", detail)])
