"""Other settings for a running server: what is applied, what waits, what is refused."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dnslib
import pytest
from fake_upstream import FakeUpstream
from house import answers, ask, get, house, list_file, running, until
from program import COMMAND, Program

from sinkhole.app.app import App
from sinkhole.dns.filter.match import Matcher
from sinkhole.model.errors import SettingsError


async def test_everything_of_the_policy_is_applied_as_one(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("ads.example.org", "A", ["192.0.2.1"])
        upstream.answer("www.example.org", "A", ["192.0.2.2"])
        async with running(
            house(tmp_path, upstream, filtering__rules=["||www.example.org^"])
        ) as app:
            where = app.addresses[0]
            assert await answers(where, "ads.example.org") == ["192.0.2.1"]
            assert await answers(where, "www.example.org") == ["0.0.0.0"]
            later = await app.apply(
                house(
                    tmp_path,
                    upstream,
                    filtering__rules=["||ads.example.org^"],
                    filtering__blocking={"mode": "nxdomain"},
                    local__records={"nas.home": ["192.0.2.10"]},
                    dns__reserved_names=False,
                )
            )
            assert later == []
            assert (await ask(where, "ads.example.org")).header.rcode == dnslib.RCODE.NXDOMAIN
            assert await answers(where, "www.example.org") == ["192.0.2.2"]
            assert await answers(where, "nas.home") == ["192.0.2.10"]


async def test_lists_come_go_and_stay(tmp_path: Path) -> None:
    one = list_file(tmp_path / "one.txt", "||one.example^", name="One")
    two = list_file(tmp_path / "two.txt", "||two.example^", name="Two")
    async with running(house(tmp_path, filtering__lists=[one])) as app:
        kept = app.library.lists[0]
        await app.apply(house(tmp_path, filtering__lists=[two, one]))
        await until(lambda: len(app.publishing.matcher.lists) == 2, "the new list")
        assert app.library.lists[1] is kept
        assert await answers(app.addresses[0], "two.example") == ["0.0.0.0"]
        await app.apply(house(tmp_path, filtering__lists=[two, {**one, "enabled": False}]))
        assert [each.name for each in app.library.lists] == ["Two"]
        assert (await ask(app.addresses[0], "one.example")).header.rcode == 2
        await app.apply(house(tmp_path, filtering__lists=[one]))
        assert await answers(app.addresses[0], "one.example") == ["0.0.0.0"]


async def test_matchers_are_made_in_threads_and_the_last_one_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large lists take a tenth of a second and more, in which the event loop answers queries."""
    made: list[tuple[str, bool]] = []

    def noting(where: str) -> Callable[..., Matcher]:
        def make(*parts: Any, **named: Any) -> Matcher:
            made.append((where, threading.current_thread() is threading.main_thread()))
            return Matcher(*parts, **named)

        return make

    one = list_file(tmp_path / "one.txt", "||one.example^", name="One")
    two = list_file(tmp_path / "two.txt", "||two.example^", name="Two")
    app = App(house(tmp_path, filtering__lists=[one, two]))
    monkeypatch.setattr("sinkhole.app.classes.Matcher", noting("app"))
    monkeypatch.setattr("sinkhole.control.lists.quarantine.Matcher", noting("quarantine"))
    async with running(app.settings, app=app):
        await asyncio.gather(
            app.apply(house(tmp_path, filtering__lists=[one], filtering__rules=["||a.example^"])),
            app.library.update(),
            app.library.update(force=True),
        )
        assert [each.name for each in app.publishing.matcher.lists] == ["own rules", "One"]
        assert app.publishing.matcher.lists == app.pipeline.policy.group.filter.lists
        assert await answers(app.addresses[0], "a.example") == ["0.0.0.0"]
    assert {where for where, _ in made} == {"app", "quarantine"}
    assert not [where for where, in_loop in made if in_loop]


