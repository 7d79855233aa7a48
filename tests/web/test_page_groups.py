"""Groups in a real browser: side by side, made, changed, tried, renamed, removed, taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from acts import until_shown
from faults import Faults
from houses import ADMIN
from playwright.async_api import Page, Route, expect

from sinkhole.control.settings.in_force import Change

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def names(home: Any) -> list[str]:
    """The groups that the settings have."""
    return [each.name for each in home.house.settings.settings.groups]


async def make(page: Page, name: str) -> None:
    """Begin a group by its name."""
    await page.get_by_label("Name of a new group").fill(name)
    await page.get_by_role("button", name="Make a group").click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


async def save(page: Page) -> None:
    """Save what is reviewed, when the server has said what it comes to."""
    button = page.locator("#saving").get_by_role("button", name="Save", exact=True)
    await page.clock.run_for(1_000)
    await expect(button).to_be_enabled()
    await button.click()
    await expect(page.locator("#saving")).to_have_count(0)
    await expect(page.get_by_role("region", name="Last change")).to_be_visible()


async def test_groups_stand_side_by_side_and_what_is_different_is_marked(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/groups")
    table = page.locator(".matrix table")
    await expect(table.locator("thead")).to_have_text("HouseholdkidsthingsEverybody else")
    services = table.locator("tr", has_text="Blocked services")
    await expect(services.locator("td")).to_have_text(
        ["none", "TikTok", "·as the household", "·as the household"]
    )
    await expect(services.locator("td.own")).to_have_count(1)
    await expect(table.locator("tr", has_text="Schedules")).to_contain_text("bedtime")
    await expect(table.locator("tr", has_text="Devices")).to_contain_text("Kids tablet")
    await expect(table.locator("tr", has_text="Held by")).to_contain_text("sinkhole.yaml:")
    await table.get_by_role("link", name="kids").click()
    await expect(page.get_by_text("This stands in the settings file")).to_be_visible()
    await expect(page.get_by_label("Only what is allowed").first).to_be_disabled()
    await expect(page.get_by_role("button", name="Remove this group")).to_have_count(0)


async def test_a_group_is_made_changed_renamed_removed_and_that_taken_back(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/groups")
    await make(page, "guests")
    await page.locator("#group-allow_only").select_option("yes")
    await page.locator("#group-services").select_option("its own")
    await page.locator("#group-services-own").get_by_label("TikTok", exact=True).check()
    await page.locator("#group-lists").select_option("its own")
    await page.get_by_label("all lists").uncheck()
    await page.locator("#group-lists-own").get_by_label("Starter").uncheck()
    saving = page.locator("#saving")
    await page.clock.run_for(1_000)
    await expect(saving).to_contain_text("guests · Only what is allowed: as usual → yes")
    await expect(saving).to_contain_text("Blocked services: as usual → TikTok")
    await save(page)
    assert names(home) == ["kids", "things", "guests"]
    (made,) = (each for each in home.house.settings.settings.groups if each.name == "guests")
    assert (made.allow_only, list(made.services)) == (True, ["tiktok"])
    assert "Starter" not in made.lists and "AdGuard DNS filter" in made.lists
    await page.get_by_label("Another name").fill("visitors")
    await page.get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("heading", name="visitors", level=1)).to_be_visible()
    assert names(home) == ["kids", "things", "visitors"]
    await page.get_by_role("button", name="Remove this group").click()
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("visitors is removed.")
    assert names(home) == ["kids", "things"]
    await last.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("link", name="visitors")).to_be_visible()
    assert names(home) == ["kids", "things", "visitors"]


def groups_of(home: Any) -> dict[str, Any]:
    """The groups that clients are in, by their names."""
    return {each.name: each.group for each in home.house.settings.settings.clients}


async def with_guests(home: Any) -> None:
    """Have a group that two are in."""
    clients = [{"name": each, "ids": [f"id-{each}"], "group": "guests"} for each in ("A", "B")]
    wanted = [Change("groups", "guests", "set", {"name": "guests", "log": False})]
    wanted += [Change("clients", each["name"], "set", each) for each in clients]
    await home.built.settings.change(wanted, ADMIN)


async def test_a_group_that_somebody_is_in_is_removed_with_what_becomes_of_them(
    visit: Any, home: Any
) -> None:
    await with_guests(home)
    before = home.built.revisions
    page = await visit(home, at="#/group/guests")
    await page.get_by_role("button", name="Remove this group").click()
    told = page.get_by_role("region", name="Remove this group")
    await expect(told).to_contain_text("A, B are in it, and go to everybody else.")
    await page.clock.run_for(1_000)
    await told.get_by_role("button", name="Move them and remove the group").click()
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("guests is removed.")
    assert (names(home), groups_of(home)["A"]) == (["kids", "things"], None)
    assert home.built.revisions == before + 1
    await last.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("link", name="guests")).to_be_visible()
    assert (names(home), groups_of(home)["B"]) == (["kids", "things", "guests"], "guests")


async def test_what_the_file_has_in_a_group_is_told_with_its_line_and_nothing_is_done(
    visit: Any, home: Any
) -> None:
    await with_guests(home)
    text = home.built.config.read_text()
    home.built.config.write_text(text.replace('"group": "kids"', '"group": "guests"'))
    await home.built.settings.reload()
    page = await visit(home, at="#/group/guests")
    await page.get_by_role("button", name="Remove this group").click()
    told = page.get_by_role("region", name="Remove this group")
    await expect(told.locator(".error").first).to_contain_text("sinkhole.yaml:")
    await expect(told.get_by_role("button", name="Move them")).to_have_count(0)
    await told.get_by_role("button", name="Cancel").click()
    await expect(told).to_have_count(0)
    assert "guests" in names(home)


async def test_who_is_put_into_a_group_meanwhile_is_told_when_it_is_removed(
    visit: Any, home: Any, faults: Faults
) -> None:
    alone = Change("groups", "guests", "set", {"name": "guests"})
    await home.built.settings.change([alone], ADMIN)
    page = await visit(home, at="#/group/guests")
    await expect(page.get_by_role("heading", name="guests", level=1)).to_be_visible()
    await with_guests(home)
    await page.get_by_role("button", name="Remove this group").click()
    told = page.get_by_role("region", name="Remove this group")
    await expect(told).to_contain_text("A, B are in it")
    assert "guests" in names(home)
    faults.forgive(422)


async def hold_reading(page: Page) -> tuple[asyncio.Event, asyncio.Event]:
    """Have the page wait for the settings: when it has asked for them, and until when it waits."""
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "GET":
            asked.set()
            await go_on.wait()
        await route.continue_()

    await page.route("**/api/v1/settings", hold)
    return asked, go_on


async def test_what_was_before_is_not_shown_again_while_what_was_saved_is_read(
    visit: Any, home: Any
) -> None:
    await with_guests(home)
    page = await visit(home, at="#/group/guests")
    field, saving = page.locator("#group-allow_only"), page.locator("#saving")
    button = saving.get_by_role("button", name="Save", exact=True)
    await field.select_option("yes")
    asked, go_on = await hold_reading(page)
    await page.clock.run_for(1_000)
    await button.click()
    await asked.wait()
    await expect(field).to_have_value("true")
    await expect(button).to_be_disabled()
    go_on.set()
    await expect(saving).to_have_count(0)
    await expect(field).to_have_value("true")


async def test_who_was_slower_saves_nothing_before_it_was_compared_with_what_there_is_now(
    visit: Any, home: Any, faults: Faults
) -> None:
    await with_guests(home)
    page = await visit(home, at="#/group/guests")
    button = page.locator("#saving").get_by_role("button", name="Save", exact=True)
    await page.locator("#group-allow_only").select_option("yes")
    await expect(button).to_be_enabled()
    await home.house.settings.change([Change("cache.prefetch", value=False)], ADMIN)
    asked, go_on = await hold_reading(page)
    await button.click()
    await asked.wait()
    await expect(page.locator("#saving")).to_contain_text("Somebody else has changed the settings")
    await expect(button).to_be_disabled()
    go_on.set()
    await save(page)
    (made,) = (each for each in home.house.settings.settings.groups if each.name == "guests")
    assert (made.allow_only, made.log) == (True, False)
    faults.forgive(409)


async def test_two_who_change_a_group_keep_what_the_other_saved(
    visit: Any, home: Any, faults: Faults
) -> None:
    await with_guests(home)
    one, other = [await visit(home, at="#/group/guests") for _ in range(2)]
    await one.locator("#group-filtering").select_option("no")
    await one.get_by_text("Safe search", exact=True).click()
    await one.locator("#group-safe_search\\.google").select_option("yes")
    await one.clock.run_for(1_000)
    saving = one.locator("#saving")
    await expect(saving).to_contain_text("Blocking: as usual → no")
    await other.locator("#group-allow_only").select_option("yes")
    await other.get_by_text("Safe search", exact=True).click()
    await other.locator("#group-safe_search\\.bing").select_option("yes")
    await save(other)
    await saving.get_by_role("button", name="Save", exact=True).click()
    await expect(saving).to_contain_text("Somebody else has changed the settings meanwhile.")
    await one.clock.run_for(1_000)
    await expect(saving.locator("li")).to_have_text(
        ["guests · Blocking: as usual → no", "guests · Safe search: Google: as usual → yes"]
    )
    await expect(one.locator("#group-allow_only")).to_have_value("true")
    await save(one)
    (made,) = (each for each in home.house.settings.settings.groups if each.name == "guests")
    assert (made.filtering, made.allow_only, made.log) == (False, True, False)
    assert (made.safe_search.google, made.safe_search.bing) == (True, True)
    faults.forgive(409)


async def test_what_a_group_would_have_done_is_told_before_it_is_saved(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/group/default")
    await expect(page.get_by_role("heading", name="Everybody else", level=1)).to_be_visible()
    await page.locator("#group-allow_only").select_option("yes")
    await page.clock.run_for(1_000)
    await page.get_by_role("button", name="What would that have done").click()
    told = page.locator(".tried")
    await until_shown(page, told.get_by_text("In the last 7 days:"))
    await expect(told).to_contain_text("more blocked")
    await expect(told.locator("summary").filter(has_text="Anna's phone")).to_be_visible()
    await page.get_by_role("button", name="Discard").click()
    await expect(page.locator("#saving")).to_have_count(0)
    assert names(home) == ["kids", "things"]


async def test_a_group_does_something_else_at_certain_hours(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/groups")
    await make(page, "guests")
    await page.get_by_label("While a schedule is open…").select_option("bedtime")
    await page.locator("#group-bedtime-filtering").select_option("no")
    await save(page)
    (made,) = (each for each in home.house.settings.settings.groups if each.name == "guests")
    ((when, filtering),) = ((each.when, each.filtering) for each in made.schedules)
    assert (when, filtering) == ("bedtime", False)
    await page.get_by_role("button", name="Remove: bedtime").click()
    await save(page)
    (made,) = (each for each in home.house.settings.settings.groups if each.name == "guests")
    assert not made.schedules


async def test_devices_are_put_into_a_group_and_taken_out_of_it(visit: Any, home: Any) -> None:
    told = {"name": "Tilly", "addresses": ["192.0.2.77"], "group": "things"}
    await home.house.settings.change([Change("clients", "Tilly", "set", told)], ADMIN)

    def group_of_tilly() -> str | None:
        clients = home.house.settings.settings.clients
        return next(each.group for each in clients if each.name == "Tilly")  # type: ignore[no-any-return]  # a text

    page = await visit(home, at="#/group/kids")
    members = page.get_by_role("region", name="Devices")
    await expect(members.locator("li")).to_have_text(["Kids tablet"])
    put = members.get_by_label("Put a device into it…")
    await expect(put.locator("option")).to_have_text(["Put a device into it…", "Tilly (in things)"])
    await put.select_option("Tilly")
    await expect(members.get_by_role("link", name="Tilly")).to_be_visible()
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("Tilly is in “kids” now.")
    assert group_of_tilly() == "kids"
    await expect(members.get_by_role("button", name="Take out: Kids tablet")).to_have_count(0)
    await members.get_by_role("button", name="Take out: Tilly").click()
    await expect(members.get_by_role("link", name="Tilly")).to_have_count(0)
    assert group_of_tilly() is None
    await last.get_by_role("button", name="Take back").click()
    await expect(members.get_by_role("link", name="Tilly")).to_be_visible()
    assert group_of_tilly() == "kids"


async def test_a_name_that_is_taken_is_no_new_group(visit: Any, home: Any) -> None:
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    page = await visit(home, at="#/nowhere")
    await page.route("**/api/v1/settings", hold)
    await page.evaluate("location.hash = '#/groups'")
    await page.get_by_label("Name of a new group").fill("KIDS")
    make_it = page.get_by_role("button", name="Make a group")
    await expect(make_it).to_be_disabled()  # until it is known which are taken
    go_on.set()
    await make_it.click()
    await expect(page.get_by_role("alert")).to_have_text("There is a group of that name already.")
    await page.goto(page.url.partition("#")[0] + "#/group/nobody")
    await expect(page.get_by_text("There is no such group.")).to_be_visible()


async def test_a_whole_group_of_services_is_named_comes_first_and_has_its_members_ticked(
    visit: Any, home: Any
) -> None:
    young = {"name": "young", "services": ["group:gambling", "tiktok"]}
    await home.built.settings.change([Change("groups", "young", "set", young)], ADMIN)
    page = await visit(home, at="#/groups")
    services = page.locator(".matrix tr", has_text="Blocked services")
    await expect(services).to_contain_text("Betting, casinos and poker, TikTok")
    await page.get_by_role("link", name="young").click()
    ticks = page.locator("#group-services-own")
    await expect(ticks.locator("legend").nth(0)).to_have_text("Social networks and forums")
    await expect(ticks.locator("legend").nth(1)).to_have_text("Betting, casinos and poker")
    gambling = ticks.get_by_role("group", name="Betting, casinos and poker")
    whole = gambling.get_by_label("All of them, those yet to come as well")
    member = gambling.get_by_role("checkbox").nth(1)
    await expect(whole).to_be_checked()
    await expect(member).to_be_checked()
    await expect(member).to_be_disabled()
    await whole.uncheck()
    await expect(member).not_to_be_checked()
    await member.check()
    await save(page)
    (made,) = (each for each in home.house.settings.settings.groups if each.name == "young")
    assert len(made.services) == 2 and "group:gambling" not in made.services
