"""Create, read, replace, amend and delete, and the revisions that this leaves: each kind alike."""

import copy
import re
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from schemas.documents import SCHEMAS
from schemas.vocabulary import DEFAULT_SCALE, KINDS
from tests.web.samples import FULL, ID, MERGE_PATCH, MINIMAL, Document, newest, patch, path, put, record

GIVEN = ("id", "kind", "version", "recorded_at")
BOTH = [pytest.param(kind, some[kind], id=f"{kind}-{which}") for kind in KINDS for which, some in
        (("minimal", MINIMAL), ("full", FULL))]  # fmt: skip
every_kind = pytest.mark.parametrize("kind", KINDS)
every_document = pytest.mark.parametrize(("kind", "document"), BOTH)


def content(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in GIVEN}


def kept(kind: str, document: Document) -> Document:
    """What the service makes of a document: an issue gets the default scale."""
    scale = [{"value": value, "label": label} for value, label in DEFAULT_SCALE]
    return {**({"scale": scale} if kind == "issue" else {}), **document}


def unused(schema: Schema, value: dict[str, Any]) -> set[str]:
    """The fields of a schema, at any depth, that a document leaves out."""
    left = set(schema.fields) - set(value)
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        given = value.get(name)
        if isinstance(inner, fields.Nested) and given:
            first = given[0] if isinstance(given, list) else given
            left |= {f"{name}.{deeper}" for deeper in unused(inner.schema, first)}
    return left


@every_kind
def test_the_samples_use_every_field_or_only_the_required(kind: str) -> None:
    schema = SCHEMAS[kind]()
    assert unused(schema, FULL[kind]) == set(GIVEN)
    assert set(MINIMAL[kind]) == {name for name, field in schema.fields.items() if field.required}


