"""The feed: from records to queues, in slices, and by what may be told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest
from shipping_peers import dnstap_of
from told_queries import HIDDEN, TABLET, UNTOLD, batch, blocked, report, terms

from sinkhole.control.querylog import LogTerms
from sinkhole.control.shipping import feed as feed_module
from sinkhole.control.shipping.feed import MOST_WAITING, Feed, Wanted
from sinkhole.control.shipping.outbox import Outbox, Tally
from sinkhole.control.shipping.syslog import Syslog
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Who
from sinkhole.model.tasks import Tasks


@asynccontextmanager
async def a_feed(by: LogTerms | None = None, **wanted: Any) -> AsyncIterator[Feed]:
    made = Feed(lambda cause: f"||rule{cause.line}^", by or terms(), "host", "1")
    made.wanted = Wanted(**wanted)
    tasks = Tasks("test")
    tasks.keep("feed", made.run)
    try:
        yield made
    finally:
        made.stop()
        await tasks.close(20)
        assert not tasks.faults.count


async def read(box: Outbox, count: int) -> list[bytes]:
    async with asyncio.timeout(20):
        while len(box) < count:
            await asyncio.sleep(0.01)
    return box.take(1 << 30, 1 << 30)


async def test_each_target_gets_its_form() -> None:
    lines, messages, frames = (Outbox(Tally()) for _ in range(3))
    syslog = Syslog("daemon", "house", most=8192)
    async with a_feed(lines=[lines], syslog=[(syslog, messages)], dnstap=[frames]) as feed:
        feed.buffer.append(batch((report(), TABLET), (blocked(), TABLET), channel="tls"))
        found = [json.loads(each) for each in await read(lines, 2)]
        assert [(each["name"], each["rule"]) for each in found] == [
            ("www.example.org", ""), ("ads.example.com", "||rule7^"),
        ]  # fmt: skip
        first, second = await read(messages, 2)
        assert first.startswith(b"<30>1 ") and json.loads(second[second.index(b"{") :]) == found[1]
        told = [dnstap_of(each[4:]) for each in await read(frames, 2)]
        assert [each["extra"] for each in told] == [b"forwarded", b"blocked"]


async def test_what_may_not_be_told_goes_nowhere() -> None:
    box = Outbox(Tally())
    ignored = terms(
        ignored_networks=(ip_network("192.0.2.66/32"),),
        ignored_names=frozenset({from_text("secret.example")}),
    )
    async with a_feed(ignored, lines=[box]) as feed:
        feed.buffer.append(batch((report("untold.example"), UNTOLD)))
        feed.buffer.append(
            batch(
                (report("a.example"), UNTOLD),
                (report("b.example"), Who("192.0.2.66")),
                (report("below.secret.example"), TABLET),
                (report("nameless.example"), HIDDEN),
                (report("told.example"), TABLET),
            )
        )
        found = [json.loads(each) for each in await read(box, 2)]
        assert [each["name"] for each in found] == ["", "told.example"]
        feed.use(terms("no_names"))
        feed.buffer.append(batch((report("b.example"), TABLET)))
        assert json.loads((await read(box, 1))[0])["name"] == ""


async def test_rules_are_read_anew_when_lists_have_changed() -> None:
    box, said = Outbox(Tally()), ["old"]
    feed = Feed(lambda cause: said[0], terms(), "host", "1")
    feed.wanted = Wanted(lines=[box])
    tasks, query = Tasks("test"), blocked()
    tasks.keep("feed", feed.run)
    for text in ("old", "new"):
        said[0] = text
        feed.lists_changed()
        feed.buffer.append(batch((query, TABLET)))
        assert json.loads((await read(box, 1))[0])["rule"] == text
    await tasks.close()


async def test_others_have_their_turn_however_many_queries_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    box, turns = Outbox(Tally(), 1 << 30), 0
    async with a_feed(lines=[box]) as feed:
        for number in range(200):
            feed.buffer.append(batch(*[(report(f"n{number}.example"), TABLET)] * 64))
        while len(box) < 200 * 64:
            await asyncio.sleep(0)
            turns += 1
    assert turns > 20
    # Half a millisecond's work at most, then a pause: also where one wake-up had many.
    monkeypatch.setattr(feed_module, "SLICE_S", 0.0)
    pauses = 0
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        await sleep(0)

    monkeypatch.setattr(feed_module.asyncio, "sleep", counted)
    async with a_feed(lines=[box]) as feed:
        feed.buffer.append(batch(*[(report(), TABLET)] * 64))
    assert pauses == 64 / feed_module.LOOK_EVERY


async def test_what_it_cannot_keep_up_with_is_dropped_and_counted() -> None:
    feed = Feed(lambda cause: "", terms(), "host", "1")
    for _ in range(MOST_WAITING // 50 + 10):
        feed.buffer.append(batch(*[(report(), TABLET)] * 50))
    assert (len(feed.buffer), feed.buffer.dropped) == (MOST_WAITING, 500)


async def test_in_the_end_it_takes_what_waits() -> None:
    box = Outbox(Tally())
    async with a_feed(lines=[box]) as feed:
        await asyncio.sleep(0)
        feed.buffer.append(batch((report(), TABLET)))
    assert len(box) == 1
