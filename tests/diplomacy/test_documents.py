"""What documents say: where they refer to others, when they were, and the edges that follow."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import KINDS, REFERENCES, RELATIONS
from service.diplomacy import dates, documents
from service.diplomacy.dates import BEGINNING, END
from service.diplomacy.documents import Edge, find

VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(("ann", "bob", "")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("a", "b", "c", "from")), inner, max_size=3)
    ),
    max_leaves=20,
)
PATHS = st.lists(st.sampled_from(("a", "b", "c[]", "a[]", "from")), min_size=1, max_size=3).map(".".join)


def pointed(document: Any, pointer: str) -> Any:
    """What a JSON Pointer points at (RFC 6901, section 4)."""
    value = document
    for step in pointer.split("/")[1:]:
        token = step.replace("~1", "/").replace("~0", "~")
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


@given(st.dictionaries(st.sampled_from(("a", "b", "c", "from")), VALUES), PATHS)
def test_what_is_found_is_where_its_pointer_says(document: dict[str, Any], path: str) -> None:
    found = list(find(document, path))
    assert len({place.pointer for place in found}) == len(found)
    for place in found:
        assert pointed(document, place.pointer) is place.value
        name = path.rsplit(".", maxsplit=1)[-1].removesuffix("[]")
        inside = place.around[name]
        assert place.value is inside or any(place.value is item for item in inside)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("speaker", [("/speaker", "ann")]),
        ("issues[]", [("/issues/0", "x"), ("/issues/1", "y")]),
        ("positions[].issue", [("/positions/0/issue", "x"), ("/positions/2/issue", "z")]),
        ("absent", []),
        ("speaker.absent", []),
        ("speaker[]", []),
    ],
)
def test_find(path: str, expected: list[tuple[str, Any]]) -> None:
    document = {"speaker": "ann", "issues": ["x", "y"], "positions": [{"issue": "x"}, {}, {"issue": "z"}]}
    assert [(found.pointer, found.value) for found in find(document, path)] == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"kind": "statement", "made": "1970-01-01"}, (0, 86_399)),
        ({"kind": "proposal", "tabled": "1970-01-02T00:00:00Z"}, (86_400, 86_400)),
        ({"kind": "proposal"}, dates.UNDATED),
        ({"kind": "actor"}, dates.UNDATED),
        ({"kind": "issue"}, dates.UNDATED),
        ({"kind": "source"}, dates.UNDATED),
        ({"kind": "track"}, dates.UNDATED),
        ({"kind": "track", "began": "1970-01-01"}, (0, END)),
        ({"kind": "track", "ended": "1970-01-01"}, (BEGINNING, 86_399)),
        ({"kind": "track", "began": "1970-01-01", "ended": "1970-01-02"}, (0, 172_799)),
    ],
)
def test_bounds(document: dict[str, Any], expected: tuple[int, int]) -> None:
    assert documents.bounds(document) == expected


SAID = {
    "id": "s",
    "kind": "statement",
    "speaker": "ann",
    "made": "1970-01-01",
    "status": "attested",
    "sources": [],
}
DAY = (0, 86_399)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        (
            {"positions": [{"issue": "x", "stance": 2, "firmness": "firm", "salience": 5}]},
            [
                Edge("position", "ann", "x", *DAY, 2, "attested", 0, {"firmness": "firm", "salience": 5}),
                Edge("about", "s", "x", *DAY),
            ],
        ),
        (
            {
                "positions": [
                    {"issue": "x", "stance": 0, "holder": "bob"},
                    {"issue": "x", "stance": 1, "holder": "ann"},
                ]
            },
            [
                Edge("attributed-position", "bob", "x", *DAY, 0, "attested", 0),
                Edge("position", "ann", "x", *DAY, 1, "attested", 1),
                Edge("about", "s", "x", *DAY),
            ],
        ),
        ({"issues": ["x", "x"], "positions": []}, [Edge("about", "s", "x", *DAY)]),
        ({"talk": "k", "track": "t"}, [Edge("about", "s", "k", *DAY), Edge("part-of", "s", "t", *DAY)]),
        ({"addressed_to": ["bob", "bob"]}, [Edge("addressed-to", "s", "bob", *DAY)]),
        (
            {"relations": [{"type": "retracts", "statement": "q"}, {"type": "clarifies", "statement": "q"}]},
            [Edge("retracts", "s", "q", *DAY), Edge("clarifies", "s", "q", *DAY)],
        ),
        (
            {"sources": [{"source": "p", "locator": "1"}, {"source": "p", "locator": "2", "credibility": 3}]},
            [
                Edge("cites", "s", "p", *DAY, attributes={"locator": "1"}),
                Edge("cites", "s", "p", *DAY, attributes={"locator": "2", "credibility": 3}),
            ],
        ),
    ],
)
def test_edges_of_a_statement(fields: dict[str, Any], expected: list[Edge]) -> None:
    made = Edge("made", "ann", "s", *DAY)
    found = documents.edges({**SAID, **fields})
    assert made in found
    assert sorted(map(repr, found)) == sorted(map(repr, [made, *expected]))


def test_a_talk_is_reached_from_those_who_took_part() -> None:
    parts = [{"actor": "ann", "role": "party", "on_behalf_of": "org"}, {"actor": "ann", "role": "host"}]
    document = {"id": "k", "kind": "talk", "held": "1970-01-01", "participants": parts, "agenda": ["x"]}
    assert documents.edges(document) == [
        Edge("took-part", "ann", "k", *DAY, attributes={"role": "party", "on_behalf_of": "org"}),
        Edge("took-part", "ann", "k", *DAY, attributes={"role": "host"}),
        Edge("on-behalf-of", "k", "org", *DAY),
        Edge("about", "k", "x", *DAY),
    ]


def test_a_clause_carries_its_stance_and_key() -> None:
    clauses = [{"key": "1", "issue": "x", "stance": 1}, {"key": "2", "issue": "x", "stance": 1}]
    found = documents.edges({"id": "p", "kind": "proposal", "tabled": "1970-01-01", "clauses": clauses})
    assert found == [Edge("clause", "p", "x", *DAY, 1, attributes={"key": key}) for key in ("1", "2")]


def test_every_time_as_a_member_is_an_edge_of_its_own() -> None:
    served = [
        {"organization": "org", "until": "1970-01-01"},
        {"organization": "org", "from": "1970-01-03"},
        {"organization": "org", "post": "chair"},
    ]
    assert documents.edges({"id": "ann", "kind": "actor", "memberships": served}) == [
        Edge("member-of", "ann", "org", BEGINNING, 86_399),
        Edge("member-of", "ann", "org", 172_800, END),
        Edge("member-of", "ann", "org", BEGINNING, END, attributes={"post": "chair"}),
    ]


IDS = st.sampled_from(("x", "y", "z"))
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "stance": st.integers(0, 1), "type": st.sampled_from(("retracts", "repeats")), "key": IDS, "role": IDS,
    "locator": IDS, "from": st.just("1970"), "until": st.just("1971"), "post": IDS,
}  # fmt: skip


def referring(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Documents with any of the kind's references, often repeated."""
    fields: dict[str, Any] = {}
    parts: dict[str, dict[str, st.SearchStrategy[Any]]] = {}
    for reference in REFERENCES[kind]:
        outer, _, inner = reference.path.partition(".")
        if inner:
            parts.setdefault(outer.removesuffix("[]"), {})[inner] = IDS
        else:
            fields[outer.removesuffix("[]")] = st.lists(IDS, max_size=4) if outer.endswith("[]") else IDS
    needed = {
        "memberships": (),
        "relations": ("type",),
        "positions": ("stance",),
        "clauses": ("stance", "key"),
    }
    for name, inside in parts.items():
        optional = {leaf: LEAVES[leaf] for leaf in ("locator", "role", "from", "until", "post")}
        optional |= {leaf: inside.pop(leaf) for leaf in ("holder", "on_behalf_of") if leaf in inside}
        required = inside | {leaf: LEAVES[leaf] for leaf in needed.get(name, ())}
        fields[name] = st.lists(st.fixed_dictionaries(required, optional=optional), max_size=5)
    base = {"id": st.just("own"), "kind": st.just(kind), "status": st.just("attested")}
    dated = {name: st.just("1970-01-01") for name in KINDS[kind].dates}
    speaker = {"speaker": fields.pop("speaker")} if "speaker" in fields else {}
    return st.fixed_dictionaries({**base, **dated, **speaker}, optional=fields)