@every_document
def test_post_makes_an_id(world: FlaskClient, kind: str, document: Document) -> None:
    answer = world.post(path(kind), json=document)
    assert answer.status_code == 201
    id = answer.json["id"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", id)
    assert answer.headers["Location"] == path(kind, id)
    assert answer.headers["ETag"] == '"1"'
    assert world.get(answer.headers["Location"]).json == answer.json
    assert content(answer.json) == kept(kind, document)


@every_document
def test_post_takes_an_id(world: FlaskClient, kind: str, document: Document) -> None:
    answer = world.post(path(kind), json={**document, "id": "mine", "kind": kind})
    assert answer.status_code == 201
    assert answer.headers["Location"] == path(kind, "mine")
    assert {name: answer.json[name] for name in ("id", "kind", "version")} == {
        "id": "mine",
        "kind": kind,
        "version": 1,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", answer.json["recorded_at"])


@every_document
def test_put_creates_and_replaces(world: FlaskClient, kind: str, document: Document) -> None:
    created = put(world, kind, "mine", document)
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    read = world.get(path(kind, "mine"))
    assert (read.status_code, read.headers["ETag"], read.data) == (200, '"1"', created.data)
    assert read.mimetype == "application/json"
    assert content(read.json) == kept(kind, document)
    replaced = put(world, kind, "mine", MINIMAL[kind], If_Match='"1"')
    assert (replaced.status_code, replaced.headers["ETag"]) == (200, '"2"')
    assert content(replaced.json) == kept(kind, MINIMAL[kind])
    assert world.get(path(kind, "mine")).data == replaced.data


@every_document
def test_what_was_read_can_be_edited_and_put_back(world: FlaskClient, kind: str, document: Document) -> None:
    record(world, kind, "mine", document)
    read = world.get(path(kind, "mine"))
    edited = {**read.json, "notes": "Edited."}
    answer = world.put(path(kind, "mine"), json=edited, headers={"If-Match": read.headers["ETag"]})
    assert answer.status_code == 200
    assert content(answer.json) == {**content(read.json), "notes": "Edited."}
    assert answer.json["version"] == 2


@every_kind
def test_text_is_kept_in_nfc(world: FlaskClient, kind: str) -> None:
    written = record(world, kind, "mine", {**MINIMAL[kind], "notes": "Zoe\u0308", "tags": ["И\u0306"]})
    assert (written["notes"], written["tags"]) == ("Zo\u00eb", ["\u0419"])


@every_kind
def test_a_list_has_each_record_once_as_it_is(world: FlaskClient, kind: str) -> None:
    record(world, kind, "mine", FULL[kind])
    items = world.get(path(kind)).json["items"]
    ids = [item["id"] for item in items]
    assert "mine" in ids
    assert len(ids) == len(set(ids))
    assert {item["kind"] for item in items} == {kind}
    for item in items:
        assert item == world.get(path(kind, item["id"])).json


@every_kind
def test_merge_patch(world: FlaskClient, kind: str) -> None:
    before = record(world, kind, "mine", FULL[kind])
    label = KINDS[kind].label
    answer = patch(world, kind, "mine", {label: "Other words", "notes": None, "tags": ["one"]}, '"1"')
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    expected = {**content(before), label: "Other words", "tags": ["one"]}
    del expected["notes"]
    assert content(answer.json) == expected
    assert world.get(path(kind, "mine")).data == answer.data


def test_merge_patch_goes_into_objects_and_replaces_lists(world: FlaskClient) -> None:
    record(world, "talk", "mine", FULL["talk"])
    changes = {
        "place": {"name": "Miami", "country": None, "lat": None, "lon": None},
        "outcome": {"summary": None},
        "participants": [{"actor": "bob", "role": "host"}],
        "agenda": None,
    }
    answer = patch(world, "talk", "mine", changes)
    assert answer.status_code == 200
    assert answer.json["place"] == {"name": "Miami"}
    assert answer.json["outcome"] == {"result": "progress"}
    assert answer.json["participants"] == [{"actor": "bob", "role": "host"}]
    assert "agenda" not in answer.json
    # Null takes away; in a list it is a value like any other, and not one that is allowed.
    assert patch(world, "talk", "mine", {"agenda": [None]}).status_code == 422
    # An object replaces what is none.
    assert patch(world, "actor", "ann", {"identifiers": {"wikidata": "Q1"}}).json["identifiers"] == {
        "wikidata": "Q1"
    }


@every_kind
def test_a_patch_cannot_take_away_what_is_required(world: FlaskClient, kind: str) -> None:
    at = newest(world)
    required = sorted(MINIMAL[kind])
    answer = patch(world, kind, ID[kind], dict.fromkeys(required))
    assert answer.status_code == 422
    assert sorted(error["pointer"] for error in answer.json["errors"]) == [f"/{name}" for name in required]
    assert newest(world) == at


@every_kind
def test_delete(world: FlaskClient, kind: str) -> None:
    record(world, kind, "mine", FULL[kind])
    answer = world.delete(path(kind, "mine"), headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert world.get(path(kind, "mine")).status_code == 404
    assert "mine" not in [item["id"] for item in world.get(path(kind)).json["items"]]
    assert patch(world, kind, "mine", {"notes": "x"}).status_code == 404
    assert world.delete(path(kind, "mine"), headers={"If-Match": "*"}).status_code == 404


@every_kind
def test_a_deleted_record_can_be_written_again(world: FlaskClient, kind: str) -> None:
    record(world, kind, "mine", FULL[kind])
    world.delete(path(kind, "mine"), headers={"If-Match": '"1"'})
    assert put(world, kind, "mine", FULL[kind], If_Match="*").status_code == 412
    again = put(world, kind, "mine", MINIMAL[kind])
    assert (again.status_code, again.headers["ETag"], again.json["version"]) == (201, '"3"', 3)
    world.delete(path(kind, "mine"), headers={"If-Match": '"3"'})
    posted = world.post(path(kind), json={**MINIMAL[kind], "id": "mine"})
    assert (posted.status_code, posted.json["version"]) == (201, 5)


@every_kind
def test_revisions(world: FlaskClient, kind: str) -> None:
    created = record(world, kind, "mine", FULL[kind])
    amended = patch(world, kind, "mine", {"notes": "Later."}).json
    world.delete(path(kind, "mine"), headers={"If-Match": '"2"'})
    revisions = world.get(path(kind, "mine") + "/revisions").json
    assert revisions["next"] is None
    entries = revisions["items"]
    assert [entry["action"] for entry in entries] == ["created", "amended", "deleted"]
    assert [entry["version"] for entry in entries] == [1, 2, 3]
    first = entries[0]["revision"]
    assert [entry["revision"] for entry in entries] == [first, first + 1, first + 2]
    assert [entry["record"] for entry in entries[:2]] == [created, amended]
    assert {entry["recorded_by"] for entry in entries} == {"write-test"}
    assert all(re.fullmatch("[0-9a-f]{64}", entry["hash"]) for entry in entries)
    assert len({entry["hash"] for entry in entries}) == 3
    moments = [entry["recorded_at"] for entry in entries]
    assert moments == sorted(set(moments))
    for entry in entries:
        one = world.get(f"{path(kind, 'mine')}/revisions/{entry['version']}")
        assert (one.status_code, one.json) == (200, entry)


@pytest.mark.parametrize("version", ["0", "4", "-1", "01x", "１", "1.0", "999999999999", "x", "1%20", "%00"])
def test_a_revision_that_there_is_none_of(world: FlaskClient, version: str) -> None:
    answer = world.get(f"/v1/actors/ann/revisions/{version}")
    assert answer.status_code == 404
    # It names what was asked for: "x" is not version 0.
    assert answer.json["detail"] in [
        f"There is no version {said} of actor 'ann'." for said in (version, repr(unquote(version)))
    ]


@every_kind
def test_there_is_no_past_of_what_never_was(world: FlaskClient, kind: str) -> None:
    other = next(some for some in KINDS if some != kind)
    for id in ("nobody", ID[other]):
        for tail in ("", "/revisions", "/revisions/1"):
            assert world.get(path(kind, id) + tail).status_code == 404, (id, tail)


@every_kind
def test_known_at_reads_the_record_as_it_was(world: FlaskClient, kind: str) -> None:
    before = world.get(path(kind, ID[kind])).json
    after = patch(world, kind, ID[kind], {"notes": "Later."}).json
    then = world.get(path(kind, ID[kind]), query_string={"known_at": before["recorded_at"]})
    assert (then.json, then.headers["ETag"]) == (before, '"1"')
    now = world.get(path(kind, ID[kind]), query_string={"known_at": after["recorded_at"]})
    assert (now.json, now.headers["ETag"]) == (after, '"2"')
    early = world.get(path(kind, ID[kind]), query_string={"known_at": "2001-01-01"})
    assert early.status_code == 404


def test_what_a_caller_sent_is_not_what_the_service_gives(world: FlaskClient) -> None:
    document = {**MINIMAL["actor"], "version": 7, "recorded_at": "1999-01-01T00:00:00Z"}
    answer = world.post("/v1/actors", json=copy.deepcopy(document))
    assert answer.json["version"] == 1
    assert not answer.json["recorded_at"].startswith("1999")


def test_a_patch_is_taken_in_its_own_media_type_only(world: FlaskClient) -> None:
    for wrong in ("application/json", "application/json-patch+json", "text/plain", ""):
        answer = world.patch(
            "/v1/actors/ann", data=b'{"notes": "x"}', content_type=wrong, headers={"If-Match": "*"}
        )
        assert answer.status_code == 415, wrong
    for right in (MERGE_PATCH, f"{MERGE_PATCH}; charset=UTF-8"):
        answer = world.patch(
            "/v1/actors/ann", data=b'{"notes": "x"}', content_type=right, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, right
