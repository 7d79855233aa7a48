"""The pages of the network for who may only look: all is seen, and nothing can be touched."""

from __future__ import annotations

from typing import Any

import pytest
from faults import Faults
from house_network import connect
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "correct horse battery"
ROWS = {
    "#/upstreams": "#servers > li",
    "#/routes": "#routes > li",
    "#/names": "#names > li",
    "#/listeners": "#listeners > li",
    "#/connect": ".guides .qr",
}
TOUCHES = ("Add", "Remove", "Change", "Test", "Move", "Draft", "Give", "Save")


async def test_who_may_only_look_can_touch_nothing(visit: Any, home: Any, faults: Faults) -> None:
    await connect(home)
    await home.house.identity.accounts.add("vera", PASSWORD, "viewer")
    page = await visit(home, at="#/upstreams", ready="#door form")
    await page.get_by_label("Name").fill("vera")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    for at, rows in ROWS.items():
        await page.evaluate("at => { location.hash = at }", at)
        await expect(page.locator(rows).first).to_be_visible()
        for word in TOUCHES:
            await expect(page.locator("main").get_by_role("button", name=word)).to_have_count(0)
        fields = page.locator(
            "main :is(textarea, input:not([type=search]), select:not(#which-device))"
        )
        for field in await fields.all():
            await expect(field).to_be_disabled()
    faults.forgive()
