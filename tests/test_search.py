"""Search: what is found, in what order, how it is shown; and that no text whatever is an error."""

from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from schemas.vocabulary import KINDS
from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.questions import Paging
from service.settings import Settings
from service.storage.words import MARK
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, statement, talk


def record(kind: str, id: str, document: dict[str, Any] | None, replaces: Any = None) -> None:
    recording.write([Change(kind, id, document, replaces=replaces)], "test")


@pytest.fixture
def caller(client: FlaskClient) -> FlaskClient:
    name = {"text": "Володимир Зеленський", "language": "uk", "script": "Cyrl"}
    record(
        "actor",
        "zelenskyy",
        {**ACTOR, "name": "Volodymyr Zelenskyy", "names": [name], "tags": ["Kyiv envoy"]},
    )
    record("actor", "ann", {**ACTOR, "name": "Élodie Łukasz", "notes": "Speaks of cession in passing."})
    record("source", "source", {**SOURCE, "publisher": "The Gazette", "author": "N. Writer"})
    record("issue", "donbas", {**ISSUE, "title": "Cession of Donbas", "proposition": "Ukraine withdraws."})
    record("track", "talks", {**TRACK, "title": "Florida talks"})
    record("talk", "round", talk(title="Third round", place={"name": "Miami, Florida"}, track="talks"))
    said = statement(text="Переговори тривають", translation="The talks go on and on", notes="A cession note")
    record("statement", "said", said)
    record(
        "event",
        "strike",
        {
            "type": "assault",
            "title": "Strike on Odesa",
            "occurred": "2025-12-22",
            "sources": [{"source": "source"}],
            "figures": [{"label": "drones launched", "value": 9}],
        },
    )
    record(
        "proposal",
        "plan",
        {
            "title": "Plan of twenty points",
            "status": "draft",
            "sources": [{"source": "source"}],
            "clauses": [
                {"key": "guarantees", "issue": "donbas", "stance": 1, "text": "Security guarantees."}
            ],
        },
    )
    return client


def found(client: FlaskClient, text: str, query: str = "") -> list[str]:
    answer = client.get(f"/v1/search?q={quote(text)}{query}")
    assert answer.status_code == 200, answer.json
    return [hit["id"] for hit in answer.json["items"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zelenskyy", ["zelenskyy"]),
        ("ZELENSKYY volodymyr", ["zelenskyy"]),
        ("Зеленський", ["zelenskyy"]),
        ("зеленський", ["zelenskyy"]),
        ("elodie", ["ann"]),
        ("ÉLODIE", ["ann"]),
        ("envoy", ["zelenskyy"]),
        ("переговори", ["said"]),
        ("gazette writer", ["source"]),
        ("miami", ["round"]),
        ("drones", ["strike"]),
        ("guarantees", ["plan"]),
        ("withdraws", ["donbas"]),
        ("nowhere", []),
        # The label counts for more than a text.
        ("cession", ["donbas", "ann", "said"]),
        ("florida", ["talks", "round"]),
        ("talks", ["talks", "said"]),
        # Phrases, OR, exclusion: every word must be there unless it is said otherwise.
        ('"go on"', ["said"]),
        ('"on go"', []),
        ("third miami", ["round"]),
        ("third odesa", []),
        ("third OR odesa", ["round", "strike"]),
        ("cession -donbas -passing", ["said"]),
        ("florida -miami", ["talks"]),
    ],
)
def test_what_is_found(caller: FlaskClient, text: str, expected: list[str]) -> None:
    hits = found(caller, text)
    assert sorted(hits) == sorted(expected)
    if expected:
        assert hits[0] == expected[0] or " OR " in text


def test_a_hit_says_what_was_found(caller: FlaskClient) -> None:
    (hit,) = caller.get("/v1/search?q=withdraws").json["items"]
    assert list(hit) == ["id", "kind", "label", "score", "snippet"]
    assert (hit["id"], hit["kind"], hit["label"]) == ("donbas", "issue", "Cession of Donbas")
    assert "withdraws" in hit["snippet"]
    assert hit["score"] == 0, "it is not called so"


@pytest.mark.parametrize("text", ["зеленський", "elodie", "drones", "guarantees", "on and on", "envoy"])
def test_the_snippet_holds_a_word(caller: FlaskClient, text: str) -> None:
    hits = caller.get(f"/v1/search?q={quote(text)}").json["items"]
    assert hits
    for hit in hits:
        snippet = hit["snippet"].casefold().replace("é", "e")
        assert any(word in snippet for word in text.split()), hit


