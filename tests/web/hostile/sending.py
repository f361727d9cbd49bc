"""A caller who sends what no client would."""

from typing import NamedTuple

import requests

from tests.conftest import Server


class Target(NamedTuple):
    """A server, and a caller who may write to it."""

    server: Server
    token: str
    session: requests.Session

    def send(self, method: str, path: str, **sent: object) -> requests.Response:
        """Send a request as it stands; a redirect is the answer."""
        url = f"{self.server.url}{path}"
        return self.session.request(method, url, timeout=60, allow_redirects=False, **sent)  # type: ignore[arg-type]


def refused(answer: requests.Response, status: int, name: str) -> None:
    """The answer is a problem of that status and type."""
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{name}"
