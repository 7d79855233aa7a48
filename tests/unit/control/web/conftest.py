"""A site on a free port, over sources that remember what they were asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from sinkhole.control.web import Site, WebSources, create_app
from sinkhole.model.errors import ListError, UpstreamError

LIST = {
    "name": 'Starter "one"\n', "kind": "block", "url": "file:starter.txt", "enabled": True,
    "names": 262, "rules": 3, "refused": 1, "checked": 1_700_000_000, "changed": None,
    "error": None, "quarantine": None, "state": "ready",
}  # fmt: skip
STATUS = {
    "version": "0.1.0", "started": 1_700_000_000, "uptime_s": 60.0, "listen": ["127.0.0.1:5353"],
    "web": "127.0.0.1:8080", "lists": [LIST], "names": 262,
    "upstreams": [
        {"name": "192.0.2.53", "up": True, "rtt_ms": 12.5, "queries": 9, "failures": 2},
        {"name": "192.0.2.54", "up": False, "rtt_ms": None, "queries": 0, "failures": 0}],
    "cache": {"entries": 4, "size_bytes": 900, "limit_bytes": 1000},
    "log": {"enabled": True, "waiting": 1, "dropped": 5, "rows": 7, "size_bytes": 4096,
            "error": None},
    "losses": {"queries_dropped": 2, "replies_unsent": 0},
    "problems": [],
}  # fmt: skip


class Remembering:
    """Sources that answer the same each time and note how they were called."""

    outcomes = {"blocked": 41, "forwarded": 59}
    qtypes = {"A": 80, "other": 20}
    rcodes = {"NOERROR": 100}
    duration_sum_s = 1.25

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.is_healthy = True

    def duration_buckets(self) -> list[tuple[str, int]]:
        return [("0.0005", 60), ("0.01", 90), ("+Inf", 100)]

    async def summary(self, period: str = "24h") -> dict[str, Any]:
        self.asked.append({"period": period})
        if period not in ("1h", "24h"):
            raise ValueError(f"period is {period!r}; it may be one of 1h, 24h")
        return {"period": period, "totals": {"queries": 0}}

    async def page(self, **filters: Any) -> dict[str, Any]:
        self.asked.append(filters)
        if filters["verdict"] == "odd":
            raise ValueError("verdict is 'odd'; it may be one of blocked, allowed")
        return {"queries": [{"name": "\u202e<script>\ud800"}], "next": None}

    async def explain(
        self, name: str, qtype: str, client: str, *, ask: bool = False
    ) -> dict[str, Any]:
        self.asked.append({"name": name, "type": qtype, "client": client, "ask": ask})
        if client == "me":
            raise ValueError("'me' does not appear to be an IPv4 or IPv6 address")
        if name == "dead.example":
            raise UpstreamError("", "no answer")
        return {"name": name, "opinions": [{"rule": "\x1b[31m\u202e\ud800"}]}

    async def update_lists(self) -> int:
        return 1

    async def list_hits(self) -> dict[str, dict[str, int]]:
        return {LIST["name"]: {"day": 12, "week": 345}}

    async def accept_list(self, name: str) -> None:
        if name != LIST["name"]:
            raise ListError(name, "nothing is held back")
        self.asked.append({"accept": name})

    def sources(self) -> WebSources:
        return WebSources(
            statistics=self,
            history=self,
            explainer=self,
            counters=self,
            status=lambda: STATUS,
            list_status=lambda: [LIST],
            list_hits=self.list_hits,
            accept_list=self.accept_list,
            update_lists=self.update_lists,
            healthy=lambda: self.is_healthy,
        )


@pytest.fixture
def house() -> Remembering:
    """Fresh sources."""
    return Remembering()


Serve = Callable[..., Awaitable[Site]]


@pytest.fixture
async def serve(house: Remembering) -> AsyncIterator[Serve]:
    """`await serve(hosts=..., patience_s=..., **sources to replace)`: a running site."""
    sites: list[Site] = []

    async def start(
        *,
        hosts: tuple[str, ...] = (),
        most_connections: int = 32,
        patience_s: float = 30.0,
        **changed: Any,
    ) -> Site:
        app = create_app(replace(house.sources(), **changed), hosts=hosts)
        site = Site(app, "127.0.0.1", 0, most_connections=most_connections, patience_s=patience_s)
        await site.start()
        sites.append(site)
        return site

    yield start
    for site in sites:
        await site.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that gives up after a generous while."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session
