"""Random writes of every sort over a few ids.

Used by the tests of ``known_at``, of histories and of timelines. Each write is told by a few small values, so
that hypothesis can shorten a failing sequence; what they mean depends on what is live by then.
"""

from collections import Counter
from random import Random
from typing import Any

from schemas.vocabulary import STATEMENT_STATUSES
from service import recording
from service.diplomacy.changes import ANY, Change
from service.errors import Conflict, Invalid, Moved, NotFound

HOW_MANY = {
    "source": 3, "actor": 4, "issue": 3, "track": 4, "talk": 3, "statement": 5, "proposal": 2, "event": 2
}  # fmt: skip
POOL = [(kind, f"{kind}-{number}") for kind, many in HOW_MANY.items() for number in range(many)]
OPERATIONS = ("put", "put", "put", "patch", "patch", "delete", "merge", "merge", "batch")
DATES = (
    "2025-12-20", "2025-12-21", "2025-12-21", "2025-12", "2025-12-XX", "2025-12-22~", "2025-12-20/2025-12-22",
    "2025-12-21/..", "2025-12-21T10:00:00Z", "2024", "/2025-12-21"
)  # fmt: skip

Write = tuple[str, int, int]


class World:
    """The store as this module believes it to be: what is live, and what was merged."""

    def __init__(self) -> None:
        self.live: dict[str, set[str]] = {kind: set() for kind in HOW_MANY}
        self.merged: dict[str, str] = {}
        self.done: Counter[str] = Counter()

    def begin(self) -> None:
        """Two of everything, in one transaction."""
        random = Random(0)  # noqa: S311
        for kind, id in POOL:
            if int(id[-1]) < 2:
                self.live[kind].add(id)
        changes = []
        for kind in HOW_MANY:
            for id in sorted(self.live[kind]):
                made = document(self, kind, id, random)
                if id.endswith("-0"):
                    made.pop("parent", None)  # The two must not be parts of each other.
                changes.append(Change(kind, id, made))
        recording.write(changes, "walk")

    def any(self, kind: str, random: Random, but: str = "") -> str | None:
        """An id that may be referred to: a live one, now and then one that was merged."""
        known = self.live[kind] | {id for id in self.merged if id.startswith(kind)}
        ids = sorted(id for id in known if id != but)
        return random.choice(ids) if ids else None

    def some(self, kind: str, random: Random, most: int = 2, but: str = "") -> list[str]:
        found = [self.any(kind, random, but) for _ in range(random.randint(0, most))]
        return [id for id in found if id]

    def write(self, what: Write) -> bool:
        """Do one write. False where the service refused it, as it has reasons to."""
        operation, number, seed = what
        random = Random(f"{number} {seed}")  # noqa: S311
        kind, id = POOL[number % len(POOL)]
        try:
            getattr(self, f"_{operation}")(kind, id, random)
        except (Invalid, Conflict, NotFound, Moved) as refusal:
            self.done[f"refused {operation}: {type(refusal).__name__}"] += 1
            return False
        return True

    def _put(self, kind: str, id: str, random: Random) -> None:
        again = ANY if id in self.live[kind] else None
        (outcome,) = recording.write(
            [Change(kind, id, document(self, kind, id, random), replaces=again)], "walk"
        )
        self.live[kind].add(id)
        self.done["recreated" if outcome.action == "created" and outcome.version > 1 else outcome.action] += 1

    def _patch(self, kind: str, id: str, random: Random) -> None:
        whole = document(self, kind, id, random)
        some = {name: value for name, value in whole.items() if random.random() < 0.6}
        some |= {
            name: None
            for name in ("positions", "parent", "participants")
            if name in whole and random.random() < 0.1
        }
        recording.write([Change(kind, id, some, patch=True, replaces=ANY)], "walk")
        self.done["patched"] += 1

    def _delete(self, kind: str, id: str, random: Random) -> None:
        recording.write([Change(kind, id, None, replaces=ANY)], "walk")
        self.live[kind].discard(id)
        self.done["deleted"] += 1

    def _merge(self, kind: str, id: str, random: Random) -> None:
        others = sorted(self.live[kind] - {id})
        into = random.choice(others) if others else id
        recording.merge(kind, id, into, "walk")
        self.live[kind].discard(id)
        self.merged[id] = into
        self.done[f"merged {kind}"] += 1

    def _batch(self, kind: str, id: str, random: Random) -> None:
        changes = []
        for other in sorted({id, random.choice(POOL)[1]}):
            its = other.rpartition("-")[0]
            replaces = ANY if other in self.live[its] else None
            changes.append(Change(its, other, document(self, its, other, random), replaces=replaces))
        recording.write(changes, "walk")
        for change in changes:
            self.live[change.kind].add(str(change.id))
        self.done["batched"] += 1


