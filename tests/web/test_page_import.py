"""Taking over another program on the page: looked at first, then done, with its queries."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from faults import Faults
from household import Household
from past_kit import line, write_lines
from people import PASSWORD
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SETTINGS = """
schema_version: 34
dns: {upstream_dns: ["192.0.2.53"], upstream_dns_file: more.txt}
filtering:
  rewrites: [{domain: door.home, answer: 192.0.2.80, enabled: true}]
"""


def write(tmp_path: Path) -> tuple[Path, Path]:
    settings = tmp_path / "AdGuardHome.yaml"
    settings.write_text(SETTINGS)
    moment = datetime.fromtimestamp(time.time() - 60, UTC).isoformat()
    return settings, write_lines(tmp_path / "querylog.json", line(moment), line(moment))


async def test_what_comes_of_it_is_told_and_then_it_is_done(
    visit: Any, home: Household, tmp_path: Path
) -> None:
    settings, log = write(tmp_path)
    page = await visit(home, at="#/system")
    card = page.get_by_role("region", name="Take over another program")
    await card.get_by_label("Its settings, AdGuardHome.yaml").set_input_files(settings)
    await card.get_by_label("Its queries, querylog.json (if wanted)").set_input_files(log)
    await card.get_by_role("button", name="What comes of it?").click()
    told = card.get_by_role("status")
    await expect(told).to_contain_text("AdGuard Home, schema 34: to take: ")
    await expect(told).to_contain_text("1 local name")
    changes = told.get_by_role("group").filter(has_text="settings change.")
    await changes.get_by_text("settings change.").click()
    await expect(changes.get_by_role("listitem").filter(has_text="door.home")).to_be_visible()
    await expect(told.locator(".notice")).to_have_count(0)  # nobody will be asked who he is
    await expect(told).to_contain_text("1 thing is not taken")
    await expect(told).to_contain_text("more.txt")
    await expect(told).to_contain_text("2 queries from ")
    assert "door.home" not in home.house.settings.settings.local.records
    await card.get_by_role("button", name="Take it over").click()
    done = page.locator("#imported")
    await expect(done).to_contain_text("Taken over. It can be taken back among the")
    way_back = done.get_by_role("link", name="changes of the settings")
    assert await way_back.get_attribute("href") == "#/settings"
    assert "door.home" in home.house.settings.settings.local.records
    await card.get_by_role("button", name="What comes of it?").click()
    await expect(told).to_contain_text("No queries to take. What was taken before")


async def test_who_makes_the_first_accounts_by_it_is_told_of_the_door_before(
    visit: Any, new_home: Household, tmp_path: Path
) -> None:
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    settings = tmp_path / "AdGuardHome.yaml"
    settings.write_text(f"schema_version: 34\nusers: [{{name: anna, password: {hashed}}}]\n")
    page = await visit(new_home, at="#/system")
    card = page.get_by_role("region", name="Take over another program")
    await card.get_by_label("Its settings, AdGuardHome.yaml").set_input_files(settings)
    await card.get_by_role("button", name="What comes of it?").click()
    told = card.get_by_role("status")
    await expect(told).to_contain_text("1 account.")
    await expect(told.locator(".notice")).to_have_text(
        "From then on this page asks who you are: sign in as anna, with the password of there."
    )
    assert not new_home.house.identity.has_accounts


async def test_what_cannot_be_read_is_said_in_german_as_well(
    visit: Any, home: Household, tmp_path: Path, faults: Faults
) -> None:
    odd = tmp_path / "odd"
    odd.write_text("a: 1\n")
    page = await visit(home, at="#/system", locale="de-DE")
    card = page.get_by_role("region", name="Von einem anderen Programm übernehmen")
    await card.get_by_label("blocky").check()
    await card.get_by_label("Seine Einstellungen, config.yml").set_input_files(odd)
    assert await card.get_by_label("Seine Anfragen").count() == 0
    await card.get_by_role("button", name="Was käme heraus?").click()
    await expect(card.get_by_role("alert")).to_contain_text("das ist keine config.yml von blocky")
    faults.forgive(400, 422)
