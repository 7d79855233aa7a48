"""The program as it is installed: started, asked, signalled, killed, started again."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import FakeUpstream, held, silent
from house import (
    answers,
    ask,
    endpoint,
    get,
    get_text,
    has_ipv6,
    list_file,
    list_server,
    locked,
    post,
    query,
    until,
)
from places import nobodys_place
from program import Program

ADS = {"filtering__rules": ["||ads.example^"]}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


# Starting and stopping


async def test_it_says_where_it_is_and_answers_there(program: Program, tmp_path: Path) -> None:
    listen = ["127.0.0.1:0", *(["[::1]:0"] if has_ipv6() else [])]
    lists = [list_file(tmp_path / "a.txt", "||ads.example^", "||more.example^")]
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        async with program.running(upstream, dns__listen=listen, filtering__lists=lists):
            await program.loaded()
            assert f"settings from {program.config}" in program.out
            assert "2 names, 1 of 1 lists loaded" in program.out
            assert f"Data   {tmp_path / 'data'}" in program.out
            host, port = endpoint(program.dns[0])
            assert f"Try it:  dig @{host} -p {port} " in program.out
            assert len(program.dns) == len(listen)
            for where in program.dns:
                for tcp in (False, True):
                    assert await answers(where, "x.ads.example", tcp=tcp) == ["0.0.0.0"]
                    assert await answers(where, "example.org", tcp=tcp) == ["192.0.2.1"]
            assert await get_text(program.url, "/healthz") == (200, "ok\n")
            assert "<title>" in (await get_text(program.url, "/"))[1]
            assert await program.stop() == 0
    assert "Traceback" not in program.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_what_waits_for_an_upstream_is_answered_before_it_ends(
    program: Program, number: signal.Signals
) -> None:
    async with FakeUpstream() as upstream:
        release = asyncio.Event()
        upstream.always = held(release)
        upstream.answer("udp.example.org", "A", ["192.0.2.1"])
        upstream.answer("tcp.example.org", "A", ["192.0.2.1"])
        async with program.running(upstream):
            asked = [
                asyncio.create_task(answers(program.dns[0], "udp.example.org")),
                asyncio.create_task(answers(program.dns[0], "tcp.example.org", tcp=True)),
            ]
            await upstream.seen(2)
            program.send(number)
            release.set()
            assert await asyncio.gather(*asked) == [["192.0.2.1"]] * 2
            assert await program.ended() == 0


async def test_nothing_keeps_it_from_ending(program: Program, tmp_path: Path) -> None:
    """A silent upstream, a list that never comes, a locked log, a browser that says nothing."""
    async with FakeUpstream() as upstream, list_server("||ads.example^") as lists:
        upstream.always = silent
        lists.gate = asyncio.Event()
        changes: dict[str, Any] = {"upstream__timeout": "10s", "filtering__lists": [lists.item()]}
        async with program.running(upstream, **changes):
            await lists.asked(1)
            asked = asyncio.create_task(ask(program.dns[0], "example.org", tcp=True))
            await upstream.seen(1)
            _, browser = await asyncio.open_connection(*endpoint(program.url[len("http://") :]))
            browser.write(b"GET / HTTP/1.1\r\n")
            with locked(tmp_path / "data/querylog.db"):
                assert await program.stop() == 0
            with pytest.raises(asyncio.IncompleteReadError):
                await asked
            browser.close()
    assert "Traceback" not in program.err


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dns__lisen": []}, 'sinkhole.yaml:1: dns.lisen: unknown key, did you mean "listen"?'),
        ({"data_dir": "/dev/null"}, "data_dir: /dev/null cannot be used: File exists"),
    ],
)
async def test_what_keeps_it_from_starting_is_said_in_one_line(
    program: Program, changes: dict[str, Any], reason: str
) -> None:
    program.settle(**changes)
    await program.launch()
    assert await program.ended() == 1
    assert reason in program.err
    assert len(program.err.splitlines()) == 1
    assert program.out == ""


async def test_while_its_port_is_taken_it_says_so_and_answers_once_it_is_free(
    program: Program,
) -> None:
    place = nobodys_place()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(place)
        async with program.running(dns__listen=[str(place)], **ADS):
            await until(lambda: "Next:" in program.out, "the end of the greeting")
            assert "DNS    nowhere yet, see the notes below" in program.out
            assert f"Next:    open {program.url}, which sees it" in program.out
            for said in (program.out, program.err):
                assert f"dns.listen: {place} is in use by " in said
                assert f"`sudo ss -lnptu 'sport = :{place.port}'` tells which one" in said
            assert "Traceback" not in program.err
            status, text = await get_text(program.url, "/healthz")
            assert (status, text.splitlines()[0]) == (503, "failing")
            assert f"{place} is in use by " in text
            assert (await get_text(program.url, "/readyz"))[0] == 503
            unwell = await program.command("healthcheck")
            assert unwell.code == 1
            assert f"{place} is in use by " in unwell.err
            other.close()
            await until(lambda: f"answered on {place} over UDP now" in program.err, "the port")
            assert await answers(str(place), "ads.example") == ["0.0.0.0"]
            assert (await program.command("healthcheck")).code == 0
            assert (await get_text(program.url, "/healthz"))[0] == 200
            assert await program.stop() == 0


async def test_without_port_and_page_there_is_no_use_in_running(program: Program) -> None:
    place, page = nobodys_place(), nobodys_place()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other, socket.socket() as web:
        other.bind(place)
        web.bind(page)
        web.listen()
        program.settle(dns__listen=[str(place)], web__listen=str(page))
        await program.launch()
        assert await program.ended() == 1
    told = program.err.splitlines()[-2:]
    assert told[0].startswith(f"dns.listen: {place} is in use by ")
    assert told[1].startswith(f"web.listen: can not listen on {page.host} port {page.port}")
    assert program.out == ""


async def test_what_is_missing_is_said_in_the_greeting_and_the_log_and_ends_nothing(
    program: Program,
) -> None:
    changes = {"dns__listen": ["127.0.0.1:0", "192.0.2.1:5353"], "web__listen": "192.0.2.1:80"}
    async with program.running(**changes, **ADS):
        await program.loaded()
        assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
        assert "DNS    127.0.0.1:" in program.out
        assert "Page   nowhere yet, see the notes below" in program.out
        for text in (
            "dns.listen: this machine has no address 192.0.2.1",
            "web.listen: can not listen on 192.0.2.1 port 80",
        ):
            assert text in program.out
            assert text in program.err
        assert await program.stop() == 0
    assert "Traceback" not in program.err


async def test_a_second_one_on_the_same_data_is_refused(program: Program) -> None:
    async with program.running(**ADS):
        where = program.dns[0]
        other = await program.command("run")
        assert other.code == 1
        assert "is in use by another running sinkhole" in other.err
        assert await answers(where, "ads.example") == ["0.0.0.0"]
        assert await program.stop() == 0


async def test_settings_may_come_from_the_environment_alone(
    program: Program, tmp_path: Path
) -> None:
    program.settle()
    tree = json.loads(program.config.read_text())
    program.config.write_text("")
    program.environ = {
        "SINKHOLE__DNS__LISTEN": json.dumps(tree["dns"]["listen"]),
        "SINKHOLE__UPSTREAM__SERVERS": json.dumps(tree["upstream"]["servers"]),
        "SINKHOLE__FILTERING__LISTS": "[]",
        "SINKHOLE__FILTERING__RULES": '["||ads.example^"]',
        "SINKHOLE__WEB__LISTEN": tree["web"]["listen"],
        "SINKHOLE__DATA_DIR": str(tmp_path / "data"),
    }
    await program.start()
    try:
        assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
    finally:
        await program.kill()


async def test_it_goes_on_when_nobody_reads_what_it_says(program: Program) -> None:
    """As in `sinkhole run | head -1`."""
    where = str(nobodys_place())
    program.settle(**ADS, dns__listen=[where])
    reading, writing = os.pipe()
    os.close(reading)
    await program.launch(out=writing)
    os.close(writing)
    try:
        while True:
            with suppress(ConnectionRefusedError):  # not up yet
                assert await answers(where, "ads.example") == ["0.0.0.0"]
                break
        assert await program.stop() == 0
        assert "Traceback" not in program.err
    finally:
        await program.kill()


# The commands, beside the running server


async def test_commands_ask_the_running_server(program: Program, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "dns__listen": [str(nobodys_place())],
        "web__listen": str(nobodys_place()),
        "filtering__lists": [list_file(tmp_path / "a.txt", "||ads.example^")],
    }
    async with FakeUpstream() as upstream, program.running(upstream, **given):
        await program.loaded()
        assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
        assert (await program.command("healthcheck")) == (0, "", "")

        async def counted() -> bool:
            return bool((await get(program.url, "/api/stats"))["totals"]["queries"] == 1)

        await until(counted, "the query in the statistics")
        told = await program.command("stats")
        assert told.code == 0
        assert "100 % of 1 queries blocked in the last 24h" in told.out
        assert "ads.example" in told.out
        as_json = json.loads((await program.command("stats", "--json", "--period", "1h")).out)
        assert as_json["totals"]["blocked"] == 1
        assert "ready" in (await program.command("lists", "status")).out
        assert "blocked by Mine, line 1" in (await program.command("explain", "ads.example")).out
        assert await program.stop() == 0
    for words in (["stats"], ["healthcheck"]):
        told = await program.command(*words)
        assert (told.code, told.out) == (1, "")
        assert "127." in told.err


# kill -9


async def test_kill_9_loses_a_second_of_the_log_at_most_and_never_the_log(
    program: Program, tmp_path: Path
) -> None:
    async with program.running(**ADS):
        answered, pause_s = await _load(program.dns[0])
        await program.kill()
        killed = time.monotonic()
    path = tmp_path / "data/querylog.db"
    database = sqlite3.connect(path)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = database.execute("SELECT text FROM query JOIN name ON name.id = query.name")
        kept = {text for (text,) in rows}
        counted = database.execute("SELECT sum(count) FROM total").fetchone()[0]
    finally:
        database.close()
    assert counted == len(kept)
    # A second, and what a busy machine adds to it.
    old = {name for name, when in answered.items() if when < killed - 2.0 - 5 * pause_s}
    assert len(old) > 50
    assert old <= kept
    async with program.running(**ADS):
        await ask(program.dns[0], "last.ads.example")

        async def has_grown() -> bool:
            status = await get(program.url, "/api/status")
            return status["log"]["rows"] == len(kept) + 1 and status["log"]["error"] is None

        await until(has_grown, "one row more")


async def _load(where: str) -> tuple[dict[str, float], float]:
    """Some hundred queries a second for a while: when each name was answered, and how long the
    machine let us wait at most. The busier it is, the longer this takes."""
    answered: dict[str, float] = {}
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(endpoint(where))
        last = began = time.monotonic()
        pause_s, number = 0.0, 0
        while last - began < 3.0 + 6 * pause_s:
            names = [f"n{number + step}.ads.example" for step in range(10)]
            number += len(names)
            for name in names:
                await loop.sock_sendall(sock, query(name))
            for name in names:
                async with asyncio.timeout(20):
                    await loop.sock_recv(sock, 4096)
                now = answered[name] = time.monotonic()
                pause_s, last = max(pause_s, now - last), now
            await asyncio.sleep(0.01)
    return answered, pause_s


async def test_kill_9_during_list_updates_never_loses_a_list(program: Program) -> None:
    dice = random.Random(5353)
    versions = [tuple(f"||n{i}.v{version}.example^" for i in range(400)) for version in (0, 1)]
    async with list_server("||always.example^", *versions[0]) as lists:
        changes = {"filtering__lists": [lists.item()]}
        async with program.running(**changes):
            await program.loaded()
            await program.kill()
        for round_ in range(1, 7):
            async with program.running(**changes):
                await _blocks_whole_list(program, versions)
                lists.rules = ("||always.example^", *versions[round_ % 2])
                update = asyncio.create_task(post(program.url, "/api/lists/update"))
                await lists.asked(lists.requests + 1)
                await asyncio.sleep(dice.random() * 0.3)
                await program.kill()
                await asyncio.gather(update, return_exceptions=True)
        lists.status = 503
        async with program.running(**changes):
            await _blocks_whole_list(program, versions)
            folder = program.folder / "data/lists"
            whole = {".json", ".txt", ".trie", ".lock", ".compiling"}

            def is_tidy() -> bool:
                # The draft of a count is replaced by the next count, whenever one is needed.
                names = [path for path in folder.iterdir() if path.name != "unique.json.new"]
                found = {path.suffix or path.name for path in names}
                return found - {".gz"} == whole  # a packed copy is kept of the version before

            await until(is_tidy, "the removal of what was left half done")


async def _blocks_whole_list(program: Program, versions: list[tuple[str, ...]]) -> None:
    """At once after the start the old list is in force, or the new one, and the whole of it."""
    where = program.dns[0]
    assert await answers(where, "always.example") == ["0.0.0.0"]
    blocked = [await answers(where, f"n399.v{v}.example") == ["0.0.0.0"] for v in (0, 1)]
    assert sum(blocked) == 1
    in_force = blocked.index(True)
    for i in (0, 200):
        assert await answers(where, f"n{i}.v{in_force}.example") == ["0.0.0.0"]
