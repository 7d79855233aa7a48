"""Passwords and tokens in the addresses of lists are used for fetching, and seen nowhere."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from house import get_text, post
from list_server import LIST, serving
from program import Program

USER, PASSWORD = "hunter", "pa55word"
CREDENTIALS = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (USER, PASSWORD, "t0kenvalue", "unnamedvalue", "fragmentvalue", "8f14e45fceea167a5a36")
BEHIND = "8f14e45fceea167a5a36/list.txt?api_key=t0kenvalue&unnamedvalue#fragmentvalue"
REDIRECTS = {
    "to-ftp": f"ftp://{USER}:{PASSWORD}@example.org/{BEHIND}",
    "to-nowhere": f"http://{USER}:{PASSWORD}@nowhere.example/{BEHIND}",
    "to-no-url": f"http://{USER}:{PASSWORD}@[::1/{BEHIND}",
    "to-no-port": f"//{USER}:{PASSWORD}@example.org:{PASSWORD}/{BEHIND}",
    "in-a-circle": "",
}


class SecretLists:
    """A web server whose lists need a password; it knows what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path.split("/")[1]
        self.asked.append((name, request.query_string))
        if request.headers.get("Authorization") != f"Basic {CREDENTIALS}":
            return web.Response(status=401)
        if name in REDIRECTS:
            target = REDIRECTS[name] or str(request.url)
            return web.Response(status=302, headers={"Location": target})
        if name == "failing":
            return web.Response(status=500, reason=f"no http://{USER}:{PASSWORD}@x/{BEHIND}")
        return web.Response(body=LIST)

    def address(self, name: str) -> str:
        where = self.url.removeprefix("http://")
        return f"http://{USER}:{PASSWORD}@{where}/{name}/{BEHIND}"


@pytest.fixture
async def server() -> AsyncIterator[SecretLists]:
    secret_lists = SecretLists()
    async with serving(secret_lists.answer) as url:
        secret_lists.url = url
        yield secret_lists


def hold_no_secret(**outputs: str) -> None:
    found = [(where, each) for where, text in outputs.items() for each in SECRETS if each in text]
    assert found == []


def texts_of(state: dict[str, Any]) -> Iterator[str]:
    """What a list's state on the disk says, but for the addresses it needs."""
    yield from (str(value) for key, value in state.items() if key not in ("url", "answered_by"))


async def test_no_output_of_the_server_or_a_command_has_them(
    tmp_path: Path, server: SecretLists
) -> None:
    names = ["good", "failing", *REDIRECTS]
    lists = [{"name": name, "url": server.address(name)} for name in names]
    lists += [{"name": "the same", "url": lists[0]["url"]}]
    lists += [{"name": "far", "url": f"https://{USER}:{PASSWORD}@nowhere.example/{BEHIND}"}]
    program = Program(tmp_path)
    async with program.running(filtering__lists=lists, log={"level": "debug"}):
        await program.loaded()
        program.pin()
        await post(program.url, "/api/lists/update")
        pages = {
            path: (await get_text(program.url, path))[1]
            for path in ("/api/lists", "/api/status", "/metrics", "/healthz", "/",
                         "/api/explain?name=ads1.example", "/api/queries", "/api/stats")
        }  # fmt: skip
        hold_no_secret(**pages)
        rows = {row["name"]: row for row in json.loads(pages["/api/lists"])["lists"]}
        assert (rows["good"]["state"], rows["good"]["names"]) == ("ready", 500)
        assert rows["good"]["url"].endswith("/good/***/list.txt?api_key=***&***#***")
        assert [rows[name]["state"] for name in names[1:]] == ["failed"] * (len(names) - 1)
        assert "ftp://***@example.org/***/list.txt?api_key=***" in rows["to-ftp"]["error"]
        await commands_hold_no_secret(program, server)
        assert await program.stop() == 0
    hold_no_secret(greeting=program.out, log=program.err)
    assert "***" in program.err
    states = [json.loads(path.read_text()) for path in (tmp_path / "data/lists").glob("*.json")]
    states = [state for state in states if "url" in state]
    hold_no_secret(
        **{str(number): text for number, state in enumerate(states) for text in texts_of(state)}
    )
    assert len(states) >= len(lists) - 1
    assert {("good", "api_key=t0kenvalue&unnamedvalue")} <= set(server.asked)  # fetched with them


async def commands_hold_no_secret(program: Program, server: SecretLists) -> None:
    for words in (
        ("lists", "status"), ("lists", "status", "--json"), ("lists", "status", "good"),
        ("lists", "status", "to-ftp"), ("lists", "diff", "good"),
        ("lists", "update", "good", "failing", "to-no-url", "--force"),
        ("lists", "preview", server.address("new")), ("lists", "preview", server.address("to-ftp")),
        ("lists", "preview", server.address("new"), "--json"),
        ("lists", "add", server.address("good")), ("lists", "add", server.address("new")),
        ("lists", "add", server.address("new")), ("lists", "status"),
        ("lists", "add", f"ftp://{USER}:{PASSWORD}@example.org/{BEHIND}"),
        ("lists", "add", f"{USER}:{PASSWORD}@example.org/{BEHIND}"),
        ("lists", "add", f"https://{USER}:{PASSWORD}@example.org:{PASSWORD}/{BEHIND}"),
        ("explain", "ads1.example"), ("stats",), ("healthcheck",),
    ):  # fmt: skip
        told = await program.command(*words)
        hold_no_secret(**{f"{words} out": told.out, f"{words} err": told.err})
    whole = program.config.read_text()
    told = await program.command("check-config", str(program.config), config=False)
    assert told.code == 0
    hold_no_secret(out=told.out)
    told = await program.command("check-config", str(program.config), "--secrets", config=False)
    assert server.address("good") in told.out and server.address("good") in whole


@pytest.mark.parametrize(
    "lists",
    [
        '"ADDRESS"', '["ADDRESS"]', '[{"name": "a", "url": ["ADDRESS"]}]', '{"ADDRESS": 1}',
        '[{"name": "a", "url": "ADDRESS", "kind": "ADDRESS", "enabled": "ADDRESS"}]',
        '[{"name": "a", "url": "ADDRESS", "ADDRESS": 1}]', '[{"name": "a", "url": "xADDRESS"}]',
        '[{"name": "a", "url": "ADDRESS x"}]',
        f'[{{"name": "a", "url": "https://{USER}:{PASSWORD}/@example.org/"}}]',
    ],
)  # fmt: skip
async def test_no_mistake_in_the_settings_tells_them(tmp_path: Path, lists: str) -> None:
    address = f"https://{USER}:{PASSWORD}@example.org/{BEHIND}"
    program = Program(tmp_path)
    program.config.write_text(f'filtering: {{"lists": {lists.replace("ADDRESS", address)}}}')
    told = await program.command("check-config", str(program.config), config=False)
    assert told.code == 1 and str(program.config) in told.err
    program.environ = {"SINKHOLE__FILTERING__LISTS": lists.replace("ADDRESS", address)}
    program.config.write_text("")
    again = await program.command("run")
    assert again.code == 1 and "SINKHOLE__FILTERING__LISTS" in again.err
    hold_no_secret(file=told.err, environment=again.err)
