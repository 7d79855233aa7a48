"""The page in a real browser: all about one query, and blocking or allowing its name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from acts import until_shown
from faults import Faults
from household import asked
from playwright.async_api import Page, expect

from sinkhole.model.verdict import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BLOCKED = {"outcome": Outcome.BLOCKED, "cause": ("Starter", 2, "||ads.example.com^")}


async def _opened(visit: Any, home: Any, name: str) -> tuple[Page, Any]:
    """The log with the newest query for a name open."""
    page: Page = await visit(home, at=f"#/queries?exact={name}")
    await page.locator("td.asked button").first.click()
    drawer = page.get_by_role("dialog", name=name)
    await expect(drawer).to_be_visible()
    return page, drawer


async def test_all_about_a_query_is_one_click_away(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/queries?exact=assets.example.org")
    await page.locator("td.asked button").first.click()
    drawer = page.get_by_role("dialog", name="assets.example.org")
    for words in (
        "Blocked by AdGuard DNS filter, line 3: ||tracker.example.net^, because it leads to "
        "edge.tracker.example.net",
        "Reply codeNOERROR",
        "Answerassets.example.org 10 s A 0.0.0.0",
        "What the upstream had saidassets.example.org 300 s CNAME edge.tracker.example.net",
        "edge.tracker.example.net 60 s A 198.51.100.7",
    ):
        await expect(drawer).to_contain_text(words)


async def test_it_is_opened_and_closed_by_keys_and_the_focus_returns(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/queries")
    name = page.locator("td.asked button").nth(3)
    await name.focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    await expect(drawer).to_be_visible()
    await expect(drawer.locator(":focus")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)
    await expect(name).to_be_focused()


async def test_it_stays_open_while_new_queries_come(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/queries")
    await page.locator("td.asked button").first.click()
    drawer = page.get_by_role("dialog")
    title = await drawer.get_by_role("heading").first.inner_text()
    await home.ask("brand-new.example.org")
    await until_shown(page, page.locator("td.asked", has_text="brand-new.example.org"))
    await expect(drawer.get_by_role("heading").first).to_have_text(title)


async def test_what_has_just_come_can_be_opened_before_it_is_written(
    visit: Any, home: Any, faults: Faults
) -> None:
    page: Page = await visit(home, at="#/queries")
    await expect(page.locator("td.asked").first).to_be_visible()
    unwritten = {"type": "about:blank", "title": "x", "status": 404, "code": "row_unknown",
                 "detail": "the log has no row"}  # fmt: skip
    await page.route("**/api/v1/log/*", lambda route: route.fulfill(status=404, json=unwritten))
    await page.locator("td.asked button").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("Reply code")
    await expect(page.locator("#reach")).to_have_text("Live")
    faults.forgive(404)


async def test_its_links_lead_to_what_belongs_to_it_and_close_it(visit: Any, home: Any) -> None:
    page, drawer = await _opened(visit, home, "ads.example.com")
    await drawer.get_by_role("link", name="This client around this time").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("#filter-since")).to_be_visible()
    await expect(page.locator("#filter-until")).to_be_visible()
    await expect(page.locator("#filter-exact")).to_have_count(0)
    await expect(page.locator("#queries tbody tr").first).to_be_visible()
    await page.go_back()
    await expect(page.locator("#filter-exact")).to_have_text("Name ads.example.com ✕")


async def test_a_name_is_allowed_with_a_look_at_what_that_changes(visit: Any, home: Any) -> None:
    _, drawer = await _opened(visit, home, "pixel.example.com")
    await expect(drawer).to_contain_text("This rule would be added: @@||pixel.example.com^")
    await expect(drawer).to_contain_text("It would have changed")
    await drawer.get_by_role("button", name="Allow").click()
    await expect(drawer).to_contain_text("Done: @@||pixel.example.com^")
    assert "@@||pixel.example.com^" in home.house.settings.settings.filtering.rules
    await expect(drawer).to_contain_text("it would go another way")
    await drawer.get_by_role("button", name="Take back").click()
    await expect(drawer).to_contain_text("it would go the same way")
    await expect(drawer.get_by_role("button", name="Allow")).to_be_enabled()
    assert not home.house.settings.settings.filtering.rules


async def test_a_name_is_blocked_for_one_client_and_a_time(visit: Any, home: Any) -> None:
    await home.ask("chat.example.com")
    _, drawer = await _opened(visit, home, "chat.example.com")
    await drawer.get_by_label("For whom").select_option("for this client")
    await drawer.get_by_label("For how long").select_option("for an hour")
    await expect(drawer).to_contain_text("$client=")
    await drawer.get_by_role("button", name="Block").click()
    await expect(drawer).to_contain_text("Done:")
    (rule,) = home.built.temporary
    assert rule.startswith("||chat.example.com^$client=")
    assert not home.house.settings.settings.filtering.rules
    await drawer.get_by_role("button", name="Take back").click()
    await expect(drawer.get_by_role("button", name="Block")).to_be_enabled()
    assert not home.built.temporary


async def test_what_can_not_be_done_is_said_in_the_servers_words(
    visit: Any, home: Any, faults: Faults
) -> None:
    page, drawer = await _opened(visit, home, "ads.example.com")
    refused = {"type": "about:blank", "title": "x", "status": 409, "code": "x",
               "detail": "somebody else has changed the settings"}  # fmt: skip
    await page.route(
        "**/api/v1/names/choose", lambda route: route.fulfill(status=409, json=refused)
    )
    await drawer.get_by_role("button", name="Allow").click()
    await expect(drawer.get_by_role("alert")).to_contain_text(
        "somebody else has changed the settings"
    )
    await expect(drawer.get_by_role("button", name="Allow")).to_be_enabled()
    faults.forgive(409)


async def test_a_name_that_no_list_blocks_can_be_blocked_on_a_phone(
    visit: Any, new_home: Any
) -> None:
    await new_home.take([asked("www.example.org"), asked("ads.example.com", **BLOCKED)])
    page: Page = await visit(new_home, at="#/queries", width=360)
    await page.locator("td.asked button", has_text="www.example.org").click()
    drawer = page.get_by_role("dialog")
    button = drawer.get_by_role("button", name="Block")
    await expect(button).to_be_in_viewport()  # whatever there is to read above it
    await button.click()
    await expect(drawer).to_contain_text("Done: ||www.example.org^")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_what_an_answer_led_to_is_allowed_and_once_is_enough(
    visit: Any, new_home: Any
) -> None:
    hidden = {"outcome": Outcome.BLOCKED_ANSWER, "cause": BLOCKED["cause"], "hop": "x.example.com"}
    await new_home.take([asked("hidden.example.org", **hidden)])
    _, drawer = await _opened(visit, new_home, "hidden.example.org")
    await expect(drawer).to_contain_text("This rule would be added: @@||hidden.example.org^")
    await expect(drawer).to_contain_text("the exception also covers what its answer leads to")
    await drawer.get_by_role("button", name="Allow").click()
    await expect(drawer).to_contain_text("Done: @@||hidden.example.org^")
    await expect(drawer.get_by_role("button", name="Take back")).to_be_enabled()
    _, drawer = await _opened(visit, new_home, "hidden.example.org")
    await expect(drawer).to_contain_text("that name is allowed already")
    await expect(drawer.get_by_role("button", name="Allow")).to_be_disabled()
    await expect(drawer.get_by_role("button", name="Take back")).to_have_count(0)
    await expect(drawer).not_to_contain_text("It would have changed")


SAFE = ("safe search", 1, "Google: |www.google.com^$dnsrewrite=forcesafesearch.google.com")


async def test_a_name_that_safe_search_rewrites_is_blocked_or_allowed(
    visit: Any, new_home: Any
) -> None:
    rewritten = {"outcome": Outcome.REWRITTEN, "cause": SAFE, "client": "192.0.2.57"}
    await new_home.take([asked("www.google.com", **rewritten)])  # in the group kids
    _, drawer = await _opened(visit, new_home, "www.google.com")
    what = drawer.get_by_label("What to do")
    await drawer.get_by_label("For whom").select_option("for this client")
    await what.select_option("Allow")
    await expect(drawer).to_contain_text("would be added: @@||www.google.com^$client='Kids tablet'")
    await what.select_option("Block")
    await expect(drawer).to_contain_text("would be added: ||www.google.com^$client='Kids tablet'")
    await expect(drawer).to_contain_text("It would have changed 1 query")
    await drawer.get_by_role("button", name="Block").click()
    await expect(drawer).to_contain_text("Done: ||www.google.com^$client='Kids tablet'")


async def test_where_only_allowed_names_pass_a_search_engine_is_allowed_with_safe_search(
    visit: Any, furnish: Any, past: Any
) -> None:
    always = [{"name": "bedtime", "windows": ["daily 0:00-24:00"]}]
    home = await furnish(past, is_new=True, tree={"schedules": always})
    refused = {"outcome": Outcome.BLOCKED, "cause": ("allow only",), "client": "192.0.2.57"}
    await home.take([asked("www.google.com", **refused)])  # in the group kids
    _, drawer = await _opened(visit, home, "www.google.com")
    await drawer.get_by_label("For whom").select_option("for this client")
    rule = "@@||www.google.com^$client='Kids tablet'"
    await expect(drawer).to_contain_text(f"would be added: {rule}")
    await drawer.get_by_role("button", name="Allow").click()
    await expect(drawer).to_contain_text(f"Done: {rule}")
    _, drawer = await _opened(visit, home, "www.google.com")
    await drawer.get_by_label("For whom").select_option("for this client")
    await expect(drawer).to_contain_text("that name is allowed already, and safe search answers it")
    await expect(drawer.get_by_role("button", name="Allow")).to_be_disabled()


async def test_the_fields_for_a_time_show_the_one_that_counts(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/queries")
    await page.get_by_label("When").select_option("today")
    since, until = page.locator("#when-since"), page.locator("#when-until")
    await expect(since).to_have_value(re.compile(r"T00:00$"))
    await until.fill("2020-01-01T00:00")  # before it: that one is let go
    await expect(since).to_have_value("")
    await page.locator("#filter-until").click()
    await expect(until).to_have_count(0)
    await expect(page.locator("#filter-when")).to_have_value("")


async def test_a_query_without_a_name_can_be_opened_all_the_same(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/queries?verdict=refused")
    await home.ask(b"", qtype=0, rcode=5, outcome=Outcome.REFUSED)
    await page.reload()
    await page.get_by_role("button", name="(no name)").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("Reply code")
