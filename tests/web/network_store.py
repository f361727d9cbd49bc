"""A store small enough to work out every network of it by hand.

Stances in November | December (the scale of ``peace`` is 4 wide, from -2 to 2; ``vote`` has two points):

    ann  peace 2, 2 | -2     vote 1 |
    bob  peace 1    | -2     vote 0 |
    cy                       vote   | 1
    dan  says nothing
"""

from typing import Any

from service import recording
from service.diplomacy.changes import Change
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, statement, talk

VOTE = {**ISSUE, "title": "-Vote", "scale": [{"value": 0, "label": "no"}, {"value": 1, "label": "yes"}]}
LABELS = {"ann": "Ann", "bob": '=Bob "B"', "cy": "Сай", "dan": "Dan", "peace": "Peace", "vote": "-Vote"}


def said(speaker: str, made: str, *sources: str, **fields: Any) -> dict[str, Any]:
    """A statement; positions are given as ``peace=2``."""
    own = [{"issue": issue, "stance": fields.pop(issue)} for issue in ("peace", "vote") if issue in fields]
    positions = {"positions": own + fields.pop("positions", [])}
    cited = {"sources": [{"source": source} for source in sources]}
    return statement(speaker=speaker, made=made, **{**cited, **positions, **fields})


def part(*actors: str) -> list[dict[str, str]]:
    return [{"actor": actor, "role": "party"} for actor in actors]


def of(holder: str, stance: int) -> dict[str, Any]:
    """What is claimed of another's stance."""
    return {"positions": [{"issue": "peace", "stance": stance, "holder": holder}]}


DOCUMENTS: dict[str, dict[str, Any]] = {
    **{id: {**ACTOR, "name": LABELS[id]} for id in ("ann", "bob", "cy", "dan")},
    "peace": {**ISSUE, "title": "Peace"},
    "vote": VOTE,
    "main": TRACK,
    "sub": {**TRACK, "parent": "main"},
    "paper": SOURCE,
    "post": SOURCE,
    "s1": said("ann", "2025-11-03", "paper", peace=2, vote=1, track="sub"),
    "s2": said("ann", "2025-11-20", "paper", peace=2, addressed_to=["bob"]),
    "s3": said("ann", "2025-12-01", "post", peace=-2, addressed_to=["bob"], **of("bob", 2)),
    "s4": said("bob", "2025-11-10", "paper", peace=1, vote=0, track="main"),
    "s5": said("bob", "2025-12-15", "paper", "post", peace=-2, addressed_to=["cy"], status="disputed"),
    "s6": said("cy", "2025-12-16", "post", vote=1),
    # None of these is a stance held.
    "claimed": said("cy", "2025-12-17", "post", addressed_to=["bob"], **of("ann", -2)),
    "denied": said("cy", "2025-11-11", "post", peace=2, addressed_to=["ann"], status="denied"),
    "retracted": said("dan", "2025-11-12", "post", peace=2, addressed_to=["ann"], status="retracted"),
    "round-1": talk(held="2025-11-05", participants=part("ann", "bob", "cy"), agenda=["peace"], track="sub"),
    "round-2": talk(held="2025-12-05", participants=part("ann", "bob")),
    "never": talk(held="2025-12-06", participants=part("ann", "dan"), status="cancelled"),
    "planned": talk(held="2026-01-06", participants=part("ann", "dan"), status="scheduled"),
}
for _talk in ("round-1", "round-2", "never", "planned"):
    DOCUMENTS[_talk]["sources"] = [{"source": "paper"}]

CONGRUENCE = {("ann", "bob"): 2.75, ("ann", "cy"): 1.0}
"""2·¾ + 2·0 + ¼ + 1 on peace, and 0 on vote; 1 on vote."""


def fill() -> None:
    recording.write([Change(document["kind"], id, document) for id, document in DOCUMENTS.items()], "us")
