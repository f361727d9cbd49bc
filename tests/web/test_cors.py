"""Which pages of other sites may call the service, as browsers ask it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import settings as all_settings
from service.app import create_app
from service.errors import BadSetting
from service.settings import Settings
from tests.conftest import caller

DESK, OTHER = "https://desk.example.org", "https://other.example.org"
SHOWN = {"ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy"}
SHOWN |= {"Parley-Revision", "Parley-Staleness", "Idempotency-Replayed"}
ACTOR = {"type": "person", "name": "Ann"}
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


@pytest.fixture
def app(store: Settings, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The service, to which the pages of a desk may write."""
    monkeypatch.setenv("PARLEY_CORS_ORIGINS", f"{DESK}, http://localhost:3000")
    return create_app(all_settings.load())


def words(value: str) -> set[str]:
    return {word.strip() for word in value.split(",")}


def asked(client: FlaskClient, path: str, method: str, origin: str) -> dict[str, str]:
    """The headers by which the service answers a preflight."""
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    headers["Access-Control-Request-Headers"] = "authorization,content-type,if-match,idempotency-key"
    answer = client.options(path, headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert {"Origin", "Access-Control-Request-Method"} <= words(answer.headers["Vary"])
    return dict(answer.headers)


@pytest.mark.parametrize(
    "path", ["/v1/actors", "/v1/actors/nobody", "/v1/actors?limit=0", "/nowhere", "/livez", "/openapi.json"]
)
def test_reading_is_open_to_every_origin(client: FlaskClient, path: str) -> None:
    for method in ("GET", "HEAD"):
        for headers in (
            {},
            {"Origin": OTHER},
            {"Origin": "null"},
            {"Origin": OTHER, "Authorization": "Bearer x"},
        ):
            answer = client.open(path, method=method, headers=headers)
            assert answer.headers[ALLOW_ORIGIN] == "*"
            assert words(answer.headers["Access-Control-Expose-Headers"]) == SHOWN
            assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_304_may_be_read_too(client: FlaskClient) -> None:
    tag = client.get("/v1/actors").headers["ETag"]
    answer = client.get("/v1/actors", headers={"Origin": OTHER, "If-None-Match": tag})
    assert (answer.status_code, answer.headers[ALLOW_ORIGIN]) == (304, "*")


def test_before_reading_with_a_token_a_browser_asks(client: FlaskClient) -> None:
    for origin in (OTHER, DESK):
        answer = asked(client, "/v1/actors", "GET", origin)
        assert answer[ALLOW_ORIGIN] == "*"
        assert words(answer["Access-Control-Allow-Methods"]) == {"GET", "HEAD"}
        assert {"Authorization", "If-None-Match"} <= words(answer["Access-Control-Allow-Headers"])
        assert int(answer["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/v1/actors", {"GET", "HEAD", "POST"}), ("/v1/actors/ann", {"GET", "HEAD", "PUT", "PATCH", "DELETE"})],
)
def test_before_writing_a_browser_asks(client: FlaskClient, path: str, methods: set[str]) -> None:
    for method in methods - {"GET", "HEAD"}:
        answer = asked(client, path, method, DESK)
        assert answer[ALLOW_ORIGIN] == DESK
        assert words(answer["Access-Control-Allow-Methods"]) == methods
        taken = words(answer["Access-Control-Allow-Headers"])
        conditions = {"If-Match", "If-None-Match", "Parley-Revision"}
        assert taken == {"Authorization", "Content-Type", "Idempotency-Key"} | conditions
        for origin in (OTHER, "null", "http://desk.example.org", f"{DESK}.evil.example", DESK.upper()):
            # Without this header a browser goes no further; POST it would let pass for the method's sake.
            assert not [
                name for name in asked(client, path, method, origin) if name.startswith("Access-Control")
            ]


def test_a_write_may_be_read_by_those_who_may_write(app: Flask) -> None:
    writer = caller(app, "write")
    for body, status in ((ACTOR, 201), ({}, 422)):
        for origin, shown in ((DESK, DESK), ("http://localhost:3000",) * 2, (OTHER, None)):
            answer = writer.post("/v1/actors", json=body, headers={"Origin": origin})
            assert (answer.status_code, answer.headers.get(ALLOW_ORIGIN)) == (status, shown)
            assert "Origin" in words(answer.headers["Vary"])
    refused = app.test_client().post("/v1/actors", json=ACTOR, headers={"Origin": DESK})
    assert (refused.status_code, refused.headers[ALLOW_ORIGIN]) == (401, DESK)


def test_by_default_no_page_may_write(store: Settings) -> None:
    client = create_app(store).test_client()
    assert ALLOW_ORIGIN not in asked(client, "/v1/actors", "POST", DESK)
    assert asked(client, "/v1/actors", "GET", DESK)[ALLOW_ORIGIN] == "*"


def test_options_without_cors_says_what_the_path_takes(client: FlaskClient) -> None:
    for headers in ({}, {"Origin": DESK}, {"Access-Control-Request-Method": "GET"}):
        answer = client.options("/v1/actors", headers=headers)
        assert answer.status_code == 200
        assert words(answer.headers["Allow"]) == {"GET", "HEAD", "OPTIONS", "POST"}
    nowhere = {"Origin": DESK, "Access-Control-Request-Method": "GET"}
    assert client.options("/nowhere", headers=nowhere).status_code == 404


@pytest.mark.parametrize("wrong", ["*", "null", "desk.example.org", f"{DESK}/", f"{DESK},", "ftp://a"])
def test_an_origin_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PARLEY_CORS_ORIGINS", wrong)
    with pytest.raises(BadSetting, match="PARLEY_CORS_ORIGINS"):
        all_settings.load()
