"""What one call carries along while it goes over its changes: where the chain ends, and what was refused."""

import gc
import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from schemas.vocabulary import GONE, KINDS
from service.diplomacy import documents, faults, revisions
from service.diplomacy.changes import Change
from service.diplomacy.documents import Document
from service.errors import Fault, Invalid, ParleyError
from service.recording.stating import Stated
from service.storage import database, writing
from service.storage.writing import Head, Known, NewRevision

MOST_TOLD = 1_000
"""Of how many refused changes it is kept what is wrong with them."""
MOST_REFUSED = 1_000_000
"""After how many refused changes the rest is not looked at. To know each by its number takes some 200 bytes,
and it may have come as two: those of an import would take more memory than there is."""
MOST_KEPT = 4_000_000
"""How many characters of refused documents are kept, to say what else is wrong with them."""
OBJECTS_AT_ONCE = 200_000
"""How many more objects there are before the collector of garbage looks at them."""


class Undone(Exception):
    """Ends ``at_length`` and keeps nothing of it; its caller goes on."""


@contextmanager
def at_length() -> Iterator[None]:
    """A transaction of many changes, with room for them, which ``Undone`` takes back."""
    with suppress(Undone), database.roomy(), database.undoable(), _rarely_collecting():
        yield


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Meanwhile the collector of garbage looks for circles once a batch, not a hundred times.

    It would go through all that the process holds each time that a fourth of it is new, which it soon is.
    """
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_AT_ONCE, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class Outcome(NamedTuple):
    """What a change left behind; ``action`` is one of the vocabulary's, or ``unchanged``."""

    id: str
    kind: str
    version: int
    action: str
    document: bytes
    hash: bytes = b""
    """The revision's; empty where there was none to write."""
    revision: int = 0
    """Its number; 0 where there was none to write."""


class Entry(NamedTuple):
    """One change of many: its number in the call, which is its line where it stands in a file.

    ``size`` is how many bytes it takes. With ``faults`` it is refused as it comes.
    """

    number: int
    change: Change | None
    faults: Sequence[Fault] = ()
    size: int = 0
    left_out: bool = False
    """Whether it is passed over: it was refused before."""
    checked: bool = False
    """Whether the document is as it is to be kept, and nothing is wrong with it by itself."""


Told = Callable[[Entry, Outcome | None], object]
"""Is told of each entry in order, and what becomes of it: None where it is refused or left out."""


@dataclass(slots=True)
class Staged:
    """A change that has been let in, and the revision that it became."""

    number: int
    seq: int
    key: int
    id: str
    kind: str
    action: str
    replaced: int | None
    """The revision that was current; None where there was no such record."""
    kept: Document | bytes
    """The document; or how it is kept, where it was read again."""
    stated: Stated | None = None
    """What follows from it, where that is at hand."""

    @property
    def document(self) -> Document:
        """What the record became, or what it last was."""
        if isinstance(self.kept, bytes):
            read: Document = orjson.loads(self.kept)
            self.kept = read
        return self.kept

    @property
    def gone(self) -> bool:
        """Whether it deletes or merges the record: then it states nothing of others."""
        return self.action in GONE


class Scaled(NamedTuple):
    """An issue that was amended, and what its scale is now."""

    staged: Staged
    labels: Mapping[int, str]


