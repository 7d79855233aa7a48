"""The page in a real browser, in the languages it speaks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from acts import refresh
from playwright.async_api import expect

pytestmark = [pytest.mark.browser]

UI = Path(__file__).parents[2] / "ui"
LANGUAGES = UI / "src/words/languages"
ENGLISH = json.loads((LANGUAGES / "en.json").read_text())
OTHERS = sorted({path.stem for path in LANGUAGES.glob("*.json")} - {"en"})


def _texts(entry: Any) -> list[str]:
    return list(entry.values()) if isinstance(entry, dict) else [entry]


def _places(entry: Any) -> set[str]:
    return {place for text in _texts(entry) for place in re.findall(r"\{(\w+)\}", text)}


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_there_with_the_same_places_and_forms(code: str) -> None:
    said = json.loads((LANGUAGES / f"{code}.json").read_text())
    assert said.keys() == ENGLISH.keys()
    assert list(said) == list(ENGLISH), "in the same order"
    for key, text in ENGLISH.items():
        assert isinstance(said[key], type(text)), key
        assert all(_texts(said[key])), key
        assert _places(said[key]) == _places(text), key
        if isinstance(text, dict):
            assert "other" in said[key], key
            # Of an amount the number stands in a field, and its unit beside it; few are named.
            places = _places(text["other"])
            assert key.startswith("amount.") or places & {"count", "names"}, key


def test_every_text_is_used_and_every_one_used_is_there() -> None:
    sources = "\n".join(
        path.read_text()
        for path in sorted((UI / "src").rglob("*.ts*"))
        if path.name != "schema.d.ts"
    )
    made = set(re.findall(r"`([\w.]+\.)\$\{", sources))
    for key in ENGLISH:
        assert f'"{key}"' in sources or any(key.startswith(each) for each in made), key


@pytest.mark.asyncio(loop_scope="session")
async def test_the_browsers_language_is_spoken_and_another_choice_is_kept(
    visit: Any, home: Any
) -> None:
    page = await visit(home, locale="de-AT")
    summary = await home.summary()
    share = f"{summary['blocked_percent']:.1f}".replace(".", ",")
    await expect(page.locator("#figure")).to_have_text(re.compile(rf"^{share}\s%$"))
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.get_by_role("heading", name="Letzte Anfragen")).to_be_visible()
    await page.get_by_label("Sprache").select_option("English")
    await expect(page.get_by_role("heading", name="Last queries")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.reload()
    await expect(page.get_by_role("heading", name="Last queries")).to_be_visible()


@pytest.mark.asyncio(loop_scope="session")
async def test_numbers_have_the_form_that_the_language_wants(visit: Any, new_home: Any) -> None:
    await new_home.ask("www.example.org")
    page = await visit(new_home, locale="de-DE")
    sentence = page.locator("#sentence")
    await expect(sentence).to_contain_text("1 Anfrage ")
    await new_home.ask("www.example.org", times=1_233)
    await refresh(page)
    await expect(sentence).to_contain_text("1.234 Anfragen ")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_language_that_nobody_has_written_is_answered_in_english(
    visit: Any, home: Any
) -> None:
    page = await visit(home, locale="tlh")
    await expect(page.get_by_role("heading", name="Last queries")).to_be_visible()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("at", ["#/", "#/queries"])
async def test_german_says_everything_in_german_and_fits_a_phone(
    visit: Any, home: Any, at: str
) -> None:
    page = await visit(home, at=at, locale="de-DE", width=360)
    await expect(page.locator("#queries tbody tr").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    text = await page.locator("body").inner_text()
    for english in ("Blocked", "Queries", "Pause…", "From the cache", "ago", "Settings"):
        assert not re.search(rf"\b{english}\b", text), english
