"""What made-up negotiators are called and what they say: in several scripts, the same for the same seed."""

import random
from typing import Any, NamedTuple

_GIVEN_AND_FAMILY = {
    ("uk", "Cyrl"): (
        "Olena Олена|Dmytro Дмитро|Iryna Ірина|Serhii Сергій|Oksana Оксана|Andrii Андрій|Bohdan Богдан|"
        "Larysa Лариса|Taras Тарас|Nadiia Надія|Yurii Юрій|Halyna Галина",
        "Kovalenko Коваленко|Shevchuk Шевчук|Bondarenko Бондаренко|Tkachenko Ткаченко|Melnyk Мельник|"
        "Lysenko Лисенко|Marchenko Марченко|Savchenko Савченко|Polishchuk Поліщук|Kravets Кравець",
    ),
    ("ar", "Arab"): (
        "Fatima فاطمة|Hisham هشام|Layla ليلى|Omar عمر|Yasmin ياسمين|Karim كريم|Huda هدى|Tariq طارق",
        "Haddad حداد|Mansour منصور|Khoury خوري|Najjar نجار|Sabbagh صباغ|Darwish درويش|Nasser ناصر|"
        "Qasim قاسم|Shami شامي",
    ),
    ("el", "Grek"): (
        "Eleni Ελένη|Nikos Νίκος|Sofia Σοφία|Yannis Γιάννης|Katerina Κατερίνα|Petros Πέτρος|Despina Δέσποινα",
        "Papadakis Παπαδάκης|Georgiou Γεωργίου|Nikolaidis Νικολαΐδης|Vasileiou Βασιλείου|Makris Μακρής|"
        "Antoniou Αντωνίου|Stavrou Σταύρου|Lambrou Λάμπρου",
    ),
    ("ka", "Geor"): (
        "Nino ნინო|Giorgi გიორგი|Tamar თამარ|Davit დავით|Ketevan ქეთევან|Levan ლევან|Maia მაია",
        "Beridze ბერიძე|Kapanadze კაპანაძე|Gelashvili გელაშვილი|Lomidze ლომიძე|Tsiklauri წიკლაური|"
        "Maisuradze მაისურაძე|Kvaratskhelia კვარაცხელია",
    ),
    ("zh", "Hans"): (
        "Wei 伟|Fang 芳|Jing 静|Lei 磊|Min 敏|Yan 艳|Jun 军|Xia 霞|Hong 红|Ping 平",
        "Wang 王|Zhang 张|Chen 陈|Zhao 赵|Huang 黄|Zhou 周|Wu 吴|Sun 孙|Guo 郭|Lin 林|He 何|Luo 罗",
    ),
    ("", "Latn"): (
        "Björn|Chiara|Éva|Jürgen|Zoë|Łukasz|Şebnem|Iñigo|Anna|Thomas|Maëlle|Søren|Joana|Çağrı|Ruairí|Věra|Ines|Paul",
        "Müller|García|Öztürk|Nowak|Lindqvist|Ferrari|Dubois|O’Brien|Sørensen|Novák|Szabó|Peeters|Almeida|"
        "Virtanen|Kowalczyk|Schäfer|Moreau|Jørgensen|Horváth|Castellanos",
    ),
}
_BODIES = (
    "Ministry",
    "Contact Group",
    "Joint Commission",
    "Delegation",
    "Council",
    "Working Party",
    "Secretariat",
)
SUBJECTS = (
    "the exchange of prisoners",
    "the grain corridor",
    "the line of contact",
    "security guarantees",
    "the return of children",
    "reconstruction",
    "frozen assets",
    "the nuclear plant",
    "monitoring of a ceasefire",
    "heavy weapons",
    "sanctions relief",
    "the status of the language",
    "border crossings",
    "energy facilities",
    "missing persons",
    "demining",
    "neutrality",
    "an international tribunal",
    "local elections",
    "gas transit",
    "water supply",
    "amnesty",
    "displaced persons",
    "the peacekeeping mandate",
    "freedom of navigation",
)
ASPECTS = (
    "who signs",
    "the timetable",
    "verification",
    "the first phase",
    "the second phase",
    "financing",
    "the list of names",
    "guarantors",
    "the annex of maps",
    "suspension",
    "who reports",
    "disputes",
    "exceptions",
    "costs",
    "the joint centre",
    "notification",
    "the wording of the preamble",
    "access for monitors",
    "duration",
    "ratification",
)
_SAID = (
    ("en", "We will not accept anything on {subject} as long as the guarantees are not in writing."),
    ("en", "There was progress on {subject}, but “not enough” for a signature this week."),
    ("en", "The text on {subject} is a basis for further talks & nothing more."),
    ("en", "{name} has said more than once that {subject} is off the table; we disagree."),
    ("en", "Nobody has asked us about {subject}, and nobody should decide it without us."),
    ("uk", "Ми готові до розмови з {name}, якщо вогонь припиниться: {subject}."),
    ("en", "If the monitors have access by the end of the month, we can discuss {subject} in good faith."),
    ("fr", "Nous avons pris note de la déclaration de {name} ; sur le fond ({subject}), rien n’est réglé."),
    ("en", "Our position on {subject} has not changed since the last round, and the other side knows it."),
    ("ar", "لن نوقع على أي نص قبل الاتفاق على الضمانات ({subject})."),
    ("en", "Let me be clear: {subject} was agreed in principle, and what remains is a matter of days."),
    ("zh", "我们愿意继续谈判，但条件必须写明（{subject}）。"),
)


class Name(NamedTuple):
    """A person's name in Latin letters, the family name alone, and how it is written where they are from."""

    text: str
    family: str
    other: dict[str, str] | None


def person(chance: random.Random) -> Name:
    """A made-up person: their likes occur, and several may be called the same."""
    (language, script), (given, family) = chance.choice([*_GIVEN_AND_FAMILY.items()])
    first, last = chance.choice(given.split("|")).split(), chance.choice(family.split("|")).split()
    if language == "zh":
        text, native = f"{last[0]} {first[0]}", last[1] + first[1]
    else:
        text, native = f"{first[0]} {last[0]}", f"{first[-1]} {last[-1]}"
    other = {"text": native, "language": language, "script": script} if language else None
    return Name(text, last[0], other)


def body(chance: random.Random) -> str:
    """What an institution is called."""
    return f"{chance.choice(_BODIES)} on {chance.choice(SUBJECTS)}"


def said(subject: str, name: str, chance: random.Random) -> dict[str, Any]:
    """The text and language of a statement; one in four mentions ``name``."""
    language, text = chance.choice(_SAID)
    return {"text": text.format(subject=subject, name=name), "language": language}
