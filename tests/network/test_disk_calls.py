"""The event loop, which answers DNS, never asks the disk for anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from disk_calls import DiskWatch, Served
from fake_upstream import FakeUpstream
from house import (
    LIMIT_S,
    ListServer,
    answers,
    get,
    get_text,
    house,
    list_file,
    list_server,
    post,
    until,
)

from sinkhole.control.querylog import upkeep
from sinkhole.dns.server import udp


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[DiskWatch]:
    """A watch that begins with the first socket that is served, and a server that never rests."""
    monkeypatch.setattr(upkeep, "TIDY_EVERY_S", 0.0)
    with DiskWatch() as watch:
        plain = udp.UdpListener.__init__

        def listening(self: udp.UdpListener, *arguments: Any, **options: Any) -> None:
            plain(self, *arguments, **options)
            watch.watch_this_thread()

        monkeypatch.setattr(udp.UdpListener, "__init__", listening)
        yield watch


async def everything(served: Served, source: ListServer, folder: Path) -> None:
    """All that a server does while it runs: queries, the page, lists, the log, its settings."""
    app = served.app
    (where,), url = app.addresses, app.listening.page.url if app.listening.page else ""
    await served.does(app.first_lists(LIMIT_S))
    assert await answers(where, "ads.example") == ["0.0.0.0"]
    assert await answers(where, "example.org", tcp=True) == ["192.0.2.1"]
    for path in ("/api/status", "/api/stats", "/api/queries", "/api/lists"):
        await get(url, path)
    await get(url, "/api/explain?name=ads.example")
    for path in ("/metrics", "/healthz", "/"):
        assert (await get_text(url, path))[0] == 200
    source.rules = ["||fetched.example^", "||more.example^"]
    assert (await post(url, "/api/lists/update"))[1]["updated"] == 1
    assert await answers(where, "more.example") == ["0.0.0.0"]
    (folder / "mine.txt").write_text("||changed.example^\n")
    await until(lambda: app.library.lists[0].rules == 1, "the look at a file that has changed")
    await served.does(app.answers.file.save())
    changed = house(folder, filtering__rules=["||own.example^"])
    await served.does(app.apply(changed))
    assert await answers(where, "own.example") == ["0.0.0.0"]
    # The log's file goes away, and a new one is made.
    (folder / "data/querylog.db").unlink()

    async def is_written() -> bool:
        await answers(where, "own.example")
        return (await get(url, "/api/status"))["log"]["rows"] > 0

    await until((folder / "data/querylog.db").exists, "a new log")
    await until(is_written, "rows in it")


async def test_whatever_it_does_the_event_loop_leaves_the_disk_alone(
    tmp_path: Path, disk: DiskWatch
) -> None:
    async with FakeUpstream() as upstream, list_server("||fetched.example^") as source:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        lists = [list_file(tmp_path / "mine.txt", "||ads.example^"), source.item()]
        settings = house(tmp_path, upstream, filtering__lists=lists)
        async with Served(settings, disk) as served:
            await everything(served, source, tmp_path)
    assert disk.calls == []


async def test_while_the_disk_sleeps_dns_answers(tmp_path: Path, disk: DiskWatch) -> None:
    """Each call to the disk comes back only when a query was answered meanwhile."""
    async with FakeUpstream() as upstream, list_server("||fetched.example^") as source:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        lists = [list_file(tmp_path / "mine.txt", "||ads.example^"), source.item()]
        settings = house(tmp_path, upstream, filtering__lists=lists)
        async with Served(settings, disk) as served:
            with disk.asleep():
                work = asyncio.create_task(everything(served, source, tmp_path))
                while not work.done():
                    assert (await answers(served.app.addresses[0], "sinkhole.test")) == []
                    disk.wake()
                await work
    assert disk.naps > 100


def test_the_watch_sees_what_it_is_there_for(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with DiskWatch() as watch:
        file.write_text("before")
        watch.watch_this_thread()
        file.stat()
        file.write_text("x")
        file.rename(tmp_path / "other")
        list(tmp_path.iterdir())
        assert not file.exists()
    file.write_text("after")
    assert [call.split("\n")[0].split(" ")[0] for call in watch.calls] == [
        "stat", "open", "os.rename", "os.listdir", "stat",
    ]  # fmt: skip
    assert "test_the_watch_sees" in watch.calls[0]
