"""docker/postgres.sh: two servers that find out which of them is what, and commits that wait for both."""

import pytest

from scripts import cluster_postgres as postgres
from scripts import cluster_processes as processes
from scripts.cluster_processes import NotReady
from tests.replicas import Pair


def test_commits_wait_for_the_standby_until_told_otherwise_and_a_dead_primary_follows(pair: Pair) -> None:
    first, second = pair.nodes
    with pytest.raises(NotReady, match="db-1 still is the primary"):
        postgres.command(second, "promote")
    assert not postgres.is_primary(second)

    # Without the standby nothing is acknowledged ...
    pair.kill(second)
    with pytest.raises(NotReady, match="has not ended in 2 s"):
        postgres.sql(first, "CREATE TABLE waits (n int)", seconds=2)
    # ... until a person decides that one copy will do.
    postgres.command(first, "alone")
    postgres.sql(first, "CREATE TABLE once (n int)")
    pair.start(second)
    postgres.command(first, "protect")
    processes.wait_until(lambda: postgres.is_protected(first), None, "replication")

    # What the primary has beyond the standby when it dies, it has to take back.
    pair.kill(first)
    postgres.command(second, "promote")
    postgres.sql(second, "CREATE TABLE after (n int)")
    pair.start(first)
    postgres.command(second, "protect")
    processes.wait_until(lambda: postgres.is_protected(second), None, "replication")
    assert not postgres.is_primary(first)
    tables = (
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
    )
    assert postgres.sql(first, tables) == postgres.sql(second, tables)
    assert "after" in postgres.sql(first, tables)
    assert postgres.command(second, "status").split() == ["primary", "db-1|streaming|quorum"]
