"""A document that is wrong is refused with every wrong place named, and nothing is written."""

import copy
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas.vocabulary import KINDS, REFERENCES
from tests.web.samples import (
    FULL,
    ID,
    MINIMAL,
    Document,
    naming,
    newest,
    patch,
    path,
    pointers,
    put,
    record,
)

MISSING = object()


def changed(document: Document, pointer: str, value: Any) -> Document:
    """The document with one place changed; MISSING takes it away."""
    result = copy.deepcopy(document)
    *steps, last = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
    around: Any = result
    for step in steps:
        around = around[step]
    if value is MISSING:
        del around[last]
    else:
        around[last] = value
    return result


# Kind, where, what: one thing wrong in a document that is otherwise right.
WRONG: list[tuple[str, str, Any]] = [
    *((kind, "/surprise", "boo") for kind in KINDS),
    *((kind, f"/{name}", MISSING) for kind in KINDS for name in MINIMAL[kind]),
    *((kind, f"/{name}", None) for kind in KINDS for name in FULL[kind]),
    *((kind, f"/{name}", {"no": "such thing"}) for kind in KINDS for name in ("notes", "tags")),
    *((kind, "/tags", value) for kind in KINDS for value in ("one", 5, True)),
    *((kind, "/tags/1", value) for kind in KINDS for value in (None, 5, "", "a\nb", "x" * 101)),
    *(("talk", "/round", value) for value in (True, False, 1.0, "1", [], 0, -1, 1.5, 2**53, 10**4000)),
    *(("statement", "/positions/0/salience", value) for value in (101, -1, True, 1.0, "1", None)),
    *(("talk", "/sources/0/credibility", value) for value in (0, 7, True, 2.0, "2")),
    *(("talk", "/place/lat", value) for value in (91, -90.5, True, "46", None, 10**400)),
    *(("talk", "/place/lon", value) for value in (180.1, -181, [])),
    *(("event", "/figures/0/value", value) for value in (True, "635", None, 2**60, 1e300)),
    *(("talk", "/title", value) for value in ("", " ", "\u00a0\u2003", "a\x00", "a\x1bb", "a\x7f", "a\nb")),
    *(("talk", "/title", value) for value in ("a\x85b", "a\u2028b", "a\ufffe", "x" * 501, 5, True, ["a"])),
    *(("talk", "/notes", value) for value in ("", "\n \t", "a\x00", "a\x1bb", "a\x9f", "a\uffff")),
    *(("statement", "/text", value) for value in ("", "   ", "a\x00b", "x" * 100_001)),
    *(("talk", "/held", value) for value in ("2025-02-30", "2025-13", "tomorrow", "21.12.2025", "", 2025)),
    *(("talk", "/held", value) for value in ("2025-12-23/2025-12-22", "{2025,2026}", "2025-12-21 ", "../..")),
    *(("talk", "/held", value) for value in ("2025-12-21T25:00:00Z", "2025-12-21T10:00:00.5", "２０２５")),
    ("source", "/accessed", "2025-00-01"),
    ("proposal", "/tabled", "2025-12-32"),
    ("actor", "/memberships/0/from", "2025-02-29"),
    ("actor", "/memberships/0/until", "2018"),
    ("track", "/ended", "2025-10"),
    ("talk", "/mode", "telepathy"),
    ("talk", "/participants/0/role", "PARTY"),
    ("talk", "/outcome/result", MISSING),
    ("talk", "/outcome/surprise", 1),
    ("talk", "/place/country", "UK"),
    ("actor", "/country", "ua"),
    ("actor", "/names/0/language", "English"),
    ("actor", "/names/0/script", "cyrillic"),
    ("actor", "/names/0/text", MISSING),
    ("actor", "/names/0/a~b", 1),
    ("actor", "/identifiers/wikidata", 5),
    ("actor", "/identifiers/Wiki Data", "Q1"),
    ("actor", "/identifiers", ["Q1"]),
    ("actor", "/identifiers", {f"k{n}": "Q1" for n in range(1_001)}),
    ("source", "/url", "ftp://example.org/"),
    ("source", "/url", "javascript:alert(1)"),
    ("source", "/url", "/relative"),
    ("source", "/reliability", "G"),
    ("talk", "/sources", []),
    ("talk", "/sources/0", "paper"),
    ("talk", "/sources/0", None),
    ("talk", "/agenda", ["ceasefire"] * 1_001),
    ("talk", "/agenda/0", 7),
    ("talk", "/agenda/0", "Not An Id"),
    ("talk", "/agenda/0", "ceasefire\n"),
    ("issue", "/scale/1/value", -1),
    ("issue", "/scale/2/value", -5),
    ("issue", "/scale/1/label", ""),
    ("issue", "/scale", [{"value": 1, "label": "only"}]),
    ("statement", "/positions/0/stance", 3),
    ("statement", "/positions/0/stance", -3),
    ("statement", "/positions/0/stance", True),
    ("proposal", "/clauses/0/stance", 50),
]


