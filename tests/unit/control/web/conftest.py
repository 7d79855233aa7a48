"""A web server on a free port, over sources that remember what they were asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from bare_house import bare_house
from places import Place

from sinkhole.control.database import Reader
from sinkhole.control.lists.status import ListStatus
from sinkhole.control.operations.house import House
from sinkhole.control.querylog import History, LoggedQuery, QueryPage
from sinkhole.control.stats import Counters, MinuteCounts, SqliteCounts, Statistics
from sinkhole.control.stats.minute_counts import AnswerKey
from sinkhole.control.web import ServerStatus, WebServer, create_app
from sinkhole.model.errors import ListError, UpstreamError
from sinkhole.model.statistics import ListHits, Summary
from sinkhole.model.status import Health, UpstreamTrial
from sinkhole.model.verdict import Outcome

LIST: ListStatus = {
    "name": 'Starter "one"\n', "kind": "block", "url": "file:starter.txt", "enabled": True,
    "added": False, "names": 262, "rules": 3, "unique": None, "refused": 1,
    "refused_reasons": {}, "refused_samples": [], "checked": 1_700_000_000, "changed": None,
    "fetch_s": None, "compile_s": None, "size_bytes": 900, "disk_bytes": 900, "versions": 1,
    "taken_from": "", "error": None, "quarantine": None, "state": "ready",
}  # fmt: skip
STATUS: ServerStatus = {
    "version": "0.1.0", "started": 1_700_000_000, "uptime_s": 60.0, "listen": ["127.0.0.1:5353"],
    "encrypted": [],
    "web": "127.0.0.1:8080", "lists": [LIST], "names": 262,
    "upstreams": [
        {"name": "tls://dns.example.org", "kind": "tls", "address": "192.0.2.53", "up": True,
         "down_s": None, "rtt_ms": 12.5, "rtt_p50_ms": 11.0, "rtt_p95_ms": 40.0,
         "connected_s": 90.5, "queries": 9, "failures": 2, "last_failure": "was silent"},
        {"name": "192.0.2.54", "kind": "udp", "address": "192.0.2.54", "up": False,
         "down_s": 30.0, "rtt_ms": None, "rtt_p50_ms": None, "rtt_p95_ms": None,
         "connected_s": None, "queries": 0, "failures": 0, "last_failure": ""}],
    "cache": {"entries": 4, "size_bytes": 900, "limit_bytes": 1000},
    "prefetch": {"enabled": True, "asked": 30, "failed": 1, "saved": 12, "underway": 0,
                 "pauses": False},
    "certificate": {"names": ["dns.example.org"], "issuer": "An authority",
                    "expires": 1_800_000_000.0, "days_left": 42},
    "log": {"enabled": True, "waiting": 1, "dropped": 5, "rows": 7, "size_bytes": 4096,
            "error": None},
    "shipping": [
        {"to": "syslog", "target": "udp://192.0.2.7:514", "waiting": 3, "sent": 90, "dropped": 4,
         "error": None},
        {"to": "dnstap", "target": "unix:/run/tap", "waiting": 9, "sent": 0, "dropped": 0,
         "error": "connection refused"}],
    "protection": {"enabled": True, "paused_by": "", "paused_at": None, "left_s": None,
                   "pauses": 0, "text": "on"},
    "losses": {"queries_dropped": 2, "replies_unsent": 0},
    "problems": [],
}  # fmt: skip
QUERY: LoggedQuery = {
    "id": "1", "time": 1_700_000_000.0, "client": "192.0.2.1", "name": "\u202e<script>\ud800",
    "type": "A", "outcome": "forwarded", "blocked": False, "rcode": "NOERROR", "list": "",
    "line": 0, "rule": "", "hop": "", "upstream": "", "group": "default", "detail": "",
    "duration_ms": 0.1, "transport": "udp",
}  # fmt: skip
NO_DATABASE = Path("there is no such database")


def counted() -> Counters:
    """A hundred queries, which took 1.25 s in all."""
    counters = Counters()
    minute = MinuteCounts(
        0, durations=Counter({300: 60, 9_000: 30, 96_200: 10}), transports=Counter({0: 99, 2: 1})
    )
    minute.answers[AnswerKey(Outcome.BLOCKED, 1, 0, "Starter")] = 41
    minute.answers[AnswerKey(Outcome.FORWARDED, 1, 0, "")] = 39
    minute.answers[AnswerKey(Outcome.FORWARDED, 64_999, 0, "")] = 20
    counters.add(minute)
    return counters


class RememberingStatistics(Statistics):
    """Of nothing at all, but for one list."""

    def __init__(self, asked: list[dict[str, Any]]) -> None:
        super().__init__(SqliteCounts(Reader(NO_DATABASE)))
        self._asked = asked

    async def summary(self, period: str = "24h") -> Summary:
        self._asked.append({"period": period})
        if period not in ("1h", "24h"):
            raise ValueError(f"period is {period!r}; it may be one of 1h, 24h")
        return {
            "period": period, "from": 1_700_000_000, "to": 1_700_000_030.0,
            "totals": {"queries": 0, "blocked": 0, "cached": 0, "forwarded": 0, "local": 0,
                       "failed": 0, "refused": 0},
            "blocked_percent": 0.0, "cached_percent": 0.0,
            "latency_ms": {"p50": None, "p95": None, "p99": None, "mean": None},
            "step_s": 60, "series": [],
            "top_names": [], "top_blocked": [], "top_clients": [], "top_lists": [],
            "upstreams": [], "transports": [], "records_dropped": 0,
        }  # fmt: skip

    async def list_hits(self) -> dict[str, ListHits]:
        return {LIST["name"]: {"day": 12, "week": 345}}


class RememberingHistory(History):
    """Of one query, whose name is hostile."""

    def __init__(self, asked: list[dict[str, Any]]) -> None:
        super().__init__(SqliteCounts(Reader(NO_DATABASE)))
        self._asked = asked
        self.asked_slowly = asyncio.Event()
        self.given_up = asyncio.Event()

    async def page(self, **filters: Any) -> QueryPage:
        is_wanted = filters.pop("is_wanted")
        self._asked.append(filters)
        if filters["verdict"] == "slow":
            self.asked_slowly.set()
            while is_wanted():
                await asyncio.sleep(0)
            self.given_up.set()
        if filters["verdict"] == "odd":
            raise ValueError("verdict is 'odd'; it may be one of blocked, allowed")
        return {"queries": [QUERY], "next": None, "looked_back_to": None}


class Remembering:
    """Sources that answer the same each time and note how they were called."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.health = Health("ok")
        self.status: ServerStatus = {**STATUS}
        self.trial: asyncio.Event | None = None
        """Set when upstreams that are being tried answer; None: at once."""
        self.history = RememberingHistory(self.asked)

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

    async def accept_list(self, name: str) -> None:
        if name != LIST["name"]:
            raise ListError(name, "nothing is held back")
        self.asked.append({"accept": name})

    async def try_upstream(self, url: str) -> UpstreamTrial:
        self.asked.append({"upstream": url})
        if url == "nonsense":
            raise ValueError('"nonsense" is no upstream, write such as "tls://dns.example.org"')
        if self.trial is not None:
            await self.trial.wait()
        return {
            "url": url,
            "address": "192.0.2.1",
            "connect_ms": 1.5,
            "handshake_ms": None,
            "tls": "",
            "certificate": None,
            "rtt_ms": 0.5,
            "signs": True,
            "validates": False,
            "error": "",
        }

    def house(self, **changed: Any) -> House:
        """All of it, with single parts replaced."""
        library = {"accept": self.accept_list, "update": self.update_lists}
        library |= {key: changed.pop(key) for key in library.keys() & changed.keys()}
        statistics = changed.pop("statistics", RememberingStatistics(self.asked))
        history = changed.pop("history", self.history)
        explainer = changed.pop("explainer", self)
        parts = {
            "statistics": lambda: statistics,
            "query_log": lambda: SimpleNamespace(history=history),
            "explainer": lambda: explainer,
            "counters": counted(),
            "status": lambda: self.status,
            "library": SimpleNamespace(status=lambda: [LIST], **library),
            "try_upstream": self.try_upstream,
            "health": lambda: self.health,
        }
        return bare_house(**parts | changed)


