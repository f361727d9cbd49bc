"""A page costs a fixed number of queries, each from an index, and no more in a larger store."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import recording
from service import settings as all_settings
from service.app import create_app
from service.diplomacy.changes import Change
from service.questions import searching
from service.storage import database, mentioned, migrate, pages
from tests.conftest import ACTOR, ISSUE, SOURCE, TRACK, Another, statement, talk

SMALL, LARGE = 3, 300
Query = tuple[str, Any]
# What each question costs: the state of the store for its ETag, and what the page needs. A record brings it.
COUNTS = {
    "/v1/actors/ann": 1,
    "/v1/actors/ann?known_at=2999": 2,
    "/v1/actors/ann/revisions": 3,
    "/v1/statements": 2,
    "/v1/statements?known_at=2999": 3,
    "/v1/statements?speaker=ann": 3,
    "/v1/statements?speaker=ann,bob&issue=truce&track=t0&status=attested&from=2000": 4,
    "/v1/talks?participant=ann&mode=in-person": 3,
    "/v1/actors/ann/positions": 4,
    "/v1/actors/ann/positions?issue=truce,border&attributed=include": 4,
    "/v1/actors/ann/positions?from=2000-01-02&known_at=2999": 6,
    "/v1/issues/truce/positions": 4,
    "/v1/issues/truce/positions?actor=ann&attributed=include&status=attested,denied": 5,
    "/v1/timeline": 3,
    "/v1/timeline?actor=ann&issue=truce&known_at=2999": 6,
    "/v1/tracks/t0/timeline": 5,
    "/v1/tracks/t0/timeline?actor=ann&kind=statement,talk": 6,
    "/v1/changes?after=2": 3,
    "/v1/changes?kinds=statement": 3,
    "/v1/search?q=what": 4,
    "/v1/search?q=what&kind=statement": 4,
}


@pytest.fixture(autouse=True)
def counting_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """To see which filter is the narrower one, fewer are counted than there are here."""
    monkeypatch.setattr(pages, "COUNTED", 100)


@contextmanager
def queries() -> Iterator[list[Query]]:
    """The SQL that peewee sends meanwhile, but for the beginnings and ends of transactions."""
    sent: list[Query] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not isinstance(record.msg, tuple):
                return  # Of a pool: what it does with connections.
            sql, parameters = record.msg
            if sql.split()[0] not in ("BEGIN", "COMMIT", "ROLLBACK"):
                sent.append((sql, parameters))

    log, keep = logging.getLogger("peewee"), Keep()
    level = log.level
    log.addHandler(keep)
    log.setLevel(logging.DEBUG)
    try:
        yield sent
    finally:
        log.removeHandler(keep)
        log.setLevel(level)


def filled(home: Any, url: str, many: int) -> Flask:
    """A service on a store with so many statements, and a third as many talks, in tracks three deep."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_HOME", str(home))
        patch.setenv("PARLEY_DATABASE_URL", url)
        settings = all_settings.load()
    database.connect(settings, create=True)
    migrate.migrate()
    changes = [Change("actor", id, {**ACTOR, "name": id}) for id in ("ann", "bob", "cy", "silent")]
    changes += [Change("issue", id, ISSUE) for id in ("truce", "border")]
    changes += [
        Change("track", f"t{n}", {**TRACK, **({"parent": f"t{n - 1}"} if n else {})}) for n in range(3)
    ]
    changes.append(Change("source", "source", SOURCE))
    for n in range(many):
        positions = [
            {"issue": "truce", "stance": n % 5 - 2},
            {"issue": "border", "stance": 1, "holder": ("ann", "bob")[n % 2]},
        ]
        # Instants, which are quick to read: what is counted here is what the database does.
        when = f"{2000 + n // 336}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}T12:00:00Z"
        changes.append(Change("source", f"p{n}", SOURCE))
        said = {"speaker": ("ann", "ann", "cy")[n % 3], "made": when}
        document = statement(
            text=f"What {n}", positions=positions, track=f"t{n % 3}", issues=["border"], **said
        )
        changes.append(Change("statement", f"s{n:05}", document))
        if n % 3 == 0:
            parts = [{"actor": "ann", "role": "party"}, {"actor": "bob", "role": "host"}]
            changes.append(
                Change("talk", f"k{n:05}", talk(held=when, participants=parts, track="t2", agenda=["truce"]))
            )
    recording.write(changes, "test")
    return create_app(settings)


