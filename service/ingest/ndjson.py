"""Records from a file of newline-delimited JSON: one document a line, in any order, all or nothing."""

from collections import Counter
from collections.abc import Iterable

from schemas.vocabulary import KINDS
from service import recording
from service.diplomacy.changes import Change
from service.errors import Fault, Invalid, Malformed
from service.ingest import notation


def load(lines: Iterable[bytes], author: str) -> Counter[str]:
    """Record every document, in one transaction, and count what became of them (created, unchanged).

    A document says its ``kind`` and may say its ``id``; one that the store holds already, just so, is passed
    over. Raises Invalid, whose places begin with the number of the line, or Conflict: nothing was written.
    """
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    changes, faults = [], []
    for number, line in numbered:
        try:
            changes.append(_change(line))
        except Malformed as error:
            faults.append(Fault(f"line {number}", error.detail))
    if faults:
        raise Invalid("The file cannot be read as documents.", faults)
    try:
        outcomes = recording.write(changes, author)
    except Invalid as error:
        raise Invalid(error.detail, [_on_line(fault, numbered) for fault in error.faults]) from error
    return Counter(outcome.action for outcome in outcomes)


def _change(line: bytes) -> Change:
    document = notation.parse(line)
    if not isinstance(document, dict) or document.get("kind") not in KINDS:
        raise Malformed(f"must be an object with a kind: {', '.join(KINDS)}")
    id = document.get("id")
    return Change(document["kind"], id if isinstance(id, str) else None, document, unless_same=True)


def _on_line(fault: Fault, numbered: list[tuple[int, bytes]]) -> Fault:
    if len(numbered) == 1:
        return Fault(f"line {numbered[0][0]}{fault.place}", fault.detail)
    index, _, pointer = fault.place.removeprefix("/").partition("/")
    return Fault(f"line {numbered[int(index)][0]}/{pointer}", fault.detail)
