"""What a log line is: one object, one line, no token, and no trouble for what it tells of."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from logging.config import dictConfig
from pathlib import Path
from typing import Any

import pytest

from service import logs
from service import settings as all_settings

TOKEN = "parley_" + "aB3-_" * 9
HARD = 'two\nlines, a "quote", ü, \x1b[31m, and \ud800 alone'


def requests(descriptor: int, **settings: str) -> Any:
    wanted = {"log_format": "json", **settings}
    return logs.requests(all_settings.load()._replace(**wanted), descriptor)  # type: ignore[arg-type]


def written(tmp_path: Path, **settings: str) -> list[str]:
    with (tmp_path / "log").open("w+b") as file:
        told = requests(file.fileno(), **settings)
        told("info", {"event": "request", "route": "/v1/actors", "status": 200})
        told("error", {"event": "request", "route": "/v1/actors", "status": 503})
    return (tmp_path / "log").read_text().splitlines()


def test_a_line_is_an_object_that_begins_with_when_and_how_grave(tmp_path: Path) -> None:
    fine, failed = (json.loads(line) for line in written(tmp_path))
    assert list(fine) == ["at", "level", "pid", "event", "route", "status"]
    assert fine["at"].endswith("Z")
    assert (fine["level"], fine["pid"], fine["status"]) == ("info", os.getpid(), 200)
    assert (failed["level"], failed["status"]) == ("error", 503)


@pytest.mark.parametrize(("level", "lines"), [("debug", 2), ("info", 2), ("warning", 1), ("error", 1)])
def test_what_is_less_grave_than_the_level_is_not_told(tmp_path: Path, level: str, lines: int) -> None:
    assert len(written(tmp_path, log_level=level)) == lines


def test_a_line_for_a_person_to_read(tmp_path: Path) -> None:
    fine, failed = written(tmp_path, log_format="console")
    assert "request" in fine
    assert "route=/v1/actors" in fine
    assert "\x1b" not in fine, "colours are for terminals"
    assert "status=503" in failed


def test_a_log_that_takes_nothing_hinders_no_request() -> None:
    reading, writing = os.pipe()
    told = requests(writing)
    os.close(reading)
    told("info", {"event": "request"})
    os.close(writing)
    told("info", {"event": "request"})


# --- the standard library's logging -----------------------------------------------------------------------


@pytest.fixture
def configured() -> Iterator[Callable[..., None]]:
    """What configures all of the process's logging as the server's is."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def configure(**settings: str) -> None:
        wanted = {"log_format": "json", **settings}
        dictConfig(logs.configuration(all_settings.load()._replace(**wanted)))  # type: ignore[arg-type]

    yield configure
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_others_say_is_rendered_the_same_way(configured: Any, capfd: pytest.CaptureFixture[str]) -> None:
    configured()
    logging.getLogger("gunicorn.error").info("Listening at: %s", "x")
    logs.number.set("r1")
    logging.getLogger("a.library").warning(HARD.replace("\ud800", ""))
    logs.number.set(None)
    logging.getLogger("a.library").debug("not told")
    server, library = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert list(server)[:4] == ["at", "level", "pid", "event"]
    assert (server["event"], server["logger"], server["level"]) == (
        "Listening at: x",
        "gunicorn.error",
        "info",
    )
    assert (library["event"], library["request"]) == (HARD.replace("\ud800", ""), "r1")


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_a_request_sent_says_nothing_to_the_terminal(
    configured: Any, capfd: pytest.CaptureFixture[str], form: str
) -> None:
    configured(log_format=form)
    sent = "/v1/actors/\x1b[2J\x9b2J\r\n[info] all is well\u202e"
    try:
        raise ValueError(f"{sent}\nsecond line")
    except ValueError:
        logging.getLogger("a.library").exception("failed on %s", sent)
    lines = capfd.readouterr().err.splitlines()
    assert all(line.isprintable() or form == "json" for line in lines)
    assert not any(line.startswith("[info] all is well") for line in lines[:2])
    assert not any("\x1b" in line for line in lines)
    if form == "console":
        assert "second line" in lines, "a traceback has lines of its own"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_is_part_of_its_line_and_holds_no_token(
    configured: Any, capfd: pytest.CaptureFixture[str], form: str
) -> None:
    configured(log_format=form)
    secret = "whsec_nobody-may-see"
    try:
        raise ValueError(TOKEN + " " + secret[:0])
    except ValueError:
        logging.getLogger("a.library").exception("failed on %s", TOKEN)
    text = capfd.readouterr().err
    assert secret not in text, "what variables hold is not told"
    assert TOKEN not in text
    assert text.count("parley_[hidden]") >= 2
    assert "ValueError" in text
    if form == "json":
        (line,) = text.splitlines()
        assert "Traceback" in json.loads(line)["exception"]


def test_what_cannot_be_encoded_is_told_all_the_same(tmp_path: Path) -> None:
    """A line is lost rather than a request, and none is: names of another process's making come as bytes."""
    with (tmp_path / "log").open("w+b") as file:
        requests(file.fileno())("info", {"event": "request", "route": b"/v1/\xff"})
    assert json.loads((tmp_path / "log").read_text())["route"] == "b'/v1/\\xff'"
