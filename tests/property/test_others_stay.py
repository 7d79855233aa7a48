"""What changes for some changes nothing for the others: neither is anything judged again for them,
nor are upstreams asked again for anybody, as the answers that there are do for all classes.
"""

from __future__ import annotations

import asyncio
from typing import Any

import dnslib
from hypothesis import given, settings
from hypothesis import strategies as st
from world import World

from sinkhole.app.classes import Classes, Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.control.settings import Settings
from sinkhole.control.state.pauses import Pause
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.stamp import Stamp

ADS = CompiledList.from_rules("Ads", "block", ["||ads.example.org^"])
GAMES = CompiledList.from_rules("Games", "block", ["||games.example.org^"])
NAMES = ["web.example.org", "ads.example.org", "games.example.org", "tv.example.org"]
GROUPS = ["default", "kids", "adults"]
CLIENTS = {f"client {number}": f"192.0.2.{number + 20}" for number in range(4)}
HOUR_S = 3600
SAYS = st.sampled_from(
    [
        {},
        {"lists": ["Ads"]},
        {"lists": []},
        {"allow_only": True},
        {"rules": ["||tv.example.org^"]},
        {"blocking": {"mode": "nxdomain"}},
        {"refuse_types": ["AAAA"]},
    ]
)
OWNERS = st.fixed_dictionaries({"own": SAYS, "scheduled": SAYS, "when": st.integers(0, 2)})
MOMENTS = st.tuples(
    st.integers(0, 23), st.sets(st.sampled_from([*CLIENTS, *GROUPS[1:], "Ads"]), max_size=2)
)


def household(groups: list[dict[str, Any]], clients: list[dict[str, Any]]) -> Settings:
    """Three groups and four clients that say these things, and three schedules."""

    def owner(name: str, says: dict[str, Any]) -> dict[str, Any]:
        entry = {"when": f"schedule {says['when']}", **says["scheduled"]}
        return {"name": name, **says["own"], "schedules": [entry]}

    windows = ["daily 06:00-12:00", "daily 10:00-20:00", "daily 21:00-07:00"]
    lists = [{"name": each.name, "url": "https://lists.example.org/x"} for each in (ADS, GAMES)]
    lists[1]["url"] += "y"
    known = zip(CLIENTS.items(), clients, range(4), strict=True)
    return Settings.model_validate(
        {
            "time_zone": "UTC",
            "dns": {"allow": ["192.0.2.0/24"], "rate_limit": 0},
            "schedules": [{"name": f"schedule {n}", "windows": [w]} for n, w in enumerate(windows)],
            "filtering": {"lists": lists},
            "groups": [owner(*each) for each in zip(GROUPS, groups, strict=True)],
            "clients": [
                {**owner(name, says), "addresses": [address], "group": GROUPS[number % 3]}
                for (name, address), says, number in known
            ],
        }
    )


def pause(name: str) -> Pause:
    scope: Any = "client" if name in CLIENTS else "list" if name == "Ads" else "group"
    return Pause(scope, name, Stamp("", 0.0, 0.0), None, "anna")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(OWNERS, min_size=3, max_size=3),
    st.lists(OWNERS, min_size=4, max_size=4),
    st.lists(MOMENTS, min_size=2, max_size=6),
)
def test_edges_and_pauses_judge_nothing_again_for_others(
    groups: list[dict[str, Any]], clients: list[dict[str, Any]], moments: list[tuple[int, set[str]]]
) -> None:
    maker, classes, world = PolicyMaker(household(groups, clients)), Classes(), World()
    for name in NAMES:
        world.upstreams.says(name, "A", f"{name}. 86400 A 198.51.100.1")
    known: dict[tuple[str, Any], int] = {}
    asked: set[str] = set()

    async def play() -> None:
        plan = Plan.of(maker, (ADS, GAMES), 0.0)
        for hour, paused in moments:
            pauses = [pause(name) for name in sorted(paused)]
            plan = Plan.of(maker, (ADS, GAMES), hour * HOUR_S, pauses, plan.matcher)
            world.pipeline.policy = classes.policy(plan)
            everybody = {"": "192.0.2.7", **CLIENTS}
            for client, address in everybody.items():
                world.client = world.client_at(address)
                policy = plan.policies.clients.get(client, plan.usual)
                generation = world.client.policy.generation
                if policy != plan.usual:  # the class of everybody else takes what there is
                    assert known.setdefault((client, policy), generation) == generation
                for name in NAMES:
                    await asks(name)

    async def asks(name: str) -> None:
        before = len(world.upstreams.asked)
        reply = await world.ask(name, "A")
        assert isinstance(reply, dnslib.DNSRecord)
        new = set(world.upstreams.asked[before:])
        assert not new & asked, "it was known"
        asked.update(new)

    asyncio.run(play())
