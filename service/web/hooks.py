"""What is done before and after every request, by functions that are given the request itself.

Flask's ``request`` looks for it anew each time that anything of it is read, and takes longer for it than it
takes to read that. What is done for every request is told it, once.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Flask, Request, Response
from flask.globals import request_ctx

Before = Callable[[Request], Response | None]
After = Callable[[Request, Response], Response]


class _Hooks(NamedTuple):
    before: list[Before]
    after: list[After]


def current() -> Request:
    """What ``flask.request`` stands for."""
    return request_ctx.request


def before(app: Flask, hook: Before) -> None:
    """Call this before every request, after those named sooner; the request is over if it answers."""
    _hooks(app).before.append(hook)


def after(app: Flask, hook: After) -> None:
    """Call this with every answer, before those named sooner; it returns that answer, or another."""
    _hooks(app).after.insert(0, hook)


def _hooks(app: Flask) -> _Hooks:
    found: Any = app.extensions.get(__name__)
    if found is not None:
        return found  # type: ignore[no-any-return]
    made = app.extensions[__name__] = _Hooks([], [])

    def first() -> Response | None:
        asked = current()
        for hook in made.before:
            if (answer := hook(asked)) is not None:
                return answer
        return None

    def last(response: Response) -> Response:
        asked = current()
        for hook in made.after:
            response = hook(asked, response)
        return response

    app.before_request(first)
    app.after_request(last)
    return made
