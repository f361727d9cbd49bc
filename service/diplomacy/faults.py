"""What can be wrong with a document of the right shape: with its dates, with itself, with what it refers to.

Each function gives pairs of a JSON Pointer (RFC 6901) and what is wrong there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.vocabulary import DATES, PERIODS
from service.diplomacy import dates
from service.diplomacy.documents import Document, find, references, stances

Faults = Iterator[tuple[str, str]]


def date_faults(document: Document) -> Faults:
    """Every date that is none, and every period that ends before it begins.

    The document may be of any shape: what is not a string where a date should be is left to the schema.
    """
    sound = True
    for path in DATES[document["kind"]]:
        for found in find(document, path):
            if not isinstance(found.value, str):
                sound = False
                continue
            try:
                dates.bounds(found.value)
            except dates.InvalidDate as error:
                sound = False
                yield found.pointer, str(error)
    for first, last in PERIODS.get(document["kind"], ()) if sound else ():
        for ended in find(document, last):
            began = ended.around.get(first.rpartition(".")[2])
            if began and dates.bounds(ended.value).latest < dates.bounds(began).earliest:
                yield ended.pointer, f"lies before {began}, which it should follow"


def own_faults(document: Document) -> Faults:
    """What contradicts itself: a scale out of order, a reference to itself, one thing stated twice."""
    points = document.get("scale", [])
    for index in range(1, len(points)):
        if points[index]["value"] <= points[index - 1]["value"]:
            yield f"/scale/{index}/value", "must be greater than the value before it"
    for found, _ in references(document):
        if found.value == document["id"]:
            yield found.pointer, "must not be the record itself"
    yield from _repeated(
        document, "clauses[].key", lambda clause: clause["key"], "is the key of an earlier clause"
    )
    yield from _repeated(
        document,
        "positions[].issue",
        lambda position: (position.get("holder", document["speaker"]), position["issue"]),
        "is an issue on which an earlier position of this statement already says where its holder stands",
    )


def _repeated(document: Document, path: str, identity: Callable[[Document], Any], detail: str) -> Faults:
    seen = set()
    for found in find(document, path):
        if identity(found.around) in seen:
            yield found.pointer, detail
        seen.add(identity(found.around))


def reference_faults(document: Document, kind_of: Callable[[str], str | None]) -> Faults:
    """References to what does not exist or is of another kind. ``kind_of`` gives an id's kind, or None."""
    for found, reference in references(document):
        kind = kind_of(found.value)
        if kind not in reference.kinds:
            is_ = f"that is the id of {article(kind)}" if kind else "there is none of that id"
            yield (
                found.pointer,
                f"{found.value!r} must be the id of {article(' or '.join(reference.kinds))}: {is_}",
            )


def stance_faults(document: Document, labels_of: Callable[[str], Mapping[int, str] | None]) -> Faults:
    """Stances outside the scale of their issue. ``labels_of`` gives it, None where there is no issue."""
    for found in stances(document):
        labels = labels_of(found.around["issue"])
        if labels is not None and found.value not in labels:
            values = ", ".join(map(str, sorted(labels)))
            yield found.pointer, f"{found.value} is not on the scale of {found.around['issue']!r}: {values}"


def article(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
