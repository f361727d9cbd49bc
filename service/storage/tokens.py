"""Access tokens. Only the SHA-256 of one is kept: of 256 random bits, it needs no slower hash."""

import hashlib
import secrets
import time
from datetime import timedelta
from typing import Any, NamedTuple

from service.errors import Conflict, NotFound
from service.secrets import PREFIX
from service.storage import uses
from service.storage.database import age, asking, reading, writing
from service.storage.models import Token
from service.storage.prepared import prepared


class Holder(NamedTuple):
    """Whom a token lets in, as far as ``scope``. Instants are microseconds since 1970."""

    key: int
    name: str
    scope: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    """When it is or will be ended, whatever it was made for: also to come, while it is being rotated."""
    last_used_at: int | None


def create(name: str, scope: str, expires_at: int | None = None) -> str:
    """Make a token and return it: this is the only time that it is known."""
    with writing():
        return _made(name, scope, expires_at)


def rotate(key: int, overlap: timedelta) -> str:
    """Make a token of the same name, scope and lifetime; the one it replaces is good for ``overlap`` more.

    Raises NotFound if there is none of that number, Conflict if it has ended or is being replaced already.
    """
    with writing():
        old = _select().where(Token.key == key).first()
        if old is None:
            raise NotFound(f"There is no token {key}.")
        replaced, now = Holder(*old), _now()
        if _ended(replaced, now):
            raise Conflict(f"Token {key} has ended: create one.")
        if replaced.revoked_at is not None:
            raise Conflict(f"Token {key} is being replaced already.")
        Token.update(revoked_at=now + overlap // timedelta(microseconds=1)).where(Token.key == key).execute()
        expires_at = None
        if replaced.expires_at is not None:
            expires_at = now + replaced.expires_at - replaced.created_at
        return _made(replaced.name, replaced.scope, expires_at)


def holder(token: str) -> Holder | None:
    """Whose token it is; None if it is unknown, has expired or was revoked. That it was used is noted."""
    found = _known(_hash(token))
    if found is None:
        return None
    now = _now()
    if _ended(found, now):
        return None
    uses.note(found.key, now, found.last_used_at)
    return found


def _known(hash: bytes) -> Holder | None:
    with asking():
        rows = _of(hash=hash)
    if not rows and age() is not None:
        with reading(newest=True):  # It may be too new for the standby that was asked.
            rows = _of(hash=hash)
    for key, name, scope, *moments in rows:
        return Holder(key, name, Token.scope.python_value(scope), *moments)
    return None


@prepared
def _of(*, hash: bytes) -> Any:
    return _select().where(Token.hash == hash)


def everyone() -> list[Holder]:
    """All tokens that were ever made, oldest first."""
    with reading():
        return [Holder(*row) for row in _select().order_by(Token.key)]


def revoke(key: int) -> None:
    """End a token. Raises NotFound if there is none of that number; a revoked one stays revoked."""
    with writing():
        if not Token.select().where(Token.key == key).exists():
            raise NotFound(f"There is no token {key}.")
        now = _now()
        to_end = Token.revoked_at.is_null() | (Token.revoked_at > now)
        Token.update(revoked_at=now).where((Token.key == key) & to_end).execute()


def _made(name: str, scope: str, expires_at: int | None) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    Token.create(name=name, scope=scope, hash=_hash(token), created_at=_now(), expires_at=expires_at)
    return token


def _ended(held: Holder, now: int) -> bool:
    return any(end is not None and end <= now for end in (held.expires_at, held.revoked_at))


def _select() -> Any:
    return Token.select(*(getattr(Token, field) for field in Holder._fields)).tuples()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _now() -> int:
    return time.time_ns() // 1000
