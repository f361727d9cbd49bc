"""Reads that are never before what their caller has seen, whichever database they are asked of.

An answer to a write says in ``Parley-Revision`` the number of the revision that it made. A read that sends
this number back is answered from a state that has it. An answer from a standby says in ``Parley-Staleness``
how many seconds old, at most, the state is that it was given from.
"""

import re

from flask import Flask, Response, request

from service import questions
from service.errors import Malformed, PreconditionFailed
from service.web.preconditions import READS

REVISION, STALENESS = "Parley-Revision", "Parley-Staleness"
_NUMBER = re.compile("[0-9]{1,10}")


def install(app: Flask) -> None:
    """Ask before every request what its caller has seen. First of all that read the store."""
    app.before_request(_demand)
    app.after_request(_tell)


def _demand() -> None:
    questions.not_before(0)
    if request.method not in READS or REVISION not in request.headers:
        return
    seen = request.headers[REVISION]
    if not _NUMBER.fullmatch(seen):
        raise Malformed(f"{REVISION} must be the number that an answer to a write had in it.")
    questions.not_before(int(seen))
    if (newest := questions.state()) < int(seen):
        raise PreconditionFailed(f"There is no revision {int(seen)} yet: the newest is {newest}.", None)


def stamp(response: Response, revision: int) -> Response:
    """The answer to a write, with the number of the revision that it made."""
    response.headers[REVISION] = str(revision)
    return response


def _tell(response: Response) -> Response:
    age = questions.age()
    if age is not None:
        response.headers[STALENESS] = f"{age:.3f}"
    return response