class NeverAsked(web.Response):
    """A response that nobody may ask whether it is true.

    An empty one is false with aiohttp 3.11 and true with later ones: code that asks is right
    or wrong by the version of the library.
    """

    def __bool__(self) -> bool:
        raise AssertionError("a response is asked whether it is true")


@pytest.fixture(autouse=True)
def responses_that_are_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each response of ours, in every test here, is a NeverAsked."""
    monkeypatch.setattr(web, "Response", NeverAsked)


@pytest.fixture
def house() -> Remembering:
    """Fresh sources."""
    return Remembering()


Serve = Callable[..., Awaitable[WebServer]]
_ANY_PORT = Place("127.0.0.1", 0)


@pytest.fixture
async def serve(house: Remembering) -> AsyncIterator[Serve]:
    """`await serve(place=..., hosts=..., **sources to replace)`: a running web server."""
    servers: list[WebServer] = []

    async def start(
        *,
        place: Place = _ANY_PORT,
        hosts: tuple[str, ...] = (),
        most_connections: int = 32,
        most_per_client: int = 8,
        patience_s: float = 30.0,
        **changed: Any,
    ) -> WebServer:
        app = create_app(house.house(**changed), hosts=hosts)
        server = WebServer(
            app,
            *place,
            most_connections=most_connections,
            most_per_client=most_per_client,
            patience_s=patience_s,
        )
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that gives up after a generous while."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session
