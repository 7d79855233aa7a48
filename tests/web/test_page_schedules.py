"""Schedules in a real browser: drawn as a week, changed by form and by keys."""

from __future__ import annotations

from typing import Any

import pytest
from faults import Faults
from houses import ADMIN
from playwright.async_api import Page, expect
from test_page_groups import save

from sinkhole.control.settings.in_force import Change

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def windows(home: Any, name: str) -> list[str]:
    """The hours of a schedule, as the settings write them."""
    found = (each for each in home.house.settings.settings.schedules if each.name == name)
    return [str(each) for each in next(found).windows]


async def make(page: Page, name: str) -> None:
    """Make a schedule: on weekdays, from three to five."""
    await page.get_by_role("button", name="Make a schedule").click()
    card = page.get_by_role("region", name="New schedule")
    await card.get_by_label("Name, such as bedtime").fill(name)
    for day in ("Sat", "Sun"):
        await card.get_by_label(day, exact=True).uncheck()
    await card.get_by_label("From").fill("15:00")
    await card.get_by_label("Until").fill("17:00")
    await card.get_by_role("button", name="Add", exact=True).click()
    await save(page)


async def test_a_week_is_drawn_with_what_goes_over_midnight_and_told_as_a_table(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/schedules")
    card = page.get_by_role("region", name="bedtime", exact=True)
    await expect(card.locator(".windows li")).to_have_text(
        [
            "Mon, Tue, Wed, Thu, Sun 21:00–07:00, until the next day",
            "Fri, Sat 22:30–08:00, until the next day",
        ]
    )
    await expect(card.locator(".bar")).to_have_count(14)
    await card.get_by_text("Show as a table").click()
    rows = card.locator("tbody tr")
    await expect(rows.nth(0)).to_have_text("Monday00:00–07:00, 21:00–24:00")
    await expect(rows.nth(5)).to_have_text("Saturday00:00–08:00, 22:30–24:00")
    await expect(card).to_contain_text("Group kids: Only what is allowed: yes")
    await expect(card).to_contain_text("sinkhole.yaml:")
    await expect(card.get_by_role("button")).to_have_count(0)  # the file holds it


async def test_a_schedule_is_made_changed_by_form_and_keys_and_removed(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/schedules")
    await make(page, "homework")
    assert windows(home, "homework") == ["mon-fri 15:00-17:00"]
    card = page.get_by_role("region", name="homework", exact=True)
    await expect(card).to_contain_text("Nobody goes by it yet")
    bar = card.locator("button.bar")
    await bar.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(bar).to_have_attribute("title", "mon-fri 15:15-17:30")
    await expect(bar).to_be_focused()
    await card.get_by_role("button", name="Add hours").click()
    form = card.locator("form.window-form")
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri"):
        await form.get_by_label(day, exact=True).uncheck()
    await form.get_by_label("From").fill("22:00")
    await form.get_by_label("Until").fill("02:00")
    await form.get_by_role("button", name="Add", exact=True).click()
    await save(page)
    assert windows(home, "homework") == ["mon-fri 15:15-17:30", "sat,sun 22:00-02:00"]
    await card.get_by_role("button", name="Remove: Mon").click()
    await save(page)
    assert windows(home, "homework") == ["sat,sun 22:00-02:00"]
    await card.get_by_label("Another name").fill("weekend")
    await card.get_by_role("button", name="Rename").click()
    other = page.get_by_role("region", name="weekend", exact=True)
    await other.get_by_role("button", name="Remove this schedule").click()
    await expect(other).to_have_count(0)
    await page.get_by_role("button", name="Take back").click()
    await expect(other).to_be_visible()
    assert windows(home, "weekend") == ["sat,sun 22:00-02:00"]


async def test_a_new_schedule_stays_though_somebody_else_has_changed_something_meanwhile(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home, at="#/schedules")
    await expect(page.get_by_role("region", name="bedtime", exact=True)).to_be_visible()
    await home.house.settings.change([Change("cache.prefetch", value=False)], ADMIN)
    await make(page, "homework")
    assert windows(home, "homework") == ["mon-fri 15:00-17:00"]
    faults.forgive(409)


async def test_a_schedule_that_somebody_goes_by_is_removed_with_what_changes_then(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/schedules")
    await make(page, "homework")
    await page.goto(page.url.partition("#")[0] + "#/group/default")
    await page.get_by_label("While a schedule is open…").select_option("homework")
    await page.locator("#group-homework-allow_only").select_option("yes")
    await save(page)
    await page.goto(page.url.partition("#")[0] + "#/schedules")
    card = page.get_by_role("region", name="homework", exact=True)
    await card.get_by_role("button", name="Remove this schedule").click()
    told = card.get_by_role("region", name="Remove this schedule")
    await expect(told).to_contain_text("default goes by it.")
    await expect(told.locator("li")).to_have_text("Group default: Only what is allowed: yes")
    await page.clock.run_for(1_000)
    await told.get_by_role("button", name="Remove all of this").click()
    await expect(card).to_have_count(0)
    settings = home.house.settings
    everybody = next(each for each in settings.settings.groups if each.name == "default")
    assert everybody.schedules == ()
    await page.get_by_role("button", name="Take back").click()
    await expect(card).to_contain_text("Only what is allowed: yes")
    everybody = next(each for each in settings.settings.groups if each.name == "default")
    assert [each.when for each in everybody.schedules] == ["homework"]


async def test_two_who_change_a_schedule_keep_the_hours_of_the_other(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home, at="#/schedules")
    await make(page, "homework")
    other = await visit(home, at="#/schedules")
    for each, (begin, end) in ((page, ("08:00", "09:00")), (other, ("19:00", "20:00"))):
        card = each.get_by_role("region", name="homework", exact=True)
        await card.get_by_role("button", name="Add hours").click()
        form = card.locator("form.window-form")
        await form.get_by_label("From").fill(begin)
        await form.get_by_label("Until").fill(end)
        await form.get_by_role("button", name="Add", exact=True).click()
    await page.clock.run_for(1_000)
    await expect(page.locator("#saving")).to_contain_text("08:00-09:00")
    await save(other)
    saving = page.locator("#saving")
    await saving.get_by_role("button", name="Save", exact=True).click()
    await expect(saving).to_contain_text("Somebody else has changed the settings meanwhile.")
    await save(page)
    assert windows(home, "homework") == [
        "mon-fri 15:00-17:00", "daily 19:00-20:00", "daily 08:00-09:00"
    ]  # fmt: skip
    faults.forgive(409)
