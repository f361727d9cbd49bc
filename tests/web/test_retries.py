"""Idempotency-Key on every POST: the same answer again, once done, and the key of nobody else."""

from functools import partial
from typing import Any

import orjson
import pytest
from flask import Flask, Response, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from schemas.vocabulary import KINDS
from service.errors import KeyReused
from service.settings import Settings
from service.storage import attempts, models, tokens
from service.storage.attempts import Attempt
from service.web import retries
from tests.behind import nobody_writes
from tests.conftest import caller
from tests.web.samples import MINIMAL, PROBLEM, newest, path, put

KEY = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
ANN = MINIMAL["actor"]


def post(client: FlaskClient, document: Any = ANN, key: str = KEY, url: str = "/v1/actors") -> TestResponse:
    return client.post(url, json=document, headers={"Idempotency-Key": key})


def refused(answer: TestResponse, status: int, name: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.text
    assert answer.json["type"] == f"/problems/{name}"


def said(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    """The whole answer, but for the mark of a repeated one, its number, and how many requests are left."""
    other = ("Idempotency-Replayed", "RateLimit", "X-Request-Id")
    headers = [(name, value) for name, value in answer.headers if name not in other]
    return answer.status_code, sorted(headers), answer.data


@pytest.mark.parametrize("kind", KINDS)
def test_a_post_sent_again_is_answered_again_and_not_done_again(world: FlaskClient, kind: str) -> None:
    first = post(world, MINIMAL[kind], url=path(kind))
    assert (first.status_code, "Idempotency-Replayed" in first.headers) == (201, False)
    at = newest(world)
    for _ in range(3):
        again = post(world, MINIMAL[kind], url=path(kind))
        assert said(again) == said(first)
        assert again.headers["Idempotency-Replayed"] == "true"
    assert newest(world) == at
    assert post(world, MINIMAL[kind], '"another"', path(kind)).json["id"] != first.json["id"]


def test_every_post_that_writes_takes_a_key(app: Flask, world: FlaskClient) -> None:
    """By the description, so that one which is added is among them."""
    paths = world.get("/openapi.json").json["paths"]
    writes = {url: found["post"] for url, found in paths.items() if found.get("post", {}).get("x-scope")}
    assert len(writes) >= len(KINDS)
    for url, described in writes.items():
        names = {found["name"] for found in described["parameters"] if found["in"] == "header"}
        assert "Idempotency-Key" in names, url
        assert (
            "Idempotency-Replayed"
            in described["responses"]["201" if "201" in described["responses"] else "200"]["headers"]
        )
        refused(post(world, {}, '"', url.replace("{id}", "ann")), 400, "malformed")
    for url, methods in paths.items():
        for method, described in methods.items():
            names = {found["name"] for found in described["parameters"] if found["in"] == "header"}
            assert ("Idempotency-Key" in names) == (method == "post" and url in writes), (method, url)


def test_the_first_answer_is_given_whatever_came_after(world: FlaskClient) -> None:
    first = post(world)
    url = first.headers["Location"]
    assert put(world, "actor", first.json["id"], {**ANN, "name": "Anna"}, If_Match="*").status_code == 200
    assert said(post(world)) == said(first)
    assert world.delete(url, headers={"If-Match": "*"}).status_code == 204
    assert said(post(world)) == said(first)
    assert world.get(url).status_code == 404


def test_a_key_is_of_one_request(world: FlaskClient) -> None:
    body = orjson.dumps(ANN)
    assert post(world).status_code == 201
    at = newest(world)
    sent: dict[str, Any] = {"headers": {"Idempotency-Key": KEY}}
    for other in (orjson.dumps({**ANN, "name": "Bob"}), body + b" ", b"", b"{", b"\xff"):
        answer = world.post("/v1/actors", data=other, content_type="application/json", **sent)
        refused(answer, 422, "idempotency-key-reused")
    answer = world.post("/v1/actors", data=body, content_type="application/json; charset=utf-8", **sent)
    refused(answer, 422, "idempotency-key-reused")
    assert newest(world) == at


def test_a_key_is_of_one_query(app: Flask, writer: FlaskClient) -> None:
    token = tokens.everyone()[-1].key
    for query, expected in (("a=1", b"1"), ("a=1", b"1"), ("a=2", None), ("", None)):
        with app.test_request_context(f"/v1/anything?{query}", method="POST"):
            g.token, act = token, partial(Response, query[-1:])
            if expected is None:
                with pytest.raises(KeyReused):
                    retries.once("k", b"hash", act)
            else:
                assert retries.once("k", b"hash", act).data == expected


def test_a_key_is_of_one_token_and_one_path(app: Flask, world: FlaskClient) -> None:
    other = caller(app, "write")
    first, second = post(world), post(other)
    third = post(world, MINIMAL["source"], url="/v1/sources")
    assert len({answer.json["id"] for answer in (first, second, third)}) == 3
    assert said(post(world)) == said(first)
    assert said(post(other)) == said(second)
    assert said(post(world, MINIMAL["source"], url="/v1/sources")) == said(third)


def test_what_was_refused_may_be_mended_under_the_same_key(world: FlaskClient, client: FlaskClient) -> None:
    at = newest(world)
    refused(post(client), 401, "unauthenticated")
    refused(post(world, {"surprise": 1}), 422, "invalid")
    refused(post(world, {**ANN, "id": "ann"}), 409, "conflict")
    refused(post(world, []), 400, "malformed")
    refused(post(world, {**ANN, "notes": "x" * (1 << 20)}), 413, "too-large")
    refused(post(world, url="/v1/actors?colour=red"), 422, "invalid")
    wrong = world.post("/v1/actors", data=b"{}", content_type="x/y", headers={"Idempotency-Key": KEY})
    refused(wrong, 415, "unsupported-media-type")
    assert newest(world) == at
    assert models.Attempt.select().count() == 0
    mended = post(world)
    assert (mended.status_code, mended.headers.get("Idempotency-Replayed")) == (201, None)
    # Revisions are numbered on without a gap: what was refused had taken no number.
    assert int(newest(world).strip('"r').split("-")[0]) == int(at.strip('"r').split("-")[0]) + 1


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        '""',
        '"',
        '"a',
        'a"',
        'a"b',
        '"a"b',
        '"a" "b"',
        '"a","b"',
        "a,b",
        "a b",
        r'"a\b"',
        '"a\\"',
        "a\\b",
        "ключ",
        '"é"',
        '"a\tb"',
        '"a\x7fb"',
        '"a";b=c',
        "x" * 256,
        f'"{"x" * 256}"',
    ],
)
def test_a_key_that_is_none(world: FlaskClient, key: str) -> None:
    at = newest(world)
    refused(post(world, key=key.encode().decode("latin-1")), 400, "malformed")
    assert newest(world) == at


