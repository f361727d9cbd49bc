"""Text that a format's reader will take. What a format cannot write becomes U+FFFD.

Which characters become that replacement character; nothing else about the text is changed:

- everywhere lone surrogates (U+D800 to U+DFFF), which are not characters and have no UTF-8;
- in XML, DOT and CSV also what XML 1.0 (section 2.2, production 2) excludes: the control characters below
  U+0020 other than tab, line feed and carriage return, and U+FFFE and U+FFFF. Graphviz writes SVG, which is
  XML, and RFC 4180 has no control characters.
"""

import re

import orjson

REPLACEMENT = "\ufffd"

# As production 2 of XML 1.0 excludes them.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")

# Line breaks and tabs as references, or a parser makes them spaces in an attribute (XML 1.0, section 3.3.3).
# U+0085 and U+2028 too: readers that go by XML 1.1 (section 2.11) make them line feeds.
_XML = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
    "\x85": "&#133;",
    "\u2028": "&#8232;",
}
_IN_XML = re.compile(r'[&<>"\x00-\x1f\x85\u2028\ud800-\udfff\ufffe\uffff]')


def allowed(text: str) -> str:
    """The text without what XML forbids.

    >>> allowed("a\\x00b\\n")
    'a\ufffdb\\n'
    """
    return _FORBIDDEN.sub(REPLACEMENT, text)


def xml(text: str) -> str:
    """The text as XML has it, between quotes or between tags.

    >>> xml('<"R&D">\\n')
    '&lt;&quot;R&amp;D&quot;&gt;&#10;'
    """
    return _IN_XML.sub(_reference, text)


def _reference(found: re.Match[str]) -> str:
    return _XML.get(found[0], REPLACEMENT)


def json(text: str) -> str:
    """The text as a JSON string, with its quotes. Control characters are kept: JSON has a way to write them.

    >>> json('"\\x00"')
    '"\\\\"\\\\u0000\\\\""'
    """
    try:
        return orjson.dumps(text).decode()
    except (
        orjson.JSONEncodeError
    ):  # RFC 8259, section 8.2: what a reader makes of a lone surrogate is anyone's guess
        return orjson.dumps(_SURROGATES.sub(REPLACEMENT, text)).decode()
