"""What a document says: where it refers to others, when it was, and the edges that follow from it.

A document is a dict as ``schemas.documents`` loads it, with its ``id`` and ``kind``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from schemas.vocabulary import KINDS, ON_THE_TIMELINE, REFERENCES, Reference
from service.diplomacy import dates
from service.diplomacy.dates import BEGINNING, END, UNDATED, Bounds
from service.diplomacy.names import folded

Document = dict[str, Any]

ALWAYS = Bounds(BEGINNING, END)
LABEL_LENGTH = 120


@dataclass(slots=True)  # Made in a third of the time that a named tuple takes, some ten a document.
class Found:
    """A value in a document: its JSON Pointer (RFC 6901), itself, and the object it stands in."""

    pointer: str
    value: Any
    around: Document


class Edge(NamedTuple):
    """One reference or position that a document states. ``tail`` and ``head`` are ids of records."""

    relation: str
    tail: str
    head: str
    earliest: int
    latest: int
    stance: int | None = None
    status: str | None = None
    place: int = 0
    """Which of the document's positions it is: the last key of a history's order."""
    attributes: Document | None = None


def find(document: Document, path: str) -> Sequence[Found]:
    """Every value at ``path`` (``speaker``, ``agenda[]``, ``positions[].issue``), in order.

    What has another shape than the path expects is passed over: the schema reports it.
    """
    name, look = _looking(path)
    # Most documents have few of the fields there are, and this is asked of each some fifty times.
    return look(document, "") if name in document else ()


Look = Callable[[Document, str], list[Found]]


@cache
def _looking(path: str) -> tuple[str, Look]:
    """The first name on a path, and what finds the values there in an object, at a pointer, that has it."""
    first, _, rest = path.partition(".")
    name, many = first.removesuffix("[]"), first.endswith("[]")
    here = f"/{name}"

    def one(around: Document, pointer: str) -> list[Found]:
        return [Found(pointer + here, around[name], around)]

    def each(around: Document, pointer: str) -> list[Found]:
        parts = around[name]
        if not isinstance(parts, list):
            return []
        return [Found(f"{pointer}{here}/{at}", part, around) for at, part in enumerate(parts)]

    if not rest:
        return name, each if many else one
    inner_name, inner = _looking(rest)

    def below(around: Document, pointer: str) -> list[Found]:
        return [
            found
            for outer in (each if many else one)(around, pointer)
            if isinstance(outer.value, dict) and inner_name in outer.value
            for found in inner(outer.value, outer.pointer)
        ]

    return name, below


def _place(path: str) -> tuple[str, bool, str]:
    """What a path says of where ids stand: field, whether it holds many, field in each."""
    first, _, field = path.partition(".")
    return first.removesuffix("[]"), first.endswith("[]"), field


_REFERENCES = {
    kind: tuple((*_looking(reference.path), reference) for reference in references)
    for kind, references in REFERENCES.items()
}
Referred = Sequence[tuple[Found, Reference]]
"""The ids of other records that a document holds, and what is known of the fields they stand in."""


def references(document: Document) -> Referred:
    """Every id of another record that the document holds, and what is known of the field it stands in."""
    return [
        (found, reference)
        for name, look, reference in _REFERENCES[document["kind"]]
        if name in document
        for found in look(document, "")
        if isinstance(found.value, str)
    ]


_MENTIONS = {
    kind: tuple((*_place(reference.path), reference) for reference in references)
    for kind, references in REFERENCES.items()
}
Mentioned = Sequence[tuple[str, Document, Reference]]
"""The ids of other records in a document, the objects they stand in, and what is known of the fields."""


def mentioned(document: Document) -> Mentioned:
    """What ``references`` finds, of a document that has been accepted: a third of the work."""
    found: list[tuple[str, Document, Reference]] = []
    for name, many, field, reference in _MENTIONS[document["kind"]]:
        if name not in document:
            continue
        if field:
            found += [(part[field], part, reference) for part in document[name] if field in part]
        elif many:
            found += [(id, document, reference) for id in document[name]]
        else:
            found.append((document[name], document, reference))
    return found


@cache
def _namings(kind: str, of: tuple[str, ...]) -> tuple[tuple[str, bool, str], ...]:
    """Where documents of a kind name records of the kinds."""
    return tuple(_place(reference.path) for reference in REFERENCES[kind] if {*reference.kinds} & {*of})


def named(documents: Iterable[Document], of: tuple[str, ...]) -> set[str]:
    """The ids of all records of the kinds ``of`` that documents which have been accepted refer to."""
    by_kind: dict[str, list[Document]] = {}
    for document in documents:
        by_kind.setdefault(document["kind"], []).append(document)
    found: set[str] = set()
    for kind, alike in by_kind.items():
        for name, many, field in _namings(kind, of):
            values = [document[name] for document in alike if name in document]
            if field:
                found.update([part[field] for parts in values for part in parts if field in part])
            elif many:
                found.update(*values)
            else:
                found.update(values)
    return found


def renamed(document: Document, names: Mapping[str, str]) -> Document:
    """The document as it reads with other ids for the records it refers to."""
    changed = {found.pointer for found, _ in references(document) if found.value in names}
    if not changed:
        return document

    def copied(value: Any, pointer: str) -> Any:
        if isinstance(value, dict):
            return {name: copied(inner, f"{pointer}/{name}") for name, inner in value.items()}
        if isinstance(value, list):
            return [copied(inner, f"{pointer}/{index}") for index, inner in enumerate(value)]
        return names[value] if pointer in changed else value

    result: Document = copied(document, "")
    return result


def stances(document: Document) -> Iterator[Found]:
    """Every stance that the document takes on an issue; ``around`` names the issue."""
    for path in ("positions[].stance", "clauses[].stance"):
        yield from find(document, path)


def bounds(document: Document) -> Bounds:
    """When the record was: the bounds of its date, or of its period, or UNDATED."""
    fields = KINDS[document["kind"]].dates
    given = [document.get(field) for field in fields]
    if not any(given):
        return UNDATED
    return period(given[0], given[-1])


def period(first: str | None, last: str | None) -> Bounds:
    return Bounds(
        dates.bounds(first).earliest if first else BEGINNING,
        dates.bounds(last).latest if last else END,
    )


def label(document: Document) -> str:
    """What to call the record in a list, a graph or a search: its name or title, or how its text begins."""
    text: str = document[KINDS[document["kind"]].label]
    return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 1].rstrip() + "…"


def edges(document: Document, mentions: Mentioned | None = None) -> list[Edge]:
    """All that the document states of others, in the document's order, each once.

    ``mentions`` is what ``mentioned`` gives of it, where that is at hand.
    """
    own = bounds(document)
    # What happened on an unknown date is in no window; what has no date, a parent, say, is in every one.
    when = ALWAYS if own == UNDATED and document["kind"] not in ON_THE_TIMELINE else own
    stated = [*_positions(document, own)]
    own_id = document["id"]
    for id, around, reference in mentioned(document) if mentions is None else mentions:
        if reference.path == "positions[].holder":
            continue  # Not an edge of its own: the tail of its position's.
        tail, head = (id, own_id) if reference.incoming else (own_id, id)
        relation = around["type"] if len(reference.relations) > 1 else reference.relations[0]
        earliest, latest = (
            period(around.get("from"), around.get("until")) if relation == "member-of" else when
        )
        carried = (
            {name: around[name] for name in reference.attributes if name in around}
            if reference.attributes
            else None
        )
        stance = around["stance"] if relation == "clause" else None
        stated.append(Edge(relation, tail, head, earliest, latest, stance, None, 0, carried or None))
    # An issue may be named by ``issues`` and by a position alike, an actor be addressed twice.
    if len({edge[:3] for edge in stated}) == len(stated):
        return stated
    return list({(*edge[:5], edge.place, str(edge.attributes)): edge for edge in stated}.values())


def _positions(document: Document, when: Bounds) -> Iterator[Edge]:
    for place, position in enumerate(document.get("positions", ())):
        holder = position.get("holder", document["speaker"])
        carried = {
            name: position[name] for name in ("firmness", "conditions", "salience") if name in position
        }
        yield Edge(
            "position" if holder == document["speaker"] else "attributed-position",
            holder,
            position["issue"],
            *when,
            position["stance"],
            document["status"],
            place,
            carried or None,
        )


def searchable(document: Document) -> tuple[str, str, str]:
    """What full-text search reads of the record: its label, its other names, its texts."""
    kind = KINDS[document["kind"]]
    names = [found.value for path in ("names[].text", "memberships[].post") for found in find(document, path)]
    paths = (*kind.text, "notes", "tags[]")
    texts = [found.value for path in paths for found in find(document, path)]
    return document[kind.label], " · ".join(names), "\n".join(texts)


def indexed(document: Document) -> tuple[str, str, str, str]:
    """The same as the search index holds it: in the spelling by which names are compared. Then the kind."""
    label, names, texts = searchable(document)
    return folded(label), folded(names), folded(texts), document["kind"]
