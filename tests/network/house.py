"""A whole sinkhole to ask: settings with free ports, clients over UDP, TCP and HTTP, list servers.

    async with FakeUpstream() as upstream:
        async with running(house(tmp_path, upstream)) as app:
            reply = await ask(app.addresses[0], "example.org")

`App` runs within the test; `program.py` has the same for the real program as a child process.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import dnslib
from aiohttp import ClientSession, ClientTimeout, web
from fake_upstream import FakeUpstream
from settings_file import settings_from

from sinkhole.app.app import App
from sinkhole.control.settings import Settings

LIMIT_S: Final = 90.0
"""How long a test waits for what must happen; never reached by a test that passes."""

NOBODY: Final = "127.0.0.1:9"
"""An upstream that is not there: datagrams to the discard port are refused."""


def has_ipv6() -> bool:
    """Whether ::1 can be listened on here."""
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        return True
    return False


def wanted(folder: Path, upstream: FakeUpstream | None = None, **changes: Any) -> dict[str, Any]:
    """Settings as a file would have them: loopback, free ports, data in `folder`, no lists.

    `changes` are whole sections, or keys of sections as `filtering__rules`.
    """
    tree: dict[str, Any] = {
        "dns": {"listen": ["127.0.0.1:0"]},
        "upstream": {"servers": [upstream.name if upstream is not None else NOBODY]},
        "filtering": {"lists": [], "private_sources": True},
        "web": {"listen": "127.0.0.1:0"},
        "data_dir": str(folder / "data"),
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        if name:
            tree.setdefault(section, {})[name] = value
        else:
            tree[section] = value
    return tree


def house(folder: Path, upstream: FakeUpstream | None = None, **changes: Any) -> Settings:
    """The same as Settings."""
    return settings_from(wanted(folder, upstream, **changes))


def list_file(path: Path, *rules: str, name: str = "Mine", kind: str = "block") -> dict[str, str]:
    """A list in a file, as an item of filtering.lists."""
    path.write_text("".join(f"{rule}\n" for rule in rules))
    return {"name": name, "url": f"file:{path}", "kind": kind}


@asynccontextmanager
async def running(
    settings: Settings | None = None, *, lists: bool = True, app: App | None = None
) -> AsyncIterator[App]:
    """A started App, by default with all its lists in use; stopped at the end."""
    app = app or App(settings or Settings())
    await app.start()
    try:
        if lists:
            await app.first_lists(LIMIT_S)
            assert {each["state"] for each in app.library.status()} <= {"ready"}
        yield app
    finally:
        await app.stop()


def problems_of(app: App) -> list[str]:
    """What is wrong, but for upstreams, which most tests do without."""
    return [problem for problem in app.problems() if "upstream" not in problem]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the database, as a backup might."""
    holding = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "d.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin is not None and other.stdout is not None
        try:
            assert other.stdout.readline() == b"held\n"
            yield
        finally:
            other.stdin.close()


# -- clients ---------------------------------------------------------------------------------


def query(name: str, qtype: str = "A", *, edns: bool = True, ad: bool = False) -> bytes:
    """A query as dig writes it; `ad` asks to be told what is proven (RFC 6840 §5.7)."""
    record = dnslib.DNSRecord.question(name, qtype)
    record.header.ad = ad
    if edns:
        record.add_ar(dnslib.EDNS0(udp_len=1232))
    return bytes(record.pack())


