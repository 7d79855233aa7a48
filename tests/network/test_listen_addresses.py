"""Addresses that cannot be had take nothing else down, are told, and are had when they can be."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from house import answers, get_text, has_ipv6, house, problems_of, running, until
from places import nobodys_place, nobodys_port

from sinkhole.app import listening
from sinkhole.app.app import App
from sinkhole.app.page import Page
from sinkhole.control.web import WebServer
from sinkhole.model.errors import SettingsError

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


async def test_where_all_is_taken_other_settings_count_and_a_free_address_is_had_at_once(
    tmp_path: Path,
) -> None:
    taken, free = nobodys_place(), nobodys_place()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(taken)
        changes = {"dns__listen": [str(taken)], **ADS}
        async with running(house(tmp_path, **changes)) as app:
            assert (app.addresses, app.health().state) == ([], "failing")
            problem = app.overview.problems()[0]
            assert (problem.code, problem.severity) == ("listening.taken", "error")
            await app.apply(house(tmp_path, **{**changes, "filtering__rules": ["||two.example^"]}))
            await app.apply(house(tmp_path, dns__listen=[str(free)], **ADS))
            assert await answers(str(free), "ads.example") == ["0.0.0.0"]
            assert problems_of(app) == []
            assert app.health().state != "failing"


async def test_beside_one_at_a_single_address_health_is_bad_though_ipv6_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As beside systemd-resolved, with the addresses that are installed."""
    monkeypatch.setattr(listening, "FIRST_RETRY_S", 0.05)
    port = nobodys_port()
    everywhere = [f"0.0.0.0:{port}", *([f"[::]:{port}"] if has_ipv6() else [])]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.53", port))
        async with running(house(tmp_path, dns__listen=everywhere, **ADS)) as app:
            assert app.addresses == everywhere[1:]
            health = app.health()
            assert health.state == "failing"
            assert f"0.0.0.0:{port} is in use by" in health.reasons[1]
            assert "DNS is not being answered yet" in app.overview.readiness.waits()
            for where in app.addresses:
                assert await answers(f"[::1]:{port}", "ads.example") == ["0.0.0.0"], where
            other.close()
            await until(lambda: problems_of(app) == [], "the port")
            assert app.addresses == everywhere
            assert await answers(f"127.0.0.1:{port}", "ads.example") == ["0.0.0.0"]
            assert app.health().state != "failing"


async def test_settings_that_want_what_is_taken_are_refused_and_nothing_changes(
    tmp_path: Path,
) -> None:
    taken = nobodys_place()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(taken)
        async with running(house(tmp_path, **ADS)) as app:
            before = app.addresses
            with pytest.raises(SettingsError, match=rf"dns.listen: {taken} is in use by "):
                await app.apply(house(tmp_path, dns__listen=[str(taken)], **ADS))
            assert (app.addresses, problems_of(app)) == (before, [])
            assert await answers(before[0], "ads.example") == ["0.0.0.0"]


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
