"""The card for a second sinkhole: a code is made, somebody comes, and it ends."""

from __future__ import annotations

import re
from typing import Any

import pytest
from household import Household
from playwright.async_api import Page, expect

from sinkhole.control.pairing.parties import Door
from sinkhole.control.pairing.protocol import PROTOCOL

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _open(visit: Any, home: Household) -> Page:
    page: Page = await visit(home, at="#/system")
    await page.locator("#pair").wait_for()
    return page


async def test_a_code_lets_another_one_in_and_the_pair_can_be_ended(
    visit: Any, home: Household
) -> None:
    page = await _open(visit, home)
    card = page.get_by_role("region", name="A second sinkhole")
    await card.get_by_role("button", name="Make a code").click()
    shown = card.get_by_role("status")
    await expect(shown).to_contain_text("Within ten minutes")
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", await shown.inner_text())
    assert code is not None
    door = Door("http", 8080)
    await home.house.pairing().accept(code[0], PROTOCOL, "cellar", door, "192.0.2.9")
    await expect(card).to_contain_text("cellar follows this one.")
    await expect(card).to_contain_text("http://192.0.2.9:8080")
    await expect(card).to_contain_text("cellar is not reached.")
    await card.get_by_role("button", name="End the pair").click()
    asked = card.get_by_role("group", name="End the pair")
    await expect(asked).to_contain_text("Both go on with what they have.")
    await asked.get_by_role("button", name="End the pair").click()
    await expect(card.get_by_role("button", name="Make a code")).to_be_visible()
    assert home.house.pairing().paired is None


async def test_following_another_one_asks_first_and_tells_what_is_wrong(
    visit: Any, home: Household, faults: Any
) -> None:
    page = await _open(visit, home)
    card = page.get_by_role("region", name="A second sinkhole")
    await card.locator("summary").click()
    await card.get_by_label("Its page").fill("http://127.0.0.1:9")
    await card.get_by_label("Its code").fill("ABCD-EFGH")
    await card.get_by_role("button", name="Follow another one").click()
    asked = card.get_by_role("group", name="Follow another one")
    await asked.get_by_role("button", name="Follow another one").click()
    await expect(card.get_by_role("alert").last).to_contain_text("can't be reached")
    faults.forgive(503)
