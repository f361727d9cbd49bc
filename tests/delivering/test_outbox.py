"""What is due to webhooks: everything that was recorded, in order, signed, until it has arrived."""

import json
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from standardwebhooks import WebhookVerificationError

from service import recording
from service.delivering import outbox
from service.delivering.outbox import CLAIMED, LONGEST_DELAY, SCHEDULE
from service.diplomacy.changes import Change
from service.errors import Invalid, StoreUnavailable
from service.settings import Settings
from service.storage import database, webhooks
from service.storage.models import Delivery
from tests.conftest import ACTOR
from tests.delivering.receiver import Receiver, receiving
from tests.test_query_counts import queries

SECOND = 1_000_000


def write(*ids: str) -> None:
    recording.write([Change("actor", id, ACTOR) for id in ids], "test")


def deliver(private: bool = True) -> tuple[int, int, list[str]]:
    """How many were delivered and failed of what is due, and what was said of it."""
    said: list[str] = []
    counts = outbox.deliver(Event(), private=private, once=True, tell=said.append)
    return counts["delivered"], counts["failed"], said


def raw(handler: BaseHTTPRequestHandler, answer: bytes) -> None:
    handler.wfile.write(answer)


def stop(handler: BaseHTTPRequestHandler, stopped: Event) -> None:
    stopped.set()
    raw(handler, b"HTTP/1.1 204 x\r\n\r\n")


def make_due() -> None:
    """As if the time of the next attempt had come."""
    Delivery.update(due_at=0).where(Delivery.due_at.is_null(False)).execute()


def rows() -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = list(
        Delivery.select(Delivery.revision, Delivery.attempts, Delivery.due_at, Delivery.failure)
        .order_by(Delivery.webhook, Delivery.revision)
        .tuples()
    )
    return found


def revisions(receiver: Receiver) -> list[int]:
    return [json.loads(message.body)["data"]["revision"] for message in receiver.received]


def test_every_change_is_sent_as_the_list_of_changes_has_it(
    app: Flask, writer: FlaskClient, receiver: Receiver
) -> None:
    write("before")
    _, secret = webhooks.add(receiver.url)
    write("ann", "anna")
    writer.patch(
        "/v1/actors/ann",
        json={"notes": "x"},
        content_type="application/merge-patch+json",
        headers={"If-Match": "*"},
    )
    recording.merge("actor", "ann", "anna", "test")
    writer.delete("/v1/actors/before", headers={"If-Match": "*"})
    assert deliver() == (5, 0, [])
    entries = writer.get("/v1/changes?after=1").json["items"]
    messages = [message.verified(secret) for message in receiver.received]
    assert [message["data"] for message in messages] == entries
    for message, entry, received in zip(messages, entries, receiver.received, strict=True):
        assert message.keys() == {"type", "timestamp", "data"}
        assert message["type"] == f"record.{entry['action']}"
        assert message["timestamp"] == entry["recorded_at"]
        assert received.headers["webhook-id"] == f"msg_{entry['hash']}"
        assert received.headers["Content-Type"] == "application/json"
        assert "." not in received.headers["webhook-id"]
    assert {message["type"] for message in messages} == {
        f"record.{action}" for action in ("created", "amended", "merged", "deleted")
    }
    assert rows() == []
    assert deliver() == (0, 0, [])


def test_the_signature_is_of_this_secret_and_this_body(store: Settings, receiver: Receiver) -> None:
    _, secret = webhooks.add(receiver.url)
    _, other = webhooks.add(receiver.url)
    write("ann")
    deliver()
    first, second = receiver.received
    assert first.verified(secret) == second.verified(other)
    for wrong in (second, first._replace(body=first.body + b" ")):
        with pytest.raises(WebhookVerificationError):
            wrong.verified(secret)


