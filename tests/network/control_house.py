"""A running house that is asked as AdGuard Home is, by /control.

async with control_house(tmp_path) as house:
    told = await house.post("protection", {"enabled": False, "duration": 60_000})
    assert (told.status, told.text) == (200, "OK\\n")
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiohttp import ClientSession, ClientTimeout
from fake_upstream import FakeUpstream
from house import LIMIT_S, NOBODY, answers, ask, rcode_of, running
from settings_file import write_settings

from sinkhole.app.app import App

NAME: Final = "anna"
PASSWORD: Final = "correct horse battery"

OMITTED: Final = object()


class Told(NamedTuple):
    """An answer."""

    status: int
    kind: str
    text: str
    headers: Any

    @property
    def data(self) -> Any:
        """The JSON of a good one."""
        assert (self.status, self.kind) == (200, "application/json"), self
        return json.loads(self.text)


def basic(name: str = NAME, password: str = PASSWORD) -> dict[str, str]:
    """The header with a name and a password."""
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


class ControlHouse:
    """A running server with an account, and a client of it."""

    def __init__(self, app: App, client: ClientSession, upstream: FakeUpstream) -> None:
        self.app = app
        self.client = client
        self.upstream = upstream

    @property
    def where(self) -> str:
        """Where DNS is answered."""
        return self.app.addresses[0]

    async def call(
        self,
        method: str,
        path: str,
        body: Any = OMITTED,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Told:
        """Ask, with JSON where there is a body, and with nothing that says what it is else."""
        given = dict(basic() if headers is None else headers)
        if body is not OMITTED:
            given.setdefault("Content-Type", "application/json")
            options["data"] = json.dumps(body).encode()
        url = path if path.startswith("http") else f"{self.app.listening.url}/control/{path}"
        async with self.client.request(
            *(method, url),
            headers=given,
            skip_auto_headers={"Content-Type"},
            allow_redirects=False,
            **options,
        ) as answer:
            return Told(answer.status, answer.content_type, await answer.text(), answer.headers)

    async def get(self, path: str) -> Any:
        """The JSON of a GET."""
        return (await self.call("GET", path)).data

    async def post(self, path: str, body: Any = OMITTED) -> Told:
        """A POST."""
        return await self.call("POST", path, body)

    async def put(self, path: str, body: Any = OMITTED) -> Told:
        """A PUT."""
        return await self.call("PUT", path, body)

    async def done(self, method: str, path: str, body: Any = OMITTED) -> str:
        """Have something done that is to succeed; the text of the answer."""
        told = await self.call(method, path, body)
        assert told.status == 200, told
        return told.text

    async def answers(self, name: str, qtype: str = "A") -> list[str]:
        """What DNS answers."""
        return await answers(self.where, name, qtype)

    async def rcode(self, name: str, qtype: str = "A") -> str:
        """With which code it does."""
        return rcode_of(await ask(self.where, name, qtype))


@asynccontextmanager
async def control_house(
    folder: Path, *, has_account: bool = True, **changes: Any
) -> AsyncIterator[ControlHouse]:
    """It listens by a settings file, which has no list and one upstream; `changes` are further
    sections of the file, or keys as `filtering__rules`. With `upstream={}` the file holds no
    server, and whom it asks is for /control to say. Without `has_account` it gets none."""
    tree: dict[str, Any] = {
        "dns": {"listen": ["127.0.0.1:0"]},
        "web": {"listen": "127.0.0.1:0"},
        "filtering": {"lists": [], "private_sources": True, "builtin": {"rebinding": False}},
        "data_dir": str(folder / "data"),
    }
    for key, value in changes.items():
        section, _, name = key.partition("__")
        if name:
            tree.setdefault(section, {})[name] = value
        else:
            tree[section] = value
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        tree["upstream"] = {"bootstrap": [NOBODY], "servers": [upstream.name]} | tree.get(
            "upstream", {}
        )
        if changes.get("upstream") == {}:
            del tree["upstream"]["servers"]
        config = write_settings(folder / "sinkhole.yaml", tree)
        async with (
            running(app=await App.of(config, {}), lists=False) as app,
            ClientSession(timeout=ClientTimeout(total=LIMIT_S)) as client,
        ):
            if has_account:
                await app.front.identity.accounts.add(NAME, PASSWORD, "admin")
            yield ControlHouse(app, client, upstream)
