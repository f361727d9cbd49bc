"""``POST /v1/import``: all or nothing, line by line, or not really; and what each line may be."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import recording
from service.recording import run
from tests.conftest import ACTOR, ISSUE, SOURCE, caller, statement
from tests.web.samples import PROBLEM, newest

NDJSON = "application/x-ndjson"
ANN, PAPER = {**ACTOR, "id": "ann"}, {**SOURCE, "id": "source"}
SAID = statement(id="said")


def lines(*documents: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def send(client: FlaskClient, body: bytes, **query: str) -> TestResponse:
    return client.post("/v1/import", data=body, content_type=NDJSON, query_string=query, buffered=True)


def faults(answer: TestResponse) -> list[tuple[int, str]]:
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM), answer.text
    return [(error["line"], error["pointer"]) for error in answer.json["errors"]]


def counts(answer: TestResponse) -> tuple[int, ...]:
    assert answer.status_code == 200, answer.text
    return tuple(answer.json[name] for name in ("created", "amended", "unchanged", "refused", "revision"))


def test_lines_of_all_kinds_in_any_order(writer: FlaskClient) -> None:
    answer = send(writer, lines(SAID, PAPER, ANN))
    assert answer.json == {
        "created": 3, "amended": 0, "unchanged": 0, "refused": 0, "revision": 3, "dry_run": False
    }  # fmt: skip
    assert writer.get("/v1/statements/said").json["speaker"] == "ann"
    assert writer.get("/v1/actors/ann/revisions").json["items"][0]["recorded_by"] == "write-test"
    assert counts(send(writer, lines(SAID, PAPER, ANN))) == (0, 0, 3, 0, 3)


def test_blank_lines_line_ends_and_nothing_at_all(writer: FlaskClient) -> None:
    body = b"\r\n" + lines(ANN).replace(b"\n", b"\r\n") + b"\n  \n" + lines(PAPER).rstrip()
    assert counts(send(writer, body)) == (2, 0, 0, 0, 2)
    assert counts(send(writer, b"")) == (0, 0, 0, 0, 2)


def test_every_fault_by_its_line_and_nothing_is_written(writer: FlaskClient) -> None:
    body = lines(
        PAPER, {**ANN, "mood": 1}, statement(id="x", made="May", speaker="nobody"), {"kind": "treaty"}
    )
    body = b"\xef\xbb\xbf" + body + b'{"kind": "actor"\n[]\n' + lines(SAID, {**ISSUE, "id": "No Id"})
    found = faults(send(writer, body))
    assert found == [
        (1, ""), (2, "/mood"), (3, "/made"), (3, "/speaker"), (3, "/sources/0/source"), (4, "/kind"), (5, ""),
        (6, ""), (7, "/sources/0/source"), (8, "/id"),
    ]  # fmt: skip
    assert writer.get("/v1/actors/ann").status_code == 404


@pytest.mark.parametrize("atomic", ["true", "false"])
@pytest.mark.parametrize("line", [b"1", b'{"kind":"track"}'])
def test_after_too_many_faulty_lines_the_rest_is_not_looked_at(
    writer: FlaskClient, monkeypatch: pytest.MonkeyPatch, atomic: str, line: bytes
) -> None:
    """To know each line of a file by its number takes a hundred times what the file may have."""
    monkeypatch.setattr(run, "MOST_REFUSED", 1_500)
    answer = send(writer, lines(PAPER) + (line + b"\n") * 5_000, atomic=atomic)
    assert len({place for place, _ in faults(answer)}) == run.MOST_TOLD
    many = int(answer.json["detail"].split(" lines ")[0].split()[-1])
    assert run.MOST_REFUSED < many < 5_000
    assert "not looked at" in answer.json["detail"]
    assert writer.get("/v1/sources/source").status_code == 404


def test_a_version_is_the_one_that_is_replaced(writer: FlaskClient) -> None:
    send(writer, lines(ANN))
    assert counts(send(writer, lines({**ANN, "name": "Anne", "version": 1}))) == (0, 1, 0, 0, 2)
    assert writer.get("/v1/actors/ann").headers["ETag"] == '"2"'
    for line in ({**ANN, "version": 1}, {**ANN, "id": "bob", "version": 1}, {**ANN, "name": "Anna"}):
        answer = send(writer, lines(PAPER, line))
        assert faults(answer) == [(2, "")]
        assert any(word in answer.text for word in ("is at 2", "no actor", "something else"))
    assert counts(send(writer, lines({**ANN, "name": "Anne", "version": 2}))) == (0, 0, 1, 0, 2)
    assert faults(send(writer, lines({**ANN, "name": "Anne", "version": "2"})))[0] == (1, "/version")


def test_a_dry_run_keeps_nothing(writer: FlaskClient) -> None:
    send(writer, lines(ANN))
    before = newest(writer)
    body = lines(PAPER, SAID, {**ANN, "name": "Anne", "version": 1})
    for atomic in ("true", "false"):
        answer = send(writer, body, dry_run="true", atomic=atomic)
        assert counts(answer) == (2, 1, 0, 0, 4)
        assert answer.json["dry_run"] is True
        assert "Parley-Revision" not in answer.headers, "there is none"
    assert newest(writer) == before
    assert faults(send(writer, lines(SAID), dry_run="true")) == [(1, "/sources/0/source")]
    assert counts(send(writer, body)) == (2, 1, 0, 0, 4)


@pytest.mark.parametrize("query", [{"dry_run": "true"}, {"dry_run": "true", "atomic": "false"}])
def test_what_is_undone_under_a_key_leaves_its_answer(writer: FlaskClient, query: dict[str, str]) -> None:
    """The rounds of an import are undone within the transaction in which the answer is kept."""
    refused = {"atomic": "false"} if "atomic" in query else {}
    before, body = newest(writer), lines(ANN, PAPER, *([{**SAID, "speaker": "bob"}] if refused else []))
    again = [
        writer.post(
            "/v1/import",
            data=body,
            content_type=NDJSON,
            query_string=query,
            headers={"Idempotency-Key": "undone"},
            buffered=True,
        )
        for _ in range(2)
    ]
    assert [answer.headers.get("Idempotency-Replayed") for answer in again] == [None, "true"]
    assert [counts(answer)[:4] for answer in again] == [(2, 0, 0, len(refused))] * 2
    assert newest(writer) == before
    assert counts(send(writer, body, **refused))[:4] == (2, 0, 0, len(refused))


def report(answer: TestResponse) -> dict[int, str]:
    assert answer.mimetype == "application/json"
    return {line["line"]: line["outcome"] for line in answer.json["lines"]}


def test_line_by_line_what_is_not_valid_is_left_out_and_what_refers_to_it(writer: FlaskClient) -> None:
    chain = [{**ACTOR, "id": f"a{n}", "memberships": [{"organization": f"a{n + 1}"}]} for n in range(40)]
    body = lines(PAPER, *chain) + b"no JSON\n" + lines(ANN, SAID, statement(speaker="a7"), statement())
    answer = send(writer, body, atomic="false")
    assert counts(answer) == (4, 0, 0, 42, 4)
    expected = {1: "created", **dict.fromkeys(range(2, 43), "refused"), 43: "created", 44: "created"}
    assert report(answer) == {**expected, 45: "refused", 46: "created"}
    told = answer.json["lines"]
    assert told[0] == {"line": 1, "outcome": "created", "id": "source", "kind": "source", "version": 1}
    assert told[41] == {"line": 42, "outcome": "refused", "errors": [told[41]["errors"][0]]}
    assert (told[40]["id"], told[40]["errors"][0]["pointer"]) == ("a39", "/memberships/0/organization")
    assert writer.get(f"/v1/statements/{told[45]['id']}").status_code == 200


def test_line_by_line_what_stands_without_what_is_left_out(writer: FlaskClient) -> None:
    """What is refused as an amendment is there as it was, and may be referred to."""
    send(writer, lines(ANN, PAPER, {**ISSUE, "id": "truce"}))
    two = [{"value": 0, "label": "no"}, {"value": 5, "label": "yes"}]
    wrong = {**ISSUE, "id": "truce", "version": 7, "scale": two}
    told = {
        stance: statement(id=f"s{stance}", positions=[{"issue": "truce", "stance": stance}])
        for stance in (5, 2)
    }
    answer = send(writer, lines({**ANN, "version": 3}, wrong, *told.values(), SAID), atomic="false")
    assert report(answer) == {1: "refused", 2: "refused", 3: "refused", 4: "created", 5: "created"}
    again = send(writer, lines({**wrong, "version": 1}), atomic="false")
    assert (counts(again)[3], "must keep the stances" in again.text) == (1, True)


def test_merged_records_stay_merged(writer: FlaskClient, app: Flask) -> None:
    send(writer, lines(ANN, {**ANN, "id": "anna"}, PAPER, {**SAID, "speaker": "anna"}))
    recording.merge("actor", "anna", "ann", "us")
    text = writer.get("/v1/export").data
    assert counts(send(writer, text)) == (0, 0, 4, 0, 5)
    assert faults(send(writer, lines({**ANN, "id": "anna"}))) == [(1, "")]
    assert counts(send(writer, lines(statement(id="more", speaker="anna"))))[0] == 1


@pytest.mark.parametrize("revisions", ["true", "false"])
def test_only_an_admin_restores(writer: FlaskClient, app: Flask, revisions: str) -> None:
    send(writer, lines(ANN))
    text = writer.get(f"/v1/export?revisions={revisions}").data
    answer = send(caller(app, "admin"), text)
    if revisions == "true":
        assert send(writer, text).status_code == 403
        assert answer.status_code == 409, "the store is not empty"
    else:
        assert counts(answer) == (0, 0, 1, 0, 1)


@pytest.mark.parametrize("query", ["atomic=no", "dry_run=1", "atomic=", "partial=true"])
def test_parameters_that_are_none(writer: FlaskClient, query: str) -> None:
    answer = writer.post(f"/v1/import?{query}", data=lines(ANN), content_type=NDJSON)
    assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, query.partition("=")[0])


def test_a_line_as_long_as_a_body_may_be(writer: FlaskClient, app: Flask) -> None:
    most = app.config["PARLEY"].max_body
    fits = lines(ANN).rstrip().ljust(most)
    assert counts(send(writer, fits + b"\n" + lines(PAPER)))[0] == 2
    assert faults(send(writer, lines(PAPER) + fits + b" \n" + lines({"kind": "x"}))) == [
        (2, ""),
        (3, "/kind"),
    ]


# --- export ---------------------------------------------------------------------------------------------


def test_an_export_is_a_file(writer: FlaskClient) -> None:
    send(writer, lines(ANN, PAPER, SAID))
    answer = writer.get("/v1/export")
    assert (answer.mimetype, answer.status_code) == (NDJSON, 200)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="parley-records.ndjson"'
    assert answer.data.splitlines() == [
        writer.get(path).data for path in ("/v1/actors/ann", "/v1/sources/source", "/v1/statements/said")
    ]
    again = writer.get("/v1/export", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert writer.get("/v1/export?kinds=source,actor").data == b"\n".join(
        [*answer.data.splitlines()[:2], b""]
    )
    past = writer.get("/v1/export?revisions=true")
    assert past.headers["ETag"] != answer.headers["ETag"]
    assert [json.loads(line) for line in past.data.splitlines()][2] == (
        writer.get("/v1/statements/said/revisions").json["items"][0]
    )
    assert writer.get("/v1/export?known_at=2020").data == b""
    for query in ("revisions=true&kinds=actor", "revisions=yes", "kinds=treaty", "known_at=never"):
        assert writer.get(f"/v1/export?{query}").status_code == 422
