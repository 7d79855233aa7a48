"""Signing in on the page, the first account, and that nothing is shown to who has not."""

from __future__ import annotations

from typing import Any

import pytest
from faults import Faults
from household import Household
from playwright.async_api import expect

from sinkhole.control.identity.identity import Identity

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "correct horse battery"
FORM = "#door form"
REMOTE = {"X-Forwarded-For": "192.0.2.9"}


@pytest.fixture
def identity(home: Household) -> Identity:
    """Who may come in."""
    return home.house.identity


async def test_who_is_not_signed_in_sees_the_form_and_nothing_else(
    visit: Any, home: Household, identity: Identity, faults: Faults
) -> None:
    await identity.accounts.add("anna", PASSWORD, "admin")
    page = await visit(home, ready=FORM)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.locator(FORM).get_by_label("Name")).to_be_focused()
    await expect(page.locator("#main")).to_be_hidden()
    await expect(page.locator("#who")).to_be_hidden()
    await expect(page.locator("input[name=second]")).to_be_hidden()
    assert await page.locator("#queries tbody tr").count() == 0
    faults.forgive()


async def test_signing_in_shows_the_page_and_out_hides_it(
    visit: Any, home: Household, identity: Identity, faults: Faults
) -> None:
    await identity.accounts.add("anna", PASSWORD, "admin")
    page = await visit(home, ready=FORM)
    await page.locator(FORM).get_by_label("Name").fill("anna")
    await page.locator(FORM).get_by_label("Password").fill("wrong")
    await page.locator(FORM).get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    await page.locator(FORM).get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")
    await expect(page.locator("#who-name")).to_have_text("anna")
    await expect(page.locator("#door")).to_be_hidden()
    await expect(page.locator("#queries tbody tr")).not_to_have_count(0)
    (cookie,) = [each for each in await page.context.cookies() if each["name"] == "sinkhole"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    await page.reload()
    await page.wait_for_selector("#reach[data-state=fine]")
    await page.get_by_role("button", name="Update lists now").click()  # a cookie and its origin
    await expect(page.locator("#update-result")).to_have_text("Nothing has changed.")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.locator("#main")).to_be_hidden()
    faults.forgive()


async def test_a_session_that_ends_leads_back_to_the_form(
    visit: Any, home: Household, identity: Identity, faults: Faults
) -> None:
    account = await identity.accounts.add("anna", PASSWORD, "admin")
    page = await visit(home, ready=FORM)
    await page.locator(FORM).get_by_label("Name").fill("anna")
    await page.locator(FORM).get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")
    await identity.sessions.end_all(account.id)
    await page.clock.run_for(20_000)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.wait_for_load_state("networkidle")  # each thing that was being read learns of it
    faults.forgive()


async def test_the_first_account_is_made_with_the_code_below_a_path_of_a_proxy(
    visit: Any, home: Household, identity: Identity, faults: Faults
) -> None:
    page = await visit(home, ready=FORM, below_path=True, told=REMOTE)
    await expect(page.get_by_role("heading", name="Make the first account")).to_be_visible()
    await expect(page.locator(FORM)).to_contain_text("sudo sinkhole account add NAME")
    await page.locator(FORM).get_by_label("Code").fill("wrong")
    await page.locator(FORM).get_by_label("Name").fill("anna")
    await page.locator(FORM).get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("That is not the code")
    await expect(page.locator(FORM).get_by_label("Code")).to_be_focused()
    await expect(page.locator(FORM)).to_contain_text("At least 8 characters.")
    await page.locator(FORM).get_by_label("Code").fill(identity.first_code)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")
    await expect(page.locator("#who-name")).to_have_text("anna")
    assert identity.has_accounts
    faults.forgive()


async def test_the_head_of_the_page_is_one_line_in_german_as_well(
    visit: Any, home: Household, identity: Identity, faults: Faults
) -> None:
    await identity.make_first(identity.first_code, "Änne Müller", PASSWORD, "192.0.2.9")
    page = await visit(home, ready=FORM, below_path=True, told=REMOTE, locale="de-DE")
    await page.locator(FORM).get_by_label("Name").fill("Änne Müller")
    await page.locator(FORM).get_by_label("Passwort").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")
    mark, leave = [await page.locator(one).bounding_box() for one in (".wordmark", "#sign-out")]
    assert mark is not None and leave is not None
    assert leave["y"] < mark["y"] + mark["height"]
    faults.forgive()


async def test_this_machine_needs_no_account(visit: Any, home: Household) -> None:
    page = await visit(home)
    await expect(page.locator("#who")).to_be_hidden()
    await expect(page.locator("#queries tbody tr")).not_to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_the_form_fits_every_screen_and_can_be_read(
    visit: Any, home: Household, scheme: Any, width: int, faults: Faults
) -> None:
    page = await visit(home, ready=FORM, below_path=True, told=REMOTE, width=width, scheme=scheme)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    for label in ("Code", "Name", "Password"):
        box = await page.locator(FORM).get_by_label(label).bounding_box()
        assert box is not None
        assert box["height"] >= 40
        assert box["width"] >= 200
    faults.forgive()
