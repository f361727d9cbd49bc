"""What a caller may ask to be changed, and whether the record is as the caller believes it to be."""

from typing import NamedTuple, Protocol, TypeVar

from service.diplomacy.documents import Document
from service.diplomacy.faults import article
from service.diplomacy.revisions import merge_patch
from service.errors import Conflict, Moved, NotFound, PreconditionFailed, PreconditionRequired

ANY = frozenset({-1})
"""Whatever version there is (``*`` in If-Match or If-None-Match)."""


class Stored(Protocol):
    """What the store holds under an id; ``revision`` is None for what was deleted or merged."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def revision(self) -> int | None: ...
    @property
    def merged_into(self) -> str | None: ...
    @property
    def version(self) -> int: ...


Held = TypeVar("Held", bound=Stored)


class Stamp(NamedTuple):
    """What a restored record keeps: its version, and when it was recorded, in microseconds since 1970."""

    version: int
    recorded_at: int


class Change(NamedTuple):
    """One write that a caller asks for.

    ``document`` is what the record shall become; None deletes it. With ``patch`` it is an RFC 7396 merge
    patch to the current document. ``replaces`` holds the versions that may be replaced, ``spares`` those
    that may not; to spare ANY is to create only. A change with ``unless_same`` is passed over where it would
    change nothing, and refused where it would unless it ``replaces`` a version. A ``stamp`` restores a record
    as it was elsewhere: a merged one, too, whose document says only what it was ``merged_into``.
    """

    kind: str
    id: str | None
    document: Document | None
    patch: bool = False
    replaces: frozenset[int] | None = None
    spares: frozenset[int] = frozenset()
    unless_same: bool = False
    stamp: Stamp | None = None


def admit(change: Change, was: Held | None) -> Held | None:
    """What the change replaces, if anything, and if it may (RFC 9110, section 13)."""
    replacing = change.document is not None and not change.patch
    if was and was.kind != change.kind and replacing:
        raise Conflict(f"{change.id!r} is the id of {article(was.kind)}; ids are unique over all kinds.")
    if was and was.kind == change.kind and was.merged_into:
        raise Moved(was.kind, was.id, was.merged_into)
    live = was if was and was.kind == change.kind and was.revision is not None else None
    if live is None and not replacing:
        raise NotFound(f"There is no {change.kind} {change.id!r}.")
    if live is None:
        if change.replaces is not None:
            raise PreconditionFailed(f"There is no {change.kind} {change.id!r} to replace.", None)
        return None
    if change.spares == ANY or live.version in change.spares:
        raise PreconditionFailed(f"{live.kind} {live.id!r} exists, at version {live.version}.", live.version)
    if change.replaces is None:
        if change.unless_same:
            return live
        raise PreconditionRequired(
            f"{live.kind} {live.id!r} exists: say in If-Match which version this replaces.", live.version
        )
    given = change.document.get("version") if change.document else None
    if isinstance(given, int) and given != live.version:
        raise PreconditionFailed(
            f"The document is of version {given}; {live.kind} {live.id!r} is at {live.version}.", live.version
        )
    if change.replaces != ANY and live.version not in change.replaces:
        raise PreconditionFailed(f"{live.kind} {live.id!r} is at version {live.version}.", live.version)
    return live


def wanted_document(change: Change, current: Document) -> Document:
    """What the record is to become, with the id and kind that it claims: nothing of it is checked yet."""
    document = change.document or {}
    wanted = merge_patch(current, document) if change.patch else document
    return {**wanted, "id": wanted.get("id", change.id), "kind": wanted.get("kind", change.kind)}
