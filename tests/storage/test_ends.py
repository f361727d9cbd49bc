"""An edge is found by the ends that its document names, and by what states it: never by reading them all."""

import re
from random import Random

import pytest

from schemas.vocabulary import KINDS
from service.settings import Settings
from service.storage import auditing, graph, ties
from service.storage.database import database, reading
from service.storage.graph import Selection
from service.storage.knowledge import by_head, by_tail
from service.storage.models import Edge
from tests.storage.walk import OPERATIONS, World
from tests.test_query_counts import queries


def walk(seed: int, writes: int = 80) -> World:
    world, random = World(), Random(seed)  # noqa: S311
    world.begin()
    for _ in range(writes):
        world.write((random.choice(OPERATIONS), random.randrange(1_000), random.randrange(1_000)))
    return world


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_index_has_each_end_that_is_not_the_document_itself(store: Settings, seed: int) -> None:
    """Also of what a merge has led elsewhere. A relation of a new sort wants a migration of the indexes."""
    walk(seed)
    linked = Edge.relation == "merged-into"
    with reading():
        for end, other, has in (Edge.tail, Edge.head, by_tail(Edge)), (Edge.head, Edge.tail, by_head(Edge)):
            lacking = Edge.select().where((end != Edge.record) & ~has)
            needless = Edge.select().where((end == Edge.record) & (end != other) & has & ~linked)
            assert Edge.select().where(has).count() > 30
            assert lacking.count() == needless.count() == 0
        merged = Edge.select().where(linked)
        assert merged.where(by_tail(Edge)).count() == merged.count() > 0


@pytest.mark.database("sqlite")
def test_the_indexes_are_used_for_every_relation(store: Settings) -> None:
    """Their own condition stands in the text of the question, where SQLite finds it."""
    with reading():
        for end, has in (Edge.tail, by_tail(Edge)), (Edge.head, by_head(Edge)):
            query = Edge.select(Edge.revision).where(has, end == 1, Edge.relation == "position")
            sql, parameters = query.order_by(Edge.earliest, Edge.latest).sql()
            (plan,) = database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
            assert f"COVERING INDEX edge_{end.name} ({end.name}=? AND relation=?)" in plan[3]


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("known", [False, True])
def test_no_write_and_no_look_around_reads_every_edge(store: Settings, known: bool) -> None:
    with queries() as sent:
        walk(4)
        with reading():
            at = 20 if known else None
            for relations in (), ("made", "cites"):
                asked = Selection(tuple(KINDS), relations)
                near = asked._replace(near=graph.around(1, 2, asked, at))
                list(graph.nodes(near, at))
                list(graph.edges(near, at))
            list(ties.attendance(ties.Scope(), at))
            list(ties.mentions(ties.Scope(), at))
            auditing.finals(range(9))
    asked = {sql: parameters for sql, parameters in sent if '"edge"' in sql and "INSERT" not in sql}
    assert len(asked) > 10
    for sql, parameters in asked.items():
        tables = {"edge", *re.findall(r'"edge" AS "(\w+)"', sql)}
        plan = [row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        scans = [step for step in plan if step.startswith("SCAN") and step.split()[1] in tables]
        assert not scans, (sql, plan)
        assert not any("AUTOMATIC" in step for step in plan), (sql, plan)
