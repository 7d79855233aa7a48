"""Several sinkholes that share one database: what each says of itself, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypedDict

AWAY_S: Final = 15.0
"""A node is away when nothing was heard of it for longer, by the clock of the database."""

CONNECTING: Final = "the database is just being connected to"
"""Why nothing is known of others at first."""

MOST_TEXTS: Final = 50
LONGEST_TEXT: Final = 1000
_MOST_NUMBER: Final = 1 << 63
"""Texts of a list that are read of what a node says, and characters of each."""

NodeState = Literal["up", "away", "unknown"]
"""`unknown` is a node whose state nobody knows, as the database is away."""


class NodeReport(TypedDict):
    """What a node says of itself. Counts are since its start.

    `started` is in seconds since 1970. `dns` and `web` are where it is reached, `median_ms` is None
    before its first query, `workers` 1 where it answers by itself. `waiting` is how many rows of
    its log are not in the database yet, `revision` of which state the settings are that nodes
    share, 0 where they share none.
    """

    version: str
    started: float
    dns: list[str]
    web: str
    health: Literal["ok", "degraded", "failing"]
    problems: list[str]
    queries: int
    blocked: int
    cached: int
    rate: float
    median_ms: float | None
    workers: int
    waiting: int
    revision: int
    drained: bool


class Node(NamedTuple):
    """A node as it is known here.

    `silent_s` is how long ago it was last heard of. `wants_drain` is what somebody asked of it and
    it did not do yet, None for nothing; `has_twin` tells that another one has the same name.
    """

    name: str
    is_own: bool
    state: NodeState
    silent_s: float
    report: NodeReport
    wants_drain: bool | None = None
    has_twin: bool = False


class Nodes(NamedTuple):
    """All nodes, by name. `is_shared` is whether a database is to be shared; `error` is why nothing
    is known of the others now, "" where it is, and `known_s` when they were last heard of, in
    seconds since 1970, None for never."""

    nodes: tuple[Node, ...]
    is_shared: bool = False
    error: str = ""
    known_s: float | None = None


class Wish(NamedTuple):
    """What somebody at another node wants of this one."""

    drained: bool
    by: str


def same_name(name: str) -> str:
    """The problem of two nodes with one name, as both tell it."""
    return f"another sinkhole calls itself {name!r}"


def read_report(told: Any) -> NodeReport:
    """What another node says of itself, of whatever version: what it does not say, or says in
    another way, is as if nothing was known of it."""
    said = told if isinstance(told, Mapping) else {}
    health, web = said.get("health"), _text(said, "web")
    return {
        "version": _text(said, "version"),
        "started": _number(said, "started"),
        "dns": _texts(said, "dns"),
        # A page shows it as a link: one of another kind could be a program.
        "web": web if web.startswith(("http://", "https://")) else "",
        "health": health if health in ("ok", "failing") else "degraded",
        "problems": _texts(said, "problems"),
        "queries": int(_number(said, "queries")),
        "blocked": int(_number(said, "blocked")),
        "cached": int(_number(said, "cached")),
        "rate": _number(said, "rate"),
        "median_ms": None if said.get("median_ms") is None else _number(said, "median_ms"),
        "workers": int(_number(said, "workers")),
        "waiting": int(_number(said, "waiting")),
        "revision": int(_number(said, "revision")),
        "drained": said.get("drained") is True,
    }


def _text(said: Mapping[str, Any], key: str) -> str:
    found = said.get(key)
    return found[:LONGEST_TEXT] if isinstance(found, str) else ""


def _texts(said: Mapping[str, Any], key: str) -> list[str]:
    found = said.get(key)
    texts = found[:MOST_TEXTS] if isinstance(found, list) else []
    return [each[:LONGEST_TEXT] for each in texts if isinstance(each, str)]


def _number(said: Mapping[str, Any], key: str) -> float:
    found = said.get(key)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return 0
    return found if abs(found) < _MOST_NUMBER else 0