@pytest.mark.parametrize("kind", KINDS)
def test_one_thing_wrong(world: FlaskClient, kind: str) -> None:
    record(world, kind, "there", MINIMAL[kind])
    at = newest(world)
    wrong = [(pointer, changed(FULL[kind], pointer, value)) for of, pointer, value in WRONG if of == kind]
    tries = [
        (pointer, answer)
        for pointer, document in wrong
        for answer in (
            put(world, kind, "mine", document),
            world.post(path(kind), json=document),
            put(world, kind, "there", document, If_Match="*"),
        )
    ]
    assert [
        (pointer, answer.status_code, answer.text[:500])
        for pointer, answer in tries
        if answer.status_code != 422 or pointers(answer) != [pointer.replace("~", "~0")]
    ] == []
    assert newest(world) == at
    assert world.get(path(kind, "mine")).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_a_reference_to_nothing_or_to_another_kind(world: FlaskClient, kind: str) -> None:
    record(world, "actor", "gone", MINIMAL["actor"])
    world.delete("/v1/actors/gone", headers={"If-Match": "*"})
    at = newest(world)
    for reference in REFERENCES[kind]:
        pointer = "/" + reference.path.replace("[]", "/0").replace(".", "/")
        others = [ID[other] for other in KINDS if other not in reference.kinds]
        itself = ["mine"] if kind in reference.kinds else []
        for id in ("nobody", "gone", *others, *itself):
            document = naming(kind, reference, id)
            assert pointers(put(world, kind, "mine", document)) == [pointer], (reference.path, id)
    assert newest(world) == at
    for reference in REFERENCES[kind]:
        assert world.post(path(kind), json=naming(kind, reference, ID[reference.kinds[0]])).status_code == 201


def test_every_place_of_the_wrong_shape_is_named_at_once(world: FlaskClient) -> None:
    at = newest(world)
    document = {
        **FULL["talk"],
        "surprise": 1,
        "a/b~c": 2,
        "mode": "telepathy",
        "held": "2025-02-30",
        "round": True,
        "notes": None,
        "place": {"lat": 91, "lon": "0", "altitude": 5},
        "participants": [{"actor": "ann", "role": "party"}, {"role": "king"}, "bob"],
        "agenda": ["ceasefire", 5],
        "sources": [],
    }
    del document["title"]
    expected = ["/a~1b~0c", "/agenda/1", "/held", "/mode", "/notes", "/participants/1/actor"]
    expected += ["/participants/1/role", "/participants/2", "/place/altitude", "/place/lat", "/place/lon"]
    expected += ["/place/name", "/round", "/sources", "/surprise", "/title"]
    assert pointers(put(world, "talk", "mine", document)) == sorted(expected)
    assert newest(world) == at


def test_every_place_of_the_wrong_meaning_is_named_at_once(world: FlaskClient) -> None:
    at = newest(world)
    document = {
        **FULL["statement"],
        "speaker": "nobody",
        "addressed_to": ["ann", "paper", "no-one"],
        "talk": "opening",
        "positions": [
            {"issue": "ceasefire", "stance": 9},
            {"issue": "nothing", "stance": 1},
            {"issue": "ceasefire", "stance": 2},
        ],
        "relations": [{"type": "clarifies", "statement": "mine"}],
        "sources": [{"source": "ann"}],
    }
    expected = ["/addressed_to/1", "/addressed_to/2", "/positions/0/stance", "/positions/1/issue"]
    expected += ["/positions/2/issue", "/relations/0/statement", "/sources/0/source", "/speaker", "/talk"]
    assert pointers(put(world, "statement", "mine", document)) == expected
    assert newest(world) == at


