"""DNS by several processes: they are one server, whichever of them comes, goes or dies."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Any, Final

import dnslib
import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver
from certificates import client_context, leaf
from fake_upstream import FakeUpstream
from house import answers, ask, house, query, running, until
from load import load
from places import nobodys_place
from program import Program

from sinkhole.app.app import App
from sinkhole.app.crew import Crew
from sinkhole.model.errors import SettingsError

ADS: Final = {"filtering__rules": ["||ads.example^"]}
NAMES: Final = [f"{number}.ads.example" for number in range(50)]


def crew_of(app: App) -> Crew:
    """The workers of a server, which has some."""
    crew = app.workers.crew
    assert crew is not None
    return crew


async def blocked(where: str, *, tcp: bool = False) -> None:
    """Ask for names of which each worker has some."""
    for name in NAMES:
        assert await answers(where, name, tcp=tcp) == ["0.0.0.0"]


async def test_several_processes_are_one_server(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        for name in NAMES:
            upstream.answer(name.replace("ads", "www"), "A", ["192.0.2.1"])
        async with running(house(tmp_path, upstream, dns__workers=2, **ADS)) as app:
            where, pids = app.addresses[0], {each.pid for each in crew_of(app)}
            assert len(pids) == 2 and os.getpid() not in pids
            await blocked(where)
            await blocked(where, tcp=True)
            for name in NAMES:
                assert await answers(where, name.replace("ads", "www")) == ["192.0.2.1"]
            log = await app.open_log()
            await until(lambda: log.status()["rows"] == 3 * len(NAMES), "all in the log")
            await until(lambda: app.status()["cache"]["entries"] >= 2 * len(NAMES), "the sums")
            await until(lambda: app.status()["upstreams"][0]["queries"] >= len(NAMES), "the sums")
            assert min(state["entries"] for state in crew_of(app).states) > 0
            assert app.problems() == []


async def test_a_name_is_asked_for_once_however_many_answer(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.answer("www.example.org", "A", ["192.0.2.1"])
        async with running(house(tmp_path, upstream, dns__workers=3)) as app:
            for spelling in ("www.example.org", "WWW.example.org", "www.EXAMPLE.org") * 5:
                assert await answers(app.addresses[0], spelling) == ["192.0.2.1"]
            assert len(upstream.asked("www.example.org")) == 1


async def test_what_is_decided_holds_for_all_of_them(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        for name in NAMES:
            upstream.answer(name, "A", ["192.0.2.1"])
        async with running(house(tmp_path, upstream, dns__workers=2, **ADS)) as app:
            where = app.addresses[0]
            await blocked(where)
            await app.apply(house(tmp_path, upstream, dns__workers=2, filtering__rules=[]))
            await until_all(where, ["192.0.2.1"])
            await app.apply(house(tmp_path, upstream, dns__workers=2, **ADS))
            await until_all(where, ["0.0.0.0"])


async def until_all(where: str, wanted: list[str]) -> None:
    """Ask until each worker answers so: they are told at once, and go over a moment later."""
    for name in NAMES:
        while await answers(where, name) != wanted:
            await asyncio.sleep(0)


async def test_one_that_is_killed_is_followed_and_the_others_answer_for_it(tmp_path: Path) -> None:
    async with running(house(tmp_path, dns__workers=2, **ADS)) as app:
        crew, where = crew_of(app), app.addresses[0]
        before = list(crew)
        os.kill(before[0].pid, signal.SIGKILL)
        await blocked(where)
        await until(lambda: len(crew.ready) == 2, "the next one")
        assert before[0] not in crew.ready and before[1] in crew.ready
        await blocked(where)
        await blocked(where, tcp=True)
        assert crew.ended == 1
        assert any("ended without being told to" in text for text in app.problems())
        for each in crew:  # all of them: then queries wait
            os.kill(each.pid, signal.SIGKILL)
        await blocked(where)


async def test_one_that_says_nothing_any_more_is_ended(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("sinkhole.app.crew.SILENT", 2)
    async with running(house(tmp_path, dns__workers=2, **ADS)) as app:
        crew = crew_of(app)
        await until(lambda: len(crew.states) == 2, "their first words")
        os.kill(crew.ready[0].pid, signal.SIGSTOP)
        await until(lambda: crew.ended, "its end")
        await blocked(app.addresses[0])


async def test_one_that_says_nothing_is_told_of_before_it_is_ended(tmp_path: Path) -> None:
    async with running(house(tmp_path, dns__workers=2, **ADS)) as app:
        crew = crew_of(app)
        await until(lambda: len(crew.states) == 2, "their first words")
        stopped = crew.ready[0].pid
        os.kill(stopped, signal.SIGSTOP)
        await until(lambda: app.workers.quiet, "word of it")
        assert "1 worker of 2 says nothing for" in app.workers.quiet[0]
        for told in (app.problems(), app.health().reasons):
            assert any("says nothing" in each for each in told)
        os.kill(stopped, signal.SIGCONT)
        await until(lambda: not app.workers.quiet, "its words")


async def test_while_the_control_process_stands_still_dns_is_answered(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with program.running(None, dns__workers=2, **ADS):
        where = program.dns[0]
        await blocked(where)
        program.send(signal.SIGSTOP)
        await blocked(where)
        await blocked(where, tcp=True)
        program.send(signal.SIGCONT)
        await blocked(where)
        assert await program.stop() == 0
        assert "stuck" not in program.err


async def test_their_number_changes_and_no_query_is_lost(tmp_path: Path) -> None:
    here = str(nobodys_place())
    async with running(house(tmp_path, dns__listen=[here], **ADS)) as app:
        async with load(here, names=NAMES, tcp=False) as clients:
            for workers in (2, 3, 2, 1, 2, 1):
                before = clients.answered
                await app.apply(house(tmp_path, dns__listen=[here], dns__workers=workers, **ADS))
                await until(lambda before=before: clients.answered > before + 100, "answers")
                await blocked(here, tcp=True)
        assert app.workers.crew is None
        assert app.faults.count == 0


async def test_when_it_ends_all_that_were_answered_are_in_the_log(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with program.running(None, dns__workers=2, **ADS):
        await blocked(program.dns[0])
        assert await program.stop() == 0
    async with running(house(tmp_path)) as app:
        assert (await app.open_log()).status()["rows"] == len(NAMES)


async def test_when_it_is_killed_they_end_by_themselves(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with program.running(None, dns__workers=2, **ADS):
        await blocked(program.dns[0])
        host, _, port = program.dns[0].rpartition(":")
        await program.kill()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((host, int(port)))
            sock.setblocking(False)
            await until(lambda: is_refused(sock), "the port to be free")


def is_refused(sock: socket.socket) -> bool:
    """Whether nobody listens there any more."""
    try:
        sock.send(query("ads.example"))
        sock.recv(4096)
    except ConnectionRefusedError:
        return True
    except BlockingIOError:
        return False
    return False


async def test_a_name_of_one_label_is_answered_too(tmp_path: Path) -> None:
    async with running(house(tmp_path, dns__workers=2)) as app:
        reply = await ask(app.addresses[0], "localhost")
        assert [str(rr.rdata) for rr in reply.rr] == ["127.0.0.1"]


async def test_what_they_keep_is_seen_forgotten_and_kept_over_a_restart(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        names = [name.replace("ads", "www") for name in NAMES]
        for name in names:
            upstream.answer(name, "A", ["192.0.2.1"])
        settings = house(tmp_path, upstream, dns__workers=2)
        async with running(settings) as app:
            for name in names:
                await answers(app.addresses[0], name)
            kept = app.front.house.cache
            assert len(await kept.look_up("www.example", 100, below=True)) == len(names)
            assert await kept.flush("www.example", below=True) == len(names)
            assert await kept.look_up("www.example", 100, below=True) == []
            for name in names:
                await answers(app.addresses[0], name)
        asked = len(upstream.queries)
        async with running(settings) as app:
            for name in names:
                await answers(app.addresses[0], name)
            await app.apply(house(tmp_path, upstream, dns__workers=3))
            for name in names:
                await answers(app.addresses[0], name)
            await app.apply(house(tmp_path, upstream))
            for name in names:
                await answers(app.addresses[0], name)
        assert len(upstream.queries) == asked


async def test_a_device_is_who_it_is_for_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = house(
        tmp_path,
        dns__workers=2,
        clients=[{"name": "Tablet", "hosts": ["tablet"], "rules": ["||ads.example^"]}],
    )
    async with running(settings) as app:
        names = ["tablet"]  # in place of what the network calls this machine, which has no name
        facts = app.devices.facts._replace(hosts=lambda packed: names)
        monkeypatch.setattr(app.workers, "_facts", facts)
        await until_all(app.addresses[0], ["0.0.0.0"])
        names.clear()
        app.planes.learned(bytes((127, 0, 0, 1)))
        await until_all(app.addresses[0], [])


@pytest.mark.parametrize("has_page", [False, True])
async def test_dns_over_https_is_served_with_the_page_beside_it_or_without(
    tmp_path: Path, has_page: bool
) -> None:
    chain, key = leaf("dns.example.org").write(tmp_path)
    encrypted = {
        "dns__https": ["127.0.0.1:0"],
        "dns__certificate": str(chain),
        "dns__certificate_key": str(key),
        "dns__https_page": has_page,
    }
    async with running(house(tmp_path, dns__workers=2, **encrypted, **ADS)) as app:
        port = dict(app.dns.added)["HTTPS"].rpartition(":")[2]
        local = TCPConnector(resolver=Here(), ssl=client_context())
        async with ClientSession(f"https://dns.example.org:{port}", connector=local) as client:
            for name in NAMES[:9]:
                async with client.post(
                    "/dns-query",
                    data=query(name),
                    headers={"Content-Type": "application/dns-message"},
                ) as reply:
                    found = dnslib.DNSRecord.parse(await reply.read())
                    assert [str(rr.rdata) for rr in found.rr] == ["0.0.0.0"]
            async with client.get("/") as page:
                assert (page.status == 200) is has_page


class Here(AbstractResolver):
    """Every name is here."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        place = {"hostname": host, "host": "127.0.0.1", "port": port}
        return [{**place, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize("workers", [1, 2])
async def test_it_begins_anew_and_no_query_is_lost(tmp_path: Path, workers: int) -> None:
    here = str(nobodys_place())
    program = Program(tmp_path)
    async with program.running(None, dns__listen=[here], dns__workers=workers, **ADS):
        async with load(here, names=NAMES, tcp=False) as clients:
            for times in (2, 3):
                program.send(signal.SIGUSR2)
                await until(lambda times=times: program.out.count("Try it:") == times, "the next")
                before = clients.answered
                await until(lambda before=before: clients.answered > before + 100, "answers")
        await blocked(here, tcp=True)
        asked = clients.answered + len(NAMES)
        assert await program.stop() == 0
        assert program.err.count("begins anew") == 2
        assert "Traceback" not in program.err
    async with running(house(tmp_path)) as app:
        assert (await app.open_log()).status()["rows"] == asked


async def test_a_signal_while_it_begins_anew_does_not_end_it(tmp_path: Path) -> None:
    here = str(nobodys_place())
    program = Program(tmp_path)
    async with program.running(None, dns__listen=[here], dns__workers=2, **ADS):
        await program.loaded()
        program.send(signal.SIGUSR2)
        await until(lambda: "begins anew" in program.err, "the end of the program before")

        def is_new() -> bool:
            program.send(signal.SIGHUP)
            return program.out.count("Try it:") == 2

        await until(is_new, "the next")
        await blocked(here)
        assert await program.stop() == 0


async def test_signals_that_all_processes_get_are_not_for_them(tmp_path: Path) -> None:
    async with running(house(tmp_path, dns__workers=2, **ADS)) as app:
        crew = crew_of(app)
        for each in crew:
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
                os.kill(each.pid, number)
        await blocked(app.addresses[0])
        await until(lambda: len(crew.states) == 2, "their words")
        assert crew.ended == 0


async def test_who_does_not_answer_yet_is_waited_for_before_all_are_let_go(tmp_path: Path) -> None:
    async with running(house(tmp_path, dns__workers=2, **ADS)) as app:
        crew = crew_of(app)
        for each in crew:
            os.kill(each.pid, signal.SIGKILL)
        await until(lambda: not crew.ready, "their end")
        left = await crew.let_go()
        assert len(left) == 2
        end(left)


async def test_who_does_not_come_is_not_left_behind(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("sinkhole.app.crew.READY_S", 0)
    async with running(house(tmp_path, dns__workers=2, **ADS)) as app:
        crew = crew_of(app)
        ended, stays = crew.ready
        os.kill(ended.pid, signal.SIGKILL)
        await until(lambda: len(crew.ready) == 1, "its end")
        left = await crew.let_go()
        assert [pid for pid, _ in left] == [stays.pid]
        assert ended.code == -signal.SIGKILL  # somebody has waited for it
        end(left)


def end(left: list[tuple[int, int]]) -> None:
    """End workers that were let go."""
    for pid, _ in left:
        os.kill(pid, signal.SIGKILL)


async def test_who_leaves_takes_no_other_settings(tmp_path: Path) -> None:
    async with running(house(tmp_path, dns__workers=2, **ADS)) as app:
        left = await app.hand_over()
        with pytest.raises(SettingsError, match="beginning anew"):
            await app.apply(house(tmp_path, dns__workers=3, **ADS))
        end([(each.pid, each.link) for each in left.workers])
        for number in left.handles:
            os.close(number)
