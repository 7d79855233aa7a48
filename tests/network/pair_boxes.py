"""Two servers that can be paired: for the tests of that."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from house import LIMIT_S, NOBODY, ask, rcode_of, running, until
from settings_file import write_settings

from sinkhole.app.app import App
from sinkhole.control.pairing.pairing import Pairing


class Box:
    """A server with a settings file, which can be stopped and begun anew."""

    def __init__(self, folder: Path, port: int, tree: dict[str, Any]) -> None:
        self.folder = folder
        self._tree = {
            "dns": {"listen": ["127.0.0.1:0"]},
            "web": {"listen": f"127.0.0.1:{port}"},
            "upstream": {"bootstrap": [NOBODY], "servers": [NOBODY]},
            "filtering": {"lists": [], "private_sources": True},
            "storage": {"node": folder.name},
            "data_dir": str(folder / "data"),
            **tree,
        }
        self._stack = AsyncExitStack()
        self.app: App

    async def begin(self) -> None:
        config = write_settings(self.folder / "sinkhole.yaml", self._tree)
        self.app = await self._stack.enter_async_context(
            running(app=await App.of(config, {}), lists=False)
        )

    async def stop(self) -> None:
        await self._stack.aclose()

    @property
    def pairing(self) -> Pairing:
        return self.app.front.pairing

    @property
    def url(self) -> str:
        return self.app.listening.url

    async def call(
        self, method: str, path: str, body: Any = None, token: str = ""
    ) -> tuple[int, Any]:
        """Ask its API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            ClientSession(timeout=ClientTimeout(total=LIMIT_S)) as client,
            client.request(
                method,
                f"{self.url}/api/v1{path}",
                json=body if method != "GET" else None,
                headers=headers,
            ) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        status, told = await self.call(method, path, {} if body is None else body)
        assert status == 200, told
        return told

    async def is_refused(self, name: str) -> bool:
        reply = await ask(self.app.addresses[0], name)
        return rcode_of(reply) == "NOERROR"

    async def pair(self, first: Box) -> None:
        code = (await first.done("POST", "/pairing/offer"))["code"]
        await self.done("POST", "/pairing/join", {"url": first.url, "code": code})
        await until(lambda: self.pairing.is_reached and first.pairing.is_reached)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@asynccontextmanager
async def boxes(folder: Path, **tree: Any) -> AsyncIterator[tuple[Box, Box]]:
    """Two that are not paired yet."""
    for name in ("attic", "cellar"):
        (folder / name).mkdir()
    attic, cellar = (Box(folder / name, free_port(), tree) for name in ("attic", "cellar"))
    try:
        await attic.begin()
        await cellar.begin()
        yield attic, cellar
    finally:
        await cellar.stop()
        await attic.stop()