@given(st.sampled_from(tuple(KINDS)).flatmap(referring))
def test_edges_never_repeat_and_leave_out_no_reference(document: dict[str, Any]) -> None:
    edges = documents.edges(document)
    assert len({repr(edge) for edge in edges}) == len(edges)
    ends = {(edge.relation, edge.tail, edge.head) for edge in edges}
    assert {relation for relation, _, _ in ends} <= set(RELATIONS)
    named = {id for _, tail, head in ends for id in (tail, head)} - {"own"}
    referred = {found.value for found, _ in documents.references(document)}
    assert named == referred
    for found, reference in documents.references(document):
        assert pointed(document, found.pointer) == found.value
        if len(reference.relations) == 1:
            expected = (found.value, "own") if reference.incoming else ("own", found.value)
            assert (reference.relations[0], *expected) in ends
    positions = document.get("positions", [])
    assert sum(edge.stance is not None for edge in edges if edge.relation != "clause") == len(positions)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Short.", "Short."),
        ("x" * 120, "x" * 120),
        ("x" * 121, "x" * 119 + "…"),
        ("y" * 118 + "  z" * 9, "y" * 118 + "…"),
    ],
)
def test_a_label_is_at_most_120_characters(text: str, label: str) -> None:
    assert documents.label({"kind": "statement", "text": text}) == label


def test_what_search_reads() -> None:
    actor = {
        "kind": "actor", "name": "Ann", "names": [{"text": "Енн"}, {"text": "Anna"}], "notes": "A note",
        "tags": ["envoy", "Kyiv"], "memberships": [{"organization": "org", "post": "chair"}],
    }  # fmt: skip
    label, names, texts = documents.searchable(actor)
    assert label == "Ann"
    assert re.findall(r"\w+", names) == ["Енн", "Anna", "chair"]
    assert re.findall(r"\w+", texts) == ["A", "note", "envoy", "Kyiv"]
    said = {"kind": "statement", "text": "Ні", "translation": "No"}
    assert documents.searchable(said) == ("Ні", "", "No")
