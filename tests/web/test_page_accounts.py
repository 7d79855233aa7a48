"""One's own account on the page: its password, its second factor, and where one is signed in."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from faults import Faults
from household import Household
from people import FORM, PASSWORD, come_in, sign_in
from playwright.async_api import Locator, Page, expect

from sinkhole.control.identity.totp import code_at, step_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BETTER = "battery staple horse"


@pytest.fixture(autouse=True)
def _refused(visit: Any, faults: Faults) -> Iterator[None]:
    """The form that signs in is told 401 first, and what is tried wrongly 403."""
    yield
    faults.forgive(400, 403, 409)


def _own(page: Page) -> Locator:
    return page.get_by_role("region", name="Your account: anna")


async def test_it_says_who_one_is_and_what_one_may(visit: Any, home: Household) -> None:
    page = await come_in(visit, home, at="#/accounts")
    own = _own(page)
    await expect(own).to_contain_text("Admin")
    await expect(own).to_contain_text("May do anything.")
    row = own.get_by_role("list", name="Signed in").get_by_role("listitem")
    await expect(row).to_have_text(re.compile(r"Chrome, Linux here.*127\.0\.0\.1 · since .* now"))
    await expect(row.get_by_role("button")).to_have_count(0)


async def test_the_password_is_changed_by_who_knows_the_present_one(
    visit: Any, home: Household
) -> None:
    page = await come_in(visit, home, at="#/accounts")
    form = page.get_by_role("form", name="Password")
    await form.get_by_label("Present password").fill("wrong")
    await form.get_by_label("New password").fill(BETTER)
    await form.get_by_role("button").click()
    await form.get_by_text("That is not the present password.").wait_for()
    await form.get_by_label("Present password").fill(PASSWORD)
    await form.get_by_role("button").click()
    await form.get_by_text("Changed.").wait_for()
    await expect(form.get_by_label("New password")).to_have_value("")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await sign_in(page, "anna", BETTER)


async def test_a_second_factor_is_set_up_used_and_given_up(visit: Any, home: Household) -> None:
    page = await come_in(visit, home, at="#/accounts")
    form = page.get_by_role("form", name="Second factor")
    await form.get_by_label("Present password").fill(PASSWORD)
    await form.get_by_role("button", name="Set it up").click()
    await form.get_by_role("img", name="QR code").wait_for()
    secret = await form.get_by_role("group", name="Secret for the app").locator("code").inner_text()
    await form.get_by_label("The code that it shows now").fill("000 000")
    await form.get_by_role("button", name="Switch it on").click()
    await expect(form.get_by_role("alert").first).to_contain_text("this code is wrong")
    code = code_at(secret, step_of(time.time()))
    await form.get_by_label("The code that it shows now").fill(f"{code[:3]} {code[3:]}")
    await form.get_by_role("button", name="Switch it on").click()
    shown = form.get_by_role("group", name="Recovery codes").locator("code")
    await expect(shown).to_be_visible()
    codes = (await shown.inner_text()).split()
    assert len(codes) == 10
    await expect(form).to_contain_text("It is on. 10 recovery codes are left.")

    await page.get_by_role("button", name="Sign out", exact=True).click()
    door = page.locator(FORM)
    await door.get_by_label("Name").fill("anna")
    await door.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await door.get_by_text("needs the code of its app").wait_for()
    await door.get_by_label("Code of your app").fill(codes[0])
    await page.keyboard.press("Enter")
    await form.get_by_text("9 recovery codes are left.").wait_for()
    await expect(shown).to_have_count(0)
    await form.get_by_label("Present password").fill(PASSWORD)
    await form.get_by_role("button", name="New recovery codes").click()
    await form.get_by_text("10 recovery codes are left.").wait_for()
    assert set((await shown.inner_text()).split()).isdisjoint(codes)
    await form.get_by_label("Present password").fill(PASSWORD)
    await form.get_by_role("button", name="Switch the second factor off").click()
    await form.get_by_role("button", name="Set it up").wait_for()


async def test_a_session_is_ended_from_another_and_one_comes_back_to_where_one_was(
    visit: Any, home: Household
) -> None:
    phone = await come_in(visit, home, at="#/audit")
    desk = await come_in(visit, home, at="#/accounts")
    rows = _own(desk).get_by_role("list", name="Signed in").get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await expect(_own(desk)).to_contain_text("The last time elsewhere: just now")
    await rows.get_by_role("button", name="Sign out there").click()
    await expect(rows).to_have_count(1)
    await phone.get_by_label("only what failed").click()  # asks the server
    await phone.clock.run_for(1_000)
    await expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()
    await sign_in(phone, "anna")
    await expect(phone.get_by_role("heading", name="Who did what")).to_be_visible()
    await expect(phone.get_by_label("only what failed")).to_be_checked()


async def test_signing_out_everywhere_ends_this_one_too(visit: Any, home: Household) -> None:
    page = await come_in(visit, home, at="#/accounts")
    await page.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await sign_in(page, "anna")
    await expect(_own(page)).to_be_visible()


async def test_who_fails_too_often_is_told_how_long_to_wait(
    visit: Any, home: Household, faults: Faults
) -> None:
    page = await come_in(visit, home, at="#/accounts")
    form = page.get_by_role("form", name="Password")
    await form.get_by_label("New password").fill(BETTER)
    await form.get_by_label("Present password").fill("wrong")
    waits = form.get_by_text(re.compile(r"^Too many failed tries: please wait \d+ seconds\.$"))
    while not await waits.count():  # each failure more is a longer wait
        await form.get_by_role("button").click()
        await form.locator("button:enabled").wait_for()
    faults.forgive(429)


async def test_a_viewer_has_an_own_account_and_no_others(visit: Any, home: Household) -> None:
    page = await come_in(visit, home, "vera", "viewer", at="#/accounts")
    own = page.get_by_role("region", name="Your account: vera")
    await expect(own).to_contain_text("Sees everything but accounts and backups")
    await expect(page.get_by_role("region", name="All accounts")).to_have_count(0)
    await page.get_by_text("Make a token").first.click()
    scopes = page.get_by_role("group", name="What it may do").get_by_role("checkbox")
    await expect(scopes).to_have_count(6)
