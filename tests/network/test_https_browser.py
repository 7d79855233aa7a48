"""A real Chromium resolves names by our DNS over HTTPS and by nothing else, headless."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import certificates
import pytest
from aiohttp import web
from https_house import CERTIFICATE_NAMES, listening
from playwright.async_api import BrowserContext, Error, async_playwright
from world import World

from sinkhole.dns.policy.blocking import Blocking, Mode
from sinkhole.dns.wire.name import from_text

CHROMIUM = Path("/usr/bin/chromium")
LIMIT_MS = 60_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed"),
]


@asynccontextmanager
async def site() -> AsyncIterator[tuple[int, web.AppRunner]]:
    """A web server; its port, and what makes its protocols."""

    async def answer(request: web.Request) -> web.Response:
        text = f"<title>{request.host.partition(':')[0]}</title>"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1], runner
    finally:
        await runner.cleanup()


@asynccontextmanager
async def browser(folder: Path, template: str = "") -> AsyncIterator[BrowserContext]:
    """Chromium with this template for secure DNS, without which it looks up nothing."""
    state = {"dns_over_https": {"mode": "secure", "templates": template}} if template else {}
    (folder / "Local State").write_text(json.dumps(state))
    pin = b64encode(certificates.leaf(*CERTIFICATE_NAMES).pin).decode()
    arguments = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--ignore-certificate-errors-spki-list={pin}",
    ]  # fmt: skip
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder, executable_path=CHROMIUM, args=arguments
        )
        context.set_default_timeout(LIMIT_MS)
        try:
            yield context
        finally:
            await context.close()


@pytest.mark.parametrize("parameter", ["", "{?dns}"], ids=["post", "get"])
async def test_a_page_is_found_by_our_answers_and_a_blocked_one_is_not(
    tmp_path: Path, parameter: str
) -> None:
    world = World(
        records={"page.example.org": ["127.0.0.1"]},
        block=["blocked.example.org"],
        blocking=Blocking(Mode.NXDOMAIN),
    )
    async with site() as (port, _), listening(world) as served:
        template = f"https://127.0.0.1:{served.port}/dns-query/laptop{parameter}"
        async with browser(tmp_path, template) as context:
            page = await context.new_page()
            await page.goto(f"http://page.example.org:{port}/")
            assert await page.title() == "page.example.org"
            with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
                await page.goto(f"http://blocked.example.org:{port}/")
        assert len(served.door.encrypted.holders) <= 2, "one connection is enough for HTTP/2"
    names = {report.name for batch in world.buffer.drain(999) for report, _ in batch.records}
    assert {from_text("page.example.org"), from_text("blocked.example.org")} <= names


async def test_a_browser_finds_the_page_on_the_port_of_dns(tmp_path: Path) -> None:
    """It offers HTTP/2, is told to come back by HTTP/1.1, and does."""
    async with site() as (_, runner), listening(World()) as served, browser(tmp_path) as context:
        served.service.page = runner.server
        page = await context.new_page()
        await page.goto(f"https://127.0.0.1:{served.port}/")
        assert await page.title() == "127.0.0.1"