def test_wrong_shapes_do_not_hide_wrong_meanings(world: FlaskClient) -> None:
    at = newest(world)
    document = {
        **FULL["proposal"],
        "surprise": 1,  # of the wrong shape
        "tabled": "2025-02-30",  # not a date
        "talk": "nothing",  # a reference to nothing
        "track": "geneva",  # a reference to another kind
        "supersedes": "mine",  # to itself
        "clauses": [
            {"key": "1", "issue": "ceasefire", "stance": 9},  # off the scale
            {"key": "1", "issue": "ceasefire", "stance": 1},  # a key twice
        ],
    }
    expected = ["/clauses/0/stance", "/clauses/1/key", "/supersedes", "/surprise"]
    expected += ["/tabled", "/talk", "/track"]
    assert pointers(put(world, "proposal", "mine", document)) == expected
    assert newest(world) == at


@pytest.mark.parametrize("kind", ["track", "issue"])
def test_nothing_is_a_part_of_itself(world: FlaskClient, kind: str) -> None:
    for id, above in (("one", None), ("two", "one"), ("three", "two")):
        record(world, kind, id, {**MINIMAL[kind], **({"parent": above} if above else {})})
    at = newest(world)
    for below in ("one", "two", "three"):
        assert pointers(patch(world, kind, "one", {"parent": below})) == ["/parent"]
        document = {**MINIMAL[kind], "parent": below}
        assert pointers(put(world, kind, "one", document, If_Match="*")) == ["/parent"]
    assert pointers(patch(world, kind, "two", {"parent": "three"})) == ["/parent"]
    assert newest(world) == at
    assert patch(world, kind, "three", {"parent": "one"}).status_code == 200
    assert patch(world, kind, "two", {"parent": "three"}).status_code == 200


def test_a_clause_key_stands_once_and_a_holder_takes_one_stance_on_an_issue(world: FlaskClient) -> None:
    clause = {"key": "1", "issue": "ceasefire", "stance": 1}
    twice = {**MINIMAL["proposal"], "clauses": [clause, {**clause, "key": "2"}, clause]}
    assert pointers(put(world, "proposal", "mine", twice)) == ["/clauses/2/key"]
    held = {"issue": "ceasefire", "stance": 1}
    spoken = {
        **MINIMAL["statement"],
        "positions": [held, {**held, "holder": "bob"}, {**held, "holder": "ann"}],
    }
    assert pointers(put(world, "statement", "mine", spoken)) == ["/positions/2/issue"]


def test_half_a_surrogate_pair_is_no_text(world: FlaskClient) -> None:
    at = newest(world)
    for name in ("title", "notes", "held", "surprise"):
        body = json.dumps({**MINIMAL["talk"], name: "a\ud800b"})
        assert "\\ud800" in body
        answer = world.put("/v1/talks/mine", data=body, content_type="application/json")
        assert answer.status_code in (400, 422)
    assert newest(world) == at


def test_text_at_its_limits_is_taken(world: FlaskClient) -> None:
    longest = {
        "title": "x" * 500,
        "notes": "\t\n\r\u2028" + "ж" * 99_996,
        "round": 100_000,
        "tags": ["y" * 100],
    }
    written = record(world, "talk", "mine", {**MINIMAL["talk"], **longest})
    assert {name: written[name] for name in longest} == longest
    extremes = [{"label": "most", "value": 2**53 - 1}, {"label": "least", "value": -(2**53) + 1}]
    extremes += [{"label": "none", "value": 0}, {"label": "little", "value": 1e-300}]
    event = record(world, "event", "figures", {**MINIMAL["event"], "figures": extremes})
    assert event["figures"] == extremes
