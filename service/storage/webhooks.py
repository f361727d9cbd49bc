"""Webhooks, and the outbox of what is due to each. Instants are microseconds since 1970."""

import base64
import secrets
import time
from typing import Any, NamedTuple

from peewee import SQL, fn

from service.errors import Conflict, NotFound
from service.storage.database import reading, writing
from service.storage.models import Delivery, Revision, Webhook
from service.storage.prepared import prepared

PREFIX = "whsec_"
KEY_BYTES = 32


class Due(NamedTuple):
    """A revision that one webhook is to be sent, by whoever claimed it."""

    webhook: int
    url: str
    secret: str
    revision: int
    attempts: int
    """How many there were, with this one."""
    claimed: int
    """Until when nobody else takes it."""


class Listed(NamedTuple):
    """A webhook, and how it goes with it."""

    key: int
    url: str
    created_at: int
    gone: bool
    """Whether the receiver said that it is gone: it is sent nothing any more."""
    pending: int
    failed: int
    """How many revisions were given up."""
    failure: str | None
    """What the newest attempt that failed came to, of those not delivered since."""


def add(url: str) -> tuple[int, str]:
    """Make a webhook: its number, and the secret by which its messages are signed.

    It is sent what is recorded from now on. The secret is kept as it is, for signing needs it.
    """
    secret = PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    with writing():
        made = Webhook.create(url=url, secret=secret, created_at=time.time_ns() // 1000)
    return int(made.key), secret


def everyone() -> list[Listed]:
    """All webhooks, oldest first."""
    mine = Delivery.select().where(Delivery.webhook == Webhook.key)
    counted = mine.select(fn.COUNT(Delivery.revision))
    failure = (
        mine.select(Delivery.failure)
        .where(Delivery.failure.is_null(False))
        .order_by(Delivery.revision.desc())
        .limit(1)
    )
    query = Webhook.select(
        Webhook.key,
        Webhook.url,
        Webhook.created_at,
        Webhook.secret == "",
        counted.where(Delivery.due_at.is_null(False)),
        counted.where(Delivery.due_at.is_null()),
        failure,
    )
    with reading():
        rows = list(query.order_by(Webhook.key).tuples())
    return [Listed._make((*row[:3], bool(row[3]), *row[4:])) for row in rows]


def waiting() -> int:
    """How many revisions are due to any of them."""
    return int(Delivery.select().where(Delivery.due_at.is_null(False)).count())


def remove(key: int) -> None:
    """Forget a webhook and all that is due to it. Raises NotFound if there is none of that number."""
    with writing():
        _existing(key)
        Webhook.delete().where(Webhook.key == key).execute()


def retry(key: int, flying: int) -> int:
    """Make due what was given up, and what waits for its next attempt. How many that is.

    What is due before ``flying`` may be on its way, and stays as it is. Raises NotFound, or Conflict if the
    receiver is gone.
    """
    with writing():
        if not _existing(key).secret:
            raise Conflict(f"The receiver of webhook {key} said that it is gone: add it again.")
        waiting = Delivery.due_at.is_null() | (Delivery.due_at > flying)
        again = Delivery.update(due_at=0, attempts=0).where((Delivery.webhook == key) & waiting)
        return int(again.execute())


def enqueue(first: int, last: int) -> None:
    """Make the revisions from one to another due to every webhook. Within the transaction that adds them."""
    _enqueued(first=first, last=last)


@prepared
def _enqueued(*, first: int, last: int) -> Any:
    due = (
        Webhook.select(Webhook.key, Revision.seq, SQL("0"), SQL("0"))
        .from_(Webhook, Revision)
        .where(Webhook.secret != "", Revision.seq.between(first, last))
    )
    columns = [Delivery.webhook, Delivery.revision, Delivery.attempts, Delivery.due_at]
    return Delivery.insert_from(due, columns)


def due(now: int) -> list[int]:
    """The webhooks whose next revision is due."""
    with reading():
        return [key for (key,) in _next(now).order_by(Webhook.key).tuples()]


def claim(webhook: int, now: int, until: int) -> Due | None:
    """The next revision of a webhook, if it is due, to be taken by nobody else until then."""
    with writing():
        head = _next(now).where(Webhook.key == webhook)
        columns = (Webhook.key, Webhook.url, Webhook.secret, Delivery.revision, Delivery.attempts + 1)
        for row in head.select(*columns).tuples():
            found = Due._make((*row, until))
            Delivery.update(due_at=until, attempts=found.attempts).where(_row(found)).execute()
            return found
    return None


def delivered(sent: Due) -> None:
    """It has arrived: forget it."""
    with writing():
        Delivery.delete().where(_row(sent)).execute()


def failed(sent: Due, failure: str, again: int | None) -> None:
    """It has not arrived: it is due again then, or was given up."""
    with writing():
        mine = _row(sent) & (Delivery.due_at == sent.claimed)
        Delivery.update(due_at=again, failure=failure).where(mine).execute()


def gone(sent: Due, failure: str) -> None:
    """The receiver wants nothing any more: give up all that is due to it, and add nothing."""
    with writing():
        Webhook.update(secret="").where(Webhook.key == sent.webhook).execute()
        waiting = (Delivery.webhook == sent.webhook) & Delivery.due_at.is_null(False)
        Delivery.update(due_at=None, failure=failure).where(waiting).execute()


def _next(now: int) -> Any:
    """Each webhook whose first revision that is neither delivered nor given up is due by then."""
    mine, due_at = Delivery.alias("mine"), Delivery.due_at
    first = mine.select(fn.MIN(mine.revision)).where(
        (mine.webhook == Webhook.key) & mine.due_at.is_null(False)
    )
    return (
        Webhook.select(Webhook.key)
        .join(Delivery, on=((Delivery.webhook == Webhook.key) & (Delivery.revision == first)))
        # Plus nothing, so that SQLite begins with the webhooks, which are few, and not with all that is due.
        # Of one that is gone nothing is, and to see that takes as long as it has been given up much.
        .where(Webhook.secret != "", (due_at + 0) <= now)
    )


def _row(due: Due) -> Any:
    return (Delivery.webhook == due.webhook) & (Delivery.revision == due.revision)


def _existing(key: int) -> Webhook:
    found: Webhook | None = Webhook.get_or_none(Webhook.key == key)
    if found is None:
        raise NotFound(f"There is no webhook {key}.")
    return found
