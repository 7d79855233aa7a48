"""Lists over HTTP, from servers on loopback that behave well, badly or with malice."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from list_server import LIST, SIZE_LIMIT, answer, by_this_machine, serving
from places import nobodys_port

from sinkhole.control.lists.destinations import HostAddresses, Resolve, refusal
from sinkhole.control.lists.fetch import Fetched, Fetcher, Limits, Validators
from sinkhole.control.lists.progress import Phase, Step, unwatched
from sinkhole.model.errors import ListError, UpstreamError


@asynccontextmanager
async def talking(*pieces: bytes, stay: bool = False) -> AsyncIterator[str]:
    """The address of a server that says exactly these bytes, then closes or stays silent."""
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.writelines(pieces)
            await writer.drain()
            if stay:
                await done.wait()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has heard enough
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/list.txt"
    finally:
        done.set()
        server.close()
        await server.wait_closed()


def only_loopback(address: str) -> str:
    """The rules of the internet, as if 127.0.0.1 were a public address."""
    return "" if address == "127.0.0.1" else refusal(address, private_allowed=False)


async def fetch(
    url: str,
    target: Path,
    *,
    known: Validators = Validators(),  # noqa: B008  # frozen
    limits: Limits = Limits(SIZE_LIMIT),  # noqa: B008  # frozen
    resolve: Resolve = by_this_machine,
    refuse: Callable[[str], str] = only_loopback,
    watch: Callable[[Step], None] = unwatched,
) -> Fetched | None:
    return await Fetcher(limits, resolve, refuse).fetch("Test", url, target, known, watch)


def written(path: Path) -> bytes | None:
    """What was written to `path`; None when nothing was, not even an empty file."""
    return path.read_bytes() if path.exists() else None


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "part"


# What a good server does


async def test_a_list_is_fetched_whole_and_its_bytes_are_counted(part: Path) -> None:
    steps: list[Step] = []
    async with serving(answer(body=LIST, headers={"ETag": '"v1"'})) as url:
        fetched = await fetch(f"{url}/list.txt", part, watch=steps.append)
    assert written(part) == LIST
    assert fetched is not None
    assert fetched.received.size_bytes == len(LIST)
    assert fetched.validators == Validators('"v1"', "", f"{url}/list.txt")
    assert steps[-1] == Step("Test", Phase.FETCH, len(LIST), len(LIST))


async def test_a_compressed_list_is_asked_for_and_unpacked(part: Path) -> None:
    offered: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        offered.append(request.headers["Accept-Encoding"])
        headers = {"Content-Encoding": "gzip"}
        return web.Response(body=gzip.compress(LIST), headers=headers)

    async with serving(handle) as url:
        await fetch(url, part)
    assert written(part) == LIST
    assert offered == ["gzip"]


async def test_a_list_without_a_known_length_is_fetched_whole(part: Path) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(LIST), 1000):
            await response.write(LIST[start : start + 1000])
        return response

    async with serving(handle) as url:
        await fetch(url, part)
    assert written(part) == LIST


async def test_an_unchanged_list_is_not_sent_again(part: Path) -> None:
    asked: list[tuple[str | None, str | None]] = []
    modified = "Sun, 06 Nov 1994 08:49:37 GMT"

    async def handle(request: web.Request) -> web.Response:
        headers = request.headers
        asked.append((headers.get("If-None-Match"), headers.get("If-Modified-Since")))
        return web.Response(status=304)

    async with serving(handle) as url:
        known = Validators('W/"v1"', modified, f"{url}/list.txt")
        assert await fetch(f"{url}/list.txt", part, known=known) is None
    assert asked == [('W/"v1"', modified)]
    assert written(part) is None


async def test_what_another_address_said_is_not_asked_with(part: Path) -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.path == "/list.txt":
            return web.Response(status=302, headers={"Location": "/version2.txt"})
        assert "If-None-Match" not in request.headers
        return web.Response(body=LIST)

    async with serving(handle) as url:
        fetched = await fetch(
            f"{url}/list.txt", part, known=Validators('"v1"', "", f"{url}/version1.txt")
        )
    assert fetched is not None
    assert fetched.validators.answered_by == f"{url}/version2.txt"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(part: Path, status: int) -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.path == "/a/list.txt":
            return web.Response(status=status, headers={"Location": "../b/list.txt?x=%2F"})
        assert request.path_qs == "/b/list.txt?x=%2F" or request.query["x"] == "/"
        return web.Response(body=LIST)

    async with serving(handle) as url:
        await fetch(f"{url}/a/list.txt", part)
    assert written(part) == LIST


async def test_three_redirects_are_followed_and_not_four(part: Path) -> None:
    async def handle(request: web.Request) -> web.Response:
        left = int(request.path[1:])
        if not left:
            return web.Response(body=LIST)
        return web.Response(status=302, headers={"Location": f"/{left - 1}"})

    async with serving(handle) as url:
        assert await fetch(f"{url}/3", part) is not None
        with pytest.raises(ListError, match="more than 3 redirects"):
            await fetch(f"{url}/4", part.with_name("other"))


# What is refused


@pytest.mark.parametrize("status", [206, 304, 400, 404, 500, 503])
async def test_any_other_status_is_an_error_and_no_list(part: Path, status: int) -> None:
    async with serving(answer(status=status, body=b"" if status == 304 else LIST)) as url:
        with pytest.raises(ListError, match=f"HTTP status {status}"):
            await fetch(url, part)
    assert written(part) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><p>Sign in to your hotel's network", "web page"),
        (b"\n \n<HTML><body>" + LIST, "web page"),
        (LIST + b"\0\1\2" * len(LIST), "not text"),
        (b"\x7fELF\x02\x01\x01" + LIST, "not text"),
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
    ],
)
async def test_what_is_no_list_is_refused(part: Path, body: bytes, reason: str) -> None:
    async with serving(answer(body=body, content_type="text/plain")) as url:
        with pytest.raises(ListError, match=reason):
            await fetch(url, part)


async def test_a_list_cut_at_half_is_refused(part: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LIST)
    async with talking(head, LIST[: len(LIST) // 2]) as url:
        with pytest.raises(ListError, match="cut off"):
            await fetch(url, part)


async def test_a_list_cut_within_its_chunks_is_refused(part: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with talking(head, b"%x\r\n" % len(LIST), LIST, b"\r\n") as url:
        with pytest.raises(ListError, match="cut off"):
            await fetch(url, part)


async def test_compressed_data_that_ends_too_early_is_refused(part: Path) -> None:
    half = gzip.compress(LIST)[:-100]
    async with serving(answer(body=half, headers={"Content-Encoding": "gzip"})) as url:
        with pytest.raises(ListError, match="cut off"):
            await fetch(url, part)


async def test_an_encoding_nobody_asked_for_is_refused(part: Path) -> None:
    async with serving(answer(body=LIST, headers={"Content-Encoding": "compress"})) as url:
        with pytest.raises(ListError, match="not asked for: compress"):
            await fetch(url, part)


async def test_a_length_beyond_the_limit_is_refused_before_the_body(part: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (SIZE_LIMIT + 1)
    async with talking(head, stay=True) as url:
        with pytest.raises(ListError, match="max_list_size"):
            await fetch(url, part)
    assert written(part) is None


async def test_a_stream_without_end_stops_at_the_limit(part: Path) -> None:
    sent = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(LIST)
            sent += len(LIST)

    async with serving(handle) as url:
        with pytest.raises(ListError, match="max_list_size"):
            await fetch(url, part)
    assert len(written(part) or b"") <= SIZE_LIMIT
    assert sent < 100 * SIZE_LIMIT


async def test_a_bomb_stops_at_the_limit(part: Path) -> None:
    bomb = gzip.compress(b"a\n" * (100 * SIZE_LIMIT), 1)
    assert len(bomb) < SIZE_LIMIT
    async with serving(answer(body=bomb, headers={"Content-Encoding": "gzip"})) as url:
        with pytest.raises(ListError, match="max_list_size"):
            await fetch(url, part)
    assert len(written(part) or b"") <= SIZE_LIMIT


async def test_a_server_that_falls_silent_is_given_up(part: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LIST)
    limits = Limits(SIZE_LIMIT, idle_s=0.2)
    async with talking(head, LIST[:100], stay=True) as url:
        with pytest.raises(ListError, match="too slow"):
            await fetch(url, part, limits=limits)


async def test_a_server_that_trickles_is_given_up(part: Path) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.01)

    limits = Limits(SIZE_LIMIT, total_s=0.3)
    async with serving(handle) as url:
        with pytest.raises(ListError, match=r"not complete within 0\.3 s"):
            await fetch(url, part, limits=limits)


async def test_a_server_that_talks_no_http_is_an_error(part: Path) -> None:
    async with talking(b"220 mail.example.org ESMTP\r\n") as url:
        with pytest.raises(ListError, match="can't be fetched"):
            await fetch(url, part)


async def test_nobody_listening_is_an_error(part: Path) -> None:
    with pytest.raises(ListError, match="can't be fetched"):
        await fetch(f"http://127.0.0.1:{nobodys_port()}/", part)


# Where it may not lead


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data", "private"),
        ("http://192.168.0.1/", "private"),
        ("http://[::1]:8080/", "private"),
        ("http://[::ffff:169.254.169.254]/", "private"),
        ("//10.0.0.1/", "private"),
        ("http://127.1/", "usual notation"),
        ("http://2130706433/", "usual notation"),
        ("http://0x7f.0.0.1/", "usual notation"),
        ("file:///etc/passwd", "neither http:// nor https://"),
        ("ftp://example.org/list.txt", "neither http:// nor https://"),
        ("data:text/plain,example.org", "neither http:// nor https://"),
        ("http://example.org:port/", "is no URL"),
        ("", "without saying where to"),
    ],
)
async def test_a_redirect_to_where_it_may_not_lead_is_refused(
    part: Path, location: str, reason: str
) -> None:
    headers = {"Location": location} if location else {}
    async with serving(answer(status=302, headers=headers)) as url:
        with pytest.raises(ListError, match=reason):
            await fetch(url, part)
    assert written(part) is None


async def test_a_name_is_resolved_once_and_connected_to_where_it_was_checked(part: Path) -> None:
    answers = [["127.0.0.1"], ["192.0.2.1"]]  # the second is what rebinding would give
    asked: list[str] = []

    async def resolve(host: str) -> HostAddresses:
        asked.append(host)
        return HostAddresses(answers.pop(0))

    async def handle(request: web.Request) -> web.Response:
        assert request.host.startswith("lists.example.org:")
        return web.Response(body=LIST)

    async with serving(handle) as url:
        named = url.replace("127.0.0.1", "lists.example.org")
        assert await fetch(named, part, resolve=resolve) is not None
    assert asked == ["lists.example.org"]


async def test_a_name_that_leads_to_a_private_address_is_refused(part: Path) -> None:
    async def resolve(host: str) -> HostAddresses:
        return HostAddresses(["192.168.0.1"])

    with pytest.raises(ListError, match=r"lists\.example\.org: 192\.168\.0\.1 is a private"):
        await fetch("http://lists.example.org/", part, resolve=resolve)


async def test_of_a_names_addresses_only_the_allowed_are_connected_to(part: Path) -> None:
    async def resolve(host: str) -> HostAddresses:
        return HostAddresses(["127.0.0.2", "127.0.0.1"])  # a server listens on the second only

    async with serving(answer(body=LIST)) as url:
        named = url.replace("127.0.0.1", "lists.example.org")
        assert await fetch(named, part, resolve=resolve) is not None


@pytest.mark.parametrize(
    "error",
    [
        OSError("no network"),
        UpstreamError("", "no answer in time"),
        UnicodeError("label empty or too long"),
    ],
)
async def test_a_name_that_cannot_be_resolved_is_an_error(part: Path, error: Exception) -> None:
    async def resolve(host: str) -> HostAddresses:
        raise error

    with pytest.raises(ListError, match=r"lists\.example\.org can't be resolved"):
        await fetch("http://lists.example.org/", part, resolve=resolve)


async def test_a_name_without_addresses_is_an_error(part: Path) -> None:
    async def resolve(host: str) -> HostAddresses:
        return HostAddresses([])

    with pytest.raises(ListError, match=r"lists\.example\.org has no address"):
        await fetch("http://lists.example.org/", part, resolve=resolve)
