"""The page's own rules in a real browser: edited as a text, tried before they are saved, held, for
a time; and the box that tells what becomes of a name."""

from __future__ import annotations

from typing import Any

import pytest
from acts import until_shown
from houses import ADMIN
from playwright.async_api import Locator, Page, expect

from sinkhole.control.operations import rules
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OWN = ["||beacon.example.org^", "@@||maps.example.com^"]


async def _write(home: Any, *texts: str, **options: Any) -> None:
    """Have these rules made by somebody."""
    await perform(rules.add, home.house, ADMIN, rules.NewRules(rules=list(texts), **options))


async def _rules(home: Any) -> list[str]:
    told = await perform(rules.list_all, home.house, ADMIN, Nothing())
    return [each.rule for each in told.rules]


async def _editor(page: Page, lines: int) -> Locator:
    """The editor, when it has so many rules."""
    await expect(page.locator(".editor .line")).to_have_count(lines + 1)
    return page.get_by_role("textbox", name="Own rules, one a line")


async def test_rules_are_edited_as_a_text_and_saved_as_one_revision(visit: Any, home: Any) -> None:
    await _write(home, *OWN)
    before = home.built.revisions
    page: Page = await visit(home, at="#/rules")
    editor = await _editor(page, 2)
    await editor.fill("@@||maps.example.com^\n||www.example.org^\n\n0.0.0.0 other.example.org\n")
    await expect(page.locator("#rule-changes")).to_have_text("2 new rules, 1 removed")
    save = page.get_by_role("button", name="Save")
    await page.clock.run_for(400)
    await expect(save).to_be_enabled()
    await until_shown(page, page.locator(".would .sums"))
    await expect(page.locator(".would")).to_contain_text(
        "queries more would have been blocked, for"
    )
    await expect(page.locator(".would")).to_contain_text("www.example.org")
    await expect(page.locator(".would")).to_contain_text("Anna's phone")
    await editor.press("Control+s")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    wanted = ["@@||maps.example.com^", "||www.example.org^", "0.0.0.0 other.example.org"]
    assert await _rules(home) == wanted
    assert home.built.revisions == before + 1
    await expect(editor).to_have_value("".join(f"{each}\n" for each in wanted))
    await page.get_by_role("button", name="Take back").click()
    await expect(editor).to_have_value("@@||maps.example.com^\n||beacon.example.org^\n")
    assert sorted(await _rules(home)) == sorted(OWN)


async def test_what_is_no_rule_is_told_line_by_line_as_it_is_typed(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/rules")
    editor = await _editor(page, 0)
    await editor.fill("||good.example^\n! a note\n||bad.example^$nonsense\n||good.example^\n")
    complaints = page.locator("#complaints li")
    await until_shown(page, complaints.nth(2))
    await expect(complaints).to_have_text([
        "Line 2 is a comment, and not kept",
        "Line 3 unknown modifier $nonsense",
        "Line 4 says what a line above it says",
    ])  # fmt: skip
    await expect(page.locator("#rule-complaints")).to_have_text("3 lines need a look.")
    await expect(editor).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".line.wrong")).to_have_count(3)
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    await complaints.nth(1).get_by_role("button").click()
    await expect(editor).to_be_focused()
    chosen = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert await editor.evaluate(chosen) == "||bad.example^$nonsense"
    await expect(page.locator("#rule-at")).to_have_text("Line 3: needs a look, see below")
    await page.keyboard.type("||fine.example^")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Home")
    await page.keyboard.press("Shift+End")
    await page.keyboard.press("Delete")
    await page.clock.run_for(400)
    await expect(page.get_by_role("button", name="Save")).to_be_enabled()
    await page.get_by_role("button", name="Discard").click()
    await expect(editor).to_have_value("")


async def test_what_others_change_meanwhile_is_kept(visit: Any, home: Any) -> None:
    await _write(home, *OWN)
    page: Page = await visit(home, at="#/rules")
    editor = await _editor(page, 2)
    await editor.fill("||beacon.example.org^\n@@||maps.example.com^\n||mine.example^\n")
    await _write(home, "||theirs.example^")
    await page.clock.run_for(15_000)
    await expect(editor).to_have_value(
        "||beacon.example.org^\n@@||maps.example.com^\n||mine.example^\n||theirs.example^\n"
    )
    await expect(page.locator("#rule-changes")).to_have_text("1 new rule, 0 removed")


