"""The page's lists in a real browser: what they hold and do, and what is held back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from pretend import PretendHouse

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_list_says_what_it_holds_and_does(visit: Any) -> None:
    page = await visit(PretendHouse())
    await expect(page.locator("#lists li > span > .quiet")).to_have_text([
        "262 names · blocked 412 in a day · checked 5 hours ago",
        "209,874 names · blocked 1,204 in a day · 2 lines not understood · checked 5 hours ago",
        "143,126 names · blocked 0 in a day · checked 5 hours ago",
        "12 names · allows · checked 5 hours ago",
        "switched off",
    ])  # fmt: skip
    facts = page.locator("#lists li").nth(1).locator("dl")
    await expect(facts).to_be_hidden()
    summary = page.locator("#lists summary").nth(1)
    await summary.click()
    for words in (
        "84,211 names", "1,204 in a day, 8,077 in a week", "1.4 s to fetch, 0.6 s to compile",
        "3 versions", "2: more than one word on a line", "line 7: two words",
    ):  # fmt: skip
        await expect(facts).to_contain_text(words)
    await page.clock.run_for(90_000)
    await expect(facts).to_be_visible()
    await expect(summary).to_be_focused()


@pytest.mark.parametrize("empty", [True, False])
async def test_a_list_on_its_way_is_named_until_it_is_here(visit: Any, empty: bool) -> None:
    house = PretendHouse(empty=empty)
    whole = house.list_status()
    missing = {"state": "missing", "names": 0, "checked": None, "changed": None, "versions": 0}
    told = [whole[2] | missing]
    house.list_status = lambda: [*whole[:2], *told, *whole[3:]]  # type: ignore[method-assign]  # this house
    page = await visit(house)
    notices = page.get_by_role("status", name="Problems")
    await expect(notices).to_have_text("1 list is still being fetched: Telemetry of devices")
    row = page.locator("#lists li").nth(2)
    await expect(row).to_have_class("off")
    await expect(row.locator(".quiet").first).to_have_text("still being fetched")
    if empty:
        await expect(page.locator("#sentence")).to_contain_text("; more are on their way.")
    failed = missing | {"state": "failed", "error": "lists.example.net has no address"}
    told[0] = whole[2] | failed
    await page.clock.run_for(16_000)
    await expect(notices).to_have_text(
        "List Telemetry of devices is not in use: lists.example.net has no address"
    )
    await expect(row).to_have_class("trouble")
    told[0] = whole[2]
    await page.clock.run_for(16_000)
    await expect(page.locator(".notice")).to_have_count(0)
    await expect(row).to_have_class("fine")


async def test_what_is_held_back_is_a_notice_and_one_click_accepts_it(visit: Any) -> None:
    house = PretendHouse()
    house.quarantine = {"reason": "it has shrunk from 209874 to 12 rules", "names": 12,
                        "rules": 12, "since": 1_700_000_000}  # fmt: skip
    page = await visit(house)
    notices = page.get_by_role("status", name="Problems")
    await expect(notices).to_have_text(
        "A new version of list Household trackers is held back: "
        "it has shrunk from 209874 to 12 rules"
    )
    row = page.locator("#lists li").nth(1)
    await expect(row).to_have_class("trouble")
    await expect(row).to_contain_text("A version of 12 names is held back: it has shrunk")
    await page.get_by_role("button", name="Use it all the same").click()
    await expect(page.locator("#update-result")).to_have_text("Its new version is in use.")
    await expect(row).to_have_class("fine")
    await expect(page.locator(".notice")).to_have_count(0)
    assert house.accepted == ["Household trackers"]


async def test_an_acceptance_that_fails_says_why(visit: Any, faults: list[str]) -> None:
    house = PretendHouse()
    house.quarantine = {"reason": "it has shrunk", "names": 1, "rules": 1, "since": 0}
    page = await visit(house)
    house.quarantine = None
    await page.get_by_role("button", name="Use it all the same").click()
    await expect(page.locator("#update-result")).to_have_text(
        "Accepting failed: list 'Household trackers': nothing is held back, "
        "so there is nothing to accept."
    )
    faults.clear()  # the browser reports every answer of 409


async def test_a_list_that_could_not_be_had_is_a_notice_and_the_update_says_so(visit: Any) -> None:
    house = PretendHouse()
    plain = house.list_status
    failed = {"name": "Far away", "names": 0, "error": "HTTP status 404", "state": "failed"}
    outdated = {"name": "Old copy", "error": "HTTP status 503"}
    house.list_status = lambda: [  # type: ignore[method-assign]  # a house with two lists in trouble
        plain()[0] | failed, plain()[1] | outdated, plain()[4] | {"error": "of no interest"},
    ]  # fmt: skip
    page = await visit(house)
    notices = page.get_by_role("status", name="Problems")
    await expect(notices).to_have_text("List Far away is not in use: HTTP status 404")
    await page.get_by_role("button", name="Update lists now").click()
    await expect(page.locator("#update-result")).to_have_text(
        "2 lists changed. 2 lists could not be updated."
    )
