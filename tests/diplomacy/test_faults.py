"""What can be wrong with a document of the right shape, and the JSON Pointers that say where."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import DATES
from service.diplomacy import documents, faults


def places(found: faults.Faults) -> list[str]:
    return [pointer for pointer, _ in found]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"kind": "statement", "made": "2025-12-21"}, []),
        ({"kind": "statement", "made": "21 December"}, ["/made"]),
        ({"kind": "statement", "made": "2025-02-30"}, ["/made"]),
        ({"kind": "statement", "made": 2025}, []),
        ({"kind": "source", "published": "x", "accessed": "y"}, ["/published", "/accessed"]),
        ({"kind": "track", "began": "2025-12", "ended": "2025-11"}, ["/ended"]),
        ({"kind": "track", "began": "2025-12", "ended": "2025-12-01"}, []),
        ({"kind": "track", "began": "2025-12-31", "ended": "2025-12"}, []),
        ({"kind": "track", "began": "2025-12", "ended": "x"}, ["/ended"]),
        ({"kind": "track", "ended": "2025"}, []),
        ({"kind": "track", "began": "2025-12-21/..", "ended": "2025-12-01"}, ["/ended"]),
        (
            {"kind": "actor", "memberships": [{}, {"from": "2025", "until": "2024"}, {"from": "2024"}]},
            ["/memberships/1/until"],
        ),
        ({"kind": "actor", "memberships": [{"until": "x"}, "no object", {"from": "y"}]},
         ["/memberships/2/from", "/memberships/0/until"]),
        ({"kind": "actor", "memberships": "no list"}, []),
    ],
)  # fmt: skip
def test_dates(document: dict[str, Any], expected: list[str]) -> None:
    assert places(faults.date_faults(document)) == expected


JUNK = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(("from", "until", "organization")), inner)
    ),
)


@given(st.sampled_from(tuple(DATES)), st.data())
def test_a_document_of_any_shape_is_looked_through(kind: str, data: st.DataObject) -> None:
    names = sorted({path.partition("[")[0] for path in DATES[kind]} | {"began", "ended"})
    document = data.draw(st.dictionaries(st.sampled_from(names), JUNK))
    for pointer, detail in faults.date_faults({"kind": kind, **document}):
        assert pointer.split("/")[1] in document
        assert detail


def scale(*values: int) -> dict[str, Any]:
    return {"id": "x", "kind": "issue", "scale": [{"value": value, "label": str(value)} for value in values]}


def said(**fields: Any) -> dict[str, Any]:
    return {"id": "s", "kind": "statement", "speaker": "ann", "sources": [], **fields}


def at(issue: str, holder: str | None = None) -> dict[str, Any]:
    return {"issue": issue, "stance": 0, **({"holder": holder} if holder else {})}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (scale(-1, 0, 5), []),
        (scale(0, 0), ["/scale/1/value"]),
        (scale(2, 1, 0), ["/scale/1/value", "/scale/2/value"]),
        (scale(0, 2, 1), ["/scale/2/value"]),
        ({**scale(0, 1), "parent": "x"}, ["/parent"]),
        ({**scale(0, 1), "parent": "y"}, []),
        ({"id": "t", "kind": "track", "parent": "t"}, ["/parent"]),
        ({"id": "k", "kind": "talk", "follows": "k"}, ["/follows"]),
        ({"id": "p", "kind": "proposal", "supersedes": "p", "clauses": []}, ["/supersedes"]),
        ({"id": "p", "kind": "proposal", "clauses": [{"key": "1"}, {"key": "2"}, {"key": "1"}]},
         ["/clauses/2/key"]),
        ({"id": "a", "kind": "actor", "memberships": [{"organization": "b"}, {"organization": "a"}]},
         ["/memberships/1/organization"]),
        (said(relations=[{"type": "repeats", "statement": "q"}, {"type": "repeats", "statement": "s"}]),
         ["/relations/1/statement"]),
        (said(positions=[at("x"), at("y"), at("x", "bob"), at("y", "bob")]), []),
        (said(positions=[at("x"), at("x", "ann")]), ["/positions/1/issue"]),
        (said(positions=[at("x", "bob"), at("y"), at("x", "bob")]), ["/positions/2/issue"]),
    ],
)  # fmt: skip
def test_own_faults(document: dict[str, Any], expected: list[str]) -> None:
    assert places(faults.own_faults(document)) == expected


def test_references_name_what_is_there_instead() -> None:
    kinds = {"ann": "actor", "x": "issue", "p": "source"}
    document = said(
        speaker="x", addressed_to=["ann", "nobody"], positions=[at("ann", "ann")], sources=[{"source": "p"}]
    )
    found = dict(faults.reference_faults(documents.references(document), kinds.get))
    assert set(found) == {"/speaker", "/addressed_to/1", "/positions/0/issue"}
    assert found["/speaker"] == "'x' must be the id of an actor: that is the id of an issue"
    assert found["/addressed_to/1"] == "'nobody' must be the id of an actor: there is none of that id"


def test_stances_outside_the_scale() -> None:
    scales = {"x": {0: "no", 1: "yes"}}
    document = said(positions=[at("x"), {"issue": "x", "stance": 2}, {"issue": "nobody-knows", "stance": 9}])
    found = dict(faults.stance_faults(document, scales.get))
    assert list(found) == ["/positions/1/stance"]
    assert "is not on the scale of 'x': 0, 1" in found["/positions/1/stance"]
    proposal = {"id": "p", "kind": "proposal", "clauses": [{"key": "1", "issue": "x", "stance": -1}]}
    assert places(faults.stance_faults(proposal, scales.get)) == ["/clauses/0/stance"]


@pytest.mark.parametrize(
    ("noun", "expected"), [("actor", "an actor"), ("talk", "a talk"), ("event", "an event")]
)
def test_article(noun: str, expected: str) -> None:
    assert faults.article(noun) == expected
