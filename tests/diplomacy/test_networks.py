"""Networks worked out by hand from their definitions (Discourse Network Analyzer Manual, chapter 2)."""

import tracemalloc
from collections.abc import Iterable
from math import sqrt

import pytest

from service.diplomacy.agreement import Counts, affiliation, counted, counts, one_mode
from service.diplomacy.contacts import Mention, TookPart, co_attendance, mentions
from service.diplomacy.duplicates import Held
from service.diplomacy.networks import Network, Only
from service.errors import InvalidParameters

FIVE, TWO = (-2, -1, 0, 1, 2), (0, 1)
SCALES = {"ceasefire": FIVE, "nato": TWO, "land": TWO}
# Ann: ceasefire +2 twice; nato 1, land 0 and 1. Bob: ceasefire -1 and +2; nato 0 three times. Cem: land 1.
SAID = [
    ("ann", "ceasefire", 2, 2),
    ("ann", "nato", 1, 1),
    ("ann", "land", 0, 1),
    ("ann", "land", 1, 1),
    ("bob", "ceasefire", -1, 1),
    ("bob", "ceasefire", 2, 1),
    ("bob", "nato", 0, 3),
    ("cem", "land", 1, 1),
]


def ties(network: Network) -> dict[tuple[str, str], float]:
    return {(row, column): weight for row, column, weight in network.edges()}


@pytest.fixture
def said() -> Counts:
    return counted(SAID)


@pytest.mark.parametrize(
    ("relation", "ann_bob", "ann_cem"),
    [
        # ceasefire: 2·1·(1 - 3/4) + 2·1·1 = 2.5; nato: 1·3·0. Land: 1·1·0 + 1·1·1.
        ("congruence", 2.5, 1.0),
        # ceasefire: 2·1·3/4 = 1.5; nato: 1·3·1.
        ("conflict", 4.5, 1.0),
        ("subtract", -2.0, 0.0),
        # ceasefire: 2·2; nato: 1·3. Land: 2·1.
        ("ignore", 7.0, 2.0),
    ],
)
def test_one_mode(said: Counts, relation: str, ann_bob: float, ann_cem: float) -> None:
    network = one_mode(said, SCALES, relation)
    assert network.nodes == network.columns == ("ann", "bob", "cem")
    assert network.weight("ann", "bob") == network.weight("bob", "ann") == ann_bob
    assert network.weight("ann", "cem") == ann_cem
    assert network.weight("bob", "cem") == network.weight("ann", "ann") == 0
    assert ties(network) == {
        pair: weight for pair, weight in {("ann", "bob"): ann_bob, ("ann", "cem"): ann_cem}.items() if weight
    }


@pytest.mark.parametrize(
    ("normalize", "ann_bob", "ann_cem"),
    [
        ("no", 1, 1),
        ("average", (5 + 5) / 2, (5 + 1) / 2),
        # Ann takes (ceasefire, 2) twice and (nato, 1), (land, 0), (land, 1); Bob
        # (ceasefire, -1), (ceasefire, 2) and three times (nato, 0). They share (ceasefire, 2): 3 + 4 + 2·1.
        # Ann and Cem share (land, 1): 4 + 0 + 1.
        ("jaccard", 9, 5),
        ("dna-cosine", 25, 5),
        # By issue: Ann 2, 1, 2; Bob 2, 3, 0; Cem 0, 0, 1.
        ("cosine", sqrt(9 * 13), 3),
    ],
)
@pytest.mark.parametrize("relation", ["congruence", "conflict", "subtract", "ignore"])
def test_one_mode_normalised(
    said: Counts, relation: str, normalize: str, ann_bob: float, ann_cem: float
) -> None:
    plain, network = one_mode(said, SCALES, relation), one_mode(said, SCALES, relation, normalize)
    assert network.weight("ann", "bob") == pytest.approx(plain.weight("ann", "bob") / ann_bob, rel=1e-15)
    assert network.weight("ann", "cem") == pytest.approx(plain.weight("ann", "cem") / ann_cem, rel=1e-15)
    assert network.weight("bob", "cem") == 0