def endpoint(address: str) -> tuple[str, int]:
    """("::1", 5353) of "[::1]:5353"."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


async def ask(
    address: str, name: str, qtype: str = "A", *, tcp: bool = False, ad: bool = False
) -> dnslib.DNSRecord:
    """What "host:port" answers."""
    wire = query(name, qtype, ad=ad)
    async with asyncio.timeout(LIMIT_S):
        reply = await (_by_tcp if tcp else _by_udp)(endpoint(address), wire)
    assert reply[:2] == wire[:2]
    return dnslib.DNSRecord.parse(reply)


async def _by_udp(where: tuple[str, int], wire: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(where)
        while True:
            await loop.sock_sendall(sock, wire)
            with suppress(TimeoutError):
                async with asyncio.timeout(5):  # a datagram may be lost, as under a flood
                    return await loop.sock_recv(sock, 4096)


async def _by_tcp(where: tuple[str, int], wire: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*where)
    try:
        writer.write(len(wire).to_bytes(2, "big") + wire)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()


async def answers(address: str, name: str, qtype: str = "A", *, tcp: bool = False) -> list[str]:
    """The rdata of the answers as text."""
    return [str(rr.rdata) for rr in (await ask(address, name, qtype, tcp=tcp)).rr]


def rcode_of(reply: dnslib.DNSRecord) -> str:
    return str(dnslib.RCODE[reply.header.rcode])


def errors_of(reply: dnslib.DNSRecord) -> list[tuple[int, str]]:
    """Code and text of the extended errors (RFC 8914)."""
    options = [option for rr in reply.ar if rr.rtype == dnslib.QTYPE.OPT for option in rr.rdata]
    data = [bytes(option.data) for option in options if option.code == 15]
    return [(int.from_bytes(each[:2], "big"), each[2:].decode()) for each in data]


async def get(url: str, path: str) -> Any:
    """The JSON that the API answers."""
    async with _http() as session, session.get(url + path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def get_text(url: str, path: str) -> tuple[int, str]:
    """Status and body."""
    async with _http() as session, session.get(url + path) as response:
        return response.status, await response.text()


async def post(url: str, path: str, **options: Any) -> tuple[int, Any]:
    """Status and JSON of a POST with these options."""
    async with _http() as session, session.post(url + path, json=options) as response:
        return response.status, await response.json()


def _http() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=LIMIT_S))


async def until(condition: Callable[[], Any], what: str = "the condition") -> None:
    """Wait for what must become true soon; a condition may be a coroutine function."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                found = condition()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not come true within {LIMIT_S:.0f} s") from None


# -- list servers ----------------------------------------------------------------------------


class ListServer:
    """A web server with one list, which a test may change: rules, a gate, a status."""

    def __init__(self, *rules: str) -> None:
        self.rules: Sequence[str] = rules
        self.status = 200
        self.gate: asyncio.Event | None = None
        """Until it is set, only half of the body is sent."""
        self.requests = 0
        self.url = ""
        self._waiting = asyncio.Condition()

    @property
    def body(self) -> bytes:
        return "".join(f"{rule}\n" for rule in self.rules).encode()

    def item(self, name: str = "Fetched") -> dict[str, str]:
        """The list as an item of filtering.lists."""
        return {"name": name, "url": self.url, "kind": "block"}

    async def asked(self, times: int) -> None:
        """Wait until so many requests have come in all."""
        async with asyncio.timeout(LIMIT_S), self._waiting:
            await self._waiting.wait_for(lambda: self.requests >= times)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        async with self._waiting:
            self.requests += 1
            self._waiting.notify_all()
        if self.status != 200:
            return web.Response(status=self.status)
        body, tag = self.body, f'"{hash(tuple(self.rules))}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        response = web.StreamResponse(headers={"ETag": tag, "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if self.gate is not None:
            await self.gate.wait()
        with suppress(ConnectionResetError):  # whoever asked may have been killed
            await response.write(body[len(body) // 2 :])
        return response


@asynccontextmanager
async def list_server(*rules: str) -> AsyncIterator[ListServer]:
    """A ListServer on 127.0.0.1."""
    server = ListServer(*rules)
    app = web.Application()
    app.router.add_get("/list.txt", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    server.url = f"http://127.0.0.1:{listener.getsockname()[1]}/list.txt"
    try:
        yield server
    finally:
        if server.gate is not None:
            server.gate.set()
        await runner.cleanup()
