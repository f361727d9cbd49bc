"""Whether a backup that is taken while others write holds all that was acknowledged when it began.

``./scripts/backups``: backups one after another under writers, each restored somewhere else and compared.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import click

from scripts.files import watched
from scripts.trial_writers import Served, Writers, differences, folder, told


@click.command()
@click.option("--backups", default=20, show_default=True, help="How many to take.")
@click.option("--writers", default=4, show_default=True, help="How many write meanwhile.")
@click.option("--into", help="Empty database to restore them into. Without: a new SQLite file each.")
def main(backups: int, writers: int, into: str | None) -> None:
    """Take backups of a store while others write to it, restore each, and account for every write.

    It runs on the database of PARLEY_DATABASE_URL, which must be empty, or else on one made for it.
    """
    with folder() as place:
        report = trial(place, backups, writers, into)
    told(report)
    sys.exit(bool(sum(report["wrong"].values())))


def trial(
    place: Path, backups: int, writers: int, into: str | None = None, seconds: float = 1.0, **environ: str
) -> dict[str, Any]:
    """The trial: its figures. There are some ``seconds`` of writing before each backup."""
    server = Served(place / "log", PARLEY_HOME=str(place / "home"), **environ)
    writing = Writers(server, server.prepare(), writers)
    times, wrong, before_each, meanwhile = [], differences([], [], exact=False), [], []
    try:
        server.start()
        writing.begin()
        with watched("Backing up", lambda: backups) as advance:
            for number in range(backups):
                time.sleep(seconds)
                known = writing.so_far()
                file, began = place / f"backup-{number}", time.monotonic()
                held = json.loads(server.parley("backup", "--json", str(file)).stdout)
                times.append(time.monotonic() - began)
                before_each.append(len(known))
                meanwhile.append(len(writing.so_far()) - len(known))
                # It is made under writers, and looked at without: they would only make it all larger.
                with writing.resting():
                    for what, many in _compared(server, place, file, held, into, known).items():
                        wrong[what] += many  # Of all backups, also where it is none.
                file.unlink()
                advance(1)
        writing.end()
        wrong["ended otherwise than with 0"] = int(server.stop() != 0)
    finally:
        server.gone()
    return {
        "backups": backups,
        "acknowledged before each": f"{before_each[0]} to {before_each[-1]}",
        "acknowledged while one was made": f"{min(meanwhile)} to {max(meanwhile)}",
        "acknowledged in all": len(writing.acknowledged),
        "seconds of a backup": f"{median(times):.1f} (median), {max(times):.1f} (most)",
        "longest until acknowledged": f"{writing.longest:.2f} s",
        "wrong": dict(wrong),
    }


def _compared(
    server: Served, place: Path, file: Path, held: dict[str, Any], into: str | None, known: list[Any]
) -> Any:
    """What is wrong with a backup, restored: against what was acknowledged, and what it says of itself."""
    target = into or f"sqlite:///{place / 'restored.db'}"
    other = Served(place / "log", **{**server.environ, "PARLEY_DATABASE_URL": target})
    other.parley("restore", "--force", str(file))
    wrong = differences(other.parley("export", "records", "-").stdout.splitlines(), known, exact=False)
    wrong["not sound"] = int(other.parley("check", check=False).stdout.strip() != held["head"])
    # The history of the store goes on from that of its backup.
    wrong["of another history"] = server.parley("check", "--head", held["head"], check=False).returncode
    return wrong


if __name__ == "__main__":
    main()
