"""Records: one, its past, lists of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from schemas.vocabulary import REFERENCES
from service.diplomacy import revisions
from service.errors import NotFound
from service.questions.asking import (
    Answer,
    Page,
    Paging,
    Span,
    ends,
    keys_of,
    missing,
    page_of,
    resolved_ids,
    revision_at,
)
from service.storage import pages, records
from service.storage.database import reading
from service.storage.pages import Filter
from service.storage.records import State


class Document(NamedTuple):
    """A record as it is or was: its bytes, the version that its ETag names, and what it was read from."""

    version: int
    body: bytes
    state: State


def record(kind: str, id: str, known_at: int | None = None) -> Document:
    """One record. Raises NotFound, or Moved if it was merged into another one."""
    with reading(alone=known_at is None):
        at = revision_at(known_at)
        found = records.one(id, kind, at)
        if found is None:
            raise missing(kind, id, at)
        return Document._make(found)


def past(kind: str, id: str, paging: Paging, known_at: int | None = None) -> Page:
    """The revisions of a record, oldest first, those of a deleted or merged one too."""
    with reading():
        at = revision_at(known_at)
        key, (after,) = records.key(id, kind), paging.after or (0,)
        found = records.versions(key, at, after, paging.limit + 1) if key else []
        if not found and paging.after is None:
            raise missing(kind, id, at)
        return page_of([(revisions.entry(**row._asdict()), (row.version,)) for row in found], paging)


def revision(kind: str, id: str, version: int) -> Answer:
    """One revision of a record."""
    with reading():
        key = records.key(id, kind)
        found = records.versions(key, None, version - 1, 1) if key else []
        if not found or found[0].version != version:
            raise NotFound(f"There is no version {version} of {kind} {id!r}.")
        return revisions.entry(**found[0]._asdict())


def listing(
    kind: str,
    filters: Mapping[str, Sequence[str]],
    types: Sequence[str],
    statuses: Sequence[str],
    span: Span,
    paging: Paging,
) -> Page:
    """Records of one kind. ``filters`` gives ids by the filter names of the vocabulary's references."""
    with reading():
        at = revision_at(span.known_at)
        resolved = resolved_ids([id for ids in filters.values() for id in ids], at)
        rows = pages.page(
            (kind,),
            [_filtered(kind, name, ids, resolved) for name, ids in filters.items()],
            at=at,
            window=span.window,
            types=types,
            statuses=statuses,
            after=paging.after,
            limit=paging.limit + 1,
        )
        return page_of([(orjson.Fragment(row.document), row.position) for row in rows], paging)


def _filtered(kind: str, name: str, ids: Sequence[str], resolved: Mapping[str, records.Resolved]) -> Filter:
    named = [reference for reference in REFERENCES[kind] if reference.filter == name]
    targets = {target for reference in named for target in reference.kinds}
    return Filter(ends((kind,), lambda reference: reference in named), keys_of(ids, targets, resolved))
