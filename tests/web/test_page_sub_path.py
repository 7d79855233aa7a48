"""The page behind a proxy, below a path that it does not know of."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from pretend import PretendHouse
from sub_path import PREFIX

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_page_is_whole_and_can_be_used_below_a_path(visit: Any) -> None:
    house = PretendHouse()
    page = await visit(house, below_path=True)
    summary = await house.summary()
    await expect(page.locator("#figure")).to_have_text(f"{summary['blocked_percent']:.1f}%")
    await expect(page.locator("#queries tbody tr")).not_to_have_count(0)
    assert await page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius")
    assert await page.evaluate("document.querySelector('header img').naturalWidth > 0")
    await page.get_by_role("button", name="Update lists now").click()
    await expect(page.locator("#update-result")).not_to_be_empty()
    assert house.updates == 1
    await page.locator("input[value='7d']").check()
    await page.wait_for_url(f"**{PREFIX}/?period=7d")
