"""Pages add up to the whole, a cursor is good for its own question only, and no parameter is guessed."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas.vocabulary import KINDS
from service.ingest import demo as demo_negotiation
from tests.web.samples import ID, MINIMAL, PROBLEM, parameters, patch, path, record

WALKED = [
    *(path(kind) for kind in KINDS),
    "/v1/statements?speaker=donald-trump,volodymyr-zelenskyy",
    "/v1/statements?source=the-article&known_at=2100",
    "/v1/statements?issue=donbas-cession&status=attested,disputed&from=2025-12",
    "/v1/events?type=assault&to=2025-12-31",
    "/v1/timeline",
    "/v1/timeline?kind=talk,statement&actor=donald-trump,steve-witkoff",
    "/v1/timeline?known_at=2100",
    "/v1/tracks/us-led-peace-talks/timeline",
    "/v1/actors/volodymyr-zelenskyy/positions?attributed=include",
    "/v1/issues/donbas-cession/positions",
    "/v1/search?q=the",
]


def walk(client: FlaskClient, url: str) -> Iterator[dict[str, Any]]:
    """Every page from ``url`` on."""
    following: str | None = url
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.text
        following = answer.json["next"]
        link = answer.headers.get("Link")
        assert link == (f'<{following}>; rel="next"' if following else None)
        yield answer.json


def test_pages_of_every_size_add_up(app: Flask, client: FlaskClient) -> None:
    demo_negotiation.load()
    longest = 0
    for url in WALKED:
        joint = "&" if "?" in url else "?"
        (whole,) = walk(client, f"{url}{joint}limit=1000")
        longest = max(longest, len(whole["items"]))
        for limit in (1, 2, 3, 7):
            pages = list(walk(client, f"{url}{joint}limit={limit}"))
            assert [item for page in pages for item in page["items"]] == whole["items"], (url, limit)
            assert all(len(page["items"]) == limit for page in pages[:-1])
            assert pages[-1]["items"] or len(pages) == 1
            for page in pages if "included" in whole else []:
                assert page["included"].items() <= whole["included"].items()
    assert longest > 20


def test_pages_of_revisions_add_up(world: FlaskClient) -> None:
    for number in range(8):
        assert patch(world, "actor", "ann", {"notes": f"{number}"}).status_code == 200
    (whole,) = walk(world, "/v1/actors/ann/revisions")
    assert [entry["version"] for entry in whole["items"]] == list(range(1, 10))
    for limit in (1, 2, 3, 7, 9):
        pages = list(walk(world, f"/v1/actors/ann/revisions?limit={limit}"))
        assert [item for page in pages for item in page["items"]] == whole["items"]
        assert len(pages) == -(-9 // limit)


def test_ties_are_parted_by_id_and_pages_go_on_after_what_is_new(world: FlaskClient) -> None:
    for number in (3, 1, 4, 0, 5, 2):
        record(world, "event", f"tie-{number}", MINIMAL["event"])
    first = world.get("/v1/events?limit=3").json
    assert [item["id"] for item in first["items"]] == ["strike", "tie-0", "tie-1"]
    # What is written before the place where the page ended does not shift those after it.
    record(world, "event", "tie-00", MINIMAL["event"])
    assert world.delete("/v1/events/tie-2", headers={"If-Match": "*"}).status_code == 204
    second = world.get(first["next"]).json
    assert [item["id"] for item in second["items"]] == ["tie-3", "tie-4", "tie-5"]
    assert second["next"] is None


def test_the_next_page_asks_the_same_question(world: FlaskClient) -> None:
    for number in range(3):
        record(world, "event", f"e-{number}", {**MINIMAL["event"], "tracks": ["main"]})
    query = {"track": "main,geneva", "from": "2025-12", "type": "assault", "limit": "2", "known_at": "2100"}
    following = world.get("/v1/events", query_string=query, base_url="https://parley.example").json["next"]
    assert following.startswith("https://parley.example/v1/events?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(following).query).items()}
    assert asked.pop("cursor")
    assert asked == query


@pytest.fixture
def cursor(world: FlaskClient) -> str:
    """A cursor of ``/v1/actors?type=person,organization``."""
    following = world.get("/v1/actors?type=person,organization&limit=1").json["next"]
    return parse_qs(urlsplit(following).query)["cursor"][0]


def test_a_cursor_is_good_for_its_own_question_only(world: FlaskClient, cursor: str) -> None:
    own = {"type": "person,organization", "cursor": cursor}
    assert len(world.get("/v1/actors", query_string=own).json["items"]) == 2
    assert len(world.get("/v1/actors", query_string={**own, "limit": "1"}).json["items"]) == 1
    others: list[tuple[str, dict[str, str]]] = [
        ("/v1/actors", {}),
        ("/v1/actors", {"type": "person"}),
        ("/v1/actors", {"type": "person,organization", "organization": "council"}),
        ("/v1/actors", {"type": "person,organization", "known_at": "2100"}),
        ("/v1/actors/ann/revisions", {}),
        ("/v1/actors/ann/positions", {}),
        ("/v1/sources", {}),
        ("/v1/timeline", {}),
        ("/v1/tracks/main/timeline", {}),
        ("/v1/search", {"q": "a"}),
    ]
    for url, query in others:
        answer = world.get(url, query_string={**query, "cursor": cursor})
        assert (answer.status_code, answer.mimetype) == (400, PROBLEM), (url, query)
        assert answer.json["type"] == "/problems/malformed"


def test_a_cursor_that_was_tampered_with(world: FlaskClient, cursor: str) -> None:
    tampered = [cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :] for place in
                range(0, len(cursor) - 1, 3)]  # fmt: skip
    tampered += [cursor[:-5], cursor + ".x", "x" + cursor, cursor.swapcase(), cursor.rpartition(".")[0]]
    tampered += ["mine", "0", "null", "[]", "é", "\x00", ".", "..", "." * 900, "W10.", "eyJ9.x.y"]
    for wrong in tampered:
        answer = world.get("/v1/actors", query_string={"type": "person,organization", "cursor": wrong})
        assert (answer.status_code, answer.mimetype) == (400, PROBLEM), wrong


@pytest.mark.parametrize("url", ["/v1/actors", "/v1/actors/ann/revisions", "/v1/timeline", "/v1/search?q=a"])
def test_a_limit_is_a_whole_number_from_1_to_1000(world: FlaskClient, url: str) -> None:
    joint = "&" if "?" in url else "?"
    for right in ("1", "1000", "007"):
        assert world.get(f"{url}{joint}limit={right}").status_code == 200
    wrong = ["0", "1001", "１２", " 5 ", "5 ", "1_0", "+5", "-1", "1.0", "", "1e2", "0x1", "abc", "9" * 30]
    wrong += ["1,2", "٣", "²", "true", "null", "5\n", "1\x00"]
    for value in wrong:
        query = {"q": "a", "limit": value} if "search" in url else {"limit": value}
        answer = world.get(url.partition("?")[0], query_string=query)
        assert parameters(answer) == ["limit"], value
        assert "from 1 to 1000" in answer.json["errors"][0]["detail"], value


def test_parameters_that_are_unknown_or_stand_twice(world: FlaskClient) -> None:
    for kind, id in ID.items():
        for url in (path(kind), path(kind, id), f"{path(kind, id)}/revisions"):
            assert parameters(world.get(f"{url}?colour=red&Limit=1")) == ["Limit", "colour"]
            assert parameters(world.get(f"{url}?known_at=2100&known_at=2100")) == ["known_at"]
        assert parameters(world.get(f"{path(kind, id)}/revisions/1?colour=red")) == ["colour"]
    for url in ("/v1/timeline", "/v1/tracks/main/timeline", "/v1/actors/ann/positions"):
        assert parameters(world.get(f"{url}?limit=1&limit=1&as_of=2025&as_of=2025")) == ["as_of", "limit"]
        assert world.get(f"{url}?format=json").mimetype == "application/json"
        for asked in ({"query_string": {"format": "json5"}}, {"headers": {"Accept": "image/png"}}):
            assert world.get(url, **asked).json["type"] == "/problems/not-acceptable"
        assert world.get(url, headers={"Accept": "image/png, */*;q=0.1"}).status_code == 200
        assert world.get(url, headers={"Accept": "application/json; charset=utf-8"}).status_code == 200
    assert parameters(world.get("/v1/search")) == ["q"]
    assert parameters(world.get("/livez?x=1")) == ["x"]


def test_a_list_may_be_given_piece_by_piece(app: Flask, client: FlaskClient) -> None:
    """As generated clients do that know no other way. The next page is of the same question."""
    demo_negotiation.load()
    url = "/v1/statements?limit=3&speaker="
    apart = [page["items"] for page in walk(client, f"{url}donald-trump&speaker=steve-witkoff")]
    assert apart == [page["items"] for page in walk(client, f"{url}donald-trump,steve-witkoff")]
    assert len(apart) > 1
    assert {item["speaker"] for page in apart for item in page} == {"donald-trump", "steve-witkoff"}


def test_writes_take_no_parameters(world: FlaskClient) -> None:
    for method, url in (("POST", "/v1/actors"), *((m, "/v1/actors/ann") for m in ("PUT", "PATCH", "DELETE"))):
        answer = world.open(f"{url}?force=true", method=method, json={}, headers={"If-Match": "*"})
        assert parameters(answer) == ["force"]


@pytest.mark.parametrize(
    "query",
    [
        *("speaker=", "speaker=a,,b", "speaker=Ann", "speaker=a%20,b", "speaker=%00", "speaker=%ff"),
        *("speaker=a%2cB", f"speaker={','.join(['a'] * 101)}", "status=wrong", "status=attested,"),
        *("channel=Speech", "from=tomorrow", "from=", "from=2025%2b01", "to=2025-13", "to=%ef%bc%92025"),
        *("as_of=", "as_of=2025-02-30", "known_at=now", "known_at=..", "known_at=2025-12-21/.."),
        *("cursor=", "limit="),
    ],
)
def test_a_value_that_a_parameter_does_not_take(world: FlaskClient, query: str) -> None:
    answer = world.get(f"/v1/statements?{query}")
    assert parameters(answer) == [re.split("=", query)[0]]
    assert answer.json["errors"][0]["detail"]


def test_an_empty_value_is_not_taken_for_any(world: FlaskClient) -> None:
    for url in (
        *(f"/v1/{plural}?type=" for plural in ("actors", "sources", "tracks", "events")),
        *(f"/v1/{plural}?status=" for plural in ("talks", "statements", "proposals")),
        *("/v1/talks?mode=", "/v1/statements?channel=", "/v1/timeline?kind=", "/v1/search?q=a&kind="),
        *("/v1/actors/ann/positions?status=", "/v1/actors/ann/positions?attributed=", "/v1/search?q="),
    ):
        name = re.split("[?&=]", url)[-2]
        assert parameters(world.get(url)) == [name], url


def test_every_wrong_parameter_is_named_at_once(world: FlaskClient) -> None:
    query = "speaker=Ann&status=wrong&from=tomorrow&as_of=2025-02-30&known_at=now&limit=0&colour=red"
    expected = ["as_of", "colour", "from", "known_at", "limit", "speaker", "status"]
    assert parameters(world.get(f"/v1/statements?{query}")) == expected
