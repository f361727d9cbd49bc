"""Where in a record a searched text stands, cut out for a reader. The same on every database."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

LENGTH = 160
BEFORE = 40
MOST_WORDS = 4_096
"""So many words are known ``plain``: the same ones come in text after text."""

_WORDS = re.compile(r"\w+")


def snippet(texts: Iterable[str], wanted: str) -> str:
    """Some ``LENGTH`` characters of the first of ``texts`` with a word of ``wanted``, or of the first one.

    Words are compared without case and accents. An ellipsis marks what was left out. No text is taken beyond
    the one that is shown.
    """
    words, first = {plain(word) for word in _WORDS.findall(wanted)}, ""
    for text in texts:
        for match in _WORDS.finditer(text):
            if plain(match[0]) in words:
                return _cut(text, match.start())
        first = first or text
    return _cut(first, 0)


@lru_cache(MOST_WORDS)
def plain(word: str) -> str:
    """A word as it is compared: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _cut(text: str, around: int) -> str:
    start = max(0, around - BEFORE)
    if start:
        space = text.rfind(" ", start, around - BEFORE // 2)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + LENGTH)
    if end < len(text):
        space = text.rfind(" ", around + 1, end)
        end = space if space >= 0 else end
    cut = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{cut}{'…' if end < len(text) else ''}"
