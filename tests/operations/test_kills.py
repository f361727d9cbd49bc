"""kill -9 costs no acknowledged write: the trial of ``./scripts/kills``, short."""

from pathlib import Path

from scripts import trial_kills
from tests.conftest import Another


def test_nothing_that_was_acknowledged_is_lost(another: Another, tmp_path: Path) -> None:
    report = trial_kills.trial(tmp_path, workers=6, masters=2, writers=8, PARLEY_DATABASE_URL=another())
    assert set(report["wrong"].values()) == {0}, report
    assert report["findings"] == []
    assert report["acknowledged"] > 20
    assert report["attempts that failed"]["broken off"] > 0, "the kills were felt"
