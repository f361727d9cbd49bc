"""The whole store as newline-delimited JSON, which ``service.ingest.ndjson`` reads again."""

from collections.abc import Iterator, Sequence

import orjson

from schemas.vocabulary import KINDS
from service.diplomacy import revisions
from service.questions.asking import revision_at, state
from service.storage import copies

MEDIA_TYPE = "application/x-ndjson"
_LINES_AT_ONCE = 200


def exported(kinds: Sequence[str] = tuple(KINDS), known_at: int | None = None) -> Iterator[bytes]:
    """Every record's document as it is stored, one a line, in the order of their revisions.

    Of a merged record it says what that was ``merged_into``, so that references to it still lead there.
    """
    return _lines(copies.documents(kinds, _until(known_at)))


def exported_revisions(known_at: int | None = None) -> Iterator[bytes]:
    """Every revision, one a line, as ``revisions.entry`` tells of it, oldest first."""
    found = copies.revisions(_until(known_at))
    return _lines(orjson.dumps(revisions.entry(**row._asdict())) for row in found)


def how_many(known_at: int | None, every_revision: bool) -> int:
    """How many lines an export has."""
    at = _until(known_at)
    return at if every_revision else copies.size(tuple(KINDS), at)


def _until(known_at: int | None) -> int:
    at = revision_at(known_at)
    return state() if at is None else at


def _lines(rows: Iterator[bytes]) -> Iterator[bytes]:
    part: list[bytes] = []
    for row in rows:
        part.append(row)
        if len(part) == _LINES_AT_ONCE:
            yield b"\n".join([*part, b""])
            part.clear()
    if part:
        yield b"\n".join([*part, b""])
