"""Hundreds of slow callers, and what the others notice of them: ./scripts/cluster slow

A third send a header a byte at a time, a third a body, a third read a long answer a little at a time. They
are spread over 127.1.0.0/24, as they would be over the world: one address may have only so many
(docker/nginx.conf).
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import click

from scripts.cluster_processes import HOST, NotReady
from scripts.cluster_topology import cluster

OTHERS = 8
"""Callers in no hurry but quick, each a request every ``EVERY`` seconds: far from what the service can do, so
that what is measured is whether it is kept from them, and not how the processors are shared."""
EVERY = 0.1
DRIP = 0.5
"""Seconds between two bytes of a slow caller."""
LONG = "/v1/actors?limit=1000"


class Figures(NamedTuple):
    """Milliseconds that the others waited, without slow callers and with; and what these came to."""

    baseline_p50: float
    baseline_p99: float
    slow_p50: float
    slow_p99: float
    requests: int
    failed: int
    """Of the others' requests, without and with."""
    connected: int
    """Slow callers that were connected at the end of the measurement, of those that were meant to be."""
    callers: int


def trial(callers: int = 500, seconds: float = 20, *, proxied: bool = True) -> Figures:
    """``seconds`` without slow callers, and as long with. Not ``proxied``: all ask a service directly."""
    with cluster("no") as running:
        running.parley("demo")
        file = running.folder / "many.ndjson"
        file.write_text("\n".join(json.dumps(document) for document in _many(2_000)))
        running.parley("import", str(file))
        port = running.proxy if proxied else running.services["parley-1"]
        return asyncio.run(_measure(port, callers, seconds))


def _many(number: int) -> list[dict[str, str]]:
    text = "One of many, so that an answer is long. " * 20
    return [
        {"kind": "actor", "id": f"slow-{n:06}", "type": "person", "name": f"Nr. {n}", "notes": text}
        for n in range(number)
    ]


async def _measure(port: int, callers: int, seconds: float) -> Figures:
    await _others(port, 2)  # Warm: what is loaded once is loaded now.
    # Before and after, so that whatever else this machine has begun to do meanwhile is in the baseline too.
    before, failed = await _others(port, seconds / 2)
    alive: set[int] = set()
    slow = [asyncio.create_task(_kept(number, port, alive)) for number in range(callers)]
    # What they ask for is work like any other, and is not what is measured: that they do not take it.
    until = time.monotonic() + 60
    while len(alive) < callers and time.monotonic() < until:
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    during, more = await _others(port, seconds)
    connected = len(alive)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    await asyncio.sleep(1)
    after, most = await _others(port, seconds / 2)
    baseline = before + after
    return Figures(
        median(baseline),
        quantiles(baseline, n=100)[98],
        median(during),
        quantiles(during, n=100)[98],
        len(baseline) + len(during),
        failed + more + most,
        connected,
        callers,
    )


async def _others(port: int, seconds: float) -> tuple[list[float], int]:
    """How many milliseconds each of their requests took, and how many had no success."""
    times: list[float] = []
    failed = [0]

    async def caller(number: int) -> None:
        await asyncio.sleep(EVERY * number / OTHERS)
        reader, writer = await asyncio.open_connection(HOST, port)
        until = time.monotonic() + seconds
        due = time.monotonic()
        while due < until:
            # Counted from when it was due, so that one held answer counts for all that waited behind it.
            try:
                async with asyncio.timeout(10):
                    status = await _get(reader, writer, "/v1/actors?limit=20")
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                status = 0
                writer.close()
                reader, writer = await asyncio.open_connection(HOST, port)
            failed[0] += status != 200
            times.append((time.monotonic() - due) * 1000)
            due = max(due + EVERY, time.monotonic() - 10)
            await asyncio.sleep(due - time.monotonic())
        writer.close()

    await asyncio.gather(*(caller(number) for number in range(OTHERS)))
    return times, failed[0]


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> int:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split(" ", 2)[1])


async def _kept(number: int, port: int, alive: set[int]) -> None:
    """One slow caller, who comes back when it is thrown out."""
    manners = (_header, _body, _reader)
    while True:
        try:
            await _connected(number, port, manners[number % len(manners)], lambda: alive.add(number))
        except OSError:
            await asyncio.sleep(DRIP)
        finally:
            alive.discard(number)


Manner = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Callable[[], None]], Awaitable[None]]
"""The last is called when it has begun to be slow."""


async def _connected(number: int, port: int, manner: Manner, begun: Callable[[], None]) -> None:
    # A small window: what has not been read is soon not taken.
    reader, writer = await asyncio.open_connection(
        HOST, port, limit=2048, local_addr=(f"127.1.0.{1 + number % 250}", 0)
    )
    try:
        await asyncio.sleep(random.random() * DRIP)  # noqa: S311 - so that not all write at once
        await manner(reader, writer, begun)
    finally:
        writer.transport.abort()


async def _header(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: Callable[[], None]
) -> None:
    begun()
    writer.write(b"GET /v1/actors HTTP/1.1\r\nHost: slow\r\nX-Slow: ")
    while not reader.at_eof():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(DRIP)


async def _body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: Callable[[], None]
) -> None:
    begun()
    writer.write(b"POST /v1/actors HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n")
    writer.write(b"Content-Length: 60000\r\n\r\n{")
    while not reader.at_eof():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(DRIP)


async def _reader(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: Callable[[], None]
) -> None:
    writer.write(f"GET {LONG} HTTP/1.1\r\nHost: slow\r\n\r\n".encode())
    while await reader.read(512):
        begun()
        await asyncio.sleep(DRIP)


def run(callers: int, seconds: float, file: str | None, proxied: bool) -> int:
    """The trial, told; exit status 1 if the others waited more than twice as long."""
    try:
        figures = trial(callers, seconds, proxied=proxied)
    except NotReady as error:
        click.echo(error)
        return 1
    for name, value in figures._asdict().items():
        click.echo(f"{name:14} {value:10.2f}" if isinstance(value, float) else f"{name:14} {value:10}")
    if file:
        Path(file).write_text(json.dumps(figures._asdict(), indent=2))
    return int(figures.slow_p99 > 2 * figures.baseline_p99 or figures.failed > 0)
