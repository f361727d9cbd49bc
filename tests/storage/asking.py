"""Every question that can be asked of a store over the ids of ``walk``, and what it answers, as bytes."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from schemas.vocabulary import KINDS, ON_THE_TIMELINE, REFERENCES, STANDING, STATEMENT_STATUSES
from service import questions
from service.errors import Moved, NotFound
from service.questions import Paging, Span
from tests.storage.walk import HOW_MANY, POOL

DAY = 86_400
NOON = 1_766_318_400  # 2025-12-21T12:00:00Z
ALL = Paging(1_000)

Ask = Callable[[int | None], Any]


def _span(known_at: int | None, **window: int) -> Span:
    return Span(**window, known_at=known_at)


def everything() -> Iterator[tuple[str, Ask]]:
    """Every question of the service over the pool of ids: its name, and what asks it at an instant."""
    for kind, id in POOL:
        yield f"record {id}", lambda at, k=kind, i=id: questions.record(k, i, at)
        if id.endswith("1"):
            yield f"past {id}", lambda at, k=kind, i=id: questions.past(k, i, ALL, at)
    for kind in HOW_MANY:
        yield f"list {kind}", lambda at, k=kind: questions.listing(k, {}, (), (), _span(at), ALL)
        for reference in REFERENCES[kind]:
            names = {reference.filter: [f"{reference.kinds[0]}-0", f"{reference.kinds[0]}-3"]}
            yield (
                f"{kind} {names}",
                lambda at, k=kind, n=names: questions.listing(k, n, (), (), _span(at), ALL),
            )
        if not KINDS[kind].dates:
            continue
        yield (
            f"dated {kind}",
            lambda at, k=kind: questions.listing(k, {}, (), (), _span(at, since=NOON - DAY, until=NOON), ALL),
        )
    yield (
        "statuses",
        lambda at: questions.listing("statement", {}, ("speech",), ("attested", "denied"), _span(at), ALL),
    )
    both = {"speaker": ["actor-0", "actor-1"], "issue": ["issue-0"]}
    yield "both", lambda at: questions.listing("statement", both, (), ("attested",), _span(at), ALL)
    for kind in ("actor", "issue"):
        for number in range(HOW_MANY[kind]):
            id = f"{kind}-{number}"
            whose: tuple[list[str], list[str]] = ([id], []) if kind == "actor" else ([], [id])
            yield f"history {id}", _history(whose, "include", STATEMENT_STATUSES, (kind, id), ALL)
        yield f"own history {id}", _history(whose, "exclude", STANDING, (kind, id), ALL)
        yield f"claims of {id}", _history(whose, "only", STANDING, (kind, id), ALL)
        yield f"first of history {id}", _history(whose, "include", STATEMENT_STATUSES, (kind, id), Paging(1))
    yield "timeline", lambda at: questions.timeline(ON_THE_TIMELINE, [], [], None, _span(at), ALL)
    yield (
        "talks and proposals",
        lambda at: questions.timeline(("talk", "proposal"), ["actor-0"], [], None, _span(at), ALL),
    )
    for number in (0, 1, 2):
        actor, issue, track = f"actor-{number}", f"issue-{number}", f"track-{number}"
        yield (
            f"timeline {actor}",
            lambda at, a=actor: questions.timeline(ON_THE_TIMELINE, [a], [], None, _span(at), ALL),
        )
        yield (
            f"timeline {issue}",
            lambda at, i=issue: questions.timeline(ON_THE_TIMELINE, [], [i], None, _span(at), ALL),
        )
        yield (
            f"timeline {track}",
            lambda at, t=track: questions.timeline(ON_THE_TIMELINE, [], [], t, _span(at), ALL),
        )
        yield (
            f"talks of {track}",
            lambda at, t=track: questions.timeline(("talk", "event"), [], [], t, _span(at, as_of=NOON), ALL),
        )


def _history(
    whose: tuple[list[str], list[str]],
    how: str,
    statuses: tuple[str, ...],
    of: tuple[str, str],
    paging: Paging,
) -> Ask:
    return lambda at: questions.history(*whose, how, statuses, _span(at), paging, of)


def answer(ask: Ask, known_at: int | None) -> bytes:
    """What is answered, as bytes: the page's items and what it includes, or the refusal."""
    try:
        found = ask(known_at)
    except NotFound:
        return b"404"
    except Moved as moved:
        return f"308 {moved.new}".encode()
    if isinstance(found, questions.Document):
        return b"%d %s" % (found.version, found.body)
    return orjson.dumps({"items": found.items, "included": found.included, "next": found.position})
