"""The pages: the way to the docs, how a browser draws them, and that no path leads out of the folders."""

import http.client
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
import requests
from flask.testing import FlaskClient

from service.web.pages import SWAGGER_FILES
from tests.conftest import Server
from tests.web.samples import PROBLEM

if TYPE_CHECKING:
    from playwright.sync_api import Page

STATIC = ("docs.css", "docs.js", "icon.svg", "page.css")


def test_the_root_leads_to_the_docs(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
    assert client.get("/", follow_redirects=True).mimetype == "text/html"


@pytest.mark.parametrize("url", ["/docs", "/problems/", "/problems/invalid"])
def test_a_page_lets_in_nothing_from_elsewhere(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    policy = {
        directive.split()[0]: directive.split()[1:]
        for directive in answer.headers["Content-Security-Policy"].split(";")
    }
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'"]
    for name in ("base-uri", "form-action", "frame-ancestors"):
        assert policy[name] == ["'none'"]
    for sources in policy.values():
        assert set(sources) <= {"'none'", "'self'", "data:"}
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for inline in ("<script>", "<style", "style=", "onclick=", "onload="):
        assert inline not in answer.text
    assert "http://" not in answer.text.replace("http://www.w3.org/", "")
    assert "https://" not in answer.text


def test_every_answer_is_guarded(client: FlaskClient) -> None:
    for url in ("/v1/actors", "/nowhere", "/openapi.json", "/livez", "/static/docs.js", "/docs", "/v1/graph"):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            with client.open(url, method=method) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff", url
                assert answer.headers["Referrer-Policy"] == "no-referrer", url
                assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin", url


def test_the_server_does_not_say_which_it_is(server: Server) -> None:
    assert requests.get(f"{server.url}/livez", timeout=10).headers["Server"] == "parley"


def test_the_assets_are_there(client: FlaskClient) -> None:
    for url in (*(f"/docs/assets/{name}" for name in SWAGGER_FILES), *(f"/static/{name}" for name in STATIC)):
        with client.get(url) as answer:
            assert answer.status_code == 200, url
            assert len(answer.data) > 100
            tag = answer.headers["ETag"]
        with client.get(url, headers={"If-None-Match": tag}) as again:
            assert (again.status_code, again.data) == (304, b""), url


def payloads() -> Iterator[str]:
    """Two hundred ways to ask for a file that lies elsewhere."""
    ups = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "%252e%252e%252f", "..%c0%af", "....//")
    targets = ("etc/passwd", "app.py", "templates/docs.html", "web/app.py", "pyproject.toml")
    for up in ups:
        for target in targets:
            for depth in (1, 3, 8):
                yield up * depth + target
    absolute = ("/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "%2f%2fetc/passwd", "file:///etc/passwd")
    yield from absolute
    for name in ("docs.js", "swagger-ui.css"):
        for wrong in ("%00", "%00.js", ".map", "/", "/.", "/..", "~", ".bak", "%20", "::$DATA", "%0a", ";x"):
            yield name + wrong
    yield from (".", "..", "./", "%2e", "", "%00", "index.html", "swagger-ui.js", "oauth2-redirect.html")
    yield from (".env", "a" * 3_000, "%ff", "C:\\Windows\\win.ini", "__init__.py", "..%00/docs.js", "*")
    yield from ("package.json", "..%u2215app.py", "%uff0e%uff0e/app.py", "..;/app.py", "..;/..;/app.py")


def test_no_path_leads_out_of_the_folders(server: Server) -> None:
    tried = [f"{folder}{payload}" for folder in ("/docs/assets/", "/static/") for payload in payloads()]
    assert len(tried) > 350
    own = {requests.get(f"{server.url}/static/{name}", timeout=30).content for name in STATIC}
    connection = http.client.HTTPConnection(server.address, timeout=30)
    for url in tried:
        # As it stands: no client tidies it up before it is sent.
        connection.putrequest("GET", url.replace(" ", "%20"), skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 308:  # Slashes that stand twice are made one; that path is none either.
            target = urljoin(server.url, str(answer.headers["Location"]))
            assert requests.get(target, timeout=30).status_code == 404
        elif answer.status == 200:  # "docs.js/" is still docs.js.
            assert body in own, url
        else:
            assert answer.status in (400, 404), url
            assert answer.headers.get_content_type() == PROBLEM, url
        for inside in (b"root:", b"create_app", b"<div id", b"[project]"):
            assert inside not in body, url
    connection.close()


@pytest.fixture
def page() -> Iterator["Page"]:
    """A tab of a real browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        assert os.environ.get("CI", "").lower() not in ("1", "true"), "CI has to have chromium"
        pytest.skip("There is no chromium here.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1200, "height": 900})
        browser.close()


def test_a_browser_draws_the_docs_without_any_network(server: Server, page: "Page", tmp_path: Path) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: said.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{server.url}/", wait_until="networkidle")
    assert page.url == f"{server.url}/docs"
    assert page.title() == "Parley"
    described = requests.get(f"{server.url}/openapi.json", timeout=30).json()
    page.wait_for_selector(".opblock")
    operations = sum(len(found) for kind in ("paths", "webhooks") for found in described[kind].values())
    assert page.locator(".opblock").count() == operations
    assert page.locator(".opblock-tag").count() == len(described["tags"])
    assert page.get_by_text("/v1/actors/{id}/positions").first.is_visible()
    # One operation unfolds, with its parameters and answers.
    page.locator("#operations-positions-actor-positions .opblock-summary").first.click()
    page.wait_for_selector("#operations-positions-actor-positions .parameters")
    assert page.locator("#operations-positions-actor-positions .response").count() > 3
    page.screenshot(path=tmp_path / "docs.png", full_page=False)
    assert (tmp_path / "docs.png").stat().st_size > 20_000
    assert [line for line in said if not line.startswith(("log: ", "info: ", "debug: "))] == []
    assert asked
    assert {url for url in asked if not url.startswith((f"{server.url}/", "data:"))} == set()


def test_the_docs_fit_into_the_window_of_a_telephone(server: Server, page: "Page") -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{server.url}/docs", wait_until="networkidle")
    for name in ("positions-actor-positions", "statements-create-statement", "graph-network-congruence"):
        operation = page.locator(f"#operations-{name}")
        operation.locator(".opblock-summary").first.click()
        operation.locator(".responses-table").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 375, name


def test_the_docs_ask_the_service(server: Server, page: "Page") -> None:
    page.goto(f"{server.url}/docs", wait_until="networkidle")
    operation = page.locator("#operations-timeline-timeline")
    operation.locator(".opblock-summary").first.click()
    operation.get_by_role("button", name="Execute").click()
    operation.locator(".live-responses-table .response-col_status", has_text="200").first.wait_for()
    assert "steve-witkoff" in operation.locator(".live-responses-table").inner_text()
