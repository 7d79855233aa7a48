"""What settings would have done, asked of a running server: by the API and by commands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import FakeUpstream
from house import answers, list_file, post, until
from program import Program

GAMES = ["games.example"]


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    """A running server with a list, that was asked for three names."""
    async with FakeUpstream() as upstream:
        upstream.answer("games.example", "A", ["192.0.2.1"])
        lists = [list_file(tmp_path / "list.txt", "||ads.example^")]
        async with Program(tmp_path).running(upstream, filtering__lists=lists) as running:
            await running.loaded()
            for name in ("games.example", "games.example", "ads.example"):
                await answers(running.dns[0], name)
            await until(lambda: rows(running.url, 3), "the log")
            yield running


async def rows(url: str, wanted: int) -> bool:
    """Whether the log has so many."""
    _, found = await post(url, "/api/v1/log/search", text="example")
    return len(found["rows"]) >= wanted


async def preview(url: str, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    status, told = await post(url, "/api/v1/settings/preview", changes=changes, **more)
    assert status == 200, told
    found: dict[str, Any] = told
    return found


async def test_what_a_change_would_have_done_is_told_and_nothing_is_changed(
    program: Program,
) -> None:
    told = await program.command("clients", "set", "Me", "--address", "127.0.0.1")
    assert told.code == 0, told.err
    only = {"name": "Me", "addresses": ["127.0.0.1"], "allow_only": True}
    by_api = await preview(program.url, {"key": "clients", "item": "Me", "value": only})
    assert (by_api["blocked"], by_api["freed"], by_api["changed"]) == (2, 0, 0)
    (me,) = by_api["clients"]
    assert (me["name"], me["client"], me["queries"]) == ("Me", "127.0.0.1", 3)
    (games,) = me["names"]
    assert (games["name"], games["types"], games["queries"]) == ("games.example", ["A"], 2)
    assert (games["before"]["outcome"], games["after"]["list"]) == ("forwarded", "allow only")

    words = ("clients", "set", "Me", "--keep", "allow_only=true", "--preview")
    told = await program.command(*words)
    assert (told.code, told.err) == (0, "")
    assert "it would have blocked 2, freed 0 and answered 0 otherwise" in told.out
    assert "blocked by allow only" in told.out
    by_command = json.loads((await program.command(*words, "--json")).out)
    assert by_command["clients"] == by_api["clients"]

    await answers(program.dns[0], "ads.example")
    assert await answers(program.dns[0], "games.example") == ["192.0.2.1"]
    shown = json.loads((await program.command("clients", "list", "--json")).out)
    assert [each["value"]["name"] for each in shown] == ["Me"]
    assert not any("allow_only" in each["value"] for each in shown)


async def test_any_settings_are_tried_and_those_of_the_file_by_now(program: Program) -> None:
    told = await program.command("settings", "preview", "filtering.rules", '["||games.example^"]')
    assert (told.code, told.err) == (0, "")
    assert "127.0.0.1" in told.out
    assert "blocked by own rules: ||games.example^" in told.out
    told = await program.command("settings", "preview")
    assert told.out == "Nothing changes.\n"
    tree = json.loads(program.config.read_text())
    tree["filtering"]["lists"] = []
    program.config.write_text(json.dumps(tree))
    told = await program.command("settings", "preview")
    assert (told.code, told.err) == (0, "")
    assert "it would have blocked 0, freed 1 and answered 0 otherwise" in told.out
    assert "blocked by Mine: ||ads.example^" in told.out
    assert await answers(program.dns[0], "ads.example") == ["0.0.0.0"]
    told = await program.command("groups", "set", "kids", "--at", "fri 21:30")
    assert (told.code, told.out) == (2, "")
    told = await program.command("settings", "preview", "filtering.rules", "[]", "--at", "noon")
    assert told.code == 1
    assert "'noon' is no moment" in told.err
