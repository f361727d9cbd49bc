"""A backup holds all that was acknowledged when it began: the trial of ``./scripts/backups``, short."""

import os
from pathlib import Path

from scripts import trial_backup
from tests import postgres
from tests.conftest import Another


def test_a_backup_holds_what_was_acknowledged_when_it_began(
    backend: str, another: Another, tmp_path: Path
) -> None:
    environ = {"PARLEY_DATABASE_URL": another()}
    if backend == "postgresql":
        # This machine's own pg_dump may be older than the server.
        environ["PATH"] = f"{postgres.binaries()}{os.pathsep}{os.environ['PATH']}"
    report = trial_backup.trial(tmp_path, backups=3, writers=4, into=another(), seconds=0.5, **environ)
    assert sum(report["wrong"].values()) == 0, report
    assert report["acknowledged in all"] > 20
