"""The list of changes: every revision once, in order, from wherever a reader goes on."""

from typing import Any

import feedparser
import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas.vocabulary import KINDS
from service import recording
from service.diplomacy.changes import ANY, Change
from service.questions import changes
from service.storage import tokens
from service.web import waiting
from tests.conftest import caller
from tests.web.samples import MINIMAL, PROBLEM, parameters, patch, path, put, record

ATOM = "application/atom+xml"


@pytest.fixture
def busy(world: FlaskClient) -> FlaskClient:
    """A store with every action in its past."""
    record(world, "actor", "mine", MINIMAL["actor"])
    patch(world, "actor", "mine", {"notes": "Again."})
    record(world, "actor", "double", {**MINIMAL["actor"], "name": "Ann & <Anna>"})
    recording.merge("actor", "double", "ann", "parley merge")
    world.delete(path("actor", "mine"), headers={"If-Match": "*"})
    return world


def followed(client: FlaskClient, url: str) -> list[dict[str, Any]]:
    """The entries of all pages from this one on."""
    found = []
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.json
        assert ("Link" in answer.headers) == bool(answer.json["next"])
        found += answer.json["items"]
        url = answer.json["next"]
    return found


def newest(client: FlaskClient) -> int:
    last: int = client.get("/v1/changes?limit=1000").json["last"]
    return last


def test_every_revision_in_order_as_the_record_s_past_has_it(busy: FlaskClient) -> None:
    entries = followed(busy, "/v1/changes")
    assert [entry["revision"] for entry in entries] == list(range(1, newest(busy) + 1))
    assert {entry["action"] for entry in entries} == {"created", "amended", "deleted", "merged"}
    pasts: dict[str, list[Any]] = {}
    for entry in entries:
        url = f"{path(entry['kind'], entry['id'])}/revisions"
        pasts.setdefault(url, []).append({k: v for k, v in entry.items() if k not in ("id", "kind")})
    for url, past in pasts.items():
        assert busy.get(url).json["items"] == past


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_pages_join_up(busy: FlaskClient, limit: int) -> None:
    whole = followed(busy, "/v1/changes")
    assert followed(busy, f"/v1/changes?limit={limit}") == whole
    for after in range(len(whole) + 1):
        page = busy.get(f"/v1/changes?after={after}&limit={limit}").json
        assert page["items"] == whole[after : after + limit]
        assert page["last"] == min(after + limit, len(whole))
        assert (page["next"] is None) == (page["last"] == len(whole))


def test_between_two_revisions(busy: FlaskClient) -> None:
    whole = followed(busy, "/v1/changes")
    assert followed(busy, "/v1/changes?after=3&before=9&limit=2") == whole[3:8]
    assert followed(busy, "/v1/changes?after=5&before=5") == []


