"""Whether kill -9 costs an acknowledged write, or leaves half of one: ``./scripts/kills``.

Writers send statements, each with an Idempotency-Key, to a real server. Meanwhile its workers and its master
are killed, again and again. What breaks off is sent again under its key. In the end everything that was
acknowledged must be there exactly once, and ``parley check`` find nothing.
"""

import random
import sys
import time
from pathlib import Path
from typing import Any

import click

from scripts.files import watched
from scripts.trial_writers import PATIENCE, Served, Writers, differences, folder, told


@click.command()
@click.option("--workers", default=200, show_default=True, help="Kills of a worker.")
@click.option("--masters", default=50, show_default=True, help="Kills of the master.")
@click.option("--writers", default=8, show_default=True, help="How many write at once.")
@click.option("--seed", default=1, show_default=True, help="Of what is killed when.")
def main(workers: int, masters: int, writers: int, seed: int) -> None:
    """Kill a server's processes while others write, and account for every write.

    It runs on the database of PARLEY_DATABASE_URL, which must be empty, or else on one made for it.
    """
    with folder() as place:
        report = trial(place, workers, masters, writers, seed)
    told(report)
    sys.exit(bool(sum(report["wrong"].values()) or report["findings"]))


def trial(
    place: Path, workers: int, masters: int, writers: int, seed: int = 1, **environ: str
) -> dict[str, Any]:
    """The trial: its figures."""
    server = Served(place / "log", PARLEY_HOME=str(place / "home"), **environ)
    writing = Writers(server, server.prepare(), writers)
    began, chance = time.monotonic(), random.Random(seed)  # noqa: S311 -- nothing secret hangs on it
    kills = ["worker"] * workers + ["master"] * masters
    chance.shuffle(kills)
    try:
        server.start()
        writing.begin()
        with watched("Killing", lambda: len(kills)) as advance:
            for what in kills:
                # Some are acknowledged between any two: without, nothing could be lost.
                writing.wait_for(chance.randint(1, 20))
                _kill(server, what, chance)
                advance(1)
        writing.end()
        stopped = server.stop()
    finally:
        server.gone()
    seconds = time.monotonic() - began
    lines = server.parley("export", "records", "-").stdout.splitlines()
    check = server.parley("check", check=False)
    *findings, head = check.stdout.splitlines() or [check.stderr]
    revisions = int(head.partition(":")[0]) if not check.returncode else None
    wrong = differences(lines, writing.acknowledged, exact=True)
    # The speaker and the source are two revisions more.
    wrong["revisions too many"] = (revisions or 0) - len(writing.acknowledged) - 2
    wrong["ended otherwise than with 0"] = int(stopped != 0)
    return {
        "killed": {"workers": workers, "masters": masters},
        "seconds": round(seconds, 1),
        "acknowledged": len(writing.acknowledged),
        "attempts that failed": dict(sorted(writing.counts.items())),
        "longest until acknowledged": f"{writing.longest:.2f} s",
        "wrong": dict(wrong),
        "findings": findings,
        "head": head,
    }


def _kill(server: Served, what: str, chance: random.Random) -> None:
    if what == "master":
        server.kill_master()
        server.start()
        return
    end = time.monotonic() + PATIENCE
    # One that has answered: to kill one that is only starting proves nothing.
    while not (found := server.workers()):
        if time.monotonic() > end:
            raise SystemExit("No worker answers any more.")
        time.sleep(0.02)
    server.kill_worker(chance.choice(found))


if __name__ == "__main__":
    main()
