"""The headers that every answer has, whoever gives it: Flask, its errors, or what is kept."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from service.web import access, consistency, cors, guards


def install(app: Flask) -> None:
    """Add them as an answer starts. Flask's own hooks would take longer than some answers."""
    answer = app.wsgi_app

    def framed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, made: list[tuple[str, str]], exc_info: Any = None) -> Any:
            added = guards.headers(made) + cors.headers(environ) + access.headers(environ)
            return start_response(status, made + added + consistency.headers(), exc_info)

        return answer(environ, start)

    app.wsgi_app = framed  # type: ignore[method-assign]
