"""What tokens and passwords look like, and that none stands where others can read it."""

import logging
import re
from typing import Any

PREFIX = "parley_"
"""What every token begins with, so that a scanner for leaked secrets can know one."""
_TOKEN = re.compile(rf"\b{PREFIX}[\w-]{{20,}}", re.ASCII | re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=:)[^@/]+(?=@)|(?<=password=)[^&]*")


def hidden(text: str) -> str:
    """The text without the tokens in it.

    >>> hidden("Bearer parley_0123456789abcdefghij-_x, parley_short")
    'Bearer parley_[hidden], parley_short'
    """
    return _TOKEN.sub(f"{PREFIX}[hidden]", text)


def without_password(address: str) -> str:
    """A database's address as it may be shown.

    >>> without_password("postgresql://desk:sec:r?t@db1:5432,db2/parley?password=x&sslmode=require")
    'postgresql://desk:***@db1:5432,db2/parley?password=***&sslmode=require'
    """
    return _PASSWORD.sub("***", address)


def keep_from_logs() -> None:
    """From here on no token stands in what this process logs: also where a library quotes a request."""
    make = logging.getLogRecordFactory()
    if getattr(make, "hides", False):
        return

    def record(*arguments: Any, **named: Any) -> logging.LogRecord:
        made = make(*arguments, **named)
        try:
            text = made.getMessage()
        except (TypeError, ValueError):
            return made  # No message at all: its arguments do not fit it, and logging will say so.
        if PREFIX in text.lower():
            made.msg, made.args = hidden(text), None
        if made.exc_info:
            # A formatter takes this text, where it is there, for the traceback.
            made.exc_text = hidden(logging.Formatter().formatException(made.exc_info))
        return made

    record.hides = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(record)
