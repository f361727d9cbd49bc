"""Merge patches by the table of RFC 7396, the bytes that are kept, the chain, the names of two made one."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.diplomacy import names, revisions

# RFC 7396, appendix A, all rows: the original, the patch, the result.
APPENDIX_A = """
{"a":"b"}                | {"a":"c"}                   | {"a":"c"}
{"a":"b"}                | {"b":"c"}                   | {"a":"b","b":"c"}
{"a":"b"}                | {"a":null}                  | {}
{"a":"b","b":"c"}        | {"a":null}                  | {"b":"c"}
{"a":["b"]}              | {"a":"c"}                   | {"a":"c"}
{"a":"c"}                | {"a":["b"]}                 | {"a":["b"]}
{"a":{"b":"c"}}          | {"a":{"b":"d","c":null}}    | {"a":{"b":"d"}}
{"a":[{"b":"c"}]}        | {"a":[1]}                   | {"a":[1]}
["a","b"]                | ["c","d"]                   | ["c","d"]
{"a":"b"}                | ["c"]                       | ["c"]
{"a":"foo"}              | null                        | null
{"a":"foo"}              | "bar"                       | "bar"
{"e":null}               | {"a":1}                     | {"e":null,"a":1}
[1,2]                    | {"a":"b","c":null}          | {"a":"b"}
{}                       | {"a":{"bb":{"ccc":null}}}   | {"a":{"bb":{}}}
"""
ROWS = [[json.loads(part) for part in row.split(" | ")] for row in APPENDIX_A.strip().splitlines()]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text("abc", max_size=1), VALUES, max_size=3)


def test_the_table_is_whole() -> None:
    assert len(ROWS) == 15


@pytest.mark.parametrize(("target", "patch", "result"), ROWS)
def test_merge_patch(target: Any, patch: Any, result: Any) -> None:
    before = json.dumps([target, patch])
    assert revisions.merge_patch(target, patch) == result
    assert json.dumps([target, patch]) == before, "neither the target nor the patch may change"


def without_nulls(value: Any) -> bool:
    if isinstance(value, dict):
        return all(inner is not None and without_nulls(inner) for inner in value.values())
    return True


@given(VALUES, VALUES)
def test_the_same_patch_twice_is_the_patch_once(target: Any, patch: Any) -> None:
    once = revisions.merge_patch(target, patch)
    assert revisions.merge_patch(once, patch) == once


@given(OBJECTS)
def test_an_empty_patch_changes_nothing(target: Any) -> None:
    assert revisions.merge_patch(target, {}) == target


@given(OBJECTS.filter(without_nulls))
def test_a_patch_without_nulls_makes_itself_of_nothing(patch: Any) -> None:
    assert revisions.merge_patch({}, patch) == patch


@given(OBJECTS)
def test_null_takes_away_whatever_is_there(target: Any) -> None:
    assert revisions.merge_patch(target, dict.fromkeys(target)) == {}


@given(st.integers(0, 2**52))
def test_instants_keep_every_microsecond(microseconds: int) -> None:
    text = revisions.instant(microseconds)
    assert text.endswith("Z")
    assert len(text) == len("2025-12-23T09:30:00.000000Z")
    parsed = datetime.fromisoformat(text)
    assert (parsed - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) == microseconds


def test_an_instant() -> None:
    assert revisions.instant(1_766_482_200_000_000) == "2025-12-23T09:30:00.000000Z"


def test_the_service_gives_its_fields_first_and_whatever_the_caller_sent() -> None:
    sent = {"version": 9, "name": "Енн", "id": "else", "recorded_at": "never", "kind": "talk"}
    rendered = revisions.render("ann", "actor", 2, 1_766_482_200_000_000, sent)
    assert rendered.decode() == (
        '{"id":"ann","kind":"actor","version":2,"recorded_at":"2025-12-23T09:30:00.000000Z","name":"Енн"}'
    )
    assert revisions.content(orjson.loads(rendered)) == {"name": "Енн"}


def test_the_digest_is_sha256_over_the_one_before_and_all_that_is_said() -> None:
    expected = hashlib.sha256(bytes(32) + b'[1,"created","ann"]' + b"{}").digest()
    assert revisions.digest(revisions.GENESIS, 1, "created", "ann", b"{}") == expected


def test_every_part_counts_in_the_digest() -> None:
    whole: list[Any] = [bytes(32), 1, "created", "ann", b"{}"]
    others = [bytes([1]) + bytes(31), 2, "amended", "bob", b"[]"]
    digests = {revisions.digest(*whole)}
    for place, other in enumerate(others):
        digests.add(revisions.digest(*whole[:place], other, *whole[place + 1 :]))
    assert len(digests) == 6


@pytest.mark.parametrize(
    ("kept", "duplicate", "texts"),
    [
        ({"name": "Ann"}, {"name": "Ann"}, []),
        ({"name": "Ann"}, {"name": "Anna"}, ["Anna"]),
        ({"name": "Ann", "names": [{"text": "Anna"}]}, {"name": "Anna"}, ["Anna"]),
        (
            {"name": "Ann", "names": [{"text": "A"}]},
            {"name": "B", "names": [{"text": "Ann"}, {"text": "A"}]},
            ["A", "B"],
        ),
        ({"name": "Ann"}, {"name": "B", "names": [{"text": "C"}, {"text": "C"}, {"text": "B"}]}, ["B", "C"]),
    ],
)
def test_joined_names_are_each_name_once(kept: Any, duplicate: Any, texts: list[str]) -> None:
    assert [name["text"] for name in names.joined(kept, duplicate)] == texts


def test_a_name_keeps_its_language_and_script() -> None:
    name = {"text": "Енн", "language": "uk", "script": "Cyrl"}
    assert names.joined({"name": "Ann"}, {"name": "Ann", "names": [name]}) == [name]
