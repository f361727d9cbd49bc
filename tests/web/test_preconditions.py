"""The whole matrix of preconditions (RFC 9110, section 13): each method, each state, each way to say it."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import recording
from service.diplomacy.changes import ANY, Change
from tests.web.samples import MERGE_PATCH, MINIMAL, PROBLEM, newest, path, put

Sent = list[tuple[str, str]]

DONE, REFUSED, NEEDED, WRONG = "done", "precondition-failed", "precondition-required", "malformed"
STATUS = {REFUSED: 412, NEEDED: 428, WRONG: 400, "not-found": 404}


def match(*lines: str) -> Sent:
    return [("If-Match", line) for line in lines]


def none(*lines: str) -> Sent:
    return [("If-None-Match", line) for line in lines]


MATRIX: list[tuple[Sent, str]] = [
    ([], NEEDED),
    (match('"2"'), DONE),
    (match('"1"'), REFUSED),
    (match('"1", "2"'), DONE),
    (match(',"1" ,\t"2",'), DONE),
    (match('"1", "3"'), REFUSED),
    (match("*"), DONE),
    (match(" * "), DONE),
    (match('W/"2"'), REFUSED),
    (match('W/"2", "2"'), DONE),
    (match(""), REFUSED),
    (match('"1"', '"2"'), DONE),
    (match('"1"', '"3"'), REFUSED),
    (match("2"), WRONG),
    (match('"2'), WRONG),
    (match('"2" "2"'), WRONG),
    (match('"2", *'), WRONG),
    (match('*, "2"'), WRONG),
    (match("*", "*"), WRONG),
    (match('w/"2"'), WRONG),
    (match('W/ "2"'), WRONG),
    (match('"2"; "2"'), WRONG),
    (match("'2'"), WRONG),
    (match('"2"' + ' ,"1"' * 500 + "x"), WRONG),
    (none("*"), REFUSED),
    (none('"2"'), REFUSED),
    (none('W/"2"'), REFUSED),
    (none('"7"', '"2"'), REFUSED),
    (none('"1"'), NEEDED),
    (none(""), NEEDED),
    (none("2"), WRONG),
    (match('"2"') + none('"1"'), DONE),
    (match('"2"') + none('"2"'), REFUSED),
    (match('"2"') + none("*"), REFUSED),
    (match('"1"') + none('"1"'), REFUSED),
    (match("*") + none("*"), REFUSED),
    (match('"2"') + none("x"), WRONG),
    (match("x") + none("*"), WRONG),
]
"""What is sent, and what becomes of a write to a record that is at version 2."""

STATES = ("there", "never", "deleted", "merged")


def prepared(state: str) -> list[str]:
    """A record in that state for each row of the matrix."""
    ids = [f"mine-{number}" for number in range(len(MATRIX))]
    document = MINIMAL["actor"]
    if state == "never":
        return ids
    recording.write([Change("actor", id, document) for id in ids], "us")
    if state == "merged":
        for id in ids:
            recording.merge("actor", id, "ann", "us")
    elif state == "deleted":
        recording.write([Change("actor", id, None, replaces=ANY) for id in ids], "us")
    else:
        recording.write([Change("actor", id, document, replaces=ANY) for id in ids], "us")
    return ids


def expected(method: str, state: str, sent: Sent, there: str) -> str:
    """What becomes of the write, from what would become of it were the record there."""
    if there == WRONG:
        return WRONG
    if state == "merged":
        return "moved"
    if state in ("never", "deleted"):
        if method != "PUT":
            return "not-found"
        # There is no version that If-Match could mean, and none for If-None-Match to spare.
        return REFUSED if any(name == "If-Match" for name, _ in sent) else "created"
    return there


def asked(client: FlaskClient, method: str, id: str, sent: Sent) -> TestResponse:
    how: dict[str, Any] = {"headers": sent}
    if method == "PUT":
        how["json"] = MINIMAL["actor"]
    elif method == "PATCH":
        how |= {"data": b'{"notes": "Third."}', "content_type": MERGE_PATCH}
    return client.open(path("actor", id), method=method, **how)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("state", STATES)
def test_every_write_in_every_state(world: FlaskClient, method: str, state: str) -> None:
    for id, (sent, there) in zip(prepared(state), MATRIX, strict=True):
        at, said = newest(world), (method, state, sent)
        answer = asked(world, method, id, sent)
        outcome = expected(method, state, sent, there)
        tag = answer.headers.get("ETag")
        if outcome == DONE:
            assert (answer.status_code, tag) == ((204, None) if method == "DELETE" else (200, '"3"')), said
        elif outcome == "created":
            assert (answer.status_code, tag) == (201, '"1"' if state == "never" else '"3"'), said
            assert answer.headers["Location"] == path("actor", id)
        elif outcome == "moved":
            assert (answer.status_code, answer.headers["Location"]) == (308, "/v1/actors/ann"), said
        else:
            assert (answer.status_code, answer.mimetype) == (STATUS[outcome], PROBLEM), said
            assert answer.json["type"] == f"/problems/{outcome}", said
            current = '"2"' if state == "there" and outcome != WRONG else None
            assert (tag, answer.json.get("current")) == (current, current), said
        assert (newest(world) != at) == (outcome in (DONE, "created")), said


READS = ("/v1/actors/ann", "/v1/actors", "/v1/graph", "/openapi.json", "/docs", "/static/page.css", "/livez")


@pytest.mark.parametrize("url", READS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_order_of_preconditions_on_a_read(world: FlaskClient, url: str, method: str) -> None:
    with world.get(url) as first:
        tag, other = first.headers["ETag"], '"other"'
    for sent, status in (
        (match(tag), 200),
        (match("*"), 200),
        (match(f"{other}, {tag}"), 200),
        (match(other, tag), 200),
        (match(other), 412),
        (match(f"W/{tag}"), 412),
        (match(""), 412),
        (match(tag.strip('"')), 400),
        (none(tag.strip('"')), 400),
        (none(f"{other}, W/{tag}"), 304),
        (none(other, tag), 304),
        (none("*"), 304),
        (none(""), 200),
        # If-Match comes first: what it refuses If-None-Match does not save.
        (match(other) + none(tag), 412),
        (match(other) + none("*"), 412),
        (match(tag) + none(tag), 304),
        (match(tag) + none(other), 200),
        (match("*") + none("*"), 304),
        # These two need a date of change, which nothing here has; and a range may be passed over.
        ([("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")], 200),
        ([("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")], 200),
        ([("Range", "bytes=0-0"), ("If-Range", tag)], 200),
    ):
        with world.open(url, method=method, headers=sent) as answer:
            assert answer.status_code == status, sent
            if status != 400:
                assert answer.headers["ETag"] == tag
            if status in (400, 412):
                assert answer.mimetype == PROBLEM
            if status == 412 and method == "GET":
                assert answer.json["current"] == tag
            if status == 304 or method == "HEAD":
                assert answer.data == b""


def test_a_read_of_nothing_is_404_whatever_its_preconditions(world: FlaskClient) -> None:
    for sent in (match('"1"'), match("*"), none("*"), match("x"), none("x")):
        assert world.get("/v1/actors/nobody", headers=sent).status_code == 404
        assert world.get("/v1/tracks/nothing/timeline?format=ics", headers=match('"1"')).status_code == 404


def test_a_refused_file_leaves_nothing_open(world: FlaskClient) -> None:
    """Its first piece was not asked for, so that no read transaction has begun: a write goes through."""
    for _ in range(20):
        answer = world.get("/v1/graph?format=gexf", headers=match('"other"'))
        assert answer.status_code == 412
    assert put(world, "actor", "mine", MINIMAL["actor"]).status_code == 201


def test_created_answers_say_where_and_which(world: FlaskClient) -> None:
    posted = world.post("/v1/actors", json=MINIMAL["actor"])
    assert posted.headers["Location"] == f"/v1/actors/{posted.json['id']}"
    created = put(world, "actor", "mine", MINIMAL["actor"])
    assert created.headers["Location"] == "/v1/actors/mine"
    for answer in (posted, created):
        assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
        read = world.get(answer.headers["Location"])
        assert (read.data, read.headers["ETag"]) == (answer.data, '"1"')
    replaced = put(world, "actor", "mine", MINIMAL["actor"], If_Match='"1"')
    assert (replaced.status_code, replaced.headers["ETag"], "Location" in replaced.headers) == (
        200,
        '"2"',
        False,
    )
