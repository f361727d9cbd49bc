"""What came before each position of a page, and what an entry says: without a database."""

from typing import Any, NamedTuple

import orjson
from hypothesis import given
from hypothesis import strategies as st

from service.diplomacy import dates, histories
from service.diplomacy.histories import Issue
from service.diplomacy.stances import Scale, Stance

SCALE = Scale({-1: "no", 0: "open", 1: "yes"})


class Position(NamedTuple):
    """A position as a page of a history holds it."""

    holder: str
    issue: str
    stance: int
    relation: str
    status: str
    statement: str
    earliest: int = 0
    latest: int = 86_399
    attributes: str | None = None
    document: bytes = b'{"speaker":"bob","made":"1970-01-01"}'


POSITIONS = st.lists(
    st.builds(
        Position,
        st.sampled_from(("ann", "bob")),
        st.sampled_from(("x", "y")),
        st.integers(-1, 1),
        st.sampled_from(("position", "attributed-position")),
        st.sampled_from(("attested", "disputed", "denied", "retracted")),
        st.just(""),
    ),
    max_size=12,
).map(lambda found: [one._replace(statement=f"s{place}") for place, one in enumerate(found)])


def last_before(positions: list[Position], place: int) -> Stance | None:
    """The holder's last own standing position on the issue before that place."""
    here = positions[place]
    for one in reversed(positions[:place]):
        same = (one.holder, one.issue) == (here.holder, here.issue)
        if same and one.relation == "position" and one.status in ("attested", "disputed"):
            return Stance(one.stance, one.statement)
    return None


@given(POSITIONS, st.integers(0, 12))
def test_a_page_that_begins_later_knows_what_came_before(positions: list[Position], start: int) -> None:
    expected = [last_before(positions, place) for place in range(len(positions))][start:]
    for whole in (True, False):
        asked: list[int] = []

        def look_up(places: list[int], asked: list[int] = asked) -> dict[int, Stance]:
            asked += places
            found = {place: last_before(positions, start + place) for place in places}
            return {place: stance for place, stance in found.items() if stance}

        assert histories.before(positions[start:], whole, look_up) == expected
        if not whole:
            assert asked == list(range(len(positions[start:]))), "what is left out may lie anywhere between"


@given(POSITIONS)
def test_of_a_whole_history_only_the_first_of_each_pair_is_looked_up(positions: list[Position]) -> None:
    own = [one._replace(relation="position", status="attested") for one in positions]
    asked: list[int] = []

    def look_up(places: list[int]) -> dict[int, Stance]:
        asked.extend(places)
        return {}

    found = histories.before(own, True, look_up)
    pairs = [(one.holder, one.issue) for one in own]
    assert asked == [place for place, pair in enumerate(pairs) if pair not in pairs[:place]]
    assert [stance is None for stance in found] == [
        pair not in pairs[:place] for place, pair in enumerate(pairs)
    ]


def told(position: Position, previous: Stance | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = orjson.loads(
        orjson.dumps(
            histories.entry(
                position,
                orjson.loads(position.document),
                position.holder,
                Issue(position.issue, SCALE),
                previous,
            )
        )
    )
    return entry


def test_an_own_position() -> None:
    position = Position(
        "bob", "x", 1, "position", "attested", "s", attributes='{"firmness":"firm","salience":7}'
    )
    assert told(position, Stance(-1, "r")) == {
        "issue": "x", "holder": "bob", "stance": 1, "label": "yes", "date": "1970-01-01",
        "earliest": "1970-01-01", "latest": "1970-01-01", "firmness": "firm", "salience": 7,
        "change": {"type": "reversed", "delta": 2, "previous": "r"},
        "statement": {"speaker": "bob", "made": "1970-01-01"},
    }  # fmt: skip


def test_an_attributed_position_says_who_claims_it() -> None:
    entry = told(Position("ann", "x", 0, "attributed-position", "attested", "s"))
    assert (entry["holder"], entry["claimed_by"]) == ("ann", "bob")
    assert "claimed_by" not in told(Position("bob", "x", 0, "position", "attested", "s"))


def test_an_unknown_end_is_told_as_none() -> None:
    entry = told(Position("ann", "x", 0, "position", "attested", "s", dates.BEGINNING, 86_399))
    assert (entry["earliest"], entry["latest"]) == (None, "1970-01-01")
    entry = told(Position("ann", "x", 0, "position", "attested", "s", 0, dates.END))
    assert (entry["earliest"], entry["latest"]) == ("1970-01-01", None)
