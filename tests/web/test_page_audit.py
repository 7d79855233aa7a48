"""The page that tells who did what: looked through, and further back."""

from __future__ import annotations

from typing import Any

import pytest
from acts import until_shown
from faults import Faults
from hostile import NASTY
from household import Household
from houses import ADMIN, OPERATOR
from people import come_in
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _open(visit: Any, home: Household, query: str = "") -> Page:
    page: Page = await visit(home, at=f"#/audit{query}")
    await until_shown(page, page.locator("#audit li, #audit + p, main p:text('Nothing')"))
    return page


async def _some(home: Household) -> None:
    audit = home.house.state.audit
    await audit.note(OPERATOR, "lists.add", {"name": "More"})
    await audit.note(ADMIN, "accounts.remove", {"name": "anna"}, "anna is the only admin")
    await audit.note(ADMIN, "settings.change", {"dry_run": False, "note": "why not"})


async def test_it_says_in_words_who_did_what_and_what_failed(visit: Any, home: Household) -> None:
    await _some(home)
    page = await _open(visit, home)
    rows = page.locator("#audit li")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(0)).to_contain_text("anna changed settings why not")
    await expect(rows.nth(0)).to_contain_text("on the page · 192.0.2.2")
    await expect(rows.nth(1)).to_have_class("trouble")
    await expect(rows.nth(1)).to_contain_text("It failed: anna is the only admin")
    await expect(rows.nth(2)).to_contain_text("otto added a list More")


async def test_it_is_looked_through_and_the_address_says_for_what(
    visit: Any, home: Household
) -> None:
    await _some(home)
    page = await _open(visit, home)
    rows = page.locator("#audit li")
    await page.get_by_label("What it was about").select_option(label="Lists")
    await until_shown(page, page.locator("#audit li:only-child"))
    await expect(rows).to_contain_text("otto added a list")
    assert "operation=lists." in page.url
    await page.get_by_label("What it was about").select_option(label="Everything")
    await page.get_by_label("only what failed").check()
    await page.clock.run_for(100)
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("removed an account")
    await page.get_by_label("only what failed").uncheck()
    await page.clock.run_for(100)
    await rows.nth(0).get_by_role("button", name="anna").click()
    await page.clock.run_for(100)
    await expect(rows).to_have_count(2)
    await expect(page.get_by_label("By whom")).to_have_value("anna")
    await page.get_by_label("By whom").fill("nobody")
    await page.keyboard.press("Enter")
    await page.clock.run_for(100)
    await expect(page.get_by_text("Nothing was done that fits.")).to_be_visible()


async def test_it_goes_further_back_bit_by_bit(visit: Any, home: Household) -> None:
    for number in range(120):
        await home.house.state.audit.note(ADMIN, "rules.add", {"rules": [f"||{number}.example^"]})
    page = await _open(visit, home, "?actor=anna")
    rows = page.locator("#audit li")
    for shown in (50, 100, 120):
        await expect(rows).to_have_count(shown)
        if shown < 120:
            await page.get_by_role("button", name="Older").click()
    await expect(page.get_by_role("button", name="Older")).to_have_count(0)
    await expect(rows.last).to_contain_text("||0.example^")


async def test_hostile_texts_are_texts(visit: Any, home: Household) -> None:
    for text in NASTY:
        await home.house.state.audit.note(ADMIN, "rules.add", {"note": text}, text)
    page = await _open(visit, home)
    await expect(page.locator("#audit li")).to_have_count(len(NASTY))
    assert await page.evaluate("window.hacked") is None
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1280


async def test_a_viewer_is_told_who_may_see_it(visit: Any, home: Household, faults: Faults) -> None:
    page = await come_in(visit, home, "vera", "viewer", at="#/audit")
    await expect(page.get_by_text("Only admins see that.")).to_be_visible()
    await expect(page.locator("#audit")).to_have_count(0)
    faults.forgive()
