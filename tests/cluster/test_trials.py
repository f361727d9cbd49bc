"""The trials of ./scripts/cluster, short: that nothing is lost, never how long it took."""

from collections.abc import Callable
from typing import Any

import pytest

from scripts import trial_failover, trial_load, trial_slow, trial_steady
from scripts.cluster_processes import NotReady


def tried(trial: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    try:
        return trial(*arguments, **options)
    except NotReady as error:
        if "is not installed" not in str(error):
            raise
        pytest.skip(str(error))


def test_no_acknowledged_write_is_lost_when_the_primary_is_killed() -> None:
    (found,) = tried(trial_failover.trial, "by-hand", writers=4, readers=2, seconds=1)
    assert found.acknowledged > 20
    assert (found.lost, found.doubled) == (0, 0)
    assert found.writes_missing < 60, "writes did not go on"
    assert found.reads_missing < 60, "reads did not go on"


def test_slow_callers_keep_nobody_waiting() -> None:
    found = tried(trial_slow.trial, callers=90, seconds=4)
    assert found.connected == found.callers == 90
    assert found.failed == 0
    # Eight threads, and ninety who would each hold one for minutes.
    assert found.slow_p99 < max(2 * found.baseline_p99, 1_000)


def test_workers_do_not_grow_with_what_they_are_asked() -> None:
    found = tried(trial_steady.trial, 3_000, replicated=False)
    assert found.requests == sum(found.statuses.values()) >= 2_900
    assert {200, 201, 404, 422} == found.statuses.keys()
    assert len([worker for worker in found.workers if worker.service != "nginx"]) == 4
    assert len(found.workers) > 4
    assert found.flat(), found.workers


def test_a_gap_is_the_longest_that_ends_after_an_instant() -> None:
    assert trial_load.longest_gap([9.0, 1.0, 2.0, 5.0, 5.5], since=3.0) == 3.5
    assert trial_load.longest_gap([1.0, 2.0], since=3.0) == float("inf")
    assert trial_load.longest_gap([], since=3.0) == float("inf")
