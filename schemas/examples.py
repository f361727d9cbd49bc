"""A document of each kind, for the API description to show and a reader to try.

What they refer to is in the example that ``parley demo`` loads: there each can be created as it stands. What
they say of anybody is what its article says.
"""

from typing import Any


def _at(paragraph: int) -> list[dict[str, Any]]:
    return [{"source": "siversk-strikes-talks-article", "locator": f"paragraph {paragraph}"}]


EXAMPLES: dict[str, dict[str, Any]] = {
    "actor": {
        "type": "person",
        "name": "Oleh Kiper",
        "names": [{"text": "Олег Кіпер", "language": "uk", "script": "Cyrl"}],
        "country": "UA",
        "memberships": [
            {"organization": "odesa-region-authorities", "post": "regional head", "from": "/2025-12-23"}
        ],
    },
    "source": {
        "type": "article",
        "title": "A report of the talks in Florida",
        "url": "https://example.org/florida",
        "language": "en",
        "published": "2025-12-24",
        "reliability": "B",
    },
    "issue": {
        "title": "Security guarantees",
        "proposition": "Ukraine is given guarantees of its security by treaty.",
        "scale": [
            {"value": -1, "label": "against"},
            {"value": 0, "label": "open"},
            {"value": 1, "label": "for"},
        ],
    },
    "track": {
        "title": "Talks in Florida",
        "type": "track-1",
        "began": "2025-12-21",
        "parent": "us-led-peace-talks",
    },
    "talk": {
        "title": "Talks in Florida",
        "mode": "in-person",
        "status": "held",
        "held": "2025-12-21",
        "place": {"name": "Florida", "country": "US"},
        "track": "us-led-peace-talks",
        "participants": [
            {"actor": "steve-witkoff", "role": "party", "on_behalf_of": "united-states"},
            {"actor": "ukrainian-representatives", "role": "party", "on_behalf_of": "ukraine"},
            {"actor": "european-representatives", "role": "party"},
        ],
        "sources": _at(22),
    },
    "statement": {
        "speaker": "volodymyr-zelenskyy",
        "text": "Putin cannot accept the fact that we must stop killing.",
        "directness": "direct",
        "cue": "said",
        "made": "2025-12-23?",
        "channel": "unspecified",
        "track": "us-led-peace-talks",
        "positions": [
            {"issue": "ending-the-war", "stance": 2},
            {"issue": "ending-the-war", "stance": -2, "holder": "vladimir-putin"},
        ],
        "status": "attested",
        "sources": _at(20),
    },
    "proposal": {
        "title": "Cession of the Donbas",
        "status": "draft",
        "tabled": "/2025-12-23",
        "sponsors": ["donald-trump"],
        "track": "us-led-peace-talks",
        "clauses": [
            {"key": "1", "issue": "donbas-cession", "stance": 2, "text": "All of the Donbas goes to Russia."}
        ],
        "notes": "No text is known: the article says that he urged this.",
        "sources": _at(7),
    },
    "event": {
        "type": "assault",
        "title": "Russian strikes in the Odesa region",
        "occurred": "2025-12-22/2025-12-23",
        "place": {"name": "Odesa region", "country": "UA"},
        "actors": [{"actor": "russia", "role": "attacker"}],
        "tracks": ["us-led-peace-talks"],
        "figures": [
            {"label": "homes damaged", "value": 120, "bound": "at-least", "attributed_to": "oleh-kiper"}
        ],
        "sources": _at(15),
    },
}
PATCH: dict[str, Any] = {"notes": "To be checked.", "tags": ["winter"]}
"""An amendment that every kind takes."""