@pytest.mark.parametrize("most", [1, 3, 10_000])
def test_of_some_kinds(busy: FlaskClient, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(changes, "AT_ONCE", most)
    whole = followed(busy, "/v1/changes")
    for kinds in ("actor", "source,event", "proposal", ",".join(KINDS)):
        expected = [entry for entry in whole if entry["kind"] in kinds.split(",")]
        assert expected
        for limit in (1, 2, 100):
            assert followed(busy, f"/v1/changes?kinds={kinds}&limit={limit}") == expected
        assert fed(busy, f"/v1/changes?kinds={kinds}&limit=2&format=atom") == expected[::-1]
    page = busy.get("/v1/changes?kinds=proposal&limit=1000").json
    while page["next"]:
        page = busy.get(page["next"]).json
    assert page["last"] == len(whole)


def test_an_empty_store_and_what_is_beyond_the_newest(client: FlaskClient, writer: FlaskClient) -> None:
    assert client.get("/v1/changes").json == {"items": [], "next": None, "last": 0}
    assert feedparser.parse(client.get("/v1/changes?format=atom").data).feed.updated
    record(writer, "actor", "ann", MINIMAL["actor"])
    # Perhaps of a store that is ahead of this copy of it: it is waited for.
    assert client.get("/v1/changes?after=999999999").json == {"items": [], "next": None, "last": 999999999}


def test_what_is_refused(busy: FlaskClient) -> None:
    for query in ("after=-1", "after=x", "wait=31", "wait=-1", "wait=0.5", "before=0", "limit=0"):
        assert parameters(busy.get(f"/v1/changes?{query}")) == [query.split("=")[0]]
    assert parameters(busy.get("/v1/changes?kinds=actors&cursor=x")) == ["cursor", "kinds"]
    answer = busy.get("/v1/changes?format=csv")
    assert (answer.status_code, answer.mimetype) == (406, PROBLEM)


def test_304_until_something_is_recorded(busy: FlaskClient) -> None:
    for url in ("/v1/changes", "/v1/changes?format=atom", f"/v1/changes?after={newest(busy)}&wait=1"):
        tag = busy.get(url).headers["ETag"]
        answer = busy.get(url, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.data) == (304, b"")
        put(busy, "actor", "mine", MINIMAL["actor"], If_Match="*")
        put(busy, "actor", "mine", MINIMAL["actor"])
        assert busy.get(url, headers={"If-None-Match": tag}).status_code == 200


# --- as a feed -------------------------------------------------------------------------------------------


def feed(client: FlaskClient, url: str) -> Any:
    answer = client.get(url)
    assert (answer.status_code, answer.mimetype) == (200, ATOM)
    read = feedparser.parse(answer.data)
    assert (read.bozo, read.version) == (0, "atom10")
    return read


def link(element: Any, relation: str) -> str | None:
    return next((found.href for found in element.links if found.rel == relation), None)


def fed(client: FlaskClient, url: str) -> list[dict[str, Any]]:
    """What the links of all pages of the feed lead to, as the list of changes tells of them."""
    found, next = [], url
    ids = set()
    while next:
        read = feed(client, next)
        ids.add(read.feed.id)
        for entry in read.entries:
            told = client.get(link(entry, "alternate")).json
            record = told["record"]
            found.append({"id": record["id"], "kind": record["kind"], **told})
            assert entry.updated == told["recorded_at"]
            assert entry.author == told["recorded_by"]
            assert [tag.term for tag in entry.tags] == [record["kind"], told["action"]]
        next = link(read.feed, "next")
    assert len(ids) == 1
    return found


def test_the_feed_is_newest_first_and_goes_back_page_by_page(busy: FlaskClient) -> None:
    whole = followed(busy, "/v1/changes")[::-1]
    for limit in (1, 4, 1000):
        assert fed(busy, f"/v1/changes?format=atom&limit={limit}") == whole
    assert fed(busy, "/v1/changes?format=atom&after=4&limit=3") == whole[:-4]
    first = feed(busy, "/v1/changes?format=atom&limit=2")
    assert first.feed.updated == whole[0]["recorded_at"]
    assert feed(busy, "/v1/changes?format=atom&limit=9").feed.id == first.feed.id
    assert feed(busy, "/v1/changes?format=atom&kinds=actor").feed.id != first.feed.id


def test_an_entry_of_the_feed_says_what_happened(busy: FlaskClient) -> None:
    entries = feed(busy, "/v1/changes?format=atom").entries
    assert [entry.title for entry in entries[:4]] == [
        "actor deleted: mine",
        "actor merged: double into ann",
        "actor amended: Ann",
        "actor created: Ann & <Anna>",
    ]
    assert len({entry.id for entry in entries}) == len(entries)
    assert all(entry.id.startswith("urn:uuid:") for entry in entries)
    assert "version 3, deleted by write-test" in entries[0].content[0].value


def test_accept_gives_the_feed(busy: FlaskClient) -> None:
    answer = busy.get("/v1/changes", headers={"Accept": ATOM})
    assert answer.mimetype == ATOM
    assert answer.data == busy.get("/v1/changes", headers={"Accept": f"{ATOM}, text/html"}).data


@pytest.mark.database("sqlite")
def test_what_it_costs(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page looks through so many revisions and no more, in however large a store."""
    from tests.test_query_counts import queries, steps

    people = [Change("actor", f"a{number}", MINIMAL["actor"]) for number in range(3_000)]
    recording.write([*people, Change("source", "paper", MINIMAL["source"])], "test")
    monkeypatch.setattr(changes, "AT_ONCE", 100)
    with queries() as sent:
        assert client.get("/v1/changes?limit=10").status_code == 200
    assert len(sent) == 3
    few = steps(client, "/v1/changes?kinds=source&after=2900")
    assert steps(client, "/v1/changes?kinds=source") <= few * 1.1
    assert steps(client, "/v1/changes?kinds=source&format=atom") <= few * 1.5
    first = steps(client, "/v1/changes?limit=10&after=1")  # Not the one above, whose answer is kept.
    assert steps(client, "/v1/changes?limit=10&after=2500") <= first * 1.1
    recording.write([Change("actor", "a1", MINIMAL["actor"], replaces=ANY)], "test")


def test_whose_token_ends_while_the_answer_is_held_is_given_none(
    world: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded after that is not for them, though they asked before."""
    reader = caller(app, "read")

    def until(*_: Any) -> bool:
        tokens.revoke(tokens.everyone()[-1].key)
        record(world, "actor", "later", MINIMAL["actor"])
        return True

    url = f"/v1/changes?after={newest(reader)}"
    monkeypatch.setattr(waiting, "until", until)
    answer = reader.get(f"{url}&wait=30")
    assert (answer.status_code, answer.mimetype) == (401, PROBLEM), answer.text
    # Where no token is needed, and none was sent, none ends.
    monkeypatch.setattr(waiting, "until", lambda *_: True)
    assert [entry["id"] for entry in app.test_client().get(f"{url}&wait=30").json["items"]] == ["later"]
