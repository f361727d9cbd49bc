"""Who may do what: bearer tokens and their scopes (RFC 6750)."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from flask import Flask, Request, g

from schemas.vocabulary import SCOPES
from service.errors import Forbidden, Unauthenticated
from service.storage import tokens
from service.storage.tokens import Holder
from service.web import hooks, limits, observed
from service.web.limits import Counted, Headers

OPEN = "none"
"""The scope of what needs no token, whatever the settings say: the health checks."""
ENDED = "The token is unknown, has expired or was revoked."
_CALLER = "parley.caller"


class Caller(NamedTuple):
    """Whose token a request has, if it has a good one; and how many requests that makes."""

    holder: Holder | None
    counted: Counted


def install(app: Flask, uncounted: Collection[str]) -> None:
    """Know who each request is from, and count it, but for those to the endpoints ``uncounted``."""

    def know(asked: Request) -> None:
        if asked.endpoint not in uncounted:
            limits.hold(caller(app.config, asked.environ).counted)

    hooks.before(app, know)


def caller(config: Mapping[str, Any], environ: dict[str, Any]) -> Caller:
    """Whom a request is from. It is counted, once, however often this is asked; ``config`` is the app's."""
    found: Caller | None = environ.get(_CALLER)
    if found is None:
        token = _bearer(environ.get("HTTP_AUTHORIZATION", ""))
        holder = tokens.holder(token) if token else None
        key = environ[observed.TOKEN] = holder.key if holder else None
        counted = limits.count(config["LIMITS"], key, environ.get("REMOTE_ADDR") or "")
        found = environ[_CALLER] = Caller(holder, counted)
    return found


def headers(environ: Mapping[str, Any]) -> Headers:
    """What an answer says of the limits; nothing if its request was not counted."""
    found: Caller | None = environ.get(_CALLER)
    return found.counted.headers if found else []


def may_read(config: Mapping[str, Any], environ: dict[str, Any]) -> bool:
    """Whether the request may read: what ``require`` asks for the scope ``read``, and the limits."""
    found = caller(config, environ)
    if found.counted.wait:
        return False
    # Every scope reaches as far as reading.
    return found.holder is not None if "HTTP_AUTHORIZATION" in environ else config["PARLEY"].public_read


def require(config: Mapping[str, Any], environ: dict[str, Any], scope: str) -> None:
    """Let the request in, or raise Unauthenticated or Forbidden.

    If it has a token, ``g.author`` is who it is from, ``g.token`` its number, ``g.scope`` what it may do.
    A token that is sent must be good, also where none is needed: its holder should know that it is not.
    """
    if scope == OPEN:
        return
    authorization = environ.get("HTTP_AUTHORIZATION")
    if authorization is None:
        if scope == "read" and config["PARLEY"].public_read:
            return
        raise Unauthenticated(f"A token with the scope {scope!r} is needed.")
    if _bearer(authorization) is None:
        raise Unauthenticated("The Authorization header must be: Bearer, a space, a token.")
    holder = caller(config, environ).holder
    if holder is None:
        raise Unauthenticated(ENDED)
    if SCOPES.index(holder.scope) < SCOPES.index(scope):
        raise Forbidden(f"The token's scope is {holder.scope!r}; {scope!r} is needed.")
    g.author, g.token, g.scope = holder.name, holder.key, holder.scope


def still(environ: Mapping[str, Any]) -> None:
    """Raise Unauthenticated if the token that let the request in, a while ago, has ended meanwhile."""
    token = _bearer(environ.get("HTTP_AUTHORIZATION", ""))
    if token and tokens.holder(token) is None:
        raise Unauthenticated(ENDED)


def _bearer(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
