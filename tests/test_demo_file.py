"""The file of the demo: guessable ids, quotes verbatim, and no sentence of the article's own."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from service import questions
from service.ingest import demo
from service.settings import Settings
from tests.conftest import ROOT

ARTICLE = ROOT.parent / "shared" / "000_15f539f5e372d0b0.txt"
THE_ARTICLE = "siversk-strikes-talks-article"
HEADLINES = {"strike-wave-headline", "starmer-trump-call-headline"}
"""Sources of which only the title is known: it is the citation."""

RECORDS = [json.loads(line) for line in demo.FILE.read_text().splitlines()]
SAID = [
    "The talks are going along.",
    "A strike before Christmas, when people want to be with their families, at home, in safety.",
    "A strike, in fact, in the midst of negotiations that are being conducted to end this war.",
    "Putin cannot accept the fact that we must stop killing.",
]


def test_what_is_quoted_is_verbatim() -> None:
    direct = {r["text"] for r in RECORDS if r["kind"] == "statement" and r["directness"] == "direct"}
    assert direct == set(SAID)
    assert "is an extremely clear signal of Russian priorities" in quoted()


def quoted() -> set[str]:
    texts = [record["text"] for record in RECORDS if record["kind"] == "statement"]
    return {quote for text in texts for quote in re.findall("“(.+?)”", text)}


@pytest.mark.parametrize(
    ("kind", "id"),
    [
        *(("actor", id) for id in ("donald-trump", "volodymyr-zelenskyy", "steve-witkoff", "vladimir-putin")),
        *(("actor", id) for id in ("keir-starmer", "oleh-kiper", "ukraine", "russia", "united-states")),
        ("track", "us-led-peace-talks"),
        ("issue", "donbas-cession"),
    ],
)
def test_an_id_that_a_person_would_guess(kind: str, id: str) -> None:
    assert [record["id"] for record in RECORDS if record["kind"] == kind].count(id) == 1


def test_every_record_has_a_guessable_id_and_cites_its_source() -> None:
    for record in RECORDS:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", record["id"])
        if record["kind"] in ("talk", "statement", "proposal", "event"):
            assert THE_ARTICLE in [cited["source"] for cited in record["sources"]], record["id"]
            assert all(cited.get("locator") for cited in record["sources"]), record["id"]


def test_loading_it_again_changes_nothing(store: Settings) -> None:
    assert demo.load().created == len(RECORDS)
    before = questions.state()
    assert demo.load()[:4] == (0, 0, len(RECORDS), 0)
    assert questions.state() == before == len(RECORDS)


def article() -> str:
    if not ARTICLE.exists():
        pytest.skip("the article is not beside the checkout")
    return ARTICLE.read_text()


def plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.replace("’", "'").lower()))


def test_the_quotes_are_those_of_the_article() -> None:
    text = plain(article())
    for quote in (*quoted(), *SAID):
        assert plain(quote) in text, quote


def test_the_articles_own_sentences_are_not_copied() -> None:
    """No six words of its prose in a row. What people are quoted with is theirs; headlines are citations."""
    prose = re.sub("“[^”\n]*[”\n]", "\n", article())
    runs = {run for passage in prose.split("\n") for run in sixes(passage)}
    assert len(runs) > 300
    copied = {
        (record["id"], run)
        for record in RECORDS
        for text in texts(record)
        for passage in re.split("“[^”]*”", text)
        for run in sixes(passage)
        if run in runs and text not in SAID and not (record["id"] in HEADLINES and text == record["title"])
    }
    assert copied == set()


def sixes(text: str) -> list[str]:
    words = plain(text).split()
    return [" ".join(words[start : start + 6]) for start in range(len(words) - 5)]


def texts(value: Any) -> Iterator[str]:
    """Every string in a document, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
