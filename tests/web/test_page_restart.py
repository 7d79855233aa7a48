"""The server begins anew from the page, which waits for the one that follows."""

from __future__ import annotations

from typing import Any, Final

import pytest
from faults import Faults
from household import Household
from playwright.async_api import Page, expect

from sinkhole.model.errors import RequestError

PATIENCE_MS: Final = 60_000

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _begin(visit: Any, home: Household, **options: Any) -> Page:
    """Have it begin anew, after a question."""
    page: Page = await visit(home, at="#/system", **options)
    about = page.get_by_role("region", name="About sinkhole")
    await about.get_by_role("button", name="Restart").click()
    sure = about.get_by_role("group", name="Restart")
    await expect(sure).to_contain_text("DNS goes on being answered")
    await page.evaluate("window.isBefore = true")
    await sure.get_by_role("button", name="Restart").click()
    return page


async def test_the_page_is_loaded_anew_when_the_next_program_answers(
    visit: Any, home: Household
) -> None:
    looks: list[str] = []

    async def begin() -> None:
        looks.append(home.house.restarting.run)

    home.house.restarting.begun(begin)
    page = await _begin(visit, home)
    await expect(page.get_by_text("This page comes back by itself.")).to_be_visible()
    assert await page.evaluate("window.isBefore")
    async with page.expect_event("load", timeout=PATIENCE_MS):
        home.house.restarting.run = "another one"
    await page.locator("#health").wait_for()
    assert await page.evaluate("window.isBefore") is None
    assert len(looks) == 1


async def test_what_keeps_it_from_that_is_told(visit: Any, home: Household, faults: Faults) -> None:
    async def refuse() -> None:
        text = "not restarted, as the program would not start: dns.listn: no such key"
        raise RequestError("conflict", "restart_refused", text)

    home.house.restarting.begun(refuse)
    page = await _begin(visit, home)
    alert = page.get_by_role("alert").filter(has_text="would not start: dns.listn: no such key")
    await expect(alert).to_be_visible()
    assert await page.evaluate("window.isBefore")
    faults.forgive(409)
