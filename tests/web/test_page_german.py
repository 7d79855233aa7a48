"""What the server says in English is German in a German page: problems, mistakes, complaints, and
what became of what was tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from acts import until_shown
from faults import Faults
from houses import ADMIN
from playwright.async_api import Page, expect

from sinkhole.control.operations import protection, rules
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings.changes import Change
from sinkhole.model.actor import PERMISSIONS, Actor
from sinkhole.model.status import Problem, UpstreamTrial

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


NOBODY = Actor("loopback", "this machine", PERMISSIONS["admin"])
KID = 'Kid\'s "tablet" | <b>x</b>'


@pytest.fixture(autouse=True)
def _refused(visit: Any, faults: Faults) -> Iterator[None]:
    """What does not fit is told 422."""
    yield
    faults.forgive(422)


async def _open(visit: Any, home: Any, at: str = "") -> Page:
    page: Page = await visit(home, at=at, locale="de-DE")
    return page


async def test_a_problem_with_numbers_and_what_to_do_about_it(visit: Any, home: Any) -> None:
    text = (
        "the certificate in /etc/sinkhole/full.pem expires in 3 days, and nothing has renewed it "
        "yet; the one before it stays in use"
    )
    advice = "make room on the disk; it is tried again in an hour"
    home.built.problems.append(Problem("dns.certificate", "warning", text, advice))
    page = await _open(visit, home)
    notice = page.locator(".notice.warning")
    await expect(notice).to_contain_text(
        "das Zertifikat in /etc/sinkhole/full.pem läuft in 3 Tagen ab, und noch hat es niemand "
        "erneuert; das vorherige bleibt in Gebrauch"
    )
    await expect(notice).to_contain_text(
        "auf der Platte Platz schaffen; in einer Stunde wird es wieder versucht"
    )
    await page.get_by_label("Sprache").select_option("English")
    await expect(notice).to_contain_text(text)


async def test_what_nobody_has_translated_stays_as_it_came(visit: Any, home: Any) -> None:
    home.built.problems.append(Problem("test", "warning", "the moon <b>is</b> full", ""))
    page = await _open(visit, home)
    await expect(page.locator(".notice.warning")).to_contain_text("the moon <b>is</b> full")


async def test_a_mistake_in_settings(visit: Any, home: Any) -> None:
    page = await _open(visit, home, "#/settings?search=cache.size")
    setting = page.locator(".setting").filter(has=page.locator("code", has_text="cache.size"))
    number = setting.locator("input").first
    await number.fill("9000")
    await number.press("Tab")
    mistake = page.locator("#review .error:text('cache.size')")
    await until_shown(page, mistake)
    await expect(mistake).to_contain_text("liegt außerhalb, 1MiB bis 4GiB schreiben")


async def test_what_is_no_rule(visit: Any, home: Any) -> None:
    page = await _open(visit, home, "#/rules")
    editor = page.get_by_role("textbox", name="Eigene Regeln, eine je Zeile")
    await editor.fill("two words\n||bad.example^$nonsense\n/(/\n")
    complaints = page.locator("#complaints li")
    await until_shown(page, complaints.nth(2))
    await expect(complaints).to_have_text([
        "Zeile 1 mehr als ein Wort in einer Zeile",
        "Zeile 2 unbekannter Zusatz $nonsense",
        "Zeile 3 ein fehlerhafter regulärer Ausdruck: eine Klammer, die nicht geschlossen wird",
    ])  # fmt: skip


async def test_what_became_of_a_name_step_by_step(visit: Any, home: Any) -> None:
    page = await _open(visit, home, "#/rules?name=localhost")
    why = page.locator("#why")
    await until_shown(page, why)
    await why.get_by_text("Schritt für Schritt").click()
    await expect(why).to_contain_text("Lokal beantwortet")
    await expect(why).to_contain_text("Name für besonderen Gebrauch")
    await expect(why).to_contain_text("keine Regel passt")


async def test_why_an_upstream_did_not_answer(visit: Any, home: Any) -> None:
    async def tell(url: str) -> UpstreamTrial:
        return UpstreamTrial(
            url=url, address="", connect_ms=None, handshake_ms=None, tls="", certificate=None,
            rtt_ms=None, signs=None, validates=None,
            error="has no certificate for dns.example.org, but one for a.example.org",
        )  # fmt: skip

    home.built.trial = tell
    page = await _open(visit, home, "#/upstreams")
    await page.get_by_role("button", name=re.compile("prüfen$")).first.click()
    await expect(page.locator("#servers > li").first).to_contain_text(
        "hat kein Zertifikat für dns.example.org, aber eines für a.example.org"
    )


async def test_the_catalogue_says_what_its_lists_are_for(visit: Any, home: Any) -> None:
    page = await _open(visit, home, "#/catalogue")
    await expect(page.locator("main")).to_contain_text(
        "Werbung und Tracker von Apps auf Telefonen."
    )


async def test_who_changed_what_and_why(visit: Any, home: Any) -> None:
    settings = home.built.settings
    for actor, note in (
        (NOBODY, "first run"),
        (ADMIN, f"block upper.example.org for {KID}"),
        (ADMIN, f"device 192.0.2.31 is {KID}"),
    ):
        rule = f"||{len(note)}.example^"
        await settings.change([Change("filtering.rules", rule, "set", rule)], actor, note=note)
    page = await _open(visit, home, "#/settings")
    history = page.locator("#history li")
    await expect(history.nth(0)).to_contain_text(f"anna auf der Seite · Gerät 192.0.2.31 ist {KID}")
    await expect(history.nth(1)).to_contain_text(f"upper.example.org für {KID} blockiert")
    await expect(history.nth(2)).to_contain_text("diese Maschine · erste Schritte")


async def test_who_paused_and_who_made_a_rule_for_a_time(visit: Any, home: Any) -> None:
    await perform(protection.pause, home.house, ADMIN, protection.PauseInput(seconds=600))
    wanted = rules.NewRules(rules=["||more.example^"], seconds=600)
    await perform(rules.add, home.house, NOBODY, wanted)
    page = await _open(visit, home)
    await expect(page.locator("main")).to_contain_text("pausiert von anna auf der Seite")
    page = await _open(visit, home, "#/rules")
    await expect(page.locator("#timed-rules li")).to_contain_text("gemacht von diese Maschine")


async def test_what_was_given_in_the_audit(visit: Any, home: Any) -> None:
    given = {"name": "a.example", "action": "allow", "scope": "everybody", "seconds": 600}
    await home.house.state.audit.note(NOBODY, "names.choose", given)
    page = await _open(visit, home, "#/audit")
    row = page.locator("#audit li")
    await expect(row).to_contain_text("diese Maschine")
    await expect(row).to_contain_text(
        "Name: a.example, Aktion: erlauben, für wen oder was: alle, für: 10 min"
    )
