"""A server whose log is shared, by its settings alone."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest
from fake_upstream import FakeUpstream
from house import ask, house, problems_of, running, until

from sinkhole.app.app import App
from sinkhole.control.querylog import Sought, SqliteStore
from sinkhole.control.stats import Statistics
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import SettingsError
from sinkhole.model.record import Batch, Report, Who
from sinkhole.model.verdict import Outcome, Verdict


def is_shared(app: App) -> bool:
    return not isinstance(app.front.house.query_log().store, SqliteStore)


async def nodes_of(app: App) -> list[str]:
    page = await app.front.house.query_log().history.search(Sought())
    return sorted(row["node"] for row in page["queries"])


async def test_two_servers_have_one_log(tmp_path: Path, postgres_url: str) -> None:
    async with FakeUpstream() as upstream:
        attic, cellar = (
            house(tmp_path / name, upstream, storage={"url": postgres_url, "node": name})
            for name in ("attic", "cellar")
        )
        async with running(attic) as one, running(cellar) as other:
            for app in (one, other):
                await until(lambda app=app: is_shared(app))
                await ask(app.addresses[0], "www.example.org")
                log = app.front.house.query_log()
                await until(lambda log=log: log.status()["rows"] and not log.outbox.waiting_rows)
            for app in (one, other):
                assert await nodes_of(app) == ["attic", "cellar"]
                summary = await app.front.house.statistics().summary()
                assert summary["totals"]["queries"] == 2
        async with running(attic) as again:
            await ask(again.addresses[0], "www.example.org")
            await until(lambda: is_shared(again))
            log = again.front.house.query_log()
            await until(lambda: log.status()["rows"] == 2 and not log.outbox.waiting_rows)
            assert await nodes_of(again) == ["attic", "attic", "cellar"], "from the first on"


async def test_it_is_shared_and_no_more_as_settings_say(tmp_path: Path, postgres_url: str) -> None:
    async with FakeUpstream() as upstream, running(house(tmp_path, upstream)) as app:
        assert app.ground is not None and app.ground.settings.apply is not None
        apply = app.ground.settings.apply
        assert not is_shared(app)
        await apply(house(tmp_path, upstream, storage={"url": postgres_url}))
        await until(lambda: is_shared(app))
        assert isinstance(app.front.house.statistics(), Statistics)
        await apply(house(tmp_path, upstream, storage={"url": "postgresql://127.0.0.1:1/none"}))
        await until(lambda: any("database" in each for each in problems_of(app)))
        assert not is_shared(app)
        await apply(house(tmp_path, upstream))
        await until(lambda: not problems_of(app))


async def test_without_asyncpg_it_is_said_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.app.sharing.find_spec", lambda name: None)
    wanted = house(tmp_path, storage={"url": "postgresql://db.example/sinkhole"})
    async with running(wanted) as app:
        await until(lambda: any("pip install asyncpg" in each for each in problems_of(app)))
        assert app.ground is not None and app.ground.settings.apply is not None
        with pytest.raises(SettingsError, match="asyncpg"):
            await app.ground.settings.apply(wanted)


async def command(folder: Path, *words: str) -> tuple[int, str]:
    """A command beside a server in a folder: how it ended, and what it told."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sinkhole", "storage", "migrate", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "SINKHOLE__DATA_DIR": str(folder / "data")},
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


async def test_a_log_moves_to_the_database_and_into_another_file(
    tmp_path: Path, postgres_url: str
) -> None:
    attic, cellar = tmp_path / "attic", tmp_path / "cellar"
    async with FakeUpstream() as upstream, running(house(attic, upstream)) as app:
        asked = Report(from_text("www.example.org"), 1, 0, Verdict(Outcome.CACHED))
        for hours in range(3, 53):
            time_s = time.time() - hours * 3600
            app.buffer.append(Batch(time_s, 100, [(asked, Who("192.0.2.7"))] * 20, "udp"))
        log = app.front.house.query_log()
        await until(lambda: log.status()["rows"] == 1000)
        code, said = await command(attic)
        assert code == 1 and "storage.url" in said
        assert app.ground is not None and app.ground.settings.apply is not None
        await app.ground.settings.apply(
            house(attic, upstream, storage={"url": postgres_url, "node": "attic"})
        )
        await until(lambda: is_shared(app))
        code, said = await command(attic)
        assert code == 0 and "1,000 queries" in said, said
        assert {*await nodes_of(app)} == {"attic"}
        async with running(house(cellar, upstream)) as other:
            back = ("--from-database", "--database", postgres_url)
            code, said = await command(cellar, *back, "--dry-run")
            assert "1,000 queries to take of attic" in said, said
            code, said = await command(cellar, *back, "--node", "barn")
            assert code == 1 and "attic" in said, said
            code, said = await command(cellar, *back)
            assert code == 0 and "1,000 queries taken of attic" in said, said
            summary = await other.front.house.statistics().summary("7d")
            assert summary["totals"]["queries"] == 1000
        code, said = await command(cellar, *back)  # and where no server runs
        assert code == 0 and "0 queries taken" in said, said
