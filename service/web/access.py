"""Who may do what: bearer tokens and their scopes (RFC 6750)."""

from collections.abc import Collection

from flask import Flask, Request, current_app, g, request

from schemas.vocabulary import SCOPES
from service.errors import Forbidden, Unauthenticated
from service.storage import tokens
from service.web import limits, observed

ANYONE = "anonymous"
OPEN = "none"
"""The scope of what needs no token, whatever the settings say: the health checks."""


def install(app: Flask, uncounted: Collection[str]) -> None:
    """Know who each request is from, and count it, but for those to the endpoints ``uncounted``."""

    def know() -> None:
        g.holder = None
        if request.endpoint not in uncounted:
            token = _bearer(request)
            g.holder = tokens.holder(token) if token else None
            observed.known(g.holder.key if g.holder else None)
            limits.count(g.holder.key if g.holder else None)

    app.before_request(know)


def require(request: Request, scope: str) -> None:
    """Let the request in, or raise Unauthenticated or Forbidden.

    ``g.author`` is who it is from, ``g.token`` the number of the token, ``g.scope`` what it may do; or None.
    A token that is sent must be good, also where none is needed: its holder should know that it is not.
    """
    g.author, g.token, g.scope = ANYONE, None, None
    if scope == OPEN:
        return
    if "Authorization" not in request.headers:
        if scope == "read" and current_app.config["PARLEY"].public_read:
            return
        raise Unauthenticated(f"A token with the scope {scope!r} is needed.")
    if _bearer(request) is None:
        raise Unauthenticated("The Authorization header must be: Bearer, a space, a token.")
    if g.holder is None:
        raise Unauthenticated("The token is unknown, has expired or was revoked.")
    if SCOPES.index(g.holder.scope) < SCOPES.index(scope):
        raise Forbidden(f"The token's scope is {g.holder.scope!r}; {scope!r} is needed.")
    g.author, g.token, g.scope = g.holder.name, g.holder.key, g.holder.scope


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
