"""The only way in: batches, all or nothing; merges; and what each refuses."""

from typing import Any

import orjson
import pytest

from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.errors import Conflict, Invalid, Moved, NotFound, PreconditionFailed, PreconditionRequired
from service.questions import Paging, Span
from service.settings import Settings
from service.storage import records
from service.storage.models import TABLES
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, statement, talk

Document = dict[str, Any]
TWO_POINTS = [{"value": 0, "label": "no"}, {"value": 1, "label": "yes"}]


def record(documents: dict[str, Document]) -> list[recording.Outcome]:
    return recording.write(
        [Change(document["kind"], id, document) for id, document in documents.items()], "test"
    )


def amend(id: str, document: Document) -> recording.Outcome:
    return recording.write([Change(document["kind"], id, document, replaces=ANY)], "test")[0]


def read(kind: str, id: str) -> Document:
    document: Document = orjson.loads(questions.record(kind, id).body)
    return document


def everything() -> list[Any]:
    """All rows of all tables."""
    return [sorted(map(repr, table.select().tuples())) for table in TABLES]


@pytest.fixture
def small(store: Settings) -> Settings:
    people = {id: {**ACTOR, "name": id.capitalize()} for id in ("ann", "anna", "bob")}
    record(
        {**people, "source": SOURCE, "truce": ISSUE, "border": ISSUE, "join": {**ISSUE, "scale": TWO_POINTS}}
    )
    return store


def test_a_batch_may_refer_forward_and_in_circles(store: Settings) -> None:
    answers = {"relations": [{"type": "responds-to", "statement": "second"}]}
    outcomes = record({
        "first": statement(positions=[{"issue": "join", "stance": 1}], talk="round", **answers),
        "second": statement(relations=[{"type": "responds-to", "statement": "first"}]),
        "round": talk(track="below"), "below": {**TRACK, "parent": "above"}, "above": TRACK,
        "join": {**ISSUE, "scale": TWO_POINTS}, "source": SOURCE, "ann": ACTOR,
    })  # fmt: skip
    assert [outcome.action for outcome in outcomes] == ["created"] * 8
    assert [outcome.id for outcome in outcomes] == [
        "first",
        "second",
        "round",
        "below",
        "above",
        "join",
        "source",
        "ann",
    ]
    assert read("statement", "first")["relations"] == answers["relations"]


def test_a_batch_may_go_over_one_record_again(small: Settings) -> None:
    changes = [
        Change("actor", "cy", {**ACTOR, "name": "One"}),
        Change("actor", "cy", {**ACTOR, "name": "Two"}, replaces=frozenset({1})),
        Change("actor", "cy", {"name": "Three"}, patch=True, replaces=frozenset({2})),
        Change("actor", "cy", None, replaces=frozenset({3})),
        Change("actor", "cy", {**ACTOR, "name": "Five"}),
        Change("actor", "dee", {**ACTOR, "name": "Gone", "memberships": [{"organization": "cy"}]}),
        Change("actor", "dee", None, replaces=ANY),
    ]
    outcomes = recording.write(changes, "test")
    assert [outcome.action for outcome in outcomes] == [
        "created", "amended", "amended", "deleted", "created", "created", "deleted"
    ]  # fmt: skip
    assert [outcome.version for outcome in outcomes] == [1, 2, 3, 4, 5, 1, 2]
    assert read("actor", "cy")["name"] == "Five"
    names = [
        orjson.loads(orjson.dumps(item))["record"].get("name")
        for item in questions.past("actor", "cy", Paging(9)).items
    ]
    assert names == ["One", "Two", "Three", None, "Five"]
    assert [hit["id"] for hit in questions.found("five", (), Paging(9)).items] == ["cy"]
    assert questions.found("three OR two OR gone", (), Paging(9)).items == []
    recording.write([Change("actor", "cy", None, replaces=ANY)], "test")  # Nothing refers to it any more.


