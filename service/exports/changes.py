"""What changed, as an Atom feed: each revision is an entry, which never changes, with an id made of its hash.

``updated`` is when it was recorded, the author who recorded it, and the link leads to the document of that
version.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.vocabulary import KINDS
from service.exports import feeds


class Change(NamedTuple):
    """A revision of a record."""

    revision: int
    id: str
    kind: str
    version: int
    action: str
    recorded_at: str
    """An instant (RFC 3339)."""
    recorded_by: str
    hash: str
    label: str | None
    """What the record was called; None of one deleted, the id of what it became of one merged."""


class Feed(NamedTuple):
    """The feed that a page of changes is of: its addresses are absolute URLs."""

    root: str
    """Of the service: ``https://host/``."""
    address: str
    about: str
    """What all its pages have in common."""
    next: str | None
    updated: str
    """When anything last changed (RFC 3339)."""


def write(feed: Feed, changes: Iterable[Change]) -> bytes:
    """A page of the feed, entries in the order given."""
    pieces = [feeds.head("Parley: what changed", feed.address, feed.updated, feed.next, feed.about)]
    pieces += [f"<entry>\n{''.join(_entry(feed, change))}</entry>\n" for change in changes]
    return "".join([*pieces, "</feed>\n"]).encode()


def _entry(feed: Feed, change: Change) -> Iterator[str]:
    plural = KINDS[change.kind].plural
    yield feeds.identified(f"revision/{change.hash}")
    yield feeds.element("title", f"{change.kind} {change.action}: {_called(change)}")
    yield feeds.element("updated", change.recorded_at)
    yield f"<author>{feeds.element('name', change.recorded_by)}</author>\n"
    for term in (change.kind, change.action):
        yield feeds.category(term)
    address = f"{feed.root}v1/{plural}/{change.id}/revisions/{change.version}"
    yield feeds.link("alternate", address, type="application/json")
    yield feeds.content(
        f"Revision {change.revision}: {change.kind} {change.id}, version {change.version}, "
        f"{change.action} by {change.recorded_by}."
    )


def _called(change: Change) -> str:
    if change.action == "merged":
        return f"{change.id} into {change.label}"
    return change.label or change.id
