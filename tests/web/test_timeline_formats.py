"""Timelines as files, over HTTP: each format, opened by a reader of its own, tells what JSON tells."""

import csv
import io
import json
from html import unescape
from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from lxml import etree

from service import recording
from service.app import create_app
from service.diplomacy.changes import ANY, Change
from service.exports.timeline_formats import FORMATS
from service.settings import Settings
from tests.conftest import ACTOR, SOURCE, TRACK, statement, talk
from tests.web.samples import PROBLEM

TRACK_PATH = "/v1/tracks/us-led-peace-talks/timeline"
MEDIA_TYPES = {
    "ics": ("text/calendar", "text/calendar; charset=utf-8", "ics"),
    "atom": ("application/atom+xml", "application/atom+xml; charset=utf-8", "atom"),
    "csv": ("text/csv", "text/csv; charset=utf-8", "csv"),
    "timelinejs": ("application/vnd.timelinejs+json", "application/vnd.timelinejs+json", "json"),
}
ATOM = {"a": "http://www.w3.org/2005/Atom", "t": "http://purl.org/dc/terms/"}
every_format = pytest.mark.parametrize("name", MEDIA_TYPES)
Entries = list[tuple[str, str | None]]
"""The id and the date of each entry, in order."""


@pytest.fixture
def reader(demo: Settings) -> FlaskClient:
    """A caller of the service on the demo negotiation."""
    return create_app(demo).test_client()


def record(documents: dict[str, dict[str, Any]]) -> None:
    recording.write([Change(document["kind"], id, document) for id, document in documents.items()], "test")


def pages(client: FlaskClient, path: str, **query: Any) -> list[dict[str, Any]]:
    """All entries of the timeline as JSON, page by page."""
    answer = client.get(path, query_string={"limit": 7, **query})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    while answer.json["next"]:
        answer = client.get(answer.json["next"])
        items += answer.json["items"]
    return items


def file(client: FlaskClient, path: str, name: str, **query: Any) -> bytes:
    answer = client.get(path, query_string={"format": name, **query})
    assert answer.status_code == 200, answer.text
    return answer.data


def calendar(data: bytes) -> Entries:
    read = Calendar.from_ical(data)
    assert [component.errors for component in read.walk() if component.errors] == []
    told = [one for one in read.subcomponents if one.name != "VTIMEZONE"]
    return [(str(one["UID"]).removesuffix("@parley"), one.get("X-PARLEY-DATE")) for one in told]


def address(entry: Any) -> str:
    """Where the entry's record is."""
    (found,) = [link.href for link in entry.links if link.rel == "alternate"]
    return str(found)


def feed(data: bytes) -> Entries:
    read = feedparser.parse(data)
    assert not read.bozo, read.get("bozo_exception")
    entries = etree.fromstring(data).findall("a:entry", ATOM)
    assert [entry.findtext("a:title", None, ATOM) for entry in entries] == [one.title for one in read.entries]
    return [(address(one).rsplit("/", 1)[1], entry.findtext("t:temporal", None, ATOM))
            for one, entry in zip(read.entries, entries, strict=True)]  # fmt: skip


def sheet(data: bytes) -> Entries:
    return [
        (row["id"], row["date"] or None) for row in csv.DictReader(io.StringIO(data.decode(), newline=""))
    ]


def expected(name: str, items: list[dict[str, Any]]) -> Any:
    if name != "timelinejs":
        return [(item["record"]["id"], item["date"]) for item in items]
    return [item["record"]["id"] for item in items if item["date"]]


def told(name: str, data: bytes) -> Any:
    """What the format's reader finds: of TimelineJS, which shows dates in parts, the ids alone."""
    if name == "timelinejs":
        return [event["unique_id"] for event in json.loads(data)["events"]]
    return {"ics": calendar, "atom": feed, "csv": sheet}[name](data)


QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("/v1/timeline", {}),
    (TRACK_PATH, {}),
    ("/v1/timeline", {"kind": "talk,event"}),
    ("/v1/timeline", {"actor": "donald-trump"}),
    ("/v1/timeline", {"actor": "volodymyr-zelenskyy,vladimir-putin", "issue": "ending-the-war"}),
    (TRACK_PATH, {"from": "2025-12-22", "to": "2025-12-22"}),
    ("/v1/timeline", {"as_of": "2025-12-21"}),
    (TRACK_PATH, {"known_at": "2999"}),
    ("/v1/timeline", {"known_at": "2000"}),
]


@every_format
def test_files_tell_what_json_tells(reader: FlaskClient, name: str) -> None:
    sizes = set()
    for path, query in QUERIES:
        items = pages(reader, path, **query)
        assert told(name, file(reader, path, name, **query)) == expected(name, items), (path, query)
        sizes.add(len(items))
    assert 0 in sizes
    assert len(sizes) >= 6, "the filters of this test keep different things"


