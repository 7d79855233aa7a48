"""A list's own page in a real browser, and choosing lists: tried on one's own history before."""

from __future__ import annotations

import re
from typing import Any

import pytest
from category_list import MALWARE, only_urlhaus
from days import FILTER, STARTER, TELEMETRY
from faults import Faults
from hostile import NASTY
from houses import ADMIN
from playwright.async_api import Page, expect

from sinkhole.control.operations import lists
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings.in_force import Change

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OURS = "Ours"


async def _ours(home: Any, tmp_path: Any, text: str = "||www.example.org^\n") -> Any:
    """Have a list that is not held by the file."""
    file = tmp_path / "ours.txt"
    file.write_text(text)
    given = lists.NewList(source=f"file:{file}", name=OURS)
    await perform(lists.add, home.house, ADMIN, given)
    await home.house.library.update([OURS])
    return file


def _listed(home: Any) -> list[str]:
    return [each.name for each in home.house.settings.settings.filtering.lists]


async def test_it_says_what_it_holds_does_and_does_not_understand(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/lists")
    await page.get_by_role("link", name=FILTER).first.click()
    await expect(page.get_by_role("heading", name=FILTER, level=1)).to_be_visible()
    await expect(page.locator("#list-state")).to_contain_text("1,604 names · blocked ")
    main = page.locator("main")
    for words in ("blocks names", "in a week", "In no other list", "held by", "sinkhole.yaml:",
                  "1 line not understood", "1: more than one word on a line",
                  "line 1606: two words"):  # fmt: skip
        await expect(main).to_contain_text(words)
    rows = page.locator("section[aria-labelledby=decided-title] li")
    await expect(rows).to_have_count(10)
    await expect(page.get_by_role("link", name="All queries")).to_have_attribute(
        "href", "#/queries?list=AdGuard+DNS+filter"
    )
    await expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    await rows.first.get_by_role("link").click()
    await expect(page.locator("#test-name")).not_to_have_value("")


async def test_fetching_it_tells_how_far_that_is_and_what_came_of_it(
    visit: Any, furnish: Any
) -> None:
    home = await furnish()
    page: Page = await visit(home, at=f"#/list/{TELEMETRY.replace(' ', '%20')}")
    more = "".join(f"||{each}.ads.example.org^\n" for each in range(700))
    home.write_list(TELEMETRY, more)
    await page.get_by_role("button", name="Fetch it now").click()
    await expect(page.locator(".fetching")).to_contain_text("the new version is in use")
    await expect(page.locator("#list-state")).to_contain_text("700 names")


async def test_what_came_and_went_is_paged_and_one_can_go_back(visit: Any, furnish: Any) -> None:
    home = await furnish()
    home.write_list(TELEMETRY, "".join(f"||{each:03}.ads.example.org^\n" for each in range(700)))
    await home.house.library.update([TELEMETRY])
    page: Page = await visit(home, at=f"#/list/{TELEMETRY.replace(' ', '%20')}")
    await expect(page.locator("#versions tbody tr")).to_have_count(2)
    await page.get_by_role("button", name="What came and went?").click()
    difference = page.locator("#difference")
    await expect(difference).to_contain_text("700 names came")
    await expect(difference).to_contain_text("602 names went")
    came = difference.get_by_role("region", name="700 names came")
    await expect(came.locator("li").first).to_have_text("||000.ads.example.org^")
    await came.get_by_role("button", name="Next").click()
    await expect(came).to_contain_text("51 to 100 of 700")
    await expect(came.locator("li").first).to_have_text("||050.ads.example.org^")
    await page.get_by_role("button", name="Version before").click()
    await expect(page.locator("#list-state")).to_contain_text("602 names")
    await expect(page.locator("#versions")).to_contain_text("held back")
    await expect(page.get_by_role("heading", name="A new version is held back")).to_be_visible()
    await page.get_by_role("button", name="Use it all the same").click()
    await expect(page.locator("#list-state")).to_contain_text("700 names")
    done = page.get_by_role("region", name="Done")
    await expect(done).to_contain_text(f"The new version of {TELEMETRY} is in use.")
    await page.get_by_role("button", name="Version before").click()
    await expect(page.get_by_role("heading", name="A new version is held back")).to_be_visible()
    await expect(done).to_have_count(0)


async def test_a_list_of_a_category_is_fetched_and_says_who_has_it(
    visit: Any, furnish: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = only_urlhaus(tmp_path, monkeypatch)
    kids = {"name": "kids", "categories": ["malware"]}
    home = await furnish(tree={"groups": [kids], "clients": []})
    page: Page = await visit(home)
    notices = page.get_by_role("status", name="Problems")
    await expect(notices).to_contain_text(f"List {MALWARE} is not in use: ")
    source.write_text("||malware.example.org^\n")
    await notices.get_by_role("button", name="Fetch it again").click()
    await expect(notices.get_by_text(MALWARE)).to_have_count(0)
    await page.goto(f"{page.url.partition('#')[0]}#/lists")
    row = page.locator("#lists > li").filter(has_text=MALWARE)
    await expect(row).to_contain_text("Fetched to block “harmful software” for: kids.")
    await expect(row.get_by_role("button")).to_have_count(0)
    await row.get_by_role("link", name=MALWARE).click()
    await page.get_by_role("button", name="Fetch it now").click()
    await expect(page.locator(".fetching")).to_contain_text("has not changed")
    for name in ("Rename", "Switch off", "Remove"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)
    await page.locator("main").get_by_role("link", name="kids").click()
    await expect(page.get_by_role("heading", name="kids", level=1)).to_be_visible()


async def test_it_is_renamed_switched_and_removed_and_all_of_that_taken_back(
    visit: Any, home: Any, tmp_path: Any
) -> None:
    await _ours(home, tmp_path)
    page: Page = await visit(home, at=f"#/list/{OURS}")
    await page.get_by_role("textbox", name="Name of the list").fill("Theirs")
    await page.get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("heading", name="Theirs", level=1)).to_be_visible()
    assert page.url.endswith("#/list/Theirs")
    done = page.get_by_role("region", name="Done")
    await expect(done).to_contain_text("Ours is called Theirs now.")
    await page.get_by_role("button", name="Switch off").click()
    await expect(page.locator("#list-state")).to_have_text("switched off")
    await expect(done).to_contain_text("Theirs is switched off.")
    await done.get_by_role("button", name="Take back").click()
    await expect(done).to_have_count(0)
    await expect(page.locator("#lists").get_by_text("Theirs")).to_be_visible()
    await page.get_by_role("link", name="Theirs").first.click()
    await page.get_by_role("button", name="Remove").click()
    await expect(done).to_contain_text("Theirs is removed.")
    assert "Theirs" not in _listed(home)
    await done.get_by_role("button", name="Take back").click()
    await expect(page.locator("#lists").get_by_text("Theirs")).to_be_visible()
    assert "Theirs" in _listed(home)


async def test_overlap_is_drawn_with_a_table_and_advice(visit: Any, furnish: Any) -> None:
    home = await furnish()
    home.write_list(STARTER, "||metrics.example.org^\n||0-0.ads.example.net^\n")
    home.write_list(FILTER, "||example.org^\n||example.net^\n")
    await home.house.library.update(force=True)
    await home.house.library.count_unique()
    page: Page = await visit(home, at="#/lists")
    row = page.locator("#overlap li").filter(has_text=STARTER)
    await expect(row).to_contain_text("0 of its own (0.0%)")
    await expect(row).to_contain_text("It covers nothing of its own")
    await expect(page.locator("#overlap .all").first).to_have_css("border-top-style", "solid")
    await page.get_by_text("Show as a table").click()
    table = page.get_by_role("table", name="What each list adds")
    await expect(table.get_by_role("row")).to_have_count(5)


async def test_the_catalogue_is_searched_and_a_list_of_it_used(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/catalogue")
    entries = page.locator("#catalogue li")
    await expect(entries.nth(80)).to_be_attached()
    await page.get_by_role("button", name="Security", exact=True).click()
    await expect(page.locator(".catalogue-group")).to_have_count(1)
    await page.get_by_role("button", name="All", exact=True).click()
    await page.get_by_role("searchbox", name="Search").fill("ultimate")
    await expect(entries).to_have_count(1)
    await expect(entries).to_contain_text("Sites and apps will break")
    await expect(entries).to_contain_text(re.compile(r"about 285,000 names, large: .* GPL-3.0"))
    await entries.get_by_role("button", name="Use it").click()
    await expect(entries).to_contain_text("in use as HaGeZi Ultimate")
    await page.get_by_role("link", name="HaGeZi Ultimate").click()
    await expect(page.locator("#list-state")).to_have_text("still being fetched")


async def test_a_list_is_tried_on_ones_own_history_before_it_is_used(
    visit: Any, home: Any, tmp_path: Any
) -> None:
    file = tmp_path / "new.txt"
    file.write_text("||www.example.org^\n||mail.example.com^\nno rule at all\n")
    page: Page = await visit(home, at="#/catalogue")
    await page.get_by_role("textbox", name="Address of a list").fill(f"file:{file}")
    await page.get_by_role("button", name="What would it block?").first.click()
    tried = page.locator(".by-address .effect")
    await expect(tried).to_contain_text(re.compile(r"[\d,]+ queries more would have been blocked"))
    await expect(tried).to_contain_text("www.example.org")
    await expect(tried.get_by_role("link", name="Anna's phone")).to_be_visible()
    await page.get_by_role("combobox", name="For whom").select_option("client:TV")
    await page.get_by_role("button", name="Try it for them").click()
    await expect(tried.get_by_role("link", name="Anna's phone")).to_have_count(0)
    await expect(tried.get_by_role("link", name="TV")).to_be_visible()
    await page.get_by_role("textbox", name="Address of a list").fill(f"file:{tmp_path}/other.txt")
    await expect(page.locator(".by-address .tried")).to_have_count(0)
    await page.get_by_role("textbox", name="Address of a list").fill(f"file:{file}")
    await page.get_by_role("button", name="Use it", exact=True).first.click()
    await expect(page.get_by_role("heading", name="Lists", exact=True)).to_be_visible()
    await expect(page.locator("#lists")).to_contain_text("new.txt")
    assert "new.txt" in " ".join(_listed(home))


async def test_one_that_can_not_be_had_says_why(
    visit: Any, home: Any, tmp_path: Any, faults: Faults
) -> None:
    page: Page = await visit(home, at="#/catalogue")
    await page.get_by_role("textbox", name="Address of a list").fill(f"file:{tmp_path}/none.txt")
    await page.get_by_role("button", name="What would it block?").first.click()
    await expect(page.locator(".by-address [role=alert]").last).to_contain_text("none.txt")
    await page.get_by_role("textbox", name="Address of a list").fill(f"file:{tmp_path}/other.txt")
    await expect(page.locator(".by-address [role=alert]").last).to_have_text("")
    faults.forgive(503)


async def test_hostile_lines_and_names_of_lists_stay_text(
    visit: Any, home: Any, tmp_path: Any
) -> None:
    await _ours(home, tmp_path, "||www.example.org^\n" + "\n".join(f"{each} x" for each in NASTY))
    change = Change("filtering.lists", "<img src=x>", "set", {
        "name": "<img src=x>", "url": f"file:{tmp_path}/other.txt", "enabled": False,
    })  # fmt: skip
    await home.house.settings.change([change], ADMIN)
    page: Page = await visit(home, at=f"#/list/{OURS}")
    await expect(page.get_by_text("lines not understood").first).to_be_visible()
    await page.get_by_role("link", name="← Lists").click()
    await page.get_by_role("link", name="<img src=x>").click()
    await expect(page.get_by_role("heading", name="<img src=x>", level=1)).to_be_visible()
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("main img").count() == 0
