"""When each token was last used: noted in memory at once, and written later, where no request waits for it.

It is told to whom it concerns, and nothing depends on it. So it is written at most once a minute for a token,
those of some seconds together, by a thread of its own; and where the database takes no writes, it is not.
"""

import atexit
import logging
import threading

from peewee import PeeweeException

from service.errors import StoreUnavailable
from service.storage.database import database, opening, writing
from service.storage.models import Token

MINUTE = 60_000_000
"""Microseconds."""
WAIT = 5.0
"""Seconds from the first use that is noted until it is written with those after it."""

log = logging.getLogger(__name__)
_lock = threading.Lock()
_noted: dict[int, int] = {}
_noted_of: object = None
"""The database whose tokens those are: another may have been connected to since."""


def note(key: int, now: int, last: int | None) -> None:
    """Token ``key`` is used ``now``, and was ``last``, as far as was written: microseconds since 1970."""
    global _noted_of  # noqa: PLW0603 -- a process has one store, and so one such note
    if last is not None and now - last < MINUTE:
        return
    with _lock:
        if _noted_of is not database.obj:
            _noted.clear()
            _noted_of = database.obj
        begun = bool(_noted)
        _noted[key] = now
    if not begun:
        timer = threading.Timer(WAIT, write)
        timer.daemon = True
        timer.start()


@atexit.register
def write() -> None:
    """Write what is noted, if the database takes it. If it does not, the next use is noted again."""
    with opening:
        with _lock:
            uses = dict(_noted) if _noted_of is database.obj else {}
            _noted.clear()
        if uses:
            _write(uses)


def _write(uses: dict[int, int]) -> None:
    try:
        with writing():
            for key, used_at in uses.items():
                older = Token.last_used_at.is_null() | (Token.last_used_at < used_at)
                Token.update(last_used_at=used_at).where((Token.key == key) & older).execute()
    except (PeeweeException, StoreUnavailable) as error:
        log.info("last uses of %d tokens not written: %s", len(uses), error)
    finally:
        if threading.current_thread() is not threading.main_thread():
            database.close()
