"""Made-up negotiations of any size, the same for the same seed: what the benchmarks run on."""

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple, Protocol

from schemas import vocabulary as words
from scripts import sample_texts
from service.diplomacy import documents, revisions
from service.diplomacy.documents import Document
from service.storage import bulk, writing
from service.storage.database import roomy
from service.storage.rows import Row
from service.storage.words import Words
from service.storage.writing import NewRevision

AUTHOR = "parley benchmark"
FIRST_DAY, DAYS = date(2022, 1, 1), 4 * 365
SKEW = 0.8
"""The exponent of Zipf's law: a few actors and issues have most of the statements."""
PER_SOURCE, PER_TALK = 10, 20
"""Statements to a source, and to a talk."""
QUOTED, CONCERNS = 4, 12
"""How many actors a source quotes, and on how many issues an actor has a say: at most."""
EDGES_PER_STATEMENT = 5.5
"""About how many edges there are for each statement, those of talks and sources included."""
BATCH = 4_000
_RECORDED = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z in microseconds


class Shape(NamedTuple):
    """How large a negotiation is. Talks have 2 to 8 participants; it lasts four years."""

    statements: int
    actors: int = 2_000
    issues: int = 500
    tracks: int = 20

    @classmethod
    def of_edges(cls, edges: int) -> "Shape":
        """One that has at least so many edges, with as many actors and issues as go with them."""
        part = min(1.0, edges / 1_000_000)
        statements = int(edges / EDGES_PER_STATEMENT * 1.25) + 100
        return cls(statements, max(20, int(2_000 * part)), max(10, int(500 * part)))


class Draw(Protocol):
    """Draws ids."""

    def __call__(self, how_many: int, all: bool = False) -> list[str]: ...


class _Cast(NamedTuple):
    """Who negotiates, over what."""

    standing: list[Document]
    some_actor: Draw
    some_issue: Draw
    concerns: dict[str, list[str]]
    """What each actor speaks of."""
    subjects: dict[str, str]
    """What each issue is about."""
    mentioned: dict[str, str]
    """What others call each actor."""


