"""States of the house that can be heard of: each as it is told when it has changed.

None has in it what is another at each look, such as the age of something: that would be news each
second. Who wants more than is told asks the operation about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sinkhole.control.operations.house import House
from sinkhole.control.web.v1.subscribers import Topic


def _counters(house: House) -> Any:
    counters = house.counters
    outcomes = {key: count for key, count in counters.outcomes.items() if count}
    return {"queries": counters.queries, "outcomes": outcomes}


def _problems(house: House) -> Any:
    return {"problems": [each._asdict() for each in house.problems()]}


def _protection(house: House) -> Any:
    pauses = [
        {
            "scope": each.scope,
            "name": each.name,
            "paused_by": each.by,
            "paused_at": each.began.wall_s,
        }
        for each in house.protection.pauses
    ]
    return {"enabled": all(each["scope"] != "all" for each in pauses), "pauses": pauses}


def _upstreams(house: House) -> Any:
    rows = house.status()["upstreams"]
    return {"upstreams": [{"name": each["name"], "up": each["up"]} for each in rows]}


_OF_A_LIST: Final = ("name", "state", "names", "changed", "error", "quarantine")


def _lists(house: House) -> Any:
    rows = house.status()["lists"]
    return {"lists": [{key: each[key] for key in _OF_A_LIST} for each in rows]}


STATES: Final[Mapping[Topic, Callable[[House], Any]]] = {
    "counters": _counters,
    "problems": _problems,
    "protection": _protection,
    "upstreams": _upstreams,
    "lists": _lists,
}
"""What tells each of the topics, but for rows."""
