"""What waits to be sent: there exactly when its rows are, bounded, and nothing where none is."""

from __future__ import annotations

from pathlib import Path

from log_kit import Kit, a_log, batch, blocked, report, until

from sinkhole.control.querylog.outbox import BATCH, Parcel, stream_of, waiting


async def sharing(kit: Kit) -> None:
    """Have batches kept."""
    kit.log.share(_Away())
    await until(lambda: not kit.log.outbox.is_stale)


class _Away:
    """A place to share the log that is not there."""

    store = None

    async def reached(self, number: int) -> None:
        """Never."""

    def stop(self) -> None:
        """It has not begun."""


async def parcels(kit: Kit, after: int = 0) -> list[Parcel]:
    reader = kit.log.reader()
    return await waiting(reader, after)


async def test_nothing_is_kept_where_nobody_shares_the_log(tmp_path: Path) -> None:
    async with a_log(tmp_path / "querylog.db") as kit:
        kit.buffer.append(batch([report()]))
        await kit.written(1)
        assert await parcels(kit) == []
        assert await stream_of(kit.log.reader()) == 0


async def test_batches_have_rows_and_counts_and_outlive_a_restart(tmp_path: Path) -> None:
    async with a_log(tmp_path / "querylog.db") as kit:
        await sharing(kit)
        stream = await stream_of(kit.log.reader())
        kit.buffer.append(batch([report(), report(), blocked()]))
        await until(lambda: kit.log.outbox.waiting_rows == 3)
    async with a_log(tmp_path / "querylog.db") as kit:
        kit.buffer.append(batch([report()]))
        await until(lambda: kit.log.status()["rows"] == 4)
        assert await stream_of(kit.log.reader()) == stream
        first, second = await parcels(kit)
        assert (first.number, first.kind, len(first.rows)) == (1, BATCH, 3 * 7)
        assert sum(entry[2] for entry in first.counts["total"]) == 3
        assert sum(entry[3] for entry in first.counts["by_name"]) == 1
        assert len(second.rows) == 7
        kit.log.sent(first.number)
        await until(lambda: kit.log.outbox.waiting_rows == 1)
        assert [each.number for each in await parcels(kit)] == [second.number]


async def test_deletions_stand_in_their_place(tmp_path: Path) -> None:
    async with a_log(tmp_path / "querylog.db") as kit:
        await sharing(kit)
        kit.buffer.append(batch([report()]))
        await until(lambda: kit.log.outbox.waiting_rows == 1)
        await kit.log.delete_name("www.example.org")
        await until(lambda: kit.log.status()["rows"] == 0)
        kit.buffer.append(batch([report()]))
        await until(lambda: kit.log.status()["rows"] == 1)
        kinds = [[each.kind for each in await parcels(kit, after)] for after in range(3)]
        assert kinds == [[BATCH], ["name"], [BATCH]]
        (deletion,) = await parcels(kit, 1)
        assert deletion.value == "www.example.org" and deletion.through > 0


async def test_the_oldest_are_given_up_where_too_many_wait(tmp_path: Path) -> None:
    async with a_log(tmp_path / "querylog.db") as kit:
        outbox = kit.log.outbox
        outbox.most_bytes = 1_200
        await sharing(kit)
        for count in (3, 5, 7):
            rows = kit.log.status()["rows"]
            kit.buffer.append(batch([report()] * count))
            await until(lambda rows=rows, count=count: kit.log.status()["rows"] == rows + count)
        assert outbox.lost + outbox.waiting_rows == 15
        assert outbox.lost in (3, 8)


async def test_who_shares_no_more_keeps_nothing(tmp_path: Path) -> None:
    async with a_log(tmp_path / "querylog.db") as kit:
        await sharing(kit)
        kit.buffer.append(batch([report()]))
        await until(lambda: kit.log.outbox.waiting_rows == 1)
        kit.log.share(None)
        await until(lambda: not kit.log.outbox.is_stale)
        assert await parcels(kit) == []