def test_without_a_webhook_a_write_makes_nothing_due(store: Settings) -> None:
    with queries() as sent:
        write("ann")
    assert sum("delivery" in sql for sql, _ in sent) == 1
    assert rows() == []
    webhooks.add("https://hooks.example/")
    with queries() as sent:
        write(*(f"a{number}" for number in range(700)))
    assert sum("delivery" in sql for sql, _ in sent) == 1
    assert [row[0] for row in rows()] == list(range(2, 702))


def test_what_was_not_recorded_is_not_due(store: Settings) -> None:
    webhooks.add("https://hooks.example/")
    with pytest.raises(Invalid):
        recording.write([Change("actor", "a", ACTOR), Change("actor", "b", {"name": 1})], "test")
    assert rows() == []


def test_again_later_until_it_has_arrived(store: Settings, receiver: Receiver) -> None:
    _, secret = webhooks.add(receiver.url)
    write("ann", "bob")
    receiver.answers = [500, 500, 204]
    for attempt, delay in enumerate(SCHEDULE[:2], start=1):
        now = time.time_ns() // 1000
        delivered, failed, said = deliver()
        assert (delivered, failed) == (0, 1)
        assert f"revision 1, attempt {attempt}: 500 Internal Server Error; again in" in said[0]
        (revision, attempts, due_at, failure), (_, _, next_due, _) = rows()
        assert (revision, attempts, failure) == (1, attempt, "500 Internal Server Error")
        assert now + delay * SECOND <= due_at <= now + (delay * 1.2 + 5) * SECOND
        assert next_due == 0, "what comes after it waits for it"
        assert deliver() == (0, 0, []), "not before its time"
        make_due()
    assert deliver() == (2, 0, [])
    assert revisions(receiver) == [1, 1, 1, 2]
    ids = {message.headers["webhook-id"] for message in receiver.received[:3]}
    assert len(ids) == 1, "the same message, whenever it is sent"
    assert [message.verified(secret)["data"]["id"] for message in receiver.received] == ["ann"] * 3 + ["bob"]


def test_given_up_after_the_last_attempt_and_the_next_goes_on(store: Settings, receiver: Receiver) -> None:
    number, _ = webhooks.add(receiver.url)
    write("ann", "bob")
    receiver.answers = [400] * (len(SCHEDULE) + 1) + [204]
    for _ in SCHEDULE:
        assert deliver()[:2] == (0, 1)
        make_due()
    delivered, failed, said = deliver()
    assert (delivered, failed, said[0].endswith("400 Bad Request; given up")) == (1, 1, True)
    assert rows() == [(1, len(SCHEDULE) + 1, None, "400 Bad Request")]
    assert len(SCHEDULE) == 9
    assert revisions(receiver) == [1] * 10 + [2]
    (listed,) = webhooks.everyone()
    assert (listed.pending, listed.failed, listed.failure) == (0, 1, "400 Bad Request")
    assert webhooks.retry(number, 0) == 1
    assert deliver() == (1, 0, [])
    assert rows() == []


def test_a_receiver_may_ask_for_more_time(store: Settings, receiver: Receiver) -> None:
    webhooks.add(receiver.url)
    write("ann")
    for wanted, delay in ((3600, 3600), (99_999_999, LONGEST_DELAY)):
        answer = f"HTTP/1.1 429 x\r\nRetry-After: {wanted}\r\n\r\n".encode()
        receiver.answers = [partial(raw, answer=answer)]
        now = time.time_ns() // 1000
        deliver()
        assert abs(rows()[0][2] - now - delay * SECOND) < 30 * SECOND
        make_due()


def test_who_is_gone_is_sent_nothing_any_more(store: Settings, receiver: Receiver) -> None:
    webhooks.add(receiver.url)
    write("ann", "bob")
    receiver.answers = [410]
    assert deliver()[:2] == (0, 1)
    write("cy")
    make_due()
    assert deliver() == (0, 0, [])
    assert len(receiver.received) == 1
    (listed,) = webhooks.everyone()
    assert (listed.gone, listed.pending, listed.failed, listed.failure) == (True, 0, 2, "410 Gone")


