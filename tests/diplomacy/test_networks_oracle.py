"""Every relation, normalisation and treatment of duplicates against its definition, written out."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import combinations, product
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.trials import STANCES, positions, trial
from service.diplomacy import products
from service.diplomacy.agreement import (
    NORMALIZE_ONE_MODE,
    NORMALIZE_TWO_MODE,
    ONE_MODE,
    TWO_MODE,
    affiliation,
    counted,
    counts,
    one_mode,
)
from service.diplomacy.contacts import TookPart, co_attendance
from service.diplomacy.duplicates import DUPLICATES, Held
from service.diplomacy.networks import Network

SCALES = {"a": (0, 1), "b": (-2, -1, 0, 1, 2), "c": (-3, 0, 4), "d": (5,)}
DAY = 86_400
Cell = tuple[str, str, int]

cells = st.sampled_from(sorted(SCALES)).flatmap(
    lambda issue: st.tuples(st.sampled_from("ijklm"), st.just(issue), st.sampled_from(SCALES[issue]))
)
moments = st.integers(-2 * 365 * DAY, 2 * 365 * DAY) | st.integers(0, 20 * DAY)
sources = st.lists(st.sampled_from("PQR"), unique=True, max_size=3).map(tuple)


@st.composite
def statements(draw: st.DrawFn) -> list[Held]:
    """Positions in date order."""
    drawn = draw(st.lists(st.tuples(cells, moments, sources), max_size=40))
    drawn.sort(key=lambda one: one[1])
    return [Held(*cell, f"s{place:02}", when, cited) for place, (cell, when, cited) in enumerate(drawn)]


def unit(one: Held, duplicates: str) -> object:
    when = datetime.fromtimestamp(one.earliest, UTC)
    year, week, _ = when.isocalendar()
    return {
        "day": when.date(),
        "week": (year, week),
        "month": (when.year, when.month),
        "year": when.year,
        "all": None,
    }[duplicates]


def kept(held: Sequence[Held], duplicates: str, stance_counts: bool) -> list[Held]:
    """Those without an earlier one of the same kind in the unit; of several sources, in one of them."""

    def repeats(earlier: Held, one: Held, source: str | None) -> bool:
        same = (earlier.actor, earlier.issue) == (one.actor, one.issue)
        same = same and (earlier.stance == one.stance or not stance_counts)
        if source is not None:
            return same and source in earlier.sources
        return same and unit(earlier, duplicates) == unit(one, duplicates)

    if duplicates == "include":
        return list(held)
    found = []
    for place, one in enumerate(held):
        units = one.sources if duplicates == "source" else (None,)
        new = [not any(repeats(earlier, one, source) for earlier in held[:place]) for source in units]
        if any(new) or not new:
            found.append(one)
    return found


def count_of(held: Sequence[Held]) -> Counter[Cell]:
    return Counter((one.actor, one.issue, one.stance) for one in held)


def expected_pair(x: Counter[Cell], relation: str, one: str, other: str) -> Fraction:
    total = Fraction(0)
    for issue, scale in SCALES.items():
        for k, l in product(scale, scale):  # noqa: E741
            apart = Fraction(abs(k - l), max(scale[-1] - scale[0], 1))
            weight = {"congruence": 1 - apart, "conflict": apart, "subtract": 1 - 2 * apart, "ignore": 1}
            total += x[one, issue, k] * x[other, issue, l] * weight[relation]
    return total


def divisor(x: Counter[Cell], normalize: str, one: str, other: str) -> Fraction | float:
    places = [(issue, k) for issue, scale in SCALES.items() for k in scale]
    ours, theirs = ([x[actor, issue, k] for issue, k in places] for actor in (one, other))
    by_issue = [
        [sum(x[actor, issue, k] for k in scale) for issue, scale in SCALES.items()] for actor in (one, other)
    ]
    if normalize == "average":
        return Fraction(sum(ours) + sum(theirs), 2)
    if normalize == "jaccard":
        only_ours = sum(a for a, b in zip(ours, theirs, strict=True) if b == 0)
        only_theirs = sum(b for a, b in zip(ours, theirs, strict=True) if a == 0)
        return Fraction(only_ours + only_theirs + sum(a * b for a, b in zip(ours, theirs, strict=True)))
    if normalize == "dna-cosine":
        return Fraction(sum(ours) * sum(theirs))
    if normalize == "cosine":
        return sqrt(sum(a * a for a in by_issue[0])) * sqrt(sum(b * b for b in by_issue[1]))
    return Fraction(1)


@pytest.mark.parametrize("normalize", NORMALIZE_ONE_MODE)
@pytest.mark.parametrize("relation", ONE_MODE)
@settings(max_examples=25)
@given(held=statements(), duplicates=st.sampled_from(sorted(DUPLICATES)))
def test_one_mode(relation: str, normalize: str, held: list[Held], duplicates: str) -> None:
    matters = relation != "ignore"
    network = one_mode(counts(held, duplicates, matters), SCALES, relation, normalize)
    x = count_of(kept(held, duplicates, matters))
    assert network.nodes == tuple(sorted({one.actor for one in held}))
    for one, other in combinations(network.nodes, 2):
        expected = expected_pair(x, relation, one, other)
        expected_weight = float(expected / divisor(x, normalize, one, other)) if expected else 0
        assert network.weight(one, other) == pytest.approx(expected_weight, rel=1e-14, abs=0)
        assert network.weight(other, one) == network.weight(one, other)
    assert all(network.weight(node, node) == 0 for node in network.nodes)
    assert all(weight for _, _, weight in network.edges())


@pytest.mark.parametrize("normalize", NORMALIZE_TWO_MODE)
@pytest.mark.parametrize("aggregate", TWO_MODE)
@settings(max_examples=25)
@given(held=statements(), duplicates=st.sampled_from(sorted(DUPLICATES)))
def test_affiliation(aggregate: str, normalize: str, held: list[Held], duplicates: str) -> None:
    if aggregate == "combine":
        if normalize != "no":
            return
        held = [one for one in held if one.issue == "a"]
    matters = aggregate != "ignore"
    network = affiliation(counts(held, duplicates, matters), SCALES, aggregate, normalize)
    x = count_of(kept(held, duplicates, matters))
    for actor, issue in product(network.rows, network.columns):
        of_stance = {k: x[actor, issue, k] for k in SCALES[issue]}
        if aggregate == "ignore":
            value = sum(of_stance.values())
        elif aggregate == "combine":
            value = (of_stance[1] > 0) + 2 * (of_stance[0] > 0)
        elif issue == "a":
            value = of_stance[1] - of_stance[0]
        else:
            value = sum(k * often for k, often in of_stance.items())
        place = {"activity": (0, actor), "prominence": (1, issue), "no": None}[normalize]
        by = 1 if place is None else sum(often for cell, often in x.items() if cell[place[0]] == place[1])
        assert network.weight(actor, issue) == (value / by if by else 0)


def numbers(network: Network) -> list[list[float]]:
    return [list(row) for _, row in network.matrix()]


@given(st.lists(cells), st.sampled_from(sorted(NORMALIZE_ONE_MODE)))
def test_congruence_and_conflict_are_ignore(said: list[Cell], normalize: str) -> None:
    x = counted((*cell, 1) for cell in said)
    congruence, conflict, subtract, ignore = (
        numbers(one_mode(x, SCALES, relation, normalize))
        for relation in ("congruence", "conflict", "subtract", "ignore")
    )
    for row, line in enumerate(ignore):
        for column, weight in enumerate(line):
            both = congruence[row][column], conflict[row][column]
            assert sum(both) == pytest.approx(weight, rel=1e-14)
            assert subtract[row][column] == pytest.approx(both[0] - both[1], rel=1e-12, abs=1e-12)


@given(st.lists(cells))
def test_cosine_and_jaccard_stay_in_their_bounds(said: list[Cell]) -> None:
    x = counted((*cell, 1) for cell in said)
    for relation, least in {"congruence": 0, "conflict": 0, "subtract": -1, "ignore": 0}.items():
        weights = [weight for *_, weight in one_mode(x, SCALES, relation, "cosine").edges()]
        assert all(least <= weight <= 1 + 1e-15 for weight in weights)
    # Jaccard's divisor counts the same stances: it bounds what counts them too, congruence on two points.
    two = counted((*cell, 1) for cell in said if cell[1] == "a")
    assert all(0 < weight <= 1 for *_, weight in one_mode(two, SCALES, "congruence", "jaccard").edges())


@given(st.sets(st.tuples(st.sampled_from("tuvw"), st.sampled_from("ijklm"))))
def test_co_attendance_is_to_ignore_what_is_talked_of(part: set[tuple[str, str]]) -> None:
    took_part = [TookPart(*one) for one in part]
    met = counted((actor, talk, 0, 1) for talk, actor in part)
    for normalize in NORMALIZE_ONE_MODE:
        assert co_attendance(took_part, normalize) == one_mode(met, {}, "ignore", normalize)


@given(st.lists(cells), st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_matter(said: list[Cell], chance: object) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    for relation in ONE_MODE:
        networks = [
            one_mode(counted((*cell, 1) for cell in order), SCALES, relation) for order in (said, shuffled)
        ]
        assert networks[0] == networks[1]


@given(st.lists(st.tuples(cells, st.sampled_from([1, 2, 10**5, 10**11, 10**40])), max_size=12))
def test_any_count_is_exact(said: list[tuple[Cell, int]]) -> None:
    """With slots of 16, 32, 64 and more bits, negative numbers among them."""
    x: Counter[tuple[int, str]] = Counter()
    for (actor, _, stance), often in said:
        x["ijklm".index(actor), str(stance)] += often if stance >= 0 else -often
    rows = {stance: {i: abs(x[i, stance]) for i in range(5) if x[i, stance]} for _, stance in x}
    greatest = sum(abs(value) for value in x.values()) ** 2
    slots = products.Slots.of(5, greatest)
    terms = (
        products.Term(often, -slots.pack(often) if stance.startswith("-") else slots.pack(often))
        for stance, often in rows.items()
    )
    for actor, sums in enumerate(products.products(slots, terms)):
        for other, found in enumerate(sums, actor + 1):
            each = (
                (-1 if stance.startswith("-") else 1) * often.get(actor, 0) * often.get(other, 0)
                for stance, often in rows.items()
            )
            assert found == sum(each)


@pytest.mark.parametrize("rows", [1, 3, 256])
@pytest.mark.parametrize("terms", [1, 7, 512])
def test_however_the_work_is_cut(rows: int, terms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, scales = counts(positions(2_000, 20, 9)), {f"issue-{place:05}": STANCES for place in range(9)}
    expected = one_mode(x, scales, "subtract", "jaccard")
    monkeypatch.setattr(products, "ROWS", rows)
    monkeypatch.setattr(products, "TERMS", terms)
    assert one_mode(x, scales, "subtract", "jaccard") == expected


def test_the_same_numbers_as_with_networkx() -> None:
    """On actors enough for several blocks of rows, and slots of 32 bits."""
    held = list(positions(30_000, 300, 12))
    done, network, projected = trial(held, networkx=True)
    assert network.size == done.ties == sum(map(bool, projected.values())) > 10_000
    for (one, other), weight in ((sorted(pair), weight) for pair, weight in projected.items()):
        assert network.weight(one, other) == pytest.approx(weight, rel=1e-12, abs=1e-9)