def test_the_width_of_a_scale_is_what_it_declares() -> None:
    said = counted(
        [("ann", "gaps", 0, 1), ("bob", "gaps", 3, 1), ("ann", "wide", 0, 1), ("bob", "wide", 3, 1)]
    )
    network = one_mode(said, {"gaps": (0, 3, 12), "wide": (-3, 0, 3)}, "conflict")
    assert network.weight("ann", "bob") == 3 / 12 + 3 / 6
    assert one_mode(said, {"gaps": (0, 3), "wide": (0, 3)}, "congruence").size == 0


def test_on_a_scale_of_one_point_everybody_agrees() -> None:
    said = counted([("ann", "only", 1, 2), ("bob", "only", 1, 3)])
    assert one_mode(said, {"only": (1,)}, "congruence").weight("ann", "bob") == 6
    assert one_mode(said, {"only": (1,)}, "conflict").size == 0


@pytest.mark.parametrize(
    ("aggregate", "normalize", "expected"),
    [
        ("ignore", "no", [2, 2, 1, 2, 0, 3, 0, 1, 0]),
        # Five points: 2·2; -1 + 2. Two points: land 1 - 1, nato 1 and -3.
        ("subtract", "no", [4, 0, 1, 1, 0, -3, 0, 1, 0]),
        ("subtract", "activity", [4 / 5, 0, 1 / 5, 1 / 5, 0, -3 / 5, 0, 1, 0]),
        ("subtract", "prominence", [4 / 4, 0, 1 / 4, 1 / 4, 0, -3 / 4, 0, 1 / 3, 0]),
        ("ignore", "prominence", [2 / 4, 2 / 3, 1 / 4, 2 / 4, 0, 3 / 4, 0, 1 / 3, 0]),
    ],
)
def test_affiliation(said: Counts, aggregate: str, normalize: str, expected: list[float]) -> None:
    network = affiliation(said, SCALES, aggregate, normalize)
    assert (network.rows, network.columns) == (("ann", "bob", "cem"), ("ceasefire", "land", "nato"))
    assert network.nodes == network.rows + network.columns
    assert network.two_mode
    assert [weight for _, row in network.matrix() for weight in row] == expected
    assert len(ties(network)) == network.size == sum(map(bool, expected))
    assert network.weight("bob", "nato") == expected[5]


def test_affiliation_combined_on_two_points() -> None:
    said = counted(SAID, Only(exclude_issues=frozenset({"ceasefire"})))
    network = affiliation(said, SCALES, "combine")
    assert ties(network) == {
        ("ann", "land"): 3,
        ("ann", "nato"): 1,
        ("bob", "nato"): 2,
        ("cem", "land"): 1,
    }
    with pytest.raises(InvalidParameters) as refused:
        affiliation(said, SCALES, "combine", "activity")
    assert refused.value.faults[0].place == "normalize"


def test_combining_needs_two_points(said: Counts) -> None:
    with pytest.raises(InvalidParameters, match="ceasefire"):
        affiliation(said, SCALES, "combine")


@pytest.mark.parametrize(
    ("place", "attempt"),
    [
        ("relation", lambda said: one_mode(said, SCALES, "friendship")),
        ("normalize", lambda said: one_mode(said, SCALES, "conflict", "activity")),
        ("normalize", lambda said: affiliation(said, SCALES, "ignore", "jaccard")),
        ("aggregate", lambda said: affiliation(said, SCALES, "congruence")),
        ("duplicates", lambda said: counts([], "fortnight")),
    ],
)
def test_what_there_is_not_is_refused_by_its_name(said: Counts, place: str, attempt: object) -> None:
    assert callable(attempt)
    with pytest.raises(InvalidParameters) as refused:
        attempt(said)
    assert [fault.place for fault in refused.value.faults] == [place]


def test_narrowed() -> None:
    only = Only(frozenset({"ann", "bob", "dan"}), None, frozenset({"bob"}), frozenset({"land"}))
    said = counted(SAID, only)
    assert (said.actors, said.issues) == (("ann", "dan"), ("ceasefire", "nato"))
    assert counted(SAID, Only(issues=frozenset({"nato", "gas"}))).issues == ("gas", "nato")
    # Normalised by what is left.
    assert affiliation(said, SCALES, "ignore", "activity").weight("ann", "nato") == 1 / 3
    assert affiliation(said, SCALES).weight("dan", "nato") == 0
    assert list(one_mode(said, SCALES, "congruence").edges()) == []
    held = [Held(actor, issue, stance, "s", 0) for actor, issue, stance, often in SAID for _ in range(often)]
    assert counts(held, only=only) == said


