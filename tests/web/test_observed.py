"""The line that each request leaves, whatever came of it, and the id that it is known by."""

import json
import logging
from io import StringIO
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from service import logs
from service.settings import Settings
from tests.conftest import ACTOR, caller

Logged = pytest.CaptureFixture[str]


def lines(capfd: Logged) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == "request"]


def test_a_line_says_what_was_asked_and_what_came_of_it(
    app: Flask, client: FlaskClient, capfd: Logged
) -> None:
    answer = client.get("/v1/search?q=a+name+nobody+is+to+see", buffered=True)
    (line,) = lines(capfd)
    assert line.pop("at").endswith("Z")
    assert line.pop("ms") > 0
    assert line.pop("pid") > 0
    assert line == {
        "level": "info",
        "event": "request",
        "request": answer.headers["X-Request-Id"],
        "method": "GET",
        "route": "/v1/search",
        "status": 200,
        "bytes": len(answer.data),
        "token": None,
    }


def test_a_route_is_the_template_and_never_the_address(client: FlaskClient, capfd: Logged) -> None:
    for url, route in (
        ("/v1/actors/nobody?x=secret", "/v1/actors/<id>"),
        ("/v1/actors/nobody/revisions/7", "/v1/actors/<id>/revisions/<version>"),
        ("/nothing/secret", "none"),
        ("/livez", "/livez"),
    ):
        client.get(url, buffered=True)
        (line,) = lines(capfd)
        assert line["route"] == route, url
        assert "secret" not in str(line)


def test_a_token_is_its_number(app: Flask, writer: FlaskClient, capfd: Logged) -> None:
    other = caller(app, "read")
    secret = str(other.environ_base["HTTP_AUTHORIZATION"])
    document = {name: value for name, value in ACTOR.items() if name != "kind"}
    for client, status, token in ((writer, 201, 1), (other, 403, 2)):
        assert client.post("/v1/actors", json=document, buffered=True).status_code == status
        text = capfd.readouterr().err
        (line,) = [json.loads(one) for one in text.splitlines()]
        assert (line["token"], line["status"], line["route"]) == (token, status, "/v1/actors")
        assert secret.removeprefix("Bearer ") not in text
    unknown = {"Authorization": "Bearer parley_unknown"}
    app.test_client().get("/v1/actors", headers=unknown, buffered=True)
    assert lines(capfd)[0]["token"] is None


@pytest.mark.parametrize(
    "given", ["abc", "a" * 64, "1-67891233-abc.d_ef", "01a2137c-3949-77a4-9a9a-91fc854441cf"]
)
def test_an_id_that_is_well_formed_is_kept(client: FlaskClient, capfd: Logged, given: str) -> None:
    answer = client.get("/livez", headers={"X-Request-Id": given}, buffered=True)
    assert answer.headers["X-Request-Id"] == given
    assert lines(capfd)[0]["request"] == given


@pytest.mark.parametrize(
    "given", ["", "a" * 65, "a b", 'a"b', "ä", "a;b", "parley_" + "aB3-_" * 9, "x-PARLEY_" + "a" * 43]
)
def test_another_gets_one_made(client: FlaskClient, capfd: Logged, given: str) -> None:
    made = client.get("/livez", headers={"X-Request-Id": given}, buffered=True).headers["X-Request-Id"]
    assert made not in ("", given)
    assert len(made) == 36
    assert lines(capfd)[0]["request"] == made
    assert client.get("/livez").headers["X-Request-Id"] > made, "those made later sort later"


def test_every_answer_has_it(client: FlaskClient, writer: FlaskClient) -> None:
    for answer in (
        client.get("/v1/nothing"),
        client.get("/v1/actors", headers={"If-None-Match": "*"}),
        client.post("/v1/actors", data=b"{"),
        writer.post("/v1/actors", data=b"{"),
        client.options("/v1/actors"),
        client.head("/v1/actors"),
        client.get("/docs"),
    ):
        assert "X-Request-Id" in answer.headers, answer.status


def test_a_failure_and_its_request_are_found_together(
    app: Flask, store: Settings, client: FlaskClient, capfd: Logged
) -> None:
    said = logging.StreamHandler(StringIO())
    said.setFormatter(logs.formatter(store._replace(log_format="json")))
    logging.getLogger("service").addHandler(said)
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)
    answer = client.get("/fails", buffered=True)
    logging.getLogger("service").removeHandler(said)
    assert answer.status_code == 500
    (line,) = lines(capfd)
    assert (line["status"], line["level"]) == (500, "error")
    failure = json.loads(said.stream.getvalue())
    assert "ZeroDivisionError" in failure["exception"]
    assert failure["request"] == line["request"] == answer.headers["X-Request-Id"]
    assert logs.number.get() is None, "of no other request, nor of none"


def test_a_stream_is_told_of_at_its_end(app: Flask, client: FlaskClient, capfd: Logged) -> None:
    app.add_url_rule("/streams", "streams", lambda: Response(iter([b"one", b"two", b"three"])))
    answer = client.get("/streams", buffered=False)
    assert lines(capfd) == []
    assert answer.data == b"onetwothree"
    answer.close()
    (line,) = lines(capfd)
    assert (line["bytes"], line["status"], "broken_off" in line) == (11, 200, False)


def test_one_that_broke_off_says_so(app: Flask, client: FlaskClient, capfd: Logged) -> None:
    app.add_url_rule("/streams", "streams", lambda: Response(iter([b"one", b"two", b"three"])))
    answer = client.get("/streams", buffered=False)
    next(answer.iter_encoded())
    answer.close()
    (line,) = lines(capfd)
    assert (line["broken_off"], line["status"]) == (True, 200)
    assert line["bytes"] < 11


def test_one_that_failed_on_its_way_says_so_too(app: Flask, client: FlaskClient, capfd: Logged) -> None:
    def broken() -> Any:
        yield b"one"
        raise KeyError("gone")

    app.add_url_rule("/breaks", "breaks", lambda: Response(broken()))
    answer = client.get("/breaks", buffered=False)
    with pytest.raises(KeyError):
        answer.get_data()
    answer.close()
    (line,) = lines(capfd)
    assert (line["broken_off"], line["bytes"]) == (True, 3)
