"""The page's local names in a real browser: made, changed, tried, taken out."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from faults import Faults
from hostile import NASTY
from house_network import connect
from household import Household
from houses import ADMIN
from playwright.async_api import Page, expect

from sinkhole.control.settings.in_force import Change

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def net(home: Household) -> Household:
    """A household whose network is set up."""
    await connect(home)
    return home


async def _save(page: Page) -> None:
    review = page.locator("#review")
    await review.get_by_role("button", name="Save").click()
    await expect(review).to_have_count(0)


async def test_a_name_is_made_and_answered(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/names")
    await page.locator("#new-name").fill("printer.home")
    form = page.locator("#names ~ form")
    await form.get_by_label("What entry 1 says").fill("192.0.2.77")
    await form.get_by_role("button", name="Add a name").click()
    await _save(page)
    assert [str(each) for each in _records(net)["printer.home"]] == ["192.0.2.77"]
    await net.built.publish()
    row = page.locator("#names > li").filter(has_text="printer.home")
    await row.get_by_role("button", name="Try it: printer.home").click()
    await expect(row.locator(".trial")).to_contain_text("NOERROR, Answered locally")
    await expect(row.locator(".trial")).to_contain_text("A 192.0.2.77")


async def test_entries_are_changed_added_and_taken_out(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/names")
    await page.get_by_role("button", name="Change mail.home").click()
    entries = page.get_by_label("Records of mail.home")
    await entries.get_by_label("What entry 2 says").fill("20 mail.home")
    await entries.get_by_role("button", name="Remove 192.0.2.11").click()
    await entries.get_by_role("button", name="One more entry").click()
    await entries.get_by_label("What entry 3 is").select_option("HTTPS")
    await entries.get_by_label("What entry 3 says").fill("1 . alpn=h2")
    await entries.get_by_label("What entry 3 says").press("Tab")
    await _save(page)
    found = [str(each) for each in _records(net)["mail.home"]]
    assert found[0] == "MX 20 mail.home" and found[2].startswith("HTTPS 1 .")


async def test_a_wildcard_is_tried_by_a_name_below_it(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/names")
    row = page.locator("#names > li").filter(has_text="*.nas.home")
    await expect(row).to_contain_text("stands for everything below")
    await row.get_by_role("button", name="Try it: *.nas.home").click()
    await expect(row.locator(".trial")).to_contain_text("www.nas.home CNAME")


async def test_a_name_is_taken_out(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/names")
    await page.get_by_role("button", name="Remove _sip._udp.home").click()
    await expect(page.locator("#names > li")).to_have_count(3)
    await _save(page)
    assert "_sip._udp.home" not in _records(net)


async def test_the_hosts_file_and_how_long_names_hold(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/names")
    await page.get_by_label("Answer the names of the hosts file").check()
    await page.get_by_label("How long devices may remember them").fill("5m")
    await page.get_by_label("How long devices may remember them").press("Tab")
    await _save(page)
    local = net.house.settings.settings.local
    assert local.ttl == 300 and local.hosts_file is not False


async def test_what_is_no_record_is_told_before_it_is_saved(
    visit: Any, net: Any, faults: Faults
) -> None:
    page = await visit(net, at="#/names")
    await page.locator("#new-name").fill("x.home")
    await page.locator("#names ~ form").get_by_label("What entry 1 says").fill("nonsense")
    await page.get_by_role("button", name="Add a name").click()
    review = page.locator("#review")
    await expect(review).to_contain_text("local.records")
    await expect(review.get_by_role("button", name="Save")).to_be_disabled()
    faults.forgive(422)


async def test_hostile_texts_are_only_text(visit: Any, net: Any) -> None:
    texts = [f'TXT "{each}"' for each in (NASTY[1], *NASTY[3:5])]
    await net.house.settings.change([Change("local.records", "evil.home", "set", texts)], ADMIN)
    page = await visit(net, at="#/names", width=360)
    row = page.locator("#names > li").filter(has_text="evil.home")
    await expect(row).to_contain_text("onerror=window.hacked=1")
    assert await page.evaluate("window.hacked") is None
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


def _records(home: Household) -> Any:
    return home.house.settings.settings.local.records
