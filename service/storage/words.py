"""What the words of a text are, to whichever database looks for them."""

import threading

import apsw

Words = tuple[int, str, str, str, str]
"""What the search index holds of a record: its key, and its label, names, text and kind."""

MARK = "\ue000"
"""Before a kind, where it stands as a word. A letter to FTS5, and one of no language: it is taken out of what
is asked for, so that neither a word nor the beginning of one finds all records of a kind.
"""

_local = threading.local()


def words_of(text: str) -> list[str]:
    """The words, as SQLite's FTS5 tells them apart: in small letters, without accents.

    (https://sqlite.org/fts5.html#unicode61_tokenizer, remove_diacritics 2.)

    >>> words_of("Élodie ŁUKASZ, 2nd -- Переговори")
    ['elodie', 'łukasz', '2nd', 'переговори']
    """
    tokenizer = getattr(_local, "tokenizer", None)
    if tokenizer is None:
        _local.connection = apsw.Connection(":memory:")
        tokenizer = _local.connection.fts5_tokenizer("unicode61", ["remove_diacritics", "2"])
        _local.tokenizer = tokenizer
    words: list[str] = tokenizer(
        text.encode("utf-8", "replace"),
        apsw.FTS5_TOKENIZE_DOCUMENT,
        None,
        include_offsets=False,
        include_colocated=False,
    )
    return words
