"""The headers by which a browser keeps others from making use of an answer or a page."""

Headers = list[tuple[str, str]]

ANSWERS = {
    # What it is, is said; nothing is guessed.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # No page of another origin takes it in unasked, as a script or a picture; CORS is not hindered by it.
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGES = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
    ),
}
_ANSWER, _PAGE = [*ANSWERS.items()], [*ANSWERS.items(), *PAGES.items()]


def headers(made: Headers) -> Headers:
    """Those that an answer with the headers ``made`` is to have as well: a page, those for pages too."""
    page = any(name == "Content-Type" and value.startswith("text/html") for name, value in made)
    return _PAGE if page else _ANSWER
