"""What the service says on standard error: one line an event, for a program to read, or for a person.

Each request has a line of its own (``service.web.observed``); the server's own words, and the service's about
what failed, have the same form. No token stands in any of them (``service.secrets``), no query and no body.
"""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor

from service.secrets import keep_from_logs
from service.settings import Settings

LEVELS = ("debug", "info", "warning", "error")


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]


def _dumped(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _for_people(settings: Settings) -> bool:
    return settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())


def formatter(settings: Settings) -> logging.Formatter:
    """How what comes from the standard library's ``logging`` is written."""
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if _for_people(settings):
        last.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    else:
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_dumped)]
    before: list[Processor] = [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, *_shared()]
    return structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=before)


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


def requests(settings: Settings) -> Any:
    """The logger that has a line for each request: what it is given, it writes at once, as it is."""
    keep_from_logs()
    render: Processor
    if _for_people(settings):
        render = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        return structlog.wrap_logger(
            structlog.WriteLogger(sys.stderr),
            processors=[*_shared(), structlog.processors.add_log_level, render],
            wrapper_class=structlog.make_filtering_bound_logger(_level(settings)),
            context_class=dict,
        )
    # One write a line, so that the lines of several processes never mix.
    return structlog.wrap_logger(
        structlog.BytesLogger(sys.stderr.buffer),
        processors=[
            *_shared(),
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(_bytes),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_level(settings)),
        context_class=dict,
    )


def _bytes(event: EventDict, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)


def _level(settings: Settings) -> int:
    return int(logging.getLevelNamesMapping()[settings.log_level.upper()])
