"""DNS goes on: with a broken, locked or full disk, under floods, with hostile connections."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import dnslib
import pytest
from fake_upstream import Asked, FakeUpstream, Replies
from house import (
    answers,
    ask,
    endpoint,
    errors_of,
    get,
    has_ipv6,
    house,
    locked,
    problems_of,
    query,
    rcode_of,
    running,
    until,
)
from world import BrokenFilter

from sinkhole.app.app import App

ADS = {"filtering__rules": ["||ads.example^"]}


def url_of(app: App) -> str:
    assert app.listening.page is not None
    return app.listening.page.url


async def rows_in(app: App) -> int:
    """How many rows the API gives, at most 200."""
    return len((await get(url_of(app), "/api/queries?limit=200"))["queries"])


async def is_written(app: App, count: int) -> None:
    async def found() -> bool:
        return await rows_in(app) == count

    await until(found, f"{count} rows in the log")


# Broken databases


@pytest.mark.parametrize("damage", ["garbage", "cut", "newer", "other"])
async def test_a_log_that_cannot_be_used_is_set_aside_and_said_so(
    tmp_path: Path, damage: str
) -> None:
    settings = house(tmp_path, **ADS)
    async with running(settings) as app:
        await ask(app.addresses[0], "ads.example")
        await is_written(app, 1)
    path = tmp_path / "data/querylog.db"
    assert not list(path.parent.glob("querylog.db-*"))
    if damage == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:9000])
    elif damage == "newer":
        _execute(path, "PRAGMA user_version = 99")
    else:
        path.unlink()
        _execute(path, "CREATE TABLE mine (a)")
    async with running(settings) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        await is_written(app, 1)
        (problem,) = problems_of(app)
        (aside,) = path.parent.glob("querylog.db.*Z")
        assert aside.name in problem
    async with running(settings) as app:
        assert problems_of(app) == []
        assert await rows_in(app) == 1


def _execute(path: Path, statement: str) -> None:
    database = sqlite3.connect(path)
    database.execute(statement)
    database.close()


async def test_a_log_that_is_removed_while_in_use_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.control.querylog.upkeep.TIDY_EVERY_S", 0.1)
    async with running(house(tmp_path, **ADS)) as app:
        (where,) = app.addresses
        await ask(where, "ads.example")
        await is_written(app, 1)
        for path in (tmp_path / "data").glob("querylog.db*"):
            path.unlink()

        async def is_back() -> bool:
            await ask(where, "ads.example")
            return (tmp_path / "data/querylog.db").exists()

        await until(is_back, "a new log")


# Bugs of our own


async def test_a_query_that_meets_a_bug_is_servfail_and_the_status_says_so(tmp_path: Path) -> None:
    async with running(house(tmp_path, **ADS)) as app:
        (where,) = app.addresses
        old = app.pipeline.policy
        rules = BrokenFilter("bug.example", ["ads.example"])
        group = replace(old.group, generation=old.group.generation + 1, filter=rules)
        access = replace(old.access, standing=None)
        app.pipeline.policy = replace(old, group=group, access=access)
        assert rcode_of(await ask(where, "bug.example")) == "SERVFAIL"
        assert await answers(where, "ads.example") == ["0.0.0.0"]
        status = await get(url_of(app), "/api/status")
    assert status["losses"]["queries_failed_by_bugs"] == 1
    assert any("bug in sinkhole" in problem for problem in status["problems"])


# A disk that stalls or is full


async def test_a_locked_log_holds_up_neither_dns_nor_page_and_losses_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.control.database.database.BUSY_S", 0.1)
    async with running(house(tmp_path, **ADS)) as app:
        (where,) = app.addresses
        app.buffer.limit = 50
        await ask(where, "ads.example")
        await is_written(app, 1)
        with locked(tmp_path / "data/querylog.db"):

            async def is_said() -> bool:
                assert await answers(where, "ads.example") == ["0.0.0.0"]
                log = (await get(url_of(app), "/api/status"))["log"]
                assert log["waiting"] <= 50
                return log["error"] is not None and log["dropped"] > 0

            await until(is_said, "an error and dropped records")
            for _ in range(100):
                assert await answers(where, "ads.example") == ["0.0.0.0"]
        dropped = (await get(url_of(app), "/api/status"))["log"]["dropped"]
        assert dropped >= 50

        async def writes_again() -> bool:
            status = await get(url_of(app), "/api/status")
            return status["log"]["error"] is None and status["log"]["waiting"] == 0

        await until(writes_again, "the log's recovery")
        assert (await get(url_of(app), "/api/stats"))["records_dropped"] >= dropped
        before = await rows_in(app)
        await ask(where, "ads.example")
        await is_written(app, before + 1)


async def test_a_log_that_is_locked_at_the_start_does_not_keep_dns_from_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.control.database.database.BUSY_S", 0.1)
    settings = house(tmp_path, **ADS)
    async with running(settings):
        pass
    with locked(tmp_path / "data/querylog.db"):
        app = App(settings)
        await app.start()
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        assert any("locked" in problem for problem in app.problems())
    try:
        await is_written(app, 1)
        assert problems_of(app) == []
    finally:
        await app.stop()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of `size`; skips the test where we may not mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(ballast: Path) -> None:
    """Write until the disk is full."""
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"x" * 1000)


async def test_a_full_disk_stops_the_log_and_nothing_else_and_it_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.control.querylog.upkeep.TIDY_EVERY_S", 0.2)
    with small_disk(tmp_path / "disk", "1M") as disk:
        settings = house(tmp_path, **ADS, data_dir=str(disk / "data"))
        async with running(settings) as app:
            (where,) = app.addresses
            await ask(where, "ads.example")
            await is_written(app, 1)
            ballast = disk / "ballast"
            fill(ballast)

            async def is_said() -> bool:
                assert await answers(where, "ads.example") == ["0.0.0.0"]
                status = await get(url_of(app), "/api/status")
                error = status["log"]["error"]
                return any(error and each.startswith(error) for each in status["problems"])

            await until(is_said, "the log's error")
            ballast.unlink()

            async def writes_again() -> bool:
                await ask(where, "ads.example")
                status = await get(url_of(app), "/api/status")
                return status["log"]["error"] is None and problems_of(app) == []

            await until(writes_again, "the log's recovery")
            before = await rows_in(app)

            async def has_grown() -> bool:
                await ask(where, "ads.example")
                return await rows_in(app) > before

            await until(has_grown, "new rows")


async def test_a_start_on_a_full_disk_answers_dns(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        settings = house(tmp_path, **ADS, data_dir=str(disk / "data"))
        (disk / "data").mkdir()
        fill(disk / "ballast")
        async with running(settings) as app:
            assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
            assert problems_of(app) != []


# Hostile traffic


def garbage(count: int) -> Iterator[bytes]:
    """Datagrams of noise: random bytes, mangled queries, empty ones, replies."""
    dice = random.Random(5353)
    good = query("ads.example")
    for number in range(count):
        mangled = bytearray(good)
        for _ in range(dice.randrange(1, 6)):
            mangled[dice.randrange(len(mangled))] = dice.randrange(256)
        yield (
            b"",
            dice.randbytes(dice.randrange(600)),
            bytes(mangled),
            good[: dice.randrange(len(good))],
            good[:2] + b"\x84" + good[3:],
            good + dice.randbytes(dice.randrange(1400)),
        )[number % 6]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "0.0.0.0"])
async def test_a_flood_of_garbage_leaves_honest_clients_their_answers(
    tmp_path: Path, host: str
) -> None:
    if host == "[::1]" and not has_ipv6():
        pytest.skip("no IPv6 on this machine")
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        settings = house(tmp_path, upstream, dns__listen=[f"{host}:0"], **ADS)
        async with running(settings) as app:
            where = app.addresses[0].replace("0.0.0.0", "127.0.0.1")
            family = socket.AF_INET6 if host == "[::1]" else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as flood:
                flood.setblocking(False)
                for number, wire in enumerate(garbage(6000)):
                    flood.sendto(wire, endpoint(where))
                    if number % 500 == 0:
                        assert await answers(where, "ads.example") == ["0.0.0.0"]
                        assert await answers(where, "example.org") == ["192.0.2.1"]
            assert await answers(where, "ads.example", tcp=True) == ["0.0.0.0"]
            assert (await get(url_of(app), "/api/status"))["problems"] == []


async def test_garbage_by_tcp_ends_connections_and_no_more(tmp_path: Path) -> None:
    async with running(house(tmp_path, **ADS)) as app:
        (where,) = app.addresses
        for wire in garbage(150):
            reader, writer = await asyncio.open_connection(*endpoint(where))
            writer.write(len(wire).to_bytes(2, "big") + wire + b"\xff\xff half")
            writer.write_eof()
            async with asyncio.timeout(20):
                with suppress(ConnectionResetError):  # as good an end as any
                    await reader.read()
            writer.close()
        assert await answers(where, "ads.example", tcp=True) == ["0.0.0.0"]
        await until(lambda: not app.dns.door.plain.holders, "the end of every connection")


@asynccontextmanager
async def idle_connections(where: str, count: int) -> AsyncIterator[None]:
    """Connections that say nothing."""
    sockets = []
    loop = asyncio.get_running_loop()
    try:
        for _ in range(count):
            sock = socket.socket()
            sock.setblocking(False)
            sockets.append(sock)
            await loop.sock_connect(sock, endpoint(where))
        yield
    finally:
        for sock in sockets:
            sock.close()


async def test_hundreds_of_idle_connections_take_nothing_from_anybody(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        async with running(house(tmp_path, upstream, **ADS)) as app:
            (where,) = app.addresses
            async with idle_connections(where, 300):
                assert len(app.dns.door.plain.holders) <= 64
                assert await answers(where, "ads.example") == ["0.0.0.0"]
                assert await answers(where, "example.org") == ["192.0.2.1"]
                assert await answers(where, "example.org", tcp=True) == ["192.0.2.1"]


async def test_why_an_upstream_fails_is_told_to_the_client_and_in_the_log(tmp_path: Path) -> None:
    def bogus(asked: Asked) -> Replies:
        reply = asked.reply("SERVFAIL")
        reply.ar = [dnslib.EDNS0(opts=[dnslib.EDNSOption(15, b"\0\6no\nsignature")])]
        return [reply]

    async with FakeUpstream() as upstream, running(house(tmp_path, upstream)) as app:
        upstream.always = bogus
        for _ in range(2):
            failed = await ask(app.addresses[0], "example.org")
            assert rcode_of(failed) == "SERVFAIL"
            told = [(22, "no upstream gave an answer"), (6, "no signature")]
            assert errors_of(failed) == told

        async def is_logged() -> bool:
            rows = (await get(url_of(app), "/api/queries?name=example.org"))["queries"]
            words = "extended error 6, DNSSEC Bogus: no signature"
            return len(rows) == 2 and all(words in row["detail"] for row in rows)

        await until(is_logged, "the failures in the log")
