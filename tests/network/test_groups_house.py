"""Groups of a whole server: set by the API, felt by DNS, told by explain."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import dnslib
from aiohttp import ClientSession
from house import LIMIT_S, endpoint, get, list_file, post, query, running, wanted
from settings_file import write_settings

from sinkhole.app.app import App
from sinkhole.model.actor import SERVER

TABLET, PHONE = "127.0.0.2", "127.0.0.3"
ZONE = "Europe/Berlin"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def another_day() -> str:
    """A day of the week that it is not, nor soon will be, wherever on earth."""
    return DAYS[(time.gmtime().tm_wday + 3) % 7]


async def asked_from(source: str, where: str, name: str) -> str:
    """The answer to whoever asks from an address of this machine, else its rcode."""

    def exchange() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(LIMIT_S)
            sock.bind((source, 0))
            sock.sendto(query(name), endpoint(where))
            return sock.recv(4096)

    reply = dnslib.DNSRecord.parse(await asyncio.to_thread(exchange))
    return str(reply.rr[0].rdata) if reply.rr else str(dnslib.RCODE[reply.header.rcode])


async def put(url: str, path: str, **body: Any) -> None:
    async with (
        ClientSession() as session,
        session.put(f"{url}/api/v1{path}", json=body) as response,
    ):
        assert response.status == 200, await response.text()


async def by_file(folder: Path, **changes: Any) -> App:
    """A server by a settings file, as what is set by the API is kept beside one."""
    config = write_settings(folder / "sinkhole.yaml", wanted(folder, **changes))
    return await App.of(config, {})


async def test_what_is_set_for_a_group_is_felt_by_its_clients_alone(tmp_path: Path) -> None:
    lists = [list_file(tmp_path / "mine.txt", "||ads.example^")]
    app = await by_file(
        tmp_path,
        filtering__lists=lists,
        local__records={"nas.home": ["192.0.2.10"]},
        time_zone=ZONE,
    )
    async with running(app=app):
        (where,), url, day = app.addresses, app.listening.url, another_day()
        assert await asked_from(TABLET, where, "games.example") == "SERVFAIL"  # asked, by nobody
        await put(url, "/schedules/bedtime", windows=[f"{day} 21:00-23:00"])
        during = [{"when": "bedtime", "allow_only": True}]
        await put(url, "/groups/kids", rules=["||games.example^"], schedules=during)
        await put(url, "/clients/Tablet", addresses=[TABLET], group="kids")
        await put(url, "/clients/Phone", addresses=[PHONE], lists=[])
        assert await asked_from(TABLET, where, "games.example") == "0.0.0.0"
        assert await asked_from(PHONE, where, "games.example") == "SERVFAIL"
        assert await asked_from(TABLET, where, "ads.example") == "0.0.0.0"
        assert await asked_from(PHONE, where, "ads.example") == "SERVFAIL"

        told = await get(url, "/api/explain?name=games.example&client=tablet")
        assert (told["outcome"], told["list"], told["group"]) == (
            "blocked",
            "rules of kids",
            "kids",
        )
        client = told["client"]
        assert (client["address"], client["name"], client["known_by"]) == (
            *(TABLET, "Tablet"),
            "address",
        )
        assert told["applies"]["layers"][0] == {
            "kind": "group",
            "name": "kids",
            "schedule": "",
            "says": {"rules": ["||games.example^"]},
        }
        for_others = {(*each["clients"], each["group"]): each["outcome"] for each in told["others"]}
        assert for_others == {("default",): "forwarded", ("Phone", "default"): "forwarded"}

        query_of = "/api/explain?name=other.example&client=Tablet"
        told = await get(url, f"{query_of}&at={day}%2021:30&also=Phone")
        assert told["applies"]["open"] == ["bedtime"]
        assert told["applies"]["at"] > time.time()
        assert (told["outcome"], told["list"]) == ("blocked", "allow only")
        assert [each["stage"] for each in told["stages"] if each["decides"]] == ["lists"]
        assert [each["outcome"] for each in told["others"]] == ["forwarded"]
        told = await get(url, f"{query_of}&at={day}%2023:30")
        assert (told["outcome"], told["applies"]["open"]) == ("forwarded", [])

        await app.front.protection.begin(600, SERVER, "group", "kids")
        assert await asked_from(TABLET, where, "games.example") == "SERVFAIL"
        told = await get(url, "/api/explain?name=games.example&client=Tablet")
        (pause,) = told["applies"]["pauses"]
        assert (pause["scope"], pause["name"]) == ("group", "kids")
        assert 590 < pause["left_s"] <= 600
        told = await get(url, f"{query_of}&at=2100-01-01T12:00")
        assert told["applies"]["pauses"] == []


async def test_who_asked_is_shown_and_adopted(tmp_path: Path) -> None:
    app = await by_file(tmp_path, local__records={"nas.home": ["192.0.2.10"]})
    async with running(app=app):
        (where,), url = app.addresses, app.listening.url
        assert await asked_from(TABLET, where, "nas.home") == "192.0.2.10"
        async with asyncio.timeout(LIMIT_S):
            while not (found := (await get(url, "/api/v1/devices"))["devices"]):
                await asyncio.sleep(0.05)
        (device,) = found
        assert (device["id"], device["queries"], device["client"]) == (TABLET, 1, "")
        status, told = await post(url, f"/api/v1/devices/{TABLET}/adopt", name="Tablet")
        assert status == 200, told
        device = await get(url, f"/api/v1/devices/{TABLET}")
        assert (device["client"], device["known_by"]) == ("Tablet", "address")
