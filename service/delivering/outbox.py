"""What is due to webhooks, sent in order, at least once each (Standard Webhooks 1.0.0).

A revision is due to every webhook there is when it is recorded: the rows are written in its own transaction.
Each webhook is sent its revisions in their order; while one of them could not be delivered, those after it
wait. So a receiver that is down costs one attempt at a time, and one that is up sees the order of things.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

import orjson
from standardwebhooks import Webhook

from service import questions
from service.delivering.addresses import addresses, target
from service.delivering.posting import Reply, post
from service.errors import StoreUnavailable, Undeliverable
from service.storage import webhooks
from service.storage.webhooks import Due

SCHEDULE = (5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))
"""Seconds from each attempt that failed to the next: the example of the specification, "Deliverability"."""
JITTER = 0.2
"""The greatest part by which a delay is longer than that."""
LONGEST_DELAY = 24 * 3600
"""Seconds; more than that no ``Retry-After`` gets."""
CLAIMED = 120
"""Seconds for which nobody else sends what one process is sending: should it die, it is due again then."""
INTERVAL = 1.0
"""Seconds between two looks at what is due."""
GONE = 410


def deliver(stopped: Event, *, private: bool, once: bool, tell: Callable[[str], None]) -> Counter[str]:
    """Send what is due until ``stopped``, or with ``once`` until nothing is. How many came to what.

    ``tell`` is told of each attempt that failed. Several processes may do this at once. Raises
    StoreUnavailable with ``once``; without, it goes on as soon as the store does.
    """
    counts: Counter[str] = Counter(delivered=0, failed=0)
    began = _now()
    while not stopped.is_set():
        before = counts.total()
        try:
            # Those that fail meanwhile are due again later, and not sent again for ever.
            moment = began if once else _now()
            for key in webhooks.due(moment):
                if not stopped.is_set() and (due := webhooks.claim(key, moment, _now() + _micro(CLAIMED))):
                    counts["delivered" if _settled(due, private, tell) else "failed"] += 1
        except StoreUnavailable as error:
            if once:
                raise
            tell(error.detail)
        if counts.total() == before:
            if once:
                break
            stopped.wait(INTERVAL)
    return counts


def retry(key: int) -> int:
    """Make due at once what a webhook did not take, but for what may be on its way. How many that is.

    Raises NotFound, or Conflict if the receiver is gone.
    """
    return webhooks.retry(key, _now() + _micro(CLAIMED))


def _settled(due: Due, private: bool, tell: Callable[[str], None]) -> bool:
    """Whether it was delivered; what follows from that is in the store."""
    try:
        reply = _sent(due, private)
    except Undeliverable as error:
        reply = Reply(0, 0, error.detail)
    if 200 <= reply.status < 300:
        webhooks.delivered(due)
        return True
    if reply.status == GONE:
        webhooks.gone(due, reply.text)
        tell(f"webhook {due.webhook}: {reply.text}: it gets nothing any more")
        return False
    again = None
    if due.attempts <= len(SCHEDULE):
        delay = SCHEDULE[due.attempts - 1] * (1 + random.uniform(0, JITTER))  # noqa: S311 -- no secret
        again = _now() + _micro(max(delay, min(reply.retry_after, LONGEST_DELAY)))
    webhooks.failed(due, reply.text, again)
    then = "given up" if again is None else f"again in {(again - _now()) // 1_000_000} s"
    tell(f"webhook {due.webhook}, revision {due.revision}, attempt {due.attempts}: {reply.text}; {then}")
    return False


def _sent(due: Due, private: bool) -> Reply:
    change = questions.change(due.revision)
    message = {
        "type": f"record.{change['action']}",
        "timestamp": change["recorded_at"],
        "data": change,
    }
    body, id, moment = orjson.dumps(message), f"msg_{change['hash']}", datetime.now(UTC)
    place = target(due.url)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Parley",
        "webhook-id": id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(due.secret).sign(id, moment, body.decode()),
    }
    return post(place, addresses(place, private=private), body, headers)


def _micro(seconds: float) -> int:
    return int(seconds * 1_000_000)


def _now() -> int:
    return time.time_ns() // 1000
