"""Who signs in to the page."""

from __future__ import annotations

from typing import Any

from household import Household
from playwright.async_api import Page

from sinkhole.model.actor import Role

PASSWORD = "correct horse battery"
FORM = "#door form"


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the form and be let in."""
    form = page.locator(FORM)
    await form.get_by_label("Name").fill(name)
    await form.get_by_label("Password").fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#reach[data-state=fine]")


async def come_in(
    visit: Any, home: Household, name: str = "anna", role: Role = "admin", **options: Any
) -> Page:
    """A page on which somebody is signed in, whose account is made where there is none."""
    accounts = home.house.identity.accounts
    if name not in [each.name for each in accounts.all()]:
        await accounts.add(name, PASSWORD, role)
    page: Page = await visit(home, ready=FORM, **options)
    await sign_in(page, name)
    return page
