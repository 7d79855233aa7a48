"""The first run, step by step: what is told, what is set, and what is left out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest
from acts import until_shown
from faults import Faults
from hostile import NASTY, plague
from household import Household
from houses import ADMIN
from people import come_in
from playwright.async_api import Page, expect

from sinkhole.control.devices.book import Asked
from sinkhole.control.machine.port_holders import Holder, holders
from sinkhole.control.operations import setup
from sinkhole.control.settings.in_force import Change
from sinkhole.model.verdict import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "correct horse battery"
READY = ".start h1"
STEPS = ("account", "devices", "resolver", "blocking", "done")

DNS_PORT = 53

HOLDS = """
import socket, sys
open("/proc/self/comm", "w").write(sys.argv[1])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
print(sock.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _port_53_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """And anybody may have it, whoever does on the machine where this runs, and whatever the tests
    may do there. Of other ports it is told as it is."""

    def of_others(ports: Collection[int]) -> list[Holder]:
        return holders({*ports} - {DNS_PORT})

    monkeypatch.setattr(setup, "holders", of_others)
    monkeypatch.setattr(setup, "may_listen", lambda port: True)


@asynccontextmanager
async def a_program(name: str) -> AsyncIterator[int]:
    """Another program that calls itself so, and the port that it has."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDS, name,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


def at(step: str) -> str:
    return f"#/start?step={step}"


def setting(home: Household, key: str) -> Any:
    """What is in force."""
    found: Any = home.built.settings.settings
    for part in key.split("."):
        found = getattr(found, part)
    return found


async def test_each_step_can_be_left_out_and_gone_back_to(visit: Any, new_home: Any) -> None:
    page = await visit(new_home)
    await page.get_by_role("link", name="Set everything up in five short steps").click()
    titles = []
    for _ in STEPS[1:]:
        titles.append(await page.locator(READY).text_content())
        await page.get_by_role("link", name="Next step").click()
        await expect(page.locator(READY)).not_to_have_text(titles[-1])
    await expect(page.locator(READY)).to_be_focused()
    await expect(page.get_by_role("link", name="Next step")).to_have_count(0)
    await page.get_by_role("link", name="Back", exact=True).click()
    await expect(page.locator(READY)).to_have_text(titles[-1])
    await page.get_by_role("navigation", name="Steps").get_by_role("link", name="Devices").click()
    await expect(page.locator(READY)).to_have_text(titles[1])
    await page.go_back()
    await expect(page.locator(READY)).to_have_text(titles[-1])
    await page.get_by_role("link", name="Skip the rest").click()
    await expect(page.get_by_role("region", name="First steps")).to_be_visible()
    assert new_home.built.revisions == 0


async def test_it_can_be_done_again_in_a_house_that_is_set_up(visit: Any, home: Any) -> None:
    page = await visit(home)
    await page.get_by_role("link", name="System", exact=True).click()
    await page.get_by_role("link", name="First steps").click()
    await expect(page.locator(READY)).to_be_visible()
    await page.get_by_role("link", name="Next step").click()
    await expect(page.locator("#asked-devices li").first).to_be_visible()


async def test_an_account_can_be_made_where_none_is_needed(
    visit: Any, new_home: Any, faults: Faults
) -> None:
    page = await visit(new_home, at="#/start")
    await page.get_by_label("Name").fill("anna")
    await page.get_by_label("Password").fill("short")
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_role("alert")).to_contain_text("8")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.locator(".start")).to_contain_text("You are signed in as anna")
    await expect(page.locator("#who-name")).to_have_text("anna")
    assert new_home.house.identity.has_accounts
    faults.forgive(400)  # of the short password


async def test_who_may_not_change_settings_is_told_so_and_sees_no_step(
    visit: Any, new_home: Any, faults: Faults
) -> None:
    for name, role in (("vera", "viewer"), ("otto", "operator")):
        await new_home.house.identity.accounts.add(name, PASSWORD, role)
    for name in ("vera", "otto"):
        page = await visit(new_home, at=at("devices"), ready="#door form")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_contain_text("may only look")
        await expect(page.locator("main .start")).to_have_count(0)
        told = await page.evaluate(
            "fetch('api/v1/setup', {headers: {'X-Requested-With': 'x'}}).then(r => r.status)"
        )
        assert told == 403
    faults.forgive(403)


async def test_who_has_the_port_is_told_and_what_to_type(visit: Any, furnish: Any) -> None:
    async with a_program("systemd-resolve") as port:
        home = await furnish(tree={"dns": {"listen": [f"127.0.0.1:{port}"]}})
        page = await visit(home, at=at("devices"))
        state = page.locator("#port-state")
        await expect(state).to_have_text("Another program has it: systemd-resolved.")
        commands = page.locator(".taker .commands")
        await expect(commands).to_contain_text("DNSStubListener=no")
        await expect(page.locator(".taker")).to_contain_text(f"127.0.0.1:{port} UDP")
    await page.clock.run_for(4_000)
    await expect(state).to_have_text("Nobody has it: this server takes it within ten seconds.")
    await expect(commands).to_have_count(0)


async def test_a_program_nobody_knows_is_looked_for_and_its_name_is_text(
    visit: Any, furnish: Any
) -> None:
    async with a_program("<img src=x>;id") as port:
        home = await furnish(tree={"dns": {"listen": [f"127.0.0.1:{port}"]}})
        page = await visit(home, at=at("devices"))
        await expect(page.locator("#port-state")).to_contain_text("<img src=x>;id")
        await expect(page.locator(".taker .commands")).to_have_text(
            f"sudo ss -lnptu 'sport = :{port}'"
        )


async def test_where_it_listens_elsewhere_port_53_is_one_click(visit: Any, home: Any) -> None:
    home.built.told["listen"] = ["127.0.0.1:5353"]
    there = Change("dns.listen", "", "set", ["127.0.0.1:5353"])
    await home.built.settings.change([there], ADMIN)
    page = await visit(home, at=at("devices"))
    await expect(page.locator("#port-state")).to_contain_text("listens elsewhere: 127.0.0.1:5353")
    await page.get_by_role("button", name="Listen at port 53", exact=True).click()
    await expect(page.locator("#port-state")).not_to_contain_text("elsewhere")
    assert [str(each) for each in setting(home, "dns.listen")] == ["0.0.0.0:53", "[::]:53"]


async def test_each_brand_of_router_has_its_own_way(visit: Any, new_home: Any) -> None:
    page = await visit(new_home, at=at("devices"))
    brands = page.get_by_label("Your router", exact=True)
    await expect(brands).to_be_visible()
    way = page.locator("#router-guide li")
    guides = [""]
    for value in await brands.locator("option").evaluate_all("all => all.map(o => o.value)"):
        await brands.select_option(value)
        await expect(way.first).not_to_have_text(guides[-1])
        await expect(way).to_have_count(3)
        guides.append(await way.first.inner_text())
    assert len(set(guides[1:])) == 12
    await brands.select_option("fritzbox")
    await expect(page.locator("#router-guide")).to_contain_text("Local DNS server")


async def test_devices_appear_as_they_ask(visit: Any, new_home: Any) -> None:
    page = await visit(new_home, at=at("devices"))
    asked = page.get_by_role("region", name="Is it asked yet?")
    await expect(asked).to_contain_text("Nobody has asked yet")
    new_home.built.devices.note([Asked("192.0.2.21", 3, 0.0, b"")])
    await until_shown(page, asked.locator("li"))
    await expect(asked).to_contain_text("Yes: 1 device has asked so far")
    await expect(asked.locator("li")).to_contain_text("Anna's phone")


async def test_a_device_that_may_not_ask_is_no_success_and_leads_to_what_turns_it_away(
    visit: Any, new_home: Any
) -> None:
    new_home.built.devices.note([Asked("198.51.100.7", 3, 0.0, b"")])
    page = await visit(new_home, at=at("devices"))
    asked = page.get_by_role("region", name="Is it asked yet?")
    await expect(asked.get_by_role("status")).to_have_text(
        "Somebody asks already, but gets no answer."
    )
    await expect(asked.locator(".notice")).to_contain_text("1 device asks from where it may not")
    row = asked.locator("li.trouble")
    await expect(row).to_contain_text("Turned away at 198.51.100.7: dns.allow does not let it ask.")
    new_home.built.devices.note([Asked("192.0.2.21", 3, 0.0, b"")])
    await until_shown(page, asked.locator("li.fine"))
    await expect(asked.get_by_role("status")).to_have_text("Yes: 1 device has asked so far.")
    await expect(asked.locator("li")).to_have_count(2)
    await page.goto(page.url.replace("devices", "done"))
    await page.locator("#turned-away").get_by_role("link", name="Devices").click()
    await row.get_by_role("link", name="dns.allow").click()
    await expect(page.locator(".setting").first).to_contain_text("dns.allow")


async def test_a_device_that_may_ask_by_one_of_its_addresses_counts_with_what_it_may_not(
    visit: Any, furnish: Any, past: Any
) -> None:
    home = await furnish(past, is_new=True, tree={"dns": {"deny": ["192.0.2.22"]}})
    mac = bytes.fromhex("02005e100021")
    home.built.devices.note([Asked(f"192.0.2.{each}", 3, 0.0, mac) for each in (21, 22)])
    page = await visit(home, at=at("devices"))
    asked = page.get_by_role("region", name="Is it asked yet?")
    await expect(asked.get_by_role("status")).to_have_text("Yes: 1 device has asked so far.")
    row = asked.locator("li.fine")
    await expect(row).to_contain_text("Turned away at 192.0.2.22: dns.deny does not let it ask.")
    await expect(asked.locator(".notice")).to_have_count(0)


async def test_a_resolver_is_tried_and_used(visit: Any, home: Any) -> None:
    before = [each.url.text for each in setting(home, "upstream.servers")]
    page = await visit(home, at=at("resolver"))
    mullvad = page.locator("#resolvers li").filter(has_text="Mullvad")
    await mullvad.get_by_role("button", name="Try it").click()
    await expect(mullvad.get_by_role("status")).to_contain_text("It answers, in 3.5 ms")
    await expect(mullvad.get_by_text("In use")).to_have_count(0)
    await mullvad.get_by_role("button", name="Use it: Mullvad").click()
    await expect(mullvad.get_by_text("In use")).to_be_visible()
    servers = [each.url.text for each in setting(home, "upstream.servers")]
    assert servers == ["https://dns.mullvad.net", "tls://dns.mullvad.net"]
    assert home.built.revisions == 1
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("Mullvad is asked now.")
    await last.get_by_role("button", name="Take back").click()
    await expect(mullvad.get_by_text("In use")).to_have_count(0)
    assert [each.url.text for each in setting(home, "upstream.servers")] == before


async def test_a_resolver_that_fails_says_why(visit: Any, home: Any) -> None:
    works = home.built.trial

    async def fails(url: str) -> Any:
        return {**await works(url), "error": "<b>gave</b> no answer", "rtt_ms": None}

    home.built.trial = fails
    page = await visit(home, at=at("resolver"))
    first = page.locator("#resolvers li").first
    await first.get_by_role("button", name="Try it").click()
    await expect(first.get_by_role("status")).to_contain_text("the server <b>gave</b> no answer")


async def test_what_the_file_holds_is_not_changed_here(visit: Any, furnish: Any) -> None:
    home = await furnish(tree={"upstream": {"servers": ["192.0.2.53"]}})
    page = await visit(home, at=at("resolver"))
    await expect(page.locator(".notice")).to_contain_text("sinkhole.yaml:")
    await expect(page.locator("#resolvers li").first).to_contain_text("Your own choice")
    await expect(page.get_by_role("button", name="Use it")).to_have_count(0)


async def test_going_over_to_a_set_is_one_change_and_leaves_other_lists(
    visit: Any, home: Any
) -> None:
    def used() -> set[str]:
        lists = setting(home, "filtering.lists")
        return {each.name for each in lists if each.enabled}

    before = used()
    page = await visit(home, at=at("blocking"))
    for name, lists in (
        ("Strict", {"HaGeZi Pro++", "HaGeZi threat intelligence, medium", "HaGeZi DoH servers"}),
        ("Careful", {"OISD small"}),
    ):
        await page.get_by_role("button", name=f"Use this set: {name}").click()
        await expect(page.locator("#sets [data-chosen] h3")).to_have_text(name)
        assert used() == before | lists
    assert home.built.revisions == 2
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("The set Careful is in use.")
    await last.get_by_role("button", name="Take back").click()
    await expect(page.locator("#sets [data-chosen] h3")).to_have_text("Strict")


async def test_services_and_children_are_set_by_ticks(visit: Any, home: Any) -> None:
    page = await visit(home, at=at("blocking"))
    everybody = page.get_by_role("region", name="Services, for everybody")
    await everybody.get_by_label("Gambling").click()
    last = page.get_by_role("region", name="Last change")
    await expect(last).to_contain_text("Gambling: blocked for everybody.")
    await expect(everybody.get_by_label("Gambling")).to_be_checked()
    assert setting(home, "filtering.services") == ("group:gambling",)
    await last.get_by_role("button", name="Take back").click()
    await expect(everybody.get_by_label("Gambling")).not_to_be_checked()
    assert setting(home, "filtering.services") == ()
    await everybody.get_by_label("Gambling").click()
    await expect(last).to_contain_text("Gambling: blocked for everybody.")
    children = page.get_by_role("region", name="Children")
    await children.get_by_label("Games").check()
    await children.get_by_label("Known malware").uncheck()
    await children.get_by_role("button", name="Make the group").click()
    await expect(children.get_by_role("status")).to_contain_text("The group is there")
    group = next(each for each in setting(home, "groups") if each.name == "children")
    assert group.categories == ("adult",)
    assert {"group:gaming", "group:gambling"} <= {*group.services}
    assert group.safe_search.google is True
    assert group.safe_search.youtube == "strict"
    await page.reload()
    await expect(children.get_by_label("Games")).to_be_checked()
    await children.get_by_label("Safe search").uncheck()
    await children.get_by_role("button", name="Save the group").click()
    await expect(children.get_by_role("status")).to_contain_text("The group is there")
    group = next(each for each in setting(home, "groups") if each.name == "children")
    assert group.safe_search.google is False


async def test_the_end_has_what_to_keep_and_sees_the_first_that_is_blocked(
    visit: Any, new_home: Any
) -> None:
    page = await visit(new_home, at=at("done"))
    await expect(page.get_by_role("region", name="Three addresses")).to_contain_text("http://")
    await expect(page.locator(".commands")).to_contain_text("dig @192.0.2.2 doubleclick.net")
    await expect(page.locator("#first-blocked")).to_contain_text("Nothing was blocked yet")
    await new_home.ask("ads.example.com", outcome=Outcome.BLOCKED, cause=("Starter", 2, ""))
    await until_shown(page, page.locator("#first-blocked.good"))
    await expect(page.locator("#first-blocked")).to_contain_text("such as ads.example.com")
    await page.get_by_role("link", name="To the overview").click()
    await expect(page.locator("#headline")).to_be_visible()


async def test_who_has_an_account_is_not_told_to_make_one(
    visit: Any, new_home: Any, faults: Faults
) -> None:
    page = await visit(new_home, at=at("done"))
    keep = page.get_by_role("region", name="Three addresses")
    await expect(keep).to_contain_text("make an account and set web.listen to 0.0.0.0:8080")
    page = await come_in(visit, new_home, at=at("done"))
    keep = page.get_by_role("region", name="Three addresses")
    await expect(keep).to_contain_text("To see it from others, set web.listen to 0.0.0.0:8080.")
    faults.forgive()


async def _hacked(page: Page) -> Any:
    return await page.evaluate("window.hacked")


async def test_names_of_strangers_are_nothing_but_text(visit: Any, new_home: Any) -> None:
    await plague(new_home)
    now = [Asked(f"192.0.2.{number}", 1, 0.0, b"") for number, _ in enumerate(NASTY, 100)]
    new_home.built.devices.note(now)
    page = await visit(new_home, at=at("devices"), width=360)
    await expect(page.locator("#asked-devices li")).not_to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.goto(page.url.replace("devices", "done"))
    await expect(page.locator("#first-blocked")).to_contain_text("It blocks")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await _hacked(page) is None
