"""A real browser, once for all tests of the page."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from days import Days
from faults import Faults
from household import Household, Past, a_household
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from sub_path import SubPathProxy

from sinkhole.control.web import WebServer, create_app

CHROMIUM = Path("/usr/bin/chromium")
IS_INSTALLED = CHROMIUM.exists()
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 60_000  # machines are shared: what is to come does come, but no test says when
expect.set_options(timeout=PATIENCE_MS)
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A day that ends now, and is the same day for tests that come an hour later."""
    days = Days(until=time.time(), spare_s=2 * 3600)
    return await Past.made(tmp_path_factory.mktemp("past"), days)


Furnish = Callable[..., Awaitable[Household]]


@pytest_asyncio.fixture(loop_scope="session")
async def furnish(tmp_path: Path) -> AsyncIterator[Furnish]:
    """`await furnish(past, tree=...)`: a house as `a_household` makes it."""
    async with AsyncExitStack() as stack:

        async def make(*given: Any, **named: Any) -> Household:
            return await stack.enter_async_context(a_household(tmp_path, *given, **named))

        yield make


@pytest_asyncio.fixture(loop_scope="session")
async def home(furnish: Furnish, past: Past) -> Household:
    """A household that has lived a day."""
    return await furnish(past)


@pytest_asyncio.fixture(loop_scope="session")
async def new_home(furnish: Furnish, past: Past) -> Household:
    """One that nobody has asked yet."""
    return await furnish(past, is_new=True)


@pytest.fixture
def faults() -> Faults:
    """Errors of the pages that were visited; a test that causes some forgives them."""
    return Faults()


def _note(faults: Faults, message: ConsoleMessage) -> None:
    if message.type == "error":
        faults.append(f"{message.text} {message.location['url']}")


Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, faults: Faults, furnish: Furnish) -> AsyncIterator[Visit]:
    """`await visit(home, width=..., scheme=...)`: an open page over a house, its clock ours.

    `at` is the page, such as "#/queries". With `below_path`, through a proxy that shows it below a
    path of its own, and says `told` of who asks. It is open when there is something of the selector
    `ready`.
    `page.clock.run_for` turns the page's clock, so no test waits for a refresh. It also goes on by
    itself, so whatever the page does now and then may happen at any moment.
    When the test is over, no page may have had a script error or a policy violation. Pages close
    before houses do.
    """
    async with AsyncExitStack() as stack:
        pages: list[Page] = []

        async def open_page(
            home: Household,
            *,
            at: str = "",
            width: int = 1280,
            scheme: Literal["light", "dark"] = "light",
            below_path: bool = False,
            told: Mapping[str, str] | None = None,
            ready: str = "#reach[data-state=fine]",
            **options: Any,
        ) -> Page:
            server = WebServer(create_app(home.house), "127.0.0.1", 0)
            await server.start()
            stack.push_async_callback(server.stop)
            address = f"{server.url}/"
            if below_path:
                proxy = SubPathProxy(server.url, told)
                stack.push_async_callback(proxy.stop)
                address = await proxy.start()
            page = await browser.new_page(
                viewport={"width": width, "height": 900}, color_scheme=scheme, **options
            )
            stack.push_async_callback(page.close)
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", partial(_note, faults))
            await page.add_init_script(NOTE_VIOLATIONS)
            await page.clock.install()
            await page.goto(f"{address}{at}")
            await page.wait_for_selector(ready)
            pages.append(page)
            return page

        yield open_page
        for page in pages:
            await page.unroute_all(behavior="ignoreErrors")
            assert await page.evaluate("window.violations") == []
        assert faults.left() == []
