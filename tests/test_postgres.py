"""The server that tests with PostgreSQL share."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from tests import postgres

ROOT = Path(__file__).parent.parent


def test_a_database_is_as_its_template_was() -> None:
    template = postgres.fresh("a_template")
    with psycopg.connect(template) as connection:
        connection.execute("CREATE TABLE talk AS SELECT 'Geneva' AS place")
    made = postgres.fresh("made_of_it", template="a_template")
    with psycopg.connect(made) as connection:
        connection.execute("INSERT INTO talk VALUES ('Berlin')")
        assert connection.execute("SELECT count(*) FROM talk").fetchone() == (2,)
    with psycopg.connect(template) as connection:
        assert connection.execute("SELECT count(*) FROM talk").fetchone() == (1,)
    postgres.drop(made)
    postgres.drop(template)
    postgres.drop(postgres.fresh("one_after_it"))
    with psycopg.connect(postgres.url(postgres.server())) as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = 'made_of_it'").fetchone() is None


def test_it_goes_when_who_uses_it_is_killed() -> None:
    environ = {"PYTEST_XDIST_TESTRUNUID": f"killed-{time.time_ns()}"}
    use = "from tests import postgres; print(postgres.server(), flush=True); input()"
    command = [sys.executable, "-c", use]
    user = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with user:
        assert user.stdout is not None
        folder = Path(user.stdout.readline().decode().strip())
        with psycopg.connect(postgres.url(folder)) as connection:
            assert connection.info.server_version >= 180000
        user.kill()
    for _ in range(200):
        if not folder.exists():
            return
        time.sleep(0.05)
    raise AssertionError("the server is still there")


def test_one_that_a_trial_kills_recovers() -> None:
    folder = postgres.folder()
    postgres.initialise(folder, wal_level="logical")
    process = postgres.start(folder)
    with psycopg.connect(postgres.url(folder)) as connection:
        assert connection.execute("SHOW wal_level").fetchone() == ("logical",)
        connection.execute("CREATE TABLE talk AS SELECT 'Geneva' AS place")
    process.kill()
    process.wait()
    process = postgres.start(folder)
    with psycopg.connect(postgres.url(folder)) as connection:
        assert connection.execute("SELECT place FROM talk").fetchone() == ("Geneva",)
    process.terminate()
    assert process.wait(30) == 0
    shutil.rmtree(folder)
