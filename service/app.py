"""The WSGI application."""

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from service import settings as all_settings
from service.errors import BadSetting, StoreUnavailable
from service.settings import Settings
from service.storage import database, migrate
from service.web import (
    access,
    bodies,
    changes,
    consistency,
    cors,
    cursors,
    framing,
    graphs,
    hooks,
    kept,
    limits,
    networks,
    observed,
    operations,
    pages,
    preconditions,
    problems,
    records,
    stories,
    transfers,
    waiting,
)
from service.web.access import OPEN

KEY_BYTES = 32

log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> Flask:
    """The service, on the database that the settings name (default: those of the environment).

    Raises NotMigrated if its schema is not this release's, BadSetting for a setting that cannot be used.
    """
    settings = settings or all_settings.load()
    database.connect(settings)
    try:
        migrate.check()
    except StoreUnavailable as error:
        # Until it answers, so does every request, with 503. A worker that cannot start would stop the server.
        log.warning("started without the database: %s", error.__cause__ or error.detail)
    all_settings.folder(settings)
    app = Flask(__name__, root_path=str(Path(__file__).parent / "web"), static_folder=None)
    # Nothing here is async, and Flask would look at every view and hook, of every request, whether it is.
    app.ensure_sync = _as_it_is  # type: ignore[assignment, method-assign]
    # A path with a slash too many is another path, and no redirect.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    secret = _secret(settings)
    app.config.update(PARLEY=settings, CURSORS=cursors.serializer(secret))
    waiting.install(app, settings.threads)
    described = (
        *stories.operations(),
        *graphs.operations(),
        *networks.operations(),
        *records.operations(),
        *changes.operations(),
        *transfers.operations(),
        *pages.operations(),
    )
    hooks.before(app, observed.routed)
    kept.install(app, settings)
    framing.install(app)
    consistency.install(app)
    limits.install(app, settings, secret)
    access.install(app, uncounted={operation.name for operation in described if operation.scope == OPEN})
    cors.install(app, settings)
    for operation in described:
        operations.register(app, operation)
    pages.install(app, described)
    problems.install(app)
    # The last named runs first: what came before adds its headers to a 304 as well.
    hooks.after(app, preconditions.settle)
    app.teardown_appcontext(bodies.close)
    # Around all else: also what is answered before Flask is asked, and until the last byte is sent.
    observed.install(app, settings)
    return app


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _secret(settings: Settings) -> str:
    """The key that signs cursors: given, or made once and kept beside the database, for its owner only."""
    if settings.secret_key:
        return settings.secret_key
    file = settings.home / "secret.key"
    try:
        if not file.exists():
            _make_secret(file)
        key = file.read_text().strip()
    except OSError as error:
        raise BadSetting(f"The signing key cannot be kept at {file}: {error.strerror}.") from error
    if len(key) < KEY_BYTES:
        raise BadSetting(f"{file} holds no key. Delete it: a new one will be made.")
    return key


def _make_secret(file: Path) -> None:
    # Written aside, to the disk, and linked into place: workers that start together all read the first
    # one's key, and none reads half of one.
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(secrets.token_urlsafe(KEY_BYTES))
        handle.flush()
        os.fsync(handle.fileno())
    try:
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
