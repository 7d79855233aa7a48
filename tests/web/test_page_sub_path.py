"""The page behind a proxy, below a path that it does not know of."""

from __future__ import annotations

from typing import Any

import pytest
from acts import until_shown
from playwright.async_api import expect
from sub_path import PREFIX

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_page_is_whole_and_can_be_used_below_a_path(visit: Any, home: Any) -> None:
    page = await visit(home, below_path=True)
    summary = await home.summary()
    await expect(page.locator("#figure")).to_have_text(f"{summary['blocked_percent']:.1f}%")
    await expect(page.locator("#queries tbody tr")).not_to_have_count(0)
    assert await page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius")
    assert await page.evaluate("document.querySelector('header img').naturalWidth > 0")
    await page.get_by_role("button", name="Update lists now").click()
    await expect(page.locator("#update-result")).to_have_text("Nothing has changed.")
    await page.locator("input[value='7d']").check()
    await page.wait_for_url(f"**{PREFIX}/#/?period=7d")


async def test_pages_on_demand_languages_and_new_queries_come_below_a_path_too(
    visit: Any, home: Any
) -> None:
    page = await visit(home, below_path=True)
    await page.get_by_role("link", name="Queries", exact=True).click()
    await expect(page.locator("#queries tbody tr")).to_have_count(50)
    await page.get_by_label("Language").select_option("de")
    await expect(page.get_by_role("heading", name="Anfragen", level=1)).to_be_visible()
    await home.ask("brand-new.example.org")
    await until_shown(page, page.locator("td.asked", has_text="brand-new.example.org"))
