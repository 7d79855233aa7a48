"""Accounts of others and tokens of programs, as an admin looks after them on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from faults import Faults
from household import Household
from people import FORM, PASSWORD, come_in, sign_in
from playwright.async_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NASTY = '<img src=x onerror="window.hacked=1"> "b"'


@pytest.fixture(autouse=True)
def _refused(visit: Any, faults: Faults) -> Iterator[None]:
    """What is tried wrongly is told 409; the door is told 401."""
    yield
    faults.forgive(400, 409, 422)


def _row(page: Page, name: str) -> Locator:
    return page.locator("#accounts > li").filter(has_text=name)


async def _add(page: Page, name: str, role: str = "viewer") -> None:
    await page.get_by_text("Add an account").first.click()
    form = page.get_by_role("form", name="Add an account")
    await form.get_by_label("Name").fill(name)
    await form.get_by_label("Password").fill(PASSWORD)
    await form.get_by_label("Role").select_option(role)
    await form.get_by_role("button").click()


async def test_an_account_is_made_changed_and_removed(visit: Any, home: Household) -> None:
    page = await come_in(visit, home, at="#/accounts")
    await _add(page, "ben")
    row = _row(page, "ben")
    await expect(row).to_contain_text("Viewer")
    await expect(row).to_contain_text("never signed in yet · 0 sessions · 0 tokens")
    await row.get_by_role("button", name="Change…: ben").click()
    await row.get_by_label("Role of ben").select_option(label="Helper")
    await expect(row.locator(".tag").first).to_have_text("Helper")
    await row.get_by_label("New password for ben").fill("battery staple horse")
    await row.get_by_role("button", name="Give this password").click()
    await expect(row).to_contain_text("that account is signed out everywhere")
    await row.get_by_role("button", name="Remove the account: ben").click()
    sure = row.get_by_role("group", name="Remove the account: ben")
    await expect(sure).to_contain_text("This can't be undone.")
    await sure.get_by_role("button", name="Remove the account", exact=True).click()
    await expect(row).to_have_count(0)


async def test_what_does_not_fit_is_said_in_words(visit: Any, home: Household) -> None:
    page = await come_in(visit, home, at="#/accounts")
    await _add(page, "ANNA")
    form = page.get_by_role("form", name="Add an account")
    await expect(form.get_by_role("alert")).to_have_text(
        "There is an account of this name already."
    )
    await form.get_by_label("Name").fill(NASTY)
    await form.get_by_role("button").click()
    await expect(_row(page, "onerror")).to_have_count(1)
    assert await page.evaluate("window.hacked") is None
    await expect(_row(page, "anna").get_by_role("button")).to_have_count(0)  # one's own


async def test_the_sessions_and_the_second_factor_of_somebody_are_ended(
    visit: Any, home: Household
) -> None:
    accounts, second = home.house.identity.accounts, home.house.identity.second_factor
    others = await come_in(visit, home, "ben", "operator", at="#/queries")
    ben = accounts.named("ben")
    await second.enrol(ben)
    number, people = ben.id, home.house.state.people
    await people.put_account(number, lambda known: known._replace(confirmed=True))  # type: ignore[union-attr]  # it is there
    page = await come_in(visit, home, at="#/accounts")
    row = _row(page, "ben")
    await expect(row).to_contain_text("second factor")
    await expect(row).to_contain_text("signed in just now · 1 session")
    await row.get_by_role("button", name="Change…: ben").click()
    await row.get_by_role("button", name="Switch the second factor off").click()
    await expect(row.locator(".tag")).to_have_count(1)
    await row.get_by_role("button", name="Sign out there").click()
    await expect(row).to_contain_text("Signed in nowhere.")
    pages = others.get_by_role("navigation", name="Pages")
    await pages.get_by_role("link", name="Devices").click()
    await expect(others.get_by_role("heading", name="Sign in")).to_be_visible()
    await sign_in(others, "ben")
    await expect(pages.get_by_role("link", name="Devices")).to_have_attribute(
        "aria-current", "page"
    )


async def test_the_first_account_is_made_at_this_machine_which_signs_in_then(
    visit: Any, home: Household
) -> None:
    page = await visit(home, at="#/accounts")
    form = page.get_by_role("form", name="Add an account")
    await form.get_by_label("Name").fill("anna")
    await form.get_by_label("Password").fill(PASSWORD)
    await form.get_by_role("button").click()
    await expect(page.locator(FORM)).to_be_visible()
    await sign_in(page, "anna")
    await expect(page.get_by_role("region", name="Your account: anna")).to_be_visible()
    assert home.house.identity.accounts.named("anna").role == "admin"


async def test_a_token_is_made_shown_once_used_and_removed(visit: Any, home: Household) -> None:
    page = await come_in(visit, home, at="#/accounts")
    await page.get_by_text("Make a token").first.click()
    form = page.get_by_role("form", name="Make a token")
    await form.get_by_label("What it is for").fill("Home <b>Assistant</b>")
    await form.get_by_label("pause and resume blocking").check()
    await form.get_by_label("see statistics").uncheck()
    await form.get_by_label("How long it lasts").select_option(label="30 days")
    await form.get_by_role("button").click()
    secret = await page.get_by_role("group", name="The token").locator("code").inner_text()
    row = page.locator("#tokens li")
    await expect(row).to_contain_text("Home <b>Assistant</b>")
    await expect(row).to_contain_text("never used yet")
    await expect(row).to_contain_text("see how the server does")
    await expect(row).to_contain_text("pause and resume blocking")
    actor = home.house.identity.of_token(secret, "192.0.2.8")
    assert actor is not None
    assert {str(each) for each in actor.permissions} == {"status:read", "protection:write"}
    await page.reload()
    await expect(row).to_contain_text("used just now 192.0.2.8 · for 29 d 23 h more")
    await expect(page.get_by_label("The token")).to_have_count(0)
    await row.get_by_role("button", name="Remove").click()
    await row.get_by_role("button", name="Remove", exact=True).click()
    await expect(row).to_have_count(0)
    assert home.house.identity.of_token(secret, "192.0.2.8") is None
