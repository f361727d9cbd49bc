"""Limits on requests: by token and by address, over all workers, and told in the headers."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from service import settings as all_settings
from service.app import create_app
from service.errors import BadSetting
from service.settings import Settings
from service.storage import tokens
from tests.conftest import Server, caller
from tests.web.samples import PROBLEM

Made = Callable[..., Flask]
STATE = re.compile(r'"([\w-]+)";r=(\d+);t=(\d+)')
POLICY = re.compile(r'"([\w-]+)";q=(\d+);w=(\d+)')


@pytest.fixture
def limited(store: Settings, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The service with limits of a test's own."""

    def make(**values: str) -> Flask:
        for name, value in values.items():
            monkeypatch.setenv(f"PARLEY_{name.upper()}", value)
        return create_app(all_settings.load())

    return make


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server of three workers, where nobody may ask for much in a day."""
    home = tmp_path_factory.mktemp("limits") / "home"
    running = Server(
        home,
        PARLEY_WORKERS="3",
        PARLEY_LIMIT_ADDRESS="30/day",
        PARLEY_LIMIT_TOKEN="50/day",
        PARLEY_PROXIES="1",
    )
    yield running.start()
    assert running.stop() == 0


def at_once(url: str, times: int, headers: dict[str, str]) -> Counter[int]:
    """The statuses of so many requests, eight at a time, each on a connection of its own."""
    with ThreadPoolExecutor(8) as pool:
        return Counter(
            pool.map(lambda _: requests.get(url, headers=headers, timeout=30).status_code, range(times))
        )


def test_the_workers_count_together(guarded: Server) -> None:
    url = f"{guarded.url}/v1/actors"
    one, other = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    assert at_once(url, 45, one) == {200: 30, 429: 15}
    # Another address has its own, a token too, and the health checks are nobody's.
    assert requests.get(url, headers=other, timeout=10).status_code == 200
    token = guarded.parley("token", "create", "--scope", "read").stdout.strip()
    bearer = {**one, "Authorization": f"Bearer {token}"}
    assert at_once(url, 60, bearer) == {200: 50, 429: 10}
    assert at_once(f"{guarded.url}/readyz", 40, one) == {200: 40}
    # A guess is the address's, which has none left.
    guess = requests.get(url, headers={**one, "Authorization": "Bearer parley_guess"}, timeout=10)
    assert guess.status_code == 429
    # So is a page.
    assert requests.get(f"{guarded.url}/docs", headers=one, timeout=10).status_code == 429


def test_guessing_is_limited(guarded: Server) -> None:
    wrong = {"X-Forwarded-For": "192.0.2.3", "Authorization": "Bearer parley_" + "x" * 43}
    assert at_once(f"{guarded.url}/v1/actors", 40, wrong) == {401: 30, 429: 10}


SAID = [{"X-Forwarded-For": f"10.0.0.{n}, 192.0.2.4"} for n in range(31)]
"""By whom a caller says that it was asked, and, last, the one proxy."""


def test_an_address_cannot_be_made_up(guarded: Server) -> None:
    """Only what the one proxy wrote counts, which is the last."""
    url = f"{guarded.url}/v1/actors"
    assert [requests.get(url, headers=one, timeout=10).status_code for one in SAID] == [200] * 30 + [429]


def test_without_a_proxy_nothing_that_is_written_counts(limited: Made) -> None:
    client = limited(limit_address="30/day").test_client()
    assert [client.get("/v1/actors", headers=one).status_code for one in SAID] == [200] * 30 + [429]
    # Two addresses of an IPv6 network are one caller's; an IPv4 address is the same written as IPv6.
    client = limited(limit_address="2/day", proxies="1").test_client()
    for together in (
        ("2001:db8::1", "2001:db8::ffff:1", "[2001:db8::2]:80"),
        ("192.0.2.9", "::ffff:192.0.2.9", "192.0.2.9:81"),
    ):
        answers = [client.get("/v1/actors", headers={"X-Forwarded-For": one}) for one in together]
        assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_the_headers_tell_how_things_stand(limited: Made) -> None:
    client = limited(limit_address="2/day;1000/hour").test_client()
    for left, status in ((1, 200), (0, 200), (0, 429), (0, 429)):
        answer = client.get("/v1/actors")
        assert answer.status_code == status
        assert POLICY.findall(answer.headers["RateLimit-Policy"]) == [
            ("address-3600s", "1000", "3600"),
            ("address-86400s", "2", "86400"),
        ]
        (_, hourly, hour), (name, daily, day) = STATE.findall(answer.headers["RateLimit"])
        assert (name, int(daily)) == ("address-86400s", left)
        assert int(hourly) >= 996
        assert 0 < int(hour) <= 3600
        assert 0 < int(day) <= 86_400
    assert (answer.mimetype, answer.json["type"]) == (PROBLEM, "/problems/too-many-requests")
    assert answer.headers["Retry-After"] == day
    assert "RateLimit" not in client.get("/livez").headers


def test_a_write_beyond_the_limit_writes_nothing(limited: Made, client: FlaskClient) -> None:
    app = limited(limit_token="2/day")
    writer = caller(app, "write")
    actor = {"type": "person", "name": "Ann"}
    assert [writer.post("/v1/actors", json=actor).status_code for _ in range(3)] == [201, 201, 429]
    assert len(client.get("/v1/actors").json["items"]) == 2
    # Another token is another caller's, and one that has ended is none.
    assert caller(app, "write").post("/v1/actors", json=actor).status_code == 201
    tokens.revoke(tokens.everyone()[0].key)
    assert writer.post("/v1/actors", json=actor).status_code == 401


def test_off_is_off(limited: Made) -> None:
    app = limited(limit_address="off", limit_token="off")
    for client in (app.test_client(), caller(app, "read")):
        answer = client.get("/v1/actors")
        assert answer.status_code == 200
        assert "RateLimit" not in answer.headers
    assert not (Path(app.config["PARLEY"].home) / "limits").exists()


@pytest.mark.parametrize("wrong", ["0/minute", "many", "5", "5/fortnight", "-1/day", "5/minute;0/day"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PARLEY_LIMIT_TOKEN", wrong)
    with pytest.raises(BadSetting, match="PARLEY_LIMIT_TOKEN"):
        all_settings.load()


def test_a_folder_that_cannot_be_counted_in_is_refused(limited: Made, store: Settings) -> None:
    all_settings.folder(store).joinpath("limits").write_text("a file")
    with pytest.raises(BadSetting, match="limits"):
        limited()
