"""How several planes do together."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sinkhole.dns.worker.state import COUNTED, PlaneState, count_into, together
from sinkhole.model.status import UpstreamStatus


def upstream(name: str, **more: Any) -> UpstreamStatus:
    found: Any = dict.fromkeys(UpstreamStatus.__annotations__)
    found |= {"name": name, "up": True, "queries": 0, "failures": 0, "last_failure": "", **more}
    status: UpstreamStatus = found
    return status


def state(**more: Any) -> PlaneState:
    found: Any = dict.fromkeys((*COUNTED, "entries", "size_bytes"), 1)
    prefetch = {"enabled": True, "asked": 2, "failed": 0, "saved": 1, "underway": 0}
    found |= {"is_cut_off": False, "upstreams": [], "troubles": {}}
    found |= {"prefetch": {**prefetch, "pauses": False}, **more}
    made: PlaneState = found
    return made


def test_alone_it_is_as_it_is() -> None:
    own = state(upstreams=[upstream("192.0.2.1", queries=3)])
    assert together(own, (), {}) == own


def test_what_is_counted_is_counted_together_also_of_those_that_have_ended() -> None:
    ended: Counter[str] = Counter()
    count_into(ended, state(evicted=10))
    found = together(state(), [state(evicted=5), state()], ended)
    assert (found["evicted"], found["dropped"], found["entries"]) == (1 + 5 + 1 + 10, 4, 3)
    assert found["prefetch"]["asked"] == 4, "this process asks nobody beforehand"


def test_an_upstream_is_up_for_whoever_reaches_it() -> None:
    seen = [
        state(upstreams=[upstream("a", up=False, down_s=9.0, queries=2, failures=2)]),
        state(
            upstreams=[upstream("a", queries=5, rtt_ms=7.0), upstream("b", up=False, down_s=4.0)]
        ),
        state(upstreams=[upstream("b", up=False, down_s=2.0, last_failure="timeout")]),
    ]
    first, second = together(state(), seen, {})["upstreams"]
    assert (first["up"], first["down_s"], first["queries"], first["failures"]) == (True, None, 7, 2)
    assert first["rtt_ms"] == 7.0, "of the one who has asked most"
    assert (second["up"], second["down_s"], second["last_failure"]) == (False, 2.0, "timeout")


def test_cut_off_is_who_is_so_for_all_and_trouble_is_told_once() -> None:
    one = state(is_cut_off=True, troubles={"down": ["a"], "forged": []})
    other = state(troubles={"down": ["a", "b"]})
    found = together(state(), [one, other], {})
    assert not found["is_cut_off"]
    assert together(state(), [one, one], {})["is_cut_off"]
    assert found["troubles"] == {"down": ["a", "b"], "forged": []}
