"""The page of services and safe search in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def _blocked(home: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = home.house.settings.settings.filtering.services
    return found


async def test_a_service_is_found_blocked_and_freed_by_clicks(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/services")
    await expect(page.locator(".service-group")).to_have_count(14)
    await expect(page.locator(".service-group h2").first).to_have_text("Social networks and forums")
    await page.get_by_role("searchbox", name="Search").fill("tikt")
    services = page.locator(".service-group .service")
    await expect(services).to_have_count(1)
    await expect(services.locator("svg text")).to_have_text("T")
    await services.get_by_role("checkbox", name="TikTok").check()
    await expect(page.get_by_text("TikTok: blocked.")).to_be_visible()
    await expect(page.get_by_text("1 service is blocked.")).to_be_visible()
    assert _blocked(home) == ("tiktok",)
    await page.get_by_role("searchbox", name="Search").fill("no such service")
    await expect(page.get_by_text("No service here is like that.")).to_be_visible()
    await page.get_by_role("searchbox", name="Search").fill("")
    await expect(page.get_by_text("No service here is like that.")).to_have_count(0)
    await page.get_by_role("checkbox", name="only what is blocked").check()
    await expect(services).to_have_count(1)
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_text("TikTok: no longer blocked.")).to_be_visible()
    await expect(services).to_have_count(0)
    assert _blocked(home) == ()


async def test_on_a_phone_a_group_is_opened_by_a_click_or_by_a_search(
    visit: Any, home: Any
) -> None:
    page: Page = await visit(home, at="#/services", width=390)
    services = page.locator(".service-group .service:visible")
    group = page.get_by_role("group", name="Betting, casinos and poker")
    await expect(group.get_by_text("14 services", exact=True)).to_be_visible()
    await expect(services).to_have_count(0)
    await group.get_by_text("14 services", exact=True).click()
    await expect(services).to_have_count(14)
    await page.get_by_role("searchbox", name="Search").fill("tikt")
    await expect(services).to_have_count(1)


async def test_a_whole_group_is_blocked_at_once(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/services")
    group = page.get_by_role("group", name="Betting, casinos and poker")
    await group.get_by_role("checkbox", name="All of them").check()
    await expect(group.get_by_role("checkbox", name="bet365")).to_be_disabled()
    await expect(group.locator(".service.blocked")).to_have_count(14)
    assert _blocked(home) == ("group:gambling",)


async def test_what_another_tab_changed_is_seen_by_who_comes_back(visit: Any, home: Any) -> None:
    one: Page = await visit(home, at="#/services")
    other: Page = await visit(home, at="#/services")
    for page, name in ((one, "TikTok"), (other, "Twitch")):
        await page.get_by_role("checkbox", name=name, exact=True).check()
        await expect(page.get_by_text(f"{name}: blocked.")).to_be_visible()
    await one.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(one.get_by_text("2 services are blocked.")).to_be_visible()
    twitch = one.locator(".service.blocked").filter(has_text="Twitch")
    await expect(twitch.get_by_role("checkbox")).to_be_checked()


async def test_what_the_file_holds_is_shown_as_held(visit: Any, furnish: Any) -> None:
    held = {"services": ["tiktok"], "safe_search": {"google": True}, "lists": []}
    page: Page = await visit(await furnish(tree={"filtering": held}), at="#/services")
    service = page.locator(".service").filter(has_text="TikTok")
    await expect(service.get_by_role("checkbox")).to_be_disabled()
    await expect(service).to_contain_text("sinkhole.yaml:")
    google = page.locator(".engines li").filter(has_text="Google")
    await expect(google.get_by_role("combobox")).to_be_disabled()
    await expect(google).to_contain_text("sinkhole.yaml:")


async def test_search_engines_are_made_safe_one_by_one_and_all_at_once(
    visit: Any, home: Any
) -> None:
    page: Page = await visit(home, at="#/services")
    youtube = page.get_by_role("combobox", name="YouTube")
    await youtube.select_option("moderate")
    await expect(youtube).to_have_value("moderate")
    await page.get_by_role("button", name="All strict").click()
    for name in ("Bing", "Google", "YouTube"):
        await expect(page.get_by_role("combobox", name=name)).to_have_value("strict")
    assert home.house.settings.settings.filtering.safe_search.google is True
    await page.get_by_role("button", name="All off").click()
    await expect(youtube).to_have_value("off")


async def test_it_leads_to_where_times_and_groups_are_said(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/services")
    hint = page.get_by_text("This is for everybody who has no choice of their own")
    await expect(hint.get_by_role("link", name="schedules")).to_have_attribute(
        "href", "#/schedules"
    )
