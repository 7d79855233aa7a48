"""The page of the nodes, and what is shown of one of them: real servers that share a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from acts import until_shown
from household import asked
from playwright.async_api import Page, expect
from settings_file import settings_from

from sinkhole.app.app import App
from sinkhole.control.postgres.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AWAY = (
    "UPDATE member SET seen = now() - interval '2 hours',"
    """ said = jsonb_set(said, '{version}', '"0.0.9"') WHERE name = 'shed'"""
)


class Several:
    """Servers that share a database, by their names."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.apps: dict[str, App] = {}

    def seen_by(self, name: str) -> SimpleNamespace:
        """What `visit` wants."""
        return SimpleNamespace(house=self.apps[name].front.house)

    async def answer(self, name: str, *batches: Any) -> None:
        """Have one of them answer this, and the database have it."""
        app = self.apps[name]
        log = app.front.house.query_log()
        wanted = log.status()["rows"]
        for batch in batches:
            wanted += len(batch.records)
            app.buffer.append(batch)
        await _until(lambda: log.status()["rows"] >= wanted and not log.outbox.waiting_rows)

    async def away(self, name: str) -> None:
        """Stop one that was last heard of hours ago."""
        await self.apps.pop(name).stop()
        server = await Server.connect(self.url)
        await server.rows(AWAY)
        await server.close()


async def _until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.02)


@pytest_asyncio.fixture(loop_scope="session")
async def several(tmp_path: Path, postgres_url: str) -> AsyncIterator[Several]:
    """Three of them, once each knows of all and the log is one."""
    found = Several(postgres_url)
    async with AsyncExitStack() as stack:
        for name in ("attic", "cellar", "shed"):
            app = App(
                settings_from(
                    {
                        "dns": {"listen": ["127.0.0.1:0"]},
                        "upstream": {"servers": ["127.0.0.1:9"]},
                        "filtering": {"lists": [], "rules": ["||ads.example.com^"]},
                        "web": {"listen": "127.0.0.1:0"},
                        "storage": {"url": postgres_url, "node": name},
                        "data_dir": str(tmp_path / name),
                    }
                )
            )
            await app.start()
            stack.push_async_callback(app.stop)
            found.apps[name] = app
        for app in found.apps.values():
            await _until(lambda app=app: len(app.front.nodes.told().nodes) == 3)
            await _until(lambda app=app: app.front.house.query_log().status()["enabled"])
        yield found


async def test_all_are_shown_drained_and_forgotten(visit: Any, several: Several) -> None:
    await several.answer("cellar", asked("www.example.org", times=3))
    await several.away("shed")
    page: Page = await visit(several.seen_by("attic"), at="#/nodes")
    table = page.locator("#nodes")
    attic, cellar, shed = (table.locator("tbody tr").nth(place) for place in range(3))
    await expect(attic).to_contain_text("this one")
    await until_shown(page, shed.get_by_text("away for 2 h"))
    await expect(shed).to_contain_text("Version 0.0.9: most have another")
    await until_shown(page, cellar.get_by_role("link", name="3", exact=True))
    drain = page.get_by_role("button", name="Drain cellar")
    await drain.click()
    sure = page.get_by_role("group", name="Drain cellar")
    await expect(sure).to_contain_text("It goes on answering.")
    await sure.get_by_role("button", name="Drain", exact=True).click()
    await until_shown(page, cellar.get_by_text("drained", exact=True))
    assert several.apps["cellar"].drain.is_on and not several.apps["attic"].drain.is_on
    await page.get_by_role("button", name="Have cellar asked again").click()
    again = page.get_by_role("group", name="Have cellar asked again")
    await again.get_by_role("button", name="Have it asked again").click()
    await until_shown(page, page.get_by_role("button", name="Drain cellar"))
    await _until(lambda: not several.apps["cellar"].drain.is_on)
    await page.get_by_role("button", name="Forget shed").click()
    sure = page.get_by_role("group", name="Forget shed")
    await sure.get_by_role("button", name="Forget", exact=True).click()
    await until_shown(page, table.locator("tbody:not(:has(tr:nth-child(3)))"))
    await expect(page.get_by_role("navigation", name="System")).to_contain_text("Nodes")


async def test_statistics_and_queries_are_those_of_all_or_of_one(
    visit: Any, several: Several
) -> None:
    await several.answer("attic", asked("www.example.org", times=2))
    await several.answer("cellar", asked("www.example.net", ago_s=5))
    page: Page = await visit(several.seen_by("attic"))
    await expect(page.locator("#sentence")).to_contain_text("3 queries")
    await page.get_by_label("Node", exact=True).select_option("cellar")
    await until_shown(page, page.locator("#sentence", has_text="1 query"))
    await expect(page.locator("#queries tbody tr")).to_have_count(1)
    await page.locator("#tile-queries a").click()
    await until_shown(page, page.locator("#filter-node"))
    await expect(page.locator("#queries tbody tr")).to_have_count(1)
    await page.locator("#queries tbody button").click()
    facts = page.locator("dialog .facts")
    await expect(facts).to_contain_text("Answered by")
    await expect(facts).to_contain_text("cellar")


async def test_what_others_answer_comes_to_the_queries_that_are_shown(
    visit: Any, several: Several
) -> None:
    await several.answer("attic", asked("one.example.org"))
    page: Page = await visit(several.seen_by("attic"), at="#/queries")
    rows = page.locator("#queries tbody tr")
    await expect(rows).to_have_count(1)
    await several.answer("cellar", asked("two.example.org"))
    await until_shown(page, rows.nth(1))
    await expect(rows.first).to_contain_text("two.example.org")


async def test_they_are_told_in_german_and_fit_a_narrow_screen(
    visit: Any, several: Several
) -> None:
    page: Page = await visit(several.seen_by("attic"), at="#/nodes", width=360, locale="de-DE")
    await expect(page.get_by_role("heading", name="Knoten")).to_be_visible()
    await page.get_by_role("button", name="cellar aus dem Verkehr nehmen").click()
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await page.evaluate(wide)


async def test_a_house_that_shares_nothing_has_itself_and_says_how_to_share(
    visit: Any, home: Any
) -> None:
    page: Page = await visit(home, at="#/nodes")
    await expect(page.get_by_role("main")).to_contain_text("storage.url")
    await page.goto(page.url.replace("#/nodes", "#/system"))
    await expect(page.locator("#pair")).to_be_visible()
    await expect(page.get_by_role("link", name="Nodes")).to_have_count(0)