@pytest.fixture(scope="module", params=[SMALL, LARGE])
def sized(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, another: Another
) -> FlaskClient:
    app = filled(tmp_path_factory.mktemp("store"), another(), request.param)
    return app.test_client()


def asked(client: FlaskClient, path: str) -> list[Query]:
    """What is asked for an answer by a worker that has just started: nothing is at hand."""
    mentioned._kept = mentioned._Kept()
    with queries() as sent:
        answer = client.get(path, buffered=True)
    assert answer.status_code == 200, answer.json
    assert not answer.is_json or answer.json.get("items", True), "no empty page"
    return sent


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search looks for names among fewer hits than there are: for the others it asks once more."""
    monkeypatch.setattr(searching, "FIRST", SMALL - 1)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("path", COUNTS)
def test_counts(sized: FlaskClient, path: str) -> None:
    alone = path.partition("?")[0] == "/v1/actors/ann"  # A record comes without a limit.
    mark = "&" if "?" in path else "?"
    for limit in ("",) if alone else (f"{mark}limit=1", f"{mark}limit=1000"):
        assert len(asked(sized, path + limit)) == COUNTS[path], limit


def test_a_later_page_of_a_history_asks_what_came_before_it(sized: FlaskClient) -> None:
    path = "/v1/actors/ann/positions"
    following = sized.get(f"{path}?limit=1").json["next"]
    assert len(asked(sized, following)) == COUNTS[path] + 1


def test_what_entries_name_is_asked_for_once(sized: FlaskClient) -> None:
    path = "/v1/actors/ann/positions"
    first = asked(sized, f"{path}?limit=9")
    with queries() as later:
        sized.get(f"{path}?limit=8")
    # To a server the limit is a part of the query.
    said = [[re.sub(r"LIMIT \d+", "LIMIT", sql) for sql, _ in sent] for sent in (later, first[:-1])]
    assert said[0] == said[1]


def test_counts_are_those_of_the_whole_request(sized: FlaskClient) -> None:
    """What the log does not show is not asked: an unchanged page costs one query, and a health check none."""
    tag = sized.get("/v1/timeline").headers["ETag"]
    with queries() as sent:
        assert sized.get("/v1/timeline", headers={"If-None-Match": tag}).status_code == 304
    assert len(sent) == 1
    with queries() as sent:
        sized.get("/livez")
    assert sent == []


STEADY = [
    "/v1/statements", "/v1/statements?speaker=ann", "/v1/statements?issue=truce", "/v1/talks?participant=ann",
    "/v1/statements?status=attested", "/v1/actors/ann/positions",
    "/v1/actors/ann/positions?issue=truce", "/v1/actors/ann/positions?attributed=include",
    "/v1/issues/truce/positions", "/v1/issues/border/positions?attributed=only", "/v1/timeline",
    "/v1/timeline?actor=ann", "/v1/timeline?issue=border", "/v1/tracks/t0/timeline", "/v1/tracks/t2/timeline",
    "/v1/timeline?actor=ann&issue=truce", "/v1/statements?known_at=2999", "/v1/timeline?known_at=2999",
    "/v1/actors/ann/positions?known_at=2999", "/v1/tracks/t0/timeline?known_at=2999",
    "/v1/search?q=what", "/v1/search?q=what&kind=statement",
]  # fmt: skip


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory, another: Another) -> dict[int, Flask]:
    return {many: filled(tmp_path_factory.mktemp("grown"), another(), many) for many in (500, 3_000)}


def on(app: Flask) -> FlaskClient:
    """A caller of the service, on its own store: the models are bound to one at a time."""
    database.connect(app.config["PARLEY"])
    return app.test_client()


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("path", [path for path in COUNTS if "search" not in path])
def test_no_table_is_read_from_end_to_end(grown: dict[int, Flask], path: str) -> None:
    for sql, parameters in asked(on(grown[3_000]), path):
        tables = {alias: table for table, alias in re.findall(r'"(record|revision|edge)" AS "(\w+)"', sql)}
        plan = [row[3] for row in database.database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        assert any(step.startswith("SEARCH") for step in plan), plan
        scans = [step for step in plan if step.startswith("SCAN") and step.split()[1] in tables]
        assert all("INDEX" in step for step in scans), (sql, plan)
        assert not any("AUTOMATIC" in step for step in plan), (sql, plan)


def plans(client: FlaskClient, path: str) -> Iterator[str]:
    """The steps of SQLite's plan for each query."""
    for sql, parameters in asked(client, path):
        rows = database.database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
        yield from (row[3] for row in rows)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("at", ["", "&known_at=2999"])
