"""What can be seen of the database and of where it lies. It is judged in ``service.questions.health``."""

import shutil
import time
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from service.storage import migrate
from service.storage.database import database, reading, told
from service.storage.embedded import Embedded
from service.storage.records import recorded_at


class Facts(NamedTuple):
    """Instants are microseconds since 1970, sizes bytes; what does not apply is None or left out."""

    engine: str
    version: tuple[int, ...]
    options: dict[str, str]
    """Of the engine, by the names that it has for them."""
    folder: str | None
    file_system: str | None
    """The type of the file system that the database lies on, as mount(8) names it."""
    free: int | None
    size: int | None
    newest_at: int
    now: int
    pending: list[str]
    unknown: list[str]
    """Migrations that are to be applied, and such as this release does not know."""
    followers: int | None = None
    """Standbys that are connected."""
    lag: float | None = None
    """Seconds that the slowest of them is behind; 0 also where this account may not see it."""


def facts() -> Facts:
    """What there is to be seen now. Raises StoreUnavailable if the database does not answer."""
    with told():
        pending, unknown = migrate.state()
        newest_at = 0 if pending else recorded_at(None)
        common: dict[str, Any] = {
            "newest_at": newest_at,
            "now": time.time_ns() // 1000,
            "pending": pending,
            "unknown": unknown,
        }
        if isinstance(database.obj, Embedded):
            names = ("journal_mode", "synchronous", "foreign_keys")
            options = {name: str(database.execute_sql(f"PRAGMA {name}").fetchone()[0]) for name in names}
            folder = Path(database.database).absolute().parent
            disk = shutil.disk_usage(folder)
            version = tuple(int(part) for part in apsw.sqlitelibversion().split("."))
            return Facts(
                "SQLite", version, options, str(folder), _file_system(folder), disk.free, disk.total, **common
            )
        return _of_server(common)


def _of_server(common: dict[str, Any]) -> Facts:
    names = (
        "fsync",
        "full_page_writes",
        "synchronous_commit",
        "synchronous_standby_names",
        "max_connections",
        "superuser_reserved_connections",
        "server_version_num",
    )
    columns = ", ".join(f"current_setting('{name}')" for name in names)
    with reading(newest=True):
        slowest = "coalesce(extract(epoch FROM max(replay_lag)), 0)"
        asked = f"SELECT {columns}, pg_is_in_recovery(), count(pid), {slowest} FROM pg_stat_replication"  # noqa: S608 -- names of ours
        *options, recovering, followers, lag = database.execute_sql(asked).fetchone()
    found = dict(zip(names, map(str, options), strict=True))
    number = int(found.pop("server_version_num"))
    found["in_recovery"] = "on" if recovering else "off"
    version = (number // 10_000, number % 10_000)
    seen = {**common, "followers": int(followers), "lag": float(lag)}
    return Facts("PostgreSQL", version, found, None, None, None, None, **seen)


def _file_system(folder: Path) -> str | None:
    """The type of the file system (proc(5), mountinfo); None where there is no such file."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return None
    found: tuple[int, str | None] = (-1, None)
    for line in lines:
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        # Of two mounts at one point the later hides the earlier.
        if folder.is_relative_to(point) and len(point) >= found[0]:
            found = len(point), after.split()[0]
    return found[1]
