"""ETags and preconditions (RFC 9110, section 13): writes that meet nobody else's, reads that cost nothing."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from schemas.vocabulary import KINDS
from tests.web.samples import FULL, ID, MERGE_PATCH, MINIMAL, PROBLEM, newest, patch, path, put, record

every_kind = pytest.mark.parametrize("kind", KINDS)
WRITES = ("PUT", "PATCH", "DELETE")


def write(client: FlaskClient, method: str, kind: str, id: str, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if method == "PUT":
        return client.put(path(kind, id), json=MINIMAL[kind], headers=sent)
    if method == "PATCH":
        return client.patch(path(kind, id), json={"notes": "x"}, content_type=MERGE_PATCH, headers=sent)
    return client.delete(path(kind, id), headers=sent)


@every_kind
@pytest.mark.parametrize("method", WRITES)
def test_a_write_says_which_version_it_replaces(world: FlaskClient, kind: str, method: str) -> None:
    record(world, kind, "mine", FULL[kind])
    patch(world, kind, "mine", {"notes": "Second."})
    at = newest(world)

    without = write(world, method, kind, "mine")
    assert (without.status_code, without.mimetype) == (428, PROBLEM)
    stale = write(world, method, kind, "mine", If_Match='"1"')
    assert (stale.status_code, stale.mimetype) == (412, PROBLEM)
    assert (stale.headers["ETag"], stale.json["current"]) == ('"2"', '"2"')
    assert newest(world) == at

    right = write(world, method, kind, "mine", If_Match='"2"')
    assert right.status_code == (204 if method == "DELETE" else 200)
    assert newest(world) != at


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("tags", ["*", '"1"', '"9", "1"', '"1","9"', 'W/"9", "1"'])
def test_if_match_that_matches(world: FlaskClient, method: str, tags: str) -> None:
    record(world, "actor", "mine", MINIMAL["actor"])
    assert write(world, method, "actor", "mine", If_Match=tags).status_code in (200, 204)


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(
    "tags",
    [
        *('"2"', 'W/"1"', 'W/"1", "2"', '"0"', '"01"', '"１"', '"+1"', '" 1"', '"1 "', '"r1"', '"*"', '"1x"'),
        *('""', '"99999999999999999999"', '"-1"', '"1.0"'),
    ],
)
def test_if_match_that_does_not_match(world: FlaskClient, method: str, tags: str) -> None:
    record(world, "actor", "mine", MINIMAL["actor"])
    at = newest(world)
    sent = tags.encode().decode("latin-1")
    answer = write(world, method, "actor", "mine", If_Match=sent)
    assert (answer.status_code, answer.headers.get("ETag")) == (412, '"1"')
    assert newest(world) == at


@every_kind
def test_if_none_match_star_creates_only(world: FlaskClient, kind: str) -> None:
    at = newest(world)
    taken = put(world, kind, ID[kind], MINIMAL[kind], If_None_Match="*")
    assert (taken.status_code, taken.headers["ETag"]) == (412, '"1"')
    assert newest(world) == at
    assert put(world, kind, "mine", MINIMAL[kind], If_None_Match="*").status_code == 201
    assert put(world, kind, "mine", MINIMAL[kind], If_None_Match="*").status_code == 412
    world.delete(path(kind, "mine"), headers={"If-Match": "*"})
    assert put(world, kind, "mine", MINIMAL[kind], If_None_Match="*").status_code == 201


@every_kind
def test_what_is_not_there_cannot_be_replaced(world: FlaskClient, kind: str) -> None:
    at = newest(world)
    for tags in ("*", '"1"'):
        answer = put(world, kind, "mine", MINIMAL[kind], If_Match=tags)
        assert (answer.status_code, "ETag" in answer.headers) == (412, False)
        assert patch(world, kind, "mine", {}, tags).status_code == 404
        assert world.delete(path(kind, "mine"), headers={"If-Match": tags}).status_code == 404
    assert newest(world) == at


@every_kind
def test_an_id_is_taken_once(world: FlaskClient, kind: str) -> None:
    at = newest(world)
    answer = world.post(path(kind), json={**MINIMAL[kind], "id": ID[kind]})
    assert (answer.status_code, answer.mimetype) == (409, PROBLEM)
    for other in KINDS:
        if other != kind:
            assert put(world, other, ID[kind], MINIMAL[other]).status_code == 409
            assert world.post(path(other), json={**MINIMAL[other], "id": ID[kind]}).status_code == 409
            for method in ("PATCH", "DELETE"):
                assert write(world, method, other, ID[kind], If_Match="*").status_code == 404
    assert newest(world) == at


def test_an_id_keeps_its_meaning_after_the_record_is_gone(world: FlaskClient) -> None:
    record(world, "actor", "mine", MINIMAL["actor"])
    world.delete("/v1/actors/mine", headers={"If-Match": "*"})
    assert put(world, "source", "mine", MINIMAL["source"]).status_code == 409
    assert world.post("/v1/sources", json={**MINIMAL["source"], "id": "mine"}).status_code == 409


@every_kind
def test_a_body_does_not_change_id_or_kind(world: FlaskClient, kind: str) -> None:
    at, id = newest(world), ID[kind]
    other = next(some for some in KINDS if some != kind)
    document = {**MINIMAL[kind], "id": "another", "kind": other}
    for answer in (
        put(world, kind, id, document, If_Match="*"),
        put(world, kind, "mine", document),
        patch(world, kind, id, {"id": "another", "kind": other}),
    ):
        assert answer.status_code == 422
        assert {error["pointer"] for error in answer.json["errors"]} >= {"/id", "/kind"}
    assert newest(world) == at
    assert world.get(path(kind, "another")).status_code == 404
    # What takes it out of the document leaves it as it is.
    assert patch(world, kind, id, {"id": None, "kind": None, "notes": "x"}).json["id"] == id


@pytest.mark.parametrize("id", ["UPPER", "-a", "a_b", "a.b", "a" * 81, "é", "a b", "a\n", "%", "a\x00", "~"])
def test_an_id_that_is_none(world: FlaskClient, id: str) -> None:
    from urllib.parse import quote

    at = newest(world)
    for answer in (
        world.put(f"/v1/actors/{quote(id)}", json=MINIMAL["actor"]),
        world.put(f"/v1/actors/{quote(id)}", json={**MINIMAL["actor"], "id": id}),
    ):
        assert answer.status_code in (404, 422), answer.text
        assert answer.mimetype == PROBLEM
    posted = world.post("/v1/actors", json={**MINIMAL["actor"], "id": id})
    assert [error["pointer"] for error in posted.json["errors"]] == ["/id"]
    assert newest(world) == at


READ = [path(kind, tail) for kind in KINDS for tail in (None, ID[kind], f"{ID[kind]}/revisions")]
READ += [f"{path(kind, ID[kind])}/revisions/1" for kind in KINDS]
READ += ["/v1/actors/ann/positions", "/v1/issues/ceasefire/positions", "/v1/timeline"]
READ += ["/v1/tracks/main/timeline", "/v1/search?q=the", "/openapi.json"]


@pytest.mark.parametrize("url", READ)
def test_a_read_answers_304_while_nothing_changed(world: FlaskClient, url: str) -> None:
    first = world.get(url)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for method in ("GET", "HEAD"):
        for tags in (tag, f"W/{tag}", f'"x", {tag}', f'W/"x",W/{tag}', "*"):
            answer = world.open(url, method=method, headers={"If-None-Match": tags})
            assert (answer.status_code, answer.data) == (304, b""), (method, tags)
            assert answer.headers["ETag"] == tag
            for name in ("Cache-Control", "Vary"):
                assert answer.headers.get(name) == first.headers.get(name)
        for tags in ('"x"', 'W/"x", "y"', '"x*"', '"*"', '"' + tag[1:-1] + 'x"'):
            answer = world.open(url, method=method, headers={"If-None-Match": tags})
            assert answer.status_code == 200, (method, tags)
            assert answer.data == (first.data if method == "GET" else b"")


@pytest.mark.parametrize("url", [url for url in READ if url.startswith("/v1")])
def test_a_read_answers_anew_after_a_change(world: FlaskClient, url: str) -> None:
    tag = world.get(url).headers["ETag"]
    for document in (MINIMAL[kind] for kind in ("statement",)):
        changed = {**document, "notes": "the new", "positions": [{"issue": "ceasefire", "stance": 2}]}
        assert (
            put(world, "statement", "opening", {**changed, "track": "main"}, If_Match="*").status_code == 200
        )
    answer = world.get(url, headers={"If-None-Match": tag})
    if answer.status_code == 304:
        # A record that was not touched has the version that it had.
        assert tag == '"1"'
        assert "opening" not in url
    else:
        assert (answer.status_code, answer.headers["ETag"] == tag) == (200, False)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/v1/actors/nobody", 404),
        ("/v1/actors/nobody/revisions", 404),
        ("/v1/actors/ann/revisions/9", 404),
        ("/v1/actors/nobody/positions", 404),
        ("/v1/issues/nothing/positions", 404),
        ("/v1/tracks/nothing/timeline", 404),
        ("/v1/sources?from=never", 422),
        ("/v1/sources?cursor=mine", 400),
        ("/v1/actors/ann/revisions?cursor=mine", 400),
        ("/v1/timeline?as_of=never", 422),
        ("/v1/search?q=a&cursor=mine", 400),
    ],
)
def test_what_is_an_error_is_one_also_for_who_has_asked_before(
    world: FlaskClient, url: str, status: int
) -> None:
    # A precondition counts only where the answer would have been one of success (RFC 9110, section 13.2.1).
    for tags in (newest(world), "*", f'"1", {newest(world)}'):
        assert world.get(url, headers={"If-None-Match": tags}).status_code == status, tags


def test_a_page_is_the_same_wherever_the_service_listens(client: FlaskClient) -> None:
    """Of several services behind a proxy each gives it the tag that the others do; under another name not."""
    told = {"Host": "desk.example.org"}
    tags = [
        client.get("/v1/actors", headers=told, environ_overrides=at).headers["ETag"]
        for at in ({}, {"SERVER_NAME": "10.0.0.2", "SERVER_PORT": "8001"})
    ]
    assert tags[0] == tags[1] != client.get("/v1/actors", headers={"Host": "other.example"}).headers["ETag"]
