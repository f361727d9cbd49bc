"""The short way of loading gives what marshmallow gives, or leaves it to marshmallow."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from schemas import plain
from schemas.documents import SCHEMAS
from schemas.fields import Country, Date, Id, Kind, Language, ManyOf, Matching, Term, Text, Web, Whole
from service.ingest import notation
from service.ingest.demo import FILE

Values = st.SearchStrategy[Any]

TEXTS = ["Ann", "é", "e\u0301", "\u200b x", "a\xa0b", "Ніколи", "x" * 60, "x" * 100]
TEXTS += ["a" + "\u0323\u0301" * 49]
"""What most texts may be, some of them after a change."""
REFUSED = ["", " ", "\t", "\u200b", "a\x00", "\ud800", "\ufffe", "a\x85b", "a\u2028b", "two\nlines", "ann\n"]
REFUSED += ["a" + "\u0301\u0323" * 51]
LONG = [61, 101, 500, 501, 2_001, 100_001]
ODD = st.one_of(
    st.sampled_from([None, True, False, 0, 1.0, 2**53, -(10**30), 0.5, [], {}, [None], {"name": "x"}]),
    st.sampled_from(TEXTS + REFUSED),
    st.sampled_from(LONG).map("x".__mul__),
    st.text(max_size=3),
)
"""What is of another type, or just too much, or nobody thought of."""
SAMPLES: Mapping[type[fields.Field[Any]], tuple[Any, ...]] = {
    Id: ("ann", "a-1", "9", "a" * 80),
    Language: ("en", "sr-Latn"),
    Matching: ("Cyrl",),
    Country: ("UA", "XK"),
    Web: ("https://a.example/x", "http://localhost"),
    Date: ("2025-12-21", "some day"),
    Text: tuple(TEXTS),
    fields.Dict: ({"wikidata": "Q1"}, {}, {"gnd": "e\u0301"}),
    fields.Float: (1, 1.0, -90, 0.5),
}
"""By the kind of field, the nearest one first."""
ALMOST = ["-a", "Ann", "ann\n", "a" * 81, "\u0661", "EN", "uk\n", "cyrl", "ua", "ftp://a.example", "https://"]


def sound(field: fields.Field[Any]) -> Values:
    """Values that the field takes."""
    if isinstance(field, fields.Nested):
        return documents(field.schema, sound)
    if isinstance(field, ManyOf):
        return st.lists(sound(field.inner), min_size=field.least, max_size=3)
    if isinstance(field, Term):
        return st.sampled_from(sorted(field.words))
    if isinstance(field, Kind):
        return st.just(field.kind)
    if isinstance(field, Whole):
        return st.sampled_from([field.least, field.most])
    return st.sampled_from(next(given for type, given in SAMPLES.items() if isinstance(field, type)))


def spoiled(field: fields.Field[Any]) -> Values:
    """Values that the field refuses, mostly."""
    if isinstance(field, fields.Nested):
        return st.one_of(documents(field.schema, spoiled), ODD)
    if isinstance(field, ManyOf):
        some = st.lists(st.one_of(sound(field.inner), spoiled(field.inner)), max_size=3)
        return st.one_of(
            some, some, st.just([]), st.lists(sound(field.inner)).map(lambda few: few * 1_001), ODD
        )
    if isinstance(field, Whole):
        return st.sampled_from([field.least - 1, field.most + 1, True, 1.0, "1", None])
    return st.one_of(st.sampled_from(ALMOST), ODD)


def documents(schema: Schema, value: Any) -> Values:
    """Objects as the schema has them, in which one field holds what ``value`` gives."""
    shape = {name: sound(field) for name, field in schema.fields.items()}
    needed = {name: values for name, values in shape.items() if schema.fields[name].required}
    optional = {name: values for name, values in shape.items() if name not in needed}
    whole = st.fixed_dictionaries(needed, optional=optional)
    if value is sound:
        return whole
    one = st.sampled_from(sorted(shape)).flatmap(
        lambda name: st.tuples(st.just(name), value(schema.fields[name]))
    )
    others = st.one_of(one, one, one, st.just(("mood", "good")))
    spoilt = st.builds(lambda document, other: {**document, other[0]: other[1]}, whole, others)
    lacking = st.builds(
        lambda document, name: {key: inner for key, inner in document.items() if key != name},
        whole,
        st.sampled_from(sorted(shape)),
    )
    return st.one_of(spoilt, spoilt, spoilt, lacking)


def loaded(load: Any, document: Any) -> str:
    """What is loaded; its repr, for the order of fields and 1 or 1.0 are part of it."""
    try:
        return repr(load(document))
    except ValidationError:
        return "refused"


@pytest.mark.parametrize("kind", SCHEMAS)
@settings(max_examples=200)
@given(data=st.data())
def test_it_loads_and_refuses_what_marshmallow_does(kind: str, data: st.DataObject) -> None:
    schema = SCHEMAS[kind]()
    document = data.draw(st.one_of(documents(schema, sound), documents(schema, spoiled)))
    assert loaded(plain.loader(schema), document) == loaded(schema.load, document)


@pytest.mark.parametrize("line", FILE.read_bytes().splitlines())
def test_the_demo_needs_no_other_way(line: bytes) -> None:
    document = notation.parse(line)
    schema = SCHEMAS[document["kind"]]()
    assert repr(plain.loader(schema)(document)) == repr(schema.load(document))


@pytest.mark.parametrize("mark", ["\u0301\u0323", "\u0f73", "\u302e\u0301", "\U0001d165\u0323"])
def test_marks_without_end_are_refused_before_they_are_put_in_order(mark: str) -> None:
    """Of so many that would take seconds; of as many as a body may hold, minutes."""
    text = "say: a" + mark * 30_000
    assert not Text().plain(text)
    with pytest.raises(ValidationError, match="100 marks"):
        Text().deserialize(text)
    # Letters of which each has some, and what is no letter and no mark, are texts as any.
    for fine in ("a\u0301\u0323" * 300, "- \u0301-" * 300, "\u2014" * 300, "\u0915\u094d\u0937\u093f" * 300):
        assert Text().deserialize(fine)


def test_of_a_list_too_long_no_entry_is_looked_at() -> None:
    """Each would have a fault of its own to tell: of a body of 1 MiB, half a million."""
    for entry in (1, {}, {"source": "a", "surprise": 1}):
        with pytest.raises(ValidationError) as refused:
            SCHEMAS["talk"]().load({"sources": [entry] * 1_001})
        assert refused.value.messages_dict["sources"] == ["must hold from 1 to 1000 entries"]
