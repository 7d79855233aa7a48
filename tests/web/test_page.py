"""The page in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect
from pretend import PretendHouse

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NASTY = [
    "<script>window.hacked = 1</script>.example.org",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "safe.example.org\u202egro.elpmaxe\u2066",
    "nul\x00bell\x07escape\x1b[31m\u200bzero\ufeff",
    "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 61,
]


async def _refresh(page: Page) -> None:
    await page.clock.run_for(16_000)


async def test_the_percentage_and_its_sentence_are_the_servers(visit: Any) -> None:
    house = PretendHouse()
    summary = await house.summary()
    page = await visit(house)
    await expect(page.locator("#figure")).to_have_text(f"{summary['blocked_percent']:.1f}%")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        f"of {summary['totals']['queries']:,} queries blocked in the last 24 hours, "
        "median answer 0.31 ms"
    )
    assert await page.title() == f"{summary['blocked_percent']:.1f}% blocked · sinkhole"
    await expect(page.locator("#tiles")).to_contain_text("353,262")


async def test_what_happened_is_said_in_words_with_list_line_and_rule(visit: Any) -> None:
    house = PretendHouse(empty=True)
    for row in (
        {"outcome": "blocked", "blocked": True, "list": "Starter", "line": 12,
         "rule": "||example.org^"},
        {"outcome": "blocked_answer", "blocked": True, "list": "Starter", "line": 7,
         "rule": "||ads.example.net^", "hop": "edge.ads.example.net"},
        {"outcome": "cached", "list": "Own", "line": 1, "rule": "@@||example.org^"},
        {"outcome": "forwarded", "upstream": "192.0.2.53", "rcode": "NXDOMAIN"},
        {"outcome": "stale"},
        {"outcome": "local", "detail": "private reverse zone"},
        {"outcome": "failed", "rcode": "SERVFAIL"},
        {"outcome": "refused", "rcode": "REFUSED", "detail": "asked too often"},
    ):  # fmt: skip
        house.ask(row)
    page = await visit(house)
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


async def test_no_text_from_the_network_becomes_anything_but_text(visit: Any) -> None:
    house = PretendHouse(empty=True)
    for name in NASTY:
        house.ask(
            {"name": name, "client": name, "type": name, "list": name, "line": 1, "rule": name,
             "hop": name, "outcome": "blocked", "blocked": True, "upstream": name,
             "rcode": name}
        )  # fmt: skip
        house.ask({"name": name, "outcome": name, "detail": name, "upstream": name})
        house.problems.append(name)
    plain_lists = house.list_status
    house.list_status = lambda: [  # type: ignore[method-assign]  # a house of hostile lists
        plain_lists()[0]
        | {
            "name": name,
            "url": name,
            "error": name,
            "state": "failed",
            "refused": 1,
            "refused_reasons": {name: 1},
            "refused_samples": [{"line": 1, "text": name, "reason": name}],
            "quarantine": {"reason": name, "names": 1, "rules": 1, "since": 0},
        }
        for name in NASTY
    ]
    page = await visit(house)
    await page.locator("#top_names-list button").first.click()
    await page.locator("#top_clients-list button").first.click()
    await _refresh(page)
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("main script, main img, main svg:not(.frame svg)").count() == 0
    text = await page.locator("body").inner_text()
    assert NASTY[0] in text
    assert "safe.example.org\\u{202e}gro.elpmaxe\\u{2066}" in text
    assert "nul\\u{0}bell\\u{7}escape\\u{1b}[31m\\u{200b}zero\\u{feff}" in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x07\x1b]", text)
    isolated = page.locator("td.asked bdi[dir=ltr]")
    assert await isolated.count() == await page.locator("td.asked").count() > 0


async def test_the_policy_refuses_markup_made_from_text(visit: Any, faults: list[str]) -> None:
    page = await visit(PretendHouse())
    refused = await page.evaluate(
        """() => {
          try { document.body.innerHTML = "<b>x</b>"; return "made"; }
          catch (error) { return error.name; }
        }"""
    )
    assert refused == "TypeError"
    assert len(await page.evaluate("window.violations")) == 1
    await page.evaluate("window.violations = []")
    faults.clear()


@pytest.mark.parametrize("width", [320, 360, 390, 800, 1280])
async def test_nothing_is_wider_than_the_screen(visit: Any, width: int) -> None:
    house = PretendHouse()
    for name in NASTY:
        client = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
        house.ask({"name": name, "rule": name, "list": name, "outcome": "blocked", "type": "HTTPS",
                   "transport": "https", "blocked": True, "client": client})  # fmt: skip
    page = await visit(house, width=width)
    await expect(page.locator("td.asked").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_light_and_dark_follow_the_system_while_the_page_is_open(visit: Any) -> None:
    page = await visit(PretendHouse(), scheme="light")

    async def brightness() -> int:
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3])

    light = await brightness()
    await page.emulate_media(color_scheme="dark")
    assert light > 600 > 150 > await brightness()


async def test_new_queries_appear_by_themselves_and_keep_the_focus_where_it_was(
    visit: Any,
) -> None:
    house = PretendHouse()
    page = await visit(house)
    button = page.locator("#top_names-list button").first
    await button.focus()
    house.ask({"name": "brand-new.example.org"})
    await _refresh(page)
    await expect(page.locator("td.asked").first).to_have_text("brand-new.example.org")
    await expect(button).to_be_focused()


async def test_a_hidden_tab_asks_nothing_and_catches_up_when_it_is_seen(visit: Any) -> None:
    house = PretendHouse()
    page = await visit(house)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(hide, True)
    await page.clock.run_for(120_000)
    assert requests == []
    house.ask({"name": "meanwhile.example.org"})
    await page.evaluate(hide, False)
    await expect(page.locator("td.asked").first).to_have_text("meanwhile.example.org")


async def test_a_server_out_of_reach_is_said_and_its_return_noticed(
    visit: Any, faults: list[str]
) -> None:
    page = await visit(PretendHouse())
    await page.route("**/api/**", lambda route: route.abort())
    await _refresh(page)
    await expect(page.locator("#reach")).to_have_text("Not reachable, trying again")
    await expect(page.locator("#figure")).not_to_have_text("–")
    await page.unroute("**/api/**")
    await _refresh(page)
    await expect(page.locator("#reach")).to_have_text("Live")
    faults.clear()


async def test_what_the_server_refuses_is_shown_in_its_own_words(
    visit: Any, faults: list[str]
) -> None:
    page = await visit(PretendHouse())
    await page.route(
        "**/api/stats*", lambda route: route.fulfill(status=503, json={"error": "disk is full"})
    )
    await _refresh(page)
    await expect(page.locator("#reach")).to_have_text("The server says: disk is full")
    faults.clear()


async def test_the_log_is_narrowed_by_name_verdict_and_client(visit: Any) -> None:
    house = PretendHouse()
    house.ask({"name": "needle.example.org", "client": "192.0.2.99"})
    house.ask({"name": "needle.example.org", "client": "192.0.2.98", "outcome": "blocked",
               "blocked": True, "list": "Starter", "line": 1})  # fmt: skip
    page = await visit(house)
    names = page.locator("td.asked")
    await page.get_by_label("Show only names that contain").fill("NEEDLE")
    await page.clock.run_for(1000)
    await expect(names).to_have_count(2)
    await page.get_by_label("Show only queries that were").select_option("Blocked")
    await expect(names).to_have_count(1)
    await page.get_by_label("Show only names that contain").fill("no such thing")
    await page.clock.run_for(1000)
    await expect(page.locator("#queries-empty")).to_have_text("No query fits the filter.")
    await page.locator("#top_clients-list button").first.click()
    await expect(page.locator("#filter-client")).to_contain_text("192.0.2.21")
    await expect(page.locator("td.client").first).to_have_text("192.0.2.21")
    await page.locator("#filter-client").click()
    await expect(page.locator("#filter-client")).to_be_hidden()


async def test_a_log_that_is_switched_off_is_said_and_not_asked_for(visit: Any) -> None:
    house = PretendHouse()
    plain = house.status
    off = plain()["log"] | {"enabled": False, "rows": 0}
    house.status = lambda: plain() | {"log": off}  # type: ignore[method-assign]  # another house

    async def no_log(**filters: Any) -> dict[str, Any]:
        raise AssertionError("asked for a log there is none of")

    house.page = no_log  # type: ignore[method-assign]  # the house without a log
    page = await visit(house)
    await expect(page.locator("#queries-empty")).to_contain_text("switched off")
    await expect(page.locator("#filters")).to_be_hidden()
    await _refresh(page)
    await expect(page.locator("#reach")).to_have_text("Live")
    await expect(page.locator("#figure")).to_be_visible()


async def test_older_queries_stay_still_until_one_goes_back_to_the_newest(visit: Any) -> None:
    house = PretendHouse()
    page = await visit(house)
    first = page.locator("td.asked").first
    newest = await page.locator("#queries tbody tr").first.get_attribute("data-key")
    await page.get_by_role("button", name="Older").click()
    await expect(page.locator("#queries tbody tr").first).not_to_have_attribute(
        "data-key", str(newest)
    )
    await page.get_by_role("button", name="Older").click()
    await expect(page.locator("#queries tbody tr").first).to_have_attribute(
        "data-key", str(int(str(newest)) - 50)
    )
    house.ask({"name": "brand-new.example.org"})
    await _refresh(page)
    await expect(page.locator("#queries tbody tr").first).to_have_attribute(
        "data-key", str(int(str(newest)) - 50)
    )
    await page.get_by_role("button", name="Back to the newest").click()
    await expect(first).to_have_text("brand-new.example.org")


async def test_names_are_shown_as_people_know_them_beside_what_they_are(visit: Any) -> None:
    house = PretendHouse()
    odd = {"name": "xn--mnchen-3ya.example", "name_unicode": "münchen.example",
           "client": "192.0.2.44", "client_name": "<b>TV</b>\u202e"}  # fmt: skip
    for _ in range(500):
        house.ask(odd)
    plain = house.summary

    async def named(period: str = "24h") -> Any:
        told = await plain(period)
        for entry in told["top_clients"]:
            if entry["client"] == "192.0.2.44":
                entry["client_name"] = house.rows[-1]["client_name"]
        return told

    house.summary = named  # type: ignore[method-assign]  # a house of known clients
    page = await visit(house)
    await expect(page.locator("td.asked").first).to_have_text(
        "xn--mnchen-3ya.example münchen.example"
    )
    await expect(page.locator("td.client").first).to_contain_text("192.0.2.44 <b>TV</b>")
    await expect(page.locator("td.client").first).not_to_contain_text("\u202e")
    await expect(page.locator("#top_clients-list")).to_contain_text("192.0.2.44 <b>TV</b>")
    for row in house.rows:
        if row["client"] == "192.0.2.44":
            row["client_name"] = "Telly"
    await _refresh(page)
    await expect(page.locator("td.client").first).to_have_text("192.0.2.44 Telly")
    await expect(page.locator("#top_clients-list")).to_contain_text("192.0.2.44 Telly")


async def test_a_search_that_took_too_long_says_how_far_it_looked_and_goes_on(visit: Any) -> None:
    house = PretendHouse()
    plain, asked = house.page, []

    async def rarely(**filters: Any) -> Any:
        asked.append(filters["before"])
        if filters["name"] != "rare" or filters["before"] == "77":
            return await plain(limit=1)
        return {"queries": [], "next": "77", "looked_back_to": house.rows[0]["time"]}

    house.page = rarely  # type: ignore[method-assign]  # a house with a long log
    page = await visit(house)
    await page.locator("#filter-name").fill("rare")
    await expect(page.locator("#queries-empty")).to_contain_text("Looked back to")
    looked = len(asked)
    await _refresh(page)
    await expect(page.locator("#queries-empty")).to_contain_text("Looked back to")
    assert len(asked) == looked, "not again and again"
    await page.get_by_role("button", name="Look further back").click()
    await expect(page.locator("#queries tbody tr")).to_have_count(1)
    assert asked[-1] == "77"


async def test_the_chart_is_read_by_keys_and_as_a_table(visit: Any) -> None:
    house = PretendHouse()
    last = (await house.summary())["series"][-1]
    page = await visit(house)
    chart = page.get_by_role("slider", name="Chart of queries over time")
    await chart.focus()
    await page.keyboard.press("End")
    words = re.compile(rf": {last['queries']:,} quer(y|ies), {last['blocked']:,} blocked")
    await expect(page.locator(".readout")).to_have_text(words)
    await expect(chart).to_have_attribute("aria-valuetext", words)
    before = await page.locator(".readout").inner_text()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator(".readout")).not_to_have_text(before)
    await page.get_by_text("Show as a table").click()
    await expect(page.locator(".twin tbody tr")).to_have_count(144)


async def test_another_period_is_chosen_by_keyboard_and_kept_in_the_address(visit: Any) -> None:
    page = await visit(PretendHouse())
    await page.get_by_role("radio", name="24 h").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#sentence")).to_contain_text("in the last 7 days")
    await page.reload()
    await expect(page.locator("#sentence")).to_contain_text("in the last 7 days")


async def test_a_new_server_says_what_to_do_until_the_first_query_comes(visit: Any) -> None:
    house = PretendHouse(empty=True)
    page = await visit(house)
    guide = page.get_by_role("region", name="First steps")
    await expect(guide).to_contain_text("dig @192.0.2.2 example.org")
    await expect(page.locator("#sentence")).to_contain_text("353,262 names")
    await expect(page.locator("#tiles")).to_be_hidden()
    house.ask({"outcome": "blocked", "blocked": True})
    await _refresh(page)
    await expect(page.locator("#figure")).to_have_text("100.0%")
    await expect(guide).to_be_hidden()


async def test_the_guide_knows_the_port_and_a_wildcard_address(visit: Any) -> None:
    house = PretendHouse(empty=True)
    plain = house.status
    everywhere = {"listen": ["0.0.0.0:5353"]}
    house.status = lambda: plain() | everywhere  # type: ignore[method-assign]  # this house
    page = await visit(house)
    await expect(page.locator("#guide code").first).to_have_text(
        "dig @127.0.0.1 -p 5353 example.org"
    )
    await expect(page.locator("#guide")).to_contain_text("Devices ask at port 53")


async def test_the_button_updates_the_lists_and_tells_how_many_changed(visit: Any) -> None:
    house = PretendHouse()
    page = await visit(house)
    await page.get_by_role("button", name="Update lists now").click()
    await expect(page.locator("#update-result")).to_have_text("2 lists changed.")
    assert house.updates == 1
    await expect(page.locator("#lists li").first).to_contain_text("just now")


async def test_problems_are_notices_at_the_top(visit: Any) -> None:
    house = PretendHouse()
    house.problems = ["The query log is not written: the disk is full."]
    page = await visit(house)
    await expect(page.get_by_role("status", name="Problems")).to_have_text(house.problems[0])
    house.problems = []
    await _refresh(page)
    await expect(page.locator(".notice")).to_have_count(0)


async def test_a_reader_of_the_outline_finds_every_part(visit: Any) -> None:
    page = await visit(PretendHouse(), width=390)
    for heading in (
        "Most asked", "Most blocked", "Clients", "Lists that blocked", "Upstreams asked",
        "Asked over", "Last queries", "Lists", "Upstreams", "Server",
    ):  # fmt: skip
        await expect(page.get_by_role("heading", name=heading, exact=True)).to_have_count(1)
    table = await page.locator("#queries").aria_snapshot()
    assert "columnheader" in table
    assert "cell" in table
