"""What the tests of the service write: a small world, and the least and the most that each kind may hold."""

import copy
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from schemas.vocabulary import KINDS, Reference

Document = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"
PROBLEM = "application/problem+json"
CITED = [{"source": "paper"}]

WORLD: list[Document] = [
    {"kind": "actor", "id": "ann", "type": "person", "name": "Ann"},
    {"kind": "actor", "id": "bob", "type": "person", "name": "Bob"},
    {"kind": "actor", "id": "council", "type": "organization", "name": "The Council"},
    {"kind": "source", "id": "paper", "type": "article", "title": "A paper"},
    {"kind": "issue", "id": "ceasefire", "title": "Ceasefire", "proposition": "The fighting stops first."},
    {"kind": "issue", "id": "region", "title": "The region", "proposition": "It is given up."},
    {"kind": "track", "id": "main", "title": "The talks", "type": "track-1"},
    {
        "kind": "talk",
        "id": "geneva",
        "title": "Geneva",
        "mode": "in-person",
        "status": "held",
        "held": "2025-11-23",
        "participants": [],
        "sources": CITED,
    },
    {
        "kind": "statement",
        "id": "opening",
        "speaker": "ann",
        "text": "We begin.",
        "directness": "direct",
        "made": "2025-11-23",
        "status": "attested",
        "sources": CITED,
    },
    {
        "kind": "proposal",
        "id": "plan",
        "title": "The plan",
        "status": "tabled",
        "clauses": [],
        "sources": CITED,
    },
    {
        "kind": "event",
        "id": "strike",
        "type": "assault",
        "title": "A strike",
        "occurred": "2025-12-22",
        "sources": CITED,
    },
]
"""In an order in which each refers only to those before it."""

ID = {document["kind"]: document["id"] for document in reversed(WORLD)}
"""The first record of each kind."""

MINIMAL: dict[str, Document] = {
    kind: {
        name: value
        for name, value in next(document for document in WORLD if document["kind"] == kind).items()
        if name not in ("id", "kind")
    }
    for kind in KINDS
}
"""The required fields of each kind and no other."""

_PLACE = {"name": "Палац Націй", "country": "CH", "lat": 46.2266, "lon": 6.14}
_SOURCES = [{"source": "paper", "locator": "¶ 4", "credibility": 2}]
_BOTH = {"notes": "Two lines:\nthis one and that.", "tags": ["winter", "зима"]}

FULL: dict[str, Document] = {
    "actor": {
        "type": "person",
        "name": "Zoë",
        "names": [{"text": "Зоя", "language": "uk", "script": "Cyrl"}],
        "country": "UA",
        "memberships": [
            {"organization": "council", "post": "Chair", "from": "2019-05-20", "until": "2025-12-XX"}
        ],
        "identifiers": {"wikidata": "Q3874799"},
        **_BOTH,
    },
    "source": {
        "type": "post",
        "title": "A post",
        "publisher": "The publisher",
        "author": "An author",
        "url": "https://example.org/a?b=c#d",
        "archive_url": "http://archive.example.org/1",
        "language": "sr-Latn",
        "published": "2025-12-22T19:30:00+02:00",
        "accessed": "2025-12-23",
        "reliability": "B",
        **_BOTH,
    },
    "issue": {
        "title": "Guarantees",
        "proposition": "There are guarantees.",
        "scale": [
            {"value": -1, "label": "no"},
            {"value": 0, "label": "silent"},
            {"value": 3, "label": "yes"},
        ],
        "parent": "ceasefire",
        **_BOTH,
    },
    "track": {
        "title": "Experts",
        "type": "track-1.5",
        "began": "2025-11",
        "ended": "2025-12-22~",
        "parent": "main",
        **_BOTH,
    },
    "talk": {
        "title": "Florida",
        "mode": "in-person",
        "status": "held",
        "held": "2025-12-19/2025-12-21",
        "place": _PLACE,
        "track": "main",
        "round": 2,
        "follows": "geneva",
        "participants": [{"actor": "ann", "role": "mediator", "on_behalf_of": "council"}],
        "agenda": ["ceasefire"],
        "outcome": {"result": "progress", "summary": "Useful."},
        "sources": _SOURCES,
        **_BOTH,
    },
    "statement": {
        "speaker": "bob",
        "text": "Так.",
        "directness": "indirect",
        "cue": "said",
        "language": "uk",
        "translation": "Yes.",
        "made": "2025-12-21",
        "channel": "press-conference",
        "on_behalf_of": "council",
        "addressed_to": ["ann"],
        "talk": "geneva",
        "track": "main",
        "issues": ["region"],
        "positions": [
            {
                "issue": "ceasefire",
                "stance": 1,
                "holder": "ann",
                "firmness": "firm",
                "conditions": "If all do.",
                "salience": 100,
            }
        ],
        "relations": [{"type": "responds-to", "statement": "opening"}],
        "status": "disputed",
        "sources": _SOURCES,
        **_BOTH,
    },
    "proposal": {
        "title": "A later plan",
        "status": "draft",
        "tabled": "2025-12-XX",
        "sponsors": ["ann"],
        "track": "main",
        "talk": "geneva",
        "supersedes": "plan",
        "clauses": [{"key": "1", "issue": "ceasefire", "stance": 2, "text": "Both stop."}],
        "sources": _SOURCES,
        **_BOTH,
    },
    "event": {
        "type": "assault",
        "title": "A night",
        "occurred": "2025-12-22/2025-12-23",
        "place": _PLACE,
        "actors": [{"actor": "bob", "role": "attacker"}],
        "tracks": ["main"],
        "figures": [
            {"label": "drones", "value": 635, "unit": "drones", "bound": "about", "attributed_to": "ann"}
        ],
        "sources": _SOURCES,
        **_BOTH,
    },
}
"""Every field of each kind, the nested ones too."""

