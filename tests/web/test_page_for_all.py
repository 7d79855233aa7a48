"""The page for everybody: by keys, with a screen reader, on a phone, in any scheme, without motion;
and for those who may only look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acts import refresh
from faults import Faults
from house_network import connect
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
PASSWORD = "correct horse battery"
NETWORK = ("#/upstreams", "#/routes", "#/names", "#/listeners", "#/connect")
PAGES = [
    *("#/", "#/queries", "#/devices", "#/groups", "#/schedules", "#/pauses"),
    *("#/device/Kids%20tablet", "#/group/kids"),
    *("#/lists", "#/list/AdGuard%20DNS%20filter", "#/catalogue", "#/services"),
    "#/rules?name=ads.example.com",
    *NETWORK,
    *("#/system", "#/settings", "#/accounts", "#/nodes", "#/audit"),
    *("#/start", *(f"#/start?step={step}" for step in ("devices", "resolver", "blocking", "done"))),
]
REMOTE = {"X-Forwarded-For": "192.0.2.9"}
CHANGES = ("Update lists now", "Pause…", "Use it all the same", "Block", "Allow", "Add", "Save")


async def _settled(page: Page) -> None:
    """What the page shows first is there."""
    await expect(page.locator("main h1, main h2").first).to_be_visible()
    await expect(page.get_by_text("Loading…")).to_have_count(0)
    await page.wait_for_function("document.querySelectorAll('main .card, main li').length > 0")


async def _violations(page: Page) -> list[str]:
    """What the rules of accessibility are against, as far as a program can tell."""
    if not AXE.exists():
        pytest.skip("packaging/build_page.py check was not run: axe-core is not there")
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run()")
    await page.evaluate("window.violations = []")  # the checker's own
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("at", PAGES)
async def test_a_page_has_nothing_that_accessibility_is_against_and_fits(
    visit: Any, home: Any, at: str, width: int, scheme: Any
) -> None:
    if at in NETWORK:
        await connect(home)
    page = await visit(home, at=at, width=width, scheme=scheme, reduced_motion="reduce")
    await _settled(page)
    assert await _violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_about_a_query_has_nothing_that_accessibility_is_against(
    visit: Any, home: Any, scheme: Any
) -> None:
    page = await visit(home, at="#/queries?exact=pixel.example.com", scheme=scheme)
    await page.locator("td.asked button").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("This rule would be added")
    assert await _violations(page) == []


async def test_the_door_has_nothing_that_accessibility_is_against(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home, below_path=True, told=REMOTE, ready="#door form")
    assert await _violations(page) == []
    faults.forgive()


async def test_without_motion_nothing_moves(visit: Any, home: Any) -> None:
    moves = "getComputedStyle(document.querySelector('.board .bar')).transitionDuration"
    page = await visit(home, reduced_motion="reduce")
    await page.wait_for_selector(".board .bar")
    assert await page.evaluate(moves) == "0s"
    page = await visit(home)
    await page.wait_for_selector(".board .bar")
    assert await page.evaluate(moves) != "0s"


async def test_keys_alone_lead_to_the_content_and_through_the_pages(visit: Any, home: Any) -> None:
    page = await visit(home)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await page.get_by_role("link", name="Queries", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Queries", level=1)).to_be_visible()


async def _sign_in(page: Page, name: str) -> None:
    form = page.locator("#door form")
    await form.get_by_label("Name").fill(name)
    await form.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")


@pytest.mark.parametrize("at", PAGES)
async def test_who_may_only_look_sees_everything_and_nothing_that_changes_anything(
    visit: Any, home: Any, faults: Faults, at: str
) -> None:
    await home.house.identity.accounts.add("vera", PASSWORD, "viewer")
    page = await visit(home, at=at, ready="#door form")
    await _sign_in(page, "vera")
    await _settled(page)
    for name in CHANGES:
        await expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    if at == "#/queries":
        await page.locator("td.asked button").first.click()
        drawer = page.get_by_role("dialog")
        await expect(drawer).to_contain_text("Reply code")
        await expect(drawer.get_by_role("button")).to_have_count(1)  # which closes it
    await expect(page.locator("#reach")).to_have_text("Live")
    faults.forgive()


async def test_two_sessions_see_the_same_and_one_may_do_more(
    visit: Any, home: Any, faults: Faults
) -> None:
    for name, role in (("anna", "admin"), ("vera", "viewer")):
        await home.house.identity.accounts.add(name, PASSWORD, role)
    pages = []
    for name in ("anna", "vera"):
        page = await visit(home, ready="#door form")
        await _sign_in(page, name)
        await expect(page.locator("#who-name")).to_have_text(name)
        pages.append(page)
    anna, vera = pages
    await expect(anna.get_by_role("button", name="Update lists now")).to_be_visible()
    await expect(vera.locator("#lists li").first).to_be_visible()
    await expect(vera.get_by_role("button", name="Update lists now")).to_have_count(0)
    await anna.get_by_role("button", name="Sign out").click()
    await expect(anna.get_by_role("heading", name="Sign in")).to_be_visible()
    await refresh(vera)
    await expect(vera.locator("#who-name")).to_have_text("vera")
    faults.forgive()
