"""Whether the store is in a state to be relied on, and what about it is not as it should be."""

from typing import NamedTuple

from service.settings import Settings
from service.storage import health, webhooks
from service.storage.database import reading
from service.storage.health import Facts
from service.storage.records import latest

NETWORKED = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
        "virtiofs",
    }
)
"""File systems on which SQLite's locks and shared memory do not hold (https://sqlite.org/wal.html)."""
USER_SPACE = "fuse."
"""How the kinds of those begin that a program serves, most of them from another machine."""
WAL_RESET_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""Before these, resetting the write-ahead log could corrupt it (https://sqlite.org/wal.html#walresetbug)."""
OLDEST_SERVER = (14,)
SCARCE, LEAST = 1 << 30, 64 << 20
"""Bytes free: below the first the disk is nearly full, below the second it is about to be."""
LAG = 30.0
"""Seconds that a standby may be behind before somebody should know."""
SKEW = 1_000_000
"""Microseconds that the clock may be behind the newest revision: machines agree no better."""


class Concern(NamedTuple):
    """Something that is not as it should be; ``grave`` if the service should not go on with it."""

    name: str
    detail: str
    grave: bool = False


def standing() -> tuple[int, int]:
    """The number of the newest revision, and how many are due to webhooks."""
    with reading():
        return latest(), webhooks.waiting()


def diagnosis(settings: Settings) -> tuple[Facts, list[Concern]]:
    """What is to be seen of the store, and what about it is of concern. Raises StoreUnavailable."""
    found = health.facts()
    return found, concerns(found, settings.workers * (settings.pool or settings.threads + 1))


def concerns(found: Facts, connections: int = 0) -> list[Concern]:
    """What is not as it should be; ``connections`` is how many this service may have at once.

    >>> options = {"journal_mode": "wal", "synchronous": "2"}
    >>> calm = Facts("SQLite", (3, 53, 0), options, "/", "ext4", 1 << 40, 1 << 41, 0, 10**15, [], [])
    >>> concerns(calm)
    []
    >>> [concern.name for concern in concerns(calm._replace(version=(3, 40, 1), file_system="nfs4"))]
    ['engine', 'file-system']
    """
    told = _of_migrations(found) + _of_clock(found)
    told += _of_file(found) if found.engine == "SQLite" else _of_server(found, connections)
    return sorted(told, key=lambda concern: (not concern.grave, concern.name))


def _of_migrations(found: Facts) -> list[Concern]:
    told = []
    if found.pending:
        told.append(Concern("migrations", f"Run parley migrate: {', '.join(found.pending)}.", grave=True))
    if found.unknown:
        told.append(
            Concern("migrations", f"Made by a newer release: it has {found.unknown[-1]}.", grave=True)
        )
    return told


def _of_clock(found: Facts) -> list[Concern]:
    if found.newest_at <= found.now + SKEW:
        return []
    ahead = (found.newest_at - found.now) / 1e6
    return [
        Concern(
            "clock",
            f"The newest revision lies {ahead:.0f} s in the future: a clock is or was off.",
        )
    ]


def _of_file(found: Facts) -> list[Concern]:
    told = []
    if not sound(found.version):
        name = ".".join(map(str, found.version))
        told.append(Concern("engine", f"SQLite {name} can corrupt its log: use 3.51.3 or newer."))
    if found.file_system in NETWORKED or (found.file_system or "").startswith(USER_SPACE):
        told.append(
            Concern(
                "file-system",
                f"{found.folder} lies on {found.file_system}: SQLite's locks do not hold there.",
            )
        )
    if found.options["journal_mode"] != "wal":
        told.append(
            Concern("wal", f"The journal mode is {found.options['journal_mode']}, not WAL: readers wait.")
        )
    if found.options["synchronous"] not in ("2", "3"):
        told.append(Concern("synchronous", "Not every write is synced: a power cut may lose the last ones."))
    if found.free is not None and found.free < SCARCE:
        grave = found.free < LEAST
        told.append(Concern("disk", f"{found.free >> 20} MiB are free at {found.folder}.", grave))
    return told


def sound(version: tuple[int, ...]) -> bool:
    """Whether this release of SQLite resets its log without the bug.

    >>> [sound(version) for version in ((3, 54, 1), (3, 51, 2), (3, 50, 7), (3, 50, 6), (3, 44, 7))]
    [True, False, True, False, True]
    """
    return version >= WAL_RESET_FIXED[0] or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in WAL_RESET_FIXED
    )


def _of_server(found: Facts, connections: int) -> list[Concern]:
    told = []
    if found.version < OLDEST_SERVER:
        told.append(Concern("engine", f"PostgreSQL {found.version[0]} is too old: 14 or newer.", grave=True))
    told += [
        Concern(name.replace("_", "-"), f"{name} is off: a crash may lose acknowledged writes.")
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if found.options[name] == "off"
    ]
    if found.options["in_recovery"] == "on":
        told.append(
            Concern("primary", "PARLEY_DATABASE_URL leads to a standby: nothing can be written.", True)
        )
    elif found.followers and not found.options["synchronous_standby_names"]:
        told.append(
            Concern(
                "replication",
                "Standbys follow without synchronous_standby_names: a failover may lose writes.",
            )
        )
    elif found.options["synchronous_standby_names"] and found.options["synchronous_commit"] == "local":
        said = "synchronous_commit is local: no write waits for a standby, and a failover may lose some."
        told.append(Concern("replication", said))
    if (found.lag or 0) > LAG:
        told.append(Concern("lag", f"A standby is {found.lag:.0f} s behind: reads go to the primary."))
    room = int(found.options["max_connections"]) - int(found.options["superuser_reserved_connections"])
    if connections > room:
        said = f"This service may ask for {connections} connections, the server has {room} for all."
        told.append(Concern("connections", f"{said} Lower PARLEY_POOL, or put a pool between."))
    return told
