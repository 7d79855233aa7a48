"""What a file had before it was shared is in the database once, whatever came in between."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_kit import Kit, a_log, until
from postgres_server import PostgresServer, running
from sharing_kit import (
    NOW,
    all_of_database,
    all_of_file,
    batch,
    blocked,
    questions,
    report,
    server_of,
    shared,
)

from sinkhole.control.postgres.server import Server
from sinkhole.control.querylog import earlier

DAY_S = 86_400


@pytest.fixture
def going() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    yield from running()


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "ROWS_A_SLICE", 40)
    monkeypatch.setattr(earlier, "HOURS_A_SLICE", 24)


async def fill(kit: Kit, rows: int = 600, days: float = 3) -> None:
    """A little of everything, and many rows of some days up to now."""
    for number in range(rows):
        asked = [report(f"n{number % 37}.example.org"), blocked(f"ads{number % 5}.example.com")]
        kit.buffer.append(
            batch(
                [asked[number % 2]],
                f"192.0.2.{number % 9}",
                NOW - days * DAY_S * (rows - number) / rows - 61,
                duration_us=number,
            )
        )
    before = kit.log.status()["rows"]
    for each in questions():
        kit.buffer.append(each)
    await until(lambda: kit.log.status()["rows"] >= before + rows + 12 and not len(kit.buffer))


async def all_sent(kit: Kit) -> None:
    await until(lambda: not kit.log.earlier.is_underway and not kit.log.outbox.waiting_rows, 60)


async def assert_same(path: Path, server: Server) -> None:
    mine, theirs = await all_of_file(path), await all_of_database(server)
    for table, entries in mine.items():
        assert theirs[table] == entries, table


async def test_what_was_there_before_is_sent_beside_what_is_logged_now(
    tmp_path: Path, postgres_url: str
) -> None:
    path = tmp_path / "querylog.db"
    async with a_log(path, keep_s=30 * DAY_S) as kit:
        await fill(kit)
    async with server_of(postgres_url) as server:
        async with shared(path, postgres_url, keep_s=30 * DAY_S) as kit:
            for number in range(20):
                kit.buffer.append(batch([report(), blocked()], "192.0.2.77"))
                await until(lambda: not len(kit.buffer))
                if number == 10:  # of a clock that was set back: among what is not sent yet
                    kit.buffer.append(batch([report("late.example.org")], time_s=NOW - 2 * DAY_S))
            await all_sent(kit)
            assert kit.log.earlier.rows >= 612 and kit.log.earlier.left == 0
            await assert_same(path, server)
        # Not shared for a time, and then again: what was logged meanwhile is missing there.
        async with a_log(path, keep_s=30 * DAY_S) as kit:
            kit.log.share(None)
            await fill(kit, 30, 0.01)
            await until(lambda: not kit.log.outbox.is_kept)
        async with shared(path, postgres_url, keep_s=30 * DAY_S) as kit:
            await until(lambda: kit.log.earlier.rows > 612 + 42)
            await all_sent(kit)
            await assert_same(path, server)
            assert await server.value("SELECT count(*) FROM node") == 1


async def test_it_goes_on_after_the_database_was_away(
    tmp_path: Path, going: PostgresServer
) -> None:
    path, url = tmp_path / "querylog.db", going.new_database()
    async with a_log(path, keep_s=30 * DAY_S) as kit:
        await fill(kit, 2_000)
    async with shared(path, url, keep_s=30 * DAY_S) as kit:
        for _ in range(3):
            left = kit.log.earlier.left
            await until(lambda left=left: kit.log.earlier.left < left)
            going.stop()
            kit.buffer.append(batch([report()] * 5))
            going.start()
        await until(lambda: kit.log.outbox.slices == 0 and not kit.log.earlier.is_underway, 120)
        await all_sent(kit)
        async with server_of(url) as server:
            await assert_same(path, server)


async def test_it_goes_on_after_the_program_was_killed(tmp_path: Path, postgres_url: str) -> None:
    path = tmp_path / "querylog.db"
    async with a_log(path, keep_s=30 * DAY_S) as kit:
        await fill(kit, 2_000)
    kits = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "querylog")]
    program = KILLED.format(kits=kits, path=str(path), url=postgres_url)
    async with server_of(postgres_url) as server:
        for times in range(1, 4):
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
            )
            assert child.stdout is not None
            for _ in range(times):
                assert await child.stdout.readline(), "it has sent a slice"
            child.kill()
            await child.wait()
        assert await server.value("SELECT count(*) FROM query") < 2_000
        async with shared(path, postgres_url, keep_s=30 * DAY_S) as kit:
            await all_sent(kit)
            await assert_same(path, server)


async def test_batches_that_were_given_up_come_with_what_the_file_has(
    tmp_path: Path, going: PostgresServer
) -> None:
    path, url = tmp_path / "querylog.db", going.new_database()
    async with shared(path, url, keep_s=30 * DAY_S) as kit:
        kit.buffer.append(batch([report()] * 5))
        await kit.written(5)
        going.stop()
        await until(lambda: kit.log.store is not None and kit.log.outbox.waiting_rows == 0)
        kit.log.outbox.most_bytes = 1_000
        for number in range(30):
            kit.buffer.append(batch([report(f"{number}.example.org")] * 3))
            await until(lambda: not len(kit.buffer))
        await until(lambda: kit.log.status()["rows"] == 95 and kit.log.outbox.lost > 0)
        going.start()
        await until(lambda: kit.log.outbox.waiting_rows == 0, 60)
        await all_sent(kit)
        async with server_of(url) as server:
            await assert_same(path, server)


KILLED = """
import asyncio, sys
sys.path[:0] = {kits!r}
from pathlib import Path
from sharing_kit import batch, report, shared
from sinkhole.control.querylog import earlier

earlier.ROWS_A_SLICE = 40

async def main():
    async with shared(Path({path!r}), {url!r}, keep_s=30 * 86400) as kit:
        told = -1
        while True:
            kit.buffer.append(batch([report("live.example.org")]))
            await asyncio.sleep(0.05)
            if told != (left := kit.log.earlier.left):
                told = left
                print(left, flush=True)

asyncio.run(main())
"""


async def test_a_log_out_of_a_backup_goes_on_behind_what_was_sent(
    tmp_path: Path, postgres_url: str
) -> None:
    path, backup = tmp_path / "querylog.db", tmp_path / "backup.db"
    async with shared(path, postgres_url) as kit:
        kit.buffer.append(batch([report()] * 3))
        await kit.written(3)
    shutil.copy(path, backup)
    async with shared(path, postgres_url) as kit:
        for number in range(5):
            kit.buffer.append(batch([report(f"{number}.example.org")]))
            await kit.written(4 + number)
    shutil.copy(backup, path)
    async with server_of(postgres_url) as server:
        async with shared(path, postgres_url) as kit:
            kit.buffer.append(batch([report("after.example.org")] * 2))
            await kit.written(5)
            await all_sent(kit)
        assert await server.value("SELECT count(*) FROM query") == 10
        assert await server.value("SELECT sum(count) FROM total") == 10
