"""The overview in a real browser: numbers that lead to what they count, a part of the time,
problems with a way out, and what happens while somebody looks."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from acts import refresh, until_shown
from days import FILTER
from faults import Faults
from playwright.async_api import Page, Route, expect

from sinkhole.model.status import Problem
from sinkhole.model.verdict import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EVENTS = "**/api/v1/events*"


async def _follow(page: Page, link: str) -> None:
    await page.locator(link).first.click()
    await expect(page.get_by_role("heading", name="Queries", level=1)).to_be_visible()
    await expect(page.locator("#filter-since")).to_contain_text("Since ")


async def _point_at(page: Page, part: float) -> None:
    """Move the mouse over the chart, wherever that is by now, to this part of its width."""
    over = page.locator("#chart .u-over")
    width, height = await over.evaluate("over => [over.clientWidth, over.clientHeight]")
    await over.hover(position={"x": width * part, "y": height * 0.6})


async def test_each_number_leads_to_the_queries_it_counts(visit: Any, home: Any) -> None:
    page = await visit(home)
    await _follow(page, "#tile-cached a")
    await expect(page.get_by_label("Show only queries that were")).to_have_value("cached")
    await page.go_back()
    await _follow(page, "#figure a")
    await expect(page.get_by_label("Show only queries that were")).to_have_value("blocked")
    await page.go_back()
    for board, chip in (
        ("top_names", "exact"), ("top_blocked", "exact"), ("top_clients", "client"),
        ("top_lists", "list"), ("upstreams", "upstream"), ("transports", "transport"),
    ):  # fmt: skip
        await _follow(page, f"#{board}-list a")
        await expect(page.locator(f"#filter-{chip}")).to_be_visible()
        await page.go_back()


async def test_what_failed_and_an_upstream_lead_to_as_many_queries_as_they_count(
    visit: Any, new_home: Any
) -> None:
    asked = {"upstream": "192.0.2.53:53"}
    await new_home.ask("a.example.org", **asked)
    await new_home.ask("b.example.org", outcome=Outcome.BLOCKED_ANSWER, **asked)
    await new_home.ask("c.example.org", outcome=Outcome.FAILED)
    page = await visit(new_home)
    await expect(page.locator("#upstreams-list .number")).to_have_text("2")
    await _follow(page, "#upstreams-list a")
    await expect(page.locator("#queries tbody tr")).to_have_count(2)
    await page.go_back()
    await expect(page.locator("#tile-forwarded")).to_contain_text("1 failed")
    await _follow(page, "#tile-forwarded .quiet a")
    await expect(page.locator("#queries tbody tr")).to_have_count(1)


async def test_what_was_saved_of_waiting_is_told_with_how_that_is_known(
    visit: Any, home: Any
) -> None:
    summary = await home.summary()
    page = await visit(home)
    tile = page.locator("#tile-saved")
    await expect(tile.locator(".value")).to_have_text(re.compile(r"^\d+ (s|min)"))
    times = f"{summary['totals']['cached']:,} times {summary['saved']['upstream_ms']:.0f}"
    await expect(tile).to_contain_text(re.compile(rf"{times[:-1]}\d ms sooner than by asking"))


async def test_a_part_of_the_chart_is_drawn_over_and_looked_at_closely(
    visit: Any, home: Any
) -> None:
    page = await visit(home)
    await expect(page.locator("#chart canvas")).to_be_visible()
    whole = await page.locator("#tile-queries .value").inner_text()
    await _point_at(page, 0.5)
    await page.mouse.down()
    await _point_at(page, 0.75)
    await page.mouse.up()
    await expect(page).to_have_url(re.compile(r"#/\?since=\d+&until=\d+$"))
    await expect(page.locator("#zoomed")).to_be_visible()
    await expect(page.locator("#tile-queries .value")).not_to_have_text(whole)
    await expect(page.locator("#sentence")).to_contain_text("blocked in the time ")
    counted = await page.locator("#tile-queries .value").inner_text()
    await page.reload()
    await expect(page.locator("#tile-queries .value")).to_have_text(counted)
    await page.locator("#zoomed").get_by_role("link", name="Show these queries").click()
    await expect(page.locator("#filter-until")).to_contain_text("Until ")
    await page.go_back()
    await page.locator("#zoomed").get_by_role("link", name="All of the time again").click()
    await expect(page.locator("#zoomed")).to_have_count(0)
    await expect(page.locator("#tile-queries .value")).to_have_text(whole)


async def test_keys_choose_some_columns_and_look_closer_or_show_their_queries(
    visit: Any, home: Any
) -> None:
    page = await visit(home)
    chart = page.get_by_role("slider", name="Chart of queries over time")
    await chart.focus()
    await page.keyboard.press("End")
    for _ in range(5):
        await page.keyboard.press("Shift+ArrowLeft")
    text = await page.locator(".readout").inner_text()
    await expect(page.get_by_role("link", name="Show these queries")).to_be_visible()
    await page.keyboard.press("+")
    await expect(page).to_have_url(re.compile(r"#/\?since=\d+&until=\d+$"))
    await expect(page.locator("#zoomed strong")).to_have_text(text.split(": ")[0])
    await chart.focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"#/queries\?since=\d+&until=\d+$"))


async def test_what_keys_have_marked_is_the_same_time_when_the_chart_goes_on_by_a_step(
    visit: Any, home: Any
) -> None:
    told: list[Any] = []

    async def tell(route: Route) -> None:
        if not told:
            told.append(await (await route.fetch()).json())
        await route.fulfill(json=told[-1])

    page = await visit(home, at="#/nowhere")
    await page.route("**/api/v1/statistics*", tell)
    await page.get_by_role("link", name="Overview").click()
    chart = page.get_by_role("slider", name="Chart of queries over time")
    await chart.focus()
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowLeft")
    place = int(await chart.get_attribute("aria-valuenow") or "")
    text = await page.locator(".readout").inner_text()
    series = told[0]["series"]
    last = {**series[-1], "time": series[-1]["time"] + told[0]["step_s"]}
    told.append({**told[0], "series": [*series[1:], last]})
    await refresh(page)
    await expect(chart).to_have_attribute("aria-valuenow", str(place - 1))
    await expect(page.locator(".readout")).to_have_text(text)


async def test_a_column_leads_to_its_queries_by_click_and_from_the_table(
    visit: Any, home: Any
) -> None:
    page = await visit(home)
    await _point_at(page, 0.9)
    await page.mouse.down()
    await page.mouse.up()
    await expect(page).to_have_url(re.compile(r"#/queries\?since=\d+&until=\d+$"))
    await page.go_back()
    await page.get_by_text("Show as a table").click()
    await page.locator(".twin tbody a").nth(3).click()
    await expect(page).to_have_url(re.compile(r"#/queries\?since=\d+&until=\d+$"))


async def test_a_problem_has_a_button_that_ends_it_or_leads_to_where_it_is_put_right(
    visit: Any, furnish: Any
) -> None:
    home = await furnish()
    home.built.problems.append(
        Problem("log.little_room", "warning", "Hardly any room is left for rows.", "")
    )
    home.write_list(FILTER, "||metrics.example.org^\n")
    await home.house.library.update()
    page = await visit(home)
    notices = page.locator("#notices")
    await notices.get_by_role("link", name="Open the setting").click()
    await expect(page).to_have_url(re.compile(r"#/settings\?search=query_log$"))
    await page.go_back()
    home.built.problems.clear()
    await refresh(page)
    await notices.get_by_role("button", name="Use it all the same").click()
    done = page.get_by_role("region", name="Done")
    await expect(done).to_contain_text(f"The new version of {FILTER} is in use.")
    await expect(page.locator(".notice")).to_have_count(1)
    await done.get_by_role("button", name="Take back").click()
    await expect(done).to_have_count(0)
    await expect(notices.get_by_role("button", name="Use it all the same")).to_be_visible()


async def test_where_dns_is_not_answered_protection_waits_and_commands_are_told_as_such(
    visit: Any, home: Any
) -> None:
    text = "Nobody answers at port 53."
    advice = "To have dnsmasq let go, type `sudo systemctl stop dnsmasq`."
    home.built.problems.append(Problem("listening.taken", "error", text, advice))
    page = await visit(home)
    notice = page.locator("#notices .notice", has_text=text)
    await expect(notice.locator("code")).to_have_text("sudo systemctl stop dnsmasq")
    await expect(notice).not_to_contain_text("`")
    protection = page.get_by_role("region", name="Protection")
    await expect(protection).to_contain_text("Protection begins as soon as DNS is answered")
    home.built.problems.clear()
    await refresh(page)
    await expect(protection).to_contain_text("Protection is on")


async def test_a_pause_of_somebody_else_is_seen_when_it_begins(visit: Any, home: Any) -> None:
    one, other = await visit(home), await visit(home)
    for each in (one, other):
        await until_shown(each, each.locator("#pace"))  # which is told by what it listens to alone
    await expect(other.get_by_text("Protection is on")).to_be_visible()
    await one.get_by_role("button", name="Pause…").click()
    await one.get_by_role("button", name="for 10 minutes").click()
    await expect(one.get_by_text("Protection is off")).to_be_visible()
    await expect(other.get_by_text("Protection is off")).to_be_visible()
    await other.get_by_role("button", name="Resume").click()
    await expect(one.get_by_text("Protection is on")).to_be_visible()


async def test_how_quickly_queries_come_is_told_while_they_do(visit: Any, home: Any) -> None:
    page = await visit(home)
    await until_shown(page, page.locator("#pace"))  # it has heard how many there were
    home.house.counters.outcomes["cached"] += 90
    await until_shown(page, page.locator("#pace", has_text=re.compile(r"Just now [1-9]\d* ")))
    await page.locator("#pace").click()
    await expect(page.get_by_role("heading", name="Queries", level=1)).to_be_visible()


async def test_what_comes_between_the_first_rows_and_the_stream_is_shown(
    visit: Any, home: Any
) -> None:
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    page: Page = await visit(home, at="#/nowhere")
    await page.route(EVENTS, hold)
    await page.get_by_role("link", name="Overview").click()
    await expect(page.locator("td.asked")).to_have_count(10)
    await home.ask("between.example.org")
    go_on.set()
    await expect(page.locator("td.asked").first).to_have_text("between.example.org")


async def test_a_stream_that_breaks_off_leaves_the_overview_alive_and_is_opened_again(
    visit: Any, home: Any, faults: Faults
) -> None:
    async def break_off(route: Route) -> None:
        body = 'retry: 3000\n\nid: 1\nevent: counters\ndata: {"quer'
        await route.fulfill(status=200, content_type="text/event-stream", body=body)

    page: Page = await visit(home, at="#/nowhere")
    await page.route(EVENTS, break_off)
    await page.get_by_role("link", name="Overview").click()
    await expect(page.locator("td.asked")).to_have_count(10)
    await home.ask("meanwhile.example.org")
    await until_shown(page, page.locator("td.asked", has_text="meanwhile.example.org"))
    await page.unroute(EVENTS)
    await page.clock.run_for(5_000)
    await home.ask("afterwards.example.org")
    await until_shown(page, page.locator("td.asked", has_text="afterwards.example.org"))
    await expect(page.locator("#reach")).to_have_text("Live")
    faults.forgive_of("net::")


async def test_on_a_phone_the_switch_is_in_reach_wherever_one_reads(visit: Any, home: Any) -> None:
    page = await visit(home, width=360)
    pause = page.get_by_role("button", name="Pause…")
    await expect(pause).to_be_in_viewport()
    await page.locator("#facts").scroll_into_view_if_needed()
    await expect(pause).to_be_in_viewport()
    box = await pause.bounding_box()
    assert box is not None and box["y"] > 450, "the lower half"
    await pause.click()
    await page.get_by_role("button", name="for 10 minutes").click()
    await expect(page.get_by_text("Protection is off")).to_be_in_viewport()


async def test_every_other_page_has_the_number_of_problems(visit: Any, home: Any) -> None:
    page = await visit(home)
    notices = page.locator("#notices .notice:not(.coming)")
    await expect(page.locator("#tile-queries")).to_be_visible()
    before = await notices.count()
    await page.get_by_role("link", name="Devices", exact=True).click()
    counted = page.locator("#problems")
    if before:
        await expect(counted).to_contain_text(str(before))
    home.built.problems.append(Problem("log.full", "error", "The log is full.", "Make room."))
    await page.clock.run_for(15_000)
    words = "1 problem" if before == 0 else f"{before + 1} problems"
    await expect(page.get_by_role("link", name=f"Overview {words}", exact=True)).to_be_visible()
    await expect(page.locator("#problems.grave")).to_be_visible()
    await counted.click()
    await expect(notices).to_have_count(before + 1)
    await expect(counted).to_have_count(0)
    home.built.problems.clear()
