"""Where lists come from, found the same way by server and commands: house names, then upstreams."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from command_line import CommandLine
from fake_upstream import FakeUpstream, rcode
from house import NOBODY, house, running, wanted
from list_server import LIST, SIZE_LIMIT, answer, serving

from sinkhole.app.list_hosts import list_hosts
from sinkhole.control.lists.destinations import HostAddresses, Resolve, refusal
from sinkhole.control.lists.fetch import Fetched, Fetcher, Limits, Validators
from sinkhole.control.lists.progress import unwatched
from sinkhole.model.errors import ListError


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose own resolver must not be asked for anything that is a name."""
    original = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **more: Any) -> Any:
        assert not host or host.replace(".", "").isdecimal(), f"the machine was asked for {host}"
        return original(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as upstream:
        upstream.answer("lists.example.org", "A", ["198.51.100.7"])
        yield upstream


RECORDS = {
    "nas.home": ["192.168.0.9", "fd00::9"],
    "alias.home": ["CNAME nas.home"],
    "abroad.home": ["CNAME lists.example.org"],
    "*.lab.home": ["192.168.0.10"],
}


async def found(tmp_path: Path, upstream: FakeUpstream, host: str, **more: Any) -> HostAddresses:
    settings = house(tmp_path, upstream, local={"records": RECORDS, **more})
    async with list_hosts(settings) as resolve:
        return await resolve(host)


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("nas.home", ["192.168.0.9", "fd00::9"]),
        ("NAS.home.", ["192.168.0.9", "fd00::9"]),
        ("alias.home", ["192.168.0.9", "fd00::9"]),
        ("x.lab.home", ["192.168.0.10"]),
    ],
)
async def test_names_of_the_house_are_known_and_asked_of_nobody(
    tmp_path: Path, upstream: FakeUpstream, host: str, addresses: list[str]
) -> None:
    assert await found(tmp_path, upstream, host) == HostAddresses(addresses, by_household=True)
    assert upstream.queries == [] and upstream.probes == []


