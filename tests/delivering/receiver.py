"""A real receiver of webhooks: it keeps what it is sent, and answers as it is told to."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks import Webhook


class Received(NamedTuple):
    """A message, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """What it says. Raises if it was not signed with the secret, or not lately."""
        return Webhook(secret).verify(self.body, self.headers)


Answer = Callable[[BaseHTTPRequestHandler], None]


class Receiver:
    """``answers`` are given in turn, the last one again and again: a status, or what does the answering."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.port: int = server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}/hook"
        self.named = f"{scheme}://localhost:{self.port}/hook"
        self.received: list[Received] = []
        self.answers: list[int | Answer] = [204]
        self.at_once = self.most_at_once = 0

    def wait_for(self, many: int, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while len(self.received) < many:
            assert time.monotonic() < end, f"{len(self.received)} of {many} received"
            time.sleep(0.01)


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a port of its own; with a context it speaks https."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                receiver.received.append(Received(self.path, dict(self.headers), body))
                answer = receiver.answers[0]
                if len(receiver.answers) > 1:
                    del receiver.answers[0]
            if callable(answer):
                try:
                    answer(self)
                except OSError:
                    pass  # Who sent it has gone.
                finally:
                    with lock:
                        receiver.at_once -= 1
                return
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            with lock, suppress(OSError):
                receiver.at_once -= 1  # Before it is sent: whoever has the answer may send the next message.
                self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(server, "https" if context else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
