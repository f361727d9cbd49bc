"""One name in several spellings, look-alikes, and what search makes of a name."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.diplomacy.names import Called, asked, duplicates, folded, share, skeleton, spellings

ONE = [
    ("Zoë", "Zoe\u0308"),
    ("Zoë", "ZOË"),
    ("Straße", "STRASSE"),
    ("ﬁnn", "Finn"),
    ("Ａｎｎ", "ann"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("한국", normalize("NFD", "한국")),
    ("Київ", "КИЇВ"),
    ("Ann\u00a0Lee", "Ann  Lee"),
    ("Ⅳ", "IV"),
]
LOOK_ALIKE = [
    ("Ann", "Аnn"),  # Cyrillic A
    ("Iran", "lran"),
    ("Cornwall", "Comwall"),
    ("Зеленський", "3еленський"),
    ("O'Neil", "O’Neil"),
    ("Paypal", "Раураl"),
]
OTHERS = [
    ("Ann", "Anna"),
    ("Путин", "Putin"),
    ("Ann", "Ánn"),
    ("محمد", "مجمد"),
    ("中国", "中國"),
    ("Lee", "Li"),
]


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_name(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    same, alike = duplicates([Called("actor", "a", one, (one,)), Called("actor", "b", "B", ("B", other))])
    assert [[record.id for record in group.records] for group in same] == [["a", "b"]]
    assert alike == []


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKE)
def test_look_alikes_are_not_one_name(one: str, other: str) -> None:
    assert folded(one) != folded(other)
    same, alike = duplicates([Called("actor", "a", one, (one,)), Called("actor", "b", other, (other,))])
    assert same == []
    assert [[record.id for record in group.records] for group in alike] == [["a", "b"]]


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_names(one: str, other: str) -> None:
    assert folded(one) != folded(other)
    assert duplicates([Called("actor", "a", one, (one,)), Called("actor", "b", other, (other,))]) == ([], [])


def test_groups_are_of_one_kind_and_each_stands_once() -> None:
    ann = ("Ann", "Anna")
    records = [Called(kind, id, "Ann", ann) for kind, id in (("actor", "a"), ("actor", "b"), ("issue", "c"))]
    same, alike = duplicates([*records, Called("actor", "d", "Аnnа", ("Аnnа", "Аnnа"))])
    assert [(group.kind, [record.id for record in group.records]) for group in same] == [
        ("actor", ["a", "b"])
    ]
    assert [[record.id for record in group.records] for group in alike] == [["a", "b", "d"]]


def test_a_name_that_one_record_has_twice_is_no_duplicate() -> None:
    assert duplicates([Called("actor", "a", "Ann", ("Ann", "ANN", "Аnn"))]) == ([], [])


@given(st.text(max_size=30))
def test_a_spelling_is_its_own(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(normalize(form, text)) == folded(text)
    assert isinstance(skeleton(text), str)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Ann OR Bob", ("ann OR bob",)),
        ("ann", ("ann",)),
        ("Straße", ("strasse", "Straße")),
        ('"Große Straße" OR Weg', ('"grosse strasse" OR weg', '"Große Straße" OR Weg')),
        ("Weg -Straße", ("weg -strasse",)),
        ("Weg NOT Straße", ("weg NOT strasse",)),
        ("ＯＲ Ａｎｎ", ("OR ann", "ＯＲ Ａｎｎ")),
        ("дем’ян", ("дем'ян", "демʼян", "демʻян")),
        ("Oʻzbek-Straße", ("o'zbek-strasse", "oʼzbek-strasse", "oʻzbek-strasse", "Oʻzbek-Straße")),
        ("дем'ян -straße", ("дем'ян -strasse",)),
        ("'ann' o'", ("'ann' o'",)),
    ],
)
def test_what_is_searched_for(text: str, asked: tuple[str, ...]) -> None:
    assert spellings(text) == asked


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("ann", ("Ann",), 1),
        ("ann", ("Ann Lee",), 1 / 2),
        ("lee OR ann", ("Ann Lee",), 1),
        ("or", ("Or Lee",), 1 / 2),
        ("zoe STRAUSS", ("Zoë Strauß",), 1),
        ("zoe\u0308", ("ＺＯË",), 1),
        ("елод", ("Élodie", "Елод Лі"), 0.9 / 2),
        ("ann", ("Ann Lee", "Ann"), 0.9),
        ("an* -lee", ("Anna Andrea Bo",), 2 / 3),
        ("absent", ("Ann", "Lee"), 0),
        ("ann", ("?", "!"), 0),
        ("?", ("?",), 0),
        ("в'ячеслав чорновіл", ("Вʼячеслав Чорновіл",), 1),
        ("оʼбр*", ("О’Браєн",), 1),
    ],
)
def test_how_much_of_a_name_the_words_are(text: str, names: tuple[str, ...], expected: float) -> None:
    assert share(Called("actor", "a", names[0], names), asked(text)) == expected


@given(st.text(max_size=30), st.lists(st.text(max_size=30), min_size=1, max_size=3))
def test_a_share_of_any_name_is_between_none_and_all(text: str, names: list[str]) -> None:
    assert 0 <= share(Called("actor", "a", names[0], tuple(names)), asked(text)) <= 1