def made_up(shape: Shape, seed: int = 1) -> Iterator[Document]:
    """Documents, each after those that it refers to: actors, issues, tracks, then what they said, by date."""
    chance = random.Random(seed)  # noqa: S311 -- nothing secret hangs on it
    cast = _cast(shape, chance)
    yield from cast.standing
    source = talk = ""
    quoted: list[str] = []
    for number in range(shape.statements):
        day = FIRST_DAY + timedelta(days=number * DAYS // shape.statements)
        track = f"track-{chance.randrange(shape.tracks):02}"
        if number % PER_SOURCE == 0:
            source, quoted = f"source-{number // PER_SOURCE:06}", cast.some_actor(QUOTED)
            yield _source(source, day, chance)
        if number % PER_TALK == 0:
            talk = f"talk-{number // PER_TALK:05}"
            yield _talk(talk, day, track, source, cast, chance)
        yield _statement(number, day, track, source, talk, chance.choice(quoted), cast, chance)


@roomy()
def fill(shape: Shape, edges: int | None = None, seed: int = 1, done: Callable[[int], object] = id) -> int:
    """Write the documents, until there are so many edges, into an empty store; how many edges there are.

    Straight into the tables (``service.storage.bulk``): ``recording.write`` would take ten times as long, and
    its checks are not what is measured on it. ``done`` is told of each batch's number of edges.
    """
    made, keys, head, total = made_up(shape, seed), {}, writing.head(), 0
    key = itertools.count(1)
    while batch := list(itertools.islice(made, BATCH)):
        staged: list[NewRevision] = []
        rows: list[Row] = []
        texts: list[Words] = []
        for document in batch:
            if edges is not None and total + len(rows) >= edges:
                break
            keys[document["id"]] = next(key)
            staged.append(_revision(document, keys[document["id"]], head))
            head = writing.Head(staged[-1].seq, staged[-1].hash, staged[-1].recorded_at)
            texts.append((staged[-1].key, *documents.indexed(document)))
            for ordinal, edge in enumerate(documents.edges(document)):
                ends = keys[edge.tail], keys[edge.head]
                rows.append(writing.edge_row(staged[-1], ordinal, edge, *ends))
        if not staged:
            break
        bulk.append(staged, rows, texts)
        total += len(rows)
        done(len(rows))
    return total


def _revision(document: Document, key: int, head: writing.Head) -> NewRevision:
    id, kind = document["id"], words.KINDS[document["kind"]]
    moment = max(head.recorded_at, _RECORDED) + 1
    rendered = revisions.render(id, document["kind"], 1, moment, document)
    return NewRevision(
        seq=head.seq + 1,
        key=key,
        id=id,
        version=1,
        action="created",
        kind=document["kind"],
        type=document.get(kind.type) if kind.type else None,
        status=document.get(kind.status) if kind.status else None,
        label=documents.label(document),
        **documents.bounds(document)._asdict(),
        document=rendered,
        recorded_by=AUTHOR,
        recorded_at=moment,
        hash=revisions.digest(head.hash, head.seq + 1, "created", AUTHOR, rendered),
    )


def _skewed(kind: str, number: int, chance: random.Random) -> Draw:
    """A function that draws so many ids of a kind, none twice, the first ones far more often than the last.

    What is drawn twice counts once, unless it is to be that many all the same.
    """
    ids = [f"{kind}-{place:04}" for place in range(number)]
    weights = [*accumulate((rank + 1) ** -SKEW for rank in range(number))]

    def draw(how_many: int, all: bool = False) -> list[str]:
        drawn = dict.fromkeys(chance.choices(ids, cum_weights=weights, k=how_many))
        while all and len(drawn) < how_many:
            drawn.update(dict.fromkeys(chance.choices(ids, cum_weights=weights)))
        return [*drawn]

    return draw


def _cast(shape: Shape, chance: random.Random) -> _Cast:
    """What there is before anything is said. One actor in ten is a body, the nine after it are members."""
    some_actor, some_issue = _skewed("actor", shape.actors, chance), _skewed("issue", shape.issues, chance)
    standing: list[Document] = []
    concerns, mentioned = {}, {}
    for place in range(shape.actors):
        id = f"actor-{place:04}"
        concerns[id] = some_issue(CONCERNS)
        if place % 10:
            name = sample_texts.person(chance)
            mentioned[id] = chance.choice((name.text, name.family))
            names = {"names": [name.other]} if name.other else {}
            member = {"organization": f"actor-{place - place % 10:04}", "post": "Delegate", "from": "2021"}
            described = {"type": "person", "name": name.text, **names, "memberships": [member]}
        else:
            type = chance.choice(("organization", "state", "coalition"))
            mentioned[id] = body = sample_texts.body(chance)
            described = {"type": type, "name": body}
        standing.append({"kind": "actor", "id": id, **described})
    subjects = {}
    for place in range(shape.issues):
        id = f"issue-{place:04}"
        subject, aspect = (
            sample_texts.SUBJECTS[place % len(sample_texts.SUBJECTS)],
            sample_texts.ASPECTS[place // len(sample_texts.SUBJECTS) % len(sample_texts.ASPECTS)],
        )
        subjects[id] = subject
        title = f"{subject[0].upper()}{subject[1:]}: {aspect}"
        standing.append(
            {
                "kind": "issue",
                "id": id,
                "title": title,
                "proposition": f"{title} is settled as proposed.",
                "scale": [{"value": value, "label": label} for value, label in words.DEFAULT_SCALE],
                **({"parent": f"issue-{place % 10:04}"} if place >= 10 and place % 3 == 0 else {}),
            }
        )
    for place in range(shape.tracks):
        parent = {"parent": "track-00"} if place else {}
        type = chance.choice(words.TRACK_TYPES)
        track = {
            "kind": "track",
            "id": f"track-{place:02}",
            "title": f"Track {place}",
            "type": type,
            **parent,
        }
        standing.append(track)
    return _Cast(standing, some_actor, some_issue, concerns, subjects, mentioned)


def _source(id: str, day: date, chance: random.Random) -> Document:
    return {
        "kind": "source",
        "id": id,
        "type": chance.choice(words.SOURCE_TYPES),
        "title": f"Report of {day:%d %B %Y}",
        "publisher": "The Gazette",
        "url": f"https://gazette.example/{id}",
        "published": day.isoformat(),
    }


def _talk(id: str, day: date, track: str, source: str, cast: _Cast, chance: random.Random) -> Document:
    return {
        "kind": "talk",
        "id": id,
        "title": f"Round of {day:%d %B %Y}",
        "mode": chance.choice(words.TALK_MODES),
        "status": "held",
        "held": day.isoformat(),
        "track": track,
        "participants": [
            {"actor": actor, "role": chance.choice(words.TALK_ROLES)}
            for actor in cast.some_actor(chance.randint(2, 8), all=True)
        ],
        "agenda": cast.some_issue(2),
        "sources": [{"source": source}],
    }


def _statement(
    number: int,
    day: date,
    track: str,
    source: str,
    talk: str,
    speaker: str,
    cast: _Cast,
    chance: random.Random,
) -> Document:
    (other,) = cast.some_actor(1)
    issue = chance.choice(cast.concerns[speaker])
    stance, _ = chance.choice(words.DEFAULT_SCALE)
    position: Document = {"issue": issue, "stance": stance}
    if number % 3 == 0:
        position["firmness"] = chance.choice(words.FIRMNESS)
    made = day.isoformat()
    if number % 3 == 1:
        made = f"{made}T{chance.randrange(6, 22):02}:{chance.randrange(60):02}:00Z"
    elif number % 50 == 0:
        made = f"{day:%Y-%m}"
    statement: Document = {
        "kind": "statement",
        "id": f"statement-{number:07}",
        "speaker": speaker,
        **sample_texts.said(cast.subjects[issue], cast.mentioned[other], chance),
        "directness": chance.choice(words.DIRECTNESS),
        "made": made,
        "channel": chance.choice(words.CHANNELS),
        "positions": [position],
        "status": "attested" if number % 20 else "denied",
        "sources": [{"source": source}],
    }
    optional = {
        "addressed_to": [other] if number % 4 == 0 and other != speaker else None,
        "talk": talk if number % 5 == 0 else None,
        "track": track if number % 2 else None,
    }
    return {**statement, **{name: value for name, value in optional.items() if value}}
