"""Dates against the conformance cases beside the checkout."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.diplomacy.dates import InvalidDate, bounds, rendered

REPOSITORY = Path(__file__).resolve().parents[2]
CASES_FILE = REPOSITORY.parent / "shared" / "conformance" / "edtf" / "edtf_cases.json"
CASES: dict[str, list[Any]] = json.loads(CASES_FILE.read_text("utf-8")) if CASES_FILE.is_file() else {}

# What of the conformance cases is level 2, by the specification and one by one, so that the rule is not
# tested with itself. https://www.loc.gov/standards/datetime/
LEVEL_2 = {
    # Level 1 leaves at most two digits of the year unspecified.
    "1XXX", "1XXX~",
    # Qualification of an individual component, or of the components to its left.
    "2004?-06-11", "2004?-06-04", "2004-06~-11", "2004-06-~11", "2004-%06", "2004-?06-?11", "2004?-06-~11",
    "?2004-%06", "2004?-%06", "2004?-~06-~04", "2011-~06-~04", "?1945", "?1945-01", "?1945-01-01",
    "~1945", "~1945-01", "~1945-01-01", "%1945", "%1945-01", "%1945-01-01",
    # Unspecified digits anywhere.
    "156X-12-25", "15XX-12-25", "1560-XX-25", "15XX-12-XX", "XXXX-XX-23",
    # One of a set, and multiple dates.
    "[1667, 1668, 1670..1672]", "[..1760-12-03]", "[1760-12..]", "[1760-01, 1760-02, 1760-12..]",
    "[1667, 1760-12]", "{1667,1668, 1670..1672}", "{1960, 1961-12}",
    # Intervals of the above.
    "2004-06-~01/2004-06-~20", "2004-06-XX/2004-07-03", "?1945/1959", "~1945/1959", "%1945/1959",
    # Exponential years and significant digits.
    "Y17E7", "Y-17E7", "1950S2", "1953S2", "1953S3", "Y17101E4S3", "Y3388E2S3", "Y171010000S3",
    # Sub-year groupings beyond the four seasons.
    "2001-29", "2001-34",
}  # fmt: skip

# An unknown end has no bound here; the library that the cases are from guesses ten years.
UNKNOWN_ENDS = {
    "/2006": (None, "2006-12-31"),
    "2004-06-01/": ("2004-06-01", None),
    "1984-06-02?/": ("1984-06-02", None),
}

needs_cases = pytest.mark.skipif(not CASES, reason="the conformance cases are not beside this checkout")


def strict_dates(entries: list[str]) -> tuple[str | None, str | None]:
    """The case's bounds without padding: [day, padded…] or [first, last, padded…]."""
    first, last = entries[:2] if len(entries) in (2, 4) else (entries[0], entries[0])
    return (None if "inf" in first else first), (None if "inf" in last else last)


@needs_cases
@pytest.mark.parametrize(("text", "entries"), CASES.get("EXAMPLES", []))
def test_conformance_examples(text: str, entries: list[str]) -> None:
    if text in LEVEL_2:
        with pytest.raises(InvalidDate):
            bounds(text)
        return
    answer = tuple(end[:10] if end and "T" in end else end for end in rendered(bounds(text)))
    assert answer == UNKNOWN_ENDS.get(text, strict_dates(entries))


@needs_cases
@pytest.mark.parametrize("text", [text for text, _ in CASES.get("APPROXIMATE_UNCERTAIN_EXAMPLES", [])])
def test_conformance_qualified(text: str) -> None:
    if text in LEVEL_2:
        with pytest.raises(InvalidDate):
            bounds(text)
    else:
        unqualified = text.translate(str.maketrans("", "", "?~%"))
        assert bounds(text) == bounds(unqualified)


@needs_cases
@pytest.mark.parametrize("text", CASES.get("BAD_EXAMPLES", []))
def test_conformance_bad_examples(text: str) -> None:
    with pytest.raises(InvalidDate):
        bounds(text)


@needs_cases
def test_every_string_listed_as_level_2_is_a_case() -> None:
    cases = {text for name in ("EXAMPLES", "APPROXIMATE_UNCERTAIN_EXAMPLES") for text, _ in CASES[name]}
    assert cases >= LEVEL_2
    assert cases >= set(UNKNOWN_ENDS)
