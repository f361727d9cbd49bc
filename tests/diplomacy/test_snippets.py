"""Snippets: where the searched word stands, in whatever case and accents it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.diplomacy.snippets import LENGTH, snippet

LONG = "word " * 100 + "Zelenskyy said so. " + "more " * 100


@pytest.mark.parametrize(
    ("texts", "wanted", "expected"),
    [
        (["Donbas cession"], "donbas", "Donbas cession"),
        (["A title", "", "Its text"], "text", "Its text"),
        (["A title", "Its text"], "title text", "A title"),
        (["A title", "Its text"], "absent", "A title"),
        (["", "", "Its text"], "absent", "Its text"),
        ([], "absent", ""),
        (["Łódź, Élysée"], "elysee", "Łódź, Élysée"),
        (["Володимир Зеленський"], "ЗЕЛЕНСЬКИЙ", "Володимир Зеленський"),
        (["two\n lines\tof text"], "lines", "two lines of text"),
    ],
)
def test_snippet(texts: list[str], wanted: str, expected: str) -> None:
    assert snippet(texts, wanted) == expected


def test_a_long_text_is_cut_around_the_word_and_between_words() -> None:
    cut = snippet([LONG], "zelenskyy")
    assert "Zelenskyy said so." in cut
    assert cut.startswith("…word ")
    assert cut.endswith(" more…")
    assert len(cut) <= LENGTH + 2


def test_the_beginning_and_the_end_are_marked_only_where_something_is_left_out() -> None:
    assert snippet(["first " + "word " * 100], "first").startswith("first word")
    assert snippet(["word " * 100 + "last"], "last").endswith("last")


@given(st.lists(st.text(max_size=400), max_size=4), st.text(max_size=40))
def test_any_text_gives_a_short_line(texts: list[str], wanted: str) -> None:
    cut = snippet(texts, wanted)
    assert len(cut) <= LENGTH + 2
    assert cut == " ".join(cut.split())


WORDS = st.text("abcdefgh", min_size=1, max_size=30)


@given(st.lists(WORDS, min_size=1, max_size=80), st.data())
def test_the_word_is_in_the_snippet(words: list[str], data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(words))
    assert word in snippet([" ".join(words)], word.upper()).replace("…", " ").split()


@pytest.mark.parametrize("text", ["停火协议必须先行" * 40, "x" * 400])
def test_a_text_without_spaces_is_cut_between_letters(text: str) -> None:
    """Chinese and Japanese are written so, and links are."""
    for wanted in ("absent", text):
        assert 100 < len(snippet([text], wanted)) <= LENGTH + 2


@pytest.mark.parametrize("before", ["停火协议，" * 80, "x" * 300 + " "])
def test_a_word_after_a_long_text_without_spaces_is_shown(before: str) -> None:
    cut = snippet([f"{before}Donbas " + "more " * 60], "donbas")
    assert "Donbas" in cut
    assert len(cut) <= LENGTH + 2
