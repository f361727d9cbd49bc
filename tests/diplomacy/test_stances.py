"""Changes by hand-made tables: the scale decides what is shifted and what is reversed (design: "Change")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import DEFAULT_SCALE
from service.diplomacy.stances import Scale, Stance, change, scale_of

FIVE = Scale(dict(DEFAULT_SCALE))
TWO = Scale({0: "no", 1: "yes"})
ASYMMETRIC = Scale({-1: "against", 0: "open", 1: "for", 5: "all for"})  # its midpoint is 2, no value of it
FAR = Scale({10: "low", 20: "middle", 30: "high"})


@pytest.mark.parametrize(
    ("scale", "before", "stance", "kind", "delta"),
    [
        (FIVE, None, -2, "initial", None),
        (FIVE, None, 0, "initial", None),
        (FIVE, -2, -2, "reaffirmed", 0),
        (FIVE, 0, 0, "reaffirmed", 0),
        (FIVE, -2, -1, "shifted", 1),
        (FIVE, -1, -2, "shifted", -1),
        (FIVE, -2, 0, "shifted", 2),
        (FIVE, 0, 2, "shifted", 2),
        (FIVE, 2, 0, "shifted", -2),
        (FIVE, 1, 2, "shifted", 1),
        (FIVE, -1, 1, "reversed", 2),
        (FIVE, 2, -2, "reversed", -4),
        (FIVE, 1, -2, "reversed", -3),
        (TWO, 0, 0, "reaffirmed", 0),
        (TWO, 0, 1, "reversed", 1),
        (TWO, 1, 0, "reversed", -1),
        (ASYMMETRIC, -1, 1, "shifted", 2),
        (ASYMMETRIC, 0, 1, "shifted", 1),
        (ASYMMETRIC, 1, 5, "reversed", 4),
        (ASYMMETRIC, 5, -1, "reversed", -6),
        (ASYMMETRIC, 5, 5, "reaffirmed", 0),
        (FAR, 10, 20, "shifted", 10),
        (FAR, 20, 10, "shifted", -10),
        (FAR, 30, 10, "reversed", -20),
    ],
)
def test_change(scale: Scale, before: int | None, stance: int, kind: str, delta: int | None) -> None:
    previous = None if before is None else Stance(before, "the-one-before")
    expected = {"type": kind, "delta": delta, "previous": previous and "the-one-before"}
    assert change(stance, previous, scale) == expected


@pytest.mark.parametrize(("scale", "midpoint"), [(FIVE, 0), (TWO, 0.5), (ASYMMETRIC, 2), (FAR, 20)])
def test_the_midpoint_is_halfway_between_the_ends(scale: Scale, midpoint: float) -> None:
    assert scale.midpoint == midpoint


def test_the_scale_is_the_one_that_the_issue_declares() -> None:
    issue = {"scale": [{"value": 0, "label": "no"}, {"value": 1, "label": "yes"}]}
    assert scale_of(issue) == TWO


SCALES = st.lists(st.integers(-100, 100), min_size=2, unique=True).map(
    lambda v: Scale({n: str(n) for n in sorted(v)})
)


@given(st.data(), SCALES)
def test_there_and_back_is_the_same_kind_of_change(data: st.DataObject, scale: Scale) -> None:
    first, second = (data.draw(st.sampled_from(list(scale.labels))) for _ in range(2))
    there, back = change(second, Stance(first, "a"), scale), change(first, Stance(second, "b"), scale)
    assert there["type"] == back["type"] != "initial"
    assert there["delta"] == -back["delta"]
    assert first + there["delta"] == second
    assert (there["type"] == "reaffirmed") == (first == second)


@given(SCALES)
def test_from_end_to_end_is_reversed(scale: Scale) -> None:
    low, high = min(scale.labels), max(scale.labels)
    assert change(high, Stance(low, "a"), scale)["type"] == "reversed"
