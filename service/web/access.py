"""Who may do what: bearer tokens and their scopes (RFC 6750)."""

from flask import Request, current_app, g

from schemas.vocabulary import SCOPES
from service.errors import Forbidden, Unauthenticated
from service.storage import tokens

ANYONE = "anonymous"
OPEN = "none"
"""The scope of what needs no token, whatever the settings say: the health checks."""


def require(request: Request, scope: str) -> None:
    """Let the request in, or raise Unauthenticated or Forbidden.

    ``g.author`` is who it is from, ``g.token`` the number of the token, ``g.scope`` what it may do; or None.
    A token that is sent must be good, also where none is needed: its holder should know that it is not.
    """
    g.author, g.token, g.scope = ANYONE, None, None
    if scope == OPEN:
        return
    header = request.headers.get("Authorization")
    if header is None:
        if scope == "read" and current_app.config["PARLEY"].public_read:
            return
        raise Unauthenticated(f"A token with the scope {scope!r} is needed.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("The Authorization header must be: Bearer, a space, a token.")
    holder = tokens.holder(token.strip())
    if holder is None:
        raise Unauthenticated("The token is unknown, has expired or was revoked.")
    if SCOPES.index(holder.scope) < SCOPES.index(scope):
        raise Forbidden(f"The token's scope is {holder.scope!r}; {scope!r} is needed.")
    g.author, g.token, g.scope = holder.name, holder.key, holder.scope
