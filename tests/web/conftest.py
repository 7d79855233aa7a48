"""A real browser, once for all tests of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright
from pretend import PretendHouse
from sub_path import SubPathProxy

from sinkhole.control.web import WebServer, create_app

CHROMIUM = Path("/usr/bin/chromium")
IS_INSTALLED = CHROMIUM.exists()
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
NOTE_VIOLATIONS = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium, headless."""
    if not IS_INSTALLED:
        pytest.skip(f"{CHROMIUM} is not installed")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        await running.close()


@pytest.fixture
def faults() -> list[str]:
    """Errors of the pages that were visited; a test that causes some clears them."""
    return []


Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, faults: list[str]) -> AsyncIterator[Visit]:
    """`await visit(house, width=..., scheme=...)`: an open page over a house, its clock ours.

    With `below_path`, through a proxy that shows it below a path of its own, and says `told` of who
    asks. It is open when there is something of the selector `ready`.
    The page's timers stand still until `page.clock.run_for`, so no test waits for a refresh.
    When the test is over, no page may have had a script error or a policy violation.
    """
    async with AsyncExitStack() as stack:
        pages: list[Page] = []

        async def open_page(
            house: PretendHouse,
            *,
            width: int = 1280,
            scheme: Literal["light", "dark"] = "light",
            below_path: bool = False,
            told: Mapping[str, str] | None = None,
            ready: str = "#reach[data-state=fine]",
            **options: Any,
        ) -> Page:
            server = WebServer(create_app(house.house()), "127.0.0.1", 0)
            await server.start()
            stack.push_async_callback(server.stop)
            address = server.url
            if below_path:
                proxy = SubPathProxy(server.url, told)
                stack.push_async_callback(proxy.stop)
                address = await proxy.start()
            page = await browser.new_page(
                viewport={"width": width, "height": 900}, color_scheme=scheme, **options
            )
            stack.push_async_callback(page.close)
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on(
                "console",
                lambda message: faults.append(message.text) if message.type == "error" else None,
            )
            await page.add_init_script(NOTE_VIOLATIONS)
            await page.clock.install()
            await page.goto(address)
            await page.wait_for_selector(ready)
            pages.append(page)
            return page

        yield open_page
        for page in pages:
            assert await page.evaluate("window.violations") == []
        assert faults == []
