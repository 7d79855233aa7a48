"""The first run of the real program, by clicks: from an empty folder to the first blocked query."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fake_upstream import FakeUpstream
from house import LIMIT_S, ask, until
from places import Place, nobodys_place
from playwright.async_api import Page, async_playwright, expect
from program import Program

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PASSWORD = "correct horse battery"
FROM_ELSEWHERE = {"X-Forwarded-For": "192.0.2.9"}
"""What a proxy says, so that nobody takes the browser for one of the server's own machine."""

expect.set_options(timeout=LIMIT_S * 1_000)  # a port that is free again is taken within ten seconds

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]


@asynccontextmanager
async def browsing(url: str) -> AsyncIterator[Page]:
    """The page of the server in a browser on another machine."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(extra_http_headers=FROM_ELSEWHERE)
        page.set_default_timeout(LIMIT_S * 1_000)
        await page.goto(url)
        yield page
        await browser.close()


async def _make_the_account(page: Page, code: str) -> None:
    """Step one, where nobody is known yet."""
    await expect(page.locator(".steps [aria-current=step]")).to_have_text("Account")
    form = page.locator("#door form")
    await form.get_by_label("Code").fill(code)
    await form.get_by_label("Name").fill("anna")
    await form.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")


async def _choose_what_to_ask_and_to_block(page: Page) -> None:
    """Steps three and four."""
    resolvers = page.locator("#resolvers li")
    await expect(resolvers.filter(has_text="Quad9").get_by_text("In use")).to_be_visible()
    mullvad = resolvers.filter(has_text="Mullvad")
    await mullvad.get_by_role("button", name="Try it").click()
    await expect(mullvad.get_by_role("status")).to_contain_text(
        "did not work"
    )  # as nobody is there
    await mullvad.get_by_role("button", name="Use it").click()
    await expect(mullvad.get_by_text("In use")).to_be_visible()
    await page.get_by_role("link", name="Next step").click()
    await page.get_by_role("button", name="Use this set: Balanced").click()
    await expect(page.locator("#sets [data-chosen]")).to_contain_text("Balanced")
    everybody = page.get_by_role("region", name="Services, for everybody")
    await everybody.get_by_label("Gambling").click()
    await expect(everybody.get_by_label("Gambling")).to_be_checked()
    children = page.get_by_role("region", name="Children")
    await children.get_by_role("button", name="Make the group").click()
    await expect(children.get_by_role("status")).to_contain_text("The group is there")
    await page.get_by_role("link", name="Next step").click()


async def _ask_as_the_page_says(page: Page) -> str:
    """Do what stands on the page; the answer."""
    line = await page.locator(".commands").inner_text()
    found = re.match(r"dig @(\S+)(?: -p (\d+))? (\S+)", line)
    assert found is not None, line
    reply = await ask(f"{found[1]}:{found[2] or 53}", found[3])
    return str(reply.rr[0].rdata)


@asynccontextmanager
async def unset(folder: Path, listen: str = "127.0.0.1:0") -> AsyncIterator[Program]:
    """The server with settings that say where it may listen, and keep it from the Internet; all
    else is as whoever installs it finds it."""
    program = Program(folder)
    async with FakeUpstream() as nobody:  # who says of no server where it is
        tree = {
            "dns": {"listen": [listen]},
            "web": {"listen": "127.0.0.1:0"},
            "upstream": {"bootstrap": [nobody.name]},
            "data_dir": str(folder / "data"),
        }
        program.config.write_text(json.dumps(tree))
        await program.start()
        try:
            await until(lambda: re.search("Try it:|Next:", program.out), "the greeting's end")
            yield program
        finally:
            await program.kill()


HOLDS = """
import socket, sys
open("/proc/self/comm", "w").write("systemd-resolve")
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], int(sys.argv[2])))
print("it has it", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def held(place: Place) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Another program has a port until it is told to let go."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDS, place.host, str(place.port),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    await process.stdout.readline()

    async def let_go() -> None:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()

    yield let_go
    await let_go()


def _code_of(program: Program) -> str:
    code = re.search(r"with the code ([A-Z]{4}-[A-Z]{4})", program.out)
    assert code is not None, program.out
    return code[1]


async def test_who_has_the_port_is_told_and_when_it_is_free_dns_answers(tmp_path: Path) -> None:
    """From an empty folder to the first blocked query, beside a program that lets go on the way."""
    place = nobodys_place()
    async with held(place) as let_go, unset(tmp_path, str(place)) as program:
        assert f"{place} is in use by systemd-resolved ({place}). To have" in program.out
        async with browsing(program.url) as page:
            await _make_the_account(page, _code_of(program))
            state = page.locator("#port-state")
            await expect(state).to_have_text("Another program has it: systemd-resolved.")
            await expect(page.locator(".taker .commands")).to_contain_text("DNSStubListener=no")
            await page.get_by_role("link", name="Skip the rest").click()
            await expect(page.locator("#sentence")).to_contain_text("DNS is not answered yet")
            await page.get_by_role("link", name="See to the port").click()
            await expect(state).to_contain_text("systemd-resolved")
            await let_go()
            await expect(state).to_contain_text(re.compile("takes it within|listens elsewhere"))
            await expect(state).to_contain_text(f"listens elsewhere: {place}")
            await expect(page.locator(".taker")).to_have_count(0)
            await page.get_by_role("link", name="Next step").click()
            await _choose_what_to_ask_and_to_block(page)
            assert await _ask_as_the_page_says(page) == "0.0.0.0"
            await expect(page.locator("#first-blocked")).to_contain_text("doubleclick.net")


async def test_from_an_empty_folder_to_the_first_blocked_query(tmp_path: Path) -> None:
    async with unset(tmp_path) as program:
        async with browsing(program.url) as page:
            await _make_the_account(page, _code_of(program))
            asked = page.get_by_role("region", name="Is it asked yet?")
            await expect(asked).to_contain_text("Nobody has asked yet")
            await expect(page.locator("#port-state")).to_be_visible()
            await ask(program.dns[0], "www.example.org")
            await expect(asked).to_contain_text("Yes: 1 device has asked so far")
            await page.get_by_role("link", name="Next step").click()
            await _choose_what_to_ask_and_to_block(page)
            await expect(page.locator("#first-blocked")).to_contain_text("Nothing was blocked")
            assert await _ask_as_the_page_says(page) == "0.0.0.0"
            await expect(page.locator("#first-blocked")).to_contain_text("doubleclick.net")
        program.pin()
        kept = await program.command("settings", "history", "--json")
        assert kept.out.count("anna (session)") == 4, kept
