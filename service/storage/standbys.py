"""Reading from a hot standby: no further behind than the caller has seen, and than the settings let it be.

A standby is behind by what has not come to it yet. How far in time that is, only the primary can tell, who is
asked for its newest revision every so often: a standby that has this one is at most as old as the question.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee
from peewee import fn
from playhouse.pool import MaxConnectionsExceeded

from service.errors import StoreUnavailable
from service.settings import Settings

LOOK_AGAIN = 0.01
"""Seconds between two looks at a standby for a revision that has not come yet."""


class Standby:
    """A standby, and what was last heard of the primary."""

    def __init__(self, node: Any, settings: Settings) -> None:
        self.node = node
        self.wait = settings.read_wait
        self.bound = settings.max_staleness
        self.heard = (0, -1e9)
        """The primary's newest revision, and when it was asked, by the monotonic clock."""
        self.asking = threading.Lock()

    @contextmanager
    def transaction(self, primary: Any, here: Any, floor: int) -> Iterator[bool]:
        """A read transaction on the standby, at ``floor`` or beyond; False if it is not to be had there.

        ``here`` is told that this thread reads from it.
        """
        revision, asked_at = self._heard(primary)
        held = self._begun(max(floor, revision))
        if held is None:
            yield False
            return
        try:
            here.node, here.age = self.node, max(0.0, time.monotonic() - asked_at)
            yield True
        finally:
            here.node = None
            self._end(held)

    def _begun(self, floor: int) -> Any:
        """The transaction, begun; None where the standby does not answer, or not so far even after a wait."""
        from service.storage.models import Revision  # They are bound to the module that imports this one.

        newest = Revision.select(fn.MAX(Revision.seq))
        deadline = time.monotonic() + self.wait
        try:
            while True:
                self.node.connect(reuse_if_open=True)
                held = self.node.atomic(self.node.READ)
                held.__enter__()
                if (self.node.execute(newest).fetchone()[0] or 0) >= floor:
                    return held
                self._end(held)
                if time.monotonic() >= deadline:
                    return None
                time.sleep(LOOK_AGAIN)
        except (peewee.DatabaseError, peewee.InterfaceError, MaxConnectionsExceeded):
            self._drop()
            return None

    def _end(self, held: Any) -> None:
        try:
            held.__exit__(None, None, None)
            self.node.spare(False)
        except (peewee.DatabaseError, peewee.InterfaceError):
            self._drop()  # Nothing was written: what was read has been read.

    def _drop(self) -> None:
        while self.node.in_transaction():
            self.node.pop_transaction()
        self.node.spare(True)

    def _heard(self, primary: Any) -> tuple[int, float]:
        """The primary's newest revision, and when it was asked; it is asked again before that is too old."""
        now = time.monotonic()
        age = now - self.heard[1]
        if age <= self.bound / 2:
            return self.heard
        # One asks for all, unless the others have nothing to go by.
        if not self.asking.acquire(blocking=age > self.bound):
            return self.heard
        try:
            if now - self.heard[1] > self.bound / 2:
                self.heard = (_newest(primary), now)
        except StoreUnavailable:
            if now - self.heard[1] > self.bound:
                raise
        finally:
            self.asking.release()
        return self.heard


def _newest(primary: Any) -> int:
    from service.storage.models import Revision

    try:
        primary.connect()
        return int(primary.execute(Revision.select(fn.MAX(Revision.seq))).fetchone()[0] or 0)
    except (peewee.DatabaseError, peewee.InterfaceError, MaxConnectionsExceeded) as error:
        raise StoreUnavailable("The primary does not answer; its standby may be far behind.") from error
    finally:
        primary.spare(False)
