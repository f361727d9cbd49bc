"""Reads that are never before what their caller has seen, whichever database they are asked of.

An answer to a write says in ``Parley-Revision`` the number of the revision that it made. A read that sends
this number back is answered from a state that has it. An answer from a standby says in ``Parley-Staleness``
how many seconds old, at most, the state is that it was given from.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response

from service import questions
from service.errors import Malformed, PreconditionFailed
from service.web import hooks
from service.web.preconditions import READS

REVISION, STALENESS = "Parley-Revision", "Parley-Staleness"
_DEMANDED = "HTTP_PARLEY_REVISION"
_NUMBER = re.compile("[0-9]{1,10}")


def install(app: Flask) -> None:
    """Begin every request anew. First of all that read the store."""
    hooks.before(app, lambda _: forget())


def forget() -> None:
    """Of what the caller before had seen, and was given, nothing counts for what this thread reads next."""
    questions.not_before(0)


def demand(environ: Mapping[str, Any]) -> None:
    """See to it that what this thread reads next is not before what the caller has seen.

    Only for who was let in: it costs a look at the store, and tells how far that is. Raises Malformed if the
    caller does not say it rightly, PreconditionFailed if it is still to come.
    """
    seen = environ.get(_DEMANDED)
    if seen is None or environ["REQUEST_METHOD"] not in READS:
        return
    if not _NUMBER.fullmatch(seen):
        raise Malformed(f"{REVISION} must be the number that an answer to a write had in it.")
    questions.not_before(int(seen))
    if (newest := questions.state()) < int(seen):
        raise PreconditionFailed(f"There is no revision {int(seen)} yet: the newest is {newest}.", None)


def stamp(response: Response, revision: int) -> Response:
    """The answer to a write, with the number of the revision that it made."""
    response.headers[REVISION] = str(revision)
    return response


def headers() -> list[tuple[str, str]]:
    """What an answer says of how old it is, if it was read from a standby."""
    age = questions.age()
    return [] if age is None else [(STALENESS, f"{age:.3f}")]
