"""The page of the nodes, of a house that shares nothing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_house_that_shares_nothing_has_itself_and_says_how_to_share(
    visit: Any, home: Any
) -> None:
    page: Page = await visit(home, at="#/nodes")
    await expect(page.get_by_role("main")).to_contain_text("storage.url")
    await page.goto(page.url.replace("#/nodes", "#/system"))
    await expect(page.locator("#pair")).to_be_visible()
    await expect(page.get_by_role("link", name="Nodes")).to_have_count(0)