def test_a_least_weight(said: Counts) -> None:
    assert ties(one_mode(said, SCALES, "ignore", min_weight=7)) == {("ann", "bob"): 7}
    assert ties(one_mode(said, SCALES, "subtract", min_weight=-1)) == {}
    assert ties(one_mode(said, SCALES, "subtract", min_weight=-2)) == {("ann", "bob"): -2}
    assert one_mode(said, SCALES, "ignore", min_weight=99).nodes == ("ann", "bob", "cem")
    assert affiliation(said, SCALES, "subtract", min_weight=2).size == 1


def test_nobody_and_nothing() -> None:
    nothing = counted([])
    for network in (one_mode(nothing, {}, "congruence", "jaccard"), affiliation(nothing, {}), mentions([])):
        assert (network.nodes, network.size, list(network.matrix())) == ((), 0, [])


def test_a_stranger_has_no_weight(said: Counts) -> None:
    with pytest.raises(KeyError):
        one_mode(said, SCALES, "ignore").weight("ann", "zoe")


def took_part(**talks: str) -> Iterable[TookPart]:
    return [TookPart(talk, actor) for talk, actors in talks.items() for actor in actors.split()]


def test_co_attendance() -> None:
    part = took_part(berlin="ann bob bob", geneva="ann bob cem", abu_dhabi="ann", miami="dan")
    network = co_attendance(part)
    assert network.nodes == ("ann", "bob", "cem", "dan")
    assert ties(network) == {("ann", "bob"): 2, ("ann", "cem"): 1, ("bob", "cem"): 1}
    # Talks of both by talks of either: 2 of 3, 1 of 3, 1 of 2.
    assert ties(co_attendance(part, "jaccard")) == {
        ("ann", "bob"): 2 / 3,
        ("ann", "cem"): 1 / 3,
        ("bob", "cem"): 1 / 2,
    }
    assert ties(co_attendance(part, only=Only(exclude_actors=frozenset({"bob"})))) == {("ann", "cem"): 1}
    assert ties(co_attendance(part, min_weight=2)) == {("ann", "bob"): 2}


def test_co_attendance_of_many_who_seldom_meet_holds_only_those_that_did() -> None:
    part = [TookPart(f"talk-{n}", f"actor-{n + offset}") for n in range(5_000) for offset in range(3)]
    tracemalloc.start()
    network = co_attendance(part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert network.size == 2 * 5_000 + 1  # each with the next two, as far as there are any
    assert peak < 20_000_000  # all pairs, at four bytes each, would be fifty million


def test_mentions() -> None:
    spoken = [
        Mention("s1", "ann", "bob"),
        Mention("s1", "ann", "bob"),  # addressed to Bob, and of Bob's position
        Mention("s1", "ann", "cem"),
        Mention("s2", "ann", "bob"),
        Mention("s3", "bob", "ann"),
        Mention("s4", "cem", "cem"),
    ]
    network = mentions(spoken, Only(frozenset({"ann", "bob", "cem", "dan"})))
    assert network.directed
    assert network.nodes == ("ann", "bob", "cem", "dan")
    assert ties(network) == {("ann", "bob"): 2, ("ann", "cem"): 1, ("bob", "ann"): 1}
    assert (network.weight("ann", "bob"), network.weight("bob", "ann")) == (2, 1)
    assert [list(row) for _, row in network.matrix()] == [[0, 2, 1, 0], [1, 0, 0, 0], [0] * 4, [0] * 4]
    assert ties(mentions(spoken, min_weight=2)) == {("ann", "bob"): 2}
    assert ties(mentions(spoken, Only(exclude_actors=frozenset({"bob"})))) == {("ann", "cem"): 1}


def test_of_more_actors_than_can_be_paired_none_are() -> None:
    crowd = [(f"a{number}", "ceasefire", 2, 1) for number in range(10_001)]
    with pytest.raises(InvalidParameters) as refused:
        one_mode(counted(crowd), SCALES, "congruence")
    assert [fault.place for fault in refused.value.faults] == ["actors"]
    assert affiliation(counted(crowd), SCALES, "ignore").size == 10_001