def test_days_are_the_days_that_json_has(reader: FlaskClient) -> None:
    items = {item["record"]["id"]: item for item in pages(reader, "/v1/timeline")}
    events = Calendar.from_ical(file(reader, "/v1/timeline", "ics")).events
    whole = [event for event in events if "DTEND" in event]
    assert len(whole) > 5
    for event in whole:
        item = items[str(event["UID"]).removesuffix("@parley")]
        assert (event.start.isoformat(), item["date"][:10]) == (item["earliest"], item["earliest"])
    rows = [*csv.DictReader(io.StringIO(file(reader, "/v1/timeline", "csv").decode(), newline=""))]
    assert len(rows) == len(items)
    for row in rows:
        item = items[row["id"]]
        assert (row["earliest"], row["latest"]) == (item["earliest"] or "", item["latest"] or "")
        assert (row["kind"], row["title"]) == (item["kind"], item["title"])
    slides = json.loads(file(reader, "/v1/timeline", "timelinejs"))["events"]
    days = [slide for slide in slides if items[slide["unique_id"]]["date"] == "2025-12-21"]
    assert days
    assert all(slide["start_date"] == {"year": 2025, "month": 12, "day": 21} for slide in days)


@every_format
def test_actors_and_sources_are_called_by_their_names(reader: FlaskClient, name: str) -> None:
    included = reader.get(TRACK_PATH, query_string={"limit": 1000}).json["included"]
    read = file(reader, TRACK_PATH, name)
    text = unescape(read.decode())
    if name == "ics":
        text = "".join(
            one["DESCRIPTION"] for one in Calendar.from_ical(read).walk() if one.name != "VCALENDAR"
        )
    items = pages(reader, TRACK_PATH)
    speakers = {item["record"]["speaker"] for item in items if item["kind"] == "statement"}
    cited = {one["source"] for item in items for one in item["record"]["sources"]}
    assert min(len(speakers), len(cited)) > 0
    for id in speakers | cited:
        called = included[id].get("name") or included[id]["title"]
        assert called in text, id


@every_format
def test_a_track_is_told_with_its_sub_tracks_under_its_own_name(client: FlaskClient, name: str) -> None:
    record({"ann": ACTOR, "source": SOURCE, "above": TRACK})
    record({"main": {**TRACK, "title": "Główne & “inne”", "parent": "above"}})
    record({"below": {**TRACK, "parent": "main"}, "beside": {**TRACK, "parent": "above"}})
    record({
        "in-below": talk(track="below"), "in-main": talk(track="main", held="2025-11"),
        "in-beside": talk(track="beside"), "in-above": statement(track="above"), "in-none": talk(),
    })  # fmt: skip
    answer = client.get(f"/v1/tracks/main/timeline?format={name}")
    assert told(name, answer.data) == expected(name, pages(client, "/v1/tracks/main/timeline"))
    assert len(told(name, answer.data)) == 2
    extension = MEDIA_TYPES[name][2]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="main.{extension}"'
    titles = {
        "ics": lambda: Calendar.from_ical(answer.data)["X-WR-CALNAME"],
        "atom": lambda: feedparser.parse(answer.data).feed.title,
        "timelinejs": lambda: unescape(json.loads(answer.data)["title"]["text"]["headline"]),
    }
    assert name == "csv" or titles[name]() == "Główne & “inne”"
    whole = client.get(f"/v1/timeline?format={name}")
    assert len(told(name, whole.data)) == 5
    assert whole.headers["Content-Disposition"] == f'attachment; filename="parley-timeline.{extension}"'


@every_format
def test_what_was_known_then_is_written_as_it_was(client: FlaskClient, name: str) -> None:
    record({"ann": ACTOR, "source": SOURCE, "k": talk(title="First", held="2025-12-21"), "z": statement()})
    then = client.get("/v1/talks/k").json["recorded_at"]
    before = file(client, "/v1/timeline", name)
    second = talk(title="Second", held="2025-12-23")
    recording.write([Change("talk", "k", second, replaces=ANY)], "test")
    record({"new": talk(title="Third")})
    after = file(client, "/v1/timeline", name)
    assert (b"First" in before, b"Second" in after, b"Third" in after) == (True, True, True)
    again = file(client, "/v1/timeline", name, known_at=then)
    assert (
        told(name, again)
        == told(name, before)
        == expected(name, pages(client, "/v1/timeline", known_at=then))
    )
    assert (b"First" in again, b"Second" in again, b"Third" in again) == (True, False, False)


