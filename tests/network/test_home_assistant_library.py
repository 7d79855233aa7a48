"""The library by which Home Assistant talks to AdGuard Home, through every call that it makes.

Its switches, sensors, services and update entity are these calls; the rest of the library is tried
as well, as other programs are made of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from control_house import NAME, PASSWORD, ControlHouse, control_house
from house import list_server, until

pytest.importorskip("adguardhome.adguardhome")  # a folder of tests has that name as well
import adguardhome


@asynccontextmanager
async def home(folder: Path, **changes: Any) -> AsyncIterator[tuple[Any, ControlHouse]]:
    """The library's client of a running house."""
    async with (
        control_house(folder, **changes) as house,
        adguardhome.AdGuardHome(
            house.app.listening.url, username=NAME, password=PASSWORD, request_timeout=60
        ) as client,
    ):
        yield client, house


async def test_it_is_set_up_with_the_right_password_only(tmp_path: Path) -> None:
    async with home(tmp_path) as (client, house):
        status = await client.status()
        assert (status.supported, status.running, status.dhcp_available) == (True, True, False)
        assert status.protection_enabled
        assert status.started_at is not None
        stranger = adguardhome.AdGuardHome(
            house.app.listening.url, username=NAME, password="wrong", request_timeout=60
        )
        async with stranger:
            with pytest.raises(adguardhome.AdGuardHomeAuthenticationError):
                await stranger.status()


async def test_the_six_switches_switch(tmp_path: Path) -> None:
    async with home(tmp_path) as (client, house):
        await client.filtering.set_user_rules(["# ours", "||example.org^"])
        assert await house.answers("example.org") == ["0.0.0.0"]
        await client.disable_protection()
        assert not (await client.status()).protection_enabled
        assert await house.answers("example.org") == ["192.0.2.1"]
        await client.enable_protection()
        await client.disable_protection(timedelta(minutes=10))
        left = (await client.status()).protection_resumes_in
        assert timedelta(minutes=9) < left <= timedelta(minutes=10)
        await client.enable_protection()

        await client.filtering.disable()
        assert not (await client.filtering.config()).enabled
        assert await house.answers("example.org") == ["192.0.2.1"]
        await client.filtering.enable()
        assert await house.answers("example.org") == ["0.0.0.0"]

        for toggle in (client.parental, client.safebrowsing):
            assert not await toggle.enabled()
            await toggle.enable()
            assert await toggle.enabled()
            await toggle.disable()
            assert not await toggle.enabled()

        await client.safesearch.enable()
        config = await client.safesearch.config()
        assert (config.enabled, config.google) == (True, True)
        await client.safesearch.disable()
        assert not (await client.safesearch.config()).enabled

        await client.querylog.disable()
        assert not (await client.querylog.config()).enabled
        assert not house.app.settings.query_log.enabled
        await client.querylog.enable()
        assert (await client.querylog.config()).retention == timedelta(days=90)


async def test_the_sensors_tell(tmp_path: Path) -> None:
    async with home(tmp_path) as (client, house):
        await client.filtering.set_user_rules(["||ads.example.org^"])
        for name in ("ads.example.org", "example.org"):
            await house.answers(name)

        async def are_counted() -> bool:
            return bool((await client.stats.get()).dns_queries == 2)

        await until(are_counted, "the sums")
        stats = await client.stats.get()
        assert (stats.blocked_filtering, stats.blocked_percentage) == (1, 50.0)
        assert (stats.blocked_parental, stats.blocked_safebrowsing) == (0, 0)
        assert stats.enforced_safesearch == 0
        assert stats.avg_processing_time > timedelta(0)
        assert len(stats.dns_queries_history) == 24
        assert stats.top_clients == {"127.0.0.1": 2}
        status = await client.filtering.get()
        assert sum(each.rules_count for each in status.blocklists) == 0
        assert not (await client.update.get()).new_version
        assert (await client.update.get(recheck=True)).disabled
        with pytest.raises(adguardhome.AdGuardHomeResponseError, match="does not replace itself"):
            await client.update.install()


