"""Signing in on the page, the first account, and that nothing is shown to who has not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect
from pretend import PretendHouse

from sinkhole.control.identity.identity import Identity
from sinkhole.control.state.state import State

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "correct horse battery"
FORM = "#door form"
REFUSED = "status of 401"
REMOTE = {"X-Forwarded-For": "192.0.2.9"}


@pytest_asyncio.fixture(loop_scope="session")
async def identity(tmp_path: Path) -> AsyncIterator[Identity]:
    """A real one, over a new state.db."""
    state = await State.open(tmp_path)
    made = Identity(state)
    yield made
    await made.close()
    await state.close()


@pytest.fixture
def house(identity: Identity) -> PretendHouse:
    made = PretendHouse()
    made.identity = identity
    return made


def forgive(faults: list[str]) -> None:
    """Browsers report each 401 on the console; here these are what is tested."""
    faults[:] = [fault for fault in faults if REFUSED not in fault]


async def test_who_is_not_signed_in_sees_the_form_and_nothing_else(
    visit: Any, house: PretendHouse, identity: Identity, faults: list[str]
) -> None:
    await identity.accounts.add("anna", PASSWORD, "admin")
    page = await visit(house, ready=FORM)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.locator(FORM).get_by_label("Name")).to_be_focused()
    await expect(page.locator("#main")).to_be_hidden()
    await expect(page.locator("#who")).to_be_hidden()
    await expect(page.locator("[data-second]")).to_be_hidden()
    assert await page.locator("#queries tbody tr").count() == 0
    forgive(faults)


async def test_signing_in_shows_the_page_and_out_hides_it(
    visit: Any, house: PretendHouse, identity: Identity, faults: list[str]
) -> None:
    await identity.accounts.add("anna", PASSWORD, "admin")
    page = await visit(house, ready=FORM)
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
    await expect(page.locator("#update-result")).not_to_be_empty()
    assert house.updates == 1
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.locator("#main")).to_be_hidden()
    forgive(faults)


async def test_a_session_that_ends_leads_back_to_the_form(
    visit: Any, house: PretendHouse, identity: Identity, faults: list[str]
) -> None:
    account = await identity.accounts.add("anna", PASSWORD, "admin")
    page = await visit(house, ready=FORM)
    await page.locator(FORM).get_by_label("Name").fill("anna")
    await page.locator(FORM).get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")
    await identity.sessions.end_all(account.id)
    await page.clock.run_for(20_000)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    forgive(faults)


async def test_the_first_account_is_made_with_the_code_below_a_path_of_a_proxy(
    visit: Any, house: PretendHouse, identity: Identity, faults: list[str]
) -> None:
    page = await visit(house, ready=FORM, below_path=True, told=REMOTE)
    await expect(page.get_by_role("heading", name="Make the first account")).to_be_visible()
    await expect(page.locator(FORM)).to_contain_text("sudo sinkhole account add NAME")
    await page.locator(FORM).get_by_label("Code").fill("wrong")
    await page.locator(FORM).get_by_label("Name").fill("anna")
    await page.locator(FORM).get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("That is not the code")
    await page.locator(FORM).get_by_label("Code").fill(identity.first_code)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")
    await expect(page.locator("#who-name")).to_have_text("anna")
    assert identity.has_accounts
    forgive(faults)


async def test_this_machine_needs_no_account(visit: Any, house: PretendHouse) -> None:
    page = await visit(house)
    await expect(page.locator("#who")).to_be_hidden()
    await expect(page.locator("#queries tbody tr")).not_to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_the_form_fits_every_screen_and_can_be_read(
    visit: Any, house: PretendHouse, scheme: Any, width: int, faults: list[str]
) -> None:
    page = await visit(house, ready=FORM, below_path=True, told=REMOTE, width=width, scheme=scheme)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    for label in ("Code", "Name", "Password"):
        box = await page.locator(FORM).get_by_label(label).bounding_box()
        assert box is not None
        assert box["height"] >= 40
        assert box["width"] >= 200
    forgive(faults)
