"""Lists on their whole way: from a web server on loopback, through the settings, into use."""

import asyncio
import gzip
from pathlib import Path

import pytest
from aiohttp import web
from list_server import LIST, SIZE_LIMIT, Handler, answer, by_this_machine, serving

from sinkhole.control.lists.fetch import Limits
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.settings import FilteringSettings, ListSettings


class ListServer:
    """A list on a server; it can be changed, and is answered with 304 when it has not been."""

    def __init__(self) -> None:
        self.body = LIST
        self.status = 200
        self.served: list[int] = []

    async def handle(self, request: web.Request) -> web.Response:
        etag = f'"{hash(self.body)}"'
        unchanged = self.status == 200 and request.headers.get("If-None-Match") == etag
        status = 304 if unchanged else self.status
        self.served.append(status)
        return web.Response(
            status=status, body=b"" if unchanged else self.body, headers={"ETag": etag}
        )


def library_of(
    url: str, folder: Path, *, private_sources: bool = True, limits: Limits | None = None
) -> Library:
    lists = (ListSettings(name="Ads", url=f"{url}/ads.txt"),)
    library = Library(
        FilteringSettings(lists=lists, private_sources=private_sources, max_list_size="1MiB"),
        folder,
        resolve=by_this_machine,
        limits=limits,
    )
    library.load_now()
    return library


def only_status(library: Library) -> ListStatus:
    (status,) = library.status()
    return status


async def test_a_list_goes_from_the_server_into_use_and_is_asked_for_only_if_changed(
    tmp_path: Path,
) -> None:
    server = ListServer()
    async with serving(server.handle) as url:
        library = library_of(url, tmp_path)
        assert await library.update() == 1
        assert [found.names for found in library.lists] == [500]
        assert await library.update() == 0
        assert await library_of(url, tmp_path).update() == 0  # after a restart too
        server.body = LIST + b"||new.example^\n"
        assert await library.update() == 1
        assert only_status(library)["names"] == 501
    assert server.served == [200, 304, 304, 200]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"not found", "HTTP status 404"),
        (500, b"oh no", "HTTP status 500"),
        (200, b"<html>moved</html>", "web page"),
        (200, b"", "empty"),
        (200, b"Too many requests, come back later!\n" * 100, "none of its lines is a rule"),
        (200, b"! Title: Ads\n# under maintenance\n", "it has no rule, only comments"),
    ],
)
async def test_whatever_the_server_does_the_last_good_list_stays(
    tmp_path: Path, status: int, body: bytes, reason: str
) -> None:
    server = ListServer()
    async with serving(server.handle) as url:
        library = library_of(url, tmp_path)
        await library.update()
        before = library.lists
        server.status, server.body = status, body
        assert await library.update() == 0
        assert library.lists == before
        assert reason in (only_status(library)["error"] or "")
        assert only_status(library)["state"] == "ready"
        server.status, server.body = 200, LIST
        assert await library.update() == 0
        assert only_status(library)["error"] is None


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(LIST)


async def _trickling(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"#")
        await asyncio.sleep(0.01)


async def _cut_at_half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(LIST))})
    await response.prepare(request)
    await response.write(LIST[: len(LIST) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


def _bomb() -> Handler:
    body = gzip.compress(b"||a.example^\n" * 1_000_000)
    return answer(body=body, headers={"Content-Encoding": "gzip"})


MISBEHAVIOUR: dict[str, tuple[Handler, str]] = {
    "endless": (_endless, "max_list_size"),
    "trickling": (_trickling, "not complete within"),
    "cut": (_cut_at_half, "cut off"),
    "to-a-file": (answer(status=302, headers={"Location": "file:///etc/hosts"}), "neither http"),
    "in-circles": (answer(status=302, headers={"Location": "/"}), "more than 3 redirects"),
    "not-text": (answer(body=LIST + bytes(len(LIST))), "not text"),
    "bomb": (_bomb(), "max_list_size"),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
async def test_whatever_misbehaves_is_bounded_and_leaves_no_trace(
    tmp_path: Path, name: str
) -> None:
    good = answer(body=LIST)
    handler, reason = good, MISBEHAVIOUR[name][1]

    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    async with serving(handle) as url:
        total_s = 2.0 if name == "trickling" else 60.0
        library = library_of(url, tmp_path, limits=Limits(SIZE_LIMIT, total_s=total_s))
        await library.update()
        before, files = library.lists, names_in(tmp_path)
        handler = MISBEHAVIOUR[name][0]
        assert await library.update() == 0
        assert library.lists == before
        assert reason in (only_status(library)["error"] or "")
        assert names_in(tmp_path) == files
        handler = good
        await library.update()
        assert only_status(library)["error"] is None


async def test_a_list_shrunk_to_a_twentieth_is_held_back_and_taken_with_consent(
    tmp_path: Path,
) -> None:
    server = ListServer()
    async with serving(server.handle) as url:
        library = library_of(url, tmp_path)
        await library.update()
        before = library.lists
        server.body = b"".join(LIST.splitlines(keepends=True)[:25])
        assert await library.update() == 0
        assert await library.update() == 0  # and stays held back
        assert library.lists == before
        status = only_status(library)
        assert status["state"] == "ready" and status["names"] == 500
        assert "shrunk from 500 to 25" in (status["quarantine"] or {"reason": ""})["reason"]
        await library.accept("Ads")
        assert only_status(library)["names"] == 25
        assert await library.update() == 0
    assert server.served == [200, 200, 304, 304]  # what is held back is not sent again


async def test_force_takes_it_at_once(tmp_path: Path) -> None:
    server = ListServer()
    async with serving(server.handle) as url:
        library = library_of(url, tmp_path)
        await library.update()
        server.body = b"".join(LIST.splitlines(keepends=True)[:25])
        assert await library.update(force=True) == 1
    assert only_status(library)["names"] == 25


async def test_a_list_may_not_block_the_host_it_comes_from(tmp_path: Path) -> None:
    server = ListServer()
    server.body = b"||localhost^\n"
    async with serving(server.handle) as url:
        library = library_of(url.replace("127.0.0.1", "localhost"), tmp_path)
        assert await library.update() == 0
    status = only_status(library)
    assert status["state"] == "quarantined" and status["quarantine"] is not None
    assert "localhost" in status["quarantine"]["reason"]


async def test_a_server_at_home_needs_the_setting_for_it(tmp_path: Path) -> None:
    server = ListServer()
    async with serving(server.handle) as url:
        library = library_of(url, tmp_path, private_sources=False)
        assert await library.update() == 0
    assert server.served == []
    assert "filtering.private_sources" in (only_status(library)["error"] or "")


async def test_many_lists_are_fetched_a_few_at_a_time(tmp_path: Path) -> None:
    at_once = most = 0
    enough = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if at_once == 4:
            enough.set()
        await asyncio.wait_for(enough.wait(), 30)
        at_once -= 1
        return web.Response(body=f"||{request.path[1:]}.example^\n".encode())

    async with serving(handle) as url:
        lists = tuple(ListSettings(name=f"L{n}", url=f"{url}/l{n}") for n in range(8))
        library = Library(FilteringSettings(lists=lists, private_sources=True), tmp_path)
        assert await library.update() == 8
    assert most == 4
