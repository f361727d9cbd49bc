"""The headers by which a browser keeps others from making use of an answer or a page."""

from flask import Flask, Response

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


def install(app: Flask) -> None:
    """Put them on every answer, and on every page those for pages."""
    app.after_request(_guarded)


def _guarded(response: Response) -> Response:
    for name, value in ANSWERS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.update(PAGES)
    return response
