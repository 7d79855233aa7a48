"""A bug in any part costs that part a moment, and is told: nothing ends for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import FakeUpstream
from house import answers, get, house, list_file, rcode_of, running, until, wanted
from house import ask as ask_dns
from settings_file import write_settings

from sinkhole.app import listening
from sinkhole.app.app import App
from sinkhole.app.cache_file import CacheFile
from sinkhole.app.publishing import Publishing
from sinkhole.app.service_manager import ServiceManager
from sinkhole.cli.run import _reload_when
from sinkhole.control.lists.library import Library
from sinkhole.control.querylog.writer import Writer
from sinkhole.dns.server.listeners import Listeners
from sinkhole.dns.server.waiting_room import WaitingRoom
from sinkhole.dns.upstream.forwarder import Forwarder
from sinkhole.model import tasks

ADS = {"filtering__rules": ["||ads.example^"]}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE_S", 0.01)


def failing_once(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    """The first call of a method raises what no one expects."""
    ordinary, fails = getattr(owner, name), [True]

    def method(*given: Any, **options: Any) -> Any:
        if fails:
            fails.pop()
            raise ValueError("embedded null byte")
        return ordinary(*given, **options)

    monkeypatch.setattr(owner, name, method)


def fault_of(app: App) -> str:
    (told,) = [problem for problem in app.problems() if "embedded null byte" in problem]
    return told


@pytest.mark.parametrize("method", ["_begin_due", "_adopt_commits", "_attempt"])
async def test_an_error_in_the_lists_task_costs_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    failing_once(monkeypatch, Library, method)
    lists = [list_file(tmp_path / "a.txt", "||ads.example^")]
    async with running(house(tmp_path, filtering__lists=lists)) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        await until(lambda: app.faults.count, "the error")
        assert "lists met an error of sinkhole's own" in fault_of(app)
        ours = [r for r in caplog.records if r.exc_info and r.name.startswith("sinkhole.")]
        assert len(ours) == 1
        status = await get(app.listening.url, "/api/status")
        assert fault_of(app) in status["problems"]
        assert status["losses"]["internal_errors"] == app.faults.count


@pytest.mark.parametrize(
    ("owner", "method", "where"),
    [
        (Library, "load_now", "loading the lists"),
        (CacheFile, "restore", "reading the saved answers"),
        (Writer, "open", "opening the query log"),
    ],
)
async def test_an_error_at_the_start_leaves_the_rest_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, where: str
) -> None:
    monkeypatch.setattr(listening, "FIRST_RETRY_S", 0.01)
    failing_once(monkeypatch, owner, method)
    async with running(house(tmp_path, **ADS)) as app:
        assert fault_of(app).startswith(where)

        async def is_blocked_and_logged() -> bool:
            if await answers(app.addresses[0], "ads.example") != ["0.0.0.0"]:
                return False
            return bool((await get(app.listening.url, "/api/queries"))["queries"])

        await until(is_blocked_and_logged, "own rules and a row of the log")


async def test_an_error_while_stopping_loses_no_row_and_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_once(monkeypatch, Listeners, "close")
    failing_once(monkeypatch, Forwarder, "close")
    async with running(house(tmp_path, **ADS)) as app:
        await answers(app.addresses[0], "ads.example")
    assert app.faults.count == 2
    async with running(house(tmp_path, **ADS)) as app:
        assert len((await get(app.listening.url, "/api/queries"))["queries"]) == 1


@pytest.mark.parametrize("method", ["_round", "_pause", "_commit"])
async def test_an_error_in_the_logs_writer_costs_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    failing_once(monkeypatch, Writer, method)
    async with running(house(tmp_path, **ADS)) as app:

        async def is_logged() -> bool:
            await answers(app.addresses[0], "ads.example")
            return bool((await get(app.listening.url, "/api/queries"))["queries"])

        await until(is_logged, "a row of the log")


async def test_an_error_over_a_datagram_costs_that_datagram(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_once(monkeypatch, WaitingRoom, "enter")
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        async with running(house(tmp_path, upstream)) as app:
            assert await answers(app.addresses[0], "example.org") == ["192.0.2.1"]  # asked twice
            assert fault_of(app).startswith("a callback met an error")


async def test_a_reload_that_fails_half_way_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(house(tmp_path, **ADS)) as app:
        where, before = app.addresses[0], app.settings
        failing_once(monkeypatch, Publishing, "_planned")
        with pytest.raises(ValueError, match="embedded"):
            await app.apply(house(tmp_path, filtering__rules=["||other.example^"]))
        assert app.settings is before
        assert await answers(where, "ads.example") == ["0.0.0.0"]
        assert rcode_of(await ask_dns(where, "other.example")) == "SERVFAIL"
        await app.apply(house(tmp_path, filtering__rules=["||other.example^"]))
        assert await answers(where, "other.example") == ["0.0.0.0"]


async def test_a_signal_after_an_error_of_a_reload_is_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    changed = asyncio.Event()
    config = write_settings(tmp_path / "sinkhole.yaml", wanted(tmp_path, **ADS))
    async with running(app=await App.of(config, {})) as app:
        write_settings(config, wanted(tmp_path, filtering__rules=["||other.example^"]))
        failing_once(monkeypatch, App, "reload")
        reloading = asyncio.create_task(_reload_when(changed, app, config, ServiceManager({})))
        changed.set()
        await until(lambda: app.faults.count, "the error")
        assert fault_of(app).startswith("reading the settings again met an error")
        assert "the settings stay as they were" in caplog.text
        changed.set()

        async def is_in_force() -> bool:
            return await answers(app.addresses[0], "other.example") == ["0.0.0.0"]

        await until(is_in_force, "the new settings")
        reloading.cancel()