def test_scores_fall(caller: FlaskClient) -> None:
    scores = [hit["score"] for hit in caller.get("/v1/search?q=cession").json["items"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]


def test_kinds(caller: FlaskClient) -> None:
    assert found(caller, "cession", "&kind=issue") == ["donbas"]
    assert sorted(found(caller, "cession", "&kind=actor,statement")) == ["ann", "said"]
    assert found(caller, "cession", "&kind=talk") == []
    assert sorted(found(caller, "cession", f"&kind={','.join(KINDS)}")) == sorted(found(caller, "cession"))
    assert sorted(found(caller, "said OR envoy -donbas", "&kind=issue,actor")) == ["zelenskyy"]
    assert caller.get("/v1/search?q=cession&kind=nothing").status_code == 422


@pytest.mark.parametrize(
    "text", ["actor", "actor*", "=actor", f"{MARK}actor", f"{MARK}*", f"kind:{MARK}actor"]
)
@pytest.mark.parametrize("query", ["", "&kind=actor"])
def test_a_kind_is_no_word_of_its_records(caller: FlaskClient, text: str, query: str) -> None:
    assert found(caller, text, query) == []


def test_what_was_amended_deleted_or_merged_is_found_as_it_is(caller: FlaskClient) -> None:
    record("issue", "donbas", {**ISSUE, "title": "Withdrawal", "proposition": "Ukraine leaves."}, ANY)
    assert sorted(found(caller, "cession")) == ["ann", "said"]
    assert found(caller, "withdrawal") == ["donbas"]
    record("event", "strike", None, ANY)
    assert found(caller, "odesa") == []
    record(
        "event",
        "strike",
        {
            "type": "assault",
            "title": "Strike on Odesa again",
            "occurred": "2025-12-23",
            "sources": [{"source": "source"}],
        },
    )
    assert found(caller, "odesa again") == ["strike"]
    recording.merge("actor", "ann", "zelenskyy", "test")
    assert found(caller, "elodie") == ["zelenskyy"], "the name went over"
    assert sorted(found(caller, "cession")) == ["said"]


SYNTAX = st.lists(
    st.sampled_from(
        (
            '"',
            "'",
            "(",
            ")",
            "*",
            "^",
            "+",
            "-",
            ":",
            "{",
            "}",
            ",",
            ".",
            "NEAR",
            "NEAR(",
            "AND",
            "OR",
            "NOT",
            "label",
            "names:",
            "rowid",
            "-label:",
            "\x00",
            "%",
            "\\",
            "a",
            "talks",
            " ",
            "  ",
            "\n",
            "é",
            "ї",
            "\u200f",
            "\ud800",
            "\U0001f54a",
            ";",
            "--",
        )
    ),
    max_size=14,
).map("".join)
ANY_TEXT = st.one_of(
    SYNTAX, SYNTAX, st.text(max_size=60), st.text(st.characters(), max_size=20), st.binary(max_size=20)
)


@hypothesis_settings(max_examples=400)
@given(text=ANY_TEXT, kinds=st.sampled_from(("", "&kind=actor,talk")))
def test_any_text_is_safe_over_http(caller: FlaskClient, text: str | bytes, kinds: str) -> None:
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    answer = caller.get(f"/v1/search?q={quote(raw)}{kinds}")
    assert answer.status_code == (200 if raw else 422), answer.json


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?q=", 422),
        ("?q=" + "a" * 500, 200),
        ("?q=" + "a" * 501, 422),
        ("?q=a&q=b", 422),
        ("?q=%20", 200),
        ("?q=" + quote("ї" * 500), 200),
        ("?q=" + "%28" * 500, 200),
        ("?q=" + "-" * 500, 200),
        ("?q=" + "%22" * 499, 200),
        ("?q=" + quote("a OR " * 99), 200),
        ("?q=" + quote("a -b " * 100), 200),
        ("?q=" + quote("(a " * 160), 200),
        ("?kind=actor,talk&q=" + quote("(a " * 160), 200),
        ("?kind=actor,talk&q=" + quote("(Straße " * 60), 200),
    ],
)
def test_empty_and_too_long(caller: FlaskClient, query: str, status: int) -> None:
    assert caller.get(f"/v1/search{query}").status_code == status


MARKS = "\"'()*^+-:{},.;%\\#@!?<>=~`$&|/[]"
PIECES = [
    *MARKS,
    "NEAR",
    "NEAR(",
    "AND",
    "OR",
    "NOT",
    "label:",
    "names :",
    "rowid",
    "search",
    "\x00",
    "\x1a",
    "a",
    "talk*",
    "talks",
    "cession",
    " ",
    " ",
    "\t",
    "é",
    "ї",
    "\u200f",
    "\U0001f54a",
    "00",
    "3",
]


def test_thousands_of_texts_are_safe(demo: Settings) -> None:
    """Straight at the question, without HTTP around it."""
    random = Random(2025)  # noqa: S311
    hits = 0
    for _ in range(20_000):
        text = "".join(random.choice(PIECES) for _ in range(random.randint(1, 12)))
        hits += len(questions.found(text, (), Paging(3)).items)
    assert hits > 400
