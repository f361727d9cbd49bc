"""The table of settings: name, default, help. All are read from the environment."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from environs import Env, EnvValidationError
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range

from service.errors import BadSetting

OFF = "off"
"""What a limit is set to for there to be none: one that is set to nothing is not set."""


class Setting(NamedTuple):
    """One row of the table; the type of the default says which environs parser reads the value."""

    name: str
    default: str | int | float | bool
    help: str
    check: Callable[[Any], Any] | None = None
    secret: bool = False


def _limits(text: str) -> None:
    # In the notation of the library that counts, which is slow to load and needed only where one is set.
    from limits import parse_many

    try:
        limits = [] if text == OFF else parse_many(text)
        if any(limit.amount * limit.multiples < 1 for limit in limits):
            raise ValueError
    except ValueError:
        raise ValidationError(f"Neither as 100/second;5000/minute, nor {OFF}.") from None
    if len({limit.get_expiry() for limit in limits}) < len(limits):
        # They are counted by how long they are, and so would be as one, twice.
        raise ValidationError("Two limits are of the same length of time.")


def _origins(text: str) -> None:
    for origin in text.split(","):
        if not re.fullmatch(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d+)?", origin.strip()):
            raise ValidationError(f"{origin.strip()!r} is not an origin, as https://desk.example.org.")


def _address(text: str) -> None:
    if not re.fullmatch(r"(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", text):
        raise ValidationError("is not an address and a port, as 127.0.0.1:9464.")


TABLE = (
    Setting(
        "PARLEY_HOME",
        ".parley",
        "Data folder: the embedded database, the signing key, counts of requests.",
    ),
    Setting(
        "PARLEY_DATABASE_URL",
        "",
        "Where the records are kept: sqlite:///relative/file, sqlite:////absolute/file, or a PostgreSQL "
        "server, as libpq has it: postgresql://user@host/database. Empty: parley.db in the data folder.",
    ),
    Setting(
        "PARLEY_DATABASE_READ_URL",
        "",
        "PostgreSQL: where hot standbys are read from, with several hosts as libpq has it: "
        "postgresql://host1,host2/database?target_session_attrs=prefer-standby. Empty: all is asked of "
        "PARLEY_DATABASE_URL.",
    ),
    Setting(
        "PARLEY_MAX_STALENESS",
        5.0,
        "Seconds that an answer from a standby may be behind; what would be older is asked of the primary.",
        Range(0.1, 86_400),
    ),
    Setting(
        "PARLEY_READ_WAIT",
        0.2,
        "Seconds that a read waits for a standby to have the revision that its Parley-Revision names, before "
        "the primary is asked.",
        Range(0, 60),
    ),
    Setting(
        "PARLEY_POOL",
        0,
        "PostgreSQL: connections that one worker keeps to each server. 0: one more than it has threads.",
        Range(0, 1000),
    ),
    Setting("PARLEY_BIND", "127.0.0.1:8000", "Address and port that the service listens on."),
    Setting("PARLEY_WORKERS", 2, "Worker processes.", Range(1, 512)),
    Setting("PARLEY_THREADS", 4, "Threads in each worker process.", Range(1, 512)),
    Setting("PARLEY_PUBLIC_READ", True, "Whether reading needs no token."),
    Setting(
        "PARLEY_LIMIT_TOKEN",
        "60000/minute",
        "Requests that one token may make, per second, minute, hour or day; several limits parted by "
        "semicolons. off: any number.",
        _limits,
    ),
    Setting(
        "PARLEY_LIMIT_ADDRESS",
        "60000/minute",
        "The same for requests without a good token, by address (IPv6: by /64).",
        _limits,
    ),
    Setting(
        "PARLEY_PROXIES",
        0,
        "How many proxies of yours stand in front, each adding whom it was asked by to X-Forwarded-For.",
        Range(0, 16),
    ),
    Setting(
        "PARLEY_CORS_ORIGINS",
        "",
        "Origins, parted by commas, whose pages may write with a token; those of any may read.",
        _origins,
    ),
    Setting("PARLEY_MAX_BODY", 1 << 20, "Longest request body taken, in bytes.", Range(1024, 1 << 30)),
    Setting(
        "PARLEY_MAX_IMPORT",
        1 << 30,
        "Longest file taken by an import over HTTP, in bytes. Each of its lines: PARLEY_MAX_BODY; "
        "an administrator's, who may send what was exported: 32 MiB.",
        Range(1024, 1 << 40),
    ),
    Setting("PARLEY_PAGE_LIMIT", 100, "Entries on a page when a request does not say.", Range(1, 1000)),
    Setting(
        "PARLEY_BUSY_TIMEOUT",
        5.0,
        "Seconds that a write waits for its turn before it is answered 503.",
        Range(0, 60),
    ),
    Setting(
        "PARLEY_COMMIT_TIMEOUT",
        30.0,
        "PostgreSQL: seconds that a write waits for its commit, which may wait for a standby, before it is "
        "answered 503: then it is not known whether it lasts.",
        Range(1, 3600),
    ),
    Setting(
        "PARLEY_SYNCHRONOUS",
        "full",
        "SQLite: 'full' keeps an acknowledged write through a power cut, 'normal' only through a crash.",
        OneOf(("full", "normal")),
    ),
    Setting(
        "PARLEY_MMAP_BYTES",
        1 << 30,
        "SQLite: how much of the file is read through memory mapping.",
        Range(0, 1 << 40),
    ),
    Setting(
        "PARLEY_KEPT_BYTES",
        16 << 20,
        "Room in each worker for answers that are kept until the store changes, in bytes. 0: none is kept.",
        Range(0, 1 << 36),
    ),
    Setting(
        "PARLEY_SECRET_KEY",
        "",
        "Key that signs page cursors, the same on every machine of one service. "
        "Empty: made once and kept in the data folder.",
        secret=True,
    ),
    Setting(
        "PARLEY_LOG_FORMAT",
        "auto",
        "Lines on standard error: 'json' for a program, 'console' for a person, 'auto': that on a terminal.",
        OneOf(("auto", "json", "console")),
    ),
    Setting(
        "PARLEY_LOG_LEVEL",
        "info",
        "The least that is logged: 'info' has a line for each request, 'warning' only what went wrong.",
        OneOf(("debug", "info", "warning", "error")),
    ),
    Setting(
        "PARLEY_METRICS_BIND",
        "",
        "Address and port of a listener of its own on which Prometheus finds /metrics. Empty: none.",
        _address,
    ),
    Setting(
        "PARLEY_WEBHOOK_PRIVATE",
        False,
        "Whether webhooks may go to addresses that are not public: this machine, its network.",
    ),
)


class Settings(NamedTuple):
    """The values, checked; a field is named as its setting is, without the prefix."""

    home: Path
    database_url: str
    database_read_url: str
    max_staleness: float
    read_wait: float
    pool: int
    bind: str
    workers: int
    threads: int
    public_read: bool
    limit_token: str
    limit_address: str
    proxies: int
    cors_origins: str
    max_body: int
    max_import: int
    page_limit: int
    busy_timeout: float
    commit_timeout: float
    synchronous: str
    mmap_bytes: int
    kept_bytes: int
    secret_key: str
    log_format: str
    log_level: str
    metrics_bind: str
    webhook_private: bool


def load() -> Settings:
    """Read the settings from the environment; one that is set to nothing counts as not set.

    Raises BadSetting, naming the setting and what it takes.
    """
    values = {setting.name.removeprefix("PARLEY_").lower(): _value(setting) for setting in TABLE}
    home = Path(values["home"]).expanduser().absolute()
    values["home"] = home
    values["database_url"] = values["database_url"] or f"sqlite:///{home / 'parley.db'}"
    return Settings(**values)


def folder(settings: Settings) -> Path:
    """The data folder, made if it is not there. Raises BadSetting if it cannot be."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"The data folder cannot be made at {settings.home}: {error.strerror}.") from error
    return settings.home


def _value(setting: Setting) -> Any:
    if not os.environ.get(setting.name, "").strip():
        return setting.default
    parse = getattr(Env(), type(setting.default).__name__)
    try:
        return parse(setting.name, validate=setting.check)
    except EnvValidationError as error:
        wrong = " ".join(map(str, error.error_messages))
        raise BadSetting(f"The environment variable {setting.name} is not valid: {wrong}") from error
