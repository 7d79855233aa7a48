"""Starting and stopping."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientSession
from places import nobodys_place

from sinkhole.control.web import WebServer, create_app
from sinkhole.control.web import serving as web_serving
from sinkhole.model.errors import SettingsError


async def test_a_port_that_is_taken_is_an_error_that_names_the_setting(
    serve: Any, house: Any
) -> None:
    taken = await serve()
    second = WebServer(create_app(house.house()), "127.0.0.1", taken.port)
    with pytest.raises(SettingsError, match=rf"web\.listen: .*127\.0\.0\.1 port {taken.port}"):
        await second.start()
    await second.stop()


async def test_stopping_is_bounded_while_a_request_never_ends(
    serve: Any, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def never() -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(web_serving, "STOP_S", 0.1)
    site = await serve(update=never)
    request = asyncio.create_task(
        client.post(f"{site.url}/api/lists/update", headers={"Content-Type": "application/json"})
    )
    await begun.wait()
    async with asyncio.timeout(20):
        await site.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await request


async def test_after_stopping_nobody_listens_and_stopping_twice_is_fine(serve: Any) -> None:
    place = nobodys_place()
    site = await serve(place=place)
    await site.stop()
    await site.stop()
    with pytest.raises(ConnectionError):
        await asyncio.open_connection(*place)


async def test_a_page_goes_to_all_addresses_and_back_on_the_same_port(
    serve: Any, house: Any
) -> None:
    before = await serve(place=nobodys_place())
    for host in ("0.0.0.0", "127.0.0.1"):
        after = WebServer(create_app(house.house()), host, before.port)
        await after.start(before)
        await before.stop()
        with pytest.raises(SettingsError):
            await WebServer(create_app(house.house()), "127.0.0.1", before.port).start()
        before = after
    await before.stop()


def test_the_url_is_one_to_type_into_a_browser(house: Any) -> None:
    app = create_app(house.house())
    assert WebServer(app, "127.0.0.1", 8080).url == "http://127.0.0.1:8080"
    assert WebServer(app, "0.0.0.0", 8080).url == "http://127.0.0.1:8080"
    assert WebServer(app, "::", 8080).url == "http://[::1]:8080"
