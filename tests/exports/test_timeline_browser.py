"""TimelineJS itself, from its npm package, draws what is written for it in a headless browser."""

import functools
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from service.exports import timeline_texts, timelinejs
from service.exports.timelines import Entry
from service.settings import Settings
from tests.exports.conftest import needed
from tests.exports.timeline_samples import TIMELINE, entry, of_the_demo

PACKAGE = Path(__file__).with_name("timelinejs")
PAGE = """<!doctype html><meta charset="utf-8"><title>TimelineJS</title>
<link rel="stylesheet" href="/timelinejs/css/timeline.css">
<script src="/timelinejs/js/timeline.js"></script>
<div id="here" style="width: 1200px; height: 800px"></div>
<script>
  window.timeline = new TL.Timeline("here", "/timeline.json", {
    script_path: location.origin + "/timelinejs/js/", duration: 0, hash_bookmark: false
  });
</script>
"""
Draw = Callable[..., Page]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page that draws ``timeline.json`` by the TimelineJS beside it."""
    needed("npm")
    folder = tmp_path_factory.mktemp("site")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=folder, check=True, timeout=300)
    (folder / "timelinejs").symlink_to(folder / "node_modules/@knight-lab/timelinejs/dist")
    (folder / "index.html").write_text(PAGE)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the folder is served, on this machine alone."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    needed("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def draw(site: Path, address: str, browser: Browser) -> Iterator[Draw]:
    """A page on which TimelineJS drew these entries, and that reached for nothing elsewhere."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    context.route(lambda url: not url.startswith(address), lambda route: route.abort())
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))

    def drawn(*entries: Entry) -> Page:
        (site / "timeline.json").write_bytes(b"".join(timelinejs.write(TIMELINE, entries)))
        page.goto(address)
        page.wait_for_selector(".tl-timemarker", state="attached")
        page.wait_for_function("window.timeline.ready")
        return page

    yield drawn
    context.close()
    assert failures == []


def slide(page: Page, one: Entry) -> dict[str, Any]:
    """What the slide of an entry shows."""
    found: dict[str, Any] = page.evaluate(
        """id => {
            const slide = document.getElementById(id).closest(".tl-slide");
            const shown = name => slide.querySelector(name).textContent;  // the style would capitalise it
            return {
                headline: shown("h2"),
                date: shown(".tl-headline-date"),
                text: slide.querySelector(".tl-text-content").innerText,
                links: [...slide.querySelectorAll("a")].map(link => link.href),
            };
        }""",
        one.record["id"],
    )
    return found


def test_the_demo_is_drawn(demo: Settings, draw: Draw) -> None:
    entries = of_the_demo()
    page = draw(*entries)
    dated = [one for one in entries if one.date]
    assert page.locator(".tl-timemarker").count() == len(dated) > 20
    assert page.locator(".tl-slide").count() == len(dated) + 1  # the title's
    assert page.locator(".tl-slide-titleslide h2").text_content() == TIMELINE.title
    groups = {label.strip().lower() for label in page.locator(".tl-timegroup-message").all_inner_texts()}
    assert groups == {one.kind for one in dated}
    for one in dated:
        shown = slide(page, one)
        assert shown["headline"] == timeline_texts.headline(one)
        for label, said in timeline_texts.paragraphs(one):
            assert label == "Date" or said in shown["text"]


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2025-12-21", "December 21, 2025"),
        ("2025-12", "December 2025"),
        ("2025-12-22~", "about 22 December 2025"),
        ("/2025-12-23", "by 23 December 2025"),
        ("2025-12-22T21:30:00+02:00", "22 December 2025, 19:30 UTC"),
        ("0033-04", "April AD 33"),
        ("Y170000002", "170000002"),
    ],
)
def test_a_date_is_shown_as_precisely_as_it_was_given(draw: Draw, date: str, shown: str) -> None:
    one = entry(date=date)
    assert slide(draw(one), one)["date"] == shown


def test_an_interval_is_shown_with_both_ends(draw: Draw) -> None:
    one = entry(date="2025-12-31/2026-01-02")
    page = draw(one)
    assert slide(page, one)["date"] == "December 31, 2025 — January 2, 2026"
    assert page.locator(".tl-timemarker-with-end").count() == 1


def test_what_nobody_dated_is_counted(draw: Draw) -> None:
    page = draw(entry(), entry("proposal", date=None))
    title = page.locator(".tl-slide-titleslide .tl-text-content")
    assert title.inner_text() == "1 without a date is not shown."


HOSTILE = [
    "<img src=x onerror=window.owned=1>",
    "&lt;img src=x onerror=window.owned=1&gt;",
    "</script><script>window.owned=1</script>",
    "www.paper.example'onmouseover='window.owned=1'x='",
    'www.paper.example"onmouseover="window.owned=1"x="',
    "https://paper.example/'onfocus='window.owned=1'autofocus='",
    "[a](javascript:window.owned=1) javascript:window.owned=1",
    "a@b.example'onclick='window.owned=1",
]


FOUND = """() => [...document.querySelectorAll(".tl-slide *, .tl-timemarker *, .tl-slidenav *")]
    .filter(element => ["IMG", "SCRIPT", "IFRAME"].includes(element.tagName)
        || element.getAttributeNames().some(name => name.startsWith("on")))
    .map(element => element.outerHTML)"""
PROVOKE = """() => document.querySelectorAll("#here *").forEach(element =>
    ["mouseover", "focus", "click"].forEach(type => element.dispatchEvent(new Event(type))))"""


def test_no_text_becomes_markup(draw: Draw) -> None:
    address = "https://paper.example/'\"><img src=x onerror=window.owned=1>"
    entries = [
        entry("statement", date="2025-12", title=text, text=text, notes=text, id=f"an-{index}")._replace(
            sources=[(text, text, address)], names={"ann": text}
        )
        for index, text in enumerate(HOSTILE)
    ]
    page = draw(*entries)
    page.evaluate(PROVOKE)
    assert page.evaluate("window.owned") is None
    assert page.evaluate(FOUND) == []
    for one, text in zip(entries, HOSTILE, strict=True):
        shown = slide(page, one)
        assert shown["headline"] == f"{text}: {text}"
        assert f"\n{text}\n" in shown["text"]
        assert len(shown["links"]) == 1
        assert shown["links"][0].startswith("https://paper.example/")
