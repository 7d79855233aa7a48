"""The page tells how queries come, and how upstreams are asked."""

from __future__ import annotations

from typing import Any

import pytest
from acts import refresh
from household import asked
from playwright.async_api import expect

from sinkhole.model.record import TRANSPORTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_how_a_query_came_is_said_where_it_is_not_udp(visit: Any, new_home: Any) -> None:
    await new_home.take(asked(qtype=65, transport=each) for each in TRANSPORTS)
    page = await visit(new_home)
    await expect(page.locator("td.type")).to_have_text([
        "HTTPS over QUIC", "HTTPS over HTTP/3", "HTTPS over HTTPS", "HTTPS over TLS",
        "HTTPS over TCP", "HTTPS",
    ])  # fmt: skip


async def test_queries_are_counted_by_transport_and_shown_by_one(visit: Any, home: Any) -> None:
    page = await visit(home)
    board = page.get_by_role("region", name="Asked over")
    await expect(board.locator(".what")).to_have_text(["UDP", "TLS", "HTTPS"])
    await board.get_by_role("link", name="TLS", exact=True).click()
    chip = page.get_by_role("button", name="Over TLS: show all again")
    await expect(chip).to_be_visible()
    await expect(page.locator("td.type").first).to_contain_text("over TLS")
    await expect(page.locator("td.type").filter(has_not_text="over TLS")).to_have_count(0)
    await chip.click()
    await expect(page.locator("td.type").filter(has_not_text="over TLS")).not_to_have_count(0)


async def test_where_all_ask_by_udp_nothing_is_counted_by_transport(
    visit: Any, new_home: Any
) -> None:
    await new_home.ask()
    page = await visit(new_home)
    await expect(page.locator("#top_names-list")).to_be_visible()
    await expect(page.get_by_role("heading", name="Asked over")).to_have_count(0)


async def test_upstreams_say_how_they_are_asked_and_how_they_do(visit: Any, home: Any) -> None:
    told = home.built.told
    plain = told["upstreams"]
    fine = plain[1]
    down = {"kind": "udp", "name": "192.0.2.53", "address": "192.0.2.53", "up": False,
            "down_s": 320.0, "connected_s": None, "rtt_p50_ms": None, "rtt_p95_ms": None,
            "queries": 9, "failures": 9, "last_failure": "has nobody <b>there"}  # fmt: skip
    unasked = {"kind": "h3", "name": "h3://dns.example.com", "address": "", "connected_s": None,
               "rtt_p50_ms": None, "rtt_p95_ms": None, "queries": 0, "failures": 0,
               "last_failure": ""}  # fmt: skip
    told["upstreams"] = [fine, fine | down, fine | unasked]
    page = await visit(home)
    rows = page.locator("#upstreams li")
    await expect(rows.nth(0)).to_have_text(
        "tls://dns.example.orgDNS over TLS at 198.51.100.10 · connected for 1 h 5 min"
        "7,421 queries · half answered within 14 ms, 95% within 43 ms"
        "3 failed, the last: it gave no answer within 2 s"
    )
    await expect(rows.nth(1)).to_have_text(
        "192.0.2.53Plain DNS9 queries · no answer yetDown for 5 min 20 s: it has nobody <b>there"
    )
    await expect(rows.nth(1)).to_have_class("trouble")
    await expect(rows.nth(2)).to_have_text("h3://dns.example.comDNS over HTTP/3Not asked yet")
    told["upstreams"] = plain
    await refresh(page)
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("https://dns.example.net")
    await expect(rows.nth(1)).to_have_class("fine")


async def test_what_is_encrypted_and_fetched_ahead_are_facts_where_there_is_any(
    visit: Any, home: Any
) -> None:
    told = home.built.told
    ahead = told["prefetch"]
    told |= {"encrypted": [], "certificate": None, "prefetch": ahead | {"enabled": False}}
    page = await visit(home)
    facts = page.locator("#facts")
    await expect(facts).to_contain_text("DNS at192.0.2.2:53, [::]:53Page at")
    await expect(facts).not_to_contain_text("Fetched ahead")
    told |= {
        "encrypted": ["192.0.2.2:853 (TLS)", "192.0.2.2:443 (HTTPS)"],
        "prefetch": ahead | {"asked": 30, "saved": 1200, "pauses": True},
        "certificate": {"names": ["dns.example.org", "192.0.2.2"], "issuer": "",
                        "expires": 1_800_014_400, "days_left": 3},
    }  # fmt: skip
    await refresh(page)
    await expect(facts).to_contain_text("Encrypted at192.0.2.2:853 (TLS), 192.0.2.2:443 (HTTPS)")
    await expect(facts).to_contain_text(
        "30 answers, 1,200 queries did not wait; pauses while upstreams fail"
    )
    await expect(facts).to_contain_text("dns.example.org, 192.0.2.2 until Jan 15, 2027")
    told["certificate"]["days_left"] = -1
    await refresh(page)
    await expect(facts.locator(".error")).to_have_text("expired on Jan 15, 2027")
