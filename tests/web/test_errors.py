"""Every error is a problem document (RFC 9457): on every route, by every method, whatever goes wrong."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.test import TestResponse

from service import settings as all_settings
from service.app import create_app
from service.settings import Settings
from service.storage import database
from service.web.problems import KINDS as PROBLEMS
from tests.behind import Raw, nobody_writes
from tests.conftest import caller
from tests.web.samples import ID, MERGE_PATCH, MINIMAL, PROBLEM, newest, patch

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW")
NOWHERE = (
    "/nowhere",
    "/v1",
    "/v1/",
    "/v1/actors/",
    "/v1/actors/ann/",
    "/v2/actors",
    "/%00",
    "/v1/actors/%C3%A9",
)
VALUES = {"name": "no-such-thing", "filename": "no-such-file", "version": "1"}


def routes(app: Flask) -> list[str]:
    """Every path of the app, twice: of records that are there, and of records that are not."""
    found = []
    for rule in app.url_map.iter_rules():
        plural = rule.rule.split("/")[2] if rule.rule.startswith("/v1/") else ""
        id = ID.get(plural.removesuffix("s"), "ann")
        for chosen in (id, "no-such-id"):
            url = rule.rule.replace("<id>", chosen).replace("<path:filename>", VALUES["filename"])
            found.append(url.replace("<version>", VALUES["version"]).replace("<name>", VALUES["name"]))
    return sorted(set(found))


def refused(answer: TestResponse, name: str | None = None, *, head: bool = False) -> None:
    """The answer is a problem document as the service describes them, of the type ``name``."""
    assert answer.mimetype == PROBLEM, (answer.status_code, answer.mimetype, answer.text[:300])
    assert answer.status_code >= 400
    if head:
        assert answer.data == b""
        return
    body = json.loads(answer.data)
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["type"].startswith("/problems/")
    kind = PROBLEMS[body["type"].removeprefix("/problems/")]
    assert (body["title"], body["status"], kind.status) == (
        kind.title,
        answer.status_code,
        answer.status_code,
    )
    assert isinstance(body["detail"], str)
    # A path as it was decoded is no URI reference (RFC 3986).
    assert re.fullmatch(r"(?:[A-Za-z0-9/._~!$&'()*+,;=:@?-]|%[0-9A-Fa-f]{2})+", body.get("instance", "/"))
    assert body["detail"]
    assert name in (None, body["type"].removeprefix("/problems/")), body


@pytest.mark.parametrize("who", ["anyone", "writer"])
def test_every_error_on_every_route_is_a_problem(
    app: Flask, world: FlaskClient, client: FlaskClient, who: str
) -> None:
    asking, seen = world if who == "writer" else client, set()
    for url in [
        *routes(app),
        "/nowhere",
        "/v1",
        "/v1/",
        "/v1/actors/",
        "/v1/actors/ann/",
        "/v2/actors",
        "/%00",
    ]:
        for method in METHODS:
            for sent in ({}, {"data": b"{", "content_type": "application/json"}, {"data": b"x"}):
                answer = asking.open(url, method=method, buffered=True, **sent)
                seen.add(answer.status_code)
                if answer.status_code >= 400:
                    refused(answer, head=method == "HEAD")
                if answer.status_code == 405:
                    allowed = set(answer.headers["Allow"].split(", "))
                    assert allowed
                    assert method not in allowed
                    listed = asking.open(url, method="OPTIONS")
                    assert listed.status_code == 405 or set(listed.headers["Allow"].split(", ")) == allowed
    expected = {"anyone": {200, 401, 404, 405}, "writer": {200, 400, 404, 405, 415, 428}}
    assert expected[who] <= seen
    assert not {status for status in seen if status >= 500}


def test_every_type_of_problem_has_its_page(client: FlaskClient) -> None:
    everything = client.get("/problems/").text
    for name, kind in PROBLEMS.items():
        page = client.get(f"/problems/{name}")
        assert (page.status_code, page.mimetype) == (200, "text/html")
        for text in (kind.title, f"/problems/{name}", f"status {kind.status}"):
            assert escape(text) in page.text
            assert escape(text) in everything
    refused(client.get("/problems/no-such-problem"), "not-found")


def test_a_path_that_is_none(client: FlaskClient) -> None:
    for url in ("/nowhere", "/v1/actors/a/b/c", "/v1/actor", "/%2e%2e", "/v1/actors/%ff", "/v1/actors/a%2fb"):
        answer = client.get(url)
        refused(answer, "not-found")
        assert answer.status_code == 404


NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blank": b" \n",
    "half": b'{"name": "A"',
    "more": b'{"name": "A"} {}',
    "trailing comma": b'{"name": "A",}',
    "single quotes": b"{'name': 'A'}",
    "comment": b'{"name": "A" /* x */}',
    "NaN": b'{"round": NaN}',
    "Infinity": b'{"round": Infinity}',
    "-Infinity": b'{"round": [-Infinity]}',
    "a name twice": b'{"name": "A", "name": "B"}',
    "a name twice, deep": b'{"place": {"lat": 1, "l\\u0061t": 1}}',
    "10,000 deep": b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "open 500,000 deep": b"[" * 500_000,
    "byte-order mark": b'\xef\xbb\xbf{"name": "A"}',
    "UTF-16": '{"name": "A"}'.encode("utf-16"),
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-8 too long": b'{"name": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "half a pair in a name": b'{"\\udc00": "A"}',
    "1e400": b'{"round": 1e400}',
    "-1e400": b'{"round": -1e400}',
    "5,000 digits": b'{"round": ' + b"9" * 5_000 + b"}",
    "a control character": b'{"name": "A\x01"}',
    "a leading zero": b'{"round": 01}',
    "hexadecimal": b'{"round": 0x1}',
    "an array": b"[]",
    "an array of objects": b"[{}]",
    "a string": b'"name"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_a_body_that_is_not_a_json_object(world: FlaskClient, body: bytes) -> None:
    at, started = newest(world), time.monotonic()
    for method, url, media_type in (
        ("POST", "/v1/talks", "application/json"),
        ("PUT", "/v1/talks/mine", "application/json"),
        ("PATCH", "/v1/talks/geneva", MERGE_PATCH),
    ):
        answer = world.open(url, method=method, data=body, content_type=media_type, headers={"If-Match": "*"})
        refused(answer, "malformed")
    assert newest(world) == at
    assert time.monotonic() - started < 5


def test_a_body_as_deep_as_may_be_is_no_failure(world: FlaskClient) -> None:
    # Somewhere below the parser's own limit lies what code after it can still follow.
    for depth in (*range(50, 900, 50), *range(900, 1_000)):
        deep = '{"a":' * depth + "1" + "}" * depth
        for name in ("notes", "place", "surprise"):
            body = f'{{"{name}": {deep}}}'
            answer = world.patch(
                "/v1/talks/geneva", data=body, content_type=MERGE_PATCH, headers={"If-Match": "*"}
            )
            assert answer.status_code in (400, 422), (depth, name)
            refused(answer)


def test_a_body_of_very_many_names_costs_no_more_than_its_length(world: FlaskClient) -> None:
    names = [f'"{number}":0' for number in range(40_000)]
    body = "{" + ",".join([*names, '"39999":0']) + "}"
    started = time.monotonic()
    refused(world.post("/v1/actors", data=body, content_type="application/json"), "malformed")
    assert time.monotonic() - started < 3


def test_a_body_of_another_media_type(world: FlaskClient) -> None:
    body = json.dumps(MINIMAL["actor"]).encode()
    wrong: list[dict[str, Any]] = [{"content_type": media_type} for media_type in
        ("", "text/plain", "text/json", "application/x-www-form-urlencoded", MERGE_PATCH, "application/*",
         "multipart/form-data", "application/json; charset=utf-16", "application/jsonx", "*/*")]  # fmt: skip
    wrong += [{"content_type": "application/json", "headers": {"Content-Encoding": encoding}} for encoding in
              ("gzip", "br", "deflate", "gzip, identity", "identity", "", "x")]  # fmt: skip
    for sent in wrong:
        refused(world.post("/v1/actors", data=body, **sent), "unsupported-media-type")
    for right in ("application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'):
        answer = world.post("/v1/actors", data=body, content_type=right)
        assert answer.status_code == 201, right


def test_a_body_that_is_too_long(world: FlaskClient) -> None:
    limit = all_settings.load().max_body
    fits = {**MINIMAL["actor"], "notes": "x" * 1_000}
    body = json.dumps(fits)
    assert world.post("/v1/actors", data=body + " " * (limit - len(body)), content_type="application/json"
                      ).status_code == 201  # fmt: skip
    answer = world.post(
        "/v1/actors", data=body + " " * (limit - len(body) + 1), content_type="application/json"
    )
    refused(answer, "too-large")


def test_the_errors_of_preconditions(world: FlaskClient) -> None:
    refused(world.delete("/v1/actors/ann"), "precondition-required")
    refused(patch(world, "actor", "ann", {}, '"7"'), "precondition-failed")
    refused(world.get("/v1/actors?limit=0"), "invalid")
    refused(world.post("/v1/actors", json={"surprise": 1}), "invalid")
    refused(world.post("/v1/actors", json={**MINIMAL["actor"], "id": "ann"}), "conflict")


def test_a_write_waits_for_its_turn_and_is_then_told_to_come_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, world: FlaskClient
) -> None:
    monkeypatch.setenv("PARLEY_BUSY_TIMEOUT", "0.05")
    writer = caller(create_app(all_settings.load()), "write")
    with nobody_writes(settings):
        answer = writer.post("/v1/actors", json=MINIMAL["actor"])
        refused(answer, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        assert writer.get("/v1/actors").status_code == 200  # Readers do not wait for writers.
    assert writer.post("/v1/actors", json=MINIMAL["actor"]).status_code == 201


def test_a_failure_is_a_problem_that_tells_nothing_of_the_inside(
    settings: Settings, world: FlaskClient
) -> None:
    behind = Raw(settings)
    for table in ("edge", "delivery", "revision", "record"):
        behind.execute(f"DROP TABLE {table}")
    behind.close()
    for url in ("/v1/actors", "/v1/actors/ann", "/v1/timeline", "/v1/search?q=a", "/v1/actors/ann/positions"):
        failed(world.get(url))
    failed(world.post("/v1/actors", json=MINIMAL["actor"]))
    assert world.get("/livez").status_code == 200


@pytest.mark.database("sqlite")
def test_a_file_that_is_no_database_is_a_problem_too(settings: Settings, world: FlaskClient) -> None:
    database.disconnect()
    file = Path(settings.database_url.removeprefix("sqlite:///"))
    for beside in file.parent.glob(f"{file.name}-*"):
        beside.unlink()
    file.write_bytes(b"This is a letter, and no database.\n" * 1_000)
    for url in ("/v1/actors", "/v1/actors/ann", "/v1/timeline", "/readyz"):
        failed(world.get(url))
    assert world.get("/livez").status_code == 200


def failed(answer: TestResponse) -> None:
    assert answer.status_code in (500, 503), answer.text
    refused(answer)
    for inside in ("Traceback", "SELECT", ".py", "peewee", "apsw", "/home"):
        assert inside not in answer.text