def document(world: World, kind: str, id: str, random: Random) -> dict[str, Any]:
    """A document of the kind that refers to what is there."""
    made: dict[str, Any] = globals()[f"_{kind}"](world, id, random)
    return {name: value for name, value in made.items() if value is not None}


def _cited(world: World, random: Random) -> list[dict[str, Any]]:
    source = world.any("source", random)
    return [{"source": source}] if source else [{"source": "nobody-has-it"}]


def _source(world: World, id: str, random: Random) -> dict[str, Any]:
    return {
        "type": random.choice(("article", "post")),
        "title": f"Paper {random.randint(0, 9)}",
        "published": random.choice((None, *DATES)),
    }


def _actor(world: World, id: str, random: Random) -> dict[str, Any]:
    return {
        "type": random.choice(("person", "state")),
        "name": random.choice(("Ann", "Боб", "Cy", id)),
        "names": [{"text": random.choice(("Anna", "Bob"))}] if random.random() < 0.4 else None,
        "memberships": [{"organization": org} for org in world.some("actor", random, 1, id)],
    }


def _issue(world: World, id: str, random: Random) -> dict[str, Any]:
    return {
        "title": f"Issue {random.randint(0, 9)}",
        "proposition": "That it be so.",
        "parent": world.any("issue", random, id) if random.random() < 0.2 else None,
    }


def _track(world: World, id: str, random: Random) -> dict[str, Any]:
    return {
        "title": f"Track {random.randint(0, 9)}",
        "type": "track-1",
        "began": random.choice((None, "2025-12")),
        "parent": world.any("track", random, id) if random.random() < 0.5 else None,
    }


def _talk(world: World, id: str, random: Random) -> dict[str, Any]:
    return {
        "title": f"Round {random.randint(0, 9)}",
        "mode": random.choice(("phone", "video")),
        "status": random.choice(("held", "scheduled")),
        "held": random.choice(DATES),
        "track": world.any("track", random) if random.random() < 0.6 else None,
        "follows": world.any("talk", random, id) if random.random() < 0.2 else None,
        "participants": [{"actor": actor, "role": "party"} for actor in world.some("actor", random, 3)],
        "agenda": world.some("issue", random),
        "sources": _cited(world, random),
    }


def _statement(world: World, id: str, random: Random) -> dict[str, Any]:
    speaker = world.any("actor", random) or "nobody"
    positions = []
    for issue in dict.fromkeys(world.some("issue", random, 3)):
        holder = world.any("actor", random) if random.random() < 0.4 else None
        position = {
            "issue": issue,
            "stance": random.randint(-2, 2),
            "holder": holder,
            "firmness": random.choice((None, "firm")),
        }
        positions.append({name: value for name, value in position.items() if value is not None})
    return {
        "speaker": speaker,
        "text": f"What {random.randint(0, 9)} means.",
        "directness": "direct",
        "made": random.choice(DATES),
        "status": random.choice((*STATEMENT_STATUSES, "attested", "attested")),
        "channel": random.choice((None, "speech", "leak")),
        "on_behalf_of": world.any("actor", random) if random.random() < 0.2 else None,
        "addressed_to": world.some("actor", random, 1),
        "talk": world.any("talk", random) if random.random() < 0.3 else None,
        "track": world.any("track", random) if random.random() < 0.5 else None,
        "issues": world.some("issue", random, 1),
        "positions": positions,
        "relations": [
            {"type": "responds-to", "statement": said} for said in world.some("statement", random, 1, id)
        ],
        "sources": _cited(world, random),
    }


def _proposal(world: World, id: str, random: Random) -> dict[str, Any]:
    clauses = [
        {"key": str(n), "issue": issue, "stance": 1} for n, issue in enumerate(world.some("issue", random))
    ]
    return {
        "title": "A plan",
        "status": random.choice(("draft", "tabled")),
        "tabled": random.choice((None, *DATES[:4])),
        "sponsors": world.some("actor", random),
        "track": world.any("track", random) if random.random() < 0.5 else None,
        "sources": _cited(world, random),
    } | {"clauses": clauses}


def _event(world: World, id: str, random: Random) -> dict[str, Any]:
    return {
        "type": random.choice(("assault", "consult")),
        "title": "It happened",
        "occurred": random.choice(DATES),
        "actors": [{"actor": actor, "role": "target"} for actor in world.some("actor", random)],
        "tracks": world.some("track", random, 1),
        "sources": _cited(world, random),
    }
