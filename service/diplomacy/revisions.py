"""How documents change from version to version, how they are written down and revisions chained."""

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from service.diplomacy.documents import Document

SERVICE_FIELDS = ("id", "kind", "version", "recorded_at")
"""The fields of a document that are the service's to give."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- in UTC, as all is here: to say so takes as long as the rest

GENESIS = bytes(32)
"""What the first revision of a store is chained to."""


def merge_patch(target: Any, patch: Any) -> Any:
    """``target`` as ``patch`` changes it, by RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def content(document: Document) -> Document:
    """What a document says, without the fields that the service gives."""
    return {name: value for name, value in document.items() if name not in SERVICE_FIELDS}


def render(id: str, kind: str, version: int, recorded_at: int, body: Document) -> bytes:
    """The document's bytes, as they are kept, served, exported and chained: JSON in UTF-8.

    ``recorded_at`` is in microseconds since 1970.
    """
    given = {"id": id, "kind": kind, "version": version, "recorded_at": instant(recorded_at)}
    return orjson.dumps(given | body | given)  # in that order, and whatever the body says of them


def digest(previous: bytes, seq: int, action: str, author: str, document: bytes) -> bytes:
    """The hash of a revision: SHA-256 over the hash of the one before it and all that this one says."""
    return hashlib.sha256(previous + orjson.dumps([seq, action, author]) + document).digest()


@lru_cache(maxsize=1)  # Of a call of a million changes it is the same.
def instant(microseconds: int) -> str:
    """An instant of recording, RFC 3339 in UTC: ``2025-12-23T09:30:00.000000Z``."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="microseconds") + "Z"


def moment(text: Any) -> int:
    """Microseconds since 1970 of an instant as ``instant`` writes it. Raises ValueError if it is none."""
    if not isinstance(text, str) or not text.endswith("Z"):
        raise ValueError(text)
    microseconds = (datetime.fromisoformat(text).replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)
    if instant(microseconds) != text:
        raise ValueError(text)
    return microseconds


def entry(
    revision: int, version: int, action: str, recorded_at: int, recorded_by: str, hash: bytes, document: bytes
) -> dict[str, Any]:
    """How an answer tells of a revision (design: "Shapes"). ``recorded_at`` is in microseconds since 1970."""
    return {
        "revision": revision,
        "version": version,
        "action": action,
        "recorded_at": instant(recorded_at),
        "recorded_by": recorded_by,
        "hash": hash.hex(),
        "record": orjson.Fragment(document),
    }
