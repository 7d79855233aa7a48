"""The first steps' group for the devices of children, when it was seen to elsewhere as well."""

from __future__ import annotations

from typing import Any

import pytest
from houses import ADMIN
from playwright.async_api import expect

from sinkhole.control.operations import renaming
from sinkhole.control.operations.perform import perform

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_group_for_children_is_found_when_it_has_another_name(
    visit: Any, new_home: Any
) -> None:
    page = await visit(new_home, at="#/start?step=blocking")
    children = page.get_by_role("region", name="Children")
    await children.get_by_label("Games").check()
    await children.get_by_role("button", name="Make the group").click()
    await expect(children.get_by_role("status")).to_contain_text("The group is there")
    given = renaming.Renaming(name="children", to="Kinder")
    await perform(renaming.rename_group, new_home.house, ADMIN, given)
    await page.reload()
    await expect(children.get_by_role("status")).to_contain_text("The group is there")
    await expect(children).to_contain_text("A group called “Kinder”.")
    await expect(children.get_by_label("Games")).to_be_checked()
    await children.get_by_label("Games").uncheck()
    await children.get_by_role("button", name="Save the group").click()
    await expect(page.get_by_role("region", name="Last change")).to_contain_text("Kinder")
    groups = {each.name: each for each in new_home.built.settings.settings.groups}
    assert "children" not in groups
    assert "group:gaming" not in groups["Kinder"].services
