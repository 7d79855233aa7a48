"""A house that never was, for looking at the page: sources that keep everything in memory.

`python tests/web/pretend.py [port]` serves the page on it, for working on the page. Pictures of
the page need no script, of this house or of a real server:

    chromium --headless --disable-gpu --hide-scrollbars --window-size=1200,1500 \\
        --blink-settings=preferredColorScheme=1 --virtual-time-budget=3000 \\
        --screenshot=docs/page-light.png http://127.0.0.1:8099/

and with preferredColorScheme=0 for docs/page-dark.png. All names and addresses here are
reserved for documentation.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from bare_house import bare_house

from sinkhole.control.lists.status import ListStatus, Quarantine
from sinkhole.control.operations.house import House
from sinkhole.control.querylog import LoggedQuery, QueryPage
from sinkhole.control.stats import Counters
from sinkhole.control.web import ServerStatus, WebServer, create_app
from sinkhole.model.errors import ListError
from sinkhole.model.statistics import ListHits, SeriesPoint, Summary
from sinkhole.model.status import UpstreamTrial

PERIODS = {"1h": (3600, 60), "24h": (86400, 600), "7d": (604800, 7200), "30d": (2592000, 21600)}
CLIENTS = ["192.0.2.21", "192.0.2.34", "192.0.2.40", "192.0.2.57", "192.0.2.63", "2001:db8::5e"]
NAMES = [
    "www.example.org", "api.example.com", "mail.example.net", "cdn.example.com",
    "time.example.net", "updates.example.org", "video.example.com", "music.example.net",
    "weather.example.org", "chat.example.com", "photos.example.net", "maps.example.com",
]  # fmt: skip
BLOCKED = [
    "ads.example.com", "telemetry.example.net", "metrics.example.org", "pixel.example.com",
    "tracker.example.net", "banner.example.org", "beacon.example.com", "stats.example.net",
    "sync-partner-eu-west.ads.example.com", "crash-reports.example.org",
]  # fmt: skip
_POPULARITY = [1 / (rank + 3) for rank in range(len(NAMES))]
LISTS = ["Starter", "AdGuard DNS filter", "Telemetry of devices"]
UPSTREAMS = [("https://dns.example.net", 11.8), ("tls://dns.example.org", 14.2)]
TRANSPORTS = {"udp": 80, "tls": 14, "https": 5, "tcp": 1}


class PretendHouse:
    """All sources of the web server, with a day of invented queries or none at all."""

    def __init__(self, *, empty: bool = False, seed: int = 7) -> None:
        self.rows: list[LoggedQuery] = []
        self.problems: list[str] = []
        self.identity: Any = None
        """Who may come in; None: this machine, without an account."""
        self.updates = 0
        self.quarantine: Quarantine | None = None
        self.accepted: list[str] = []
        self._random = random.Random(seed)
        # Time stands still here, or a test that runs over a full ten minutes compares two charts,
        # or asks what is behind the end of its chart.
        self._opened = time.time()
        self._started = self._opened - 3 * 86400 - 4 * 3600
        self._scale = 0 if empty else 1
        if not empty:
            for index in range(240):
                self.ask(self._invent(), self._opened - 4.3 * (240 - index))

    def house(self) -> House:
        """What `create_app` wants."""
        parts = {} if self.identity is None else {"identity": self.identity}
        library = SimpleNamespace(
            status=self.list_status, accept=self.accept_list, update=self.update_lists
        )
        return bare_house(
            statistics=lambda: self,
            query_log=lambda: SimpleNamespace(history=self),
            explainer=lambda: self,
            counters=Counters(),
            status=self.status,
            library=library,
            try_upstream=self.try_upstream,
            **parts,
        )

    async def explain(
        self, name: str, qtype: str, client: str, *, ask: bool = False
    ) -> dict[str, Any]:
        """The page does not ask for explanations."""
        return {"name": name, "type": qtype, "client": {"address": client}, "heard": ask}

    def ask(self, row: dict[str, Any], when: float | None = None) -> None:
        """Add a query to the log; `row` holds what differs from a forwarded one."""
        plain = {
            "id": str(len(self.rows) + 1), "time": self._opened if when is None else when,
            "client": CLIENTS[0], "name": "www.example.org", "type": "A",
            "outcome": "forwarded", "blocked": False, "rcode": "NOERROR", "list": "", "line": 0,
            "rule": "", "hop": "", "upstream": "", "group": "default", "detail": "",
            "duration_ms": 0.28, "transport": "udp",
        }  # fmt: skip
        self.rows.append({**plain, **row})

    def _invent(self) -> dict[str, Any]:
        pick = self._random
        row: dict[str, Any] = {
            "client": pick.choices(CLIENTS, [9, 7, 5, 3, 2, 2])[0],
            "type": pick.choices(["A", "AAAA", "HTTPS"], [5, 4, 2])[0],
            "duration_ms": pick.uniform(0.12, 0.6),
            "transport": pick.choices([*TRANSPORTS], [*TRANSPORTS.values()])[0],
        }
        kind = pick.choices(["blocked", "hop", "cached", "new", "local", "none"],
                            [38, 3, 38, 16, 4, 1])[0]  # fmt: skip
        if kind == "blocked":
            name = pick.choices(BLOCKED, _POPULARITY[: len(BLOCKED)])[0]
            position = BLOCKED.index(name)
            row |= {"name": name, "outcome": "blocked", "blocked": True,
                    "list": LISTS[min(position % 4, 1)], "line": 10 + 3 * position,
                    "rule": f"||{name}^"}  # fmt: skip
        elif kind == "hop":
            row |= {"name": "assets.example.org", "outcome": "blocked_answer", "blocked": True,
                    "list": LISTS[1], "line": 4183, "rule": "||tracker.example.net^",
                    "hop": "edge.tracker.example.net"}  # fmt: skip
        elif kind == "cached":
            row |= {"name": pick.choices(NAMES, _POPULARITY)[0], "outcome": "cached"}
        elif kind == "new":
            server, ms = pick.choice(UPSTREAMS)
            row |= {"name": pick.choices(NAMES, _POPULARITY)[0], "upstream": server,
                    "duration_ms": pick.gauss(ms, 2)}  # fmt: skip
        elif kind == "local":
            row |= {"name": "nas.home.example", "outcome": "local"}
        else:
            row |= {"name": "gone.example.net", "outcome": "forwarded", "rcode": "NXDOMAIN",
                    "upstream": UPSTREAMS[0][0], "duration_ms": 15.1}  # fmt: skip
        return row

    async def summary(self, period: str = "24h") -> Summary:
        """A day with quiet nights and busy evenings, and what is in the log on top."""
        if period not in PERIODS:
            raise ValueError(f"period is {period!r}; it may be one of {', '.join(PERIODS)}")
        length, step = PERIODS[period]
        end = int(self._opened) // step * step + step
        series = [self._point(at, step) for at in range(end - length, end, step)]
        total = {key: sum(p[key] for p in series) for key in ("queries", "blocked", "cached")}
        asked = total["queries"]
        blocked = [row for row in self.rows if row["blocked"]]
        return {
            "period": period, "from": end - length, "to": end,
            "totals": total | {
                "forwarded": (asked - total["blocked"] - total["cached"]) * 9 // 10,
                "local": asked // 30, "failed": asked // 9000, "refused": 0},
            "blocked_percent": round(100 * total["blocked"] / asked, 1) if asked else 0.0,
            "cached_percent": round(100 * total["cached"] / asked, 1) if asked else 0.0,
            "latency_ms": {"p50": 0.31, "p95": 13.6, "p99": 31.0, "mean": 4.2} if asked
            else {"p50": None, "p95": None, "p99": None, "mean": None},
            "step_s": step, "series": series,
            "top_names": self._top("name", [r for r in self.rows if not r["blocked"]], asked),
            "top_blocked": self._top("name", blocked, asked),
            "top_clients": self._clients(asked),
            "top_lists": self._top("list", blocked, asked, "name"),
            "upstreams": [
                {"name": name, "count": asked // (6 + 2 * index), "avg_ms": ms}
                for index, (name, ms) in enumerate(UPSTREAMS) if asked],
            "transports": [
                {"name": name, "count": asked * share // 100}
                for name, share in TRANSPORTS.items() if asked],
            "records_dropped": 0,
        }  # fmt: skip

    def _point(self, at: int, step: int) -> SeriesPoint:
        here = [row for row in self.rows if at <= row["time"] < at + step]
        hour = (at % 86400) / 3600
        busy = 0.12 + max(0, 1 - abs(hour - 20) / 5) + 0.55 * max(0, 1 - abs(hour - 8) / 3)
        noise = random.Random(at).uniform(0.75, 1.25)
        queries = int(self._scale * step * 0.75 * busy * noise)
        share = random.Random(at + 1).uniform(0.34, 0.46)
        return {
            "time": at, "queries": queries + len(here),
            "blocked": int(queries * share) + sum(row["blocked"] for row in here),
            "cached": int(queries * 0.37),
        }  # fmt: skip

    def _top(
        self, key: str, rows: list[dict[str, Any]], asked: int, name: str = "name"
    ) -> list[dict[str, Any]]:
        found = Counter(row[key] for row in rows).most_common(10)
        factor = asked / max(len(self.rows), 1)
        return [{name: text, "count": max(1, int(count * factor))} for text, count in found]

    def _clients(self, asked: int) -> list[dict[str, Any]]:
        blocked = {
            e["client"]: e["count"]
            for e in self._top("client", [r for r in self.rows if r["blocked"]], asked, "client")
        }
        return [
            {**entry, "blocked": blocked.get(entry["client"], 0)}
            for entry in self._top("client", self.rows, asked, "client")
        ]

    async def page(
        self,
        *,
        limit: int = 100,
        before: str | None = None,
        client: str | None = None,
        name: str | None = None,
        verdict: str | None = None,
        qtype: str | None = None,
        transport: str | None = None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> QueryPage:
        """The log, newest first; the cursor is the id of the last row shown."""
        rows = [
            row
            for row in reversed(self.rows)
            if (before is None or int(row["id"]) < int(before))
            and (client is None or row["client"] == client)
            and (name is None or name.lower() in row["name"].lower())
            and (qtype is None or row["type"] == qtype)
            and (transport is None or row["transport"] == transport)
            and verdict in (None, row["outcome"], "blocked" if row["blocked"] else "allowed")
        ]
        more = len(rows) > limit
        following = rows[limit - 1]["id"] if more else None
        return {"queries": rows[:limit], "next": following, "looked_back_to": None}

    def status(self) -> ServerStatus:
        """A server in its fourth day."""
        return {
            "version": "0.1.0", "started": self._started,
            "uptime_s": time.time() - self._started, "listen": ["192.0.2.2:53", "[::]:53"],
            "encrypted": ["192.0.2.2:853 (TLS)"],
            "web": "192.0.2.2:8080", "lists": self.list_status(), "names": 353_262,
            "upstreams": [
                {"name": name, "kind": name.partition(":")[0], "address": f"198.51.100.{number}",
                 "up": True, "down_s": None, "rtt_ms": ms, "rtt_p50_ms": ms, "rtt_p95_ms": 3 * ms,
                 "connected_s": 3900.0, "queries": 7421, "failures": 3,
                 "last_failure": "gave no answer within 2 s"}
                for number, (name, ms) in enumerate(UPSTREAMS, 9)],
            "cache": {"entries": 4210 * self._scale, "size_bytes": 1_912_004 * self._scale,
                      "limit_bytes": 32 << 20},
            "prefetch": {"enabled": True, "asked": 391 * self._scale, "failed": 0,
                         "saved": 1204 * self._scale, "underway": 0, "pauses": False},
            "certificate": {"names": ["dns.example.org"], "issuer": "An authority",
                            "expires": self._opened + 60 * 86400, "days_left": 60},
            "log": {"enabled": True, "waiting": 0, "dropped": 0,
                    "rows": 118_204 * self._scale + len(self.rows),
                    "size_bytes": 21_400_000 * self._scale + 40_960, "error": None},
            "losses": {"queries_dropped": 2, "replies_unsent": 0},
            "problems": self.problems,
        }  # fmt: skip

    def list_status(self) -> list[ListStatus]:
        """Three lists in use, one that allows, one switched off."""
        checked = time.time() - 5 * 3600 if not self.updates else time.time()
        plain = {"kind": "block", "enabled": True, "added": False, "rules": 0, "unique": None,
                 "refused": 0, "refused_reasons": {}, "refused_samples": [], "checked": checked,
                 "changed": checked, "fetch_s": 1.42, "compile_s": 0.61, "size_bytes": 4_100_000,
                 "disk_bytes": 9_400_000, "versions": 3, "error": None, "quarantine": None,
                 "state": "ready"}  # fmt: skip
        return [
            plain | {"name": LISTS[0], "url": "file:blocklists/starter.txt", "names": 262,
                     "rules": 262},
            plain | {"name": LISTS[1], "url": "https://lists.example.org/filter.txt",
                     "names": 209_874, "rules": 211_078, "refused": 2,
                     "unique": 84_211, "quarantine": None if self.accepted else self.quarantine,
                     "refused_reasons": {"more than one word on a line": 2},
                     "refused_samples": [{"line": 7, "text": "two words", "reason":
                                          "more than one word on a line"}]},
            plain | {"name": LISTS[2], "url": "https://lists.example.net/devices.txt",
                     "names": 143_126, "rules": 143_126},
            plain | {"name": "Own exceptions", "url": "file:allow.txt", "names": 12,
                     "rules": 12, "kind": "allow"},
            plain | {"name": "Everything social", "url": "https://lists.example.com/social.txt",
                     "names": 0, "enabled": False, "checked": None, "changed": None,
                     "state": "disabled"},
        ]  # fmt: skip

    async def list_hits(self) -> dict[str, ListHits]:
        """How often they blocked."""
        return {LISTS[0]: {"day": 412, "week": 2_950}, LISTS[1]: {"day": 1_204, "week": 8_077}}

    async def accept_list(self, name: str) -> None:
        """Take what is held back."""
        if name != LISTS[1] or self.quarantine is None:
            raise ListError(name, "nothing is held back, so there is nothing to accept")
        self.accepted.append(name)

    async def try_upstream(self, url: str) -> UpstreamTrial:
        """Nobody is tried in a pretended house."""
        raise ValueError(f"{url} is no upstream")

    async def update_lists(self) -> int:
        """Finds two lists changed."""
        self.updates += 1
        return 2


async def serve(port: int) -> None:
    """Serve a full house at `port`, and an empty one at the next."""
    for offset, empty in enumerate((False, True)):
        app = create_app(PretendHouse(empty=empty).house())
        server = WebServer(app, "127.0.0.1", port + offset)
        await server.start()
        print(server.url, "empty" if empty else "full", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8099))
