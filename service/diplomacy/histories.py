"""What an entry of a position history says (design: "Change" and "Shapes")."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from schemas.vocabulary import STANDING
from service.diplomacy import dates
from service.diplomacy.dates import Bounds
from service.diplomacy.stances import Scale, Stance, change


class Held(Protocol):
    """A position as it is stored: its edge, and the document of the statement that is its evidence.

    Holder and issue are told apart by their keys.
    """

    @property
    def relation(self) -> str: ...
    @property
    def holder(self) -> Hashable: ...
    @property
    def issue(self) -> Hashable: ...
    @property
    def stance(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def earliest(self) -> int: ...
    @property
    def latest(self) -> int: ...
    @property
    def attributes(self) -> str | None: ...
    @property
    def statement(self) -> str: ...
    @property
    def document(self) -> bytes: ...


def before(
    held: Sequence[Held], whole: bool, look_up: Callable[[list[int]], Mapping[int, Stance]]
) -> list[Stance | None]:
    """For each position, in order: its holder's previous own standing position on the issue.

    ``whole`` says that ``held`` leaves out no such position between its first and its last: then only the
    first of each holder and issue is asked of ``look_up``, which takes places in ``held``.
    """
    last: dict[tuple[Hashable, Hashable], Stance] = {}
    found: list[Stance | None] = []
    for position in held:
        pair = (position.holder, position.issue)
        found.append(last.get(pair) if whole else None)
        if position.relation == "position" and position.status in STANDING:
            last[pair] = Stance(position.stance, position.statement)
    looked_up = look_up([place for place, stance in enumerate(found) if stance is None])
    return [stance or looked_up.get(place) for place, stance in enumerate(found)]


class Issue(NamedTuple):
    """What entries need to know of an issue."""

    id: str
    scale: Scale


def entry(
    held: Held, statement: Mapping[str, Any], holder: str, issue: Issue, previous: Stance | None
) -> dict[str, Any]:
    """The entry of one position, on the issue's scale, after the holder's previous one.

    ``statement`` is its document, read; ``holder`` an id.
    """
    first, last = dates.rendered(Bounds(held.earliest, held.latest))
    return {
        "issue": issue.id,
        "holder": holder,
        **({} if held.relation == "position" else {"claimed_by": statement["speaker"]}),
        "stance": held.stance,
        "label": issue.scale.labels[held.stance],
        "date": statement["made"],
        "earliest": first,
        "latest": last,
        **(orjson.loads(held.attributes) if held.attributes else {}),
        "change": change(held.stance, previous, issue.scale),
        "statement": orjson.Fragment(held.document),
    }
