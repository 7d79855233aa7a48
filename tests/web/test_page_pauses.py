"""Pauses in a real browser: of everything that can be paused, and ended."""

from __future__ import annotations

from typing import Any

import pytest
from faults import Faults
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OF = {
    "for everybody": ("", ("all", "")),
    "for a group": ("kids", ("group", "kids")),
    "for a device": ("TV", ("client", "TV")),
    "a service, for everybody": ("TikTok", ("service", "tiktok")),
    "a list, for everybody": ("Starter", ("list", "Starter")),
}


def paused(home: Any) -> list[tuple[str, str]]:
    """What is paused."""
    return [(each.scope, each.name) for each in home.house.protection.pauses]


@pytest.mark.parametrize("what", OF)
async def test_each_thing_is_paused_for_a_time_and_resumed(
    visit: Any, home: Any, what: str
) -> None:
    name, wanted = OF[what]
    page = await visit(home, at="#/pauses")
    await expect(page.get_by_text("Nothing is paused.")).to_be_visible()
    await page.get_by_label("What", exact=True).select_option(what)
    if name:
        await page.get_by_label("Which").select_option(name)
    await page.get_by_role("button", name="for an hour").click()
    row = page.locator("#pauses li")
    await expect(row).to_contain_text("paused by")
    assert paused(home) == [wanted]
    await row.get_by_role("button").click()
    await expect(page.get_by_text("Nothing is paused.")).to_be_visible()
    assert paused(home) == []


async def test_a_pause_lasts_until_a_time_of_the_day_or_until_it_is_resumed(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home, at="#/pauses")
    until = page.get_by_label("until then")
    await until.first.fill("never")
    await page.get_by_role("button", name="until then").click()
    await expect(page.get_by_role("alert").filter(has_text="never")).to_be_visible()
    faults.forgive(400, 422)
    await until.first.fill("03:00")
    await page.get_by_role("button", name="until then").click()
    await expect(page.locator("#pauses li")).to_contain_text("more, until ")
    await page.get_by_role("button", name="until resumed").click()
    await expect(page.locator("#pauses li")).to_contain_text("until somebody resumes it")
