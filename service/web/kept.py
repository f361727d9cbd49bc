"""Answers that are kept, for whoever asks the same of the store while it is as it was.

An answer follows from what was asked and from the newest revision alone (``questions.present``), so one that
is kept under both is the answer that would be made again, to the byte. Whether the store is as it was is
asked of the store each time; who may read, and how much, is decided each time as well. Each worker keeps
its own.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any, NamedTuple

from flask import Flask, Request, Response, g

from service import questions
from service.errors import ParleyError
from service.questions import State
from service.settings import Settings
from service.web import access, consistency, hooks, observed, preconditions

ASKED = (
    "wsgi.url_scheme",
    "HTTP_HOST",
    "SERVER_NAME",
    "SERVER_PORT",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "HTTP_ACCEPT",
)
"""All of a request that an answer follows from: its address, which answers repeat in theirs, and Accept."""
SHARE = 8
"""None takes more than this part of the room: one export would drive out all else."""
OVERHEAD = 2048
"""Bytes that an answer takes beside its body and what was asked, about: its headers, all these objects."""

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Asked = tuple[Any, ...]


class Kept(NamedTuple):
    """An answer, and the state of the store that it follows from."""

    state: State
    route: str
    body: bytes
    tag: str
    headers: Headers


class Answers:
    """The answers last asked for, in so many bytes. Those of a state that is past go as room is needed."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._left = room
        self._lock = Lock()
        self._kept: OrderedDict[Asked, Kept] = OrderedDict()

    def find(self, asked: Asked) -> Kept | None:
        """What was answered to this, in whatever state the store was then."""
        with self._lock:
            found = self._kept.get(asked)
            if found is not None:
                self._kept.move_to_end(asked)
        return found

    def keep(self, asked: Asked, answer: Kept) -> None:
        """Keep an answer, unless it is too large."""
        size = _size(asked, answer)
        if size > self._room // SHARE:
            return
        with self._lock:
            before = self._kept.pop(asked, None)
            self._left += _size(asked, before) if before else 0
            self._kept[asked] = answer
            self._left -= size
            while self._left < 0:
                self._left += _size(*self._kept.popitem(last=False))


def _size(asked: Asked, answer: Kept) -> int:
    # A caller may ask for next to nothing at length: 8 KiB each of ids, of Accept.
    return len(answer.body) + sum(len(part) for part in asked if part) + OVERHEAD


def install(app: Flask, settings: Settings) -> None:
    """Answer from what is kept, where the store is as it was.

    Before what else adds to answers in Flask's hooks: they have added to one that is kept. What wraps
    ``app.wsgi_app`` afterwards adds to each.
    """
    if not settings.kept_bytes:
        return
    answers, answer_anew = Answers(settings.kept_bytes), app.wsgi_app

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in preconditions.READS and "HTTP_IF_MATCH" not in environ:
            found = answers.find(_asked(environ))
            # If there is one but it may not be given, or not as it is, the service says so, as of any other.
            if found is not None and _holds(found, app.config, environ):
                return _given(found, environ, start_response)
        return answer_anew(environ, start_response)

    def keep(asked: Request, response: Response) -> Response:
        state = g.get("state")
        if state is not None and response.status_code == 200 and not response.is_streamed:
            answers.keep(_asked(asked.environ), _taken(state, asked, response))
        return response

    app.wsgi_app = answer  # type: ignore[method-assign]
    hooks.after(app, keep)


def _asked(environ: Environ) -> Asked:
    return tuple(map(environ.get, ASKED))


def _holds(found: Kept, config: Mapping[str, Any], environ: Environ) -> bool:
    """Whether the caller may have the answer, and would be given the same if it were made again."""
    if environ.get("HTTP_IF_NONE_MATCH", found.tag) != found.tag:
        return False
    consistency.forget()
    try:
        if not access.may_read(config, environ):
            return False
        consistency.demand(environ)
        return found.state == questions.present()
    except ParleyError:
        return False


def _given(found: Kept, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ[observed.ROUTE] = found.route
    if "HTTP_IF_NONE_MATCH" in environ:
        unchanged = [(name, value) for name, value in found.headers if name in preconditions.KEPT]
        start_response("304 NOT MODIFIED", unchanged)
        return []
    start_response("200 OK", found.headers)
    return [found.body] if environ["REQUEST_METHOD"] == "GET" else []


def _taken(state: State, asked: Request, response: Response) -> Kept:
    # A copy: orjson leaves its answers in the rooms that it wrote them in, which may be much larger.
    body = memoryview(response.get_data()).tobytes()
    response.content_length = len(body)
    route = asked.environ[observed.ROUTE]
    return Kept(state, route, body, response.headers["ETag"], response.headers.to_wsgi_list())
