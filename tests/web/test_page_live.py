"""The page in a real browser: queries shown as they come, and what interrupts that."""

from __future__ import annotations

from typing import Any

import pytest
from acts import row_keys, until_shown
from faults import Faults
from playwright.async_api import Page, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ROWS = "#queries tbody tr"
EVENTS = "**/api/v1/events*"


async def _log(visit: Any, home: Any, at: str = "#/queries") -> Page:
    """The log, with its first rows, and the stream open."""
    page: Page = await visit(home, at=at)
    await expect(page.locator(ROWS)).to_have_count(50)
    return page


async def test_new_queries_come_to_the_top_one_by_one(visit: Any, home: Any) -> None:
    page = await _log(visit, home)
    before = await row_keys(page)
    for name in ("first.example.org", "second.example.org"):
        await home.ask(name)
        await until_shown(page, page.locator("td.asked", has_text=name))
    await expect(page.locator("td.asked").first).to_have_text("second.example.org")
    assert (await row_keys(page))[2:] == before


async def test_only_what_the_filter_wants_comes(visit: Any, home: Any) -> None:
    await home.ask("needle-0.example.org")
    page: Page = await visit(home, at="#/queries?name=needle")
    await expect(page.locator(ROWS)).to_have_count(1)
    await home.ask("other.example.org")
    await home.ask("needle-1.example.org")
    await until_shown(page, page.locator("td.asked", has_text="needle-1"))
    await expect(page.locator("td.asked")).to_have_text(
        ["needle-1.example.org", "needle-0.example.org"]
    )


async def test_who_pauses_is_told_how_many_came_and_sees_them_when_it_goes_on(
    visit: Any, home: Any
) -> None:
    page = await _log(visit, home)
    before = await row_keys(page)
    await page.get_by_role("button", name="Pause", exact=True).click()
    await home.ask("meanwhile.example.org", times=3)
    await until_shown(page, page.get_by_role("button", name="Show 3 new queries"))
    assert await row_keys(page) == before
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("td.asked").nth(2)).to_have_text("meanwhile.example.org")
    await expect(page.get_by_role("button", name="new queries")).to_have_count(0)
    assert (await row_keys(page))[3:] == before


async def test_a_stream_that_breaks_off_is_opened_again_and_nothing_is_missing(
    visit: Any, home: Any
) -> None:
    opened: list[str] = []

    async def break_off(route: Route) -> None:
        opened.append(route.request.url)
        body = 'retry: 3000\n\nid: 1\nevent: rows\ndata: {"rows": [], "mis'
        await route.fulfill(status=200, content_type="text/event-stream", body=body)

    page: Page = await visit(home, at="#/nowhere")
    await page.route(EVENTS, break_off)
    await page.get_by_role("link", name="Queries", exact=True).click()
    await expect(page.locator(ROWS)).to_have_count(50)
    await home.ask("meanwhile.example.org")
    await page.unroute(EVENTS)
    await until_shown(page, page.locator("td.asked", has_text="meanwhile.example.org"))
    await home.ask("afterwards.example.org")
    await until_shown(page, page.locator("td.asked", has_text="afterwards.example.org"))
    await expect(page.locator("#reach")).to_have_text("Live")
    keys = await row_keys(page)
    assert len(keys) == len(set(keys))
    assert opened


async def test_a_server_that_is_away_is_said_and_its_return_brings_what_came_meanwhile(
    visit: Any, home: Any, faults: Faults
) -> None:
    page: Page = await visit(home, at="#/nowhere")
    await page.route("**/api/**", lambda route: route.abort())
    await page.get_by_role("link", name="Queries", exact=True).click()
    await expect(page.locator("#reach")).to_have_text("Not reachable, trying again")
    await home.ask("meanwhile.example.org")
    await page.unroute("**/api/**")
    await until_shown(page, page.locator("td.asked", has_text="meanwhile.example.org"))
    await until_shown(page, page.locator("#reach", has_text="Live"))
    faults.forgive_of("net::")


async def test_who_has_paused_keeps_its_rows_while_a_stream_is_opened_again(
    visit: Any, home: Any
) -> None:
    page = await _log(visit, home)
    await page.get_by_role("button", name="Pause", exact=True).click()
    before = await row_keys(page)
    await _hide(page, True)
    await home.ask("meanwhile.example.org")
    await _hide(page, False)
    await until_shown(page, page.get_by_role("button", name="Show 1 new query"))
    assert await row_keys(page) == before


async def _hide(page: Page, is_hidden: bool) -> None:
    await page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


async def test_a_hidden_tab_listens_to_nothing_and_catches_up_when_it_is_seen(
    visit: Any, home: Any
) -> None:
    page = await _log(visit, home)
    requests: list[str] = []
    async with page.expect_event("requestfailed"):
        await _hide(page, True)
    page.on("request", lambda request: requests.append(request.url))
    await home.ask("meanwhile.example.org")
    await page.clock.run_for(120_000)
    assert requests == []
    await _hide(page, False)
    await until_shown(page, page.locator("td.asked", has_text="meanwhile.example.org"))


async def test_what_two_people_see_is_the_same_and_each_has_its_own_filter(
    visit: Any, home: Any
) -> None:
    one = await _log(visit, home)
    other = await _log(visit, home)
    await other.get_by_label("Show only queries that were").select_option("Blocked")
    await expect(other.locator(f"{ROWS}.fine")).to_have_count(0)
    await home.ask("both.example.org")
    await until_shown(one, one.locator("td.asked", has_text="both.example.org"))
    await expect(other.locator("td.asked", has_text="both.example.org")).to_have_count(0)
    await other.get_by_label("Show only queries that were").select_option("All queries")
    await expect(other.locator("td.asked").first).to_have_text("both.example.org")
