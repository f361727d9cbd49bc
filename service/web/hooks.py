"""What is done before and after every request, by functions that are given the request itself.

Flask's ``request`` looks for it anew each time that anything of it is read, and takes longer for it than it
takes to read that. What is done for every request is told it, once.
"""

from collections.abc import Callable

from flask import Flask, Request, Response
from flask.ctx import RequestContext
from flask.globals import request_ctx

Before = Callable[[Request], Response | None]
After = Callable[[Request, Response], Response]


# Found once: a proxy looks for how to find what it stands for each time that anything of that is read.
_context: Callable[[], RequestContext] = request_ctx._get_current_object  # type: ignore[attr-defined]


def current() -> Request:
    """What ``flask.request`` stands for."""
    return _context().request


def before(app: Flask, hook: Before) -> None:
    """Call this before every request, after those named sooner; the request is over if it answers."""
    app.before_request(lambda: hook(current()))


def after(app: Flask, hook: After) -> None:
    """Call this with every answer, before those named sooner; it returns that answer, or another."""
    app.after_request(lambda response: hook(current(), response))
