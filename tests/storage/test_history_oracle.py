"""Position histories against a slow oracle that is written from the design, over random statements."""

from typing import Any, NamedTuple

import orjson
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from schemas.vocabulary import STANDING, STATEMENT_STATUSES
from service import questions
from service.diplomacy import dates
from service.questions import Paging, Span
from service.settings import Settings
from service.storage import database, migrate
from tests.conftest import Another
from tests.test_histories import ACTORS, SCALES, say, world

SAID_OF = ("holder", "issue", "stance")


class Position(NamedTuple):
    bounds: tuple[int, int]
    id: str
    place: int
    speaker: str
    holder: str
    issue: str
    stance: int
    status: str


MADE = (
    "2025-12-20",
    "2025-12-21",
    "2025-12-21~",
    "2025-12",
    "2025-12-20/2025-12-22",
    "2025-12-21T10:00:00Z",
    "2025-12-21/..",
)
POSITIONS = st.sampled_from(list(SCALES)).flatmap(
    lambda issue: st.tuples(st.just(issue), st.sampled_from(SCALES[issue]), st.sampled_from(ACTORS))
)
SAID = st.tuples(
    st.sampled_from(MADE),
    st.sampled_from(ACTORS),
    st.sampled_from((*STATEMENT_STATUSES, "attested")),
    st.lists(POSITIONS, max_size=3, unique_by=lambda position: position[::2]),
)


def in_order(said: list[Any]) -> list[Position]:
    """Earliest bound, then latest bound, then id."""
    return sorted(
        Position(tuple(dates.bounds(made)), f"s{number}", place, speaker, holder, issue, stance, status)
        for number, (made, speaker, status, positions) in enumerate(said)
        for place, (issue, stance, holder) in enumerate(positions)
    )


def change(of: Position, among: list[Position]) -> list[Any]:
    """From the holder's previous own position on the issue; what was denied or retracted is none."""
    before = [
        one for one in among
        if (one.holder, one.issue) == (of.holder, of.issue) and one.holder == one.speaker
        and one.status in ("attested", "disputed") and one[:3] < of[:3]
    ]  # fmt: skip
    if not before:
        return ["initial", None, None]
    was, ends = before[-1].stance, SCALES[of.issue]
    sides = [
        (stance > middle) - (stance < middle)
        for middle in [(ends[0] + ends[-1]) / 2]
        for stance in (was, of.stance)
    ]
    kind = "reaffirmed" if was == of.stance else "reversed" if sides[0] * sides[1] < 0 else "shifted"
    return [kind, of.stance - was, before[-1].id]


@hypothesis_settings(max_examples=15, phases=[Phase.generate])
@given(said=st.lists(SAID, min_size=4, max_size=10), data=st.data())
def test_against_the_oracle(
    settings: Settings, another: Another, said: list[Any], data: st.DataObject
) -> None:
    database.connect(settings._replace(database_url=another()), create=True)
    migrate.migrate()
    world()
    for number, (made, speaker, status, positions) in enumerate(said):
        say(f"s{number}", made, *positions, speaker=speaker, status=status)
    everything = in_order(said)
    attributed = data.draw(st.sampled_from(("exclude", "include", "only")))
    statuses = data.draw(st.sampled_from((STANDING, STATEMENT_STATUSES, ("attested",), ("denied",))))
    few = data.draw(st.integers(1, 3))
    days = st.sampled_from(("2025-12-20", "2025-12-21", "2025-12-31", "2025"))
    moments = st.none() | days.map(dates.bounds)
    since, until, as_of = (data.draw(moments) for _ in range(3))
    span = Span(since and since.earliest, until and until.latest, as_of and as_of.latest)
    # as_of: over by then, or begun and without an end; as of then, the rest has not been said.
    true_then = [
        one
        for one in everything
        if as_of is None or one.bounds[0 if one.bounds[1] == dates.END else 1] <= as_of.latest
    ]
    asked = [
        *((("actor", id), {"holder": id}, [id], list(on)) for id in ACTORS for on in ((), ("truce", "zone"))),
        *((("issue", id), {"issue": id}, list(by), [id]) for id in SCALES for by in ((), ("bob",))),
    ]
    for whose, fixed, actors, issues in asked:
        expected = [
            [one.id, one.holder, one.issue, one.stance, *change(one, true_then)]
            for one in true_then
            if all(getattr(one, name) == value for name, value in fixed.items())
            and (not actors or one.holder in actors) and (not issues or one.issue in issues)
            and one.status in statuses
            and attributed in ("include", "exclude" if one.holder == one.speaker else "only")
            and (since is None or one.bounds[1] >= since.earliest)
            and (until is None or one.bounds[0] <= until.latest)
        ]  # fmt: skip
        for limit in (few, 1_000):
            found, after, goes_on = [], None, True
            while goes_on:
                paging = Paging(limit, after)
                page = questions.history(actors, issues, attributed, statuses, span, paging, whose)
                found += orjson.loads(orjson.dumps(page.items))
                after, goes_on = page.position, page.position is not None
                assert len(page.items) == limit or not goes_on
            told_by = [
                [entry["statement"]["id"], *(entry[name] for name in SAID_OF), *entry["change"].values()]
                for entry in found
            ]
            assert told_by == expected, (whose, limit)