def test_a_feed_is_as_old_as_what_was_known_last(client: FlaskClient) -> None:
    record({"ann": ACTOR, "source": SOURCE, "k": talk()})
    record({"z": talk()})
    moments = [client.get(f"/v1/talks/{id}").json["recorded_at"] for id in "kz"]
    for known_at, moment in (({"known_at": moments[0]}, moments[0]), ({}, moments[1])):
        read = etree.fromstring(file(client, "/v1/timeline", "atom", **known_at))
        assert read.findtext("a:updated", None, ATOM) == moment
        (own,) = read.findall("a:link[@rel='self']", ATOM)
        # The feed's own address answers with the feed, whatever the reader accepts.
        assert client.get(own.get("href")).data == file(client, "/v1/timeline", "atom", **known_at)


@every_format
def test_merged_records_are_called_what_they_became(client: FlaskClient, name: str) -> None:
    record({"ann": ACTOR, "anna": {**ACTOR, "name": "Anna Kowalska"}, "source": SOURCE})
    record({"paper": {**SOURCE, "title": "The Daily"}, "old": TRACK, "new": TRACK})
    record({"s": statement(track="old")})
    recording.merge("actor", "ann", "anna", "test")
    recording.merge("source", "source", "paper", "test")
    recording.merge("track", "old", "new", "test")
    data = file(client, "/v1/tracks/new/timeline", name, actor="anna")
    assert (len(told(name, data)), b"Anna Kowalska" in data, b"The Daily" in data) == (1, True, True)
    moved = client.get(f"/v1/tracks/old/timeline?kind=statement&format={name}")
    assert moved.status_code == 308
    assert moved.headers["Location"].endswith(f"/v1/tracks/new/timeline?kind=statement&format={name}")


@every_format
def test_formats_by_accept_and_by_name(reader: FlaskClient, name: str) -> None:
    media_type, content_type, extension = MEDIA_TYPES[name]
    assert FORMATS[name][:2] == (media_type, extension)
    for path in ("/v1/timeline", TRACK_PATH):
        asked = {"query_string": {"format": name}, "headers": {"Accept": "image/png"}}
        by_name = reader.get(path, buffered=True, **asked)
        accepted = f"image/png, {media_type}, application/json;q=0.5"
        by_accept = reader.get(path, headers={"Accept": accepted}, buffered=True)
        for answer in (by_name, by_accept):
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
            assert answer.headers["Vary"] == "Authorization, Accept"
        assert told(name, by_name.data) == told(name, by_accept.data) != []
    for accepted in ("*/*", "application/*", "text/html, */*;q=0.1", ""):
        assert reader.get("/v1/timeline", headers={"Accept": accepted}).mimetype == "application/json"


def test_what_no_timeline_is_written_in(reader: FlaskClient) -> None:
    for path in ("/v1/timeline", TRACK_PATH):
        for answer in (
            reader.get(f"{path}?format=gexf"),
            reader.get(f"{path}?format=ICS"),
            reader.get(f"{path}?format="),
            reader.get(path, headers={"Accept": "application/gexf+xml, image/*"}),
        ):
            assert (answer.status_code, answer.mimetype) == (406, PROBLEM)
            assert all(media_type in answer.json["detail"] for media_type, _, _ in MEDIA_TYPES.values())
    assert reader.get("/v1/actors/donald-trump/positions?format=ics").status_code == 406


@every_format
def test_what_is_wrong_is_a_problem_and_no_file(reader: FlaskClient, name: str) -> None:
    cursor = reader.get("/v1/timeline?limit=1").json["next"].partition("cursor=")[2]
    for query, status in (
        ({"cursor": cursor}, 422), ({"cursor": "x", "limit": 2}, 422), ({"limit": 0}, 422),
        ({"from": "soon"}, 422), ({"colour": "red"}, 422), ({"kind": "actor"}, 422),
    ):  # fmt: skip
        answer = reader.get("/v1/timeline", query_string={"format": name, **query})
        assert (answer.status_code, answer.mimetype) == (status, PROBLEM), query
        assert "Content-Disposition" not in answer.headers
        assert {error["parameter"] for error in answer.json["errors"]} <= set(query)
    for id in ("no-such-track", "donald-trump", "x%0d%0aSet-Cookie:%20a=b", "%22;x=%22"):
        answer = reader.get(f"/v1/tracks/{id}/timeline?format={name}")
        assert (answer.status_code, answer.mimetype) == (404, PROBLEM), id
        assert not {"Content-Disposition", "Set-Cookie"} & set(answer.headers.keys())


@every_format
def test_limit_is_how_many_entries_a_file_has(reader: FlaskClient, name: str) -> None:
    items = pages(reader, TRACK_PATH)
    for limit in (1, 5, len(items), 1000):
        assert told(name, file(reader, TRACK_PATH, name, limit=limit)) == expected(name, items[:limit])