async def test_the_services_for_lists(tmp_path: Path) -> None:
    async with home(tmp_path) as (client, house), list_server("||listed.example.org^") as server:
        for kind in (client.filtering.blocklists, client.filtering.allowlists):
            await kind.add(server.url, name=f"Ours {kind is client.filtering.allowlists}")
            found = await kind.get(server.url)
            assert (found.enabled, found.rules_count) == (True, 1)
            await kind.disable(server.url)
            assert not (await kind.get(server.url)).enabled
            await kind.enable(server.url)
            assert await kind.refresh() == 0
            await kind.remove(server.url)
            assert await kind.list() == ()
        with pytest.raises(adguardhome.AdGuardHomeResponseError, match="Couldn't fetch"):
            await client.filtering.blocklists.add(f"{server.url}.not", name="Not there")
        assert (await client.filtering.check_host("example.org")).reason == "NotFilteredNotFound"
        assert house.app.settings.filtering.lists == ()


async def test_the_rest_of_the_library(tmp_path: Path) -> None:
    async with home(tmp_path) as (client, house):
        await client.rewrite.add("nas.home", "192.0.2.20")
        await client.rewrite.update("nas.home", "192.0.2.20", new_answer="192.0.2.21")
        assert await house.answers("nas.home") == ["192.0.2.21"]
        await client.rewrite.update("nas.home", "192.0.2.21", enabled=False)
        assert [each.enabled for each in await client.rewrite.get()] == [False]
        await client.rewrite.disable()
        assert not (await client.rewrite.config()).enabled
        await client.rewrite.remove("nas.home", "192.0.2.21")
        assert await client.rewrite.get() == ()

        tv = adguardhome.Client(name="tv", ids=("192.0.2.7",))
        await client.clients.add(tv)
        await client.clients.update("tv", replace(tv, ignore_querylog=True))
        (found,) = (await client.clients.get()).configured
        assert (found.ids, found.ignore_querylog) == (("192.0.2.7",), True)
        assert (await client.clients.search("192.0.2.7"))["192.0.2.7"].name == "tv"
        await client.clients.remove("tv")

        await client.blocked_services.block("tiktok")
        assert (await client.blocked_services.config()).blocked == ("tiktok",)
        assert len((await client.blocked_services.get()).services) > 100
        await client.blocked_services.unblock("tiktok")

        access = await client.access.config()
        await client.access.set_config(replace(access, disallowed_clients=("192.0.2.66",)))
        assert (await client.access.config()).disallowed_clients == ("192.0.2.66",)

        config = await client.dns.config()
        await client.dns.set_config(replace(config, ratelimit=77))
        assert house.app.settings.dns.rate_limit == 77
        await client.dns.clear_cache()

        await client.stats.set_config(replace(await client.stats.config(), ignored=()))
        await client.stats.reset()
        await client.querylog.clear()
        assert (await client.querylog.get(limit=5)).entries == ()
        assert not (await client.dhcp.get()).enabled
        assert await client.dhcp.interfaces() == {}
        await client.dhcp.disable()
        tls = await client.tls.get()
        assert (tls.enabled, tls.serve_plain_dns) == (False, True)
        await client.tls.set_config(tls)


async def test_the_log_is_read_page_by_page(tmp_path: Path) -> None:
    async with home(tmp_path) as (client, house):
        names = [f"{letter}.example.org" for letter in "abcde"]
        for name in names:
            await house.rcode(name)

        async def are_there() -> bool:
            return len((await client.querylog.get()).entries) == 5

        await until(are_there, "the rows")
        first = await client.querylog.get(limit=3)
        second = await client.querylog.get(limit=3, older_than=first.cursor)
        found = [each.question.name for each in (*first.entries, *second.entries)]
        assert found == names[::-1]