def test_an_index_alone_answers_for_positions(grown: dict[int, Flask], at: str) -> None:
    """What came before an entry, and who takes which stance: no edge is read for it."""
    client = on(grown[500])
    following = client.get(f"/v1/actors/ann/positions?limit=1{at}").json["next"]
    for path in following, f"/v1/networks/congruence?normalize=no{at}":
        found = [step for step in plans(client, path) if "edge_stance" in step]
        assert found
        assert all("COVERING INDEX edge_stance" in step for step in found), found


def steps(client: FlaskClient, path: str) -> int:
    """How many steps SQLite's machine takes to answer (https://sqlite.org/c3ref/c_stmtstatus_counter.html)."""
    mentioned._kept, taken = mentioned._Kept(), 0

    def count(event: dict[str, Any]) -> None:
        nonlocal taken
        taken += event["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"]

    database.database.connect(reuse_if_open=True)
    connection = database.database.connection()
    connection.trace_v2(2, count, id=count)  # 2 is SQLITE_TRACE_PROFILE
    try:
        assert client.get(path, buffered=True).status_code == 200
    finally:
        connection.trace_v2(0, None, id=count)
    return taken


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("path", STEADY)
def test_a_page_costs_the_same_in_a_larger_store(grown: dict[int, Flask], path: str) -> None:
    """Also far into the answer. Ties aside: entries of one date are sorted by id as they are read."""
    mark = "&" if "?" in path else "?"
    taken = {many: steps(on(app), f"{path}{mark}limit=20") for many, app in grown.items()}
    assert taken[3_000] <= taken[500] * 1.05
    client = on(grown[3_000])
    second, deep = (
        client.get(f"{path}{mark}limit={limit}").json["next"].replace(f"limit={limit}", "limit=20")
        for limit in (20, 400)
    )
    assert steps(client, deep) <= steps(client, second) * 1.25


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("known_at", ["", "&known_at=2999"])
def test_so_does_what_is_around_a_record(grown: dict[int, Flask], known_at: str) -> None:
    """Whoever said it has said much else: that is not read to see that there is something."""
    path = f"/v1/graph?format=node-link&around=s00007&relations=made{known_at}"
    taken = {many: steps(on(app), path) for many, app in grown.items()}
    assert taken[3_000] <= taken[500] * 1.05


RARE = [
    "/v1/statements?status=denied,retracted", "/v1/talks?status=cancelled", "/v1/statements?channel=leak",
    "/v1/sources?type=broadcast", "/v1/talks?mode=shuttle&status=postponed", "/v1/actors?type=coalition",
    "/v1/statements?speaker=bob&issue=truce", "/v1/statements?issue=truce&speaker=bob",
    "/v1/timeline?actor=silent&issue=truce", "/v1/tracks/t0/timeline?actor=silent",
]  # fmt: skip


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("path", [*RARE, *(f"{path}&known_at=2999" for path in RARE)])
def test_what_is_rare_is_not_looked_for_among_all(grown: dict[int, Flask], path: str) -> None:
    """Of two filters it is the one that fewer fit that is read."""
    taken = {many: steps(on(app), path) for many, app in grown.items()}
    assert taken[3_000] <= taken[500] * 1.05


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("path", ["/v1/graph?format=gexf", "/v1/export"])
@pytest.mark.parametrize("known_at", ["", "known_at=2999"])
def test_the_whole_store_is_read_in_its_order(grown: dict[int, Flask], path: str, known_at: str) -> None:
    """What is sorted is held before the first of it is given."""
    found = [*plans(on(grown[500]), f"{path}{'&' if '?' in path else '?'}{known_at}")]
    assert found
    assert not any("TEMP B-TREE" in step for step in found), found