BAD: list[tuple[list[Change], type[Exception]]] = [
    ([Change("actor", "cy", {**ACTOR, "type": "ghost"})], Invalid),
    ([Change("statement", "s", statement(speaker="nobody"))], Invalid),
    ([Change("statement", "s", statement(positions=[{"issue": "join", "stance": 2}]))], Invalid),
    (
        [Change("track", "t", {**TRACK, "parent": "u"}), Change("track", "u", {**TRACK, "parent": "t"})],
        Invalid,
    ),
    ([Change("actor", "ann", ACTOR)], PreconditionRequired),
    ([Change("actor", "ann", ACTOR, replaces=frozenset({7}))], PreconditionFailed),
    ([Change("actor", "ann", ACTOR, spares=ANY)], PreconditionFailed),
    ([Change("actor", "cy", ACTOR, replaces=ANY)], PreconditionFailed),
    ([Change("actor", "cy", None, replaces=ANY)], NotFound),
    ([Change("actor", "cy", {}, patch=True, replaces=ANY)], NotFound),
    ([Change("actor", "truce", ACTOR)], Conflict),
    ([Change("actor", "ann", {**ACTOR, "name": "Other"}, unless_same=True)], Conflict),
    ([Change("statement", "s", statement()), Change("source", "source", None, replaces=ANY)], Invalid),
]


@pytest.mark.parametrize(("changes", "error"), BAD)
def test_one_bad_change_and_nothing_is_written(
    small: Settings, changes: list[Change], error: type[Exception]
) -> None:
    before = everything()
    good = [
        Change("actor", "dee", {**ACTOR, "name": "Good"}),
        Change("actor", "bob", {**ACTOR, "name": "Changed"}, replaces=ANY),
    ]
    for batch in ([*good, *changes], [*changes, *good]):
        with pytest.raises(Invalid) as refused:
            recording.write(batch, "test")
        places = {fault.place.split("/")[1] for fault in refused.value.faults}
        assert places <= {str(batch.index(change)) for change in changes}
        assert everything() == before
    with pytest.raises(error if len(changes) == 1 else Invalid):
        recording.write(changes, "test")
    assert everything() == before
    assert questions.found("good OR changed", (), Paging(9)).items == []
    recording.write(good, "test")
    assert everything() != before


def test_every_fault_of_every_document_is_named(small: Settings) -> None:
    with pytest.raises(Invalid) as refused:
        record({
            "a": statement(speaker="nobody", made="yesterday"),
            "b": statement(positions=[{"issue": "join", "stance": 9}, {"issue": "none", "stance": 0}]),
            "c": {**ACTOR, "nose": 1},
        })  # fmt: skip
    places = {fault.place for fault in refused.value.faults}
    assert {"/0/speaker", "/0/made", "/1/positions/0/stance", "/1/positions/1/issue", "/2/nose"} == places


def test_unless_same_passes_over_what_is_there(small: Settings) -> None:
    before = everything()
    (outcome,) = recording.write([Change("actor", "ann", {**ACTOR, "name": "Ann"}, unless_same=True)], "test")
    assert (outcome.action, outcome.version) == ("unchanged", 1)
    assert everything() == before


def test_what_is_referred_to_stays(small: Settings) -> None:
    record({"s": statement(positions=[{"issue": "truce", "stance": 1, "holder": "bob"}])})
    for kind, id, relation in (
        ("actor", "ann", "made"),
        ("actor", "bob", "attributed-position"),
        ("source", "source", "cites"),
    ):
        with pytest.raises(Conflict) as refused:
            recording.write([Change(kind, id, None, replaces=ANY)], "test")
        assert refused.value.referrers == [
            {"id": "s", "kind": "statement", "relation": relation, "label": "So be it."}
        ]
    recording.write(
        [Change("statement", "s", None, replaces=ANY), Change("actor", "bob", None, replaces=ANY)], "test"
    )
    with pytest.raises(NotFound):
        questions.record("actor", "bob")


def test_a_scale_keeps_the_stances_taken_on_it(small: Settings) -> None:
    record({"s": statement(positions=[{"issue": "truce", "stance": -2}], status="retracted")})
    with pytest.raises(Conflict) as refused:
        amend("truce", {**ISSUE, "scale": TWO_POINTS})
    assert refused.value.referrers == [{"id": "s", "stance": "-2"}]
    amend("border", {**ISSUE, "scale": TWO_POINTS})


def history(id: str) -> list[Document]:
    page = questions.history([id], [], "include", ("attested",), Span(), Paging(99), ("actor", id))
    return [orjson.loads(orjson.dumps(item)) for item in page.items]