def test_one_that_is_down_does_not_stop_another(store: Settings, receiver: Receiver) -> None:
    webhooks.add("http://127.0.0.1:1/")
    webhooks.add(receiver.url)
    write("ann", "bob", "cy")
    delivered, failed, said = deliver()
    assert (delivered, failed, len(said)) == (3, 1, 1)
    assert "ConnectionRefusedError" in said[0]
    assert revisions(receiver) == [1, 2, 3]


def test_nothing_goes_to_an_address_that_is_not_public(
    store: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks.add(receiver.url)
    webhooks.add(receiver.named)
    write("ann")
    delivered, failed, said = deliver(private=False)
    assert (delivered, failed, receiver.received) == (0, 2, [])
    assert ["not public" in line for line in said] == [True, True]


def test_a_redirect_is_a_failure(store: Settings, receiver: Receiver) -> None:
    with receiving() as other:

        def elsewhere(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", other.url)
            handler.end_headers()

        webhooks.add(receiver.url)
        write("ann")
        receiver.answers = [elsewhere]
        assert deliver()[:2] == (0, 1)
        assert other.received == []
    assert rows()[0][3] == "307 Temporary Redirect"


def test_what_is_on_its_way_is_sent_by_nobody_else(store: Settings, receiver: Receiver) -> None:
    """Nor made due by a retry; and due again, should who sends it have died."""
    number, _ = webhooks.add(receiver.url)
    write("ann", "bob")
    now = time.time_ns() // 1000
    claimed = webhooks.claim(number, now, now + CLAIMED * SECOND)
    assert claimed is not None
    assert (claimed.revision, claimed.attempts) == (1, 1)
    assert webhooks.retry(number, now + CLAIMED * SECOND) == 0
    assert deliver() == (0, 0, [])
    Delivery.update(due_at=now).where(Delivery.revision == 1).execute()
    assert deliver() == (2, 0, [])
    assert revisions(receiver) == [1, 2]
    # What the first one thought of it does not count any more.
    webhooks.failed(claimed, "late", None)
    webhooks.delivered(claimed)
    assert rows() == []


def test_a_webhook_that_is_removed_meanwhile(store: Settings, receiver: Receiver) -> None:
    number, _ = webhooks.add(receiver.url)
    write("ann", "bob")

    def remove(handler: BaseHTTPRequestHandler) -> None:
        remover = threading.Thread(target=lambda: (webhooks.remove(number), database.database.close()))
        remover.start()
        remover.join()
        handler.wfile.write(b"HTTP/1.1 500 x\r\n\r\n")

    receiver.answers = [remove]
    assert deliver()[:2] == (0, 1)
    assert (rows(), webhooks.everyone()) == ([], [])


def test_told_to_stop_it_ends_what_it_is_at_and_no_more(store: Settings, receiver: Receiver) -> None:
    stopped = Event()

    webhooks.add(receiver.url)
    write("ann", "bob")
    receiver.answers = [partial(stop, stopped=stopped)]
    counts = outbox.deliver(stopped, private=True, once=False, tell=pytest.fail)
    assert counts == {"delivered": 1, "failed": 0}
    assert [row[:3] for row in rows()] == [(2, 0, 0)]


def test_a_store_that_does_not_answer_is_waited_for(store: Settings, receiver: Receiver) -> None:
    database.connect(store._replace(busy_timeout=0.1))
    webhooks.add(receiver.url)
    write("ann")
    held, free, stopped = Event(), Event(), Event()

    def hold() -> None:
        with database.writing():
            held.set()
            free.wait(30)
        database.disconnect()

    receiver.answers = [partial(stop, stopped=stopped)]
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    with pytest.raises(StoreUnavailable):
        outbox.deliver(stopped, private=True, once=True, tell=pytest.fail)
    counts = outbox.deliver(stopped, private=True, once=False, tell=lambda _: free.set())
    holder.join()
    assert (counts["delivered"], free.is_set()) == (1, True)
