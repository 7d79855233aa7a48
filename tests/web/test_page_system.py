"""The page about the server itself: how it does, what it keeps, and what can be done about that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from faults import Faults
from hostile import NASTY
from household import Household
from people import come_in
from playwright.async_api import Locator, Page, expect

from sinkhole import __version__
from sinkhole.model.status import Health, Problem

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _open(visit: Any, home: Household, **options: Any) -> Page:
    page: Page = await visit(home, at="#/system", **options)
    await page.locator("#health").wait_for()
    return page


def _card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


async def test_it_says_how_the_server_does_and_each_part(visit: Any, home: Household) -> None:
    page = await _open(visit, home)
    card = _card(page, "How it does")
    await expect(page.locator("#health")).to_have_text("Everything is fine.")
    await expect(card).to_contain_text("running for 3 d 4 h")
    parts = card.get_by_role("list", name="Part by part")
    for words in ("192.0.2.2:53, [::]:53", "2 of 2 answer", "names", "queries", "192.0.2.2:853"):
        await expect(parts).to_contain_text(words)


async def test_what_is_wrong_stands_with_what_to_do_about_it(visit: Any, home: Household) -> None:
    home.built.health = Health("degraded", ("no upstream answers",))
    home.built.problems.append(Problem("upstream.none", "error", "Nobody answers.", "Look there."))
    for text in NASTY:
        home.built.problems.append(Problem("test", "warning", text, text))
    page = await _open(visit, home)
    await expect(page.locator("#health")).to_contain_text("not all of it as it should")
    card = _card(page, "How it does")
    await expect(card).to_contain_text("no upstream answers")
    first = card.get_by_role("list", name="Problems").get_by_role("listitem").first
    await expect(first).to_have_text("Nobody answers.What to do: Look there.")
    assert await page.evaluate("window.hacked") is None
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1280


async def test_a_state_that_is_damaged_can_be_done_without(visit: Any, home: Household) -> None:
    text = "state.db is damaged"
    home.built.problems.append(Problem("state.damaged", "error", text, "restore a backup"))
    page = await _open(visit, home)
    await page.get_by_role("button", name="Go on with what there is").click()
    await expect(page.get_by_role("button", name="Go on with what there is")).to_be_enabled()
    (entry, *_) = await home.house.state.audit.entries(1)
    assert entry.operation == "backup.accept"


async def test_what_takes_room_is_told_with_what_is_free(visit: Any, home: Household) -> None:
    page = await _open(visit, home)
    card = _card(page, "On the disk")
    for words in ("Query log and statistics", "Lists", "Backups", "Free", str(home.built.data_dir)):
        await expect(card).to_contain_text(words)


async def _rows(home: Household) -> int:
    assert home.built.query_log is not None
    return int(home.built.query_log.status()["rows"])


async def test_queries_are_deleted_when_one_is_sure(visit: Any, home: Household) -> None:
    await home.ask("secret.example.org", times=3)
    await home.ask("deep.secret.example.org")
    before = await _rows(home)
    page = await _open(visit, home)
    card = _card(page, "Log and privacy")
    await expect(card).to_contain_text("90 days, at most 2 GiB")
    await expect(card).to_contain_text("Written downeverything")
    await card.get_by_role("textbox", name="Queries for a name").fill("secret.example.org")
    await card.get_by_label("and all names below it").check()
    await card.get_by_role("button", name="Delete: Queries for a name").click()
    sure = card.get_by_role("group", name="Delete: Queries for a name")
    await expect(sure).to_contain_text("This can't be undone.")
    await expect(sure.get_by_role("button", name="Cancel")).to_be_focused()
    await sure.get_by_role("button", name="Cancel").click()
    assert await _rows(home) == before
    await card.get_by_role("button", name="Delete: Queries for a name").click()
    await sure.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.locator("#deleted")).to_have_text(re.compile(r"^4 queries deleted\."))
    assert await _rows(home) == before - 4


async def test_queries_of_a_client_and_all_are_deleted_and_counts_begin_anew(
    visit: Any, home: Household, faults: Faults
) -> None:
    page = await _open(visit, home)
    card = _card(page, "Log and privacy")

    async def delete(what: str, button: str = "Delete") -> None:
        await card.get_by_role("button", name=what).click()
        sure = card.get_by_role("group", name=what)
        await sure.get_by_role("button", name=button, exact=True).click()

    client = card.get_by_role("textbox", name="Queries of a client")
    await client.fill("nobody")
    await delete("Delete: Queries of a client")
    await expect(card.get_by_role("alert")).to_have_text("The log knows no such client.")
    await client.fill("TV")
    await delete("Delete: Queries of a client")
    await expect(page.locator("#deleted")).to_contain_text("deleted.")
    await delete("Begin the statistics anew", "Begin the statistics anew")
    await expect(page.locator("#deleted")).to_have_text(re.compile("The statistics begin anew."))
    assert (await home.summary())["totals"]["queries"] == 0
    await delete("Delete the whole log", "Delete the whole log")
    await expect(page.locator("#deleted")).to_contain_text("queries deleted.")
    assert await _rows(home) == 0
    faults.forgive(404)


async def test_what_the_cache_has_is_looked_up_and_forgotten(visit: Any, home: Household) -> None:
    home.built.upstreams.says("www.example.org", "A", "www.example.org. 60 A 192.0.2.80")
    await home.house.resolve("www.example.org", "A", "")
    page = await _open(visit, home)
    card = _card(page, "Cache")
    name = card.get_by_label("A name")
    await name.fill("nothing.example.org")
    await page.keyboard.press("Enter")
    await expect(page.locator("#forgotten")).to_have_text("Nothing is kept about it.")
    await name.fill("www.example.org")
    await card.get_by_role("button", name="What is kept?").click()
    kept = card.get_by_role("list", name="What is kept")
    await expect(kept).to_contain_text("www.example.org A")
    await expect(kept).to_contain_text("A 192.0.2.80")
    await card.get_by_role("button", name="Forget it").click()
    await expect(page.locator("#forgotten")).to_contain_text(re.compile(r"\d answers? forgotten"))
    await expect(kept).to_have_count(0)
    await card.get_by_role("button", name="Empty the cache").click()
    await expect(page.locator("#forgotten")).to_contain_text("0 answers forgotten")


async def test_backups_are_made_taken_away_restored_and_removed(
    visit: Any, home: Household, tmp_path: Path
) -> None:
    page = await _open(visit, home)
    card = _card(page, "Backups")
    await expect(card).to_contain_text("There is none yet.")
    await card.get_by_role("button", name="Make a backup").click()
    row = page.locator("#backups li")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("asked for")
    async with page.expect_download() as downloading:
        await row.get_by_role("button", name="Download").click()
    file = tmp_path / "taken.zip"
    await (await downloading.value).save_as(file)
    assert file.read_bytes()[:2] == b"PK"

    await row.get_by_role("button", name="Restore…").click()
    await card.get_by_role("button", name="Check it").click()
    await expect(card).to_contain_text(f"sinkhole {__version__}")
    await expect(card).to_contain_text("0 accounts, 0 tokens")
    await expect(card).to_contain_text("What there is now is kept as a backup before.")
    await card.get_by_role("button", name="Restore it").click()
    await expect(page.locator("#restored")).to_contain_text("Restored. What there was before:")
    await expect(row).to_have_count(2)

    await row.last.get_by_role("button", name="Remove").click()
    await row.last.get_by_role("button", name="Remove", exact=True).click()
    await expect(row).to_have_count(1)


async def test_a_backup_that_is_brought_is_looked_at_first(
    visit: Any, home: Household, tmp_path: Path, faults: Faults
) -> None:
    made = await home.house.state.back_up()
    file = home.house.state.backups.folder / made.name
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"no backup")
    page = await _open(visit, home)
    card = _card(page, "Backups")
    field = card.get_by_label("From a file of this device")
    await field.set_input_files(junk)
    await card.get_by_role("button", name="Check it").click()
    await expect(card.get_by_role("alert").last).to_contain_text("The server says: ")
    await field.set_input_files(file)
    await card.get_by_label("with the settings file").check()
    await card.get_by_role("button", name="Check it").click()
    await expect(card.get_by_role("alert").last).to_contain_text("there is no settings file")
    await card.get_by_label("with the settings file").uncheck()
    await card.get_by_role("button", name="Check it").click()
    await expect(card).to_contain_text("What there is now is kept as a backup before.")
    await card.get_by_role("button", name="Restore it").click()
    await expect(page.locator("#restored")).to_contain_text("Restored.")
    faults.forgive(400, 422)


async def test_it_says_what_it_is_and_what_it_is_made_of(visit: Any, home: Household) -> None:
    page = await _open(visit, home)
    card = _card(page, "About sinkhole")
    for words in (f"sinkhole {__version__}", "LicenceMIT", "Python 3.", "192.0.2.2:8080"):
        await expect(card).to_contain_text(words)
    await card.get_by_text("What it is made of").click()
    await expect(card.get_by_role("listitem").filter(has_text="preact")).not_to_have_count(0)
    await expect(card.get_by_role("listitem").filter(has_text="aiohttp")).to_be_visible()


async def test_a_viewer_sees_how_it_does_and_can_touch_nothing(
    visit: Any, home: Household, faults: Faults
) -> None:
    page = await come_in(visit, home, "vera", "viewer", at="#/system")
    await expect(page.locator("#health")).to_have_text("Everything is fine.")
    await expect(_card(page, "Backups")).to_contain_text("Only admins see backups")
    await expect(page.locator("main").get_by_role("button")).to_have_text(["What is kept?"])
    faults.forgive()