async def test_names_of_the_hosts_file_are_names_of_the_house(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.168.0.5 printer.home\n")
    told = await found(tmp_path, upstream, "printer.home", hosts_file=str(hosts))
    assert told == HostAddresses(["192.168.0.5"], by_household=True)


@pytest.mark.parametrize("host", ["lists.example.org", "abroad.home"])
async def test_other_names_are_asked_of_the_upstreams_and_are_strangers(
    tmp_path: Path, upstream: FakeUpstream, host: str
) -> None:
    assert await found(tmp_path, upstream, host) == HostAddresses(["198.51.100.7"])
    assert {each.name for each in upstream.queries} == {"lists.example.org"}


@pytest.mark.parametrize("host", ["nobody.home.arpa", "printer.local", "other.test"])
async def test_names_that_must_not_leave_the_house_do_not(
    tmp_path: Path, upstream: FakeUpstream, host: str
) -> None:
    with pytest.raises(OSError, match="no address"):
        await found(tmp_path, upstream, host)
    assert upstream.queries == []


async def test_localhost_is_this_machine_but_no_word_of_the_household(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    assert await found(tmp_path, upstream, "localhost") == HostAddresses(["127.0.0.1", "::1"])


async def test_what_the_upstreams_did_is_told(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.always = rcode("REFUSED")
    with pytest.raises(OSError, match="REFUSED"):
        await found(tmp_path, upstream, "lists.example.org")
    with pytest.raises(ValueError, match="label"):
        await found(tmp_path, upstream, f"{'x' * 64}.example.org")


async def test_a_running_server_follows_the_records_as_they_change(tmp_path: Path) -> None:
    async with serving(a_list) as url, FakeUpstream() as upstream:
        item = {"name": "Nas", "url": url.replace("127.0.0.1", "nas.home")}
        lists: dict[str, Any] = {"filtering": {"lists": [item], "private_sources": False}}
        async with running(house(tmp_path, upstream, **lists), lists=False) as app:
            await app.library.update()
            assert "can't be resolved" in (app.library.status()[0]["error"] or "")
            asked = len(upstream.queries)
            records = {"records": {"nas.home": ["127.0.0.1"]}}
            await app.apply(house(tmp_path, upstream, **lists, local=records))
            await app.library.update(force=True)  # as it blocks the host it comes from
            assert app.library.status()[0]["names"] == 2
            assert len(upstream.queries) == asked


async def a_list(request: web.Request) -> web.Response:
    return web.Response(body=b"||lists.example.org^\n||nas.home^\n")


@pytest.mark.parametrize("verb", ["update", "preview"])
async def test_a_command_finds_them_without_a_server_and_past_every_list(
    tmp_path: Path, upstream: FakeUpstream, verb: str
) -> None:
    """Own rules and lists block both hosts, which is nothing to those who fetch lists."""
    upstream.answer("lists.example.org", "A", ["127.0.0.1"])
    command = CommandLine(tmp_path)
    async with serving(a_list) as url:
        hosts = ("lists.example.org", "nas.home")
        urls = [url.replace("127.0.0.1", host) for host in hosts]
        lists = [{"name": host, "url": at} for host, at in zip(hosts, urls, strict=True)]
        rules = [f"||{host}^" for host in hosts]
        filtering = {"private_sources": True, "rules": rules, "guard": {"factor": 0}}
        command.settle(
            **wanted(
                tmp_path, upstream, local={"records": {"nas.home": ["127.0.0.1"]}},
                filtering=filtering | {"lists": lists if verb == "update" else []},
            )
        )  # fmt: skip
        if verb == "update":
            told = await asyncio.to_thread(command, "lists", "update", "--force")
            assert (told.code, told.err) == (0, "")
            return
        for at in urls:
            told = await asyncio.to_thread(command, "lists", "preview", at, "--json")
            assert (told.code, told.json()["names"]) == (0, 2)


async def test_a_command_with_files_alone_asks_no_upstream(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    command = CommandLine(tmp_path)
    (tmp_path / "a.txt").write_text("||ads.example^\n")
    lists = [{"name": "A", "url": f"file:{tmp_path / 'a.txt'}"}]
    command.settle(**wanted(tmp_path, upstream, filtering={"lists": lists}))
    assert (await asyncio.to_thread(command, "lists", "update")).code == 0
    assert upstream.queries == [] and upstream.probes == []


async def test_a_command_without_a_network_leaves_the_list_in_use(tmp_path: Path) -> None:
    command = CommandLine(tmp_path)
    async with serving(a_list) as url:
        item = {"name": "Nas", "url": url.replace("127.0.0.1", "nas.home")}
        tree = wanted(tmp_path, local={"records": {"nas.home": ["127.0.0.1"]}})
        tree["filtering"] |= {"lists": [item]}
        command.settle(**tree)
        await asyncio.to_thread(command, "lists", "update", "--force")
    command.settle(**tree | {"local": {}, "upstream": {"servers": [NOBODY]}})
    told = await asyncio.to_thread(command, "lists", "update")
    assert told.code == 1 and "nas.home can't be resolved" in told.out
    (status,) = (await asyncio.to_thread(command, "lists", "status", "--json")).json()
    assert (status["state"], status["names"]) == ("ready", 2)


# Where a fetch may connect to then


async def fetch(
    url: str, target: Path, *, resolve: Resolve, refuse: Callable[[str], str]
) -> Fetched | None:
    fetcher = Fetcher(Limits(SIZE_LIMIT), resolve, refuse)
    return await fetcher.fetch("Test", url, target, Validators(), unwatched)


def strict(address: str) -> str:
    """The rules without `filtering.private_sources`."""
    return refusal(address, private_allowed=False)


async def test_a_host_that_the_household_placed_at_home_may_be_there(tmp_path: Path) -> None:
    async def resolve(host: str) -> HostAddresses:
        return HostAddresses(["127.0.0.1"], by_household=host == "nas.home")

    async with serving(answer(body=LIST)) as url:
        home, far = url.replace("127.0.0.1", "nas.home"), url.replace("127.0.0.1", "far.example")
        assert await fetch(home, tmp_path / "a", resolve=resolve, refuse=strict) is not None
        with pytest.raises(ListError, match="private_sources"):
            await fetch(far, tmp_path / "b", resolve=resolve, refuse=strict)


async def test_even_the_household_places_no_list_at_a_multicast_address(tmp_path: Path) -> None:
    async def resolve(host: str) -> HostAddresses:
        return HostAddresses(["224.0.0.1"], by_household=True)

    with pytest.raises(ListError, match="multicast"):
        await fetch("http://nas.home/", tmp_path / "part", resolve=resolve, refuse=strict)


@pytest.mark.parametrize("first", ["nas.home", "stranger.example"])
async def test_only_a_host_of_the_house_leads_to_another_one(tmp_path: Path, first: str) -> None:
    """A stranger's redirect may not reach into the house, whatever names it has."""
    places = {"nas.home": ["127.0.0.1"], "router.home": ["127.0.0.2", "127.0.0.1"]}

    async def resolve(host: str) -> HostAddresses:
        return HostAddresses(places.get(host, ["127.0.0.1"]), by_household=host in places)

    async def handle(request: web.Request) -> web.Response:
        if request.host.startswith("router.home"):
            return web.Response(body=LIST)
        return web.Response(
            status=302, headers={"Location": f"http://router.home:{request.url.port}/"}
        )

    def refuse(address: str) -> str:
        return "" if (address, first) == ("127.0.0.1", "stranger.example") else strict(address)

    async with serving(handle) as url:
        named = url.replace("127.0.0.1", first)
        if first == "nas.home":
            assert await fetch(named, tmp_path / "part", resolve=resolve, refuse=refuse) is not None
            return
        places["router.home"] = ["127.0.0.2"]
        with pytest.raises(ListError, match=r"router\.home: 127\.0\.0\.2 is a private"):
            await fetch(named, tmp_path / "part", resolve=resolve, refuse=refuse)
