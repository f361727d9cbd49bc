"""What a document says of others, ready to be linked: this takes the document alone, and no store.

So another process may do it, and the checks of ``staging.ready``, for a call of many: ``Making``.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import orjson

from service.diplomacy import documents
from service.diplomacy.documents import Document

Given = TypeVar("Given")
Made = TypeVar("Made")


class Making(Protocol):
    """Gives what a function makes of each batch, in order: ``in_turn``, or what does so ahead."""

    def __call__(self, function: Callable[[Given], Made], batches: Iterable[Given], /) -> Iterable[Made]: ...


def in_turn(function: Callable[[Given], Made], batches: Iterable[Given], /) -> Iterable[Made]:
    """Make something of each batch when it is wanted."""
    return map(function, batches)


class Stated(NamedTuple):
    """What follows from a document; its edges are right where each id in it is that of a current record."""

    refers: Sequence[tuple[str, tuple[str, ...]]]
    """The ids that it names, and of which kinds they have to be."""
    stances: Sequence[tuple[str, int]]
    """The issues that it takes a stance on, and which."""
    edges: Sequence[tuple[Any, ...]]
    """Each as an ``Edge`` that is a plain tuple, which takes half the time to be sent."""
    words: tuple[str, str, str, str]
    """What search is to know of it."""


def stated(document: Document) -> Stated:
    """What the document says of others. It has been checked as far as it can be by itself."""
    mentions = documents.mentioned(document)
    return Stated(
        [(id, reference.kinds) for id, _, reference in mentions],
        [
            (part["issue"], part["stance"])
            for field in ("positions", "clauses")
            if field in document
            for part in document[field]
        ],
        [tuple(edge) for edge in documents.edges(document, mentions)],
        documents.indexed(document),
    )


def read(kept: Sequence[bytes]) -> list[Stated | None]:
    """The same of documents as they are kept; None of one that is empty."""
    return [stated(orjson.loads(document)) if document else None for document in kept]
