"""Following what is asked, as it happens."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from pathlib import Path

import pytest
from log_kit import Kit, a_log, batch, blocked, report, until

from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog import tail as tail_module
from sinkhole.control.querylog.privacy import Privacy
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import RequestError
from sinkhole.model.record import Telling, Who


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "querylog.db"


async def told(kit: Kit, count: int) -> list[str]:
    """What a follower is told of until it was `count` queries."""
    with kit.log.tail() as follower:
        kit.buffer.append(batch([report("a.example"), report("b.example")], "192.0.2.7"))
        return [(await anext(follower))["name"] for _ in range(count)]


async def test_who_follows_is_told_what_the_log_will_have(path: Path) -> None:
    async with a_log(path, rule_text=lambda cause: f"||rule{cause.line}^") as kit:
        with kit.log.tail() as follower:
            kit.buffer.append(batch([report("www.example.org")] * 2, "2001:db8::7", channel="tls"))
            kit.buffer.append(batch([blocked("ads.example.com")], duration_us=1500))
            found = [await anext(follower) for _ in range(3)]
            await kit.written(3)
            assert found == list(reversed(await kit.all_rows()))
            assert found[2]["rule"] == "||rule7^" and follower.missed == 0
        kit.buffer.append(batch([report("later.example.org")]))
        await kit.written(4)
        assert follower.waiting() == [], "it follows no more"


async def test_what_was_asked_before_is_not_told(path: Path) -> None:
    async with a_log(path) as kit:
        kit.buffer.append(batch([report("before.example.org")]))
        assert await told(kit, 2) == ["a.example", "b.example"]


async def test_also_what_is_not_written_is_told(path: Path) -> None:
    async with a_log(path, enabled=False) as kit:
        assert await told(kit, 2) == ["a.example", "b.example"]
    async with a_log(Path("/dev/null/querylog.db")) as kit:
        assert kit.log.status()["error"] is not None
        assert await told(kit, 2) == ["a.example", "b.example"]
        assert len(kit.buffer) == 2, "they still wait to be written"


async def test_nothing_is_told_twice_when_the_log_can_be_written_again(path: Path) -> None:
    async with a_log(path) as kit:
        with kit.log.tail() as follower:
            kit.log._writer.backoff.failed("for a moment")
            kit.buffer.append(batch([report("a.example")]))
            assert (await anext(follower))["name"] == "a.example"
            await kit.written(1)
            kit.buffer.append(batch([report("b.example")]))
            assert (await anext(follower))["name"] == "b.example"


async def test_who_is_slow_misses_the_oldest_and_is_told_how_many(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "MOST_AT_ONCE", 50)
    async with a_log(path) as kit:
        with kit.log.tail(limit=10) as follower, kit.log.tail(limit=1000) as quick:
            kit.buffer.append(batch([report(f"h{number}.example") for number in range(80)]))
            await until(lambda: follower.missed + quick.missed > 0)
            assert [row["name"] for row in follower.waiting()] == [
                f"h{number}.example" for number in range(70, 80)
            ]
            assert follower.missed == 70
            assert len(quick.waiting()) == 50 and quick.missed == 30


async def test_privacy_counts_here_too(path: Path) -> None:
    privacy = Privacy(
        "anonymous_clients",
        (ip_network("198.51.100.0/24"),),
        ignored_names=frozenset({from_text("secret.example")}),
    )
    async with a_log(path, privacy=privacy) as kit:
        with kit.log.tail() as follower:
            kit.buffer.append(batch([report("www.secret.example")], "192.0.2.7"))
            kit.buffer.append(batch([report("a.example")], "198.51.100.9"))
            kit.buffer.append(batch([report("b.example")], "2001:db8:0:17::7"))
            row = await anext(follower)
            assert row["name"] == "b.example" and row["client"] == "2001:db8::/56"
            kit.log.apply(LogTerms(privacy=Privacy("no_names")))
            kit.buffer.append(batch([blocked("c.example")]))
            row = await anext(follower)
            assert (row["name"], row["client"], row["line"], row["type"]) == ("", "", 0, "A")
            assert row["list"] == "Starter" and row["blocked"]


async def test_of_a_client_is_told_what_may_be(path: Path) -> None:
    tellings = [Telling(), Telling(names=False), Telling(client=False), Telling(rows=False)]
    async with a_log(path) as kit:
        with kit.log.tail() as follower:
            for telling in (*tellings, Telling(counts=False)):
                kit.buffer.append(batch([blocked()], Who("192.0.2.7", telling=telling)))
            found = [await anext(follower) for _ in range(4)]
    told = [(each["client"], each["name"]) for each in found]
    both = ("192.0.2.7", "ads.example.com")
    assert told == [both, ("192.0.2.7", ""), ("", "ads.example.com"), both]


async def test_only_so_many_may_follow(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "MOST_FOLLOWERS", 1)
    async with a_log(path) as kit:
        with kit.log.tail(), pytest.raises(RequestError, match="1 follow the log already"):
            kit.log.tail()
        with kit.log.tail():
            pass


async def test_following_ends_with_the_log(path: Path) -> None:
    async with a_log(path) as kit:
        follower = kit.log.tail()
        kit.buffer.append(batch([report("a.example")]))
        await kit.written(1)
    async with asyncio.timeout(20):
        assert [row["name"] async for row in follower] == ["a.example"]
