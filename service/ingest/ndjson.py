"""Records from newline-delimited JSON: one document a line, in any order.

The file is read as often as need be, a line at a time. What ``questions.exporting`` writes can be read again:
documents as they are, or every revision of them.
"""

from collections.abc import Iterator, Sequence
from functools import partial as part
from typing import Any, NamedTuple, Protocol

from schemas.vocabulary import ACTIONS, KINDS
from service import recording
from service.diplomacy import revisions
from service.diplomacy.changes import Change, Stamp
from service.errors import Fault, Forbidden, Invalid, Malformed
from service.ingest import notation
from service.recording import Entry, Loaded, Making, Recorded, batched, in_turn, ready
from service.recording.loading import Telling

LONGEST_LINE = 1 << 25
"""Bytes: more than a document has, of which each field came in one body, so that an export can be read."""
REVISION = ("revision", "version", "action", "recorded_at", "recorded_by", "hash", "record")
"""What a line of a file of revisions says: ``revisions.entry``."""


class Lines(Protocol):
    """A binary file that can be read again from its beginning."""

    def seek(self, offset: int, /) -> int: ...
    def readline(self, limit: int, /) -> bytes: ...


class Line(NamedTuple):
    """A line that is not blank; ``text`` is None where it is too long to be read."""

    number: int
    text: bytes | None

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.text or b"")


def load(
    file: Lines,
    author: str,
    *,
    partial: bool = False,
    dry_run: bool = False,
    restoring: bool = False,
    longest: int = LONGEST_LINE,
    telling: Telling | None = None,
    making: Making = in_turn,
) -> Loaded:
    """Record every document of a file: all in one transaction, or nothing.

    A document says its ``kind`` and may say its ``id``. With a ``version`` it replaces that one of the
    record; without, one that the store holds already, just so, is passed over, and one that differs is
    refused. With ``partial`` what is refused is left out. With ``dry_run`` nothing is kept of it.

    ``restoring`` into an empty store, documents keep the version and the instant of recording that they say,
    and a file of revisions is done again. Without it a file of revisions raises Forbidden, and documents are
    new. ``making`` is how documents are made of each batch of lines. Raises Invalid, whose places begin with
    ``line {number}``: then nothing was written.
    """
    first = next(_lines(file, longest), None)
    if first and _is_revision(first):
        if not restoring:
            raise Forbidden(
                "A file of revisions says who recorded what when: only an administrator may restore it."
            )
        if partial:
            raise Invalid("Revisions are chained: they are taken all, or not at all.")
        done = recording.replay(_recorded(file, longest), dry_run=dry_run)
        return Loaded(done, 0, 0, 0, done)

    def entries(empty: bool) -> Iterator[Entry]:
        made = making(part(_entries, empty, restoring), batched(_lines(file, longest)))
        return (entry for some in made for entry in some)

    return recording.load(entries, author, partial=partial, dry_run=dry_run, telling=telling, making=making)


def _lines(file: Lines, longest: int) -> Iterator[Line]:
    file.seek(0)
    number = 0
    while text := file.readline(longest + 2):
        number += 1
        if len(text.rstrip(b"\r\n")) > longest:
            while text and not text.endswith(b"\n"):
                text = file.readline(longest)
            yield Line(number, None)
        elif text.strip():
            yield Line(number, text)


def _parsed(line: Line) -> dict[str, Any]:
    """The object on a line. Raises Malformed where there is none."""
    if line.text is None:
        raise Malformed("is too long to be a document")
    value = notation.parse(line.text)
    if not isinstance(value, dict):
        raise Malformed("must be an object")
    return value


def _entries(empty: bool, restoring: bool, lines: Sequence[Line]) -> list[Entry]:
    return [ready(_entry(line, empty, restoring)) for line in lines]


def _entry(line: Line, empty: bool, restoring: bool) -> Entry:
    try:
        document = _parsed(line)
    except Malformed as error:
        return Entry(line.number, None, [Fault("", error.detail)])
    kind, id = document.get("kind"), document.get("id")
    if not isinstance(kind, str) or kind not in KINDS:
        return Entry(line.number, None, [Fault("/kind", f"must be one of: {', '.join(KINDS)}")])
    change = Change(kind, id if isinstance(id, str) else None, document, unless_same=True)
    version = document.get("version")
    if type(version) is int and not empty:
        change = change._replace(replaces=frozenset({version}))
    elif type(version) is int and version > 0 and restoring and "recorded_at" in document:
        try:
            stamp = Stamp(version, revisions.moment(document["recorded_at"]))
        except ValueError:
            return Entry(
                line.number, None, [Fault("/recorded_at", "must be an instant, as an export gives it")]
            )
        change = change._replace(stamp=stamp)
    return Entry(line.number, change, (), line.size)


def _is_revision(line: Line) -> bool:
    try:
        return set(REVISION) <= _parsed(line).keys()
    except Malformed:
        return False


def _recorded(file: Lines, longest: int) -> Iterator[Recorded]:
    for line in _lines(file, longest):
        try:
            yield _revision(line)
        except (Malformed, KeyError, TypeError, ValueError) as error:
            detail = (
                error.detail if isinstance(error, Malformed) else "is not a revision, as an export gives it"
            )
            raise Invalid("The revisions cannot be read.", [Fault(f"line {line.number}", detail)]) from error


def _revision(line: Line) -> Recorded:
    told = _parsed(line)
    document = told["record"]
    kind, id, author = document["kind"], document["id"], told["recorded_by"]
    if told.keys() != set(REVISION) or kind not in KINDS or told["action"] not in ACTIONS:
        raise ValueError
    if told["version"] != document["version"]:
        raise ValueError
    if not (isinstance(id, str) and isinstance(author, str) and isinstance(told["revision"], int)):
        raise ValueError
    moment, hash = revisions.moment(told["recorded_at"]), bytes.fromhex(told["hash"])
    return Recorded(
        line.number, told["revision"], told["action"], author, moment, hash, kind, id, document, line.size
    )
