"""What the service says on standard error: one line an event, for a program to read, or for a person.

Each request has a line of its own (``service.web.observed``); the server's own words, and the service's about
what failed, have the same form. No token stands in any of them (``service.secrets``), no query and no body.
"""

import logging
import os
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter

from service.secrets import hidden
from service.settings import Settings
from service.shown import printable

STANDARD_ERROR = 2
TRACEBACK = "exception"
"""Of an event, what structlog puts it under: the one that has lines."""

number: ContextVar[str | None] = ContextVar("number", default=None)
"""Of the request that this thread is answering: what is said meanwhile is found by it."""

Event = MutableMapping[str, Any]


def _dated(_: Any, level: str, event: Event) -> Event:
    """When, how grave, and in which process: first in every line, so that a person finds it there."""
    # orjson writes the instant itself: structlog's own stamp takes longer than all else of a line.
    first = {"at": datetime.now(tz=UTC), "level": level, "pid": os.getpid(), "event": event.pop("event")}
    first.update(event)
    return first


def _numbered(_: Any, __: str, event: Event) -> Event:
    if found := number.get():
        event["request"] = found
    return event


def _bytes(_: Any, __: str, event: Event) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _shown(_: Any, __: str, event: Event) -> Event:
    """The event, in which what a request sent, its path say, neither breaks a line nor moves the cursor."""
    for name, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if name == TRACEBACK else [value]
            event[name] = "\n".join(map(printable, lines))
    return event


def _for_people(settings: Settings) -> bool:
    return settings.log_format == "console" or (settings.log_format == "auto" and os.isatty(STANDARD_ERROR))


def _console() -> structlog.dev.ConsoleRenderer:
    # A traceback as Python writes it: the library's own shows what variables hold, secrets among them.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(
        colors=os.isatty(STANDARD_ERROR), pad_event_to=0, exception_formatter=plain
    )


def formatter(settings: Settings) -> logging.Formatter:
    """How what comes from the standard library's ``logging`` is written."""
    last: list[Any] = [structlog.processors.format_exc_info, lambda *event: _bytes(*event)[:-1].decode()]
    if _for_people(settings):
        last = [structlog.processors.format_exc_info, _shown, _console()]
    # A traceback is text only at the end, and may hold a token.
    chain: list[Any] = [ProcessorFormatter.remove_processors_meta, *last, lambda _, __, text: hidden(text)]
    before = (structlog.stdlib.add_logger_name, _numbered, _dated)
    return ProcessorFormatter(processors=chain, foreign_pre_chain=before)


def configuration(settings: Settings) -> dict[str, Any]:
    """For ``logging.config.dictConfig``: everything to standard error, in one form."""
    quiet = {"level": "WARNING", "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"parley": {"()": formatter, "settings": settings}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "parley", "stream": "ext://sys.stderr"}
        },
        "root": {"level": settings.log_level.upper(), "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": settings.log_level.upper(), "handlers": [], "propagate": True},
            # Every query, and every row of a migration.
            "peewee": quiet,
            "psycopg": quiet,
        },
    }


def requests(settings: Settings, descriptor: int = STANDARD_ERROR) -> Callable[[str, Event], None]:
    """What has a line for each request: given how grave it is, and what is told of it.

    Each is written in one call, so that those of several threads and processes do not mix. A log that takes
    nothing (its reader has gone, its disk is full) does not fail the request it tells of.
    """
    numbers = logging.getLevelNamesMapping()
    least = numbers[settings.log_level.upper()]
    levels = {name.lower() for name, number in numbers.items() if number >= least}
    written = _readable() if _for_people(settings) else _bytes

    def tell(level: str, event: Event) -> None:
        if level in levels:
            line = written(None, level, _dated(None, level, event))
            with suppress(OSError):
                os.write(descriptor, line)

    return tell


def _readable() -> Callable[[Any, str, Event], bytes]:
    render = _console()
    return lambda *event: f"{render(*event)}\n".encode(errors="replace")
