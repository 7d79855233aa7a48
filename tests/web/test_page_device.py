"""A device in a real browser: its day, what applies to it and why, and what is set for it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from acts import until_shown
from faults import Faults
from hostile import NASTY
from houses import ADMIN
from playwright.async_api import expect
from test_page_groups import save

from sinkhole.control.devices.book import Asked
from sinkhole.control.settings.in_force import Change

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

UNNAMED = "00:00:5e:00:53:63"


def client(home: Any, name: str) -> Any:
    """What the settings say of a client."""
    return next(each for each in home.house.settings.settings.clients if each.name == name)


async def test_a_device_shows_its_day_and_leads_to_its_log(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/devices")
    await page.get_by_role("link", name="Kids tablet").click()
    await expect(page.get_by_role("heading", name="Kids tablet", level=1)).to_be_visible()
    day = page.get_by_role("region", name="Its last 24 hours")
    await expect(day).to_contain_text("blocked: ")
    await expect(day.locator(".uplot")).to_be_visible()
    await expect(day.get_by_role("region", name="Most asked").locator("li").first).to_be_visible()
    share = await day.locator(".share").text_content()
    assert share and share.endswith("%")
    await day.get_by_label("7 d").check()
    await expect(page.get_by_role("region", name="Its last 7 days")).to_be_visible()
    await page.get_by_role("link", name="Its queries").click()
    await expect(page.locator("#queries tbody tr").first).to_contain_text("Kids tablet")


async def test_it_tells_what_applies_and_what_it_may_do_now(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/device/Kids%20tablet")
    applies = page.get_by_role("region", name="What applies to it now")
    await expect(applies).to_contain_text("Blocked services: TikTok says group kids")
    await expect(applies).to_contain_text("bedtime Mon, Tue, Wed, Thu, Sun 21:00–07:00")
    await expect(applies).to_contain_text("Only what is allowed: yes (kids)")
    may = page.get_by_role("region", name="What may it do now?")
    await may.get_by_label("Name").fill("www.tiktok.com")
    await page.clock.run_for(1_000)
    await expect(may).to_contain_text("No: www.tiktok.com is blocked by services")
    await expect(may).to_contain_text("To allow it: add to groups[kids].rules")
    await may.get_by_label("Name").fill("www.example.com")
    await may.get_by_label("When").fill("mon 12:00")
    await page.clock.run_for(1_000)
    await expect(may).to_contain_text("Yes: www.example.com is answered")


async def test_a_device_gets_a_name_a_group_and_things_of_its_own_and_loses_them(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at=f"#/device/{UNNAMED}")
    await expect(page.get_by_text("not yet: it has no name in the settings")).to_be_visible()
    await page.get_by_role("button", name="Name it").click()
    await page.get_by_label("Name of the device").fill("Printer")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("heading", name="Printer", level=1)).to_be_visible()
    await page.locator("#client-group").select_option("things")
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("Printer is in “things” now.")
    await page.locator("#client-addresses").fill("192.0.2.63\n2001:db8::63")
    await page.get_by_text("What is kept of it").click()
    await page.locator("#client-log").select_option("no")
    await save(page)
    made = client(home, "Printer")
    assert (made.group, made.log) == ("things", False)
    assert len(made.addresses) == 2
    await page.get_by_label("Another name").fill("Laser")
    await page.get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("heading", name="Laser", level=1)).to_be_visible()
    pause = page.get_by_role("region", name="Pause blocking for it")
    await pause.get_by_role("button", name="for 10 minutes").click()
    await expect(pause).to_contain_text("paused by")
    await pause.get_by_role("button", name="Resume").click()
    await expect(pause.get_by_role("button", name="for 10 minutes")).to_be_visible()
    await page.get_by_role("button", name="Give up its name").click()
    await expect(last).to_contain_text("Laser is removed.")
    await last.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("link", name="Laser")).to_be_visible()
    assert client(home, "Laser").log is False


async def test_what_is_typed_stays_while_the_page_is_read_anew(visit: Any, home: Any) -> None:
    tilly = {"name": "Tilly", "addresses": ["192.0.2.77"]}
    await home.house.settings.change([Change("clients", "Tilly", "set", tilly)], ADMIN)
    page = await visit(home, at="#/device/Tilly")
    await expect(page.get_by_text("It has not asked lately.")).to_be_visible()
    field, both = page.locator("#client-addresses"), "192.0.2.77\n192.0.2.78"
    await field.fill(both)
    home.built.devices.note([Asked("192.0.2.77", 1, time.time(), b"")])
    await page.clock.run_for(16_000)
    await expect(page.get_by_text("It has not asked lately.")).to_have_count(0)
    await expect(field).to_have_value(both)
    await field.blur()
    await save(page)
    kept = client(home, "Tilly").addresses
    assert [str(each.network_address) for each in kept] == both.split()


async def test_its_group_and_its_pause_stand_in_front_and_the_group_is_taken_back(
    visit: Any, home: Any
) -> None:
    await home.house.settings.change(
        [Change("clients", "Tilly", "set", {"name": "Tilly", "addresses": ["192.0.2.77"]})], ADMIN
    )
    page = await visit(home, at="#/device/Tilly", width=360)
    for name in ("Group", "Pause blocking for it"):
        box = (
            await page.locator("section.card").first.get_by_role("region", name=name).bounding_box()
        )
        assert box and box["y"] + box["height"] < 900
    await page.get_by_text("What is kept of it").click()
    await page.locator("#client-log").select_option("no")
    await page.locator("#client-group").select_option("things")
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("Tilly is in “things” now.")
    assert client(home, "Tilly").group == "things"
    await save(page)  # what was begun before leaves the group as it is
    assert (client(home, "Tilly").group, client(home, "Tilly").log) == ("things", False)
    await page.locator("#client-group").select_option("Everybody else")
    await expect(last).to_contain_text("Tilly is in “Everybody else” now.")
    await last.get_by_role("button", name="Take back").click()
    await expect(page.locator("#client-group")).to_have_value("things")


async def test_what_has_no_filter_is_not_said_to_be_blocked(
    visit: Any, furnish: Any, past: Any
) -> None:
    tree = {
        "groups": [{"name": "off", "filtering": False}],
        "clients": [{"name": "Tilly", "addresses": ["192.0.2.77"], "group": "off"}],
    }
    home = await furnish(past, tree=tree)
    page = await visit(home, at="#/device/Tilly")
    block = page.get_by_role("region", name="Block everything for it")
    await block.get_by_role("button", name="Block everything for an hour").click()
    await expect(block).to_contain_text("Nothing is blocked for it: blocking is switched off")
    await block.get_by_role("button", name="Unblock").click()
    await expect(block).not_to_contain_text("Nothing is blocked for it")


async def test_everything_is_blocked_for_a_device_for_a_time_and_no_longer(
    visit: Any, furnish: Any, past: Any
) -> None:
    name = "Anna's phone, $2"
    home = await furnish(past, tree={"clients": [{"name": name, "addresses": ["192.0.2.21"]}]})
    page = await visit(home, at=f"#/device/{quoted(name)}")
    may = page.get_by_role("region", name="What may it do now?")
    await may.get_by_label("Name").fill("www.example.com")
    await page.clock.run_for(1_000)
    await expect(may).to_contain_text("Yes: www.example.com is answered")
    pause = page.get_by_role("region", name="Pause blocking for it")
    await pause.get_by_role("button", name="for a day").click()
    await expect(pause).to_contain_text("paused by")
    block = page.get_by_role("region", name="Block everything for it")
    await expect(block).to_contain_text("It still gets the names of this house")
    await block.get_by_role("button", name="Block everything for an hour").click()
    await expect(block.get_by_role("status")).to_contain_text("Everything is blocked for 59 min")
    await expect(block.locator(".rule")).to_have_text(r"*$important,client='Anna\'s phone\, \$2'")
    await expect(pause.get_by_role("button", name="for a day")).to_be_visible()  # it ended
    await page.clock.run_for(1_000)
    await expect(may).to_contain_text("No: www.example.com is blocked by temporary rules")
    await pause.get_by_role("button", name="for 10 minutes").click()
    await expect(block).to_contain_text("Blocking is paused for it, so it gets answers")
    await block.get_by_role("button", name="Unblock").click()
    await expect(block.get_by_role("status")).to_have_count(0)
    assert not home.house.temporary_rules.rules
    await block.get_by_role("button", name="Block everything until I end it").click()
    await expect(block.get_by_role("status")).to_contain_text("until somebody ends it")
    assert len(home.house.settings.settings.filtering.rules) == 1
    await block.get_by_role("button", name="Unblock").click()
    await expect(block.get_by_role("status")).to_have_count(0)
    assert not home.house.settings.settings.filtering.rules


async def test_a_device_is_added_that_has_not_asked(visit: Any, home: Any, faults: Faults) -> None:
    page = await visit(home, at="#/devices")
    await page.get_by_role("button", name="Add a device").click()
    form = page.get_by_role("form", name="Add a device")
    await form.get_by_label("Name of the device").fill("tv")
    await form.get_by_label("Address, network").fill("192.0.2.300")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("There is a device of that name")
    await form.get_by_label("Name of the device").fill("Guests")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert").filter(has_text="192.0.2.300")).to_be_visible()
    faults.forgive(400, 409, 422)
    await form.get_by_label("Address, network").fill("192.0.2.128/25, 02-00-5E-10-00-99")
    await form.get_by_label("Group").select_option("things")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Guests", level=1)).to_be_visible()
    await expect(page.get_by_text("It has not asked lately.")).to_be_visible()
    await expect(page.locator("#client-macs")).to_have_value("02:00:5e:10:00:99")
    made = client(home, "Guests")
    assert (made.group, made.macs) == ("things", ("02:00:5e:10:00:99",))
    assert [str(each) for each in made.addresses] == ["192.0.2.128/25"]
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_text("Nobody of that name has asked lately")).to_be_visible()


async def test_devices_are_sorted_by_a_click_and_found_by_a_text(
    visit: Any, furnish: Any, past: Any
) -> None:
    home = await furnish(past)
    clients = [f"198.51.100.{host}" for host in range(1, 11)]
    for number, address in enumerate(clients):
        await home.ask("www.example.org", client=address, times=number + 1)
        home.built.devices.note([Asked(address, number + 1, time.time(), b"")])
    page = await visit(home, at="#/devices")
    table = page.locator("#devices")
    rows = table.locator("tbody tr")
    await until_shown(page, table.get_by_role("button", name="Queries in 24 hours"))
    search = page.get_by_label("Name, address, maker or group")
    await search.fill("198.51.100.10")
    await expect(rows).to_have_count(1)
    await expect(rows.locator("td.number").first).to_contain_text("10")
    await expect(rows.locator("td.number").last).to_contain_text("0.0%")
    await search.fill("")
    await table.get_by_role("button", name="Device").click()
    await expect(table.locator("th[aria-sort=ascending]")).to_have_text("Device ▴")
    await expect(rows.first).to_contain_text("00:00:5e:00:53:63")
    await table.get_by_role("button", name="Device").click()
    await expect(table.locator("th[aria-sort=descending]")).to_have_text("Device ▾")
    await table.get_by_role("button", name="Blocked").click()
    await expect(table.locator("th[aria-sort=descending]")).to_have_text("Blocked ▾")
    shares = [
        text for text in await rows.locator("td:nth-child(4)").all_inner_texts() if "%" in text
    ]
    assert shares == sorted(shares, key=lambda text: -float(text.rstrip("%"))) and len(shares) > 10
    await search.fill("KIDS")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Kids tablet")
    await rows.get_by_role("link").nth(1).click()
    await expect(page.locator("#queries tbody tr").first).to_contain_text("Kids tablet")


async def test_a_device_by_the_name_of_another_joins_it_and_its_group_stays(
    visit: Any, home: Any
) -> None:
    laptop = {"name": "Laptop", "ids": ["laptop"], "group": "things"}
    await home.built.settings.change([Change("clients", "Laptop", "set", laptop)], ADMIN)
    page = await visit(home, at=f"#/device/{UNNAMED}")
    await page.get_by_role("button", name="Name it").click()
    form = page.locator("form.naming")
    await form.get_by_label("Group", exact=True).select_option("kids")
    await form.get_by_label("Name of the device").fill("LAPTOP")
    await expect(form.get_by_role("status")).to_have_text(
        "There is a device of this name already (group things). "
        "Saving makes this address one more of it; its group stays."
    )
    await expect(form.get_by_label("Group", exact=True)).to_have_count(0)
    await form.get_by_label("Name of the device").fill("TV")
    await expect(form.get_by_role("status")).to_contain_text("This stands in the settings file")
    await expect(form.get_by_role("button", name="Save")).to_be_disabled()
    await form.get_by_label("Name of the device").fill("laptop ")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Laptop", level=1)).to_be_visible()
    joined = client(home, "Laptop")
    assert (joined.group, joined.macs) == ("things", (UNNAMED,))
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text(f"{UNNAMED} is one more of Laptop now.")
    await last.get_by_role("button", name="Take back").click()
    await expect(page.get_by_text("not yet: it has no name in the settings")).to_be_visible()
    assert client(home, "Laptop").macs == ()


async def test_two_who_change_a_device_keep_what_the_other_saved(
    visit: Any, home: Any, faults: Faults
) -> None:
    laptop = {"name": "Laptop", "ids": ["laptop"], "services": ["tiktok"]}
    await home.built.settings.change([Change("clients", "Laptop", "set", laptop)], ADMIN)
    one, other = [await visit(home, at="#/device/Laptop") for _ in range(2)]
    await one.get_by_text("What is kept of it").click()
    await one.locator("#client-log").select_option("no")
    await one.clock.run_for(1_000)
    saving = one.locator("#saving")
    await expect(saving).to_contain_text("→ no")
    await other.locator("#client-ids").fill("laptop\nbook")
    await other.locator("#client-ids").blur()
    await save(other)
    await saving.get_by_role("button", name="Save", exact=True).click()
    await expect(saving).to_contain_text("Somebody else has changed the settings meanwhile.")
    await expect(one.locator("#client-ids")).to_have_value("laptop\nbook")
    await save(one)
    kept = client(home, "Laptop")
    assert (kept.log, kept.ids, kept.services) == (False, ("laptop", "book"), ("tiktok",))
    faults.forgive(409)


async def test_a_device_is_forgotten(visit: Any, home: Any) -> None:
    page = await visit(home, at=f"#/device/{UNNAMED}")
    await page.get_by_role("button", name=f"Forget: {UNNAMED}").click()
    await expect(page.get_by_role("heading", name="Devices", level=1)).to_be_visible()
    await until_shown(page, page.locator("#devices tbody tr"))
    await expect(page.locator("#devices")).not_to_contain_text(UNNAMED)


async def test_what_the_file_holds_is_shown_and_stays(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/device/TV")
    await expect(page.get_by_text("This stands in the settings file")).to_be_visible()
    await expect(page.locator("#client-group")).to_be_disabled()
    await expect(page.get_by_role("button", name="Give up its name")).to_have_count(0)
    await page.goto(page.url.partition("#")[0] + "#/device/nobody%20at%20all")
    await expect(page.get_by_text("Nobody of that name has asked lately")).to_be_visible()


async def test_nothing_that_a_name_says_is_more_than_text(visit: Any, furnish: Any) -> None:
    names = [each[:90] for each in NASTY if each.isprintable()]
    clients = [{"name": each, "ids": [f"id-{at}"]} for at, each in enumerate(names)]
    groups = [{"name": each, "rules": [f"! {each}"]} for each in names]
    schedules = [{"name": each, "windows": ["daily 9:00-10:00"]} for each in names]
    tree = {"clients": clients, "groups": groups, "schedules": schedules}
    home = await furnish(tree=tree)
    page = await visit(home, at="#/groups", width=360)
    for at in ("#/groups", "#/schedules", "#/pauses"):
        await page.goto(page.url.partition("#")[0] + at)
        await expect(page.locator("main h1")).to_be_visible()
    for name in names:
        for kind in ("device", "group"):
            await page.goto(page.url.partition("#")[0] + "#/")
            await page.evaluate("at => { location.hash = at }", f"#/{kind}/{quoted(name)}")
            await expect(page.locator("main h1")).to_have_text(name)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await page.evaluate("window.hacked") is None


def quoted(name: str) -> str:
    """A name as an address has it."""
    from urllib.parse import quote

    return quote(name, safe="")
