"""What is erased at one node goes from the files of all others, also of those that were away."""

from __future__ import annotations

from pathlib import Path

from log_kit import Kit, a_log, patient, until
from sharing_kit import NOW, all_of_database, all_of_file, batch, blocked, report, server_of, shared

from sinkhole.control.querylog import SqliteStore
from sinkhole.control.stats import Statistics
from sinkhole.model.record import Who

TABLET = Who("192.0.2.7", "", "kids")


async def own_names(kit: Kit) -> list[str]:
    """What the file of a node itself has."""
    page = await patient(kit.log.reader()).page(limit=200)
    return sorted(row["name"] for row in page["queries"])


async def asked(kit: Kit, *names: str) -> None:
    before = kit.log.status()["rows"]
    kit.buffer.append(batch([report(name) for name in names], TABLET, NOW - 7200))
    await kit.written(before + len(names))


async def test_what_one_erases_all_erase(tmp_path: Path, postgres_url: str) -> None:
    one, other, away = (tmp_path / f"{name}.db" for name in ("one", "other", "away"))
    async with shared(away, postgres_url) as kit:
        await asked(kit, "www.example.org", "gone.example.com")
    async with shared(one, postgres_url) as first, shared(other, postgres_url) as second:
        for kit in (first, second):
            await asked(kit, "www.example.org", "gone.example.com", "a.gone.example.com")
        await first.log.delete_name("gone.example.com", below=True)
        kept = ["www.example.org"]
        second.buffer.append(batch([report("late.example.org")]))
        await until(lambda: second.log.status()["rows"] == 2)
        assert await own_names(first) == kept
        assert await own_names(second) == ["late.example.org", *kept]
        await first.log.reset_statistics()
        await second.written(2)
        second.buffer.append(batch([report("later.example.org")]))
        await until(lambda: not second.log.outbox.waiting_rows)
        await second.log.delete_all()
        await until(lambda: first.log.status()["rows"] == 0, 90)
        async with server_of(postgres_url) as server:
            assert await server.value("SELECT count(*) FROM erasure") == 3, "told on by nobody"
            # One that was away has rows that nobody else has any more, but only until it is back.
            assert len((await all_of_file(away))["query"]) == 2
            async with shared(away, postgres_url) as kit:
                await until(lambda: kit.log.status()["rows"] == 0)
                totals = (await Statistics(kit.log.store.counts).summary())["totals"]
                assert totals["queries"] <= 1
            assert await server.value("SELECT count(*) FROM query") == 0
            assert await server.value("SELECT count(*) FROM erasure") == 3


async def test_what_others_erased_long_ago_takes_nothing_of_since(
    tmp_path: Path, postgres_url: str
) -> None:
    path, hour = tmp_path / "one.db", int(NOW) // 3600 * 3600 - 10 * 3600
    async with server_of(postgres_url) as server, shared(path, postgres_url) as kit:
        for back in (12, 4):
            kit.buffer.append(batch([report()], TABLET, NOW - back * 3600))
        await kit.written(2)
        async with shared(tmp_path / "other.db", postgres_url) as other:
            other.buffer.append(batch([report()], TABLET, NOW - 4 * 3600))
            await other.written(1)
        wanted = (
            "INSERT INTO erasure (number, node, kind, value, through) VALUES ($1, 0, $2, $3, $4)"
        )
        await server.rows(wanted, 1, "statistics", "", hour * 1_000_000)
        await server.rows(wanted, 2, "client", "192.0.2.7", hour * 1_000_000)
        kit.buffer.append(batch([report("new.example.org")]))
        while await server.value("SELECT erased FROM node WHERE id = 1") < 2:
            await kit.written(2)
        await until(lambda: kit.log.outbox.sent >= kit.log.outbox.newest)
        own = Statistics(SqliteStore(kit.log.reader()).counts)
        assert (await own.summary())["totals"]["queries"] == 2
        assert len(await own_names(kit)) == 2
        assert await server.value("SELECT sum(count) FROM total WHERE start > $1", hour) == 3
        assert await server.value("SELECT count(*) FROM query") == 3


async def test_who_joins_later_keeps_what_it_has(tmp_path: Path, postgres_url: str) -> None:
    async with a_log(tmp_path / "later.db") as kit:
        kit.buffer.append(batch([report()] * 3, TABLET))
        await kit.written(3)
    async with shared(tmp_path / "first.db", postgres_url) as first:
        await asked(first, "www.example.org")
        await first.log.delete_client("192.0.2.7")
        async with shared(tmp_path / "later.db", postgres_url) as kit:
            await until(lambda: not kit.log.earlier.is_underway)
            assert len(await kit.all_rows()) == 3


async def test_a_group_has_its_other_name_there_as_well(tmp_path: Path, postgres_url: str) -> None:
    path = tmp_path / "querylog.db"
    async with server_of(postgres_url) as server, shared(path, postgres_url) as kit:
        await asked(kit, "www.example.org")
        kit.log.group_renamed("kids", "children")
        kit.buffer.append(batch([report(), blocked()], TABLET))
        await kit.written(3)
        kit.buffer.append(batch([report()], Who("192.0.2.7", "", "children")))
        await kit.written(4)
        wanted = "SELECT count(*) FROM client WHERE policy_group = 'kids'"

        async def renamed() -> bool:
            return not await server.value(wanted)

        while not await renamed():
            await kit.written(4)
        assert {row["group"] for row in await kit.all_rows()} == {"children"}
        mine, theirs = await all_of_file(path), await all_of_database(server)
        assert mine["query"] == theirs["query"]


async def test_a_number_is_never_given_to_another_value(tmp_path: Path, postgres_url: str) -> None:
    """Neither after a restart, nor while what has it waits to be sent."""
    path = tmp_path / "querylog.db"
    async with shared(path, postgres_url) as kit:
        await asked(kit, "www.example.org")
    async with a_log(path) as kit:  # the database is away
        for name in ("a.example.com", "b.example.com"):
            kit.buffer.append(batch([report(name)], "192.0.2.9"))
        await until(lambda: kit.log.status()["rows"] == 3)
        await kit.log.delete_name("b.example.com")
    async with a_log(path) as kit:
        kit.buffer.append(batch([report("c.example.com")], "192.0.2.9"))
        await until(lambda: kit.log.status()["rows"] == 3)
        await kit.log.delete_client("192.0.2.9")
    async with shared(path, postgres_url) as kit:
        await until(lambda: not kit.log.outbox.waiting_rows)
        names = {row["name"] for row in await kit.all_rows()}
        assert names == {"www.example.org"}
    async with server_of(postgres_url) as server:
        mine, theirs = await all_of_file(path), await all_of_database(server)
        assert mine["query"] == theirs["query"] and mine["by_name"] == theirs["by_name"]
