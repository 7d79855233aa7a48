"""The settings that new servers begin with: something is blocked at once, more as soon as it comes.

No list is fetched from the internet here: the upstream is nobody, so its host has no address, or
the list's address is replaced by one on loopback.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from house import NOBODY, ListServer, answers, get, list_server, running, until
from program import Program

from sinkhole.cli import run
from sinkhole.control.settings import Settings, first_start, load
from sinkhole.control.settings.plain import plain_of

INSTALLED = Path(__file__).parents[2] / "config" / "sinkhole.yaml"
STARTER, SUBSCRIBED = "Starter", first_start.SUBSCRIBED.name


def here(folder: Path) -> dict[str, str]:
    """Variables for free ports, a folder of its own and no upstream."""
    return {
        "SINKHOLE__DNS__LISTEN": '["127.0.0.1:0"]',
        "SINKHOLE__WEB__LISTEN": "127.0.0.1:0",
        "SINKHOLE__UPSTREAM__SERVERS": f'["{NOBODY}"]',
        "SINKHOLE__DATA_DIR": str(folder / "data"),
    }


def settings_with(folder: Path, server: ListServer) -> Settings:
    """The settings of a new server with the list it subscribes to from `server`."""
    file = folder / "sinkhole.yaml"
    file.write_text(INSTALLED.read_text() + "\nfiltering: {private_sources: true}\n")
    entry = {**plain_of(first_start.SUBSCRIBED), "url": server.url}
    return load(file, here(folder), {("filtering.lists", SUBSCRIBED.casefold()): entry})


async def states(url: str) -> dict[str, str]:
    return {each["name"]: each["state"] for each in (await get(url, "/api/status"))["lists"]}


async def test_without_a_network_the_starter_serves_and_the_other_says_why_not(
    tmp_path: Path,
) -> None:
    program = Program(tmp_path)
    program.config.write_text(INSTALLED.read_text())
    program.environ = here(tmp_path)
    await program.start()
    try:
        await program.loaded()
        assert await states(program.url) == {STARTER: "ready", SUBSCRIBED: "failed"}
        assert await answers(program.dns[0], "www.doubleclick.net") == ["0.0.0.0"]
        assert f"2 lists are still being fetched: {STARTER}, {SUBSCRIBED}\n" in program.out
        assert "1 of 2 lists loaded\n" in program.out
        assert f"{SUBSCRIBED}: adguardteam.github.io can't be resolved" in program.out
        assert await program.stop() == 0
    finally:
        await program.kill()


async def test_a_list_that_takes_its_time_is_named_until_it_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "LISTS_PATIENCE_S", 0.0)
    async with list_server("||only-there.example^") as server:
        server.gate = asyncio.Event()
        async with running(settings_with(tmp_path, server), lists=False) as app:
            (where,), web = app.addresses, app.listening.page
            assert web is not None
            await server.asked(1)

            async def only_starter() -> bool:
                return await states(web.url) == {STARTER: "ready", SUBSCRIBED: "missing"}

            await until(only_starter, "the starter list")
            greeting = asyncio.create_task(run.greet(app, None))
            said = ""

            def heard(words: str) -> bool:
                nonlocal said
                said += capsys.readouterr().out
                return words in said

            await until(lambda: heard("Try it:"), "the greeting")
            coming = f"1 list is still being fetched: {SUBSCRIBED}\n"
            assert f"  Lists  {coming}" in said
            assert f"names, 1 of 2 lists loaded\n         {coming}" in said

            async def blocks() -> bool:
                return await answers(where, "www.doubleclick.net") == ["0.0.0.0"]

            await until(blocks, "the starter list in force")  # a moment after it is ready
            assert await answers(where, "www.only-there.example") == []
            server.gate.set()
            await greeting
            assert heard("names, 2 of 2 lists loaded\n")
            assert await answers(where, "www.only-there.example") == ["0.0.0.0"]
            assert await states(web.url) == {STARTER: "ready", SUBSCRIBED: "ready"}


async def test_a_late_list_that_fails_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "LISTS_PATIENCE_S", 0.0)
    async with list_server() as server:
        server.status = 404
        async with running(settings_with(tmp_path, server), lists=False) as app:
            await run.greet(app, None)
    assert f"         {SUBSCRIBED}: HTTP status 404" in capsys.readouterr().out