async def test_who_may_ask_changes_for_those_who_asked_before(tmp_path: Path) -> None:
    rules = {"filtering__rules": ["||ads.example^"]}
    async with running(house(tmp_path, **rules)) as app:
        where = app.addresses[0]
        assert await answers(where, "ads.example") == ["0.0.0.0"]
        await app.apply(house(tmp_path, dns__allow=["192.0.2.0/24"], **rules))
        assert (await ask(where, "ads.example")).header.rcode == dnslib.RCODE.REFUSED
        with pytest.raises(asyncio.IncompleteReadError):
            await ask(where, "ads.example", tcp=True)
        await app.apply(house(tmp_path, **rules))
        assert await answers(where, "ads.example") == ["0.0.0.0"]


async def test_a_client_renamed_shows_at_once_in_log_and_statistics(tmp_path: Path) -> None:
    rules = {"filtering__rules": ["||ads.example^"]}

    def named(name: str) -> list[dict[str, Any]]:
        return [{"name": name, "addresses": ["127.0.0.0/8"]}]

    async def shown(url: str, name: str) -> bool:
        rows = (await get(url, "/api/queries"))["queries"]
        tops = (await get(url, "/api/stats?period=1h"))["top_clients"]
        return [row.get("client_name") for row in [*rows, *tops]] == [name, name]

    async with running(house(tmp_path, clients=named("TV"), **rules)) as app:
        assert app.listening.page is not None
        url = app.listening.page.url
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        await until(lambda: shown(url, "TV"))
        await app.apply(house(tmp_path, clients=named("Telly"), **rules))
        assert await shown(url, "Telly")


async def test_the_data_folder_alone_waits_for_the_next_start(tmp_path: Path) -> None:
    async with running(house(tmp_path)) as app:
        changed = house(tmp_path, data_dir=str(tmp_path / "elsewhere"), dns__rate_limit=7)
        assert await app.apply(changed) == ["data_dir"]
        assert app.settings.dns.rate_limit == 7
        assert app.settings.data_dir == tmp_path / "data"


async def test_what_cannot_be_made_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async with running(house(tmp_path, filtering__rules=["||ads.example^"])) as app:
        before, policy = app.settings, app.pipeline.policy
        broken = house(tmp_path, local__records={"nas.home": ["192.0.2.1"] * 5000})
        with pytest.raises(SettingsError, match=r"local records of nas\.home: more than"):
            await app.apply(broken)
        assert (app.settings, app.pipeline.policy) == (before, policy)


async def test_sighup_reads_the_file_again(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with program.running(filtering__rules=["||one.example^"]):
        program.settle(filtering__rules=["||two.example^"], data_dir=str(tmp_path / "elsewhere"))
        program.send(signal.SIGHUP)
        await until(lambda: "are in force" in program.err, "the new settings")
        assert await answers(program.dns[0], "two.example") == ["0.0.0.0"]
        assert (await ask(program.dns[0], "one.example")).header.rcode == 2
        await until(lambda: "effect after a restart" in program.err, "what has to wait")
        assert "data_dir has changed" in program.err
        assert await program.stop() == 0
    assert "Traceback" not in program.err


async def test_a_file_with_mistakes_changes_nothing_and_all_are_told(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with program.running(filtering__rules=["||one.example^"]):
        program.settle(filtering__rules=["||two.example^"], dns__alow=[], web__listen="x")
        program.send(signal.SIGHUP)
        await until(lambda: "web.listen" in program.err, "the mistakes")
        assert "dns.alow: unknown key" in program.err
        assert program.err.count("the settings stay as they were") == 2
        assert await answers(program.dns[0], "one.example") == ["0.0.0.0"]
        program.settle(filtering__rules=["||two.example^", "two words"])
        program.send(signal.SIGHUP)
        await until(lambda: "are in force" in program.err, "the new settings")
        await until(lambda: "filtering.rules[1]: 'two words'" in program.err, "the odd rule")
        assert await answers(program.dns[0], "two.example") == ["0.0.0.0"]
        assert await program.stop() == 0


async def test_a_terminal_that_is_closed_ends_it(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.settle()
    terminal, ours = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *("setsid", "--ctty", *COMMAND, "run", "--config", str(program.config)),
        stdin=ours,
        stdout=asyncio.subprocess.PIPE,
    )
    os.close(ours)
    assert process.stdout is not None
    while b"Page" not in await process.stdout.readline():
        assert process.returncode is None
    os.close(terminal)
    await process.communicate()
    assert process.returncode == 0
