"""When two spellings are one name, and when they only look like it.

One name is what Unicode calls a compatibility caseless match (The Unicode Standard, section 3.13, D146):
equal after NFKC and case folding. Look-alikes are confusable (Unicode Technical Standard #39, section 4):
another name, perhaps another's, that a reader takes for the same. They are reported, never taken for one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from unicodedata import normalize

from service.diplomacy.snippets import plain

Document = dict[str, Any]

ONE_OF_A_KIND = ("actor", "issue", "track")
"""Kinds of which two of one name are likely one thing: talks and sources are often titled alike."""

OTHER = 0.9
"""How much another name counts beside the one that a record goes by."""

_OPERATORS = {"AND", "OR", "NOT", "NEAR"}
_WORD = re.compile(r"\w+")
_ASKED = re.compile(r"(\w+)(\*?)")
_EXCLUDING = re.compile(r"(?<!\w)-|NOT")
_APOSTROPHES = "'\u02bc\u02bb"
"""As it is typed, and as it is printed in Ukrainian and in Uzbek. Words are parted at the first, and at
quotation marks: the other two are letters to Unicode, and so to the index."""
_WITHIN = re.compile(r"(?<=\w)['\u2018\u2019\u02bc\u02bb](?=\w)")


class Called(NamedTuple):
    """A record, and what it is called."""

    kind: str
    id: str
    label: str
    names: tuple[str, ...]


class Asked(NamedTuple):
    """The words of what is searched for, ``plain``: whole ones, and the beginnings of others."""

    words: frozenset[str]
    beginnings: tuple[str, ...]


class Namesakes(NamedTuple):
    """Records of one kind that have a name in common, or one that looks the same."""

    kind: str
    name: str
    records: tuple[Called, ...]


def folded(text: str) -> str:
    """The spelling by which names are compared: equal where two are one.

    >>> folded("ＳＴＲＡẞＥ") == folded("strasse")
    True
    """
    # Once more after folding: it may leave what NFKC would compose.
    return " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())


def spellings(text: str) -> tuple[str, ...]:
    """What to search for, where ``text`` is asked for: its words ``folded``, operators as they are.

    Then as it stands, if that is another word: so records were indexed that were written before names were
    folded. A word with an apostrophe with each that there is. Not where something is excluded, for then each
    spelling would let in what the other excludes.

    >>> spellings("Straße OR Weg")
    ('strasse OR weg', 'Straße OR Weg')
    >>> len(spellings("O'Neil"))
    3
    """
    words = _WORD.sub(
        lambda word: word[0] if word[0] in _OPERATORS else word[0].casefold(), normalize("NFKC", text)
    )
    spelt = normalize("NFKC", words)
    if _EXCLUDING.search(text):
        return (spelt,)
    each = [_WITHIN.sub(sign, spelt) for sign in _APOSTROPHES] if _WITHIN.search(spelt) else [spelt]
    return tuple(each) if spelt.lower() == text.lower() else (*each, text)


def asked(text: str) -> Asked:
    """The words of a search-box text, without its operators.

    >>> asked("Élodie OR talk*")
    Asked(words=frozenset({'elodie'}), beginnings=('talk',))
    """
    typed = _WITHIN.sub("'", normalize("NFKC", text))
    words = [found for found in _ASKED.findall(typed) if found[0] not in _OPERATORS]
    return Asked(
        frozenset(plain(word) for word, star in words if not star),
        tuple(plain(word) for word, star in words if star),
    )


def share(called: Called, asked: Asked) -> float:
    """How much of what the record is called the words are: 1 for all of it, of another name OTHER."""
    label, *others = (_share(name, asked) for name in called.names)
    return max(label, OTHER * max(others, default=0.0))


def _share(name: str, asked: Asked) -> float:
    words = [plain(word) for word in _WORD.findall(_WITHIN.sub("'", name))]
    there = sum(word in asked.words or word.startswith(asked.beginnings) for word in words)
    return there / len(words) if words else 0.0


def skeleton(text: str) -> str:
    """The spelling by which look-alikes are compared: equal where two look the same (UTS #39, section 4)."""
    from disarm import skeleton_key  # 5 MB that only one command needs.

    # The library keeps this one apart, which the standard does not: its own purpose is to undo a disguise.
    return skeleton_key(normalize("NFKC", text), digit_policy="tr39").replace("m", "rn")


def called(document: Document) -> Called:
    """What the record is called: its name or title, then its other names."""
    name = document["name"] if document["kind"] == "actor" else document["title"]
    others = (other["text"] for other in document.get("names", ()))
    return Called(document["kind"], document["id"], name, (name, *others))


def joined(kept: Document, duplicate: Document) -> list[Document]:
    """The names of one actor made of two: those of the one kept, then what the other was called beside."""
    names: list[Document] = list(kept.get("names", []))
    have = {folded(kept["name"]), *(folded(name["text"]) for name in names)}
    for name in ({"text": duplicate["name"]}, *duplicate.get("names", [])):
        if folded(name["text"]) not in have:
            names.append(name)
            have.add(folded(name["text"]))
    return names


def duplicates(records: Iterable[Called]) -> tuple[list[Namesakes], list[Namesakes]]:
    """Records that have one name, and those of which a name only looks like another's, each group once."""
    same: dict[tuple[str, str], dict[str, Called]] = {}
    alike: dict[tuple[str, str], dict[str, Called]] = {}
    for record in records:
        for name in record.names:
            same.setdefault((record.kind, folded(name)), {})[record.id] = record
            # A capital may look like what its small letter does not: I and l, B and в.
            for key in {skeleton(name), skeleton(folded(name))}:
                alike.setdefault((record.kind, key), {})[record.id] = record
    one = {frozenset(group) for group in same.values()}
    return [*_groups(same, set())], [*_groups(alike, one)]


def _groups(
    found: Mapping[tuple[str, str], Mapping[str, Called]], but: set[frozenset[str]]
) -> Iterator[Namesakes]:
    seen = set(but)
    for (kind, _), group in sorted(found.items()):
        ids = frozenset(group)
        if len(ids) > 1 and ids not in seen:
            seen.add(ids)
            records = tuple(group[id] for id in sorted(ids))
            yield Namesakes(kind, records[0].label, records)
