"""What somebody wants gone is gone: rows, counts that tell of it, and the bytes of the file."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from log_kit import Kit, a_log, batch, blocked, report, until

from sinkhole.control.database import Database
from sinkhole.control.database import database as database_module
from sinkhole.control.querylog import pace
from sinkhole.control.querylog.deletion import CLIENT
from sinkhole.control.querylog.id_sets import all_clients
from sinkhole.control.stats import SqliteCounts, Statistics
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Telling, Who
from sinkhole.model.tasks import Tasks

NOW = float(int(time.time()))
HOUR = 3600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "querylog.db"


def ask(kit: Kit, name: str, client: str, ago_s: float = 0.0, answered: bytes = b"") -> None:
    asked = report(name)
    asked.answered = answered
    kit.buffer.append(batch([asked], client, NOW - ago_s))


def bytes_of(path: Path) -> bytes:
    parts = [path.with_name(path.name + suffix) for suffix in ("", "-wal")]
    return b"".join(part.read_bytes() for part in parts if part.exists())


async def names(kit: Kit, **filters: str) -> list[str]:
    return [row["name"] for row in await kit.all_rows(**filters)]


async def test_all_rows_go_and_statistics_stay(path: Path) -> None:
    async with a_log(path) as kit:
        for number in range(30):
            ask(kit, f"h{number}.example.org", "192.0.2.1", number * HOUR)
        await kit.written(30)
        assert await kit.log.delete_all() == 30
        assert await kit.all_rows() == [] and kit.log.status()["rows"] == 0
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary("7d")
        assert summary["totals"]["queries"] == 30
        ask(kit, "later.example.org", "192.0.2.1")
        await kit.written(1)
        assert await names(kit) == ["later.example.org"]


async def test_of_a_client_nothing_is_left_and_of_others_everything(path: Path) -> None:
    async with a_log(path) as kit:
        for number in range(40):
            ask(kit, "shared.example.org", "192.0.2.1", number * HOUR)
            ask(kit, f"secret{number}.example.net", "192.0.2.66", number * HOUR)
            ask(kit, "shared.example.org", "192.0.2.66", number * HOUR)
        await kit.written(120)
        assert await kit.log.delete_client("192.0.2.66") == 80
        assert await names(kit) == ["shared.example.org"] * 40
        assert await names(kit, client="192.0.2.66") == []
        assert await names(kit, client="192.0.2.1") == ["shared.example.org"] * 40
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary("7d")
        assert [each["client"] for each in summary["top_clients"]] == ["192.0.2.1"]
        assert summary["top_names"] == [{"name": "shared.example.org", "count": 40}]
        found = bytes_of(path)
        assert b"secret" not in found and b"192.0.2.66" not in found
        assert b"shared.example.org" in found and b"192.0.2.1" in found


async def test_of_a_device_all_goes_and_what_another_asked_from_its_address_stays(
    path: Path,
) -> None:
    mac, other = "02:00:5e:10:00:07", "02:00:5e:10:00:08"
    async with a_log(path) as kit:
        had = (("192.0.2.7", mac), ("2001:db8::7", mac), ("192.0.2.7", other))
        for number, (text, device) in enumerate(had, 1):
            who = Who(text, device, telling=Telling(counts=device != mac))
            ago_s = (5 if device == mac else 1) * HOUR
            kit.buffer.append(batch([report("shared.example.org")], who, NOW - ago_s))
            await kit.written(number)
        known = [each async for each in all_clients(kit.log.reader().rows)]
        found = await kit.all_rows(client=mac)
        assert {row["client"] for row in found} == {"192.0.2.7", "2001:db8::7"}
        assert len(await kit.all_rows(client="192.0.2.7")) == 2, "it is the other's by now"
        assert await kit.log.delete_clients(each for each in known if each.device == mac) == 2
        assert [row["device"] for row in await kit.all_rows()] == [other]
        summary = await Statistics(SqliteCounts(kit.log.reader())).summary("7d")
        assert summary["top_names"] == [{"name": "shared.example.org", "count": 1}]
        assert [each["count"] for each in summary["top_clients"]] == [1]


async def test_a_name_goes_alone_or_with_all_below_it(path: Path) -> None:
    asked = ["example.org", "www.example.org", "an.example.org.example.net", "anexample.org"]
    async with a_log(path) as kit:
        for name in asked * 3:
            ask(kit, name, "192.0.2.1", answered=b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1")
        await kit.written(12)
        assert await kit.log.delete_name("Example.ORG.") == 3
        assert set(await names(kit)) == set(asked[1:])
        assert await kit.log.delete_name("example.org", below=True) == 3
        assert set(await names(kit)) == set(asked[2:])
        assert b"www.example.org" not in bytes_of(path)
        with pytest.raises(ValueError, match="label"):
            await kit.log.delete_name("a..b")


async def test_rules_that_would_tell_the_name_go_with_it(path: Path) -> None:
    async with a_log(path, rule_text=lambda cause: f"||tracker{cause.line}.example^") as kit:
        for line in (1, 2):
            one = batch([blocked(f"tracker{line}.example", line=line)] * 2, time_s=NOW)
            kit.buffer.append(one)
        await kit.written(4)
        assert await kit.log.delete_name("tracker1.example") == 2
        assert b"tracker1" not in bytes_of(path) and b"tracker2" in bytes_of(path)


async def test_what_is_asked_meanwhile_is_written_and_kept(path: Path) -> None:
    async with a_log(path) as kit:
        for number in range(200):
            ask(kit, f"old{number}.example.org", f"192.0.2.{number % 100}", number * HOUR)
        await kit.written(200)
        tasks = Tasks("test", limit=1)
        deleting = tasks.start("delete", kit.log.delete_client("192.0.2.5"))
        assert deleting is not None
        asked = 0
        while not deleting.done():
            kit.buffer.append(batch([report(f"new{asked % 7}.example.org")], "192.0.2.5"))
            asked += 1
            await asyncio.sleep(0)
        assert await deleting >= 2
        writer = kit.log._writer
        await until(lambda: not len(kit.buffer) and not writer._is_open)
        left = await names(kit, client="192.0.2.5")
        assert 0 < len(left) <= asked and all(name.startswith("new") for name in left)
        assert len(await kit.all_rows()) == 198 + len(left)


async def test_a_deletion_goes_on_after_the_program_ended(path: Path) -> None:
    async with a_log(path) as kit:
        for number in range(50):
            ask(kit, f"h{number}.example.org", "192.0.2.66", number * HOUR)
        ask(kit, "h.example.org", "192.0.2.1")
        await kit.written(51)
        database = kit.log._writer.file.database
        assert database is not None
        await database.rows(
            "INSERT INTO deletion (kind, value, through) VALUES (?, ?, ?)",
            (CLIENT, "192.0.2.66", int((NOW + 60) * 1e6)),
        )
    async with a_log(path) as kit:
        await until(lambda: not kit.log._writer.upkeep.is_busy)
        assert await names(kit) == ["h.example.org"]
        assert b"192.0.2.66" not in bytes_of(path)


async def test_without_a_log_nothing_can_be_deleted() -> None:
    async with a_log(Path("/dev/null/querylog.db")) as kit:
        with pytest.raises(StorageError):
            await kit.log.delete_all()


async def test_statistics_begin_anew_and_the_log_is_searched_as_before(path: Path) -> None:
    async with a_log(path) as kit:
        for number in range(30):
            ask(kit, "www.example.org", "192.0.2.1", number * HOUR)
        kit.buffer.append(batch([blocked()], time_s=NOW))
        await kit.written(31)
        statistics = Statistics(SqliteCounts(kit.log.reader()))
        assert (await statistics.summary("7d"))["totals"]["queries"] == 31
        await kit.log.reset_statistics()
        for period in ("1h", "24h", "7d", "365d"):
            summary: dict[str, Any] = {**await statistics.summary(period)}
            assert summary["totals"]["queries"] == 0 and summary["latency_ms"]["p50"] is None
            for top in ("top_names", "top_blocked", "top_clients", "top_lists", "transports"):
                assert summary[top] == []
        assert await statistics.list_hits() == {}
        assert len(await names(kit, name="www.example.org", client="192.0.2.1")) == 30
        ask(kit, "new.example.org", "192.0.2.2", NOW - time.time())  # NOW may be an hour before
        await kit.written(32)
        later = await statistics.summary("7d")
        assert later["totals"]["queries"] == 1
        assert later["top_names"] == [{"name": "new.example.org", "count": 1}]


async def test_after_a_reset_names_are_still_found_for_those_who_asked_too(path: Path) -> None:
    """Counts of 0 do not say that nobody asked."""
    async with a_log(path) as kit:
        for client in ("192.0.2.1", "192.0.2.66"):
            ask(kit, "shared.example.org", client)
        ask(kit, "secret.example.org", "192.0.2.66")
        await kit.written(3)
        await kit.log.reset_statistics()
        assert await kit.log.delete_client("192.0.2.66") == 2
        assert await names(kit, name="shared", client="192.0.2.1") == ["shared.example.org"]
        assert b"secret" not in bytes_of(path)


async def test_slices_end_anywhere_within_an_hour(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices of a few rows, so that hours take several and slices have several hours."""
    for name, value in (("FIRST", 3), ("LEAST", 2), ("MOST", 5)):
        monkeypatch.setattr(pace, name, value)
    async with a_log(path) as kit:
        for hour in (0, 1, 2, 3, 30, 31):
            for number in range(7 if hour % 2 else 2):
                ask(kit, f"n{number}.example.org", f"192.0.2.{number % 3}", hour * HOUR)
        await kit.written(27)
        assert await kit.log.delete_client("192.0.2.1") == 9
        assert await names(kit, client="192.0.2.1") == []
        assert len(await names(kit, name="n0.")) == 6
        assert await names(kit, name="n1.") == await names(kit, name="n4.") == []
        assert await kit.log.delete_name("n0.example.org") == 6
        assert await names(kit, name="n0.") == []
        assert len(await kit.all_rows()) == 12
        assert await kit.log.delete_all() == 12


async def test_a_reader_holds_up_neither_the_end_of_a_deletion_nor_what_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log can't be emptied while somebody reads from it: it is tried again, not waited for."""
    monkeypatch.setattr(database_module, "BUSY_S", 3600.0)
    async with a_log(path) as kit:
        ask(kit, "old.example.org", "192.0.2.1")
        await kit.written(1)
        reader = await Database.connect(path, read_only=True)
        try:
            await reader.rows("BEGIN")
            await reader.rows("SELECT * FROM query")
            deleting = asyncio.ensure_future(kit.log.delete_name("old.example.org"))
            await until(lambda: kit.log.status()["rows"] == 0 and kit.log._writer.upkeep.is_busy)
            ask(kit, "new.example.org", "192.0.2.1")
            await kit.written(1)
            assert not deleting.done()
            await reader.rows("COMMIT")
            assert await deleting == 1
            await until(lambda: not kit.log._writer.upkeep.is_busy)
            assert b"old.example" not in bytes_of(path)
        finally:
            await reader.close()