_ENTRY: dict[str, Document] = {
    "memberships": {"organization": "council"},
    "participants": {"actor": "ann", "role": "party"},
    "positions": {"issue": "ceasefire", "stance": 1},
    "relations": {"type": "clarifies", "statement": "opening"},
    "clauses": {"key": "1", "issue": "ceasefire", "stance": 1},
    "sources": {"source": "paper"},
    "actors": {"actor": "ann", "role": "host"},
    "figures": {"label": "drones", "value": 635},
}
"""The least entry of each list that holds references."""


def path(kind: str, id: str | None = None) -> str:
    """The path of a kind's records, or of one of them."""
    return f"/v1/{KINDS[kind].plural}" + (f"/{id}" if id else "")


def naming(kind: str, reference: Reference, id: str) -> Document:
    """The least document that names ``id`` where ``reference`` stands."""
    document = copy.deepcopy(MINIMAL[kind])
    name, _, inner = reference.path.partition(".")
    if inner:
        name = name.removesuffix("[]")
        document[name] = [{**_ENTRY[name], inner: id}]
    elif name.endswith("[]"):
        document[name.removesuffix("[]")] = [id]
    else:
        document[name] = id
    return document


def put(client: FlaskClient, kind: str, id: str, document: Document, **headers: str) -> TestResponse:
    """PUT a document; ``If_Match="..."`` gives the header."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(path(kind, id), json=document, headers=sent)


def patch(client: FlaskClient, kind: str, id: str, changes: Any, if_match: str = "*") -> TestResponse:
    """PATCH a record by a merge patch."""
    return client.patch(
        path(kind, id), json=changes, content_type=MERGE_PATCH, headers={"If-Match": if_match}
    )


def record(client: FlaskClient, kind: str, id: str, document: Document) -> Document:
    """Write a new record and return it as answered."""
    answer = put(client, kind, id, document)
    assert answer.status_code == 201, answer.text
    written: Document = answer.json
    return written


def newest(client: FlaskClient) -> str:
    """What stands for the newest revision: it changes whenever anything is written."""
    return client.get("/v1/actors?limit=1").headers["ETag"]


def pointers(answer: TestResponse) -> list[str]:
    """The places that a 422 names, sorted, each once."""
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM), answer.text
    return sorted({error["pointer"] for error in answer.json["errors"]})


def parameters(answer: TestResponse) -> list[str]:
    """The query parameters that a 422 names, sorted."""
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM), answer.text
    return sorted(error["parameter"] for error in answer.json["errors"])
