"""Logs that are shared in a database: for the tests of this room."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from log_kit import SHARED, Kit, a_log, batch, blocked, report

from sinkhole.control.postgres.server import Server
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, Report, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

MAC = "02:00:5e:10:00:07"
NOW = time.time()
HOUR_S = 3600

__all__ = ["MAC", "NOW", "Kit", "batch", "blocked", "questions", "report", "server_of", "shared"]


@asynccontextmanager
async def shared(path: Path, url: str, **settings: Any) -> AsyncIterator[Kit]:
    """A log in a file of its own that is shared at `url`, once it is."""
    token = SHARED.set(url)
    try:
        async with a_log(path, **settings) as kit:
            yield kit
    finally:
        SHARED.reset(token)


@asynccontextmanager
async def server_of(url: str) -> AsyncIterator[Server]:
    """The same database, to look into."""
    server = await Server.connect(url)
    try:
        yield server
    finally:
        await server.close()


def questions() -> list[Batch]:
    """A little of everything that can be told apart, over three hours and eight days back."""
    tablet, laptop = Who("192.0.2.7", MAC, "kids"), Who("192.0.2.9", "", "default")
    address = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([198, 51, 100, 7])
    answered = Report(
        from_text("www.example.org"),
        1,
        0,
        Verdict(Outcome.FORWARDED, upstream="first"),
        answered=address,
    )
    ruled = report(
        "shop.example.net", Outcome.BLOCKED, cause=Cause("Other", 3, rule="||shop.example.net^")
    )
    failed = report("xn--mnchen-3ya.example", Outcome.FAILED, qtype=28, rcode=2, upstream="second")
    return [
        batch([report("old.example.org")], laptop, NOW - 8 * 24 * HOUR_S, 40),
        batch([blocked(), ruled, report()], tablet, NOW - 3 * HOUR_S, 90, "tls"),
        batch([answered, report("a.b.example.org", qtype=28)], tablet, NOW - 2 * HOUR_S, 30_000),
        batch([failed, report("example.org")], laptop, NOW - HOUR_S, 700, "tcp"),
        batch([report(), blocked(), blocked("ads.example.net")], laptop, NOW - 60, 120),
        batch([report()], Who("2001:db8::7", MAC, "kids"), NOW - 30, 100),
    ]
