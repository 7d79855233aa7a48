"""The page in a real browser: the log, and what becomes of it when somebody looks for something."""

from __future__ import annotations

import re
from typing import Any

import pytest
from acts import refresh, row_keys, type_name, until_shown
from faults import Faults
from hostile import NASTY, plague
from playwright.async_api import Route, expect

from sinkhole.control.querylog import LogTerms
from sinkhole.model.record import Who
from sinkhole.model.verdict import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ROWS = "#queries tbody tr"
BLOCKED = {"outcome": Outcome.BLOCKED, "cause": ("Starter", 1, "||example.org^")}
PAGE_ROWS = 50


async def test_the_log_is_narrowed_by_name_verdict_and_client(visit: Any, home: Any) -> None:
    await home.ask("needle.example.org", client="192.0.2.99")
    await home.ask("needle.example.org", client="192.0.2.98", **BLOCKED)
    page = await visit(home, at="#/queries")
    names = page.locator("td.asked")
    await type_name(page, "NEEDLE")
    await expect(names).to_have_count(2)
    await page.get_by_label("Show only queries that were").select_option("Blocked")
    await expect(names).to_have_count(1)
    await expect(page).to_have_url(re.compile("#/queries.name=NEEDLE&verdict=blocked$"))
    await type_name(page, "no such thing")
    await expect(page.locator("#queries-empty")).to_have_text("No query fits the filter.")


@pytest.mark.parametrize("query", ["since=abc", "verdict=zzz"])
async def test_what_can_not_be_looked_for_is_not_looked_for_without_end(
    visit: Any, home: Any, faults: Faults, query: str
) -> None:
    page = await visit(home, at=f"#/queries?{query}", ready="#queries-empty")
    await expect(page.locator("#queries-empty")).to_have_text("Nothing was looked for.")
    await expect(page.locator(ROWS)).to_have_count(0)
    faults.forgive(400, 422)


async def test_a_number_leads_to_the_queries_that_it_counts(visit: Any, home: Any) -> None:
    page = await visit(home)
    await page.locator("#top_clients-list a").first.click()
    await expect(page.locator("#filter-client")).to_have_text("Client Anna's phone ✕")
    await expect(page.locator("td.client")).to_have_text(["Anna's phone 192.0.2.21"] * PAGE_ROWS)
    await page.locator("#filter-client").click()
    await expect(page.locator("#filter-client")).to_be_hidden()
    await expect(page.locator("td.client", has_text="192.0.2.34").first).to_be_visible()


