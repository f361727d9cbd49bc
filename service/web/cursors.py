"""Page cursors: opaque, signed, and good only for the question that they were made for."""

from typing import Any

from itsdangerous import BadData, Serializer, URLSafeSerializer
from itsdangerous.encoding import base64_encode

from service.errors import Malformed

Position = tuple[Any, ...]


class _Signer(URLSafeSerializer):
    def dump_payload(self, obj: Any) -> bytes:
        """As the library's, which first sees if zlib makes it shorter: of so little, never by much."""
        return base64_encode(Serializer.dump_payload(self, obj))


def serializer(secret: str) -> URLSafeSerializer:
    """What signs and reads cursors with the service's key."""
    return _Signer(secret, salt="parley.cursor")


def write(signer: URLSafeSerializer, question: str, position: Position) -> str:
    """The cursor that goes on after ``position`` in the answer to ``question``."""
    return str(signer.dumps([question, *position]))


def read(signer: URLSafeSerializer, question: str, cursor: str) -> Position:
    """Where to go on. Raises Malformed for a cursor that was not made here, or for another question."""
    try:
        asked, *position = signer.loads(cursor)
        # Base64 has several spellings of one signature, of which we write one.
        genuine = write(signer, asked, tuple(position)) == cursor
    except (BadData, ValueError, TypeError):
        genuine = False
    if not genuine:
        raise Malformed("The cursor is not one that this service made.")
    if asked != question:
        raise Malformed("The cursor belongs to another question: keep the parameters as they were.")
    return tuple(position)