@dataclass
class Refusals:
    """What was refused. It grows by some bytes a change, and keeps the particulars of the first ones only."""

    numbers: set[int] = field(default_factory=set)
    faults: dict[int, list[Fault]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """Ids of refused documents, and their kinds: to refer to one is no fault of its own."""
    documents: list[tuple[int, Document]] = field(default_factory=list)
    """Those of the first ones whose references are still to be looked at."""
    keys: list[int] = field(default_factory=list)
    """Records that were new, and refused for what they refer to."""
    error: ParleyError | None = None
    """The first one, where it is more than a fault of the document."""
    _kept: int = 0

    @property
    def too_many(self) -> bool:
        """Whether there are so many that the rest is not looked at."""
        return len(self.numbers) > MOST_REFUSED

    def add(self, number: int, found: Sequence[Fault]) -> None:
        self.numbers.add(number)
        if number in self.faults or len(self.faults) < MOST_TOLD:
            self.faults[number] = faults.distinct([*self.faults.get(number, ()), *found])

    def add_error(self, number: int, error: ParleyError) -> None:
        self.error = self.error or error
        self.add(number, [Fault("", error.detail)])

    def placed(self, where: str) -> list[Fault]:
        """All that is wrong, in the order of the changes; ``where`` is how their numbers are written."""
        return [
            Fault(where.format(number) + fault.place, fault.detail)
            for number, found in sorted(self.faults.items())
            for fault in found
        ]

    def keep(self, number: int, id: str, document: Document) -> None:
        kind = document["kind"]
        if kind not in KINDS:
            return
        self.ids[id] = kind
        if self._kept < MOST_KEPT and len(self.documents) < MOST_TOLD:
            self._kept += len(repr(document))
            self.documents.append((number, document))


@dataclass
class Run:
    """One call. ``moment`` is when it was recorded, in microseconds since 1970."""

    author: str
    moment: int
    head: Head
    key: int
    """The key of the next new record."""
    told: Told
    partial: bool = False
    """Whether what is refused is left out, and the rest is written."""
    count: int = 0
    """How many changes there were."""
    start: int = 0
    numbers: "array[int]" = field(default_factory=lambda: array("Q"))
    """The numbers of the changes, by their revisions: that of ``start + 1`` is the first."""
    refused: Refusals = field(default_factory=Refusals)
    stubs: dict[str, Staged] = field(default_factory=dict)
    """Merged records that are restored, by id."""
    deleted: list[Staged] = field(default_factory=list)
    scaled: list[Scaled] = field(default_factory=list)
    below: list[tuple[int, int]] = field(default_factory=list)
    """The numbers and keys of records that have a parent."""

    def raise_refusals(self) -> None:
        """Raise what was refused: its own error where there was one change, else Invalid with every place."""
        if not self.refused.numbers:
            return
        if self.count == 1 and self.refused.error:
            raise self.refused.error
        placed = self.refused.placed("/{}" if self.count > 1 else "")
        places = "place" if len(placed) == 1 else "places"
        raise Invalid(f"The document is not valid in {len(placed)} {places}.", placed)


def begin(author: str, told: Told, moment: int | None = None, partial: bool = False) -> Run:
    """A call, now: after every earlier transaction, even if the clock was set back."""
    head, key = writing.beginning()
    return Run(author, moment or now(head), head, key, told, partial, start=head.seq)


def now(head: Head) -> int:
    """Microseconds since 1970: after every earlier transaction's."""
    return max(time.time_ns() // 1000, head.recorded_at + 1)


def revision(
    record: Known,
    action: str,
    body: Document,
    loaded: Document | None,
    author: str,
    head: Head,
    moment: int,
    version: int | None = None,
) -> NewRevision:
    """The next revision of a record. ``loaded`` is what its columns tell of; None: what it last was."""
    kind = KINDS[record.kind]
    told = loaded if loaded is not None else orjson.loads(record.document)
    seq, version, when = head.seq + 1, version or record.version + 1, documents.bounds(told)
    document = revisions.render(record.id, record.kind, version, moment, body)
    return NewRevision(
        seq=seq,
        key=record.key,
        id=record.id,
        version=version,
        action=action,
        kind=record.kind,
        type=told.get(kind.type) if kind.type else None,
        status=told.get(kind.status) if kind.status else None,
        label=documents.label(told),
        earliest=when.earliest,
        latest=when.latest,
        document=document,
        recorded_by=author,
        recorded_at=moment,
        hash=revisions.digest(head.hash, seq, action, author, document),
    )


def outcome(made: NewRevision) -> Outcome:
    return Outcome(made.id, made.kind, made.version, made.action, made.document, made.hash, made.seq)
