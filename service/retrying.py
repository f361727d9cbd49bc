"""A write that may be asked for again, and happens once."""

from collections.abc import Callable

from service.errors import KeyReused
from service.storage import attempts
from service.storage.attempts import Answer, Attempt
from service.storage.database import writing


def once(attempt: Attempt, act: Callable[[], Answer]) -> tuple[Answer, bool]:
    """What ``act`` answers, or answered before; and whether it was before.

    Its answer is kept in the transaction in which it writes, so that either both last or neither does. If it
    refuses, by what it raises, nothing is kept and the key is free. Raises KeyInUse while another request
    with the key is in progress, KeyReused if the key was another request's.
    """
    with attempts.in_progress(attempt):
        # Who holds the key alone may look first and write later: nobody else can keep an answer under it.
        # So a retry of what is done waits for no writer.
        kept = attempts.find(attempt)
        if kept is None:
            with writing():
                answer = act()
                attempts.keep(attempt, answer)
            return answer, False
    if kept.request != attempt.request:
        raise KeyReused("This Idempotency-Key was used for another request: same key, same request.")
    return kept.answer, True
