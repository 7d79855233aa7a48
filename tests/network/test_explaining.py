"""explain with a server that runs: over its API, and by the command as a program of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fake_upstream import FakeUpstream, silent
from house import answers, get, get_text, house, list_file, post, running
from program import Program


def scripted(upstream: FakeUpstream) -> None:
    upstream.answer("www.example.org", "CNAME", ["track.example.net"])
    upstream.answer("track.example.net", "A", ["192.0.2.66"])
    upstream.answer("example.org", "A", ["192.0.2.1"])


async def test_the_api_explains_by_what_is_in_use(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        scripted(upstream)
        rules = list_file(tmp_path / "mine.txt", "! mine", "||track.example.net^", "||ads.example^")
        async with running(house(tmp_path, upstream, filtering__lists=[rules])) as app:
            assert app.listening.page is not None
            url = app.listening.page.url

            async def told(query: str) -> Any:
                return await get(url, f"/api/explain?{query}")

            blocked = await told("name=x.ads.example")
            assert (blocked["verdict"], blocked["list"], blocked["line"]) == ("block", "Mine", 3)
            assert blocked["rule"] == blocked["opinions"][0]["rule"] == "||ads.example^"
            assert (blocked["from"], blocked["cache"]) == ("server", [])

            unknown = await told("name=www.example.org")
            assert (unknown["outcome"], unknown["leads_to"]) == ("forwarded", [])
            assert not upstream.asked("www.example.org")
            status, _ = await get_text(url, "/api/explain?name=www.example.org&ask=true")
            assert status == 405
            assert not upstream.asked("www.example.org")
            status, asked = await post(url, "/api/explain", name="www.example.org", ask=True)
            assert status == 200
            assert (asked["outcome"], asked["hop"]) == ("blocked_answer", "track.example.net")
            assert [each["value"] for each in asked["leads_to"]] == [
                "track.example.net",
                "192.0.2.66",
            ]
            assert not app.table.entries, "explaining keeps nothing"

            await answers(app.addresses[0], "www.example.org")
            (kept,) = (await told("name=www.example.org"))["cache"]
            assert (kept["state"], kept["hop"]) == ("refused", "track.example.net")
            assert kept["rule"] == "||track.example.net^"
            await answers(app.addresses[0], "example.org")
            (kept,) = (await told("name=example.org"))["cache"]
            assert kept["records"][0]["data"] == "192.0.2.1"
            assert (await told("name=example.org&type=AAAA"))["cache"] == []

            status, text = await get_text(url, "/api/explain?name=a..b")
            assert (status, "empty label" in text) == (400, True)


async def test_the_way_out_that_is_told_works_once_it_is_in_the_settings(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        scripted(upstream)
        mine = list_file(tmp_path / "mine.txt", "||track.example.net^$important")
        for number in (0, 1):
            settings = house(tmp_path, upstream, filtering__lists=[mine])
            async with running(settings) as app:
                assert app.listening.page is not None
                assert await answers(app.addresses[0], "www.example.org") == ["0.0.0.0"]
                told = await get(app.listening.page.url, "/api/explain?name=www.example.org")
                rules = told["changes"][number]["items"]
                assert len(told["changes"]) == 2
                await app.apply(
                    house(
                        tmp_path, upstream, filtering__lists=[mine], filtering__rules=rules
                    ).model_copy(update={"dns": settings.dns, "web": settings.web})
                )
                found = await answers(app.addresses[0], "www.example.org")
                assert found == ["track.example.net.", "192.0.2.66"]
                told = await get(app.listening.page.url, "/api/explain?name=www.example.org")
                assert told["outcome"] == "forwarded"


async def test_the_command_asks_the_running_server(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        scripted(upstream)
        rules = ["||track.example.net^"]
        async with Program(tmp_path).running(upstream, filtering__rules=rules) as program:
            program.pin()
            await answers(program.dns[0], "www.example.org")
            told = await program.command("explain", "www.example.org")
            assert (told.code, told.err) == (0, "")
            assert told.out.startswith(
                "www.example.org A: blocked, as the answer leads to track.example.net: "
                "own rules, line 1: ||track.example.net^\n"
            )
            assert "\n  cache     refused for where the answer led" in told.out
            assert 'To allow it, remove from filtering.rules: "||track.example.net^"\n' in told.out
            told = await program.command("explain", "example.org", "--ask", "--json")
            assert json.loads(told.out)["leads_to"][0]["value"] == "192.0.2.1"
            upstream.always = silent
            told = await program.command("explain", "other.example.org", "--ask")
            assert (told.code, told.out) == (1, "")
            assert "no answer" in told.err or "every upstream" in told.err

            other = json.loads(program.config.read_text())
            other["data_dir"] = str(tmp_path / "elsewhere")
            program.config.write_text(json.dumps(other))
            told = await program.command("explain", "www.example.org")
            assert "the sinkhole at" in told.out
            assert "has another data_dir" in told.out
            assert told.out.startswith("www.example.org A: not on any list")
