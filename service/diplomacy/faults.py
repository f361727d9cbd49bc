"""What can be wrong with what a document means: with its dates, with itself, with what it refers to.

Each function gives pairs of a JSON Pointer (RFC 6901) and what is wrong there. The document may be of any
shape, so that all its faults are named at once: what is not of the right type is left to the schema.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any
from unicodedata import normalize

import orjson

from schemas.vocabulary import DATES, PERIODS
from service.diplomacy import dates
from service.diplomacy.documents import Document, Referred, find, references, stances
from service.diplomacy.names import folded
from service.errors import Fault

_composed = partial(normalize, "NFC")
"""As texts are kept: two that are one then may not stand side by side before."""

Faults = Iterator[tuple[str, str]]


def date_faults(document: Document) -> Faults:
    """Every date that is none, and every period that ends before it begins."""
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
    values = [found for found in find(document, "scale[].value") if isinstance(found.value, int)]
    for before, here in pairwise(values):
        if here.value <= before.value:
            yield here.pointer, "must be greater than the value before it"
    if _mentions_itself(document):
        for found, _ in references(document):
            if found.value == document["id"]:
                yield found.pointer, "must not be the record itself"
    yield from _repeated(
        document,
        "clauses[].key",
        lambda clause: _as(_composed, clause.get("key")),
        "is the key of an earlier clause",
    )
    yield from _repeated(
        document,
        "names[].text",
        lambda name: _as(folded, name.get("text")),
        "is one name with an earlier one",
    )
    yield from _repeated(
        document,
        "positions[].issue",
        lambda position: (position.get("holder", document.get("speaker")), position.get("issue")),
        "is an issue on which an earlier position of this statement already says where its holder stands",
    )


def _mentions_itself(document: Document) -> bool:
    """Whether its id may stand in it twice, seen from how it is written: sooner done than to look it up."""
    id = document["id"]
    try:
        return isinstance(id, str) and orjson.dumps(document).count(orjson.dumps(id)) > 1
    except orjson.JSONEncodeError:  # It holds what cannot be kept.
        return True


def _as(spelling: Callable[[str], str], value: Any) -> Any:
    return spelling(value) if isinstance(value, str) else value


def _repeated(document: Document, path: str, identity: Callable[[Document], Any], detail: str) -> Faults:
    all_found = find(document, path)
    if len(all_found) < 2:
        return
    seen = set()
    for found in all_found:
        same = repr(identity(found.around))  # Whatever it is, not only what can be hashed.
        if same in seen:
            yield found.pointer, detail
        seen.add(same)


def reference_faults(referred: Referred, kind_of: Callable[[str], str | None]) -> Faults:
    """References to what does not exist or is of another kind. ``kind_of`` gives an id's kind, or None."""
    for found, reference in referred:
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
        issue = found.around.get("issue")
        labels = labels_of(issue) if isinstance(issue, str) else None
        if labels is not None and type(found.value) is int and found.value not in labels:
            values = ", ".join(map(str, sorted(labels)))
            yield found.pointer, f"{found.value} is not on the scale of {issue!r}: {values}"


def distinct(found: Sequence[tuple[str, str]]) -> list[Fault]:
    """One fault a place: the first that was found, which is the plainest."""
    return [Fault(*fault) for fault in dict(reversed(found)).items()][::-1]


def article(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
