"""A node of its own, for houses that share nothing; and what one says of itself."""

from __future__ import annotations

from typing import Any, cast

from sinkhole.app.nodes import NodesHere
from sinkhole.app.sharing import Place
from sinkhole.control.operations.drain import Drain
from sinkhole.model.nodes import NodeReport


def a_report(**changed: Any) -> NodeReport:
    """What a node says that was just started, with some of it changed."""
    report = {
        "version": "0",
        "started": 0.0,
        "dns": ["127.0.0.1:53"],
        "web": "http://127.0.0.1:8080",
        "health": "ok",
        "problems": [],
        "queries": 0,
        "blocked": 0,
        "cached": 0,
        "rate": 0.0,
        "median_ms": None,
        "workers": 1,
        "waiting": 0,
        "revision": 0,
        "drained": False,
    }
    return cast(NodeReport, report | changed)


async def nothing() -> int:
    return 0


def one_node(name: str = "attic", drain: Drain | None = None) -> NodesHere:
    """One that shares nothing."""
    drain = drain or Drain()
    place = Place("", name)
    return NodesHere(lambda: place, lambda: a_report(drained=drain.is_on), nothing, drain)
