"""How gunicorn runs the service; ``parley serve`` starts it with this file.

Checked against gunicorn 27.0. What is not named here is gunicorn's default, and meant so.
"""

import gc as _gc
import os
import signal as _signal
import sys as _sys
from logging.config import dictConfig as _dict_config
from pathlib import Path

from gunicorn import util as _util
from gunicorn.glogging import Logger as _Logger
from gunicorn.http import wsgi as _wsgi
from orjson import dumps as _dumps

# Not the application, which each worker makes, but its modules: to load them takes half a second and 25 MiB.
# Loaded here it is done once, and workers share them. A new release needs a new start, not SIGHUP.
from service import app as _app  # noqa: F401
from service import logs as _logs
from service import secrets as _secrets
from service.settings import load as _load
from service.web.metrics import PLACE as _PLACE
from service.web.metrics_places import Master as _Master

_settings = _load()

_STOP = {_signal.SIGTERM, _signal.SIGINT, _signal.SIGQUIT}

# What runs: the factory, called once in each worker.
wsgi_app = "service.app:create_app()"

# Loopback unless told otherwise: a proxy or a container's own network stands between it and the world.
bind = _settings.bind

# For PARLEY_BIND=unix:/path: the owner and the group (the proxy's) may connect. By default all could.
umask = 0o007

# Threads, because a request mostly waits for the database, which releases the interpreter's lock; and
# because an idle connection then costs no thread: the worker's main loop watches it.
worker_class = "gthread"

# Two processes by default, for two cores. Only reads gain from more: writes are serialised.
workers = _settings.workers

# Requests in progress in each worker. Every thread keeps a database connection open.
threads = _settings.threads

# Each worker opens its own database. A SQLite connection carried through a fork breaks the file's locks.
preload_app = False

# A thread has no time limit here: the heartbeat comes from the worker's main loop, so this ends a process
# that hangs as a whole, not a long export.
timeout = 30

# After SIGTERM, how long requests in progress may take to finish. A container's own grace must be longer.
graceful_timeout = 30

# Longer than a proxy keeps an idle upstream connection (nginx: 60 s), so that it is never the service that
# closes one while a request is on its way.
keepalive = 75

# Nothing leaks that a restart would have to cure, and a restart would drop warm caches.
max_requests = 0

# Lists of ids and cursors travel in the query, so a request line may be as long as gunicorn takes at all.
# Headers stay bounded: no caller of ours needs more than a browser behind two proxies sends.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190

# Who may say that a request came by https (X-Forwarded-Proto): a proxy on this machine, or those named in
# gunicorn's own variable. None may rewrite the path by a header, which the default would let them.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS") or "127.0.0.1,::1"
forwarder_headers = ""

# The heartbeat is a touched file: on a disk, a slow disk would look like a hung worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes the file itself

# A socket under $HOME, by which the server could be told things. Signals suffice, and $HOME may be read-only.
control_socket_disable = True

# The service writes a line for each request itself (service/web/observed.py), which knows the route and the
# token's number; gunicorn's own words take the same form. All goes to standard error.
accesslog = None
errorlog = "-"
loglevel = _settings.log_level


class logger_class(_Logger):
    """gunicorn's logger. Its setting logconfig_dict would do, but has each request logged as well."""

    def setup(self, cfg):  # type: ignore[no-untyped-def]
        super().setup(cfg)
        _dict_config(_logs.configuration(_settings))

    def error(self, msg, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Where it cannot listen, its last word says what to do as well."""
        if msg.startswith("Can't connect to"):
            msg += " (PARLEY_BIND=%s): set PARLEY_BIND to an address and a port that are free"
            args += (_settings.bind,)
        super().error(msg, *args, **kwargs)


# A request that cannot be read is quoted in the log, with the token that a mistyped line may hold.
_secrets.keep_from_logs()

# Which server it is, nobody needs to know who only calls it.
_wsgi.SERVER = "parley"


def on_starting(server):  # type: ignore[no-untyped-def]
    """Metrics are kept in a folder that every worker writes to, and told by a process beside them."""
    server.metrics = _Master() if _settings.metrics_bind else None


def when_ready(server):  # type: ignore[no-untyped-def]
    """From here on metrics can be asked for.

    The collector passes over what workers begin with: where it looks it writes, and what it wrote to is
    shared no longer.
    """
    _gc.collect()
    _gc.freeze()
    if server.metrics:
        server.metrics.listen()


def pre_fork(server, worker):  # type: ignore[no-untyped-def]
    """Each worker has a place of its own to count in."""
    worker.place = None
    if server.metrics:
        taken = {other.place for other in server.WORKERS.values() if other.place is not None}
        worker.place = server.metrics.place(taken)


def post_fork(server, worker):  # type: ignore[no-untyped-def]
    """The worker's environment says which. And it can be stopped from here on.

    Until gunicorn sets its worker's own handlers, those of the master are there: they put what they are told
    in a queue, which here is a copy that nobody reads. A worker that was told to stop so early served on, and
    its master killed it when its grace had passed. There is nothing to finish yet, so it may just end.
    """
    _signal.pthread_sigmask(_signal.SIG_BLOCK, _STOP)
    if any(server.SIG_QUEUE.get_nowait() in _STOP for _ in range(server.SIG_QUEUE.qsize())):
        _sys.exit(0)
    for each in _STOP:
        _signal.signal(each, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _STOP)
    os.environ.pop(_PLACE, None)
    if worker.place is not None:
        os.environ[_PLACE] = str(worker.place)


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """Let the service see that its worker was told to stop: answers that are held are then given at once.

    And let the collector pass over what the worker was made of, and look seldom: a page of a hundred
    records makes thousands of objects, none of them in a circle, for which it stopped every thread again and
    again.
    """
    worker.wsgi.config["STOPPING"] = lambda: not worker.alive
    _gc.collect()
    _gc.freeze()
    _gc.set_threshold(50_000, 20, 50)


def child_exit(server, worker):  # type: ignore[no-untyped-def]
    """A worker has ended, or was killed."""
    if server.metrics and worker.place is not None:
        server.metrics.left(worker.place)


def on_exit(server):  # type: ignore[no-untyped-def]
    """Nothing is left behind."""
    if server.metrics:
        server.metrics.stop()


def _refuse(sock, status, reason, message):  # type: ignore[no-untyped-def]
    """What gunicorn refuses itself (a line or header too long, or none), as the service would: RFC 9457."""
    name = "malformed" if status < 500 else "internal"
    detail = _secrets.hidden(message or reason)
    body = _dumps({"type": f"/problems/{name}", "title": reason, "status": status, "detail": detail})
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    _util.write_nonblock(sock, head.encode("ascii", "replace") + body)


_util.write_error = _refuse
