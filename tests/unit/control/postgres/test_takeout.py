"""What others sent to a database comes into a file once: every row and every count."""

from __future__ import annotations

from pathlib import Path

import pytest
from log_kit import Kit, a_log, until
from sharing_kit import NOW, all_of_database, all_of_file, batch, blocked, report, server_of, shared

from sinkhole.control.postgres import takeout
from sinkhole.control.postgres.takeout import Takeout, takeout_of
from sinkhole.control.querylog import Sought, SoughtName, position_of
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Who

DAY_S = 86_400
HOUR_S = 3600
END = int(NOW) // HOUR_S * HOUR_S + HOUR_S
KEEP = {"keep_s": 30.0 * DAY_S}


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeout, "ROWS_A_SLICE", 40)


async def asked(kit: Kit, device: int, rows: int = 200) -> None:
    """Queries of four days up to now, at microseconds that another device has not."""
    who = Who(f"192.0.2.{device}", "", "kids" if device % 2 else "default")
    for number in range(rows):
        said = blocked(f"ads{number % 5}.example.com", f"List {number % 3}")
        if number % 2:
            said = report(f"n{number % 37}.example.org", qtype=28, upstream=f"u{number % 2}")
        back_s = 4 * DAY_S * (rows - number) / rows + 1 + device / 100
        kit.buffer.append(batch([said], who, NOW - back_s, number, "tcp" if number % 3 else "udp"))
    await until(lambda: kit.log.status()["rows"] >= rows and not len(kit.buffer))
    await until(lambda: not kit.log.outbox.waiting_rows)


async def take(
    kit: Kit, source: Takeout, *, end: int = END, since: int = 0, most: int = 1_000_000
) -> int:
    """Take all that is there, or some slices of it; how many rows."""
    rows = slices = 0
    reader = kit.log.reader()
    for node in await source.nodes():
        after = await position_of(reader.rows, node.stream)
        async for piece in source.slices(node, after, (since, since), end):
            if slices == most:
                return rows
            rows += await kit.log.take_over(piece)
            slices += 1
    return rows


async def test_all_that_others_sent_is_taken_once(tmp_path: Path, postgres_url: str) -> None:
    path = tmp_path / "home.db"
    for device in (1, 2):
        async with shared(tmp_path / f"{device}.db", postgres_url, **KEEP) as kit:
            await asked(kit, device)
    async with server_of(postgres_url) as server, takeout_of(postgres_url) as source:
        taken = 0
        while True:  # each time a little further, as if it was interrupted
            async with a_log(path, **KEEP) as kit:
                some = await take(kit, source, most=4)
                taken += some
                if not some:
                    break
        async with a_log(path, **KEEP) as kit:
            assert taken + await take(kit, source) == 400
            assert kit.log.status()["rows"] == 400
            found = await kit.log.history.search(Sought(names=(SoughtName("n1.example.org"),)))
            assert {row["node"] for row in found["queries"]} == {"here"}
        mine, theirs = await all_of_file(path), await all_of_database(server)
        for table, entries in theirs.items():
            assert mine[table] == entries, table
        async with a_log(path, **KEEP) as kit:
            assert await take(kit, source) == 0, "nothing is taken twice"
        assert await all_of_file(path) == mine


async def test_what_came_since_is_taken_later(tmp_path: Path, postgres_url: str) -> None:
    path, middle = tmp_path / "home.db", (int(NOW) // DAY_S - 1) * DAY_S + 7 * HOUR_S
    async with shared(tmp_path / "other.db", postgres_url, **KEEP) as kit:
        await asked(kit, 1)
    async with server_of(postgres_url) as server, takeout_of(postgres_url) as source:
        for end in (middle, middle + HOUR_S, END):
            async with a_log(path, **KEEP) as kit:
                await take(kit, source, end=end)
        mine, theirs = await all_of_file(path), await all_of_database(server)
        for table, entries in theirs.items():
            assert mine[table] == entries, table


async def test_rows_that_are_too_old_are_left(tmp_path: Path, postgres_url: str) -> None:
    async with shared(tmp_path / "other.db", postgres_url, **KEEP) as kit:
        await asked(kit, 1)
    since = int(NOW) - 2 * DAY_S
    async with takeout_of(postgres_url) as source, a_log(tmp_path / "home.db", **KEEP) as kit:
        rows = await take(kit, source, since=since)
        assert 90 <= rows <= 110
        (node,) = await source.nodes()
        after = await position_of(kit.log.reader().rows, node.stream)
        assert await source.count(node, after, since * 1_000_000, END * 1_000_000) == 0


async def test_a_microsecond_that_is_taken_makes_way(tmp_path: Path, postgres_url: str) -> None:
    for name in ("a", "b"):
        async with shared(tmp_path / f"{name}.db", postgres_url, **KEEP) as kit:
            kit.buffer.append(batch([report(f"{name}.example.org")] * 3, time_s=NOW - 60))
            await kit.written(3)
    async with takeout_of(postgres_url) as source, a_log(tmp_path / "home.db", **KEEP) as kit:
        assert await take(kit, source) == 6
        rows = await kit.all_rows()
        assert len({row["id"] for row in rows}) == 6
        assert [row["name"] for row in rows] == ["b.example.org"] * 3 + ["a.example.org"] * 3


async def test_a_database_without_a_log_is_told(postgres_url: str) -> None:
    with pytest.raises(StorageError, match="no log"):
        async with takeout_of(postgres_url):
            pass
    async with server_of(postgres_url) as server:
        await server.rows("CREATE SCHEMA sinkhole")
        await server.rows("CREATE TABLE meta (key text, value bigint)")
        await server.rows("INSERT INTO meta VALUES ('version', 99)")
    with pytest.raises(StorageError, match="version 99"):
        async with takeout_of(postgres_url):
            pass
