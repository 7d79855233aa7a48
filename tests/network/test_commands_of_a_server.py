"""Commands beside a running server, by the socket in its data folder, and without one."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fake_upstream import FakeUpstream
from house import LIMIT_S, answers, list_file
from program import COMMAND, Program

from sinkhole.cli.calling import OfflineCaller
from sinkhole.model.errors import StorageError


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    """A running server with a list, and an upstream that knows example.org."""
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        lists = [list_file(tmp_path / "list.txt", "||ads.example^")]
        async with Program(tmp_path).running(upstream, filtering__lists=lists) as running:
            await running.loaded()
            yield running


async def test_the_filter_is_paused_and_resumed_from_the_next_query_on(program: Program) -> None:
    assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
    told = await program.command("pause", "10m")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("The filter is off, for 10 min; paused by ")
    assert await answers(program.dns[0], "ads.example") != ["0.0.0.0"]
    assert (await program.command("resume")).out == "The filter is on.\n"
    assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]


async def test_a_name_is_blocked_and_allowed_in_one_step(program: Program) -> None:
    told = await program.command("block", "example.org", "--dry-run")
    assert (told.code, told.err) == (0, "")
    assert "+ ||example.org^" in told.out
    assert await answers(program.dns[0], "example.org") == ["192.0.2.1"]
    assert (await program.command("block", "example.org")).out.endswith("from the next query on.\n")
    assert await answers(program.dns[0], "example.org") == ["0.0.0.0"]
    asked = await program.command("query", "example.org")
    assert "decided by own rules line 1: ||example.org^" in asked.out
    assert (await program.command("allow", "example.org", "--for", "1h", "--json")).code == 0
    assert await answers(program.dns[0], "example.org") == ["192.0.2.1"]


async def test_a_name_that_nothing_refuses_is_allowed_for_what_its_answer_leads_to(
    program: Program,
) -> None:
    told = await program.command("allow", "example.org", "--yes")
    assert (told.code, told.err) == (0, "")
    assert "example.org is let pass, and would be allowed (by own rules):" in told.out
    assert "+ @@||example.org^" in told.out
    assert "the exception also covers what its answer leads to" in told.out
    again = await program.command("allow", "example.org")
    assert again.out == "example.org is allowed (by own rules) already.\n"


async def test_a_name_that_is_answered_otherwise_is_blocked(program: Program) -> None:
    told = await program.command("block", "use-application-dns.net", "--dry-run")
    assert (told.code, told.err) == (0, "")
    assert "use-application-dns.net is rewritten (by built-in), and would be blocked" in told.out
    assert "+ ||use-application-dns.net^" in told.out


async def test_what_no_query_can_meet_is_refused_by_the_live_log(program: Program) -> None:
    told = await program.command("tail", "--verdict", "nope")
    assert told.code == 1 and "verdict is 'nope'; it may be one of" in told.err


async def test_the_live_log_is_filtered_as_a_search_is(program: Program) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "tail", "--json", "--text", "ADS", "--client", "127.0.0.0/8",
        "--list", "Mine", "--match", "below", "--name", "Example.",
        "--config", str(program.config),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        asking = asyncio.create_task(_keep_asking(program.dns[0]))
        row = json.loads(await process.stdout.readline())
        asking.cancel()
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    told = await program.command("log", "show", row["id"])
    assert (told.code, told.err) == (0, "")
    assert "Mine line 1: ||ads.example^" in told.out


async def test_what_a_household_names_is_set_shown_and_forgotten(program: Program) -> None:
    told = await program.command("records", "set", "nas.home", "192.0.2.10")
    assert (told.code, told.out) == (0, '  local.records[nas.home]: null -> ["192.0.2.10"]\n')
    assert await answers(program.dns[0], "nas.home") == ["192.0.2.10"]
    assert "nas.home" in (await program.command("records", "list")).out
    told = await program.command("clients", "set", "tv", "--address", "192.0.2.7", "--dry-run")
    assert (told.code, told.err) == (0, "")
    assert (await program.command("clients", "list")).out == "There are none.\n"
    for words in (["upstream-sets", "set", "vpn", "192.0.2.1"], ["routes", "set", "a.home", "vpn"]):
        assert (await program.command(*words)).code == 0
    refused = await program.command("upstream-sets", "remove", "vpn")
    assert refused.code == 1 and "vpn" in refused.err
    for group, name in (("routes", "a.home"), ("upstream-sets", "vpn"), ("records", "nas.home")):
        assert (await program.command(group, "remove", name)).code == 0
    audit = await program.command("audit", "--limit", "1")
    assert "  records.remove name=nas.home" in audit.out


async def test_the_settings_file_is_read_again_by_a_command(program: Program) -> None:
    assert (await program.command("settings", "reload")).out == "Nothing changes.\n"
    text = program.config.read_text()
    program.config.write_text(text.replace("{", '{"dns64": {"enabled": "perhaps"}, ', 1))
    told = await program.command("settings", "reload")
    assert told.code == 1 and "dns64" in told.err
    program.config.write_text(text)


async def test_settings_are_changed_and_taken_back_while_it_runs(program: Program) -> None:
    told = await program.command("settings", "set", "upstream.timeout", "3s")
    assert (told.code, told.out) == (0, "  upstream.timeout: 2s -> 3s\n")
    assert (await program.command("settings", "get", "upstream.timeout")).out == "3s\n"
    told = await program.command("settings", "set", "upstream.timeout", "soon")
    assert told.code == 1 and "upstream.timeout" in told.err
    assert (await program.command("settings", "undo")).out == "  upstream.timeout: 3s -> 2s\n"
    told = await program.command("settings", "set", "dns.listen", '["127.0.0.1:0"]')
    assert told.code == 1 and f"held by {program.config}:1" in told.err


async def test_the_live_log_is_told_row_by_row_and_ends_well(program: Program) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "tail", "--json", "--name", "ads", "--config", str(program.config),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        asking = asyncio.create_task(_keep_asking(program.dns[0]))
        row = json.loads(await process.stdout.readline())
        asking.cancel()
        assert (row["name"], row["blocked"]) == ("ads.example", True)
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def _keep_asking(server: str) -> None:
    """Ask until whoever listens has come: what was asked before he did, he is not told."""
    while True:
        await answers(server, "example.org")
        await answers(server, "ads.example")
        await asyncio.sleep(0.05)


async def test_a_backup_is_fetched_and_restored(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "kept.zip"
    assert (await program.command("rules", "add", "||kept.example^")).code == 0
    told = await program.command("backup", str(file))
    assert (told.code, told.err) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert (await program.command("rules", "remove", "||kept.example^")).code == 0
    assert await answers(program.dns[0], "kept.example") != ["0.0.0.0"]
    assert (await program.command("restore", str(file))).code == 1, "nobody could be asked"
    told = await program.command("restore", str(file), "--yes")
    assert (told.code, told.err) == (0, "")
    assert await answers(program.dns[0], "kept.example") == ["0.0.0.0"]


async def test_health_is_asked_where_it_listens(program: Program) -> None:
    """The settings have port 0 only; the server says where it is."""
    assert await program.command("healthcheck") == (0, "", "")
    assert (await program.command("status")).out.startswith("sinkhole ")
    assert "queries blocked" in (await program.command("stats")).out


async def test_what_a_command_did_without_a_server_counts_from_its_start_on(
    program: Program,
) -> None:
    assert await program.stop() == 0
    assert (await program.command("cache", "show")).code == 1
    assert (await program.command("rules", "add", "||later.example^")).code == 0
    assert "socket" in (await program.command("pause", "1h")).out
    assert (await program.command("resume")).code == 0
    await program.start()
    assert await answers(program.dns[0], "later.example") == ["0.0.0.0"]


async def test_nothing_is_written_beside_a_server_that_offers_no_socket(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program.folder / "data" / "sinkhole.sock").unlink()
    monkeypatch.setattr("sinkhole.app.offline.LOCK_PATIENCE_S", 0.5)
    rule = {"rules": ["||x.example^"]}
    with pytest.raises(StorageError, match="in use by a sinkhole that offers no socket"):
        await asyncio.to_thread(OfflineCaller(program.config).call, "rules.add", rule)
    assert (await program.command("rules", "list")).code == 0, "looking is free"
    with sqlite3.connect(program.folder / "data" / "state.db") as database:
        assert "x.example" not in "".join(map(str, database.iterdump()))


async def test_a_server_that_was_only_starting_is_waited_for(program: Program) -> None:
    """A command found no socket, and then the folder held: by who offers one meanwhile."""
    rule = {"rules": ["||x.example^"]}
    await asyncio.to_thread(OfflineCaller(program.config).call, "rules.add", rule)
    assert await answers(program.dns[0], "x.example") == ["0.0.0.0"]
