"""What a person may be shown of what others wrote."""


def printable(text: str) -> str:
    r"""The text on one line: with spaces for what a terminal obeys, or that breaks or turns a line.

    >>> printable("line 1/\x1b[2J\nparley: done")
    'line 1/ [2J parley: done'
    """
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