async def test_a_draft_stays_while_other_pages_are_looked_at(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/rules")
    await (await _editor(page, 0)).fill("||mine.example^\n")
    await page.get_by_role("link", name="Services", exact=True).click()
    await expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()
    await page.get_by_role("link", name="Rules", exact=True).click()
    await expect(await _editor(page, 1)).to_have_value("||mine.example^\n")


async def test_rules_of_the_file_are_shown_as_held(visit: Any, furnish: Any) -> None:
    home = await furnish(tree={"filtering": {"rules": ["||held.example^"], "lists": []}})
    page: Page = await visit(home, at="#/rules")
    held = page.locator("#held-rules li")
    await expect(held).to_contain_text("||held.example^")
    await expect(held).to_contain_text("held by")
    await expect(held).to_contain_text("sinkhole.yaml:")
    await expect(await _editor(page, 0)).to_have_value("")


async def test_a_rule_for_a_time_says_what_is_left_and_can_be_ended(visit: Any, home: Any) -> None:
    await _write(home, "@@||shop.example.com^", seconds=3600, note="a present")
    page: Page = await visit(home, at="#/rules")
    timed = page.locator("#timed-rules li")
    await expect(timed).to_contain_text("@@||shop.example.com^ for 59 min")
    await expect(timed).to_contain_text("a present")
    await timed.get_by_role("button", name="End it").click()
    await expect(page.locator("#timed-rules")).to_have_count(0)
    assert home.house.temporary_rules.rules == ()


async def test_the_box_explains_as_one_types_and_the_address_has_it(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/rules?name=ads.example.com")
    why = page.locator("#why")
    await until_shown(page, why)
    await expect(why).to_contain_text("Blocked by Starter")
    await page.locator("#test-client").fill("TV")
    await until_shown(page, why.get_by_text("things"))
    await expect(why).to_contain_text("in group things")
    await page.locator("#test-name").fill("www.example.org")
    await page.locator("#test-client").fill("Kids tablet")
    await page.locator("#test-day").select_option("fri")
    await page.locator("#test-time").fill("23:30")
    await until_shown(page, why.get_by_text("allow only").first)
    await page.clock.run_for(400)
    address = "#/rules?name=www.example.org&client=Kids+tablet&at=fri+23%3A30"
    await expect(page).to_have_url(page.url.partition("#")[0] + address)
    await page.goto(page.url.split("#")[0] + "#/rules?name=nas.example.org&type=AAAA")
    await expect(page.locator("#test-name")).to_have_value("nas.example.org")
    await expect(page.locator("#test-day")).to_have_value("")


async def test_what_would_change_it_is_put_into_the_editor(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/rules?name=ads.example.com")
    await until_shown(page, page.get_by_text("What would change that?"))
    await page.get_by_text("What would change that?").click()
    await page.get_by_role("button", name="Put it into the rules below").first.click()
    await expect(page.locator("#rules")).to_have_value("@@||ads.example.com^\n")
    await expect(page.locator("#rule-changes")).to_have_text("1 new rule, 0 removed")
    unsaved = page.locator("#test-unsaved")
    await expect(unsaved).to_contain_text("The saved rules decide here")
    await page.get_by_role("button", name="Discard").click()
    await expect(unsaved).to_have_count(0)


async def test_what_can_not_be_seen_is_told_and_harms_nothing(visit: Any, home: Any) -> None:
    page: Page = await visit(home, at="#/rules")
    editor = await _editor(page, 0)
    await editor.fill("||<img src=x onerror=alert(1)>\n||safe.example\u202e^\n")
    await until_shown(page, page.locator("#complaints li").first)
    await expect(page.locator(".lines")).to_contain_text("||<img src=x onerror=alert(1)>")
    await expect(page.locator("#complaints")).to_contain_text("\\u{202e}")
    assert await page.locator(".editor img").count() == 0
