"""Addresses that cannot be had take nothing else down, are told, and are had when they can be."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from house import answers, get_text, house, problems_of, running, until
from places import nobodys_place

from sinkhole.app import listening
from sinkhole.app.app import App
from sinkhole.app.page import Page
from sinkhole.control.web import WebServer

ANY_PORT = "127.0.0.1:0"
ADS = {"filtering__rules": ["||ads.example^"]}


def _url(app: App) -> str:
    assert app.listening.page is not None
    return app.listening.page.url


@pytest.mark.parametrize("taken", ["udp", "tcp", "web"])
async def test_what_is_taken_takes_nothing_else_down_and_is_had_when_it_is_free(
    tmp_path: Path, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "FIRST_RETRY_S", 0.05)
    kind = socket.SOCK_DGRAM if taken == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as other:
        place = nobodys_place()
        other.bind(place)
        if taken != "udp":
            other.listen()
        there = str(place)
        changes = {"web__listen": there} if taken == "web" else {"dns__listen": [ANY_PORT, there]}
        async with running(house(tmp_path, **changes, **ADS)) as app:
            where = app.addresses[0]
            assert await answers(where, "ads.example") == ["0.0.0.0"]
            assert await answers(where, "ads.example", tcp=True) == ["0.0.0.0"]
            (problem,) = problems_of(app)
            assert "in use" in problem
            assert "tried again" in problem
            if taken == "web":
                assert app.status()["web"] == ""
            else:
                status, told = await get_text(_url(app), "/healthz")
                assert (status, told.splitlines()[0]) == (200, "degraded")
                assert problem in told
            other.close()
            await until(lambda: problems_of(app) == [], "the missing address")
            if taken != "web":
                assert there in app.addresses
                for tcp in (False, True):
                    assert await answers(there, "ads.example", tcp=tcp) == ["0.0.0.0"]
            if taken == "web":
                assert _url(app) == f"http://{there}"
            assert "in use" not in (await get_text(_url(app), "/healthz"))[1]


async def test_where_the_only_address_is_late_it_waits_and_says_so(tmp_path: Path) -> None:
    async with running(house(tmp_path, dns__listen=["192.0.2.1:5353"])) as app:
        assert app.addresses == []
        status, told = await get_text(_url(app), "/healthz")
        assert (status, told.splitlines()[0]) == (503, "failing")
        assert "this machine has no address 192.0.2.1" in told


async def test_a_bug_in_the_page_leaves_dns_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "FIRST_RETRY_S", 0.05)
    ordinary, fails = Page.make, [True]

    async def odd(page: Page) -> WebServer:
        if fails:
            raise RuntimeError("as arranged")
        return await ordinary(page)

    monkeypatch.setattr(Page, "make", odd)
    async with running(house(tmp_path, **ADS)) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        assert any("as arranged" in problem for problem in app.problems())
        assert any("there is no page" in problem for problem in app.problems())
        fails.clear()
        await until(lambda: app.status()["web"], "the page")
        assert (await get_text(_url(app), "/healthz"))[0] == 200
        assert app.faults.count >= 1
