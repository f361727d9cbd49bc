"""A second process, which makes the next batch while this one writes the one before."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

from service.errors import ParleyError
from service.recording import Making, in_turn

Given = TypeVar("Given")
Made = TypeVar("Made")

PATIENCE = 1
"""Seconds that the other process has to end by itself: it makes no more than a batch meanwhile."""


@contextmanager
def ahead(worth_it: bool = True) -> Iterator[Making]:
    """Make batches in another process, if there is a processor for it: else in turn, in this one.

    It takes some tenths of a second to begin; the caller knows whether that is ``worth_it``. Raises
    ParleyError if it is killed. Whatever becomes of this process, the other one ends with it.
    """
    if not worth_it or len(os.sched_getaffinity(0)) < 2:
        yield in_turn
        return
    context = get_context("spawn")  # A fork would have the connection to the store, which must not be shared.
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # So that either end is told when the other is gone.
    try:
        yield partial(_made, ours)
    finally:
        ours.close()
        process.join(PATIENCE)
        process.kill()
        process.join()


def _made(pipe: Connection, function: Callable[[Given], Made], batches: Iterable[Given]) -> Iterator[Made]:
    """What is made of each batch. No other is sent before: two that both send would wait for each other."""
    rest = iter(batches)
    for first in rest:
        with _both_there():
            pipe.send((function, first))
        break
    else:
        return
    for batch in rest:
        with _both_there():
            made = pipe.recv()
            pipe.send((function, batch))
        yield made
    with _both_there():
        made = pipe.recv()
    yield made


@contextmanager
def _both_there() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise ParleyError("The process that works ahead was ended.") from error


def _work(pipe: Connection) -> None:
    """Make batches until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Both are told; the other end says when it is over.
    with suppress(EOFError, OSError):
        while True:
            function, batch = pipe.recv()
            pipe.send(function(batch))
