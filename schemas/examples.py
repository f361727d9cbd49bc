"""A document of each kind, for the API description to show and a reader to try.

What they refer to is in the example that ``parley demo`` loads: there each can be created as it stands.
"""

from typing import Any

_SOURCES = [{"source": "siversk-strikes-talks-article", "locator": "paragraph 20", "credibility": 2}]

EXAMPLES: dict[str, dict[str, Any]] = {
    "actor": {
        "type": "person",
        "name": "Rustem Umerov",
        "names": [{"text": "Рустем Умєров", "language": "uk", "script": "Cyrl"}],
        "country": "UA",
        "memberships": [{"organization": "ukraine", "post": "negotiator", "from": "2025"}],
    },
    "source": {
        "type": "article",
        "title": "What the envoys said after Florida",
        "url": "https://example.org/envoys",
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
        "title": "Military experts",
        "type": "track-1.5",
        "began": "2025-12",
        "parent": "us-led-peace-talks",
    },
    "talk": {
        "title": "Call after the Florida talks",
        "mode": "phone",
        "status": "held",
        "held": "2025-12-24~",
        "track": "us-led-peace-talks",
        "follows": "florida-talks-2025-12-21",
        "participants": [
            {"actor": "steve-witkoff", "role": "mediator", "on_behalf_of": "united-states"},
            {"actor": "volodymyr-zelenskyy", "role": "party", "on_behalf_of": "ukraine"},
        ],
        "agenda": ["donbas-cession"],
        "sources": _SOURCES,
    },
    "statement": {
        "speaker": "volodymyr-zelenskyy",
        "text": "We see some progress.",
        "directness": "direct",
        "cue": "said",
        "made": "2025-12-24",
        "channel": "press-conference",
        "on_behalf_of": "ukraine",
        "talk": "florida-talks-2025-12-21",
        "positions": [{"issue": "talks-progress", "stance": 1, "firmness": "negotiable"}],
        "status": "attested",
        "sources": _SOURCES,
    },
    "proposal": {
        "title": "Draft framework",
        "status": "draft",
        "tabled": "2025-12-XX",
        "sponsors": ["united-states"],
        "track": "us-led-peace-talks",
        "clauses": [{"key": "1", "issue": "donbas-cession", "stance": 1, "text": "A line of contact."}],
        "sources": _SOURCES,
    },
    "event": {
        "type": "assault",
        "title": "Strikes on the power grid",
        "occurred": "2025-12-22/2025-12-23",
        "place": {"name": "Odesa region", "country": "UA"},
        "actors": [{"actor": "russia", "role": "attacker"}],
        "tracks": ["us-led-peace-talks"],
        "figures": [
            {"label": "homes damaged", "value": 120, "bound": "at-least", "attributed_to": "oleh-kiper"}
        ],
        "sources": _SOURCES,
    },
}
PATCH: dict[str, Any] = {"notes": "To be checked.", "tags": ["winter"]}
"""An amendment that every kind takes."""
