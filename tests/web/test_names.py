"""Names that differ only in how Unicode writes them are one name: kept, searched for and merged as one."""

import pytest
from flask.testing import FlaskClient

from service import recording
from service.diplomacy import documents
from service.storage import search
from service.storage.database import writing
from service.storage.models import Record
from tests.storage.test_checking import checked
from tests.web.samples import MINIMAL, newest, pointers, put, record

ACTOR = MINIMAL["actor"]


def ids(world: FlaskClient, text: str) -> list[str]:
    answer = world.get("/v1/search", query_string={"q": text})
    assert answer.status_code == 200
    return [hit["id"] for hit in answer.json["items"]]


def test_texts_are_kept_composed(world: FlaskClient) -> None:
    names = [{"text": "e\u0301"}]
    written = record(
        world, "actor", "zoe", {**ACTOR, "name": "Zoe\u0308", "names": names, "tags": ["o\u0308"]}
    )
    assert (written["name"], written["names"], written["tags"]) == ("Zoë", [{"text": "é"}], ["ö"])


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("Zoë Strauß", ["zoe\u0308 strauss", "ZOË STRAUSS", "Zoe Strauß", "ｚｏｅ", '"zoë strauß"']),
        ("ﬁnnish Ⅳ", ["finnish", "IV", "FINNISH", "ﬁnnish"]),
        ("Ｔｏｋｙｏ", ["tokyo", "ＴＯＫＹＯ", "nothing OR tokyo"]),
        ("ΣΊΣΥΦΟΣ", ["σίσυφος", "Σίσυφοσ"]),
        ("Вʼячеслав", ["в'ячеслав", "В’ячеслав", '"вʼячеслав"', "в'яч*"]),
        ("В'ячеслав", ["вʼячеслав", "ВʼЯЧЕСЛАВ"]),
        ("Oʻzbekiston", ["o'zbekiston", "O’zbekiston", "O‘zbekiston"]),
    ],
)
def test_search_finds_a_name_in_any_spelling(world: FlaskClient, kept: str, asked: list[str]) -> None:
    record(world, "actor", "one", {**ACTOR, "name": kept})
    record(world, "actor", "two", {**ACTOR, "names": [{"text": kept}]})
    for text in asked:
        assert ids(world, text) == ["one", "two"], text
    assert ids(world, f"{asked[0]} -{kept}") == []


def test_what_was_indexed_as_it_stood_is_still_found(world: FlaskClient) -> None:
    document = {**record(world, "actor", "old", {**ACTOR, "name": "Straße"}), "kind": "actor"}
    key = Record.select(Record.key).where(Record.id == "old").scalar()
    with writing():
        search.forget([key])
        search.learn([(key, *documents.searchable(document), "actor")])
    record(world, "actor", "new", {**ACTOR, "name": "Straße"})
    assert ids(world, "straße") == ["new", "old"]
    assert checked() == []


def test_an_actor_has_each_name_once(world: FlaskClient) -> None:
    at = newest(world)
    for texts in (["Zoë", "Zoe\u0308"], ["Zoë", "Bob", "ZOË"], ["Strauß", "STRAUSS"], ["Ann", "Ａｎｎ"]):
        document = {**ACTOR, "names": [{"text": text} for text in texts]}
        assert pointers(put(world, "actor", "zoe", document)) == [f"/names/{len(texts) - 1}/text"]
    assert newest(world) == at
    record(world, "actor", "zoe", {**ACTOR, "name": "Ann", "names": [{"text": "Ann"}, {"text": "Аnn"}]})


def test_a_clause_key_stands_once_however_it_is_written(world: FlaskClient) -> None:
    clauses = [{"key": key, "issue": "ceasefire", "stance": 1} for key in ("é", "e\u0301")]
    answer = put(world, "proposal", "mine", {**MINIMAL["proposal"], "clauses": clauses})
    assert pointers(answer) == ["/clauses/1/key"]


def test_a_merge_joins_names_that_are_one(world: FlaskClient) -> None:
    record(world, "actor", "one", {**ACTOR, "name": "Zoë", "names": [{"text": "Strauß"}]})
    record(world, "actor", "two", {**ACTOR, "name": "ZOË", "names": [{"text": "STRAUSS"}, {"text": "Zed"}]})
    recording.merge("actor", "two", "one", "test")
    assert world.get("/v1/actors/one").json["names"] == [{"text": "Strauß"}, {"text": "Zed"}]
