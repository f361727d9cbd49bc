"""Answers that are held until there is something to answer (long polling)."""

import time
from collections.abc import Callable
from threading import BoundedSemaphore

from flask import Flask, current_app

INTERVAL = 0.1
"""Seconds between two looks."""
RETRY_AFTER = "1"
"""Seconds after which to ask again, for a request that was not held although it asked to be."""


def install(app: Flask, threads: int) -> None:
    """Let at most half of a worker's threads wait, so that the others always answer; of one thread, none."""
    app.config["WAITING"] = BoundedSemaphore(threads // 2)


def until(came: Callable[[], bool], seconds: float) -> bool:
    """Wait until ``came()``, or for so many seconds. False if there was no thread left to wait in.

    Ends early when the worker was told to stop. ``came`` is asked outside of any transaction.
    """
    if not seconds or came():
        return True
    places: BoundedSemaphore = current_app.config["WAITING"]
    stopping: Callable[[], bool] = current_app.config.get("STOPPING", lambda: False)
    if stopping() or not places.acquire(blocking=False):
        return False
    try:
        end = time.monotonic() + seconds
        while not stopping() and (left := end - time.monotonic()) > 0:
            time.sleep(min(INTERVAL, left))
            if came():
                break
        return True
    finally:
        places.release()
