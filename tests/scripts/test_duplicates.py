"""``parley duplicates``: what is reported, and that nothing is done about it."""

import json

from service import questions, recording
from service.diplomacy.changes import ANY, Change
from service.settings import Settings
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK
from tests.scripts.conftest import Parley


def test_what_is_reported(store: Settings, parley: Parley) -> None:
    made = [
        ("ann", {**ACTOR, "name": "Zoë Ann"}),
        ("bob", {**ACTOR, "name": "Bob", "names": [{"text": "ZOE\u0308  ANN"}]}),
        ("eve", {**ACTOR, "name": "Zoë Аnn"}),  # with a Cyrillic A
        ("gone", {**ACTOR, "name": "Bob"}),
        ("truce", {**ISSUE, "title": "Truce"}),
        ("truce-2", {**ISSUE, "title": "truce"}),
        ("talks", {**TRACK, "title": "Truce"}),
        ("paper", {**SOURCE, "title": "Paper"}),
        ("paper-2", {**SOURCE, "title": "Paper"}),
    ]
    recording.write([Change(document["kind"], id, document) for id, document in made], "test")
    recording.write([Change("actor", "gone", None, replaces=ANY)], "test")
    before = questions.state()
    assert parley("duplicates").stdout.splitlines() == [
        "one name: actor ann (Zoë Ann), bob (Bob)",
        "one name: issue truce (Truce), truce-2 (truce)",
        "look-alikes: actor ann (Zoë Ann), bob (Bob), eve (Zoë Аnn)",
        "2 of one name, 1 look-alikes",
    ]
    told = json.loads(parley("duplicates", "--json").stdout)
    assert [[one["id"] for one in group["records"]] for group in told["same"]] == [
        ["ann", "bob"],
        ["truce", "truce-2"],
    ]
    assert [group["kind"] for group in told["look_alikes"]] == ["actor"]
    assert told["same"][0]["records"][1] == {"id": "bob", "name": "Bob", "names": ["ZOË  ANN"]}
    assert questions.state() == before


def test_a_store_without_any(demo: Settings, parley: Parley) -> None:
    assert parley("duplicates").stdout == "0 of one name, 0 look-alikes\n"
    assert json.loads(parley("duplicates", "--json").stdout) == {"same": [], "look_alikes": []}
