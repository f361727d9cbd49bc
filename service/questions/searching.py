"""Records that hold a text, best first, for a cost that does not grow with how many there are."""

from collections.abc import Iterator, Sequence

import orjson

from service.diplomacy import documents, names, snippets
from service.errors import Malformed
from service.questions.asking import Answer, Page, Paging, page_of
from service.storage import search
from service.storage.database import reading

FIRST = 200
"""So many of the records that hold the words are looked at for names: the first to be recorded.

Who is spoken of was recorded before, and so is among these; what is recorded later comes soon without that.
Each is paid for by every page, whether it is on it or not.
"""

Place = tuple[float, int]
"""Where a hit stands, the highest first: its score, and the key of its record."""

_TOP: Place = (2.0, 0)
_NEWEST = 2**62


def found(text: str, kinds: Sequence[str], paging: Paging) -> Page:
    """Records that hold the words of a text, with a snippet that shows where.

    First those that are called so, best first: the score is how much of a name the words are. Then the
    others, the last to be recorded first. Raises Malformed for a cursor from when there was another order.
    """
    if paging.after is not None and len(paging.after) != len(_TOP):
        raise Malformed("The cursor is of an earlier release: ask for the first page again.")
    score, key = paging.after or _TOP
    wanted = search.query(names.spellings(text), kinds)
    if not wanted:
        return Page([], None)
    with reading():
        places = _places(wanted, names.asked(text), (score, key), paging.limit + 1)
        shown = places[: paging.limit]
        hits = search.hits([key for _, key in shown])
        entries = [(_shown(hits[key], score, text), (score, key)) for score, key in shown]
        return page_of(entries, paging, len(places) > paging.limit)


def _places(wanted: str, asked: names.Asked, before: Place, limit: int) -> list[Place]:
    """The places of so many hits, in order, that come after ``before``."""
    first = search.oldest(FIRST, wanted=wanted)
    named = [(_score(document, asked), key) for key, document in first if document is not None]
    called = sorted((place for place in named if place[0] and place < before), reverse=True)[:limit]
    left = limit - len(called)
    if not left:
        return called
    last = before[1] if before[0] == 0 else _NEWEST
    others = search.newest(wanted, first[-1][0], last, left) if len(first) == FIRST else []
    if len(others) < left:
        but = {key for score, key in named if score}
        others += [key for key, _ in reversed(first) if key < last and key not in but]
    return [*called, *((0.0, key) for key in others[:left])]


def _score(document: bytes, asked: names.Asked) -> float:
    # Rounded as it is shown: what is equal to a reader is in the order of recording.
    return round(names.share(names.called(orjson.loads(document)), asked), 6)


def _shown(hit: search.Hit, score: float, text: str) -> Answer:
    return {
        "id": hit.id,
        "kind": hit.kind,
        "label": hit.label,
        "score": score,
        "snippet": snippets.snippet(_texts(hit), text),
    }


def _texts(hit: search.Hit) -> Iterator[str]:
    """What search reads of the record, label first: that is mostly whole, and enough for a snippet."""
    if not hit.label.endswith("…"):
        yield hit.label
    yield from documents.searchable(orjson.loads(hit.document))