def test_a_merge_leads_everything_to_the_one_that_stays(small: Settings) -> None:
    parts = [{"actor": "anna", "role": "host", "on_behalf_of": "anna"}, {"actor": "bob", "role": "party"}]
    claimed = {"issue": "truce", "stance": -1, "holder": "anna"}
    record({
        "s": statement(speaker="anna", positions=[{"issue": "truce", "stance": 1}]),
        "t": statement(speaker="bob", positions=[claimed], made="2025-12-22"),
        "k": talk(participants=parts),
    })  # fmt: skip
    amend("anna", {**ACTOR, "name": "Anna", "names": [{"text": "Анна"}, {"text": "Ann"}]})
    before = records.latest()
    outcome = recording.merge("actor", "anna", "ann", "editor")
    assert (outcome.id, outcome.action, outcome.version) == ("anna", "merged", 3)
    assert records.latest() == before + 2
    assert read("actor", "ann")["names"] == [{"text": "Anna"}, {"text": "Анна"}]
    with pytest.raises(Moved) as moved:
        questions.record("actor", "anna")
    assert (moved.value.old, moved.value.new) == ("anna", "ann")
    assert [(entry["holder"], entry["statement"]["id"]) for entry in history("ann")] == [
        ("ann", "s"),
        ("ann", "t"),
    ]
    for kind, name, id in (
        ("statement", "speaker", "ann"),
        ("talk", "participant", "ann"),
        ("talk", "participant", "anna"),
        ("talk", "on_behalf_of", "ann"),
    ):
        filters = {name: [id]}
        assert len(questions.listing(kind, filters, (), (), Span(), Paging(9)).items) == 1, filters
    past = [orjson.loads(orjson.dumps(item)) for item in questions.past("actor", "anna", Paging(9)).items]
    assert [item["action"] for item in past] == ["created", "amended", "merged"]
    assert past[-1]["record"]["merged_into"] == "ann"
    assert past[-1]["recorded_by"] == "editor"


def test_a_merged_id_may_still_be_referred_to_and_is_not_free(small: Settings) -> None:
    recording.merge("actor", "anna", "ann", "test")
    record({"s": statement(speaker="anna", positions=[{"issue": "truce", "stance": 1}])})
    assert [entry["holder"] for entry in history("ann")] == ["ann"]
    with pytest.raises(Conflict):
        recording.write([Change("actor", "ann", None, replaces=ANY)], "test")
    for change in (Change("actor", "anna", ACTOR), Change("actor", "anna", None, replaces=ANY)):
        with pytest.raises(Moved):
            recording.write([change], "test")


def test_merges_of_merges_lead_to_the_last(small: Settings) -> None:
    record({"s": statement(speaker="anna")})
    recording.merge("actor", "anna", "bob", "test")
    recording.merge("actor", "bob", "ann", "test")
    for id in ("anna", "bob"):
        with pytest.raises(Moved) as moved:
            questions.record("actor", id)
        assert moved.value.new == "ann"
    assert len(questions.listing("statement", {"speaker": ["anna"]}, (), (), Span(), Paging(9)).items) == 1


def test_what_cannot_be_merged(small: Settings) -> None:
    tracks = {"top": None, "middle": "top", "low": "middle"}
    record({id: {**TRACK, **({"parent": parent} if parent else {})} for id, parent in tracks.items()})
    record({"s": statement(positions=[{"issue": "truce", "stance": 1}])})
    record({"r": statement(relations=[{"type": "repeats", "statement": "s"}])})
    before = everything()
    for kind, duplicate, into, error in (
        ("actor", "ann", "ann", Conflict),
        ("statement", "s", "r", Conflict),
        ("actor", "ann", "truce", NotFound),
        ("actor", "truce", "border", NotFound),
        ("actor", "nobody", "ann", NotFound),
        ("actor", "ann", "nobody", NotFound),
        ("issue", "truce", "join", Conflict),
        ("track", "top", "low", Conflict),
        ("track", "top", "middle", Conflict),
    ):
        with pytest.raises(error):
            recording.merge(kind, duplicate, into, "test")
        assert everything() == before, (duplicate, into)
    recording.merge("statement", "r", "s", "test")  # What says that it repeats the other may go.
    recording.merge("track", "low", "top", "test")  # A child may go up into its parent.
    recording.merge("issue", "truce", "border", "test")
    with pytest.raises(Moved):
        recording.merge("issue", "truce", "border", "test")


def test_the_service_makes_ids_in_order(store: Settings) -> None:
    outcomes = recording.write([Change("actor", None, {**ACTOR, "name": str(n)}) for n in range(50)], "test")
    ids = [outcome.id for outcome in outcomes]
    assert ids == sorted(ids)
    assert len(set(ids)) == 50
    assert all(id[14] == "7" for id in ids), "UUIDv7"
