"""The page's lists in a real browser: what they hold and do, and what is held back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from acts import refresh
from days import FILTER, TELEMETRY
from faults import Faults
from playwright.async_api import Page, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_list_says_what_it_holds_and_does(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/nowhere")
    await _bend(page, FILTER, {"unique": 1_204})  # which is counted when nobody waits for it
    await page.get_by_role("link", name="Overview").click()
    await expect(page.locator("#lists li > span > .quiet")).to_have_text([
        re.compile(r"^243 names · blocked \d+ in a day · checked just now$"),
        re.compile(r"^1,604 names · blocked \d+ in a day · 1 line not understood · checked "),
        re.compile(r"^602 names · blocked \d+ in a day · checked just now$"),
        "3 names · allows · checked just now",
        "switched off",
    ])  # fmt: skip
    facts = page.locator("#lists li").nth(1).locator("dl")
    await expect(facts).to_be_hidden()
    summary = page.locator("#lists summary").nth(1)
    await summary.click()
    for words in (
        "In no other list1,204 names", "in a week", "to fetch", "to compile", "1 version",
        "1: more than one word on a line", "line 1606: two words",
    ):  # fmt: skip
        await expect(facts).to_contain_text(words)
    await page.clock.run_for(90_000)
    await expect(facts).to_be_visible()
    await expect(summary).to_be_focused()


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_list_on_its_way_is_named_until_it_is_here(
    visit: Any, furnish: Any, past: Any, is_new: bool
) -> None:
    home = await furnish(past, is_new=is_new)
    missing = {"state": "missing", "names": 0, "checked": None, "changed": None, "versions": 0}
    page = await visit(home, at="#/nowhere")
    await _bend(page, TELEMETRY, missing)
    await page.get_by_role("link", name="Overview").click()
    notices = page.get_by_role("status", name="Problems")
    await expect(notices).to_have_text("1 list is still being fetched: Telemetry of devices")
    row = page.locator("#lists li").nth(2)
    await expect(row).to_have_class("off")
    await expect(row.locator(".quiet").first).to_have_text("still being fetched")
    if is_new:
        await expect(page.locator("#sentence")).to_contain_text("; more are on their way.")
    failed = {"state": "failed", "error": "lists.example.net has no address"}
    await _bend(page, TELEMETRY, missing | failed)
    await refresh(page)
    await expect(notices.locator(".notice p")).to_have_text(
        "List Telemetry of devices is not in use: lists.example.net has no address"
    )
    await expect(notices.get_by_role("button", name="Fetch it again")).to_be_visible()
    await expect(row).to_have_class("trouble")
    await page.unroute("**/api/v1/lists")
    await refresh(page)
    await expect(page.locator(".notice")).to_have_count(0)
    await expect(row).to_have_class("fine")


async def _bend(page: Page, name: str, other: dict[str, Any]) -> None:
    """Have the server say something else of a list."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        told = await response.json()
        for each in told["lists"]:
            if each["name"] == name:
                each |= other
        await route.fulfill(response=response, json=told)

    await page.unroute("**/api/v1/lists")
    await page.route("**/api/v1/lists", answer)


async def _hold_back(home: Any) -> None:
    """Have a list shrink so much that its new version is not used by itself."""
    home.write_list(FILTER, "||metrics.example.org^\n")
    await home.house.library.update()


async def test_what_is_held_back_is_a_notice_and_one_click_accepts_it(
    visit: Any, furnish: Any
) -> None:
    home = await furnish()
    await _hold_back(home)
    page = await visit(home)
    notices = page.get_by_role("status", name="Problems")
    await expect(notices).to_contain_text("A new version of list AdGuard DNS filter is held back: ")
    row = page.locator("#lists li").nth(1)
    await expect(row).to_have_class("trouble")
    await expect(row).to_contain_text("A version of 1 name is held back: ")
    await row.get_by_role("button", name="Use it all the same").click()
    await expect(page.locator("#update-result")).to_have_text("Its new version is in use.")
    await expect(row).to_have_class("fine")
    await expect(row).to_contain_text("1 name ·")
    await expect(notices.locator(".notice")).to_have_text(
        re.compile("The new version of AdGuard DNS filter is in use")
    )


async def test_an_acceptance_that_fails_says_why(visit: Any, furnish: Any, faults: Faults) -> None:
    home = await furnish()
    await _hold_back(home)
    page = await visit(home, at="#/nowhere")
    await page.route("**/api/v1/events*", lambda route: route.abort())  # which would tell of it
    await page.get_by_role("link", name="Overview").click()
    button = page.locator("#lists").get_by_role("button", name="Use it all the same")
    await expect(button).to_be_visible()
    await home.house.library.accept(FILTER)  # by somebody else, meanwhile
    await button.click()
    await expect(page.locator("#update-result")).to_contain_text("Accepting failed: ")
    await expect(page.locator("#update-result")).to_contain_text("nothing is held back")
    faults.forgive(409)
    faults.forgive_of("net::")


async def test_the_button_updates_the_lists_and_tells_how_many_changed(
    visit: Any, furnish: Any
) -> None:
    home = await furnish()
    page = await visit(home)
    await page.get_by_role("button", name="Update lists now").click()
    await expect(page.locator("#update-result")).to_have_text("Nothing has changed.")
    home.write_list(TELEMETRY, "".join(f"||{each}.ads.example.org^\n" for each in range(700)))
    await page.get_by_role("button", name="Update lists now").click()
    await expect(page.locator("#update-result")).to_have_text("1 list changed.")
    await expect(page.locator("#lists li").nth(2)).to_contain_text("700 names")


async def test_a_list_that_could_not_be_had_is_a_notice_and_the_update_says_so(
    visit: Any, furnish: Any, past: Any, tmp_path: Any
) -> None:
    away = {"name": "Far away", "url": f"file:{tmp_path}/nothing.txt"}
    home = await furnish(past, more_lists=[away])
    page = await visit(home)
    notices = page.get_by_role("status", name="Problems")
    await expect(notices).to_contain_text("List Far away is not in use: ")
    await page.get_by_role("button", name="Update lists now").click()
    await expect(page.locator("#update-result")).to_have_text(
        "Nothing has changed. 1 list could not be updated."
    )
