"""Settings on trial beside those in force: what decides alike is told as such."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from settings_file import settings_from

from sinkhole.app.classes import Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.app.settings_trial import SettingsTrial
from sinkhole.control.explain.policy_trial import Meeting, Sides
from sinkhole.control.querylog.recent_queries import LoggedAsker

TREE: dict[str, Any] = {
    "time_zone": "UTC",
    "schedules": [{"name": "noon", "windows": ["daily 12:00-13:00"]}],
    "groups": [
        {"name": "kids", "rules": ["||games.example^"]},
        {"name": "guests", "rules": ["||chat.example^"]},
    ],
    "clients": [
        {"name": "Tablet", "addresses": ["192.0.2.20"], "group": "kids"},
        {"name": "Phone", "addresses": ["192.0.2.21"], "group": "guests"},
    ],
}
NOON = 12 * 3600.0


def trial(folder: Path, **changes: Any) -> SettingsTrial:
    """Settings with other sections on trial."""
    tree = {**TREE, "filtering": {"lists": []}, "data_dir": str(folder)}
    maker = PolicyMaker(settings_from(tree))
    matcher = Plan.of(maker, (), 0.0).matcher
    return SettingsTrial(maker, settings_from(tree | changes), (), tuple, matcher)


def differing(sides: Sides) -> set[str]:
    """The last parts of the addresses for which something else decides."""
    before, after = map(Meeting, sides)
    askers = [LoggedAsker(0, f"192.0.2.{last}", "") for last in (7, 20, 21)]
    return {
        each.text.rpartition(".")[2]
        for each in askers
        if before.of(each).applying.apart != after.of(each).applying.apart
    }


async def test_only_whom_a_change_is_about_is_told_apart(tmp_path: Path) -> None:
    kids = {"name": "kids", "rules": ["||games.example^", "||more.example^"]}
    found = trial(tmp_path, groups=[kids, TREE["groups"][1]])
    assert differing(await found.sides(0.0)) == {"20"}
    assert differing(await trial(tmp_path).sides(0.0)) == set()
    found = trial(tmp_path, filtering={"lists": [], "services": ["tiktok"]})
    assert differing(await found.sides(0.0)) == {"7", "20", "21"}


async def test_moments_are_told_apart_by_what_is_open_on_either_side(tmp_path: Path) -> None:
    during = {"name": "kids", "schedules": [{"when": "noon", "allow_only": True}]}
    evening = {"name": "evening", "windows": ["daily 20:00-21:00"]}
    groups = [during | {"rules": ["||games.example^"]}, TREE["groups"][1]]
    found = trial(tmp_path, groups=groups, schedules=[*TREE["schedules"], evening])
    assert found.next_edge(0.0) == NOON
    assert found.next_edge(NOON + 3600) == 20 * 3600.0
    assert found.open_at(0.0) == (frozenset(), frozenset())
    assert found.open_at(20 * 3600.0) == (frozenset(), {"evening"})
    outside = await found.sides(0.0)
    assert differing(outside) == set()
    assert differing(await found.sides(NOON)) == {"20"}
    assert (await found.sides(1.0)).before.group is outside.before.group  # judged as before
    assert trial(tmp_path, schedules=[], groups=[], clients=[]).next_edge(NOON) is not None
