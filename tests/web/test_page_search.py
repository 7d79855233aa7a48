"""The log in a real browser: filters that are saved, files, why something is so, and thousands of
rows."""

from __future__ import annotations

import asyncio
import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from acts import until_shown
from hostile import NASTY
from playwright.async_api import Page, Route, expect

from sinkhole.model.verdict import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ROWS = "#queries tbody tr[data-key]"
EVENTS = "**/api/v1/events*"


async def test_a_filter_is_saved_found_again_and_let_go(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/queries?verdict=blocked&client=192.0.2.57")
    await page.get_by_role("button", name="Save this filter").click()
    await page.get_by_label("Name of the filter").fill(f"Kids {NASTY[0]}"[:60])
    await page.keyboard.press("Enter")
    saved = page.get_by_role("list", name="Saved filters").get_by_role("link")
    await expect(saved).to_have_attribute("aria-current", "true")
    await page.goto(page.url.split("#")[0] + "#/queries")
    await page.reload()
    await saved.click()
    await expect(page.locator("#filter-client")).to_be_visible()
    await expect(page.get_by_label("Show only queries that were")).to_have_value("blocked")
    await page.get_by_role("button", name="Remove the filter").click()
    await expect(saved).to_have_count(0)
    await page.get_by_role("button", name="Put back").click()
    await expect(saved).to_have_count(1)
    assert await page.evaluate("window.hacked") is None


async def test_times_are_chosen_and_written_into_the_address(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/queries")
    when = page.get_by_label("Of when")
    await when.select_option("The last hour")
    await expect(page).to_have_url(re.compile(r"since=\d+$"))
    await expect(page.locator("#filter-since")).to_be_visible()
    await when.select_option("From … until …")
    await page.get_by_label("Until", exact=True).fill("2026-01-02T03:04")
    await expect(page).to_have_url(re.compile(r"\?until=\d+$"))  # nothing lies between them
    await expect(page.locator("#queries-empty")).to_contain_text("fits")
    await when.select_option("Any time")
    await expect(page).to_have_url(re.compile(r"#/queries$"))
    await expect(page.locator(ROWS).first).to_be_visible()


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
async def test_what_is_looked_for_is_saved_as_a_file(visit: Any, home: Any, kind: str) -> None:
    page = await visit(home, at="#/queries?exact=pixel.example.com&verdict=blocked")
    await expect(page.locator(ROWS).first).to_be_visible()
    async with page.expect_download() as told:
        await page.get_by_role("link", name=f"Save as {kind}").click()
    file = await (await told.value).path()
    text = await asyncio.to_thread(Path(file).read_text)
    names = (
        [row["name"] for row in csv.DictReader(text.splitlines())]
        if kind == "CSV"
        else [json.loads(line)["name"] for line in text.splitlines()]
    )
    sought = await home.house.query_log().history.page(limit=200, name="pixel.example.com")
    assert set(names) == {"pixel.example.com"}
    assert len(names) >= len(sought["queries"]) > 0


async def test_the_drawer_says_who_is_in_which_group_and_what_each_list_thinks(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/queries?exact=ads.example.com&client=192.0.2.40")
    await page.locator("td.asked button").first.click()
    why = page.get_by_role("dialog").get_by_role("region", name="Why")
    await expect(why).to_contain_text("it would go the same way: Blocked.")
    await expect(why.locator(".facts")).to_contain_text("things")
    await expect(why.locator(".opinions li.decides")).to_contain_text("Starter would block it")
    await expect(why.locator(".opinions li.decides")).to_contain_text("||ads.example.com^")
    await expect(why).to_contain_text("3 lists have nothing about the name.")


async def test_where_every_list_has_something_about_the_name_none_is_said_to_have_nothing(
    visit: Any, furnish: Any
) -> None:
    home = await furnish(tree={"filtering": {"lists": []}})
    await home.ask("www.example.org")
    page = await visit(home, at="#/queries")
    await page.locator("td.asked button").first.click()
    why = page.get_by_role("dialog").get_by_role("region", name="Why")
    await expect(why).to_contain_text("What each list says of www.example.org")
    await expect(why).not_to_contain_text("nothing about the name")


async def test_the_drawer_shows_the_way_and_the_answer_before_and_after(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/queries?exact=assets.example.org")
    await page.locator("td.asked button").first.click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.locator(".path").first).to_contain_text("edge.tracker.example.net")
    why = drawer.get_by_role("region", name="Why")
    await expect(why).to_contain_text("what the answer leads to then decides")
    await expect(why).to_contain_text("What each list says of edge.tracker.example.net")
    await expect(why.locator(".opinions")).to_contain_text("AdGuard DNS filter would block it")
    await expect(drawer).to_contain_text("What the upstream had said")
    await expect(drawer.locator(".records").first).to_contain_text("198.51.100.7")
    await expect(drawer.locator(".records").nth(1)).to_contain_text("0.0.0.0")
    await drawer.get_by_role("link", name="This client around this time").click()
    await expect(page.locator("#filter-since")).to_have_text(re.compile(r"Since \w+ \d+, \d{4}"))
    await expect(page.locator("td.asked", has_text="assets.example.org").first).to_be_visible()


COUNT = """
  () => {
    const told = document.querySelector("#queries").getAttribute("aria-rowcount");
    return told ? told - 1 : document.querySelectorAll("#queries tbody tr").length;
  }
"""
LOOKS_AT_ROW = """
  () => !!document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest("tr[data-key]")
"""


async def _older(page: Page, count: int) -> None:
    """Have more than so many rows, by asking for older ones."""
    while (before := await page.evaluate(COUNT)) <= count:
        await page.locator("#older").click()
        while await page.evaluate(COUNT) <= before:
            pass


async def _scroll(page: Page, top: int) -> None:
    """Scroll there at once, and see rows."""
    await page.evaluate("top => scrollTo({top, behavior: 'instant'})", top)
    while not await page.evaluate(LOOKS_AT_ROW):
        pass


async def test_of_a_thousand_rows_those_are_there_that_are_seen(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/queries")
    await expect(page.locator(ROWS)).to_have_count(50)
    await _older(page, 1_000)
    assert await page.locator(ROWS).count() < 100
    newest = (await home.house.query_log().history.page(limit=200))["queries"]
    seen: set[str] = set()
    for top in range(0, 6_000, 500):
        await _scroll(page, top)
        seen |= set(await page.locator(ROWS).evaluate_all("rows => rows.map(r => r.dataset.key)"))
    assert {each["id"] for each in newest[:100]} <= seen
    index = page.locator(ROWS).last
    assert int(await index.get_attribute("aria-rowindex") or 0) > 100


async def test_keys_go_from_row_to_row_beyond_what_is_seen(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/queries")
    await expect(page.locator(ROWS)).to_have_count(50)
    await _older(page, 300)
    await _scroll(page, 0)
    await expect(page.locator("tr[aria-rowindex='2']")).to_be_visible()
    first = page.locator("td.asked button").first
    await first.focus()
    row = page.locator("tr:has(:focus)")
    for number in range(3, 54):
        await page.keyboard.press("ArrowDown")
        await expect(row).to_have_attribute("aria-rowindex", str(number))
    await expect(row).to_be_in_viewport()
    await _scroll(page, 0)
    await expect(row).to_have_attribute("aria-rowindex", "53")
    await page.keyboard.press("ArrowUp")
    await expect(row).to_have_attribute("aria-rowindex", "52")
    await expect(row.get_by_role("button")).to_be_focused()
    await expect(row).to_be_in_viewport()


async def test_queries_that_came_too_quickly_are_told_and_read_from_the_log(
    visit: Any, home: Any
) -> None:
    waiting: list[Route] = []

    async def too_quickly(route: Route) -> None:
        waiting.append(route)
        if len(waiting) > 1:
            return  # it has to wait for the next one
        body = 'event: rows\ndata: {"rows": [], "missed": 7}\n\n'
        await route.fulfill(status=200, content_type="text/event-stream", body=body)

    page: Page = await visit(home, at="#/nowhere")
    await page.route(EVENTS, too_quickly)
    await page.get_by_role("link", name="Queries", exact=True).click()
    told = page.locator(".missed")
    await until_shown(page, told)
    await expect(told).to_contain_text("7 queries came too quickly to be shown.")
    await home.ask("meanwhile.example.org", outcome=Outcome.CACHED)
    await told.get_by_role("button", name="Read them").click()
    await expect(page.locator("td.asked").first).to_have_text("meanwhile.example.org")
    await expect(told).to_have_count(0)
