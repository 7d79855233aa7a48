"""The page in a real browser: the overview."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from acts import refresh, until_shown
from faults import Faults
from hostile import NASTY, plague
from playwright.async_api import Page, Route, expect

from sinkhole.control.querylog import LogTerms
from sinkhole.model.status import Problem
from sinkhole.model.verdict import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ROWS = "#queries tbody tr"


async def test_the_percentage_and_its_sentence_are_the_servers(visit: Any, home: Any) -> None:
    summary = await home.summary()
    median = Decimal(str(summary["latency_ms"]["p50"]))
    page = await visit(home)
    await expect(page.locator("#figure")).to_have_text(f"{summary['blocked_percent']:.1f}%")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        f"of {summary['totals']['queries']:,} queries blocked in the last 24 hours, "
        f"median answer {median.quantize(Decimal('0.01'), ROUND_HALF_UP)} ms"
    )
    await expect(page).to_have_title(f"{summary['blocked_percent']:.1f}% blocked · sinkhole")
    await expect(page.locator("#facts")).to_contain_text(f"{home.built.status()['names']:,}")


async def test_what_happened_is_said_in_words_with_list_line_and_rule(
    visit: Any, new_home: Any
) -> None:
    asked: list[dict[str, Any]] = [
        {"outcome": Outcome.BLOCKED, "cause": ("Starter", 12, "||example.org^")},
        {"outcome": Outcome.BLOCKED_ANSWER, "cause": ("Starter", 7, "||ads.example.net^"),
         "hop": "edge.ads.example.net"},
        {"outcome": Outcome.CACHED, "cause": ("Own", 1, "@@||example.org^"), "allowed": True},
        {"upstream": "192.0.2.53", "rcode": 3},
        {"outcome": Outcome.STALE},
        {"outcome": Outcome.LOCAL, "detail": "private reverse zone"},
        {"outcome": Outcome.FAILED, "rcode": 2},
        {"outcome": Outcome.REFUSED, "rcode": 5, "detail": "asked too often"},
    ]  # fmt: skip
    for row in asked:
        await new_home.ask(**row)
    page = await visit(new_home)
    await expect(page.locator("td.happened")).to_have_text([
        "Refused: asked too often (REFUSED)",
        "No upstream answered (SERVFAIL)",
        "Answered locally: private reverse zone",
        "From the cache, though expired: no upstream answered",
        "Answered by 192.0.2.53 (no such name)",
        "Allowed by Own, line 1: @@||example.org^. From the cache",
        "Blocked by Starter, line 7: ||ads.example.net^, because it leads to edge.ads.example.net",
        "Blocked by Starter, line 12: ||example.org^",
    ])  # fmt: skip


async def test_the_policy_refuses_markup_made_from_text(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home)
    refused = await page.evaluate(
        """() => {
          try { document.body.innerHTML = "<b>x</b>"; return "made"; }
          catch (error) { return error.name; }
        }"""
    )
    assert refused == "TypeError"
    assert len(await page.evaluate("window.violations")) == 1
    await page.evaluate("window.violations = []")
    faults.forgive_all()


@pytest.mark.parametrize("width", [320, 360, 390, 800, 1280])
async def test_nothing_is_wider_than_the_screen(visit: Any, home: Any, width: int) -> None:
    await plague(home)
    page = await visit(home, width=width)
    await expect(page.locator("td.asked").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_light_and_dark_follow_the_system_while_the_page_is_open(
    visit: Any, home: Any
) -> None:
    page = await visit(home, scheme="light")

    async def brightness() -> int:
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3])

    light = await brightness()
    await page.emulate_media(color_scheme="dark")
    assert light > 600 > 150 > await brightness()


async def test_new_queries_appear_by_themselves_and_keep_the_focus_where_it_was(
    visit: Any, home: Any
) -> None:
    page = await visit(home)
    link = page.locator("#top_names-list a").first
    await link.focus()
    await home.ask("brand-new.example.org")
    await refresh(page)
    await expect(page.locator("td.asked").first).to_have_text("brand-new.example.org")
    await expect(link).to_be_focused()


async def test_a_hidden_tab_asks_nothing_and_catches_up_when_it_is_seen(
    visit: Any, home: Any
) -> None:
    page = await visit(home)
    await expect(page.locator(ROWS)).to_have_count(10)
    await expect(page.locator("#figure")).not_to_have_text("–")
    requests: list[str] = []
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(hide, True)
    page.on("request", lambda request: requests.append(request.url))
    await page.clock.run_for(120_000)
    assert requests == []
    await home.ask("meanwhile.example.org")
    await page.evaluate(hide, False)
    await expect(page.locator("td.asked").first).to_have_text("meanwhile.example.org")


async def test_a_server_out_of_reach_is_said_and_its_return_noticed(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home)
    await expect(page.locator("#figure")).not_to_have_text("–")
    await page.route("**/api/**", lambda route: route.abort())
    await refresh(page)
    await expect(page.locator("#reach")).to_have_text("Not reachable, trying again")
    await expect(page.locator("#figure")).not_to_have_text("–")
    await page.unroute("**/api/**")
    await refresh(page)
    await expect(page.locator("#reach")).to_have_text("Live")
    faults.forgive_of("net::")


async def test_a_page_that_could_not_be_fetched_comes_once_the_server_is_back(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home)
    await page.route("**/{api,assets}/**", lambda route: route.abort())
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Queries").click()
    await expect(page.locator("#reach")).to_have_text("Not reachable, trying again")
    await page.clock.run_for(3_500)
    await page.unroute("**/{api,assets}/**")
    await page.clock.run_for(3_500)
    await expect(page.locator("#filters")).to_be_visible()
    await expect(page.locator("#reach")).to_have_text("Live")
    faults.forgive_of("net::")


async def _refuse(page: Page, status: int) -> list[str]:
    """Have the page of services be refused what it asks; what it asked so far."""
    asked: list[str] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=status, json={"detail": "not for you", "status": status})

    await page.route("**/api/v1/services", refuse)
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name="Blocking").click()
    await page.get_by_role("link", name="Services", exact=True).click()
    await expect(page.locator("#reach")).to_have_text("The server says: not for you")
    return asked


async def test_what_is_refused_is_asked_for_again_only_by_who_comes_back(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home)
    asked = await _refuse(page, 403)
    await page.clock.run_for(60_000)
    await page.unroute("**/api/v1/services")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator(".service").first).to_be_visible()
    await expect(page.locator("#reach")).to_have_text("Live")
    assert len(asked) == 1
    faults.forgive(403)


async def test_what_the_server_can_not_tell_now_is_asked_for_again(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home)
    asked = await _refuse(page, 503)
    while len(asked) < 3:
        await page.clock.run_for(1_000)
    await page.unroute("**/api/v1/services")
    await until_shown(page, page.locator(".service"))
    await expect(page.locator("#reach")).to_have_text("Live")
    faults.forgive(503)


async def test_what_the_server_refuses_is_shown_in_its_own_words(
    visit: Any, home: Any, faults: Faults
) -> None:
    page = await visit(home)
    problem = {"type": "about:blank", "title": "x", "status": 503, "code": "storage",
               "detail": "disk is full"}  # fmt: skip
    await page.route("**/api/v1/statistics*", lambda route: route.fulfill(status=503, json=problem))
    await refresh(page)
    await expect(page.locator("#reach")).to_have_text("The server says: disk is full")
    faults.forgive(503)


async def test_a_log_that_is_switched_off_is_said(visit: Any, home: Any) -> None:
    home.built.query_log.apply(LogTerms(enabled=False))
    page = await visit(home)
    await expect(page.locator("#queries-empty")).to_contain_text("switched off")
    await expect(page.locator("#queries")).to_be_hidden()
    await refresh(page)
    await expect(page.locator("#reach")).to_have_text("Live")
    await expect(page.locator("#figure")).to_be_visible()


async def test_the_chart_is_read_by_keys_and_as_a_table(visit: Any, home: Any) -> None:
    told: list[Any] = []

    async def tell_once(route: Route) -> None:
        """It is another series each ten minutes."""
        if not told:
            told.append(await (await route.fetch()).json())
        await route.fulfill(json=told[0])

    page = await visit(home, at="#/nowhere")
    await page.route("**/api/v1/statistics*", tell_once)
    await page.get_by_role("link", name="Overview").click()
    chart = page.get_by_role("slider", name="Chart of queries over time")
    await chart.focus()
    await page.keyboard.press("End")
    last = told[0]["series"][-1]
    words = re.compile(rf": {last['queries']:,} quer(y|ies), {last['blocked']:,} blocked")
    await expect(page.locator(".readout")).to_have_text(words)
    await expect(chart).to_have_attribute("aria-valuetext", words)
    before = await page.locator(".readout").inner_text()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator(".readout")).not_to_have_text(before)
    await page.get_by_text("Show as a table").click()
    await expect(page.locator(".twin tbody tr")).to_have_count(144)


async def test_another_period_is_chosen_by_keyboard_and_kept_in_the_address(
    visit: Any, home: Any
) -> None:
    page = await visit(home)
    await page.get_by_role("radio", name="24 h").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#sentence")).to_contain_text("in the last 7 days")
    await page.reload()
    await expect(page.locator("#sentence")).to_contain_text("in the last 7 days")


async def test_a_new_server_says_what_to_do_until_the_first_query_comes(
    visit: Any, new_home: Any
) -> None:
    page = await visit(new_home)
    guide = page.get_by_role("region", name="First steps")
    await expect(guide).to_contain_text("dig @192.0.2.2 example.org")
    await expect(page.locator("#sentence")).to_contain_text(
        f"{new_home.built.status()['names']:,} names"
    )
    await expect(page.locator("#tiles")).to_be_hidden()
    await new_home.ask("ads.example.com", outcome=Outcome.BLOCKED, cause=("Starter", 2, ""))
    await refresh(page)
    await expect(page.locator("#figure")).to_have_text("100.0%")
    await expect(guide).to_be_hidden()


async def test_the_guide_knows_the_port_and_a_wildcard_address(visit: Any, new_home: Any) -> None:
    new_home.built.told["listen"] = ["0.0.0.0:5353"]
    page = await visit(new_home)
    await expect(page.locator("#guide code").first).to_have_text(
        "dig @127.0.0.1 -p 5353 example.org"
    )
    await expect(page.locator("#guide")).to_contain_text("Devices ask at port 53")


async def test_problems_are_notices_at_the_top(visit: Any, home: Any) -> None:
    words = "The query log is not written: the disk is full."
    home.built.problems.append(Problem("log.full", "error", words, "Make room."))
    page = await visit(home)
    await expect(page.get_by_role("status", name="Problems")).to_contain_text(f"{words} Make room.")
    home.built.problems.clear()
    await refresh(page)
    await expect(page.locator(".notice")).to_have_count(0)


async def test_a_reader_of_the_outline_finds_every_part(visit: Any, home: Any) -> None:
    page = await visit(home, width=390)
    for heading in (
        "Most asked", "Most blocked", "Clients", "Lists that blocked", "Upstreams asked",
        "Asked over", "Last queries", "Lists", "Upstreams", "Server",
    ):  # fmt: skip
        await expect(page.get_by_role("heading", name=heading, exact=True)).to_have_count(1)
    await expect(page.locator(ROWS)).to_have_count(10)
    table = await page.locator("#queries").aria_snapshot()
    assert "columnheader" in table
    assert "cell" in table


async def test_no_text_from_the_network_becomes_anything_but_text(
    visit: Any, new_home: Any
) -> None:
    await plague(new_home)
    page = await visit(new_home)
    await expect(page.locator(ROWS)).to_have_count(10)
    await refresh(page)
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("main script, main img, main svg").count() == 0
    body = page.locator("body")
    for text in (
        NASTY[1],
        "safe.example.org\\u{202e}gro.elpmaxe\\u{2066}",
        "nul\\u{0}bell\\u{7}escape\\u{1b}[31m\\u{200b}zero\\u{feff}",
    ):
        await expect(body).to_contain_text(text, use_inner_text=True)
    text = await body.inner_text()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x07\x1b]", text)
    isolated = page.locator("td.asked bdi[dir=ltr]")
    assert await isolated.count() >= await page.locator("td.asked").count() > 0
