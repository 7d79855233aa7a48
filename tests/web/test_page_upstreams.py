"""The page's upstreams and routes in a real browser: tried, moved, added, taken out, saved."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from faults import Faults
from house_network import SECRET, connect
from household import Household
from houses import ADMIN
from playwright.async_api import Page, expect

from sinkhole.control.settings.in_force import Change
from sinkhole.model.status import UpstreamTrial

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FAILS = {"error": "gave no answer within 5 s", "rtt_ms": None, "signs": None, "validates": None}


@pytest_asyncio.fixture(loop_scope="session")
async def net(home: Household) -> Household:
    """A household whose network is set up."""
    await connect(home)
    return home


def _of(home: Household, key: str) -> Any:
    """What a key of the settings is now, as people write it."""
    found: Any = home.house.settings.settings
    for part in key.split("."):
        found = getattr(found, part)
    if isinstance(found, tuple):
        return [str(each) for each in found]
    return found


async def _save(page: Page) -> None:
    review = page.locator("#review")
    await review.get_by_role("button", name="Save").click()
    await expect(review).to_have_count(0)


async def test_each_server_tells_how_it_does(visit: Any, net: Any) -> None:
    net.built.told["upstreams"][1] |= {"up": False, "down_s": 90.0}
    page = await visit(net, at="#/upstreams")
    first, second = (page.locator("#servers > li").nth(place) for place in (0, 1))
    await expect(first).to_contain_text(
        "DNS over HTTPS · 7,421 queries · half answered within 12 ms"
    )
    await expect(first).to_contain_text("3 failed, the last: it gave no answer within 2 s")
    await expect(second).to_contain_text("Down for 1 min 30 s: it gave no answer within 2 s")
    await expect(second.locator(".state")).to_have_class("state trouble")


async def test_a_server_is_tried_before_it_is_saved(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/upstreams")
    await page.locator("#servers-new").fill("quic://dns.example.net")
    await page.locator("#servers ~ form").get_by_role("button", name="Add and test").click()
    added = page.locator("#servers > li").nth(2)
    await expect(added).to_contain_text("Answers, in 3.5 ms")
    await expect(added).to_contain_text("Passes signatures of answers (DNSSEC) on")
    assert len(_of(net, "upstream.servers")) == 2
    await expect(page.locator("#review")).to_contain_text("quic://dns.example.net")
    await _save(page)
    assert _of(net, "upstream.servers")[2] == "quic://dns.example.net"


async def test_what_a_trial_finds_is_told_in_words(visit: Any, net: Any) -> None:
    answers = net.built.trial

    async def tell(url: str) -> UpstreamTrial:
        told = await answers(url)
        told |= {"connect_ms": 11.0, "handshake_ms": 23.0, "tls": "TLSv1.3", "validates": True}
        told["certificate"] = {"names": ["a.example", "<b>"], "issuer": "Some one", "expires": 2e9}
        return told if url.startswith("https") else {**told, **FAILS}

    net.built.trial = tell
    page = await visit(net, at="#/upstreams")
    await page.get_by_role("button", name="Test https://dns.example.net").click()
    first = page.locator("#servers > li").first
    for words in (
        "Connected in 11 ms, encryption agreed on in 23 ms (TLSv1.3)",
        "Certificate for a.example, <b>, by Some one, until May 18, 2033",
        "Checks signatures of answers (DNSSEC)", "Found at 192.0.2.53:53",
    ):  # fmt: skip
        await expect(first).to_contain_text(words)
    await page.get_by_role("button", name="Test tls://dns.example.org").click()
    second = page.locator("#servers > li").nth(1)
    await expect(second).to_contain_text("It gave no answer within 5 s")


async def test_servers_are_moved_and_taken_out_and_it_is_reviewed(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/upstreams")
    await page.get_by_role("button", name="Move tls://dns.example.org up").click()
    await _save(page)
    assert _of(net, "upstream.servers") == ["tls://dns.example.org", "https://dns.example.net"]
    await page.get_by_role("button", name="Remove https://dns.example.net").click()
    review = page.locator("#review")
    await expect(review).to_contain_text('["tls://dns.example.org"]')
    await review.get_by_role("button", name="Discard").click()
    await expect(page.locator("#servers > li")).to_have_count(2)


async def test_how_they_are_asked_and_what_stands_by(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/upstreams")
    await page.get_by_label("In this order").check()
    await page.get_by_label("How long one is waited for").fill("3s")
    await page.get_by_role("button", name="Remove 192.0.2.9").click()
    await page.locator("#bootstrap-new").fill("192.0.2.77")
    await expect(page.get_by_text("everybody on the way can read").first).to_be_visible()
    await page.locator("#bootstrap ~ form").get_by_role("button", name="Add and test").click()
    await _save(page)
    assert _of(net, "upstream.strategy") == "strict"
    assert _of(net, "upstream.timeout") == 3
    assert _of(net, "upstream.fallback") == []
    assert _of(net, "upstream.bootstrap")[-1] == "192.0.2.77:53"


async def test_a_well_known_one_is_chosen_by_what_it_says_of_itself(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/upstreams")
    await page.get_by_text("Choose a well-known one").click()
    await expect(page.get_by_text("A Swiss foundation. Keeps no addresses")).to_be_visible()
    button = page.get_by_role("button", name="Use Quad9 over TLS")
    await button.click()
    await expect(button).to_be_disabled()
    await expect(page.locator("#servers > li").nth(2)).to_contain_text("tls://dns.quad9.net")


async def test_secrets_are_masked_and_kept(visit: Any, net: Any) -> None:
    change = Change("upstream.servers", value=[SECRET, "192.0.2.1"])
    await net.house.settings.change([change], ADMIN)
    tried: list[str] = []
    answers = net.built.trial

    async def note(url: str) -> UpstreamTrial:
        tried.append(url)
        return await answers("https://dns.example.com")

    net.built.trial = note
    page = await visit(net, at="#/upstreams")
    await expect(page.locator("#servers > li").first).to_contain_text("***")
    await expect(page.locator("main")).not_to_contain_text("a8f3c09b2d7e4416")
    await page.locator("#servers > li").first.get_by_role("button", name="Test").click()
    await expect(page.locator("#servers > li").first).to_contain_text("Answers")
    assert tried == [SECRET]
    await page.get_by_role("button", name="Move 192.0.2.1 up").click()
    await _save(page)
    servers = net.house.settings.settings.upstream.servers
    assert [each.url.text for each in servers] == ["192.0.2.1", SECRET]


async def test_a_set_is_made_changed_and_taken_out(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/upstreams")
    await page.locator("#new-set").fill("work")
    await page.locator("#new-set-server").fill("192.0.2.53")
    await page.get_by_role("button", name="Add a set").click()
    await page.get_by_label("Which servers of work are asked").select_option("parallel")
    await _save(page)
    made = net.house.settings.settings.upstream.sets["work"]
    assert (str(made.servers[0]), made.strategy) == ("192.0.2.53", "parallel")
    await page.locator("summary").filter(has_text="work").click()
    await page.get_by_role("button", name="Remove work").click()
    await _save(page)
    assert "work" not in net.house.settings.settings.upstream.sets


async def test_what_is_wrong_is_told_before_it_is_saved(
    visit: Any, net: Any, faults: Faults
) -> None:
    page = await visit(net, at="#/upstreams")
    await page.locator("#servers-new").fill("smoke://dns.example.org")
    await page.locator("#servers ~ form").get_by_role("button", name="Add and test").click()
    review = page.locator("#review")
    await expect(review).to_contain_text("upstream.servers")
    await expect(review.get_by_role("button", name="Save")).to_be_disabled()
    faults.forgive(422)


async def test_what_the_file_holds_is_shown_as_held(visit: Any, furnish: Any, past: Any) -> None:
    held = {"servers": ["192.0.2.53"], "routes": {"corp.example": ["192.0.2.54"]}}
    home = await furnish(past, tree={"upstream": held})
    page = await visit(home, at="#/upstreams")
    await expect(page.locator("main .card").first).to_contain_text("held by ")
    await expect(page.locator("#servers").get_by_role("button")).to_have_count(0)
    page = await visit(home, at="#/routes")
    row = page.locator("#routes > li").first
    await expect(row).to_contain_text("held by ")
    await expect(row.get_by_role("button")).to_have_count(0)


# ---- routes ------------------------------------------------------------------------------------


async def test_routes_say_what_they_are_for_and_where_they_lead(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/routes")
    rows = page.locator("#routes > li")
    await expect(rows).to_have_count(5)
    for name, words in {
        "fritz.box": "This name and everything below it",
        "*.lab.example": "Everything below this name, but not the name itself",
        "unqualified": "Names without a dot",
        "2.0.192.in-addr.arpa": "Addresses that somebody wants the name of",
    }.items():
        await expect(rows.filter(has=page.get_by_text(name, exact=True))).to_contain_text(words)
    await page.locator("#where-name").fill("www.corp.example")
    await page.clock.run_for(1_000)
    await expect(page.locator("#where")).to_have_text("This way: family")
    await page.locator("#where-name").fill("nas.home")
    await page.clock.run_for(1_000)
    await expect(page.locator("#where")).to_contain_text("It is answered here")


async def test_a_route_is_made_led_elsewhere_and_taken_out(visit: Any, net: Any) -> None:
    page = await visit(net, at="#/routes")
    await page.locator("#new-route").fill("vpn.example")
    await page.locator("#new-route-server").fill("192.0.2.54")
    await page.get_by_role("button", name="Add a route").click()
    await expect(page.locator("#routes > li").nth(5)).to_contain_text("Answers, in 3.5 ms")
    await page.get_by_label("Who is asked about corp.example").select_option("default")
    await page.get_by_role("button", name="Remove *.lab.example").click()
    await _save(page)
    routes = net.house.settings.settings.upstream.routes
    assert [str(each) for each in routes["vpn.example"]] == ["192.0.2.54"]
    assert routes["corp.example"] == "default"
    assert "*.lab.example" not in routes


async def test_the_routes_for_a_router_are_drafted_at_once(visit: Any, home: Any) -> None:
    page = await visit(home, at="#/routes")
    await page.get_by_label("Address of the router").fill("192.168.178.1")
    await page.get_by_label("Its domain").fill("fritz.box")
    await expect(page.get_by_text("178.168.192.in-addr.arpa")).to_be_visible()
    await page.get_by_role("button", name="Draft these routes").click()
    await _save(page)
    routes = home.house.settings.settings.upstream.routes
    assert sorted(routes) == ["178.168.192.in-addr.arpa", "fritz.box", "unqualified"]
