"""Access tokens. Only the SHA-256 of one is kept: of 256 random bits, it needs no slower hash."""

import hashlib
import secrets
import time
from typing import Any, NamedTuple

from service.errors import NotFound
from service.storage.database import reading, writing
from service.storage.models import Token

PREFIX = "parley_"
"""So that a scanner for leaked secrets can know one."""


class Holder(NamedTuple):
    """Whom a token lets in, as far as ``scope``. Instants are microseconds since 1970."""

    key: int
    name: str
    scope: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None


def create(name: str, scope: str, expires_at: int | None = None) -> str:
    """Make a token and return it: this is the only time that it is known."""
    token = PREFIX + secrets.token_urlsafe(32)
    with writing():
        Token.create(name=name, scope=scope, hash=_hash(token), created_at=_now(), expires_at=expires_at)
    return token


def holder(token: str) -> Holder | None:
    """Whose token it is; None if it is unknown, has expired or was revoked."""
    with reading():
        found = _select().where(Token.hash == _hash(token)).first()
    if found is None or found[5] is not None or (found[4] is not None and found[4] <= _now()):
        return None
    return Holder(*found)


def everyone() -> list[Holder]:
    """All tokens that were ever made, oldest first."""
    with reading():
        return [Holder(*row) for row in _select().order_by(Token.key)]


def revoke(key: int) -> None:
    """End a token. Raises NotFound if there is none of that number; a revoked one stays revoked."""
    with writing():
        if not Token.select().where(Token.key == key).exists():
            raise NotFound(f"There is no token {key}.")
        Token.update(revoked_at=_now()).where((Token.key == key) & Token.revoked_at.is_null()).execute()


def _select() -> Any:
    return Token.select(
        Token.key, Token.name, Token.scope, Token.created_at, Token.expires_at, Token.revoked_at
    ).tuples()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _now() -> int:
    return time.time_ns() // 1000
