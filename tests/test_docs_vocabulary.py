"""The README and /openapi.json tell of every kind, field, word, relation, parameter and media type."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from schemas import queries
from schemas import vocabulary as words
from schemas.documents import SCHEMAS, Record
from schemas.fields import Term
from service.exports.formats import FORMATS
from service.exports.timeline_formats import FORMATS as TIMELINES
from service.questions.exporting import MEDIA_TYPE
from service.web import bodies, problems
from tests.readme import README, SPANS, WORDS, code, rows, section

GIVEN = ("id", "kind", "version", "recorded_at")


@pytest.fixture
def openapi(client: FlaskClient) -> dict[str, Any]:
    description: dict[str, Any] = client.get("/openapi.json").json
    return description


ENTRIES = dict(
    re.findall(r"^- \*\*`(\w+)`\*\*(.*?)(?=^- \*\*|\n\n)", section("What is recorded"), re.M | re.S)
)
COMMON = {*Record().fields, "kind"}


def parts(schema: Schema) -> Iterator[tuple[str, fields.Field[Any]]]:
    """Every field of a document, at any depth."""
    for name, field in schema.fields.items():
        yield name, field
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from parts(inner.schema)


def vocabulary() -> list[str]:
    """Every word that a document or a query may hold where only certain words are allowed."""
    terms = {
        choice
        for schema in SCHEMAS.values()
        for _, field in parts(schema())
        if isinstance(field, Term)
        for choice in field.validate.choices  # type: ignore[union-attr]
    }
    return sorted(terms | set(words.ATTRIBUTED))


def test_every_kind_has_its_entry() -> None:
    assert list(ENTRIES) == list(words.KINDS)


@pytest.mark.parametrize("kind", words.KINDS)
def test_an_entry_names_every_field_of_its_own_and_no_other(kind: str) -> None:
    own = {name: field for name, field in SCHEMAS[kind]().fields.items() if name not in COMMON}
    optional = {name + ("" if field.required else "?") for name, field in own.items()}
    named = {" ".join(name.split()) for name in code(ENTRIES[kind])}
    assert optional <= named
    everywhere = {name for name, _ in parts(SCHEMAS[kind]())} | {"wikidata"}
    fielded = {name.removesuffix("?") for name in named if "," not in name}
    assert fielded - everywhere == set()


@pytest.mark.parametrize("kind", words.KINDS)
def test_every_part_of_a_field_is_named(kind: str) -> None:
    for name, field in parts(SCHEMAS[kind]()):
        given_by_the_service = name in GIVEN
        optional = f"{name}?" if not field.required and not given_by_the_service else name
        assert optional in WORDS, optional


def test_every_word_of_an_enumeration_is_in_both(openapi: dict[str, Any]) -> None:
    assert [word for word in vocabulary() if word not in WORDS] == []
    assert [word for word in vocabulary() if word not in described_words(openapi)] == []


def test_every_scope_is_explained() -> None:
    assert set(words.SCOPES) <= set(code(section("Tokens")))


def described_words(value: Any) -> set[str]:
    """Every word that an enumeration of the description lists, at any depth."""
    if isinstance(value, list):
        return {word for item in value for word in described_words(item)}
    if not isinstance(value, dict):
        return set()
    listed = {str(word) for word in value.get("enum", ()) if not isinstance(word, dict)}
    return listed | {word for item in value.values() for word in described_words(item)}


def test_what_an_answer_may_say_is_described(openapi: dict[str, Any]) -> None:
    changes = {"initial", "reaffirmed", "shifted", "reversed"}
    assert changes <= WORDS
    assert changes | set(words.ACTIONS) <= described_words(openapi)


def test_every_relation_is_named_and_no_other() -> None:
    paragraph = README.split("**Relations.**", 1)[1].split("\n\n", 1)[0]
    assert code(paragraph) == list(words.RELATIONS)


def test_every_kind_of_record_is_described(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    for kind in words.KINDS:
        described = schemas[f"{kind.capitalize()}Record"]["properties"]
        assert described.keys() == SCHEMAS[kind]().fields.keys()
        assert kind in described_words(described["kind"])


def test_the_default_scale_is_given() -> None:
    paragraph = " ".join(section("What is recorded").split())
    shown = ", ".join(f"{value} {label}".replace("-", "−", 1) for value, label in words.DEFAULT_SCALE)
    assert f"default: {shown}" in paragraph


# --- parameters, media types ----------------------------------------------------------------------------

QUESTIONS = (queries.ActorHistoryQuery, queries.IssueHistoryQuery, queries.TimelineQuery, queries.SearchQuery)


@pytest.mark.parametrize("kind", words.KINDS)
def test_the_filters_of_a_list_are_those_it_takes(kind: str) -> None:
    (row,) = [r for r in rows(section("Asking"), "list of") if code(r[0]) == [words.KINDS[kind].plural]]
    real = [name for name in queries.listing(kind)().fields if name not in ("limit", "cursor")]
    assert code(row[1]) == real


def test_every_parameter_of_a_question_is_explained_and_no_other() -> None:
    explained = {name for row in rows(section("Asking"), "parameter") for name in code(row[0])}
    assert explained == {name for question in QUESTIONS for name in question().fields} | {"format"}


def test_every_parameter_of_the_changes_is_explained_and_no_other() -> None:
    explained = {name for row in rows(section("Changes"), "parameter") for name in code(row[0])}
    assert explained == {*queries.ChangesQuery().fields, "format"}


def test_the_description_has_every_parameter(openapi: dict[str, Any]) -> None:
    def named(path: str) -> set[str]:
        return {p["name"] for p in openapi["paths"][path]["get"]["parameters"] if p["in"] == "query"}

    for name, kind in words.KINDS.items():
        assert named(f"/v1/{kind.plural}") == queries.listing(name)().fields.keys() | {"format"}
    paths = (
        "/v1/actors/{id}/positions",
        "/v1/issues/{id}/positions",
        "/v1/tracks/{id}/timeline",
        "/v1/search",
    )
    for path, question in zip(paths, QUESTIONS, strict=True):
        assert named(path) == question().fields.keys() | {"format"}


@pytest.mark.parametrize("media_type", [bodies.JSON, bodies.MERGE_PATCH, problems.MEDIA_TYPE])
def test_every_media_type_is_in_both(media_type: str, openapi: dict[str, Any]) -> None:
    assert media_type in SPANS
    assert f'"{media_type}"' in json.dumps(openapi)


def test_no_other_media_type_is_named() -> None:
    named = set(re.findall(r"\b(?:application|text)/[\w.+-]+", README))
    exported = {format.media_type for format in (*FORMATS.values(), *TIMELINES.values())}
    assert named == {bodies.JSON, bodies.MERGE_PATCH, MEDIA_TYPE, problems.MEDIA_TYPE, "text/html"} | exported