def test_keys_as_they_may_be_written(world: FlaskClient) -> None:
    first = post(world, key="a-Key:1;x=%2F'{}~!")
    for same in ('"a-Key:1;x=%2F\'{}~!"', " a-Key:1;x=%2F'{}~! "):
        assert said(post(world, key=same)) == said(first)
    ids = {first.json["id"]}
    others = ("A-KEY:1;x=%2F'{}~!", '"a b"', r'"a\"b"', r'"a\\b"', '"a,b"', "x" * 255, f'"{"y" * 255}"')
    for other in others:
        answer = post(world, key=other)
        assert answer.status_code == 201, other
        ids.add(answer.json["id"])
    assert len(ids) == 1 + len(others)


def test_two_keys_are_none(world: FlaskClient) -> None:
    for one, two in (("a", "b"), ('"a"', '"a"')):
        answer = world.post(
            "/v1/actors", json=ANN, headers=[("Idempotency-Key", one), ("Idempotency-Key", two)]
        )
        refused(answer, 400, "malformed")


def test_while_the_first_is_in_progress_the_second_is_told_so(world: FlaskClient) -> None:
    at = newest(world)
    token = tokens.everyone()[-1].key
    with attempts.in_progress(Attempt(token, "/v1/actors", KEY.strip('"'), b"")):
        answer = post(world)
        refused(answer, 409, "idempotency-key-in-use")
        assert int(answer.headers["Retry-After"]) >= 1
        assert newest(world) == at
        assert post(world, key='"another"').status_code == 201
    assert post(world).status_code == 201


def test_a_retry_waits_for_no_writer(settings: Settings, world: FlaskClient) -> None:
    first = post(world)
    with nobody_writes(settings):
        assert said(post(world)) == said(first)


def test_other_methods_take_no_notice_of_a_key(world: FlaskClient) -> None:
    for name in ("Anna", "Anne"):
        answer = put(world, "actor", "ann", {**ANN, "name": name}, If_Match="*", Idempotency_Key="x")
        assert (answer.status_code, answer.json["name"]) == (200, name)
    assert world.get("/v1/actors", headers={"Idempotency-Key": '"'}).status_code == 200
    assert models.Attempt.select().count() == 0


def test_without_a_key_nothing_is_kept(world: FlaskClient) -> None:
    ids = {world.post("/v1/actors", json=ANN).json["id"] for _ in range(3)}
    assert len(ids) == 3
    assert models.Attempt.select().count() == 0