async def test_device_and_type_are_chosen_among_those_there_are(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/queries")
    device = page.get_by_label("Show only queries of", exact=True)
    await device.select_option("Anna's phone")
    await expect(page.locator("#filter-client")).to_have_text("Client Anna's phone ✕")
    await page.get_by_label("Show only queries for type").select_option("HTTPS")
    await expect(page.locator("td.type")).to_have_text(["HTTPS"] * PAGE_ROWS)
    await expect(page.locator("td.client")).to_have_text(["Anna's phone 192.0.2.21"] * PAGE_ROWS)
    await page.goto(page.url.replace("type=HTTPS", "type=TYPE65280"))
    await expect(page.get_by_label("Show only queries for type")).to_have_value("TYPE65280")
    await page.locator("#filter-client").click()
    await expect(device).to_have_value("")


async def test_a_log_that_is_switched_off_is_said_on_its_page(visit: Any, new_home: Any) -> None:
    new_home.built.query_log.apply(LogTerms(enabled=False))
    page = await visit(new_home, at="#/queries")
    await expect(page.locator("#queries-empty")).to_have_text(
        "The query log is switched off in the settings."
    )
    await expect(page.locator("#queries")).to_be_hidden()
    await expect(page.locator("#reach")).to_have_text("Live")


async def test_older_queries_follow_below_without_a_gap_or_a_row_twice(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/queries")
    await expect(page.locator(ROWS)).to_have_count(PAGE_ROWS)
    first = await row_keys(page)
    await page.get_by_role("button", name="Older").dblclick()
    await expect(page.locator(ROWS)).not_to_have_count(PAGE_ROWS)
    keys = await row_keys(page)
    assert keys[:PAGE_ROWS] == first
    found = (await home.house.query_log().history.page(limit=len(keys)))["queries"]
    assert keys == [each["id"] for each in found]


async def test_who_reads_further_down_is_told_of_new_queries_and_shown_them_on_demand(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/queries")
    await expect(page.locator(ROWS)).to_have_count(PAGE_ROWS)
    before = await row_keys(page)
    await page.evaluate("scrollTo({top: 9_999_999, behavior: 'instant'})")
    await home.ask("brand-new.example.org")
    show = page.get_by_role("button", name="Show 1 new query")
    await until_shown(page, show)
    assert await row_keys(page) == before
    await show.click()
    await expect(page.locator("td.asked").first).to_have_text("brand-new.example.org")


async def test_names_are_shown_as_people_know_them_beside_what_they_are(
    visit: Any, furnish: Any, past: Any
) -> None:
    clients = [{"name": "<b>TV</b>", "addresses": ["192.0.2.44"]}]
    home = await furnish(past, tree={"clients": clients})
    await home.ask("xn--mnchen-3ya.example.org", client="192.0.2.44", times=900)
    page = await visit(home)
    await expect(page.locator("td.asked").first).to_have_text(
        "xn--mnchen-3ya.example.org münchen.example.org"
    )
    await expect(page.locator("td.client").first).to_have_text("<b>TV</b> 192.0.2.44")
    await expect(page.locator("#top_clients-list")).to_contain_text("<b>TV</b> 192.0.2.44")
    await expect(page.locator("#top_names-list")).to_contain_text("münchen.example.org")
    clients[0]["name"] = "Telly"
    home.built.write_config({"clients": clients})
    await home.built.settings.reload()
    await refresh(page)
    await expect(page.locator("td.client").first).to_have_text("Telly 192.0.2.44")
    await expect(page.locator("#top_clients-list")).to_contain_text("Telly 192.0.2.44")


async def test_a_search_that_took_too_long_says_how_far_it_looked_and_goes_on(
    visit: Any, home: Any
) -> None:
    asked: list[Any] = []

    async def rarely(route: Route) -> None:
        asked.append(route.request.post_data_json)
        if len(asked) > 1:
            await route.continue_(post_data='{"limit": 1}')
            return
        told = {"rows": [], "next": "77", "looked_back_to": 1_700_000_000}
        await route.fulfill(json=told)

    page = await visit(home, at="#/queries")
    await expect(page.locator(ROWS)).to_have_count(PAGE_ROWS)
    await page.route("**/log/search", rarely)
    await type_name(page, "rare")
    await expect(page.locator("#queries-empty")).to_contain_text("Looked back to")
    await page.clock.run_for(30_000)
    await expect(page.locator("#queries-empty")).to_contain_text("Looked back to")
    assert len(asked) == 1, "not again and again"
    await page.get_by_role("button", name="Look further back").click()
    await expect(page.locator(ROWS)).to_have_count(1)
    assert [each.get("cursor") for each in asked] == [None, "77"]


async def test_the_address_says_what_is_shown_and_the_way_back_leads_to_what_was(
    visit: Any, home: Any
) -> None:
    page = await visit(home, at="#/queries?verdict=blocked&type=AAAA&transport=tls")
    await expect(page.get_by_label("Show only queries that were")).to_have_value("blocked")
    await expect(page.locator("#filter-type")).to_have_text("Type AAAA ✕")
    await expect(page.locator("#filter-transport")).to_have_text("Over TLS ✕")
    await expect(page.locator("td.type").first).to_have_text("AAAA over TLS")
    await expect(page.locator(f"{ROWS}:not(.blocked)")).to_have_count(0)
    await type_name(page, "ads")
    await expect(page).to_have_url(re.compile("name=ads"))
    await page.get_by_role("link", name="Overview").click()
    await expect(page.locator("#figure")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_label("Show only names that contain")).to_have_value("ads")
    await expect(page.locator("#filter-transport")).to_be_visible()
    await page.go_forward()
    await expect(page.locator("#figure")).to_be_visible()


async def test_the_way_back_counts_also_for_what_wastype_name(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/queries?client=192.0.2.21")
    await type_name(page, "ads")
    await expect(page).to_have_url(re.compile("name=ads"))
    await page.evaluate("location.hash = '#/queries?name=pixel'")
    box = page.get_by_label("Show only names that contain")
    await expect(box).to_have_value("pixel")
    await page.clock.run_for(1_000)
    await expect(box).to_have_value("pixel")
    await page.go_back()
    await expect(box).to_have_value("ads")


async def test_no_text_in_the_log_becomes_anything_but_text(
    visit: Any, new_home: Any, faults: Faults
) -> None:
    await plague(new_home)
    await new_home.ask("plain.example.org", client=Who("192.0.2.7", group=NASTY[0]))
    page = await visit(new_home, at="#/queries")
    await expect(page.locator(ROWS)).to_have_count(2 * len(NASTY) + 2)
    for row in await page.locator(f"{ROWS} td.asked button").all():
        await row.click()
        await expect(page.get_by_role("dialog")).to_contain_text("Reply code")
        await page.get_by_role("dialog").get_by_role("button", name="Close").click()
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("main script, main img, main svg").count() == 0
    text = await page.locator("body").inner_text()
    assert "safe.example.org\\u{202e}gro.elpmaxe\\u{2066}" in text
    assert "\u0430pple" not in text, "letters of two scripts imitate another name"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x07\x1b]", text)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
    for path in ("/names/preview", "/explain"):  # such names have no rules
        faults.forgive_of(path)
