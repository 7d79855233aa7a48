"""Settings on the page: each kind of field, changes looked at before they count, and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from acts import until_shown
from faults import Faults
from household import Household
from houses import ADMIN
from people import come_in, sign_in
from playwright.async_api import Locator, Page, Route, expect

from sinkhole.control.settings.changes import Change

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(autouse=True)
def _refused(visit: Any, faults: Faults) -> Iterator[None]:
    """What does not fit is told 409 or 422; the door is told 401."""
    yield
    faults.forgive(400, 409, 422)


async def _open(visit: Any, home: Household, search: str, **options: Any) -> Page:
    page: Page = await visit(home, at=f"#/settings?search={search}", **options)
    await page.locator(".setting").first.wait_for()
    return page


def _setting(page: Page, key: str) -> Locator:
    return page.locator(".setting").filter(has=page.locator("code", has_text=key))


async def _type(field: Locator, text: str) -> None:
    """Write something into a field and leave it, whereby it counts."""
    await field.fill(text)
    await field.press("Tab")


async def _review(page: Page) -> Locator:
    """What the changes come to, when the server has said so."""
    await until_shown(page, page.locator("#review li"))
    return page.locator("#review")


async def _save(page: Page) -> None:
    review = await _review(page)
    await review.get_by_role("button", name="Save").click()
    await expect(review).to_have_count(0)


async def test_a_length_of_time_is_a_number_and_its_unit(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "query_log.keep")
    setting = _setting(page, "query_log.keep")
    number = setting.get_by_label("Keep", exact=True)
    await expect(number).to_have_value("90")
    await expect(setting).to_contain_text("Takes 1 hour to 3650 days.")
    await _type(number, "2")
    await setting.get_by_label("Keep: unit").select_option(label="hours")
    await expect(await _review(page)).to_contain_text("query_log.keep: 90d → 2h")
    await _save(page)
    assert home.house.settings.settings.query_log.keep == 7200
    await expect(setting).to_contain_text("set here")
    await setting.get_by_role("button", name="Back to the default").click()
    await _save(page)
    assert home.house.settings.settings.query_log.keep == 90 * 86_400


async def test_what_is_no_length_of_time_stays_to_be_corrected(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "query_log.keep", locale="de-DE")
    setting = _setting(page, "query_log.keep")
    number, unit = setting.locator("input").first, setting.locator("select").first
    for wrong in ("abc", "-1", "1e3"):
        await _type(number, wrong)
        await expect(number).to_have_value(wrong)
        await expect(unit).to_have_value("d")
    await _type(number, "1,5")
    await expect(number).to_have_value("1,5")
    await expect(await _review(page)).to_contain_text("query_log.keep: 90d → 36h")


async def test_what_was_saved_is_shown_until_it_was_read_again(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "query_log.keep")
    setting = _setting(page, "query_log.keep")
    number = setting.get_by_label("Keep", exact=True)
    await _type(number, "80")
    review = await _review(page)
    read = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "GET":
            await read.wait()
        await route.continue_()

    await page.route("**/api/v1/settings", hold)
    save = review.get_by_role("button", name="Save")
    await save.click()
    await expect(save).to_be_disabled()
    await expect(number).to_have_value("80")
    await expect(setting).not_to_contain_text("set here")  # as that is told by the server
    read.set()
    await expect(setting).to_contain_text("set here")
    await expect(review).to_have_count(0)
    await expect(number).to_have_value("80")


async def test_each_answer_may_have_a_life_of_its_own(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "filtering.blocking.ttl")
    setting = _setting(page, "filtering.blocking.ttl")
    await setting.get_by_label("different for each").check()
    await _type(setting.get_by_label("TTL there is no such name", exact=True), "60")
    await expect(await _review(page)).to_contain_text('"nxdomain":"1m"')
    await _save(page)
    own = setting.get_by_label("different for each")
    await expect(own).to_be_checked()  # when the settings were read again
    await own.uncheck()
    await _review(page)
    await page.get_by_role("button", name="Discard").click()
    await expect(setting.get_by_label("different for each")).to_be_checked()


async def test_servers_are_rows_with_a_patience_of_their_own(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "upstream.fallback")
    setting = _setting(page, "upstream.fallback")
    await _type(setting.get_by_label("Fallback: one more"), "192.0.2.53")
    await _type(setting.get_by_label("Fallback 1: timeout", exact=True), "5s")
    await _save(page)
    (server,) = home.house.settings.settings.upstream.fallback
    assert "192.0.2.53" in str(server)
    await expect(setting.get_by_label("Fallback 1: url")).to_have_value("192.0.2.53")
    await expect(setting.get_by_label("Fallback 1: timeout", exact=True)).to_have_value("5")
    await setting.get_by_role("button", name="Remove").click()
    await _save(page)
    assert home.house.settings.settings.upstream.fallback == ()


async def test_a_file_may_be_the_usual_one_another_or_none(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "local.hosts_file")
    setting = _setting(page, "local.hosts_file")
    kind = setting.get_by_label("Hosts file", exact=True)
    await expect(kind).to_have_value("none")
    await kind.select_option("usual")
    await _save(page)
    assert str(home.house.settings.settings.local.hosts_file) == "/etc/hosts"
    await expect(kind).to_have_value("usual")
    await kind.select_option("none")
    await _save(page)
    assert not home.house.settings.settings.local.hosts_file


async def test_words_to_choose_from_are_plain(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "query_log.privacy")
    choice = _setting(page, "query_log.privacy").get_by_role("combobox")
    await choice.select_option(label="no clients")
    await _save(page)
    assert home.house.settings.settings.query_log.privacy == "no_clients"


async def test_what_does_not_fit_is_told_and_cannot_be_saved(visit: Any, home: Household) -> None:
    page = await _open(visit, home, "cache.size")
    await _type(_setting(page, "cache.size").get_by_label("Size", exact=True), "9000")
    await until_shown(page, page.locator("#review .error:text('cache.size')"))
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()


async def test_a_change_is_taken_back_and_not_when_it_was_changed_since(
    visit: Any, home: Household
) -> None:
    page = await _open(visit, home, "cache.prefetch")
    await _setting(page, "cache.prefetch").get_by_role("checkbox").uncheck()
    await _save(page)
    history = page.locator("#history li")
    await expect(history.first).to_contain_text("Prefetch cache.prefetch: the default → no")
    await history.first.get_by_role("button", name="Take back").click()
    await expect(history.first).to_contain_text("took a change back:")
    assert home.house.settings.settings.cache.prefetch is True
    await history.nth(1).get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("alert").last).to_contain_text("has been changed again since")


async def test_of_two_who_change_at_once_the_slower_one_is_told(
    visit: Any, home: Household
) -> None:
    one = await _open(visit, home, "stats.keep")
    other = await _open(visit, home, "cache.size")
    await _type(_setting(one, "stats.keep").get_by_label("Keep", exact=True), "100")
    await _review(one)
    await _type(_setting(other, "cache.size").get_by_label("Size", exact=True), "64")
    await _save(other)
    await one.get_by_role("button", name="Save").click()
    review = one.locator("#review")
    await expect(review).to_contain_text("Somebody else has changed the settings meanwhile.")
    await _review(one)
    await expect(review.get_by_role("button", name="Save")).to_be_enabled()
    await _save(one)
    settings = home.house.settings.settings
    assert (settings.stats.keep, settings.cache.size) == (100 * 86_400, 64 << 20)
    await expect(one.locator("#history li").nth(1)).to_contain_text("cache.size")


async def test_what_was_typed_outlasts_a_session_that_ends_meanwhile(
    visit: Any, home: Household
) -> None:
    page = await come_in(visit, home, at="#/settings?search=cache.persist")
    await _setting(page, "cache.persist").get_by_role("checkbox").uncheck()
    await _review(page)
    account = home.house.identity.accounts.named("anna")
    await home.house.identity.sessions.end_all(account.id)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await sign_in(page, "anna")
    await expect(_setting(page, "cache.persist").get_by_role("checkbox")).not_to_be_checked()
    await _save(page)
    assert home.house.settings.settings.cache.persist is False


async def test_in_german_every_title_and_help_is_german(visit: Any, home: Household) -> None:
    page = await visit(home, at="#/settings?search=", locale="de-DE")
    await page.get_by_label("In den Einstellungen suchen").fill("Zwischenspeicher merken")
    setting = _setting(page, "cache.max_ttl")
    await expect(setting).to_contain_text("Höchstens merken")
    await expect(setting).to_contain_text("Antworten höchstens so lange behalten.")
    await expect(setting).to_contain_text("Möglich: 0 Sekunden bis 7 Tage.")


async def test_a_secret_is_not_shown_and_can_be_replaced(visit: Any, home: Household) -> None:
    proxy = "socks5://me:secret@192.0.2.8:1080"
    await home.house.settings.change([Change("upstream.proxy", "", "set", proxy)], ADMIN)
    page = await _open(visit, home, "upstream.proxy")
    field = _setting(page, "upstream.proxy").get_by_role("textbox")
    assert "secret" not in await field.input_value()
    await _type(field, "socks5://192.0.2.8:1081")
    await _save(page)
    assert "192.0.2.8:1081" in str(home.house.settings.settings.upstream.proxy)
